/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "check_fixture.h"

/* Runs a row on a guest and leaves the finding to the caller. */
static KtFinding *look(const char *id, const KtMachine *m)
{
  KtSubject s = guest_subject(NULL, m);
  return run_check(id, &s);
}

static void assert_state(const char *id, const KtMachine *m, KtState state)
{
  g_autoptr(KtFinding) f = look(id, m);
  g_assert_cmpint(f->state, ==, state);
}

static void assert_cannot(const char *id, const KtMachine *m, const char *missing)
{
  g_autoptr(KtFinding) f = look(id, m);
  g_assert_cmpint(f->state, ==, KT_CANNOT_TELL);
  g_assert_nonnull(strstr(f->missing, missing));
}

static void assert_fires(const char *id, const KtMachine *m, int severity, const char *title_part)
{
  g_autoptr(KtFinding) f = look(id, m);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_cmpint(f->severity, ==, severity);
  if (!strstr(f->title, title_part))
    g_error("'%s' does not hold '%s'", f->title, title_part);
}

static void log_line(KtMachine *m, const char *text)
{
  g_ptr_array_add(m->log, kt_cite_new("dmesg", m->log->len + 1, text));
}

/* ---- G01 ---- */

static KtState g01(const char *release, int nodes, const KtMachine *reference, KtBasis *basis)
{
  g_autoptr(KtMachine) m = guest_new(32, nodes);
  m->kernel_release = g_strdup(release);
  KtSubject s = guest_subject(NULL, m);
  s.reference = reference;
  g_autoptr(KtFinding) f = run_check("G01", &s);
  if (basis)
    *basis = f->basis;
  return f->state;
}

static void test_g01(void)
{
  KtBasis basis;
  g_assert_cmpint(g01("3.0.76-0.11-default", 4, NULL, &basis), ==, KT_FIRED);
  g_assert_cmpint(basis, ==, KT_BASIS_MEASURED);
  g_assert_cmpint(g01("2.6.32-431.el6.x86_64", 2, NULL, NULL), ==, KT_FIRED);
  g_assert_cmpint(g01("3.10.0-1160.el7.x86_64", 4, NULL, NULL), ==, KT_FINE);
  g_assert_cmpint(g01("3.12.49-11-default", 4, NULL, NULL), ==, KT_FINE);
  g_assert_cmpint(g01("3.8.13-16.2.1.el6uek.x86_64", 4, NULL, NULL), ==, KT_FINE);
  g_assert_cmpint(g01(NULL, 4, NULL, NULL), ==, KT_CANNOT_TELL);
  g_assert_cmpint(g01(NULL, 1, NULL, NULL), ==, KT_NOT_APPLICABLE);
  g_assert_cmpint(g01("3.0.76-0.11-default", 1, NULL, NULL), ==, KT_CANNOT_TELL);

  g_autoptr(KtMachine) vmware = guest_new(32, 4);
  g_assert_cmpint(g01("3.0.76-0.11-default", 1, vmware, &basis), ==, KT_FIRED);
  g_assert_cmpint(basis, ==, KT_BASIS_INFERRED);
}

/* ---- G02 ---- */

static void test_g02(void)
{
  g_autoptr(KtMachine) m = guest_new(8, 2);
  assert_cannot("G02", m, "numa_balancing");
  kt_machine_set_setting(m, "kernel.numa_balancing", "0", NULL);
  assert_fires("G02", m, 2, "guest of 2 nodes");
  kt_machine_add_process(m, 7, "hdbindexserver")->bound_nodes = g_strdup("bind:0");
  assert_fires("G02", m, 1, "off");

  g_autoptr(KtMachine) on = guest_new(8, 2);
  kt_machine_set_setting(on, "kernel.numa_balancing", "1", NULL);
  assert_state("G02", on, KT_FINE);
  g_autoptr(KtMachine) one = guest_new(8, 1);
  kt_machine_set_setting(one, "kernel.numa_balancing", "0", NULL);
  assert_state("G02", one, KT_NOT_APPLICABLE);
  g_autoptr(KtMachine) said = guest_new(8, 2);
  log_line(said, "Enabling automatic NUMA balancing. Configure with numa_balancing= or sysctl");
  assert_state("G02", said, KT_FINE);
}

/* ---- G03 ---- */

static void numastat(KtMachine *m, int id, gint64 hit, gint64 miss, gint64 foreign)
{
  KtNode *node = kt_machine_node(m, id);
  node->numa_hit = KT_INT(hit);
  node->numa_miss = KT_INT(miss);
  node->numa_foreign = KT_INT(foreign);
}

/* The last table of the published case: node 3 is cut off. */
static KtMachine *case_after(void)
{
  KtMachine *m = guest_new(32, 4);
  numastat(m, 0, 40995736, 53540664, 7034506);
  numastat(m, 1, 22924791, 10471137, 856278);
  numastat(m, 2, 23705375, 3056956, 781893);
  return m;
}

static void test_g03_case(void)
{
  g_autoptr(KtMachine) m = case_after();
  g_autoptr(KtFinding) f = look("G03", m);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_cmpint(f->severity, ==, 3);
  g_assert_nonnull(strstr(f->title, "node 0 57 %, node 1 31 %, node 2 11 % (since boot)"));
  g_assert_true(says(f, "53,540,664 of 94,536,400 pages missed (57 %), more misses than hits"));
  g_assert_true(says(f, "67,068,757 misses but only 8,672,677 foreign, so node 3 must hold at least 58,396,080"));
  g_assert_true(says(f, "node 3 was the full one"));
  g_autofree char *action = kt_finding_action(f, &f->check->remedies[0]);
  g_assert_nonnull(strstr(action, "node 3"));
}

static void test_g03_unknown_node_count(void)
{
  g_autoptr(KtMachine) m = kt_machine_new();
  numastat(m, 0, 40995736, 53540664, 7034506);
  numastat(m, 1, 22924791, 10471137, 856278);
  KtSubject s = {.kind = KT_FOR_UNTOLD, .machine = m};
  g_autoptr(KtFinding) f = run_check("G03", &s);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_true(says(f, "a node that is not shown must hold at least"));
}

static void test_g03_all_shown(void)
{
  g_autoptr(KtMachine) m = guest_new(24, 2);
  numastat(m, 0, 440596915, 59299946, 153521615);
  numastat(m, 1, 630796336, 153521615, 59299946);
  g_autoptr(KtFinding) f = look("G03", m);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_cmpint(f->severity, ==, 2);
  g_assert_true(says(f, "node 0 was the full one: 153,521,615"));
  g_assert_false(says(f, "must hold"));
}

static void test_g03_silent(void)
{
  g_autoptr(KtMachine) low = guest_new(8, 2);
  numastat(low, 0, 3365133028, 9331256, 3202615);
  numastat(low, 1, 4021307618, 3202615, 9331256);
  assert_state("G03", low, KT_FINE);

  g_autoptr(KtMachine) few = guest_new(8, 2);
  numastat(few, 0, 40000, 50000, 20);
  numastat(few, 1, 40000, 20, 50000);
  assert_state("G03", few, KT_FINE);

  g_autoptr(KtMachine) no_cpus = guest_new(8, 2);
  numastat(no_cpus, 0, 4000000, 10, 99577);
  numastat(no_cpus, 1, 56567, 99577, 10);
  assert_fires("G03", no_cpus, 3, "node 1 64 %");
  kt_set_free(kt_machine_node(no_cpus, 1)->cpus);
  kt_machine_node(no_cpus, 1)->cpus = kt_set_new();
  assert_state("G03", no_cpus, KT_FINE);

  g_autoptr(KtMachine) bug = guest_new(8, 2);
  numastat(bug, 0, 1000000, 900000, 900000);
  numastat(bug, 1, 1000000, 800000, 800000);
  assert_cannot("G03", bug, "trusted");

  g_autoptr(KtMachine) none = guest_new(8, 2);
  assert_cannot("G03", none, "numastat");
  g_autoptr(KtMachine) one = guest_new(8, 1);
  numastat(one, 0, 528297917, 0, 0);
  assert_state("G03", one, KT_NOT_APPLICABLE);
}

/* A bad past and a good present: the rate decides. */
static void test_g03_by_rate(void)
{
  g_autoptr(KtMachine) m = guest_new(8, 2);
  numastat(m, 0, 1000000, 9000000, 10);
  numastat(m, 1, 9000000, 10, 9000000);
  for (int i = 0; i < 2; i++) {
    KtNode *node = kt_machine_node(m, i);
    node->hit_per_second = KT_NUM(50000);
    node->miss_per_second = KT_NUM(10);
    node->foreign_per_second = KT_NUM(9 + i);
  }
  assert_state("G03", m, KT_FINE);
  kt_machine_node(m, 0)->miss_per_second = KT_NUM(20000);
  assert_fires("G03", m, 2, "node 0 29 % (measured now)");
}

/* ---- G04, G05, G08 ---- */

static void test_g04(void)
{
  g_autoptr(KtMachine) m = guest_new(8, 1);
  assert_cannot("G04", m, "command line");
  m->kernel_cmdline = g_strdup("BOOT_IMAGE=/vmlinuz root=/dev/vda2 ro quiet maxcpus=8 numa=offline nosmpt");
  assert_state("G04", m, KT_FINE);
  g_free(m->kernel_cmdline);
  m->kernel_cmdline = g_strdup("ro numa=off maxcpus=4 nox2apic");
  assert_fires("G04", m, 2, "numa=off, maxcpus=4, nox2apic on");
  g_free(m->kernel_cmdline);
  m->kernel_cmdline = g_strdup("nox2apic");
  assert_fires("G04", m, 1, "nox2apic");
}

static void test_g05(void)
{
  g_autoptr(KtMachine) m = guest_new(8, 1);
  assert_cannot("G05", m, "current_clocksource");
  log_line(m, "[    0.1] clocksource: Switched to clocksource kvm-clock");
  assert_state("G05", m, KT_FINE);
  log_line(m, "[    9.1] clocksource: Switched to clocksource hpet");
  assert_fires("G05", m, 3, "hpet");
  m->clocksource = g_strdup("tsc");
  assert_state("G05", m, KT_FINE);
  g_free(m->clocksource);
  m->clocksource = g_strdup("acpi_pm");
  assert_fires("G05", m, 3, "acpi_pm");
}

static void test_g08(void)
{
  g_autoptr(KtMachine) m = guest_new(8, 1);
  assert_cannot("G08", m, "kernel log");
  log_line(m, "[    0.1] tsc: Detected 2200.000 MHz processor");
  log_line(m, "[    0.2] rcu: Hierarchical RCU implementation.");
  assert_state("G08", m, KT_FINE);
  log_line(m, "[ 4000.1] tsc: Marking TSC unstable due to clocksource watchdog");
  assert_fires("G08", m, 2, "TSC");
  m->clocksource = g_strdup("kvm-clock");
  assert_fires("G08", m, 1, "TSC");
  log_line(m, "[80000.5] rcu: INFO: rcu_sched self-detected stall on CPU");
  log_line(m, "[80001.5] watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [java:99]");
  log_line(m, "[    0.4] sched: CPU #16's llc-sibling CPU #0 is not on the same node! [node: 1 != 0]. Ignoring "
              "dependency.");
  assert_fires("G08", m, 2, "spans NUMA nodes");
}

/* ---- G06, G07, G10 ---- */

static KtInterrupt *irq(KtMachine *m, const char *name, double per_second)
{
  KtInterrupt *i = kt_machine_add_interrupt(m, name);
  i->per_second = KT_NUM(per_second);
  return i;
}

static void activity(KtMachine *m, guint rows, double seconds, double user, double steal, double idle)
{
  for (guint i = 0; i < rows; i++) {
    KtActivityRow row = {.seconds = seconds};
    row.pct[KT_CPU_USER] = KT_NUM(user);
    row.pct[KT_CPU_IOWAIT] = KT_NUM(0.2);
    if (steal >= 0)
      row.pct[KT_CPU_STEAL] = KT_NUM(steal);
    row.pct[KT_CPU_IDLE] = KT_NUM(idle);
    kt_activity_add(kt_machine_activity(m), &row);
  }
}

static void test_g06(void)
{
  g_autoptr(KtMachine) m = guest_new(16, 1);
  assert_cannot("G06", m, "two moments");
  irq(m, "RES", 16 * 900.0);
  assert_cannot("G06", m, "two moments");
  KtInterrupt *cal = irq(m, "CAL", 16 * 1000.0);
  assert_state("G06", m, KT_FINE);
  cal->per_second = KT_NUM(16 * 1200.0);
  assert_fires("G06", m, 1, "2100");
  activity(m, 3, 1, 20, 0, 79);
  g_autoptr(KtFinding) f = look("G06", m);
  g_assert_cmpint(f->severity, ==, 1);
  g_assert_true(says(f, "only 21 % busy"));
}

static void test_g07_fires(void)
{
  g_autoptr(KtMachine) m = guest_new(4, 1);
  assert_cannot("G07", m, "CPU use with steal");
  activity(m, 20, 60, 33, 26, 35);
  g_autoptr(KtFinding) f = look("G07", m);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_cmpint(f->severity, ==, 3);
  g_assert_true(says(f, "over 20 samples (20 min)"));
  g_assert_false(says(f, "to be sure"));

  g_autoptr(KtMachine) short_look = guest_new(4, 1);
  activity(short_look, 5, 1, 33, 6, 35);
  g_autoptr(KtFinding) g = look("G07", short_look);
  g_assert_cmpint(g->severity, ==, 2);
  g_assert_true(says(g, "only 5 s"));
  g_assert_true(says(g, "measure for some minutes"));
}

static void test_g07_acquits(void)
{
  g_autoptr(KtMachine) m = guest_new(4, 1);
  activity(m, 20, 1, 72, 0, 20);
  g_autoptr(KtFinding) f = look("G07", m);
  g_assert_cmpint(f->state, ==, KT_FINE);
  g_assert_nonnull(strstr(f->reason, "steal is 0.00 % and iowait 0.20 %"));
  g_assert_nonnull(strstr(f->reason, "user + nice are 72.0 %"));

  /* 0 from a hypervisor that does not tell is no acquittal */
  g_free(m->hypervisor);
  m->hypervisor = g_strdup("vmware");
  assert_cannot("G07", m, "ready time");

  /* a table without the column is not 0 */
  g_autoptr(KtMachine) cut = guest_new(4, 1);
  activity(cut, 6, 1, 2, -1, 90);
  assert_cannot("G07", cut, "steal column");
}

static void counts(KtMachine *m, const char *name, const char *what, const guint64 *per_cpu, guint n)
{
  KtInterrupt *i = kt_machine_add_interrupt(m, name);
  i->device = g_ascii_isdigit(*name);
  i->description = g_strdup(what);
  for (guint c = 0; c < n; c++) {
    g_array_append_val(i->per_cpu, per_cpu[c]);
    i->total += per_cpu[c];
  }
}

static void test_g10(void)
{
  const guint64 skewed[4] = {900000, 10, 10, 10}, even[4] = {200000, 200000, 210000, 190000}, few[4] = {900, 1, 1, 1};
  g_autoptr(KtMachine) none = guest_new(4, 1);
  assert_cannot("G10", none, "/proc/interrupts");
  counts(none, "LOC", "Local timer interrupts", skewed, 4);
  assert_cannot("G10", none, "/proc/interrupts");

  g_autoptr(KtMachine) m = guest_new(4, 1);
  counts(m, "0", "IO-APIC 2-edge timer", skewed, 4);
  counts(m, "24", "PCI-MSI 81921-edge virtio2-input.0", even, 4);
  assert_state("G10", m, KT_FINE);
  counts(m, "25", "PCI-MSI 81922-edge virtio2-output.0", skewed, 4);
  assert_state("G10", m, KT_FINE);

  g_autoptr(KtMachine) bad = guest_new(4, 1);
  counts(bad, "24", "PCI-MSI 81921-edge virtio2-input.0", skewed, 4);
  assert_fires("G10", bad, 2, "100 % of all device interrupts go to one CPU of 4");
  g_autoptr(KtMachine) quiet = guest_new(4, 1);
  counts(quiet, "24", "PCI-MSI 81921-edge virtio2-input.0", few, 4);
  assert_state("G10", quiet, KT_FINE);
}

/* ---- G11, G14 ---- */

static void test_g11(void)
{
  const char *path = "/sys/kernel/mm/transparent_hugepage/enabled";
  g_autoptr(KtMachine) m = guest_new(4, 1);
  assert_state("G11", m, KT_NOT_APPLICABLE);
  kt_machine_set_setting(m, path, "always", NULL);
  assert_cannot("G11", m, "process list");
  m->processes_seen = TRUE;
  assert_state("G11", m, KT_FINE);
  kt_machine_add_process(m, 9, "redis-server");
  assert_fires("G11", m, 1, "redis-server");
  m->processes_seen = FALSE; /* "ps | grep redis" tells enough */
  assert_fires("G11", m, 1, "redis-server");

  g_autoptr(KtMachine) never = guest_new(4, 1);
  kt_machine_set_setting(never, path, "never", NULL);
  never->processes_seen = TRUE;
  KtProcess *java = kt_machine_add_process(never, 10, "java");
  assert_state("G11", never, KT_FINE);
  g_ptr_array_add(java->args, g_strdup("-XX:+UseTransparentHugePages"));
  assert_fires("G11", never, 1, "never");
}

static void test_g14(void)
{
  g_autoptr(KtMachine) m = guest_new(4, 1);
  assert_cannot("G14", m, "cpu.stat of the guest's cgroups");
  kt_machine_set_counter(m, "cgroup./system.slice/app.service.nr_periods", 100000, NULL);
  kt_machine_set_counter(m, "cgroup./system.slice/app.service.nr_throttled", 3, NULL);
  assert_cannot("G14", m, "the guest's other cgroups");
  m->cgroups_seen = TRUE;
  assert_state("G14", m, KT_FINE);
  kt_machine_set_counter(m, "cgroup./system.slice/db.service.nr_periods", 100000, NULL);
  kt_machine_set_counter(m, "cgroup./system.slice/db.service.nr_throttled", 41000, NULL);
  assert_fires("G14", m, 2, "/system.slice/db.service is held back by its CPU limit (throttled 41,000 times)");
}

/* X36 of a guest: KVM offers kvm-clock; what QEMU emulates without KVM never does. */
static void test_kvm_clock(void)
{
  static const struct {
    const char *hypervisor, *offered;
    KtState state;
  } cases[] = {
      {"kvm", "kvm-clock tsc acpi_pm", KT_FINE},
      {"kvm", "tsc hpet acpi_pm", KT_FIRED},
      {"kvm", NULL, KT_CANNOT_TELL},
      {NULL, "tsc hpet acpi_pm", KT_CANNOT_TELL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
    g_autoptr(KtMachine) m = guest_new(4, 1);
    g_free(m->hypervisor);
    m->hypervisor = g_strdup(cases[i].hypervisor);
    if (cases[i].offered)
      kt_machine_set_setting(m, "/sys/devices/system/clocksource/clocksource0/available_clocksource", cases[i].offered,
                             NULL);
    const KtSubject s = guest_subject(snapshot, m);
    g_autoptr(KtFinding) f = run_check("X36", &s);
    g_assert_cmpint(f->state, ==, cases[i].state);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/checks/guest/G01", test_g01);
  g_test_add_func("/checks/guest/G02", test_g02);
  g_test_add_func("/checks/guest/G03/case", test_g03_case);
  g_test_add_func("/checks/guest/G03/unknown-node-count", test_g03_unknown_node_count);
  g_test_add_func("/checks/guest/G03/all-shown", test_g03_all_shown);
  g_test_add_func("/checks/guest/G03/silent", test_g03_silent);
  g_test_add_func("/checks/guest/G03/by-rate", test_g03_by_rate);
  g_test_add_func("/checks/guest/G04", test_g04);
  g_test_add_func("/checks/guest/G05", test_g05);
  g_test_add_func("/checks/guest/G06", test_g06);
  g_test_add_func("/checks/guest/G07/fires", test_g07_fires);
  g_test_add_func("/checks/guest/G07/acquits", test_g07_acquits);
  g_test_add_func("/checks/guest/G08", test_g08);
  g_test_add_func("/checks/guest/G10", test_g10);
  g_test_add_func("/checks/guest/G11", test_g11);
  g_test_add_func("/checks/guest/G14", test_g14);
  g_test_add_func("/checks/guest/X36", test_kvm_clock);
  return g_test_run();
}
