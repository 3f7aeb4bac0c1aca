/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/measured.h"

#include <math.h>

/* Of the time worked, in the words of sar: user and system hold what the others are parts of, if these stand alone. */
static double busy_of(const KtActivityRow *row)
{
  static const KtCpuField worked[] = {KT_CPU_NICE, KT_CPU_STEAL, KT_CPU_IRQ, KT_CPU_SOFT, KT_CPU_GUEST, KT_CPU_GNICE};
  const KtNum idle = row->pct[KT_CPU_IDLE], iowait = row->pct[KT_CPU_IOWAIT];
  if (idle.known)
    return CLAMP(100 - idle.value - iowait.value, 0, 100);
  if (!row->pct[KT_CPU_USER].known || !row->pct[KT_CPU_SYSTEM].known)
    return NAN;
  double sum = row->pct[KT_CPU_USER].value + row->pct[KT_CPU_SYSTEM].value;
  for (guint i = 0; i < G_N_ELEMENTS(worked); i++)
    sum += row->pct[worked[i]].value;
  return MIN(sum, 100);
}

static double steal_of(const KtActivityRow *row)
{
  return row->pct[KT_CPU_STEAL].known ? row->pct[KT_CPU_STEAL].value : NAN;
}

static void add_rows(KtMeasurement *m, KtMetric metric, const KtActivity *activity,
                     double (*of)(const KtActivityRow *row))
{
  KtSeries *series = kt_measurement_add(m, NULL, NULL, metric);
  gboolean any = FALSE;
  for (guint i = 0; i < activity->rows->len; i++) {
    double value = of(activity->rows->pdata[i]);
    any |= isfinite(value) != 0;
    g_array_append_val(series->values, value);
  }
  if (!any)
    g_ptr_array_remove(m->series, series);
}

static void add_one(KtMeasurement *m, KtMetric metric, KtNum value)
{
  if (value.known)
    g_array_append_val(kt_measurement_add(m, NULL, NULL, metric)->values, value.value);
}

/* The length of rows that have one; 1 where none does. */
static double interval_of(const KtActivity *activity)
{
  double sum = 0;
  guint n = 0;
  for (guint i = 0; i < activity->rows->len; i++) {
    const KtActivityRow *row = activity->rows->pdata[i];
    sum += row->seconds > 0 ? row->seconds : 0;
    n += row->seconds > 0;
  }
  return n ? sum / n : 1;
}

KtMeasurement *kt_measured_of(const KtMachine *machine)
{
  const KtActivity *activity = machine->activity;
  if (!activity || !activity->rows->len)
    return NULL;
  const KtActivityRow *first = activity->rows->pdata[0];
  g_autoptr(GDateTime) start = first->epoch ? g_date_time_new_from_unix_utc(first->epoch) : NULL;
  g_autofree char *started = start ? g_date_time_format_iso8601(start) : g_strdup(machine->taken_at);
  KtMeasurement *m = kt_measurement_new(machine->name, started, interval_of(activity));
  add_rows(m, KT_METRIC_CPU_PCT, activity, busy_of);
  add_rows(m, KT_METRIC_STEAL_PCT, activity, steal_of);
  const KtInterrupt *res = kt_machine_find_interrupt(machine, "RES"), *cal = kt_machine_find_interrupt(machine, "CAL");
  if (res && cal && res->per_second.known && cal->per_second.known)
    add_one(m, KT_METRIC_WAKEUPS, KT_NUM(res->per_second.value + cal->per_second.value));
  add_one(m, KT_METRIC_CONTEXT_SWITCHES, kt_machine_rate(machine, "stat.ctxt"));
  add_one(m, KT_METRIC_NUMA_MIGRATED, kt_machine_rate(machine, "vmstat.numa_pages_migrated"));
  return m;
}
