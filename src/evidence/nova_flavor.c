/* SPDX-License-Identifier: GPL-2.0-or-later */
/* openstack flavor show, flavor list --long, image show, server show; nova flavor-show: tables and JSON. */
#include <string.h>

#include "evidence/nova_show.h"
#include "evidence/readers.h"
#include "evidence/scan.h"

#define LOOK_AHEAD 80
#define MAX_COLUMNS 32

static const char *unindented(const KtText *text, guint i)
{
  const char *s = kt_text_at(text, i);
  return s + strspn(s, " \t");
}

static gboolean is_border(const char *s)
{
  return g_str_has_prefix(s, "+-") && !s[strspn(s, "+-= ")];
}

/* Cells of "| a | b |", or NULL; *whole: the closing bar is there. */
static char **cells_of(const char *s, gboolean *whole)
{
  if (*s != '|')
    return NULL;
  *whole = s[1] && g_str_has_suffix(s, "|");
  gsize length = strlen(s + 1);
  g_autofree char *inside = g_strndup(s + 1, *whole ? length - 1 : length);
  char **cells = g_strsplit(inside, "|", MAX_COLUMNS);
  for (guint i = 0; cells[i]; i++)
    g_strstrip(cells[i]);
  return cells;
}

static gboolean is_list_header(const char *s)
{
  g_autofree char *lower = g_ascii_strdown(s, -1);
  return *s == '|' && strstr(lower, "| name ") && strstr(lower, " vcpus ") &&
         (strstr(lower, " ram ") || strstr(lower, " memory_mb "));
}

/* Does the first cell of one of the rows from i on tell a flavor, an image or a server? */
static gboolean is_show_table(const KtText *text, guint i)
{
  for (guint end = i + LOOK_AHEAD; i < end && !kt_text_is_prompt(text, i); i++) {
    const char *s = unindented(text, i);
    if (*s != '|' && !is_border(s))
      return FALSE;
    gboolean whole;
    g_auto(GStrv) cells = cells_of(s, &whole);
    const char *key = cells && cells[0] ? cells[0] : "";
    if (g_str_has_prefix(key, "OS-FLV-") || g_str_equal(key, "vcpus") || g_str_equal(key, "extra_specs") ||
        g_str_equal(key, "container_format") || g_str_has_prefix(key, "OS-EXT-STS:"))
      return TRUE;
  }
  return FALSE;
}

static gboolean starts_table(const KtText *text, guint i)
{
  const char *s = unindented(text, i);
  if (is_border(s))
    s = unindented(text, ++i);
  return *s == '|' && (is_list_header(s) || is_show_table(text, i));
}

static void flush(KtNovaShow *show, const char *key, const GString *value, guint line, gboolean whole)
{
  if (key)
    kt_nova_show_add(show, key, value->str, line, whole);
}

/* Rows of two cells; a long value goes on in rows whose first cell is empty. */
static guint read_show(KtReading *r, const KtText *text, guint i)
{
  g_autoptr(KtNovaShow) show = kt_nova_show_new();
  g_autofree char *key = NULL;
  g_autoptr(GString) value = g_string_new(NULL);
  guint line = i;
  gboolean whole = TRUE;
  for (; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    const char *s = unindented(text, i);
    gboolean row_whole = TRUE;
    g_auto(GStrv) cells = cells_of(s, &row_whole);
    if (!cells && !is_border(s) && *s)
      break;
    if (!cells || !cells[0]) /* "|" alone has none */
      continue;
    const char *bar = strchr(s + 1, '|');
    g_autofree char *rest = g_strndup(bar ? bar + 1 : "", bar ? strlen(bar + 1) - (row_whole && bar[1] ? 1 : 0) : 0);
    g_strstrip(rest);
    if (!*cells[0] && key) {
      if (g_str_has_suffix(value->str, ","))
        g_string_append_c(value, ' ');
      g_string_append(value, rest);
      whole &= row_whole;
      continue;
    }
    flush(show, key, value, line, whole);
    g_free(key);
    key = g_strdup(cells[0]);
    g_string_assign(value, rest);
    line = i;
    whole = row_whole && bar;
  }
  flush(show, key, value, line, whole);
  kt_nova_show_finish(show, r);
  return i;
}

static guint read_list(KtReading *r, const KtText *text, guint i)
{
  gboolean whole;
  g_auto(GStrv) header = cells_of(unindented(text, i), &whole);
  guint columns = g_strv_length(header);
  for (i++; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    const char *s = unindented(text, i);
    g_auto(GStrv) cells = cells_of(s, &whole);
    if (!cells && !is_border(s))
      break;
    if (!cells || !whole || g_strv_length(cells) != columns)
      continue;
    g_autoptr(KtNovaShow) show = kt_nova_show_new();
    for (guint c = 0; c < columns; c++)
      kt_nova_show_add(show, header[c], cells[c], i, TRUE);
    kt_nova_show_finish(show, r);
  }
  return i;
}

static guint read_table(KtReading *r, const KtText *text, guint i)
{
  if (is_border(unindented(text, i)))
    i++;
  return is_list_header(unindented(text, i)) ? read_list(r, text, i) : read_show(r, text, i);
}

/* ---- JSON ---- */

static gboolean has_key(const char *s, const char *key)
{
  return strstr(s, key) != NULL;
}

static gboolean starts_json(const KtText *text, guint i)
{
  const char *s = unindented(text, i);
  if (*s != '{' && *s != '[')
    return FALSE;
  gboolean vcpus = FALSE, ram = FALSE;
  for (guint end = i + LOOK_AHEAD; i < end && i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    s = kt_text_at(text, i);
    if (*s && !strpbrk(s, "\"{}[]"))
      return FALSE;
    vcpus |= has_key(s, "\"vcpus\"") || has_key(s, "\"VCPUs\"");
    ram |= has_key(s, "\"ram\"") || has_key(s, "\"RAM\"");
    if ((vcpus && ram) || has_key(s, "\"OS-FLV-") || has_key(s, "\"container_format\"") || has_key(s, "\"OS-EXT-STS:"))
      return TRUE;
  }
  return FALSE;
}

typedef struct {
  KtNovaShow *show;
  gboolean list;   /* of flavors: each object at depth 1 is one */
  gboolean opened; /* the properties' object was seen to begin */
  guint opened_line;
  gboolean went_on; /* a key that stands behind them was seen */
} Json;

static void take_members(Json *json, const char *p, guint i)
{
  if (has_key(p, "\"properties\"") || has_key(p, "\"extra_specs\"") || has_key(p, "\"Properties\"")) {
    json->opened = strchr(p, '{') != NULL;
    json->opened_line = i;
  }
  char *key, *value;
  while (kt_scan_json_member(&p, &key, &value)) {
    json->went_on |= json->opened && (g_ascii_strcasecmp(key, "ram") == 0 || g_ascii_strcasecmp(key, "vcpus") == 0);
    kt_nova_show_add(json->show, key, value, i, TRUE);
    g_free(key);
    g_free(value);
  }
}

static void finish_json(Json *json, KtReading *r, gboolean closed)
{
  if (json->opened && (closed || json->went_on))
    kt_nova_show_has_properties(json->show, json->opened_line);
  kt_nova_show_finish(json->show, r);
  kt_nova_show_free(json->show);
  *json = (Json){.show = kt_nova_show_new(), .list = json->list};
}

/* Where the next object of a list starts on this line: behind "},"; NULL if none does. */
static const char *next_object(const char *p)
{
  for (p = strchr(p, '}'); p; p = strchr(p + 1, '}')) {
    const char *q = p + 1 + strspn(p + 1, " ");
    if (*q == ',' && q[1 + strspn(q + 1, " ")] == '{')
      return q + 1;
  }
  return NULL;
}

static void take_line(Json *json, KtReading *r, const char *p, guint i)
{
  for (const char *next; json->list && (next = next_object(p)); p = next) {
    g_autofree char *object = g_strndup(p, (gsize)(next - p));
    take_members(json, object, i);
    finish_json(json, r, TRUE);
  }
  take_members(json, p, i);
}

static guint read_json(KtReading *r, const KtText *text, guint i)
{
  Json json = {.show = kt_nova_show_new(), .list = *unindented(text, i) == '['};
  int depth = 0;
  gboolean done = FALSE;
  for (; !done && i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    const char *s = kt_text_at(text, i);
    if (*s && !strpbrk(s, "\"{}[]"))
      break;
    take_line(&json, r, s, i);
    depth += kt_scan_json_depth(s);
    done = depth <= 0 && *s;
    if (json.list && depth == 1 && strchr(s, '}'))
      finish_json(&json, r, TRUE);
  }
  finish_json(&json, r, done);
  kt_nova_show_free(json.show);
  return i;
}

static gboolean starts(const KtText *text, guint i)
{
  return starts_table(text, i) || starts_json(text, i);
}

static guint read_any(KtReading *r, const KtText *text, guint i)
{
  const char *s = unindented(text, i);
  return *s == '{' || *s == '[' ? read_json(r, text, i) : read_table(r, text, i);
}

const KtReader kt_reader_nova_flavor = {
    .name = "nova-flavor",
    .what = "openstack flavor show, flavor list --long, image show, server show; nova flavor-show: tables and JSON",
    .starts = starts,
    .read = read_any,
};
