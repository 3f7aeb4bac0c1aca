/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/clock.h"
#include "evidence/sar_row.h"
#include "read_fixture.h"

static void assert_field(const KtMachine *m, KtCpuField field, double mean, double max)
{
  double got_mean = -1, got_max = -1;
  g_assert_true(kt_activity_stat(m->activity, field, &got_mean, &got_max));
  g_assert_cmpfloat_with_epsilon(got_mean, mean, 0.005);
  g_assert_cmpfloat_with_epsilon(got_max, max, 0.005);
}

static void assert_no_field(const KtMachine *m, KtCpuField field)
{
  double mean, max;
  g_assert_false(kt_activity_stat(m->activity, field, &mean, &max));
}

static const KtActivityRow *row(const KtMachine *m, guint i)
{
  g_assert_cmpuint(i, <, m->activity->rows->len);
  return m->activity->rows->pdata[i];
}

static void test_plain(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("Linux 4.18.0-348.el8.x86_64 (db7) \t2019-10-14 \t_x86_64_\t(40 CPU)\n\n"
                "23:59:58        CPU     %user     %nice   %system   %iowait    %steal     %idle\n"
                "23:59:59        all     64.62      0.00     10.56      0.23      5.00     19.59\n"
                "00:00:01        all     78.94      0.00      9.28      0.19      1.00     10.59\n"
                "Average:        all     71.78      0.00      9.92      0.21      3.00     15.09\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpstr(m->name, ==, "db7");
  g_assert_cmpstr(m->kernel_release, ==, "4.18.0-348.el8.x86_64");
  g_assert_cmpstr(m->arch, ==, "x86_64");
  g_assert_true(kt_int_is(m->online, 40));
  g_assert_false(m->cpus.known);
  g_assert_cmpuint(m->activity->rows->len, ==, 2);
  assert_field(m, KT_CPU_USER, 71.78, 78.94);
  assert_field(m, KT_CPU_STEAL, 3.00, 5.00);
  assert_field(m, KT_CPU_IDLE, 15.09, 19.59);
  assert_no_field(m, KT_CPU_SOFT);
  g_assert_cmpfloat(row(m, 0)->seconds, ==, 1);
  g_assert_cmpfloat(row(m, 1)->seconds, ==, 2);
  g_assert_cmpint(row(m, 0)->epoch, ==, 1571097599); /* 2019-10-14 23:59:59 */
  g_assert_cmpint(row(m, 1)->epoch, ==, 1571097601);
  g_assert_cmpuint(kt_machine_cite_of(m, "activity")->line, ==, 4);
  g_assert_cmpuint(s->rejected->len, ==, 0);
}

static void test_languages(void)
{
  static const char *const texts[] = {
      "下午 04时34分26秒     CPU     %user     %nice   %system   %iowait    %steal     %idle\n"
      "下午 04时34分27秒     all     36.19     50.59      6.77      0.22      0.00      6.23\n"
      "下午 04时34分28秒     all     32.58     51.09      6.23      0.17      0.00      9.93\n"
      "平均时间:     all     34.39     50.84      6.50      0.20      0.00      8.08\n",
      "04:34:26 PM     CPU     %user     %nice   %system   %iowait    %steal     %idle\n"
      "04:34:27 PM     all     36.19     50.59      6.77      0.22      0.00      6.23\n"
      "04:34:28 PM     all     32.58     51.09      6.23      0.17      0.00      9.93\n"
      "Average:        all     34.39     50.84      6.50      0.20      0.00      8.08\n",
      "16:34:26        CPU     %user     %nice   %system   %iowait    %steal     %idle\n"
      "16:34:27        all     36,19     50,59      6,77      0,22      0,00      6,23\n"
      "16:34:28        all     32,58     51,09      6,23      0,17      0,00      9,93\n"
      "Durchschn.:     all     34,39     50,84      6,50      0,20      0,00      8,08\n",
      "16时34分26秒\tCPU\t%user\t%nice\t%system\t%iowait\t%steal\t%idle\n"
      "16时34分27秒\tall\t36.19\t50.59\t6.77\t0.22\t0.00\t6.23\n"
      "16时34分28秒\tall\t32.58\t51.09\t6.23\t0.17\t0.00\t9.93\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    const KtMachine *m = only_machine(s);
    g_assert_cmpuint(m->activity->rows->len, ==, 2);
    assert_field(m, KT_CPU_USER, 34.385, 36.19);
    assert_field(m, KT_CPU_IDLE, 8.08, 9.93);
    g_assert_cmpint(kt_clock_seconds(row(m, 1)->time), ==, 16 * 3600 + 34 * 60 + 28);
    g_assert_cmpfloat(row(m, 1)->seconds, ==, 1);
    g_assert_cmpint(row(m, 1)->epoch, ==, 0); /* no date */
    g_assert_null(m->kernel_release);
    g_assert_false(m->online.known);
  }
}

/* The published case's second table: torn header, no idle, no steal. */
static void test_cut_columns(void)
{
  g_autoptr(KtSnapshot) s = read_text("\tCPU\t%user\t%nice\t%system\t%iowait\n"
                                      "09:52:49\t\t\t\t\t\n"
                                      "09:52:50\tall\t2.67\t3.89\t2.70\t0.00\n"
                                      "09:52:51\tall\t1.42\t2.20\t1.95\t0.00\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpuint(m->activity->rows->len, ==, 2);
  assert_field(m, KT_CPU_USER, 2.045, 2.67);
  assert_field(m, KT_CPU_IOWAIT, 0, 0);
  assert_no_field(m, KT_CPU_IDLE);
  assert_no_field(m, KT_CPU_STEAL);
  g_assert_cmpfloat(row(m, 0)->seconds, ==, 1);
  double busy;
  g_assert_false(kt_activity_busy(m->activity, &busy));
}

static void test_missing_words(void)
{
  g_autoptr(KtSnapshot) s = read_text("%user %nice %system %iowait %steal %idle\n"
                                      "all 10.00 0.00 5.00 1.00 0.00 84.00\n"
                                      "all 20.00 0.00 5.00 1.00 0.00 74.00\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpuint(m->activity->rows->len, ==, 2);
  assert_field(m, KT_CPU_USER, 15, 20);
  g_assert_null(row(m, 0)->time);
}

static void test_per_cpu(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("10:00:00     CPU    %usr   %nice    %sys %iowait    %irq   %soft  %steal  %guest  %gnice   %idle\n"
                "10:00:01     all   50.00    0.00   10.00    0.00    0.00    1.00    0.00    0.00    0.00   39.00\n"
                "10:00:01       0   90.00    0.00   10.00    0.00    0.00    0.00    0.00    0.00    0.00    0.00\n"
                "10:00:01       1   10.00    0.00   10.00    0.00    0.00    2.00    0.00    0.00    0.00   78.00\n"
                "10:00:01       2    0.00    0.00    0.00    0.00    0.00    0.00    0.00    0.00    0.00    0.00\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpuint(m->activity->rows->len, ==, 1);
  assert_field(m, KT_CPU_SOFT, 1, 1);
  g_assert_cmpuint(g_hash_table_size(m->activity->per_cpu_busy), ==, 2); /* CPU 2 is offline */
  const KtNum *busy = g_hash_table_lookup(m->activity->per_cpu_busy, GUINT_TO_POINTER(1));
  g_assert_cmpfloat_with_epsilon(busy->value, 22, 0.001);
}

static void test_restart_and_days(void)
{
  g_autoptr(KtSnapshot) s = read_text("Linux 5.4.0 (a) \t14.10.2019 \t_x86_64_\t(2 CPU)\n\n"
                                      "17:00:00 CPU %user %nice %system %iowait %steal %idle\n"
                                      "17:00:01 all 10.00 0.00 5.00 1.00 0.00 84.00\n\n"
                                      "17:00:02        LINUX RESTART\t(2 CPU)\n\n"
                                      "17:00:05 CPU %user %nice %system %iowait %steal %idle\n"
                                      "17:00:06 all 20.00 0.00 5.00 1.00 0.00 74.00\n"
                                      "Linux 5.4.0 (a) \t15.10.2019 \t_x86_64_\t(2 CPU)\n\n"
                                      "17:00:00 CPU %user %nice %system %iowait %steal %idle\n"
                                      "17:00:01 all 10.00 0.00 5.00 1.00 0.00 84.00\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpuint(m->activity->rows->len, ==, 3);
  g_assert_cmpfloat(row(m, 1)->seconds, ==, 1);
  g_assert_cmpint(row(m, 2)->epoch - row(m, 0)->epoch, ==, 86400);
}

/* A row that cannot be is told with its line and its values count nowhere. */
static void test_rejected(void)
{
  g_autoptr(KtSnapshot) s = read_text("17:00:00 CPU %user %nice %system %iowait %steal %idle\n"
                                      "17:00:01 all 10.00 0.00 5.00 1.00 0.00 84.00\n"
                                      "17:00:02 all 20.00 0.00 5.00 1.00 0.00 3774.00\n"
                                      "17:00:03 all 20.00 0.00 5.00 1.00 0.00 24.00\n"
                                      "17:00:04 all -3.00 0.00 5.00 1.00 0.00 97.00\n"
                                      "17:00:05 all 12.00 0.00 5.00 1.00 0.00 82.00\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpuint(m->activity->rows->len, ==, 2);
  assert_field(m, KT_CPU_USER, 11, 12);
  assert_field(m, KT_CPU_IDLE, 83, 84);
  g_assert_cmpuint(s->rejected->len, ==, 3);
  for (guint i = 0; i < 3; i++) {
    const KtRejected *rejected = s->rejected->pdata[i];
    g_assert_cmpuint(rejected->line, ==, i + 3);
  }
}

/* A number at the cut end is not certain, even if it could be one. */
static void test_truncated(void)
{
  static const char *const ends[] = {"17:00:02 all 20.00 0.00 5.00 1.00 0.00 74.0", "17:00:02 all 20.00 0.00 5.00",
                                     "17:00:02 all 20.00 0.00 5.00 1.00 0.00", "17:00:02 al", "17:0"};
  for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
    g_autofree char *text = g_strconcat("17:00:00 CPU %user %nice %system %iowait %steal %idle\n"
                                        "17:00:01 all 10.00 0.00 5.00 1.00 0.00 84.00\n",
                                        ends[i], NULL);
    g_autoptr(KtSnapshot) s = read_text(text);
    const KtMachine *m = only_machine(s);
    g_assert_cmpuint(m->activity->rows->len, ==, 1);
    g_assert_cmpuint(s->rejected->len, ==, 0);
  }
}

static void test_other_tables(void)
{
  g_autoptr(KtSnapshot) s = read_text("10:00:00 CPU %user %nice %system %iowait %steal %idle\n"
                                      "10:00:01 all 10.00 0.00 5.00 1.00 0.00 84.00\n\n"
                                      "10:00:00 kbmemfree kbavail kbmemused %memused\n"
                                      "10:00:01 1000 2000 3000 60.00\n\n"
                                      "10:00:00 DEV tps %util\n"
                                      "10:00:01 all 10.00 50.00\n"
                                      "Architecture: x86_64\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpuint(m->activity->rows->len, ==, 1);
  g_assert_cmpstr(m->arch, ==, "x86_64");
  g_autoptr(KtSnapshot) pidstat = read_text("10:00:00 UID PID %usr %system %guest %wait %CPU CPU Command\n"
                                            "10:00:01 0 1234 10.00 1.00 0.00 0.00 11.00 3 java\n");
  g_assert_cmpuint(pidstat->machines->len, ==, 0);
}

static const char sadf_head[] =
    "{\"sysstat\": {\n\t\"hosts\": [\n\t\t{\n"
    "\t\t\t\"nodename\": \"db7\",\n\t\t\t\"sysname\": \"Linux\",\n"
    "\t\t\t\"release\": \"5.4.0-150-generic\",\n\t\t\t\"machine\": \"x86_64\",\n"
    "\t\t\t\"number-of-cpus\": 8,\n\t\t\t\"statistics\": [\n\t\t\t\t{\n"
    "\t\t\t\t\t\"timestamp\": {\"date\": \"2019-10-14\", \"time\": \"10:00:01\", \"utc\": 1, "
    "\"interval\": 1},\n\t\t\t\t\t\"cpu-load\": [\n"
    "{\"cpu\": \"all\", \"user\": 10.00, \"nice\": 0.00, \"system\": 5.00, \"iowait\": 1.00, "
    "\"steal\": 0.00, \"idle\": 84.00},\n"
    "{\"cpu\": \"0\", \"user\": 20.00, \"nice\": 0.00, \"system\": 5.00, \"iowait\": 1.00, "
    "\"steal\": 0.00, \"idle\": 74.00}\n";

static void test_sadf(void)
{
  g_autofree char *text = g_strconcat(sadf_head, "\t\t\t\t\t]\n\t\t\t\t}\n\t\t\t]\n\t\t}\n\t]\n}}\n", NULL);
  g_autoptr(KtSnapshot) s = read_text(text);
  const KtMachine *m = only_machine(s);
  g_assert_cmpstr(m->name, ==, "db7");
  g_assert_cmpstr(m->kernel_release, ==, "5.4.0-150-generic");
  g_assert_true(kt_int_is(m->online, 8));
  g_assert_cmpuint(m->activity->rows->len, ==, 1);
  assert_field(m, KT_CPU_IDLE, 84, 84);
  g_assert_cmpint(row(m, 0)->epoch, ==, 1571047201);
  g_assert_cmpfloat(row(m, 0)->seconds, ==, 1);
  g_assert_cmpuint(g_hash_table_size(m->activity->per_cpu_busy), ==, 1);
}

static void test_sadf_cut(void)
{
  g_autofree char *text = g_strconcat(sadf_head, ",{\"cpu\": \"all\", \"user\": 20.00, \"nice\": 0.00, \"sys", NULL);
  g_autoptr(KtSnapshot) s = read_text(text);
  const KtMachine *m = only_machine(s);
  g_assert_cmpuint(m->activity->rows->len, ==, 1);
  assert_field(m, KT_CPU_USER, 10, 10);
}

static void test_dates(void)
{
  g_assert_cmpint(kt_clock_days("2019-10-14"), ==, 18183);
  g_assert_cmpint(kt_clock_days("14.10.2019"), ==, 18183);
  g_assert_cmpint(kt_clock_days("10/14/2019"), ==, 18183);
  g_assert_cmpint(kt_clock_days("14/10/2019"), ==, 18183);
  g_assert_cmpint(kt_clock_days("2019年10月14日"), ==, 18183);
  g_assert_cmpint(kt_clock_days("Mon Oct 14 04:35:59 UTC 2019"), ==, 18183);
  g_assert_cmpint(kt_clock_days("10/11/2019"), ==, -1); /* October or November */
  g_assert_cmpint(kt_clock_days("11/09/15"), ==, -1);
  g_assert_cmpint(kt_clock_days("2019-02-30"), ==, -1);
  g_assert_cmpint(kt_clock_seconds("12:00:05 AM"), ==, 5);
  g_assert_cmpint(kt_clock_seconds("no time 99:99:99"), ==, -1);
  g_assert_cmpfloat(kt_clock_between("Mon Oct 14 23:59:55 UTC 2019", "Tue Oct 15 00:00:05 UTC 2019"), ==, 10);
  g_assert_cmpfloat(kt_clock_between("Xyz 04:00:00", "Xyz 04:00:30"), ==, 30);
  g_assert_cmpfloat(kt_clock_between("Xyz 04:00:00", "Abc 04:00:30"), ==, -1);
}

static void test_common_rows(void)
{
  const KtSarColumns columns = {.n = 3, .field = {KT_CPU_USER, KT_CPU_SYSTEM, KT_CPU_IDLE}, .extra = 0, .cpu = TRUE};
  KtSarRow r;
  g_assert_true(kt_sar_row_parse("10:00:01     all     62.57      5.00     32.43", &columns, &r));
  g_assert_cmpstr(r.time, ==, "10:00:01");
  g_assert_cmpint(r.clock, ==, 36001);
  g_assert_cmpint(r.cpu, ==, -1);
  g_assert_true(r.pct[KT_CPU_USER].known && r.pct[KT_CPU_USER].value == 62.57);
  g_assert_true(r.pct[KT_CPU_IDLE].known && r.pct[KT_CPU_IDLE].value == 32.43);
  g_assert_false(r.pct[KT_CPU_NICE].known);
  g_assert_true(kt_sar_row_parse("12:00:05 AM\t117\t62,57\t5,00\t32,43", &columns, &r));
  g_assert_cmpstr(r.time, ==, "12:00:05 AM");
  g_assert_cmpint(r.clock, ==, 5);
  g_assert_cmpint(r.cpu, ==, 117);
  g_assert_true(kt_sar_row_parse("04:34:27 PM all 62.57 5.00 32.43", &columns, &r));
  g_assert_cmpint(r.clock, ==, kt_clock_seconds("04:34:27 PM"));
  static const char *const others[] = {"10:00:01 all 62.57 5.00 32.4",
                                       "10:00:01 all 62.57 5.00",
                                       "10:00:01 all 62.57 5.00 32.43 1.00",
                                       "10:00:01 all 62.57 -5.00 32.43",
                                       "10:00:01 all 62.57 5.00 32.43.",
                                       "24:00:01 all 62.57 5.00 32.43",
                                       "10:00:01  PM all 62.57 5.00 32.43",
                                       "10:00:01 65536 62.57 5.00 32.43",
                                       "10:00:01 all 1234567890.57 5.00 3",
                                       "Average: all 62.57 5.00 32.43",
                                       "10:00:01 62.57 5.00 32.43",
                                       "10:00:01all 62.57 5.00 32.43",
                                       "10:00:01 all 62. 5. 32.",
                                       "10:0",
                                       "10:00:01",
                                       ""};
  for (guint i = 0; i < G_N_ELEMENTS(others); i++)
    g_assert_false(kt_sar_row_parse(others[i], &columns, &r));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sar/plain", test_plain);
  g_test_add_func("/sar/languages", test_languages);
  g_test_add_func("/sar/cut-columns", test_cut_columns);
  g_test_add_func("/sar/missing-words", test_missing_words);
  g_test_add_func("/sar/per-cpu", test_per_cpu);
  g_test_add_func("/sar/restart-and-days", test_restart_and_days);
  g_test_add_func("/sar/rejected", test_rejected);
  g_test_add_func("/sar/truncated", test_truncated);
  g_test_add_func("/sar/other-tables", test_other_tables);
  g_test_add_func("/sar/common-rows", test_common_rows);
  g_test_add_func("/sadf/plain", test_sadf);
  g_test_add_func("/sadf/cut", test_sadf_cut);
  g_test_add_func("/clock/dates", test_dates);
  return g_test_run();
}
