/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interval of a difference: how often it holds the truth, how wide it is, and its edges. */
#include <math.h>

#include "verify/bootstrap.h"

#define DRAWS 500
#define MOST 600

static double normal(GRand *random)
{
  double u = g_rand_double(random), v = g_rand_double(random);
  return sqrt(-2 * log(1 - u)) * cos(2 * G_PI * v);
}

static double skewed(GRand *random) /* exponential, mean 0 */
{
  return -log(1 - g_rand_double(random)) - 1;
}

/* AR(1) around `mean`, stationary from the start. */
static void simulate(GRand *random, double (*noise)(GRand *), double mean, double echo, double *values, guint n)
{
  double state = noise(random) / sqrt(1 - echo * echo);
  for (guint i = 0; i < n; i++) {
    state = echo * state + noise(random);
    values[i] = mean + state;
  }
}

/* Of `runs` pairs whose means are `apart`: percent of intervals that hold it; *width: mean width. */
static double coverage(double (*noise)(GRand *), double echo, guint n, double apart, guint runs, double *width)
{
  double before[MOST], after[MOST];
  GRand *random = g_rand_new_with_seed(7);
  guint holds = 0;
  *width = 0;
  for (guint i = 0; i < runs; i++) {
    KtShift d;
    simulate(random, noise, 40, echo, before, n);
    simulate(random, noise, 40 + apart, echo, after, n);
    g_assert_true(kt_bootstrap_difference(before, n, after, n, 0.95, DRAWS, &d));
    g_assert_cmpfloat(d.low, <=, d.high);
    holds += d.low <= apart && apart <= d.high;
    *width += (d.high - d.low) / runs;
  }
  g_rand_free(random);
  return 100.0 * holds / runs;
}

static void test_coverage(void)
{
  static const struct {
    double (*noise)(GRand *);
    double echo;
    guint n;
    double least; /* percent; 300 runs of a true 95 % lie above 92 in 99 of 100 cases */
  } cases[] = {
      {normal, 0, 10, 92},   {normal, 0, 60, 92},   {skewed, 0, 60, 91},    {normal, 0.5, 30, 90},
      {normal, 0.5, 60, 90}, {skewed, 0.5, 60, 90}, {normal, 0.7, 120, 90}, {normal, 0.9, 300, 88},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    double width, pct = coverage(cases[i].noise, cases[i].echo, cases[i].n, 3, 300, &width);
    g_test_message("echo %.1f, %u values: %.1f %% hold the truth, width %.2f", cases[i].echo, cases[i].n, pct, width);
    g_assert_cmpfloat(pct, >=, cases[i].least);
  }
}

/* Against theory: 2 * 1.96 * sqrt(2 / n) / (1 - echo). */
static void test_width(void)
{
  static const struct {
    double echo;
    guint n;
  } cases[] = {{0, 100}, {0, 400}, {0.5, 200}, {0.7, 400}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    double width, theory = 2 * 1.96 * sqrt(2.0 / cases[i].n) / (1 - cases[i].echo);
    coverage(normal, cases[i].echo, cases[i].n, 0, 60, &width);
    g_assert_cmpfloat(width, >, theory * 0.92);
    g_assert_cmpfloat(width, <, theory * 1.15);
  }
}

static void test_blocks(void)
{
  double values[MOST];
  GRand *random = g_rand_new_with_seed(3);
  double alone = 0, alike = 0;
  for (guint i = 0; i < 20; i++) {
    simulate(random, normal, 0, 0, values, MOST);
    alone += kt_bootstrap_block(values, MOST) / 20;
    simulate(random, normal, 0, 0.8, values, MOST);
    alike += kt_bootstrap_block(values, MOST) / 20;
  }
  g_assert_cmpfloat(alone, <, 3);
  g_assert_cmpfloat(alike, >, 10); /* by the papers' formula about (1.5 * 4.44^2 * 600)^(1/3) = 26 */
  g_assert_cmpfloat(alike, <, 40);
  for (guint i = 0; i < MOST; i++)
    values[i] = 5;
  g_assert_cmpfloat(kt_bootstrap_block(values, MOST), ==, 1);
  g_rand_free(random);
}

static void test_constant(void)
{
  const double flat[] = {5, 5, 5, 5, 5, 5}, lower[] = {2, 2, 2, 2, 2};
  KtShift d;
  g_assert_true(kt_bootstrap_difference(flat, 6, lower, 5, 0.95, DRAWS, &d));
  g_assert_cmpfloat(d.before, ==, 5);
  g_assert_cmpfloat(d.after, ==, 2);
  g_assert_cmpfloat(d.low, ==, -3);
  g_assert_cmpfloat(d.high, ==, -3);
  const double some[] = {1, 2, 3, 2, 1, 2, 3, 2};
  g_assert_true(kt_bootstrap_difference(flat, 6, some, 8, 0.95, DRAWS, &d)); /* one of them is constant */
  g_assert_cmpfloat(d.low, <, -3);
  g_assert_cmpfloat(d.high, >, -3);
  g_assert_cmpfloat(d.high, <, 0);
}

static void test_few(void)
{
  const double values[] = {1, NAN, 2, INFINITY, 3, 4, NAN};
  KtShift d;
  g_assert_false(kt_bootstrap_difference(values, 7, values, 7, 0.95, DRAWS, &d)); /* four are known */
  g_assert_cmpuint(d.n_before, ==, 4);
  g_assert_cmpfloat(d.before, ==, 2.5);
  g_assert_true(isnan(d.low) && isnan(d.high));
  g_assert_false(kt_bootstrap_difference(values, 1, values, 0, 0.95, DRAWS, &d));
  g_assert_cmpfloat(d.before, ==, 1);
  g_assert_true(isnan(d.after));
  g_assert_cmpuint(d.n_after, ==, 0);
}

/* One value among many that are alike: draws without it must not make an interval without end. */
static void test_rare(void)
{
  double before[40] = {0}, after[40] = {0};
  before[7] = 100;
  KtShift d;
  g_assert_true(kt_bootstrap_difference(before, 40, after, 40, 0.95, DRAWS, &d));
  g_assert_true(isfinite(d.low) && isfinite(d.high));
  g_assert_cmpfloat(d.low, <=, 0);
  g_assert_cmpfloat(d.high, >=, 0);
}

static void test_gaps(void)
{
  double values[30], gaps[60], other[30];
  GRand *random = g_rand_new_with_seed(5);
  simulate(random, normal, 10, 0.3, values, 30);
  simulate(random, normal, 12, 0.3, other, 30);
  for (guint i = 0; i < 60; i++)
    gaps[i] = i % 2 ? values[i / 2] : NAN;
  KtShift with, without;
  g_assert_true(kt_bootstrap_difference(gaps, 60, other, 30, 0.95, DRAWS, &with));
  g_assert_true(kt_bootstrap_difference(values, 30, other, 30, 0.95, DRAWS, &without));
  g_assert_cmpfloat(with.low, ==, without.low); /* and the same again is the same */
  g_assert_cmpfloat(with.high, ==, without.high);
  g_rand_free(random);
}

static void test_long(void)
{
  guint n = 43200; /* a day, a value every other second */
  double *before = g_new(double, n), *after = g_new(double, n);
  GRand *random = g_rand_new_with_seed(9);
  simulate(random, normal, 50, 0.8, before, n);
  simulate(random, normal, 50.5, 0.8, after, n);
  KtShift d;
  g_assert_true(kt_bootstrap_difference(before, n, after, n, 0.95, DRAWS, &d));
  g_assert_cmpuint(d.n_before, <=, KT_BOOTSTRAP_MAX);
  g_assert_cmpfloat(d.low, >, 0.2);
  g_assert_cmpfloat(d.high, <, 0.8);
  g_rand_free(random);
  g_free(before);
  g_free(after);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/bootstrap/coverage", test_coverage);
  g_test_add_func("/bootstrap/width", test_width);
  g_test_add_func("/bootstrap/blocks", test_blocks);
  g_test_add_func("/bootstrap/constant", test_constant);
  g_test_add_func("/bootstrap/few", test_few);
  g_test_add_func("/bootstrap/rare", test_rare);
  g_test_add_func("/bootstrap/gaps", test_gaps);
  g_test_add_func("/bootstrap/long", test_long);
  return g_test_run();
}
