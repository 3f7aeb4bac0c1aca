/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that takes threads for cores is rather given cores, while there are idle ones: a sibling is worth a quarter
 * of a core (checks H08, H45), and pins move while it runs, where threads=2 takes a restart. */
#include "plan/parts.h"

gboolean kt_plan_is_packed(const KtPlaceAnswer *answer, const KtMachine *host)
{
  g_autoptr(KtSet) cores = kt_set_new();
  for (guint i = 0; i < answer->cells->len; i++) {
    const KtPlaceCell *cell = answer->cells->pdata[i];
    for (guint k = 0; cell->pins && k < cell->pins->len; k++) {
      guint pin = g_array_index(cell->pins, guint, k);
      const KtCpu *cpu = kt_machine_find_cpu(host, pin);
      if (kt_set_has(cores, pin))
        return TRUE;
      if (cpu && cpu->siblings)
        kt_set_add_all(cores, cpu->siblings);
    }
  }
  return FALSE;
}

/* Its vCPUs are told to be cores, and two of them are the threads of one. What else runs on the host is known only
 * where it is seen running. */
static gboolean should_spread(const KtPlanSubject *subject, const KtPlaceAnswer *answer, const KtMachine *host)
{
  const KtDomain *d = subject->domain;
  return subject->dedicated && !subject->fixed && d->runtime && !(d->threads.known && d->threads.value > 1) &&
         kt_plan_is_packed(answer, host);
}

/* CPUs that are others' or the host's own. */
static KtSet *taken_by_others(const KtPlanProblem *problem, const KtPlacement *placement, const KtPlaceAnswer *except)
{
  KtSet *taken = kt_set_copy(problem->problem->reserved_cpus);
  kt_set_add_all(taken, problem->problem->closed_cpus);
  for (guint i = 0; i < placement->guests->len; i++) {
    const KtPlaceAnswer *answer = placement->guests->pdata[i];
    for (guint k = 0; answer != except && k < answer->cells->len; k++) {
      const KtPlaceCell *cell = answer->cells->pdata[k];
      if (cell->pins)
        kt_set_add_all(taken, cell->cpus);
    }
  }
  return taken;
}

/* The first CPU of the next core of which nobody has a thread, from `from` on; -1: none. */
static int next_core(const KtMachine *host, const KtSet *cpus, const KtSet *taken, int from)
{
  for (int c = kt_set_next(cpus, (guint)from); c >= 0; c = kt_set_next(cpus, (guint)c + 1)) {
    const KtCpu *cpu = kt_machine_find_cpu(host, (guint)c);
    if (cpu && cpu->online && cpu->siblings && !kt_set_intersects(cpu->siblings, taken))
      return c;
  }
  return -1;
}

/* A core for each vCPU, on the nodes of the cell's CPUs: its own where it is the first there. Takes them. NULL: there
 * are too few. */
static GArray *find_cores(const KtPlaceCell *cell, const KtMachine *host, KtSet *taken)
{
  guint n = cell->pins ? cell->pins->len : 0;
  g_autoptr(GArray) cores = g_array_sized_new(FALSE, TRUE, sizeof(guint), n);
  g_autoptr(KtSet) near = kt_set_new();
  g_autofree gboolean *kept = g_new0(gboolean, n + 1);
  g_array_set_size(cores, n);
  for (guint k = 0; k < n; k++) {
    guint pin = g_array_index(cell->pins, guint, k);
    const KtCpu *cpu = kt_machine_find_cpu(host, pin);
    const KtNode *node = kt_machine_find_node(host, kt_machine_node_of_cpu(host, pin));
    if (!cpu || !cpu->siblings || !node)
      return NULL;
    kt_set_add_all(near, node->cpus);
    kept[k] = !kt_set_intersects(cpu->siblings, taken);
    g_array_index(cores, guint, k) = pin;
    if (kept[k])
      kt_set_add_all(taken, cpu->siblings);
  }
  for (guint k = 0; k < n; k++) {
    int core = kept[k] ? -1 : next_core(host, near, taken, 0);
    if (kept[k])
      continue;
    if (core < 0)
      return NULL;
    g_array_index(cores, guint, k) = (guint)core;
    kt_set_add_all(taken, kt_machine_find_cpu(host, (guint)core)->siblings);
  }
  return g_steal_pointer(&cores);
}

static void put(KtPlaceCell *cell, const GArray *cpus)
{
  kt_set_free(cell->cpus);
  cell->cpus = kt_set_new();
  for (guint k = 0; k < cpus->len; k++) {
    guint cpu = g_array_index(cpus, guint, k);
    g_array_index(cell->pins, guint, k) = cpu;
    kt_set_add(cell->cpus, cpu);
  }
}

/* All its cells, or none. */
static void spread(const KtPlanProblem *problem, KtPlacement *placement, KtPlaceAnswer *answer, const KtMachine *host)
{
  g_autoptr(KtSet) taken = taken_by_others(problem, placement, answer);
  g_autoptr(GPtrArray) cores = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  g_autoptr(GPtrArray) before = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  for (guint i = 0; i < answer->cells->len; i++) {
    KtPlaceCell *cell = answer->cells->pdata[i];
    GArray *own = find_cores(cell, host, taken);
    if (!own)
      return;
    g_ptr_array_add(cores, own);
    g_ptr_array_add(before, g_array_copy(cell->pins));
  }
  double cost = kt_placement_cost(problem->problem, placement->guests).total;
  for (guint i = 0; i < cores->len; i++)
    put(answer->cells->pdata[i], cores->pdata[i]);
  if (kt_placement_cost(problem->problem, placement->guests).total <= cost + 1e-9)
    return;
  for (guint i = 0; i < before->len; i++)
    put(answer->cells->pdata[i], before->pdata[i]);
}

void kt_plan_spread_pins(const KtPlanProblem *problem, KtPlacement *placement, const KtMachine *host)
{
  for (guint i = 0; i < problem->subjects->len; i++) {
    KtPlaceAnswer *answer = placement->guests->pdata[i];
    if (should_spread(&g_array_index(problem->subjects, KtPlanSubject, i), answer, host))
      spread(problem, placement, answer, host);
  }
}
