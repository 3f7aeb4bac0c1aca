/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measurements: a made-up host whose counters are moved between looks, this very
 * machine, and the JSON that stores them. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "config.h"
#include "evidence/measure.h"
#include "evidence/measurement_json.h"

#define UUID "c7a5fdbd-edaf-9455-926a-d65c16db1809"

static void add(KtRoot *root, const char *text, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add(KtRoot *root, const char *text, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *path = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
  kt_root_add_file(root, path, bytes);
}

/* A number in a text at a path. */
static void add_count(KtRoot *root, const char *path, const char *format, int n)
{
  g_autoptr(GString) text = g_string_new(NULL);
  g_auto(GStrv) parts = g_strsplit(format, "{n}", -1);
  for (guint i = 0; parts[i]; i++) {
    g_string_append(text, parts[i]);
    if (parts[i + 1])
      g_string_append_printf(text, "%d", n);
  }
  add(root, text->str, "%s", path);
}

/* What is counted `n` times over: each counter is n times a number of its own. */
static void set_counters(KtRoot *root, int n)
{
  g_autofree char *stat =
      g_strdup_printf("cpu  %d 0 %d %d 0 0 0 %d 0 0\ncpu0 %d 0 %d %d 0 0 0 %d 0 0\nctxt %d\nbtime 1700000000\n", 30 * n,
                      20 * n, 40 * n, 10 * n, 30 * n, 20 * n, 40 * n, 10 * n, 5000 * n);
  add(root, stat, "proc/stat");
  g_autofree char *irq =
      g_strdup_printf("           CPU0\nRES:  %d   Rescheduling interrupts\nCAL:  %d   Function call "
                      "interrupts\n",
                      600 * n, 400 * n);
  add(root, irq, "proc/interrupts");
  add_count(root, "proc/vmstat", "nr_free_pages 1000\nnuma_hit 10\nnuma_pages_migrated {n}00\n", n);
  for (int node = 0; node < 2; node++) {
    g_autofree char *path = g_strdup_printf("sys/devices/system/node/node%d/numastat", node);
    add_count(root, path,
              "numa_hit 1000\nnuma_miss {n}0\nnuma_foreign 0\ninterleave_hit 0\nlocal_node 0\nother_node 0\n", n);
  }
  add_count(root, "sys/class/net/eth0/statistics/rx_packets", "{n}00\n", n);
  add_count(root, "sys/class/net/eth0/statistics/tx_packets", "{n}0\n", n);
  add_count(root, "sys/class/net/tap0/statistics/rx_packets", "{n}00000\n", n);
  add_count(root, "sys/block/sda/stat", "  {n}0 0 80 0 {n}00 0 0 0 0 0 0\n", n);
  add_count(root, "sys/kernel/debug/kvm/1234-15/exits", "{n}000\n", n);
}

static void set_thread(KtRoot *root, int tid, const char *comm, const char *affinity, const char *schedstat)
{
  g_autofree char *status = g_strdup_printf("Name:\t%s\nCpus_allowed_list:\t%s\n", comm, affinity);
  g_autofree char *stat = g_strdup_printf("%d (%s) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 6 0 100 0 0 0 0 0 0 0 0 0 0 0 0 "
                                          "0 0 0 17 0 0 0 0 0 0\n",
                                          tid, comm);
  add(root, comm, "proc/1234/task/%d/comm", tid);
  add(root, status, "proc/1234/task/%d/status", tid);
  add(root, stat, "proc/1234/task/%d/stat", tid);
  add(root, schedstat, "proc/1234/task/%d/schedstat", tid);
}

static void add_guest(KtRoot *root)
{
  static const char argv[] = "/usr/bin/qemu-system-x86_64\0-name\0guest=web\0-machine\0q35,accel=kvm\0-smp\0"
                             "2\0-uuid\0" UUID;
  g_autoptr(GBytes) bytes = g_bytes_new(argv, sizeof argv);
  kt_root_add_file(root, "proc/1234/cmdline", bytes);
  add(root, "qemu-system-x86\n", "proc/1234/comm");
  add(root, "Name:\tqemu\nVmRSS:\t200000 kB\nRssAnon:\t150000 kB\nRssShmem:\t0 kB\nHugetlbPages:\t0 kB\n",
      "proc/1234/status");
  add(root, "7f10 default anon=40000 dirty=40000 N0=10000 N1=30000 kernelpagesize_kB=4\n", "proc/1234/numa_maps");
  set_thread(root, 1234, "qemu-system-x86", "0-1", "1 1 1\n");
  set_thread(root, 1236, "CPU 0/KVM", "1", "1000000000 0 100\n");
  set_thread(root, 1237, "CPU 1/KVM", "1", "1000000000 0 100\n");
}

static KtRoot *host_new(void)
{
  KtRoot *root = kt_root_new_memory("host1.tar.gz");
  static const char *const cpus[] = {"0", "1"};
  add(root, "host1\n", "proc/sys/kernel/hostname");
  add(root, "0-1\n", "sys/devices/system/node/online");
  add(root, "0-1\n", "sys/devices/system/cpu/online");
  for (int i = 0; i < 2; i++) {
    add(root, cpus[i], "sys/devices/system/node/node%d/cpulist", i);
    add(root, "Node 0 MemTotal: 8388608 kB\n", "sys/devices/system/node/node%d/meminfo", i);
  }
  add(root, "x", "sys/class/net/eth0/device/vendor");
  add(root, "x", "sys/block/sda/device/vendor");
  set_counters(root, 1);
  add_guest(root);
  return root;
}

static double value(const KtMeasurement *m, const char *domain, KtMetric metric, guint i)
{
  const KtSeries *series = kt_measurement_find(m, domain, metric);
  g_assert_nonnull(series);
  g_assert_cmpuint(series->values->len, >, i);
  return g_array_index(series->values, double, i);
}

#define IS(m, domain, metric, i, wanted) g_assert_cmpfloat_with_epsilon(value(m, domain, metric, i), wanted, 1e-6)

static void test_rates(void)
{
  g_autoptr(KtRoot) root = host_new();
  const KtMeasureOptions options = {.interval_s = 2};
  g_autoptr(GError) error = NULL;
  KtMeasurer *measurer = kt_measurer_new(root, &options, &error);
  g_assert_no_error(error);
  set_counters(root, 2);
  set_thread(root, 1236, "CPU 0/KVM", "1", "3000000000 200000000 300\n"); /* all of 2 s; waited a tenth */
  set_thread(root, 1237, "CPU 1/KVM", "1", "2000000000 0 200\n");         /* half of it */
  kt_measurer_look(measurer, 2);
  g_autoptr(KtMeasurement) m = kt_measurer_finish(measurer);
  g_assert_cmpstr(m->host, ==, "host1");
  g_assert_cmpfloat(m->interval_s, ==, 2);
  IS(m, NULL, KT_METRIC_CPU_PCT, 0, 60);
  IS(m, NULL, KT_METRIC_STEAL_PCT, 0, 10);
  IS(m, NULL, KT_METRIC_WAKEUPS, 0, 500);
  IS(m, NULL, KT_METRIC_CONTEXT_SWITCHES, 0, 2500);
  IS(m, NULL, KT_METRIC_NUMA_MISS, 0, 10);
  IS(m, NULL, KT_METRIC_NUMA_MIGRATED, 0, 50);
  IS(m, NULL, KT_METRIC_THROUGHPUT_NET, 0, 55); /* not the tap's */
  IS(m, NULL, KT_METRIC_THROUGHPUT_DISK, 0, 55);
  IS(m, "web", KT_METRIC_CPU_PCT, 0, 75);
  IS(m, "web", KT_METRIC_WAIT_PCT, 0, 5);
  IS(m, "web", KT_METRIC_CONTEXT_SWITCHES, 0, 150);
  IS(m, "web", KT_METRIC_EXITS, 0, 500);
  IS(m, "web", KT_METRIC_LOCALITY_PCT, 0, 75);
  g_assert_cmpstr(kt_measurement_find(m, "web", KT_METRIC_CPU_PCT)->uuid, ==, UUID);
  g_assert_null(kt_measurement_find(m, "web", KT_METRIC_THROUGHPUT_NET)); /* no libvirt has said */
  g_assert_null(kt_measurement_find(m, "web", KT_METRIC_GUEST_WAKEUPS));
}

static void test_gaps(void)
{
  g_autoptr(KtRoot) root = host_new();
  const KtMeasureOptions options = {.interval_s = 20};
  KtMeasurer *measurer = kt_measurer_new(root, &options, NULL);
  kt_root_remove(root, "proc/1234");
  set_counters(root, 2);
  kt_measurer_look(measurer, 20); /* the guest has ended */
  set_counters(root, 1);          /* and counters started anew */
  kt_measurer_look(measurer, 20);
  add_guest(root); /* it is there again: seen, but no interval yet */
  set_counters(root, 3);
  kt_measurer_look(measurer, 20);
  set_counters(root, 4);
  set_thread(root, 1236, "CPU 0/KVM", "1", "11000000000 0 300\n");
  set_thread(root, 1237, "CPU 1/KVM", "1", "11000000000 0 200\n");
  kt_measurer_look(measurer, 20); /* its counters were not read at the look before */
  set_thread(root, 1236, "CPU 0/KVM", "1", "21000000000 0 300\n");
  set_thread(root, 1237, "CPU 1/KVM", "1", "11000000000 0 200\n");
  kt_measurer_look(measurer, 20);
  g_autoptr(KtMeasurement) m = kt_measurer_finish(measurer);
  IS(m, NULL, KT_METRIC_WAKEUPS, 0, 50);
  g_assert_true(isnan(value(m, NULL, KT_METRIC_WAKEUPS, 1)));
  g_assert_true(isnan(value(m, NULL, KT_METRIC_CONTEXT_SWITCHES, 1)));
  IS(m, NULL, KT_METRIC_WAKEUPS, 2, 100);
  g_assert_true(isnan(value(m, "web", KT_METRIC_CPU_PCT, 0)));
  g_assert_true(isnan(value(m, "web", KT_METRIC_CPU_PCT, 2)));
  IS(m, "web", KT_METRIC_CPU_PCT, 4, 25);
  g_assert_cmpuint(kt_measurement_find(m, "web", KT_METRIC_CPU_PCT)->values->len, ==, 5);
}

/* Later looks are at who runs alone: one guest of two, moved; the machine's own counters go on. */
static void test_looked_again(void)
{
  static const char argv[] = "/usr/bin/qemu-system-x86_64\0-name\0guest=db\0-machine\0q35,accel=kvm";
  g_autoptr(KtRoot) root = host_new();
  g_autoptr(GBytes) other = g_bytes_new(argv, sizeof argv);
  kt_root_add_file(root, "proc/2234/cmdline", other);
  add(root, "qemu-system-x86\n", "proc/2234/comm");
  const KtMeasureOptions options = {.interval_s = 20, .domain = "web"};
  KtMeasurer *measurer = kt_measurer_new(root, &options, NULL);
  kt_measurer_look(measurer, 20);
  add(root, "7f10 default anon=40000 dirty=40000 N1=40000 kernelpagesize_kB=4\n", "proc/1234/numa_maps");
  for (int n = 2; n < 4; n++) {
    set_counters(root, n);
    kt_measurer_look(measurer, 20);
  }
  g_autoptr(KtMeasurement) m = kt_measurer_finish(measurer);
  IS(m, "web", KT_METRIC_LOCALITY_PCT, 0, 75);
  IS(m, "web", KT_METRIC_LOCALITY_PCT, 1, 100);
  IS(m, "web", KT_METRIC_EXITS, 2, 50);
  IS(m, NULL, KT_METRIC_NUMA_MISS, 2, 1);
  IS(m, NULL, KT_METRIC_WAKEUPS, 2, 50);
  g_assert_null(kt_measurement_find(m, "db", KT_METRIC_CPU_PCT));
}

/* ---- this machine ---- */

static void count_calls(const KtMeasurement *so_far, double done, gpointer calls)
{
  g_assert_cmpfloat(done, >=, 0);
  g_assert_cmpfloat(done, <=, 1);
  (*(guint *)calls)++;
}

static void test_live(void)
{
  guint calls = 0;
  const KtMeasureOptions options = {.duration_s = 1, .interval_s = 0.25, .progress = count_calls, .data = &calls};
  g_autoptr(GError) error = NULL;
  if (!g_file_test("/proc/stat", G_FILE_TEST_EXISTS)) {
    g_test_skip("no /proc");
    return;
  }
  g_autoptr(KtMeasurement) m = kt_measure(&options, &error);
  g_assert_no_error(error);
  const KtSeries *cpu = kt_measurement_find(m, NULL, KT_METRIC_CPU_PCT);
  g_assert_nonnull(cpu);
  g_assert_cmpuint(cpu->values->len, ==, 4);
  guint known = 0;
  for (guint i = 0; i < cpu->values->len; i++) {
    double pct = g_array_index(cpu->values, double, i);
    known += pct >= 0 && pct <= 100;
  }
  g_assert_cmpuint(known, >=, 1); /* a clock tick is 10 ms or less */
  g_assert_nonnull(kt_measurement_find(m, NULL, KT_METRIC_CONTEXT_SWITCHES));
  g_assert_cmpuint(calls, >, 4);
  g_assert_nonnull(m->started);
}

static void test_refusals(void)
{
  g_autoptr(GCancellable) stop = g_cancellable_new();
  g_autoptr(GError) error = NULL;
  KtMeasureOptions options = {.duration_s = 0.2, .domain = "no-such-domain-as-this"};
  g_assert_null(kt_measure(&options, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
  g_clear_error(&error);
  options = (KtMeasureOptions){.duration_s = 0.2, .connect_uri = "qemu+ssh://elsewhere/system"};
  g_assert_null(kt_measure(&options, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED);
  g_clear_error(&error);
  g_cancellable_cancel(stop);
  options = (KtMeasureOptions){.duration_s = 60, .stop = stop};
  g_assert_null(kt_measure(&options, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_SYSTEM);
}

/* ---- JSON ---- */

static void test_json(void)
{
#if HAVE_JSON
  g_autoptr(KtMeasurement) m = kt_measurement_new(NULL, "2026-11-25T10:00:00+01", 2.5);
  const double values[] = {0, 12.25, NAN, 1e9};
  KtSeries *own = kt_measurement_series(m, NULL, NULL, KT_METRIC_WAKEUPS);
  KtSeries *web = kt_measurement_series(m, "web \"1\"", UUID, KT_METRIC_CPU_PCT);
  g_array_append_vals(own->values, values, 4);
  g_array_append_vals(web->values, values, 3);
  g_autofree char *text = kt_measurement_to_json(m);
  g_assert_true(kt_measurement_is_json(text, strlen(text)));
  g_autoptr(GError) error = NULL;
  g_autoptr(KtMeasurement) back = kt_measurement_from_json("x", text, strlen(text), &error);
  g_assert_no_error(error);
  g_assert_null(back->host);
  g_assert_cmpstr(back->started, ==, "2026-11-25T10:00:00+01");
  g_assert_cmpfloat(back->interval_s, ==, 2.5);
  g_assert_cmpuint(back->series->len, ==, 2);
  IS(back, NULL, KT_METRIC_WAKEUPS, 3, 1e9);
  IS(back, "web \"1\"", KT_METRIC_CPU_PCT, 1, 12.25);
  g_assert_true(isnan(value(back, "web \"1\"", KT_METRIC_CPU_PCT, 2)));
#else
  g_test_skip("no json-glib");
#endif
}

static void test_hostile_json(void)
{
#if HAVE_JSON
#define DOC(series) "{\"kvmtune_measurement\":1,\"interval_s\":2,\"series\":" series "}"
  static const struct {
    const char *text;
    KtErrorCode code;
    const char *says;
  } cases[] = {
      {"", KT_ERROR_FORMAT, "x: empty"},
      {"[]", KT_ERROR_FORMAT, "no measurement"},
      {"{\"kvmtune_plan\":1}", KT_ERROR_FORMAT, "no measurement"},
      {"{\"kvmtune_measurement\":2}", KT_ERROR_UNSUPPORTED, "another version"},
      {"{\"kvmtune_measurement\":1,\"series\":[]}", KT_ERROR_FORMAT, "interval_s"},
      {"{\"kvmtune_measurement\":1,\"interval_s\":0,\"series\":[]}", KT_ERROR_FORMAT, "interval_s"},
      {"{\"kvmtune_measurement\":1,\"interval_s\":1e999,\"series\":[]}", KT_ERROR_FORMAT, "interval_s"},
      {DOC("7"), KT_ERROR_FORMAT, "series"},
      {DOC("[7]"), KT_ERROR_FORMAT, "series[0]"},
      {DOC("[{\"metric\":\"cpu_pct\"}]"), KT_ERROR_FORMAT, "series[0].values"},
      {DOC("[{\"metric\":7,\"values\":[]}]"), KT_ERROR_FORMAT, "series[0].metric"},
      {DOC("[{\"metric\":\"cpu_pct\",\"domain\":{},\"values\":[]}]"), KT_ERROR_FORMAT, "series[0].domain"},
      {DOC("[{\"metric\":\"cpu_pct\",\"values\":[1,\"2\"]}]"), KT_ERROR_FORMAT, "series[0].values[1]"},
      {DOC("[{\"metric\":\"cpu_pct\",\"values\":[[]]}]"), KT_ERROR_FORMAT, "series[0].values[0]"},
      {DOC("[{\"metric\":\"cpu_pct\",\"values\":[-1]}]"), KT_ERROR_FORMAT, "series[0].values[0]"},
      {DOC("[{\"metric\":\"cpu_pct\",\"values\":[1e999]}]"), KT_ERROR_FORMAT, "series[0].values[0]"},
      {DOC("[{\"metric\":\"cpu_pct\",\"values\":[]},{\"metric\":\"cpu_pct\",\"values\":[]}]"), KT_ERROR_FORMAT,
       "series[1]"},
      {DOC("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), KT_ERROR_LIMIT, "nests"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    KtMeasurement *m = kt_measurement_from_json("x", cases[i].text, strlen(cases[i].text), &error);
    g_assert_null(m);
    g_assert_error(error, KT_ERROR, (int)cases[i].code);
    if (!strstr(error->message, cases[i].says))
      g_error("case %u: '%s' does not say '%s'", i, error->message, cases[i].says);
  }
  static const char twins[] = DOC("[{\"domain\":\"g\",\"uuid\":\"a\",\"metric\":\"cpu_pct\",\"values\":[]},"
                                  "{\"domain\":\"g\",\"uuid\":\"b\",\"metric\":\"cpu_pct\",\"values\":[]}]");
  g_autoptr(KtMeasurement) two = kt_measurement_from_json("x", twins, strlen(twins), NULL); /* of one name */
  g_assert_nonnull(two);
  static const char newer[] = DOC("[{\"metric\":\"of_a_newer_version\",\"values\":[1]}]");
  g_autoptr(KtMeasurement) m = kt_measurement_from_json("x", newer, strlen(newer), NULL);
  g_assert_nonnull(m);
  g_assert_cmpuint(m->series->len, ==, 0);
#else
  g_test_skip("no json-glib");
#endif
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/measure/rates", test_rates);
  g_test_add_func("/measure/gaps", test_gaps);
  g_test_add_func("/measure/looked-again", test_looked_again);
  g_test_add_func("/measure/live", test_live);
  g_test_add_func("/measure/refusals", test_refusals);
  g_test_add_func("/measure/json", test_json);
  g_test_add_func("/measure/hostile-json", test_hostile_json);
  return g_test_run();
}
