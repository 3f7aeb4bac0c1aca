/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of H40 - H51. */
#include <string.h>

#include "checks/host.h"

#define ISOLATED "/sys/devices/system/cpu/isolated"
#define RESCTRL "/sys/fs/resctrl/"

static const char *name_of(const KtDomain *d)
{
  return d->name ? d->name : _("a guest");
}

/* Fires on what a running guest does: seen, not predicted. */
#define fire_seen(f, s, ...) (kt_finding_fire(f, s, __VA_ARGS__), (f)->basis = KT_BASIS_MEASURED)

void kt_check_h40(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!d->runtime)
    return kt_finding_skip(f);
  KtVcpuUse use = kt_host_vcpu_use(d->runtime);
  if (!use.vcpus && d->runtime->threads->len)
    return kt_finding_cannot(f, "which of QEMU's threads are vCPUs (-name ...,debug-threads=on)");
  if (!use.wait_mean.known)
    return kt_finding_cannot(f, "the vCPU threads' run delay (run on the host)");
  if (use.wait_worst.value <= 5)
    return kt_finding_fine_because(f, "its vCPUs wait at most %.1f %% of the time", use.wait_worst.value);
  if (use.wait_mean.value > 5)
    fire_seen(f, s, "vCPUs wait %.0f %% of the time for a host CPU", use.wait_mean.value);
  else
    fire_seen(f, s, "one vCPU waits %.0f %% of the time for a host CPU", use.wait_worst.value);
  kt_finding_say(f, "run delay of %u vCPU threads: %.1f %% on average, %.1f %% at worst%s", use.vcpus,
                 use.wait_mean.value, use.wait_worst.value,
                 use.run_pct.known && use.run_pct.value > 0 ? "" : _(" (they did not run)"));
  kt_finding_cite_domain(f, d, "runtime.threads");
  kt_host_fill_domain(f, d);
  f->severity = use.wait_mean.value > 10 ? 3 : use.wait_mean.value > 5 || use.wait_worst.value > 10 ? 2 : 1;
}

void kt_check_h41(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  const KtRuntime *r = d->runtime;
  if (!r)
    return kt_finding_skip(f);
  if (kt_int_is(r->nr_throttled, 0))
    return kt_finding_fine(f);
  if (!r->throttled_per_second.known)
    return kt_finding_cannot(f, "how fast nr_throttled grows (cpu.stat of the guest's cgroup at two moments)");
  double rate = r->throttled_per_second.value;
  if (rate <= 0)
    return kt_finding_fine(f);
  fire_seen(f, s, "the CPU quota stops the whole guest %.1f times a second", rate);
  if (r->quota_cpus.known)
    kt_finding_say(f, "quota: %.2f CPUs%s", r->quota_cpus.value, d->vcpus.known ? _(" for vCPUs and all of QEMU") : "");
  kt_finding_cite_domain(f, d, "runtime.quota");
  kt_finding_cite_domain(f, d, "cputune");
  kt_host_fill_domain(f, d);
  f->severity = rate >= 2 ? 3 : rate >= 0.5 ? 2 : 1; /* of ten periods a second */
}

/* Host CPUs that the definition gives to vCPUs; NULL if it names none. */
static KtSet *defined_cpus(const KtDomain *d)
{
  if (!g_hash_table_size(d->vcpupin))
    return kt_set_copy(d->vcpu_cpuset);
  KtSet *cpus = kt_set_new();
  GHashTableIter iter;
  gpointer pin;
  g_hash_table_iter_init(&iter, d->vcpupin);
  while (g_hash_table_iter_next(&iter, NULL, &pin))
    kt_set_add_all(cpus, pin);
  return cpus;
}

void kt_check_h43(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  const KtRuntime *r = d->runtime;
  g_autoptr(KtSet) wanted = r ? defined_cpus(d) : NULL;
  if (!wanted || kt_set_is_empty(wanted))
    return kt_finding_skip(f);
  if (!r->cpuset_cpus)
    return kt_finding_cannot(f, "cpuset.cpus.effective of the guest's cgroup");
  g_autofree char *want = kt_set_format(wanted), *have = kt_set_format(r->cpuset_cpus);
  kt_host_fill_domain(f, d);
  if (!kt_set_contains(r->cpuset_cpus, wanted)) {
    fire_seen(f, s, "the cgroup allows CPUs %s, the pins want %s", have, want);
    kt_finding_cite_domain(f, d, "vcpupin");
    kt_finding_cite_domain(f, d, "runtime.cpuset.cpus");
    return;
  }
  if (!r->cpuset_mems || !s->host || !s->host->nodes->len)
    return kt_finding_fine(f);
  g_autoptr(KtSet) home = kt_host_nodes_of(s->host, wanted);
  if (kt_set_is_empty(home) || kt_set_intersects(home, r->cpuset_mems))
    return kt_finding_fine(f);
  g_autofree char *mems = kt_set_format(r->cpuset_mems), *nodes = kt_set_format(home);
  fire_seen(f, s, "the cgroup allows memory of node %s only, its vCPUs are pinned to node %s", mems, nodes);
  kt_finding_cite_domain(f, d, "runtime.cpuset.mems");
}

/* CPUs without load balancing; NULL if unknown. */
static KtSet *isolated_cpus(const KtMachine *m)
{
  const char *list = kt_machine_setting(m, ISOLATED);
  if (list)
    return kt_set_parse(list, NULL);
  return m->kernel_cmdline && !strstr(m->kernel_cmdline, "isolcpus=") ? kt_set_new() : NULL;
}

/* The mask of vCPU i: of its thread, else as defined. NULL unknown. */
static const KtSet *mask_of(const KtDomain *d, guint i)
{
  if (!d->runtime) {
    const KtSet *pin = kt_domain_pin(d, (int)i);
    return pin ? pin : d->vcpu_cpuset;
  }
  const KtThread *t = d->runtime->threads->pdata[i];
  return t->vcpu >= 0 ? t->affinity : NULL;
}

void kt_check_h44(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  guint n = d->runtime ? d->runtime->threads->len : d->vcpus.known ? (guint)CLAMP(d->vcpus.value, 0, 4096) : 0;
  if (!s->host)
    return kt_finding_skip(f);
  g_autoptr(KtSet) isolated = isolated_cpus(s->host);
  g_autoptr(KtSet) stack = NULL;
  guint loose = 0, stacked = 0;
  for (guint i = 0; i < n; i++) {
    const KtSet *mask = mask_of(d, i);
    if (kt_set_count(mask) < 2)
      continue;
    loose++;
    g_autoptr(KtSet) both = kt_set_copy(mask);
    if (isolated)
      kt_set_keep_only(both, isolated);
    if (!isolated || kt_set_count(both) < 2 || (stack && !kt_set_equal(stack, mask)))
      continue;
    if (!stack)
      stack = kt_set_copy(mask);
    stacked++;
  }
  if (!loose)
    return kt_finding_skip(f);
  if (!isolated)
    return kt_finding_cannot(f, "the isolated CPUs (/sys/devices/system/cpu/isolated)");
  if (stacked < 2) /* a thread alone does not mind where it stays */
    return kt_finding_fine(f);
  g_autofree char *list = kt_set_format(stack), *iso = kt_set_format(isolated);
  kt_finding_fire(f, s, "%u vCPUs share CPUs %s, which are not load-balanced", stacked, list);
  if (d->runtime)
    f->basis = KT_BASIS_MEASURED;
  else
    f->severity = 2;
  kt_finding_say(f, "isolated CPUs of the host: %s", iso);
  kt_finding_cite_machine(f, s->host, "settings." ISOLATED);
  kt_finding_cite_machine(f, s->host, "kernel.cmdline");
  kt_finding_cite_domain(f, d, "vcpupin");
  kt_finding_cite_domain(f, d, "runtime.affinity");
  kt_host_fill_domain(f, d);
}

/* A vCPU thread that may use one CPU only. */
typedef struct {
  const KtDomain *domain;
  const KtThread *thread;
} Pinned;

/* CPU -> Pinned[]: all running guests. */
static GHashTable *pinned_by_cpu(const KtSnapshot *snapshot)
{
  GHashTable *table = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
  for (guint i = 0; i < snapshot->domains->len; i++) {
    const KtDomain *d = snapshot->domains->pdata[i];
    for (guint j = 0; d->runtime && j < d->runtime->threads->len; j++) {
      const KtThread *t = d->runtime->threads->pdata[j];
      if (t->vcpu < 0 || kt_set_count(t->affinity) != 1)
        continue;
      gpointer cpu = GINT_TO_POINTER(kt_set_next(t->affinity, 0));
      GArray *here = g_hash_table_lookup(table, cpu);
      if (!here) {
        here = g_array_new(FALSE, FALSE, sizeof(Pinned));
        g_hash_table_insert(table, cpu, here);
      }
      g_array_append_vals(here, &(Pinned){d, t}, 1);
    }
  }
  return table;
}

/* Another busy vCPU pinned to this CPU; NULL if there is none. */
static const Pinned *busy_other(GHashTable *table, int cpu, const KtThread *than, double pct)
{
  const GArray *here = g_hash_table_lookup(table, GINT_TO_POINTER(cpu));
  for (guint i = 0; here && i < here->len; i++) {
    const Pinned *p = &g_array_index(here, Pinned, i);
    if (p->thread != than && kt_host_is_busy(p->thread, pct))
      return p;
  }
  return NULL;
}

/* Is there a core that nobody is pinned to and that does next to nothing? FALSE too if unknown. */
static gboolean has_idle_core(const KtMachine *host, GHashTable *table)
{
  if (!host->activity || !host->activity->per_cpu_busy)
    return FALSE;
  for (guint i = 0; i < host->cpu->len; i++) {
    const KtCpu *cpu = host->cpu->pdata[i];
    gboolean idle = cpu->siblings && cpu->online;
    for (int c = kt_set_next(cpu->siblings, 0); idle && c >= 0; c = kt_set_next(cpu->siblings, (guint)c + 1)) {
      const KtNum *busy = g_hash_table_lookup(host->activity->per_cpu_busy, GINT_TO_POINTER(c));
      idle = busy && busy->known && busy->value < 10 && !g_hash_table_lookup(table, GINT_TO_POINTER(c));
    }
    if (idle)
      return TRUE;
  }
  return FALSE;
}

typedef struct {
  guint pinned, unknown; /* own vCPUs with one CPU; of these with unknown use */
  guint shared;          /* busy, and so is another one on the same CPU */
  guint strangers;       /* busy, and the sibling CPU is busy with another guest */
  guint own;             /* busy, and the sibling CPU with another vCPU of its own */
  const KtDomain *other;
  int cpu;
} Overlap;

static void look_at_thread(const KtSubject *s, GHashTable *table, const KtThread *t, Overlap *o)
{
  int cpu = kt_set_next(t->affinity, 0);
  const Pinned *p = kt_host_is_busy(t, 80) ? busy_other(table, cpu, t, 80) : NULL;
  if (p) {
    o->shared++;
    o->other = p->domain;
    o->cpu = cpu;
    return;
  }
  const KtCpu *core = kt_machine_find_cpu(s->host, (guint)cpu);
  if (!core || !core->siblings || !kt_host_is_busy(t, 50))
    return;
  for (int c = kt_set_next(core->siblings, 0); c >= 0; c = kt_set_next(core->siblings, (guint)c + 1)) {
    p = c == cpu ? NULL : busy_other(table, c, t, 50);
    if (!p)
      continue;
    if (p->domain == s->domain) {
      o->own++;
    } else {
      o->strangers++;
      o->other = p->domain;
    }
    return;
  }
}

static void fire_overlap(const KtSubject *s, KtFinding *f, const Overlap *o, gboolean idle_core)
{
  const KtDomain *d = s->domain;
  if (o->shared) {
    fire_seen(f, s, "%u busy vCPUs share their CPU with another pinned vCPU", o->shared);
    kt_finding_say(f, "CPU %d: %s and %s are pinned to it, both busy", o->cpu, name_of(d), name_of(o->other));
  } else if (o->strangers) {
    fire_seen(f, s, "%u busy vCPUs share their core with another guest", o->strangers);
    kt_finding_say(f, "hyperthread siblings are pinned to %s and %s", name_of(d), name_of(o->other));
    f->severity = idle_core ? 2 : 1;
  } else {
    fire_seen(f, s, "vCPUs are packed on sibling threads while cores idle");
    kt_finding_say(f, "%u busy vCPUs share a core with one of their own, and the guest has threads=1", o->own);
  }
  kt_finding_cite_domain(f, d, "vcpupin");
  kt_finding_cite_domain(f, d, "runtime.affinity");
  kt_host_fill_domain(f, d);
}

void kt_check_h45(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!d->runtime || !s->host)
    return kt_finding_skip(f);
  g_autoptr(GHashTable) table = pinned_by_cpu(s->snapshot);
  Overlap o = {0};
  for (guint i = 0; i < d->runtime->threads->len; i++) {
    const KtThread *t = d->runtime->threads->pdata[i];
    if (t->vcpu < 0 || kt_set_count(t->affinity) != 1)
      continue;
    o.pinned++;
    o.unknown += !t->run_pct.known;
    look_at_thread(s, table, t, &o);
  }
  if (!o.pinned)
    return kt_finding_skip(f);
  gboolean idle_core = has_idle_core(s->host, table);
  /* Sibling pairs are healthy where the guest knows of them, or where no core is left. */
  gboolean packed = o.own && !(d->threads.known && d->threads.value > 1) && idle_core;
  if (o.shared || o.strangers || packed)
    return fire_overlap(s, f, &o, idle_core);
  if (o.unknown)
    return kt_finding_cannot(f, "the vCPU threads' CPU use (run on the host)");
  kt_finding_fine(f);
}

void kt_check_h46(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  const KtRuntime *r = d->runtime;
  if (!r || !s->host)
    return kt_finding_skip(f);
  g_autoptr(KtSet) dedicated = kt_host_dedicated(s->snapshot);
  gboolean confined, unknown = FALSE;
  g_autoptr(KtSet) home = kt_host_home(s->host, d, &confined);
  if (kt_set_is_empty(dedicated) && !confined)
    return kt_finding_skip(f);
  double most = 0;
  for (guint i = 0; i < r->threads->len; i++) {
    const KtThread *t = r->threads->pdata[i];
    if (t->vcpu >= 0)
      continue;
    if (!t->run_pct.known || !t->last_cpu.known) {
      unknown = TRUE;
      continue;
    }
    int node = kt_machine_node_of_cpu(s->host, (guint)t->last_cpu.value);
    gboolean on_vcpu = kt_set_has(dedicated, (guint)t->last_cpu.value);
    gboolean far = confined && node >= 0 && !kt_set_has(home, (guint)node);
    if (t->run_pct.value <= 5 || !(on_vcpu || far))
      continue;
    if (f->state != KT_FIRED)
      fire_seen(f, s,
                on_vcpu ? N_("QEMU's own threads run on a vCPU's CPU") : N_("QEMU's own threads run on another node"));
    kt_finding_say(f, "thread %d (%s): %.0f %% of CPU %" PRId64 "%s", t->tid, t->comm ? t->comm : "?", t->run_pct.value,
                   t->last_cpu.value, on_vcpu ? _(", which belongs to a vCPU") : _(", on another node"));
    most = MAX(most, t->run_pct.value);
  }
  if (f->state == KT_FIRED) {
    f->severity = most >= 20 ? 2 : 1;
    kt_finding_cite_domain(f, d, "emulatorpin");
    kt_finding_cite_domain(f, d, "runtime.emulator");
    return kt_host_fill_domain(f, d);
  }
  if (unknown)
    return kt_finding_cannot(f, "CPU use and last CPU of QEMU's own threads (run on the host)");
  kt_finding_fine(f);
}

/* Nodes of the guest by its definition or its confined threads; NULL if it has none of its own. */
static KtSet *guest_nodes(const KtSubject *s)
{
  const KtDomain *d = s->domain;
  g_autoptr(KtSet) nodes = kt_set_new();
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    if (cell->memnode)
      kt_set_add_all(nodes, cell->memnode);
  }
  if (kt_set_is_empty(nodes) && d->numatune_nodeset)
    kt_set_add_all(nodes, d->numatune_nodeset);
  if (kt_set_is_empty(nodes)) {
    g_autoptr(KtSet) cpus = defined_cpus(d);
    if (cpus) {
      g_autoptr(KtSet) pinned = kt_host_nodes_of(s->host, cpus);
      kt_set_add_all(nodes, pinned);
    }
  }
  gboolean confined = FALSE;
  g_autoptr(KtSet) home = kt_set_is_empty(nodes) && d->runtime ? kt_host_home(s->host, d, &confined) : NULL;
  if (confined)
    return g_steal_pointer(&home);
  return kt_set_is_empty(nodes) ? NULL : g_steal_pointer(&nodes);
}

/* The shortest distance from a node to one of these; 0 if unknown. */
static int distance_to(const KtMachine *m, int from, const KtSet *nodes)
{
  const KtNode *node = kt_machine_find_node(m, from);
  int best = 0;
  for (guint i = 0; node && i < m->nodes->len && i < node->distances->len; i++) {
    int d = g_array_index(node->distances, int, i);
    if (kt_set_has(nodes, (guint)((const KtNode *)m->nodes->pdata[i])->id))
      best = !best || d < best ? d : best;
  }
  return best;
}

void kt_check_h48(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!d->hostdevs->len || (s->host && kt_int_is(kt_machine_nodes_known(s->host), 1)))
    return kt_finding_skip(f);
  if (!s->host || !s->host->devices->len)
    return kt_finding_cannot(f, "the node of the host's devices (/sys/bus/pci/devices/*/numa_node)");
  g_autoptr(KtSet) nodes = guest_nodes(s);
  if (!nodes)
    return kt_finding_skip(f); /* it has no place of its own */
  g_autofree char *list = kt_set_format(nodes);
  gboolean unknown = FALSE;
  for (guint i = 0; i < d->hostdevs->len; i++) {
    const KtHostdev *h = d->hostdevs->pdata[i];
    const KtDevice *device = kt_host_device(s->host, h->address);
    if (!device || !device->node.known || device->node.value < 0) {
      unknown = TRUE;
      continue;
    }
    if (kt_set_has(nodes, (guint)device->node.value))
      continue;
    int distance = distance_to(s->host, (int)device->node.value, nodes);
    if (f->state != KT_FIRED) {
      kt_finding_fire(f, s, "device %s is on node %" PRId64 ", the guest on node %s", h->address, device->node.value,
                      list);
      f->basis = KT_BASIS_MEASURED;
      f->severity = 1;
      kt_finding_fill(f, "node", "%" G_GINT64_FORMAT, device->node.value);
    }
    if (!distance || distance > 12) /* nodes of one socket are 11 or 12 apart */
      f->severity = 2;
    kt_finding_say(f, "%s%s%s: node %" PRId64, h->address, device->kind ? ", " : "", device->kind ? device->kind : "",
                   device->node.value);
    kt_finding_cite_domain(f, d, "numatune");
    kt_finding_cite_domain(f, d, "vcpupin");
    kt_host_fill_domain(f, d);
  }
  if (f->state == KT_FIRED)
    return;
  if (unknown)
    return kt_finding_cannot(f, "the node of its passed-through devices (the firmware may not say)");
  kt_finding_fine(f);
}

/* "/sys/fs/resctrl/[mon_groups/]GROUP/mon_data/mon_L3_00/llc_occupancy"; the root group holds what is in none. */
static gboolean is_group_occupancy(const char *path)
{
  return g_str_has_prefix(path, RESCTRL) && g_str_has_suffix(path, "/llc_occupancy") &&
         !g_str_has_prefix(path, RESCTRL "mon_data/");
}

void kt_check_h49(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  guint running = 0;
  for (guint i = 0; i < s->snapshot->domains->len; i++)
    running += ((const KtDomain *)s->snapshot->domains->pdata[i])->runtime != NULL;
  if (running < 2)
    return kt_finding_skip(f);
  const KtCache *l3 = kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED);
  gboolean seen = FALSE;
  g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(m->settings), (GCompareFunc)strcmp);
  for (GList *l = names; l; l = l->next) {
    gint64 bytes;
    if (!is_group_occupancy(l->data) || !kt_machine_setting_int(m, l->data, &bytes) || !l3 || !l3->size_kib.known ||
        l3->size_kib.value <= 0)
      continue;
    seen = TRUE;
    double pct = 100.0 * (double)bytes / 1024 / (double)l3->size_kib.value;
    if (pct <= 50)
      continue;
    g_autofree char *group =
        g_strndup((char *)l->data + strlen(RESCTRL), strlen(l->data) - strlen(RESCTRL) - strlen("/llc_occupancy"));
    if (f->state != KT_FIRED)
      kt_finding_fire(f, s, "one group holds %.0f %% of an L3 cache", pct);
    kt_finding_say(f, "resctrl group %s: %.0f %% of %" PRId64 " KiB", group, pct, l3->size_kib.value);
    g_autofree char *path = g_strconcat("settings.", l->data, NULL);
    kt_finding_cite_machine(f, m, path);
  }
  if (f->state == KT_FIRED)
    return;
  if (!seen)
    return kt_finding_cannot(f, "cache occupancy by guest (resctrl llc_occupancy) and the L3's size");
  kt_finding_fine(f);
}
