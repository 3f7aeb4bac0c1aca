/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domxml/path.h"

#include <string.h>

#include "base/error.h"

typedef struct {
  const char *path, *at;
} Reader;

static gboolean refuse(const Reader *r, const char *what, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "path '%.200s': %s at column %d", r->path, what,
              (int)(r->at - r->path) + 1);
  return FALSE;
}

gboolean kt_xml_can_hold(const char *text)
{
  if (!g_utf8_validate(text, -1, NULL) || strstr(text, "\xef\xbf\xbe") || strstr(text, "\xef\xbf\xbf"))
    return FALSE; /* U+FFFE, U+FFFF */
  for (const char *s = text; *s; s++)
    if ((guchar)*s < ' ' && !strchr("\t\r\n", *s))
      return FALSE;
  return TRUE;
}

static gboolean is_name_character(char c)
{
  return g_ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == ':';
}

static char *read_name(Reader *r, GError **error)
{
  const char *start = r->at;
  if (g_ascii_isalpha(*r->at) || *r->at == '_')
    while (is_name_character(*r->at))
      r->at++;
  if (r->at == start)
    refuse(r, "a name is missing", error);
  return r->at == start ? NULL : g_strndup(start, (gsize)(r->at - start));
}

static gboolean read_position(Reader *r, KtStep *step, GError **error)
{
  char *end;
  guint64 position = g_ascii_strtoull(r->at, &end, 10);
  if (position == 0 || position > G_MAXINT || *end != ']')
    return refuse(r, "a position from 1 and ']' are expected", error);
  step->position = (guint)position;
  r->at = end + 1;
  return TRUE;
}

/* Behind "[@": name='value']. */
static gboolean read_condition(Reader *r, KtStep *step, GError **error)
{
  if (step->n_conditions == KT_PATH_CONDITIONS)
    return refuse(r, "too many conditions", error);
  char *name = read_name(r, error);
  if (!name)
    return FALSE;
  for (guint i = 0; i < step->n_conditions; i++)
    if (g_str_equal(step->conditions[i].attribute, name)) {
      g_free(name);
      return refuse(r, "a second condition of that attribute", error);
    }
  step->conditions[step->n_conditions].attribute = name;
  step->n_conditions++;
  if (r->at[0] != '=' || (r->at[1] != '\'' && r->at[1] != '"'))
    return refuse(r, "='value' is expected", error);
  const char *value = r->at + 2, *close = strchr(value, r->at[1]);
  if (!close || close[1] != ']')
    return refuse(r, "the condition is not closed", error);
  step->conditions[step->n_conditions - 1].value = g_strndup(value, (gsize)(close - value));
  if (!kt_xml_can_hold(step->conditions[step->n_conditions - 1].value))
    return refuse(r, "a value that XML cannot hold", error);
  r->at = close + 2;
  return TRUE;
}

static gboolean read_step(Reader *r, KtStep *step, GError **error)
{
  step->name = read_name(r, error);
  if (!step->name)
    return FALSE;
  while (*r->at == '[') {
    if (step->position)
      return refuse(r, "nothing may follow a position", error);
    gboolean condition = r->at[1] == '@';
    r->at += condition ? 2 : 1;
    if (!(condition ? read_condition(r, step, error) : read_position(r, step, error)))
      return FALSE;
  }
  return TRUE;
}

static gboolean read_path(Reader *r, KtPath *path, GError **error)
{
  for (;; r->at++) {
    if (path->n && *r->at == '@') {
      r->at++;
      path->attribute = read_name(r, error);
      return path->attribute && (!*r->at || refuse(r, "nothing may follow an attribute", error));
    }
    if (path->n && g_str_equal(r->at, "text()"))
      return path->text = TRUE;
    if (path->n == KT_PATH_STEPS)
      return refuse(r, "too many steps", error);
    if (!read_step(r, &path->steps[path->n++], error))
      return FALSE;
    if (!*r->at)
      return TRUE;
    if (*r->at != '/')
      return refuse(r, "'/' is expected", error);
  }
}

KtPath *kt_path_parse(const char *text, GError **error)
{
  g_autoptr(KtPath) path = g_new0(KtPath, 1);
  Reader reader = {.path = text, .at = text};
  return read_path(&reader, path, error) ? g_steal_pointer(&path) : NULL;
}

void kt_path_free(KtPath *path)
{
  if (!path)
    return;
  for (guint i = 0; i < path->n; i++) {
    g_free(path->steps[i].name);
    for (guint k = 0; k < path->steps[i].n_conditions; k++) {
      g_free(path->steps[i].conditions[k].attribute);
      g_free(path->steps[i].conditions[k].value);
    }
  }
  g_free(path->attribute);
  g_free(path);
}
