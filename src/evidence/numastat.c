/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numastat without options: pages since boot, a column a node, in blocks where
 * the terminal is too narrow for all nodes. */
#include <string.h>

#include "base/units.h"
#include "evidence/readers.h"
#include "evidence/scan.h"

#define MAX_NODES 4096

static const struct {
  const char *name;
  gsize offset; /* of a KtInt in KtNode */
} counters[] = {
    {"numa_hit", G_STRUCT_OFFSET(KtNode, numa_hit)},
    {"numa_miss", G_STRUCT_OFFSET(KtNode, numa_miss)},
    {"numa_foreign", G_STRUCT_OFFSET(KtNode, numa_foreign)},
    {"interleave_hit", G_STRUCT_OFFSET(KtNode, interleave_hit)},
    {"local_node", G_STRUCT_OFFSET(KtNode, local_node)},
    {"other_node", G_STRUCT_OFFSET(KtNode, other_node)},
};

/* Node ids of a header, "node0 node1 node4"; NULL if the line is none. */
static GArray *header(const KtText *text, guint i)
{
  if (kt_text_is_prompt(text, i) ||
      g_ascii_strncasecmp(kt_text_at(text, i) + strspn(kt_text_at(text, i), " \t"), "node", 4))
    return NULL;
  g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int));
  g_auto(GStrv) words = kt_text_words(kt_text_at(text, i));
  for (guint k = 0; words[k]; k++) {
    guint64 id;
    if (g_ascii_strncasecmp(words[k], "node", 4) || !kt_units_parse_count(words[k] + 4, &id) || id >= MAX_NODES)
      return NULL;
    int node = (int)id;
    if (ids->len && g_array_index(ids, int, ids->len - 1) >= node)
      return NULL;
    g_array_append_val(ids, node);
  }
  return ids->len ? g_steal_pointer(&ids) : NULL;
}

static int counter_of(const char *word)
{
  for (guint c = 0; c < G_N_ELEMENTS(counters); c++)
    if (!g_ascii_strcasecmp(word, counters[c].name))
      return (int)c;
  return -1;
}

/* The counter that a row begins with, -1 if it is no row. */
static int row_at(const KtText *text, guint i)
{
  g_auto(GStrv) words = kt_text_words(kt_text_at(text, i));
  return kt_text_is_prompt(text, i) || !words[0] ? -1 : counter_of(words[0]);
}

static gboolean starts(const KtText *text, guint i)
{
  g_autoptr(GArray) ids = header(text, i);
  return ids && row_at(text, kt_scan_skip_blank(text, i + 1)) >= 0;
}

/* hit + miss = local + other, exactly in numbers read at one moment. */
static gboolean adds_up(const KtNode *n, guint64 other)
{
  return n->numa_hit.known && n->numa_miss.known && n->local_node.known &&
         n->numa_hit.value + n->numa_miss.value == n->local_node.value + (gint64)other;
}

static void read_row(KtReading *r, const KtText *text, guint i, const GArray *ids)
{
  KtMachine *m = kt_reading_machine(r);
  g_auto(GStrv) words = kt_text_words(kt_text_at(text, i));
  guint c = (guint)counter_of(words[0]), n = g_strv_length(words) - 1;
  gboolean whole = kt_scan_is_whole(text, i);
  /* A row with more or fewer numbers than columns does not say which are whose; a cut one has its first. */
  if (n > ids->len || (n < ids->len && whole))
    return;
  for (guint k = 0; k < n; k++) {
    guint64 value;
    if (!kt_units_parse_count(words[k + 1], &value) || value > G_MAXINT64 / 4) {
      if (whole || k + 1 < n)
        kt_reading_reject(r, i, "'%.40s' is not a number of pages", words[k + 1]);
      continue;
    }
    KtNode *node = kt_machine_node(m, g_array_index(ids, int, k));
    if (!whole && k + 1 == n && !(counters[c].offset == G_STRUCT_OFFSET(KtNode, other_node) && adds_up(node, value)))
      continue;
    KtInt *slot = G_STRUCT_MEMBER_P(node, counters[c].offset);
    if (!slot->known)
      *slot = KT_INT((gint64)value);
    g_autofree char *path = g_strdup_printf("nodes.%d.numastat.%s", node->id, counters[c].name);
    kt_machine_cite(m, path, kt_reading_cite(r, i));
    g_autofree char *group = g_strdup_printf("nodes.%d.numastat", node->id);
    kt_machine_cite(m, group, kt_reading_cite(r, i));
  }
}

static gboolean is_read_already(const KtMachine *m, const GArray *ids)
{
  for (guint k = 0; k < ids->len; k++) {
    const KtNode *node = kt_machine_find_node(m, g_array_index(ids, int, k));
    if (node && node->numa_hit.known)
      return TRUE;
  }
  return FALSE;
}

static guint read_numastat(KtReading *r, const KtText *text, guint i)
{
  guint end = i + 1;
  g_autoptr(GArray) ids = NULL;
  while (i < kt_text_count(text) && !kt_text_is_prompt(text, i)) {
    g_autoptr(GArray) next = header(text, i);
    if (next) {
      if (is_read_already(kt_reading_machine(r), next) || row_at(text, kt_scan_skip_blank(text, i + 1)) < 0)
        break;
      g_clear_pointer(&ids, g_array_unref);
      ids = g_steal_pointer(&next);
    } else if (row_at(text, i) >= 0) {
      read_row(r, text, i, ids);
    } else {
      break;
    }
    end = i + 1;
    i = kt_scan_skip_blank(text, end);
  }
  return end;
}

const KtReader kt_reader_numastat = {
    .name = "numastat",
    .what = "numastat, whole or with columns cut off",
    .starts = starts,
    .read = read_numastat,
};
