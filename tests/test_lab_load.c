/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lab's load programs count with. */
#include <glib.h>

#include "load/counters.h"
#include "load/latency.h"

static void test_percentiles(void)
{
  KtLatency l = {0};
  g_assert_cmpuint(kt_latency_permille(&l, 500), ==, 0);
  for (guint i = 1; i <= 1000; i++)
    kt_latency_add(&l, i * 1000);
  g_assert_cmpuint(l.count, ==, 1000);
  g_assert_cmpuint(l.max_ns, ==, 1000000);
  for (guint permille = 10; permille <= 1000; permille += 10) {
    guint64 wanted = permille * 1000, got = kt_latency_permille(&l, permille);
    g_assert_cmpuint(got, >=, wanted);
    g_assert_cmpuint(got, <=, wanted + wanted / 16);
  }
  g_assert_cmpuint(kt_latency_permille(&l, 1000), ==, 1000000);
}

static void test_small_and_huge(void)
{
  KtLatency l = {0};
  for (guint i = 0; i < 32; i++)
    kt_latency_add(&l, i);
  g_assert_cmpuint(kt_latency_permille(&l, 500), ==, 15); /* exact below 32 ns */
  kt_latency_add(&l, G_MAXUINT64);
  g_assert_cmpuint(kt_latency_permille(&l, 1000), ==, G_MAXUINT64);
}

static void test_merge(void)
{
  KtLatency a = {0}, b = {0};
  kt_latency_add(&a, 10);
  kt_latency_add(&b, 20);
  kt_latency_add(&b, 30);
  kt_latency_merge(&a, &b);
  g_assert_cmpuint(a.count, ==, 3);
  g_assert_cmpuint(a.sum_ns, ==, 60);
  g_assert_cmpuint(a.max_ns, ==, 30);
  g_assert_cmpuint(kt_latency_permille(&a, 500), ==, 20);
}

static void test_counters(void)
{
  KtCounters c = {0};
  kt_counters_read_interrupts(&c, "           CPU0       CPU1\n"
                                  "  0:         33          0   IO-APIC   2-edge      timer\n"
                                  "LOC:       1000       2000   Local timer interrupts\n"
                                  "RES:         10         20   Rescheduling interrupts\n"
                                  "CAL:        100        200   Function call interrupts\n");
  kt_counters_read_stat(&c, "cpu  10 2 30 400 50 6 7 8 9 1\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5 6\nctxt 12345\n");
  g_assert_cmpuint(c.rescheduling, ==, 30);
  g_assert_cmpuint(c.function_calls, ==, 300);
  g_assert_cmpuint(c.timer, ==, 3000);
  g_assert_cmpuint(c.switches, ==, 12345);
  g_assert_cmpuint(c.busy, ==, 10 + 2 + 30 + 6 + 7 + 8);
  g_assert_cmpuint(c.total, ==, c.busy + 400 + 50);
}

static void test_counters_absent(void)
{
  KtCounters c = {0};
  kt_counters_read_interrupts(&c, "");
  kt_counters_read_interrupts(&c, "RES:");
  kt_counters_read_stat(&c, "cpu");
  g_assert_cmpuint(c.rescheduling + c.total + c.switches, ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/lab-load/percentiles", test_percentiles);
  g_test_add_func("/lab-load/small-and-huge", test_small_and_huge);
  g_test_add_func("/lab-load/merge", test_merge);
  g_test_add_func("/lab-load/counters", test_counters);
  g_test_add_func("/lab-load/counters-absent", test_counters_absent);
  return g_test_run();
}
