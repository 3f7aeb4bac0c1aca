/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compute hosts as the scheduler sees them, and its verdicts. */
#include "base/i18n.h"
#include "cloud/cure.h"
#include "nova/host_of.h"

static void place_free(gpointer data)
{
  KtCloudPlace *p = data;
  kt_nova_host_free(p->empty);
  kt_nova_host_free(p->now);
  kt_nova_host_free(p->likely);
  g_free(p->why);
  g_free(p);
}

/* ---- by the API alone ---- */

enum { SMALL_PAGE_KIB = 4, CPUS_MOST = 8192 };

/* libvirt tells cells only where all are alike: CPUs are numbered here as they come. */
static KtNovaHost *likely_host(const KtCloudHost *h)
{
  if (!h || !h->cells.known || !h->sockets.known || !h->cores.known || !h->threads.known || !h->memory_mib.known ||
      !h->vcpus.known || h->cells.value < 1 || h->cells.value > KT_NOVA_HOST_CELLS_MAX || h->vcpus.value > CPUS_MOST)
    return NULL;
  gint64 threads = h->threads.value, of_cell = h->vcpus.value / h->cells.value;
  if (threads < 1 || h->sockets.value * h->cores.value * threads != of_cell || of_cell < 1 ||
      of_cell * h->cells.value != h->vcpus.value)
    return NULL;
  KtNovaHost *host = kt_nova_host_new();
  for (guint i = 0, cpu = 0; i < h->cells.value; i++) {
    KtNovaHostCell *cell = kt_nova_host_cell_new((int)i);
    g_ptr_array_add(host->cells, cell);
    cell->memory_mib = h->memory_mib.value / h->cells.value;
    const KtNovaPool pool = {SMALL_PAGE_KIB, cell->memory_mib * 1024 / SMALL_PAGE_KIB, 0, 0};
    g_array_append_val(cell->pools, pool);
    KtSet *core = NULL;
    for (guint k = 0; k < of_cell; k++, cpu++) {
      if (k % threads == 0) {
        core = kt_set_new();
        g_ptr_array_add(cell->siblings, core);
      }
      kt_set_add(core, cpu);
      kt_set_add(cell->shared, cpu);
      kt_set_add(cell->pinnable, cpu);
    }
  }
  return host;
}

/* ---- by evidence ---- */

static gboolean has_all_guests(const KtCloudEvidence *evidence, const KtCloudKnown *known)
{
  for (guint i = 0; i < known->servers->len; i++)
    if (!kt_cloud_evidence_domain(evidence, known->servers->pdata[i]))
      return FALSE;
  return TRUE;
}

static KtCloudPlace *place_of(const KtCloud *cloud, const KtCloudEvidence *evidence, const KtCloudKnown *known)
{
  KtCloudPlace *p = g_new0(KtCloudPlace, 1);
  p->known = known;
  p->likely = likely_host(known->host);
  p->all_guests = cloud->all_projects && has_all_guests(evidence, known);
  if (!known->machine) {
    p->why = g_strdup(_("no libvirt and no capture of it was given"));
    return p;
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  p->empty = kt_nova_host_of(known->machine, NULL, known->conf, notes, &error);
  if (p->empty)
    p->now = kt_nova_host_of(known->machine, known->domains, known->conf, notes, NULL);
  else
    p->why = g_strdup(error->message);
  return p;
}

/* Is it a host of the cloud? A machine that the API does not name is none, where it names all. */
static gboolean is_compute(const KtCloud *cloud, const KtCloudKnown *known)
{
  return known->host || known->servers->len || !cloud->hosts_seen;
}

GPtrArray *kt_cloud_places(const KtCloud *cloud, const KtCloudEvidence *evidence)
{
  GPtrArray *places = g_ptr_array_new_with_free_func(place_free);
  for (guint i = 0; i < evidence->hosts->len; i++)
    if (is_compute(cloud, evidence->hosts->pdata[i]))
      g_ptr_array_add(places, place_of(cloud, evidence, evidence->hosts->pdata[i]));
  return places;
}

/* ---- verdicts ---- */

/* What lacks for the guest cells that find no host cell, the commonest first. Caller frees. */
static char *say_misfit(const KtNovaAnswer *a, const KtNovaHost *host)
{
  if (a->refusal || a->at_compute)
    return g_strdup(kt_nova_refusal_reason(a->refusal ? a->refusal : a->at_compute));
  if (a->not_offered)
    return g_strdup_printf(_("Placement does not offer it: %s"), kt_tr(a->not_offered));
  if (a->fit->lacks_cells)
    return g_strdup_printf(_("%u guest cells, and the host has %u nodes"), a->guest->cells->len, host->cells->len);
  guint counts[KT_NOVA_OVER_MEMORY + 1] = {0}, most = KT_NOVA_NO_MEMORY;
  guint n = a->guest->cells->len * host->cells->len;
  for (guint i = 0; i < n; i++)
    counts[a->fit->misfits[i]]++;
  for (guint m = KT_NOVA_FITS + 1; m <= KT_NOVA_OVER_MEMORY; m++)
    if (counts[m] > counts[most])
      most = m;
  return g_strdup_printf(_("too few nodes with enough of: %s"), kt_nova_misfit_words(most));
}

/* NULL: it fits. Caller frees. */
static char *misfit(const KtFlavor *flavor, const KtNovaHost *host, KtNovaRelease release)
{
  g_autoptr(KtNovaAnswer) a = kt_nova_answer(flavor, host, release);
  gboolean good = !a->refusal && !a->not_offered && !a->at_compute && (!a->guest || a->fit->fits);
  return good ? NULL : say_misfit(a, host);
}

/* What the API alone tells: the host as a whole is too small. Caller frees; NULL: it does not say so. */
static char *too_small(const KtFlavor *flavor, const KtCloudHost *h)
{
  if (h && h->vcpus.known && h->vcpus.value > 0 && flavor->vcpus.value > h->vcpus.value)
    return g_strdup_printf(_("%d vCPUs, and the host has %d CPUs: Placement refuses more, whatever the ratio"),
                           (int)flavor->vcpus.value, (int)h->vcpus.value);
  if (h && h->memory_mib.known && h->memory_mib.value > 0 && flavor->ram_mib.value > h->memory_mib.value)
    return g_strdup_printf(_("%d MiB, and the host has %d MiB"), (int)flavor->ram_mib.value, (int)h->memory_mib.value);
  return NULL;
}

/* More cells than the host has, or cells of more CPUs than its cells have, as the API tells them. */
static char *cells_too_small(const KtFlavor *flavor, const KtCloudPlace *p, KtNovaRelease release)
{
  if (!p->likely)
    return NULL;
  g_autoptr(KtNovaAnswer) a = kt_nova_answer(flavor, p->likely, release);
  if (a->refusal || !a->guest || a->fit->fits)
    return NULL;
  if (a->fit->lacks_cells)
    return say_misfit(a, p->likely);
  for (guint i = 0; i < a->guest->cells->len * p->likely->cells->len; i++)
    if (a->fit->misfits[i] != KT_NOVA_NO_CPUS && a->fit->misfits[i] != KT_NOVA_NO_PCPUS)
      return NULL; /* memory: whether nodes are equal is not known */
  return say_misfit(a, p->likely);
}

static void judge(KtCloudFit *fit, const KtFlavor *flavor, const KtCloudPlace *p, KtNovaRelease release)
{
  fit->why = too_small(flavor, p->known->host);
  if (!fit->why && !p->empty)
    fit->why = cells_too_small(flavor, p, release);
  if (!fit->why && p->empty)
    fit->why = misfit(flavor, p->empty, release);
  if (fit->why) {
    fit->empty = fit->now = KT_NO;
    return;
  }
  if (!p->empty) {
    fit->why = g_strdup(p->why);
    return;
  }
  fit->empty = KT_YES;
  fit->why = p->now ? misfit(flavor, p->now, release) : NULL;
  fit->now = fit->why ? KT_NO : p->all_guests && p->now ? KT_YES : KT_UNKNOWN;
  if (fit->now == KT_UNKNOWN)
    fit->why = g_strdup(_("now: the definitions of some of its guests were not given"));
}

void kt_cloud_judge(KtCloudCure *cure, const KtFlavor *flavor, const GPtrArray *places, KtNovaRelease release)
{
  for (guint i = 0; i < places->len; i++) {
    const KtCloudPlace *p = places->pdata[i];
    judge(kt_cloud_cure_add_fit(cure, p->known->name), flavor, p, release);
  }
}
