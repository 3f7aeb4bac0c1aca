/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/json_in.h"

#if HAVE_JSON
#include "base/error.h"

void kt_nova_json_wrong(GError **error, const char *path, const char *key, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *what = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s%s%s: %s", path, *path && *key ? "." : "", key, what);
}

static gpointer wrong_type(JsonObject *object, const char *path, const char *key, const char *expected, GError **error)
{
  kt_nova_json_wrong(error, path, key, "%sexpected %s", json_object_has_member(object, key) ? "" : "missing; ",
                     expected);
  return NULL;
}

JsonObject *kt_nova_json_object(JsonObject *object, const char *path, const char *key, GError **error)
{
  JsonObject *found = kt_json_member_object(object, key);
  return found ? found : wrong_type(object, path, key, "an object", error);
}

JsonArray *kt_nova_json_array(JsonObject *object, const char *path, const char *key, guint most, GError **error)
{
  JsonArray *array = kt_json_member_array(object, key);
  if (!array)
    return wrong_type(object, path, key, "an array", error);
  if (kt_json_length(array) <= most)
    return array;
  kt_nova_json_wrong(error, path, key, "%u entries; expected at most %u", kt_json_length(array), most);
  return NULL;
}

const char *kt_nova_json_text(JsonObject *object, const char *path, const char *key, GError **error)
{
  const char *text = kt_json_member_text(object, key);
  return text ? text : wrong_type(object, path, key, "a text", error);
}

gboolean kt_nova_json_int(JsonObject *object, const char *path, const char *key, gint64 least, gint64 most,
                          gint64 *value, GError **error)
{
  if (kt_json_member_int(object, key, value) && *value >= least && *value <= most)
    return TRUE;
  g_autofree char *expected =
      g_strdup_printf("a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, least, most);
  wrong_type(object, path, key, expected, error);
  return FALSE;
}

KtSet *kt_nova_json_cpus(JsonObject *object, const char *path, const char *key, GError **error)
{
  const char *text = kt_nova_json_text(object, path, key, error);
  if (!text)
    return NULL;
  g_autoptr(GError) failed = NULL;
  KtSet *set = kt_set_parse(text, &failed);
  if (set && kt_set_next(set, KT_NOVA_CPUS_END) < 0)
    return set;
  kt_nova_json_wrong(error, path, key, "expected a list of CPUs below %d, like \"0-3,8\"", KT_NOVA_CPUS_END);
  g_clear_pointer(&set, kt_set_free);
  return NULL;
}

GHashTable *kt_nova_json_texts(JsonObject *object, const char *path, GError **error)
{
  if (json_object_get_size(object) > KT_NOVA_JSON_KEYS) {
    kt_nova_json_wrong(error, path, "", "more than %d keys", KT_NOVA_JSON_KEYS);
    return NULL;
  }
  g_autoptr(GHashTable) table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  JsonObjectIter iter;
  const char *name;
  json_object_iter_init(&iter, object);
  while (json_object_iter_next(&iter, &name, NULL)) {
    const char *text = kt_nova_json_text(object, path, name, error);
    if (!text)
      return NULL;
    g_hash_table_insert(table, g_strdup(name), g_strdup(text));
  }
  return g_steal_pointer(&table);
}

GHashTable *kt_nova_json_table(JsonObject *object, const char *path, const char *key, GError **error)
{
  JsonObject *from = kt_nova_json_object(object, path, key, error);
  g_autofree char *here = g_strconcat(path, *path ? "." : "", key, NULL);
  return from ? kt_nova_json_texts(from, here, error) : NULL;
}

#endif
