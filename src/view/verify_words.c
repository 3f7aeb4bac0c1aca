/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/verify_words.h"

#include <math.h>

#include "base/i18n.h"
#include "base/units.h"

const char *kt_verify_metric(KtMetric metric)
{
  static const char *const names[KT_METRICS] = {
      [KT_METRIC_CPU_PCT] = N_("CPU time"),
      [KT_METRIC_STEAL_PCT] = N_("stolen time"),
      [KT_METRIC_WAIT_PCT] = N_("waiting for a CPU"),
      [KT_METRIC_WAKEUPS] = N_("wake-ups (RES + CAL)"),
      [KT_METRIC_GUEST_WAKEUPS] = N_("wake-ups in the guest"),
      [KT_METRIC_EXITS] = N_("KVM exits"),
      [KT_METRIC_CONTEXT_SWITCHES] = N_("context switches"),
      [KT_METRIC_LOCALITY_PCT] = N_("local memory"),
      [KT_METRIC_NUMA_MISS] = N_("NUMA misses"),
      [KT_METRIC_NUMA_MIGRATED] = N_("pages migrated"),
      [KT_METRIC_THROUGHPUT_NET] = N_("network packets"),
      [KT_METRIC_THROUGHPUT_DISK] = N_("disk requests"),
  };
  return kt_tr(names[metric]);
}

const char *kt_verify_kind(KtVerdictKind kind)
{
  static const char *const words[KT_VERDICTS] = {
      [KT_VERDICT_CANNOT_TELL] = N_("cannot tell"),
      [KT_VERDICT_NO_EFFECT] = N_("no effect"),
      [KT_VERDICT_BETTER] = N_("better"),
      [KT_VERDICT_WORSE] = N_("worse"),
  };
  return kt_tr(words[kind]);
}

const char *kt_verify_state(KtExpectState state)
{
  static const char *const words[KT_EXPECT_STATES] = {
      [KT_EXPECT_UNKNOWN] = N_("cannot tell"),   [KT_EXPECT_FULFILLED] = N_("fulfilled"),
      [KT_EXPECT_PENDING] = N_("at next start"), [KT_EXPECT_MISSED] = N_("missed"),
      [KT_EXPECT_LEFT_OUT] = N_("left out"),
  };
  return kt_tr(words[state]);
}

const char *kt_verify_doubt(KtDoubt doubt)
{
  return doubt == KT_DOUBT_FEW ? _("too few values") : doubt == KT_DOUBT_SPREAD ? _("varies too much") : NULL;
}

/* ---- the head ---- */

static void count_states(const GPtrArray *expectations, guint counts[KT_EXPECT_STATES])
{
  for (guint i = 0; i < KT_EXPECT_STATES; i++)
    counts[i] = 0;
  for (guint i = 0; expectations && i < expectations->len; i++)
    counts[((const KtExpectation *)expectations->pdata[i])->state]++;
}

guint kt_verify_judged(const GPtrArray *expectations)
{
  guint counts[KT_EXPECT_STATES];
  count_states(expectations, counts);
  return expectations ? expectations->len - counts[KT_EXPECT_LEFT_OUT] : 0;
}

static const char *say_kind_as_sentence(KtVerdictKind kind)
{
  static const char *const sentences[KT_VERDICTS] = {
      [KT_VERDICT_CANNOT_TELL] = N_("Cannot tell whether the load runs better than before."),
      [KT_VERDICT_NO_EFFECT] = N_("No effect: the load runs as it did before."),
      [KT_VERDICT_BETTER] = N_("Better: the load runs better than before."),
      [KT_VERDICT_WORSE] = N_("Worse: the load runs worse than before."),
  };
  return kt_tr(sentences[kind]);
}

char *kt_verify_say_head(const KtVerifyReport *report)
{
  guint counts[KT_EXPECT_STATES];
  count_states(report->expectations, counts);
  g_autoptr(GString) head =
      g_string_new(report->judgement ? say_kind_as_sentence(report->judgement->kind) : _("The load was not compared."));
  if (report->expectations) {
    g_string_append_printf(head, _(" Expectations of the plan that are fulfilled: %u of %u"),
                           counts[KT_EXPECT_FULFILLED], kt_verify_judged(report->expectations));
    if (counts[KT_EXPECT_MISSED])
      g_string_append_printf(head, _(", %u missed"), counts[KT_EXPECT_MISSED]);
    if (counts[KT_EXPECT_PENDING])
      g_string_append_printf(head, _(", %u at the next start"), counts[KT_EXPECT_PENDING]);
    if (counts[KT_EXPECT_UNKNOWN])
      g_string_append_printf(head, _(", %u cannot be told"), counts[KT_EXPECT_UNKNOWN]);
    g_string_append(head, _("."));
  }
  return g_string_free(g_steal_pointer(&head), FALSE);
}

/* ---- subjects ---- */

char *kt_verify_say_name(const KtSubjectVerdict *subject)
{
  if (subject->namesake && subject->uuid)
    return g_strdup_printf("%s (%s)", subject->domain, subject->uuid);
  return g_strdup(subject->domain ? subject->domain : _("the machine itself"));
}

char *kt_verify_say_subject(const KtSubjectVerdict *subject)
{
  g_autofree char *name = kt_verify_say_name(subject);
  return g_strdup_printf(_("%s: %s"), name, kt_verify_kind(subject->kind));
}

static gboolean is_comparable(const KtSubjectVerdict *subject)
{
  return subject->load_ratio <= KT_OTHER_LOAD && subject->load_ratio >= 1.0 / KT_OTHER_LOAD;
}

char *kt_verify_say_load(const KtSubjectVerdict *subject)
{
  switch (subject->load) {
  case KT_LOAD_SAME:
    return g_strdup_printf(_("The load is the same: %s %.2f times what they were."), kt_verify_metric(subject->work),
                           subject->load_ratio);
  case KT_LOAD_OTHER:
    return g_strdup_printf(is_comparable(subject)
                               ? _("The load is another: %s %.2f times what they were. What grows with it is compared "
                                   "at the load of before.")
                               : _("The load is another: %s %.2f times what they were, too far apart to compare what "
                                   "depends on it."),
                           kt_verify_metric(subject->work), subject->load_ratio);
  case KT_LOAD_STATED:
    return g_strdup(_("How much work was done was not counted: compared as if the load were the same, which nothing "
                      "here shows."));
  default:
    return g_strdup(_("How much work was done was not counted, or it was next to none: only where memory lies can be "
                      "compared (--same-load, if you know that the load was the same)."));
  }
}

char *kt_verify_say_value(KtMetric metric, double value)
{
  if (!isfinite(value))
    return g_strdup(_("unknown"));
  if (*kt_metrics[metric].unit == '%')
    return g_strdup_printf("%.1f %%", value);
  g_autofree char *count = kt_units_format_count((guint64)CLAMP(value + 0.5, 0, 1e18));
  return g_strconcat(count, kt_metrics[metric].unit, NULL);
}

char *kt_verify_say_shift(const KtComparison *row)
{
  const KtShift *s = &row->shift;
  if (!isfinite(s->low) || !isfinite(s->high))
    return g_strdup("");
  const char *format = *kt_metrics[row->metric].unit == '%' ? "%+.1f (%+.1f … %+.1f)" : "%+.0f (%+.0f … %+.0f)";
  return g_strdup_printf(format, s->after - s->before, s->low, s->high);
}

char *kt_verify_say_change(const KtComparison *row)
{
  const KtShift *s = &row->shift;
  double part = s->after / s->before - 1;
  if (!isfinite(part) || row->metric == KT_METRIC_LOCALITY_PCT) /* a share of a share misleads */
    return g_strdup("");
  return fabs(part) < 9.995 ? g_strdup_printf("%+.0f %%", part * 100) : g_strdup_printf("x %.0f", part + 1);
}

/* ---- sides, method, the rest ---- */

static guint length_of(const KtMeasurement *m)
{
  guint n = 0;
  for (guint i = 0; i < m->series->len; i++)
    n = MAX(n, ((const KtSeries *)m->series->pdata[i])->values->len);
  return n;
}

char *kt_verify_say_side(const char *name, const KtMeasurement *m)
{
  if (!m)
    return g_strdup(name);
  guint n = length_of(m);
  g_autoptr(GString) text = g_string_new(name);
  g_string_append_printf(text, kt_trn(": %u value, one every %.4g s", ": %u values, one every %.4g s", n), n,
                         m->interval_s);
  if (m->started)
    g_string_append_printf(text, _(", from %s on"), m->started);
  return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean has_interval(const KtJudgement *judgement)
{
  for (guint i = 0; judgement && i < judgement->subjects->len; i++) {
    const KtSubjectVerdict *subject = judgement->subjects->pdata[i];
    for (guint k = 0; k < subject->rows->len; k++)
      if (isfinite(((const KtComparison *)subject->rows->pdata[k])->shift.low))
        return TRUE;
  }
  return FALSE;
}

char *kt_verify_say_method(const KtJudgement *judgement)
{
  double together = 1 - (1 - judgement->confidence) * MAX(judgement->decisive, 1);
  return g_strdup_printf(
      _("Each interval is made to hold the true difference with a certainty of %.4g %% (together %.4g %%), by a block "
        "bootstrap; few values that follow each other can make it too narrow. Differences below %.0f %% count as "
        "none."),
      judgement->confidence * 100, MAX(together, 0) * 100, KT_MATTERS * 100);
}

char *kt_verify_say_found(const KtExpectation *e)
{
  if (e->state == KT_EXPECT_UNKNOWN && e->why)
    return g_strdup(e->why);
  return g_strdup(e->found ? e->found : _("unknown"));
}

GPtrArray *kt_verify_say_rest(const KtVerifyReport *report)
{
  GPtrArray *rest = g_ptr_array_new_with_free_func(g_free);
  const KtJudgement *judgement = report->judgement;
  guint left_out = report->expectations ? report->expectations->len - kt_verify_judged(report->expectations) : 0;
  if (left_out)
    g_ptr_array_add(
        rest, g_strdup_printf(kt_trn("%u change of the plan was left out when it was applied: not judged.",
                                     "%u changes of the plan were left out when it was applied: not judged.", left_out),
                              left_out));
  if (report->uncompared)
    g_ptr_array_add(rest, g_strdup(report->uncompared));
  for (guint i = 0; judgement && i < judgement->missing->len; i++)
    g_ptr_array_add(
        rest, g_strdup_printf(_("'%s' was measured on one side only."), (const char *)judgement->missing->pdata[i]));
  if (has_interval(judgement))
    g_ptr_array_add(rest, kt_verify_say_method(judgement));
  if (report->undone)
    g_ptr_array_add(rest, g_strdup(report->undone));
  else if (report->rollback && judgement && judgement->kind == KT_VERDICT_WORSE)
    g_ptr_array_add(rest, g_strdup_printf(_("To take it back: %s"), report->rollback));
  return rest;
}
