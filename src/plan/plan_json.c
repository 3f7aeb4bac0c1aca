/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/plan_json.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/json_read.h"

#define FORMAT 1
#define A_PLAN "a plan document, as 'kvmtune plan -o' writes it"

/* ---- fields: the same tables write and read ---- */

typedef struct {
  const char *key;
  gsize offset;
  enum { TEXT, COUNT, PERCENT, FLAG } type;
  gboolean required; /* to be a text that is not null */
} Field;

#define FIELD(type_, struct_, member_, required_)                                                                      \
  {                                                                                                                    \
#member_, G_STRUCT_OFFSET(struct_, member_), type_, required_                                                      \
  }

static const Field plan_fields[] = {
    FIELD(TEXT, KtPlan, tool, FALSE),    FIELD(TEXT, KtPlan, made, FALSE), FIELD(TEXT, KtPlan, host, FALSE),
    FIELD(TEXT, KtPlan, machine, FALSE), FIELD(FLAG, KtPlan, live, FALSE), FIELD(TEXT, KtPlan, policy, FALSE),
    FIELD(FLAG, KtPlan, movable, FALSE),
};
static const Field shape_fields[] = {
    FIELD(TEXT, KtGuestShape, cpu, FALSE),        FIELD(COUNT, KtGuestShape, sockets, FALSE),
    FIELD(COUNT, KtGuestShape, cores, FALSE),     FIELD(COUNT, KtGuestShape, threads, FALSE),
    FIELD(COUNT, KtGuestShape, l3_groups, FALSE), FIELD(COUNT, KtGuestShape, cells, FALSE),
};
static const Field guest_fields[] = {
    FIELD(TEXT, KtPlanGuest, domain, TRUE),
    FIELD(TEXT, KtPlanGuest, uuid, FALSE),
    FIELD(TEXT, KtPlanGuest, cpus_before, FALSE),
    FIELD(TEXT, KtPlanGuest, cpus_after, FALSE),
    FIELD(TEXT, KtPlanGuest, nodes_before, FALSE),
    FIELD(TEXT, KtPlanGuest, nodes_after, FALSE),
    FIELD(PERCENT, KtPlanGuest, local_before_pct, FALSE),
    FIELD(PERCENT, KtPlanGuest, local_after_pct, FALSE),
    FIELD(TEXT, KtPlanGuest, kept, FALSE),
    FIELD(TEXT, KtPlanGuest, devices, FALSE),
};
static const Field change_fields[] = {
    FIELD(TEXT, KtChange, id, TRUE),    FIELD(TEXT, KtChange, domain, FALSE), FIELD(TEXT, KtChange, uuid, FALSE),
    FIELD(TEXT, KtChange, title, TRUE), FIELD(TEXT, KtChange, why, FALSE),    FIELD(TEXT, KtChange, undo, FALSE),
};
static const Field edit_fields[] = {
    FIELD(TEXT, KtEdit, where, TRUE),
    FIELD(TEXT, KtEdit, before, FALSE),
    FIELD(TEXT, KtEdit, after, FALSE),
};
static const Field left_fields[] = {
    FIELD(TEXT, KtPlanLeft, check, TRUE),
    FIELD(TEXT, KtPlanLeft, domain, FALSE),
    FIELD(TEXT, KtPlanLeft, title, TRUE),
    FIELD(TEXT, KtPlanLeft, remedy, FALSE),
};
static const Field effect_fields[] = {
    FIELD(TEXT, KtEffect, counter, TRUE),
    FIELD(TEXT, KtEffect, before, FALSE),
    FIELD(TEXT, KtEffect, after, TRUE),
};

/* ---- writing ---- */

static void write_fields(KtJson *json, const Field *fields, guint n, gconstpointer item)
{
  for (guint i = 0; i < n; i++) {
    gconstpointer at = (const char *)item + fields[i].offset;
    switch (fields[i].type) {
    case TEXT:
      kt_json_string(json, fields[i].key, *(char *const *)at);
      break;
    case COUNT:
      if (*(const int *)at < 0)
        kt_json_null(json, fields[i].key);
      else
        kt_json_int(json, fields[i].key, *(const int *)at);
      break;
    case PERCENT:
      if (*(const double *)at < 0)
        kt_json_null(json, fields[i].key);
      else
        kt_json_number(json, fields[i].key, *(const double *)at);
      break;
    case FLAG:
      kt_json_bool(json, fields[i].key, *(const gboolean *)at);
      break;
    }
  }
}

#define WRITE(json, fields, item) write_fields(json, fields, G_N_ELEMENTS(fields), item)

static void write_items(KtJson *json, const char *key, const GPtrArray *items, const Field *fields, guint n)
{
  kt_json_open_array(json, key);
  for (guint i = 0; i < items->len; i++) {
    kt_json_open_object(json, NULL);
    write_fields(json, fields, n, items->pdata[i]);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

static void write_shape(KtJson *json, const char *key, const KtGuestShape *shape)
{
  kt_json_open_object(json, key);
  WRITE(json, shape_fields, shape);
  kt_json_close_object(json);
}

static void write_guest(KtJson *json, const KtPlanGuest *guest)
{
  kt_json_open_object(json, NULL);
  WRITE(json, guest_fields, guest);
  write_shape(json, "before", &guest->before);
  write_shape(json, "after", &guest->after);
  kt_json_close_object(json);
}

static void write_change(KtJson *json, const KtChange *change)
{
  g_autofree char *risk = kt_risk_format(change->risk);
  kt_json_open_object(json, NULL);
  WRITE(json, change_fields, change);
  kt_json_string(json, "act", kt_act_names[change->act]);
  kt_json_string(json, "risk", risk);
  kt_json_strings(json, "reasons", change->reasons);
  write_items(json, "edits", change->edits, edit_fields, G_N_ELEMENTS(edit_fields));
  write_items(json, "effects", change->effects, effect_fields, G_N_ELEMENTS(effect_fields));
  kt_json_close_object(json);
}

char *kt_plan_to_json(const KtPlan *plan)
{
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_int(json, "kvmtune_plan", FORMAT);
  WRITE(json, plan_fields, plan);
  kt_json_open_array(json, "guests");
  for (guint i = 0; i < plan->guests->len; i++)
    write_guest(json, plan->guests->pdata[i]);
  kt_json_close_array(json);
  kt_json_open_array(json, "changes");
  for (guint i = 0; i < plan->changes->len; i++)
    write_change(json, plan->changes->pdata[i]);
  kt_json_close_array(json);
  write_items(json, "left", plan->left, left_fields, G_N_ELEMENTS(left_fields));
  kt_json_strings(json, "notes", plan->notes);
  kt_json_close_object(json);
  return kt_json_finish(json);
}

/* ---- reading ---- */

#if HAVE_JSON
#define MAX_ITEMS 100000 /* guests, changes, edits, each */

typedef struct {
  const char *name;
  GError **error;
} Reader;

static gboolean refuse(const Reader *r, const char *place, const char *key, const char *expected)
{
  g_set_error(r->error, KT_ERROR, KT_ERROR_FORMAT, "%s: %s%s%s: expected %s", r->name, place, *place && *key ? "." : "",
              key, expected);
  return FALSE;
}

static gboolean read_field(const Reader *r, const char *place, JsonObject *object, const Field *field, gpointer at)
{
  const char *text = kt_json_member_text(object, field->key);
  gint64 count;
  if (kt_json_member_is_null(object, field->key))
    return !field->required || refuse(r, place, field->key, "a text");
  switch (field->type) {
  case TEXT:
    g_free(*(char **)at);
    *(char **)at = g_strdup(text);
    return text || refuse(r, place, field->key, "a text");
  case COUNT:
    if (!kt_json_member_int(object, field->key, &count) || count < 0 || count > G_MAXINT)
      return refuse(r, place, field->key, "a whole number from 0 on");
    *(int *)at = (int)count;
    return TRUE;
  case PERCENT:
    return (kt_json_member_number(object, field->key, at) && *(double *)at >= 0 && isfinite(*(double *)at)) ||
           refuse(r, place, field->key, "a number from 0 on");
  case FLAG:
    return kt_json_member_bool(object, field->key, at) || refuse(r, place, field->key, "true or false");
  }
  return FALSE;
}

static gboolean read_fields(const Reader *r, const char *place, JsonObject *object, const Field *fields, guint n,
                            gpointer item)
{
  if (!object)
    return refuse(r, place, "", "an object");
  for (guint i = 0; i < n; i++)
    if (!read_field(r, place, object, &fields[i], (char *)item + fields[i].offset))
      return FALSE;
  return TRUE;
}

#define READ(r, place, object, fields, item) read_fields(r, place, object, fields, G_N_ELEMENTS(fields), item)

/* An array of at most MAX_ITEMS; absent is empty. FALSE if it is another thing. */
static gboolean get_array(const Reader *r, const char *place, JsonObject *object, const char *key, JsonArray **array)
{
  *array = kt_json_member_array(object, key);
  if (*array ? kt_json_length(*array) > MAX_ITEMS : !kt_json_member_is_null(object, key))
    return refuse(r, place, key, "a list of at most 100000");
  return TRUE;
}

static gboolean read_texts(const Reader *r, const char *place, JsonObject *object, const char *key, GPtrArray *texts)
{
  JsonArray *array;
  if (!get_array(r, place, object, key, &array))
    return FALSE;
  for (guint i = 0; i < kt_json_length(array); i++) {
    const char *text = kt_json_element_text(array, i);
    if (!text)
      return refuse(r, place, key, "a list of texts");
    g_ptr_array_add(texts, g_strdup(text));
  }
  return TRUE;
}

static gboolean read_guest(const Reader *r, KtPlan *plan, const char *place, JsonObject *object)
{
  KtPlanGuest *guest = kt_plan_add_guest(plan, NULL, NULL);
  if (!READ(r, place, object, guest_fields, guest))
    return FALSE;
  g_autofree char *before = g_strconcat(place, ".before", NULL), *after = g_strconcat(place, ".after", NULL);
  return READ(r, before, kt_json_member_object(object, "before"), shape_fields, &guest->before) &&
         READ(r, after, kt_json_member_object(object, "after"), shape_fields, &guest->after);
}

static gboolean read_edits(const Reader *r, const char *place, JsonObject *object, KtChange *change)
{
  JsonArray *edits, *effects;
  if (!get_array(r, place, object, "edits", &edits) || !get_array(r, place, object, "effects", &effects))
    return FALSE;
  for (guint i = 0; i < kt_json_length(edits); i++) {
    g_autofree char *at = g_strdup_printf("%s.edits[%u]", place, i);
    KtEdit *edit = kt_change_add_edit(change, NULL, NULL, NULL);
    if (!READ(r, at, kt_json_element_object(edits, i), edit_fields, edit))
      return FALSE;
  }
  for (guint i = 0; i < kt_json_length(effects); i++) {
    g_autofree char *at = g_strdup_printf("%s.effects[%u]", place, i);
    KtEffect *effect = kt_change_add_effect(change, NULL, NULL, NULL);
    if (!READ(r, at, kt_json_element_object(effects, i), effect_fields, effect))
      return FALSE;
  }
  return TRUE;
}

static gboolean read_act(const Reader *r, const char *place, JsonObject *object, KtAct *act)
{
  const char *name = kt_json_member_text(object, "act");
  for (guint i = 0; name && i < KT_ACTS; i++)
    if (g_str_equal(name, kt_act_names[i])) {
      *act = i;
      return TRUE;
    }
  g_autoptr(GString) expected = g_string_new("one of");
  for (guint i = 0; i < KT_ACTS; i++)
    g_string_append_printf(expected, " %s", kt_act_names[i]);
  return refuse(r, place, "act", expected->str);
}

static gboolean read_change(const Reader *r, KtPlan *plan, const char *place, JsonObject *object)
{
  KtChange *change = kt_plan_add_change(plan, KT_ACT_PERSON, NULL, NULL, "");
  if (!READ(r, place, object, change_fields, change) || !read_act(r, place, object, &change->act))
    return FALSE;
  const char *risk = kt_json_member_text(object, "risk");
  if (!risk && !kt_json_member_is_null(object, "risk"))
    return refuse(r, place, "risk", "risk codes, as in \"B M!\"");
  change->risk = risk ? kt_risk_parse(risk) : 0;
  return read_texts(r, place, object, "reasons", change->reasons) && read_edits(r, place, object, change);
}

static gboolean read_left(const Reader *r, KtPlan *plan, const char *place, JsonObject *object)
{
  return READ(r, place, object, left_fields, kt_plan_add_left(plan, NULL, NULL, NULL, NULL));
}

static gboolean read_all(const Reader *r, KtPlan *plan, JsonObject *object, const char *key,
                         gboolean (*read_one)(const Reader *, KtPlan *, const char *, JsonObject *))
{
  JsonArray *array;
  if (!get_array(r, "", object, key, &array))
    return FALSE;
  for (guint i = 0; i < kt_json_length(array); i++) {
    g_autofree char *place = g_strdup_printf("%s[%u]", key, i);
    if (!read_one(r, plan, place, kt_json_element_object(array, i)))
      return FALSE;
  }
  return TRUE;
}

static gboolean has_doubled_id(const KtPlan *plan, const char **id)
{
  g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < plan->changes->len; i++) {
    *id = ((const KtChange *)plan->changes->pdata[i])->id;
    if (!g_hash_table_add(ids, (gpointer)*id))
      return TRUE;
  }
  return FALSE;
}

KtPlan *kt_plan_from_json(const char *name, const char *text, gsize length, GError **error)
{
  const Reader r = {.name = name, .error = error};
  if (length > KT_PLAN_LIMIT) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "%s: larger than any plan", name);
    return NULL;
  }
  g_autoptr(GError) failed = NULL;
  g_autoptr(JsonNode) root = kt_json_read(name, text, length, &failed);
  if (!root) {
    g_set_error(error, KT_ERROR, failed->code, "%s: expected " A_PLAN, failed->message);
    return NULL;
  }
  JsonObject *object = kt_json_object(root);
  gint64 format;
  if (!kt_json_member_int(object, "kvmtune_plan", &format)) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: expected " A_PLAN, name);
    return NULL;
  }
  if (format != FORMAT) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s: kvmtune_plan: expected %d, another version made it", name,
                FORMAT);
    return NULL;
  }
  g_autoptr(KtPlan) plan = kt_plan_new();
  const char *id;
  if (!READ(&r, "", object, plan_fields, plan) || !read_all(&r, plan, object, "guests", read_guest) ||
      !read_all(&r, plan, object, "changes", read_change) || !read_all(&r, plan, object, "left", read_left) ||
      !read_texts(&r, "", object, "notes", plan->notes))
    return NULL;
  if (has_doubled_id(plan, &id)) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: changes: '%.100s' is there twice, expected once", name, id);
    return NULL;
  }
  return g_steal_pointer(&plan);
}
#else
KtPlan *kt_plan_from_json(const char *name, const char *text, gsize length, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot read '%s': it has no json-glib", name);
  return NULL;
}
#endif
