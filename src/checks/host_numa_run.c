/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of H20 - H32. */
#include "checks/host.h"

#define KSM "/sys/kernel/mm/ksm/"
#define THP "/sys/kernel/mm/transparent_hugepage/enabled"

static void cite_setting(KtFinding *f, const KtMachine *m, const char *name)
{
  g_autofree char *path = g_strconcat("settings.", name, NULL);
  kt_finding_cite_machine(f, m, path);
}

static const char *name_of(const KtDomain *d)
{
  return d->name ? d->name : _("a guest");
}

static gboolean has_one_node(const KtMachine *m)
{
  g_autoptr(KtSet) nodes = kt_host_cpu_nodes(m);
  return kt_int_is(kt_machine_nodes_known(m), 1) || kt_set_count(nodes) == 1;
}

/* "home node 0; memory: 3 GiB on node 0, 5 GiB on node 1" */
static void say_places(KtFinding *f, const KtDomain *d, const KtSet *home)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < d->runtime->memory->len; i++) {
    const KtNodeMemory *m = &g_array_index(d->runtime->memory, KtNodeMemory, i);
    g_autofree char *size = kt_host_size(m->kib);
    g_string_append_printf(text, "%s%s on node %d", i ? ", " : "", size, m->node);
  }
  g_autofree char *nodes = kt_set_format(home);
  kt_finding_say(f, "%s: vCPUs on node %s, memory: %s", name_of(d), nodes, text->str);
  g_string_free(text, TRUE);
}

void kt_check_h20(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!d->runtime)
    return kt_finding_skip(f);
  if (!s->host || !s->host->nodes->len)
    return kt_finding_cannot(f, "the host's NUMA nodes");
  KtLocality l = kt_host_locality(s->host, d);
  g_autoptr(KtSet) home = l.home;
  if (l.state == KT_LOCALITY_UNKNOWN)
    return kt_finding_cannot(f, "%s", l.missing);
  if (l.state == KT_LOCALITY_MOOT)
    return kt_finding_skip(f);
  if (l.pct >= 90)
    return kt_finding_fine_because(f, "%.0f %% of its memory is where its vCPUs run", l.pct);
  kt_finding_fire(f, s, "%.0f %% of the guest's memory is where its vCPUs run", l.pct);
  f->basis = KT_BASIS_MEASURED;
  say_places(f, d, home);
  kt_finding_cite_domain(f, d, "runtime.memory");
  kt_host_fill_domain(f, d);
  g_autofree char *nodes = kt_set_format(home);
  kt_finding_fill(f, "nodes", "%s", nodes);
  KtNum run = kt_host_vcpu_use(d->runtime).run_pct;
  gboolean idle = run.known && run.value < 10;
  f->severity = idle || l.pct >= 80 ? 1 : l.pct >= 50 ? 2 : 3;
}

/* May its vCPUs roam over nodes, and nothing says where its memory belongs? */
static gboolean is_unplaced(const KtMachine *host, const KtDomain *d)
{
  if (g_hash_table_size(d->vcpupin) || d->numatune_nodeset || d->vcpu_cpuset)
    return FALSE;
  g_autoptr(KtSet) cpus = kt_host_vcpu_cpus(d->runtime);
  if (!cpus)
    return FALSE;
  g_autoptr(KtSet) nodes = kt_host_nodes_of(host, cpus);
  return kt_set_count(nodes) > 1;
}

void kt_check_h21(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  gint64 balancing;
  if (!kt_host_has_running(s->snapshot) || has_one_node(m))
    return kt_finding_skip(f);
  if (!kt_machine_setting_int(m, "kernel.numa_balancing", &balancing))
    return kt_finding_cannot(f, "kernel.numa_balancing");
  if ((balancing & 1) || kt_host_numad(m)) /* 2 alone is memory tiering */
    return kt_finding_fine(f);
  const char *missing = NULL;
  for (guint i = 0; i < s->snapshot->domains->len; i++) {
    const KtDomain *d = s->snapshot->domains->pdata[i];
    if (!d->runtime || !is_unplaced(m, d))
      continue;
    KtLocality l = kt_host_locality(m, d);
    g_autoptr(KtSet) home = l.home;
    missing = l.state == KT_LOCALITY_UNKNOWN ? l.missing : missing;
    if (l.state != KT_LOCALITY_KNOWN || l.pct >= 80)
      continue;
    if (!m->processes_seen)
      return kt_finding_cannot(f, "whether numad runs (ps)");
    if (f->state != KT_FIRED) {
      kt_finding_fire(f, s, "nobody keeps guests and their memory together: balancing off, no pins, no numad");
      cite_setting(f, m, "kernel.numa_balancing");
    }
    say_places(f, d, home);
  }
  if (f->state == KT_FIRED)
    return;
  if (missing)
    return kt_finding_cannot(f, "%s", missing);
  kt_finding_fine(f);
}

/* Does the kernel's balancing leave its memory alone? It skips hugetlb mappings and bound ones. */
static gboolean is_bound(const KtDomain *d)
{
  if (d->hugepages || g_strcmp0(d->numatune_mode, "strict") == 0)
    return TRUE;
  for (guint i = 0; i < d->cells->len; i++)
    if (g_strcmp0(((const KtCell *)d->cells->pdata[i])->memnode_mode, "strict") == 0)
      return TRUE;
  return FALSE;
}

void kt_check_h22(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  gint64 balancing;
  const KtDomain *wide = NULL;
  for (guint i = 0; i < s->snapshot->domains->len; i++) {
    const KtDomain *d = s->snapshot->domains->pdata[i];
    if (d->runtime && !is_bound(d) && kt_host_is_wide(m, d))
      wide = d;
  }
  if (!kt_host_has_running(s->snapshot) || has_one_node(m))
    return kt_finding_skip(f);
  if (!wide)
    return kt_finding_fine(f);
  if (!kt_machine_setting_int(m, "kernel.numa_balancing", &balancing))
    return kt_finding_cannot(f, "kernel.numa_balancing");
  if (!(balancing & 1))
    return kt_finding_fine(f);
  KtNum moved = kt_machine_rate(m, "vmstat.numa_pages_migrated"),
        faults = kt_machine_rate(m, "vmstat.numa_hint_faults"),
        local = kt_machine_rate(m, "vmstat.numa_hint_faults_local");
  if (!moved.known || !faults.known || !local.known)
    return kt_finding_cannot(f, "the rate of numa_pages_migrated and numa_hint_faults (/proc/vmstat at two moments)");
  /* 10 MiB/s (of 4 KiB pages) on the move, and a fifth of the faults still remote: it does not settle. */
  if (moved.value < 2560 || local.value > 0.8 * faults.value)
    return kt_finding_fine(f);
  kt_finding_fire(f, s, "NUMA balancing moves %.0f pages a second and does not settle", moved.value);
  kt_finding_say(f, "%.0f of %.0f hint faults/s are local; %s is wider than a node", local.value, faults.value,
                 name_of(wide));
  cite_setting(f, m, "kernel.numa_balancing");
  kt_finding_cite_machine(f, m, "counters.vmstat.numa_pages_migrated");
  f->severity = moved.value >= 25600 ? 3 : 2;
}

void kt_check_h23(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  gint64 balancing;
  if (!kt_host_has_running(s->snapshot))
    return kt_finding_skip(f);
  const KtProcess *numad = kt_host_numad(m);
  if (!numad && !m->processes_seen)
    return kt_finding_cannot(f, "whether numad runs (ps)");
  if (!numad)
    return kt_finding_fine(f);
  const KtDomain *pinned = NULL;
  for (guint i = 0; i < s->snapshot->domains->len; i++) {
    const KtDomain *d = s->snapshot->domains->pdata[i];
    if (d->runtime && g_hash_table_size(d->vcpupin))
      pinned = d;
  }
  gboolean known = kt_machine_setting_int(m, "kernel.numa_balancing", &balancing);
  if (!pinned && !known)
    return kt_finding_cannot(f, "kernel.numa_balancing");
  if (!pinned && !(balancing & 1))
    return kt_finding_fine(f);
  kt_finding_fire(f, s, "numad runs beside %s", pinned ? _("libvirt's pins") : _("the kernel's NUMA balancing"));
  kt_finding_say(f, "numad is process %d%s%s", numad->pid, pinned ? _("; pinned: ") : "",
                 pinned ? name_of(pinned) : "");
  cite_setting(f, m, "kernel.numa_balancing");
  if (pinned) {
    kt_finding_cite_domain(f, pinned, "vcpupin");
    kt_host_fill_domain(f, pinned);
  } else {
    f->severity = 1;
  }
}

/* Memory of the running guests; unknown if one is. */
static KtInt guests_kib(const KtSnapshot *snapshot)
{
  KtInt sum = KT_INT(0);
  for (guint i = 0; i < snapshot->domains->len; i++) {
    const KtDomain *d = snapshot->domains->pdata[i];
    if (!d->runtime)
      continue;
    sum.known &= d->memory_kib.known;
    sum.value += d->memory_kib.value;
  }
  return sum;
}

/* Merging across nodes makes pages remote for some; the kernel's pages are 4 KiB on x86. */
static void fire_ksm_across(const KtSubject *s, KtFinding *f, gboolean known, gint64 sharing)
{
  const KtMachine *m = s->machine;
  kt_finding_fire(f, s, "KSM merges pages across nodes");
  cite_setting(f, m, KSM "run");
  cite_setting(f, m, KSM "merge_across_nodes");
  cite_setting(f, m, KSM "pages_sharing");
  if (known && sharing == 0)
    f->severity = 1;
  if (known && sharing > 0 && kt_machine_is_x86(m)) {
    g_autofree char *size = kt_host_size(sharing * 4);
    kt_finding_say(f, "unmerging takes up to %s more memory: only if every node has as much available", size);
    if (m->memory_kib.known && sharing * 4 < m->memory_kib.value / 100)
      f->severity = 1;
  }
}

void kt_check_h24(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  gint64 run, across = 0, sharing = 0;
  if (!kt_host_has_running(s->snapshot))
    return kt_finding_skip(f);
  if (!kt_machine_setting_int(m, KSM "run", &run))
    return kt_finding_cannot(f, "/sys/kernel/mm/ksm/run");
  if (run != 1)
    return kt_finding_fine(f);
  gboolean one_node = has_one_node(m);
  if (!one_node && !kt_machine_setting_int(m, KSM "merge_across_nodes", &across))
    return kt_finding_cannot(f, "/sys/kernel/mm/ksm/merge_across_nodes");
  gboolean known = kt_machine_setting_int(m, KSM "pages_sharing", &sharing);
  sharing = CLAMP(sharing, 0, G_MAXINT32 * G_GINT64_CONSTANT(1024));
  if (!one_node && across == 1)
    return fire_ksm_across(s, f, known, sharing);
  KtInt guests = guests_kib(s->snapshot);
  if (!guests.known || !m->memory_kib.known)
    return kt_finding_cannot(f, "the memory of the host and of all guests");
  if (guests.value > m->memory_kib.value / 10 * 9)
    return kt_finding_fine(f);
  g_autofree char *have = kt_host_size(m->memory_kib.value), *want = kt_host_size(guests.value);
  kt_finding_fire(f, s, "KSM scans though memory is not overcommitted");
  f->severity = 1;
  kt_finding_say(f, "the guests have %s in all, the host %s", want, have);
  cite_setting(f, m, KSM "run");
}

void kt_check_h26(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  const KtRuntime *r = d->runtime;
  const gint64 two_gib = 2 << 20;
  if (!r || d->hugepages || (d->memory_kib.known && d->memory_kib.value < two_gib))
    return kt_finding_skip(f);
  const char *thp = s->host ? kt_machine_setting(s->host, THP) : NULL;
  gboolean never = thp && g_str_equal(thp, "never");
  kt_host_fill_domain(f, d);
  if (d->memory_shared && !never)
    return kt_finding_cannot(f, "how much of the shared memory is mapped huge (ShmemPmdMapped of smaps_rollup)");
  if (!never && (!r->rss_kib.known || !r->anon_huge_kib.known))
    return kt_finding_cannot(f, "AnonHugePages and Rss of the QEMU process (/proc/PID/smaps_rollup: %s)",
                             kt_host_why_missing_of(s->host, r, "smaps_rollup", _("with --deep for a large guest")));
  /* Rss leaves hugetlb pages out */
  gint64 huge = r->anon_huge_kib.value + r->hugetlb_kib.value, used = r->rss_kib.value + r->hugetlb_kib.value;
  gboolean known = r->rss_kib.known && r->anon_huge_kib.known;
  if (known && used < two_gib) /* it has not touched its memory */
    return kt_finding_fine(f);
  if (known && huge >= used / 10 * 8)
    return kt_finding_fine(f);
  if (known) {
    g_autofree char *part = kt_host_size(huge), *all = kt_host_size(used);
    kt_finding_fire(f, s, "huge pages behind %.0f %% of the guest's memory", 100.0 * (double)huge / (double)used);
    kt_finding_say(f, "%s of %s resident are huge pages", part, all);
  } else {
    kt_finding_fire(f, s, "transparent huge pages are off and the guest has no others");
  }
  f->basis = KT_BASIS_MEASURED;
  kt_finding_cite_domain(f, d, "runtime.huge_pages");
  if (never)
    cite_setting(f, s->host, THP);
}

/* A running guest on huge pages whose memory went elsewhere because its home has none left. */
static gboolean lacks_huge_pages(const KtSubject *s, const KtDomain *d, KtFinding *f)
{
  const KtMachine *m = s->machine;
  KtLocality l = kt_host_locality(m, d);
  g_autoptr(KtSet) home = l.home;
  if (l.state != KT_LOCALITY_KNOWN || l.pct >= 80)
    return FALSE;
  gint64 left = 0;
  for (int i = kt_set_next(home, 0); i >= 0; i = kt_set_next(home, (guint)i + 1)) {
    const KtNode *node = kt_machine_find_node(m, i);
    if (!node || !node->hugepages_free.known)
      return FALSE;
    left += node->hugepages_free.value;
  }
  if (left >= l.away_kib)
    return FALSE;
  if (f->state != KT_FIRED)
    kt_finding_fire(f, s, "a guest's home node lacks huge pages for it");
  say_places(f, d, home);
  return TRUE;
}

void kt_check_h28(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  gint64 free_kib = 0, total_kib = 0, memory_kib = 0;
  if (!kt_host_has_running(s->snapshot))
    return kt_finding_skip(f);
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (!node->hugepages_total.known || !node->hugepages_free.known || !node->memory_kib.known)
      return kt_finding_cannot(f, "the huge pages of each node (node*/hugepages)");
    free_kib += node->hugepages_free.value;
    total_kib += node->hugepages_total.value;
    memory_kib += node->memory_kib.value;
  }
  if (!m->nodes->len)
    return kt_finding_cannot(f, "the huge pages of each node (node*/hugepages)");
  if (!total_kib)
    return kt_finding_fine(f);
  for (guint i = 0; i < s->snapshot->domains->len; i++) {
    const KtDomain *d = s->snapshot->domains->pdata[i];
    if (d->runtime && d->hugepages)
      lacks_huge_pages(s, d, f);
  }
  if (f->state == KT_FIRED)
    return;
  if (free_kib <= memory_kib / 10)
    return kt_finding_fine(f);
  g_autofree char *idle = kt_host_size(free_kib), *all = kt_host_size(memory_kib);
  kt_finding_fire(f, s, "%s of huge pages reserved and unused", idle);
  kt_finding_say(f, "nothing else can use them: %.0f %% of the host's %s",
                 100.0 * (double)free_kib / (double)memory_kib, all);
  f->severity = 1; /* room for guests to come, or waste: only the operator knows */
}

void kt_check_h29(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  const KtRuntime *r = d->runtime;
  if (!r)
    return kt_finding_skip(f);
  if (!r->swap_kib.known)
    return kt_finding_cannot(f, "VmSwap of the QEMU process (/proc/PID/status)");
  if (r->swap_kib.value == 0)
    return kt_finding_fine(f);
  g_autofree char *size = kt_host_size(r->swap_kib.value);
  kt_finding_fire(f, s, "%s of the QEMU process is swapped out", size);
  f->basis = KT_BASIS_MEASURED;
  gint64 all = d->memory_kib.known ? d->memory_kib.value : r->rss_kib.value + r->swap_kib.value;
  double pct = 100.0 * (double)r->swap_kib.value / (double)MAX(all, 1);
  kt_finding_say(f, "VmSwap is %s, %.1f %% of the guest's memory", size, pct);
  kt_finding_cite_domain(f, d, "runtime.swap");
  kt_host_fill_domain(f, d);
  f->severity = pct < 1 ? 1 : pct < 10 ? 2 : 3; /* a few MiB may be QEMU's own cold pages */
}

/* The running guest that lives on this node; NULL if none does. */
static const KtDomain *inhabitant(const KtSubject *s, int node)
{
  for (guint i = 0; i < s->snapshot->domains->len; i++) {
    const KtDomain *d = s->snapshot->domains->pdata[i];
    if (!d->runtime)
      continue;
    gboolean confined;
    g_autoptr(KtSet) home = kt_host_home(s->machine, d, &confined);
    if (kt_set_has(home, (guint)node))
      return d;
  }
  return NULL;
}

void kt_check_h30(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  if (!kt_host_has_running(s->snapshot) || has_one_node(m))
    return kt_finding_skip(f);
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (kt_set_count(node->cpus) && kt_int_is(node->memory_kib, 0)) /* skews the counters: H06 */
      return kt_finding_skip(f);
  }
  gboolean known = m->nodes->len > 0;
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    known &= node->foreign_per_second.known;
    if (!node->foreign_per_second.known || node->foreign_per_second.value < 1000)
      continue;
    const KtDomain *d = inhabitant(s, node->id);
    if (!d)
      continue;
    if (f->state != KT_FIRED)
      kt_finding_fire(f, s, "node %d is full: allocations spill to other nodes", node->id);
    kt_finding_say(f, "node %d could not serve %.0f pages a second; %s lives there", node->id,
                   node->foreign_per_second.value, name_of(d));
    g_autofree char *path = g_strdup_printf("nodes.%d.numastat", node->id);
    kt_finding_cite_machine(f, m, path);
    kt_finding_fill(f, "node", "%d", node->id);
  }
  if (f->state == KT_FIRED)
    return;
  if (!known)
    return kt_finding_cannot(f, "how fast numa_foreign grows (numastat at two moments)");
  kt_finding_fine(f);
}
