/* SPDX-License-Identifier: GPL-2.0-or-later */
/* To the solver the cells of a guest are alike. To the guest they are not: each stays where it is. */
#include "plan/parts.h"

/* The node to which its definition binds a cell, else the one that its threads are confined to; -1: none. */
static int node_now(const KtDomain *d, const KtCell *cell, const KtMachine *host)
{
  g_autoptr(KtSet) nodes = kt_set_new();
  if (kt_set_count(cell->memnode) == 1)
    return kt_set_next(cell->memnode, 0);
  for (guint i = 0; d->runtime && i < d->runtime->threads->len; i++) {
    const KtThread *thread = d->runtime->threads->pdata[i];
    for (int cpu = thread->vcpu >= 0 && thread->affinity && kt_set_has(cell->cpus, (guint)thread->vcpu)
                       ? kt_set_next(thread->affinity, 0)
                       : -1;
         cpu >= 0; cpu = kt_set_next(thread->affinity, (guint)cpu + 1))
      kt_set_add(nodes, (guint)MAX(kt_machine_node_of_cpu(host, (guint)cpu), 0));
  }
  return kt_set_count(nodes) == 1 ? kt_set_next(nodes, 0) : -1;
}

static int node_of(const KtPlaceCell *cell)
{
  return cell->memory->len ? (int)g_array_index(cell->memory, KtPlaceMemory, 0).node_id : -1;
}

static int by_node(gconstpointer a, gconstpointer b)
{
  int one = node_of(*(KtPlaceCell *const *)a), two = node_of(*(KtPlaceCell *const *)b);
  return one < two ? -1 : one > two;
}

/* Exchanges places, not vCPUs. */
static void number(GPtrArray *cells)
{
  guint vcpu = 0;
  for (guint i = 0; i < cells->len; i++) {
    KtPlaceCell *cell = cells->pdata[i];
    cell->first_vcpu = vcpu;
    vcpu += cell->vcpus;
  }
}

static gboolean are_alike(const GPtrArray *cells)
{
  for (guint i = 1; i < cells->len; i++)
    if (((const KtPlaceCell *)cells->pdata[i])->vcpus != ((const KtPlaceCell *)cells->pdata[0])->vcpus)
      return FALSE;
  return cells->len > 1;
}

static void sort(const KtDomain *d, const KtMachine *host, GPtrArray *cells)
{
  g_ptr_array_sort(cells, by_node);
  for (guint i = 0; i < cells->len && cells->len == d->cells->len; i++) {
    int now = node_now(d, d->cells->pdata[i], host);
    for (guint k = 0; now >= 0 && node_of(cells->pdata[i]) != now && k < cells->len; k++) {
      gpointer other = cells->pdata[k];
      if (node_of(other) != now || (k < i && node_now(d, d->cells->pdata[k], host) == now))
        continue;
      cells->pdata[k] = cells->pdata[i];
      cells->pdata[i] = other;
      break;
    }
  }
  number(cells);
}

void kt_plan_keep_cells(const KtPlanProblem *problem, KtPlacement *placement, const KtMachine *host)
{
  for (guint i = 0; i < problem->subjects->len && host->nodes->len > 1; i++) {
    GPtrArray *cells = ((KtPlaceAnswer *)placement->guests->pdata[i])->cells;
    if (!are_alike(cells))
      continue;
    g_autofree gpointer *before = g_memdup2(cells->pdata, cells->len * sizeof(gpointer));
    double cost = kt_placement_cost(problem->problem, placement->guests).total;
    sort(g_array_index(problem->subjects, KtPlanSubject, i).domain, host, cells);
    if (kt_placement_cost(problem->problem, placement->guests).total <= cost + 1e-9)
      continue;
    for (guint k = 0; k < cells->len; k++)
      cells->pdata[k] = before[k];
    number(cells);
  }
}
