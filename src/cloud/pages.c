/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/pages.h"

#include <string.h>

#include "base/error.h"

#if HAVE_JSON

enum { PAGE = 500, ID_MAX = 255, STEPS_BACK = 5 };

JsonNode *kt_cloud_get(KtCloudSession *session, KtService service, const char *path, guint version, guint *status,
                       GError **error)
{
  const KtCloudCall call = {.service = service, .method = "GET", .path = path, .version = version};
  g_autoptr(KtHttpAnswer) answer = kt_cloud_session_send(session, &call, error);
  if (status)
    *status = answer ? answer->status : 0;
  if (!answer)
    return NULL;
  if (answer->status / 100 != 2) {
    kt_cloud_session_set_error(session, &call, answer, error);
    return NULL;
  }
  g_autofree char *name =
      g_strdup_printf("GET %s%.*s", kt_cloud_session_endpoint(session, service), (int)strcspn(path, "?"), path);
  return kt_json_read(name, answer->body->str, answer->body->len, error);
}

/* ---- a page ---- */

/* Nova: "servers_links": [{"rel": "next"}]; Glance: "next": "/v2/...". */
static gboolean says_more(JsonObject *root, const char *member)
{
  g_autofree char *links = g_strconcat(member, "_links", NULL);
  JsonArray *array = kt_json_member_array(root, links);
  for (guint i = 0; i < MIN(kt_json_length(array), 16); i++)
    if (g_strcmp0(kt_json_member_text(kt_json_element_object(array, i), "rel"), "next") == 0)
      return TRUE;
  return kt_json_member_text(root, "next") != NULL;
}

gboolean kt_cloud_page(JsonNode *page, const char *name, const char *member,
                       void (*take)(JsonObject *element, gpointer data), gpointer data, gboolean *more, GError **error)
{
  JsonObject *root = kt_json_object(page);
  JsonArray *elements = kt_json_member_array(root, member);
  if (!elements) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: expected a list of \"%s\"", name, member);
    return FALSE;
  }
  for (guint i = 0; i < kt_json_length(elements); i++) {
    JsonObject *element = kt_json_element_object(elements, i);
    if (element)
      take(element, data);
  }
  *more = says_more(root, member);
  return TRUE;
}

/* ---- all pages ---- */

typedef struct {
  const KtCloudList *list;
  void (*take)(JsonObject *element, gpointer data);
  gpointer data;
  GHashTable *seen; /* ids */
  GPtrArray *last;  /* ids of the page, not owned */
} Walk;

static void take_new(JsonObject *element, gpointer data)
{
  Walk *walk = data;
  const char *id = kt_json_member_text(element, "id");
  if (!id || !*id || strlen(id) > ID_MAX || g_hash_table_contains(walk->seen, id) ||
      g_hash_table_size(walk->seen) > walk->list->most)
    return;
  char *own = g_strdup(id);
  g_hash_table_add(walk->seen, own);
  g_ptr_array_add(walk->last, own);
  walk->take(element, walk->data);
}

static char *page_path(const KtCloudList *list, const char *marker)
{
  g_autofree char *escaped = marker ? g_uri_escape_string(marker, NULL, FALSE) : NULL;
  return g_strdup_printf("%s?limit=%d%s%s%s%s", list->path, PAGE, *list->query ? "&" : "", list->query,
                         escaped ? "&marker=" : "", escaped ? escaped : "");
}

/* The page behind `last`: behind its last id or, where that was deleted meanwhile (400), behind one before it. */
static JsonNode *next_page(KtCloudSession *session, const KtCloudList *list, const GPtrArray *last, guint *status,
                           GError **error)
{
  for (guint back = 1;; back++) {
    const char *marker = last->len >= back ? last->pdata[last->len - back] : NULL;
    g_autofree char *path = page_path(list, marker);
    g_autoptr(GError) failed = NULL;
    JsonNode *page = kt_cloud_get(session, list->service, path, list->version, status, &failed);
    if (page)
      return page;
    if (*status != 400 || !marker || back == STEPS_BACK || back == last->len) {
      g_propagate_error(error, g_steal_pointer(&failed));
      return NULL;
    }
  }
}

gboolean kt_cloud_list(KtCloudSession *session, const KtCloudList *list,
                       void (*take)(JsonObject *element, gpointer data), gpointer data, guint *status, GError **error)
{
  g_autofree char *name = g_strdup_printf(
      "GET %s%s",
      kt_cloud_session_endpoint(session, list->service) ? kt_cloud_session_endpoint(session, list->service) : "",
      list->path);
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) last = g_ptr_array_new();
  guint of_last = 0;
  Walk walk = {list, take, data, seen, last};
  gboolean more = TRUE;
  while (more) {
    g_autoptr(JsonNode) page = next_page(session, list, last, &of_last, error);
    if (status)
      *status = of_last;
    if (!page)
      return FALSE;
    guint before = g_hash_table_size(seen);
    g_ptr_array_set_size(last, 0);
    if (!kt_cloud_page(page, name, list->member, take_new, &walk, &more, error))
      return FALSE;
    if (g_hash_table_size(seen) > list->most) {
      g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "%s: more than %u", name, list->most);
      return FALSE;
    }
    if (more && g_hash_table_size(seen) == before) {
      g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: the next page brings nothing new", name);
      return FALSE;
    }
  }
  return TRUE;
}

#endif
