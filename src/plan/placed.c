/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the guest will run, in its definition: pins, memory policy, the threads of QEMU itself. */
#include <string.h>

#include "plan/parts.h"

#define PLACE_CHECKS "H20 H40 H45 X08 X11 X13 X16 X17 X18"
#define UNDO_DEFINITION "virsh define the definition as it was (kvmtune rollback)"

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

/* QEMU's own threads: beside the guest, but on none of the CPUs that vCPUs own. */
static KtSet *emulator_cpus(const KtPlanWork *work)
{
  KtSet *cpus = kt_set_new();
  for (guint i = 0; i < work->answer->cells->len; i++) {
    const KtPlaceCell *cell = work->answer->cells->pdata[i];
    g_autoptr(KtSet) nodes = kt_plan_cell_nodes(cell);
    for (int n = kt_set_next(nodes, 0); n >= 0; n = kt_set_next(nodes, (guint)n + 1)) {
      const KtNode *node = kt_machine_find_node(work->host, n);
      if (node && node->cpus)
        kt_set_add_all(cpus, node->cpus);
    }
  }
  if (work->host->online_set)
    kt_set_keep_only(cpus, work->host->online_set);
  for (guint i = 0; i < work->answer->cells->len; i++) {
    const KtPlaceCell *cell = work->answer->cells->pdata[i];
    if (cell->pins)
      kt_set_remove_all(cpus, cell->cpus);
  }
  return cpus;
}

static void change_pins(const KtPlanWork *work)
{
  KtChange *change = kt_plan_change(work, KT_ACT_DOMXML, "pins", PLACE_CHECKS);
  if (g_strcmp0(work->domain->vcpu_placement, "auto") == 0)
    kt_change_add_edit(change, "vcpu/@placement", NULL, "static");
  add_pins(work, change);
  g_autoptr(KtSet) emulator = emulator_cpus(work);
  g_autofree char *cpus = kt_set_format(emulator);
  if (*cpus)
    kt_change_add_edit(change, "cputune/emulatorpin/@cpuset", NULL, cpus);
  gboolean exclusive = ((const KtPlaceCell *)work->answer->cells->pdata[0])->pins != NULL;
  change->title = g_strdup_printf(exclusive ? "each vCPU on a CPU of its own, of %s" : "vCPUs on the CPUs %s",
                                  work->guest->cpus_after);
  change->why = g_strdup("The guest starts where its memory is, and stays there.");
  change->undo = g_strdup(UNDO_DEFINITION);
  change->risk |= KT_RISK_RESTART;
}

/* ---- memory policy ---- */

/* One cell: `restrictive` can be moved while the guest runs. Several cells: only
 * `strict` binds each of them; they are moved by a restart. */
static void change_memory(const KtPlanWork *work)
{
  guint cells = work->answer->cells->len;
  const char *mode = cells > 1 ? "strict" : "restrictive";
  g_autoptr(KtSet) all = kt_set_new();
  KtChange *change = kt_plan_change(work, KT_ACT_DOMXML, "numatune", PLACE_CHECKS);
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
  change->title = g_strdup_printf("memory on node%s %s (%s)", kt_set_count(all) == 1 ? "" : "s", nodeset, mode);
  change->why = g_strdup(cells > 1 ? "'strict' binds each cell to its node from the start; it can then be moved by a "
                                     "restart only. 'restrictive' could be moved live, but binds nothing by itself."
                                   : "'restrictive' keeps new memory on the node and lets it be moved while the guest "
                                     "runs, which 'strict' does not.");
  change->undo = g_strdup(UNDO_DEFINITION);
  change->risk |= KT_RISK_RESTART;
  kt_change_add_effect(change, "locality_pct", NULL, ">= 99");
}

void kt_plan_place_definition(const KtPlanWork *work)
{
  gboolean moved = work->guest->cpus_before && !work->answer->stays;
  if (work->subject->fixed && !work->subject->stuck)
    return;
  if (!moved && !kt_plan_asks(work, PLACE_CHECKS))
    return;
  if (work->host->nodes->len < 2)
    return;
  change_pins(work);
  change_memory(work);
}
