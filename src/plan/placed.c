/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the guest will run, in its definition: pins, memory policy, the threads of QEMU itself. */
#include <string.h>

#include "base/i18n.h"
#include "plan/parts.h"

#define PIN_CHECKS "H20 H40 H45 X07 X08 X11 X12 X13 X16 X18"
#define MEMORY_CHECKS "H20 X11 X12 X13 X16 X17"
#define MAX_IOTHREADS 64

/* ---- pins ---- */

static void add_pins(const KtPlanWork *work, KtChange *change)
{
  for (guint i = 0; i < work->answer->cells->len; i++) {
    const KtPlaceCell *cell = work->answer->cells->pdata[i];
    g_autofree char *all = kt_set_format(cell->cpus);
    for (guint k = 0; k < cell->vcpus; k++) {
      g_autofree char *path = g_strdup_printf("cputune/vcpupin[@vcpu='%u']/@cpuset", cell->first_vcpu + k);
      g_autofree char *own = cell->pins ? g_strdup_printf("%u", g_array_index(cell->pins, guint, k)) : NULL;
      kt_change_add_edit(change, path, NULL, own ? own : all);
    }
  }
}

/* CPUs of the node that no vCPU owns. */
static void add_free_cpus(const KtPlanWork *work, KtSet *cpus, const KtNode *node)
{
  g_autoptr(KtSet) own = node && node->cpus ? kt_set_copy(node->cpus) : kt_set_new();
  if (work->host->online_set)
    kt_set_keep_only(own, work->host->online_set);
  kt_set_remove_all(own, work->owned);
  kt_set_add_all(cpus, own);
}

static KtSet *free_node_cpus(const KtPlanWork *work)
{
  KtSet *cpus = kt_set_new();
  for (guint i = 0; i < work->answer->cells->len; i++) {
    g_autoptr(KtSet) nodes = kt_plan_cell_nodes(work->answer->cells->pdata[i]);
    for (int n = kt_set_next(nodes, 0); n >= 0; n = kt_set_next(nodes, (guint)n + 1))
      add_free_cpus(work, cpus, kt_machine_find_node(work->host, n));
  }
  return cpus;
}

/* vCPUs own all of its nodes: free CPUs of the nodes next to its first. */
static KtSet *free_cpus_nearby(const KtPlanWork *work)
{
  g_autoptr(KtSet) nodes = kt_plan_cell_nodes(work->answer->cells->pdata[0]);
  const KtNode *home = kt_machine_find_node(work->host, kt_set_next(nodes, 0));
  g_autoptr(KtSet) nearest = kt_set_new();
  int least = G_MAXINT;
  for (guint i = 0; home && i < work->host->nodes->len && i < home->distances->len; i++) {
    int distance = g_array_index(home->distances, int, i);
    g_autoptr(KtSet) cpus = kt_set_new();
    add_free_cpus(work, cpus, work->host->nodes->pdata[i]);
    if (kt_set_is_empty(cpus) || distance > least)
      continue;
    if (distance < least)
      kt_set_remove_all(nearest, nearest);
    least = distance;
    kt_set_add_all(nearest, cpus);
  }
  return g_steal_pointer(&nearest);
}

/* Rather not the siblings of what vCPUs own either. */
KtSet *kt_plan_emulator_cpus(const KtPlanWork *work)
{
  g_autoptr(KtSet) cpus = free_node_cpus(work);
  g_autoptr(KtSet) apart = kt_set_new();
  if (kt_set_is_empty(cpus)) {
    kt_set_free(cpus);
    cpus = free_cpus_nearby(work);
  }
  for (int cpu = kt_set_next(cpus, 0); cpu >= 0; cpu = kt_set_next(cpus, (guint)cpu + 1)) {
    const KtCpu *known = kt_machine_find_cpu(work->host, (guint)cpu);
    if (!known || !known->siblings || !kt_set_intersects(known->siblings, work->owned))
      kt_set_add(apart, (guint)cpu);
  }
  return kt_set_is_empty(apart) ? g_steal_pointer(&cpus) : g_steal_pointer(&apart);
}

/* Pinned, and to none but these: somebody chose, and chose well. */
static gboolean is_well_pinned(const KtSet *pin, const KtSet *cpus)
{
  return !kt_set_is_empty(pin) && kt_set_contains(cpus, pin);
}

/* QEMU's own threads: beside the guest. All CPUs of the host are no pin. */
static void add_emulator(const KtPlanWork *work, KtChange *change)
{
  const KtDomain *d = work->domain;
  g_autoptr(KtSet) emulator = kt_plan_emulator_cpus(work);
  g_autofree char *cpus = kt_set_format(emulator);
  if (kt_set_is_empty(emulator) || (kt_set_contains(emulator, work->host->online_set) && !d->emulatorpin))
    return;
  if (!is_well_pinned(d->emulatorpin, emulator))
    kt_change_add_edit(change, "cputune/emulatorpin/@cpuset", NULL, cpus);
  for (gint64 i = 1; d->iothreads.known && i <= MIN(d->iothreads.value, MAX_IOTHREADS); i++) {
    g_autofree char *path = g_strdup_printf("cputune/iothreadpin[@iothread='%" G_GINT64_FORMAT "']/@cpuset", i);
    if (!is_well_pinned(g_hash_table_lookup(d->iothreadpin, GINT_TO_POINTER(i)), emulator))
      kt_change_add_edit(change, path, NULL, cpus);
  }
}

/* Does a vCPU get other CPUs than its definition gives it? */
static gboolean changes_pins(const KtPlanWork *work)
{
  for (guint i = 0; i < work->answer->cells->len; i++) {
    const KtPlaceCell *cell = work->answer->cells->pdata[i];
    for (guint k = 0; k < cell->vcpus; k++) {
      const KtSet *pin = kt_domain_pin(work->domain, (int)(cell->first_vcpu + k));
      gboolean same =
          pin && (cell->pins ? kt_set_count(pin) == 1 && kt_set_has(pin, g_array_index(cell->pins, guint, k))
                             : kt_set_equal(pin, cell->cpus));
      if (!same)
        return TRUE;
    }
  }
  return FALSE;
}

/* --policy is another than the guest's own. */
static gboolean has_new_policy(const KtPlanWork *work)
{
  g_autoptr(GArray) pins = kt_plan_pins_now(work->domain, work->host);
  return work->options->policy != KT_PLAN_AUTO && work->subject->dedicated != (pins != NULL);
}

/* Of a change of its place: its devices are where it goes to. */
static void add_device_reason(const KtPlanWork *work, KtChange *change)
{
  if (kt_plan_asks(work, "H48") && kt_plan_is_near_devices(work->asked, work->answer))
    kt_change_add_reason(change, "H48");
}

static void change_pins(const KtPlanWork *work)
{
  KtChange *change = kt_plan_change(work, KT_ACT_DOMXML, "pins", PIN_CHECKS);
  add_device_reason(work, change);
  if (g_strcmp0(work->domain->vcpu_placement, "auto") == 0)
    kt_change_add_edit(change, "vcpu/@placement", NULL, "static");
  add_pins(work, change);
  add_emulator(work, change);
  gboolean exclusive = ((const KtPlaceCell *)work->answer->cells->pdata[0])->pins != NULL;
  g_autoptr(KtSet) there = kt_set_parse(work->guest->cpus_after, NULL);
  change->title = g_strdup_printf(exclusive ? _("each vCPU on a CPU of its own, of %s")
                                            : kt_trn("vCPUs on CPU %s", "vCPUs on the CPUs %s", kt_set_count(there)),
                                  work->guest->cpus_after);
  gboolean near = g_ptr_array_find_with_equal_func(change->reasons, "H48", g_str_equal, NULL);
  change->why = g_strdup(near                   ? _("The guest starts where its devices are, and its memory with it.")
                         : change->reasons->len ? _("The guest starts where its memory is, and stays there.")
                         : has_new_policy(work) ? _("The policy that was asked for.")
                                                : _("Its vCPUs are not all where its memory is, or another guest needs "
                                                    "the place that it has."));
  change->undo = kt_plan_undo_definition();
  change->risk |= KT_RISK_RESTART;
  if (!kt_domain_is_dedicated(work->domain)) /* what only now becomes true */
    kt_plan_hint_dedicated(work);
}

/* ---- memory policy ---- */

/* As it is defined its memory will come to other nodes than its pins, wherever it is now. */
static gboolean is_bound_elsewhere(const KtPlanWork *work)
{
  const KtSet *nodes = work->domain->numatune_nodeset;
  for (int n = kt_set_next(nodes, 0); n >= 0; n = kt_set_next(nodes, (guint)n + 1)) {
    const KtNode *node = kt_machine_find_node(work->host, n);
    if (!node || kt_set_intersects(node->cpus, work->domain->pinned))
      return FALSE;
  }
  return nodes && work->domain->pinned && work->guest->cpus_before && !work->domain->cells->len;
}

/* One cell: `restrictive` can be moved while the guest runs. Several cells: only
 * `strict` binds each of them; they are moved by a restart. */
static void change_memory(const KtPlanWork *work)
{
  guint cells = work->answer->cells->len;
  const char *mode = cells > 1 ? "strict" : "restrictive";
  g_autoptr(KtSet) all = kt_set_new();
  KtChange *change = kt_plan_change(work, KT_ACT_DOMXML, "numatune", MEMORY_CHECKS);
  add_device_reason(work, change);
  for (guint i = 0; i < cells; i++) {
    g_autoptr(KtSet) nodes = kt_plan_cell_nodes(work->answer->cells->pdata[i]);
    kt_set_add_all(all, nodes);
  }
  g_autofree char *nodeset = kt_set_format(all);
  for (guint i = 0; i < work->domain->cells->len; i++) {
    const KtCell *cell = work->domain->cells->pdata[i];
    g_autofree char *path = g_strdup_printf("numatune/memnode[@cellid='%d']", cell->id);
    if (cell->memnode && (cells == 1 || (guint)cell->id >= cells))
      kt_change_add_edit(change, path, NULL, NULL);
  }
  kt_change_add_edit(change, "numatune/memory/@placement", NULL, NULL);
  kt_change_add_edit(change, "numatune/memory/@mode", NULL, mode);
  kt_change_add_edit(change, "numatune/memory/@nodeset", NULL, nodeset);
  for (guint i = 0; cells > 1 && i < cells; i++) {
    g_autoptr(KtSet) nodes = kt_plan_cell_nodes(work->answer->cells->pdata[i]);
    g_autofree char *own = kt_set_format(nodes);
    g_autofree char *mode_path = g_strdup_printf("numatune/memnode[@cellid='%u']/@mode", i);
    g_autofree char *nodes_path = g_strdup_printf("numatune/memnode[@cellid='%u']/@nodeset", i);
    kt_change_add_edit(change, mode_path, NULL, mode);
    kt_change_add_edit(change, nodes_path, NULL, own);
  }
  change->title =
      g_strdup_printf(kt_trn("memory on node %s (%s)", "memory on nodes %s (%s)", kt_set_count(all)), nodeset, mode);
  change->why =
      g_strdup(is_bound_elsewhere(work)
                   ? _("As it is defined, its memory comes to other nodes than its vCPUs at the next start.")
               : cells > 1 ? _("'strict' binds each cell to its node from the start; it can then be moved by a "
                               "restart only. 'restrictive' could be moved live, but binds nothing by itself.")
                           : _("'restrictive' keeps new memory on the node and lets it be moved while the guest "
                               "runs, which 'strict' does not."));
  change->undo = kt_plan_undo_definition();
  change->risk |= KT_RISK_RESTART;
  kt_change_add_effect(change, "locality_pct", NULL, ">= 99");
}

/* Does its definition bind it to other nodes, or to none? */
static gboolean changes_nodes(const KtPlanWork *work)
{
  g_autoptr(KtSet) nodes = kt_set_new();
  for (guint i = 0; i < work->answer->cells->len; i++) {
    g_autoptr(KtSet) own = kt_plan_cell_nodes(work->answer->cells->pdata[i]);
    kt_set_add_all(nodes, own);
  }
  return work->answer->cells->len > 1 || !work->domain->numatune_nodeset ||
         !kt_set_equal(nodes, work->domain->numatune_nodeset);
}

/* QEMU's threads alone, where the vCPUs stay. */
static void change_emulator(const KtPlanWork *work)
{
  KtChange *change = kt_plan_change(work, KT_ACT_DOMXML, "emulator", "H46 " PIN_CHECKS);
  add_emulator(work, change);
  change->title = g_strdup(_("QEMU's own threads off the CPUs of vCPUs"));
  change->why = g_strdup(_("They serve the guest's devices, and a vCPU that has to wait for them stalls."));
  change->undo = kt_plan_undo_definition();
  change->risk |= KT_RISK_RESTART;
  if (!change->edits->len)
    g_ptr_array_remove(work->plan->changes, change);
}

static gboolean is_moved(const KtPlanWork *work)
{
  return (work->guest->cpus_before && !work->answer->stays) || has_new_policy(work);
}

/* live.c moves QEMU's own threads too, where the vCPUs stay: without it the next start brings them back. */
static gboolean is_placed_live(const KtPlanWork *work)
{
  return work->domain->runtime && work->guest->cpus_before && work->host->nodes->len > 1 && !work->subject->stuck &&
         kt_plan_asks(work, KT_PLAN_LIVE_CHECKS);
}

gboolean kt_plan_will_pin(const KtPlanWork *work)
{
  return (!work->subject->fixed || work->subject->stuck) && (is_moved(work) || kt_plan_asks(work, PIN_CHECKS)) &&
         changes_pins(work);
}

void kt_plan_place_definition(const KtPlanWork *work)
{
  gboolean moved = is_moved(work), pins = kt_plan_will_pin(work);
  if ((work->subject->fixed && !work->subject->stuck) || work->host->nodes->len < 1)
    return;
  if (pins)
    change_pins(work);
  else if (kt_plan_asks(work, "H46") || is_placed_live(work) ||
           (moved && ((const KtPlaceCell *)work->answer->cells->pdata[0])->pins))
    change_emulator(work);
  if (work->host->nodes->len > 1 &&
      ((moved && changes_nodes(work)) || kt_plan_asks(work, MEMORY_CHECKS) ||
       (pins && !work->domain->numatune_nodeset) || (is_bound_elsewhere(work) && changes_nodes(work))))
    change_memory(work);
}
