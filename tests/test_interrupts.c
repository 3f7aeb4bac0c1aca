/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "read_fixture.h"

#define FIRST                                                                                                          \
  "            CPU0       CPU1       CPU3\n"                                                                           \
  "  24:        100        200        300  PCI-MSI 81921-edge      virtio2-input.0\n"                                  \
  " LOC:       1000       2000       3000  Local timer interrupts\n"                                                   \
  " RES:         10         20         30  Rescheduling interrupts\n"                                                  \
  " ERR:          0\n"
#define SECOND                                                                                                         \
  "            CPU0       CPU1       CPU3\n"                                                                           \
  "  24:        100        200        400  PCI-MSI 81921-edge      virtio2-input.0\n"                                  \
  " LOC:       1000       2000       9000  Local timer interrupts\n"                                                   \
  " RES:         10       5020         30  Rescheduling interrupts\n"                                                  \
  " ERR:          0\n"

static void assert_rate(const KtMachine *m, const char *name, double per_second)
{
  const KtInterrupt *irq = kt_machine_find_interrupt(m, name);
  g_assert_nonnull(irq);
  if (per_second < 0) {
    g_assert_false(irq->per_second.known);
    return;
  }
  g_assert_true(irq->per_second.known);
  g_assert_cmpfloat_with_epsilon(irq->per_second.value, per_second, 0.001);
}

static void test_one_moment(void)
{
  g_autoptr(KtSnapshot) s = read_text(FIRST);
  const KtMachine *m = only_machine(s);
  g_autofree char *online = kt_set_format(m->online_set);
  g_assert_cmpstr(online, ==, "0-1,3");
  g_assert_true(kt_int_is(m->online, 3));
  g_assert_false(m->cpus.known);
  const KtInterrupt *irq = kt_machine_find_interrupt(m, "24");
  g_assert_true(irq->device);
  g_assert_cmpstr(irq->description, ==, "PCI-MSI 81921-edge virtio2-input.0");
  g_assert_cmpuint(irq->total, ==, 600);
  g_assert_cmpuint(g_array_index(irq->per_cpu, guint64, 2), ==, 300);
  g_assert_false(kt_machine_find_interrupt(m, "LOC")->device);
  g_assert_nonnull(kt_machine_find_interrupt(m, "ERR"));
  assert_rate(m, "RES", -1);
  g_assert_cmpuint(kt_machine_cite_of(m, "interrupts.RES")->line, ==, 4);
}

static void test_rates(void)
{
  static const char *const texts[] = {
      "Tue Oct 15 09:08:32 UTC 2019\n" FIRST "Tue Oct 15 09:08:42 UTC 2019\n" SECOND,
      "Di 15. Okt 23:59:55 CEST 2019\n" FIRST "\nMi 16. Okt 00:00:05 CEST 2019\n" SECOND,
      "1571130512\n" FIRST "1571130522\n" SECOND,
      "[root@a ~]# cat /proc/interrupts; sleep 10; cat /proc/interrupts\n" FIRST SECOND,
      "[root@a ~]# date; cat /proc/interrupts\nTue Oct 15 09:08:32 UTC 2019\n" FIRST
      "[root@a ~]# date; cat /proc/interrupts\nTue Oct 15 09:08:42 UTC 2019\n" SECOND,
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    const KtMachine *m = only_machine(s);
    assert_rate(m, "RES", 500);
    assert_rate(m, "LOC", 600);
    assert_rate(m, "24", 10);
    g_assert_cmpuint(kt_machine_find_interrupt(m, "RES")->total, ==, 5060);
  }
}

/* Without the time between there is no rate, nor with counters that went back. */
static void test_no_rates(void)
{
  static const char *const texts[] = {
      FIRST SECOND,
      "[root@a ~]# cat /proc/interrupts\n" FIRST "[root@a ~]# sleep 10; cat /proc/interrupts\n" SECOND,
      "Tue Oct 15 09:08:42 UTC 2019\n" SECOND "Tue Oct 15 09:08:52 UTC 2019\n" FIRST,
      "Tue Oct 15 09:08:42 UTC 2019\n" FIRST "Tue Oct 15 09:08:32 UTC 2019\n" SECOND,
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    assert_rate(only_machine(s), "RES", -1);
  }
}

static void test_wrapped(void)
{
  g_autoptr(KtSnapshot) s = read_text("CPU0 CPU1\nCPU2 CPU3\n"
                                      "RES: 1 2\n3 4 Rescheduling interrupts\n"
                                      "CAL: 5 6\n7 8 Function call interrupts\n");
  const KtMachine *m = only_machine(s);
  g_assert_true(kt_int_is(m->online, 4));
  g_assert_cmpuint(kt_machine_find_interrupt(m, "RES")->total, ==, 10);
  g_assert_cmpuint(kt_machine_find_interrupt(m, "CAL")->total, ==, 26);
}

/* A number torn in two by a line break gives one number too many: the row is left out. */
static void test_torn(void)
{
  g_autoptr(KtSnapshot) s = read_text("CPU0 CPU1\n"
                                      "LOC: 1 2 Local timer interrupts\n"
                                      "RES: 12 34 56 Rescheduling interrupts\n"
                                      "CAL: 5 6 Function call interrupts\n");
  const KtMachine *m = only_machine(s);
  g_assert_null(kt_machine_find_interrupt(m, "RES"));
  g_assert_cmpuint(kt_machine_find_interrupt(m, "CAL")->total, ==, 11);
}

static void test_truncated(void)
{
  static const char *const ends[] = {" CAL:   10   20   3", " CAL:   10   2", " CAL:", " CAL:   10   20   30\n$"};
  for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
    g_autofree char *text = g_strconcat("  CPU0 CPU1 CPU2\n RES: 1 2 3 Rescheduling interrupts\n", ends[i], NULL);
    g_autoptr(KtSnapshot) s = read_text(text);
    const KtMachine *m = only_machine(s);
    g_assert_cmpuint(kt_machine_find_interrupt(m, "RES")->total, ==, 6);
    g_assert_null(kt_machine_find_interrupt(m, "CAL"));
  }
}

static void test_refused(void)
{
  static const char *const texts[] = {"CPU NODE SOCKET CORE\n0 0 0 0\n", "CPU1 CPU0\n RES: 1 2 x\n",
                                      "CPU0 CPU1\nsome words: none\n"};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    for (guint k = 0; k < s->machines->len; k++)
      g_assert_cmpuint(((KtMachine *)s->machines->pdata[k])->interrupts->len, ==, 0);
  }
}

static void test_vmstat_counters(void)
{
  g_autoptr(KtSnapshot) s = read_text("Tue Oct 15 09:08:32 UTC 2019\n"
                                      "nr_free_pages 100\nnuma_hit 1000\nnuma_pages_migrated 5\n"
                                      "Tue Oct 15 09:08:42 UTC 2019\n"
                                      "nr_free_pages 200\nnuma_hit 2000\nnuma_pages_migrated 3");
  const KtMachine *m = only_machine(s);
  const KtCounter *hit = kt_machine_counter(m, "vmstat.numa_hit");
  g_assert_cmpint(hit->value, ==, 2000);
  g_assert_cmpfloat(hit->per_second.value, ==, 100);
  g_assert_false(kt_machine_counter(m, "vmstat.nr_free_pages")->per_second.known); /* a size, no counter */
  g_assert_null(kt_machine_counter(m, "vmstat.numa_pages_migrated"));              /* cut off */
}

static void test_proc_stat(void)
{
  g_autoptr(KtSnapshot) s = read_text("cpu  1000 0 500 8000 100 0 10 0 200 0\n"
                                      "cpu0 500 0 250 4000 50 0 5 0 100 0\ncpu2 500 0 250 4000 50 0 5 0 100 0\n"
                                      "intr 12345 0 0\nctxt 777\n\n"
                                      "cpu  1050 0 510 8030 100 0 10 10 210 0\n"
                                      "cpu0 500 0 250 4000 50 0 5 0 100 0\ncpu2 500 0 250 4000 50 0 5 0 100 0\n"
                                      "intr 12345 0 0\nctxt 888\n");
  const KtMachine *m = only_machine(s);
  g_autofree char *online = kt_set_format(m->online_set);
  g_assert_cmpstr(online, ==, "0,2");
  g_assert_cmpuint(m->activity->rows->len, ==, 1);
  const KtActivityRow *row = m->activity->rows->pdata[0];
  g_assert_cmpfloat_with_epsilon(row->pct[KT_CPU_USER].value, 40, 0.001); /* 50 less the 10 of guests */
  g_assert_cmpfloat_with_epsilon(row->pct[KT_CPU_GUEST].value, 10, 0.001);
  g_assert_cmpfloat_with_epsilon(row->pct[KT_CPU_STEAL].value, 10, 0.001);
  g_assert_cmpfloat_with_epsilon(row->pct[KT_CPU_IDLE].value, 30, 0.001);
}

static void test_vmstat_table(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n"
                " r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n"
                " 1  0      0 1000 2000 3000    0    0    10    20  300  400  1  2 97  0  0\n"
                " 9  0      0 1000 2000 3000    0    0    10    20  300  400 60 10 10  0 20\n"
                " 9  0      0 1000 2000 3000    0    0    10    20  300  400 60 10 400  0 20\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpuint(m->activity->rows->len, ==, 1); /* the first is since boot, the last cannot be */
  const KtActivityRow *row = m->activity->rows->pdata[0];
  g_assert_cmpfloat(row->pct[KT_CPU_STEAL].value, ==, 20);
  g_assert_false(row->pct[KT_CPU_USER].known); /* it holds nice time too */
  g_assert_cmpuint(s->rejected->len, ==, 1);
}

static void test_meminfo(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("MemTotal:       16384000 kB\nMemFree:         1000 kB\nHugePages_Total:       5\n");
  const KtMachine *m = only_machine(s);
  g_assert_true(kt_int_is(m->memory_kib, 16384000));
  g_assert_cmpint(kt_machine_counter(m, "meminfo.HugePages_Total")->value, ==, 5);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/interrupts/one-moment", test_one_moment);
  g_test_add_func("/interrupts/rates", test_rates);
  g_test_add_func("/interrupts/no-rates", test_no_rates);
  g_test_add_func("/interrupts/wrapped", test_wrapped);
  g_test_add_func("/interrupts/torn", test_torn);
  g_test_add_func("/interrupts/truncated", test_truncated);
  g_test_add_func("/interrupts/refused", test_refused);
  g_test_add_func("/counters/vmstat", test_vmstat_counters);
  g_test_add_func("/counters/stat", test_proc_stat);
  g_test_add_func("/counters/vmstat-table", test_vmstat_table);
  g_test_add_func("/counters/meminfo", test_meminfo);
  return g_test_run();
}
