/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lscpu -e and -p: a row a CPU. */
#include <string.h>

#include "base/units.h"
#include "evidence/cpu_rows.h"
#include "evidence/readers.h"
#include "evidence/scan.h"

#define MAX_COLUMNS 32

typedef enum { COLUMN_OTHER, COLUMN_CPU, COLUMN_NODE, COLUMN_SOCKET, COLUMN_CORE, COLUMN_ONLINE, COLUMN_CACHE } Column;

typedef struct {
  gboolean parsable; /* -p */
  Column columns[MAX_COLUMNS];
  guint n_columns, cache_at; /* of -p: where the cache columns begin */
  KtCpuRows *rows;
} Table;

static Column column_of(const char *folded)
{
  static const struct {
    const char *name;
    Column column;
  } names[] = {
      {"cpu", COLUMN_CPU},   {"node", COLUMN_NODE},     {"socket", COLUMN_SOCKET},
      {"core", COLUMN_CORE}, {"online", COLUMN_ONLINE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (g_str_equal(folded, names[i].name))
      return names[i].column;
  return COLUMN_OTHER;
}

static gboolean add_cache(KtCpuRows *rows, const char *folded)
{
  if (folded[0] != 'l' || !g_ascii_isdigit(folded[1]) || rows->n_caches == KT_CPU_ROW_CACHES)
    return FALSE;
  KtCacheType type = folded[2] == 'd' ? KT_CACHE_DATA : folded[2] == 'i' ? KT_CACHE_INSTRUCTION : KT_CACHE_UNIFIED;
  if (folded[type == KT_CACHE_UNIFIED ? 2 : 3])
    return FALSE;
  rows->caches[rows->n_caches].level = folded[1] - '0';
  rows->caches[rows->n_caches++].type = type;
  return TRUE;
}

/* The words of a header line, folded, or NULL if it is none. "# CPU,Core,Socket" or "CPU NODE SOCKET". */
static char **header_words(const KtText *text, guint i, gboolean *parsable)
{
  const char *s = kt_text_at(text, i);
  s += strspn(s, "# \t");
  if (g_ascii_strncasecmp(s, "cpu", 3) || !s[3])
    return NULL;
  g_autofree char *folded = kt_scan_fold(s, strlen(s));
  *parsable = folded[3] == ',';
  g_auto(GStrv) words = *parsable ? g_strsplit(folded, ",", MAX_COLUMNS) : kt_text_words(folded);
  guint known = 0;
  for (guint k = 0; words[k]; k++)
    known += column_of(words[k]) != COLUMN_OTHER;
  if (known < 2 || column_of(words[0]) != COLUMN_CPU || g_strv_length(words) >= MAX_COLUMNS)
    return NULL;
  return g_steal_pointer(&words);
}

static gboolean starts(const KtText *text, guint i)
{
  gboolean parsable;
  g_auto(GStrv) words = header_words(text, i, &parsable);
  return words != NULL;
}

static void read_header(Table *t, char **words)
{
  for (guint k = 0; words[k]; k++) {
    Column column = column_of(words[k]);
    if (t->parsable && add_cache(t->rows, words[k])) {
      column = COLUMN_CACHE;
    } else if (strchr(words[k], ':')) {
      g_auto(GStrv) caches = g_strsplit(words[k], ":", KT_CPU_ROW_CACHES);
      column = COLUMN_CACHE;
      for (guint c = 0; caches[c]; c++)
        if (!add_cache(t->rows, caches[c]))
          column = COLUMN_OTHER;
      if (column == COLUMN_OTHER)
        t->rows->n_caches = 0;
    }
    t->columns[t->n_columns++] = column;
  }
}

static KtInt id_of(const char *word)
{
  guint64 n;
  return kt_units_parse_count(word, &n) && n < G_MAXINT32 ? KT_INT((gint64)n) : KT_INT_UNKNOWN;
}

/* In the languages that lscpu is translated to most. */
static KtTri online_of(const char *word)
{
  static const char *const yes[] = {"yes", "y", "ja", "是", "true", NULL}, *const no[] = {"no", "n",     "nein",
                                                                                          "否", "false", NULL};
  g_autofree char *folded = kt_scan_fold(word, strlen(word));
  return g_strv_contains(yes, folded) ? KT_YES : g_strv_contains(no, folded) ? KT_NO : KT_UNKNOWN;
}

/* Fills *row from the words of line i; FALSE if it is not a row of the table. */
static gboolean read_row(const Table *t, const KtText *text, guint i, KtCpuRow *row)
{
  g_autofree char *line = g_strstrip(g_strdup(kt_text_at(text, i)));
  if (!g_ascii_isdigit(*line))
    return FALSE;
  g_auto(GStrv) words = t->parsable ? g_strsplit(line, ",", MAX_COLUMNS) : kt_text_words(line);
  if (g_strv_length(words) != t->n_columns)
    return FALSE;
  *row = (KtCpuRow){.line = i};
  guint cache = 0;
  gboolean has_online = FALSE;
  for (guint k = 0; k < t->n_columns; k++) {
    KtInt id = id_of(g_strstrip(words[k]));
    if (t->columns[k] == COLUMN_CPU && !id.known)
      return FALSE;
    if (t->columns[k] == COLUMN_CPU)
      row->cpu = (guint)id.value;
    else if (t->columns[k] == COLUMN_NODE)
      row->node = id;
    else if (t->columns[k] == COLUMN_SOCKET)
      row->package = id;
    else if (t->columns[k] == COLUMN_CORE)
      row->core = id;
    else if (t->columns[k] == COLUMN_ONLINE)
      row->online = online_of(words[k]), has_online = TRUE;
    else if (t->columns[k] == COLUMN_CACHE && t->parsable)
      row->cache[cache++] = id;
    else if (t->columns[k] == COLUMN_CACHE) {
      g_auto(GStrv) ids = g_strsplit(words[k], ":", KT_CPU_ROW_CACHES);
      for (guint c = 0; c < t->rows->n_caches && ids[c]; c++)
        row->cache[c] = id_of(ids[c]);
    }
  }
  if (!has_online && row->core.known)
    row->online = KT_YES; /* an offline CPU has no place */
  return TRUE;
}

/* The last row may be cut off, and further ones with it. Ending in "yes" it
 * hardly is; else there have to be packages that are alike. */
static gboolean is_plausible(const Table *t, const KtText *text, guint last)
{
  const char *s = kt_text_at(text, last);
  Column column = t->columns[t->n_columns - 1];
  if (!*s || s[strlen(s) - 1] == ',' || !kt_cpu_rows_are_regular(t->rows))
    return FALSE;
  if (column == COLUMN_ONLINE)
    return TRUE;
  return (column == COLUMN_CACHE || column == COLUMN_OTHER) && kt_cpu_rows_packages(t->rows) > 1;
}

static guint read_cpus(KtReading *r, const KtText *text, guint i)
{
  g_autoptr(KtCpuRows) rows = kt_cpu_rows_new();
  Table t = {.rows = rows};
  g_auto(GStrv) words = header_words(text, i, &t.parsable);
  read_header(&t, words);
  guint end = i + 1;
  gboolean cut = FALSE;
  while ((i = kt_scan_skip_blank(text, end)) < kt_text_count(text) && !kt_text_is_prompt(text, i)) {
    KtCpuRow row;
    if (!read_row(&t, text, i, &row)) {
      const char *s = kt_text_at(text, i);
      cut = g_ascii_isdigit(s[strspn(s, " \t")]);
      break;
    }
    kt_cpu_rows_add(rows, r, &row);
    end = i + 1;
  }
  kt_reading_machine(r);
  gboolean whole = kt_scan_is_whole(text, end - 1);
  if (!whole && t.parsable) /* its last number may lack digits */
    rows->n_caches -= rows->n_caches > 0;
  if (!cut && (whole || is_plausible(&t, text, end - 1)))
    kt_cpu_rows_apply(rows, r);
  return end;
}

const KtReader kt_reader_lscpu_cpus = {
    .name = "lscpu-cpus",
    .what = "lscpu -e and -p",
    .starts = starts,
    .read = read_cpus,
};
