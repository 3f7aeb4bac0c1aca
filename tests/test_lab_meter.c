/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the lab's meter that need no QEMU. */
#include <glib.h>
#include <string.h>

#include "meter/cache.h"
#include "meter/command.h"
#include "meter/counts.h"
#include "meter/guests.h"
#include "meter/machine.h"
#include "meter/report.h"

/* ---- where memory is ---- */

static void test_ranges(void)
{
  g_autofree KtLabMachine *m = g_new0(KtLabMachine, 1);
  char error[128];
  g_assert_true(kt_lab_machine_read_sizes(m, "1536:1536:0:1536", error));
  g_assert_cmpuint(m->nodes, ==, 4);
  g_assert_cmpuint(kt_lab_machine_node_at(m, 0), ==, 0);
  g_assert_cmpuint(kt_lab_machine_node_at(m, 0x5fffffff), ==, 0);
  g_assert_cmpuint(kt_lab_machine_node_at(m, 0x60000000), ==, KT_OTHER); /* twice what is before, not once */
  g_assert_cmpuint(kt_lab_machine_node_at(m, 0xc0000000), ==, 1);
  g_assert_cmpuint(kt_lab_machine_node_at(m, 0x11fffffff), ==, 1);
  g_assert_cmpuint(kt_lab_machine_node_at(m, 0x120000000), ==, KT_OTHER);
  g_assert_cmpuint(kt_lab_machine_node_at(m, 0x180000000), ==, 3); /* node 2 has no memory */
  g_assert_cmpuint(kt_lab_machine_node_at(m, G_MAXUINT64), ==, KT_OTHER);
}

static void test_machine_arguments(void)
{
  static const char *const bad_sizes[] = {"", ":", "1:", "a", "1:-1", "1 2", "99999999999999999999"};
  static const char *const bad_distances[] = {"",         "10:16", "10:16/16:10:20", "10:16/16:10/", "10:16/16:11",
                                              "10:9/9:10"};
  g_autofree KtLabMachine *m = g_new0(KtLabMachine, 1);
  char error[128];
  for (gsize i = 0; i < G_N_ELEMENTS(bad_sizes); i++)
    g_assert_false(kt_lab_machine_read_sizes(m, bad_sizes[i], error));
  g_assert_true(kt_lab_machine_read_sizes(m, "64:64", error));
  for (gsize i = 0; i < G_N_ELEMENTS(bad_distances); i++)
    g_assert_false(kt_lab_machine_read_distances(m, bad_distances[i], error));
  g_assert_true(kt_lab_machine_read_distances(m, "10:16/21:10", error));
  g_assert_cmpuint(m->distance[0][1], ==, 16);
  g_assert_cmpuint(m->distance[1][0], ==, 21);
  g_assert_false(kt_lab_machine_check(m, error));
  g_assert_true(kt_lab_machine_read_cpus(m, "0:0:1:1", error));
  g_assert_true(kt_lab_machine_check(m, error));
  g_assert_true(kt_lab_machine_read_cpus(m, "0:2", error));
  g_assert_false(kt_lab_machine_check(m, error));
  g_assert_nonnull(strstr(error, "CPU 1"));
}

static void test_too_many_nodes(void)
{
  g_autofree KtLabMachine *m = g_new0(KtLabMachine, 1);
  g_autoptr(GString) sizes = g_string_new("1");
  char error[128];
  for (guint i = 1; i < KT_MAX_NODES; i++)
    g_string_append(sizes, ":1");
  g_assert_true(kt_lab_machine_read_sizes(m, sizes->str, error));
  g_string_append(sizes, ":1");
  g_assert_false(kt_lab_machine_read_sizes(m, sizes->str, error));
}

/* ---- cache ---- */

static void test_cache(void)
{
  g_autofree KtLabCache *cache = g_new0(KtLabCache, 1);
  const guint64 stride = KT_CACHE_SETS << KT_CACHE_LINE_SHIFT; /* the same set again */
  g_assert_false(kt_lab_cache_hit(cache, 0));
  g_assert_true(kt_lab_cache_hit(cache, 63));
  g_assert_false(kt_lab_cache_hit(cache, 64));
  for (guint64 way = 1; way < KT_CACHE_WAYS; way++)
    g_assert_false(kt_lab_cache_hit(cache, way * stride));
  g_assert_true(kt_lab_cache_hit(cache, 0)); /* now the last to go */
  g_assert_false(kt_lab_cache_hit(cache, KT_CACHE_WAYS * stride));
  g_assert_true(kt_lab_cache_hit(cache, 0));
  g_assert_false(kt_lab_cache_hit(cache, stride)); /* the one replaced */
}

static void test_cache_of_a_walk(void)
{
  g_autofree KtLabCache *cache = g_new0(KtLabCache, 1);
  guint small = 0, big = 0;
  for (guint pass = 0; pass < 2; pass++)
    for (guint64 at = 0; at < 1 << 20; at += 8)
      small += !kt_lab_cache_hit(cache, at);
  g_assert_cmpuint(small, ==, (1 << 20) / 64); /* the second pass fits */
  for (guint pass = 0; pass < 2; pass++)
    for (guint64 at = 0; at < 4 << 20; at += 8)
      big += !kt_lab_cache_hit(cache, (1ull << 32) + at);
  g_assert_cmpuint(big, ==, 2 * (4 << 20) / 64);
}

/* ---- commands ---- */

static void test_commands(void)
{
  static const char *const bad[] = {"",           "onn",           "on 1",          "sample",
                                    "sample 16",  "sample -1",     "sample 0",      "sample 1x",
                                    "sample 1 3", "latency 1 2 3", "show me",       "latency offf",
                                    "latency",    " on",           "latency off 3", "sample 100001"};
  KtCommand command;
  char error[128];
  g_assert_true(kt_command_parse("on\n", &command, error));
  g_assert_cmpint(command.verb, ==, KT_COMMAND_ON);
  g_assert_true(kt_command_parse("sample 17\r\n", &command, error));
  g_assert_cmpint(command.verb, ==, KT_COMMAND_SAMPLE);
  g_assert_cmpuint(command.numbers[0], ==, 17);
  g_assert_true(kt_command_parse("latency 400 60", &command, error));
  g_assert_cmpuint(command.numbers[0], ==, 400);
  g_assert_cmpuint(command.numbers[1], ==, 60);
  g_assert_false(command.off);
  g_assert_true(kt_command_parse("latency off", &command, error));
  g_assert_true(command.off);
  for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
    error[0] = '\0';
    g_assert_false(kt_command_parse(bad[i], &command, error));
    g_assert_cmpuint(strlen(error), >, 10);
    g_assert_null(strchr(error, '\n'));
  }
}

/* ---- counts ---- */

static KtCounts *sample_counts(void)
{
  KtCounts *counts = g_new0(KtCounts, 1);
  char error[128];
  g_assert_true(kt_lab_machine_read_sizes(&counts->machine, "64:64", error));
  g_assert_true(kt_lab_machine_read_cpus(&counts->machine, "0:0:1", error));
  g_assert_true(kt_lab_machine_read_distances(&counts->machine, "10:20/20:10", error));
  counts->on = TRUE;
  counts->sample = 17;
  counts->rows[0].loads[0] = 60;
  counts->rows[0].stores[1] = 30;
  counts->rows[0].io_stores = 5;
  counts->rows[0].cpu_ns = 123456;
  counts->rows[2].stores[1] = 10;
  counts->rows[2].loads[KT_OTHER] = 1;
  return counts;
}

static void test_counts_round_trip(void)
{
  g_autofree KtCounts *counts = sample_counts(), *read = g_new0(KtCounts, 1);
  g_autofree char *text = g_malloc(KT_COUNTS_TEXT_MAX), *again = g_malloc(KT_COUNTS_TEXT_MAX);
  char error[128];
  for (guint latency = 0; latency < 2; latency++) {
    counts->latency = latency;
    counts->local_ns = latency ? 400 : 0;
    counts->rows[2].misses[1] = latency ? 3 : 0;
    gsize length = kt_counts_write(counts, text, KT_COUNTS_TEXT_MAX);
    g_assert_cmpuint(length, ==, strlen(text));
    g_assert_true(kt_counts_parse(text, read, error));
    g_assert_cmpmem(read->rows, sizeof read->rows, counts->rows, sizeof counts->rows);
    kt_counts_write(read, again, KT_COUNTS_TEXT_MAX);
    g_assert_cmpstr(text, ==, again);
    for (gsize cut = 0; cut < length; cut++) { /* no part of an answer passes for one */
      g_autofree char *part = g_strndup(text, cut);
      g_assert_false(kt_counts_parse(part, read, error));
    }
  }
}

static void test_counts_fit(void)
{
  g_autofree KtCounts *counts = g_new0(KtCounts, 1), *read = g_new0(KtCounts, 1);
  g_autofree char *text = g_malloc(KT_COUNTS_TEXT_MAX);
  char error[128];
  memset(counts->rows, 0xff, sizeof counts->rows);
  counts->machine = (KtLabMachine){.nodes = KT_MAX_NODES, .cpus = KT_MAX_CPUS};
  counts->latency = TRUE;
  counts->sample = 9999;
  counts->local_ns = G_MAXUINT32;
  memset(counts->machine.distance, 0, sizeof counts->machine.distance);
  for (guint i = 0; i < KT_MAX_NODES * KT_MAX_NODES; i++)
    counts->machine.distance[i / KT_MAX_NODES][i % KT_MAX_NODES] = 255;
  g_assert_cmpuint(kt_counts_write(counts, text, KT_COUNTS_TEXT_MAX), <, KT_COUNTS_TEXT_MAX - 1);
  g_assert_true(kt_counts_parse(text, read, error));
  g_assert_cmpuint(kt_counts_write(counts, text, 100), ==, 99); /* cut, never beyond */
}

static void test_locality(void)
{
  g_autofree KtCounts *counts = sample_counts();
  KtLocality l = {0};
  for (guint cpu = 0; cpu < 3; cpu++)
    kt_locality_add(&l, counts, cpu, &counts->rows[cpu]);
  g_assert_cmpuint(l.accesses, ==, 100);
  g_assert_cmpuint(l.local, ==, 70);
  g_assert_cmpfloat_with_epsilon(kt_locality_pct(&l), 70, 1e-9);
  g_assert_cmpfloat_with_epsilon(kt_locality_cost(&l), 13, 1e-9);
  g_assert_cmpfloat_with_epsilon(kt_locality_other_pct(&l), 100.0 / 101, 1e-9);
  g_assert_cmpfloat(kt_locality_error_pct(&l, 1), ==, 0);
  g_assert_cmpfloat_with_epsilon(kt_locality_error_pct(&l, 17), 200 * 0.0458257569, 1e-6);
}

static char *report_of(void (*print)(FILE *, gconstpointer), gconstpointer what)
{
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  print(out, what);
  fclose(out);
  return text;
}

static void print_matrix(FILE *out, gconstpointer counts)
{
  kt_report_matrix(out, counts);
}

static void test_report(void)
{
  g_autofree KtCounts *counts = sample_counts(), *nothing = g_new0(KtCounts, 1);
  g_autofree char *text = report_of(print_matrix, counts);
  g_assert_nonnull(strstr(text, "    0     0            1530    66.67    33.33    0.000"));
  g_assert_nonnull(strstr(text, "all CPUs: 70.00 % local +- 9.17, mean cost 13.00 (local = 10), 1700 accesses (100 "
                                "counted, one in 17), 0.990 % of no node"));
  g_assert_null(strstr(text, "\n    1 ")); /* did nothing */
  nothing->sample = 1;
  g_autofree char *none = report_of(print_matrix, nothing);
  g_assert_nonnull(strstr(none, "no access was counted"));
  g_assert_null(strstr(none, "nan"));
}

/* ---- guests ---- */

static void test_guest_names(void)
{
  char name[KT_GUEST_NAME];
  kt_guests_name_of("guest=web-1,debug-threads=on", name);
  g_assert_cmpstr(name, ==, "web-1");
  kt_guests_name_of("web-2", name);
  g_assert_cmpstr(name, ==, "web-2");
  g_autofree char *endless = g_strnfill(1000, 'x');
  kt_guests_name_of(endless, name);
  g_assert_cmpuint(strlen(name), ==, KT_GUEST_NAME - 1);
}

static void test_guest_cpu(void)
{
  g_autoptr(GString) line = g_string_new("77 (CPU 0/KVM) x) S");
  for (guint field = 4; field < 39; field++)
    g_string_append(line, " 0");
  g_assert_cmpint(kt_guests_cpu_of(line->str), ==, -1);
  g_string_append(line, " 5 0 0\n");
  g_assert_cmpint(kt_guests_cpu_of(line->str), ==, 5);
  g_assert_cmpint(kt_guests_cpu_of(""), ==, -1);
}

static void test_guest_shares(void)
{
  g_autofree KtGuests *before = g_new0(KtGuests, 1), *after = g_new0(KtGuests, 1);
  before->guests = 2;
  before->vcpus = 3;
  *after = *before;
  after->vcpu[0] = (KtVcpu){.guest = 0, .cpu = 1, .run_ns = 300};
  after->vcpu[1] = (KtVcpu){.guest = 1, .cpu = 1, .run_ns = 100};
  after->vcpu[2] = (KtVcpu){.guest = 1, .cpu = -1, .run_ns = 0};
  g_assert_cmpfloat_with_epsilon(kt_guests_share(before, after, 0, 1), 0.75, 1e-9);
  g_assert_cmpfloat_with_epsilon(kt_guests_share(before, after, 1, 1), 0.25, 1e-9);
  g_assert_cmpfloat(kt_guests_share(before, after, 0, 2), ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/lab-meter/ranges", test_ranges);
  g_test_add_func("/lab-meter/machine-arguments", test_machine_arguments);
  g_test_add_func("/lab-meter/too-many-nodes", test_too_many_nodes);
  g_test_add_func("/lab-meter/cache", test_cache);
  g_test_add_func("/lab-meter/cache-of-a-walk", test_cache_of_a_walk);
  g_test_add_func("/lab-meter/commands", test_commands);
  g_test_add_func("/lab-meter/counts-round-trip", test_counts_round_trip);
  g_test_add_func("/lab-meter/counts-fit", test_counts_fit);
  g_test_add_func("/lab-meter/locality", test_locality);
  g_test_add_func("/lab-meter/report", test_report);
  g_test_add_func("/lab-meter/guest-names", test_guest_names);
  g_test_add_func("/lab-meter/guest-cpu", test_guest_cpu);
  g_test_add_func("/lab-meter/guest-shares", test_guest_shares);
  return g_test_run();
}
