/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of a libvirt definition: what the guest is shown. They take effect at its next start. */
#include <string.h>

#include "base/i18n.h"
#include "plan/parts.h"

/* The rows that another topology cures. */
#define TOPOLOGY_CHECKS "X06 X03 X11 X05 X07 X08 X09 X10 X14 X12 X13"
#define CELL_CHECKS "X11 X12 X14 X15"

static void set(KtChange *change, const char *path, const char *value)
{
  kt_change_add_edit(change, path, NULL, value);
}

static void set_number(KtChange *change, const char *path, guint64 value)
{
  g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);
  set(change, path, text);
}

static void add_number_effect(KtChange *change, const char *counter, int before, guint after)
{
  g_autofree char *old = before >= 0 ? g_strdup_printf("%d", before) : NULL, *new = g_strdup_printf("%u", after);
  kt_change_add_effect(change, counter, old, new);
}

/* ---- CPU model and cache ---- */

static gboolean will_be_passthrough(const KtPlanWork *work)
{
  const KtDomain *d = work->domain;
  gboolean is = g_strcmp0(d->cpu_mode, "host-passthrough") == 0 || g_strcmp0(d->cpu_mode, "maximum") == 0;
  return !work->options->keep_migratable && (is || kt_plan_asks(work, "X01 X02"));
}

static void change_model(const KtPlanWork *work)
{
  const char *model = work->options->keep_migratable ? work->options->baseline_model : NULL;
  if (!kt_plan_asks(work, "X01 X02") || (work->options->keep_migratable && !model))
    return;
  KtChange *change = kt_plan_change(work, KT_ACT_DOMXML, "cpu", "X01 X02");
  set(change, "cpu/@mode", model ? "custom" : "host-passthrough");
  set(change, "cpu/@match", model ? "exact" : NULL);
  /* The old model's may ask for each of its features. These are what libvirt itself writes where none is given, so that
   * it is there as planned when the definition is read back. */
  set(change, "cpu/@check", model ? "partial" : "none");
  set(change, "cpu/vendor", NULL);
  set(change, model ? "cpu/model/text()" : "cpu/model", model);
  if (!model)
    set(change, "cpu/@migratable", "on");
  const GPtrArray *lacking = model ? work->options->baseline_features : NULL;
  for (guint i = 0; lacking && i < lacking->len; i++) {
    g_autofree char *path = g_strdup_printf("cpu/feature[@name='%s']/@policy", (const char *)lacking->pdata[i]);
    set(change, path, "disable");
  }
  change->title = model ? g_strdup_printf(_("CPU model %s, which all hosts have"), model)
                        : g_strdup(_("the host's own CPU (host-passthrough)"));
  change->why =
      g_strdup(_("The guest is shown an older CPU than it runs on, and does without instructions that this one "
                 "has."));
  change->undo = kt_plan_undo_definition();
  kt_change_add_effect(change, "guest.cpu", work->guest->before.cpu, model ? model : "host-passthrough");
  g_free(work->guest->after.cpu);
  work->guest->after.cpu = g_strdup(model ? model : "host-passthrough");
}

/* The host's own cache where the guest's topology is made true to it, else an emulated L3. */
static void change_cache(const KtPlanWork *work)
{
  gboolean host_cache = will_be_passthrough(work) && work->target.true_l3 && kt_plan_asks(work, "X03 X04");
  if (g_strcmp0(work->domain->cache_mode, "passthrough") == 0 ? host_cache
                                                              : !host_cache && work->guest->before.l3_groups != 0)
    return;
  if (!host_cache && !kt_plan_asks(work, "X03 X05"))
    return;
  KtChange *change = kt_plan_change(work, KT_ACT_DOMXML, "l3-cache", "X03 X04 X05");
  set(change, "cpu/cache/@level", host_cache ? NULL : "3");
  set(change, "cpu/cache/@mode", host_cache ? "passthrough" : "emulate");
  change->title = g_strdup(host_cache ? _("the host's own L3 cache") : _("an L3 cache for each socket or die"));
  change->why =
      g_strdup(host_cache ? _("Each socket or die owns the CPUs of one L3 cache of the host, so that its size "
                              "and sharing are true.")
                          : _("Without a shared L3 the guest's scheduler takes its CPUs for strangers, and "
                              "wakes them by interrupts."));
  change->undo = kt_plan_undo_definition();
  add_number_effect(change, "guest.l3_groups", work->guest->before.l3_groups, work->target.sockets * work->target.dies);
}

/* ---- topology ---- */

static gboolean has_topology(const KtDomain *d, const KtTarget *t)
{
  return kt_int_is(d->sockets, t->sockets) && kt_int_is(d->cores, t->cores) && kt_int_is(d->threads, t->threads) &&
         (d->dies.known ? d->dies.value : 1) == t->dies;
}

static void say_topology(KtChange *change, const KtTarget *t)
{
  g_autofree char *sockets = g_strdup_printf(kt_trn("%u socket", "%u sockets", t->sockets), t->sockets);
  g_autofree char *dies = t->dies > 1 ? g_strdup_printf(_(" x %u dies"), t->dies) : g_strdup("");
  g_autofree char *cores = g_strdup_printf(kt_trn("%u core", "%u cores", t->cores), t->cores);
  g_autofree char *threads = g_strdup_printf(kt_trn("%u thread", "%u threads", t->threads), t->threads);
  g_autofree char *cells =
      t->cells > 1 ? g_strdup_printf(_("One socket for each of its %u cells, so that sockets, caches and memory nodes "
                                       "have the same borders"),
                                     t->cells)
                   : g_strdup(_("It runs within one node, and is shown that its CPUs are near each other"));
  const char *pairs = t->siblings ? _("; threads, because pairs of vCPUs own the threads of a core") : "";
  change->title = g_strdup_printf("%s%s x %s x %s", sockets, dies, cores, threads);
  change->why = g_strdup_printf(_("%s%s."), cells, pairs);
}

/* The pins that it gets now make threads of its vCPUs, or cores of its threads, as X07 or X08 would find. */
static gboolean becomes_untrue(const KtPlanWork *work)
{
  gint64 threads = work->domain->threads.known ? work->domain->threads.value : 1;
  return threads != work->target.threads && kt_plan_will_pin(work);
}

static gboolean asks_for_topology(const KtPlanWork *work)
{
  return kt_plan_asks(work, TOPOLOGY_CHECKS) || becomes_untrue(work);
}

static void change_topology(const KtPlanWork *work)
{
  const KtTarget *t = &work->target;
  const KtGuestShape *before = &work->guest->before;
  if (!asks_for_topology(work) || has_topology(work->domain, t))
    return;
  KtChange *change = kt_plan_change(work, KT_ACT_DOMXML, "topology", TOPOLOGY_CHECKS);
  set_number(change, "cpu/topology/@sockets", t->sockets);
  if (t->dies > 1 || work->domain->dies.known)
    set_number(change, "cpu/topology/@dies", t->dies);
  set(change, "cpu/topology/@clusters", NULL);
  set_number(change, "cpu/topology/@cores", t->cores);
  set_number(change, "cpu/topology/@threads", t->threads);
  say_topology(change, t);
  change->undo = kt_plan_undo_definition();
  add_number_effect(change, "guest.sockets", before->sockets, t->sockets);
  add_number_effect(change, "guest.cores_per_socket", before->cores, t->cores * t->dies);
  add_number_effect(change, "guest.threads_per_core", before->threads, t->threads);
  if (before->l3_groups > 0)
    add_number_effect(change, "guest.l3_groups", before->l3_groups, t->sockets * t->dies);
}

/* ---- cells ---- */

static int distance_between(const KtPlanWork *work, guint from, guint to)
{
  g_autoptr(KtSet) a = kt_plan_cell_nodes(work->answer->cells->pdata[from]);
  g_autoptr(KtSet) b = kt_plan_cell_nodes(work->answer->cells->pdata[to]);
  const KtNode *node = kt_machine_find_node(work->host, kt_set_next(a, 0));
  for (guint i = 0; node && i < work->host->nodes->len && i < node->distances->len; i++)
    if (((const KtNode *)work->host->nodes->pdata[i])->id == kt_set_next(b, 0))
      return g_array_index(node->distances, int, i);
  return 0;
}

static void add_distances(const KtPlanWork *work, KtChange *change, guint cell)
{
  for (guint i = 0; work->target.cells > 1 && i < work->target.cells; i++) {
    int distance = i == cell ? 10 : distance_between(work, cell, i);
    if (distance < 10)
      return;
    g_autofree char *path = g_strdup_printf("cpu/numa/cell[@id='%u']/distances/sibling[@id='%u']/@value", cell, i);
    set_number(change, path, (guint64)distance);
  }
}

/* Cells of equal size, the rest of the memory in the first; as the guest sees them, not where they lie. */
static void add_cells(const KtPlanWork *work, KtChange *change)
{
  guint cells = work->target.cells, vcpus = (guint)work->domain->vcpus.value / cells;
  gint64 page = work->domain->hugepages && work->domain->hugepage_kib.known ? work->domain->hugepage_kib.value : 2048;
  gint64 memory = work->domain->memory_kib.value, share = memory / cells / page * page;
  gboolean shared = FALSE;
  for (guint i = 0; i < work->domain->cells->len; i++)
    shared |= ((const KtCell *)work->domain->cells->pdata[i])->shared;
  for (guint i = 0; i < cells; i++) {
    g_autofree char *cell = g_strdup_printf("cpu/numa/cell[@id='%u']", i);
    g_autofree char *cpus_path = g_strconcat(cell, "/@cpus", NULL), *memory_path = g_strconcat(cell, "/@memory", NULL);
    g_autofree char *unit_path = g_strconcat(cell, "/@unit", NULL), *access = g_strconcat(cell, "/@memAccess", NULL);
    g_autofree char *cpus =
        vcpus > 1 ? g_strdup_printf("%u-%u", i * vcpus, (i + 1) * vcpus - 1) : g_strdup_printf("%u", i);
    set(change, cpus_path, cpus);
    set_number(change, memory_path, (guint64)(i ? share : memory - share * (cells - 1)));
    set(change, unit_path, "KiB");
    if (shared)
      set(change, access, "shared");
    add_distances(work, change, i);
  }
}

/* Each cell has the vCPUs that it should have, and no row finds fault with sizes and distances. */
static gboolean has_cells(const KtPlanWork *work)
{
  const KtDomain *d = work->domain;
  guint cells = work->target.cells, vcpus = (guint)d->vcpus.value / cells;
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    g_autoptr(KtSet) own = kt_set_new();
    for (guint k = 0; k < vcpus; k++)
      kt_set_add(own, (guint)cell->id * vcpus + k);
    if (cell->id < 0 || !cell->cpus || !kt_set_equal(own, cell->cpus))
      return FALSE;
  }
  return d->cells->len == cells && !kt_plan_asks(work, "X12 X15");
}

/* Memory modules sit in cells, and how much each cell has without them is QEMU's own sum. */
static gboolean keeps_cells(const KtPlanWork *work)
{
  guint n = work->domain->memory_modules;
  if (n)
    g_ptr_array_add(work->plan->notes,
                    g_strdup_printf(kt_trn("domain '%s' keeps its cells: %u memory device is in them",
                                           "domain '%s' keeps its cells: %u memory devices are in them", n),
                                    work->domain->name, n));
  return n > 0;
}

static void change_cells(const KtPlanWork *work)
{
  guint cells = work->target.cells;
  gboolean plugs = work->domain->max_memory_kib.known; /* libvirt wants a cell for what is plugged in */
  if (has_cells(work))
    return;
  if (!kt_plan_asks(work, CELL_CHECKS) || (cells == 1 && !kt_plan_asks(work, "X12")) || keeps_cells(work))
    return;
  KtChange *change = kt_plan_change(work, KT_ACT_DOMXML, "cells", CELL_CHECKS);
  if (work->domain->cells->len)
    set(change, "cpu/numa", NULL);
  if (cells > 1 || plugs)
    add_cells(work, change);
  change->title = cells > 1 ? g_strdup_printf(_("%u NUMA nodes in the guest"), cells)
                  : plugs   ? g_strdup(_("one NUMA node in the guest, into which memory can be plugged"))
                            : g_strdup(_("no NUMA in the guest, which fits one node"));
  change->why = g_strdup(cells > 1 ? _("The guest is wider than a node of its host. Only with nodes of its own can its "
                                       "kernel keep a program's memory near its CPUs.")
                                   : _("One node holds it; more only split its memory."));
  change->undo = kt_plan_undo_definition();
  add_number_effect(change, "guest.nodes", work->guest->before.cells, cells);
}

/* ---- features ---- */

/* One value each that a row asks for. */
static const struct {
  const char *check, *part, *path, *value, *title, *why;
} features[] = {
    {"X35", "hint-dedicated", "features/kvm/hint-dedicated/@state", "off", N_("no promise of exclusive CPUs"),
     N_("Its CPUs are not its own; a guest that believes so spins where it should wait.")},
    {"X37", "poll-control", "features/kvm/poll-control/@state", "on", N_("the guest may poll before it halts"),
     N_("Waking from a halt costs an exit; the guest knows best when to poll.")},
    {"X38", "hpet", "clock/timer[@name='hpet']/@present", "no", N_("no HPET timer"),
     N_("Each access to an emulated HPET is an exit.")},
    {"X41", "x2apic", "cpu/feature[@name='x2apic']/@policy", "require", N_("x2APIC for its interrupts"),
     N_("The old APIC needs an exit for every interrupt that it sends.")},
};

static void change_feature(const KtPlanWork *work, const char *check, const char *part, const char *path,
                           const char *value, const char *title, const char *why)
{
  KtChange *change = kt_plan_change(work, KT_ACT_DOMXML, part, check);
  change->title = g_strdup(kt_tr(title));
  change->why = g_strdup(kt_tr(why));
  change->undo = kt_plan_undo_definition();
  change->risk |= KT_RISK_RESTART;
  set(change, path, value);
}

/* The pins of this plan make the promise true: what it is now is no reason to take it back. */
static gboolean is_cured_by_pins(const KtPlanWork *work, const char *check)
{
  return g_str_equal(check, "X35") && ((const KtPlaceCell *)work->answer->cells->pdata[0])->pins;
}

/* Nobody else is to run on its CPUs, and there is one for each vCPU. */
static gboolean owns_its_cpus(const KtPlanWork *work)
{
  const GPtrArray *all = work->placement->guests;
  g_autoptr(KtSet) own = kt_set_new();
  for (guint k = 0; k < work->answer->cells->len; k++)
    kt_set_add_all(own, ((const KtPlaceCell *)work->answer->cells->pdata[k])->cpus);
  for (guint i = 0; i < all->len; i++) {
    const KtPlaceAnswer *other = all->pdata[i];
    for (guint k = 0; other != work->answer && k < other->cells->len; k++)
      if (kt_set_intersects(own, ((const KtPlaceCell *)other->cells->pdata[k])->cpus))
        return FALSE;
  }
  return ((const KtPlaceCell *)work->answer->cells->pdata[0])->pins ||
         (work->domain->vcpus.value == 1 && kt_set_count(own) == 1);
}

void kt_plan_hint_dedicated(const KtPlanWork *work)
{
  const char *hint = g_hash_table_lookup(work->domain->kvm, "hint-dedicated");
  if (g_strcmp0(hint, "on") == 0 || !owns_its_cpus(work))
    return;
  change_feature(work, "X34", "hint-dedicated", "features/kvm/hint-dedicated/@state", "on",
                 N_("told that its CPUs are its own"),
                 N_("Its vCPUs own their CPUs; a guest that knows it waits and wakes without help from the host."));
}

static void change_features(const KtPlanWork *work)
{
  for (guint i = 0; i < G_N_ELEMENTS(features); i++)
    if (kt_plan_asks(work, features[i].check) && !is_cured_by_pins(work, features[i].check))
      change_feature(work, features[i].check, features[i].part, features[i].path, features[i].value, features[i].title,
                     features[i].why);
  /* without X34: others are on the CPUs that its definition gives to it alone, and leave them */
  if (kt_plan_asks(work, "X34") || (kt_domain_is_dedicated(work->domain) && !work->domain->cut))
    kt_plan_hint_dedicated(work);
  if (work->target.topoext && g_strcmp0(kt_domain_feature(work->domain, "topoext"), "require") != 0 &&
      asks_for_topology(work))
    change_feature(work, TOPOLOGY_CHECKS, "topoext", "cpu/feature[@name='topoext']/@policy", "require",
                   N_("threads shown to the guest (topoext)"), N_("An AMD guest sees threads only with this feature."));
}

void kt_plan_define(const KtPlanWork *work)
{
  KtGuestShape *after = &work->guest->after;
  guint before = work->plan->changes->len;
  change_model(work);
  change_topology(work);
  change_cache(work);
  change_cells(work);
  change_features(work);
  if (work->plan->changes->len == before)
    return;
  gboolean shaped = asks_for_topology(work);
  const KtGuestShape *old = &work->guest->before;
  after->sockets = shaped ? (int)work->target.sockets : old->sockets;
  after->cores = shaped ? (int)(work->target.cores * work->target.dies) : old->cores;
  after->threads = shaped ? (int)work->target.threads : old->threads;
  after->cells = kt_plan_asks(work, CELL_CHECKS) ? (int)work->target.cells : old->cells;
  after->l3_groups = shaped ? (int)(work->target.sockets * work->target.dies) : old->l3_groups;
  if (!after->cpu)
    after->cpu = g_strdup(old->cpu);
}
