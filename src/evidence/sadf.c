/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sadf -j and mpstat -o JSON, member by member in whatever lines: a cut end
 * costs only what is cut, and no depth of nesting matters. */
#include <string.h>

#include "base/set.h"
#include "base/units.h"
#include "evidence/clock.h"
#include "evidence/cpu_use.h"
#include "evidence/readers.h"
#include "evidence/scan.h"

typedef struct {
  KtReading *r;
  KtActivityRow row; /* under way */
  guint line;        /* of its "cpu"; 0 where that is in the piece of the text before */
  guint lines;       /* of the piece */
  char *cpu;         /* "all", "0"; NULL: none under way */
  guint decimals;    /* of its values so far */
  gboolean cut;      /* a value of it has fewer */
  char *date, *time;
  double seconds;
  GHashTable *busy;
  int depth;       /* of braces and brackets */
  gboolean opened; /* there was one */
} Sadf;

static gboolean starts(const KtText *text, guint i)
{
  const char *s = kt_scan_json_first(text, i);
  return g_str_has_prefix(s, "\"sysstat\"");
}

static void end_row(Sadf *s)
{
  guint64 cpu;
  if (s->cpu && !s->cut && s->row.pct[KT_CPU_IDLE].known && kt_cpu_use_check(s->r, s->line, s->row.pct)) {
    if (g_str_equal(s->cpu, "all")) {
      g_autofree char *moment = g_strdup_printf("%s %s", s->date ? s->date : "", s->time ? s->time : "");
      s->row.time = s->time;
      s->row.seconds = s->seconds;
      s->row.epoch = s->date && s->time ? kt_clock_epoch(moment) : 0;
      kt_cpu_use_add(s->r, s->line, &s->row);
    } else if (kt_units_parse_count(s->cpu, &cpu) && cpu < KT_SET_MAX) {
      kt_cpu_use_add_busy(s->busy, (guint)cpu, s->row.pct);
    }
  }
  s->row = (KtActivityRow){0};
  s->decimals = 0;
  s->cut = FALSE;
  g_clear_pointer(&s->cpu, g_free);
}

static void take(char **slot, const char *value)
{
  g_free(*slot);
  *slot = g_strdup(value);
}

/* The machine; FALSE if the member is not about it. */
static gboolean take_machine(Sadf *s, guint i, const char *key, const char *value)
{
  guint64 n;
  if (g_str_equal(key, "nodename")) {
    KtMachine *m = kt_reading_machine(s->r);
    m->name = m->name ? m->name : g_strdup(value);
  } else if (g_str_equal(key, "release")) {
    kt_machine_set_text(kt_reading_machine(s->r), "kernel.release", value, kt_reading_cite(s->r, i));
  } else if (g_str_equal(key, "machine")) {
    kt_machine_set_text(kt_reading_machine(s->r), "arch", value, kt_reading_cite(s->r, i));
  } else if (g_str_equal(key, "number-of-cpus")) {
    if (kt_units_parse_count(value, &n) && n > 0 && n < KT_SET_MAX)
      kt_machine_set_int(kt_reading_machine(s->r), "topology.online", (gint64)n, kt_reading_cite(s->r, i));
  } else {
    return FALSE;
  }
  return TRUE;
}

static void take_percent(Sadf *s, const char *key, const char *value)
{
  int field = kt_cpu_use_field(key);
  double number;
  if (field == KT_NOT_A_FIELD || s->row.pct[field].known)
    return;
  gboolean negative = *value == '-';
  if (!kt_units_parse_decimal(value + negative, &number)) {
    s->cut = TRUE;
    return;
  }
  guint decimals = kt_cpu_use_decimals(value);
  s->cut |= decimals < s->decimals;
  s->decimals = decimals;
  s->row.pct[field] = KT_NUM(negative ? -number : number);
}

static void take_member(Sadf *s, guint i, const char *key, const char *value)
{
  if (take_machine(s, i, key, value))
    return;
  if (g_str_equal(key, "date")) {
    end_row(s);
    take(&s->date, value);
  } else if (g_str_equal(key, "time") || g_str_equal(key, "timestamp")) {
    end_row(s);
    take(&s->time, value);
    s->seconds = 0;
  } else if (g_str_equal(key, "interval")) {
    kt_units_parse_decimal(value, &s->seconds);
  } else if (g_str_equal(key, "cpu")) {
    end_row(s);
    s->cpu = g_strdup(value);
    s->line = i;
  } else if (s->cpu) {
    take_percent(s, key, value);
  }
}

static void take_line(Sadf *s, guint i, const char *line)
{
  char *key, *value;
  s->depth += kt_scan_json_depth(line);
  s->opened |= s->depth > 0;
  while (kt_scan_json_member(&line, &key, &value)) {
    take_member(s, i, key, value);
    g_free(key);
    g_free(value);
  }
}

static void sadf_free(gpointer data)
{
  Sadf *s = data;
  g_hash_table_unref(s->busy);
  g_free(s->cpu);
  g_free(s->date);
  g_free(s->time);
  g_free(s);
}

static Sadf *sadf_of(KtReading *r)
{
  Sadf *s = kt_reading_state(r);
  if (!s) {
    s = g_new0(Sadf, 1);
    *s = (Sadf){.r = r, .busy = kt_cpu_use_new_busy()};
    kt_reading_set_state(r, s, sadf_free);
  }
  return s;
}

static guint read_sadf(KtReading *r, const KtText *text, guint i)
{
  Sadf *s = sadf_of(r);
  s->line = 0;
  s->lines = kt_text_count(text);
  for (; i < s->lines && !kt_text_is_prompt(text, i) && !(s->opened && s->depth <= 0); i++) {
    const char *line = kt_text_at(text, i);
    if (*line && !strpbrk(line, "\"{}[],"))
      break;
    take_line(s, i, line);
  }
  return i;
}

static void end_sadf(KtReading *r)
{
  Sadf *s = kt_reading_state(r);
  if (s->lines)
    end_row(s);
  if (g_hash_table_size(s->busy))
    kt_cpu_use_set_busy(kt_reading_machine(r), s->busy);
}

const KtReader kt_reader_sadf = {
    .name = "sadf", .what = "sadf -j, mpstat -o JSON", .starts = starts, .read = read_sadf, .end = end_sadf};
