/* SPDX-License-Identifier: GPL-2.0-or-later */
/* {"kvmtune_cloud_plan": 1, "tool":, "made":, "cloud":, "endpoint":,
 *  "flavors": [{"flavor":, "name":, "exists":, "vcpus":, "ram_mib":, "disk_gib":, "ephemeral_gib":, "swap_mib":,
 *    "public":, "keys": [{"key":, "before":, "after":, "why":}], "before": {"sockets":, "cores":, "threads":,
 * "cells":}, "after": {...}, "hosts": [{"host":, "empty": "yes"|"no"|"unknown", "now":, "why":}], "notes": [text]}],
 *  "servers": [{"id":, "name":, "host":, "status":, "new": name of its new flavor, "wave": 0.., "windows":}],
 *  "notes": [text]} */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/json_read.h"
#include "cloud/cloud_plan.h"

static const char *const tri_words[] = {[KT_UNKNOWN] = "unknown", [KT_NO] = "no", [KT_YES] = "yes"};

static void put_shape(KtJson *json, const char *key, const KtCloudShape *s)
{
  kt_json_open_object(json, key);
  kt_json_int(json, "sockets", s->sockets);
  kt_json_int(json, "cores", s->cores);
  kt_json_int(json, "threads", s->threads);
  kt_json_int(json, "cells", s->cells);
  kt_json_close_object(json);
}

static void put_keys(KtJson *json, const KtCloudCure *c)
{
  kt_json_open_array(json, "keys");
  for (guint i = 0; i < c->keys->len; i++) {
    const KtCloudKey *k = c->keys->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_string(json, "key", k->key);
    kt_json_string(json, "before", k->before);
    kt_json_string(json, "after", k->after);
    kt_json_string(json, "why", k->why);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

static void put_fits(KtJson *json, const KtCloudCure *c)
{
  kt_json_open_array(json, "hosts");
  for (guint i = 0; i < c->fits->len; i++) {
    const KtCloudFit *f = c->fits->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_string(json, "host", f->host);
    kt_json_string(json, "empty", tri_words[f->empty]);
    kt_json_string(json, "now", tri_words[f->now]);
    kt_json_string(json, "why", f->why);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

static void put_cure(KtJson *json, const KtCloudCure *c)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "flavor", c->flavor);
  kt_json_string(json, "name", c->name);
  kt_json_bool(json, "exists", c->exists);
  kt_json_int(json, "vcpus", c->vcpus);
  kt_json_int(json, "ram_mib", c->ram_mib);
  kt_json_int(json, "disk_gib", c->disk_gib);
  kt_json_int(json, "ephemeral_gib", c->ephemeral_gib);
  kt_json_int(json, "swap_mib", c->swap_mib);
  kt_json_bool(json, "public", c->is_public);
  put_keys(json, c);
  put_shape(json, "before", &c->before);
  put_shape(json, "after", &c->after);
  put_fits(json, c);
  kt_json_strings(json, "notes", c->notes);
  kt_json_close_object(json);
}

static void put_move(KtJson *json, const KtCloudPlan *plan, const KtCloudMove *m)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "id", m->id);
  kt_json_string(json, "name", m->name);
  kt_json_string(json, "host", m->host);
  kt_json_string(json, "status", m->status);
  kt_json_string(json, "new", ((KtCloudCure *)plan->cures->pdata[m->cure])->name);
  kt_json_int(json, "wave", m->wave);
  kt_json_bool(json, "windows", m->windows);
  kt_json_close_object(json);
}

char *kt_cloud_plan_to_json(const KtCloudPlan *plan)
{
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_int(json, "kvmtune_cloud_plan", 1);
  kt_json_string(json, "tool", plan->tool);
  kt_json_string(json, "made", plan->made);
  kt_json_string(json, "cloud", plan->cloud);
  kt_json_string(json, "endpoint", plan->endpoint);
  kt_json_open_array(json, "flavors");
  for (guint i = 0; i < plan->cures->len; i++)
    put_cure(json, plan->cures->pdata[i]);
  kt_json_close_array(json);
  kt_json_open_array(json, "servers");
  for (guint i = 0; i < plan->moves->len; i++)
    put_move(json, plan, plan->moves->pdata[i]);
  kt_json_close_array(json);
  kt_json_strings(json, "notes", plan->notes);
  kt_json_close_object(json);
  return kt_json_finish(json);
}

/* ---- reading ---- */

#define PLAN_MAX (64u << 20)

#if HAVE_JSON

typedef struct {
  const char *name;
  GError **error;
} Reader;

/* "NAME: flavors[2].vcpus: expected ..." */
static gboolean wrong(const Reader *r, const char *list, guint i, const char *member, const char *expected)
{
  g_set_error(r->error, KT_ERROR, KT_ERROR_FORMAT, "%s: %s[%u].%s: expected %s", r->name, list, i, member, expected);
  return FALSE;
}

static gboolean read_count(const Reader *r, JsonObject *o, guint i, const char *member, gint64 least, gint64 *n)
{
  gint64 value;
  if (!kt_json_member_int(o, member, &value) || value < least || value > G_MAXINT32)
    return wrong(r, "flavors", i, member, least ? "a number from 1 on" : "a number from 0 on");
  *n = value;
  return TRUE;
}

static void read_shape(JsonObject *o, const char *member, KtCloudShape *shape)
{
  JsonObject *from = kt_json_member_object(o, member);
  struct {
    const char *name;
    gint64 *to;
  } rows[] = {
      {"sockets", &shape->sockets}, {"cores", &shape->cores}, {"threads", &shape->threads}, {"cells", &shape->cells}};
  gint64 n;
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    if (kt_json_member_int(from, rows[i].name, &n) && n >= 0 && n <= G_MAXINT32)
      *rows[i].to = n;
}

static void read_texts(JsonObject *o, const char *member, GPtrArray *texts)
{
  JsonArray *from = kt_json_member_array(o, member);
  for (guint i = 0; i < kt_json_length(from); i++) {
    const char *text = kt_json_element_text(from, i);
    if (text)
      g_ptr_array_add(texts, g_strdup(text));
  }
}

/* Only these change what is made: a name that Nova takes, and a value. */
static gboolean read_keys(const Reader *r, JsonObject *o, guint i, KtCloudCure *c)
{
  JsonArray *from = kt_json_member_array(o, "keys");
  if (!from)
    return wrong(r, "flavors", i, "keys", "a list");
  for (guint k = 0; k < kt_json_length(from); k++) {
    JsonObject *key = kt_json_element_object(from, k);
    const char *name = kt_json_member_text(key, "key"), *after = kt_json_member_text(key, "after");
    if (!name || !*name || strlen(name) > 255 || (after && strlen(after) > 255))
      return wrong(r, "flavors", i, "keys", "objects with \"key\" and \"after\", up to 255 characters each");
    kt_cloud_cure_add_key(c, name, kt_json_member_text(key, "before"), after, kt_json_member_text(key, "why"));
  }
  return TRUE;
}

static KtTri tri_of(JsonObject *o, const char *member)
{
  const char *word = kt_json_member_text(o, member);
  return g_strcmp0(word, "yes") == 0 ? KT_YES : g_strcmp0(word, "no") == 0 ? KT_NO : KT_UNKNOWN;
}

static void read_fits(JsonObject *o, KtCloudCure *c)
{
  JsonArray *from = kt_json_member_array(o, "hosts");
  for (guint i = 0; i < kt_json_length(from); i++) {
    JsonObject *fit = kt_json_element_object(from, i);
    const char *host = kt_json_member_text(fit, "host");
    if (!host)
      continue;
    KtCloudFit *f = kt_cloud_cure_add_fit(c, host);
    f->empty = tri_of(fit, "empty");
    f->now = tri_of(fit, "now");
    f->why = g_strdup(kt_json_member_text(fit, "why"));
  }
}

static gboolean read_cure(const Reader *r, JsonObject *o, guint i, KtCloudPlan *plan, GHashTable *cures)
{
  const char *flavor = kt_json_member_text(o, "flavor"), *name = kt_json_member_text(o, "name");
  if (!flavor || !name || !*name || strlen(name) > 255)
    return wrong(r, "flavors", i, "name", "the names of the old and the new flavor");
  if (g_str_equal(flavor, name))
    return wrong(r, "flavors", i, "name", "a name other than the old flavor's: Nova resizes to another flavor only");
  if (g_hash_table_contains(cures, name))
    return wrong(r, "flavors", i, "name", "a name that no other has");
  KtCloudCure *c = kt_cloud_plan_add_cure(plan, flavor, name);
  if (!kt_json_member_bool(o, "exists", &c->exists) || !kt_json_member_bool(o, "public", &c->is_public))
    return wrong(r, "flavors", i, "exists", "true or false, and so for \"public\"");
  read_shape(o, "before", &c->before);
  read_shape(o, "after", &c->after);
  read_fits(o, c);
  read_texts(o, "notes", c->notes);
  return read_count(r, o, i, "vcpus", 1, &c->vcpus) && read_count(r, o, i, "ram_mib", 1, &c->ram_mib) &&
         read_count(r, o, i, "disk_gib", 0, &c->disk_gib) &&
         read_count(r, o, i, "ephemeral_gib", 0, &c->ephemeral_gib) &&
         read_count(r, o, i, "swap_mib", 0, &c->swap_mib) && read_keys(r, o, i, c);
}

static gboolean is_id(const char *id)
{
  gsize n = id ? strlen(id) : 0;
  for (gsize i = 0; i < n; i++)
    if (!g_ascii_isalnum(id[i]) && id[i] != '-')
      return FALSE;
  return n > 0 && n <= 255;
}

static gboolean read_move(const Reader *r, JsonObject *o, guint i, KtCloudPlan *plan, GHashTable *cures,
                          GHashTable *seen)
{
  const char *id = kt_json_member_text(o, "id"), *new = kt_json_member_text(o, "new");
  gpointer at;
  gint64 wave;
  if (!is_id(id) || !g_hash_table_add(seen, g_strdup(id)))
    return wrong(r, "servers", i, "id", "a server's id, each once");
  if (!new || !g_hash_table_lookup_extended(cures, new, NULL, &at))
    return wrong(r, "servers", i, "new", "the name of one of the plan's flavors");
  if (!kt_json_member_int(o, "wave", &wave) || wave < 0 || wave > G_MAXINT32)
    return wrong(r, "servers", i, "wave", "a number from 0 on");
  KtCloudMove *m = kt_cloud_plan_add_move(plan, id);
  m->name = g_strdup(kt_json_member_text(o, "name"));
  m->host = g_strdup(kt_json_member_text(o, "host"));
  m->status = g_strdup(kt_json_member_text(o, "status"));
  kt_json_member_bool(o, "windows", &m->windows);
  m->wave = (guint)wave;
  m->cure = GPOINTER_TO_UINT(at);
  return TRUE;
}

static gboolean read_lists(const Reader *r, JsonObject *root, KtCloudPlan *plan)
{
  JsonArray *flavors = kt_json_member_array(root, "flavors"), *servers = kt_json_member_array(root, "servers");
  g_autoptr(GHashTable) cures = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  if (!flavors || !servers || kt_json_length(flavors) > KT_CLOUD_FLAVORS_MAX) {
    g_set_error(r->error, KT_ERROR, KT_ERROR_FORMAT, "%s: expected the lists \"flavors\" and \"servers\"", r->name);
    return FALSE;
  }
  for (guint i = 0; i < kt_json_length(flavors); i++) {
    if (!read_cure(r, kt_json_element_object(flavors, i), i, plan, cures))
      return FALSE;
    g_hash_table_insert(cures, ((KtCloudCure *)plan->cures->pdata[i])->name, GUINT_TO_POINTER(i));
  }
  for (guint i = 0; i < kt_json_length(servers); i++)
    if (!read_move(r, kt_json_element_object(servers, i), i, plan, cures, seen))
      return FALSE;
  read_texts(root, "notes", plan->notes);
  return TRUE;
}

KtCloudPlan *kt_cloud_plan_from_json(const char *name, const char *text, gsize length, GError **error)
{
  if (length > PLAN_MAX) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "%s: larger than any plan", name);
    return NULL;
  }
  g_autoptr(JsonNode) node = kt_json_read(name, text, length, error);
  if (!node)
    return NULL;
  JsonObject *root = kt_json_object(node);
  gint64 version = 0;
  if (!kt_json_member_int(root, "kvmtune_cloud_plan", &version) || version != 1) {
    g_set_error(error, KT_ERROR, version > 1 ? KT_ERROR_UNSUPPORTED : KT_ERROR_FORMAT,
                "%s: no plan for a cloud of version 1", name);
    return NULL;
  }
  const Reader r = {name, error};
  g_autoptr(KtCloudPlan) plan = kt_cloud_plan_new();
  plan->tool = g_strdup(kt_json_member_text(root, "tool"));
  plan->made = g_strdup(kt_json_member_text(root, "made"));
  plan->cloud = g_strdup(kt_json_member_text(root, "cloud"));
  plan->endpoint = g_strdup(kt_json_member_text(root, "endpoint"));
  return read_lists(&r, root, plan) ? g_steal_pointer(&plan) : NULL;
}

#else

KtCloudPlan *kt_cloud_plan_from_json(const char *name, const char *text, gsize length, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s: this kvmtune was built without json-glib", name);
  return NULL;
}

#endif
