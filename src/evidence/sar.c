/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sar -u, -u ALL, -P ALL and mpstat: tables of CPU use in percent.
 *
 * The column header says what the numbers are; a row is matched with it from
 * the right, because what stands in front (time, AM or PM, nothing) varies. */
#include <string.h>

#include "base/set.h"
#include "base/units.h"
#include "evidence/clock.h"
#include "evidence/cpu_use.h"
#include "evidence/readers.h"
#include "evidence/sar_row.h"

typedef struct {
  KtReading *r;
  KtSarColumns columns;
  int days;     /* of the rows, -1 unknown */
  int clock;    /* of the row or header before, -1 unknown */
  char *header; /* of the table, behind its time, if that reads the same at any time; else NULL */
  gboolean foreign;
  GHashTable *busy; /* see kt_cpu_use_add_busy() */
  char *release, *host;
} Table;

static gboolean has_column(const KtSarColumns *c, KtCpuField field)
{
  for (guint k = 0; k < c->n; k++)
    if (c->field[k] == (int)field)
      return TRUE;
  return FALSE;
}

/* TRUE if the line is the header of a table of CPU use. */
static gboolean parse_header(const char *line, KtSarColumns *c)
{
  *c = (KtSarColumns){0};
  if (!strchr(line, '%') || strlen(line) > 1024)
    return FALSE;
  g_auto(GStrv) words = kt_text_words(line);
  guint i = 0, cpu = 0;
  for (; words[i] && *words[i] != '%'; i++) {
    if (g_ascii_strcasecmp(words[i], "CPU") == 0) {
      c->cpu = TRUE;
      cpu = i;
    } else if (!c->cpu && (g_ascii_strcasecmp(words[i], "PID") == 0 || g_ascii_strcasecmp(words[i], "NODE") == 0))
      return FALSE;
  }
  if (i > cpu + 4 || (i && g_str_has_suffix(words[i - 1], "-cpu:")))
    return FALSE;
  c->extra = c->cpu ? i - cpu - 1 : 0;
  for (; words[i]; i++) {
    if (c->n == KT_SAR_MAX_COLUMNS || (*words[i] != '%' && !strchr(words[i], '/')))
      return FALSE;
    c->field[c->n++] = kt_cpu_use_field(words[i] + 1);
  }
  return has_column(c, KT_CPU_USER) && (has_column(c, KT_CPU_SYSTEM) || has_column(c, KT_CPU_IDLE));
}

/* "Linux 3.0.76-0.11-default (od01crmapp05) 11/09/15 _x86_64_ (32 CPU)" */
static gboolean is_banner(char **words)
{
  return g_strv_length(words) >= 3 && g_ascii_strcasecmp(words[0], "Linux") == 0 && words[2][0] == '(' &&
         g_str_has_suffix(words[2], ")") && strlen(words[2]) > 2 && g_ascii_isdigit(words[1][0]);
}

static gboolean starts(const KtText *text, guint i)
{
  const char *line = kt_text_at(text, i);
  KtSarColumns columns;
  if (g_ascii_strncasecmp(line, "Linux ", 6) == 0 && strlen(line) < 1024) {
    g_auto(GStrv) words = kt_text_words(line);
    return is_banner(words);
  }
  return parse_header(line, &columns);
}

static void read_cpu_count(KtReading *r, KtMachine *m, guint i, char **words)
{
  guint64 n;
  for (guint k = 3; words[k] && words[k + 1]; k++)
    if (words[k][0] == '(' && g_ascii_strcasecmp(words[k + 1], "CPU)") == 0 && kt_units_parse_count(words[k] + 1, &n) &&
        n > 0 && n < KT_SET_MAX)
      kt_machine_set_int(m, "topology.online", (gint64)n, kt_reading_cite(r, i));
}

static void read_banner(Table *t, guint i, char **words)
{
  g_autofree char *host = g_strndup(words[2] + 1, strlen(words[2]) - 2);
  if (t->release && (!g_str_equal(t->release, words[1]) || !g_str_equal(t->host, host))) {
    kt_cpu_use_set_busy(kt_reading_machine(t->r), t->busy);
    kt_reading_next_machine(t->r);
  }
  KtMachine *m = kt_reading_machine(t->r);
  const KtCite *cite = kt_reading_cite(t->r, i);
  kt_machine_set_text(m, "kernel.release", words[1], cite);
  if (!m->name)
    m->name = g_strdup(host);
  t->days = -1;
  t->clock = -1;
  for (guint k = 3; words[k]; k++) {
    gsize n = strlen(words[k]);
    if (n > 2 && words[k][0] == '_' && words[k][n - 1] == '_') {
      g_autofree char *arch = g_strndup(words[k] + 1, n - 2);
      kt_machine_set_text(m, "arch", arch, cite);
    } else if (t->days < 0)
      t->days = kt_clock_days(words[k]);
  }
  read_cpu_count(t->r, m, i, words);
  g_free(t->release);
  g_free(t->host);
  t->release = g_strdup(words[1]);
  t->host = g_steal_pointer(&host);
}

/* Splits a line in place; `words` ends with NULL. A log of days has millions of rows: nothing is allocated. */
static void split(char *line, char **words)
{
  for (char *p = line; *p;) {
    gsize n = strcspn(p, " \t");
    if (n)
      *words++ = p;
    p += n;
    while (*p == ' ' || *p == '\t')
      *p++ = '\0';
  }
  *words = NULL;
}

static gboolean parse_percent(const char *word, double *value)
{
  gboolean negative = *word == '-';
  if (!kt_units_parse_decimal(word + negative, value))
    return FALSE;
  if (negative)
    *value = -*value;
  return TRUE;
}

/* Where the id ("all", "3") of a row stands, or -1 if the row is not whole. */
static int find_id(const KtSarColumns *c, char **words)
{
  guint n = g_strv_length(words);
  for (guint k = 0; k < n && k < 6; k++)
    if (g_ascii_strcasecmp(words[k], "all") == 0)
      return k + 1 + c->extra + c->n <= n ? (int)k : -1;
  if (!c->cpu || n < c->n + c->extra + 1)
    return -1;
  guint k = n - c->n - c->extra - 1;
  guint64 id;
  return kt_units_parse_count(words[k], &id) && id < KT_SET_MAX ? (int)k : -1;
}

/* What stands in front of the id: a time. NULL if nothing does. */
static char *front_of(char **words, int id)
{
  GString *out = g_string_new(NULL);
  for (int k = 0; k < id; k++)
    g_string_append_printf(out, "%s%s", k ? " " : "", words[k]);
  if (out->len)
    return g_string_free(out, FALSE);
  g_string_free(out, TRUE);
  return NULL;
}

/* The values of a row; FALSE if it is cut off or cannot be (then it is rejected). */
static gboolean parse_values(Table *t, guint i, char **words, KtNum *pct)
{
  const KtSarColumns *c = &t->columns;
  for (guint k = 0; k < c->n; k++) {
    double value;
    if (kt_cpu_use_decimals(words[k]) < kt_cpu_use_decimals(words[0]))
      return FALSE;
    if (c->field[k] == KT_NOT_A_FIELD)
      continue;
    if (!parse_percent(words[k], &value)) {
      kt_reading_reject(t->r, i, "%s is not a number: '%.32s'", kt_cpu_field_names[c->field[k]], words[k]);
      return FALSE;
    }
    pct[c->field[k]] = KT_NUM(value);
  }
  return kt_cpu_use_check(t->r, i, pct);
}

/* Follows the clock of the rows: the length of the interval and when it ended, as far as known. */
static void follow_clock(Table *t, int clock, double *seconds, gint64 *epoch)
{
  if (clock < 0)
    return;
  if (t->clock >= 0 && clock < t->clock && t->days >= 0)
    t->days++;
  if (t->clock >= 0)
    *seconds = (clock - t->clock + KT_CLOCK_DAY) % KT_CLOCK_DAY;
  if (t->days >= 0)
    *epoch = (gint64)t->days * KT_CLOCK_DAY + clock;
  t->clock = clock;
}

/* A row or an average of the table; FALSE if the line is neither. */
static gboolean read_row(Table *t, guint i, char **words)
{
  int id = t->columns.n ? find_id(&t->columns, words) : -1;
  if (id < 0)
    return FALSE;
  g_autofree char *front = front_of(words, id);
  int clock = front ? kt_clock_seconds(front) : -1;
  if (front && clock < 0)
    return TRUE; /* Average:, 平均时间: */
  KtActivityRow row = {.time = front};
  guint64 cpu = 0;
  gboolean all = !kt_units_parse_count(words[id], &cpu);
  if (all)
    follow_clock(t, clock, &row.seconds, &row.epoch);
  if (!parse_values(t, i, words + id + 1 + t->columns.extra, row.pct))
    return TRUE;
  if (all)
    kt_cpu_use_add(t->r, i, &row);
  else
    kt_cpu_use_add_busy(t->busy, (guint)cpu, row.pct);
  return TRUE;
}

/* The same for a row of the common form. */
static gboolean read_common_row(Table *t, guint i, const char *line)
{
  KtSarRow common;
  if (!kt_sar_row_parse(line, &t->columns, &common))
    return FALSE;
  if (common.cpu >= 0) {
    if (kt_cpu_use_check(t->r, i, common.pct))
      kt_cpu_use_add_busy(t->busy, (guint)common.cpu, common.pct);
    return TRUE;
  }
  KtActivityRow row = {.time = common.time};
  memcpy(row.pct, common.pct, sizeof row.pct);
  follow_clock(t, common.clock, &row.seconds, &row.epoch);
  if (kt_cpu_use_check(t->r, i, row.pct))
    kt_cpu_use_add(t->r, i, &row);
  return TRUE;
}

/* Keeps the header for read_common_header(). */
static void keep_header(Table *t, const char *line)
{
  int clock;
  const char *rest = kt_sar_row_behind_time(line, &clock);
  g_clear_pointer(&t->header, g_free);
  if (!rest)
    return;
  g_autofree char *morning = g_strconcat("01:00:00", rest, NULL), *noon = g_strconcat("12:00:00", rest, NULL);
  if (kt_clock_seconds(morning) == 3600 && kt_clock_seconds(noon) == 12 * 3600)
    t->header = g_strdup(rest);
}

/* sar repeats the header of a table above each block of rows. */
static gboolean read_common_header(Table *t, const char *line)
{
  int clock;
  const char *rest = t->header ? kt_sar_row_behind_time(line, &clock) : NULL;
  if (!rest || !g_str_equal(rest, t->header))
    return FALSE;
  t->clock = clock;
  return TRUE;
}

static gboolean has_number(char **words)
{
  double number;
  for (; *words; words++)
    if (parse_percent(*words, &number))
      return TRUE;
  return FALSE;
}

/* Other lines of sar's output: a restart, a time alone, another table (sar -A). */
static gboolean read_other(Table *t, const char *line, char **words)
{
  guint n = g_strv_length(words);
  if (kt_clock_seconds(words[0]) < 0 && (n < 2 || kt_clock_seconds(words[1]) < 0))
    return t->foreign && has_number(words) && g_str_has_suffix(words[0], ":");
  g_autofree char *upper = g_ascii_strup(line, -1);
  if (strstr(upper, "RESTART")) {
    t->clock = -1;
  } else if (n <= 2 && !has_number(words)) {
    t->clock = kt_clock_seconds(line);
  } else if (!has_number(words)) {
    t->columns.n = 0;
    g_clear_pointer(&t->header, g_free);
    t->foreign = TRUE;
  }
  return TRUE;
}

static gboolean read_line(Table *t, guint i, const char *line)
{
  KtSarColumns columns;
  char copy[KT_SAR_MAX_ROW + 1], *words[KT_SAR_MAX_ROW / 2 + 2];
  if (!*line || read_common_row(t, i, line) || read_common_header(t, line))
    return TRUE;
  gsize n = strlen(line);
  if (n > KT_SAR_MAX_ROW)
    return FALSE;
  split(memcpy(copy, line, n + 1), words);
  if (!words[0])
    return TRUE;
  if (is_banner(words)) {
    read_banner(t, i, words);
    return TRUE;
  }
  if (parse_header(line, &columns)) {
    t->columns = columns;
    keep_header(t, line);
    t->foreign = FALSE;
    int clock = kt_clock_seconds(line);
    if (clock >= 0)
      t->clock = clock;
    return TRUE;
  }
  return read_row(t, i, words) || read_other(t, line, words);
}

static void table_free(gpointer data)
{
  Table *t = data;
  g_hash_table_unref(t->busy);
  g_free(t->release);
  g_free(t->host);
  g_free(t->header);
  g_free(t);
}

static guint read_sar(KtReading *r, const KtText *text, guint i)
{
  Table *t = kt_reading_state(r);
  if (!t) {
    t = g_new0(Table, 1);
    *t = (Table){.r = r, .days = -1, .clock = -1, .busy = kt_cpu_use_new_busy()};
    kt_reading_set_state(r, t, table_free);
  }
  while (i < kt_text_count(text) && !kt_text_is_prompt(text, i) && read_line(t, i, kt_text_at(text, i)))
    i++;
  return i;
}

static void end_sar(KtReading *r)
{
  Table *t = kt_reading_state(r);
  if (g_hash_table_size(t->busy))
    kt_cpu_use_set_busy(kt_reading_machine(r), t->busy);
}

const KtReader kt_reader_sar = {
    .name = "sar", .what = "sar -u, -u ALL, -P ALL and mpstat", .starts = starts, .read = read_sar, .end = end_sar};
