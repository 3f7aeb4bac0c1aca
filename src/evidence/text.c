/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/text.h"

#include <string.h>

#include "evidence/text_clean.h"

static void line_clear(gpointer data)
{
  KtLine *line = data;
  g_free(line->command);
  g_free(line->host);
}

/* A line of at most KT_TEXT_MAX_LINE bytes, no character cut in two. */
static void shorten(char *line)
{
  char *end = line + KT_TEXT_MAX_LINE;
  while (((guchar)*end & 0xc0) == 0x80)
    end--;
  *end = '\0';
}

/* Of a line as it came: most of a large text are rows of figures, which no step of cleaning can change. */
static gboolean has_figures_only(const char *s, gsize n)
{
  if (!g_ascii_isdigit(*s))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!g_ascii_isalnum(s[i]) && s[i] != ' ' && s[i] != '.' && s[i] != ':' && s[i] != ',' && s[i] != '\t')
      return FALSE;
  return TRUE;
}

/* A line ends with LF, CR LF, or CR alone (old terminals' logs). */
static void split_lines(KtText *text, guint first_number)
{
  guint number = first_number;
  for (char *p = text->buffer; *p; number++) {
    gsize n = strcspn(p, "\r\n");
    gsize end = n + (p[n] != '\0') + (p[n] == '\r' && p[n + 1] == '\n');
    KtLine line = {.number = number, .s = p, .figures = has_figures_only(p, n)};
    p[n] = '\0';
    if (n > KT_TEXT_MAX_LINE)
      shorten(p);
    if (line.figures)
      g_strchomp(line.s);
    else
      kt_text_clean_line(line.s);
    line.emptied = *line.s != '\0';
    g_array_append_val(text->lines, line);
    p += end;
  }
  text->next_number = number;
}

gsize kt_text_skip(const char *bytes, gsize length, guint n)
{
  const char *p = bytes, *end = bytes + length;
  for (; n && p < end; n--) {
    while (p < end && *p != '\n' && *p != '\r')
      p++;
    if (p < end)
      p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
  }
  return (gsize)(p - bytes);
}

KtText *kt_text_new(const char *source, const char *bytes, gsize length)
{
  return kt_text_new_piece(source, bytes, length, 1);
}

KtText *kt_text_new_piece(const char *source, const char *bytes, gsize length, guint first_number)
{
  KtText *text = g_new0(KtText, 1);
  text->source = g_strdup(source);
  text->lines = g_array_new(FALSE, TRUE, sizeof(KtLine));
  g_array_set_clear_func(text->lines, line_clear);
  text->buffer = kt_text_decode(bytes, MIN(length, KT_TEXT_LIMIT));
  gsize size = strlen(text->buffer);
  text->ends_with_newline = size > 0 && (text->buffer[size - 1] == '\n' || text->buffer[size - 1] == '\r');
  split_lines(text, first_number);
  kt_text_strip_html(text->lines);
  kt_text_blank_fences(text->lines);
  kt_text_strip_prefixes(text->lines);
  kt_text_blank_fences(text->lines);
  kt_text_drop_doubles(text->lines);
  kt_text_mark_prompts(text->lines);
  kt_text_strip_remarks(text->lines);
  for (guint i = 0; i < text->lines->len; i++) {
    KtLine *line = &g_array_index(text->lines, KtLine, i);
    line->emptied = line->emptied && !*line->s && !line->command;
  }
  return text;
}

void kt_text_free(KtText *text)
{
  if (!text)
    return;
  g_array_unref(text->lines);
  g_free(text->buffer);
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
  for (guint i = first; i < end && i < kt_text_count(text); i++) {
    if (kt_text_is_prompt(text, i))
      continue;
    g_string_append(out, kt_text_at(text, i));
    g_string_append_c(out, '\n');
  }
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
