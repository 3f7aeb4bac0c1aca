/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/worst.h"

#define MIN_ROWS 3
#define MIN_SECONDS 600
#define SLACK_SECONDS 5 /* sadc starts a little late now and then */
#define HIGH_STEAL 5

typedef enum { STEAL, BUSY, MEASURES } Measure;

typedef struct {
  guint first, last;
  double mean;
  gboolean found;
} Best;

/* Rows with a length, in order of time. */
typedef struct {
  GPtrArray *rows; /* const KtActivityRow* */
  double sums[MEASURES];
} Record;

static double value_of(const KtActivityRow *row, Measure measure)
{
  if (measure == STEAL)
    return row->pct[KT_CPU_STEAL].value; /* unknown: 0, and so never the reason */
  return MAX(0, 100 - row->pct[KT_CPU_IDLE].value - row->pct[KT_CPU_IOWAIT].value);
}

static gint by_epoch(gconstpointer a, gconstpointer b)
{
  const KtActivityRow *x = *(const KtActivityRow *const *)a, *y = *(const KtActivityRow *const *)b;
  return (x->epoch > y->epoch) - (x->epoch < y->epoch);
}

static Record record_of(const KtActivity *activity)
{
  Record record = {.rows = g_ptr_array_new()};
  gboolean dated = TRUE;
  for (guint i = 0; i < activity->rows->len; i++) {
    KtActivityRow *row = activity->rows->pdata[i];
    if (!(row->seconds > 0) || !row->time || !row->pct[KT_CPU_IDLE].known)
      continue;
    dated &= row->epoch != 0;
    g_ptr_array_add(record.rows, row);
  }
  if (!dated)
    return record;
  g_ptr_array_sort(record.rows, by_epoch);
  guint kept = 0; /* one time in two files (sar's text and sadc's binary) is one row */
  for (guint i = 0; i < record.rows->len; i++)
    if (!kept || by_epoch(&record.rows->pdata[i], &record.rows->pdata[kept - 1]))
      record.rows->pdata[kept++] = record.rows->pdata[i];
  g_ptr_array_set_size(record.rows, (gint)kept);
  return record;
}

/* Does row i follow the one before it at once? */
static gboolean follows(const GPtrArray *rows, guint i)
{
  const KtActivityRow *before = rows->pdata[i - 1], *row = rows->pdata[i];
  if (!before->epoch || !row->epoch)
    return !before->epoch && !row->epoch;
  return row->epoch > before->epoch && (double)(row->epoch - before->epoch) <= row->seconds + SLACK_SECONDS;
}

/* Slides the window; both ends only ever go forward. */
static void slide(Record *record, Best *best)
{
  GPtrArray *rows = record->rows;
  double seconds = 0, sums[MEASURES] = {0};
  for (guint first = 0, i = 0; i < rows->len; i++) {
    const KtActivityRow *row = rows->pdata[i];
    if (i && !follows(rows, i)) {
      first = i;
      seconds = 0;
      sums[STEAL] = sums[BUSY] = 0;
    }
    seconds += row->seconds;
    for (Measure k = 0; k < MEASURES; k++) {
      sums[k] += value_of(row, k);
      record->sums[k] += value_of(row, k);
    }
    for (const KtActivityRow *out = rows->pdata[first];
         i - first >= MIN_ROWS && seconds - out->seconds >= MIN_SECONDS - SLACK_SECONDS; out = rows->pdata[first]) {
      seconds -= out->seconds;
      for (Measure k = 0; k < MEASURES; k++)
        sums[k] -= value_of(out, k);
      first++;
    }
    if (i - first + 1 < MIN_ROWS || seconds < MIN_SECONDS - SLACK_SECONDS)
      continue;
    for (Measure k = 0; k < MEASURES; k++) {
      double mean = sums[k] / (i - first + 1);
      if (!best[k].found || mean > best[k].mean)
        best[k] = (Best){first, i, mean, TRUE};
    }
  }
}

/* When a row ended, or `before` seconds earlier. Caller frees. */
static char *moment(const KtActivityRow *row, double before)
{
  if (!row->epoch)
    return g_strdup(row->time);
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(row->epoch - (gint64)before);
  return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup(row->time);
}

KtWorst *kt_activity_worst(const KtActivity *activity)
{
  Best best[MEASURES] = {0};
  if (!activity)
    return NULL;
  Record record = record_of(activity);
  slide(&record, best);
  guint n = record.rows->len;
  Measure measure = best[STEAL].found && best[STEAL].mean >= HIGH_STEAL ? STEAL : BUSY;
  const Best *b = &best[measure];
  KtWorst *worst = NULL;
  if (b->found && n >= 2 * (b->last - b->first + 1)) {
    const KtActivityRow *first = record.rows->pdata[b->first];
    worst = g_new0(KtWorst, 1);
    worst->from = moment(first, first->seconds);
    worst->to = moment(record.rows->pdata[b->last], 0);
    worst->first_epoch = first->epoch;
    worst->last_epoch = ((const KtActivityRow *)record.rows->pdata[b->last])->epoch;
    worst->steal = measure == STEAL;
    worst->pct = b->mean;
    worst->overall = record.sums[measure] / n;
  }
  g_ptr_array_unref(record.rows);
  return worst;
}

void kt_worst_free(KtWorst *worst)
{
  if (!worst)
    return;
  g_free(worst->from);
  g_free(worst->to);
  g_free(worst);
}
