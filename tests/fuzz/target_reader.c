/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each reader by itself: asked at every line, as the core does, in one piece and in two. */
#include "target_reader.h"

#include <string.h>

#include "evidence/reading.h"

char *kt_reader_target_name(const KtReader *reader)
{
  return g_strdelimit(g_strdup(reader->name), " ", '-');
}

const KtReader *kt_reader_find(const char *name)
{
  guint n;
  const KtReader *const *readers = kt_readers(&n);
  for (guint i = 0; i < n; i++) {
    g_autofree char *own = kt_reader_target_name(readers[i]);
    if (g_str_equal(own, name))
      return readers[i];
  }
  return NULL;
}

/* Ends a block as the core does. */
static void finish(KtReading *r)
{
  if (r->reader && r->reader->end)
    r->reader->end(r);
  if (r->free_state)
    r->free_state(r->state);
  kt_cite_free(r->cite);
  *r = (KtReading){0};
}

/* Reads on in the open block; returns the line behind it. */
static guint read_on(KtReading *r, const KtText *text, guint i)
{
  r->text = text;
  kt_cite_free(g_steal_pointer(&r->cite));
  guint end = r->reader->read(r, text, i), n = kt_text_count(text);
  if (end > n)
    g_error("'%s' reads up to line %u of %u", r->reader->name, end, n);
  return MAX(end, i + 1);
}

static KtReading begin(const KtReader *reader, KtPieces *p, guint first)
{
  return (KtReading){.pieces = p,
                     .snapshot = p->snapshot,
                     .fragments = p->fragments,
                     .weighed = p->fragments->len,
                     .reader = reader,
                     .first = first};
}

/* All blocks of this reader. With `open`, the last one stays open in *r. */
static void read_text(KtReading *r, const KtReader *reader, KtPieces *pieces, const KtText *text, gboolean open)
{
  guint n = kt_text_count(text), i = r->reader ? read_on(r, text, 0) : 0;
  while (i < n) {
    finish(r);
    if (kt_text_is_prompt(text, i) || kt_text_is_blank(text, i) || !reader->starts(text, i)) {
      i++;
      continue;
    }
    *r = begin(reader, pieces, i);
    i = read_on(r, text, i);
  }
  if (!open)
    finish(r);
}

/* The bytes in one piece, or cut in two at `cut`. */
static void read_bytes(const KtReader *reader, const char *bytes, gsize length, gsize cut)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  KtPieces pieces = {.directory = ".", .snapshot = snapshot, .fragments = fragments};
  KtReading r = {0};
  g_autoptr(KtText) first = kt_text_new("text", bytes, cut);
  read_text(&r, reader, &pieces, first, cut < length);
  if (cut < length) {
    g_autoptr(KtText) second = kt_text_new_piece("text", bytes + cut, length - cut, first->next_number);
    read_text(&r, reader, &pieces, second, FALSE);
  }
  for (guint i = 0; i < fragments->len; i++)
    ((KtFragment *)fragments->pdata[i])->directory = g_strdup(".");
  kt_assemble(snapshot, fragments);
}

void kt_reader_run(const KtReader *reader, const char *bytes, gsize length)
{
  read_bytes(reader, bytes, length, length);
  const char *middle = memchr(bytes + length / 2, '\n', length - length / 2);
  if (reader->end && middle)
    read_bytes(reader, bytes, length, (gsize)(middle + 1 - bytes));
}

/* The lines of a block, with the prompt above it. */
static char *block_of(const KtText *text, guint first, guint end)
{
  g_autofree char *lines = kt_text_join(text, first, end);
  guint above = first;
  while (above && kt_text_is_blank(text, above - 1) && first - above < 4)
    above--;
  return above && kt_text_is_prompt(text, above - 1)
             ? g_strdup_printf("$ %s\n%s", kt_text_line(text, above - 1)->command, lines)
             : g_steal_pointer(&lines);
}

void kt_reader_each_block(const KtReader *reader, const KtText *text, void (*block)(const char *text, gpointer data),
                          gpointer data)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  KtPieces pieces = {.directory = ".", .snapshot = snapshot, .fragments = fragments};
  for (guint i = 0; i < kt_text_count(text); i++) {
    if (kt_text_is_prompt(text, i) || kt_text_is_blank(text, i) || !reader->starts(text, i))
      continue;
    KtReading r = begin(reader, &pieces, i);
    guint end = read_on(&r, text, i);
    finish(&r);
    g_autofree char *lines = block_of(text, i, end);
    block(lines, data);
    i = end - 1;
  }
}
