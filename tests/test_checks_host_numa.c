/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "host_fixture.h"

#define KSM "/sys/kernel/mm/ksm/"
#define THP "/sys/kernel/mm/transparent_hugepage/enabled"

static const char *const node0[] = {"0-3,8-11", NULL};
static const char *const everywhere[] = {"0-15", NULL};

static void add_memory(KtDomain *d, int gib_on_0, int gib_on_1)
{
  if (gib_on_0)
    kt_runtime_add_memory(d->runtime, 0, (gint64)gib_on_0 << 20);
  if (gib_on_1)
    kt_runtime_add_memory(d->runtime, 1, (gint64)gib_on_1 << 20);
}

static void test_locality(void)
{
  static const struct {
    int here, away, severity; /* 0: fine */
    double run;
  } cases[] = {{9, 1, 0, 50}, {17, 3, 1, 50}, {6, 4, 2, 50}, {2, 8, 3, 50}, {2, 8, 1, 1}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
    KtMachine *m = host_new(snapshot);
    KtDomain *d = guest_running(snapshot, "a", 4, 20, node0, cases[i].run);
    KtSubject s = domain_subject(snapshot, d, m);
    assert_cannot("H20", &s, "memory by host node");
    add_memory(d, cases[i].here, cases[i].away);
    if (cases[i].severity)
      assert_fires("H20", &s, cases[i].severity, "of the guest's memory is where its vCPUs run");
    else
      assert_state("H20", &s, KT_FINE);
  }
}

static void test_locality_says_where(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "db", 4, 8, node0, 50);
  add_memory(d, 2, 6);
  KtSubject s = domain_subject(snapshot, d, m);
  g_autoptr(KtFinding) f = run_check("H20", &s);
  g_assert_cmpint(f->basis, ==, KT_BASIS_MEASURED);
  g_assert_true(says(f, "vCPUs on node 0, memory: 2 GiB on node 0, 6 GiB on node 1"));
  g_autofree char *action = kt_finding_action(f, &f->check->remedies[0]);
  g_assert_nonnull(strstr(action, "migratepages 4000 all 0"));
}

/* 256 MiB resident: what has less has hardly started. */
static void test_locality_of_little(void)
{
  for (gboolean enough = FALSE; enough <= TRUE; enough++) {
    g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
    KtMachine *m = host_new(snapshot);
    KtDomain *d = guest_running(snapshot, "a", 4, 8, node0, 50);
    kt_runtime_add_memory(d->runtime, 1, 256 * 1024 - !enough);
    KtSubject s = domain_subject(snapshot, d, m);
    if (enough)
      assert_fires("H20", &s, 3, "0 % of the guest's memory is where its vCPUs run");
    else
      assert_state("H20", &s, KT_NOT_APPLICABLE);
  }
}

static void test_locality_near_misses(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *wide = guest_running(snapshot, "wide", 4, 40, node0, 50); /* 40 GiB on a home of 32 */
  add_memory(wide, 20, 20);
  KtSubject s = domain_subject(snapshot, wide, m);
  assert_state("H20", &s, KT_NOT_APPLICABLE);
  KtDomain *idle = guest_running(snapshot, "idle", 4, 8, everywhere, 0.1);
  add_memory(idle, 0, 8);
  s = domain_subject(snapshot, idle, m);
  assert_state("H20", &s, KT_NOT_APPLICABLE);
  KtDomain *roaming = guest_running(snapshot, "roaming", 2, 8, everywhere, 50); /* both ran last on node 0 */
  add_memory(roaming, 1, 7);
  s = domain_subject(snapshot, roaming, m);
  assert_fires("H20", &s, 3, "12 %");
  thread_of(roaming, 1)->last_cpu = KT_INT(5);
  assert_state("H20", &s, KT_FINE);
  KtDomain *off = domain_new(snapshot, "off", 4, 8);
  s = domain_subject(snapshot, off, m);
  assert_state("H20", &s, KT_NOT_APPLICABLE);
}

static void test_nobody_balances(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  assert_state("H21", &s, KT_NOT_APPLICABLE);
  KtDomain *d = guest_running(snapshot, "a", 2, 8, everywhere, 50);
  add_memory(d, 1, 7);
  assert_cannot("H21", &s, "numa_balancing");
  change_setting(m, "kernel.numa_balancing", "0");
  assert_cannot("H21", &s, "numad");
  m->processes_seen = TRUE;
  assert_fires("H21", &s, 3, "nobody");
  change_setting(m, "kernel.numa_balancing", "2"); /* tiering only */
  assert_fires("H21", &s, 3, "nobody");
  kt_machine_add_process(m, 900, "numad");
  assert_state("H21", &s, KT_FINE);
  g_ptr_array_set_size(m->processes, 0);
  change_setting(m, "kernel.numa_balancing", "1");
  assert_state("H21", &s, KT_FINE);
  change_setting(m, "kernel.numa_balancing", "0"); /* off, and nobody suffers */
  g_array_set_size(d->runtime->memory, 0);
  add_memory(d, 8, 0);
  assert_state("H21", &s, KT_FINE);
}

static void add_rate(KtMachine *m, const char *name, double per_second)
{
  kt_machine_set_counter(m, name, 1, NULL);
  ((KtCounter *)kt_machine_counter(m, name))->per_second = KT_NUM(per_second);
}

static void test_thrash(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  change_setting(m, "kernel.numa_balancing", "1");
  guest_running(snapshot, "small", 4, 8, everywhere, 50);
  assert_state("H22", &s, KT_FINE);
  KtDomain *d = guest_running(snapshot, "big", 14, 48, everywhere, 50);
  assert_cannot("H22", &s, "numa_pages_migrated");
  add_rate(m, "vmstat.numa_pages_migrated", 40000);
  add_rate(m, "vmstat.numa_hint_faults", 1000);
  add_rate(m, "vmstat.numa_hint_faults_local", 300);
  assert_fires("H22", &s, 3, "40000 pages a second");
  d->numatune_mode = g_strdup("strict"); /* not scanned */
  assert_state("H22", &s, KT_FINE);
  change_text(&d->numatune_mode, NULL);
  add_rate(m, "vmstat.numa_hint_faults_local", 950);
  assert_state("H22", &s, KT_FINE); /* it settles */
  change_setting(m, "kernel.numa_balancing", "0");
  assert_state("H22", &s, KT_FINE);
}

static void test_numad(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  KtDomain *d = guest_running(snapshot, "a", 1, 8, node0, 50);
  assert_cannot("H23", &s, "numad");
  m->processes_seen = TRUE;
  assert_state("H23", &s, KT_FINE);
  KtProcess *p = kt_machine_add_process(m, 900, "numad");
  g_ptr_array_add(p->args, g_strdup("-w")); /* a query, no daemon */
  assert_state("H23", &s, KT_FINE);
  g_ptr_array_set_size(p->args, 0);
  assert_cannot("H23", &s, "numa_balancing");
  change_setting(m, "kernel.numa_balancing", "0");
  assert_state("H23", &s, KT_FINE);
  change_setting(m, "kernel.numa_balancing", "1");
  assert_fires("H23", &s, 1, "the kernel's NUMA balancing");
  kt_domain_set_pin(d, 0, set("2"));
  assert_fires("H23", &s, 2, "libvirt's pins");
}

static void test_ksm(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  change_setting(m, KSM "run", "1");
  assert_state("H24", &s, KT_NOT_APPLICABLE);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, everywhere, 50);
  assert_cannot("H24", &s, "merge_across_nodes");
  change_setting(m, KSM "merge_across_nodes", "1");
  m->memory_kib = KT_INT(64 << 20);
  change_setting(m, KSM "pages_sharing", "1048576");
  assert_fires("H24", &s, 2, "across nodes");
  g_autoptr(KtFinding) f = run_check("H24", &s);
  g_assert_true(says(f, "up to 4 GiB"));
  change_setting(m, KSM "pages_sharing", "0");
  assert_fires("H24", &s, 1, "across nodes");
  change_setting(m, KSM "pages_sharing", "9223372036854775807");
  assert_fires("H24", &s, 2, "across nodes");
  change_setting(m, KSM "merge_across_nodes", "0");
  assert_fires("H24", &s, 1, "not overcommitted");
  d->memory_kib = KT_INT(80 << 20);
  assert_state("H24", &s, KT_FINE);
  change_setting(m, KSM "run", "0");
  assert_state("H24", &s, KT_FINE);
}

static void test_huge_pages(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, everywhere, 50);
  KtSubject s = domain_subject(snapshot, d, m);
  assert_cannot("H26", &s, "AnonHugePages and Rss of the QEMU process (/proc/PID/smaps_rollup: with --deep");
  kt_machine_set_unreadable(m, "/proc/4000/smaps_rollup", "needs root");
  assert_cannot("H26", &s, "(/proc/PID/smaps_rollup: needs root)");
  d->runtime->rss_kib = KT_INT(8 << 20);
  d->runtime->anon_huge_kib = KT_INT(2 << 20);
  assert_fires("H26", &s, 2, "25 %");
  d->runtime->anon_huge_kib = KT_INT(7 << 20);
  assert_state("H26", &s, KT_FINE);
  d->runtime->anon_huge_kib = KT_INT(0);
  d->runtime->rss_kib = KT_INT(1 << 20); /* hardly touched its memory */
  assert_state("H26", &s, KT_FINE);
  d->memory_shared = TRUE;
  assert_cannot("H26", &s, "ShmemPmdMapped");
  d->memory_shared = FALSE;
  d->runtime->rss_kib = KT_INT_UNKNOWN;
  change_setting(m, THP, "never");
  assert_fires("H26", &s, 2, "are off");
  d->hugepages = TRUE;
  assert_state("H26", &s, KT_NOT_APPLICABLE);
  KtDomain *small = guest_running(snapshot, "small", 1, 1, everywhere, 50);
  s = domain_subject(snapshot, small, m);
  assert_state("H26", &s, KT_NOT_APPLICABLE);
}

static void set_pool(KtMachine *m, int node, int total_gib, int free_gib)
{
  KtNode *n = kt_machine_node(m, node);
  n->hugepages_total = KT_INT((gint64)total_gib << 20);
  n->hugepages_free = KT_INT((gint64)free_gib << 20);
}

static void test_pool(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  assert_state("H28", &s, KT_NOT_APPLICABLE);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, node0, 50);
  assert_cannot("H28", &s, "huge pages of each node");
  set_pool(m, 0, 0, 0);
  set_pool(m, 1, 0, 0);
  assert_state("H28", &s, KT_FINE);
  set_pool(m, 1, 12, 4);
  assert_state("H28", &s, KT_FINE);
  set_pool(m, 1, 12, 8);
  assert_fires("H28", &s, 1, "8 GiB of huge pages reserved and unused");
  d->hugepages = TRUE; /* lives on node 0, its pages came from node 1 */
  add_memory(d, 0, 8);
  assert_fires("H28", &s, 2, "lacks huge pages");
}

static void test_swap(void)
{
  static const struct {
    int mib, severity;
  } cases[] = {{20, 1}, {400, 2}, {3000, 3}};
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, everywhere, 50);
  KtSubject s = domain_subject(snapshot, d, m);
  assert_cannot("H29", &s, "VmSwap");
  d->runtime->swap_kib = KT_INT(0);
  assert_state("H29", &s, KT_FINE);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    d->runtime->swap_kib = KT_INT((gint64)cases[i].mib << 10);
    assert_fires("H29", &s, cases[i].severity, "swapped out");
  }
}

static void test_spill(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  KtNode *first = m->nodes->pdata[0], *second = m->nodes->pdata[1];
  first->numa_foreign = KT_INT(67068757); /* since boot says nothing */
  assert_state("H30", &s, KT_NOT_APPLICABLE);
  guest_running(snapshot, "a", 4, 8, node0, 50);
  assert_cannot("H30", &s, "two moments");
  first->foreign_per_second = KT_NUM(20);
  second->foreign_per_second = KT_NUM(9000); /* nobody lives there */
  assert_state("H30", &s, KT_FINE);
  first->foreign_per_second = KT_NUM(9000);
  assert_fires("H30", &s, 2, "node 0 is full");
  second->memory_kib = KT_INT(0); /* H06: the counters cannot be trusted */
  assert_state("H30", &s, KT_NOT_APPLICABLE);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/checks/H20/severity", test_locality);
  g_test_add_func("/checks/H20/says-where", test_locality_says_where);
  g_test_add_func("/checks/H20/little", test_locality_of_little);
  g_test_add_func("/checks/H20/near-misses", test_locality_near_misses);
  g_test_add_func("/checks/H21", test_nobody_balances);
  g_test_add_func("/checks/H22", test_thrash);
  g_test_add_func("/checks/H23", test_numad);
  g_test_add_func("/checks/H24", test_ksm);
  g_test_add_func("/checks/H26", test_huge_pages);
  g_test_add_func("/checks/H28", test_pool);
  g_test_add_func("/checks/H29", test_swap);
  g_test_add_func("/checks/H30", test_spill);
  return g_test_run();
}
