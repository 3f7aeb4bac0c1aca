/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows that the reasons of exits decide. */
#include <string.h>

#include "host_fixture.h"

#define APICV "/sys/module/kvm_intel/parameters/enable_apicv"
#define AVIC "/sys/module/kvm_amd/parameters/avic"
#define PLE_GAP "/sys/module/kvm_intel/parameters/ple_gap"

static const char *const everywhere[] = {"0-15", NULL};
static const char *const own_cpus[] = {"0", "1", "2", "3", NULL};
static const char *const shared_cpus[] = {"0", "1", "2", "2", NULL};

static void count_exits(KtMachine *m, const char *reason, gint64 samples)
{
  g_autofree char *name = g_strconcat("kvm_exit.", reason, NULL);
  g_hash_table_remove(m->counters, name);
  kt_machine_set_counter(m, name, samples, NULL);
}

static void test_apicv(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  assert_state("H13", &s, KT_NOT_APPLICABLE); /* no guest runs, nothing was counted */
  guest_running(snapshot, "a", 4, 8, everywhere, 50);
  assert_cannot("H13", &s, "enable_apicv");
  change_setting(m, APICV, "Y");
  assert_state("H13", &s, KT_FINE);
  change_setting(m, APICV, "N");
  assert_cannot("H13", &s, "perf kvm stat");
  count_exits(m, "HLT", 1000);
  assert_state("H13", &s, KT_FINE);
  count_exits(m, "MSR_WRITE", 5000); /* the timer's, perhaps */
  count_exits(m, "APIC_ACCESS", 500);
  assert_cannot("H13", &s, "which MSRs");
  count_exits(m, "APIC_ACCESS", 5999);
  assert_cannot("H13", &s, "which MSRs");
  count_exits(m, "INTERRUPT_WINDOW", 9000);
  assert_fires("H13", &s, 2, "enable_apicv=N, and 71 % of the exits");
}

static void test_avic(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  change_setting(m, AVIC, "0");
  count_exits(m, "npf", 400);
  count_exits(m, "vintr", 400);
  assert_state("H13", &s, KT_FINE); /* half is not more than half */
  count_exits(m, "write_cr8", 1);
  assert_fires("H13", &s, 2, "avic=0");
  change_setting(m, AVIC, "1");
  assert_state("H13", &s, KT_FINE);
}

static void test_pause_loops(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, own_cpus, 50);
  assert_cannot("H15", &s, "ple_gap");
  change_setting(m, PLE_GAP, "0");
  assert_state("H15", &s, KT_FINE);
  change_setting(m, PLE_GAP, "128");
  assert_cannot("H15", &s, "perf kvm stat");
  count_exits(m, "HLT", 100);
  assert_state("H15", &s, KT_FINE); /* none was a pause */
  count_exits(m, "PAUSE_INSTRUCTION", 60);
  assert_fires("H15", &s, 1, "60 of 160 exits");
  change_text(&m->cpu_vendor, "AuthenticAMD");
  assert_state("H15", &s, KT_NOT_APPLICABLE);
  change_text(&m->cpu_vendor, "GenuineIntel");
  g_clear_pointer(&thread_of(d, 3)->affinity, kt_set_free);
  assert_cannot("H15", &s, "vCPU thread");
}

/* One vCPU that shares, of this or of another guest: pause-loop exits are right. */
static void test_pause_loops_where_cpus_are_shared(void)
{
  const char *const *pins[] = {everywhere, shared_cpus};
  for (guint i = 0; i < G_N_ELEMENTS(pins); i++) {
    g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
    KtMachine *m = host_new(snapshot);
    KtSubject s = host_subject(snapshot, m);
    change_setting(m, PLE_GAP, "128");
    count_exits(m, "PAUSE_INSTRUCTION", 60);
    assert_state("H15", &s, KT_NOT_APPLICABLE);
    static const char *const own[] = {"8", "9", NULL};
    guest_running(snapshot, "own", 2, 8, own, 50);
    assert_fires("H15", &s, 1, "60 of 60 exits");
    guest_running(snapshot, "other", 4, 8, pins[i], 50);
    assert_state("H15", &s, KT_NOT_APPLICABLE);
  }
}

static void wait_for_cpu(KtDomain *d, KtNum pct)
{
  for (guint i = 0; i < d->runtime->threads->len; i++)
    thread_of(d, i)->wait_pct = pct;
}

static void test_spinning(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, everywhere, 50);
  KtSubject s = domain_subject(snapshot, d, m);
  assert_state("W10", &s, KT_FINE); /* its vCPUs do not wait */
  wait_for_cpu(d, KT_NUM(3));
  assert_cannot("W10", &s, "perf kvm stat");
  count_exits(m, "hlt", 900);
  count_exits(m, "pause", 100);
  assert_state("W10", &s, KT_FINE); /* a tenth */
  count_exits(m, "pause", 300);
  assert_fires("W10", &s, 2, "25 % of exits are pauses");
  wait_for_cpu(d, KT_NUM(2));
  assert_state("W10", &s, KT_FINE);
  wait_for_cpu(d, KT_NUM_UNKNOWN);
  assert_cannot("W10", &s, "run delay");
  change_text(&d->type, "qemu");
  assert_state("W10", &s, KT_NOT_APPLICABLE);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/checks/H13/apicv", test_apicv);
  g_test_add_func("/checks/H13/avic", test_avic);
  g_test_add_func("/checks/H15", test_pause_loops);
  g_test_add_func("/checks/H15/shared", test_pause_loops_where_cpus_are_shared);
  g_test_add_func("/checks/W10", test_spinning);
  return g_test_run();
}
