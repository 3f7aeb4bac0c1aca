/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "host_fixture.h"

#define ISOLATED "/sys/devices/system/cpu/isolated"

static const char *const everywhere[] = {"0-15", NULL};
static const char *const own_cpus[] = {"0", "1", "2", "3", NULL};

static void test_ready_time(void)
{
  static const struct {
    double first, second;
    int severity; /* 0: fine */
  } cases[] = {{0, 4.9, 0}, {0, 6, 1}, {0, 12, 2}, {7, 8, 2}, {30, 20, 3}};
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, everywhere, 50);
  KtSubject s = domain_subject(snapshot, d, m);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    for (guint v = 0; v < 4; v++)
      thread_of(d, v)->wait_pct = KT_NUM(v < 2 ? cases[i].first : cases[i].second);
    if (cases[i].first < cases[i].second && cases[i].first == 0)
      thread_of(d, 2)->wait_pct = KT_NUM(0); /* one vCPU only */
    if (cases[i].severity)
      assert_fires("H40", &s, cases[i].severity, "for a host CPU");
    else
      assert_state("H40", &s, KT_FINE);
  }
  thread_of(d, 3)->wait_pct = KT_NUM_UNKNOWN;
  assert_cannot("H40", &s, "run delay");
  KtDomain *off = domain_new(snapshot, "off", 4, 8);
  s = domain_subject(snapshot, off, m);
  assert_state("H40", &s, KT_NOT_APPLICABLE);
}

static void test_quota(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, everywhere, 50);
  KtSubject s = domain_subject(snapshot, d, m);
  assert_cannot("H41", &s, "nr_throttled");
  d->runtime->nr_throttled = KT_INT(884); /* since start: may be long ago */
  assert_cannot("H41", &s, "two moments");
  d->runtime->throttled_per_second = KT_NUM(0);
  assert_state("H41", &s, KT_FINE);
  d->runtime->throttled_per_second = KT_NUM(0.2);
  assert_fires("H41", &s, 1, "0.2 times");
  d->runtime->throttled_per_second = KT_NUM(6);
  d->runtime->quota_cpus = KT_NUM(4);
  assert_fires("H41", &s, 3, "6.0 times");
  d->runtime->throttled_per_second = KT_NUM_UNKNOWN;
  d->runtime->nr_throttled = KT_INT(0);
  assert_state("H41", &s, KT_FINE);
}

static void test_cpuset(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, own_cpus, 50);
  KtSubject s = domain_subject(snapshot, d, m);
  assert_state("H43", &s, KT_NOT_APPLICABLE); /* its definition asks for nothing */
  for (int i = 0; i < 4; i++)
    kt_domain_set_pin(d, i, set(own_cpus[i]));
  assert_cannot("H43", &s, "cpuset.cpus.effective");
  d->runtime->cpuset_cpus = set("0-1");
  assert_fires("H43", &s, 2, "allows CPUs 0-1, the pins want 0-3");
  kt_set_add_all(d->runtime->cpuset_cpus, m->online_set);
  assert_state("H43", &s, KT_FINE);
  d->runtime->cpuset_mems = set("1");
  assert_fires("H43", &s, 2, "memory of node 1 only");
  kt_set_add(d->runtime->cpuset_mems, 0);
  assert_state("H43", &s, KT_FINE);
}

static void test_isolated(void)
{
  static const char *const mask[] = {"4-7", NULL};
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, mask, 50);
  KtSubject s = domain_subject(snapshot, d, m);
  assert_cannot("H44", &s, "isolated CPUs");
  change_setting(m, ISOLATED, "4-7");
  assert_fires("H44", &s, 3, "4 vCPUs share CPUs 4-7");
  change_setting(m, ISOLATED, "7,15"); /* one isolated CPU in the mask: the rest is balanced */
  assert_state("H44", &s, KT_FINE);
  change_setting(m, ISOLATED, "");
  assert_state("H44", &s, KT_FINE);
  change_setting(m, ISOLATED, "4-7");
  KtDomain *single = guest_running(snapshot, "one", 1, 2, mask, 50);
  s = domain_subject(snapshot, single, m);
  assert_state("H44", &s, KT_FINE);
  KtDomain *pinned = guest_running(snapshot, "pinned", 4, 8, own_cpus, 50);
  s = domain_subject(snapshot, pinned, m);
  assert_state("H44", &s, KT_NOT_APPLICABLE);
  KtDomain *off = domain_new(snapshot, "off", 2, 8); /* by its definition */
  off->vcpu_cpuset = set("4-7");
  s = domain_subject(snapshot, off, m);
  assert_fires("H44", &s, 2, "2 vCPUs share CPUs 4-7");
}

static void set_busy(KtMachine *m, const char *cpus, double pct)
{
  KtActivity *a = kt_machine_activity(m);
  if (!a->per_cpu_busy)
    a->per_cpu_busy = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  g_autoptr(KtSet) which = set(cpus);
  for (int c = kt_set_next(which, 0); c >= 0; c = kt_set_next(which, (guint)c + 1)) {
    KtNum *busy = g_new(KtNum, 1);
    *busy = KT_NUM(pct);
    g_hash_table_insert(a->per_cpu_busy, GINT_TO_POINTER(c), busy);
  }
}

static void test_same_cpu(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  static const char *const overlapping[] = {"3", "4", NULL};
  KtDomain *a = guest_running(snapshot, "a", 4, 8, own_cpus, 95);
  KtDomain *b = guest_running(snapshot, "b", 2, 8, overlapping, 90);
  KtSubject s = domain_subject(snapshot, a, m);
  assert_fires("H45", &s, 2, "1 busy vCPUs share their CPU");
  g_autoptr(KtFinding) f = run_check("H45", &s);
  g_assert_true(says(f, "CPU 3: a and b are pinned to it"));
  thread_of(b, 0)->run_pct = KT_NUM(10); /* overcommitted on purpose, and not busy */
  assert_state("H45", &s, KT_FINE);
  thread_of(a, 0)->run_pct = KT_NUM_UNKNOWN;
  assert_cannot("H45", &s, "CPU use");
  KtDomain *roaming = guest_running(snapshot, "roaming", 4, 8, everywhere, 90);
  s = domain_subject(snapshot, roaming, m);
  assert_state("H45", &s, KT_NOT_APPLICABLE);
}

static void test_siblings(void)
{
  static const char *const pairs[] = {"0", "8", "1", "9", NULL}, *const others[] = {"8", "9", NULL},
                           *const mine[] = {"0", "1", NULL};
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, pairs, 95);
  KtSubject s = domain_subject(snapshot, d, m);
  assert_state("H45", &s, KT_FINE); /* whether a core idles is not known */
  set_busy(m, "0-15", 90);
  assert_state("H45", &s, KT_FINE); /* none does */
  set_busy(m, "4-7,12-15", 2);
  assert_fires("H45", &s, 2, "packed on sibling threads");
  d->threads = KT_INT(2);
  assert_state("H45", &s, KT_FINE);

  g_autoptr(KtSnapshot) two = kt_snapshot_new();
  m = host_new(two);
  d = guest_running(two, "a", 2, 8, mine, 95);
  guest_running(two, "b", 2, 8, others, 95);
  s = domain_subject(two, d, m);
  assert_fires("H45", &s, 1, "2 busy vCPUs share their core with another guest");
  set_busy(m, "4-7,12-15", 2);
  assert_fires("H45", &s, 2, "share their core");
}

static void test_emulator_threads(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, own_cpus, 50);
  KtSubject s = domain_subject(snapshot, d, m);
  assert_state("H46", &s, KT_FINE);
  KtThread *t = kt_runtime_add_thread(d->runtime, 4900, "IO iothread1");
  t->vcpu = -1;
  assert_cannot("H46", &s, "QEMU's own threads");
  t->run_pct = KT_NUM(30);
  t->last_cpu = KT_INT(2);
  assert_fires("H46", &s, 2, "on a vCPU's CPU");
  t->run_pct = KT_NUM(8);
  assert_fires("H46", &s, 1, "on a vCPU's CPU");
  t->run_pct = KT_NUM(4);
  assert_state("H46", &s, KT_FINE);
  t->run_pct = KT_NUM(30);
  t->last_cpu = KT_INT(9); /* its own node, nobody's CPU */
  assert_state("H46", &s, KT_FINE);
  t->last_cpu = KT_INT(6);
  assert_fires("H46", &s, 2, "on another node");
}

static void test_emulator_threads_of_roaming(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = guest_running(snapshot, "a", 4, 8, everywhere, 50);
  KtThread *t = kt_runtime_add_thread(d->runtime, 4900, "qemu");
  t->vcpu = -1;
  t->run_pct = KT_NUM(30);
  t->last_cpu = KT_INT(6);
  KtSubject s = domain_subject(snapshot, d, m);
  assert_state("H46", &s, KT_NOT_APPLICABLE);
}

static KtInterrupt *add_interrupt(KtMachine *m, const char *description, guint cpu, double per_second)
{
  KtInterrupt *irq = kt_machine_add_interrupt(m, "24");
  irq->device = TRUE;
  irq->description = g_strdup(description);
  g_array_set_size(irq->per_cpu, 16);
  g_array_index(irq->per_cpu, guint64, cpu) = 100;
  irq->total = 100;
  irq->per_second = KT_NUM(per_second);
  return irq;
}

static void test_interrupts(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  assert_state("H47", &s, KT_NOT_APPLICABLE);
  guest_running(snapshot, "a", 4, 8, own_cpus, 50);
  assert_cannot("H47", &s, "/proc/interrupts");
  add_interrupt(m, "PCI-MSI vfio-msix[0](0000:3b:00.0)", 2, 50000); /* the guest's own */
  add_interrupt(m, "PCI-MSI eth0-rx-0", 6, 50000);                  /* nobody's CPU */
  KtInterrupt *irq = add_interrupt(m, "PCI-MSI nvme0q3", 3, 400);
  assert_state("H47", &s, KT_FINE);
  irq->per_second = KT_NUM_UNKNOWN;
  assert_cannot("H47", &s, "two moments");
  irq->per_second = KT_NUM(4000);
  assert_fires("H47", &s, 2, "device interrupts");
  g_autoptr(KtFinding) f = run_check("H47", &s);
  g_assert_true(says(f, "CPU 3: 4000 device interrupts a second"));
}

/* A counter that one CPU collected before the interrupt was moved to another. */
static void test_moved_interrupt(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  guest_running(snapshot, "a", 4, 8, own_cpus, 50);
  KtSubject s = host_subject(snapshot, m);
  KtInterrupt *irq = add_interrupt(m, "PCI-MSI nvme0q3", 3, 4000);
  irq->affinity = set("12");
  assert_state("H47", &s, KT_FINE);
  kt_set_free(irq->affinity);
  irq->affinity = set("2");
  assert_fires("H47", &s, 2, "device interrupts");
  g_autoptr(KtFinding) f = run_check("H47", &s);
  g_assert_true(says(f, "CPU 2: 4000 device interrupts a second"));
}

static KtInterrupt *add_queue(KtMachine *m, int node, const char *cpus, double per_second)
{
  KtInterrupt *irq = add_interrupt(m, "PCI-MSIX-0000:3b:00.0 eth0", 6, per_second);
  irq->pci = g_strdup("0000:3b:00.0");
  irq->node = KT_INT(node);
  irq->affinity = set(cpus);
  return irq;
}

static void test_far_nic(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  KtDevice *device = kt_machine_add_device(m, "0000:3b:00.0");
  device->kind = g_strdup("network");
  KtInterrupt *far = add_queue(m, 0, "5", 20000);
  assert_state("H47", &s, KT_NOT_APPLICABLE); /* no guest runs */
  guest_running(snapshot, "a", 4, 8, everywhere, 50);
  assert_fires("H47", &s, 2, "interrupts of NIC 0000:3b:00.0 go to CPUs of another node");
  g_autoptr(KtFinding) f = run_check("H47", &s);
  g_assert_true(says(f, "is on node 0: 20000 of its 20000 interrupts a second go elsewhere, interrupt 24 to CPU 5"));
  far->per_second = KT_NUM(2000);
  assert_fires("H47", &s, 1, "NIC");
  KtInterrupt *near = add_queue(m, 0, "1", 2000); /* a queue for each CPU */
  assert_state("H47", &s, KT_FINE);
  near->per_second = KT_NUM(0);
  far->per_second = KT_NUM(500);
  assert_state("H47", &s, KT_FINE);
  far->per_second = KT_NUM(20000);
  change_text(&device->kind, "storage");
  assert_state("H47", &s, KT_FINE);
  change_text(&device->kind, "network");
  kt_set_free(far->affinity);
  far->affinity = set("0-15"); /* may go anywhere */
  assert_state("H47", &s, KT_FINE);
  far->node = KT_INT_UNKNOWN;
  far->per_second = KT_NUM_UNKNOWN;
  assert_cannot("H47", &s, "two moments");
}

static void test_passed_through(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtDomain *d = domain_new(snapshot, "a", 4, 8);
  KtSubject s = domain_subject(snapshot, d, m);
  assert_state("H48", &s, KT_NOT_APPLICABLE);
  KtHostdev *h = g_new0(KtHostdev, 1);
  h->address = g_strdup("0000:3b:00.0");
  g_ptr_array_add(d->hostdevs, h);
  assert_cannot("H48", &s, "numa_node");
  KtDevice *device = kt_machine_add_device(m, "0000:3b:00.0");
  device->node = KT_INT(1);
  assert_state("H48", &s, KT_NOT_APPLICABLE); /* the guest has no place of its own */
  d->numatune_nodeset = set("0");
  assert_fires("H48", &s, 2, "device 0000:3b:00.0 is on node 1, the guest on node 0");
  for (guint i = 0; i < 2; i++) /* two nodes of one socket */
    g_array_index(((KtNode *)m->nodes->pdata[i])->distances, int, 1 - i) = 11;
  assert_fires("H48", &s, 1, "on node 1");
  device->node = KT_INT(-1);
  assert_cannot("H48", &s, "firmware");
  device->node = KT_INT(0);
  assert_state("H48", &s, KT_FINE);
}

static void test_cache_neighbour(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *m = host_new(snapshot);
  KtSubject s = host_subject(snapshot, m);
  guest_running(snapshot, "a", 4, 8, everywhere, 50);
  assert_state("H49", &s, KT_NOT_APPLICABLE); /* no neighbour */
  guest_running(snapshot, "b", 4, 8, everywhere, 50);
  assert_cannot("H49", &s, "llc_occupancy");
  kt_machine_cache(m, 3, KT_CACHE_UNIFIED)->size_kib = KT_INT(32768);
  change_setting(m, "/sys/fs/resctrl/mon_data/mon_L3_00/llc_occupancy", "33000000"); /* all the rest */
  assert_cannot("H49", &s, "llc_occupancy");
  change_setting(m, "/sys/fs/resctrl/mon_groups/qemu-1-a/mon_data/mon_L3_00/llc_occupancy", "8388608");
  assert_state("H49", &s, KT_FINE);
  change_setting(m, "/sys/fs/resctrl/mon_groups/qemu-1-a/mon_data/mon_L3_00/llc_occupancy", "25165824");
  assert_fires("H49", &s, 2, "75 % of an L3");
}

static guint count_fired(const GPtrArray *all, const char *id)
{
  guint n = 0;
  for (guint i = 0; i < all->len; i++) {
    const KtDiagnosis *d = all->pdata[i];
    for (guint k = 0; k < d->findings->len; k++)
      n += g_str_equal(((const KtFinding *)d->findings->pdata[k])->check->id, id);
  }
  return n;
}

/* Guests pinned to the same CPUs are in each other's way on one host, not on two. */
static void test_of_two_hosts(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtMachine *first = host_new(snapshot), *second = host_new(snapshot);
  KtDomain *a = guest_running(snapshot, "a", 4, 8, own_cpus, 90), *b = guest_running(snapshot, "b", 4, 8, own_cpus, 90);
  a->host = b->host = first;
  g_autoptr(GPtrArray) together = kt_diagnose(snapshot, NULL);
  g_assert_cmpuint(count_fired(together, "H45"), ==, 2);
  b->host = second;
  g_autoptr(GPtrArray) apart = kt_diagnose(snapshot, NULL);
  g_assert_cmpuint(count_fired(apart, "H45"), ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/checks/H40", test_ready_time);
  g_test_add_func("/checks/H41", test_quota);
  g_test_add_func("/checks/H43", test_cpuset);
  g_test_add_func("/checks/H44", test_isolated);
  g_test_add_func("/checks/H45/same-cpu", test_same_cpu);
  g_test_add_func("/checks/H45/siblings", test_siblings);
  g_test_add_func("/checks/H46/pinned", test_emulator_threads);
  g_test_add_func("/checks/H46/roaming", test_emulator_threads_of_roaming);
  g_test_add_func("/checks/H47/dedicated", test_interrupts);
  g_test_add_func("/checks/H47/moved", test_moved_interrupt);
  g_test_add_func("/checks/H47/far-nic", test_far_nic);
  g_test_add_func("/checks/H48", test_passed_through);
  g_test_add_func("/checks/H49", test_cache_neighbour);
  g_test_add_func("/checks/two-hosts", test_of_two_hosts);
  return g_test_run();
}
