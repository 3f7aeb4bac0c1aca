/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/series.h"

// clang-format off
const KtMetricInfo kt_metrics[KT_METRICS] = {
    [KT_METRIC_CPU_PCT]          = {"cpu_pct", "%", -1},
    [KT_METRIC_STEAL_PCT]        = {"steal_pct", "%", -1},
    [KT_METRIC_WAIT_PCT]         = {"wait_pct", "%", -1},
    [KT_METRIC_WAKEUPS]          = {"wakeups_per_s", "/s", -1},
    [KT_METRIC_GUEST_WAKEUPS]    = {"guest_wakeups_per_s", "/s", -1},
    [KT_METRIC_EXITS]            = {"exits_per_s", "/s", -1},
    [KT_METRIC_CONTEXT_SWITCHES] = {"context_switches_per_s", "/s", -1},
    [KT_METRIC_LOCALITY_PCT]     = {"locality_pct", "%", 1},
    [KT_METRIC_NUMA_MISS]        = {"numa_miss_per_s", "/s", -1},
    [KT_METRIC_NUMA_MIGRATED]    = {"numa_migrated_per_s", "/s", -1},
    [KT_METRIC_THROUGHPUT_NET]   = {"net_packets_per_s", "/s", 0},
    [KT_METRIC_THROUGHPUT_DISK]  = {"disk_requests_per_s", "/s", 0},
};
// clang-format on

static void free_series(gpointer data)
{
  KtSeries *series = data;
  g_free(series->domain);
  g_free(series->uuid);
  g_array_unref(series->values);
  g_free(series);
}

KtMeasurement *kt_measurement_new(const char *host, const char *started, double interval_s)
{
  KtMeasurement *m = g_new0(KtMeasurement, 1);
  m->host = g_strdup(host);
  m->started = g_strdup(started);
  m->interval_s = interval_s;
  m->series = g_ptr_array_new_with_free_func(free_series);
  return m;
}

void kt_measurement_free(KtMeasurement *m)
{
  if (!m)
    return;
  g_free(m->host);
  g_free(m->started);
  g_ptr_array_unref(m->series);
  g_free(m);
}

const KtSeries *kt_measurement_find(const KtMeasurement *m, const char *domain, KtMetric metric)
{
  for (guint i = 0; i < m->series->len; i++) {
    const KtSeries *series = m->series->pdata[i];
    if (series->metric == metric && g_strcmp0(series->domain, domain) == 0)
      return series;
  }
  return NULL;
}

KtSeries *kt_measurement_add(KtMeasurement *m, const char *domain, const char *uuid, KtMetric metric)
{
  KtSeries *series = g_new0(KtSeries, 1);
  series->domain = g_strdup(domain);
  series->uuid = g_strdup(uuid);
  series->metric = metric;
  series->values = g_array_new(FALSE, FALSE, sizeof(double));
  g_ptr_array_add(m->series, series);
  return series;
}

KtSeries *kt_measurement_series(KtMeasurement *m, const char *domain, const char *uuid, KtMetric metric)
{
  const KtSeries *series = kt_measurement_find(m, domain, metric);
  return series ? (KtSeries *)series : kt_measurement_add(m, domain, uuid, metric);
}
