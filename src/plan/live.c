/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is changed while the guest runs: where its threads may run, where its pages are. */
#include <string.h>

#include "base/i18n.h"
#include "base/shell.h"
#include "model/node_memory.h"
#include "plan/build.h"
#include "plan/parts.h"

#define EMULATOR_CHECKS "H46"

static const KtThread *vcpu_thread(const KtDomain *d, guint vcpu)
{
  for (guint i = 0; i < d->runtime->threads->len; i++) {
    const KtThread *thread = d->runtime->threads->pdata[i];
    if (thread->vcpu == (int)vcpu)
      return thread;
  }
  return NULL;
}

static void add_pin(const KtPlanWork *work, KtChange *change, guint vcpu, const char *cpus)
{
  const KtThread *thread = vcpu_thread(work->domain, vcpu);
  if (!thread || !thread->affinity) /* not plugged in */
    return;
  g_autofree char *where = g_strdup_printf("%u", vcpu), *before = kt_set_format(thread->affinity);
  if (!g_str_equal(before, cpus))
    kt_change_add_edit(change, where, before, cpus);
}

/* Of its resident pages those that are on the nodes already. */
static double share_on(const KtDomain *d, const KtSet *nodes)
{
  g_autoptr(GArray) memory = kt_domain_memory(d);
  gint64 there = 0, sum = kt_memory_kib(memory);
  for (guint i = 0; i < memory->len; i++) {
    const KtNodeMemory *part = &g_array_index(memory, KtNodeMemory, i);
    there += part->node >= 0 && kt_set_has(nodes, (guint)part->node) ? part->kib : 0;
  }
  return sum > 0 ? 100.0 * (double)there / (double)sum : -1;
}

/* Of those of a guest of one cell; < 0: it has several, or it is not known. */
static double share_on_target(const KtPlanWork *work)
{
  g_autoptr(KtSet) nodes = kt_plan_cell_nodes(work->answer->cells->pdata[0]);
  return work->answer->cells->len == 1 ? share_on(work->domain, nodes) : -1;
}

/* What part of the resident pages will be where the threads are. */
static void expect_locality(const KtPlanWork *work, KtChange *change, double pct)
{
  if (work->guest->local_before_pct > 99)
    return;
  g_autofree char *before =
      work->guest->local_before_pct >= 0 ? g_strdup_printf("%.0f", work->guest->local_before_pct) : NULL;
  kt_change_add_effect(change, "locality_pct", before, ">= 99");
  work->guest->local_after_pct = pct;
}

static void move_vcpus(const KtPlanWork *work)
{
  KtChange *change = kt_plan_change(work, KT_ACT_VCPUPIN, "vcpupin", KT_PLAN_LIVE_CHECKS);
  for (guint i = 0; i < work->answer->cells->len; i++) {
    const KtPlaceCell *cell = work->answer->cells->pdata[i];
    g_autofree char *all = kt_set_format(cell->cpus);
    for (guint k = 0; k < cell->vcpus; k++) {
      g_autofree char *own = cell->pins ? g_strdup_printf("%u", g_array_index(cell->pins, guint, k)) : NULL;
      add_pin(work, change, cell->first_vcpu + k, own ? own : all);
    }
  }
  g_autoptr(KtSet) there = kt_set_parse(work->guest->cpus_after, NULL);
  change->title =
      g_strdup_printf(kt_trn("vCPUs to CPU %s", "vCPUs to the CPUs %s", kt_set_count(there)), work->guest->cpus_after);
  gboolean packed = change->reasons->len == 1 && g_str_equal(change->reasons->pdata[0], "X07");
  change->why = g_strdup(packed ? _("Two of its vCPUs share a core, while other cores have nothing to do.")
                         : change->reasons->len ? _("Its threads run away from its memory, or share CPUs with others.")
                                                : _("Another guest needs the place that it has now."));
  g_autofree char *name = kt_shell_word(work->domain->name);
  change->undo = g_strdup_printf("virsh vcpupin %s <vCPU> <CPUs as before> --live", name);
  change->risk = KT_RISK_LIVE;
  double local_pct = share_on_target(work);
  if (!change->edits->len)
    g_ptr_array_remove(work->plan->changes, change);
  else if (local_pct > 99)
    expect_locality(work, change, local_pct);
}

/* One thread of QEMU's own; nothing if it runs only there already, or where it may run is not known. */
static void add_own(const KtPlanWork *work, KtAct act, const char *part, const char *where, const KtThread *thread,
                    const KtSet *cpus)
{
  g_autoptr(KtSet) wanted = kt_set_copy(cpus);
  if (thread->affinity && work->subject->narrow) {
    kt_set_keep_only(wanted, work->asked->allowed);
    kt_set_keep_only(wanted, thread->affinity);
  }
  if (!thread->affinity || kt_set_contains(cpus, thread->affinity) || kt_set_is_empty(wanted))
    return;
  g_autofree char *before = kt_set_format(thread->affinity), *after = kt_set_format(wanted);
  KtChange *change = kt_plan_change(work, act, part, EMULATOR_CHECKS " " KT_PLAN_LIVE_CHECKS);
  kt_change_add_edit(change, where, before, after);
  guint n = kt_set_count(wanted);
  change->title =
      g_strdup_printf(*where ? kt_trn("an I/O thread to CPU %s", "an I/O thread to the CPUs %s", n)
                             : kt_trn("QEMU's own threads to CPU %s", "QEMU's own threads to the CPUs %s", n),
                      after);
  change->why = g_strdup(_("They serve the guest's devices: near its memory, and on no CPU that a vCPU owns."));
  g_autofree char *name = kt_shell_word(work->domain->name);
  change->undo =
      g_strdup_printf("virsh %s %s %s%s%s --live", kt_act_names[act], name, where, *where ? " " : "", before);
  change->risk = KT_RISK_LIVE;
}

static void move_own_threads(const KtPlanWork *work)
{
  static const char io[] = "IO iothread";
  g_autoptr(KtSet) cpus = kt_plan_emulator_cpus(work);
  for (guint i = 0; !kt_set_is_empty(cpus) && i < work->domain->runtime->threads->len; i++) {
    const KtThread *thread = work->domain->runtime->threads->pdata[i];
    const char *comm = thread->comm ? thread->comm : "";
    if (thread->vcpu < 0 && thread->tid == work->domain->runtime->pid)
      add_own(work, KT_ACT_EMULATORPIN, "emulatorpin", "", thread, cpus);
    if (thread->vcpu >= 0 || !g_str_has_prefix(comm, io) || !g_ascii_isdigit(comm[strlen(io)]))
      continue;
    g_autofree char *number = g_strndup(comm + strlen(io), strspn(comm + strlen(io), "0123456789"));
    g_autofree char *part = g_strconcat("iothreadpin-", number, NULL);
    add_own(work, KT_ACT_IOTHREADPIN, part, number, thread, cpus);
  }
}

/* ---- several cells ---- */

/* One cpuset holds all cells, and no page goes to a node outside of it: then, and where cells are bound, it is the
 * next start that brings them apart. */
static gboolean can_move_cell(const KtPlanWork *work, const KtCell *cell, const KtSet *nodes)
{
  const char *own = cell->memnode_mode, *all = work->domain->numatune_mode;
  const KtSet *may = work->domain->runtime->cpuset_mems;
  return g_strcmp0(own, "strict") != 0 && g_strcmp0(all, "strict") != 0 && (!may || kt_set_contains(may, nodes));
}

static void add_cell(const KtPlanWork *work, KtChange *change, guint position)
{
  const KtCell *cell = work->domain->cells->pdata[position];
  const KtPlaceCell *place = work->answer->cells->pdata[position];
  g_autoptr(GArray) memory = kt_domain_cell_memory(work->domain, cell->id);
  g_autoptr(KtSet) nodes = kt_plan_cell_nodes(place);
  gint64 all = 0, there = 0;
  for (guint i = 0; i < memory->len; i++) {
    const KtNodeMemory *part = &g_array_index(memory, KtNodeMemory, i);
    all += part->kib;
    there += part->node >= 0 && kt_set_has(nodes, (guint)part->node) ? part->kib : 0;
  }
  if (kt_set_count(nodes) != 1 || !all || there > all - all / 100 || !can_move_cell(work, cell, nodes))
    return;
  g_autofree char *where = g_strdup_printf("%d", cell->id), *before = kt_memory_format(memory);
  g_autofree char *after = g_strdup_printf("%d:%" G_GINT64_FORMAT, kt_set_next(nodes, 0), all);
  kt_change_add_edit(change, where, before, after);
}

static void move_cells(const KtPlanWork *work)
{
  KtChange *change = kt_plan_change(work, KT_ACT_MEMORY, "memory", KT_PLAN_LIVE_CHECKS);
  for (guint i = 0; i < work->answer->cells->len; i++)
    add_cell(work, change, i);
  change->title = g_strdup("the memory of each cell to its node");
  change->why = g_strdup("The pages of each cell follow its threads, a batch at a time, while it runs.");
  change->undo = g_strdup("the pages go back where they were, where there is room");
  change->risk = KT_RISK_LIVE;
  if (change->edits->len)
    expect_locality(work, change, 100);
  else
    g_ptr_array_remove(work->plan->changes, change);
}

/* All pages of a guest of one cell go to its node. */
static void move_memory(const KtPlanWork *work)
{
  if (work->answer->cells->len > 1) {
    move_cells(work);
    return;
  }
  const KtPlaceCell *cell = work->answer->cells->pdata[0];
  g_autoptr(KtSet) nodes = kt_plan_cell_nodes(cell);
  if (share_on_target(work) > 99)
    return;
  g_autoptr(GArray) memory = kt_domain_cell_memory(work->domain, 0);
  g_autofree char *before = kt_memory_format(memory), *node = kt_set_format(nodes);
  g_autoptr(GString) after = g_string_new(NULL);
  gint64 all = kt_memory_kib(memory), left = all;
  for (guint i = 0; i < cell->memory->len; i++) {
    const KtPlaceMemory *part = &g_array_index(cell->memory, KtPlaceMemory, i);
    gint64 kib = i + 1 == cell->memory->len ? left : MIN(left, part->kib);
    g_string_append_printf(after, "%s%u:%" G_GINT64_FORMAT, i ? "," : "", part->node_id, kib);
    left -= kib;
  }
  KtChange *change = kt_plan_change(work, KT_ACT_MEMORY, "memory", KT_PLAN_LIVE_CHECKS);
  kt_change_add_edit(change, "0", before, after->str);
  change->title = g_strdup_printf(kt_trn("memory to node %s", "memory to nodes %s", kt_set_count(nodes)), node);
  change->why = g_strdup(
      g_strcmp0(work->domain->numatune_mode, "strict") == 0
          ? _("Its pages follow its threads; under strict all of its process at once, at a rate that is not limited.")
          : _("Its pages follow its threads, a batch at a time, while it runs."));
  change->undo = g_strdup(_("the pages go back where they were, where there is room"));
  change->risk = KT_RISK_LIVE;
  expect_locality(work, change, 100);
  gboolean follows = !work->domain->numatune_mode || g_str_equal(work->domain->numatune_mode, "restrictive");
  if (!follows)
    return;
  change = kt_plan_change(work, KT_ACT_NODESET, "nodeset", KT_PLAN_LIVE_CHECKS);
  /* As apply reads it: what the kernel lets it use. A numatune that no cgroup holds it to is only words. */
  const KtSet *now =
      work->domain->runtime->cpuset_mems ? work->domain->runtime->cpuset_mems : work->domain->numatune_nodeset;
  g_autofree char *old = now ? kt_set_format(now) : NULL;
  kt_change_add_edit(change, "", old, node);
  change->title =
      g_strdup_printf(kt_trn("new memory from node %s too", "new memory from nodes %s too", kt_set_count(nodes)), node);
  change->why = g_strdup(_("What the guest touches later follows the rest."));
  g_autofree char *name = kt_shell_word(work->domain->name);
  change->undo = g_strdup_printf("virsh numatune %s --nodeset <nodes as before> --live", name);
  change->risk = KT_RISK_LIVE;
}

/* Nodes under the CPUs that its vCPUs may use now. */
static void set_locality_before(const KtPlanWork *work)
{
  g_autoptr(KtSet) nodes = kt_set_new();
  for (guint i = 0; i < work->domain->runtime->threads->len; i++) {
    const KtThread *thread = work->domain->runtime->threads->pdata[i];
    for (int cpu = thread->vcpu < 0 ? -1 : kt_set_next(thread->affinity, 0); cpu >= 0;
         cpu = kt_set_next(thread->affinity, (guint)cpu + 1)) {
      int node = kt_machine_node_of_cpu(work->host, (guint)cpu);
      if (node >= 0)
        kt_set_add(nodes, (guint)node);
    }
  }
  if (kt_set_count(nodes) < work->host->nodes->len) /* free to float everywhere says nothing */
    work->guest->local_before_pct = share_on(work->domain, nodes);
}

static void place(const KtPlanWork *work)
{
  set_locality_before(work);
  work->guest->local_after_pct = work->guest->local_before_pct;
  gboolean moved = work->guest->cpus_before && !work->answer->stays;
  if (work->domain->manager == KT_MANAGER_PROXMOX) /* no libvirt knows it: cloud.c says it in qm's words */
    return;
  if (!work->guest->cpus_before || (!moved && !kt_plan_asks(work, KT_PLAN_LIVE_CHECKS " " EMULATOR_CHECKS)))
    return;
  if (work->subject->stuck)
    return;
  if (!moved && !kt_plan_asks(work, KT_PLAN_LIVE_CHECKS)) {
    move_own_threads(work);
    return;
  }
  if (work->answer->cells->len != MAX(work->domain->cells->len, 1)) {
    if (!work->guest->kept)
      work->guest->kept = g_strdup(_("its cells change at the next start; until then it stays where it is"));
    return;
  }
  move_vcpus(work);
  move_own_threads(work);
  move_memory(work);
}

/* With the first of its changes: what its manager does not know. */
static void warn(const KtPlanWork *work, guint first)
{
  KtChange *change = first < work->plan->changes->len ? work->plan->changes->pdata[first] : NULL;
  if (!change || !work->subject->narrow)
    return;
  g_autofree char *why = change->why, *warning = kt_plan_warn_managed(work->domain->manager);
  change->why = g_strdup_printf("%s %s.", why, warning);
}

void kt_plan_place_live(const KtPlanWork *work)
{
  if (!work->domain->runtime || work->host->nodes->len < 2)
    return;
  guint first = work->plan->changes->len;
  place(work);
  warn(work, first);
}
