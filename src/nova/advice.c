/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/advice.h"

#include "base/i18n.h"

static void advice_free(gpointer data)
{
  KtNovaAdvice *advice = data;
  g_free(advice->key);
  g_free(advice->value);
  g_free(advice);
}

/* Takes `value`. */
static void add(GPtrArray *list, const char *key, char *value, const char *why)
{
  KtNovaAdvice *advice = g_new0(KtNovaAdvice, 1);
  *advice = (KtNovaAdvice){g_strdup(key), value, why};
  g_ptr_array_add(list, advice);
}

static void add_number(GPtrArray *list, const char *key, gint64 value, const char *why)
{
  add(list, key, g_strdup_printf("%" G_GINT64_FORMAT, value), why);
}

/* The flavor as it would be; image and numbers stay. */
static KtFlavor *with_advice(const KtFlavor *flavor, const GPtrArray *list)
{
  KtFlavor *copy = kt_flavor_new(flavor->source ? flavor->source : "flavor");
  GHashTableIter iter;
  gpointer key, value;
  copy->vcpus = flavor->vcpus;
  copy->ram_mib = flavor->ram_mib;
  for (guint t = 0; t < 2; t++) {
    GHashTable *from = t ? flavor->image : flavor->extra_specs;
    if (!from)
      continue;
    g_hash_table_iter_init(&iter, from);
    while (g_hash_table_iter_next(&iter, &key, &value))
      (t ? kt_flavor_set_image : kt_flavor_set_spec)(copy, key, value, NULL);
  }
  for (guint i = 0; i < list->len; i++) {
    const KtNovaAdvice *advice = list->pdata[i];
    kt_flavor_set_spec(copy, advice->key, advice->value, NULL);
  }
  return copy;
}

static gboolean works(const KtFlavor *flavor, const KtNovaHost *host, const GPtrArray *list, KtNovaRelease release)
{
  g_autoptr(KtFlavor) copy = with_advice(flavor, list);
  g_autoptr(KtNovaAnswer) answer = kt_nova_answer(copy, host, release);
  return !answer->refusal && !answer->at_compute && (!answer->guest || answer->fit->fits);
}

/* The fewest host nodes with which a guest cell is not larger than any of them; 0: none, or not in equal parts. */
static gint64 cells_needed(const KtFlavor *flavor, const KtNovaHost *host)
{
  gint64 cpus = 0, mib = 0;
  for (guint i = 0; i < host->cells->len; i++) {
    const KtNovaHostCell *cell = host->cells->pdata[i];
    cpus = MAX(cpus, (gint64)MAX(kt_set_count(cell->shared), kt_set_count(cell->pinnable)));
    mib = MAX(mib, cell->memory_mib);
  }
  for (gint64 n = 1; n <= host->cells->len; n++)
    if (flavor->vcpus.value <= n * cpus && flavor->ram_mib.value <= n * mib && flavor->vcpus.value % n == 0 &&
        flavor->ram_mib.value % n == 0)
      return n;
  return 0;
}

/* FALSE: no number of cells fits, so that nothing better is known. */
static gboolean advise_cells(GPtrArray *list, const KtFlavor *flavor, const KtNovaHost *host,
                             const KtNovaAnswer *answer, KtNovaRelease release, gint64 *cells)
{
  *cells = answer->guest ? answer->guest->cells->len : 1;
  if (answer->guest && answer->fit->fits)
    return TRUE;
  gint64 least = cells_needed(flavor, host);
  if (!answer->guest && least == 1)
    return TRUE;
  for (gint64 n = least; n && n <= host->cells->len; n++) {
    if (flavor->vcpus.value % n || flavor->ram_mib.value % n || (answer->guest && n == *cells))
      continue;
    add_number(list, "hw:numa_nodes", n,
               answer->guest ? _("as it is it fits no host nodes; so it does")
                             : _("it is wider than a host node: so the guest knows where its memory is"));
    if (works(flavor, host, list, release)) {
      *cells = n;
      return TRUE;
    }
    g_ptr_array_remove_index(list, list->len - 1);
  }
  return FALSE;
}

/* As many sockets as cells, if one core each or sockets across cells is what it gets. */
static void advise_shape(GPtrArray *list, const KtFlavor *flavor, const KtNovaHost *host, const KtNovaAnswer *answer,
                         KtNovaRelease release, gint64 cells)
{
  const KtNovaShape *shape = &answer->shape;
  gboolean flat = shape->cores == 1 && shape->threads == 1;
  if (flavor->vcpus.value <= 2 || flavor->vcpus.value % cells || (!flat && shape->sockets % cells == 0))
    return;
  guint before = list->len;
  add_number(list, "hw:cpu_sockets", cells, _("a socket for each NUMA cell, as the host has it"));
  add_number(list, "hw:cpu_cores", flavor->vcpus.value / cells, _("cores share a socket and its cache"));
  if (!works(flavor, host, list, release))
    g_ptr_array_set_size(list, (int)before);
}

/* ---- the order of guest cells ---- */

enum { ORDER_CELLS = 5, ORDER_TRIES = 20000 };

static char *numbered_spec(const KtFlavor *flavor, const char *key, guint n)
{
  g_autofree char *name = g_strdup_printf("%s.%u", key, n);
  return g_strdup(kt_nova_spec(flavor, name));
}

/* The cells of the flavor's own lists in this order. FALSE if it has no such lists. */
static gboolean add_order(GPtrArray *list, const KtFlavor *flavor, const guint *order, guint k)
{
  static const char *const keys[] = {"numa_cpus", "numa_mem"};
  for (guint i = 0; i < k; i++)
    for (guint t = 0; t < G_N_ELEMENTS(keys); t++) {
      char *value = numbered_spec(flavor, keys[t], order[i]);
      g_autofree char *name = g_strdup_printf("hw:%s.%u", keys[t], i);
      if (!value)
        return FALSE;
      add(list, name, value, _("in this order of its cells Nova's own search finds their places"));
    }
  return TRUE;
}

static gboolean is_found(const KtFlavor *flavor, const KtNovaHost *host, const GPtrArray *list, KtNovaRelease release)
{
  g_autoptr(KtFlavor) copy = with_advice(flavor, list);
  g_autoptr(KtNovaGuest) guest = NULL;
  return !kt_nova_guest(copy, &guest) && guest &&
         kt_nova_search(guest, host, release, ORDER_TRIES).end == KT_NOVA_SEARCH_FITS;
}

static gboolean next_order(guint *order, guint k)
{
  guint i = k - 1, j = k - 1;
  while (i && order[i - 1] >= order[i])
    i--;
  if (!i)
    return FALSE;
  while (order[j] <= order[i - 1])
    j--;
  guint swap = order[i - 1];
  order[i - 1] = order[j];
  order[j] = swap;
  for (j = k - 1; i < j; i++, j--) {
    swap = order[i];
    order[i] = order[j];
    order[j] = swap;
  }
  return TRUE;
}

/* Nova's search depends on the order of unequal cells; the guest's does not matter otherwise. */
static void advise_order(GPtrArray *list, const KtFlavor *flavor, const KtNovaHost *host, guint k,
                         KtNovaRelease release)
{
  guint order[ORDER_CELLS] = {0, 1, 2, 3, 4}, before = list->len;
  if (k > ORDER_CELLS)
    return;
  while (next_order(order, k)) {
    if (!add_order(list, flavor, order, k)) {
      g_ptr_array_set_size(list, (int)before);
      return;
    }
    if (is_found(flavor, host, list, release))
      return;
    g_ptr_array_set_size(list, (int)before);
  }
}

GPtrArray *kt_nova_advise(const KtFlavor *flavor, const KtNovaHost *host, const KtNovaAnswer *answer,
                          const KtNovaSearch *search, KtNovaRelease release)
{
  GPtrArray *list = g_ptr_array_new_with_free_func(advice_free);
  gint64 cells;
  if (answer->refusal || !host->cells->len)
    return list;
  if (advise_cells(list, flavor, host, answer, release, &cells))
    advise_shape(list, flavor, host, answer, release, cells);
  if (answer->guest && answer->fit->fits && search &&
      (search->end == KT_NOVA_SEARCH_NONE || search->end == KT_NOVA_SEARCH_WRONG))
    advise_order(list, flavor, host, answer->guest->cells->len, release);
  return list;
}
