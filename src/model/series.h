/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtMeasurement: a machine and its domains measured again and again at one
 * interval, so that two stretches of time can be compared. */
#pragma once
#include <glib.h>

/* What is measured; names, units and which way is better are in the table of series.c. */
typedef enum {
  KT_METRIC_CPU_PCT,          /* domain: CPU time of its vCPUs, percent of one CPU each, 0-100; host: 100 - idle */
  KT_METRIC_STEAL_PCT,        /* host or guest: stolen, percent of all CPUs */
  KT_METRIC_WAIT_PCT,         /* domain: vCPUs ready but not running (run delay), percent of the interval */
  KT_METRIC_WAKEUPS,          /* host: RES + CAL interrupts a second; RES alone misses newer kernels */
  KT_METRIC_GUEST_WAKEUPS,    /* domain: the same inside of the guest, by its agent */
  KT_METRIC_EXITS,            /* domain: KVM exits a second */
  KT_METRIC_CONTEXT_SWITCHES, /* host: a second; domain: of its vCPU threads */
  KT_METRIC_LOCALITY_PCT,     /* domain: resident pages on the nodes where its vCPUs run */
  KT_METRIC_NUMA_MISS,        /* host: pages a second that were wanted elsewhere */
  KT_METRIC_NUMA_MIGRATED,    /* host: pages a second moved by the kernel's balancing */
  KT_METRIC_THROUGHPUT_NET,   /* domain, or of the machine's own devices: packets a second; same-load evidence */
  KT_METRIC_THROUGHPUT_DISK,  /* the same: disk requests a second; same-load evidence */
  KT_METRICS
} KtMetric;

typedef struct {
  const char *name; /* "cpu_pct", as in JSON */
  const char *unit; /* "%", "/s" */
  int better;       /* -1: less is better, 1: more is better, 0: says how much work was done */
} KtMetricInfo;
extern const KtMetricInfo kt_metrics[KT_METRICS];

typedef struct {
  char *domain, *uuid; /* NULL: the host itself */
  KtMetric metric;
  GArray *values; /* double, one an interval; NAN where it could not be read */
} KtSeries;

typedef struct {
  char *host;        /* host name; NULL unknown */
  char *started;     /* ISO 8601 */
  double interval_s; /* > 0 */
  GPtrArray *series; /* KtSeries*; a metric that could never be read has none */
} KtMeasurement;

KtMeasurement *kt_measurement_new(const char *host, const char *started, double interval_s);
void kt_measurement_free(KtMeasurement *measurement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtMeasurement, kt_measurement_free)

/* Made on first use. */
KtSeries *kt_measurement_series(KtMeasurement *m, const char *domain, const char *uuid, KtMetric metric);
/* A new one, for those who know that there is none yet. */
KtSeries *kt_measurement_add(KtMeasurement *m, const char *domain, const char *uuid, KtMetric metric);
/* NULL: was not measured. */
const KtSeries *kt_measurement_find(const KtMeasurement *m, const char *domain, KtMetric metric);
