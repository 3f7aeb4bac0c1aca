/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>

#include "base/json.h"
#include "view/verify_view.h"

static void put_side(KtJson *json, const char *key, const char *name, const KtMeasurement *m)
{
  if (!m) {
    kt_json_null(json, key);
    return;
  }
  kt_json_open_object(json, key);
  kt_json_string(json, "name", name);
  kt_json_string(json, "host", m->host);
  kt_json_string(json, "started", m->started);
  kt_json_number(json, "interval_s", m->interval_s);
  kt_json_close_object(json);
}

static void put_row(KtJson *json, const KtComparison *row)
{
  static const char *const doubts[] = {
      [KT_DOUBT_FEW] = "few values", [KT_DOUBT_SPREAD] = "spread", [KT_DOUBT_LOAD] = "load"};
  const KtShift *s = &row->shift;
  kt_json_open_object(json, NULL);
  kt_json_string(json, "metric", kt_metrics[row->metric].name);
  kt_json_string(json, "unit", kt_metrics[row->metric].unit);
  kt_json_string(json, "verdict", kt_verdict_names[row->kind]);
  kt_json_string(json, "doubt", row->doubt == KT_DOUBT_NONE ? NULL : doubts[row->doubt]);
  kt_json_bool(json, "decides", row->decides);
  kt_json_bool(json, "per_work", row->per_work);
  kt_json_number(json, "before", s->before);
  kt_json_number(json, "after", s->after);
  kt_json_number(json, "difference", s->after - s->before);
  kt_json_number(json, "low", s->low);
  kt_json_number(json, "high", s->high);
  kt_json_int(json, "values_before", s->n_before);
  kt_json_int(json, "values_after", s->n_after);
  kt_json_close_object(json);
}

static void put_subject(KtJson *json, const KtSubjectVerdict *subject)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "domain", subject->domain);
  kt_json_string(json, "uuid", subject->uuid);
  kt_json_string(json, "verdict", kt_verdict_names[subject->kind]);
  kt_json_string(json, "load", kt_load_names[subject->load]);
  kt_json_string(json, "work", subject->work < KT_METRICS ? kt_metrics[subject->work].name : NULL);
  kt_json_number(json, "load_ratio", subject->load_ratio);
  kt_json_open_array(json, "metrics");
  for (guint i = 0; i < subject->rows->len; i++)
    put_row(json, subject->rows->pdata[i]);
  kt_json_close_array(json);
  kt_json_close_object(json);
}

static void put_expectation(KtJson *json, const KtExpectation *e)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "change", e->change);
  kt_json_string(json, "domain", e->domain);
  kt_json_string(json, "what", e->what);
  kt_json_string(json, "before", e->before);
  kt_json_string(json, "expected", e->wanted);
  kt_json_string(json, "found", e->found);
  kt_json_string(json, "state", kt_expect_names[e->state]);
  kt_json_string(json, "why", e->why);
  kt_json_close_object(json);
}

char *kt_view_verify_json(const KtVerifyReport *r)
{
  const KtJudgement *judgement = r->judgement;
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_string(json, "verdict", judgement ? kt_verdict_names[judgement->kind] : NULL);
  kt_json_number(json, "confidence_each", judgement ? judgement->confidence : NAN);
  put_side(json, "before", r->before_name, r->before);
  put_side(json, "after", r->after_name, r->after);
  kt_json_open_array(json, "subjects");
  for (guint i = 0; judgement && i < judgement->subjects->len; i++)
    put_subject(json, judgement->subjects->pdata[i]);
  kt_json_close_array(json);
  kt_json_open_array(json, "on_one_side_only");
  for (guint i = 0; judgement && i < judgement->missing->len; i++)
    kt_json_string(json, NULL, judgement->missing->pdata[i]);
  kt_json_close_array(json);
  kt_json_open_array(json, "expectations");
  for (guint i = 0; r->expectations && i < r->expectations->len; i++)
    put_expectation(json, r->expectations->pdata[i]);
  kt_json_close_array(json);
  kt_json_string(json, "not_compared", r->uncompared);
  kt_json_string(json, "rollback", r->rollback);
  kt_json_string(json, "rolled_back", r->undone);
  kt_json_close_object(json);
  return kt_json_finish(json);
}
