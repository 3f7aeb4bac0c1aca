/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/text.h"

#include <string.h>

static void line_clear(gpointer data)
{
  KtLine *line = data;
  g_free(line->s);
  g_free(line->command);
  g_free(line->host);
}

KtText *kt_text_new(const char *source, const char *bytes, gsize length)
{
  KtText *text = g_new0(KtText, 1);
  text->source = g_strdup(source);
  text->lines = g_array_new(FALSE, TRUE, sizeof(KtLine));
  g_array_set_clear_func(text->lines, line_clear);
  g_autofree char *valid = g_utf8_make_valid(bytes, (gssize)length);
  g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    KtLine line = {.number = i + 1, .s = g_strchomp(g_strdup(lines[i]))};
    g_array_append_val(text->lines, line);
  }
  text->ends_with_newline = length > 0 && bytes[length - 1] == '\n';
  return text;
}

void kt_text_free(KtText *text)
{
  if (!text)
    return;
  g_array_unref(text->lines);
  g_free(text->source);
  g_free(text);
}

guint kt_text_count(const KtText *text)
{
  return text->lines->len;
}

const KtLine *kt_text_line(const KtText *text, guint i)
{
  return &g_array_index(text->lines, KtLine, i);
}

const char *kt_text_at(const KtText *text, guint i)
{
  return i < text->lines->len ? kt_text_line(text, i)->s : "";
}

gboolean kt_text_is_prompt(const KtText *text, guint i)
{
  return i < text->lines->len && kt_text_line(text, i)->command;
}

gboolean kt_text_is_blank(const KtText *text, guint i)
{
  return !*kt_text_at(text, i) && !kt_text_is_prompt(text, i);
}

char *kt_text_join(const KtText *text, guint first, guint end)
{
  GString *out = g_string_new(NULL);
  for (guint i = first; i < end && i < kt_text_count(text); i++)
    if (!kt_text_is_prompt(text, i))
      g_string_append_printf(out, "%s\n", kt_text_at(text, i));
  return g_string_free(out, FALSE);
}

char **kt_text_words(const char *line)
{
  g_autoptr(GPtrArray) words = g_ptr_array_new();
  for (const char *p = line; *p;) {
    gsize n = strcspn(p, " \t");
    if (n)
      g_ptr_array_add(words, g_strndup(p, n));
    p += n;
    p += strspn(p, " \t");
  }
  g_ptr_array_add(words, NULL);
  return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}
