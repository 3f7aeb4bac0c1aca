/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_read.h"

#include <string.h>

#if HAVE_JSON
#include "base/error.h"

typedef enum { SHALLOW, DEEP, CROWDED, NO_JSON, NO_TEXT } Nesting;

/* Comments and '...' are json-glib's additions: a '"' in them would hide brackets from this count. */
static Nesting nesting_of(const char *text, gsize length)
{
  guint depth = 0, values = 0;
  gboolean quoted = FALSE;
  for (const char *p = text, *end = text + length; p < end; p++) {
    if (quoted) {
      if (*p == '\\' && end - p > 5 && memcmp(p, "\\u0000", 6) == 0)
        return NO_TEXT; /* would end the text for everybody who reads it */
      if (*p == '\\')
        p++;
      else if (*p == '"')
        quoted = FALSE;
    } else if (*p == '"') {
      quoted = TRUE;
    } else if (*p == '/' || *p == '\'') {
      return NO_JSON;
    } else if ((*p == '{' || *p == '[') && ++depth > KT_JSON_NESTING) {
      return DEEP;
    } else if ((*p == '{' || *p == '[' || *p == ',') && ++values > KT_JSON_VALUES) {
      return CROWDED;
    } else if ((*p == '}' || *p == ']') && depth) {
      depth--;
    }
  }
  return SHALLOW;
}

/* json-glib puts "<data>:1:5: " in front of what is wrong. */
static const char *without_place(const char *message)
{
  return g_str_has_prefix(message, "<data>:") ? message + strlen("<data>:") : message;
}

JsonNode *kt_json_read(const char *name, const char *text, gsize length, GError **error)
{
  if (!g_utf8_validate(text, (gssize)length, NULL)) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: not UTF-8", name);
    return NULL;
  }
  Nesting nesting = nesting_of(text, length);
  if (nesting == DEEP) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "%s: nests deeper than %d levels", name, KT_JSON_NESTING);
    return NULL;
  }
  if (nesting == CROWDED) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "%s: more than %d values", name, KT_JSON_VALUES);
    return NULL;
  }
  if (nesting == NO_TEXT) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: a text with a NUL character", name);
    return NULL;
  }
  if (nesting == NO_JSON) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: a comment or a quote that JSON does not have", name);
    return NULL;
  }
  g_autoptr(JsonParser) parser = json_parser_new();
  g_autoptr(GError) failed = NULL;
  if (!json_parser_load_from_data(parser, text, (gssize)length, &failed)) {
    const char *why = without_place(failed->message);
    g_autofree char *line = g_strdelimit(g_strdup(why), "\r\n", ' ');
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s:%s%.200s", name, why == failed->message ? " " : "", line);
    return NULL;
  }
  JsonNode *root = json_parser_steal_root(parser);
  if (!root)
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: empty, JSON is expected", name);
  return root;
}

JsonObject *kt_json_object(JsonNode *node)
{
  return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonNode *member(JsonObject *object, const char *name)
{
  return object ? json_object_get_member(object, name) : NULL;
}

JsonObject *kt_json_member_object(JsonObject *object, const char *name)
{
  return kt_json_object(member(object, name));
}

JsonArray *kt_json_member_array(JsonObject *object, const char *name)
{
  JsonNode *node = member(object, name);
  return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static const char *text_of(JsonNode *node)
{
  return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
             ? json_node_get_string(node)
             : NULL;
}

const char *kt_json_member_text(JsonObject *object, const char *name)
{
  return text_of(member(object, name));
}

gboolean kt_json_member_number(JsonObject *object, const char *name, double *value)
{
  JsonNode *node = member(object, name);
  if (!node || !JSON_NODE_HOLDS_VALUE(node))
    return FALSE;
  GType type = json_node_get_value_type(node);
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  *value = json_node_get_double(node);
  return TRUE;
}

gboolean kt_json_member_int(JsonObject *object, const char *name, gint64 *value)
{
  JsonNode *node = member(object, name);
  if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
    return FALSE;
  *value = json_node_get_int(node);
  return TRUE;
}

gboolean kt_json_member_is_null(JsonObject *object, const char *name)
{
  JsonNode *node = object ? json_object_get_member(object, name) : NULL;
  return !node || JSON_NODE_HOLDS_NULL(node);
}

gboolean kt_json_member_bool(JsonObject *object, const char *name, gboolean *value)
{
  JsonNode *node = member(object, name);
  if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN)
    return FALSE;
  *value = json_node_get_boolean(node);
  return TRUE;
}

guint kt_json_length(JsonArray *array)
{
  return array ? json_array_get_length(array) : 0;
}

JsonObject *kt_json_element_object(JsonArray *array, guint i)
{
  return kt_json_object(json_array_get_element(array, i));
}

const char *kt_json_element_text(JsonArray *array, guint i)
{
  return text_of(json_array_get_element(array, i));
}
#endif
