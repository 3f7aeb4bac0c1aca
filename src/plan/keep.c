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
static gboolean is_owned(const KtPlacement *placement, const KtPlaceAnswer *except, const KtSet *wanted)
{
  for (guint i = 0; i < placement->guests->len; i++) {
    const KtPlaceAnswer *answer = placement->guests->pdata[i];
    for (guint k = 0; answer != except && k < answer->cells->len; k++) {
      const KtPlaceCell *cell = answer->cells->pdata[k];
      if (cell->pins && kt_set_intersects(cell->cpus, wanted))
        return TRUE;
    }
  }
  return FALSE;
}

static gboolean is_forbidden(const KtPlaceProblem *problem, const KtSet *cpus)
{
  return kt_set_intersects(problem->reserved_cpus, cpus) || kt_set_intersects(problem->closed_cpus, cpus);
}

static KtSet *set_of(const GArray *cpus)
{
  KtSet *set = kt_set_new();
  for (guint i = 0; i < cpus->len; i++)
    kt_set_add(set, g_array_index(cpus, guint, i));
  return set;
}

/* ---- pages that come to their threads ---- */

/* The node on which all of these CPUs are; -1: there is none. */
static int node_of(const KtSet *cpus, const KtMachine *host)
{
  int node = -1;
  for (int cpu = kt_set_next(cpus, 0); cpu >= 0; cpu = kt_set_next(cpus, (guint)cpu + 1)) {
    int own = kt_machine_node_of_cpu(host, (guint)cpu);
    if (own < 0 || (node >= 0 && own != node))
      return -1;
    node = own;
  }
  return node;
}

/* What the others leave of the node's memory. */
static gint64 room_on(const KtPlaceProblem *problem, const KtPlacement *placement, const KtPlaceAnswer *except,
                      guint node_id)
{
  gint64 room = 0;
  for (guint i = 0; i < problem->nodes->len; i++) {
    const KtPlaceNode *node = problem->nodes->pdata[i];
    room = node->id == node_id ? node->memory_kib : room;
  }
  for (guint i = 0; i < placement->guests->len; i++) {
    const KtPlaceAnswer *answer = placement->guests->pdata[i];
    for (guint k = 0; answer != except && k < answer->cells->len; k++) {
      const KtPlaceCell *cell = answer->cells->pdata[k];
      for (guint m = 0; m < cell->memory->len; m++) {
        const KtPlaceMemory *part = &g_array_index(cell->memory, KtPlaceMemory, m);
        room -= part->node_id == node_id ? part->kib : 0;
      }
    }
  }
  return room;
}

static GArray *all_on(guint node_id, gint64 kib)
{
  const KtPlaceMemory all = {.node_id = node_id, .kib = kib};
  GArray *memory = g_array_new(FALSE, FALSE, sizeof(KtPlaceMemory));
  g_array_append_val(memory, all);
  return memory;
}

/* A guest whose pages have to move anyway: rather to where its threads are than both to a third place. */
static void stay_with_threads(const KtPlanProblem *problem, KtPlacement *placement, guint i, const KtMachine *host)
{
  const KtPlaceGuest *guest = problem->problem->guests->pdata[i];
  KtPlaceAnswer *answer = placement->guests->pdata[i];
  KtPlaceCell *cell = answer->cells->len == 1 ? answer->cells->pdata[0] : NULL;
  int node = cell && guest->started && guest->movable && !answer->stays ? node_of(guest->now_cpus, host) : -1;
  if (cell && cell->memory->len == 1 && (int)g_array_index(cell->memory, KtPlaceMemory, 0).node_id == node)
    return; /* they are to be there */
  if (node < 0 || is_forbidden(problem->problem, guest->now_cpus) ||
      room_on(problem->problem, placement, answer, (guint)node) < guest->memory_kib)
    return;
  g_autoptr(GArray) pins = cell->pins
                               ? kt_plan_pins_now(g_array_index(problem->subjects, KtPlanSubject, i).domain, host)
                               : g_array_new(FALSE, FALSE, sizeof(guint));
  if (!pins || is_owned(placement, answer, guest->now_cpus))
    return;
  KtPlaceCell old = *cell;
  double before = kt_placement_cost(problem->problem, placement->guests).total;
  cell->memory = all_on((guint)node, guest->memory_kib);
  cell->cpus = kt_set_copy(guest->now_cpus);
  if (guest->allowed)
    kt_set_keep_only(cell->cpus, guest->allowed);
  cell->pins = old.pins ? g_array_ref(pins) : NULL;
  KtPlaceCell unused = kt_placement_cost(problem->problem, placement->guests).total > before + 1e-9 ? *cell : old;
  *cell = unused.memory == old.memory ? *cell : old;
  g_array_unref(unused.memory);
  kt_set_free(unused.cpus);
  if (unused.pins)
    g_array_unref(unused.pins);
}

/* Its topology can show the L3 caches below these pins. */
static gboolean mirrors_l3(const KtDomain *d, const KtMachine *host, const KtPlaceAnswer *answer)
{
  KtTarget target;
  return kt_target_find(d, host, answer, &target) && target.one_l3;
}

void kt_plan_keep_pins(const KtPlanProblem *problem, KtPlacement *placement, const KtMachine *host)
{
  for (guint i = 0; i < problem->subjects->len; i++) {
    const KtPlanSubject *subject = &g_array_index(problem->subjects, KtPlanSubject, i);
    KtPlaceAnswer *answer = placement->guests->pdata[i];
    stay_with_threads(problem, placement, i, host);
    if (!subject->dedicated || !answer->cells->len)
      continue;
    g_autoptr(GArray) pins = kt_plan_pins_now(subject->domain, host);
    g_autoptr(KtSet) wanted = pins ? set_of(pins) : NULL;
    if (!pins || !fits(answer, pins, host) || is_owned(placement, answer, wanted) ||
        (is_forbidden(problem->problem, wanted) && !subject->fixed))
      continue;
    g_autoptr(GArray) solved = pins_of(answer);
    double before = kt_placement_cost(problem->problem, placement->guests).total;
    gboolean mirrors = subject->reshaped && mirrors_l3(subject->domain, host, answer);
    put_pins(answer, pins);
    if (kt_placement_cost(problem->problem, placement->guests).total > before + 1e-9 ||
        (mirrors && !mirrors_l3(subject->domain, host, answer)))
      put_pins(answer, solved);
  }
}
