/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Better, no effect, worse, cannot tell: on simulated loads, and on the tables of the published case. */
#include <math.h>
#include <string.h>

#include "evidence/evidence.h"
#include "verify/measured.h"
#include "verify/verdict.h"

typedef struct {
  double cpu, net, locality; /* means; net 0: nobody counts packets */
  double spread;             /* of one value, a part of the mean */
  double echo;
} Load;

static double normal(GRand *random)
{
  double u = g_rand_double(random), v = g_rand_double(random);
  return sqrt(-2 * log(1 - u)) * cos(2 * G_PI * v);
}

static void add(KtMeasurement *m, GRand *random, KtMetric metric, double mean, const Load *load, guint n)
{
  KtSeries *series = kt_measurement_series(m, "web", "u-1", metric);
  double state = 0;
  for (guint i = 0; i < n; i++) {
    state = load->echo * state + sqrt(1 - load->echo * load->echo) * normal(random);
    double value = MAX(mean * (1 + load->spread * state), 0);
    g_array_append_val(series->values, value);
  }
}

/* A domain: CPU time that follows its packets, and interrupts that do. */
static KtMeasurement *measured(GRand *random, Load load, guint n)
{
  KtMeasurement *m = kt_measurement_new("host1", "2026-11-25T10:00:00Z", 2);
  add(m, random, KT_METRIC_CPU_PCT, load.cpu, &load, n);
  add(m, random, KT_METRIC_EXITS, 200 * load.cpu, &load, n);
  if (load.net > 0)
    add(m, random, KT_METRIC_THROUGHPUT_NET, load.net, &load, n);
  if (load.locality >= 0) {
    const Load steady = {0};
    add(m, random, KT_METRIC_LOCALITY_PCT, load.locality, &steady, n);
  }
  return m;
}

static KtJudgement *compare(GRand *random, Load before, Load after, guint n)
{
  /* the verdict points into the measurements; tests of rows use kt_judgement_new() */
  KtMeasurement *a = measured(random, before, n), *b = measured(random, after, n);
  KtJudgement *verdict = kt_judgement_new(a, b, FALSE);
  kt_measurement_free(a);
  kt_measurement_free(b);
  return verdict;
}

static const KtSubjectVerdict *only(const KtJudgement *verdict)
{
  g_assert_cmpuint(verdict->subjects->len, ==, 1);
  return verdict->subjects->pdata[0];
}

static const KtComparison *row(const KtJudgement *verdict, KtMetric metric)
{
  const KtSubjectVerdict *subject = only(verdict);
  for (guint i = 0; i < subject->rows->len; i++)
    if (((const KtComparison *)subject->rows->pdata[i])->metric == metric)
      return subject->rows->pdata[i];
  g_assert_not_reached();
}

static void test_noise(void)
{
  static const Load loads[] = {
      {.cpu = 40, .net = 5000, .locality = 60, .spread = 0.1, .echo = 0},
      {.cpu = 40, .net = 5000, .locality = -1, .spread = 0.1, .echo = 0.5},
      {.cpu = 3, .net = 400, .locality = 99, .spread = 0.2, .echo = 0.3},
  };
  for (guint k = 0; k < G_N_ELEMENTS(loads); k++) {
    GRand *random = g_rand_new_with_seed(11 + k);
    guint counts[KT_VERDICTS] = {0};
    for (guint i = 0; i < 100; i++) {
      g_autoptr(KtJudgement) verdict = compare(random, loads[k], loads[k], 60);
      counts[verdict->kind]++;
    }
    g_test_message("load %u: %u no effect, %u better, %u worse, %u cannot tell", k, counts[KT_VERDICT_NO_EFFECT],
                   counts[KT_VERDICT_BETTER], counts[KT_VERDICT_WORSE], counts[KT_VERDICT_CANNOT_TELL]);
    g_assert_cmpuint(counts[KT_VERDICT_NO_EFFECT], >=, 95);
    g_rand_free(random);
  }
}

static void test_small_worsening(void)
{
  GRand *random = g_rand_new_with_seed(2);
  const Load before = {.cpu = 40, .net = 5000, .locality = -1, .spread = 0.08, .echo = 0.4};
  Load after = before;
  after.cpu = 44; /* a tenth more, for the same work */
  guint found = 0;
  for (guint i = 0; i < 20; i++) {
    g_autoptr(KtJudgement) verdict = compare(random, before, after, 300);
    found += verdict->kind == KT_VERDICT_WORSE;
    g_assert_cmpint(verdict->kind, !=, KT_VERDICT_BETTER);
  }
  g_assert_cmpuint(found, >=, 19);
  g_rand_free(random);
}

static void test_too_small_to_matter(void)
{
  GRand *random = g_rand_new_with_seed(4);
  const Load before = {.cpu = 60, .net = 5000, .locality = -1, .spread = 0.005, .echo = 0};
  Load after = before;
  after.cpu = 61; /* certain, and nothing to care about */
  g_autoptr(KtJudgement) verdict = compare(random, before, after, 300);
  g_assert_cmpint(verdict->kind, ==, KT_VERDICT_NO_EFFECT);
  g_assert_cmpfloat(row(verdict, KT_METRIC_CPU_PCT)->shift.low, >, 0);
  g_rand_free(random);
}

static void test_same_load(void)
{
  GRand *random = g_rand_new_with_seed(1);
  const Load before = {.cpu = 60, .net = 5000, .locality = 0, .spread = 0.1, .echo = 0.3};
  const Load after = {.cpu = 30, .net = 5020, .locality = 99, .spread = 0.1, .echo = 0.3};
  g_autoptr(KtJudgement) verdict = compare(random, before, after, 120);
  g_assert_cmpint(verdict->kind, ==, KT_VERDICT_BETTER);
  g_assert_cmpint(only(verdict)->load, ==, KT_LOAD_SAME);
  const KtComparison *cpu = row(verdict, KT_METRIC_CPU_PCT);
  g_assert_cmpint(cpu->kind, ==, KT_VERDICT_BETTER);
  g_assert_false(cpu->per_work);
  g_assert_cmpfloat(cpu->shift.high, <, -20);
  g_assert_cmpint(row(verdict, KT_METRIC_LOCALITY_PCT)->kind, ==, KT_VERDICT_BETTER);
  g_assert_cmpfloat_with_epsilon(verdict->confidence, 1 - 0.01 / 3, 1e-9);
  g_rand_free(random);
}

/* Half the CPU use by less work is no gain; less CPU use for each packet is one. */
static void test_other_load(void)
{
  GRand *random = g_rand_new_with_seed(1);
  const Load before = {.cpu = 60, .net = 5000, .locality = -1, .spread = 0.1, .echo = 0.3};
  const Load idle = {.cpu = 36, .net = 3000, .locality = -1, .spread = 0.1, .echo = 0.3};
  g_autoptr(KtJudgement) less = compare(random, before, idle, 200);
  g_assert_cmpint(only(less)->load, ==, KT_LOAD_OTHER);
  g_assert_cmpfloat_with_epsilon(only(less)->load_ratio, 0.6, 0.03);
  g_assert_true(row(less, KT_METRIC_CPU_PCT)->per_work);
  g_assert_cmpint(less->kind, ==, KT_VERDICT_NO_EFFECT);
  const Load cheaper = {.cpu = 36, .net = 6000, .locality = -1, .spread = 0.1, .echo = 0.3};
  g_autoptr(KtJudgement) better = compare(random, before, cheaper, 200);
  g_assert_cmpint(better->kind, ==, KT_VERDICT_BETTER);
  g_assert_cmpfloat_with_epsilon(row(better, KT_METRIC_CPU_PCT)->shift.after, 30, 2);
  const Load dearer = {.cpu = 60, .net = 3000, .locality = -1, .spread = 0.1, .echo = 0.3};
  g_autoptr(KtJudgement) worse = compare(random, before, dearer, 200); /* the same CPU use for less work */
  g_assert_cmpint(worse->kind, ==, KT_VERDICT_WORSE);
  const Load tiny = {.cpu = 2, .net = 300, .locality = -1, .spread = 0.1, .echo = 0.3};
  g_autoptr(KtJudgement) unlike = compare(random, before, tiny, 200); /* too far apart to compare */
  g_assert_cmpint(unlike->kind, ==, KT_VERDICT_CANNOT_TELL);
  g_assert_cmpint(row(unlike, KT_METRIC_CPU_PCT)->doubt, ==, KT_DOUBT_LOAD);
  g_rand_free(random);
}

static void test_unknown_load(void)
{
  GRand *random = g_rand_new_with_seed(1);
  const Load before = {.cpu = 60, .locality = -1, .spread = 0.1}, after = {.cpu = 30, .locality = -1, .spread = 0.1};
  g_autoptr(KtMeasurement) a = measured(random, before, 100), b = measured(random, after, 100);
  g_autoptr(KtJudgement) strict = kt_judgement_new(a, b, FALSE), stated = kt_judgement_new(a, b, TRUE);
  g_assert_cmpint(strict->kind, ==, KT_VERDICT_CANNOT_TELL);
  g_assert_cmpint(only(strict)->load, ==, KT_LOAD_UNKNOWN);
  g_assert_cmpint(stated->kind, ==, KT_VERDICT_BETTER);
  g_assert_cmpint(only(stated)->load, ==, KT_LOAD_STATED);
  /* where memory lies needs no word on the load */
  const Load away = {.cpu = 60, .locality = 10, .spread = 0.1}, near = {.cpu = 30, .locality = 99, .spread = 0.1};
  g_autoptr(KtJudgement) moved = compare(random, away, near, 100);
  g_assert_cmpint(moved->kind, ==, KT_VERDICT_BETTER);
  g_assert_cmpint(row(moved, KT_METRIC_CPU_PCT)->kind, ==, KT_VERDICT_CANNOT_TELL);
  g_rand_free(random);
}

static void test_wild(void)
{
  GRand *random = g_rand_new_with_seed(6);
  const Load load = {.cpu = 40, .net = 5000, .locality = -1, .spread = 0.9, .echo = 0.9};
  guint wrong = 0;
  for (guint i = 0; i < 50; i++) {
    g_autoptr(KtJudgement) verdict = compare(random, load, load, 30);
    wrong += verdict->kind == KT_VERDICT_BETTER || verdict->kind == KT_VERDICT_WORSE;
  }
  g_assert_cmpuint(wrong, <=, 6);
  g_rand_free(random);
}

static void put(KtMeasurement *m, const char *domain, const char *uuid, KtMetric metric, double value)
{
  KtSeries *series = kt_measurement_series(m, domain, uuid, metric);
  for (guint i = 0; i < 10; i++)
    g_array_append_val(series->values, value);
}

/* One domain paid for another's gain; one is gone; one was renamed; the machine itself does not count beside them. */
static void test_subjects(void)
{
  g_autoptr(KtMeasurement) a = kt_measurement_new(NULL, NULL, 2), b = kt_measurement_new(NULL, NULL, 2);
  put(a, "web", "u-1", KT_METRIC_CPU_PCT, 80);
  put(b, "web2", "u-1", KT_METRIC_CPU_PCT, 20);
  put(a, "db", "u-2", KT_METRIC_CPU_PCT, 20);
  put(b, "db", "u-2", KT_METRIC_CPU_PCT, 20.2);
  put(a, "gone", "u-3", KT_METRIC_CPU_PCT, 20);
  put(a, NULL, NULL, KT_METRIC_CPU_PCT, 20);
  put(b, NULL, NULL, KT_METRIC_CPU_PCT, 90);
  g_autoptr(KtJudgement) verdict = kt_judgement_new(a, b, TRUE);
  g_assert_cmpint(verdict->kind, ==, KT_VERDICT_BETTER);
  g_assert_cmpuint(verdict->subjects->len, ==, 3);
  g_assert_cmpstr(((const KtSubjectVerdict *)verdict->subjects->pdata[0])->domain, ==, "db");
  const KtSubjectVerdict *machine = verdict->subjects->pdata[2];
  g_assert_null(machine->domain);
  g_assert_cmpint(machine->kind, ==, KT_VERDICT_WORSE);
  g_assert_cmpuint(verdict->missing->len, ==, 1);
  g_assert_cmpstr(verdict->missing->pdata[0], ==, "gone");
  put(a, "db", "u-2", KT_METRIC_WAIT_PCT, 0);
  put(b, "db", "u-2", KT_METRIC_WAIT_PCT, 15);
  g_autoptr(KtJudgement) worse = kt_judgement_new(a, b, TRUE);
  g_assert_cmpint(worse->kind, ==, KT_VERDICT_WORSE);
  g_autoptr(KtMeasurement) empty = kt_measurement_new(NULL, NULL, 2);
  g_autoptr(KtJudgement) nothing = kt_judgement_new(empty, b, TRUE);
  g_assert_cmpint(nothing->kind, ==, KT_VERDICT_CANNOT_TELL);
}

/* ---- the published case ---- */

static KtMeasurement *measured_case(const char *which)
{
  g_autofree char *path = g_build_filename(g_getenv("KT_SOURCE"), "examples", "crm-case", which, NULL);
  const char *const paths[] = {path, NULL};
  g_autoptr(GError) error = NULL;
  g_autoptr(KtSnapshot) snapshot = kt_evidence_read(paths, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(snapshot->machines->len, ==, 1);
  return kt_measured_of(snapshot->machines->pdata[0]);
}

static void test_case(void)
{
  g_autoptr(KtMeasurement) before = measured_case("before"), after = measured_case("after");
  g_assert_nonnull(before);
  g_assert_nonnull(after);
  g_autoptr(KtJudgement) verdict = kt_judgement_new(before, after, TRUE);
  g_assert_cmpint(verdict->kind, ==, KT_VERDICT_BETTER);
  const KtComparison *cpu = row(verdict, KT_METRIC_CPU_PCT);
  g_assert_cmpuint(cpu->shift.n_before, ==, 21);
  g_assert_cmpuint(cpu->shift.n_after, ==, 6);
  g_assert_cmpfloat_with_epsilon(cpu->shift.before, 75.5, 0.5); /* by hand, of the table */
  g_assert_cmpfloat_with_epsilon(cpu->shift.after, 8.5, 0.2);
  g_assert_cmpfloat(cpu->shift.high, <, -15);
  g_assert_cmpfloat(cpu->shift.low, >, -130);
}

static void test_measured(void)
{
  g_autoptr(KtMachine) machine = kt_machine_new();
  g_assert_null(kt_measured_of(machine));
  KtActivityRow rows[3] = {{.seconds = 10}, {.seconds = 10}, {0}};
  rows[0].pct[KT_CPU_USER] = rows[0].pct[KT_CPU_SYSTEM] = KT_NUM(10); /* no idle column */
  rows[0].pct[KT_CPU_NICE] = KT_NUM(5);
  rows[1].pct[KT_CPU_IDLE] = KT_NUM(60);
  rows[1].pct[KT_CPU_IOWAIT] = KT_NUM(15);
  rows[1].pct[KT_CPU_STEAL] = KT_NUM(2);
  rows[2].pct[KT_CPU_USER] = KT_NUM(10); /* tells too little */
  for (guint i = 0; i < 3; i++)
    kt_activity_add(kt_machine_activity(machine), &rows[i]);
  g_autoptr(KtMeasurement) m = kt_measured_of(machine);
  const GArray *cpu = kt_measurement_find(m, NULL, KT_METRIC_CPU_PCT)->values;
  g_assert_cmpfloat(g_array_index(cpu, double, 0), ==, 25);
  g_assert_cmpfloat(g_array_index(cpu, double, 1), ==, 25);
  g_assert_true(isnan(g_array_index(cpu, double, 2)));
  g_assert_true(isnan(g_array_index(kt_measurement_find(m, NULL, KT_METRIC_STEAL_PCT)->values, double, 0)));
  g_assert_cmpfloat(m->interval_s, ==, 10);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/verdict/noise", test_noise);
  g_test_add_func("/verdict/small-worsening", test_small_worsening);
  g_test_add_func("/verdict/too-small-to-matter", test_too_small_to_matter);
  g_test_add_func("/verdict/same-load", test_same_load);
  g_test_add_func("/verdict/other-load", test_other_load);
  g_test_add_func("/verdict/unknown-load", test_unknown_load);
  g_test_add_func("/verdict/wild", test_wild);
  g_test_add_func("/verdict/subjects", test_subjects);
  g_test_add_func("/verdict/case", test_case);
  g_test_add_func("/verdict/measured", test_measured);
  return g_test_run();
}
