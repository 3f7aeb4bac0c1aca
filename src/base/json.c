/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

#include <math.h>

struct KtJson {
  GString *out;
  guint depth;
  gboolean first; /* nothing yet in the open object or array */
  gboolean line;
};

KtJson *kt_json_new(void)
{
  KtJson *json = g_new0(KtJson, 1);
  json->out = g_string_new(NULL);
  json->first = TRUE;
  return json;
}

KtJson *kt_json_new_line(void)
{
  KtJson *json = kt_json_new();
  json->line = TRUE;
  return json;
}

void kt_json_free(KtJson *json)
{
  if (!json)
    return;
  g_string_free(json->out, TRUE);
  g_free(json);
}

/* What a terminal would act on: DEL, C1, marks of direction. */
static gboolean acts(gunichar c)
{
  return (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

static void append_quoted(GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid(text, -1);
  g_string_append_c(out, '"');
  for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (c == '"' || c == '\\')
      g_string_append_printf(out, "\\%c", (char)c);
    else if (c == '\n')
      g_string_append(out, "\\n");
    else if (c == '\t')
      g_string_append(out, "\\t");
    else if (c < 0x20 || acts(c))
      g_string_append_printf(out, "\\u%04x", c);
    else
      g_string_append_unichar(out, c);
  }
  g_string_append_c(out, '"');
}

static void indent(KtJson *json)
{
  if (json->line)
    return;
  g_string_append_c(json->out, '\n');
  for (guint i = 0; i < json->depth; i++)
    g_string_append(json->out, "  ");
}

static void start_value(KtJson *json, const char *key)
{
  if (!json->first)
    g_string_append_c(json->out, ',');
  if (json->depth)
    indent(json);
  if (key) {
    append_quoted(json->out, key);
    g_string_append(json->out, json->line ? ":" : ": ");
  }
  json->first = FALSE;
}

static void open_group(KtJson *json, const char *key, char bracket)
{
  start_value(json, key);
  g_string_append_c(json->out, bracket);
  json->depth++;
  json->first = TRUE;
}

static void close_group(KtJson *json, char bracket)
{
  json->depth--;
  if (!json->first)
    indent(json);
  g_string_append_c(json->out, bracket);
  json->first = FALSE;
}

void kt_json_open_object(KtJson *json, const char *key)
{
  open_group(json, key, '{');
}

void kt_json_close_object(KtJson *json)
{
  close_group(json, '}');
}

void kt_json_open_array(KtJson *json, const char *key)
{
  open_group(json, key, '[');
}

void kt_json_close_array(KtJson *json)
{
  close_group(json, ']');
}

void kt_json_string(KtJson *json, const char *key, const char *value)
{
  start_value(json, key);
  if (value)
    append_quoted(json->out, value);
  else
    g_string_append(json->out, "null");
}

void kt_json_strings(KtJson *json, const char *key, const GPtrArray *texts)
{
  kt_json_open_array(json, key);
  for (guint i = 0; i < texts->len; i++)
    kt_json_string(json, NULL, texts->pdata[i]);
  kt_json_close_array(json);
}

void kt_json_int(KtJson *json, const char *key, gint64 value)
{
  start_value(json, key);
  g_string_append_printf(json->out, "%" G_GINT64_FORMAT, value);
}

void kt_json_number(KtJson *json, const char *key, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  start_value(json, key);
  g_string_append(json->out, isfinite(value) ? g_ascii_formatd(buffer, sizeof buffer, "%.10g", value) : "null");
}

void kt_json_bool(KtJson *json, const char *key, gboolean value)
{
  start_value(json, key);
  g_string_append(json->out, value ? "true" : "false");
}

void kt_json_null(KtJson *json, const char *key)
{
  kt_json_string(json, key, NULL);
}

char *kt_json_finish(KtJson *json)
{
  g_string_append_c(json->out, '\n');
  char *text = g_string_free(json->out, FALSE);
  json->out = g_string_new(NULL);
  json->depth = 0;
  json->first = TRUE;
  return text;
}
