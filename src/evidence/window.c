/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/window.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "evidence/clock.h"

/* One end: the day or -1, and the second of that day. */
typedef struct {
  int days, clock;
} Moment;

/* "14:00", "14:00:30"; -1 if it is none. */
static int parse_clock(const char *text)
{
  int h, m, s = 0, n = 0;
  gsize length = strlen(text);
  if ((length != 5 && length != 8) || strspn(text, "0123456789:") != length)
    return -1;
  if (length == 5)
    sscanf(text, "%2d:%2d%n", &h, &m, &n);
  else
    sscanf(text, "%2d:%2d:%2d%n", &h, &m, &s, &n);
  return (gsize)n == length && h < 24 && m < 60 && s < 60 ? h * 3600 + m * 60 + s : -1;
}

static gboolean parse_moment(const char *text, gboolean end, Moment *out)
{
  *out = (Moment){.days = -1};
  const char *clock = text;
  if (strlen(text) >= 10 && text[4] == '-' && text[7] == '-') {
    g_autofree char *date = g_strndup(text, 10);
    out->days = kt_clock_days(date);
    if (out->days < 0)
      return FALSE;
    if (!text[10]) {
      out->clock = end ? KT_CLOCK_DAY - 1 : 0;
      return TRUE;
    }
    if (text[10] != 'T' && text[10] != ' ')
      return FALSE;
    clock = text + 11;
  }
  out->clock = parse_clock(clock);
  return out->clock >= 0;
}

gboolean kt_window_parse(const char *from, const char *to, KtWindow *out, GError **error)
{
  Moment a = {.days = -1, .clock = 0}, b = {.days = -1, .clock = KT_CLOCK_DAY - 1};
  const char *wrong = from && !parse_moment(from, FALSE, &a) ? "from" : to && !parse_moment(to, TRUE, &b) ? "to" : NULL;
  if (wrong) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--%s is a time as 2026-11-24T14:00 or 14:00", wrong);
    return FALSE;
  }
  if (a.days < 0 && from)
    a.days = b.days;
  if (b.days < 0 && to)
    b.days = a.days;
  out->by_day = a.days < 0 && b.days < 0;
  out->from = a.days < 0 ? (out->by_day ? a.clock : 0) : (gint64)a.days * KT_CLOCK_DAY + a.clock;
  out->to = b.days < 0 ? (out->by_day ? b.clock : G_MAXINT64) : (gint64)b.days * KT_CLOCK_DAY + b.clock;
  if (!out->by_day && out->from > out->to) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--to is before --from");
    return FALSE;
  }
  return TRUE;
}

/* When the row ended, in the window's terms; -1 unknown. */
static gint64 moment_of(const KtWindow *w, const KtActivityRow *row)
{
  if (row->epoch)
    return w->by_day ? row->epoch % KT_CLOCK_DAY : row->epoch;
  return w->by_day && row->time ? kt_clock_seconds(row->time) : -1;
}

static gboolean is_inside(const KtWindow *w, gint64 moment)
{
  if (w->by_day && w->from > w->to)
    return moment >= w->from || moment <= w->to;
  return moment >= w->from && moment <= w->to;
}

/* The quoted line is that of the text's first row, which may be outside: what is left is cited without. */
static void drop_quotation(KtMachine *m)
{
  const KtCite *cite = kt_machine_cite_of(m, "activity");
  if (cite)
    g_hash_table_insert(m->cites, g_strdup("activity"), kt_cite_new(cite->source, 0, ""));
}

static void limit(const KtWindow *w, KtSnapshot *snapshot, KtMachine *m)
{
  GPtrArray *rows = m->activity->rows;
  guint all = rows->len, kept = 0, untold = 0;
  for (guint i = 0; i < all; i++) {
    gint64 moment = moment_of(w, rows->pdata[i]);
    untold += moment < 0;
    if (moment < 0 || !is_inside(w, moment))
      continue;
    gpointer row = rows->pdata[i];
    rows->pdata[i] = rows->pdata[kept];
    rows->pdata[kept++] = row;
  }
  g_autofree char *why =
      g_strdup_printf(w->by_day ? _(" (%u do not tell their time)") : _(" (%u do not tell their date)"), untold);
  g_ptr_array_add(snapshot->notes, g_strdup_printf(_("%s: %u of %u rows of CPU use lie in the time asked for%s"),
                                                   m->name, kept, all, untold ? why : ""));
  g_ptr_array_set_size(rows, (gint)kept);
  if (kept == all)
    return;
  g_clear_pointer(&m->activity->per_cpu_busy, g_hash_table_unref);
  kt_activity_recount(m->activity);
  drop_quotation(m);
}

void kt_window_apply(const KtWindow *window, KtSnapshot *snapshot)
{
  for (guint i = 0; i < snapshot->machines->len; i++) {
    KtMachine *m = snapshot->machines->pdata[i];
    if (m->activity && m->activity->rows->len)
      limit(window, snapshot, m);
  }
}
