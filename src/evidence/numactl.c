/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numactl --hardware. */
#include <string.h>

#include "base/units.h"
#include "evidence/readers.h"
#include "evidence/scan.h"

#define MAX_NODES 4096

typedef enum { LINE_NONE, LINE_AVAILABLE, LINE_CPUS, LINE_SIZE, LINE_FREE, LINE_DISTANCES } Kind;

/* "node 3 size: 98284 MB": the kind, the node and the value. */
static Kind kind_of(const char *line, int *node, const char **value)
{
  static const struct {
    const char *word;
    Kind kind;
  } words[] = {{" cpus", LINE_CPUS}, {" size", LINE_SIZE}, {" free", LINE_FREE}};
  g_autofree char *label = NULL;
  if (!kt_scan_label(line, &label, value, NULL))
    return LINE_NONE;
  if (g_str_equal(label, "available"))
    return LINE_AVAILABLE;
  if (g_str_equal(label, "node distances"))
    return LINE_DISTANCES;
  if (!g_str_has_prefix(label, "node ") || !g_ascii_isdigit(label[5]))
    return LINE_NONE;
  char *end;
  guint64 id = g_ascii_strtoull(label + 5, &end, 10);
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (id < MAX_NODES && g_str_equal(end, words[i].word)) {
      *node = (int)id;
      return words[i].kind;
    }
  return LINE_NONE;
}

/* "2 nodes (0-1)": the ids, if there are as many as it says. */
static KtSet *available_nodes(const char *value, guint64 *count)
{
  char *end;
  *count = g_ascii_strtoull(value, &end, 10);
  const char *open = strchr(end, '('), *close = open ? strchr(open, ')') : NULL;
  if (end == value || !*count || *count > MAX_NODES || g_ascii_strncasecmp(end, " node", 5) || !close)
    return NULL;
  g_autofree char *list = g_strndup(open + 1, (gsize)(close - open - 1));
  g_autoptr(KtSet) ids = kt_set_parse(list, NULL);
  return ids && kt_set_count(ids) == *count ? g_steal_pointer(&ids) : NULL;
}

static gboolean starts(const KtText *text, guint i)
{
  const char *value;
  int node;
  guint64 count;
  Kind kind = kind_of(kt_text_at(text, i), &node, &value);
  if (kind != LINE_AVAILABLE)
    return kind == LINE_CPUS || kind == LINE_SIZE;
  g_autoptr(KtSet) ids = available_nodes(value, &count);
  return ids != NULL;
}

static gboolean only_numbers(const char *s)
{
  return *s && !s[strspn(s, " \t0123456789")];
}

/* Appends the numbers of a line; FALSE if one cannot be or does not come after the one before. */
static gboolean add_numbers(GArray *numbers, const char *line)
{
  g_auto(GStrv) words = kt_text_words(line);
  for (guint i = 0; words[i]; i++) {
    guint64 n;
    if (!kt_units_parse_count(words[i], &n) || n >= KT_SET_MAX)
      return FALSE;
    guint id = (guint)n;
    if (numbers->len && g_array_index(numbers, guint, numbers->len - 1) >= id)
      return FALSE;
    g_array_append_val(numbers, id);
  }
  return TRUE;
}

/* A line that goes on below may be broken inside a number: the step across the
 * break has to be one that the numbers before it take as well. */
static gboolean step_is_usual(const GArray *numbers, guint at)
{
  if (at < 2 || at >= numbers->len)
    return FALSE;
  guint step = g_array_index(numbers, guint, at) - g_array_index(numbers, guint, at - 1);
  for (guint i = 1; i < at; i++)
    if (g_array_index(numbers, guint, i) - g_array_index(numbers, guint, i - 1) == step)
      return TRUE;
  return FALSE;
}

static guint read_cpus(KtReading *r, const KtText *text, guint i, KtNode *node, const char *value)
{
  g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint));
  guint last = i;
  gboolean good = add_numbers(numbers, value);
  while (*value && only_numbers(kt_text_at(text, last + 1)) && !kt_text_is_prompt(text, last + 1)) {
    guint joint = numbers->len;
    good = good && add_numbers(numbers, kt_text_at(text, ++last)) && step_is_usual(numbers, joint);
    if (!good)
      break;
  }
  if (!good && last == i)
    kt_reading_reject(r, i, "'%.60s' is not a list of CPUs", value);
  if (!good || node->cpus || !kt_scan_is_whole(text, last))
    return last + 1;
  node->cpus = kt_set_new();
  for (guint k = 0; k < numbers->len; k++)
    kt_set_add(node->cpus, g_array_index(numbers, guint, k));
  g_autofree char *path = g_strdup_printf("nodes.%d.cpus", node->id);
  kt_machine_cite(kt_reading_machine(r), path, kt_reading_cite(r, i));
  return last + 1;
}

static void read_size(KtReading *r, guint i, KtNode *node, const char *value, gboolean is_free)
{
  guint64 kib;
  const char *end = kt_units_parse_kib(value, 1, &kib);
  if (!end || end == value || g_ascii_toupper(end[-1]) != 'B' || *end)
    return; /* without its unit it may be cut off */
  if (is_free && node->memory_kib.known && (gint64)kib > node->memory_kib.value + 1024) {
    kt_reading_reject(r, i, "more memory is free than the node has");
    return;
  }
  KtInt *slot = is_free ? &node->free_kib : &node->memory_kib;
  if (slot->known)
    return;
  *slot = KT_INT((gint64)kib);
  g_autofree char *path = g_strdup_printf("nodes.%d.%s", node->id, is_free ? "free_kib" : "memory_kib");
  kt_machine_cite(kt_reading_machine(r), path, kt_reading_cite(r, i));
}

static GArray *read_distance_row(const KtText *text, guint i, const char *value, guint n, gboolean is_last)
{
  g_autoptr(GArray) row = g_array_new(FALSE, TRUE, sizeof(int));
  g_auto(GStrv) words = kt_text_words(value);
  for (guint k = 0; words[k]; k++) {
    guint64 d;
    if (!kt_units_parse_count(words[k], &d) || d < 10 || d > 255)
      return NULL;
    int distance = (int)d;
    g_array_append_val(row, distance);
  }
  if (row->len != n)
    return NULL;
  /* The last number of all is that of a node to itself: 10. */
  if (!kt_scan_is_whole(text, i) && !(is_last && g_array_index(row, int, n - 1) == 10))
    return NULL;
  return g_steal_pointer(&row);
}

/* "node  0  1" and a line "0: 10 20" for each. Kept if the head names all nodes. */
static guint read_distances(KtReading *r, const KtText *text, guint i)
{
  KtMachine *m = kt_reading_machine(r);
  g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(guint));
  guint head = kt_scan_skip_blank(text, i + 1);
  const char *s = kt_text_at(text, head);
  s += strspn(s, " \t");
  if (kt_text_is_prompt(text, head) || g_ascii_strncasecmp(s, "node", 4) || !only_numbers(s + 4) ||
      !add_numbers(ids, s + 4))
    return i + 1;
  gboolean all = ids->len == m->nodes->len;
  for (guint k = 0; all && k < ids->len; k++)
    all = ((const KtNode *)m->nodes->pdata[k])->id == (int)g_array_index(ids, guint, k);
  guint end = head + 1;
  for (guint k = 0; k < ids->len; k++) {
    guint at = kt_scan_skip_blank(text, end);
    g_autofree char *label = NULL, *wanted = g_strdup_printf("%u", g_array_index(ids, guint, k));
    const char *value;
    if (kt_text_is_prompt(text, at) || !kt_scan_label(kt_text_at(text, at), &label, &value, NULL) ||
        !g_str_equal(label, wanted))
      break;
    end = at + 1;
    g_autoptr(GArray) row = read_distance_row(text, at, value, ids->len, k + 1 == ids->len);
    if (!row && kt_scan_is_whole(text, at))
      kt_reading_reject(r, at, "'%.60s' are not the distances of %u nodes", value, ids->len);
    KtNode *node = row && all ? kt_machine_node(m, (int)g_array_index(ids, guint, k)) : NULL;
    if (!node || node->distances->len)
      continue;
    g_array_unref(node->distances);
    node->distances = g_steal_pointer(&row);
    g_autofree char *path = g_strdup_printf("nodes.%d.distances", node->id);
    kt_machine_cite(m, path, kt_reading_cite(r, at));
  }
  return end;
}

static void read_available(KtReading *r, guint i, const char *value)
{
  guint64 count;
  g_autoptr(KtSet) ids = available_nodes(value, &count);
  if (!ids)
    return;
  KtMachine *m = kt_reading_machine(r);
  kt_machine_set_int(m, "topology.nodes", (gint64)count, kt_reading_cite(r, i));
  for (int id = kt_set_next(ids, 0); id >= 0 && id < MAX_NODES; id = kt_set_next(ids, (guint)id + 1))
    kt_machine_node(m, id);
}

static guint read_numactl(KtReading *r, const KtText *text, guint i)
{
  guint first = i, end = i;
  while ((i = kt_scan_skip_blank(text, end)) < kt_text_count(text) && !kt_text_is_prompt(text, i)) {
    int id = 0;
    const char *value;
    Kind kind = kind_of(kt_text_at(text, i), &id, &value);
    if (kind == LINE_NONE || (kind == LINE_AVAILABLE && i > first))
      break;
    end = i + 1;
    if (kind == LINE_AVAILABLE)
      read_available(r, i, value);
    else if (kind == LINE_DISTANCES)
      return read_distances(r, text, i);
    else if (kind == LINE_CPUS)
      end = read_cpus(r, text, i, kt_machine_node(kt_reading_machine(r), id), value);
    else
      read_size(r, i, kt_machine_node(kt_reading_machine(r), id), value, kind == LINE_FREE);
  }
  return MAX(end, first + 1);
}

const KtReader kt_reader_numactl = {
    .name = "numactl",
    .what = "numactl --hardware",
    .starts = starts,
    .read = read_numactl,
};
