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
static gsize shorten(char *line)
{
  char *end = line + KT_TEXT_MAX_LINE;
  while (((guchar)*end & 0xc0) == 0x80)
    end--;
  *end = '\0';
  return (gsize)(end - line);
}

/* What rows of figures are made of. Most of a large text are such rows, which no step of cleaning can change. */
static const guint8 is_of_figures[256] = {
    ['0' ... '9'] = TRUE, ['A' ... 'Z'] = TRUE, ['a' ... 'z'] = TRUE, [' '] = TRUE, ['\t'] = TRUE,
    ['.'] = TRUE,         [','] = TRUE,         [':'] = TRUE,         ['%'] = TRUE,
};

/* A line ends with LF, CR LF, or CR alone (old terminals' logs). */
static void split_lines(KtText *text, KtDraft *draft, guint first_number)
{
  guint number = first_number;
  for (char *p = text->buffer; *p; number++) {
    gsize n = 0;
    while (is_of_figures[(guchar)p[n]])
      n++;
    gsize figures = n;
    if (p[n] != '\n')
      n += strcspn(p + n, "\r\n");
    gsize end = n + (p[n] != '\0') + (p[n] == '\r' && p[n + 1] == '\n');
    KtLine line = {.number = number, .s = p, .figures = figures == n && g_ascii_isdigit(*p)};
    p[n] = '\0';
    if (n > KT_TEXT_MAX_LINE)
      n = shorten(p);
    if (line.figures) {
      while (p[n - 1] == ' ' || p[n - 1] == '\t') /* at its start is a digit */
        p[--n] = '\0';
      draft->figures++;
    } else if (n) {
      kt_text_clean_line(line.s);
      line.emptied = *line.s != '\0';
      if (line.emptied)
        g_array_append_val(draft->odd, draft->lines->len);
    }
    g_array_append_val(draft->lines, line);
    p += end;
  }
  text->next_number = number;
}

gsize kt_text_skip(const char *bytes, gsize length, guint n)
{
  const char *p = bytes, *end = bytes + length;
  gboolean returns = memchr(bytes, '\r', length) != NULL;
  for (; n && p < end; n--) {
    const char *stop = p;
    if (returns)
      while (stop < end && *stop != '\n' && *stop != '\r')
        stop++;
    else
      stop = memchr(p, '\n', (gsize)(end - p));
    if (!stop || stop == end)
      p = end;
    else
      p = stop + (*stop == '\r' && stop + 1 < end && stop[1] == '\n' ? 2 : 1);
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
  g_autoptr(GArray) odd = g_array_new(FALSE, FALSE, sizeof(guint));
  KtDraft draft = {.lines = text->lines, .odd = odd};
  split_lines(text, &draft, first_number);
  kt_text_strip_html(&draft);
  kt_text_blank_fences(&draft);
  kt_text_strip_prefixes(&draft);
  kt_text_blank_fences(&draft);
  kt_text_drop_doubles(&draft);
  kt_text_mark_prompts(&draft);
  kt_text_strip_remarks(&draft);
  for (guint k = 0; k < odd->len; k++) {
    KtLine *line = kt_draft_odd(&draft, k);
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
