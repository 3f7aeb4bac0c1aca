/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "model/machine.h"

static void row_free(gpointer data)
{
  KtActivityRow *row = data;
  if (!row)
    return;
  g_free(row->time);
  g_free(row);
}

KtActivity *kt_activity_new(void)
{
  KtActivity *activity = g_new0(KtActivity, 1);
  activity->rows = g_ptr_array_new_with_free_func(row_free);
  activity->step = 1;
  return activity;
}

void kt_activity_free(KtActivity *activity)
{
  if (!activity)
    return;
  g_ptr_array_unref(activity->rows);
  g_clear_pointer(&activity->per_cpu_busy, g_hash_table_unref);
  g_free(activity);
}

/* Makes `row` stand for `later` too: the mean of both, at the time of the later one. */
static void merge(KtActivityRow *row, KtActivityRow *later)
{
  guint both = row->stands_for + later->stands_for;
  for (guint f = 0; f < KT_CPU_FIELDS; f++) {
    KtNum *a = &row->pct[f], b = later->pct[f];
    if (a->known && b.known)
      a->value += (b.value - a->value) * later->stands_for / both;
    else if (b.known)
      *a = b;
  }
  row->seconds = row->seconds > 0 && later->seconds > 0 ? row->seconds + later->seconds : 0;
  row->epoch = later->epoch;
  row->stands_for = both;
  g_free(row->time);
  row->time = g_steal_pointer(&later->time);
}

/* Keeps the rows bounded: two become one. */
static void thin_out(KtActivity *activity)
{
  GPtrArray *rows = activity->rows;
  while (rows->len > KT_ACTIVITY_MAX_ROWS) {
    guint kept = 0;
    for (guint i = 0; i < rows->len; i += 2, kept++) {
      KtActivityRow *row = rows->pdata[i], *later = i + 1 < rows->len ? rows->pdata[i + 1] : NULL;
      rows->pdata[i] = NULL;
      rows->pdata[kept] = row;
      if (!later)
        continue;
      merge(row, later);
      rows->pdata[i + 1] = NULL;
      row_free(later);
    }
    g_ptr_array_set_size(rows, (gint)kept);
    activity->step *= 2;
  }
}

static void count(KtActivity *activity, const KtActivityRow *row)
{
  guint n = MAX(row->stands_for, 1);
  activity->count += n;
  for (guint f = 0; f < KT_CPU_FIELDS; f++) {
    KtActivityField *field = &activity->fields[f];
    if (!row->pct[f].known)
      continue;
    field->max = field->n ? MAX(field->max, row->pct[f].value) : row->pct[f].value;
    field->sum += row->pct[f].value * n;
    field->seconds += row->seconds;
    field->timed += row->seconds > 0 ? n : 0;
    field->n += n;
  }
}

void kt_activity_add(KtActivity *activity, const KtActivityRow *row)
{
  GPtrArray *rows = activity->rows;
  KtActivityRow copy = *row, *last = rows->len ? rows->pdata[rows->len - 1] : NULL;
  copy.stands_for = 1;
  count(activity, &copy);
  copy.time = g_strdup(row->time);
  if (last && last->stands_for < activity->step) {
    merge(last, &copy);
    return;
  }
  g_ptr_array_add(rows, g_memdup2(&copy, sizeof copy));
  thin_out(activity);
}

void kt_activity_recount(KtActivity *activity)
{
  activity->count = 0;
  memset(activity->fields, 0, sizeof activity->fields);
  for (guint i = 0; i < activity->rows->len; i++)
    count(activity, activity->rows->pdata[i]);
}

void kt_activity_absorb(KtActivity *into, KtActivity *from)
{
  into->count += from->count;
  for (guint f = 0; f < KT_CPU_FIELDS; f++) {
    KtActivityField *a = &into->fields[f];
    const KtActivityField *b = &from->fields[f];
    if (b->n)
      a->max = a->n ? MAX(a->max, b->max) : b->max;
    a->n += b->n;
    a->sum += b->sum;
    a->seconds += b->seconds;
    a->timed += b->timed;
  }
  for (guint i = 0; i < from->rows->len; i++)
    g_ptr_array_add(into->rows, g_steal_pointer(&from->rows->pdata[i]));
  into->step = MAX(into->step, from->step);
  thin_out(into);
  kt_activity_free(from);
}

gboolean kt_activity_stat(const KtActivity *activity, KtCpuField field, double *mean, double *max)
{
  if (!activity || !activity->fields[field].n)
    return FALSE;
  *mean = activity->fields[field].sum / (double)activity->fields[field].n;
  *max = activity->fields[field].max;
  return TRUE;
}

gboolean kt_activity_busy(const KtActivity *activity, double *mean)
{
  double idle, iowait, max;
  if (!kt_activity_stat(activity, KT_CPU_IDLE, &idle, &max))
    return FALSE;
  if (!kt_activity_stat(activity, KT_CPU_IOWAIT, &iowait, &max))
    iowait = 0;
  *mean = MAX(0, 100 - idle - iowait);
  return TRUE;
}
