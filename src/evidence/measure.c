/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/measure.h"

#include <math.h>

#include "base/error.h"
#include "evidence/libvirt_live.h"
#include "evidence/measure_parts.h"
#include "evidence/measure_work.h"
#include "evidence/sample.h"
#include "model/locality.h"

#define PLACES_SECONDS 5 /* between looks at memory, threads and who runs, */
#define PLACES_LEAST 6   /* so many of them in a short measurement; */
#define MAX_DOMAINS 4096
#define PLACES_COST 50       /* but so many times what such a look takes, */
#define PLACES_COST_SHORT 10 /* in a short measurement at least so many times, or there would be too few */

/* One domain, or the machine, over all looks. */
typedef struct {
  char *name, *uuid;            /* NULL: the machine */
  KtSeries *series[KT_METRICS]; /* NULL: not read so far */
  double values[KT_METRICS];    /* of the interval that ends now; NAN: none */
  KtNum locality;               /* seen since the last interval */
  KtWorkCounts work;            /* at look number `worked` */
  guint worked;
} Measured;

struct KtMeasurer {
  KtRoot *root;
  KtMeasureOptions options;
  KtSnapshot *snapshot; /* who runs, and what the last interval brought */
  KtSample *last;
  KtWork *work;
  KtMeasurement *measurement;
  Measured *own;
  GHashTable *domains; /* UUID or name -> Measured* */
  guint looks, running;
  double since_places, places_cost; /* seconds */
};

static Measured *measured_new(const char *name, const char *uuid)
{
  Measured *measured = g_new0(Measured, 1);
  measured->name = g_strdup(name);
  measured->uuid = g_strdup(uuid);
  for (guint i = 0; i < KT_METRICS; i++)
    measured->values[i] = NAN;
  return measured;
}

static void measured_free(gpointer data)
{
  Measured *measured = data;
  g_free(measured->name);
  g_free(measured->uuid);
  g_free(measured);
}

/* ---- who runs, and where its memory lies ---- */

static Measured *measured_of(KtMeasurer *measurer, const KtDomain *d)
{
  const char *key = d->uuid ? d->uuid : d->name;
  Measured *measured = g_hash_table_lookup(measurer->domains, key);
  if (!measured) {
    measured = measured_new(d->name, d->uuid);
    g_hash_table_insert(measurer->domains, g_strdup(key), measured);
  }
  return measured;
}

static gboolean is_wanted(const KtMeasurer *measurer, const KtDomain *d)
{
  const char *only = measurer->options.domain, *key = d->uuid ? d->uuid : d->name;
  return key && d->runtime && d->runtime->pid &&
         (g_hash_table_size(measurer->domains) < MAX_DOMAINS || g_hash_table_contains(measurer->domains, key)) &&
         (!only || kt_domain_is_called(d, only));
}

/* The machine at the first look, then only who runs on it. FALSE if there is nothing to look at. */
static gboolean read_places(KtMeasurer *measurer, KtSnapshot *snapshot)
{
  if (!measurer->snapshot)
    return kt_root_read_machine(measurer->root, snapshot, FALSE);
  g_ptr_array_add(snapshot->machines, g_ptr_array_steal_index(measurer->snapshot->machines, 0));
  kt_root_read_domains(measurer->root, snapshot->machines->pdata[0], measurer->options.domain, snapshot);
  return TRUE;
}

/* FALSE if there is nothing to look at. Of processes that call themselves the same, one is measured. */
static gboolean look_at_places(KtMeasurer *measurer)
{
  gint64 start = g_get_monotonic_time();
  gboolean again = measurer->snapshot != NULL;
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
  if (!read_places(measurer, snapshot))
    return FALSE;
  const KtMachine *m = snapshot->machines->pdata[0];
  for (guint i = snapshot->domains->len; i-- > 0;) {
    const KtDomain *d = snapshot->domains->pdata[i];
    if (!is_wanted(measurer, d) || !g_hash_table_add(seen, measured_of(measurer, d))) {
      g_ptr_array_remove_index(snapshot->domains, i);
      continue;
    }
    measured_of(measurer, d)->locality = kt_domain_locality(m, d);
  }
  kt_snapshot_free(measurer->snapshot);
  measurer->snapshot = g_steal_pointer(&snapshot);
  measurer->running = measurer->snapshot->domains->len;
  measurer->since_places = 0;
  if (again) /* the first says nothing about what one more costs */
    measurer->places_cost = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
  return TRUE;
}

static gboolean is_time_for_places(const KtMeasurer *measurer)
{
  double duration = measurer->options.duration_s, cost = measurer->places_cost;
  double wanted = PLACES_SECONDS, rest = PLACES_COST * cost;
  if (duration > 0) {
    wanted = MIN(wanted, duration / PLACES_LEAST);
    rest = MIN(rest, MAX(duration / PLACES_LEAST, PLACES_COST_SHORT * cost));
  }
  return measurer->snapshot->domains->len < measurer->running || measurer->since_places >= MAX(wanted, rest);
}

/* ---- one interval ---- */

/* What the interval before brought must not stand where this one brings nothing. */
static void forget_rates(KtSnapshot *snapshot)
{
  KtMachine *m = snapshot->machines->pdata[0];
  g_clear_pointer(&m->activity, kt_activity_free);
  GHashTableIter iter;
  gpointer counter;
  g_hash_table_iter_init(&iter, m->counters);
  while (g_hash_table_iter_next(&iter, NULL, &counter))
    ((KtCounter *)counter)->per_second = KT_NUM_UNKNOWN;
  for (guint i = 0; i < m->interrupts->len; i++)
    ((KtInterrupt *)m->interrupts->pdata[i])->per_second = KT_NUM_UNKNOWN;
  for (guint i = 0; i < m->nodes->len; i++)
    ((KtNode *)m->nodes->pdata[i])->miss_per_second = KT_NUM_UNKNOWN;
  for (guint i = 0; i < snapshot->domains->len; i++) {
    KtRuntime *runtime = ((KtDomain *)snapshot->domains->pdata[i])->runtime;
    runtime->exits_per_second = KT_INT_UNKNOWN;
    for (guint k = 0; k < runtime->threads->len; k++) {
      KtThread *thread = runtime->threads->pdata[k];
      thread->run_pct = thread->wait_pct = thread->switches_per_second = KT_NUM_UNKNOWN;
    }
  }
}

static void put(Measured *measured, KtMetric metric, KtNum value)
{
  if (value.known && isfinite(value.value))
    measured->values[metric] = value.value;
}

static void put_work(KtMeasurer *measurer, Measured *measured, double seconds)
{
  const KtWorkCounts none = {0}, before = measured->worked + 1 == measurer->looks ? measured->work : none;
  const KtWorkCounts now = kt_work_counts(measurer->work, measured->uuid);
  put(measured, KT_METRIC_THROUGHPUT_NET, kt_sample_rate(before.packets, now.packets, seconds));
  put(measured, KT_METRIC_THROUGHPUT_DISK, kt_sample_rate(before.requests, now.requests, seconds));
  put(measured, KT_METRIC_GUEST_WAKEUPS, kt_sample_rate(before.wakeups, now.wakeups, seconds));
  measured->work = now;
  measured->worked = measurer->looks;
}

/* Of all nodes, or unknown. */
static KtNum misses(const KtMachine *m)
{
  double sum = 0;
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (!node->miss_per_second.known)
      return KT_NUM_UNKNOWN;
    sum += node->miss_per_second.value;
  }
  return m->nodes->len ? KT_NUM(sum) : KT_NUM_UNKNOWN;
}

static void put_machine(Measured *own, const KtMachine *m)
{
  double mean, max;
  if (m->activity && kt_activity_busy(m->activity, &mean))
    put(own, KT_METRIC_CPU_PCT, KT_NUM(mean));
  if (m->activity && kt_activity_stat(m->activity, KT_CPU_STEAL, &mean, &max))
    put(own, KT_METRIC_STEAL_PCT, KT_NUM(mean));
  const KtInterrupt *res = kt_machine_find_interrupt(m, "RES"), *cal = kt_machine_find_interrupt(m, "CAL");
  if (res && cal && res->per_second.known && cal->per_second.known)
    put(own, KT_METRIC_WAKEUPS, KT_NUM(res->per_second.value + cal->per_second.value));
  put(own, KT_METRIC_CONTEXT_SWITCHES, kt_machine_rate(m, "stat.ctxt"));
  put(own, KT_METRIC_NUMA_MIGRATED, kt_machine_rate(m, "vmstat.numa_pages_migrated"));
  put(own, KT_METRIC_NUMA_MISS, misses(m));
}

static void put_domain(Measured *measured, const KtDomain *d)
{
  double run = 0, wait = 0, switches = 0;
  guint runs = 0, waits = 0, switching = 0;
  for (guint i = 0; i < d->runtime->threads->len; i++) {
    const KtThread *thread = d->runtime->threads->pdata[i];
    if (thread->vcpu < 0)
      continue;
    run += thread->run_pct.value;
    wait += thread->wait_pct.value;
    switches += thread->switches_per_second.value;
    runs += thread->run_pct.known;
    waits += thread->wait_pct.known;
    switching += thread->switches_per_second.known;
  }
  if (runs)
    put(measured, KT_METRIC_CPU_PCT, KT_NUM(run / runs));
  if (waits)
    put(measured, KT_METRIC_WAIT_PCT, KT_NUM(wait / waits));
  if (switching)
    put(measured, KT_METRIC_CONTEXT_SWITCHES, KT_NUM(switches));
  if (d->runtime->exits_per_second.known)
    put(measured, KT_METRIC_EXITS, KT_NUM((double)d->runtime->exits_per_second.value));
}

/* A value more in each series, NAN where there is none; a series begins with its first value. */
static void append_values(KtMeasurer *measurer, Measured *measured)
{
  const double none = NAN;
  put(measured, KT_METRIC_LOCALITY_PCT, measured->locality);
  measured->locality = KT_NUM_UNKNOWN;
  for (guint i = 0; i < KT_METRICS; i++) {
    if (!measured->series[i] && isnan(measured->values[i]))
      continue;
    if (!measured->series[i])
      measured->series[i] = kt_measurement_add(measurer->measurement, measured->name, measured->uuid, (KtMetric)i);
    GArray *values = measured->series[i]->values;
    while (values->len + 1 < measurer->looks)
      g_array_append_val(values, none);
    g_array_append_val(values, measured->values[i]);
    measured->values[i] = NAN;
  }
}

static void put_domains(KtMeasurer *measurer, double seconds)
{
  for (guint i = 0; i < measurer->snapshot->domains->len; i++) {
    const KtDomain *d = measurer->snapshot->domains->pdata[i];
    Measured *measured = measured_of(measurer, d);
    put_domain(measured, d);
    if (d->uuid)
      put_work(measurer, measured, seconds);
  }
}

void kt_measurer_look(KtMeasurer *measurer, double seconds)
{
  KtSample *now = kt_sample_take(measurer->root, measurer->snapshot);
  kt_work_look(measurer->work);
  forget_rates(measurer->snapshot);
  kt_sample_rates(measurer->last, now, seconds, measurer->snapshot);
  kt_sample_free(measurer->last);
  measurer->last = now;
  measurer->looks++;
  measurer->since_places += seconds;
  put_machine(measurer->own, measurer->snapshot->machines->pdata[0]);
  put_work(measurer, measurer->own, seconds);
  put_domains(measurer, seconds);
  if (is_time_for_places(measurer))
    look_at_places(measurer);
  append_values(measurer, measurer->own);
  GHashTableIter iter;
  gpointer measured;
  g_hash_table_iter_init(&iter, measurer->domains);
  while (g_hash_table_iter_next(&iter, NULL, &measured))
    append_values(measurer, measured);
}

/* ---- begin and end ---- */

static void measurer_free(KtMeasurer *measurer)
{
  kt_root_unref(measurer->root);
  kt_snapshot_free(measurer->snapshot);
  kt_sample_free(measurer->last);
  kt_work_free(measurer->work);
  kt_measurement_free(measurer->measurement);
  g_clear_pointer(&measurer->own, measured_free);
  g_clear_pointer(&measurer->domains, g_hash_table_unref);
  g_free(measurer);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtMeasurer, measurer_free)

KtMeasurer *kt_measurer_new(KtRoot *root, const KtMeasureOptions *options, GError **error)
{
  g_autoptr(KtMeasurer) measurer = g_new0(KtMeasurer, 1);
  measurer->root = kt_root_ref(root);
  measurer->options = *options;
  measurer->own = measured_new(NULL, NULL);
  measurer->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, measured_free);
  measurer->work = kt_work_new(root, &measurer->options);
  if (!look_at_places(measurer)) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "cannot measure this machine: neither /proc nor /sys is there");
    return NULL;
  }
  if (options->domain && !measurer->running) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no domain '%s' runs here", options->domain);
    return NULL;
  }
  g_autoptr(GDateTime) now = g_date_time_new_now_local();
  g_autofree char *started = g_date_time_format(now, "%FT%T%:z");
  const KtMachine *m = measurer->snapshot->machines->pdata[0];
  measurer->measurement = kt_measurement_new(m->name, started, options->interval_s);
  measurer->last = kt_sample_take(root, measurer->snapshot);
  kt_work_look(measurer->work);
  measurer->own->work = kt_work_counts(measurer->work, NULL);
  for (guint i = 0; i < measurer->snapshot->domains->len; i++) {
    const KtDomain *d = measurer->snapshot->domains->pdata[i];
    if (d->uuid)
      measured_of(measurer, d)->work = kt_work_counts(measurer->work, d->uuid);
  }
  return g_steal_pointer(&measurer);
}

const KtMeasurement *kt_measurer_so_far(const KtMeasurer *measurer)
{
  return measurer->measurement;
}

KtMeasurement *kt_measurer_finish(KtMeasurer *measurer)
{
  KtMeasurement *measurement = g_steal_pointer(&measurer->measurement);
  measurer_free(measurer);
  return measurement;
}

/* FALSE when it is stopped. */
static gboolean wait_until(const KtMeasureOptions *options, const KtMeasurement *so_far, gint64 start, gint64 until)
{
  gint64 all = (gint64)(options->duration_s * G_USEC_PER_SEC);
  for (gint64 now = g_get_monotonic_time(); now < until; now = g_get_monotonic_time()) {
    if (g_cancellable_is_cancelled(options->stop))
      return FALSE;
    if (options->progress)
      options->progress(so_far, MIN((double)(now - start) / (double)all, 1), options->data);
    g_usleep((gulong)MIN(until - now, G_USEC_PER_SEC / 5));
  }
  return !g_cancellable_is_cancelled(options->stop);
}

guint kt_measure_repeat(const KtMeasureOptions *options, const KtMeasurement *so_far,
                        void (*look)(gpointer data, double seconds), gpointer data)
{
  guint looks = MAX((guint)(options->duration_s / options->interval_s + 1e-6), 1), done = 0;
  gint64 start = g_get_monotonic_time(), before = start, step = (gint64)(options->interval_s * G_USEC_PER_SEC);
  while (done < looks && wait_until(options, so_far, start, start + (gint64)(done + 1) * step)) {
    gint64 now = g_get_monotonic_time();
    look(data, (double)(now - before) / G_USEC_PER_SEC);
    before = now;
    done++;
  }
  if (done && options->progress)
    options->progress(so_far, 1, options->data);
  return done;
}

static void look_again(gpointer measurer, double seconds)
{
  kt_measurer_look(measurer, seconds);
}

static KtMeasurement *measure_here(const KtMeasureOptions *options, GError **error)
{
  g_autoptr(KtRoot) root = kt_root_open("/", error);
  g_autoptr(KtMeasurer) measurer = root ? kt_measurer_new(root, options, error) : NULL;
  if (!measurer)
    return NULL;
  if (kt_measure_repeat(options, measurer->measurement, look_again, measurer))
    return kt_measurer_finish(g_steal_pointer(&measurer));
  g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "stopped before the first interval was over");
  return NULL;
}

KtMeasurement *kt_measure(const KtMeasureOptions *options, GError **error)
{
  gboolean here = kt_libvirt_is_local(options->connect_uri);
  if (!here && !options->elsewhere) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "'%s' is another machine's libvirt: only this one is measured",
                options->connect_uri);
    return NULL;
  }
  KtMeasureOptions own = *options;
  own.interval_s = MAX(own.interval_s > 0 ? own.interval_s : KT_MEASURE_INTERVAL_S, own.duration_s / KT_MEASURE_VALUES);
  own.interval_s = MIN(own.interval_s, own.duration_s);
  return here ? measure_here(&own, error) : kt_measure_elsewhere(&own, error);
}
