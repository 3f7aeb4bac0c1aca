/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/server_now.h"

#include <string.h>

#include "apply/step.h"
#include "base/error.h"
#include "cloud/http_words.h"
#include "cloud/inventory_answers.h"

#if HAVE_JSON

/* Microversions 2.N: details of failed events from 84 on; cells from 78 on. */
enum { NOW_MOST = 90, ACTIONS_MOST = 84, CELLS_FROM = 78, EVENTS_MAX = 64, ACTIONS_MAX = 1000, CELLS_MAX = 1024 };

/* ---- the server ---- */

void kt_server_now_free(KtServerNow *now)
{
  if (!now)
    return;
  kt_cloud_free(now->cloud);
  g_free(now->fault);
  g_free(now);
}

static KtServerNow *read_node(const char *name, JsonNode *node, GError **error)
{
  JsonObject *object = kt_json_member_object(kt_json_object(node), "server");
  g_autoptr(KtServerNow) now = g_new0(KtServerNow, 1);
  now->cloud = kt_cloud_new(NULL);
  if (object)
    kt_cloud_readings[KT_CLOUD_SERVERS].take(object, now->cloud);
  now->server = now->cloud->servers->len ? now->cloud->servers->pdata[0] : NULL;
  if (!now->server || !now->server->status) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: expected a server with its status", name);
    return NULL;
  }
  const char *fault = kt_json_member_text(kt_json_member_object(object, "fault"), "message");
  now->fault = fault ? kt_http_one_line(fault) : NULL;
  return g_steal_pointer(&now);
}

KtServerNow *kt_server_now_read(const char *name, const char *text, gsize length, GError **error)
{
  g_autoptr(JsonNode) node = kt_json_read(name, text, length, error);
  return node ? read_node(name, node, error) : NULL;
}

/* FALSE with *error: it is not about this server, or Nova does not know how it is. */
static gboolean check_it(const KtServerNow *now, const char *path, const char *id, GError **error)
{
  if (g_ascii_strcasecmp(now->server->id, id) != 0)
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: the answer is about another server", path);
  else if (g_str_equal(now->server->status, "UNKNOWN")) /* its flavor is that of some time ago */
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM,
                "Nova does not reach the cell of the server %s: its status is UNKNOWN", id);
  else
    return TRUE;
  return FALSE;
}

KtServerNow *kt_server_now_get(KtCloudSession *session, const char *id, GError **error)
{
  g_autofree char *path = g_strdup_printf("/servers/%s", id);
  guint status = 0;
  g_autoptr(GError) failed = NULL;
  g_autoptr(JsonNode) node =
      kt_cloud_get(session, KT_SERVICE_COMPUTE, path, kt_cloud_session_version(session, NOW_MOST), &status, &failed);
  KtServerNow *now = node ? read_node(path, node, error) : NULL;
  if (now && !check_it(now, path, id, error))
    g_clear_pointer(&now, kt_server_now_free);
  else if (now)
    now->fault = kt_cloud_session_clean(session, now->fault);
  else if (status == 404 && kt_cloud_session_is_admin(session))
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "the server %s is not there any more", id);
  else if (status == 404) /* Nova tells a member of another project the same */
    g_set_error(error, KT_ERROR, KT_ERROR_ACCESS,
                "the server %s is not there any more, or is another project's: this sign-in is no administrator's", id);
  else if (!node)
    g_propagate_error(error, g_steal_pointer(&failed));
  return now;
}

char *kt_server_now_flavor(const KtServerNow *now)
{
  const char *name = now->server->group->flavor->name;
  gboolean unconfirmed = g_str_equal(now->server->status, "VERIFY_RESIZE");
  return name ? g_strconcat(name, unconfirmed ? KT_STEP_UNCONFIRMED : "", NULL) : NULL;
}

/* ---- its cells ---- */

static KtInt cells_of(JsonNode *node)
{
  JsonArray *nodes = kt_json_member_array(kt_json_object(node), "nodes");
  return nodes && kt_json_length(nodes) <= CELLS_MAX ? KT_INT(kt_json_length(nodes)) : KT_INT_UNKNOWN;
}

KtInt kt_server_cells_read(const char *text, gsize length)
{
  g_autoptr(JsonNode) node = kt_json_read("topology", text, length, NULL);
  return cells_of(node);
}

KtInt kt_server_cells(KtCloudSession *session, const char *id)
{
  if (kt_cloud_session_newest(session) < CELLS_FROM)
    return KT_INT_UNKNOWN;
  g_autofree char *path = g_strdup_printf("/servers/%s/topology", id);
  g_autoptr(JsonNode) node = kt_cloud_get(session, KT_SERVICE_COMPUTE, path, CELLS_FROM, NULL, NULL);
  return cells_of(node);
}

/* ---- actions ---- */

void kt_server_action_clear(KtServerAction *action)
{
  g_clear_pointer(&action->why, g_free);
}

static gboolean read_action(JsonNode *node, KtServerAction *action)
{
  JsonObject *object = kt_json_member_object(kt_json_object(node), "instanceAction");
  JsonArray *events = kt_json_member_array(object, "events");
  if (!object)
    return FALSE;
  action->failed = g_strcmp0(kt_json_member_text(object, "message"), "Error") == 0;
  for (guint i = 0; i < MIN(kt_json_length(events), EVENTS_MAX); i++) {
    JsonObject *event = kt_json_element_object(events, i);
    const char *details = kt_json_member_text(event, "details");
    if (!action->why && details && g_strcmp0(kt_json_member_text(event, "result"), "Error") == 0)
      action->why = kt_http_one_line(details);
  }
  return TRUE;
}

gboolean kt_server_action_read(const char *text, gsize length, KtServerAction *action)
{
  g_autoptr(JsonNode) node = kt_json_read("action", text, length, NULL);
  return read_action(node, action);
}

gboolean kt_server_action_get(KtCloudSession *session, const char *id, const char *request, KtServerAction *action)
{
  g_autofree char *escaped = g_uri_escape_string(request, NULL, FALSE);
  g_autofree char *path = g_strdup_printf("/servers/%s/os-instance-actions/%s", id, escaped);
  g_autoptr(JsonNode) node =
      kt_cloud_get(session, KT_SERVICE_COMPUTE, path, kt_cloud_session_version(session, ACTIONS_MOST), NULL, NULL);
  gboolean told = read_action(node, action);
  action->why = kt_cloud_session_clean(session, action->why);
  return told;
}

static gboolean has_action(JsonNode *node, const char *action, GDateTime *since)
{
  JsonArray *actions = kt_json_member_array(kt_json_object(node), "instanceActions");
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  for (guint i = 0; i < MIN(kt_json_length(actions), ACTIONS_MAX); i++) {
    JsonObject *object = kt_json_element_object(actions, i);
    const char *start = kt_json_member_text(object, "start_time");
    g_autoptr(GDateTime) begun = start ? g_date_time_new_from_iso8601(start, utc) : NULL;
    if (begun && g_strcmp0(kt_json_member_text(object, "action"), action) == 0 &&
        g_date_time_compare(begun, since) >= 0)
      return TRUE;
  }
  return FALSE;
}

gboolean kt_server_actions_read(const char *text, gsize length, const char *action, GDateTime *since)
{
  g_autoptr(JsonNode) node = kt_json_read("actions", text, length, NULL);
  return has_action(node, action, since);
}

gboolean kt_server_acted_since(KtCloudSession *session, const char *id, const char *action, GDateTime *since)
{
  g_autofree char *path = g_strdup_printf("/servers/%s/os-instance-actions", id);
  g_autoptr(JsonNode) node = since ? kt_cloud_get(session, KT_SERVICE_COMPUTE, path,
                                                  kt_cloud_session_version(session, ACTIONS_MOST), NULL, NULL)
                                   : NULL;
  return has_action(node, action, since);
}

#endif
