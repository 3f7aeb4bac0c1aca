/* SPDX-License-Identifier: GPL-2.0-or-later */
/* X01, X03-X10: each row fired, fine, not to be told, and near misses. */
#include <string.h>

#include "check_fixture.h"
#include "model/predict.h"

/* ---- subjects ---- */

/* An lscpu text as far as it goes: lines are 10 and up, caches before nodes. */
static void add_cache(KtMachine *m, int level, KtCacheType type, gint64 kib, gint64 instances, guint line)
{
  KtCache *cache = kt_machine_cache(m, level, type);
  cache->size_kib = KT_INT(kib);
  if (instances)
    cache->instances = KT_INT(instances);
  g_autofree char *name = kt_cache_name(cache);
  g_autofree char *path = g_strconcat("caches.", name, NULL);
  KtCite cite = {.source = "lscpu.txt", .line = line, .text = "cache:"};
  kt_machine_cite(m, path, &cite);
}

static KtMachine *lscpu_guest(int cpus, int sockets, int nodes, gboolean l3)
{
  KtMachine *m = guest_new(cpus, nodes);
  m->sockets = KT_INT(sockets);
  m->cores_per_socket = KT_INT(cpus / sockets);
  m->threads_per_core = KT_INT(1);
  add_cache(m, 1, KT_CACHE_DATA, 32, 0, 20);
  add_cache(m, 2, KT_CACHE_UNIFIED, 4096, 0, 22);
  if (l3)
    add_cache(m, 3, KT_CACHE_UNIFIED, 16384, 0, 23);
  KtCite numa = {.source = "lscpu.txt", .line = 24, .text = "NUMA node(s): 1"};
  kt_machine_cite(m, "caches.end", &numa);
  return m;
}

static KtDomain *domain_new(int vcpus, int sockets, int cores, int threads)
{
  KtDomain *d = kt_domain_new("domain.xml");
  d->name = g_strdup("crm");
  d->format = g_strdup("libvirt");
  d->type = g_strdup("kvm");
  d->arch = g_strdup("x86_64");
  d->machine_type = g_strdup("pc-q35-7.2");
  d->vcpus = KT_INT(vcpus);
  d->cpu_given = TRUE;
  d->cpu_mode = g_strdup("host-passthrough");
  if (sockets) {
    d->sockets = KT_INT(sockets);
    d->dies = KT_INT(1);
    d->cores = KT_INT(cores);
    d->threads = KT_INT(threads);
  }
  return d;
}

static void pin(KtDomain *d, const int *cpus, int n)
{
  for (int v = 0; v < n; v++) {
    KtSet *set = kt_set_new();
    kt_set_add(set, (guint)cpus[v]);
    kt_domain_set_pin(d, v, set);
  }
}

/* A host of one socket: cores with threads c and c + cores, an L3 each `cores_per_l3` cores. */
static KtMachine *host_new(const char *vendor, int cores, int cores_per_l3)
{
  KtMachine *host = kt_machine_new();
  host->role = KT_ROLE_HOST;
  host->name = g_strdup("host1");
  host->cpu_vendor = g_strdup(vendor);
  host->sockets = KT_INT(1);
  host->threads_per_core = KT_INT(2);
  KtNode *node = kt_machine_node(host, 0);
  node->cpus = kt_set_new();
  KtCache *l3 = kt_machine_cache(host, 3, KT_CACHE_UNIFIED);
  for (int c = 0; c < cores; c++) {
    if (c % cores_per_l3 == 0)
      g_ptr_array_add(l3->groups, kt_set_new());
    for (int t = 0; t < 2; t++) {
      guint id = (guint)(c + t * cores);
      KtCpu *cpu = kt_machine_cpu(host, id);
      cpu->siblings = kt_set_new();
      kt_set_add(cpu->siblings, (guint)c);
      kt_set_add(cpu->siblings, (guint)(c + cores));
      kt_set_add(node->cpus, id);
      kt_set_add(l3->groups->pdata[c / cores_per_l3], id);
    }
  }
  return host;
}

static KtFinding *look_domain(const char *id, const KtDomain *d, const KtMachine *host)
{
  g_autoptr(KtMachine) guest = kt_predict_guest(d, host);
  KtSubject s = {.kind = KT_FOR_DOMAIN, .name = d->name, .domain = d, .guest = guest, .predicted = TRUE, .host = host};
  return run_check(id, &s);
}

static void domain_is(const char *id, const KtDomain *d, const KtMachine *host, KtState state)
{
  g_autoptr(KtFinding) f = look_domain(id, d, host);
  g_assert_cmpint(f->state, ==, state);
}

static void guest_is(const char *id, const KtMachine *m, KtState state)
{
  KtSubject s = guest_subject(NULL, m);
  g_autoptr(KtFinding) f = run_check(id, &s);
  g_assert_cmpint(f->state, ==, state);
}

static void assert_action(const KtFinding *f, KtLayer layer, const char *part)
{
  for (const KtRemedy *r = f->check->remedies; r->action; r++) {
    if (r->layer != layer)
      continue;
    g_autofree char *action = kt_finding_action(f, r);
    if (!strstr(action, part))
      g_error("'%s' does not hold '%s'", action, part);
    return;
  }
  g_error("%s has no remedy for layer %s", f->check->id, kt_layer_names[layer]);
}

static void set_model(KtDomain *d, const char *model)
{
  g_free(d->cpu_mode);
  d->cpu_mode = g_strdup("custom");
  g_free(d->cpu_model);
  d->cpu_model = g_strdup(model);
}

/* ---- X01 ---- */

static void test_x01_domain(void)
{
  g_autoptr(KtDomain) d = domain_new(4, 1, 4, 1);
  domain_is("X01", d, NULL, KT_FINE);
  set_model(d, "kvm64");
  domain_is("X01", d, NULL, KT_FIRED);
  set_model(d, "Penryn-v1");
  domain_is("X01", d, NULL, KT_FIRED);
  set_model(d, "Westmere"); /* has AES */
  domain_is("X01", d, NULL, KT_FINE);
  set_model(d, "qemu64");
  kt_domain_set_feature(d, "aes", "require");
  kt_domain_set_feature(d, "avx", "require");
  domain_is("X01", d, NULL, KT_FINE);

  g_autoptr(KtDomain) none = domain_new(4, 1, 4, 1);
  none->cpu_given = FALSE;
  g_clear_pointer(&none->cpu_mode, g_free);
  g_autoptr(KtFinding) f = look_domain("X01", none, NULL);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_cmpint(f->severity, ==, 3);
  g_assert_nonnull(strstr(f->title, "qemu64"));
  assert_action(f, KT_LAYER_LIBVIRT, "virsh edit crm ");
  none->cut = TRUE;
  domain_is("X01", none, NULL, KT_CANNOT_TELL);
  none->cut = FALSE;
  g_free(none->type);
  none->type = g_strdup("qemu");
  domain_is("X01", none, NULL, KT_NOT_APPLICABLE);

  /* a host that has no more */
  g_autoptr(KtDomain) old = domain_new(4, 1, 4, 1);
  set_model(old, "Nehalem");
  g_autoptr(KtMachine) host = host_new("GenuineIntel", 4, 4);
  host->cpu_flags = g_strdup("fpu sse4_2");
  domain_is("X01", old, host, KT_FINE);
}

static void test_x01_guest(void)
{
  g_autoptr(KtMachine) m = guest_new(8, 1);
  guest_is("X01", m, KT_CANNOT_TELL);
  m->cpu_family = KT_INT(6);
  m->cpu_model = KT_INT(42);
  guest_is("X01", m, KT_FINE); /* a real CPU's numbers */
  m->cpu_model = KT_INT(6);
  guest_is("X01", m, KT_CANNOT_TELL);
  m->cpu_model_name = g_strdup("QEMU Virtual CPU version 2.5+");
  guest_is("X01", m, KT_FIRED);
  g_free(m->cpu_model_name);
  m->cpu_model_name = g_strdup("Common KVM processor");
  guest_is("X01", m, KT_FIRED);
  g_free(m->cpu_model_name);
  m->cpu_model_name = g_strdup("Intel Xeon Processor (Icelake)");
  guest_is("X01", m, KT_FINE);
  m->cpu_flags = g_strdup("fpu sse4_2");
  g_autoptr(KtMachine) better = guest_new(8, 1);
  better->name = g_strdup("good");
  better->cpu_flags = g_strdup("fpu aes avx avx2");
  KtSubject s = guest_subject(NULL, m);
  s.reference = better;
  g_autoptr(KtFinding) f = run_check("X01", &s);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_cmpint(f->basis, ==, KT_BASIS_INFERRED);
}

/* ---- X03 ---- */

static void test_x03_absent(void)
{
  g_autoptr(KtMachine) m = lscpu_guest(32, 32, 1, FALSE);
  KtSubject s = guest_subject(NULL, m);
  g_autoptr(KtMachine) vmware = lscpu_guest(32, 4, 4, TRUE);
  vmware->name = g_strdup("vmware1");
  s.reference = vmware;
  g_autoptr(KtFinding) f = run_check("X03", &s);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_cmpint(f->severity, ==, 3);
  g_assert_cmpint(f->basis, ==, KT_BASIS_MEASURED);
  g_assert_cmpstr(f->title, ==, "no L3 cache, which vmware1 has");
  g_assert_true(says(f, "4096 KiB"));
  assert_action(f, KT_LAYER_LIBVIRT, "sockets='4' dies='1' cores='8' threads='1'");
  assert_action(f, KT_LAYER_NOVA, "hw:cpu_sockets=4 --property hw:cpu_cores=8");

  g_autoptr(KtMachine) small = lscpu_guest(4, 1, 1, FALSE);
  KtSubject four = guest_subject(NULL, small);
  g_autoptr(KtFinding) less = run_check("X03", &four);
  g_assert_cmpint(less->severity, ==, 2);
  g_autoptr(KtMachine) one = lscpu_guest(1, 1, 1, FALSE);
  guest_is("X03", one, KT_FINE);
}

static void test_x03_cut(void)
{
  /* the text may end behind the L2 line */
  g_autoptr(KtMachine) m = lscpu_guest(32, 32, 1, FALSE);
  g_hash_table_remove(m->cites, "caches.end");
  guest_is("X03", m, KT_CANNOT_TELL);
  /* nodes by numactl say nothing of lscpu's end */
  KtCite numactl = {.source = "lscpu.txt", .line = 30, .text = "node 0 cpus: 0 1 2"};
  kt_machine_cite(m, "nodes.0.cpus", &numactl);
  guest_is("X03", m, KT_CANNOT_TELL);
  /* a table's header names all */
  g_autoptr(KtMachine) table = lscpu_guest(8, 8, 1, FALSE);
  g_hash_table_remove(table->cites, "caches.end");
  g_hash_table_remove(table->cites, "caches.L2");
  KtCite header = {.source = "e.txt", .line = 1, .text = "CPU NODE SOCKET CORE L1d:L1i:L2 ONLINE"};
  kt_machine_cite(table, "caches.L2", &header);
  guest_is("X03", table, KT_FIRED);
  g_autoptr(KtMachine) nothing = guest_new(8, 1);
  guest_is("X03", nothing, KT_CANNOT_TELL);
}

static void test_x03_private(void)
{
  g_autoptr(KtMachine) m = lscpu_guest(24, 24, 1, TRUE);
  guest_is("X03", m, KT_CANNOT_TELL); /* old lscpu: how many there are is not told */
  kt_machine_cache(m, 3, KT_CACHE_UNIFIED)->instances = KT_INT(24);
  guest_is("X03", m, KT_FIRED);
  kt_machine_cache(m, 3, KT_CACHE_UNIFIED)->instances = KT_INT(2);
  guest_is("X03", m, KT_FINE);
  g_autoptr(KtMachine) two = lscpu_guest(2, 2, 1, TRUE);
  kt_machine_cache(two, 3, KT_CACHE_UNIFIED)->instances = KT_INT(2);
  guest_is("X03", two, KT_FINE);
  g_autoptr(KtMachine) healthy = lscpu_guest(32, 4, 4, TRUE);
  guest_is("X03", healthy, KT_FINE);
}

static void test_x03_domain(void)
{
  g_autoptr(KtDomain) d = domain_new(32, 0, 0, 0);
  g_autoptr(KtFinding) f = look_domain("X03", d, NULL);
  g_assert_cmpint(f->state, ==, KT_FIRED); /* 32 sockets, an emulated L3 each */
  g_assert_cmpstr(f->echo_of, ==, "X06");
  g_assert_cmpint(f->basis, ==, KT_BASIS_INFERRED);
  g_autoptr(KtDomain) good = domain_new(32, 4, 8, 1);
  domain_is("X03", good, NULL, KT_FINE);
  good->cache_mode = g_strdup("disable");
  domain_is("X03", good, NULL, KT_FIRED);
  g_autoptr(KtDomain) old = domain_new(32, 4, 8, 1);
  g_free(old->machine_type);
  old->machine_type = g_strdup("pc-i440fx-2.3");
  set_model(old, "SandyBridge");
  domain_is("X03", old, NULL, KT_FIRED);
  g_clear_pointer(&old->machine_type, g_free);
  domain_is("X03", old, NULL, KT_CANNOT_TELL);
}

/* ---- X05 ---- */

static void test_x05_guest(void)
{
  g_autoptr(KtMachine) m = lscpu_guest(4, 2, 2, TRUE);
  guest_is("X05", m, KT_CANNOT_TELL);
  KtCache *l3 = kt_machine_cache(m, 3, KT_CACHE_UNIFIED);
  l3->instances = KT_INT(1);
  guest_is("X05", m, KT_FIRED);
  l3->instances = KT_INT(2);
  guest_is("X05", m, KT_FINE);
  /* as many caches as sockets, but shared across */
  g_ptr_array_add(l3->groups, kt_set_parse("0,2", NULL));
  g_ptr_array_add(l3->groups, kt_set_parse("1,3", NULL));
  guest_is("X05", m, KT_FIRED);
  g_autoptr(KtMachine) single = lscpu_guest(8, 1, 1, TRUE);
  guest_is("X05", single, KT_FINE);
  g_autoptr(KtMachine) without = lscpu_guest(8, 2, 2, FALSE);
  guest_is("X05", without, KT_FINE);
  g_ptr_array_add(without->log,
                  kt_cite_new("dmesg", 9,
                              "sched: CPU #4's llc-sibling CPU #0 is not on the same node! [node: 1 != 0]. "
                              "Ignoring dependency."));
  guest_is("X05", without, KT_FIRED);
}

static void test_x05_packages(void)
{
  g_autoptr(KtMachine) m = kt_machine_new();
  m->role = KT_ROLE_GUEST;
  m->cpus = KT_INT(4);
  KtCache *l3 = kt_machine_cache(m, 3, KT_CACHE_UNIFIED);
  g_ptr_array_add(l3->groups, kt_set_parse("0-3", NULL));
  for (guint c = 0; c < 4; c++)
    kt_machine_cpu(m, c)->package = KT_INT(c / 2);
  guest_is("X05", m, KT_FIRED);
  for (guint c = 0; c < 4; c++)
    kt_machine_cpu(m, c)->package = KT_INT(0);
  guest_is("X05", m, KT_CANNOT_TELL); /* nodes are not known */
}

static void test_x05_domain(void)
{
  g_autoptr(KtDomain) d = domain_new(8, 1, 8, 1);
  domain_is("X05", d, NULL, KT_FINE);
  for (int i = 0; i < 2; i++) {
    KtCell *cell = kt_domain_add_cell(d, i);
    cell->cpus = kt_set_parse(i ? "4-7" : "0-3", NULL);
  }
  domain_is("X05", d, NULL, KT_CANNOT_TELL); /* Intel's L3 spans the cells, AMD's Linux cuts at them */
  g_autoptr(KtMachine) intel = host_new("GenuineIntel", 16, 16);
  g_autoptr(KtMachine) amd = host_new("AuthenticAMD", 16, 16);
  domain_is("X05", d, amd, KT_FINE);
  g_autoptr(KtFinding) f = look_domain("X05", d, intel);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_cmpint(f->severity, ==, 2);
  assert_action(f, KT_LAYER_QEMU, "-smp 8,sockets=2,cores=4,threads=1");
  d->sockets = KT_INT(2);
  d->cores = KT_INT(4);
  domain_is("X05", d, NULL, KT_FINE);
}

/* ---- X06 ---- */

static void test_x06(void)
{
  g_autoptr(KtMachine) m = lscpu_guest(32, 32, 1, FALSE);
  KtSubject s = guest_subject(NULL, m);
  g_autoptr(KtFinding) f = run_check("X06", &s);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_cmpstr(f->title, ==, "32 sockets x 1 core");
  g_assert_cmpint(f->severity, ==, 3);
  assert_action(f, KT_LAYER_VMWARE, "Cores per Socket = 32");

  g_autoptr(KtMachine) four = lscpu_guest(4, 4, 1, TRUE);
  KtSubject s4 = guest_subject(NULL, four);
  g_autoptr(KtFinding) f4 = run_check("X06", &s4);
  g_assert_cmpint(f4->severity, ==, 2);
  g_autoptr(KtMachine) two = lscpu_guest(2, 2, 1, TRUE);
  guest_is("X06", two, KT_FINE);
  g_autoptr(KtMachine) good = lscpu_guest(32, 4, 4, TRUE);
  guest_is("X06", good, KT_FINE);
  g_autoptr(KtMachine) threads = lscpu_guest(8, 8, 1, TRUE); /* near miss: 4 sockets x 1 core x 2 threads */
  threads->sockets = KT_INT(4);
  threads->threads_per_core = KT_INT(2);
  guest_is("X06", threads, KT_FINE);
  g_autoptr(KtMachine) unknown = guest_new(8, 1);
  guest_is("X06", unknown, KT_CANNOT_TELL);
}

static void test_x06_domain(void)
{
  g_autoptr(KtDomain) d = domain_new(8, 0, 0, 0);
  domain_is("X06", d, NULL, KT_FIRED);
  d->cut = TRUE;
  domain_is("X06", d, NULL, KT_CANNOT_TELL);
  g_autoptr(KtDomain) good = domain_new(8, 2, 4, 1);
  domain_is("X06", good, NULL, KT_FINE);
}

/* ---- X07, X08 ---- */

static const int pairs[] = {0, 8, 1, 9}, one_thread_each[] = {0, 1, 2, 3};

static void test_x07(void)
{
  g_autoptr(KtMachine) host = host_new("GenuineIntel", 8, 8);
  g_autoptr(KtDomain) d = domain_new(4, 1, 4, 1);
  domain_is("X07", d, host, KT_NOT_APPLICABLE); /* not pinned */
  pin(d, pairs, 4);
  g_autoptr(KtFinding) f = look_domain("X07", d, host);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  assert_action(f, KT_LAYER_LIBVIRT, "cores='2' threads='2'");
  domain_is("X07", d, NULL, KT_CANNOT_TELL);
  pin(d, one_thread_each, 4);
  domain_is("X07", d, host, KT_FINE);
  g_autoptr(KtDomain) smt = domain_new(4, 1, 2, 2);
  pin(smt, pairs, 4);
  domain_is("X07", smt, host, KT_NOT_APPLICABLE);
  domain_is("X08", smt, host, KT_FINE);
}

static void test_x08(void)
{
  g_autoptr(KtMachine) host = host_new("GenuineIntel", 8, 8);
  g_autoptr(KtDomain) d = domain_new(4, 1, 2, 2);
  g_autoptr(KtFinding) free_ones = look_domain("X08", d, host);
  g_assert_cmpint(free_ones->state, ==, KT_FIRED);
  g_assert_cmpint(free_ones->severity, ==, 1);
  pin(d, one_thread_each, 4);
  g_autoptr(KtFinding) f = look_domain("X08", d, host);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_cmpint(f->severity, ==, 2);
  domain_is("X08", d, NULL, KT_CANNOT_TELL);
  g_autoptr(KtDomain) plain = domain_new(4, 1, 4, 1);
  pin(plain, one_thread_each, 4);
  domain_is("X08", plain, host, KT_NOT_APPLICABLE);
  /* threads that an AMD guest does not see mislead nobody */
  g_autoptr(KtMachine) amd = host_new("AuthenticAMD", 8, 8);
  domain_is("X08", d, amd, KT_NOT_APPLICABLE);
}

/* ---- X09 ---- */

static void test_x09(void)
{
  g_autoptr(KtMachine) amd = host_new("AuthenticAMD", 8, 8);
  g_autoptr(KtMachine) intel = host_new("GenuineIntel", 8, 8);
  g_autoptr(KtDomain) d = domain_new(8, 1, 4, 2);
  domain_is("X09", d, amd, KT_FIRED);
  domain_is("X09", d, intel, KT_NOT_APPLICABLE);
  domain_is("X09", d, NULL, KT_CANNOT_TELL);
  kt_domain_set_feature(d, "topoext", "require");
  domain_is("X09", d, amd, KT_FINE);
  g_autoptr(KtDomain) epyc = domain_new(8, 1, 4, 2);
  set_model(epyc, "EPYC-Rome");
  domain_is("X09", epyc, amd, KT_FINE);
  g_autoptr(KtDomain) single = domain_new(8, 1, 8, 1);
  domain_is("X09", single, amd, KT_NOT_APPLICABLE);
}

/* ---- X04, X10 ---- */

static void test_x10(void)
{
  static const int over_two[] = {0, 1, 2, 3, 4, 5, 6, 7}, within_one[] = {0, 1, 2, 3};
  g_autoptr(KtMachine) host = host_new("AuthenticAMD", 8, 4);
  g_autoptr(KtDomain) d = domain_new(8, 1, 8, 1);
  domain_is("X10", d, host, KT_NOT_APPLICABLE); /* not pinned */
  pin(d, over_two, 8);
  g_autoptr(KtFinding) f = look_domain("X10", d, host);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  assert_action(f, KT_LAYER_LIBVIRT, "sockets='2' dies='1' cores='4'");
  domain_is("X04", d, host, KT_NOT_APPLICABLE);
  d->sockets = KT_INT(2);
  d->cores = KT_INT(4);
  domain_is("X10", d, host, KT_FINE);
  g_autoptr(KtDomain) small = domain_new(4, 1, 4, 1);
  pin(small, within_one, 4);
  domain_is("X10", small, host, KT_FINE);
  g_ptr_array_set_size(kt_machine_cache(host, 3, KT_CACHE_UNIFIED)->groups, 0);
  domain_is("X10", small, host, KT_CANNOT_TELL);
}

static void test_x04(void)
{
  static const int over_two[] = {0, 1, 4, 5}, within_one[] = {0, 1, 2, 3};
  g_autoptr(KtMachine) host = host_new("GenuineIntel", 8, 4);
  host->sockets = KT_INT(2);
  g_autoptr(KtDomain) d = domain_new(4, 1, 4, 1);
  pin(d, over_two, 4);
  domain_is("X04", d, host, KT_FIRED);
  domain_is("X10", d, host, KT_NOT_APPLICABLE);
  domain_is("X04", d, NULL, KT_CANNOT_TELL);
  pin(d, within_one, 4);
  domain_is("X04", d, host, KT_FINE);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/domain-cpu/x01/domain", test_x01_domain);
  g_test_add_func("/domain-cpu/x01/guest", test_x01_guest);
  g_test_add_func("/domain-cpu/x03/absent", test_x03_absent);
  g_test_add_func("/domain-cpu/x03/cut", test_x03_cut);
  g_test_add_func("/domain-cpu/x03/private", test_x03_private);
  g_test_add_func("/domain-cpu/x03/domain", test_x03_domain);
  g_test_add_func("/domain-cpu/x05/guest", test_x05_guest);
  g_test_add_func("/domain-cpu/x05/packages", test_x05_packages);
  g_test_add_func("/domain-cpu/x05/domain", test_x05_domain);
  g_test_add_func("/domain-cpu/x06/guest", test_x06);
  g_test_add_func("/domain-cpu/x06/domain", test_x06_domain);
  g_test_add_func("/domain-cpu/x07", test_x07);
  g_test_add_func("/domain-cpu/x08", test_x08);
  g_test_add_func("/domain-cpu/x09", test_x09);
  g_test_add_func("/domain-cpu/x04", test_x04);
  g_test_add_func("/domain-cpu/x10", test_x10);
  return g_test_run();
}
