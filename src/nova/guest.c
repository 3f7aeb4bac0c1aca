/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/guest.h"

#include <string.h>

#include "nova/lists.h"
#include "nova/masks.h"
#include "nova/policy.h"
#include "nova/values.h"

static void cell_free(gpointer data)
{
  KtNovaGuestCell *cell = data;
  kt_set_free(cell->shared);
  kt_set_free(cell->dedicated);
  g_free(cell);
}

void kt_nova_guest_free(KtNovaGuest *guest)
{
  if (!guest)
    return;
  g_ptr_array_unref(guest->cells);
  g_free(guest);
}

/* ---- the single keys ---- */

/* *nodes is 0 if none are asked for. */
static KtNovaRefusal read_nodes(const KtFlavor *flavor, gint64 *nodes)
{
  const char *of_flavor = kt_nova_spec(flavor, "numa_nodes"), *of_image = kt_nova_property(flavor, "numa_nodes");
  gint64 image_nodes = 0;
  *nodes = 0;
  if (of_image && !kt_nova_int(of_image, &image_nodes))
    return KT_NOVA_VALUE_ERROR;
  if (of_flavor && *of_flavor) {
    if (image_nodes)
      return KT_NOVA_NODES_FORBIDDEN;
    return kt_nova_is_plain_int(of_flavor) && kt_nova_int(of_flavor, nodes) && *nodes > 0 ? KT_NOVA_OK
                                                                                          : KT_NOVA_NODES_INVALID;
  }
  *nodes = image_nodes;
  return of_image && image_nodes < 1 ? KT_NOVA_NODES_INVALID : KT_NOVA_OK;
}

static KtNovaRefusal read_pages(const KtFlavor *flavor, KtInt *kib, gboolean *asked)
{
  const char *of_flavor = kt_nova_spec(flavor, "mem_page_size"), *of_image = kt_nova_property(flavor, "mem_page_size");
  gboolean image_asks = of_image && *of_image;
  KtNovaPages pages;
  *kib = KT_INT_UNKNOWN;
  *asked = FALSE;
  if (!of_flavor || !*of_flavor)
    return image_asks ? KT_NOVA_PAGES_FORBIDDEN : KT_NOVA_OK;
  if (!kt_nova_pages(of_flavor, &pages))
    return KT_NOVA_PAGES_INVALID;
  if (image_asks && !pages.choosing)
    return KT_NOVA_PAGES_FORBIDDEN;
  if (image_asks && !kt_nova_pages(of_image, &pages))
    return KT_NOVA_PAGES_INVALID;
  *kib = KT_INT(pages.kib);
  *asked = pages.asked;
  return KT_NOVA_OK;
}

static gboolean has_pmem(const KtFlavor *flavor)
{
  const char *labels = kt_nova_spec(flavor, "pmem");
  return labels && labels[strspn(labels, ", \t\n\v\f\r")];
}

static KtNovaRefusal read_locked(const KtFlavor *flavor, gboolean *locked)
{
  const char *of_flavor = kt_nova_spec(flavor, "locked_memory"), *of_image = kt_nova_property(flavor, "locked_memory");
  gboolean flavor_locks = kt_nova_bool(of_flavor), image_locks = kt_nova_bool(of_image);
  if (of_flavor && of_image && flavor_locks != image_locks)
    return KT_NOVA_LOCKED_CONFLICT;
  *locked = flavor_locks || image_locks;
  const char *pages = kt_nova_spec(flavor, "mem_page_size"), *image_pages = kt_nova_property(flavor, "mem_page_size");
  return *locked && !(pages && *pages) && !(image_pages && *image_pages) ? KT_NOVA_LOCKED_FORBIDDEN : KT_NOVA_OK;
}

gboolean kt_nova_is_locked(const KtFlavor *flavor)
{
  gboolean locked;
  return read_locked(flavor, &locked) == KT_NOVA_OK && locked;
}

/* ---- cells ---- */

/* Takes `cpus`; those of `dedicated` will be pinned. */
static void add_cell(KtNovaGuest *guest, KtSet *cpus, const KtSet *dedicated, gint64 memory_mib)
{
  KtNovaGuestCell *cell = g_new0(KtNovaGuestCell, 1);
  cell->dedicated = kt_set_copy(cpus);
  kt_set_keep_only(cell->dedicated, dedicated);
  cell->shared = cpus;
  kt_set_remove_all(cell->shared, dedicated);
  cell->memory_mib = memory_mib;
  g_ptr_array_add(guest->cells, cell);
}

static KtNovaRefusal cells_auto(KtNovaGuest *guest, const KtFlavor *flavor, gint64 nodes, const KtSet *dedicated)
{
  gint64 vcpus = flavor->vcpus.value, memory = flavor->ram_mib.value;
  if (vcpus % nodes || memory % nodes)
    return KT_NOVA_NODES_ASYMMETRIC;
  for (gint64 n = 0; n < nodes; n++) {
    KtSet *cpus = kt_set_new();
    for (gint64 i = n * (vcpus / nodes); i < (n + 1) * (vcpus / nodes); i++)
      kt_set_add(cpus, (guint)i);
    add_cell(guest, cpus, dedicated, memory / nodes);
  }
  return KT_NOVA_OK;
}

/* vCPUs of one cell leave those that are to have: in ascending order the first that is wrong counts. */
static KtNovaRefusal take_cpus(const KtNovaCpuList *list, gint64 vcpus, KtSet *left)
{
  for (int i = kt_set_next(list->set, 0); i >= 0; i = kt_set_next(list->set, (guint)i + 1)) {
    if (i >= vcpus)
      return KT_NOVA_CPU_OUT_OF_RANGE;
    if (!kt_set_has(left, (guint)i))
      return KT_NOVA_CPU_TWICE;
    kt_set_remove(left, (guint)i);
  }
  return list->beyond ? KT_NOVA_CPU_OUT_OF_RANGE : KT_NOVA_OK;
}

static KtNovaRefusal cells_manual(KtNovaGuest *guest, const KtFlavor *flavor, const KtSet *dedicated,
                                  const GPtrArray *lists, const GArray *memory)
{
  g_autoptr(KtSet) left = kt_nova_all_vcpus(flavor);
  gint64 total = 0;
  for (guint n = 0; n < lists->len; n++) {
    const KtNovaCpuList *list = lists->pdata[n];
    KtNovaRefusal no = take_cpus(list, flavor->vcpus.value, left);
    if (no)
      return no;
    add_cell(guest, kt_set_copy(list->set), dedicated, g_array_index(memory, gint64, n));
    total += g_array_index(memory, gint64, n);
  }
  if (!kt_set_is_empty(left))
    return KT_NOVA_CPU_UNASSIGNED;
  return total == flavor->ram_mib.value ? KT_NOVA_OK : KT_NOVA_MEMORY_MISMATCH;
}

static KtNovaRefusal make_cells(KtNovaGuest *guest, const KtFlavor *flavor, gint64 nodes, const KtSet *dedicated)
{
  g_autoptr(GPtrArray) cpus = NULL;
  g_autoptr(GPtrArray) image_cpus = NULL;
  g_autoptr(GArray) memory = NULL;
  g_autoptr(GArray) image_memory = NULL;
  KtNovaRefusal no = kt_nova_cpu_lists(flavor->extra_specs, "hw:numa_cpus", &cpus);
  if (!no)
    no = kt_nova_cpu_lists(flavor->image, "hw_numa_cpus", &image_cpus);
  if (!no && cpus && image_cpus)
    no = KT_NOVA_NODES_FORBIDDEN;
  if (!no)
    no = kt_nova_memory_list(flavor->extra_specs, "hw:numa_mem", &memory);
  if (!no)
    no = kt_nova_memory_list(flavor->image, "hw_numa_mem", &image_memory);
  if (!no && memory && image_memory)
    no = KT_NOVA_NODES_FORBIDDEN;
  if (no)
    return no;
  const GPtrArray *lists = cpus ? cpus : image_cpus;
  const GArray *sizes = memory ? memory : image_memory;
  if (!lists && !sizes)
    return cells_auto(guest, flavor, nodes, dedicated);
  if (!lists || !sizes || lists->len != nodes || sizes->len != nodes)
    return KT_NOVA_NODES_INCOMPLETE;
  return cells_manual(guest, flavor, dedicated, lists, sizes);
}

/* ---- all together ---- */

/* A thread policy of "" passes Nova's checks and fails when it is stored in a cell. */
static gboolean has_empty_threads(const KtFlavor *flavor, const KtNovaPolicy *policy)
{
  const char *text = kt_nova_spec(flavor, "cpu_thread_policy");
  return text && !*text && !policy->threads;
}

KtNovaRefusal kt_nova_guest(const KtFlavor *flavor, KtNovaGuest **out)
{
  g_auto(KtNovaPolicy) policy = {0};
  gint64 nodes;
  KtInt pages = KT_INT_UNKNOWN;
  gboolean wants_pages = FALSE, locked;
  *out = NULL;
  KtNovaRefusal no = kt_nova_policy(flavor, &policy);
  if (!no)
    no = read_nodes(flavor, &nodes);
  if (!no)
    no = read_pages(flavor, &pages, &wants_pages);
  if (!no)
    no = read_locked(flavor, &locked);
  if (no)
    return no;
  if (!nodes && !wants_pages && !has_pmem(flavor) && policy.cpus < KT_NOVA_CPUS_DEDICATED)
    return KT_NOVA_OK;
  g_autoptr(KtSet) all = kt_nova_all_vcpus(flavor);
  g_autoptr(KtSet) none = kt_set_new();
  const KtSet *dedicated = policy.cpus == KT_NOVA_CPUS_DEDICATED ? all
                           : policy.cpus == KT_NOVA_CPUS_MIXED   ? policy.dedicated ? policy.dedicated : policy.realtime
                                                                 : none;
  g_autoptr(KtNovaGuest) guest = g_new0(KtNovaGuest, 1);
  guest->cells = g_ptr_array_new_with_free_func(cell_free);
  no = make_cells(guest, flavor, MAX(nodes, 1), dedicated);
  if (!no && has_empty_threads(flavor, &policy))
    no = KT_NOVA_VALUE_ERROR;
  if (no)
    return no;
  guest->pages_kib = pages;
  guest->cpus = policy.cpus;
  guest->threads = policy.threads;
  guest->emulator = policy.emulator;
  *out = g_steal_pointer(&guest);
  return KT_NOVA_OK;
}
