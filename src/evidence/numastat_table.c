/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numastat -m and -p, also with -c: megabytes by node, in blocks where the
 * terminal is too narrow for all nodes. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "evidence/readers.h"
#include "evidence/scan.h"

#define MAX_NODES 4096
#define TOTAL (-1)

typedef struct {
  KtReading *r;
  const KtText *text;
  GArray *columns;    /* int: node ids, TOTAL */
  KtProcess *process; /* numastat -p of one PID */
} Table;

typedef enum { TABLE_NONE, TABLE_MEMORY, TABLE_PROCESS, TABLE_COUNTERS } Kind;

/* "Per-node process memory usage (in MBs) for PID 5098 (qemu-kvm)" */
static Kind title_at(const KtText *text, guint i)
{
  static const struct {
    const char *text;
    Kind kind;
  } titles[] = {{"per-node system memory usage (in mbs)", TABLE_MEMORY},
                {"per-node process memory usage (in mbs)", TABLE_PROCESS},
                {"per-node numastat info (in mbs)", TABLE_COUNTERS}};
  if (kt_text_is_prompt(text, i))
    return TABLE_NONE;
  g_autofree char *s = kt_scan_fold(kt_text_at(text, i) + strspn(kt_text_at(text, i), " \t"), 64);
  for (guint k = 0; k < G_N_ELEMENTS(titles); k++)
    if (g_str_has_prefix(s, titles[k].text))
      return titles[k].kind;
  return TABLE_NONE;
}

/* "Node 0  Node 1  Total", behind "PID" in a list of processes; NULL if the line is none. */
static GArray *header(const KtText *text, guint i)
{
  if (kt_text_is_prompt(text, i))
    return NULL;
  g_auto(GStrv) words = kt_text_words(kt_text_at(text, i));
  g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(int));
  guint k = words[0] && !g_ascii_strcasecmp(words[0], "PID");
  for (; words[k]; k++) {
    guint64 id;
    int column = TOTAL;
    if (g_ascii_strcasecmp(words[k], "Total")) {
      if (g_ascii_strcasecmp(words[k], "Node") || !words[k + 1] || !kt_units_parse_count(words[k + 1], &id) ||
          id >= MAX_NODES)
        return NULL;
      column = (int)id;
      k++;
    }
    g_array_append_val(columns, column);
  }
  return columns->len ? g_steal_pointer(&columns) : NULL;
}

static gboolean is_rule(const char *s)
{
  return strchr(s, '-') && !s[strspn(s, "- \t")];
}

static gboolean is_noise(const KtText *text, guint i)
{
  const char *s = kt_text_at(text, i);
  return !kt_text_is_prompt(text, i) && (is_rule(s) || g_str_has_prefix(s, "Token "));
}

static gboolean starts(const KtText *text, guint i)
{
  if (title_at(text, i))
    return TRUE;
  g_autoptr(GArray) columns = header(text, i);
  guint next = kt_scan_skip_blank(text, i + 1);
  while (columns && is_noise(text, next))
    next = kt_scan_skip_blank(text, next + 1);
  return columns && !g_ascii_strncasecmp(kt_text_at(text, next), "MemTotal", 8);
}

static gboolean parse_kib(const char *word, gint64 *kib)
{
  double mb;
  if (!kt_units_parse_decimal(word, &mb) || !isfinite(mb) || mb < 0 || mb > 1e12)
    return FALSE;
  *kib = llround(mb * 1024);
  return TRUE;
}

/* How many words of a row are values from `first` on; 0 if they do not fit the
 * columns. Of a row that may be cut off the last value is not one. */
static guint values_of(const Table *t, char **words, guint first, guint line)
{
  guint n = g_strv_length(words);
  n -= MIN(first, n);
  gboolean whole = kt_scan_is_whole(t->text, line);
  if (n > t->columns->len || (n < t->columns->len && whole))
    return 0;
  return whole ? n : n - (n > 0);
}

static void set_memory(Table *t, KtNode *node, const char *name, gint64 kib, guint line)
{
  static const struct {
    const char *name, *path;
    gsize offset;
  } known[] = {{"MemTotal", "memory_kib", G_STRUCT_OFFSET(KtNode, memory_kib)},
               {"MemFree", "free_kib", G_STRUCT_OFFSET(KtNode, free_kib)},
               {"HugePages_Total", "hugepages", G_STRUCT_OFFSET(KtNode, hugepages_total)},
               {"HugePages_Free", "hugepages_free", G_STRUCT_OFFSET(KtNode, hugepages_free)}};
  KtMachine *m = kt_reading_machine(t->r);
  for (guint k = 0; k < G_N_ELEMENTS(known); k++) {
    KtInt *slot = G_STRUCT_MEMBER_P(node, known[k].offset);
    if (!g_str_equal(name, known[k].name) || slot->known)
      continue;
    *slot = KT_INT(kib);
    g_autofree char *path = g_strdup_printf("nodes.%d.%s", node->id, known[k].path);
    kt_machine_cite(m, path, kt_reading_cite(t->r, line));
    return;
  }
  if (!node->meminfo)
    node->meminfo = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  if (g_hash_table_contains(node->meminfo, name))
    return;
  KtInt value = KT_INT(kib);
  g_hash_table_insert(node->meminfo, g_strdup(name), g_memdup2(&value, sizeof value));
}

static gboolean read_memory_row(Table *t, guint line)
{
  g_auto(GStrv) words = kt_text_words(kt_text_at(t->text, line));
  if (!g_ascii_isalpha(words[0][0]) || !words[1] || !g_ascii_isdigit(words[1][0]))
    return FALSE;
  guint n = values_of(t, words, 1, line);
  gint64 kib;
  for (guint k = 0; k < n; k++) {
    int id = g_array_index(t->columns, int, k);
    if (id == TOTAL)
      continue;
    KtNode *node = kt_machine_node(kt_reading_machine(t->r), id);
    if (!parse_kib(words[k + 1], &kib))
      kt_reading_reject(t->r, line, "'%.40s' is not a size", words[k + 1]);
    else if (node->memory_kib.known && kib > node->memory_kib.value + 1024 && !g_ascii_strncasecmp(words[0], "Mem", 3))
      kt_reading_reject(t->r, line, "node %d has less memory than that", id);
    else
      set_memory(t, node, words[0], kib, line);
  }
  return TRUE;
}

static KtProcess *add_process(Table *t, const char *pid, const char *comm)
{
  guint64 n;
  if (!kt_units_parse_count(pid, &n) || !n || n > G_MAXINT32 || *comm != '(')
    return NULL;
  g_autofree char *name = g_strdup(comm + 1);
  char *close = strchr(name, ')');
  if (close)
    *close = '\0';
  KtMachine *m = kt_reading_machine(t->r);
  for (guint i = 0; i < m->processes->len; i++)
    if (((KtProcess *)m->processes->pdata[i])->pid == (int)n)
      return m->processes->pdata[i];
  return m->processes->len < 65536 ? kt_machine_add_process(m, (int)n, name) : NULL;
}

static void set_process_memory(Table *t, KtProcess *process, char **words, guint first, guint line)
{
  guint n = values_of(t, words, first, line);
  for (guint k = 0; k < n; k++) {
    KtNodeMemory memory = {.node = g_array_index(t->columns, int, k)};
    if (!parse_kib(words[first + k], &memory.kib))
      continue;
    if (memory.node == TOTAL)
      process->rss_kib = KT_INT(memory.kib);
    else
      g_array_append_val(process->node_memory, memory);
  }
}

/* "5098 (qemu-kvm)  3.90  3.90", or of one process the row "Total". */
static gboolean read_process_row(Table *t, guint line)
{
  g_auto(GStrv) words = kt_text_words(kt_text_at(t->text, line));
  if (t->process) {
    if (!g_ascii_strcasecmp(words[0], "Total"))
      set_process_memory(t, t->process, words, 1, line);
    return words[1] && g_ascii_isdigit(words[1][0]);
  }
  if (!g_ascii_isdigit(words[0][0]) || !words[1])
    return !g_ascii_strcasecmp(words[0], "Total");
  guint first = 1;
  while (words[first] && !strchr(words[first], ')')) /* a name with spaces */
    first++;
  KtProcess *process = words[first] ? add_process(t, words[0], words[1]) : NULL;
  if (process)
    set_process_memory(t, process, words, first + 1, line);
  return process != NULL;
}

static void read_title(Table *t, Kind kind, guint i)
{
  const char *pid = kind == TABLE_PROCESS ? strstr(kt_text_at(t->text, i), "PID ") : NULL;
  if (!pid)
    return;
  g_auto(GStrv) words = kt_text_words(pid + 4);
  if (words[0] && words[1])
    t->process = add_process(t, words[0], words[1]);
}

static guint read_table(KtReading *r, const KtText *text, guint i)
{
  Kind kind = title_at(text, i);
  Table t = {.r = r, .text = text};
  guint end = i;
  if (kind)
    read_title(&t, kind, i), end = i + 1;
  else
    kind = TABLE_MEMORY;
  kt_reading_machine(r);
  while ((i = kt_scan_skip_blank(text, end)) < kt_text_count(text) && !kt_text_is_prompt(text, i)) {
    GArray *columns = header(text, i);
    if (columns) {
      g_clear_pointer(&t.columns, g_array_unref);
      t.columns = columns;
    } else if (!is_noise(text, i)) {
      gboolean known = t.columns && !title_at(text, i);
      if (known && kind != TABLE_COUNTERS)
        known = kind == TABLE_MEMORY ? read_memory_row(&t, i) : read_process_row(&t, i);
      else if (known) /* in megabytes, of pages of unknown size: not told */
        known = strpbrk(kt_text_at(text, i), "_") != NULL;
      if (!known)
        break;
    }
    end = i + 1;
  }
  g_clear_pointer(&t.columns, g_array_unref);
  return end;
}

const KtReader kt_reader_numastat_table = {
    .name = "numastat-table",
    .what = "numastat -m, -p and -c",
    .starts = starts,
    .read = read_table,
};
