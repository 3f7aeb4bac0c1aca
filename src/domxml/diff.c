/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A unified diff by the longest common subsequence of lines. Edits of a domain
 * are few and near each other, so that what differs between the common head and
 * tail is small and the plain table suffices. */
#include <string.h>

#include "domxml/domxml.h"

#define CONTEXT 3
#define MAX_CELLS 4000000

typedef struct {
  GPtrArray *lines; /* of one text */
  gboolean ends;    /* the last one has its line break */
} Text;

typedef struct {
  char kind;  /* ' ', '-', '+' */
  guint a, b; /* the lines of the old and the new text that come next */
} Step;

static Text split(const char *bytes)
{
  Text text = {.lines = g_ptr_array_new_with_free_func(g_free), .ends = TRUE};
  while (*bytes) {
    gsize n = strcspn(bytes, "\n");
    g_ptr_array_add(text.lines, g_strndup(bytes, n));
    text.ends = bytes[n] == '\n';
    bytes += n + text.ends;
  }
  return text;
}

static gboolean same(const Text *a, guint i, const Text *b, guint k)
{
  gboolean a_cut = !a->ends && i + 1 == a->lines->len, b_cut = !b->ends && k + 1 == b->lines->len;
  return a_cut == b_cut && g_str_equal(a->lines->pdata[i], b->lines->pdata[k]);
}

static void add_step(GArray *steps, char kind, guint *a, guint *b)
{
  Step step = {.kind = kind, .a = *a, .b = *b};
  g_array_append_val(steps, step);
  *a += kind != '+';
  *b += kind != '-';
}

/* The steps through lines a0..a1 of the old and b0..b1 of the new text. */
static void walk_middle(GArray *steps, const Text *old, guint a0, guint a1, const Text *new, guint b0, guint b1)
{
  gsize rows = a1 - a0, columns = b1 - b0;
  guint a = a0, b = b0;
  if (rows * columns <= MAX_CELLS) {
    g_autofree guint *length = g_new0(guint, (rows + 1) * (columns + 1)); /* common lines from (i, k) on */
    for (gsize i = rows; i-- > 0;)
      for (gsize k = columns; k-- > 0;) {
        const guint *below = length + (i + 1) * (columns + 1), *here = length + i * (columns + 1);
        length[i * (columns + 1) + k] =
            same(old, a0 + (guint)i, new, b0 + (guint)k) ? below[k + 1] + 1 : MAX(below[k], here[k + 1]);
      }
    while (a < a1 && b < b1) {
      gsize i = a - a0, k = b - b0;
      if (same(old, a, new, b))
        add_step(steps, ' ', &a, &b);
      else if (length[(i + 1) * (columns + 1) + k] >= length[i * (columns + 1) + k + 1])
        add_step(steps, '-', &a, &b);
      else
        add_step(steps, '+', &a, &b);
    }
  }
  while (a < a1)
    add_step(steps, '-', &a, &b);
  while (b < b1)
    add_step(steps, '+', &a, &b);
}

static GArray *compare(const Text *old, const Text *new)
{
  GArray *steps = g_array_new(FALSE, FALSE, sizeof(Step));
  guint n = old->lines->len, m = new->lines->len, head = 0, tail = 0;
  while (head < MIN(n, m) && same(old, head, new, head))
    head++;
  while (tail < MIN(n, m) - head && same(old, n - 1 - tail, new, m - 1 - tail))
    tail++;
  guint a = 0, b = 0;
  while (a < head)
    add_step(steps, ' ', &a, &b);
  walk_middle(steps, old, head, n - tail, new, head, m - tail);
  a = n - tail;
  b = m - tail;
  while (a < n)
    add_step(steps, ' ', &a, &b);
  return steps;
}

static void write_range(GString *out, char sign, guint first, guint count)
{
  g_string_append_printf(out, " %c%u", sign, count ? first + 1 : first);
  if (count != 1)
    g_string_append_printf(out, ",%u", count);
}

static void write_hunk(GString *out, const GArray *steps, guint from, guint to, const Text *old, const Text *new)
{
  guint removed = 0, added = 0;
  for (guint i = from; i < to; i++) {
    removed += g_array_index(steps, Step, i).kind != '+';
    added += g_array_index(steps, Step, i).kind != '-';
  }
  const Step *first = &g_array_index(steps, Step, from);
  g_string_append(out, "@@");
  write_range(out, '-', first->a, removed);
  write_range(out, '+', first->b, added);
  g_string_append(out, " @@\n");
  for (guint i = from; i < to; i++) {
    const Step *step = &g_array_index(steps, Step, i);
    const Text *text = step->kind == '+' ? new : old;
    guint line = step->kind == '+' ? step->b : step->a;
    g_string_append_printf(out, "%c%s\n", step->kind, (const char *)text->lines->pdata[line]);
    if (!text->ends && line + 1 == text->lines->len)
      g_string_append(out, "\\ No newline at end of file\n");
  }
}

static void write_hunks(GString *out, const GArray *steps, const Text *old, const Text *new)
{
  for (guint i = 0; i < steps->len;) {
    if (g_array_index(steps, Step, i).kind == ' ') {
      i++;
      continue;
    }
    guint from = i > CONTEXT ? i - CONTEXT : 0, last = i;
    for (; i < steps->len && i <= last + 2 * CONTEXT; i++)
      if (g_array_index(steps, Step, i).kind != ' ')
        last = i;
    write_hunk(out, steps, from, MIN(last + CONTEXT + 1, steps->len), old, new);
    i = last + 1;
  }
}

char *kt_domxml_diff(const char *old_name, const char *old_bytes, const char *new_name, const char *new_bytes)
{
  if (g_str_equal(old_bytes, new_bytes))
    return g_strdup("");
  Text old = split(old_bytes), new = split(new_bytes);
  g_autoptr(GArray) steps = compare(&old, &new);
  GString *out = g_string_new(NULL);
  g_string_append_printf(out, "--- %s\n+++ %s\n", old_name, new_name);
  write_hunks(out, steps, &old, &new);
  g_ptr_array_unref(old.lines);
  g_ptr_array_unref(new.lines);
  return g_string_free(out, FALSE);
}
