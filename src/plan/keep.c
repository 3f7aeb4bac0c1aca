/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pins that are good already stay as they are: another order of the same CPUs, or other CPUs that cost as much, is no
 * gain and a change all the same. */
#include <string.h>

#include "plan/parts.h"

static const KtSet *affinity_of(const KtDomain *d, int vcpu)
{
  for (guint i = 0; d->runtime && i < d->runtime->threads->len; i++) {
    const KtThread *thread = d->runtime->threads->pdata[i];
    if (thread->vcpu == vcpu)
      return thread->affinity;
  }
  const KtSet *pin = kt_domain_pin(d, vcpu);
  return pin ? pin : d->vcpu_cpuset;
}

static gboolean is_there(const KtMachine *host, guint cpu)
{
  return host->online_set ? kt_set_has(host->online_set, cpu) : kt_machine_node_of_cpu(host, cpu) >= 0;
}

/* A CPU for a vCPU whose own is not there: the free sibling of its neighbour's, else a free one on its node. */
static int replacement(const KtMachine *host, guint beside, const KtSet *taken)
{
  const KtCpu *cpu = kt_machine_find_cpu(host, beside);
  const KtNode *node = kt_machine_find_node(host, kt_machine_node_of_cpu(host, beside));
  const KtSet *choices[] = {cpu ? cpu->siblings : NULL, node ? node->cpus : NULL};
  for (guint k = 0; k < G_N_ELEMENTS(choices); k++)
    for (int c = choices[k] ? kt_set_next(choices[k], 0) : -1; c >= 0; c = kt_set_next(choices[k], (guint)c + 1))
      if (!kt_set_has(taken, (guint)c) && is_there(host, (guint)c))
        return c;
  return -1;
}

/* Its neighbour's CPU, else that of any other vCPU; -1: none is there. */
static int neighbour(const GArray *pins, const gboolean *known, guint vcpu)
{
  if ((vcpu ^ 1) < pins->len && known[vcpu ^ 1])
    return (int)g_array_index(pins, guint, vcpu ^ 1);
  for (guint i = 0; i < pins->len; i++)
    if (known[i])
      return (int)g_array_index(pins, guint, i);
  return -1;
}

GArray *kt_plan_pins_now(const KtDomain *d, const KtMachine *host)
{
  guint n = (guint)d->vcpus.value;
  g_autoptr(GArray) pins = g_array_sized_new(FALSE, TRUE, sizeof(guint), n);
  g_autofree gboolean *known = g_new0(gboolean, n + 1);
  g_autoptr(KtSet) taken = kt_set_new();
  g_array_set_size(pins, n);
  for (guint i = 0; i < n; i++) {
    const KtSet *own = affinity_of(d, (int)i);
    int cpu = kt_set_count(own) == 1 ? kt_set_next(own, 0) : -1;
    if (cpu < 0 || kt_set_has(taken, (guint)cpu))
      return NULL;
    g_array_index(pins, guint, i) = (guint)cpu;
    known[i] = is_there(host, (guint)cpu);
    if (known[i])
      kt_set_add(taken, (guint)cpu);
  }
  for (guint i = 0; i < n; i++) {
    int beside = known[i] ? -1 : neighbour(pins, known, i);
    int cpu = beside < 0 ? -1 : replacement(host, (guint)beside, taken);
    if (known[i])
      continue;
    if (cpu < 0)
      return NULL;
    g_array_index(pins, guint, i) = (guint)cpu;
    kt_set_add(taken, (guint)cpu);
  }
  return g_steal_pointer(&pins);
}

/* Each cell's part of the pins lies where its memory will be. */
static gboolean fits(const KtPlaceAnswer *answer, const GArray *pins, const KtMachine *host)
{
  for (guint i = 0; i < answer->cells->len; i++) {
    const KtPlaceCell *cell = answer->cells->pdata[i];
    g_autoptr(KtSet) nodes = kt_plan_cell_nodes(cell);
    for (guint k = 0; k < cell->vcpus; k++) {
      guint vcpu = cell->first_vcpu + k;
      int node = vcpu < pins->len ? kt_machine_node_of_cpu(host, g_array_index(pins, guint, vcpu)) : -1;
      if (!cell->pins || node < 0 || !kt_set_has(nodes, (guint)node))
        return FALSE;
    }
  }
  return answer->cells->len > 0;
}

static void put_pins(KtPlaceAnswer *answer, const GArray *pins)
{
  for (guint i = 0; i < answer->cells->len; i++) {
    KtPlaceCell *cell = answer->cells->pdata[i];
    kt_set_free(cell->cpus);
    cell->cpus = kt_set_new();
    for (guint k = 0; k < cell->vcpus; k++) {
      guint cpu = g_array_index(pins, guint, cell->first_vcpu + k);
      g_array_index(cell->pins, guint, k) = cpu;
      kt_set_add(cell->cpus, cpu);
    }
  }
}

static GArray *pins_of(const KtPlaceAnswer *answer)
{
  GArray *pins = g_array_new(FALSE, FALSE, sizeof(guint));
  for (guint i = 0; i < answer->cells->len; i++) {
    const KtPlaceCell *cell = answer->cells->pdata[i];
    g_array_append_vals(pins, cell->pins->data, cell->pins->len);
  }
  return pins;
}

/* Somebody else's exclusive CPU? */
static gboolean is_owned(const KtPlacement *placement, const KtPlaceAnswer *except, const GArray *pins,
                         const KtSet *reserved)
{
  g_autoptr(KtSet) wanted = kt_set_new();
  for (guint i = 0; i < pins->len; i++)
    kt_set_add(wanted, g_array_index(pins, guint, i));
  for (guint i = 0; i < placement->guests->len; i++) {
    const KtPlaceAnswer *answer = placement->guests->pdata[i];
    for (guint k = 0; answer != except && k < answer->cells->len; k++) {
      const KtPlaceCell *cell = answer->cells->pdata[k];
      if (cell->pins && kt_set_intersects(cell->cpus, wanted))
        return TRUE;
    }
  }
  return kt_set_intersects(reserved, wanted);
}

void kt_plan_keep_pins(const KtPlanProblem *problem, KtPlacement *placement, const KtMachine *host)
{
  for (guint i = 0; i < problem->subjects->len; i++) {
    const KtPlanSubject *subject = &g_array_index(problem->subjects, KtPlanSubject, i);
    KtPlaceAnswer *answer = placement->guests->pdata[i];
    if (!subject->dedicated || !answer->cells->len)
      continue;
    g_autoptr(GArray) pins = kt_plan_pins_now(subject->domain, host);
    if (!pins || !fits(answer, pins, host) || is_owned(placement, answer, pins, problem->problem->reserved_cpus))
      continue;
    g_autoptr(GArray) solved = pins_of(answer);
    double before = kt_placement_cost(problem->problem, placement->guests).total;
    put_pins(answer, pins);
    if (kt_placement_cost(problem->problem, placement->guests).total > before + 1e-9)
      put_pins(answer, solved);
  }
}
