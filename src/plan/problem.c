/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/problem.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "model/node_memory.h"
#include "plan/parts.h"

#define HOST_SHARE 16 /* one part in so many of a node's memory is the host's own */

const char *const kt_plan_policies[] = {
    [KT_PLAN_AUTO] = "auto", [KT_PLAN_DEDICATED] = "dedicated", [KT_PLAN_SHARED] = "shared", NULL};

/* ---- the host ---- */

/* Each core once: the sibling sets of the node's CPUs; a CPU without known siblings is a core. */
static void add_cores(KtPlaceNode *to, const KtMachine *host, const KtSet *cpus)
{
  g_autoptr(KtSet) left = kt_set_copy(cpus);
  for (int cpu = kt_set_next(left, 0); cpu >= 0; cpu = kt_set_next(left, (guint)cpu + 1)) {
    const KtCpu *known = kt_machine_find_cpu(host, (guint)cpu);
    KtSet *core = known && known->siblings ? kt_set_copy(known->siblings) : kt_set_new();
    kt_set_add(core, (guint)cpu);
    kt_set_keep_only(core, left);
    kt_set_remove_all(left, core);
    g_ptr_array_add(to->cores, core);
  }
}

static void add_l3(KtPlaceNode *to, const KtMachine *host, const KtSet *cpus)
{
  const KtCache *l3 = kt_machine_find_cache(host, 3, KT_CACHE_UNIFIED);
  for (guint i = 0; l3 && i < l3->groups->len; i++) {
    KtSet *group = kt_set_copy(l3->groups->pdata[i]);
    kt_set_keep_only(group, cpus);
    if (kt_set_is_empty(group))
      kt_set_free(group);
    else
      g_ptr_array_add(to->l3, group);
  }
}

/* Their memory is huge pages, but of which sizes there are pools is not known: they live in what is known of them. */
static gboolean all_on_hugepages(const GArray *subjects)
{
  for (guint i = 0; i < subjects->len; i++)
    if (!g_array_index(subjects, KtPlanSubject, i).domain->hugepages)
      return FALSE;
  return subjects->len > 0;
}

/* What is left of a node's memory beside its pools and the host's share. */
static gint64 ordinary_kib(const KtNode *node, gboolean only_pools)
{
  gint64 kib = node->memory_kib.value - node->memory_kib.value / HOST_SHARE, pools = 0;
  for (guint i = 0; i < node->pools->len; i++)
    pools += kt_plan_pool_kib(&g_array_index(node->pools, KtPagePool, i));
  if (!kt_plan_knows_pools(node) && node->hugepages_total.known) {
    if (only_pools)
      return node->hugepages_total.value;
    pools = node->hugepages_total.value;
  }
  return MAX(kib - pools, 0);
}

static gint64 set_aside_kib(const KtPlanOptions *options, int node, gint64 page_kib)
{
  gint64 kib = 0;
  for (guint i = 0; options->set_aside && i < options->set_aside->len; i++) {
    const KtPlanSetAside *pages = &g_array_index(options->set_aside, KtPlanSetAside, i);
    kib += pages->node == node && pages->page_kib == page_kib ? pages->kib : 0;
  }
  return kib;
}

static void add_pools(KtPlaceNode *to, const KtNode *node, const KtPlanOptions *options)
{
  for (guint i = 0; i < node->pools->len; i++) {
    const KtPagePool *pool = &g_array_index(node->pools, KtPagePool, i);
    gint64 kib = kt_plan_pool_kib(pool) - set_aside_kib(options, node->id, pool->size_kib);
    const KtPlacePool there = {pool->size_kib, MAX(kib, 0)};
    if (there.kib > 0)
      g_array_append_val(to->pools, there);
  }
}

static void add_nodes(KtPlaceProblem *problem, const KtMachine *host, const KtPlanOptions *options, gboolean only_pools)
{
  for (guint i = 0; i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    KtPlaceNode *to = kt_place_problem_add_node(problem, (guint)node->id);
    g_autoptr(KtSet) cpus = node->cpus ? kt_set_copy(node->cpus) : kt_set_new();
    if (host->online_set)
      kt_set_keep_only(cpus, host->online_set);
    add_cores(to, host, cpus);
    add_l3(to, host, cpus);
    add_pools(to, node, options);
    to->memory_kib = ordinary_kib(node, only_pools);
    for (guint k = 0; k < host->nodes->len; k++) {
      guint distance = k < node->distances->len ? (guint)g_array_index(node->distances, int, k) : k == i ? 10 : 20;
      g_array_append_val(to->distances, distance);
    }
  }
}

/* ---- its domains ---- */

static gboolean is_asked_for(const KtDomain *d, const char *const *only)
{
  for (; only && *only; only++)
    if (kt_domain_is_called(d, *only))
      return TRUE;
  return only == NULL;
}

static gboolean is_dedicated(const KtDomain *d, const KtPlanOptions *options, const KtMachine *host)
{
  if (kt_plan_is_kept(d) || !is_asked_for(d, options->only) || options->policy == KT_PLAN_AUTO) {
    g_autoptr(GArray) pins = kt_plan_pins_now(d, host);
    return pins != NULL;
  }
  return options->policy == KT_PLAN_DEDICATED;
}

static double demand_of(const KtDomain *d)
{
  double pct = 0;
  guint seen = 0;
  for (guint i = 0; d->runtime && i < d->runtime->threads->len; i++) {
    const KtThread *thread = d->runtime->threads->pdata[i];
    if (thread->vcpu < 0)
      continue;
    if (!thread->run_pct.known)
      return -1;
    pct += thread->run_pct.value + (thread->wait_pct.known ? thread->wait_pct.value : 0);
    seen++;
  }
  return seen ? pct / 100 : -1;
}

/* CPUs that its vCPUs may use: those of its threads, or what its definition gives them. NULL if that of one is not
 * known. */
static KtSet *cpus_now(const KtDomain *d, const KtMachine *host)
{
  g_autoptr(GArray) own = kt_plan_pins_now(d, host);
  g_autoptr(KtSet) cpus = kt_set_new();
  for (guint i = 0; own && i < own->len; i++)
    kt_set_add(cpus, g_array_index(own, guint, i));
  if (own)
    return g_steal_pointer(&cpus);
  for (guint i = 0; d->runtime && i < d->runtime->threads->len; i++) {
    const KtThread *thread = d->runtime->threads->pdata[i];
    if (thread->vcpu >= 0 && !thread->affinity)
      return NULL;
    if (thread->vcpu >= 0)
      kt_set_add_all(cpus, thread->affinity);
  }
  for (int i = 0; !d->runtime && i < d->vcpus.value; i++) {
    const KtSet *pin = kt_domain_pin(d, i) ? kt_domain_pin(d, i) : d->vcpu_cpuset;
    if (!pin)
      return NULL;
    kt_set_add_all(cpus, pin);
  }
  g_autoptr(KtSet) there = kt_set_new();
  for (guint i = 0; i < host->nodes->len; i++)
    kt_set_add_all(there, ((const KtNode *)host->nodes->pdata[i])->cpus);
  if (host->online_set)
    kt_set_keep_only(there, host->online_set);
  kt_set_keep_only(cpus, there);
  return kt_set_is_empty(cpus) ? NULL : g_steal_pointer(&cpus);
}

/* KiB on each node in equal parts. */
static void add_evenly(GArray *memory, const KtSet *nodes, gint64 kib, const KtMachine *host)
{
  guint n = kt_set_count(nodes);
  for (int node = n ? kt_set_next(nodes, 0) : -1; node >= 0; node = kt_set_next(nodes, (guint)node + 1)) {
    KtNodeMemory part = {.node = node, .kib = kib / n};
    if (kt_machine_find_node(host, node))
      g_array_append_val(memory, part);
  }
}

/* What its definition binds, or, where that says nothing of memory, the one node under its pins. */
static GArray *memory_defined(const KtDomain *d, const KtSet *cpus, const KtMachine *host)
{
  GArray *memory = g_array_new(FALSE, FALSE, sizeof(KtNodeMemory));
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    if (cell->memnode && cell->memory_kib.known)
      add_evenly(memory, cell->memnode, cell->memory_kib.value, host);
  }
  if (memory->len)
    return memory;
  g_autoptr(KtSet) nodes = kt_set_copy(d->numatune_nodeset);
  if (!nodes) {
    nodes = kt_set_new();
    for (int cpu = kt_set_next(cpus, 0); cpu >= 0; cpu = kt_set_next(cpus, (guint)cpu + 1))
      kt_set_add(nodes, (guint)MAX(kt_machine_node_of_cpu(host, (guint)cpu), 0));
    if (kt_set_count(nodes) > 1)
      return memory;
  }
  add_evenly(memory, nodes, d->memory_kib.value, host);
  return memory;
}

/* Where it is now, or will be when it starts. Pages that it has not touched yet are taken to come where its others
 * are. */
static void set_now(KtPlaceGuest *guest, const KtDomain *d, const KtMachine *host)
{
  g_autoptr(KtSet) cpus = cpus_now(d, host);
  if (!cpus)
    return;
  g_autoptr(GArray) memory = d->runtime ? kt_domain_memory(d) : memory_defined(d, cpus, host);
  gint64 resident = kt_memory_kib(memory), given = 0;
  if (resident <= 0)
    return;
  for (guint i = 0; i < memory->len; i++) {
    const KtNodeMemory *part = &g_array_index(memory, KtNodeMemory, i);
    gint64 kib = i + 1 == memory->len ? guest->memory_kib - given
                                      : (gint64)((double)guest->memory_kib * ((double)part->kib / (double)resident));
    kt_place_guest_add_now(guest, (guint)part->node, kib);
    given += kib;
  }
  guest->started = TRUE;
  kt_set_free(guest->now_cpus);
  guest->now_cpus = g_steal_pointer(&cpus);
}

static gboolean has_size(const KtDomain *d)
{
  return d->name && d->vcpus.known && d->memory_kib.known && d->vcpus.value > 0 &&
         d->vcpus.value <= KT_PLACE_MAX_VCPUS && d->memory_kib.value >= 0 && d->memory_kib.value <= KT_PLACE_MAX_KIB;
}

/* One vCPU on one CPU, where others float too: so does it. */
static void tell_crowded(GArray *subjects, const KtPlanOptions *options, const KtMachine *host)
{
  for (guint i = 0; i < subjects->len; i++) {
    KtPlanSubject *subject = &g_array_index(subjects, KtPlanSubject, i);
    gboolean as_now = options->policy == KT_PLAN_AUTO || kt_plan_is_kept(subject->domain) || subject->left;
    gboolean single = as_now && subject->dedicated && subject->domain->vcpus.value == 1;
    g_autoptr(KtSet) own = single ? cpus_now(subject->domain, host) : NULL;
    for (guint k = 0; own && k < subjects->len; k++) {
      const KtDomain *d = g_array_index(subjects, KtPlanSubject, k).domain;
      g_autoptr(GArray) pins = kt_plan_pins_now(d, host);
      g_autoptr(KtSet) other = pins ? NULL : cpus_now(d, host);
      subject->dedicated = subject->dedicated && !kt_set_intersects(own, other);
    }
  }
}

/* Plans name guests: of two that are called alike, as of two libvirts on one host, none is meant. */
static void leave_namesakes(GArray *subjects)
{
  g_autoptr(GHashTable) first = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < subjects->len; i++) {
    KtPlanSubject *subject = &g_array_index(subjects, KtPlanSubject, i);
    KtPlanSubject *other = g_hash_table_lookup(first, subject->domain->name);
    if (!other) {
      g_hash_table_insert(first, subject->domain->name, subject);
      continue;
    }
    for (KtPlanSubject *each = subject; each; each = each == subject ? other : NULL) {
      each->left = each->namesake = TRUE;
      each->stuck = FALSE;
      each->fixed = N_("another guest has the same name");
    }
  }
}

static GArray *find_subjects(const KtSnapshot *snapshot, const KtPlanOptions *options, GPtrArray *notes)
{
  const KtMachine *host = kt_snapshot_host(snapshot);
  GArray *subjects = g_array_new(FALSE, TRUE, sizeof(KtPlanSubject));
  gboolean any_runs = FALSE;
  for (guint i = 0; i < snapshot->domains->len; i++)
    any_runs |= ((const KtDomain *)snapshot->domains->pdata[i])->runtime != NULL;
  for (guint i = 0; i < snapshot->domains->len; i++) {
    const KtDomain *d = snapshot->domains->pdata[i];
    if (any_runs && !d->runtime && !options->only)
      continue;
    if (!has_size(d)) {
      g_ptr_array_add(notes, g_strdup_printf(_("domain '%s' is left out: its vCPUs or memory are not known"),
                                             d->name ? d->name : d->source));
      continue;
    }
    gboolean left = !is_asked_for(d, options->only);
    const char *fixed = left ? N_("not asked for") : kt_plan_why_fixed(d);
    const KtPlanSubject subject = {.domain = d,
                                   .fixed = fixed,
                                   .left = left,
                                   .stuck = fixed && d->runtime && fixed == kt_plan_why_stuck(d),
                                   .dedicated = is_dedicated(d, options, host)};
    g_array_append_val(subjects, subject);
  }
  leave_namesakes(subjects);
  tell_crowded(subjects, options, host);
  return subjects;
}

gboolean kt_plan_fires(const GPtrArray *diagnoses, const KtDomain *d, const char *id)
{
  for (guint i = 0; diagnoses && i < diagnoses->len; i++) {
    const KtDiagnosis *diagnosis = diagnoses->pdata[i];
    for (guint k = 0; diagnosis->subject.domain == d && k < diagnosis->findings->len; k++)
      if (g_str_equal(((const KtFinding *)diagnosis->findings->pdata[k])->check->id, id))
        return TRUE;
  }
  return FALSE;
}

guint kt_plan_open_cpus(const KtNode *node, const KtSet *closed)
{
  g_autoptr(KtSet) open = node->cpus ? kt_set_copy(node->cpus) : kt_set_new();
  if (closed)
    kt_set_remove_all(open, closed);
  return kt_set_count(open);
}

guint kt_plan_worth_of(const KtMachine *host, const KtNode *node, const KtSet *closed)
{
  double worth = 0;
  g_autoptr(KtSet) seen = closed ? kt_set_copy(closed) : kt_set_new();
  for (int cpu = node->cpus ? kt_set_next(node->cpus, 0) : -1; cpu >= 0;
       cpu = kt_set_next(node->cpus, (guint)cpu + 1)) {
    const KtCpu *known = kt_machine_find_cpu(host, (guint)cpu);
    if (kt_set_has(closed, (guint)cpu))
      continue;
    worth += kt_set_has(seen, (guint)cpu) ? KT_PLACE_SMT_WORTH : 1;
    if (known && known->siblings)
      kt_set_add_all(seen, known->siblings);
  }
  return (guint)worth;
}

static guint most_worth(const KtMachine *host, const KtSet *closed)
{
  guint worth = 0;
  for (guint i = 0; i < host->nodes->len; i++)
    worth = MAX(worth, kt_plan_worth_of(host, host->nodes->pdata[i], closed));
  return worth;
}

/* 0: no equal cells do. */
static guint fewest_cells(const KtDomain *d, guint nodes, guint cpus, gint64 memory)
{
  guint vcpus = (guint)d->vcpus.value;
  for (guint cells = 1; cells <= MIN(vcpus, nodes); cells++)
    if (vcpus % cells == 0 && vcpus / cells <= cpus && d->memory_kib.value / cells <= memory)
      return cells;
  return 0;
}

/* The fewest equal cells of which each finds CPUs and memory in an ordinary node: the rule of X11. More that it
 * has already stay, unless it would fit one node with room to spare (X12). */
static guint cells_of(const KtDomain *d, const GPtrArray *diagnoses, const KtMachine *host, const KtSet *closed,
                      gboolean *wide)
{
  guint worth = most_worth(host, closed), cpus = 0, vcpus = (guint)d->vcpus.value;
  gint64 memory = 0;
  for (guint i = 0; i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    cpus = MAX(cpus, kt_plan_open_cpus(node, closed));
    memory = kt_set_is_empty(node->cpus) ? memory : MAX(memory, node->memory_kib.value);
  }
  guint cells = fewest_cells(d, host->nodes->len, cpus, memory);
  if (cells > 1) { /* wider than a node in any case: rather on cores than on their threads, where it can be */
    guint by_worth = fewest_cells(d, host->nodes->len, worth, memory);
    cells = by_worth && vcpus / by_worth <= worth ? by_worth : cells;
  }
  cells = MAX(cells, 1);
  *wide = cells > 1;
  guint have = d->cells->len;
  if (d->memory_modules) /* they sit in its cells */
    return MAX(have, 1);
  gboolean keep =
      have > cells && have <= vcpus && vcpus % have == 0 && (kt_plan_is_kept(d) || !kt_plan_fires(diagnoses, d, "X12"));
  return keep ? have : cells;
}

/* What the solver would refuse of a guest that may not move: no CPU of it is for guests, or it shares exclusive
 * ones. */
static void tame_fixed(KtPlaceGuest *guest, const KtSet *reserved, KtSet *owned)
{
  g_autoptr(KtSet) mine = kt_set_copy(guest->now_cpus);
  if (guest->movable || !guest->started)
    return;
  if (reserved)
    kt_set_remove_all(mine, reserved);
  if (kt_set_is_empty(mine)) {
    guest->started = FALSE;
    guest->movable = TRUE;
  } else if (guest->policy == KT_PLACE_DEDICATED) {
    if (kt_set_count(mine) < guest->vcpus || kt_set_intersects(mine, owned))
      guest->policy = KT_PLACE_SHARED;
    else
      kt_set_add_all(owned, mine);
  }
}

static KtPlaceGuest *add_guest(KtPlaceProblem *problem, KtPlanSubject *subject, const GPtrArray *diagnoses,
                               const KtMachine *host, const KtPlanOptions *options)
{
  const KtDomain *d = subject->domain;
  const KtSet *closed = d->manager == KT_MANAGER_NOVA ? NULL : options->closed;
  g_autofree char *name = g_strdup_printf("%s/%u", d->name, problem->guests->len);
  KtPlaceGuest *guest = kt_place_problem_add_guest(problem, subject->namesake ? name : d->name);
  guest->vcpus = (guint)d->vcpus.value;
  guest->memory_kib = d->memory_kib.value;
  guest->page_kib = kt_plan_page_kib(d, host);
  guest->demand_cores = demand_of(d);
  guest->policy = subject->dedicated ? KT_PLACE_DEDICATED : KT_PLACE_SHARED;
  gboolean wide;
  guest->cells = cells_of(d, diagnoses, host, closed, &wide);
  /* A load that nobody measured does not tear a guest apart that fits a node. One that is wider than a node gets the
   * room for all of its vCPUs: a second of rest is no reason to have its cells on one node. */
  guest->apart = wide;
  if (guest->demand_cores < 0 || wide)
    guest->demand_cores = MIN(guest->vcpus, guest->cells * most_worth(host, closed));
  set_now(guest, d, host);
  guest->movable = !subject->fixed;
  if (subject->fixed && !wide)
    kt_plan_let_narrow(subject, guest, diagnoses, host, options);
  kt_plan_add_devices(guest, d, host);
  return guest;
}

/* ---- both ---- */

void kt_plan_problem_free(KtPlanProblem *problem)
{
  if (!problem)
    return;
  kt_place_problem_free(problem->problem);
  g_array_unref(problem->subjects);
  g_free(problem);
}

/* What guests that run have of this kind of memory on a node. */
static gint64 used_kib(const KtPlaceProblem *problem, const GArray *subjects, guint node_id, gint64 page_kib)
{
  gint64 used = 0;
  for (guint k = 0; k < problem->guests->len; k++) {
    const KtPlaceGuest *guest = problem->guests->pdata[k];
    const KtDomain *d = g_array_index(subjects, KtPlanSubject, k).domain;
    for (guint m = 0; d->runtime && guest->page_kib == page_kib && m < guest->now_memory->len; m++) {
      const KtPlaceMemory *part = &g_array_index(guest->now_memory, KtPlaceMemory, m);
      used += part->node_id == node_id ? part->kib : 0;
    }
  }
  return used;
}

/* Whether it is known where all guests that run on such pages have them. */
static gboolean all_have_places(const KtPlaceProblem *problem, const GArray *subjects, gint64 page_kib)
{
  for (guint k = 0; k < problem->guests->len; k++) {
    const KtPlaceGuest *guest = problem->guests->pdata[k];
    if (g_array_index(subjects, KtPlanSubject, k).domain->runtime && guest->page_kib == page_kib && !guest->started)
      return FALSE;
  }
  return TRUE;
}

/* What guests have on a node already is theirs, whatever the host's share. Of a pool, what is neither free nor theirs
 * is somebody else's. */
static void make_room_for_what_is_there(KtPlaceProblem *problem, const KtMachine *host, const GArray *subjects)
{
  for (guint i = 0; i < problem->nodes->len; i++) {
    KtPlaceNode *node = problem->nodes->pdata[i];
    node->memory_kib = MAX(node->memory_kib, used_kib(problem, subjects, node->id, 0));
    for (guint k = 0; k < node->pools->len; k++) {
      KtPlacePool *pool = &g_array_index(node->pools, KtPlacePool, k);
      gint64 used = used_kib(problem, subjects, node->id, pool->page_kib);
      gint64 free = kt_plan_free_kib(host->nodes->pdata[i], pool->page_kib);
      if (free >= 0 && all_have_places(problem, subjects, pool->page_kib))
        pool->kib = MIN(pool->kib, free + used);
      pool->kib = MAX(pool->kib, used);
    }
  }
}

static const char *why_no_host(const KtSnapshot *snapshot)
{
  guint hosts = 0, guests = 0;
  for (guint i = 0; i < snapshot->machines->len; i++) {
    const KtMachine *m = snapshot->machines->pdata[i];
    hosts += m->role == KT_ROLE_HOST;
    guests += m->role == KT_ROLE_GUEST;
  }
  if (hosts == 1)
    return "what CPUs and memory the host's nodes have is not known";
  if (hosts)
    return "several hosts are in the evidence";
  return guests ? "no host is in the evidence, only a machine that is itself a guest" : "no host is in the evidence";
}

/* Where only guests of Nova's may move, the CPUs that it has for such are all that counts. */
static void close_rest(KtPlanProblem *result, const KtMachine *host, const KtSet *floating)
{
  gboolean any = FALSE;
  for (guint i = 0; i < result->subjects->len; i++) {
    gboolean narrow = g_array_index(result->subjects, KtPlanSubject, i).narrow;
    if (!narrow && ((const KtPlaceGuest *)result->problem->guests->pdata[i])->movable)
      return;
    any |= narrow;
  }
  for (guint i = 0; any && i < host->nodes->len; i++) {
    g_autoptr(KtSet) rest = kt_set_copy(((const KtNode *)host->nodes->pdata[i])->cpus);
    kt_set_remove_all(rest, floating);
    kt_set_add_all(result->problem->closed_cpus, rest);
  }
}

KtPlanProblem *kt_plan_problem(const KtSnapshot *snapshot, const GPtrArray *diagnoses, const KtPlanOptions *options,
                               GPtrArray *notes, GError **error)
{
  const KtMachine *host = kt_snapshot_host(snapshot);
  gboolean known = host && host->nodes->len;
  for (guint i = 0; known && i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    known = node->cpus && node->memory_kib.known;
  }
  if (!known) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND,
                "%s; a plan needs the evidence of one host, as 'kvmtune capture' "
                "takes it",
                why_no_host(snapshot));
    return NULL;
  }
  KtPlanProblem *result = g_new0(KtPlanProblem, 1);
  result->problem = kt_place_problem_new();
  result->subjects = find_subjects(snapshot, options, notes);
  add_nodes(result->problem, host, options, all_on_hugepages(result->subjects));
  g_autoptr(KtSet) owned = kt_set_new();
  for (guint i = 0; i < result->subjects->len; i++) {
    KtPlanSubject *subject = &g_array_index(result->subjects, KtPlanSubject, i);
    subject->reshaped = kt_plan_fires(diagnoses, subject->domain, "X03") ||
                        kt_plan_fires(diagnoses, subject->domain, "X06") ||
                        kt_plan_fires(diagnoses, subject->domain, "X10");
    tame_fixed(add_guest(result->problem, subject, diagnoses, host, options), options->reserved, owned);
  }
  make_room_for_what_is_there(result->problem, host, result->subjects);
  if (options->reserved)
    kt_set_add_all(result->problem->reserved_cpus, options->reserved);
  if (options->closed)
    kt_set_add_all(result->problem->closed_cpus, options->closed);
  close_rest(result, host, options->floating);
  return result;
}
