/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/target.h"

#include <string.h>

/* Do the vCPUs of the cell own the threads of whole cores, pair by pair? */
static gboolean owns_pairs(const KtPlaceCell *cell, const KtMachine *host)
{
  if (!cell->pins || cell->pins->len % 2)
    return FALSE;
  for (guint i = 0; i < cell->pins->len; i += 2) {
    const KtCpu *cpu = kt_machine_find_cpu(host, g_array_index(cell->pins, guint, i));
    if (!cpu || kt_set_count(cpu->siblings) != 2 || !kt_set_has(cpu->siblings, g_array_index(cell->pins, guint, i + 1)))
      return FALSE;
  }
  return TRUE;
}

static const KtSet *l3_of(const KtMachine *host, guint cpu)
{
  const KtCache *l3 = kt_machine_find_cache(host, 3, KT_CACHE_UNIFIED);
  for (guint i = 0; l3 && i < l3->groups->len; i++)
    if (kt_set_has(l3->groups->pdata[i], cpu))
      return l3->groups->pdata[i];
  return NULL;
}

/* L3 caches under the cell's exclusive CPUs, if runs of equal length follow each other in its vCPUs; else 1.
 * *whole: each run has all CPUs of its cache. */
static guint count_l3_runs(const KtPlaceCell *cell, const KtMachine *host, gboolean *whole)
{
  const KtSet *last = NULL;
  guint runs = 0, length = 0, first_length = 0;
  *whole = cell->pins != NULL;
  for (guint i = 0; cell->pins && i <= cell->pins->len; i++) {
    const KtSet *group = i < cell->pins->len ? l3_of(host, g_array_index(cell->pins, guint, i)) : NULL;
    if (i == 0 || group != last) {
      first_length = runs == 1 ? length : first_length;
      if (runs > 0 && (length != first_length || !last))
        return (*whole = FALSE), 1;
      *whole = *whole && (runs == 0 || length == kt_set_count(last));
      runs += i < cell->pins->len;
      length = 0;
    }
    last = group;
    length++;
  }
  return MAX(runs, 1);
}

/* `n` groups of vCPUs follow each other in the cell: each one is below one L3. */
static gboolean has_one_l3_each(const KtPlaceCell *cell, const KtMachine *host, guint n)
{
  guint size = cell->vcpus / n;
  const KtSet *first = NULL;
  for (guint i = 0; cell->pins && i < cell->pins->len; i++) {
    const KtSet *group = l3_of(host, g_array_index(cell->pins, guint, i));
    first = i % size == 0 ? group : first;
    if (!group || group != first)
      return FALSE;
  }
  first = cell->pins ? first : l3_of(host, (guint)MAX(kt_set_next(cell->cpus, 0), 0));
  return first && (cell->pins || kt_set_contains(first, cell->cpus));
}

static gboolean is_amd(const KtMachine *host)
{
  return g_strcmp0(host->cpu_vendor, "AuthenticAMD") == 0 || g_strcmp0(host->cpu_vendor, "HygonGenuine") == 0;
}

gboolean kt_target_find(const KtDomain *domain, const KtMachine *host, const KtPlaceAnswer *answer, KtTarget *target)
{
  guint vcpus = (guint)domain->vcpus.value, cells = answer->cells->len;
  if (!cells || vcpus % cells)
    return FALSE;
  guint runs = 0;
  gboolean pairs = TRUE, whole = TRUE;
  for (guint i = 0; i < cells; i++) {
    const KtPlaceCell *cell = answer->cells->pdata[i];
    gboolean all;
    guint n = count_l3_runs(cell, host, &all);
    if (cell->vcpus != vcpus / cells)
      return FALSE;
    pairs = pairs && owns_pairs(cell, host);
    whole = whole && all;
    whole = whole && (i == 0 || n == runs);
    runs = i == 0 || n == runs ? n : 1;
  }
  guint a_cell = vcpus / cells;
  whole = whole && a_cell % (runs * (pairs ? 2 : 1)) == 0;
  runs = a_cell % (runs * (pairs ? 2 : 1)) ? 1 : runs;
  target->cells = cells;
  target->siblings = pairs;
  target->threads = pairs ? 2 : 1;
  target->true_l3 = whole;
  target->one_l3 = TRUE;
  for (guint i = 0; i < cells; i++)
    target->one_l3 = target->one_l3 && has_one_l3_each(answer->cells->pdata[i], host, runs);
  target->topoext = is_amd(host) && target->threads > 1;
  target->dies = is_amd(host) ? 1 : runs;
  target->sockets = cells * (runs / target->dies);
  target->cores = vcpus / (target->sockets * target->dies * target->threads);
  return TRUE;
}
