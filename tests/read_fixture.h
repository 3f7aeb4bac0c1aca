/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of readers: a text read as if it were a file, as a snapshot or block by block, and cut off at every byte.
 */
#pragma once
#include <string.h>

#include "evidence/reading.h"

typedef struct {
  KtSnapshot *snapshot;
  GPtrArray *fragments; /* KtFragment* */
  gboolean understood;
} Read;

static inline Read read_bytes(const char *bytes, gsize length)
{
  Read read = {.snapshot = kt_snapshot_new(), .fragments = g_ptr_array_new_with_free_func(kt_fragment_free)};
  g_autoptr(KtText) text = kt_text_new("paste", bytes, length);
  read.understood = kt_reading_run(text, ".", read.snapshot, read.fragments);
  return read;
}

static inline Read read_blocks(const char *text)
{
  return read_bytes(text, strlen(text));
}

static inline void read_clear(Read *read)
{
  g_ptr_array_unref(read->fragments);
  kt_snapshot_free(read->snapshot);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Read, read_clear)

/* One text through all readers; what they found belongs together. */
static inline KtSnapshot *read_text(const char *text)
{
  g_auto(Read) read = read_blocks(text);
  kt_assemble(read.snapshot, read.fragments);
  return g_steal_pointer(&read.snapshot);
}

/* The same as each block has it, domains not joined and no machines. */
static inline KtSnapshot *read_unjoined(const char *text)
{
  g_auto(Read) read = read_blocks(text);
  return g_steal_pointer(&read.snapshot);
}

/* The only machine of a snapshot. */
static inline KtMachine *only_machine(const KtSnapshot *snapshot)
{
  g_assert_cmpuint(snapshot->machines->len, ==, 1);
  return snapshot->machines->pdata[0];
}

/* The machine of block i; NULL if there are fewer. */
static inline KtMachine *machine_of(const Read *read, guint i)
{
  return i < read->fragments->len ? ((KtFragment *)read->fragments->pdata[i])->machine : NULL;
}

static inline void assert_set(const KtSet *set, const char *expected)
{
  g_assert_nonnull(set);
  g_autofree char *text = kt_set_format(set);
  g_assert_cmpstr(text, ==, expected);
}

static inline gboolean same_or_unknown(KtInt part, KtInt whole)
{
  return !part.known || kt_int_is(whole, part.value);
}

#define ASSERT_INT(field, expected) g_assert_true(kt_int_is(field, expected))
#define ASSERT_UNKNOWN(field) g_assert_false((field).known)

static inline void assert_nodes_agree(const KtMachine *part, const KtMachine *whole)
{
  for (guint i = 0; i < part->nodes->len; i++) {
    const KtNode *p = part->nodes->pdata[i], *w = kt_machine_find_node(whole, p->id);
    g_assert_nonnull(w);
    g_assert_true(!p->cpus || (w->cpus && kt_set_equal(p->cpus, w->cpus)));
    const gsize ints[] = {G_STRUCT_OFFSET(KtNode, memory_kib),     G_STRUCT_OFFSET(KtNode, free_kib),
                          G_STRUCT_OFFSET(KtNode, numa_hit),       G_STRUCT_OFFSET(KtNode, numa_miss),
                          G_STRUCT_OFFSET(KtNode, numa_foreign),   G_STRUCT_OFFSET(KtNode, interleave_hit),
                          G_STRUCT_OFFSET(KtNode, local_node),     G_STRUCT_OFFSET(KtNode, other_node),
                          G_STRUCT_OFFSET(KtNode, hugepages_total)};
    for (guint k = 0; k < G_N_ELEMENTS(ints); k++)
      g_assert_true(same_or_unknown(*(const KtInt *)G_STRUCT_MEMBER_P(p, ints[k]),
                                    *(const KtInt *)G_STRUCT_MEMBER_P(w, ints[k])));
    if (p->distances->len) {
      g_assert_cmpuint(p->distances->len, ==, w->distances->len);
      g_assert_cmpmem(p->distances->data, p->distances->len * sizeof(int), w->distances->data,
                      w->distances->len * sizeof(int));
    }
  }
}

/* All that a part of a text tells is what the whole text tells. */
static inline void assert_agrees(const KtMachine *part, const KtMachine *whole)
{
  guint n;
  const KtField *fields = kt_machine_fields(&n);
  for (guint i = 0; i < n; i++) {
    const void *p = G_STRUCT_MEMBER_P(part, fields[i].offset), *w = G_STRUCT_MEMBER_P(whole, fields[i].offset);
    if (fields[i].type == KT_FIELD_INT)
      g_assert_true(same_or_unknown(*(const KtInt *)p, *(const KtInt *)w));
    else if (*(char *const *)p)
      g_assert_cmpstr(*(char *const *)p, ==, *(char *const *)w);
  }
  g_assert_true(part->role == KT_ROLE_UNKNOWN || part->role == whole->role);
  for (guint i = 0; i < part->caches->len; i++) {
    const KtCache *p = part->caches->pdata[i], *w = kt_machine_find_cache(whole, p->level, p->type);
    g_assert_nonnull(w);
    g_assert_true(same_or_unknown(p->size_kib, w->size_kib));
    g_assert_true(same_or_unknown(p->instances, w->instances));
  }
  assert_nodes_agree(part, whole);
}

/* Cuts the text at every byte, as it ends then and with a prompt or a fence
 * below. Where rows count (`table`), a cut between two of them leaves no trace. */
static inline void assert_cuts_are_never_wrong(const char *text, gboolean table)
{
  static const char *const tails[] = {"", "\n$ \n", "\n```\n"};
  g_auto(Read) whole = read_blocks(text);
  g_assert_nonnull(machine_of(&whole, 0));
  for (gsize n = 1, length = strlen(text); n < length; n++) {
    if (n > 1 && text[n - 1] == ' ' && text[n - 2] == ' ')
      continue; /* white space at the end of a line is none: as one byte before */
    for (guint t = 0; t < G_N_ELEMENTS(tails) && !(table && (text[n] == '\n' || text[n - 1] == '\n')); t++) {
      g_autoptr(GString) part = g_string_new_len(text, (gssize)n);
      g_string_append(part, tails[t]);
      g_auto(Read) read = read_bytes(part->str, part->len);
      for (guint f = 0; f < read.fragments->len; f++)
        assert_agrees(machine_of(&read, f), machine_of(&whole, 0));
    }
  }
}
