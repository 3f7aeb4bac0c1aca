/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU processes of a made-up /proc: one as libvirt starts it (cgroup v2, a group
 * for each vCPU, huge pages), one as Proxmox does (one scope, vhost kernel
 * thread); two moments; and this very machine. */
#include <string.h>

#include "evidence/evidence.h"
#include "evidence/root_machine.h"
#include "evidence/sample.h"

static void add_bytes(KtRoot *root, const char *path, const char *text, gsize length)
{
  g_autoptr(GBytes) bytes = g_bytes_new(text, length);
  kt_root_add_file(root, path, bytes);
}

static void add(KtRoot *root, const char *path, const char *text)
{
  add_bytes(root, path, text, strlen(text));
}

static void add_args(KtRoot *root, int pid, const char *const *argv)
{
  g_autoptr(GString) line = g_string_new(NULL);
  for (; *argv; argv++)
    g_string_append_len(line, *argv, (gssize)strlen(*argv) + 1);
  g_autofree char *path = g_strdup_printf("proc/%d/cmdline", pid);
  add_bytes(root, path, line->str, line->len);
}

/* A thread; `directory` is proc/PID/task/TID or proc/PID of a kernel thread. */
static void add_thread(KtRoot *root, const char *directory, const char *comm, const char *affinity, int cpu,
                       const char *schedstat, const char *cgroup)
{
  const struct {
    const char *name;
    char *text;
  } files[] = {
      {"comm", g_strdup_printf("%s\n", comm)},
      {"status", g_strdup_printf("Name:\t%s\nCpus_allowed:\tff\nCpus_allowed_list:\t%s\n", comm, affinity)},
      {"stat", g_strdup_printf("77 (%s) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 6 0 100 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 "
                               "%d 0 0 0 0 0\n",
                               comm, cpu)},
      {"schedstat", g_strdup_printf("%s\n", schedstat)},
      {"cgroup", g_strdup_printf("%s\n", cgroup)},
  };
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *path = g_build_filename(directory, files[i].name, NULL);
    add(root, path, files[i].text);
    g_free(files[i].text);
  }
}

#define SCOPE "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope"

static void add_libvirt_guest(KtRoot *root, gboolean later)
{
  static const char *const argv[] = {"/usr/bin/qemu-system-x86_64",
                                     "-name",
                                     "guest=web,debug-threads=on",
                                     "-machine",
                                     "pc-q35-7.2,accel=kvm",
                                     "-cpu",
                                     "host",
                                     "-m",
                                     "size=8388608k",
                                     "-smp",
                                     "2,sockets=1,dies=1,cores=2,threads=1",
                                     "-uuid",
                                     "c7a5fdbd-edaf-9455-926a-d65c16db1809",
                                     NULL};
  add_args(root, 1234, argv);
  add(root, "proc/1234/comm", "qemu-system-x86\n");
  add(root, "proc/1234/status",
      "Name:\tqemu-system-x86\nVmLck:\t       0 kB\nVmRSS:\t  200000 kB\nRssAnon:\t  150000 kB\n"
      "RssShmem:\t       0 kB\nVmSwap:\t      12 kB\nHugetlbPages:\t 8388608 kB\n");
  add(root, "proc/1234/cgroup", "0::" SCOPE "/libvirt/emulator\n");
  add(root, "proc/1234/numa_maps",
      "7f1000000000 bind:0 file=/dev/hugepages/libvirt/qemu/1-web/mem huge dirty=4096 N0=3072 N1=1024 "
      "kernelpagesize_kB=2048\n"
      "7f3000000000 default anon=50 dirty=50 N1=50 kernelpagesize_kB=4\n");
  add(root, "proc/1234/smaps_rollup",
      "00400000-7fff00000000 ---p 00000000 00:00 0    [rollup]\nRss:              200000 kB\n"
      "AnonHugePages:     10240 kB\n");
  add_thread(root, "proc/1234/task/1234", "qemu-system-x86", "0-7", 1, "5000 100 3", "0::" SCOPE "/libvirt/emulator");
  add_thread(root, "proc/1234/task/1240", "CPU 0/KVM", "2", 2,
             later ? "1900000000 350000000 9" : "1000000000 100000000 5", "0::" SCOPE "/libvirt/vcpu0");
  add_thread(root, "proc/1234/task/1241", "CPU 1/KVM", "3,7", 7, later ? "700000000 0 9" : "700000000 0 5",
             "0::" SCOPE "/libvirt/vcpu1");
  add_thread(root, "proc/1234/task/1242", "IO iothread1", "0-1", 0, "1 1 1", "0::" SCOPE "/libvirt/iothread1");
  add(root, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory\n");
#define GROUP "sys/fs/cgroup" SCOPE
  add(root, GROUP "/cpu.weight", "200\n");
  add(root, GROUP "/cpuset.cpus.effective", "0-7\n");
  add(root, GROUP "/cpuset.mems.effective", "0-1\n");
  add(root, GROUP "/cpu.max", "max 100000\n");
  add(root, GROUP "/libvirt/vcpu0/cpu.max", "50000 100000\n");
  add(root, GROUP "/libvirt/vcpu1/cpu.max", "50000 100000\n");
  add(root, GROUP "/libvirt/vcpu0/cpu.stat",
      later ? "usage_usec 9\nnr_periods 120\nnr_throttled 60\n" : "usage_usec 8\nnr_periods 100\nnr_throttled 40\n");
  add(root, GROUP "/libvirt/vcpu1/cpu.stat", "usage_usec 8\nnr_periods 100\nnr_throttled 2\n");
  add(root, "sys/kernel/debug/kvm/1234-17/exits", later ? "9000\n" : "5000\n");
  add(root, "sys/kernel/debug/kvm/1234-17/halt_poll_fail_ns", later ? "300000000\n" : "100000000\n");
}

static void add_proxmox_guest(KtRoot *root)
{
  static const char *const argv[] = {
      "/usr/bin/kvm",  "-id", "101",  "-name", "db,debug-threads=on", "-smp", "1,sockets=1,cores=1,maxcpus=1", "-cpu",
      "x86-64-v2-AES", "-m",  "4096", NULL};
  add_args(root, 2000, argv);
  add(root, "proc/2000/comm", "kvm\n");
  add(root, "proc/2000/status",
      "Name:\tkvm\nVmRSS:\t 4300000 kB\nRssAnon:\t 4200000 kB\nRssShmem:\t       0 kB\n"
      "VmSwap:\t       0 kB\nHugetlbPages:\t       0 kB\n");
  add(root, "proc/2000/cgroup", "0::/qemu.slice/101.scope\n");
  add_thread(root, "proc/2000/task/2000", "kvm", "0-7", 1, "1 1 1", "0::/qemu.slice/101.scope");
  add_thread(root, "proc/2000/task/2007", "CPU 0/KVM", "0-7", 5, "1 1 1", "0::/qemu.slice/101.scope");
  add(root, "proc/2010/cmdline", "");
  add_thread(root, "proc/2010", "vhost-2000", "0-7", 6, "1 1 1", "0::/");
  add(root, "sys/fs/cgroup/qemu.slice/101.scope/memory.numa_stat",
      "anon N0=1073741824 N1=3221225472\nfile N0=4096 N1=0\nshmem N0=0 N1=1048576\n");
  add(root, "sys/fs/cgroup/qemu.slice/101.scope/memory.stat",
      "anon 4294967296\nfile 4096\nshmem 1048576\nanon_thp 2147483648\n");
  add(root, "sys/fs/cgroup/qemu.slice/101.scope/cpu.max", "max 100000\n");
}

static KtRoot *make_host(gboolean later)
{
  KtRoot *root = kt_root_new_memory(later ? "later" : "made-up");
  add(root, "proc/stat",
      later ? "cpu  1200 0 300 8500 0 0 0 0 400 0\ncpu0 600 0 150 4250 0 0 0 0 200 0\nctxt 5000\n"
            : "cpu  1000 0 200 8000 0 0 0 0 300 0\ncpu0 600 0 150 4250 0 0 0 0 200 0\nctxt 4000\n");
  add(root, "sys/devices/system/cpu/present", "0-7\n");
  add(root, "sys/devices/system/cpu/online", "0-7\n");
  add(root, "sys/devices/system/node/node0/cpulist", "0-3\n");
  add(root, "sys/devices/system/node/node1/cpulist", "4-7\n");
  add(root, "sys/devices/system/node/node0/numastat",
      later ? "numa_hit 2000\nnuma_miss 30\nnuma_foreign 5\n" : "numa_hit 1000\nnuma_miss 10\nnuma_foreign 5\n");
  add(root, "proc/1/comm", "systemd\n");
  add(root, "proc/1/cmdline", "/sbin/init");
  static const char *const irqbalance[] = {"/usr/sbin/irqbalance", "--foreground", NULL};
  add_args(root, 800, irqbalance);
  add(root, "proc/800/comm", "irqbalance\n");
  add(root, "proc/800/status", "Name:\tirqbalance\nVmRSS:\t    4000 kB\nMems_allowed_list:\t0-1\n");
  static const char *const java[] = {"/usr/bin/java", "-Xmx8g", "-jar", "app.jar", NULL};
  add_args(root, 900, java);
  add(root, "proc/900/comm", "java\n");
  add(root, "proc/900/status", "Name:\tjava\nVmRSS:\t 9000000 kB\nMems_allowed_list:\t0-1\n");
  add(root, "proc/900/numa_maps", "00400000 bind:1 file=/usr/bin/java mapped=1 N1=1 kernelpagesize_kB=4\n");
  add(root, "proc/950/cmdline", "/usr/bin/bash");
  add(root, "proc/950/comm", "bash\n");
  add_libvirt_guest(root, later);
  add_proxmox_guest(root);
  return root;
}

static KtSnapshot *read_host(KtRoot *root)
{
  KtSnapshot *snapshot = kt_snapshot_new();
  g_assert_true(kt_root_read_machine(root, snapshot, FALSE));
  g_assert_cmpuint(snapshot->machines->len, ==, 1);
  g_assert_cmpuint(snapshot->rejected->len, ==, 0);
  return snapshot;
}

static gint64 memory_on(const KtRuntime *runtime, int node)
{
  for (guint i = 0; i < runtime->memory->len; i++) {
    const KtNodeMemory *m = &g_array_index(runtime->memory, KtNodeMemory, i);
    if (m->node == node)
      return m->kib;
  }
  return -1;
}

static void assert_set(const KtSet *set, const char *list)
{
  g_autofree char *text = set ? kt_set_format(set) : NULL;
  g_assert_cmpstr(text, ==, list);
}

static const KtThread *find_thread(const KtRuntime *runtime, int tid)
{
  for (guint i = 0; i < runtime->threads->len; i++) {
    const KtThread *thread = runtime->threads->pdata[i];
    if (thread->tid == tid)
      return thread;
  }
  g_assert_not_reached();
}

static void assert_known(KtInt value, gint64 expected)
{
  g_assert_true(value.known);
  g_assert_cmpint(value.value, ==, expected);
}

static void test_libvirt(void)
{
  g_autoptr(KtRoot) root = make_host(FALSE);
  g_autoptr(KtSnapshot) snapshot = read_host(root);
  const KtDomain *d = kt_snapshot_domain(snapshot, "web");
  g_assert_nonnull(d);
  g_assert_cmpstr(d->type, ==, "kvm");
  g_assert_cmpstr(d->source, ==, "made-up/proc/1234/cmdline");
  const KtRuntime *r = d->runtime;
  g_assert_cmpint(r->pid, ==, 1234);
  g_assert_cmpuint(r->threads->len, ==, 4);
  const KtThread *vcpu1 = find_thread(r, 1241);
  g_assert_cmpint(vcpu1->vcpu, ==, 1);
  assert_set(vcpu1->affinity, "3,7");
  assert_known(vcpu1->last_cpu, 7);
  g_assert_false(vcpu1->run_pct.known);
  g_assert_cmpint(find_thread(r, 1242)->vcpu, ==, -1);
  assert_known(r->swap_kib, 12);
  assert_known(r->hugetlb_kib, 8388608);
  assert_known(r->locked_kib, 0);
  assert_known(r->anon_huge_kib, 10240);
  g_assert_cmpint(memory_on(r, 0), ==, 3072 * 2048); /* huge mappings alone */
  g_assert_cmpint(memory_on(r, 1), ==, 1024 * 2048);
  assert_known(r->nr_throttled, 42);
  g_assert_true(r->quota_cpus.known);
  g_assert_cmpfloat(r->quota_cpus.value, ==, 1.0);
  assert_known(r->cpu_weight, 200);
  assert_set(r->cpuset_cpus, "0-7");
  assert_set(r->cpuset_mems, "0-1");
}

static void test_proxmox(void)
{
  g_autoptr(KtRoot) root = make_host(FALSE);
  g_autoptr(KtSnapshot) snapshot = read_host(root);
  const KtDomain *d = kt_snapshot_domain(snapshot, "db");
  g_assert_nonnull(d);
  const KtRuntime *r = d->runtime;
  g_assert_cmpuint(r->threads->len, ==, 3); /* the vhost kernel thread too */
  g_assert_cmpstr(find_thread(r, 2010)->comm, ==, "vhost-2000");
  assert_known(find_thread(r, 2010)->last_cpu, 6);
  g_assert_cmpint(memory_on(r, 0), ==, 1048576);
  g_assert_cmpint(memory_on(r, 1), ==, 3145728 + 1024);
  assert_known(r->anon_huge_kib, 2097152);
  g_assert_false(r->quota_cpus.known); /* "max" is no quota */
  g_assert_false(r->nr_throttled.known);
  g_assert_false(r->cpu_weight.known);
}

static void assert_cited(const KtDomain *d, const char *fact, const char *source, const char *text)
{
  const KtCite *cite = kt_domain_cite_of(d, fact);
  if (!cite)
    g_error("%s is not cited", fact);
  g_assert_cmpstr(cite->source, ==, source);
  g_assert_cmpstr(cite->text, ==, text);
}

static void test_cites(void)
{
  g_autoptr(KtRoot) root = make_host(FALSE);
  g_autoptr(KtSnapshot) snapshot = read_host(root);
  const KtDomain *web = kt_snapshot_domain(snapshot, "web"), *db = kt_snapshot_domain(snapshot, "db");
  assert_cited(web, "runtime.memory", "made-up/proc/1234/numa_maps", "N0=6291456 kB N1=2097152 kB");
  assert_cited(web, "runtime.huge_pages", "made-up/proc/1234/smaps_rollup", "AnonHugePages: 10240 kB");
  assert_cited(web, "runtime.swap", "made-up/proc/1234/status", "VmSwap: 12 kB");
  assert_cited(web, "runtime.quota", "made-up/" GROUP "/libvirt/vcpu0/cpu.stat", "nr_throttled 40");
  assert_cited(web, "runtime.cpuset.cpus", "made-up/" GROUP "/cpuset.cpus.effective", "0-7");
  assert_cited(web, "runtime.cpuset.mems", "made-up/" GROUP "/cpuset.mems.effective", "0-1");
  assert_cited(web, "runtime.affinity", "made-up/proc/1234/task/1240/status", "Cpus_allowed_list: 2");
  assert_cited(web, "runtime.emulator", "made-up/proc/1234/task/1234/status", "Cpus_allowed_list: 0-7");
  assert_cited(db, "runtime.memory", "made-up/sys/fs/cgroup/qemu.slice/101.scope/memory.numa_stat",
               "N0=1048576 kB N1=3146752 kB");
  assert_cited(db, "runtime.huge_pages", "made-up/sys/fs/cgroup/qemu.slice/101.scope/memory.stat",
               "anon_thp 2147483648");
  g_assert_null(kt_domain_cite_of(db, "runtime.quota"));
}

/* Memory of a group shared with others is not the guest's. */
/* Without systemd libvirt makes /machine/qemu-1-web.libvirt-qemu. The emulator's group below it limits the
 * emulator only (seen in the lab: vcpupin moves vCPUs out of the CPUs that <vcpu cpuset> left it). */
static void test_libvirt_without_systemd(void)
{
#define OWN "/machine/qemu-1-web.libvirt-qemu"
  g_autoptr(KtRoot) root = make_host(FALSE);
  add(root, "proc/1234/cgroup", "0::" OWN "/emulator\n");
  add(root, "sys/fs/cgroup" OWN "/cpuset.cpus.effective", "0-7\n");
  add(root, "sys/fs/cgroup" OWN "/cpuset.mems.effective", "0-1\n");
  add(root, "sys/fs/cgroup" OWN "/emulator/cpuset.cpus.effective", "0-1\n");
  add(root, "sys/fs/cgroup" OWN "/emulator/cpuset.mems.effective", "0\n");
  g_autoptr(KtSnapshot) s = read_host(root);
  const KtRuntime *r = kt_snapshot_domain(s, "web")->runtime;
  assert_set(r->cpuset_cpus, "0-7");
  assert_set(r->cpuset_mems, "0-1");
}

/* Live numatune: libvirt limits the group of each vCPU, the guest's own stays as wide as the host. */
static void test_live_numatune(void)
{
  g_autoptr(KtRoot) root = make_host(FALSE);
  add(root, GROUP "/libvirt/vcpu0/cpuset.mems.effective", "1\n");
  g_autoptr(KtSnapshot) s = read_host(root);
  const KtDomain *web = kt_snapshot_domain(s, "web");
  assert_set(web->runtime->cpuset_mems, "1");
  assert_set(web->runtime->cpuset_cpus, "0-7");
  assert_cited(web, "runtime.cpuset.mems", "made-up/" GROUP "/libvirt/vcpu0/cpuset.mems.effective", "1");
}

/* By its command line: "-id 101"; of a libvirt guest's nobody is told. */
static void test_managers(void)
{
  g_autoptr(KtRoot) root = make_host(FALSE);
  g_autoptr(KtSnapshot) snapshot = read_host(root);
  g_assert_cmpint(kt_snapshot_domain(snapshot, "db")->manager, ==, KT_MANAGER_PROXMOX);
  g_assert_cmpint(kt_snapshot_domain(snapshot, "web")->manager, ==, KT_MANAGER_NONE);
  static const char *const argv[] = {"/usr/bin/kvm", "-name", "db", "-pidfile", "/var/run/qemu-server/101.pid", NULL};
  add_args(root, 2000, argv);
  g_autoptr(KtSnapshot) path = read_host(root);
  g_assert_cmpint(kt_snapshot_domain(path, "db")->manager, ==, KT_MANAGER_PROXMOX);
}

static void test_shared_group(void)
{
  g_autoptr(KtRoot) root = make_host(FALSE);
  add(root, "sys/fs/cgroup/qemu.slice/101.scope/memory.stat", "anon 9294967296\nshmem 1048576\n");
  g_autoptr(KtSnapshot) snapshot = read_host(root);
  const KtDomain *d = kt_snapshot_domain(snapshot, "db");
  g_assert_cmpuint(d->runtime->memory->len, ==, 0);
  g_assert_false(d->runtime->anon_huge_kib.known);
}

/* Of a guest of one cell, too, QEMU's own memory is told from the guest's where it may be what lies elsewhere. */
static void test_own_memory(void)
{
  static const char maps[] = "7f1000000000-7f1100000000 rw-p 00000000 00:00 0 \n"
                             "7f3000000000-7f3040000000 rw-p 00000000 00:00 0 \n";
  g_autoptr(KtRoot) root = make_host(FALSE);
  add(root, "proc/2000/maps", maps);
  add(root, "proc/2000/numa_maps",
      "7f1000000000 default anon=786432 dirty=786432 N1=786432 kernelpagesize_kB=4\n"
      "7f3000000000 default anon=262144 dirty=262144 N0=262144 kernelpagesize_kB=4\n");
  g_autoptr(KtSnapshot) snapshot = read_host(root);
  const KtDomain *d = kt_snapshot_domain(snapshot, "db");
  g_assert_cmpint(memory_on(d->runtime, 0), ==, 1048576);
  g_autoptr(GArray) own = kt_domain_cell_memory(d, 0);
  g_assert_cmpuint(own->len, ==, 1);
  g_assert_cmpint(g_array_index(own, KtNodeMemory, 0).node, ==, 1);
  g_assert_cmpint(g_array_index(own, KtNodeMemory, 0).kib, ==, 3145728);
}

/* There all that is resident is on the only node: numa_maps, whose walk holds the guest up, is not opened. */
static void test_only_node(void)
{
  g_autoptr(KtRoot) root = make_host(FALSE);
  kt_root_remove(root, "sys/devices/system/node/node1");
  add(root, "sys/fs/cgroup/qemu.slice/101.scope/memory.stat", "anon 9294967296\nshmem 1048576\n");
  add(root, "proc/2000/numa_maps", "7f3000000000 default anon=50 dirty=50 N0=50 kernelpagesize_kB=4\n");
  g_autoptr(KtSnapshot) snapshot = read_host(root);
  const KtDomain *d = kt_snapshot_domain(snapshot, "db");
  g_assert_cmpuint(d->runtime->memory->len, ==, 1);
  g_assert_cmpint(memory_on(d->runtime, 0), ==, 4200000);
  assert_cited(d, "runtime.memory", "made-up/proc/2000/status", "N0=4200000 kB");
  g_autoptr(KtSnapshot) deep = kt_snapshot_new();
  g_assert_true(kt_root_read_machine(root, deep, TRUE));
  g_assert_cmpint(memory_on(kt_snapshot_domain(deep, "db")->runtime, 0), ==, 200);
}

/* Since Linux 6.4 vhost workers are threads of QEMU: kernel threads are not looked through. */
static void test_kernel_threads(void)
{
  static const struct {
    const char *release;
    guint threads; /* of the guest, the kernel's among them */
  } cases[] = {{"6.3.9-1", 3}, {"6.4.0", 2}, {"5.15.0-91-generic", 3}, {"6.12", 2}, {"10.0", 2}, {"unknown", 3}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(KtRoot) root = make_host(FALSE);
    add(root, "proc/sys/kernel/osrelease", cases[i].release);
    g_autoptr(KtSnapshot) snapshot = read_host(root);
    g_assert_cmpuint(kt_snapshot_domain(snapshot, "db")->runtime->threads->len, ==, cases[i].threads);
  }
}

static void test_processes(void)
{
  g_autoptr(KtRoot) root = make_host(FALSE);
  g_autoptr(KtSnapshot) snapshot = read_host(root);
  const KtMachine *m = snapshot->machines->pdata[0];
  g_assert_true(m->processes_seen);
  g_assert_cmpint(m->role, ==, KT_ROLE_HOST);
  g_assert_cmpuint(m->processes->len, ==, 2); /* neither bash nor init nor QEMU */
  const KtProcess *irqbalance = m->processes->pdata[0], *java = m->processes->pdata[1];
  g_assert_cmpstr(irqbalance->comm, ==, "irqbalance");
  g_assert_cmpint(irqbalance->pid, ==, 800);
  g_assert_null(irqbalance->bound_nodes);
  g_assert_cmpstr(java->comm, ==, "java");
  g_assert_cmpuint(java->args->len, ==, 4);
  g_assert_cmpstr(java->args->pdata[1], ==, "-Xmx8g");
  g_assert_cmpstr(java->bound_nodes, ==, "bind:1");
  assert_known(java->rss_kib, 9000000);
}

static void test_two_moments(void)
{
  g_autoptr(KtRoot) before = make_host(FALSE);
  g_autoptr(KtRoot) after = make_host(TRUE);
  g_autoptr(KtSnapshot) snapshot = read_host(before);
  g_autoptr(KtSample) first = kt_sample_take(before, snapshot);
  g_autoptr(KtSample) second = kt_sample_take(after, snapshot);
  kt_sample_rates(first, second, 2.0, snapshot);
  const KtMachine *m = snapshot->machines->pdata[0];
  g_assert_cmpuint(m->activity->rows->len, ==, 1);
  const KtActivityRow *row = m->activity->rows->pdata[0];
  g_assert_cmpfloat(row->pct[KT_CPU_USER].value, ==, 12.5); /* 200 ticks, 100 of them guest's, of 800 */
  g_assert_cmpfloat(row->pct[KT_CPU_GUEST].value, ==, 12.5);
  g_assert_cmpfloat(row->pct[KT_CPU_SYSTEM].value, ==, 12.5);
  g_assert_cmpfloat(row->pct[KT_CPU_IDLE].value, ==, 62.5);
  g_assert_cmpfloat(row->seconds, ==, 2.0);
  g_assert_null(m->activity->per_cpu_busy); /* no tick passed on cpu0 */
  const KtNode *node0 = kt_machine_find_node(m, 0);
  g_assert_cmpfloat(node0->miss_per_second.value, ==, 10);
  g_assert_true(node0->foreign_per_second.known);
  g_assert_cmpfloat(node0->foreign_per_second.value, ==, 0);
  g_assert_false(kt_machine_find_node(m, 1)->miss_per_second.known);
  const KtRuntime *r = kt_snapshot_domain(snapshot, "web")->runtime;
  g_assert_cmpfloat(find_thread(r, 1240)->run_pct.value, ==, 45);
  g_assert_cmpfloat(find_thread(r, 1240)->wait_pct.value, ==, 12.5);
  g_assert_true(find_thread(r, 1241)->run_pct.known);
  g_assert_cmpfloat(find_thread(r, 1241)->run_pct.value, ==, 0);
  g_assert_cmpfloat(r->throttled_per_second.value, ==, 10);
  assert_cited(kt_snapshot_domain(snapshot, "web"), "runtime.threads", "later/proc/1234/task/1240/schedstat",
               "1900000000 350000000 9");
  assert_known(r->exits_per_second, 2000);
  g_assert_cmpfloat(r->halt_poll_fail_pct.value, ==, 10);
  g_assert_false(r->halt_poll_success_pct.known);
}

/* A guest that ended between the looks, and a thread of one that goes on. */
static void test_vanished(void)
{
  g_autoptr(KtRoot) before = make_host(FALSE), after = kt_root_new_memory("later");
  add(after, "proc/1234/comm", "qemu-system-x86\n");
  g_autoptr(KtSnapshot) snapshot = read_host(before);
  g_autoptr(KtSample) first = kt_sample_take(before, snapshot), second = kt_sample_take(after, snapshot);
  kt_sample_rates(first, second, 1.0, snapshot);
  const KtRuntime *r = kt_snapshot_domain(snapshot, "web")->runtime;
  g_assert_false(find_thread(r, 1240)->run_pct.known);
  g_assert_false(r->throttled_per_second.known);
  g_assert_null(((const KtMachine *)snapshot->machines->pdata[0])->activity);
  g_assert_null(kt_snapshot_domain(snapshot, "db"));
  g_assert_cmpuint(snapshot->notes->len, ==, 1);
  g_assert_cmpstr(snapshot->notes->pdata[0], ==, "domain 'db' ended while it was looked at");
}

static void count_call(double done, gpointer data)
{
  g_assert_cmpfloat(done, >=, 0);
  g_assert_cmpfloat(done, <=, 1);
  (*(guint *)data)++;
}

static void test_this_machine(void)
{
  guint calls = 0;
  const KtLiveOptions options = {.interval_s = 0.2, .progress = count_call, .progress_data = &calls};
  g_autoptr(GError) error = NULL;
  g_autoptr(KtSnapshot) snapshot = kt_evidence_read_live(&options, &error);
  g_assert_no_error(error);
  const KtMachine *m = snapshot->machines->pdata[0];
  g_assert_true(m->live);
  g_assert_cmpuint(calls, >, 1);
  g_assert_nonnull(m->name);
  g_assert_nonnull(m->kernel_release);
  g_assert_true(m->memory_kib.known);
  if (m->cpus.known)
    g_assert_cmpint(m->online.value, <=, m->cpus.value);
  if (m->activity && m->activity->rows->len) {
    const KtActivityRow *row = m->activity->rows->pdata[0];
    double sum = 0;
    for (guint i = 0; i < KT_CPU_FIELDS; i++)
      sum += row->pct[i].value;
    g_assert_cmpfloat_with_epsilon(sum, 100, 0.01);
  }
}

static void test_no_domain(void)
{
  const KtLiveOptions options = {.domain = "no such guest"};
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_evidence_read_live(&options, &error));
  g_assert_nonnull(error);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/proc-qemu/libvirt", test_libvirt);
  g_test_add_func("/proc-qemu/libvirt-without-systemd", test_libvirt_without_systemd);
  g_test_add_func("/proc-qemu/live-numatune", test_live_numatune);
  g_test_add_func("/proc-qemu/proxmox", test_proxmox);
  g_test_add_func("/proc-qemu/only-node", test_only_node);
  g_test_add_func("/proc-qemu/own-memory", test_own_memory);
  g_test_add_func("/proc-qemu/managers", test_managers);
  g_test_add_func("/proc-qemu/kernel-threads", test_kernel_threads);
  g_test_add_func("/proc-qemu/cites", test_cites);
  g_test_add_func("/proc-qemu/shared-group", test_shared_group);
  g_test_add_func("/proc-qemu/processes", test_processes);
  g_test_add_func("/proc-qemu/two-moments", test_two_moments);
  g_test_add_func("/proc-qemu/vanished", test_vanished);
  g_test_add_func("/proc-qemu/this-machine", test_this_machine);
  g_test_add_func("/proc-qemu/no-domain", test_no_domain);
  return g_test_run();
}
