/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "config.h"
#if HAVE_JSON
#include <json-glib/json-glib.h>
#endif

#include "check_fixture.h"
#include "checks/nova_topology.h"

/* A flavor; specs "hw:numa_nodes=2 hw:cpu_sockets=2", image "hw_cpu_cores=4", NULL: not shown. */
static KtFlavor *flavor_new(gint64 vcpus, const char *specs, const char *image)
{
  KtFlavor *f = kt_flavor_new("test");
  f->name = g_strdup("kvm.big");
  if (vcpus)
    f->vcpus = KT_INT(vcpus);
  f->ram_mib = KT_INT(8192);
  if (specs) {
    f->extra_specs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) words = g_strsplit(specs, " ", -1);
    for (guint i = 0; words[i]; i++) {
      g_auto(GStrv) pair = g_strsplit(words[i], "=", 2);
      if (*words[i])
        kt_flavor_set_spec(f, pair[0], pair[1], NULL);
    }
  }
  if (image) {
    g_auto(GStrv) pair = g_strsplit(image, "=", 2);
    kt_flavor_set_image(f, pair[0], pair[1], NULL);
  }
  return f;
}

static KtFinding *look(const char *id, const KtFlavor *flavor, const KtMachine *host)
{
  KtSubject s = {.kind = KT_FOR_FLAVOR, .name = flavor->name, .flavor = flavor, .host = host};
  return run_check(id, &s);
}

static KtState state_of(const char *id, gint64 vcpus, const char *specs, const char *image)
{
  g_autoptr(KtFlavor) flavor = flavor_new(vcpus, specs, image);
  g_autoptr(KtFinding) f = look(id, flavor, NULL);
  return f->state;
}

static void test_n02(void)
{
  g_assert_cmpint(state_of("N02", 32, "quota:disk_read_iops_sec=2000", NULL), ==, KT_FIRED);
  g_assert_cmpint(state_of("N02", 32, "", NULL), ==, KT_FIRED);
  g_assert_cmpint(state_of("N02", 8, "hw:numa_nodes=4", NULL), ==, KT_FIRED);
  g_assert_cmpint(state_of("N02", 32, "hw:cpu_sockets=32", NULL), ==, KT_FIRED);
  g_assert_cmpint(state_of("N02", 32, "hw:cpu_sockets=3", NULL), ==, KT_FIRED);
  g_assert_cmpint(state_of("N02", 32, "hw:cpu_max_cores=8", NULL), ==, KT_FIRED);
  /* fine */
  g_assert_cmpint(state_of("N02", 16, "hw:cpu_sockets=1 hw:cpu_cores=16 hw:cpu_threads=1", NULL), ==, KT_FINE);
  g_assert_cmpint(state_of("N02", 32, "hw:cpu_sockets=4", NULL), ==, KT_FINE);
  g_assert_cmpint(state_of("N02", 32, "hw:cpu_cores=8", NULL), ==, KT_FINE);
  g_assert_cmpint(state_of("N02", 32, "hw:cpu_max_sockets=2", NULL), ==, KT_FINE);
  g_assert_cmpint(state_of("N02", 32, "", "hw_cpu_sockets=2"), ==, KT_FINE);
  g_assert_cmpint(state_of("N02", 2, "", NULL), ==, KT_FINE);
  /* an image's value sets all of the flavor's aside */
  g_assert_cmpint(state_of("N02", 32, "hw:cpu_sockets=4", "hw_cpu_threads=1"), ==, KT_FIRED);
  /* cannot tell */
  g_assert_cmpint(state_of("N02", 32, NULL, NULL), ==, KT_CANNOT_TELL);
  g_assert_cmpint(state_of("N02", 0, "", NULL), ==, KT_CANNOT_TELL);
  g_assert_cmpint(state_of("N02", 2, NULL, NULL), ==, KT_NOT_APPLICABLE);
}

static void test_n02_remedy(void)
{
  g_autoptr(KtFlavor) flavor = flavor_new(32, "hw:numa_nodes=4", NULL);
  g_autoptr(KtFinding) f = look("N02", flavor, NULL);
  g_assert_cmpint(f->severity, ==, 3);
  g_autofree char *action = kt_finding_action(f, &f->check->remedies[0]);
  g_assert_nonnull(strstr(action, "--vcpus 32 --ram 8192 --disk <disk> --property hw:cpu_sockets=4 --property "
                                  "hw:cpu_cores=8"));
  g_autoptr(KtFlavor) small = flavor_new(4, "", NULL);
  g_autoptr(KtFinding) mild = look("N02", small, NULL);
  g_assert_cmpint(mild->severity, ==, 2);
}

static void test_n03(void)
{
  g_autoptr(KtMachine) host = guest_new(32, 2);
  for (guint i = 0; i < host->nodes->len; i++)
    ((KtNode *)host->nodes->pdata[i])->memory_kib = KT_INT(64 << 20);
  g_autoptr(KtFlavor) wide = flavor_new(24, "", NULL), fits = flavor_new(16, "", NULL),
                      told = flavor_new(24, "hw:numa_nodes=2", NULL), cut = flavor_new(24, NULL, NULL);
  g_autoptr(KtFinding) fired = look("N03", wide, host);
  g_assert_cmpint(fired->state, ==, KT_FIRED);
  g_autofree char *action = kt_finding_action(fired, &fired->check->remedies[0]);
  g_assert_nonnull(strstr(action, "hw:numa_nodes=2"));
  g_autoptr(KtFinding) fine = look("N03", fits, host), set = look("N03", told, NULL);
  g_assert_cmpint(fine->state, ==, KT_FINE);
  g_assert_cmpint(set->state, ==, KT_FINE);
  g_autoptr(KtFinding) no_host = look("N03", wide, NULL), no_specs = look("N03", cut, host);
  g_assert_cmpint(no_host->state, ==, KT_CANNOT_TELL);
  g_assert_cmpint(no_specs->state, ==, KT_CANNOT_TELL);
  fits->ram_mib = KT_INT(65 * 1024);
  g_autoptr(KtFinding) by_memory = look("N03", fits, host);
  g_assert_cmpint(by_memory->state, ==, KT_FIRED);
}

static KtState n04(const char *server_specs, const char *flavor_specs)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtFlavor *copy = flavor_new(8, server_specs, NULL);
  copy->server = g_strdup("crm05");
  g_ptr_array_add(snapshot->flavors, copy);
  if (flavor_specs)
    g_ptr_array_add(snapshot->flavors, flavor_new(8, flavor_specs, NULL));
  KtSubject s = {.kind = KT_FOR_FLAVOR, .name = "kvm.big", .flavor = copy, .snapshot = snapshot};
  g_autoptr(KtFinding) f = run_check("N04", &s);
  if (f->state == KT_FIRED)
    g_assert_nonnull(strstr(f->title, "hw:cpu_sockets is not set, the flavor has 2"));
  return f->state;
}

static void test_n04(void)
{
  g_assert_cmpint(n04("hw:numa_nodes=2", "hw:cpu_sockets=2 hw:numa_nodes=2"), ==, KT_FIRED);
  g_assert_cmpint(n04("hw:cpu_sockets=2", "hw:cpu_sockets=2"), ==, KT_FINE);
  g_assert_cmpint(n04("hw:cpu_sockets=2", NULL), ==, KT_CANNOT_TELL);
  g_assert_cmpint(state_of("N04", 8, "", NULL), ==, KT_NOT_APPLICABLE);
}

static void test_n05(void)
{
  g_assert_cmpint(state_of("N05", 32, "hw:numa_nodes=4 hw:cpu_sockets=2", NULL), ==, KT_FIRED);
  g_assert_cmpint(state_of("N05", 32, "hw:numa_nodes=4 hw:cpu_cores=32", NULL), ==, KT_FIRED);
  g_assert_cmpint(state_of("N05", 32, "hw:numa_nodes=4 hw:cpu_sockets=4", NULL), ==, KT_FINE);
  g_assert_cmpint(state_of("N05", 32, "hw:numa_nodes=4", NULL), ==, KT_FINE); /* N02 */
  g_assert_cmpint(state_of("N05", 32, "hw:cpu_sockets=2", NULL), ==, KT_NOT_APPLICABLE);
  g_assert_cmpint(state_of("N05", 0, "hw:numa_nodes=4", NULL), ==, KT_CANNOT_TELL);
  g_autoptr(KtFlavor) spread = flavor_new(32, "hw:numa_nodes=2 hw:cpu_sockets=4", NULL);
  g_autoptr(KtFinding) mild = look("N05", spread, NULL);
  g_assert_cmpint(mild->state, ==, KT_FIRED);
  g_assert_cmpint(mild->severity, ==, 1);
}

static void add_conf(KtSnapshot *snapshot, const char *mode)
{
  KtNovaConf *conf = kt_nova_conf_new("nova.conf");
  if (mode)
    g_hash_table_insert(conf->values, g_strdup("libvirt/cpu_mode"), g_strdup(mode));
  g_ptr_array_add(snapshot->confs, conf);
}

/* `second`: what the other host's nova.conf says; "" there is only one. */
static KtState n01_of(const char *mode, const char *second, int hosts, int last_stepping)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  add_conf(snapshot, mode);
  if (!second || *second)
    add_conf(snapshot, second);
  for (int i = 0; i < hosts; i++) {
    KtMachine *m = guest_new(32, 2);
    m->role = KT_ROLE_HOST;
    m->cpu_family = KT_INT(6);
    m->cpu_model = KT_INT(85);
    m->cpu_stepping = KT_INT(i == hosts - 1 ? last_stepping : 7);
    g_ptr_array_add(snapshot->machines, m);
  }
  g_autoptr(KtFlavor) flavor = flavor_new(4, "", NULL);
  KtSubject s = {.kind = KT_FOR_FLAVOR, .name = "kvm.big", .flavor = flavor, .snapshot = snapshot};
  g_autoptr(KtFinding) f = run_check("N01", &s);
  return f->state;
}

static KtState n01(const char *mode, int hosts, int last_stepping)
{
  return n01_of(mode, "", hosts, last_stepping);
}

static void test_n01(void)
{
  g_assert_cmpint(n01_of("host-model", "host-model", 2, 7), ==, KT_FIRED);
  g_assert_cmpint(n01_of(NULL, NULL, 2, 7), ==, KT_FIRED);
  g_assert_cmpint(n01_of("host-passthrough", "host-passthrough", 2, 7), ==, KT_FINE);
  g_assert_cmpint(n01_of("host-model", "host-passthrough", 2, 7), !=, KT_FIRED);
  g_assert_cmpint(n01("host-model", 2, 7), ==, KT_FIRED);
  g_assert_cmpint(n01(NULL, 2, 7), ==, KT_FIRED);
  g_assert_cmpint(n01("host-passthrough", 2, 7), ==, KT_FINE);
  g_assert_cmpint(n01("host-model", 2, 4), ==, KT_CANNOT_TELL);
  g_assert_cmpint(n01("host-model", 1, 7), ==, KT_CANNOT_TELL);
}

#if HAVE_JSON
static const char *text_of(JsonObject *o, const char *name)
{
  return json_object_get_string_member(o, name);
}

/* Nova's own answers: the topology of each request whose threads pinning left alone. */
static void test_vectors(void)
{
  const char *shared = g_getenv("KT_SHARED");
  g_autofree char *path = g_build_filename(shared ? shared : "", "nova", "vectors.jsonl", NULL);
  g_autofree char *content = NULL;
  if (!g_file_get_contents(path, &content, NULL, NULL)) {
    g_test_skip("no nova/vectors.jsonl");
    return;
  }
  g_auto(GStrv) lines = g_strsplit(content, "\n", -1);
  guint compared = 0;
  for (guint i = 0; lines[i] && *lines[i]; i++) {
    g_autoptr(JsonNode) root = json_from_string(lines[i], NULL);
    JsonObject *vector = json_node_get_object(root), *expect = json_object_get_object_member(vector, "expect");
    if (!json_object_has_member(expect, "topology") || JSON_NODE_HOLDS_NULL(json_object_get_member(expect, "topology")))
      continue;
    JsonObject *wanted = json_object_get_object_member(expect, "topology");
    JsonObject *f = json_object_get_object_member(vector, "flavor"),
               *image = json_object_get_object_member(vector, "image");
    JsonObject *specs = json_object_get_object_member(f, "extra_specs");
    g_autoptr(KtFlavor) flavor = flavor_new(json_object_get_int_member(f, "vcpus"), "", NULL);
    g_autoptr(GList) keys = json_object_get_members(specs), properties = json_object_get_members(image);
    for (GList *k = keys; k; k = k->next)
      kt_flavor_set_spec(flavor, k->data, text_of(specs, k->data), NULL);
    for (GList *k = properties; k; k = k->next)
      kt_flavor_set_image(flavor, k->data, text_of(image, k->data), NULL);
    KtNovaTopology t = {0};
    gboolean got = kt_nova_topology(flavor, &t);
    const char *refused =
        json_object_has_member(wanted, "error") ? json_object_get_string_member(wanted, "error") : NULL;
    if (refused) {
      g_assert_false(got);
      continue;
    }
    if (!got || t.sockets != json_object_get_int_member(wanted, "sockets") ||
        t.cores != json_object_get_int_member(wanted, "cores") ||
        t.threads != json_object_get_int_member(wanted, "threads"))
      g_error("%s: got %d x %d x %d", text_of(vector, "id"), t.sockets, t.cores, t.threads);
    compared++;
  }
  g_assert_cmpuint(compared, >, 100);
}
#endif

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/checks/nova/N01", test_n01);
  g_test_add_func("/checks/nova/N02", test_n02);
  g_test_add_func("/checks/nova/N02/remedy", test_n02_remedy);
  g_test_add_func("/checks/nova/N03", test_n03);
  g_test_add_func("/checks/nova/N04", test_n04);
  g_test_add_func("/checks/nova/N05", test_n05);
#if HAVE_JSON
  g_test_add_func("/checks/nova/vectors", test_vectors);
#endif
  return g_test_run();
}
