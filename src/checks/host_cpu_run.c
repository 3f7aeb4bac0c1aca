/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of H01 - H17. */
#include <string.h>

#include "checks/host.h"

#define CPUFREQ "/sys/devices/system/cpu/cpu*/cpufreq/"
#define ITLB "/sys/devices/system/cpu/vulnerabilities/itlb_multihit"
#define NX_HUGE_PAGES "/sys/module/kvm/parameters/nx_huge_pages"
#define HALT_POLL "/sys/module/kvm/parameters/halt_poll_ns"

static void cite_setting(KtFinding *f, const KtMachine *m, const char *name)
{
  g_autofree char *path = g_strconcat("settings.", name, NULL);
  kt_finding_cite_machine(f, m, path);
}

/* The guests' CPU use, percent of one CPU; unknown if one guest's is. */
static KtNum demand(const KtSnapshot *snapshot)
{
  KtNum sum = KT_NUM(0);
  for (guint i = 0; i < snapshot->domains->len; i++) {
    const KtDomain *d = snapshot->domains->pdata[i];
    if (!d->runtime)
      continue;
    KtNum run = kt_host_vcpu_use(d->runtime).run_pct;
    sum.known &= run.known;
    sum.value += run.value;
  }
  return sum;
}

/* Drivers whose "powersave" leaves the speed to the hardware, led by the energy preference. */
static KtTri has_own_governor(const char *driver)
{
  if (!driver)
    return KT_UNKNOWN;
  return g_str_equal(driver, "intel_pstate") || g_str_equal(driver, "amd-pstate-epp") ? KT_YES : KT_NO;
}

void kt_check_h01(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  if (!kt_host_has_running(s->snapshot))
    return kt_finding_skip(f);
  const char *governor = kt_machine_setting(m, CPUFREQ "scaling_governor");
  const char *preference = kt_machine_setting(m, CPUFREQ "energy_performance_preference");
  if (!governor)
    return kt_finding_cannot(f, "the frequency governor (cpufreq/scaling_governor)");
  if (g_str_equal(governor, "performance"))
    return kt_finding_fine(f);
  KtTri own = has_own_governor(kt_machine_setting(m, CPUFREQ "scaling_driver"));
  if (g_str_equal(governor, "powersave") && own != KT_NO) {
    if (preference && g_str_equal(preference, "performance"))
      return kt_finding_fine(f);
    if (!preference && own == KT_UNKNOWN)
      return kt_finding_cannot(f, "the energy preference (cpufreq/energy_performance_preference)");
  }
  KtNum use = demand(s->snapshot);
  if (!use.known)
    return kt_finding_cannot(f, "the guests' CPU use over an interval (run on the host)");
  if (use.value < 25)
    return kt_finding_skip(f);
  kt_finding_fire(f, s, "frequency governor is %s%s%s", governor, preference ? _(", energy preference ") : "",
                  preference ? preference : "");
  cite_setting(f, m, CPUFREQ "scaling_governor");
  cite_setting(f, m, CPUFREQ "energy_performance_preference");
}

/* Has every socket of this CPU generation a memory controller of its own? Intel:
 * since Nehalem, family 6 model 26, except Dunnington (29) and the first Atoms; AMD: since the
 * first Opteron, family 15. */
static KtTri has_own_memory(const KtMachine *m)
{
  static const gint64 on_bus[] = {28, 29, 38, 39, 53, 54};
  if (!m->cpu_vendor || !m->cpu_family.known)
    return KT_UNKNOWN;
  gint64 family = m->cpu_family.value;
  if (g_str_equal(m->cpu_vendor, "AuthenticAMD") || g_str_equal(m->cpu_vendor, "HygonGenuine"))
    return family >= 15 ? KT_YES : KT_NO;
  if (!g_str_equal(m->cpu_vendor, "GenuineIntel"))
    return KT_UNKNOWN;
  if (family != 6)
    return family > 15 ? KT_YES : KT_NO;
  if (!m->cpu_model.known)
    return KT_UNKNOWN;
  for (guint i = 0; i < G_N_ELEMENTS(on_bus); i++)
    if (m->cpu_model.value == on_bus[i])
      return KT_NO;
  return m->cpu_model.value >= 26 ? KT_YES : KT_NO;
}

static gboolean has_word(const char *line, const char *word)
{
  g_auto(GStrv) words = g_strsplit_set(line, " \t\n", 4096);
  return g_strv_contains((const char *const *)words, word);
}

/* Are there nodes that are offline? Then the firmware told of them. */
static gboolean has_hidden_nodes(const KtMachine *m)
{
  const char *list = kt_machine_setting(m, "/sys/devices/system/node/possible");
  g_autoptr(KtSet) possible = list ? kt_set_parse(list, NULL) : NULL;
  return kt_set_count(possible) > 1 || (m->nodes->len == 1 && ((const KtNode *)m->nodes->pdata[0])->id != 0);
}

void kt_check_h04(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  KtInt nodes = kt_machine_nodes_known(m);
  if (!m->sockets.known || !nodes.known)
    return kt_finding_cannot(f, m->sockets.known ? N_("the number of NUMA nodes") : N_("the number of sockets"));
  if (m->sockets.value < 2 || nodes.value != 1 || has_hidden_nodes(m))
    return kt_finding_fine(f);
  KtTri own = has_own_memory(m);
  if (own == KT_UNKNOWN)
    return kt_finding_cannot(f, "the CPU's vendor, family and model");
  if (own == KT_NO || (m->kernel_cmdline && has_word(m->kernel_cmdline, "numa=off")))
    return kt_finding_skip(f);
  kt_finding_fire(f, s, "%" PRId64 " sockets but one NUMA node", m->sockets.value);
  kt_finding_cite_machine(f, m, "topology.sockets");
  kt_finding_cite_machine(f, m, "topology.nodes");
  kt_finding_cite_machine(f, m, "nodes.0.cpus");
  if (!m->kernel_cmdline) {
    f->basis = KT_BASIS_INFERRED;
    kt_finding_say(f, "the kernel command line is not known: numa=off would look the same");
  }
}

/* CPU nodes, their largest size, and the size of a socket. */
typedef struct {
  gint64 nodes, node_cpus, node_kib, socket_cpus, socket_kib;
} Shape;

static gboolean shape_of(const KtMachine *m, Shape *shape)
{
  *shape = (Shape){0};
  gint64 cpus = 0, kib = 0;
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (!node->cpus || !node->memory_kib.known)
      return FALSE;
    gint64 here = kt_set_count(node->cpus);
    if (!here)
      continue;
    shape->nodes++;
    shape->node_cpus = MAX(shape->node_cpus, here);
    shape->node_kib = MAX(shape->node_kib, node->memory_kib.value);
    cpus += here;
    kib += node->memory_kib.value;
  }
  if (!shape->nodes || !m->sockets.known || m->sockets.value < 1)
    return FALSE;
  shape->socket_cpus = cpus / m->sockets.value;
  shape->socket_kib = kib / m->sockets.value;
  return TRUE;
}

void kt_check_h05(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  Shape shape;
  if (!kt_host_has_running(s->snapshot))
    return kt_finding_skip(f);
  if (!shape_of(m, &shape))
    return kt_finding_cannot(f, "the host's sockets, and CPUs and memory of its nodes");
  if (shape.nodes <= m->sockets.value)
    return kt_finding_fine(f);
  for (guint i = 0; i < s->snapshot->domains->len; i++) {
    const KtDomain *d = s->snapshot->domains->pdata[i];
    if (!d->runtime || !d->vcpus.known || !d->memory_kib.known || d->cells->len > 1)
      continue;
    gboolean over_node = d->vcpus.value > shape.node_cpus || d->memory_kib.value > shape.node_kib;
    if (!over_node || d->vcpus.value > shape.socket_cpus || d->memory_kib.value > shape.socket_kib)
      continue;
    if (f->state != KT_FIRED) {
      kt_finding_fire(f, s, "%" PRId64 " nodes on %" PRId64 " sockets are too small for guests here", shape.nodes,
                      m->sockets.value);
      kt_finding_cite_machine(f, m, "topology.sockets");
      kt_finding_cite_machine(f, m, "topology.nodes");
    }
    g_autofree char *guest = kt_host_size(d->memory_kib.value), *node = kt_host_size(shape.node_kib);
    kt_finding_say(f, "%s: %" PRId64 " vCPUs, %s; a node has %" PRId64 " CPUs, %s; a socket would hold it",
                   d->name ? d->name : _("a guest"), d->vcpus.value, guest, shape.node_cpus, node);
  }
  if (f->state != KT_FIRED)
    kt_finding_fine(f);
}

void kt_check_h06(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  const KtNode *least = NULL, *most = NULL;
  gboolean unknown = !m->nodes->len;
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (node->cpus && kt_set_is_empty(node->cpus)) /* PMEM, GPU, CXL: differ by nature */
      continue;
    if (!node->cpus || !node->memory_kib.known) {
      unknown = TRUE;
      continue;
    }
    least = !least || node->memory_kib.value < least->memory_kib.value ? node : least;
    most = !most || node->memory_kib.value > most->memory_kib.value ? node : most;
  }
  if (least && (double)most->memory_kib.value > 1.3 * (double)least->memory_kib.value) {
    g_autofree char *low = kt_host_size(least->memory_kib.value), *high = kt_host_size(most->memory_kib.value);
    if (!least->memory_kib.value)
      kt_finding_fire(f, s, "node %d has CPUs but no memory", least->id);
    else
      kt_finding_fire(f, s, "node %d has %s, node %d has %s", least->id, low, most->id, high);
    g_autofree char *path = g_strdup_printf("nodes.%d.memory_kib", least->id);
    g_autofree char *other = g_strdup_printf("nodes.%d.memory_kib", most->id);
    kt_finding_cite_machine(f, m, path);
    kt_finding_cite_machine(f, m, other);
    kt_finding_fill(f, "node", "%d", least->id);
    return;
  }
  if (kt_int_is(kt_machine_nodes_known(m), 1))
    return kt_finding_skip(f);
  if (unknown)
    return kt_finding_cannot(f, "the memory of each node (numactl --hardware)");
  kt_finding_fine(f);
}

static guint busy_vcpus(const KtRuntime *r, gboolean *known)
{
  guint busy = 0;
  *known = FALSE;
  for (guint i = 0; i < r->threads->len; i++) {
    const KtThread *t = r->threads->pdata[i];
    if (t->vcpu < 0)
      continue;
    if (!t->run_pct.known) {
      *known = FALSE;
      return 0;
    }
    *known = TRUE;
    busy += kt_host_is_busy(t, 50);
  }
  return busy;
}

void kt_check_h08(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!d->runtime || !s->host || kt_int_is(s->host->threads_per_core, 1))
    return kt_finding_skip(f);
  g_autoptr(KtSet) cpus = kt_host_vcpu_cpus(d->runtime);
  if (!cpus)
    return kt_finding_cannot(f, "the affinity of the vCPU threads (run on the host)");
  KtInt cores = kt_host_cores_in(s->host, cpus);
  KtInt all = s->host->online_set ? kt_host_cores_in(s->host, s->host->online_set) : KT_INT_UNKNOWN;
  if (!cores.known || !all.known)
    return kt_finding_cannot(f, "which of the host's CPUs are siblings (lscpu -e)");
  guint vcpus = kt_host_vcpu_use(d->runtime).vcpus;
  /* Nothing to widen into; or sibling pairs that the guest knows of. */
  if (cores.value >= all.value || vcpus <= cores.value || kt_int_is(d->threads, 2))
    return kt_finding_fine(f);
  gboolean known;
  guint busy = busy_vcpus(d->runtime, &known);
  if (!known)
    return kt_finding_cannot(f, "the vCPU threads' CPU use (run on the host)");
  if (busy <= cores.value)
    return kt_finding_fine(f);
  kt_finding_fire(f, s, "%u busy vCPUs on %" PRId64 " cores", busy, cores.value);
  f->basis = KT_BASIS_MEASURED;
  f->severity = 2; /* a pair of siblings still does the work of 1.2 - 1.3 cores */
  g_autofree char *list = kt_set_format(cpus);
  kt_finding_say(f, "its vCPUs may use CPUs %s: %u CPUs are %" PRId64 " of the host's %" PRId64 " cores", list,
                 kt_set_count(cpus), cores.value, all.value);
  kt_finding_cite_domain(f, d, "vcpupin");
  kt_finding_cite_domain(f, d, "runtime.affinity");
  kt_host_fill_domain(f, d);
}

static const KtCite *log_line(const KtMachine *m, const char *const *parts)
{
  for (guint i = 0; i < m->log->len; i++) {
    const KtCite *line = m->log->pdata[i];
    for (guint j = 0; line->text && parts[j]; j++)
      if (strstr(line->text, parts[j]))
        return line;
  }
  return NULL;
}

void kt_check_h09(const KtSubject *s, KtFinding *f)
{
  static const char *const complaints[] = {"Marking TSC unstable", "Marking clocksource 'tsc' as unstable", NULL};
  const KtMachine *m = s->machine;
  const KtCite *complaint = log_line(m, complaints);
  /* kvm: gtod_is_based_on_tsc() takes Hyper-V's TSC page too */
  if (m->clocksource &&
      (g_str_equal(m->clocksource, "tsc") || g_str_equal(m->clocksource, "hyperv_clocksource_tsc_page")))
    return kt_finding_fine(f);
  if (!m->clocksource && !complaint)
    return kt_finding_cannot(f, "the host's clocksource (/sys/devices/system/clocksource)");
  if (!complaint && !m->cpu_flags)
    return kt_finding_cannot(f, "the CPU flags constant_tsc and nonstop_tsc");
  if (m->cpu_flags && !(kt_machine_has_flag(m, "constant_tsc") && kt_machine_has_flag(m, "nonstop_tsc")))
    return kt_finding_skip(f);
  if (m->clocksource)
    kt_finding_fire(f, s, "host clocksource is %s, not tsc", m->clocksource);
  else
    kt_finding_fire(f, s, "the host's kernel has given up the TSC");
  kt_finding_cite_machine(f, m, "kernel.clocksource");
  kt_finding_cite(f, complaint);
}

void kt_check_h11(const KtSubject *s, KtFinding *f)
{
  const char *nx = kt_machine_setting(s->machine, NX_HUGE_PAGES), *flaw = kt_machine_setting(s->machine, ITLB);
  if (nx && nx[0] != 'Y')
    return kt_finding_fine(f);
  if (!nx)
    return kt_finding_cannot(f, "kvm's nx_huge_pages (/sys/module/kvm/parameters)");
  if (!flaw)
    return kt_finding_cannot(f, "whether the CPU has iTLB multihit (cpu/vulnerabilities/itlb_multihit)");
  if (!g_str_has_prefix(flaw, "Not affected"))
    return kt_finding_fine(f);
  kt_finding_fire(f, s, "nx_huge_pages is on though the CPU is not affected");
  cite_setting(f, s->machine, NX_HUGE_PAGES);
  cite_setting(f, s->machine, ITLB);
}

void kt_check_h12(const KtSubject *s, KtFinding *f)
{
  static const struct {
    const char *name, *module, *parameter;
  } knobs[] = {
      {"/sys/module/kvm_intel/parameters/ept", "kvm_intel", "ept"},
      {"/sys/module/kvm_amd/parameters/npt", "kvm_amd", "npt"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(knobs); i++) {
    const char *value = kt_machine_setting(s->machine, knobs[i].name);
    if (!value)
      continue;
    if (value[0] != 'N' && value[0] != '0')
      return kt_finding_fine(f);
    kt_finding_fire(f, s, "%s is off: %s=%s", knobs[i].parameter, knobs[i].module, value);
    cite_setting(f, s->machine, knobs[i].name);
    kt_finding_fill(f, "module", "%s", knobs[i].module);
    kt_finding_fill(f, "parameter", "%s", knobs[i].parameter);
    return;
  }
  kt_finding_cannot(f, "kvm_intel's ept or kvm_amd's npt (/sys/module/*/parameters)");
}

void kt_check_h14(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  const KtRuntime *r = d->runtime;
  if (!r || !s->host || (d->type && !g_str_equal(d->type, "kvm")))
    return kt_finding_skip(f);
  gint64 limit;
  gboolean known = kt_machine_setting_int(s->host, HALT_POLL, &limit);
  if (known && limit == 0) {
    if (!d->vcpusched)
      return kt_finding_fine(f);
    kt_finding_fire(f, s, "halt polling is off under a real-time guest");
    f->basis = KT_BASIS_MEASURED;
    f->severity = 1;
    cite_setting(f, s->host, HALT_POLL);
    kt_finding_cite_domain(f, d, "vcpusched");
    kt_finding_fill(f, "value", "200000");
    return;
  }
  KtVcpuUse use = kt_host_vcpu_use(r);
  if (!r->halt_poll_fail_pct.known || !r->halt_poll_success_pct.known || !use.run_pct.known)
    return kt_finding_cannot(f, "time spent in halt polling (%s)",
                             kt_host_why_missing(s->host, "/sys/kernel/debug/kvm",
                                                 _("/sys/kernel/debug/kvm or virsh domstats --cpu-total, twice")));
  double vain = r->halt_poll_fail_pct.value, paid = r->halt_poll_success_pct.value;
  /* In vain for at least a tenth of a CPU, and a quarter of what the vCPU threads used. */
  if (vain <= paid || vain < 10 || vain < use.run_pct.value / 4)
    return kt_finding_fine(f);
  kt_finding_fire(f, s, "%.0f %% of a CPU goes into halt polling in vain", vain);
  f->basis = KT_BASIS_MEASURED;
  kt_finding_say(f, "polling: %.1f %% of a CPU in vain, %.1f %% paid off; the vCPU threads use %.1f %%", vain, paid,
                 use.run_pct.value);
  cite_setting(f, s->host, HALT_POLL);
  kt_finding_fill(f, "value", "50000");
  kt_host_fill_domain(f, d);
  if (vain < 50)
    f->severity = 1;
}

void kt_check_h17(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!d->type)
    return kt_finding_cannot(f, "the domain's type (or the accelerator of the command line)");
  if (g_str_equal(d->type, "kvm"))
    return kt_finding_fine(f);
  if (!g_str_equal(d->type, "qemu") && !g_str_equal(d->type, "tcg"))
    return kt_finding_skip(f);
  kt_finding_fire(f, s, "the guest is emulated by QEMU (TCG), not run by KVM");
  f->basis = KT_BASIS_MEASURED;
  kt_finding_cite_domain(f, d, "type");
  kt_host_fill_domain(f, d);
}
