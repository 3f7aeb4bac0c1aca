/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/yaml_tree.h"

#include <string.h>

#include "base/error.h"
#include "config.h"

#if HAVE_YAML
#include <yaml.h>
#endif

enum { DEPTH_MAX = 32, NODES_MAX = 50000, MERGES_MAX = 8 };

typedef enum { SCALAR, NOTHING, LIST, MAP } Kind;

struct KtYamlNode {
  Kind kind;
  char *text;          /* of a scalar */
  GPtrArray *elements; /* KtYamlNode*, not owned; of a list, or a map's values */
  GPtrArray *keys;     /* char*, of a map */
};

struct KtYaml {
  GPtrArray *nodes;    /* all of the document's */
  GHashTable *anchors; /* name -> node */
  const KtYamlNode *root;
};

void kt_yaml_free(KtYaml *yaml)
{
  if (!yaml)
    return;
  g_ptr_array_unref(yaml->nodes);
  g_hash_table_unref(yaml->anchors);
  g_free(yaml);
}

/* ---- what was read ---- */

const KtYamlNode *kt_yaml_root(const KtYaml *yaml)
{
  return yaml->root;
}

static const KtYamlNode *own_member(const KtYamlNode *map, const char *key)
{
  for (guint i = kt_yaml_count(map); i-- > 0;) /* of a key that stands twice the last counts */
    if (g_str_equal(kt_yaml_key(map, i), key))
      return map->elements->pdata[i];
  return NULL;
}

/* The maps that a map is made of, itself first; those merged into it may name others. Free with g_ptr_array_unref(). */
static GPtrArray *maps_of(const KtYamlNode *map)
{
  GPtrArray *maps = g_ptr_array_new();
  if (kt_yaml_is_map(map))
    g_ptr_array_add(maps, (gpointer)map);
  for (guint i = 0; i < maps->len; i++) {
    const KtYamlNode *merged = own_member(maps->pdata[i], "<<");
    guint n = merged && merged->kind == LIST ? kt_yaml_count(merged) : 1;
    for (guint k = 0; merged && k < n && maps->len < MERGES_MAX; k++) {
      const KtYamlNode *other = merged->kind == LIST ? kt_yaml_element(merged, k) : merged;
      if (kt_yaml_is_map(other) && !g_ptr_array_find(maps, other, NULL))
        g_ptr_array_add(maps, (gpointer)other);
    }
  }
  return maps;
}

const KtYamlNode *kt_yaml_member(const KtYamlNode *map, const char *key)
{
  g_autoptr(GPtrArray) maps = maps_of(map);
  const KtYamlNode *found = NULL;
  for (guint i = 0; !found && i < maps->len; i++)
    found = own_member(maps->pdata[i], key);
  return found;
}

const char *kt_yaml_text(const KtYamlNode *node)
{
  return node && node->kind == SCALAR ? node->text : NULL;
}

gboolean kt_yaml_is_map(const KtYamlNode *node)
{
  return node && node->kind == MAP;
}

guint kt_yaml_count(const KtYamlNode *node)
{
  return node && node->keys ? node->keys->len : node && node->elements ? node->elements->len : 0;
}

const KtYamlNode *kt_yaml_element(const KtYamlNode *list, guint i)
{
  return list && list->kind == LIST && i < list->elements->len ? list->elements->pdata[i] : NULL;
}

const char *kt_yaml_key(const KtYamlNode *map, guint i)
{
  return map->keys->pdata[i];
}

void kt_yaml_each_text(const KtYamlNode *map, void (*found)(const char *key, const char *text, gpointer data),
                       gpointer data)
{
  g_autoptr(GPtrArray) maps = maps_of(map);
  for (guint m = maps->len; m-- > 0;)
    for (guint i = 0; i < kt_yaml_count(maps->pdata[m]); i++) {
      const KtYamlNode *node = maps->pdata[m];
      const char *text = kt_yaml_text(node->elements->pdata[i]);
      if (text)
        found(kt_yaml_key(node, i), text, data);
    }
}

/* ---- reading ---- */

#if HAVE_YAML

static void node_free(gpointer data)
{
  KtYamlNode *node = data;
  if (node->text)
    explicit_bzero(node->text, strlen(node->text)); /* it may be a password */
  g_free(node->text);
  g_clear_pointer(&node->elements, g_ptr_array_unref);
  g_clear_pointer(&node->keys, g_ptr_array_unref);
  g_free(node);
}

typedef struct {
  KtYaml *yaml;
  const char *name;
  KtYamlNode *open[DEPTH_MAX];
  char *key[DEPTH_MAX]; /* of an open map: the key whose value comes next */
  guint depth;
} Reader;

static gboolean refuse(const Reader *r, const yaml_event_t *event, KtErrorCode code, const char *why, GError **error)
{
  g_set_error(error, KT_ERROR, code, "%s:%u: %s", r->name, (guint)event->start_mark.line + 1, why);
  return FALSE;
}

static KtYamlNode *node_new(KtYaml *yaml, Kind kind, const yaml_char_t *anchor)
{
  KtYamlNode *node = g_new0(KtYamlNode, 1);
  node->kind = kind;
  if (kind == LIST || kind == MAP)
    node->elements = g_ptr_array_new();
  if (kind == MAP)
    node->keys = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(yaml->nodes, node);
  if (anchor)
    g_hash_table_replace(yaml->anchors, g_strdup((const char *)anchor), node);
  return node;
}

/* Puts a node where it belongs: the root, an element, a key or a key's value. */
static gboolean place(Reader *r, const yaml_event_t *event, KtYamlNode *node, GError **error)
{
  if (!r->depth) {
    r->yaml->root = node;
    return TRUE;
  }
  KtYamlNode *in = r->open[r->depth - 1];
  char **key = &r->key[r->depth - 1];
  if (in->kind == MAP && !*key) {
    if (node->kind != SCALAR)
      return refuse(r, event, KT_ERROR_FORMAT, "expected a name in front of ':'", error);
    *key = g_strdup(node->text);
    return TRUE;
  }
  g_ptr_array_add(in->elements, node);
  if (in->kind == MAP)
    g_ptr_array_add(in->keys, g_steal_pointer(key));
  return TRUE;
}

static gboolean is_null(const yaml_event_t *event)
{
  static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
  return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
         g_strv_contains(words, (const char *)event->data.scalar.value);
}

static gboolean read_scalar(Reader *r, const yaml_event_t *event, GError **error)
{
  const char *text = (const char *)event->data.scalar.value;
  if (strlen(text) != event->data.scalar.length)
    return refuse(r, event, KT_ERROR_FORMAT, "a text with a NUL character", error);
  KtYamlNode *node = node_new(r->yaml, is_null(event) ? NOTHING : SCALAR, event->data.scalar.anchor);
  node->text = node->kind == SCALAR ? g_strdup(text) : NULL;
  return place(r, event, node, error);
}

static gboolean read_alias(Reader *r, const yaml_event_t *event, GError **error)
{
  KtYamlNode *node = g_hash_table_lookup(r->yaml->anchors, event->data.alias.anchor);
  return node ? place(r, event, node, error)
              : refuse(r, event, KT_ERROR_FORMAT, "an alias of something that is not there", error);
}

static gboolean open_node(Reader *r, const yaml_event_t *event, Kind kind, const yaml_char_t *anchor, GError **error)
{
  KtYamlNode *node = node_new(r->yaml, kind, anchor);
  if (r->depth == DEPTH_MAX)
    return refuse(r, event, KT_ERROR_LIMIT, "it nests deeper than 32 levels", error);
  if (!place(r, event, node, error))
    return FALSE;
  r->open[r->depth++] = node;
  return TRUE;
}

static gboolean read_event(Reader *r, const yaml_event_t *event, GError **error)
{
  if (r->yaml->nodes->len > NODES_MAX)
    return refuse(r, event, KT_ERROR_LIMIT, "more than any honest file holds", error);
  switch (event->type) {
  case YAML_SCALAR_EVENT:
    return read_scalar(r, event, error);
  case YAML_ALIAS_EVENT:
    return read_alias(r, event, error);
  case YAML_SEQUENCE_START_EVENT:
    return open_node(r, event, LIST, event->data.sequence_start.anchor, error);
  case YAML_MAPPING_START_EVENT:
    return open_node(r, event, MAP, event->data.mapping_start.anchor, error);
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT:
    g_clear_pointer(&r->key[--r->depth], g_free);
    return TRUE;
  default:
    return TRUE;
  }
}

static gboolean read_document(Reader *r, yaml_parser_t *parser, GError **error)
{
  gboolean good = TRUE, end = FALSE;
  while (good && !end) {
    yaml_event_t event;
    if (!yaml_parser_parse(parser, &event)) {
      g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s:%u: %s", r->name, (guint)parser->problem_mark.line + 1,
                  parser->problem ? parser->problem : "not YAML");
      return FALSE;
    }
    good = read_event(r, &event, error);
    end = event.type == YAML_DOCUMENT_END_EVENT || event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  return good;
}

KtYaml *kt_yaml_read(const char *name, const char *text, gsize length, GError **error)
{
  yaml_parser_t parser;
  if (length > KT_YAML_LIMIT) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "%s: larger than %d KiB", name, KT_YAML_LIMIT / 1024);
    return NULL;
  }
  if (!yaml_parser_initialize(&parser)) {
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s: no memory to read it", name);
    return NULL;
  }
  g_autoptr(KtYaml) yaml = g_new0(KtYaml, 1);
  yaml->nodes = g_ptr_array_new_with_free_func(node_free);
  yaml->anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  Reader r = {.yaml = yaml, .name = name};
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
  gboolean good = read_document(&r, &parser, error);
  yaml_parser_delete(&parser);
  while (r.depth)
    g_free(r.key[--r.depth]);
  return good ? g_steal_pointer(&yaml) : NULL;
}

#else

KtYaml *kt_yaml_read(const char *name, const char *text, gsize length, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s: this kvmtune was built without libyaml", name);
  return NULL;
}

#endif
