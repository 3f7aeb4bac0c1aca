/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains measured by what a libvirt counts: that of the test driver, with counters that go on at each look. */
#include <math.h>
#include <string.h>

#include <libvirt/libvirt.h>

#include "base/error.h"
#include "evidence/measure.h"

#define ULL(name, n)                                                                                                   \
  {                                                                                                                    \
    .field = name, .type = VIR_TYPED_PARAM_ULLONG, .value = {.ul = n }                                                 \
  }
static guint asked;
static gboolean tells = TRUE;

/* In place of the library's. Two vCPUs, one of which runs all the time by its counters and 50 ms a look late. */
int virConnectGetAllDomainStats(virConnectPtr connection, unsigned int stats, virDomainStatsRecordPtr **records,
                                unsigned int flags)
{
  guint64 ms = ++asked * 100ull;
  const virTypedParameter given[] = {{.field = "vcpu.current", .type = VIR_TYPED_PARAM_UINT, .value = {.ui = 2}},
                                     ULL("vcpu.0.time", ms * 1000000),
                                     ULL("vcpu.0.delay", ms * 500000),
                                     ULL("vcpu.1.time", 7),
                                     ULL("vcpu.1.delay", 0),
                                     ULL("vcpu.1.wait", ms * 1000000),
                                     ULL("vcpu.1.exits.sum", ms),
                                     ULL("net.0.rx.pkts", ms),
                                     ULL("net.0.rx.bytes", ms * 1000),
                                     ULL("block.0.wr.reqs", 5)};
  virDomainStatsRecordPtr record = g_new0(virDomainStatsRecord, 1);
  record->dom = virDomainLookupByName(connection, "test");
  record->nparams = tells ? (int)G_N_ELEMENTS(given) : 0;
  record->params = g_memdup2(given, sizeof given);
  *records = g_new0(virDomainStatsRecordPtr, 2);
  (*records)[0] = record;
  g_assert_true(flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
  return 1;
}

void virDomainStatsRecordListFree(virDomainStatsRecordPtr *records)
{
  virDomainFree(records[0]->dom);
  g_free(records[0]->params);
  g_free(records[0]);
  g_free(records);
}

static const KtMeasureOptions options = {
    .duration_s = 0.3, .interval_s = 0.1, .connect_uri = "test:///default", .elsewhere = TRUE, .domain = "test"};

static const KtSeries *find(const KtMeasurement *m, KtMetric metric)
{
  return kt_measurement_find(m, "test", metric);
}

static double first(const KtMeasurement *m, KtMetric metric)
{
  const KtSeries *series = find(m, metric);
  g_assert_nonnull(series);
  g_assert_cmpuint(series->values->len, ==, 3);
  return g_array_index(series->values, double, 0);
}

static void test_counted(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtMeasurement) m = kt_measure(&options, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(find(m, KT_METRIC_CPU_PCT)->uuid, ==, "6695eb01-f6a4-8304-79aa-97f2502e193f");
  /* whatever the length of the interval was, all of it follows from the same one */
  double run = first(m, KT_METRIC_CPU_PCT);
  g_assert_cmpfloat(run, >, 0);
  g_assert_cmpfloat(run, <=, 50.5);
  g_assert_cmpfloat_with_epsilon(first(m, KT_METRIC_WAIT_PCT), run / 2, 1e-9);
  g_assert_cmpfloat_with_epsilon(first(m, KT_METRIC_THROUGHPUT_NET), run * 20, 1e-6);
  g_assert_cmpfloat(first(m, KT_METRIC_THROUGHPUT_DISK), ==, 0);
  g_assert_null(find(m, KT_METRIC_LOCALITY_PCT));
  g_assert_null(find(m, KT_METRIC_EXITS));
  g_assert_cmpuint(m->series->len, ==, 4);
}

static void test_refused(void)
{
  g_autoptr(GError) error = NULL;
  KtMeasureOptions other = options;
  other.domain = "nobody";
  g_assert_null(kt_measure(&other, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
  g_clear_error(&error);
  other = options;
  other.elsewhere = FALSE;
  g_assert_null(kt_measure(&other, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED);
  g_clear_error(&error);
  tells = FALSE;
  g_assert_null(kt_measure(&options, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_SYSTEM);
  g_assert_nonnull(strstr(error->message, "does not tell"));
  tells = TRUE;
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/measure-elsewhere/counted", test_counted);
  g_test_add_func("/measure-elsewhere/refused", test_refused);
  return g_test_run();
}
