/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/qemu_opts.h"

#include "config.h"

#include <string.h>

#include "base/json_read.h"
#include "base/units.h"

#define MAX_PARTS 4096

typedef struct {
  char *key, *value;
} Part;

struct KtQemuOpts {
  GArray *parts; /* Part */
};

static void part_clear(gpointer data)
{
  Part *part = data;
  g_free(part->key);
  g_free(part->value);
}

static void add_part(KtQemuOpts *opts, char *key, char *value)
{
  Part part = {.key = key, .value = value};
  if (opts->parts->len < MAX_PARTS)
    g_array_append_val(opts->parts, part);
  else
    part_clear(&part);
}

/* Takes one part of a comma list, ",," as ",", and moves *p behind its comma. */
static char *take_part(const char **p)
{
  GString *part = g_string_new(NULL);
  const char *s = *p;
  for (; *s; s++) {
    if (*s == ',' && *++s != ',')
      break;
    g_string_append_c(part, *s);
  }
  *p = s;
  return g_string_free(part, FALSE);
}

static void parse_list(KtQemuOpts *opts, const char *text, const char *implied)
{
  const char *p = text;
  for (gboolean first = TRUE; *p; first = FALSE) {
    g_autofree char *part = take_part(&p);
    char *equals = strchr(part, '=');
    if (equals)
      add_part(opts, g_strndup(part, (gsize)(equals - part)), g_strdup(equals + 1));
    else if (first && implied)
      add_part(opts, g_strdup(implied), g_strdup(part));
    else if (*part)
      add_part(opts, g_strdup(part), g_strdup("on"));
  }
}

#if HAVE_JSON
static char *scalar_text(JsonNode *node)
{
  switch (json_node_get_value_type(node)) {
  case G_TYPE_BOOLEAN:
    return g_strdup(json_node_get_boolean(node) ? "on" : "off");
  case G_TYPE_INT64:
    return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
  case G_TYPE_STRING:
    return json_node_dup_string(node);
  default:
    return NULL;
  }
}

/* Recursion is bounded by kt_json_read(). */
static void flatten(KtQemuOpts *opts, const char *key, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT(node)) {
    JsonObject *object = json_node_get_object(node);
    g_autoptr(GList) members = json_object_get_members(object);
    for (GList *m = members; m; m = m->next) {
      g_autofree char *inner = key ? g_strdup_printf("%s.%s", key, (char *)m->data) : g_strdup(m->data);
      flatten(opts, inner, json_object_get_member(object, m->data));
    }
  } else if (JSON_NODE_HOLDS_ARRAY(node)) {
    JsonArray *array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++)
      flatten(opts, key, json_array_get_element(array, i));
  } else if (JSON_NODE_HOLDS_VALUE(node) && key) {
    char *value = scalar_text(node);
    if (value)
      add_part(opts, g_strdup(key), value);
  }
}

static void parse_json(KtQemuOpts *opts, const char *text)
{
  g_autoptr(JsonNode) root = kt_json_read("option", text, strlen(text), NULL);
  if (root)
    flatten(opts, NULL, root);
}
#else
static void parse_json(KtQemuOpts *opts, const char *text)
{
}
#endif

KtQemuOpts *kt_qemu_opts_new(const char *text, const char *implied)
{
  KtQemuOpts *opts = g_new0(KtQemuOpts, 1);
  opts->parts = g_array_new(FALSE, FALSE, sizeof(Part));
  g_array_set_clear_func(opts->parts, part_clear);
  if (*text == '{')
    parse_json(opts, text);
  else
    parse_list(opts, text, implied);
  return opts;
}

void kt_qemu_opts_free(KtQemuOpts *opts)
{
  if (!opts)
    return;
  g_array_unref(opts->parts);
  g_free(opts);
}

guint kt_qemu_opts_count(const KtQemuOpts *opts)
{
  return opts ? opts->parts->len : 0;
}

const char *kt_qemu_opts_key(const KtQemuOpts *opts, guint i)
{
  return g_array_index(opts->parts, Part, i).key;
}

const char *kt_qemu_opts_value(const KtQemuOpts *opts, guint i)
{
  return g_array_index(opts->parts, Part, i).value;
}

const char *kt_qemu_opts_get(const KtQemuOpts *opts, const char *key)
{
  for (guint i = kt_qemu_opts_count(opts); i > 0; i--)
    if (g_str_equal(kt_qemu_opts_key(opts, i - 1), key))
      return kt_qemu_opts_value(opts, i - 1);
  return NULL;
}

gboolean kt_qemu_opts_is_on(const KtQemuOpts *opts, const char *key)
{
  return kt_qemu_switch(kt_qemu_opts_get(opts, key)) == KT_YES;
}

KtInt kt_qemu_opts_int(const KtQemuOpts *opts, const char *key)
{
  const char *value = kt_qemu_opts_get(opts, key);
  guint64 n;
  if (!value || !kt_units_parse_count(value, &n) || n > G_MAXINT32)
    return KT_INT_UNKNOWN;
  return KT_INT((gint64)n);
}

KtTri kt_qemu_switch(const char *value)
{
  static const char *const on[] = {"on", "yes", "true", "y", "1", NULL};
  static const char *const off[] = {"off", "no", "false", "n", "0", NULL};
  if (!value)
    return KT_UNKNOWN;
  return g_strv_contains(on, value) ? KT_YES : g_strv_contains(off, value) ? KT_NO : KT_UNKNOWN;
}
