/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bootstrap.h"

#include <math.h>

#define BLOCKS_MOST 150
#define SEED 20151109 /* any; the day of the case's first table */

/* ---- one series ---- */

typedef struct {
  double *sums; /* sums[i]: of the first i values, over the series twice, so that blocks go round */
  guint n, block, blocks;
  double mean, error; /* standard error of the mean */
} Series;

static void series_clear(Series *s)
{
  g_free(s->sums);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Series, series_clear)

/* Known values; of many, means of neighbours. Caller frees. */
static double *known_values(const double *values, guint n, guint *count)
{
  g_autofree double *known = g_new(double, n + 1);
  guint k = 0;
  for (guint i = 0; i < n; i++)
    if (isfinite(values[i]))
      known[k++] = values[i];
  *count = k;
  guint group = (k + KT_BOOTSTRAP_MAX - 1) / KT_BOOTSTRAP_MAX;
  if (group < 2)
    return g_steal_pointer(&known);
  guint out = 0;
  for (guint i = 0; i + group <= k; i += group) {
    double sum = 0;
    for (guint j = 0; j < group; j++)
      sum += known[i + j];
    known[out++] = sum / group;
  }
  *count = out;
  return g_steal_pointer(&known);
}

static double mean_of(const double *values, guint n)
{
  double sum = 0;
  for (guint i = 0; i < n; i++)
    sum += values[i];
  return sum / n;
}

static double autocovariance(const double *values, guint n, double mean, guint lag)
{
  double sum = 0;
  for (guint i = 0; i + lag < n; i++)
    sum += (values[i] - mean) * (values[i + lag] - mean);
  return sum / n;
}

/* The lag behind which the next ones are all as good as zero. */
static guint last_lag(const double *values, guint n, double mean, double variance)
{
  guint look = MAX(5, (guint)ceil(sqrt(log10(n)))), last = MIN(n / 2, (guint)ceil(sqrt(n)) + look), quiet = 0;
  double small = 2 * sqrt(log10(n) / n);
  for (guint lag = 1; lag <= last; lag++) {
    quiet = fabs(autocovariance(values, n, mean, lag)) < small * variance ? quiet + 1 : 0;
    if (quiet == look)
      return lag - look;
  }
  return last - MIN(last, quiet);
}

/* Weight of a lag in the flat-top window. */
static double window(double part)
{
  return part <= 0.5 ? 1 : part <= 1 ? 2 * (1 - part) : 0;
}

double kt_bootstrap_block(const double *values, guint n)
{
  double mean = mean_of(values, n), variance = autocovariance(values, n, mean, 0);
  if (!(variance > 0))
    return 1;
  guint lags = MAX(2 * last_lag(values, n, mean, variance), 1);
  double spread = variance, slope = 0; /* g(0) and G of the paper */
  for (guint lag = 1; lag <= lags && lag < n; lag++) {
    double part = 2 * window((double)lag / lags) * autocovariance(values, n, mean, lag);
    spread += part;
    slope += lag * part;
  }
  double block = spread > 0 ? cbrt(1.5 * slope * slope / (spread * spread) * n) : n;
  return CLAMP(block, 1, n / 3.0);
}

static double block_mean(const Series *s, guint start)
{
  return (s->sums[start + s->block] - s->sums[start]) / s->block;
}

/* How much of a value stays in the next one. */
static double echo_of(const double *values, guint n, double mean)
{
  double variance = autocovariance(values, n, mean, 0);
  if (!(variance > 0))
    return 0;
  double echo = autocovariance(values, n, mean, 1) / variance;
  return CLAMP((echo + 1.0 / n) / MAX(1 - 3.0 / n, 0.5), 0, 1 - 1 / sqrt(n));
}

/* `values` has n >= KT_BOOTSTRAP_MIN of them. */
static void series_init(Series *s, const double *values, guint n)
{
  *s = (Series){.n = n - 1, .sums = g_new0(double, 2 * n + 1), .mean = mean_of(values, n)};
  g_autofree double *news = g_new(double, n);
  double echo = echo_of(values, n, s->mean), rest = 1 - echo;
  for (guint i = 0; i + 1 < n; i++) /* on the scale of the mean */
    news[i] = (values[i + 1] - s->mean - echo * (values[i] - s->mean)) / rest;
  double centre = mean_of(news, s->n);
  double least = (double)s->n / BLOCKS_MOST; /* more blocks only take time */
  s->block = (guint)ceil(MAX(kt_bootstrap_block(news, s->n), least) - 1e-9);
  s->blocks = (s->n + s->block - 1) / s->block;
  for (guint i = 0; i < 2 * s->n; i++)
    s->sums[i + 1] = s->sums[i] + news[i % s->n] - centre;
  double squares = 0;
  for (guint start = 0; start < s->n; start++)
    squares += block_mean(s, start) * block_mean(s, start);
  s->error = sqrt(squares / s->n / MAX(s->blocks - 1, 1));
}

/* One draw: how far its mean is from the series', and the standard error that its blocks tell. */
static double draw(const Series *s, GRand *random, double *error)
{
  double sum = 0, squares = 0;
  for (guint i = 0; i < s->blocks; i++) {
    double mean = block_mean(s, (guint)(((guint64)g_rand_int(random) * s->n) >> 32));
    sum += mean;
    squares += mean * mean;
  }
  double mean = sum / s->blocks, variance = MAX(squares / s->blocks - mean * mean, 0);
  *error = sqrt(variance / MAX(s->blocks - 1, 1));
  return mean;
}

/* ---- two series ---- */

static int by_size(gconstpointer a, gconstpointer b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* How many standard errors the draws are away, in order. Caller frees. */
static double *draw_all(const Series *before, const Series *after, guint draws)
{
  double *distances = g_new(double, draws), least = hypot(before->error, after->error) / 4;
  GRand *random = g_rand_new_with_seed(SEED);
  for (guint i = 0; i < draws; i++) {
    double error_before, error_after;
    double moved = -draw(before, random, &error_before);
    moved += draw(after, random, &error_after);
    /* blocks that happen to be all alike are no proof of certainty */
    distances[i] = moved / MAX(hypot(error_before, error_after), least);
  }
  g_rand_free(random);
  qsort(distances, draws, sizeof *distances, by_size);
  return distances;
}

gboolean kt_bootstrap_difference(const double *before, guint n_before, const double *after, guint n_after,
                                 double confidence, guint draws, KtShift *shift)
{
  g_autofree double *known_before = known_values(before, n_before, &n_before);
  g_autofree double *known_after = known_values(after, n_after, &n_after);
  *shift = (KtShift){.before = n_before ? mean_of(known_before, n_before) : NAN,
                     .after = n_after ? mean_of(known_after, n_after) : NAN,
                     .low = NAN,
                     .high = NAN,
                     .n_before = n_before,
                     .n_after = n_after};
  if (n_before < KT_BOOTSTRAP_MIN || n_after < KT_BOOTSTRAP_MIN)
    return FALSE;
  g_auto(Series) first, second;
  series_init(&first, known_before, n_before);
  series_init(&second, known_after, n_after);
  shift->block_before = first.block;
  shift->block_after = second.block;
  double estimate = second.mean - first.mean, error = hypot(first.error, second.error);
  if (!(error > 0)) {
    shift->low = shift->high = estimate;
    return TRUE;
  }
  g_autofree double *distances = draw_all(&first, &second, draws);
  guint tail = (guint)((1 - confidence) / 2 * draws);
  shift->low = estimate - distances[draws - 1 - tail] * error;
  shift->high = estimate - distances[tail] * error;
  return TRUE;
}
