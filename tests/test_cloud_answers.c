/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Keystone, Nova and Glance answer, in the format of real ones, as model. */
#include <string.h>

#include "base/error.h"
#include "cloud/http_words.h"
#include "cloud/inventory.h"
#include "cloud/server_now.h"

static const char servers[] =
    "{\"servers\": ["
    "{\"id\": \"u1\", \"name\": \"g4\", \"status\": \"ACTIVE\", \"tenant_id\": \"p\", \"flavor\": {\"vcpus\": 4, "
    "\"ram\": "
    "256, \"disk\": 0, \"ephemeral\": 0, \"swap\": 0, \"original_name\": \"q22\", \"extra_specs\": {\"hw:cpu_cores\": "
    "\"2\", \"hw:cpu_sockets\": \"2\"}}, \"image\": {\"id\": \"i1\", \"links\": []}, \"OS-EXT-SRV-ATTR:host\": \"n1\", "
    "\"OS-EXT-SRV-ATTR:hypervisor_hostname\": \"vm\", \"OS-EXT-SRV-ATTR:instance_name\": \"instance-00000001\", "
    "\"OS-EXT-STS:task_state\": null, \"hostId\": \"5dc8\"},"
    /* of the same flavor and image; created in cell0, so with the name of another */
    "{\"id\": \"u2\", \"name\": \"g4\", \"status\": \"ERROR\", \"flavor\": {\"vcpus\": 4, \"ram\": 256, \"disk\": 0, "
    "\"ephemeral\": 0, \"swap\": 0, \"original_name\": \"q22\", \"extra_specs\": {\"hw:cpu_sockets\": \"2\", "
    "\"hw:cpu_cores\": \"2\"}}, \"image\": "
    "{\"id\": \"i1\"}, \"OS-EXT-SRV-ATTR:instance_name\": \"instance-00000001\", \"hostId\": \"\"},"
    /* as a member of a project sees it, from a volume, and with no right to extra specs */
    "{\"id\": \"u3\", \"name\": \"v\", \"status\": \"ACTIVE\", \"flavor\": {\"vcpus\": 8, \"ram\": 512, \"disk\": 0, "
    "\"original_name\": \"plain8\"}, \"image\": \"\", \"hostId\": \"77\"},"
    /* as Nova before 2.47 */
    "{\"id\": \"u4\", \"name\": \"old\", \"status\": \"ACTIVE\", \"flavor\": {\"id\": \"f9\", \"links\": []}, "
    "\"image\": "
    "{\"id\": \"i9\"}},"
    "{\"id\": \"u1\", \"name\": \"twice\"}, {\"name\": \"without id\"}, {\"id\": 7}, 3]}";

static const char flavors[] =
    "{\"flavors\": [{\"id\": \"q22\", \"name\": \"q22\", \"vcpus\": 4, \"ram\": 256, \"disk\": 0, \"swap\": 0, "
    "\"OS-FLV-EXT-DATA:ephemeral\": 2, \"os-flavor-access:is_public\": false, \"extra_specs\": {}}, {\"id\": \"f9\", "
    "\"name\": \"nine\", \"vcpus\": 9, \"ram\": 99999999999, \"disk\": -1, \"swap\": \"\"}, {\"name\": \"no id\"}]}";

static const char images[] = "{\"images\": [{\"id\": \"i1\", \"name\": \"win\", \"os_type\": \"windows\", "
                             "\"hw_cpu_sockets\": \"2\", \"min_ram\": "
                             "0, \"checksum\": \"b6\", \"os_hash_algo\": \"sha512\", \"hw_qemu_guest_agent\": true}]}";

static const char hosts[] =
    "{\"hypervisors\": [{\"id\": \"c\", \"hypervisor_hostname\": \"vm\", \"state\": \"up\", \"status\": \"enabled\", "
    "\"hypervisor_type\": \"QEMU\", \"service\": {\"id\": \"8\", \"host\": \"n1\"}, \"vcpus\": 64, \"memory_mb\": "
    "32768, "
    "\"cpu_info\": {\"arch\": \"x86_64\", \"model\": \"Broadwell\", \"vendor\": \"Intel\", \"topology\": {\"cells\": "
    "4, "
    "\"sockets\": 1, \"cores\": 8, \"threads\": 2}}}]}";

static void add(KtCloud *cloud, KtCloudKind kind, const char *text)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(kt_cloud_add_answer(cloud, kind, "answer", text, strlen(text), &error));
  g_assert_no_error(error);
}

static KtCloud *whole(void)
{
  KtCloud *cloud = kt_cloud_new("test");
  add(cloud, KT_CLOUD_SERVERS, servers);
  add(cloud, KT_CLOUD_FLAVORS, flavors);
  add(cloud, KT_CLOUD_IMAGES, images);
  add(cloud, KT_CLOUD_HOSTS, hosts);
  kt_cloud_join(cloud);
  return cloud;
}

static void test_servers(void)
{
  g_autoptr(KtCloud) cloud = whole();
  g_assert_cmpuint(cloud->servers->len, ==, 4);
  g_assert_cmpuint(cloud->groups->len, ==, 3);
  const KtCloudServer *a = kt_cloud_server(cloud, "u1"), *b = kt_cloud_server(cloud, "u2");
  g_assert_true(a->group == b->group);
  g_assert_true(kt_int_is(a->group->ephemeral_gib, 0) && kt_int_is(a->group->swap_mib, 0));
  g_assert_cmpstr(a->instance_name, ==, b->instance_name); /* which is why servers are matched by id */
  g_assert_null(kt_cloud_server(cloud, "g4"));             /* two have this name */
  g_assert_cmpstr(kt_cloud_server(cloud, "v")->id, ==, "u3");
  g_assert_cmpstr(a->host_key, ==, "n1");
  g_assert_null(b->host_key);
  g_assert_cmpuint(kt_cloud_count_hosts(cloud->servers), ==, 2); /* n1, and the one that is only a hash */
  g_assert_true(kt_cloud_server_runs(a) && !kt_cloud_server_runs(b));
  /* the server's own copy, not what the flavor is now */
  const KtFlavor *copy = a->group->flavor;
  g_assert_cmpstr(g_hash_table_lookup(copy->extra_specs, "hw:cpu_sockets"), ==, "2");
  g_assert_cmpuint(g_hash_table_size(kt_cloud_flavor(cloud, "q22")->flavor->extra_specs), ==, 0);
  g_assert_cmpstr(kt_flavor_cite_of(copy, "vcpus")->text, ==, "\"vcpus\": 4");
}

/* What an answer does not tell stays unknown. */
static void test_unknown(void)
{
  g_autoptr(KtCloud) cloud = whole();
  const KtCloudGroup *volume = kt_cloud_server(cloud, "u3")->group, *old = kt_cloud_server(cloud, "u4")->group;
  g_assert_true(volume->volume);
  g_assert_null(volume->flavor->image);
  g_assert_null(volume->flavor->extra_specs);
  g_assert_null(kt_cloud_server(cloud, "u3")->host);
  g_assert_cmpstr(old->flavor->name, ==, "nine");
  g_assert_null(old->flavor->extra_specs);
  g_assert_true(kt_int_is(old->flavor->vcpus, 9));
  g_assert_false(old->flavor->ram_mib.known);
  g_assert_null(old->flavor->image); /* its image is not there */
}

static void test_images_and_hosts(void)
{
  g_autoptr(KtCloud) cloud = whole();
  const KtFlavor *copy = kt_cloud_server(cloud, "u1")->group->flavor;
  g_assert_cmpuint(g_hash_table_size(copy->image), ==, 2); /* neither checksums nor what is no text */
  g_assert_cmpstr(g_hash_table_lookup(copy->image, "os_type"), ==, "windows");
  g_assert_cmpstr(copy->image_name, ==, "win");
  const KtCloudHost *h = cloud->hosts->pdata[0];
  g_assert_true(kt_int_is(h->cells, 4) && kt_int_is(h->cores, 8) && kt_int_is(h->vcpus, 64));
  g_assert_cmpstr(h->host, ==, "n1");
  g_assert_false(kt_cloud_flavor(cloud, "q22")->is_public);
  g_assert_cmpint(kt_cloud_flavor(cloud, "q22")->ephemeral_gib, ==, 2);
}

static void test_image_then(void)
{
  static const char text[] = "{\"servers\": [{\"id\": \"u\", \"name\": \"n\", \"flavor\": {\"vcpus\": 4, \"ram\": 1, "
                             "\"disk\": 0, \"original_name\": \"f\", \"extra_specs\": {}}, \"image\": {\"id\": \"i1\", "
                             "\"properties\": {\"hw_cpu_sockets\": \"1\"}}}]}";
  g_autoptr(KtCloud) cloud = kt_cloud_new("test");
  add(cloud, KT_CLOUD_SERVERS, text);
  add(cloud, KT_CLOUD_IMAGES, images);
  kt_cloud_join(cloud);
  const KtCloudGroup *group = cloud->groups->pdata[0];
  g_assert_true(group->image_then);
  g_assert_cmpstr(g_hash_table_lookup(group->flavor->image, "hw_cpu_sockets"), ==, "1"); /* not what it is now */
  g_assert_cmpstr(group->flavor->image_name, ==, "win");
}

static void test_refused(void)
{
  static const char *const bad[] = {"", "{", "[]", "{}", "{\"servers\": 3}", "<html>", "{\"servers\": [{\"id\": \"a"};
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(KtCloud) cloud = kt_cloud_new("test");
    g_assert_false(kt_cloud_add_answer(cloud, KT_CLOUD_SERVERS, "answer", bad[i], strlen(bad[i]), &error));
    g_assert_error(error, KT_ERROR, KT_ERROR_FORMAT);
    g_assert_true(g_str_has_prefix(error->message, "answer:"));
  }
}

static KtCatalog *catalog(const char *text, const char *region, const char *interface, GError **error)
{
  const KtCloudConfig config = {.region = (char *)region, .interface = (char *)interface};
  return kt_catalog_read("token", text, strlen(text), &config, error);
}

static void test_catalog(void)
{
  static const char text[] =
      "{\"token\": {\"project\": {\"id\": \"p1\"}, \"roles\": [{\"name\": \"admin\"}], \"catalog\": [{\"type\": "
      "\"compute\", \"endpoints\": [{\"interface\": \"internal\", \"region_id\": \"A\", \"url\": \"http://i\"}, "
      "{\"interface\": \"public\", \"region_id\": \"A\", \"url\": \"http://a/v2.1/p1\"}, {\"interface\": \"public\", "
      "\"region\": \"B\", \"url\": \"http://b/v2.1\"}]}]}}";
  g_autoptr(GError) error = NULL;
  g_autoptr(KtCatalog) first = catalog(text, NULL, "public", &error);
  g_assert_cmpstr(first->endpoints[KT_SERVICE_COMPUTE], ==, "http://a/v2.1/p1");
  g_assert_null(first->endpoints[KT_SERVICE_IMAGE]);
  g_assert_cmpstr(first->project, ==, "p1");
  g_assert_cmpstr(first->roles[0], ==, "admin");
  g_autoptr(KtCatalog) second = catalog(text, "B", "public", &error);
  g_assert_cmpstr(second->endpoints[KT_SERVICE_COMPUTE], ==, "http://b/v2.1");
  g_autoptr(KtCatalog) none = catalog(text, "C", "public", &error);
  g_assert_null(none->endpoints[KT_SERVICE_COMPUTE]);
  g_assert_no_error(error);
  g_assert_null(
      catalog("{\"token\": {\"catalog\": [{\"type\": \"compute\", \"endpoints\": [{\"interface\": \"public\", "
              "\"url\": \"file:///etc\"}]}]}}",
              NULL, "public", &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_FORMAT);
}

static void test_versions(void)
{
  guint oldest = 0, newest = 0;
  g_autoptr(GError) error = NULL;
  static const char good[] = "{\"version\": {\"id\": \"v2.1\", \"version\": \"2.93\", \"min_version\": \"2.1\"}}";
  g_assert_true(kt_compute_versions_read("v", good, strlen(good), &oldest, &newest, &error));
  g_assert_true(oldest == 1 && newest == 93);
  static const char old[] = "{\"version\": {\"id\": \"v2.0\", \"version\": \"\", \"min_version\": \"\"}}";
  g_assert_false(kt_compute_versions_read("v", old, strlen(old), &oldest, &newest, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED);
}

/* Was a resize asked for since then? */
static void test_actions(void)
{
#if HAVE_JSON
  static const char list[] =
      "{\"instanceActions\": [{\"action\": \"confirmResize\", \"request_id\": \"req-3\", \"start_time\": "
      "\"2026-11-25T10:07:00.000000\", \"message\": null}, {\"action\": \"resize\", \"request_id\": \"req-2\", "
      "\"start_time\": \"2026-11-25T10:05:00.250000\", \"message\": \"Error\"}, {\"action\": \"create\"}, 7]}";
  static const struct {
    const char *since, *action;
    gboolean found;
  } rows[] = {{"2026-11-25T10:05:00Z", "resize", TRUE},        {"2026-11-25T11:05:00+01:00", "resize", TRUE},
              {"2026-11-25T10:05:01Z", "resize", FALSE},       {"2026-11-25T10:05:01Z", "confirmResize", TRUE},
              {"2026-11-25T10:00:00Z", "revertResize", FALSE}, {"2026-11-25T10:00:00Z", "create", FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GDateTime) since = g_date_time_new_from_iso8601(rows[i].since, NULL);
    g_assert_cmpint(kt_server_actions_read(list, strlen(list), rows[i].action, since), ==, rows[i].found);
    g_assert_false(kt_server_actions_read("{}", 2, rows[i].action, since));
  }
#endif
}

static void test_messages(void)
{
  static const struct {
    const char *body, *message;
  } rows[] = {
      {"{\"badRequest\": {\"code\": 400, \"message\": \"When resizing, instances must change flavor!\"}}",
       "When resizing, instances must change flavor!"},
      {"{\"error\": {\"code\": 401, \"message\": \"The request you\\nhave\\tmade\\u001b[31m\", \"title\": \"x\"}}",
       "The request you have made [31m"},
      {"{\"errors\": [{\"status\": 404, \"detail\": \"No such provider\"}]}", "No such provider"},
      {"<html><head><title>503</title></head><body>Service <b>Unavailable</b></body></html>",
       "503 Service Unavailable"},
      {"", NULL},
      {"{\"a\": [", NULL},
      {"{}", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *message = kt_http_message(rows[i].body, strlen(rows[i].body));
    g_assert_cmpstr(message, ==, rows[i].message);
  }
}

static void test_origins(void)
{
  g_assert_true(kt_http_same_origin("http://a/x", "http://A:80/y"));
  g_assert_true(kt_http_same_origin("https://a/x", "https://a:443/"));
  g_assert_false(kt_http_same_origin("http://a/", "https://a/"));
  g_assert_false(kt_http_same_origin("http://a/", "http://a:81/"));
  g_assert_false(kt_http_same_origin("http://a/", "http://a.b/"));
  g_assert_false(kt_http_same_origin("http://a/", "x"));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/cloud/servers", test_servers);
  g_test_add_func("/cloud/unknown", test_unknown);
  g_test_add_func("/cloud/images-and-hosts", test_images_and_hosts);
  g_test_add_func("/cloud/image-then", test_image_then);
  g_test_add_func("/cloud/refused", test_refused);
  g_test_add_func("/cloud/catalog", test_catalog);
  g_test_add_func("/cloud/versions", test_versions);
  g_test_add_func("/cloud/actions", test_actions);
  g_test_add_func("/cloud/messages", test_messages);
  g_test_add_func("/cloud/origins", test_origins);
  return g_test_run();
}
