/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target_cloud.h"

#include <string.h>

#include "cloud/cloud_apply.h"
#include "cloud/cloud_plan.h"
#include "cloud/http_words.h"
#include "cloud/rank.h"
#include "cloud/server_now.h"
#include "cloud/signin.h"
#include "cloud/yaml_tree.h"

static void sign_in(const char *bytes, const char *cloud)
{
  const KtCloudWish wish = {.cloud = cloud};
  g_autoptr(GError) error = NULL;
  g_autoptr(KtCloudConfig) config = kt_cloud_config_read("clouds", bytes, bytes, &wish, &error);
  if (!config && !error)
    g_error("refused without a word");
  if (!config)
    return;
  if (config->token && strpbrk(config->token, " \r\n"))
    g_error("a token that ends a header");
  if (config->auth == KT_CLOUD_NO_AUTH)
    return;
  g_autofree char *body = kt_signin_body(config), *url = kt_signin_url(config);
  if (!*body)
    g_error("a sign-in without a word");
  if (!kt_cloud_is_url(url))
    g_error("'%s' is no address", url);
}

void kt_target_cloud_yaml(const char *bytes, gsize length)
{
  g_autoptr(KtYaml) yaml = kt_yaml_read("clouds", bytes, strlen(bytes), NULL);
  const KtYamlNode *clouds = yaml ? kt_yaml_member(kt_yaml_root(yaml), "clouds") : NULL;
  sign_in(bytes, NULL);
  for (guint i = 0; kt_yaml_is_map(clouds) && i < MIN(kt_yaml_count(clouds), 4); i++)
    sign_in(bytes, kt_yaml_key(clouds, i));
}

/* A host that takes something, so that there is something to plan for. */
static const char host[] =
    "{\"hypervisors\": [{\"id\": \"h\", \"hypervisor_hostname\": \"n\", \"service\": {\"host\": \"n\"}, \"vcpus\": 16, "
    "\"memory_mb\": 65536, \"cpu_info\": {\"topology\": {\"cells\": 2, \"sockets\": 1, \"cores\": 4, \"threads\": "
    "2}}}]}";

void kt_target_cloud_answer(const char *bytes, gsize length)
{
  g_autoptr(KtCloud) cloud = kt_cloud_new("cloud");
  for (guint kind = 0; kind < KT_CLOUD_LISTS; kind++) {
    g_autoptr(GError) error = NULL;
    if (!kt_cloud_add_answer(cloud, kind, "answer", bytes, length, &error) && !error)
      g_error("refused without a word");
  }
  kt_cloud_add_answer(cloud, KT_CLOUD_HOSTS, "host", host, strlen(host), NULL);
  kt_cloud_join(cloud);
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(KtCloudEvidence) evidence = kt_cloud_evidence_new(cloud, NULL, notes);
  g_autoptr(KtCloudRank) rank = kt_cloud_rank_new(cloud, evidence);
  kt_cloud_rank_rows(rank);
  for (guint i = 0; i < cloud->groups->len; i++) /* large ones cost more than they tell */
    if (((KtCloudGroup *)cloud->groups->pdata[i])->flavor->vcpus.value > 256)
      return;
  const KtCloudPlanOptions options = {0};
  g_autoptr(KtCloudPlan) plan = kt_cloud_plan_make(cloud, evidence, &options, NULL);
  g_autofree char *text = kt_cloud_plan_to_json(plan);
  if (strlen(text) == 0)
    g_error("a plan is not written");
}

void kt_target_cloud_signin(const char *bytes, gsize length)
{
  guint oldest = 0, newest = 0;
  const KtCloudConfig config = {.interface = (char *)"public"};
  g_autoptr(KtCatalog) catalog = kt_catalog_read("token", bytes, length, &config, NULL);
  for (guint i = 0; catalog && i < KT_SERVICES; i++)
    if (catalog->endpoints[i] && !kt_cloud_is_url(catalog->endpoints[i]))
      g_error("'%s' is no address", catalog->endpoints[i]);
  if (kt_compute_versions_read("versions", bytes, length, &oldest, &newest, NULL) && oldest > newest)
    g_error("versions from %u to %u", oldest, newest);
}

void kt_target_cloud_message(const char *bytes, gsize length)
{
  g_autofree char *message = kt_http_message(bytes, length);
  for (const char *p = message; p && *p; p++)
    if (g_ascii_iscntrl(*p))
      g_error("a control character in '%s'", message);
  kt_http_same_origin(bytes, "http://a/");
}

void kt_target_cloud_server(const char *bytes, gsize length)
{
#if HAVE_JSON
  g_auto(KtServerAction) action = {0};
  g_autoptr(KtServerNow) now = kt_server_now_read("server", bytes, length, NULL);
  g_autofree char *flavor = now ? kt_server_now_flavor(now) : NULL;
  gboolean unconfirmed;
  g_autofree char *name = kt_step_flavor(flavor, &unconfirmed);
  if (name && !g_str_has_prefix(flavor, name))
    g_error("'%s' is not of '%s'", name, flavor);
  kt_server_action_read(bytes, length, &action);
  g_autoptr(GDateTime) since = g_date_time_new_from_unix_utc(0);
  kt_server_actions_read(bytes, length, "resize", since);
  if (kt_server_cells_read(bytes, length).value < 0)
    g_error("less than no cells");
#endif
  if (kt_cloud_topology_agrees(bytes, bytes) == KT_NO)
    g_error("it does not agree with itself");
}

void kt_target_cloud_plan(const char *bytes, gsize length)
{
  g_autoptr(KtCloudPlan) plan = kt_cloud_plan_from_json("plan", bytes, length, NULL);
  g_autofree char *text = plan ? kt_cloud_plan_to_json(plan) : NULL;
  g_autoptr(KtCloudPlan) again = text ? kt_cloud_plan_from_json("again", text, strlen(text), NULL) : NULL;
  if (plan && !again)
    g_error("what is written cannot be read: %s", text);
}
