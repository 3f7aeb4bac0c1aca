/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/past_report.h"

#include "base/error.h"
#include "config.h"

#if HAVE_JSON
#include <json-glib/json-glib.h>

#define MAX_BYTES (64 * 1024 * 1024)
#define MAX_NESTING 16

/* json-glib 1.6 has no limit of its own. */
static gboolean nests_too_deep(const char *text)
{
  guint depth = 0;
  gboolean quoted = FALSE;
  for (const char *p = text; *p; p++) {
    if (quoted) {
      if (*p == '\\' && p[1])
        p++;
      else if (*p == '"')
        quoted = FALSE;
    } else if (*p == '"') {
      quoted = TRUE;
    } else if ((*p == '{' || *p == '[') && ++depth > MAX_NESTING) {
      return TRUE;
    } else if ((*p == '}' || *p == ']') && depth) {
      depth--;
    }
  }
  return FALSE;
}

static JsonArray *member_array(JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member(object, name);
  return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static const char *member_text(JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member(object, name);
  return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
             ? json_node_get_string(node)
             : NULL;
}

static JsonObject *element_object(JsonArray *array, guint i)
{
  JsonNode *node = json_array_get_element(array, i);
  return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static void read_findings(JsonObject *subject, const char *list, KtPastFound found, gpointer data)
{
  JsonArray *findings = member_array(subject, list);
  for (guint i = 0; findings && i < json_array_get_length(findings); i++) {
    JsonObject *finding = element_object(findings, i);
    const char *id = finding ? member_text(finding, "id") : NULL;
    if (id)
      found(member_text(subject, "name"), id, member_text(finding, "title"), data);
  }
}

gboolean kt_past_report_read(const char *path, KtPastFound found, gpointer data, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr(GError) failed = NULL;
  gsize length;
  if (!g_file_get_contents(path, &text, &length, &failed)) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "%s", failed->message);
    return FALSE;
  }
  g_autoptr(JsonParser) parser = json_parser_new();
  if (length > MAX_BYTES || nests_too_deep(text)) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "'%s' is larger or deeper than a report of 'doctor --json'", path);
    return FALSE;
  }
  JsonNode *root =
      json_parser_load_from_data(parser, text, (gssize)length, &failed) ? json_parser_get_root(parser) : NULL;
  JsonArray *subjects =
      root && JSON_NODE_HOLDS_OBJECT(root) ? member_array(json_node_get_object(root), "subjects") : NULL;
  if (!subjects) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%s' is no report of 'doctor --json'%s%s", path, failed ? ": " : "",
                failed ? failed->message : "");
    return FALSE;
  }
  for (guint i = 0; i < json_array_get_length(subjects); i++) {
    JsonObject *subject = element_object(subjects, i);
    if (!subject)
      continue;
    read_findings(subject, "findings", found, data);
    read_findings(subject, "accepted", found, data);
  }
  return TRUE;
}
#else
gboolean kt_past_report_read(const char *path, KtPastFound found, gpointer data, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot read '%s': it has no json-glib", path);
  return FALSE;
}
#endif
