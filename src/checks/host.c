/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/host.h"

#include "base/units.h"

/* A vCPU below this is idle: where it ran last says nothing about where it lives. */
#define BUSY_PCT 10.0

gboolean kt_host_has_running(const KtSnapshot *snapshot)
{
  for (guint i = 0; i < snapshot->domains->len; i++)
    if (((const KtDomain *)snapshot->domains->pdata[i])->runtime)
      return TRUE;
  return FALSE;
}

KtVcpuUse kt_host_vcpu_use(const KtRuntime *r)
{
  KtVcpuUse use = {.run_pct = KT_NUM(0), .wait_mean = KT_NUM(0), .wait_worst = KT_NUM(0)};
  for (guint i = 0; i < r->threads->len; i++) {
    const KtThread *t = r->threads->pdata[i];
    if (t->vcpu < 0)
      continue;
    use.vcpus++;
    use.run_pct.known &= t->run_pct.known;
    use.run_pct.value += t->run_pct.value;
    use.wait_mean.known &= t->wait_pct.known;
    use.wait_mean.value += t->wait_pct.value;
    use.wait_worst.value = MAX(use.wait_worst.value, t->wait_pct.value);
  }
  use.run_pct.known &= use.vcpus > 0;
  use.wait_mean.known &= use.vcpus > 0;
  use.wait_worst.known = use.wait_mean.known;
  use.wait_mean.value /= MAX(use.vcpus, 1);
  return use;
}

gboolean kt_host_is_busy(const KtThread *t, double pct)
{
  return t->vcpu >= 0 && t->run_pct.known && t->run_pct.value + (t->wait_pct.known ? t->wait_pct.value : 0) >= pct;
}

KtSet *kt_host_vcpu_cpus(const KtRuntime *r)
{
  g_autoptr(KtSet) cpus = kt_set_new();
  for (guint i = 0; i < r->threads->len; i++) {
    const KtThread *t = r->threads->pdata[i];
    if (t->vcpu < 0)
      continue;
    if (!t->affinity)
      return NULL;
    kt_set_add_all(cpus, t->affinity);
  }
  return kt_set_is_empty(cpus) ? NULL : g_steal_pointer(&cpus);
}

KtSet *kt_host_nodes_of(const KtMachine *host, const KtSet *cpus)
{
  KtSet *nodes = kt_set_new();
  for (guint i = 0; i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    if (node->cpus && kt_set_intersects(node->cpus, cpus))
      kt_set_add(nodes, (guint)node->id);
  }
  return nodes;
}

KtSet *kt_host_cpu_nodes(const KtMachine *host)
{
  KtSet *nodes = kt_set_new();
  for (guint i = 0; i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    if (kt_set_count(node->cpus))
      kt_set_add(nodes, (guint)node->id);
  }
  return nodes;
}

KtInt kt_host_cores_in(const KtMachine *host, const KtSet *cpus)
{
  gint64 cores = 0;
  for (int i = kt_set_next(cpus, 0); i >= 0; i = kt_set_next(cpus, (guint)i + 1)) {
    const KtCpu *cpu = kt_machine_find_cpu(host, (guint)i);
    if (!cpu || !cpu->siblings)
      return KT_INT_UNKNOWN;
    g_autoptr(KtSet) here = kt_set_copy(cpu->siblings);
    kt_set_keep_only(here, cpus);
    cores += kt_set_next(here, 0) == i;
  }
  return KT_INT(cores);
}

/* Nodes where the busy vCPUs ran last; NULL if none is busy or that is unknown. */
static KtSet *nodes_of_last(const KtMachine *host, const KtRuntime *r)
{
  g_autoptr(KtSet) cpus = kt_set_new();
  for (guint i = 0; i < r->threads->len; i++) {
    const KtThread *t = r->threads->pdata[i];
    if (!kt_host_is_busy(t, BUSY_PCT))
      continue;
    if (!t->last_cpu.known)
      return NULL;
    kt_set_add(cpus, (guint)t->last_cpu.value);
  }
  return kt_set_is_empty(cpus) ? NULL : kt_host_nodes_of(host, cpus);
}

KtSet *kt_host_home(const KtMachine *host, const KtDomain *domain, gboolean *confined)
{
  *confined = FALSE;
  g_autoptr(KtSet) cpus = kt_host_vcpu_cpus(domain->runtime);
  if (!cpus)
    return NULL;
  g_autoptr(KtSet) home = kt_host_nodes_of(host, cpus), all = kt_host_cpu_nodes(host);
  if (kt_set_is_empty(home))
    return NULL;
  *confined = !kt_set_equal(home, all);
  return *confined ? g_steal_pointer(&home) : nodes_of_last(host, domain->runtime);
}

/* Memory and CPUs of these nodes; FALSE if one is unknown. */
static gboolean capacity(const KtMachine *host, const KtSet *nodes, gint64 *kib, gint64 *cpus)
{
  *kib = *cpus = 0;
  for (int i = kt_set_next(nodes, 0); i >= 0; i = kt_set_next(nodes, (guint)i + 1)) {
    const KtNode *node = kt_machine_find_node(host, i);
    if (!node || !node->memory_kib.known || !node->cpus)
      return FALSE;
    *kib += node->memory_kib.value;
    *cpus += kt_set_count(node->cpus);
  }
  return TRUE;
}

static gint64 vcpus_of(const KtDomain *d)
{
  if (d->vcpus_current.known)
    return d->vcpus_current.value;
  return d->vcpus.known ? d->vcpus.value : kt_host_vcpu_use(d->runtime).vcpus;
}

KtLocality kt_host_locality(const KtMachine *host, const KtDomain *domain)
{
  KtLocality l = {.state = KT_LOCALITY_MOOT};
  const KtRuntime *r = domain->runtime;
  g_autoptr(KtSet) cpu_nodes = kt_host_cpu_nodes(host);
  if (kt_set_count(cpu_nodes) < 2)
    return l;
  if (!r->memory->len) {
    l.state = KT_LOCALITY_UNKNOWN;
    l.missing = g_str_equal(kt_host_why_missing_of(host, r, "numa_maps", ""), "")
                    ? _("the guest's memory by host node (numastat -p PID, as root)")
                    : _("the guest's memory by host node (/proc/PID/numa_maps: needs root)");
    return l;
  }
  gboolean confined;
  g_autoptr(KtSet) home = kt_host_home(host, domain, &confined);
  if (!home) {
    KtVcpuUse use = kt_host_vcpu_use(r);
    if (!use.run_pct.known) {
      l.state = KT_LOCALITY_UNKNOWN;
      l.missing = _("where the vCPU threads run (affinity, CPU use)");
    }
    return l;
  }
  gint64 kib, cpus;
  if (!capacity(host, home, &kib, &cpus) || domain->memory_kib.value > kib || vcpus_of(domain) > cpus)
    return l;
  for (guint i = 0; i < r->memory->len; i++) {
    const KtNodeMemory *m = &g_array_index(r->memory, KtNodeMemory, i);
    l.total_kib += m->kib;
    if (!kt_set_has(home, (guint)m->node))
      l.away_kib += m->kib;
  }
  if (l.total_kib < 256 * 1024) /* hardly started */
    return l;
  l.state = KT_LOCALITY_KNOWN;
  l.pct = 100.0 * (double)(l.total_kib - l.away_kib) / (double)l.total_kib;
  l.home = g_steal_pointer(&home);
  return l;
}

gboolean kt_host_is_wide(const KtMachine *host, const KtDomain *domain)
{
  gint64 kib = 0, cpus = 0;
  for (guint i = 0; i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    if (!node->memory_kib.known || !node->cpus)
      return FALSE;
    if (!kt_set_count(node->cpus))
      continue;
    kib = MAX(kib, node->memory_kib.value);
    cpus = MAX(cpus, kt_set_count(node->cpus));
  }
  return cpus && ((domain->memory_kib.known && domain->memory_kib.value > kib) || vcpus_of(domain) > cpus);
}

KtSet *kt_host_dedicated(const KtSnapshot *snapshot)
{
  KtSet *cpus = kt_set_new();
  for (guint i = 0; i < snapshot->domains->len; i++) {
    const KtRuntime *r = ((const KtDomain *)snapshot->domains->pdata[i])->runtime;
    for (guint j = 0; r && j < r->threads->len; j++) {
      const KtThread *t = r->threads->pdata[j];
      if (t->vcpu >= 0 && kt_set_count(t->affinity) == 1)
        kt_set_add_all(cpus, t->affinity);
    }
  }
  return cpus;
}

const KtProcess *kt_host_numad(const KtMachine *host)
{
  for (guint i = 0; i < host->processes->len; i++) {
    const KtProcess *p = host->processes->pdata[i];
    if (g_strcmp0(p->comm, "numad") == 0 && !g_ptr_array_find_with_equal_func(p->args, "-w", g_str_equal, NULL))
      return p;
  }
  return NULL;
}

const char *kt_host_why_missing(const KtMachine *host, const char *path, const char *else_how)
{
  const char *why = host ? g_hash_table_lookup(host->unreadable, path) : NULL;
  return why ? why : else_how;
}

const char *kt_host_why_missing_of(const KtMachine *host, const KtRuntime *r, const char *file, const char *else_how)
{
  g_autofree char *path = g_strdup_printf("/proc/%d/%s", r->pid, file);
  return kt_host_why_missing(host, path, else_how);
}

const KtDevice *kt_host_device(const KtMachine *m, const char *address)
{
  for (guint i = 0; i < m->devices->len; i++) {
    const KtDevice *device = m->devices->pdata[i];
    if (g_strcmp0(device->address, address) == 0)
      return device;
  }
  return NULL;
}

char *kt_host_size(gint64 kib)
{
  return kt_units_format_kib((guint64)MAX(kib, 0));
}

void kt_host_fill_domain(KtFinding *f, const KtDomain *d)
{
  if (d->name)
    kt_finding_fill(f, "name", "%s", d->name);
  if (d->vcpus.known)
    kt_finding_fill(f, "vcpus", "%" G_GINT64_FORMAT, d->vcpus.value);
  if (d->runtime && d->runtime->pid)
    kt_finding_fill(f, "pid", "%d", d->runtime->pid);
}
