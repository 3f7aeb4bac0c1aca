/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "host_fixture.h"

#define CPUFREQ "/sys/devices/system/cpu/cpu*/cpufreq/"
#define KVM "/sys/module/kvm/parameters/"
#define ITLB "/sys/devices/system/cpu/vulnerabilities/itlb_multihit"

static const char *const everywhere[] = {"0-15", NULL};

static void test_governor(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  change_setting(m, CPUFREQ "scaling_governor", "powersave");
  change_setting(m, CPUFREQ "scaling_driver", "acpi-cpufreq");
  assert_state("H01", &s, KT_NOT_APPLICABLE); /* no guest runs */
  KtDomain *d = guest_running(snapshot, "a", 2, 4, everywhere, 60);
  assert_fires("H01", &s, 1, "powersave");
  change_setting(m, CPUFREQ "scaling_governor", "mixed: performance (4 CPUs), schedutil (12 CPUs)");
  assert_fires("H01", &s, 1, "schedutil");
  thread_of(d, 0)->run_pct = thread_of(d, 1)->run_pct = KT_NUM(1);
  assert_state("H01", &s, KT_NOT_APPLICABLE); /* no demand */
  thread_of(d, 0)->run_pct = KT_NUM_UNKNOWN;
  assert_cannot("H01", &s, "CPU use");
  change_setting(m, CPUFREQ "scaling_governor", "performance");
  assert_state("H01", &s, KT_FINE);
}

static void test_governor_of_pstate(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  guest_running(snapshot, "a", 2, 4, everywhere, 60);
  assert_cannot("H01", &s, "scaling_governor");
  change_setting(m, CPUFREQ "scaling_governor", "powersave");
  assert_cannot("H01", &s, "energy preference");
  change_setting(m, CPUFREQ "scaling_driver", "intel_pstate");
  change_setting(m, CPUFREQ "energy_performance_preference", "performance");
  assert_state("H01", &s, KT_FINE);
  change_setting(m, CPUFREQ "energy_performance_preference", "balance_power");
  assert_fires("H01", &s, 1, "balance_power");
}

static void test_interleaving(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  assert_state("H04", &s, KT_FINE);
  m->node_count = KT_INT(1);
  assert_fires("H04", &s, 3, "2 sockets but one NUMA node");
  g_autoptr(KtFinding) inferred = run_check("H04", &s);
  g_assert_cmpint(inferred->basis, ==, KT_BASIS_INFERRED);
  m->kernel_cmdline = g_strdup("root=/dev/sda1 quiet");
  g_autoptr(KtFinding) measured = run_check("H04", &s);
  g_assert_cmpint(measured->basis, ==, KT_BASIS_MEASURED);
  change_text(&m->kernel_cmdline, "root=/dev/sda1 numa=off");
  assert_state("H04", &s, KT_NOT_APPLICABLE);
  change_text(&m->kernel_cmdline, "quiet");
  change_setting(m, "/sys/devices/system/node/possible", "0-1"); /* a node is offline, not hidden */
  assert_state("H04", &s, KT_FINE);
  m->node_count = KT_INT_UNKNOWN;
  g_ptr_array_set_size(m->nodes, 0);
  assert_cannot("H04", &s, "NUMA nodes");
}

/* One node on two sockets is right where memory hangs off a front-side bus. */
static void test_interleaving_by_generation(void)
{
  static const struct {
    const char *vendor;
    gint64 family, model;
    KtState state;
  } cpus[] = {
      {"GenuineIntel", 6, 23, KT_NOT_APPLICABLE}, /* Harpertown */
      {"GenuineIntel", 6, 29, KT_NOT_APPLICABLE}, /* Dunnington */
      {"GenuineIntel", 15, 6, KT_NOT_APPLICABLE}, /* NetBurst */
      {"GenuineIntel", 6, 26, KT_FIRED},          /* Nehalem-EP */
      {"GenuineIntel", 6, 143, KT_FIRED},         /* Sapphire Rapids */
      {"GenuineIntel", 19, 1, KT_FIRED},          /* Diamond Rapids */
      {"AuthenticAMD", 6, 8, KT_NOT_APPLICABLE},  /* Athlon MP */
      {"AuthenticAMD", 15, 5, KT_FIRED},          /* Opteron */
      {"AuthenticAMD", 25, 1, KT_FIRED},          /* Milan */
      {"CentaurHauls", 7, 59, KT_CANNOT_TELL},
  };
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  m->node_count = KT_INT(1);
  KtSubject s = host_subject(snapshot, m);
  for (guint i = 0; i < G_N_ELEMENTS(cpus); i++) {
    change_text(&m->cpu_vendor, cpus[i].vendor);
    m->cpu_family = KT_INT(cpus[i].family);
    m->cpu_model = KT_INT(cpus[i].model);
    g_autoptr(KtFinding) f = run_check("H04", &s);
    g_assert_cmpint(f->state, ==, cpus[i].state);
  }
}

static void test_small_nodes(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  assert_state("H05", &s, KT_NOT_APPLICABLE);
  KtDomain *d = guest_running(snapshot, "db", 12, 16, everywhere, 50);
  assert_state("H05", &s, KT_FINE); /* as many nodes as sockets: wide or not */
  m->sockets = KT_INT(1);
  assert_fires("H05", &s, 2, "2 nodes on 1 sockets");
  kt_domain_add_cell(d, 0);
  kt_domain_add_cell(d, 1);
  assert_state("H05", &s, KT_FINE); /* it is shown the nodes */
  ((KtNode *)m->nodes->pdata[0])->memory_kib = KT_INT_UNKNOWN;
  assert_cannot("H05", &s, "memory of its nodes");
}

static void test_uneven(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  KtNode *last = m->nodes->pdata[1];
  assert_state("H06", &s, KT_FINE);
  last->memory_kib = KT_INT(26 << 20); /* below 1.3 */
  assert_state("H06", &s, KT_FINE);
  last->memory_kib = KT_INT(16 << 20);
  assert_fires("H06", &s, 2, "node 1 has 16 GiB, node 0 has 32 GiB");
  last->memory_kib = KT_INT(0);
  assert_fires("H06", &s, 2, "node 1 has CPUs but no memory");
  last->memory_kib = KT_INT_UNKNOWN;
  assert_cannot("H06", &s, "memory of each node");
  last->memory_kib = KT_INT(512 << 20); /* persistent memory: no CPUs */
  kt_set_free(last->cpus);
  last->cpus = kt_set_new();
  assert_state("H06", &s, KT_FINE);
}

static void test_threads_are_no_cores(void)
{
  static const char *const node0[] = {"0-3,8-11", NULL};
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 8, 8, node0, 80);
  KtSubject s = domain_subject(snapshot, d, m);
  assert_fires("H08", &s, 2, "8 busy vCPUs on 4 cores");
  d->threads = KT_INT(2); /* the guest knows its siblings */
  assert_state("H08", &s, KT_FINE);
  d->threads = KT_INT(1);
  for (guint i = 0; i < 4; i++)
    thread_of(d, i)->run_pct = KT_NUM(3);
  assert_state("H08", &s, KT_FINE);
  thread_of(d, 0)->run_pct = KT_NUM_UNKNOWN;
  assert_cannot("H08", &s, "CPU use");
  KtDomain *roaming = guest_running(snapshot, "b", 12, 8, everywhere, 90);
  s = domain_subject(snapshot, roaming, m);
  assert_state("H08", &s, KT_FINE); /* nothing to widen into */
  KtDomain *off = domain_new(snapshot, "c", 12, 8);
  s = domain_subject(snapshot, off, m);
  assert_state("H08", &s, KT_NOT_APPLICABLE);
}

static void test_clocksource(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  assert_cannot("H09", &s, "clocksource");
  m->clocksource = g_strdup("hpet");
  assert_fires("H09", &s, 3, "hpet");
  change_text(&m->clocksource, "tsc");
  assert_state("H09", &s, KT_FINE);
  change_text(&m->clocksource, "hyperv_clocksource_tsc_page");
  assert_state("H09", &s, KT_FINE);
  change_text(&m->clocksource, "acpi_pm");
  change_text(&m->cpu_flags, "fpu constant_tsc"); /* its TSC stops in idle: no choice */
  assert_state("H09", &s, KT_NOT_APPLICABLE);
  change_text(&m->cpu_flags, NULL);
  assert_cannot("H09", &s, "CPU flags");
  change_text(&m->clocksource, NULL);
  g_ptr_array_add(m->log, kt_cite_new("dmesg", 7, "tsc: Marking TSC unstable due to clocksource watchdog"));
  assert_fires("H09", &s, 3, "given up the TSC");
}

static void test_nx_huge_pages(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  assert_cannot("H11", &s, "nx_huge_pages");
  change_setting(m, KVM "nx_huge_pages", "Y");
  assert_cannot("H11", &s, "itlb_multihit");
  change_setting(m, ITLB, "KVM: Mitigation: Split huge pages");
  assert_state("H11", &s, KT_FINE);
  change_setting(m, ITLB, "Not affected");
  assert_fires("H11", &s, 2, "not affected");
  change_setting(m, KVM "nx_huge_pages", "N");
  assert_state("H11", &s, KT_FINE);
}

static void test_nested_paging(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  assert_cannot("H12", &s, "ept");
  change_setting(m, "/sys/module/kvm_amd/parameters/npt", "1");
  assert_state("H12", &s, KT_FINE);
  change_setting(m, "/sys/module/kvm_amd/parameters/npt", "0");
  assert_fires("H12", &s, 3, "npt is off");
  change_setting(m, "/sys/module/kvm_intel/parameters/ept", "Y");
  assert_state("H12", &s, KT_FINE);
}

static void test_halt_polling(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, everywhere, 20);
  KtSubject s = domain_subject(snapshot, d, m);
  change_setting(m, KVM "halt_poll_ns", "200000");
  assert_cannot("H14", &s, "halt polling (/sys/kernel/debug/kvm or");
  kt_machine_set_unreadable(m, "/sys/kernel/debug/kvm", "needs root");
  assert_cannot("H14", &s, "halt polling (needs root)");
  d->runtime->halt_poll_fail_pct = KT_NUM(60);
  d->runtime->halt_poll_success_pct = KT_NUM(5);
  assert_fires("H14", &s, 2, "60 % of a CPU");
  d->runtime->halt_poll_success_pct = KT_NUM(61); /* it pays */
  assert_state("H14", &s, KT_FINE);
  d->runtime->halt_poll_fail_pct = KT_NUM(2); /* too little to matter */
  d->runtime->halt_poll_success_pct = KT_NUM(1);
  assert_state("H14", &s, KT_FINE);
  change_setting(m, KVM "halt_poll_ns", "0");
  assert_state("H14", &s, KT_FINE);
  d->vcpusched = g_strdup("fifo");
  assert_fires("H14", &s, 1, "real-time");
}

static void test_emulated(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtDomain *d = domain_new(snapshot, "a", 4, 8);
  KtSubject s = domain_subject(snapshot, d, NULL);
  s.predicted = FALSE;
  assert_state("H17", &s, KT_FINE);
  change_text(&d->type, "qemu");
  assert_fires("H17", &s, 3, "emulated");
  change_text(&d->type, "xen");
  assert_state("H17", &s, KT_NOT_APPLICABLE);
  change_text(&d->type, NULL);
  assert_cannot("H17", &s, "type");
}

/* The rows of checks.md are there, once each, in its order, and whoever runs tells his whole story. */
static void test_table(void)
{
  guint n;
  const KtCheck *const *checks = kt_checks(&n);
  g_assert_cmpuint(n, ==, 123);
  static const char order[] = "HXNGW";
  for (guint i = 0; i < n; i++) {
    const KtCheck *c = checks[i];
    g_test_message("%s", c->id);
    g_assert_nonnull(c->title);
    g_assert_nonnull(c->risk);
    g_assert_nonnull(c->source);
    g_assert_cmpint(c->severity, >=, 1);
    g_assert_cmpint(c->severity, <=, 3);
    g_assert_cmpuint(c->applies, !=, 0);
    g_assert_true(kt_check_find(c->id) == c);
    if (i) {
      gint64 section = strchr(order, c->id[0]) - strchr(order, checks[i - 1]->id[0]);
      g_assert_true(section > 0 || (section == 0 && strcmp(checks[i - 1]->id, c->id) < 0));
    }
    if (!c->run)
      continue;
    g_assert_nonnull(c->needs);
    g_assert_nonnull(c->cause);
    g_assert_nonnull(c->shows);
    g_assert_nonnull(c->costs);
    g_assert_nonnull(c->remedies[0].action);
    g_assert_null(c->remedies[KT_MAX_REMEDIES - 1].action);
  }
}

/* Domains that QEMU emulates do not make a guest a host, but they run on it. */
static void test_emulated_here(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  m->role = KT_ROLE_GUEST;
  m->live = TRUE;
  static const char *const pins[] = {"0-3", NULL};
  change_text(&guest_running(snapshot, "demo", 4, 8, pins, 50)->type, "qemu");
  domain_new(snapshot, "defined", 4, 8);
  g_autoptr(GPtrArray) all = kt_diagnose(snapshot, NULL);
  g_assert_cmpuint(all->len, ==, 3);
  const KtDiagnosis *guest = all->pdata[0], *running = all->pdata[1], *defined = all->pdata[2];
  g_assert_cmpint(guest->subject.kind, ==, KT_FOR_GUEST);
  g_assert_true(running->subject.host == m);
  g_assert_null(defined->subject.host); /* where it will run is not known */
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/checks/table", test_table);
  g_test_add_func("/checks/H01/governor", test_governor);
  g_test_add_func("/checks/H01/pstate", test_governor_of_pstate);
  g_test_add_func("/checks/H04/fires", test_interleaving);
  g_test_add_func("/checks/H04/generations", test_interleaving_by_generation);
  g_test_add_func("/checks/H05", test_small_nodes);
  g_test_add_func("/checks/H06", test_uneven);
  g_test_add_func("/checks/H08", test_threads_are_no_cores);
  g_test_add_func("/checks/H09", test_clocksource);
  g_test_add_func("/checks/H11", test_nx_huge_pages);
  g_test_add_func("/checks/H12", test_nested_paging);
  g_test_add_func("/checks/H14", test_halt_polling);
  g_test_add_func("/checks/emulated-here", test_emulated_here);
  g_test_add_func("/checks/H17", test_emulated);
  return g_test_run();
}
