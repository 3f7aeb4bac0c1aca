/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/measurement_json.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "config.h"

#define MARK "kvmtune_measurement"
#define FORMAT 1

char *kt_measurement_to_json(const KtMeasurement *m)
{
  g_autoptr(KtJson) json = kt_json_new_line();
  kt_json_open_object(json, NULL);
  kt_json_int(json, MARK, FORMAT);
  kt_json_string(json, "host", m->host);
  kt_json_string(json, "started", m->started);
  kt_json_number(json, "interval_s", m->interval_s);
  kt_json_open_array(json, "series");
  for (guint i = 0; i < m->series->len; i++) {
    const KtSeries *series = m->series->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_string(json, "domain", series->domain);
    kt_json_string(json, "uuid", series->uuid);
    kt_json_string(json, "metric", kt_metrics[series->metric].name);
    kt_json_open_array(json, "values");
    for (guint k = 0; k < series->values->len; k++)
      kt_json_number(json, NULL, g_array_index(series->values, double, k));
    kt_json_close_array(json);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
  kt_json_close_object(json);
  return kt_json_finish(json);
}

gboolean kt_measurement_is_json(const char *text, gsize length)
{
  const char *brace = length && *text == '{' ? text : NULL;
  return brace && g_strstr_len(text, (gssize)MIN(length, 64), "\"" MARK "\"");
}

#if HAVE_JSON
#include "base/json_read.h"

#define MAX_SERIES 100000
#define MAX_VALUES 100000 /* of one series */
#define MAX_NAME 1024

typedef struct {
  const char *name;
  GHashTable *seen; /* "UUID\nmetric", "\nNAME\nmetric" of domains without one */
  GError **error;
} Reader;

static gboolean refuse(const Reader *r, const char *place, const char *expected)
{
  g_set_error(r->error, KT_ERROR, KT_ERROR_FORMAT, "%s: %s: expected %s", r->name, place, expected);
  return FALSE;
}

/* A text or nothing; FALSE if it is another thing. */
static gboolean read_text(const Reader *r, JsonObject *object, const char *place, const char *key, const char **text)
{
  *text = kt_json_member_text(object, key);
  g_autofree char *at = g_strconcat(place, key, NULL);
  return (*text ? strlen(*text) <= MAX_NAME : kt_json_member_is_null(object, key)) ||
         refuse(r, at, "a short text, or null");
}

static int metric_of(const char *name)
{
  for (int i = 0; i < KT_METRICS; i++)
    if (g_str_equal(kt_metrics[i].name, name))
      return i;
  return -1;
}

static gboolean read_values(const Reader *r, JsonArray *array, guint series, GArray *values)
{
  for (guint i = 0; i < kt_json_length(array); i++) {
    JsonNode *node = json_array_get_element(array, i);
    double value = NAN;
    if (!JSON_NODE_HOLDS_NULL(node)) {
      GType type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_NONE;
      value = type == G_TYPE_INT64 || type == G_TYPE_DOUBLE ? json_node_get_double(node) : -1;
      if (!(value >= 0) || !isfinite(value)) {
        g_autofree char *at = g_strdup_printf("series[%u].values[%u]", series, i);
        return refuse(r, at, "a number from 0 on, or null");
      }
    }
    g_array_append_val(values, value);
  }
  return TRUE;
}

static gboolean read_series(const Reader *r, KtMeasurement *m, JsonArray *array, guint i)
{
  g_autofree char *place = g_strdup_printf("series[%u].", i);
  JsonObject *object = kt_json_element_object(array, i);
  const char *domain, *uuid, *metric;
  if (!object)
    return refuse(r, place, "an object");
  if (!read_text(r, object, place, "domain", &domain) || !read_text(r, object, place, "uuid", &uuid) ||
      !read_text(r, object, place, "metric", &metric))
    return FALSE;
  JsonArray *values = kt_json_member_array(object, "values");
  g_autofree char *at = g_strconcat(place, metric ? "values" : "metric", NULL);
  if (!metric)
    return refuse(r, at, "the name of a metric");
  if (!values || kt_json_length(values) > MAX_VALUES)
    return refuse(r, at, "a list of at most 100000");
  int known = metric_of(metric);
  if (known < 0)
    return TRUE;
  if (!g_hash_table_add(r->seen, g_strdup_printf("%s%s\n%s", uuid ? "" : "\n",
                                                 uuid     ? uuid
                                                 : domain ? domain
                                                          : "",
                                                 metric)))
    return refuse(r, place, "each metric of a domain once");
  KtSeries *series = kt_measurement_add(m, domain, uuid, (KtMetric)known);
  return read_values(r, values, i, series->values);
}

KtMeasurement *kt_measurement_from_json(const char *name, const char *text, gsize length, GError **error)
{
  if (length > KT_MEASUREMENT_LIMIT) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "%s: larger than any measurement", name);
    return NULL;
  }
  g_autoptr(JsonNode) root = kt_json_read(name, text, length, error);
  if (!root)
    return NULL;
  JsonObject *object = kt_json_object(root);
  gint64 format;
  if (!kt_json_member_int(object, MARK, &format)) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: no measurement of 'kvmtune verify --record'", name);
    return NULL;
  }
  if (format != FORMAT) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s: " MARK ": expected %d, another version made it", name,
                FORMAT);
    return NULL;
  }
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  const Reader r = {.name = name, .seen = seen, .error = error};
  const char *host, *started;
  double interval;
  if (!read_text(&r, object, "", "host", &host) || !read_text(&r, object, "", "started", &started))
    return NULL;
  if (!kt_json_member_number(object, "interval_s", &interval) || !(interval > 0 && interval <= 86400)) {
    refuse(&r, "interval_s", "seconds above 0, up to a day");
    return NULL;
  }
  JsonArray *series = kt_json_member_array(object, "series");
  if (!series || kt_json_length(series) > MAX_SERIES) {
    refuse(&r, "series", "a list of at most 100000");
    return NULL;
  }
  g_autoptr(KtMeasurement) m = kt_measurement_new(host, started, interval);
  for (guint i = 0; i < kt_json_length(series); i++)
    if (!read_series(&r, m, series, i))
      return NULL;
  return g_steal_pointer(&m);
}
#else
KtMeasurement *kt_measurement_from_json(const char *name, const char *text, gsize length, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot read '%s': it has no json-glib", name);
  return NULL;
}
#endif
