/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verdict.h"

#include <math.h>

#define DRAWS_MOST 10000
#define ROWS_MOST 50 /* more cannot be told apart by so many draws */

const char *const kt_verdict_names[KT_VERDICTS] = {
    [KT_VERDICT_CANNOT_TELL] = "cannot tell",
    [KT_VERDICT_NO_EFFECT] = "no effect",
    [KT_VERDICT_BETTER] = "better",
    [KT_VERDICT_WORSE] = "worse",
};

const char *const kt_load_names[KT_LOADS] = {
    [KT_LOAD_UNKNOWN] = "unknown",
    [KT_LOAD_SAME] = "same",
    [KT_LOAD_OTHER] = "other",
    [KT_LOAD_STATED] = "stated",
};

typedef enum { COST = 1, CAUSE, SHOWN } Rank;

// clang-format off
static const struct {
  Rank rank;           /* 0: says how much work was done, and is no row */
  gboolean scales;     /* grows with work */
  gboolean any_load;   /* does not depend on the load */
  double floor;        /* a difference below this never matters */
} rules[KT_METRICS] = {
    [KT_METRIC_CPU_PCT]          = {COST,  TRUE,  FALSE, 1},
    [KT_METRIC_STEAL_PCT]        = {COST,  FALSE, FALSE, 0.5},
    [KT_METRIC_WAIT_PCT]         = {COST,  FALSE, FALSE, 0.5},
    [KT_METRIC_WAKEUPS]          = {CAUSE, TRUE,  FALSE, 200},
    [KT_METRIC_GUEST_WAKEUPS]    = {CAUSE, TRUE,  FALSE, 100},
    [KT_METRIC_EXITS]            = {CAUSE, TRUE,  FALSE, 500},
    [KT_METRIC_CONTEXT_SWITCHES] = {SHOWN, TRUE,  FALSE, 500},
    [KT_METRIC_LOCALITY_PCT]     = {CAUSE, FALSE, TRUE,  1},
    [KT_METRIC_NUMA_MISS]        = {CAUSE, TRUE,  FALSE, 250},
    [KT_METRIC_NUMA_MIGRATED]    = {SHOWN, FALSE, FALSE, 250},
};
// clang-format on

static const double *values_of(const KtSeries *series)
{
  return (const double *)(gpointer)series->values->data;
}

static double mean_of(const KtSeries *series)
{
  double sum = 0;
  guint n = 0;
  for (guint i = 0; series && i < series->values->len; i++)
    if (isfinite(values_of(series)[i])) {
      sum += values_of(series)[i];
      n++;
    }
  return n ? sum / n : NAN;
}

/* ---- who is compared ---- */

typedef struct {
  const KtSeries *series[KT_METRICS];
} Side;

typedef struct {
  KtSubjectVerdict *subject;
  Side before, after;
} Pair;

static void free_subject(gpointer data)
{
  KtSubjectVerdict *subject = data;
  g_free(subject->domain);
  g_free(subject->uuid);
  g_ptr_array_unref(subject->rows);
  g_free(subject);
}

static const char *key_of(const KtSeries *series)
{
  return series->uuid ? series->uuid : series->domain ? series->domain : "";
}

/* Key -> Side*. */
static GHashTable *sides_of(const KtMeasurement *m)
{
  GHashTable *sides = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  for (guint i = 0; i < m->series->len; i++) {
    const KtSeries *series = m->series->pdata[i];
    Side *side = g_hash_table_lookup(sides, key_of(series));
    if (!side) {
      side = g_new0(Side, 1);
      g_hash_table_insert(sides, (gpointer)key_of(series), side);
    }
    side->series[series->metric] = series;
  }
  return sides;
}

static const KtSeries *any_series(const Side *side)
{
  for (guint i = 0; i < KT_METRICS; i++)
    if (side->series[i])
      return side->series[i];
  return NULL;
}

static int by_domain(gconstpointer a, gconstpointer b)
{
  const KtSubjectVerdict *x = *(const KtSubjectVerdict *const *)a, *y = *(const KtSubjectVerdict *const *)b;
  if (!x->domain || !y->domain)
    return !x->domain - !y->domain;
  return g_strcmp0(x->domain, y->domain);
}

static int by_text(gconstpointer a, gconstpointer b)
{
  return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

/* ---- how much work was done ---- */

/* A load that varies much is not another one because its mean came out a little different. */
static gboolean is_same(const KtSeries *before, const KtSeries *after, double ratio)
{
  KtShift d;
  if (fabs(ratio - 1) <= KT_SAME_LOAD)
    return TRUE;
  return fabs(ratio - 1) <= 3 * KT_SAME_LOAD &&
         kt_bootstrap_difference(values_of(before), before->values->len, values_of(after), after->values->len,
                                 KT_CONFIDENCE, KT_BOOTSTRAP_DRAWS, &d) &&
         d.low <= 0 && d.high >= 0;
}

static void judge_load(Pair *pair, gboolean same_load)
{
  static const KtMetric work[] = {KT_METRIC_THROUGHPUT_NET, KT_METRIC_THROUGHPUT_DISK};
  KtSubjectVerdict *subject = pair->subject;
  subject->load = same_load ? KT_LOAD_STATED : KT_LOAD_UNKNOWN;
  subject->work = KT_METRICS;
  subject->load_ratio = NAN;
  for (guint i = 0; i < G_N_ELEMENTS(work) && subject->work == KT_METRICS; i++) {
    const KtSeries *before = pair->before.series[work[i]], *after = pair->after.series[work[i]];
    double ratio = mean_of(after) / mean_of(before);
    if (!(mean_of(before) >= KT_WORK_LEAST) || !(mean_of(after) >= KT_WORK_LEAST))
      continue;
    subject->work = work[i];
    subject->load_ratio = ratio;
    subject->load = is_same(before, after, ratio) ? KT_LOAD_SAME : KT_LOAD_OTHER;
  }
}

/* What was spent in each interval, freed of what its own work explains, at `at` units of work: its mean is
 * (mean spent) / (mean work) * at, its spread that of the ratio (to first order). Caller frees. */
static double *per_work(const KtSeries *spent, const KtSeries *work, double at, guint *n)
{
  guint all = MIN(spent->values->len, work->values->len);
  double *out = g_new(double, MAX(all, 1)), sum_spent = 0, sum_work = 0;
  *n = 0;
  for (guint i = 0; i < all; i++) {
    double s = values_of(spent)[i], w = values_of(work)[i];
    out[i] = s + w; /* known where both are */
    sum_spent += isfinite(out[i]) ? s : 0;
    sum_work += isfinite(out[i]) ? w : 0;
    *n += isfinite(out[i]) != 0;
  }
  double ratio = sum_work > 0 ? sum_spent / sum_work : NAN, mean = sum_work / MAX(*n, 1);
  for (guint i = 0; i < all; i++)
    out[i] = isfinite(out[i]) ? at * (ratio + (values_of(spent)[i] - ratio * values_of(work)[i]) / mean) : NAN;
  *n = all;
  return out;
}

/* ---- one row ---- */

static KtVerdictKind judge_difference(const KtComparison *row, KtDoubt *doubt)
{
  const KtShift *d = &row->shift;
  double moved = d->after - d->before, floor = rules[row->metric].floor;
  double large = MAX(KT_LARGE * fabs(d->before), 5 * floor);
  *doubt = KT_DOUBT_NONE;
  if ((d->low > 0 || d->high < 0) && fabs(moved) >= row->matters)
    return moved * kt_metrics[row->metric].better > 0 ? KT_VERDICT_BETTER : KT_VERDICT_WORSE;
  if (d->low > -large && d->high < large)
    return KT_VERDICT_NO_EFFECT;
  *doubt = KT_DOUBT_SPREAD;
  return KT_VERDICT_CANNOT_TELL;
}

static void judge_row(const Pair *pair, KtComparison *row, double confidence, guint draws)
{
  const KtSubjectVerdict *subject = pair->subject;
  const KtSeries *before = row->before, *after = row->after;
  g_autofree double *scaled_before = NULL, *scaled_after = NULL;
  const double *first = values_of(before), *second = values_of(after);
  guint n_first = before->values->len, n_second = after->values->len;
  row->per_work = subject->load == KT_LOAD_OTHER && rules[row->metric].scales && subject->load_ratio <= KT_OTHER_LOAD &&
                  subject->load_ratio >= 1.0 / KT_OTHER_LOAD;
  if (row->per_work) {
    const KtSeries *work_before = pair->before.series[subject->work], *work_after = pair->after.series[subject->work];
    double at = mean_of(work_before);
    first = scaled_before = per_work(before, work_before, at, &n_first);
    second = scaled_after = per_work(after, work_after, at, &n_second);
  }
  gboolean told = kt_bootstrap_difference(first, n_first, second, n_second, confidence, draws, &row->shift);
  row->matters = MAX(KT_MATTERS * fabs(row->shift.before), rules[row->metric].floor);
  row->kind = KT_VERDICT_CANNOT_TELL;
  row->doubt = KT_DOUBT_FEW;
  if (told)
    row->kind = judge_difference(row, &row->doubt);
  gboolean fair =
      row->per_work || rules[row->metric].any_load || subject->load == KT_LOAD_SAME || subject->load == KT_LOAD_STATED;
  if (told && !fair) {
    row->kind = KT_VERDICT_CANNOT_TELL;
    row->doubt = KT_DOUBT_LOAD;
  }
}

/* ---- one subject ---- */

static void add_rows(Pair *pair, KtJudgement *verdict)
{
  for (guint i = 0; i < KT_METRICS; i++) {
    if (!rules[i].rank || !pair->before.series[i] || !pair->after.series[i])
      continue;
    KtComparison *row = g_new0(KtComparison, 1);
    *row = (KtComparison){.metric = (KtMetric)i,
                          .decides = rules[i].rank != SHOWN,
                          .before = pair->before.series[i],
                          .after = pair->after.series[i]};
    g_ptr_array_add(pair->subject->rows, row);
    verdict->decisive += row->decides;
  }
}

typedef struct {
  guint n[KT_VERDICTS];
} Counts;

static Counts count_rows(const KtSubjectVerdict *subject, Rank rank)
{
  Counts counts = {{0}};
  for (guint i = 0; i < subject->rows->len; i++) {
    const KtComparison *row = subject->rows->pdata[i];
    counts.n[row->kind] += rules[row->metric].rank == rank;
  }
  return counts;
}

static KtVerdictKind judge_subject(const KtSubjectVerdict *subject)
{
  Counts cost = count_rows(subject, COST), cause = count_rows(subject, CAUSE);
  guint better = cost.n[KT_VERDICT_BETTER], worse = cost.n[KT_VERDICT_WORSE];
  if (better || worse)
    return better && worse ? KT_VERDICT_CANNOT_TELL : better ? KT_VERDICT_BETTER : KT_VERDICT_WORSE;
  better = cause.n[KT_VERDICT_BETTER];
  worse = cause.n[KT_VERDICT_WORSE];
  if (better != 0 && !worse)
    return KT_VERDICT_BETTER;
  if (worse != 0 && !better)
    return KT_VERDICT_WORSE;
  return cost.n[KT_VERDICT_NO_EFFECT] ? KT_VERDICT_NO_EFFECT : KT_VERDICT_CANNOT_TELL;
}

static KtVerdictKind judge_all(const GPtrArray *subjects)
{
  Counts counts = {{0}};
  gboolean domains = subjects->len && ((const KtSubjectVerdict *)subjects->pdata[0])->domain;
  for (guint i = 0; i < subjects->len; i++) {
    const KtSubjectVerdict *subject = subjects->pdata[i];
    counts.n[subject->kind] += subject->domain || !domains;
  }
  if (counts.n[KT_VERDICT_WORSE])
    return KT_VERDICT_WORSE;
  if (counts.n[KT_VERDICT_BETTER])
    return KT_VERDICT_BETTER;
  return counts.n[KT_VERDICT_NO_EFFECT] ? KT_VERDICT_NO_EFFECT : KT_VERDICT_CANNOT_TELL;
}

/* ---- all of it ---- */

/* Of subjects in the order of their names. */
static void find_namesakes(const GPtrArray *subjects)
{
  for (guint i = 1; i < subjects->len; i++) {
    KtSubjectVerdict *last = subjects->pdata[i - 1], *next = subjects->pdata[i];
    if (last->domain && g_strcmp0(last->domain, next->domain) == 0)
      last->namesake = next->namesake = TRUE;
  }
}

/* Subjects that both sides have, each with its rows; the others are told. Pair*. */
static GPtrArray *pair_up(KtJudgement *verdict, GHashTable *before, GHashTable *after)
{
  GPtrArray *pairs = g_ptr_array_new_with_free_func(g_free);
  GHashTable *sides[] = {before, after};
  for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, sides[i]);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
      const Side *other = g_hash_table_lookup(sides[!i], key);
      const KtSeries *series = any_series(value);
      if (!other && series->domain)
        g_ptr_array_add(verdict->missing, g_strdup(series->domain));
      if (!other || i)
        continue;
      Pair *pair = g_new0(Pair, 1);
      pair->before = *(const Side *)value;
      pair->after = *other;
      pair->subject = g_new0(KtSubjectVerdict, 1);
      pair->subject->domain = g_strdup(series->domain);
      pair->subject->uuid = g_strdup(series->uuid);
      pair->subject->rows = g_ptr_array_new_with_free_func(g_free);
      add_rows(pair, verdict);
      g_ptr_array_add(verdict->subjects, pair->subject);
      g_ptr_array_add(pairs, pair);
    }
  }
  g_ptr_array_sort(verdict->missing, by_text);
  return pairs;
}

KtJudgement *kt_judgement_new(const KtMeasurement *before, const KtMeasurement *after, gboolean same_load)
{
  KtJudgement *verdict = g_new0(KtJudgement, 1);
  verdict->subjects = g_ptr_array_new_with_free_func(free_subject);
  verdict->missing = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GHashTable) sides_before = sides_of(before), sides_after = sides_of(after);
  g_autoptr(GPtrArray) pairs = pair_up(verdict, sides_before, sides_after);
  verdict->confidence = 1 - (1 - KT_CONFIDENCE) / CLAMP(verdict->decisive, 1, ROWS_MOST);
  guint draws = (guint)CLAMP(10 / (1 - verdict->confidence), KT_BOOTSTRAP_DRAWS, DRAWS_MOST);
  for (guint i = 0; i < pairs->len; i++) {
    Pair *pair = pairs->pdata[i];
    judge_load(pair, same_load);
    for (guint k = 0; k < pair->subject->rows->len; k++)
      judge_row(pair, pair->subject->rows->pdata[k], verdict->confidence, draws);
    pair->subject->kind = judge_subject(pair->subject);
  }
  g_ptr_array_sort(verdict->subjects, by_domain);
  find_namesakes(verdict->subjects);
  verdict->kind = judge_all(verdict->subjects);
  return verdict;
}

void kt_judgement_free(KtJudgement *verdict)
{
  if (!verdict)
    return;
  g_ptr_array_unref(verdict->subjects);
  g_ptr_array_unref(verdict->missing);
  g_free(verdict);
}
