/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/build.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "checks/accepted.h"
#include "config.h"
#include "plan/parts.h"

/* ---- what the parts share ---- */

static const KtFinding *find_fired(const KtDiagnosis *diagnosis, const char *id)
{
  for (guint i = 0; diagnosis && i < diagnosis->findings->len; i++) {
    const KtFinding *finding = diagnosis->findings->pdata[i];
    if (g_str_equal(finding->check->id, id))
      return finding;
  }
  return NULL;
}

#define LOCAL_PCT 90 /* of its memory: less is what H20 finds again */

gboolean kt_plan_is_local(const KtPlaceAnswer *answer, const KtMachine *host)
{
  gint64 all = 0, near = 0;
  for (guint i = 0; i < answer->cells->len; i++) {
    const KtPlaceCell *cell = answer->cells->pdata[i];
    for (guint k = 0; k < cell->memory->len; k++) {
      const KtPlaceMemory *part = &g_array_index(cell->memory, KtPlaceMemory, k);
      const KtNode *node = kt_machine_find_node(host, (int)part->node_id);
      all += part->kib;
      near += node && kt_set_intersects(node->cpus, cell->cpus) ? part->kib : 0;
    }
  }
  return near >= all / 100 * LOCAL_PCT;
}

/* What its new place and shape leave as it is asks for nothing: memory that has no room near its CPUs, threads that are
 * taken for cores where there are no more cores and the vCPUs make no pairs, parts of an L3 that are not alike, cells
 * of one vCPU. */
static gboolean asks(const KtPlanWork *work, const char *id)
{
  if (!find_fired(work->diagnosis, id))
    return FALSE;
  if (!work->answer || !work->answer->cells->len)
    return TRUE;
  return g_str_equal(id, "H20")   ? kt_plan_is_local(work->answer, work->host)
         : g_str_equal(id, "X10") ? work->target.one_l3
         : g_str_equal(id, "X06") || g_str_equal(id, "X03")
             ? !work->shaped || work->target.cores * work->target.threads > 1 || work->domain->vcpus.value < 3
         : g_str_equal(id, "X07") ? work->target.siblings || !kt_plan_is_packed(work->answer, work->host)
                                  : TRUE;
}

gboolean kt_plan_asks(const KtPlanWork *work, const char *checks)
{
  g_auto(GStrv) ids = g_strsplit(checks, " ", -1);
  for (guint i = 0; ids[i]; i++)
    if (asks(work, ids[i]))
      return TRUE;
  return FALSE;
}

KtChange *kt_plan_change(const KtPlanWork *work, KtAct act, const char *part, const char *checks)
{
  KtChange *change = kt_plan_add_change(work->plan, act, work->domain->name, work->domain->uuid, part);
  g_auto(GStrv) ids = g_strsplit(checks, " ", -1);
  for (guint i = 0; ids[i]; i++)
    if (asks(work, ids[i])) {
      kt_change_add_reason(change, ids[i]);
      change->risk |= kt_risk_parse(kt_check_find(ids[i])->risk);
    }
  if (act >= KT_ACT_DOMXML) /* another remedy of the row may be live; a definition is not */
    change->risk &= ~(guint)KT_RISK_LIVE;
  return change;
}

char *kt_plan_undo_definition(void)
{
  return g_strdup(_("kvmtune rollback, or virsh define with the definition as it was; then stop and start the guest"));
}

KtSet *kt_plan_cell_nodes(const KtPlaceCell *cell)
{
  KtSet *nodes = kt_set_new();
  for (guint i = 0; i < cell->memory->len; i++)
    kt_set_add(nodes, g_array_index(cell->memory, KtPlaceMemory, i).node_id);
  return nodes;
}

/* ---- a guest before and after ---- */

#define NEGLIGIBLE 100 /* one part in so many of a guest's memory, as QEMU's own, is not where it is */

static int known(KtInt value)
{
  return value.known && value.value <= G_MAXINT ? (int)value.value : -1;
}

static void set_shape_before(KtPlanGuest *guest, const KtPlanWork *work)
{
  const KtMachine *seen = work->diagnosis ? work->diagnosis->subject.guest : NULL;
  guest->before.cpu = g_strdup(work->domain->cpu_model ? work->domain->cpu_model : work->domain->cpu_mode);
  if (!seen)
    return;
  const KtCache *l3 = kt_machine_find_cache(seen, 3, KT_CACHE_UNIFIED);
  guest->before.sockets = known(seen->sockets);
  guest->before.cores = known(seen->cores_per_socket);
  guest->before.threads = known(seen->threads_per_core);
  guest->before.cells = known(kt_machine_nodes_known(seen));
  if (l3)
    guest->before.l3_groups = known(l3->instances);
  else if (seen->caches->len)
    guest->before.l3_groups = 0;
}

static void set_places(KtPlanGuest *guest, const KtPlanWork *work)
{
  const KtPlaceGuest *now = work->asked;
  g_autoptr(KtSet) cpus = kt_set_new();
  g_autoptr(KtSet) nodes = kt_set_new();
  g_autoptr(KtSet) old_nodes = kt_set_new();
  for (guint i = 0; i < work->answer->cells->len; i++) {
    const KtPlaceCell *cell = work->answer->cells->pdata[i];
    g_autoptr(KtSet) own = kt_plan_cell_nodes(cell);
    kt_set_add_all(cpus, cell->cpus);
    kt_set_add_all(nodes, own);
  }
  for (guint i = 0; i < now->now_memory->len; i++) {
    const KtPlaceMemory *part = &g_array_index(now->now_memory, KtPlaceMemory, i);
    if (part->kib >= now->memory_kib / NEGLIGIBLE)
      kt_set_add(old_nodes, part->node_id);
  }
  guest->cpus_before = now->started ? kt_set_format(now->now_cpus) : NULL;
  guest->nodes_before = now->started ? kt_set_format(old_nodes) : NULL;
  guest->cpus_after = kt_set_format(cpus);
  guest->nodes_after = kt_set_format(nodes);
}

/* ---- all domains ---- */

static const KtDiagnosis *diagnosis_of(const GPtrArray *diagnoses, const KtDomain *domain, const KtMachine *machine)
{
  for (guint i = 0; i < diagnoses->len; i++) {
    const KtDiagnosis *diagnosis = diagnoses->pdata[i];
    if (domain ? diagnosis->subject.domain == domain
               : diagnosis->subject.machine == machine && !diagnosis->subject.domain)
      return diagnosis;
  }
  return NULL;
}

/* Is there a change that brings it where the solver wants it? */
static gboolean is_placed(const KtPlanWork *work)
{
  for (guint i = 0; i < work->plan->changes->len; i++) {
    const KtChange *change = work->plan->changes->pdata[i];
    const char *part = strrchr(change->id, '/');
    if (g_strcmp0(change->domain, work->domain->name) == 0 && g_strcmp0(change->uuid, work->domain->uuid) == 0 &&
        (change->act == KT_ACT_PROXMOX || change->act == KT_ACT_VCPUPIN || change->act == KT_ACT_MEMORY ||
         g_str_equal(part, "/pins") || g_str_equal(part, "/numatune")))
      return TRUE;
  }
  return FALSE;
}

/* It stays where it is; one that floats has no place. */
static void forget_place(KtPlanGuest *guest)
{
  g_free(guest->cpus_after);
  g_free(guest->nodes_after);
  guest->cpus_after = g_strdup(guest->cpus_before);
  guest->nodes_after = g_strdup(guest->nodes_before);
}

#define TOLD_EACH 3 /* guests without a place; more are told in one line */

static void note_unplaced(KtPlan *plan, const KtPlanProblem *problem, const KtPlacement *placement)
{
  guint n = 0;
  for (guint i = 0; i < placement->guests->len; i++)
    n += ((const KtPlaceAnswer *)placement->guests->pdata[i])->why != NULL;
  for (guint i = 0; n && i < placement->guests->len; i++) {
    const KtPlaceAnswer *answer = placement->guests->pdata[i];
    const char *name = g_array_index(problem->subjects, KtPlanSubject, i).domain->name;
    if (!answer->why)
      continue;
    g_ptr_array_add(plan->notes, n <= TOLD_EACH
                                     ? g_strdup_printf(_("domain '%s' finds no place: %s"), name, answer->why)
                                     : g_strdup_printf(_("%u domains find no place: '%s' and others; of it: %s"), n,
                                                       name, answer->why));
    if (n > TOLD_EACH)
      return;
  }
}

static void plan_domain(KtPlanWork *work)
{
  KtPlanGuest *guest = work->guest;
  set_shape_before(guest, work);
  guest->kept = g_strdup(kt_tr(work->subject->fixed));
  guest->devices = kt_plan_say_devices(work->domain, work->host);
  set_places(guest, work);
  if (work->subject->left || work->answer->why) {
    forget_place(guest);
    return;
  }
  work->shaped = kt_target_find(work->domain, work->host, work->answer, &work->target);
  if (!work->shaped)
    g_ptr_array_add(work->plan->notes,
                    g_strdup_printf(_("domain '%s': %u vCPUs do not divide by its %u cells; %u would"),
                                    work->domain->name, (guint)work->domain->vcpus.value, work->answer->cells->len,
                                    (guint)(work->domain->vcpus.value -
                                            work->domain->vcpus.value % MAX(work->answer->cells->len, 1))));
  gboolean orchestrated = work->domain->manager != KT_MANAGER_NONE;
  if (!work->options->movable && work->shaped && orchestrated)
    kt_plan_orchestrated(work);
  if (!orchestrated && !work->options->movable) {
    if (work->shaped)
      kt_plan_define(work);
    kt_plan_place_definition(work);
  }
  if (!orchestrated)
    kt_plan_quota(work);
  if (!work->subject->fixed || work->subject->stuck)
    kt_plan_place_live(work);
  if (!is_placed(work))
    forget_place(guest);
  else if (work->domain->hugepages && work->domain->hugepage_kib.known && work->domain->hugepage_kib.value > 0)
    kt_plan_check_pools(work->host, work->answer, work->domain->name, work->domain->hugepage_kib.value, FALSE,
                        work->plan->notes);
}

static gboolean check_names(const KtPlanProblem *problem, const char *const *only, GError **error)
{
  for (; only && *only; only++) {
    gboolean found = FALSE;
    for (guint i = 0; i < problem->subjects->len && !found; i++) {
      found = kt_domain_is_called(g_array_index(problem->subjects, KtPlanSubject, i).domain, *only);
    }
    if (!found) {
      g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no domain '%s' is there", *only);
      return FALSE;
    }
  }
  return TRUE;
}

char *kt_plan_say_nested(const KtMachine *host)
{
  const char *below = host->hypervisor;
  return below && !g_str_equal(below, "none") && !g_str_equal(below, "xen")
             ? g_strdup_printf(_("this host is itself a guest (%s): its CPUs and nodes are what it is shown of another "
                                 "machine, and may lie there in another way"),
                               below)
             : NULL;
}

static KtPlan *start_plan(const KtMachine *host, const KtPlanOptions *options)
{
  KtPlan *plan = kt_plan_new();
  plan->tool = g_strdup(KT_VERSION);
  plan->made = g_strdup(host->taken_at ? host->taken_at : "");
  plan->host = g_strdup(host->name);
  plan->live = host->live;
  plan->policy = g_strdup(kt_plan_policies[options->policy]);
  plan->movable = options->movable;
  return plan;
}

static KtSet *owned_cpus(const KtPlacement *placement)
{
  KtSet *owned = kt_set_new();
  for (guint i = 0; i < placement->guests->len; i++) {
    const KtPlaceAnswer *answer = placement->guests->pdata[i];
    for (guint k = 0; k < answer->cells->len; k++) {
      const KtPlaceCell *cell = answer->cells->pdata[k];
      if (cell->pins)
        kt_set_add_all(owned, cell->cpus);
    }
  }
  return owned;
}

static GPtrArray *diagnose(const KtSnapshot *snapshot, const KtPlanOptions *options)
{
  GPtrArray *diagnoses = kt_diagnose(snapshot, NULL);
  if (options->accepted)
    kt_accepted_apply(diagnoses, options->accepted);
  return diagnoses;
}

/* Where all of them go: now, and those that cannot at their next start. */
static KtPlacement *place(const KtSnapshot *snapshot, KtPlanProblem *problem, const GPtrArray *diagnoses,
                          const KtPlanOptions *options, GError **error)
{
  g_autoptr(KtPlacement) placement = kt_placement_solve(problem->problem, error);
  const KtMachine *host = kt_snapshot_host(snapshot);
  if (!placement || (!options->movable && !kt_plan_place_next(problem, placement, diagnoses, error)))
    return NULL;
  kt_plan_keep_pins(problem, placement, host);
  kt_plan_spread_pins(problem, placement, host);
  kt_plan_keep_cells(problem, placement, host);
  kt_placement_untangle(problem->problem, placement);
  placement->cost = kt_placement_cost(problem->problem, placement->guests);
  return g_steal_pointer(&placement);
}

char *kt_plan_explain(const KtSnapshot *snapshot, const KtPlanOptions *options)
{
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) diagnoses = diagnose(snapshot, options);
  g_autoptr(KtPlanProblem) problem = kt_plan_problem(snapshot, diagnoses, options, notes, NULL);
  g_autoptr(KtPlacement) placement = problem ? place(snapshot, problem, diagnoses, options, NULL) : NULL;
  return placement ? kt_placement_explain(problem->problem, placement) : NULL;
}

KtPlan *kt_plan_build(const KtSnapshot *snapshot, const KtPlanOptions *options, GError **error)
{
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) diagnoses = diagnose(snapshot, options);
  g_autoptr(KtPlanProblem) problem = kt_plan_problem(snapshot, diagnoses, options, notes, error);
  if (!problem || !check_names(problem, options->only, error))
    return NULL;
  g_autoptr(KtPlacement) placement = place(snapshot, problem, diagnoses, options, error);
  if (!placement)
    return NULL;
  const KtMachine *host = kt_snapshot_host(snapshot);
  g_autoptr(KtSet) owned = owned_cpus(placement);
  kt_set_add_all(owned, problem->problem->closed_cpus);
  g_autoptr(KtPlan) plan = start_plan(host, options);
  g_ptr_array_extend_and_steal(plan->notes, g_steal_pointer(&notes));
  char *nested = kt_plan_say_nested(host);
  if (nested)
    g_ptr_array_add(plan->notes, nested);
  kt_plan_host(plan, diagnoses, host);
  kt_plan_leave(plan, diagnosis_of(diagnoses, NULL, host), 0);
  for (guint i = 0; i < problem->subjects->len; i++) {
    const KtPlanSubject *subject = &g_array_index(problem->subjects, KtPlanSubject, i);
    KtPlanWork work = {.plan = plan,
                       .guest = kt_plan_add_guest(plan, subject->domain->name, subject->domain->uuid),
                       .options = options,
                       .subject = subject,
                       .asked = problem->problem->guests->pdata[i],
                       .domain = subject->domain,
                       .host = host,
                       .diagnosis = diagnosis_of(diagnoses, subject->domain, NULL),
                       .answer = placement->guests->pdata[i],
                       .placement = placement,
                       .owned = owned};
    guint first = plan->changes->len;
    plan_domain(&work);
    if (!subject->left)
      kt_plan_leave(plan, work.diagnosis, first);
  }
  note_unplaced(plan, problem, placement);
  kt_plan_credit_pools(plan, problem, placement, host, diagnosis_of(diagnoses, NULL, host));
  for (guint i = 0; options->note && i < problem->subjects->len; i++)
    if (!g_array_index(problem->subjects, KtPlanSubject, i).fixed) {
      g_ptr_array_add(plan->notes, g_strdup(options->note));
      break;
    }
  kt_plan_sort(plan);
  return g_steal_pointer(&plan);
}
