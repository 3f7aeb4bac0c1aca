/* SPDX-License-Identifier: GPL-2.0-or-later */
/* N06, N07: which host CPUs and nodes Nova's guests share. */
#include "base/i18n.h"
#include "checks/nova_checks.h"
#include "checks/nova_topology.h"

/* ---- N06: kinds of guests on a host ---- */

typedef struct {
  guint floating, cells; /* guests without cells, and with */
  KtSet *dedicated;      /* CPUs that definitions give to one vCPU alone */
  KtSet *shared;         /* CPUs that definitions name for the other guests */
  guint pinned, others;  /* servers by their flavor alone: with dedicated vCPUs, and without */
} Mix;

static void mix_clear(Mix *mix)
{
  kt_set_free(mix->dedicated);
  kt_set_free(mix->shared);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mix, mix_clear)

static void add_definition(Mix *mix, const KtDomain *d, const KtMachine *host)
{
  gboolean cells = d->cells->len > 0;
  const KtSet *cpus = cells ? d->pinned : d->vcpu_cpuset;
  *(cells ? &mix->cells : &mix->floating) += 1;
  if (cells && kt_domain_is_dedicated(d))
    kt_set_add_all(mix->dedicated, d->pinned);
  else if (cpus || host->cpu_set)
    kt_set_add_all(mix->shared, cpus ? cpus : host->cpu_set);
}

static void add_copy(Mix *mix, const KtFlavor *f)
{
  *(kt_nova_has_cells(f) ? &mix->cells : &mix->floating) += 1;
  *(kt_nova_pins(f) ? &mix->pinned : &mix->others) += 1;
}

/* Nova's guests on the host: those that are defined, and servers that only their flavor is known of. */
static void look_at_guests(Mix *mix, const KtSnapshot *snapshot, const KtMachine *host)
{
  for (guint i = 0; i < snapshot->domains->len; i++) {
    const KtDomain *d = snapshot->domains->pdata[i];
    if (d->manager == KT_MANAGER_NOVA && !d->cut)
      add_definition(mix, d, host);
  }
  for (guint i = 0; i < snapshot->flavors->len; i++) {
    const KtFlavor *f = snapshot->flavors->pdata[i];
    if (f->server && f->extra_specs && kt_machine_same_name(f->host, host->name))
      add_copy(mix, f);
  }
}

/* Do others run on dedicated CPUs? */
static KtTri shares(const Mix *mix, const KtSnapshot *snapshot)
{
  if (kt_set_intersects(mix->dedicated, mix->shared))
    return KT_YES;
  gboolean both = (mix->pinned && (mix->others || !kt_set_is_empty(mix->shared))) ||
                  (mix->others && !kt_set_is_empty(mix->dedicated));
  if (!both)
    return KT_NO;
  if (snapshot->confs->len != 1)
    return KT_UNKNOWN;
  const KtNovaConf *conf = snapshot->confs->pdata[0];
  gboolean apart = g_hash_table_contains(conf->values, "compute/cpu_dedicated_set") &&
                   g_hash_table_contains(conf->values, "compute/cpu_shared_set");
  return apart ? KT_NO : KT_YES;
}

void kt_check_n06(const KtSubject *s, KtFinding *f)
{
  g_auto(Mix) mix = {.dedicated = kt_set_new(), .shared = kt_set_new()};
  look_at_guests(&mix, s->snapshot, s->machine);
  KtTri shared = shares(&mix, s->snapshot);
  gboolean mixed = mix.floating && mix.cells;
  if (!mixed && shared != KT_YES) {
    if (shared == KT_UNKNOWN)
      kt_finding_cannot(f, "nova.conf's cpu_dedicated_set and cpu_shared_set");
    else if (mix.floating || mix.cells)
      kt_finding_fine(f);
    return;
  }
  if (mixed)
    kt_finding_fire(f, s, "floating guests and guests with NUMA cells (%u and %u) on one host", mix.floating,
                    mix.cells);
  else
    kt_finding_fire(f, s, "guests with dedicated and with shared CPUs on the same CPUs of a host");
  if (shared == KT_NO && (mix.pinned || !kt_set_is_empty(mix.dedicated)))
    f->severity = 1;
  if (shared == KT_YES)
    kt_finding_say(f, "guests that share CPUs run on CPUs that are dedicated to others");
  if (mixed)
    kt_finding_say(f, "Nova does not count the memory of floating guests by node, where cells are promised theirs");
}

/* ---- N07: what dedicated vCPUs share a core with ---- */

static gboolean is_set(const KtFlavor *flavor, const char *key)
{
  const char *value = flavor->extra_specs ? g_hash_table_lookup(flavor->extra_specs, key) : NULL;
  return value && *value;
}

void kt_check_n07(const KtSubject *s, KtFinding *f)
{
  const KtFlavor *flavor = s->flavor;
  const char *policy = kt_flavor_hw(flavor, "cpu_policy");
  if (!flavor->extra_specs || !kt_nova_pins(flavor))
    return;
  gboolean threads = kt_flavor_hw(flavor, "cpu_thread_policy") != NULL;
  gboolean emulator = is_set(flavor, "hw:emulator_threads_policy");
  if (threads && emulator) {
    kt_finding_fine(f);
    return;
  }
  if (!s->host || !s->host->threads_per_core.known) {
    kt_finding_cannot(f, "whether a core of the hosts has two threads");
    return;
  }
  if (s->host->threads_per_core.value < 2) {
    kt_finding_fine(f);
    return;
  }
  const char *missing = threads    ? "hw:emulator_threads_policy"
                        : emulator ? "hw:cpu_thread_policy"
                                   : "hw:cpu_thread_policy, hw:emulator_threads_policy";
  kt_finding_fire(f, s, "cpu_policy is %s, without %s", policy ? policy : "dedicated", missing);
  if (!threads)
    kt_finding_say(f, "the two threads of a core may go to two guests");
  if (!emulator)
    kt_finding_say(f, "QEMU's own threads run on the CPUs of the vCPUs");
  kt_finding_cite(f, kt_flavor_cite_of(flavor, "extra_specs.hw:cpu_policy"));
  kt_finding_cite(f, kt_flavor_cite_of(flavor, "image.hw_cpu_policy"));
  kt_finding_cite_machine(f, s->host, "topology.threads_per_core");
  if (flavor->name)
    kt_finding_fill(f, "flavor", "%s", flavor->name);
}
