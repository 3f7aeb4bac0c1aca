/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The prediction against what guests of QEMU really saw (golden/predict; made
 * and checked by predict_qemu.sh), and against hosts that TCG cannot give. */
#include <string.h>

#include "evidence/qemu_args.h"
#include "model/predict.h"
#include "model/predict_parts.h"

/* ---- golden files ---- */

static KtDomain *domain_of(const char *command)
{
  g_auto(GStrv) argv = g_strsplit(command, " ", -1);
  KtDomain *d = kt_domain_new("command line");
  kt_qemu_args_read(d, (const char *const *)argv, NULL);
  return d;
}

static void is_int(KtInt predicted, const char *seen, const char *what)
{
  if (!predicted.known || predicted.value != g_ascii_strtoll(seen, NULL, 10))
    g_error("%s: predicted %s%" G_GINT64_FORMAT ", seen %s", what, predicted.known ? "" : "unknown ", predicted.value,
            seen);
}

static void is_set(const KtSet *predicted, const char *seen, const char *what)
{
  g_autofree char *text = predicted ? kt_set_format(predicted) : g_strdup("unknown");
  if (!g_str_equal(text, seen))
    g_error("%s: predicted %s, seen %s", what, text, seen);
}

static void check_cpuinfo(const KtMachine *m, const char *name, const char *value)
{
  if (g_str_equal(name, "vendor_id"))
    g_assert_cmpstr(m->cpu_vendor, ==, value);
  else if (g_str_equal(name, "model name"))
    g_assert_cmpstr(m->cpu_model_name, ==, value);
  else
    is_int(g_str_equal(name, "cpu family") ? m->cpu_family
           : g_str_equal(name, "model")    ? m->cpu_model
                                           : m->cpu_stepping,
           value, name);
}

static void check_topology(const KtCpu *cpu, const char *file, const char *value, const char *line)
{
  g_assert_nonnull(cpu);
  if (g_str_equal(file, "physical_package_id"))
    is_int(cpu->package, value, line);
  else if (g_str_equal(file, "core_id"))
    is_int(cpu->core, value, line);
  else if (g_str_equal(file, "thread_siblings_list"))
    is_set(cpu->siblings, value, line);
  else if (cpu->die.known) /* die_id: AMD's is the package's in some kernels */
    is_int(cpu->die, value, line);
}

static KtSet *group_of(const KtCache *cache, guint cpu)
{
  for (guint i = 0; i < cache->groups->len; i++)
    if (kt_set_has(cache->groups->pdata[i], cpu))
      return cache->groups->pdata[i];
  return NULL;
}

typedef struct {
  int level;
  KtCacheType type;
  GHashTable *seen; /* names of the caches the guest has */
} CacheSeen;

static void check_cache(const KtMachine *m, CacheSeen *c, guint cpu, const char *file, const char *value,
                        const char *line)
{
  if (g_str_equal(file, "level"))
    c->level = atoi(value);
  else if (g_str_equal(file, "type"))
    c->type = *value == 'D' ? KT_CACHE_DATA : *value == 'I' ? KT_CACHE_INSTRUCTION : KT_CACHE_UNIFIED;
  else {
    const KtCache *cache = kt_machine_find_cache(m, c->level, c->type);
    g_assert_nonnull(cache);
    g_hash_table_add(c->seen, kt_cache_name(cache));
    if (g_str_equal(file, "size"))
      is_int(cache->size_kib, value, line);
    else
      is_set(group_of(cache, cpu), value, line);
  }
}

static void check_node(const KtMachine *m, int id, const char *file, const char *value, const char *line)
{
  const KtNode *node = kt_machine_find_node(m, id);
  g_assert_nonnull(node);
  if (g_str_equal(file, "cpulist")) {
    is_set(node->cpus, value, line);
    return;
  }
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < node->distances->len; i++)
    g_string_append_printf(text, "%s%d", i ? " " : "", g_array_index(node->distances, int, i));
  g_assert_cmpstr(text->str, ==, value);
  g_string_free(text, TRUE);
}

static void check_line(const KtMachine *m, const char *line, CacheSeen *caches, KtSet *cpus)
{
  g_auto(GStrv) sides = g_strsplit(line, ":", 2);
  g_assert_nonnull(sides[1]);
  g_auto(GStrv) path = g_strsplit(g_strchomp(sides[0]), "/", -1);
  const char *value = g_strstrip(sides[1]);
  guint depth = g_strv_length(path), id = depth > 1 ? (guint)atoi(path[1] + strcspn(path[1], "0123456789")) : 0;
  if (depth == 1)
    check_cpuinfo(m, path[0], value);
  else if (g_str_equal(path[0], "node"))
    check_node(m, (int)id, path[2], value, line);
  else if (g_str_equal(path[2], "topology"))
    check_topology(kt_machine_find_cpu(m, id), path[3], value, line);
  else
    check_cache(m, caches, id, path[4], value, line);
  if (depth > 1 && g_str_equal(path[0], "cpu"))
    kt_set_add(cpus, id);
}

static void test_golden(gconstpointer data)
{
  g_autofree char *text = NULL;
  g_assert_true(g_file_get_contents(data, &text, NULL, NULL));
  g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
  g_assert_true(g_str_has_prefix(lines[0], "# "));
  g_autoptr(KtDomain) domain = domain_of(lines[0] + 2);
  g_autoptr(KtMachine) guest = kt_predict_guest(domain, NULL);
  CacheSeen caches = {.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  g_autoptr(KtSet) cpus = kt_set_new();
  for (guint i = 1; lines[i]; i++)
    check_line(guest, lines[i], &caches, cpus);
  /* and nothing that the guest does not have */
  g_assert_cmpuint(g_hash_table_size(caches.seen), ==, guest->caches->len);
  g_hash_table_unref(caches.seen);
  g_assert_cmpuint(kt_set_count(cpus), ==, guest->cpu->len);
  g_assert_true(kt_int_is(guest->cpus, guest->cpu->len));
  g_assert_cmpstr(guest->hypervisor, ==, NULL);
}

static void add_golden_tests(void)
{
  g_autofree char *directory = g_build_filename(g_getenv("KT_SOURCE"), "tests", "golden", "predict", NULL);
  g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
  g_assert_nonnull(dir);
  guint n = 0;
  for (const char *name; (name = g_dir_read_name(dir)); n++) {
    g_autofree char *path = g_strconcat("/predict/golden/", name, NULL);
    g_test_add_data_func_full(path, g_build_filename(directory, name, NULL), test_golden, g_free);
  }
  g_assert_cmpuint(n, >=, 12);
}

/* ---- what TCG cannot show: hosts, KVM, definitions by libvirt ---- */

static KtDomain *libvirt_domain(gint64 vcpus, const char *machine_type)
{
  KtDomain *d = kt_domain_new("domain.xml");
  d->format = g_strdup("libvirt");
  d->type = g_strdup("kvm");
  d->arch = g_strdup("x86_64");
  d->machine_type = g_strdup(machine_type);
  d->vcpus = KT_INT(vcpus);
  return d;
}

static void set_topology(KtDomain *d, gint64 sockets, gint64 cores, gint64 threads)
{
  d->sockets = KT_INT(sockets);
  d->dies = KT_INT(1);
  d->cores = KT_INT(cores);
  d->threads = KT_INT(threads);
}

static KtMachine *amd_host(gint64 family, gint64 model)
{
  KtMachine *host = kt_machine_new();
  host->role = KT_ROLE_HOST;
  host->cpu_vendor = g_strdup("AuthenticAMD");
  host->cpu_model_name = g_strdup("AMD EPYC 7543 32-Core Processor");
  host->cpu_family = KT_INT(family);
  host->cpu_model = KT_INT(model);
  return host;
}

static void test_libvirt_default(void)
{
  g_autoptr(KtDomain) d = libvirt_domain(32, "pc-i440fx-7.2");
  g_autoptr(KtMachine) guest = kt_predict_guest(d, NULL);
  g_assert_true(kt_int_is(guest->sockets, 32));
  g_assert_true(kt_int_is(guest->cores_per_socket, 1));
  g_assert_true(kt_int_is(guest->threads_per_core, 1));
  g_assert_true(kt_int_is(guest->node_count, 1));
  g_assert_cmpstr(guest->hypervisor, ==, "kvm");
  /* qemu64 under KVM has the host's vendor, and its caches are the vendor's: unknown without the host */
  g_assert_cmpstr(guest->cpu_vendor, ==, NULL);
  g_assert_true(kt_int_is(guest->cpu_family, 15));
  const KtCache *l3 = kt_machine_find_cache(guest, 3, KT_CACHE_UNIFIED);
  g_assert_true(kt_int_is(l3->instances, 32));
  g_assert_true(kt_int_is(l3->size_kib, 16384));
  g_assert_false(kt_machine_find_cache(guest, 2, KT_CACHE_UNIFIED)->size_kib.known);
}

static void test_cut_definition(void)
{
  g_autoptr(KtDomain) d = libvirt_domain(32, NULL);
  d->cut = TRUE;
  g_autoptr(KtMachine) guest = kt_predict_guest(d, NULL);
  g_assert_true(kt_int_is(guest->cpus, 32));
  g_assert_false(guest->sockets.known);
  g_assert_cmpuint(guest->caches->len, ==, 0);
  g_assert_cmpuint(guest->nodes->len, ==, 0);
  g_assert_cmpstr(guest->cpu_model_name, ==, NULL);
}

static void test_host_passthrough_amd(void)
{
  g_autoptr(KtDomain) d = libvirt_domain(8, "pc-q35-6.2");
  d->cpu_given = TRUE;
  d->cpu_mode = g_strdup("host-passthrough");
  set_topology(d, 1, 4, 2);
  g_autoptr(KtMachine) host = amd_host(25, 1);
  g_autoptr(KtMachine) guest = kt_predict_guest(d, host);
  /* no topoext: threads are hidden */
  g_assert_true(kt_int_is(guest->threads_per_core, 1));
  g_assert_true(kt_int_is(guest->cores_per_socket, 8));
  g_assert_cmpstr(guest->cpu_model_name, ==, "AMD EPYC 7543 32-Core Processor");
  g_assert_true(kt_int_is(kt_machine_find_cache(guest, 1, KT_CACHE_DATA)->size_kib, 64));

  kt_domain_set_feature(d, "topoext", "require");
  g_autoptr(KtMachine) seen = kt_predict_guest(d, host);
  g_assert_true(kt_int_is(seen->threads_per_core, 2));
  g_assert_true(kt_int_is(seen->cores_per_socket, 4));
  g_assert_true(kt_int_is(kt_machine_find_cache(seen, 2, KT_CACHE_UNIFIED)->instances, 4));

  /* without the host nobody knows whether it is AMD's */
  kt_domain_set_feature(d, "topoext", "disable");
  g_autoptr(KtMachine) blind = kt_predict_guest(d, NULL);
  g_assert_false(blind->threads_per_core.known);
  g_assert_true(kt_int_is(blind->sockets, 1));
  g_assert_true(kt_int_is(kt_machine_find_cache(blind, 3, KT_CACHE_UNIFIED)->instances, 1));
}

static void test_zen1_groups_by_eight(void)
{
  g_autoptr(KtDomain) d = libvirt_domain(16, "pc-q35-7.2");
  d->cpu_given = TRUE;
  d->cpu_mode = g_strdup("custom");
  d->cpu_model = g_strdup("EPYC");
  set_topology(d, 1, 16, 1);
  g_autoptr(KtMachine) host = amd_host(23, 1);
  g_autoptr(KtMachine) guest = kt_predict_guest(d, host);
  g_assert_true(kt_int_is(kt_machine_find_cache(guest, 3, KT_CACHE_UNIFIED)->instances, 2));
  /* smaller packages would be merged: not predicted */
  set_topology(d, 4, 4, 1);
  g_autoptr(KtMachine) small = kt_predict_guest(d, host);
  g_assert_false(kt_machine_find_cache(small, 3, KT_CACHE_UNIFIED)->instances.known);
}

static void test_l1_since_9_1(void)
{
  g_autoptr(KtDomain) d = libvirt_domain(4, "pc-q35-9.1");
  d->cpu_given = TRUE;
  d->cpu_mode = g_strdup("custom");
  d->cpu_model = g_strdup("SapphireRapids");
  set_topology(d, 1, 2, 2);
  g_autoptr(KtMachine) guest = kt_predict_guest(d, NULL);
  g_assert_true(kt_int_is(kt_machine_find_cache(guest, 1, KT_CACHE_DATA)->instances, 2));
  g_assert_cmpstr(guest->cpu_vendor, ==, "GenuineIntel");
}

static void test_cache_passthrough(void)
{
  g_autoptr(KtDomain) d = libvirt_domain(4, "pc-q35-7.2");
  d->cpu_given = TRUE;
  d->cpu_mode = g_strdup("host-passthrough");
  d->cache_mode = g_strdup("passthrough");
  set_topology(d, 1, 4, 1);
  g_autoptr(KtMachine) host = kt_machine_new();
  host->cpu_vendor = g_strdup("GenuineIntel");
  host->threads_per_core = KT_INT(2);
  KtCache *l3 = kt_machine_cache(host, 3, KT_CACHE_UNIFIED);
  l3->size_kib = KT_INT(35840);
  g_ptr_array_add(l3->groups, kt_set_parse("0-27", NULL));
  KtCache *l2 = kt_machine_cache(host, 2, KT_CACHE_UNIFIED);
  l2->size_kib = KT_INT(256);
  g_autoptr(KtMachine) guest = kt_predict_guest(d, host);
  const KtCache *seen = kt_machine_find_cache(guest, 3, KT_CACHE_UNIFIED);
  g_assert_true(kt_int_is(seen->size_kib, 35840));
  g_assert_true(kt_int_is(seen->instances, 1));
  /* the host's pairs of threads make pairs of the guest's cores */
  g_assert_true(kt_int_is(kt_machine_find_cache(guest, 2, KT_CACHE_UNIFIED)->instances, 2));
  /* which QEMU it is decides whether L3 ends at the socket */
  set_topology(d, 2, 2, 1);
  g_autoptr(KtMachine) two = kt_predict_guest(d, host);
  g_assert_false(kt_machine_find_cache(two, 3, KT_CACHE_UNIFIED)->instances.known);
  /* and without the host nothing is known of its caches */
  g_autoptr(KtMachine) blind = kt_predict_guest(d, NULL);
  g_assert_cmpuint(blind->caches->len, ==, 0);
}

static void test_machine_types(void)
{
  const struct {
    const char *type;
    int l3; /* -1: not known */
  } cases[] = {{"pc-i440fx-2.7", 0},
               {"pc-i440fx-2.8", 1},
               {"pc-q35-8.1+pve0", 1},
               {"pc-i440fx-xenial", 0},
               {"pc-q35-noble", 1},
               {"pc", -1},
               {NULL, -1},
               {"pc-q35-rhel7.3.0", 0},
               {"pc-i440fx-rhel7.6.0", 1},
               {"pc-1.0", 0},
               {"pc-q35-openeuler-lts", -1}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(KtDomain) d = libvirt_domain(2, cases[i].type);
    d->cpu_given = TRUE;
    d->cpu_mode = g_strdup("custom");
    d->cpu_model = g_strdup("Haswell");
    g_autoptr(KtMachine) guest = kt_predict_guest(d, NULL);
    g_test_message("%s", cases[i].type);
    g_assert_cmpuint(guest->caches->len, ==, cases[i].l3 < 0 ? 0 : 3 + cases[i].l3);
  }
}

static void test_impossible(void)
{
  g_autoptr(KtDomain) d = libvirt_domain(6, "pc-q35-7.2");
  set_topology(d, 2, 2, 1); /* 4, not 6 */
  g_autoptr(KtMachine) guest = kt_predict_guest(d, NULL);
  g_assert_false(guest->sockets.known);
  g_autoptr(KtDomain) huge = libvirt_domain(G_MAXINT64, "pc-q35-7.2");
  g_autoptr(KtMachine) none = kt_predict_guest(huge, NULL);
  g_assert_false(none->cpus.known);
  g_autoptr(KtDomain) arm = libvirt_domain(4, "virt-7.2");
  g_free(arm->arch);
  arm->arch = g_strdup("aarch64");
  g_autoptr(KtMachine) other = kt_predict_guest(arm, NULL);
  g_assert_true(kt_int_is(other->cpus, 4));
  g_assert_false(other->sockets.known);
  g_assert_cmpuint(other->caches->len, ==, 0);
}

/* 8192 x 64 x 8192 is 2^32: once a division by zero. */
static void test_product_beyond_32_bits(void)
{
  g_autoptr(KtDomain) d = libvirt_domain(8, "pc-q35-7.2");
  g_free(d->format);
  d->format = g_strdup("qemu");
  d->sockets = d->cores = KT_INT(8192);
  d->dies = KT_INT(64);
  g_autoptr(KtMachine) guest = kt_predict_guest(d, NULL);
  g_assert_false(guest->sockets.known);
}

static void test_hidden_hypervisor(void)
{
  g_autoptr(KtDomain) d = libvirt_domain(2, "pc-q35-7.2");
  g_hash_table_insert(d->kvm, g_strdup("hidden"), g_strdup("on"));
  g_autoptr(KtMachine) guest = kt_predict_guest(d, NULL);
  g_assert_cmpstr(guest->hypervisor, ==, NULL);
}

/* What -smp leaves out goes to sockets before machine type 6.2, to cores since. */
static void test_partial_smp(void)
{
  static const struct {
    const char *smp, *machine;
    gint64 sockets, cores, threads; /* 0: cannot be told */
  } cases[] = {
      {"8", "pc-q35-6.1", 8, 1, 1},
      {"8", "pc-q35-6.2", 1, 8, 1},
      {"8,threads=2", "pc-i440fx-6.1", 4, 1, 2},
      {"8,threads=2", "pc-i440fx-7.2", 1, 4, 2},
      {"8,cores=2", "pc-q35-8.2", 4, 2, 1},
      {"8,sockets=2", "pc-q35-5.2", 2, 4, 1},
      {"8,sockets=2,cores=2", "pc-q35-8.2", 2, 2, 2},
      {"2,maxcpus=8", "pc-q35-6.1", 8, 1, 1},
      {"8", "q35", 0, 0, 0},
      {"8,cores=4", "q35", 2, 4, 1},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    const char *argv[] = {"qemu-system-x86_64", "-accel", "kvm", "-machine", cases[i].machine, "-cpu", "host", "-smp",
                          cases[i].smp,         NULL};
    g_autoptr(KtDomain) d = kt_domain_new("test");
    kt_qemu_args_read(d, argv, NULL);
    int version = kt_predict_machine_version(d);
    KtShape shape;
    g_assert_cmpint(kt_shape_of_domain(&shape, d, version), ==, cases[i].sockets > 0);
    if (!cases[i].sockets)
      continue;
    g_assert_cmpuint(shape.sockets, ==, cases[i].sockets);
    g_assert_cmpuint(shape.cores, ==, cases[i].cores);
    g_assert_cmpuint(shape.threads, ==, cases[i].threads);
  }
}

static void test_default_model(void)
{
  static const struct {
    const char *format, *type, *model;
  } cases[] = {{"proxmox", "kvm", "kvm64"}, {"proxmox", "qemu", "qemu64"}, {"libvirt", "kvm", "qemu64"}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(KtDomain) d = libvirt_domain(4, "pc-q35-8.2");
    g_free(d->format);
    g_free(d->type);
    d->format = g_strdup(cases[i].format);
    d->type = g_strdup(cases[i].type);
    g_assert_cmpstr(kt_domain_default_cpu_model(d), ==, cases[i].model);
    g_autoptr(KtMachine) guest = kt_predict_guest(d, NULL);
    const char *expected = i == 0 ? "Common KVM processor" : "QEMU Virtual CPU version 2.5+";
    g_assert_cmpstr(guest->cpu_model_name, ==, expected);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add_golden_tests();
  g_test_add_func("/predict/libvirt-default", test_libvirt_default);
  g_test_add_func("/predict/cut", test_cut_definition);
  g_test_add_func("/predict/host-passthrough-amd", test_host_passthrough_amd);
  g_test_add_func("/predict/zen1", test_zen1_groups_by_eight);
  g_test_add_func("/predict/l1-since-9.1", test_l1_since_9_1);
  g_test_add_func("/predict/cache-passthrough", test_cache_passthrough);
  g_test_add_func("/predict/machine-types", test_machine_types);
  g_test_add_func("/predict/impossible", test_impossible);
  g_test_add_func("/predict/hidden", test_hidden_hypervisor);
  g_test_add_func("/predict/partial-smp", test_partial_smp);
  g_test_add_func("/predict/default-model", test_default_model);
  g_test_add_func("/predict/product-beyond-32-bits", test_product_beyond_32_bits);
  return g_test_run();
}
