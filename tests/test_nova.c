/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nova's reading of texts, its topology, refusals, keys, and hosts from evidence. */
#include <string.h>

#include "base/error.h"
#include "config.h"
#include "nova/advice.h"
#include "nova/batch.h"
#include "nova/host_of.h"
#include "nova/image.h"
#include "nova/keys.h"
#include "nova/values.h"

/* "hw:numa_nodes=2" or "hw_numa_nodes=2" (the image's) each; NULL at the end. */
static KtFlavor *flavor_of(gint64 vcpus, gint64 mib, ...) G_GNUC_NULL_TERMINATED;
static KtFlavor *flavor_of(gint64 vcpus, gint64 mib, ...)
{
  KtFlavor *f = kt_flavor_new("test");
  f->vcpus = KT_INT(vcpus);
  f->ram_mib = KT_INT(mib);
  f->extra_specs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  va_list args;
  va_start(args, mib);
  for (const char *pair = va_arg(args, const char *); pair; pair = va_arg(args, const char *)) {
    const char *equals = strchr(pair, '=');
    g_autofree char *key = g_strndup(pair, (gsize)(equals - pair));
    (g_str_has_prefix(key, "hw_") ? kt_flavor_set_image : kt_flavor_set_spec)(f, key, equals + 1, NULL);
  }
  va_end(args);
  return f;
}

static void test_integers(void)
{
  static const struct {
    const char *text;
    gboolean good, plain;
    gint64 value;
  } rows[] = {
      {"2", TRUE, TRUE, 2},
      {" 2 ", TRUE, FALSE, 2},
      {"+2", TRUE, FALSE, 2},
      {"-2", TRUE, TRUE, -2},
      {"02", TRUE, FALSE, 2},
      {"1_6", TRUE, FALSE, 16},
      {"0", TRUE, TRUE, 0},
      {"-0", TRUE, FALSE, 0},
      {"", FALSE, FALSE, 0},
      {"_1", FALSE, FALSE, 0},
      {"1_", FALSE, FALSE, 0},
      {"1__6", FALSE, FALSE, 0},
      {"0x2", FALSE, FALSE, 0},
      {"1.5", FALSE, FALSE, 0},
      {"- 2", FALSE, FALSE, 0},
      {"\xd9\xa3", TRUE, FALSE, 3},
      {"99999999999999999999999", TRUE, TRUE, KT_NOVA_INT_MAX},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gint64 value = 0;
    g_assert_cmpint(kt_nova_int(rows[i].text, &value), ==, rows[i].good);
    g_assert_cmpint(kt_nova_is_plain_int(rows[i].text), ==, rows[i].plain);
    if (rows[i].good)
      g_assert_cmpint(value, ==, rows[i].value);
  }
  g_assert_true(kt_nova_bool(" Yes\n") && kt_nova_bool("t") && kt_nova_bool("1"));
  g_assert_false(kt_nova_bool("2") || kt_nova_bool("") || kt_nova_bool(NULL) || kt_nova_bool("enabled"));
}

static void assert_cpus(const char *spec, const char *expected, gboolean beyond)
{
  gboolean over;
  g_autoptr(KtSet) set = kt_nova_cpus(spec, &over);
  g_autofree char *list = set ? kt_set_format(set) : NULL;
  g_assert_cmpstr(list, ==, expected);
  g_assert_cmpint(over, ==, beyond);
}

static void test_cpu_lists(void)
{
  assert_cpus("0-3,8", "0-3,8", FALSE);
  assert_cpus(" 1 - 4 , ^3,, ", "1-2,4", FALSE);
  assert_cpus("^0,0-2", "1-2", FALSE); /* the order does not count */
  assert_cpus("0-7,^2-4", "0-1,5-7", FALSE);
  assert_cpus("", "", FALSE);
  assert_cpus("1,70000", "1", TRUE);
  assert_cpus("x", NULL, FALSE);
  assert_cpus("3-1", NULL, FALSE);
  assert_cpus("1-", NULL, FALSE);
  assert_cpus("^", NULL, FALSE);
  assert_cpus("-1", NULL, FALSE);
  /* ranges over each other cost no more than their number */
  g_autoptr(GString) many = g_string_new("0");
  for (guint i = 0; i < 20000; i++)
    g_string_append(many, ",0-65535");
  assert_cpus(many->str, "0-65535", FALSE);
}

static void test_page_sizes(void)
{
  static const struct {
    const char *text;
    gboolean good, asked;
    gint64 kib;
  } rows[] = {
      {"small", TRUE, TRUE, -1},  {"large", TRUE, TRUE, -2},  {"any", TRUE, TRUE, -3},    {"Large", FALSE, FALSE, 0},
      {"2048", TRUE, TRUE, 2048}, {"2MB", TRUE, TRUE, 2048},  {"2MiB", TRUE, TRUE, 2048}, {"1GB", TRUE, TRUE, 1048576},
      {"2Mb", TRUE, TRUE, 256},   {"2Mbit", TRUE, TRUE, 256}, {"2M", FALSE, FALSE, 0},    {"2 MB", FALSE, FALSE, 0},
      {"0", TRUE, FALSE, 0},      {"1b", TRUE, TRUE, 0},      {".5MB", TRUE, TRUE, 512},  {"5.MB", FALSE, FALSE, 0},
      {"2kB", FALSE, FALSE, 0},   {"1536B", TRUE, TRUE, 1},   {"", FALSE, FALSE, 0},      {"-1KB", TRUE, TRUE, -1},
      {"0x10B", FALSE, FALSE, 0}, {"1e3B", FALSE, FALSE, 0},  {"infB", FALSE, FALSE, 0},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    KtNovaPages pages = {0};
    g_assert_cmpint(kt_nova_pages(rows[i].text, &pages), ==, rows[i].good);
    if (!rows[i].good)
      continue;
    g_assert_cmpint(pages.kib, ==, rows[i].kib);
    g_assert_cmpint(pages.asked, ==, rows[i].asked);
  }
}

static void assert_shape(KtFlavor *flavor, KtNovaRefusal refusal, gint64 sockets, gint64 cores, gint64 threads)
{
  KtNovaShape shape = {0};
  g_assert_cmpstr(kt_nova_refusal_class(kt_nova_shape(flavor, &shape)), ==, kt_nova_refusal_class(refusal));
  if (!refusal) {
    g_assert_cmpint(shape.sockets, ==, sockets);
    g_assert_cmpint(shape.cores, ==, cores);
    g_assert_cmpint(shape.threads, ==, threads);
  }
  kt_flavor_free(flavor);
}

static void test_shapes(void)
{
  assert_shape(flavor_of(32, 1, NULL), KT_NOVA_OK, 32, 1, 1);
  assert_shape(flavor_of(32, 1, "hw:cpu_sockets=2", NULL), KT_NOVA_OK, 2, 16, 1);
  assert_shape(flavor_of(32, 1, "hw:cpu_sockets=2", "hw:cpu_threads=2", NULL), KT_NOVA_OK, 2, 8, 2);
  assert_shape(flavor_of(4, 1, "hw:cpu_sockets=3", "hw:cpu_cores=2", NULL), KT_NOVA_OK, 2, 2,
               1); /* not met, silently */
  assert_shape(flavor_of(8, 1, "hw:cpu_max_sockets=2", "hw:cpu_sockets=4", NULL), KT_NOVA_OK, 2, 4, 1);
  assert_shape(flavor_of(8, 1, "hw:cpu_sockets=2", "hw_cpu_cores=8", NULL), KT_NOVA_OK, 1, 8, 1);
  assert_shape(flavor_of(8, 1, "hw:cpu_max_cores=2", "hw_cpu_max_cores=4", NULL), KT_NOVA_LIMITS_EXCEEDED, 0, 0, 0);
  assert_shape(flavor_of(8, 1, "hw:cpu_max_cores=2", "hw_cpu_cores=4", NULL), KT_NOVA_TOPOLOGY_EXCEEDED, 0, 0, 0);
  assert_shape(flavor_of(7, 1, "hw:cpu_max_sockets=2", "hw:cpu_max_cores=2", "hw:cpu_max_threads=2", NULL),
               KT_NOVA_LIMITS_IMPOSSIBLE, 0, 0, 0);
  assert_shape(flavor_of(7, 1, "hw:cpu_sockets=x", NULL), KT_NOVA_INVALID_REQUEST, 0, 0, 0);
  assert_shape(flavor_of(8192, 1, NULL), KT_NOVA_OK, 8192, 1, 1);
}

static void assert_refused(KtFlavor *flavor, const char *class)
{
  g_autoptr(KtNovaGuest) guest = NULL;
  KtNovaRefusal no = kt_nova_guest(flavor, &guest);
  g_assert_cmpstr(kt_nova_refusal_class(no), ==, class);
  g_assert_true(!class || kt_nova_refusal_reason(no));
  kt_flavor_free(flavor);
}

static void test_refusals(void)
{
  assert_refused(flavor_of(4, 1024, NULL), NULL);
  assert_refused(flavor_of(4, 1024, "hw:numa_nodes=01", NULL), "InvalidNUMANodesNumber");
  assert_refused(flavor_of(4, 1024, "hw:numa_nodes=3", NULL), "ImageNUMATopologyAsymmetric");
  assert_refused(flavor_of(4, 1024, "hw:numa_nodes=2", "hw_numa_nodes=2", NULL), "ImageNUMATopologyForbidden");
  assert_refused(flavor_of(4, 1024, "hw:numa_nodes=1", "hw:numa_cpus.0=0-3", NULL), "ImageNUMATopologyIncomplete");
  assert_refused(flavor_of(4, 1024, "hw:cpu_policy=shared", "hw_cpu_policy=mixed", NULL), "ImageCPUPinningForbidden");
  assert_refused(flavor_of(4, 1024, "hw:cpu_thread_policy=require", NULL), "CPUThreadPolicyConfigurationInvalid");
  assert_refused(flavor_of(4, 1024, "hw:cpu_policy=mixed", NULL), "RequiredMixedOrRealtimeCPUMask");
  assert_refused(flavor_of(4, 1024, "hw_mem_page_size=2MB", NULL), "MemoryPageSizeForbidden");
  assert_refused(flavor_of(4, 1024, "hw:locked_memory=yes", NULL), "LockMemoryForbidden");
  assert_refused(flavor_of(4, 1024, "resources:PCPU=3", NULL), "InvalidRequest");
}

static const KtNovaKeyNote *note_of(const GPtrArray *notes, const char *key)
{
  for (guint i = 0; i < notes->len; i++) {
    const KtNovaKeyNote *note = notes->pdata[i];
    if (g_str_equal(note->key, key))
      return note;
  }
  return NULL;
}

static void test_keys(void)
{
  g_autoptr(KtFlavor) plain = flavor_of(32, 65536, "hw:cpu_socket=2", "hw:numa_cpus.0=0-15", "hw:watchdog_action=reset",
                                        "cpu_policy=dedicated", NULL);
  g_autoptr(GPtrArray) notes = kt_nova_explain(plain, KT_NOVA_MASTER);
  g_assert_cmpint(note_of(notes, "hw:cpu_socket")->state, ==, KT_NOVA_KEY_UNKNOWN);
  g_assert_nonnull(strstr(note_of(notes, "hw:cpu_socket")->what, "hw:cpu_sockets"));
  g_assert_nonnull(strstr(note_of(notes, "cpu_policy")->what, "hw:cpu_policy"));
  g_assert_cmpint(note_of(notes, "hw:numa_cpus.0")->state, ==, KT_NOVA_KEY_IDLE);
  g_assert_cmpint(note_of(notes, "hw:watchdog_action")->state, ==, KT_NOVA_KEY_OTHER);
  static const char *const missing[] = {"hw:cpu_sockets", "hw:cpu_cores", "hw:numa_nodes"};
  for (guint i = 0; i < G_N_ELEMENTS(missing); i++)
    g_assert_cmpint(note_of(notes, missing[i])->state, ==, KT_NOVA_KEY_MISSING);
  g_autoptr(KtFlavor) good =
      flavor_of(32, 65536, "hw:cpu_sockets=2", "hw:cpu_cores=16", "hw:numa_nodes=2", "hw:numa_cpus.0=0-15", NULL);
  g_autoptr(GPtrArray) good_notes = kt_nova_explain(good, KT_NOVA_MASTER);
  g_assert_cmpuint(good_notes->len, ==, 4);
  for (guint i = 0; i < good_notes->len; i++)
    g_assert_cmpint(((KtNovaKeyNote *)good_notes->pdata[i])->state, ==, KT_NOVA_KEY_ACTS);
  g_assert_cmpstr(kt_nova_key_near("hw:max_cpu_sockets"), ==, "cpu_max_sockets");
  g_assert_null(kt_nova_key_near("hw:serial_port_count"));
}

/* Two nodes of 4 CPUs in pairs, 8 GiB each, 1 GiB of it in 2 MiB pages. */
static KtMachine *machine_of(void)
{
  KtMachine *m = kt_machine_new();
  g_autoptr(KtCite) cite = kt_cite_new("test", 1, "x86_64");
  kt_machine_set_text(m, "arch", "x86_64", cite);
  for (int n = 0; n < 2; n++) {
    KtNode *node = kt_machine_node(m, n);
    node->cpus = kt_set_new();
    node->memory_kib = KT_INT(8 << 20);
    kt_node_add_pool(node, 2048, 512, KT_INT(512));
    for (guint c = 0; c < 4; c++) {
      guint id = (guint)n * 4 + c;
      KtCpu *cpu = kt_machine_cpu(m, id);
      cpu->online = TRUE;
      cpu->siblings = kt_set_new();
      kt_set_add(cpu->siblings, id);
      kt_set_add(cpu->siblings, id ^ 1);
      kt_set_add(node->cpus, id);
    }
  }
  return m;
}

static void test_host_of_evidence(void)
{
  g_autoptr(KtMachine) m = machine_of();
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func((GDestroyNotify)kt_domain_free);
  KtDomain *d = kt_domain_new("guest");
  KtCell *cell = kt_domain_add_cell(d, 0);
  cell->cpus = kt_set_parse("0-1", NULL);
  cell->memory_kib = KT_INT(1 << 20);
  cell->memnode = kt_set_parse("1", NULL);
  kt_domain_set_pin(d, 0, kt_set_parse("4", NULL));
  kt_domain_set_pin(d, 1, kt_set_parse("4-7", NULL));
  g_ptr_array_add(domains, d);
  KtNovaConf *conf = kt_nova_conf_new("nova.conf");
  g_hash_table_insert(conf->values, g_strdup("compute/cpu_dedicated_set"), g_strdup("2-7,^6"));
  g_hash_table_insert(conf->values, g_strdup("compute/cpu_shared_set"), g_strdup("0-1,6"));
  g_hash_table_insert(conf->values, g_strdup("DEFAULT/reserved_huge_pages"), g_strdup("node:1,size:2MB,count:64"));
  g_autoptr(GError) error = NULL;
  g_autoptr(KtNovaHost) host = kt_nova_host_of(m, domains, conf, notes, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(host->cells->len, ==, 2);
  const KtNovaHostCell *on = host->cells->pdata[1];
  g_autofree char *shared = kt_set_format(on->shared), *pinnable = kt_set_format(on->pinnable);
  g_autofree char *pinned = kt_set_format(on->pinned);
  g_assert_cmpstr(shared, ==, "6");
  g_assert_cmpstr(pinnable, ==, "4-5,7");
  g_assert_cmpstr(pinned, ==, "4");
  g_assert_cmpint(on->cpu_usage, ==, 1);
  g_assert_cmpint(on->memory_mib, ==, 8192);
  g_assert_cmpint(on->memory_usage_mib, ==, 1024);
  const KtNovaPool *small = kt_nova_host_cell_pool(on, 4), *huge = kt_nova_host_cell_pool(on, 2048);
  g_assert_cmpint(small->total, ==, 7 << 18);
  g_assert_cmpint(small->used, ==, 1 << 18);
  g_assert_cmpint(huge->total, ==, 512);
  g_assert_cmpint(huge->reserved, ==, 64);
  kt_nova_conf_free(conf);
  /* what the evidence does not tell is not guessed */
  g_clear_pointer(&kt_machine_node(m, 1)->cpus, kt_set_free);
  g_assert_null(kt_nova_host_of(m, NULL, NULL, notes, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
}

static void test_advice(void)
{
  g_autoptr(KtMachine) m = machine_of();
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(KtNovaHost) host = kt_nova_host_of(m, NULL, NULL, notes, NULL);
  g_autoptr(KtFlavor) wide = flavor_of(8, 4096, NULL);
  g_autoptr(KtNovaAnswer) answer = kt_nova_answer(wide, host, KT_NOVA_MASTER);
  g_autoptr(GPtrArray) advice = kt_nova_advise(wide, host, answer, NULL, KT_NOVA_MASTER);
  static const char *const expected[][2] = {{"hw:numa_nodes", "2"}, {"hw:cpu_sockets", "2"}, {"hw:cpu_cores", "4"}};
  g_assert_cmpuint(advice->len, ==, G_N_ELEMENTS(expected));
  for (guint i = 0; i < advice->len; i++) {
    const KtNovaAdvice *a = advice->pdata[i];
    g_assert_cmpstr(a->key, ==, expected[i][0]);
    g_assert_cmpstr(a->value, ==, expected[i][1]);
  }
  g_autoptr(KtFlavor) good = flavor_of(8, 4096, "hw:numa_nodes=2", "hw:cpu_sockets=2", "hw:cpu_cores=4", NULL);
  g_autoptr(KtNovaAnswer) good_answer = kt_nova_answer(good, host, KT_NOVA_MASTER);
  g_autoptr(GPtrArray) none = kt_nova_advise(good, host, good_answer, NULL, KT_NOVA_MASTER);
  g_assert_cmpuint(none->len, ==, 0);
}

#if HAVE_JSON
static void test_bad_requests(void)
{
#define CELL                                                                                                           \
  "{\"id\":0,\"cpuset\":\"0\",\"pcpuset\":\"\",\"memory\":1,\"cpu_usage\":0,\"memory_usage\":0,\"pinned\":\"\","       \
  "\"siblings\":\"0\",\"mempages\":[]}"
#define REQUEST(flavor, limits, cells)                                                                                 \
  "{\"id\":\"x\",\"flavor\":" flavor ",\"image\":{},\"conf\":{\"cpu_shared_set\":null,\"cpu_dedicated_set\":null,"     \
  "\"pack\":false},\"limits\":" limits ",\"host\":{\"cells\":[" cells "]}}"
#define FLAVOR "{\"vcpus\":1,\"memory_mb\":1,\"extra_specs\":{}}"
  static const struct {
    const char *text, *says;
  } rows[] = {
      {REQUEST(FLAVOR, "null", CELL), NULL},
      {"[]", "expected an object"},
      {"{}", "id: missing"},
      {"{\"id\":1}", "id: expected a text"},
      {REQUEST("{\"vcpus\":0,\"memory_mb\":1,\"extra_specs\":{}}", "null", CELL), "flavor.vcpus: expected"},
      {REQUEST("{\"vcpus\":1,\"memory_mb\":1,\"extra_specs\":{\"a\":1}}", "null", CELL), "flavor.extra_specs.a: "},
      {REQUEST(FLAVOR, "{\"cpu\":-1,\"ram\":1}", CELL), "limits.cpu: expected"},
      {REQUEST(FLAVOR, "null", CELL "," CELL), "host.cells[1].siblings: expected"},
      {REQUEST(FLAVOR, "null", "7"), "host.cells[0]: expected an object"},
      {REQUEST(FLAVOR, "null", "{\"id\":0,\"memory\":-1}"), "host.cells[0].memory: expected"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(KtNovaRequest) request = kt_nova_request_parse(rows[i].text, strlen(rows[i].text), &error);
    g_assert_cmpint(request != NULL, ==, rows[i].says == NULL);
    if (rows[i].says)
      g_assert_nonnull(strstr(error->message, rows[i].says));
  }
}
#endif

/* As ImageMetaProps.from_dict() of 26.2.2 answers; where master has other words, both. */
static void test_image_properties(void)
{
  static const struct {
    const char *key, *value;
    KtNovaRefusal zed, master;
  } rows[] = {
      {"hw_disk_bus", "virtio", KT_NOVA_OK, KT_NOVA_OK},
      {"hw_disk_bus", "VIRTIO", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"hw_disk_bus", "", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"hw_scsi_model", "Paravirtual", KT_NOVA_OK, KT_NOVA_OK},
      {"hw_vif_model", "VirtualE1000", KT_NOVA_OK, KT_NOVA_OK},
      {"hw_vif_model", "igb", KT_NOVA_VALUE_ERROR, KT_NOVA_OK},
      {"hw_boot_menu", "perhaps", KT_NOVA_OK, KT_NOVA_OK},
      {"hw_video_ram", "lots", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"hw_maxphysaddr_mode", "both", KT_NOVA_OK, KT_NOVA_VALUE_ERROR},
      {"hw_numa_cpus.0", "x", KT_NOVA_INVALID, KT_NOVA_INVALID},
      {"hw_numa_mem.0", "x", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"hw_disk_bsu", "x", KT_NOVA_OK, KT_NOVA_OK},
      {"architecture", "AMD64", KT_NOVA_OK, KT_NOVA_OK},
      {"architecture", "z80", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"os_type", "Windows", KT_NOVA_OK, KT_NOVA_OK},
      {"os_type", "os2", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"os_distro", "anything", KT_NOVA_OK, KT_NOVA_OK},
      {"img_hv_requested_version", ">= 2.0.1a2,<3.0", KT_NOVA_OK, KT_NOVA_OK},
      {"img_hv_requested_version", "==2", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"hypervisor_version_requires", "", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"img_hv_requested_version", ">=2.0.0.0", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"img_hv_requested_version", ">=2.0,", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"img_hv_requested_version", ">=2.0\n", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"block_device_mapping", "[{\"boot_index\": 0}]", KT_NOVA_OK, KT_NOVA_OK},
      {"img_mappings", "root=vda", KT_NOVA_VALUE_ERROR, KT_NOVA_VALUE_ERROR},
      {"vmware_adaptertype", "", KT_NOVA_OK, KT_NOVA_OK},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(KtFlavor) f = kt_flavor_new("test");
    const char *property = NULL;
    kt_flavor_set_image(f, rows[i].key, rows[i].value, NULL);
    KtNovaRefusal zed = kt_nova_check_image(f, KT_NOVA_ZED, &property);
    if (zed != rows[i].zed || (zed && !g_str_has_prefix(rows[i].key, property)))
      g_error("%s=%s is %d to Zed", rows[i].key, rows[i].value, zed);
    g_assert_true(zed || !property);
    g_assert_cmpint(kt_nova_check_image(f, KT_NOVA_MASTER, &property), ==, rows[i].master);
  }
  g_assert_true(kt_nova_is_property("hw_numa_mem.3", KT_NOVA_ZED));
  g_assert_false(kt_nova_is_property("hw_disk_bsu", KT_NOVA_MASTER));
  g_assert_false(kt_nova_is_property("hw_firmware_stateless", KT_NOVA_ZED));
}

#if HAVE_JSON
/* Of two traits that contradict Nova takes the first. */
static void test_trait_order(void)
{
  static const struct {
    const char *specs;
    KtNovaThreads threads;
  } rows[] = {
      {"\"trait2:HW_CPU_HYPERTHREADING\":\"forbidden\",\"trait:HW_CPU_HYPERTHREADING\":\"required\"",
       KT_NOVA_THREADS_ISOLATE},
      {"\"trait:HW_CPU_HYPERTHREADING\":\"required\",\"trait2:HW_CPU_HYPERTHREADING\":\"forbidden\"",
       KT_NOVA_THREADS_REQUIRE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *text = g_strdup_printf(
        "{\"vcpus\":4,\"memory_mb\":64,\"extra_specs\":{\"hw:cpu_policy\":\"dedicated\",%s}}", rows[i].specs);
    g_autoptr(GError) error = NULL;
    g_autoptr(KtFlavor) flavor = kt_nova_flavor_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    g_autoptr(KtNovaGuest) guest = NULL;
    g_assert_cmpint(kt_nova_guest(flavor, &guest), ==, KT_NOVA_OK);
    g_assert_cmpint(guest->threads, ==, rows[i].threads);
  }
}
#endif

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nova/integers", test_integers);
  g_test_add_func("/nova/cpu-lists", test_cpu_lists);
  g_test_add_func("/nova/page-sizes", test_page_sizes);
  g_test_add_func("/nova/shapes", test_shapes);
  g_test_add_func("/nova/refusals", test_refusals);
  g_test_add_func("/nova/keys", test_keys);
  g_test_add_func("/nova/host-of-evidence", test_host_of_evidence);
  g_test_add_func("/nova/advice", test_advice);
  g_test_add_func("/nova/image-properties", test_image_properties);
#if HAVE_JSON
  g_test_add_func("/nova/trait-order", test_trait_order);
  g_test_add_func("/nova/bad-requests", test_bad_requests);
#endif
  return g_test_run();
}
