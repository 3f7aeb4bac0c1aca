/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/interrupts: a column for each CPU that is online, a line for each interrupt. */
#include <string.h>

#include "base/units.h"
#include "evidence/moment.h"
#include "evidence/readers.h"

#define MAX_ROWS 8192

/* One output of the file. */
typedef struct {
  guint first;
  GArray *cpus;    /* guint: the columns */
  GPtrArray *rows; /* Row* */
  gboolean whole;  /* a row has a description right behind its last column: the columns are all there */
} Table;

typedef struct {
  guint line;
  char *name, *description;
  GArray *counts; /* guint64 */
  guint64 total;
} Row;

static void row_free(gpointer data)
{
  Row *row = data;
  g_free(row->name);
  g_free(row->description);
  g_array_unref(row->counts);
  g_free(row);
}

static Table *table_new(guint first)
{
  Table *t = g_new0(Table, 1);
  t->first = first;
  t->cpus = g_array_new(FALSE, FALSE, sizeof(guint));
  t->rows = g_ptr_array_new_with_free_func(row_free);
  return t;
}

static void table_free(Table *t)
{
  if (!t)
    return;
  g_array_unref(t->cpus);
  g_ptr_array_unref(t->rows);
  g_free(t);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

/* Appends the CPUs of a header line; FALSE if it is none. */
static gboolean take_header(const char *line, GArray *cpus)
{
  g_auto(GStrv) words = NULL;
  guint before = cpus->len;
  if (g_ascii_strncasecmp(line + strspn(line, " \t"), "CPU", 3) != 0)
    return FALSE;
  words = kt_text_words(line);
  for (guint i = 0; words[i]; i++) {
    guint64 id;
    if (g_ascii_strncasecmp(words[i], "CPU", 3) != 0 || !kt_units_parse_count(words[i] + 3, &id) || id >= KT_SET_MAX ||
        (cpus->len && id <= g_array_index(cpus, guint, cpus->len - 1))) {
      g_array_set_size(cpus, before);
      return FALSE;
    }
    guint cpu = (guint)id;
    g_array_append_val(cpus, cpu);
  }
  return cpus->len > before;
}

/* Whole numbers from *p on, at most up to `limit` in counts. */
static void take_counts(const char **p, GArray *counts, guint limit)
{
  for (;;) {
    *p += strspn(*p, " \t");
    gsize n = strspn(*p, "0123456789");
    if (counts->len >= limit || !n || n > 20 || !strchr(" \t", (*p)[n]))
      return;
    guint64 value = g_ascii_strtoull(*p, NULL, 10);
    g_array_append_val(counts, value);
    *p += n;
  }
}

/* "RES:" of a line; NULL if it has no such label. */
static char *take_name(const char **p)
{
  *p += strspn(*p, " \t");
  gsize n = 0;
  while (g_ascii_isalnum((*p)[n]) && n <= 16)
    n++;
  if (!n || n > 16 || (*p)[n] != ':')
    return NULL;
  char *name = g_strndup(*p, n);
  *p += n + 1;
  return name;
}

static gboolean is_single(const char *name)
{
  return g_str_equal(name, "ERR") || g_str_equal(name, "MIS");
}

static char *squeeze(const char *text)
{
  g_auto(GStrv) words = kt_text_words(text);
  return g_strjoinv(" ", words);
}

/* Reads the row at line i, which may go on in the lines below; returns the
 * first line behind it, or i if there is no row. */
static guint take_row(const KtText *text, guint i, Table *t)
{
  const char *p = kt_text_at(text, i);
  g_autofree char *name = take_name(&p);
  if (!name)
    return i;
  Row *row = g_new0(Row, 1);
  row->line = i;
  row->counts = g_array_new(FALSE, FALSE, sizeof(guint64));
  take_counts(&p, row->counts, t->cpus->len);
  guint next = i + 1;
  while (row->counts->len && row->counts->len < t->cpus->len && !*p && !kt_text_is_prompt(text, next) &&
         !is_single(name)) {
    const char *more = kt_text_at(text, next);
    gsize digits = strspn(more + strspn(more, " \t"), "0123456789");
    if (!digits || more[strspn(more, " \t") + digits] == ':')
      break;
    p = more;
    take_counts(&p, row->counts, t->cpus->len);
    next++;
  }
  row->description = squeeze(p);
  row->name = g_steal_pointer(&name);
  for (guint k = 0; k < row->counts->len; k++)
    row->total += g_array_index(row->counts, guint64, k);
  gboolean any = row->counts->len > 0;
  gboolean full = row->counts->len == t->cpus->len || is_single(row->name);
  /* a number behind the last column: a number was torn in two by a line break */
  if (any && full && !g_ascii_isdigit(row->description[0]) && t->rows->len < MAX_ROWS) {
    t->whole |= *row->description != '\0' && row->counts->len == t->cpus->len;
    g_ptr_array_add(t->rows, row);
  } else {
    row_free(row);
  }
  return any ? next : i;
}

/* A last row without a description may end in the middle of its number. */
static void drop_cut_row(Table *t)
{
  if (!t->whole || !t->rows->len)
    return;
  const Row *last = t->rows->pdata[t->rows->len - 1];
  if (!*last->description && !is_single(last->name))
    g_ptr_array_set_size(t->rows, (int)t->rows->len - 1);
}

/* Reads the output that starts at line i. */
static Table *read_table(const KtText *text, guint i, guint *end)
{
  Table *t = table_new(i);
  while (i < kt_text_count(text) && take_header(kt_text_at(text, i), t->cpus))
    i++;
  guint last = i;
  for (; i < kt_text_count(text) && !kt_text_is_prompt(text, i);) {
    if (kt_text_is_blank(text, i)) {
      i++;
      continue;
    }
    guint next = take_row(text, i, t);
    if (next == i)
      break;
    i = last = next;
  }
  drop_cut_row(t);
  *end = last;
  return t;
}

static gboolean starts(const KtText *text, guint i)
{
  g_autoptr(GArray) cpus = g_array_new(FALSE, FALSE, sizeof(guint));
  if (!take_header(kt_text_at(text, i), cpus))
    return FALSE;
  for (guint k = i + 1; k < kt_text_count(text) && k < i + 64; k++) {
    const char *p = kt_text_at(text, k);
    if (kt_text_is_blank(text, k) || take_header(p, cpus))
      continue;
    g_autofree char *name = take_name(&p);
    p += strspn(p, " \t");
    return name && g_ascii_isdigit(*p);
  }
  return FALSE;
}

static const Row *find_row(const Table *t, const Row *like)
{
  for (guint i = 0; i < t->rows->len; i++) {
    const Row *row = t->rows->pdata[i];
    if (g_str_equal(row->name, like->name) && g_str_equal(row->description, like->description))
      return row;
  }
  return NULL;
}

static gboolean same_cpus(const Table *a, const Table *b)
{
  return a->cpus->len == b->cpus->len && memcmp(a->cpus->data, b->cpus->data, a->cpus->len * sizeof(guint)) == 0;
}

static void add_interrupts(KtReading *r, const Table *t, const Table *before, double seconds)
{
  KtMachine *m = kt_reading_machine(r);
  guint hint = 0;
  for (guint i = 0; i < t->rows->len; i++) {
    const Row *row = t->rows->pdata[i];
    KtInterrupt *irq = kt_machine_add_interrupt(m, row->name);
    irq->description = g_strdup(row->description);
    irq->device = g_ascii_isdigit(*row->name);
    irq->total = row->total;
    g_array_append_vals(irq->per_cpu, row->counts->data, row->counts->len);
    g_autofree char *path = g_strconcat("interrupts.", row->name, NULL);
    kt_machine_cite(m, path, kt_reading_cite(r, row->line));
    if (!before || seconds <= 0)
      continue;
    const Row *old = hint < before->rows->len ? before->rows->pdata[hint] : NULL;
    if (!old || !g_str_equal(old->name, row->name) || !g_str_equal(old->description, row->description))
      old = i < 256 ? find_row(before, row) : NULL;
    hint++;
    if (old && row->total >= old->total)
      irq->per_second = KT_NUM((double)(row->total - old->total) / seconds);
  }
}

static void add_online(KtReading *r, const Table *t)
{
  if (!t->whole)
    return;
  KtMachine *m = kt_reading_machine(r);
  m->online_set = m->online_set ? m->online_set : kt_set_new();
  for (guint i = 0; i < t->cpus->len; i++)
    kt_set_add(m->online_set, g_array_index(t->cpus, guint, i));
  kt_machine_set_int(m, "topology.online", t->cpus->len, kt_reading_cite(r, t->first));
}

static guint read_interrupts(KtReading *r, const KtText *text, guint i)
{
  guint end, second_end;
  gboolean prompt;
  g_autoptr(Table) first = read_table(text, i, &end);
  guint next = kt_moment_next(text, end, starts, &prompt);
  g_autoptr(Table) second = next < kt_text_count(text) ? read_table(text, next, &second_end) : NULL;
  if (second && !(second->whole && same_cpus(first, second)))
    g_clear_pointer(&second, table_free);
  double seconds = second ? kt_moment_seconds(text, i, next) : -1;
  if (seconds > 0)
    add_interrupts(r, second, first, seconds);
  else
    add_interrupts(r, first, NULL, 0);
  add_online(r, first);
  return second && !prompt ? second_end : MAX(end, i + 1);
}

const KtReader kt_reader_interrupts = {.name = "interrupts",
                                       .what = "/proc/interrupts, once or twice with the time between",
                                       .starts = starts,
                                       .read = read_interrupts};
