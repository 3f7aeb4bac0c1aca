/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/scan.h"

#include <string.h>

#define MAX_LABEL 96 /* bytes; the longest label of lscpu has 45 */

char *kt_scan_fold(const char *text, gsize length)
{
  g_autoptr(GString) single = g_string_new(NULL);
  for (gsize i = 0; i < length && text[i]; i++) {
    gboolean space = g_ascii_isspace(text[i]);
    if (!space)
      g_string_append_c(single, text[i]);
    else if (single->len && single->str[single->len - 1] != ' ')
      g_string_append_c(single, ' ');
  }
  g_autofree char *stripped = g_strchomp(g_strdup(single->str));
  g_autofree char *valid = g_utf8_make_valid(stripped, -1);
  return g_utf8_casefold(valid, -1);
}

gboolean kt_scan_label(const char *line, char **label, const char **value, gboolean *spaced)
{
  static const char *const colons[] = {":", "：", "︰"};
  while (g_ascii_isspace(*line))
    line++;
  gsize at = 0, width = 0;
  for (; at < MAX_LABEL && line[at] && !width; at += !width)
    for (guint c = 0; c < G_N_ELEMENTS(colons); c++)
      if (line[at] == *colons[c] && g_str_has_prefix(line + at, colons[c]))
        width = strlen(colons[c]);
  if (!width || !at)
    return FALSE;
  if (spaced)
    *spaced = g_ascii_isspace(line[at - 1]);
  *label = kt_scan_fold(line, at);
  *value = line + at + width;
  while (g_ascii_isspace(**value))
    (*value)++;
  return TRUE;
}

guint kt_scan_skip_blank(const KtText *text, guint i)
{
  while (i < kt_text_count(text) && kt_text_is_blank(text, i))
    i++;
  return i;
}

gboolean kt_scan_is_whole(const KtText *text, guint i)
{
  guint next = kt_scan_skip_blank(text, i + 1), count = kt_text_count(text);
  while (next < count && (kt_text_is_prompt(text, next) || kt_text_is_blank(text, next)))
    next++;
  if (next < count)
    return TRUE;
  /* An empty line (once a fence) or a prompt below may stand where the rest was cut off. */
  return text->ends_with_newline && count == i + 1;
}

/* Reads a string behind its opening quote; NULL if it does not end. */
static const char *read_string(const char *p, char **out)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (; *p && *p != '"'; p++) {
    if (*p != '\\') {
      g_string_append_c(text, *p);
      continue;
    }
    p++;
    if (*p == 'u' && strspn(p + 1, "0123456789abcdefABCDEF") >= 4) {
      char hex[5] = {p[1], p[2], p[3], p[4], 0};
      gunichar c = (gunichar)g_ascii_strtoull(hex, NULL, 16);
      g_string_append_unichar(text, g_unichar_validate(c) && c ? c : 0xfffd);
      p += 4;
    } else if (*p == 'n' || *p == 't' || *p == 'r') {
      g_string_append_c(text, ' ');
    } else if (*p) {
      g_string_append_c(text, *p);
    } else {
      return NULL;
    }
  }
  if (*p != '"')
    return NULL;
  *out = g_string_free(g_steal_pointer(&text), FALSE);
  return p + 1;
}

static const char *skip_space(const char *p)
{
  while (g_ascii_isspace(*p))
    p++;
  return p;
}

gboolean kt_scan_json_member(const char **p, char **key, char **value)
{
  const char *at = *p;
  while ((at = strchr(at, '"'))) {
    g_autofree char *name = NULL;
    if (!(at = read_string(at + 1, &name)))
      return FALSE;
    const char *behind = skip_space(at);
    if (*behind != ':')
      continue;
    at = skip_space(behind + 1);
    if (*at == '{' || *at == '[' || !*at)
      continue;
    if (*at == '"') {
      if (!(at = read_string(at + 1, value)))
        return FALSE;
    } else {
      gsize n = strcspn(at, ",}] \t");
      *value = g_strndup(at, n);
      at += n;
    }
    *p = at;
    *key = g_steal_pointer(&name);
    return TRUE;
  }
  return FALSE;
}

int kt_scan_json_depth(const char *line)
{
  int depth = 0;
  gboolean quoted = FALSE;
  for (const char *p = line; *p; p++) {
    if (quoted && *p == '\\' && p[1])
      p++;
    else if (*p == '"')
      quoted = !quoted;
    else if (!quoted)
      depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
  }
  return depth;
}

const char *kt_scan_json_first(const KtText *text, guint i)
{
  const char *s = kt_text_at(text, i);
  s += strspn(s, " \t");
  if (*s == '{' && !s[1 + strspn(s + 1, " \t")])
    s = kt_text_at(text, kt_scan_skip_blank(text, i + 1));
  return s + strspn(s, " \t{");
}
