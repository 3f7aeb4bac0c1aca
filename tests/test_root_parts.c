/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a machine's files that the shared machines have little of: interrupts
 * with their devices, control groups, resctrl. */
#include <string.h>

#include "base/identity.h"
#include "evidence/root_machine.h"
#include "evidence/sample.h"

static void add(KtRoot *root, const char *path, const char *text)
{
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
  kt_root_add_file(root, path, bytes);
}

static KtRoot *new_root(void)
{
  KtRoot *root = kt_root_new_memory("made-up");
  add(root, "sys/devices/system/cpu/present", "0-1\n");
  add(root, "sys/devices/system/cpu/online", "0-1\n");
  return root;
}

static const KtMachine *read_machine(KtRoot *root, KtSnapshot *snapshot)
{
  g_assert_true(kt_root_read_machine(root, snapshot, FALSE));
  return snapshot->machines->pdata[0];
}

/* ---- interrupts ---- */

static void add_device(KtRoot *root, const char *address, const char *class, const char *node)
{
  const struct {
    const char *name, *text;
  } files[] = {{"class", class}, {"numa_node", node}};
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *path = g_build_filename("sys/bus/pci/devices", address, files[i].name, NULL);
    add(root, path, files[i].text);
  }
}

/* A bond over a card's interface, a bridge over the bond, a disk; what is virtual alone is nobody's. */
static void test_device_names(void)
{
  g_autoptr(KtRoot) root = new_root();
  add_device(root, "0000:3b:00.0", "0x020000\n", "1\n");
  add_device(root, "0000:5e:00.0", "0x010802\n", "0\n");
  add(root, "sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.0/net/eth0/mtu", "1500\n");
  add(root, "sys/devices/virtual/net/bond0/mtu", "1500\n");
  add(root, "sys/devices/virtual/net/br0/mtu", "1500\n");
  kt_root_add_link(root, "sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.0/net/eth0/upper_bond0",
                   "../../../../../virtual/net/bond0");
  kt_root_add_link(root, "sys/devices/virtual/net/bond0/upper_br0", "../br0");
  kt_root_add_link(root, "sys/devices/virtual/net/br0/lower_bond0", "../bond0");
  kt_root_add_link(root, "sys/class/net/eth0", "../../devices/pci0000:3a/0000:3a:00.0/0000:3b:00.0/net/eth0");
  kt_root_add_link(root, "sys/class/net/bond0", "../../devices/virtual/net/bond0");
  kt_root_add_link(root, "sys/class/net/br0", "../../devices/virtual/net/br0");
  kt_root_add_link(root, "sys/class/net/br1", "../../devices/virtual/net/br1");
  kt_root_add_link(root, "sys/class/block/nvme0n1", "../../devices/pci0000:5d/0000:5e:00.0/nvme/nvme0/nvme0n1");
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  const KtMachine *m = read_machine(root, snapshot);
  const KtDevice *card = m->devices->pdata[0], *disk = m->devices->pdata[1];
  g_assert_cmpuint(card->names->len, ==, 3);
  g_assert_cmpstr(card->names->pdata[0], ==, "eth0");
  g_assert_cmpstr(card->names->pdata[1], ==, "bond0");
  g_assert_cmpstr(card->names->pdata[2], ==, "br0");
  g_assert_cmpuint(disk->names->len, ==, 1);
  g_assert_cmpstr(disk->names->pdata[0], ==, "nvme0n1");
}

static void add_irq(KtRoot *root, int irq, const char *effective, const char *allowed, const char *node)
{
  const struct {
    const char *name, *text;
  } files[] = {{"effective_affinity_list", effective}, {"smp_affinity_list", allowed}, {"node", node}};
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *path = g_strdup_printf("proc/irq/%d/%s", irq, files[i].name);
    add(root, path, files[i].text);
  }
}

static void assert_irq(const KtMachine *m, const char *name, const char *pci, const char *affinity, int node)
{
  const KtInterrupt *irq = kt_machine_find_interrupt(m, name);
  g_assert_nonnull(irq);
  g_autofree char *list = irq->affinity ? kt_set_format(irq->affinity) : NULL;
  g_assert_cmpstr(irq->pci, ==, pci);
  g_assert_cmpstr(list, ==, affinity);
  g_assert_cmpint(irq->node.known ? irq->node.value : -1, ==, node);
}

static void test_interrupts(void)
{
  g_autoptr(KtRoot) root = new_root();
  add_device(root, "0000:3b:00.0", "0x020000\n", "1\n");
  add_device(root, "0000:5e:00.0", "0x010802\n", "-1\n");
  add(root, "sys/bus/pci/devices/0000:5e:00.0/msi_irqs/30", "msix\n");
  add(root, "proc/interrupts",
      "           CPU0       CPU1\n"
      "   4:          9          0   IO-APIC    4-edge      ttyS0\n"
      "  28:        100          7   PCI-MSIX-0000:3b:00.0    1-edge      eth0-rx-0\n"
      "  29:          5          7   PCI-MSI 30932992-edge      i40e-0000:3b:00.0:misc\n"
      "  30:          5          7   PCI-MSI 1-edge      nvme0q1\n"
      "  31:          0          0   PCI-MSIX-0000:3b:00.0    2-edge      eth0-rx-1\n"
      " RES:          3          4   Rescheduling interrupts\n");
  add_irq(root, 4, "0\n", "0-1\n", "-1\n");
  add_irq(root, 28, "1\n", "0-1\n", "0\n");
  add_irq(root, 29, "\n", "0-1\n", "1\n"); /* switched off */
  add_irq(root, 30, "oops\n", "0\n", "0\n");
  add_irq(root, 31, "0\n", "0-1\n", "1\n");
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  const KtMachine *m = read_machine(root, snapshot);
  assert_irq(m, "4", NULL, "0", -1);
  assert_irq(m, "28", "0000:3b:00.0", "1", 1); /* the device knows better than the interrupt */
  assert_irq(m, "29", "0000:3b:00.0", "0-1", 1);
  assert_irq(m, "30", "0000:5e:00.0", "0", -1);
  assert_irq(m, "31", NULL, NULL, -1); /* never came */
  assert_irq(m, "RES", NULL, NULL, -1);
  g_assert_cmpuint(snapshot->rejected->len, ==, 1);
  g_assert_cmpstr(((const KtRejected *)snapshot->rejected->pdata[0])->source, ==,
                  "made-up/proc/irq/30/effective_affinity_list");
}

/* ---- control groups ---- */

#define UNLIMITED "usage_usec 5\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n"

static KtRoot *new_guest(gboolean later)
{
  KtRoot *root = new_root();
  add(root, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory\n");
  add(root, "sys/fs/cgroup/cpu.stat", "usage_usec 9\n");
  add(root, "sys/fs/cgroup/system.slice/cpu.stat", UNLIMITED);
  add(root, "sys/fs/cgroup/system.slice/ssh.service/cpu.stat", UNLIMITED);
  add(root, "sys/fs/cgroup/kubepods.slice/cpu.stat", UNLIMITED);
  add(root, "sys/fs/cgroup/kubepods.slice/pod1.slice/cpu.stat",
      later ? "usage_usec 9\nnr_periods 620\nnr_throttled 130\n" : "usage_usec 8\nnr_periods 600\nnr_throttled 120\n");
  return root;
}

static void test_cgroups(void)
{
  g_autoptr(KtRoot) root = new_guest(FALSE), after = new_guest(TRUE);
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  const KtMachine *m = read_machine(root, snapshot);
  g_assert_true(m->cgroups_seen);
  const KtCounter *throttled = kt_machine_counter(m, "cgroup./kubepods.slice/pod1.slice.nr_throttled"),
                  *periods = kt_machine_counter(m, "cgroup./kubepods.slice/pod1.slice.nr_periods");
  g_assert_nonnull(throttled);
  g_assert_nonnull(periods);
  g_assert_cmpint(throttled->value, ==, 120);
  g_assert_cmpint(periods->value, ==, 600);
  g_assert_null(kt_machine_counter(m, "cgroup./kubepods.slice.nr_throttled"));
  g_assert_cmpuint(g_hash_table_size(m->counters), ==, 2);
  const KtCite *cite = kt_machine_cite_of(m, "counters.cgroup./kubepods.slice/pod1.slice.nr_throttled");
  g_assert_cmpstr(cite->source, ==, "made-up/sys/fs/cgroup/kubepods.slice/pod1.slice/cpu.stat");
  g_assert_cmpstr(cite->text, ==, "nr_throttled 120");
  g_autoptr(KtSample) first = kt_sample_take(root, snapshot), second = kt_sample_take(after, snapshot);
  kt_sample_rates(first, second, 2, snapshot);
  g_assert_true(throttled->per_second.known);
  g_assert_cmpfloat(throttled->per_second.value, ==, 5);
}

static void test_cgroups_v1(void)
{
  g_autoptr(KtRoot) root = new_root();
  add(root, "sys/fs/cgroup/cpu,cpuacct/cpu.stat", "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n");
  add(root, "sys/fs/cgroup/cpu,cpuacct/docker/cpu.stat", "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n");
  add(root, "sys/fs/cgroup/cpu,cpuacct/docker/c1/cpu.stat", "nr_periods 30\nnr_throttled 0\nthrottled_time 0\n");
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  const KtMachine *m = read_machine(root, snapshot);
  g_assert_true(m->cgroups_seen);
  const KtCounter *throttled = kt_machine_counter(m, "cgroup./docker/c1.nr_throttled");
  g_assert_nonnull(throttled);
  g_assert_cmpint(throttled->value, ==, 0);
}

static void test_no_cgroups(void)
{
  g_autoptr(KtRoot) root = new_root();
  add(root, "sys/fs/cgroup/cpuset/cpuset.cpus", "0-1\n");
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  const KtMachine *m = read_machine(root, snapshot);
  g_assert_false(m->cgroups_seen);
  g_assert_cmpuint(g_hash_table_size(m->counters), ==, 0);
}

/* What is too deep or too much was not looked at: then nobody knows. */
static void test_many_cgroups(void)
{
  g_autoptr(KtRoot) deep = new_guest(FALSE), wide = new_guest(FALSE);
  add(deep, "sys/fs/cgroup/a/cpu.stat", UNLIMITED);
  add(deep, "sys/fs/cgroup/a/b/cpu.stat", UNLIMITED);
  add(deep, "sys/fs/cgroup/a/b/c/cpu.stat", UNLIMITED);
  add(deep, "sys/fs/cgroup/a/b/c/d/cpu.stat", UNLIMITED);
  add(deep, "sys/fs/cgroup/a/b/c/d/e/cpu.stat", UNLIMITED);
  add(deep, "sys/fs/cgroup/a/b/c/d/e/f/cpu.stat", UNLIMITED);
  add(deep, "sys/fs/cgroup/a/b/c/d/e/f/g/cpu.stat", "nr_periods 5\nnr_throttled 5\n");
  for (guint i = 0; i < 2500; i++) {
    g_autofree char *path = g_strdup_printf("sys/fs/cgroup/many/g%u/cpu.stat", i);
    add(wide, path, UNLIMITED);
  }
  add(wide, "sys/fs/cgroup/many/cpu.stat", UNLIMITED);
  KtRoot *const roots[] = {deep, wide};
  for (guint i = 0; i < G_N_ELEMENTS(roots); i++) {
    g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
    const KtMachine *m = read_machine(roots[i], snapshot);
    g_assert_false(m->cgroups_seen);
    g_assert_nonnull(kt_machine_counter(m, "cgroup./kubepods.slice/pod1.slice.nr_throttled"));
    g_assert_null(kt_machine_counter(m, "cgroup./a/b/c/d/e/f/g.nr_throttled"));
  }
}

/* ---- resctrl ---- */

static void test_resctrl(void)
{
  static const char *const groups[] = {"", "mon_groups/idle/", "qemu-1-web-vcpus_0-3/",
                                       "qemu-1-web-vcpus_0-3/mon_groups/vcpus_0-1/"};
  g_autoptr(KtRoot) root = new_root();
  add(root, "sys/fs/resctrl/cpus", "3\n");
  for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
    g_autofree char *path = g_strdup_printf("sys/fs/resctrl/%smon_data/mon_L3_00/llc_occupancy", groups[i]);
    g_autofree char *value = g_strdup_printf("%u\n", i * 1000);
    add(root, path, value);
  }
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  const KtMachine *m = read_machine(root, snapshot);
  g_assert_cmpuint(g_hash_table_size(m->settings), ==, G_N_ELEMENTS(groups));
  for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
    g_autofree char *name = g_strdup_printf("/sys/fs/resctrl/%smon_data/mon_L3_00/llc_occupancy", groups[i]);
    gint64 bytes;
    g_assert_true(kt_machine_setting_int(m, name, &bytes));
    g_assert_cmpint(bytes, ==, i * 1000);
  }
}

/* The word is one way only, and the same each time. */
static void test_identity(void)
{
  g_autoptr(KtRoot) root = new_root();
  g_assert_null(kt_identity_machine(root));
  add(root, "var/lib/dbus/machine-id", "0123456789abcdef0123456789abcdef\n");
  g_autofree char *dbus = kt_identity_machine(root);
  /* printf %s kvmtune | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef | cut -c1-32 */
  g_assert_cmpstr(dbus, ==, "86865739ba58d125ba30f6e135eaece5");
  add(root, "etc/machine-id", "uninitialized\n"); /* of an image that was not started yet */
  g_autofree char *same = kt_identity_machine(root);
  g_assert_cmpstr(same, ==, dbus);
  g_autoptr(KtRoot) other = new_root();
  add(other, "etc/machine-id", "0123456789abcdef0123456789abcdee\n");
  g_autofree char *another = kt_identity_machine(other);
  g_assert_cmpuint(strlen(another), ==, 32);
  g_assert_cmpstr(another, !=, dbus);
  add(other, "proc/sys/kernel/random/boot_id", "6b2ee4f4-0000-0000-0000-000000000000\n");
  g_autofree char *boot = kt_identity_boot(other);
  g_assert_cmpstr(boot, ==, "6b2ee4f4-0000-0000-0000-000000000000");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/root-parts/interrupts", test_interrupts);
  g_test_add_func("/root-parts/device-names", test_device_names);
  g_test_add_func("/root-parts/cgroups/v2", test_cgroups);
  g_test_add_func("/root-parts/cgroups/v1", test_cgroups_v1);
  g_test_add_func("/root-parts/cgroups/none", test_no_cgroups);
  g_test_add_func("/root-parts/cgroups/many", test_many_cgroups);
  g_test_add_func("/root-parts/resctrl", test_resctrl);
  g_test_add_func("/root-parts/identity", test_identity);
  return g_test_run();
}
