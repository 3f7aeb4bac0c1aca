/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains of another machine, measured by what its libvirt counts: CPU time (in clock ticks) and run delay (schedstat,
 * as here) of their vCPUs, packets, disk requests. Where memory lies, exits and the machine itself are not told. */
#include <math.h>

#include "base/error.h"
#include "config.h"
#include "evidence/measure_parts.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include "evidence/libvirt_connect.h"
#include "evidence/libvirt_stats.h"
#include "evidence/sample.h"

#define MAX_DOMAINS 4096
#define GROUPS (VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK)

typedef struct {
  char *name, *uuid;
  KtLibvirtStats last;
  guint at; /* number of the look that `last` is of */
  KtSeries *series[KT_METRICS];
} Watched;

typedef struct {
  virConnectPtr connection;
  const KtMeasureOptions *options;
  KtMeasurement *measurement;
  GHashTable *domains; /* UUID -> Watched* */
  guint looks;
  double seconds; /* since the last one */
} Elsewhere;

static void watched_free(gpointer data)
{
  Watched *w = data;
  g_free(w->name);
  g_free(w->uuid);
  g_free(w);
}

static void put(Elsewhere *e, Watched *w, KtMetric metric, KtNum value)
{
  const double none = NAN;
  if (!value.known)
    return;
  if (!w->series[metric])
    w->series[metric] = kt_measurement_add(e->measurement, w->name, w->uuid, metric);
  GArray *values = w->series[metric]->values;
  while (values->len + 1 < e->looks)
    g_array_append_val(values, none);
  g_array_append_val(values, value.value);
}

/* Percent of a CPU, of each vCPU; unknown where one came or went. */
static KtNum share(const KtLibvirtStats *before, const KtLibvirtStats *now, KtInt first, KtInt second, double seconds)
{
  KtNum ns = kt_sample_rate(first, second, seconds);
  return ns.known && now->vcpus && before->vcpus == now->vcpus ? KT_NUM(ns.value / 1e7 / now->vcpus) : KT_NUM_UNKNOWN;
}

static void put_all(Elsewhere *e, Watched *w, const KtLibvirtStats *now)
{
  const KtLibvirtStats *before = &w->last;
  put(e, w, KT_METRIC_CPU_PCT, share(before, now, before->run_ns, now->run_ns, e->seconds));
  put(e, w, KT_METRIC_WAIT_PCT, share(before, now, before->delay_ns, now->delay_ns, e->seconds));
  put(e, w, KT_METRIC_THROUGHPUT_NET, kt_sample_rate(before->packets, now->packets, e->seconds));
  put(e, w, KT_METRIC_THROUGHPUT_DISK, kt_sample_rate(before->requests, now->requests, e->seconds));
}

static gboolean is_wanted(const Elsewhere *e, const char *name, const char *uuid)
{
  const char *only = e->options->domain;
  return !only || g_strcmp0(name, only) == 0 || g_ascii_strcasecmp(uuid, only) == 0;
}

static void take(virDomainPtr domain, const KtLibvirtStats *stats, gpointer data)
{
  Elsewhere *e = data;
  char uuid[VIR_UUID_STRING_BUFLEN];
  const char *name = virDomainGetName(domain);
  if (virDomainGetUUIDString(domain, uuid) < 0 || !is_wanted(e, name, uuid))
    return;
  Watched *w = g_hash_table_lookup(e->domains, uuid);
  if (!w && g_hash_table_size(e->domains) >= MAX_DOMAINS)
    return;
  if (!w) {
    w = g_new0(Watched, 1);
    w->name = g_strdup(name);
    w->uuid = g_strdup(uuid);
    g_hash_table_insert(e->domains, w->uuid, w);
  } else if (w->at + 1 == e->looks)
    put_all(e, w, stats);
  w->last = *stats;
  w->at = e->looks;
}

static void look(gpointer data, double seconds)
{
  Elsewhere *e = data;
  e->looks++;
  e->seconds = seconds;
  kt_libvirt_each_stats(e->connection, GROUPS, take, e);
}

/* What ended before the others did has no values any more. */
static void fill_ends(const Elsewhere *e)
{
  const double none = NAN;
  for (guint i = 0; i < e->measurement->series->len; i++) {
    GArray *values = ((KtSeries *)e->measurement->series->pdata[i])->values;
    while (values->len < e->looks)
      g_array_append_val(values, none);
  }
}

static KtMeasurement *begin(virConnectPtr connection, const KtMeasureOptions *options)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local();
  g_autofree char *started = g_date_time_format(now, "%FT%T%:z");
  char *host = virConnectGetHostname(connection);
  KtMeasurement *m = kt_measurement_new(host, started, options->interval_s);
  free(host);
  return m;
}

static gboolean measure(Elsewhere *e, GError **error)
{
  if (!kt_libvirt_each_stats(e->connection, GROUPS, take, e)) {
    kt_libvirt_set_error(error, "ask libvirt what its domains have done");
    return FALSE;
  }
  if (e->options->domain && !g_hash_table_size(e->domains)) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no domain '%s' runs there", e->options->domain);
    return FALSE;
  }
  if (kt_measure_repeat(e->options, e->measurement, look, e) && e->measurement->series->len) {
    fill_ends(e);
    return TRUE;
  }
  g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s",
              e->looks ? "that libvirt does not tell what its domains have done"
                       : "stopped before the first interval was over");
  return FALSE;
}

KtMeasurement *kt_measure_elsewhere(const KtMeasureOptions *options, GError **error)
{
  virConnectPtr connection = kt_libvirt_open(options->connect_uri, FALSE, error);
  if (!connection)
    return NULL;
  g_autoptr(KtMeasurement) measurement = begin(connection, options);
  g_autoptr(GHashTable) domains = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, watched_free);
  Elsewhere e = {.connection = connection, .options = options, .measurement = measurement, .domains = domains};
  gboolean good = measure(&e, error);
  virConnectClose(connection);
  return good ? g_steal_pointer(&measurement) : NULL;
}

#else

KtMeasurement *kt_measure_elsewhere(const KtMeasureOptions *options, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot talk to libvirt");
  return NULL;
}

#endif
