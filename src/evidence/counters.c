/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters since boot: /proc/vmstat, /proc/stat, /proc/meminfo; and vmstat's
 * table of the last seconds. Two outputs below each other with the time between
 * give rates. */
#include <string.h>

#include "base/set.h"
#include "base/units.h"
#include "evidence/moment.h"
#include "evidence/readers.h"

#define MAX_COUNTERS 4096

/* "name 123" with nothing else; FALSE if the line is not such. */
static gboolean parse_counter(const char *line, char **name, gint64 *value)
{
  line += strspn(line, " \t");
  gsize n = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
  gsize gap = strspn(line + n, " \t");
  guint64 number;
  if (!n || n > 64 || !gap || !g_ascii_isalpha(*line) || strlen(line + n + gap) > 20 ||
      !kt_units_parse_count(line + n + gap, &number) || number > G_MAXINT64)
    return FALSE;
  *value = (gint64)number;
  if (name)
    *name = g_ascii_strdown(line, (gssize)n);
  return TRUE;
}

/* The last line of a text without a newline may end in the middle of its number. */
static gboolean is_cut(const KtText *text, guint i)
{
  return i + 1 == kt_text_count(text) && !text->ends_with_newline;
}

/* ---- /proc/vmstat ---- */

static gboolean has_prefix(const char *line, const char *prefix)
{
  return g_ascii_strncasecmp(line + strspn(line, " \t"), prefix, strlen(prefix)) == 0;
}

static guint next_line(const KtText *text, guint i)
{
  do
    i++;
  while (i < kt_text_count(text) && kt_text_is_blank(text, i));
  return i;
}

static gboolean starts_vmstat(const KtText *text, guint i)
{
  gint64 value;
  const char *line = kt_text_at(text, i);
  if (!has_prefix(line, "n") || !parse_counter(line, NULL, &value))
    return FALSE;
  guint next = next_line(text, i);
  if (has_prefix(line, "nr_"))
    return parse_counter(kt_text_at(text, next), NULL, &value);
  /* grep numa /proc/vmstat; numastat of a node has other names for these */
  for (guint n = 0; has_prefix(line, "numa_hit") && n < 6; n++, next = next_line(text, next))
    if (has_prefix(kt_text_at(text, next), "numa_local ") || has_prefix(kt_text_at(text, next), "numa_interleave "))
      return TRUE;
  return FALSE;
}

typedef struct {
  GHashTable *values; /* name -> gint64* */
  GArray *lines;      /* guint */
} Counters;

static void counters_clear(Counters *c)
{
  g_clear_pointer(&c->values, g_hash_table_unref);
  g_clear_pointer(&c->lines, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Counters, counters_clear)

static guint take_counters(const KtText *text, guint i, Counters *c)
{
  guint end = i;
  c->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  c->lines = g_array_new(FALSE, FALSE, sizeof(guint));
  for (; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    gint64 value;
    g_autofree char *name = NULL;
    if (kt_text_is_blank(text, i))
      continue;
    if (!parse_counter(kt_text_at(text, i), &name, &value))
      break;
    if (g_hash_table_contains(c->values, name) && g_str_equal(name, "nr_free_pages"))
      break; /* the next output follows at once */
    end = i + 1;
    if (is_cut(text, i) || c->lines->len >= MAX_COUNTERS || g_hash_table_contains(c->values, name))
      continue;
    g_hash_table_insert(c->values, g_steal_pointer(&name), g_memdup2(&value, sizeof(value)));
    g_array_append_val(c->lines, i);
  }
  return end;
}

static guint read_vmstat(KtReading *r, const KtText *text, guint i)
{
  g_auto(Counters) first = {0}, second = {0};
  gboolean prompt;
  guint end = take_counters(text, i, &first), second_end = 0;
  guint next = kt_moment_next(text, end, starts_vmstat, &prompt);
  double seconds = next < kt_text_count(text) ? kt_moment_seconds(text, i, next) : -1;
  if (seconds > 0)
    second_end = take_counters(text, next, &second);
  const Counters *last = seconds > 0 ? &second : &first;
  KtMachine *m = kt_reading_machine(r);
  for (guint k = 0; k < last->lines->len; k++) {
    guint line = g_array_index(last->lines, guint, k);
    gint64 value;
    g_autofree char *name = NULL;
    parse_counter(kt_text_at(text, line), &name, &value);
    g_autofree char *path = g_strconcat("vmstat.", name, NULL);
    kt_machine_set_counter(m, path, value, kt_reading_cite(r, line));
    const gint64 *old = seconds > 0 ? g_hash_table_lookup(first.values, name) : NULL;
    KtCounter *counter = g_hash_table_lookup(m->counters, path);
    if (old && value >= *old && !g_str_has_prefix(name, "nr_"))
      counter->per_second = KT_NUM((double)(value - *old) / seconds);
  }
  return seconds > 0 && !prompt ? second_end : MAX(end, i + 1);
}

const KtReader kt_reader_vmstat = {.name = "vmstat",
                                   .what = "/proc/vmstat, once or twice with the time between",
                                   .starts = starts_vmstat,
                                   .read = read_vmstat};

/* ---- /proc/stat ---- */

#define STAT_FIELDS 10

/* "cpu  user nice system idle iowait irq softirq steal guest guest_nice" */
static gboolean parse_times(const char *line, const char *label, gint64 *times)
{
  memset(times, 0, STAT_FIELDS * sizeof(*times));
  if (strlen(line) > 512)
    return FALSE;
  g_auto(GStrv) words = kt_text_words(line);
  guint n = g_strv_length(words);
  if (n < 8 || g_strcmp0(words[0], label) != 0)
    return FALSE;
  for (guint k = 1; k < n && k <= STAT_FIELDS; k++) {
    guint64 value;
    if (!kt_units_parse_count(words[k], &value) || value > G_MAXINT64)
      return FALSE;
    times[k - 1] = (gint64)value;
  }
  return TRUE;
}

static gboolean starts_stat(const KtText *text, guint i)
{
  gint64 times[STAT_FIELDS];
  return g_str_has_prefix(kt_text_at(text, i), "cpu ") && parse_times(kt_text_at(text, i), "cpu", times) &&
         g_str_has_prefix(kt_text_at(text, next_line(text, i)), "cpu");
}

static gboolean is_stat_line(const char *line)
{
  static const char *const names[] = {"intr ", "ctxt ", "btime ", "processes ", "procs_", "softirq "};
  if (g_str_has_prefix(line, "cpu") && g_ascii_isdigit(line[3]))
    return TRUE;
  for (guint k = 0; k < G_N_ELEMENTS(names); k++)
    if (g_str_has_prefix(line, names[k]))
      return TRUE;
  return FALSE;
}

static guint read_stat_lines(KtReading *r, const KtText *text, guint i)
{
  KtMachine *m = kt_reading_machine(r);
  g_autoptr(KtSet) online = kt_set_new();
  guint first = i;
  for (i++; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    const char *line = kt_text_at(text, i);
    gint64 value;
    g_autofree char *name = NULL;
    if (kt_text_is_blank(text, i))
      continue;
    if (!is_stat_line(line))
      break;
    if (g_str_has_prefix(line, "cpu"))
      kt_set_add(online, (guint)MIN(g_ascii_strtoull(line + 3, NULL, 10), KT_SET_MAX));
    else if (!is_cut(text, i) && parse_counter(line, &name, &value)) {
      g_autofree char *path = g_strconcat("stat.", name, NULL);
      kt_machine_set_counter(m, path, value, kt_reading_cite(r, i));
    }
    if (g_str_has_prefix(line, "intr ") && !kt_set_is_empty(online) && !m->online_set) {
      m->online_set = kt_set_copy(online);
      kt_machine_set_int(m, "topology.online", kt_set_count(online), kt_reading_cite(r, first));
    }
  }
  return i;
}

/* The use of the CPUs between two outputs as a row of activity. */
static void add_stat_row(KtReading *r, const KtText *text, guint first, guint second, double seconds)
{
  gint64 a[STAT_FIELDS], b[STAT_FIELDS], d[STAT_FIELDS], total = 0;
  parse_times(kt_text_at(text, first), "cpu", a);
  parse_times(kt_text_at(text, second), "cpu", b);
  for (guint k = 0; k < STAT_FIELDS; k++) {
    if (b[k] < a[k])
      return; /* another boot, or another machine */
    d[k] = b[k] - a[k];
    total += k < 8 ? d[k] : 0;
  }
  static const KtCpuField fields[STAT_FIELDS] = {KT_CPU_USER, KT_CPU_NICE, KT_CPU_SYSTEM, KT_CPU_IDLE,  KT_CPU_IOWAIT,
                                                 KT_CPU_IRQ,  KT_CPU_SOFT, KT_CPU_STEAL,  KT_CPU_GUEST, KT_CPU_GNICE};
  d[0] = MAX(0, d[0] - d[8]); /* user and nice hold guest and guest_nice */
  d[1] = MAX(0, d[1] - d[9]);
  if (total <= 0)
    return;
  KtMachine *m = kt_reading_machine(r);
  KtActivityRow row = {.seconds = MAX(0, seconds)};
  for (guint k = 0; k < STAT_FIELDS; k++)
    row.pct[fields[k]] = KT_NUM(100.0 * (double)d[k] / (double)total);
  kt_activity_add(kt_machine_activity(m), &row);
  kt_machine_cite(m, "activity", kt_reading_cite(r, second));
}

static guint read_stat(KtReading *r, const KtText *text, guint i)
{
  gboolean prompt;
  guint end = read_stat_lines(r, text, i);
  guint next = kt_moment_next(text, end, starts_stat, &prompt);
  if (next >= kt_text_count(text))
    return end;
  add_stat_row(r, text, i, next, kt_moment_seconds(text, i, next));
  return prompt ? end : read_stat_lines(r, text, next);
}

const KtReader kt_reader_stat = {
    .name = "stat", .what = "/proc/stat; twice: the CPU use between", .starts = starts_stat, .read = read_stat};

/* ---- /proc/meminfo ---- */

/* "MemTotal:  16384 kB", "HugePages_Total:  0" */
static gboolean parse_meminfo(const char *line, char **name, gint64 *value)
{
  const char *colon = strchr(line, ':');
  gsize n = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_()");
  if (!colon || line + n != colon || !n || n > 40 || strlen(colon) > 60)
    return FALSE;
  g_auto(GStrv) words = kt_text_words(colon + 1);
  guint64 number;
  gboolean kib = words[0] && words[1] && g_str_equal(words[1], "kB");
  gboolean count = g_str_has_prefix(line, "HugePages_") && words[0] && !words[1];
  if ((!kib && !count) || !kt_units_parse_count(words[0], &number) || number > G_MAXINT64)
    return FALSE;
  *value = (gint64)number;
  *name = g_strndup(line, n);
  return TRUE;
}

static gboolean starts_meminfo(const KtText *text, guint i)
{
  gint64 value;
  g_autofree char *name = NULL;
  return g_str_has_prefix(kt_text_at(text, i), "MemTotal:") && parse_meminfo(kt_text_at(text, i), &name, &value);
}

static guint read_meminfo(KtReading *r, const KtText *text, guint i)
{
  KtMachine *m = kt_reading_machine(r);
  for (; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    gint64 value;
    g_autofree char *name = NULL;
    if (kt_text_is_blank(text, i))
      continue;
    if (!parse_meminfo(kt_text_at(text, i), &name, &value))
      break;
    if (g_str_equal(name, "MemTotal"))
      kt_machine_set_int(m, "memory_kib", value, kt_reading_cite(r, i));
    g_autofree char *path = g_strconcat("meminfo.", name, NULL);
    if (!is_cut(text, i) || strstr(kt_text_at(text, i), "kB"))
      kt_machine_set_counter(m, path, value, kt_reading_cite(r, i));
  }
  return i;
}

const KtReader kt_reader_meminfo = {
    .name = "meminfo", .what = "/proc/meminfo", .starts = starts_meminfo, .read = read_meminfo};

/* ---- vmstat's table ---- */

/* "r b swpd free ... us sy id wa st": the position of us and the number of words; FALSE if it is none. */
static gboolean parse_vmstat_header(const char *line, guint *us, guint *n)
{
  static const char *const fields[] = {"us", "sy", "id", "wa"};
  if (strlen(line) > 512)
    return FALSE;
  g_auto(GStrv) words = kt_text_words(line);
  *n = g_strv_length(words);
  if (*n < 16 || !g_str_equal(words[0], "r") || !g_str_equal(words[1], "b"))
    return FALSE;
  for (*us = 2; *us + 4 <= *n; (*us)++)
    if (g_str_equal(words[*us], "us"))
      break;
  for (guint k = 0; k < G_N_ELEMENTS(fields); k++)
    if (*us + k >= *n || !g_str_equal(words[*us + k], fields[k]))
      return FALSE;
  return TRUE;
}

static gboolean starts_table(const KtText *text, guint i)
{
  guint us, n;
  return parse_vmstat_header(kt_text_at(text, i), &us, &n);
}

/* One row of vmstat; its user time holds nice time as well, so it is none of our fields. */
static void add_table_row(KtReading *r, guint i, char **words, guint us, gboolean steal)
{
  static const KtCpuField fields[] = {KT_CPU_FIELDS, KT_CPU_SYSTEM, KT_CPU_IDLE, KT_CPU_IOWAIT, KT_CPU_STEAL};
  guint64 pct[5] = {0}, sum = 0;
  guint n = steal ? 5 : 4;
  for (guint k = 0; k < n; k++) {
    if (!kt_units_parse_count(words[us + k], &pct[k]) || pct[k] > 100) {
      kt_reading_reject(r, i, "not a percentage: '%.32s'", words[us + k]);
      return;
    }
    sum += pct[k];
  }
  if (sum > 104 || (steal && sum < 96)) {
    kt_reading_reject(r, i, "the fields sum up to %u %%", (guint)sum);
    return;
  }
  KtMachine *m = kt_reading_machine(r);
  KtActivity *activity = kt_machine_activity(m);
  KtActivityRow row = {0};
  for (guint k = 1; k < n; k++)
    row.pct[fields[k]] = KT_NUM((double)pct[k]);
  if (!activity->count)
    kt_machine_cite(m, "activity", kt_reading_cite(r, i));
  kt_activity_add(activity, &row);
}

typedef struct {
  guint us, columns; /* where "us" stands, and of how many */
  gboolean steal;
  guint64 seen; /* rows */
} Table;

static Table *table_of(KtReading *r, const KtText *text, guint i)
{
  Table *t = g_new0(Table, 1);
  parse_vmstat_header(kt_text_at(text, i), &t->us, &t->columns);
  g_auto(GStrv) header = kt_text_words(kt_text_at(text, i));
  t->steal = header[t->us + 4] && g_str_equal(header[t->us + 4], "st");
  kt_reading_set_state(r, t, g_free);
  return t;
}

static guint read_table(KtReading *r, const KtText *text, guint i)
{
  Table *t = kt_reading_state(r);
  if (!t)
    t = table_of(r, text, i++);
  for (; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    const char *line = kt_text_at(text, i);
    guint n, at;
    if (kt_text_is_blank(text, i) || parse_vmstat_header(line, &at, &n) || g_str_has_prefix(line, "procs "))
      continue;
    if (strlen(line) > 512 || !g_ascii_isdigit(line[strspn(line, " \t")]))
      break;
    g_auto(GStrv) words = kt_text_words(line);
    n = g_strv_length(words);
    if (n < t->columns || is_cut(text, i))
      continue;
    if (t->seen++) /* the first row is the mean since boot */
      add_table_row(r, i, words, t->us, t->steal);
  }
  return i;
}

/* Nothing is left to do; that it is there says that a table may have any length. */
static void end_table(KtReading *r)
{
}

const KtReader kt_reader_vmstat_table = {.name = "vmstat 1",
                                         .what = "the table of vmstat with a delay",
                                         .starts = starts_table,
                                         .read = read_table,
                                         .end = end_table};
