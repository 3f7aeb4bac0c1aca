/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"
#include "view/view.h"
#include "view/words.h"

static void put_evidence(KtJson *json, const KtFinding *f)
{
  kt_json_open_array(json, "evidence");
  for (guint i = 0; i < f->evidence->len; i++) {
    const KtCite *cite = f->evidence->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_string(json, "source", cite->source);
    if (cite->line)
      kt_json_int(json, "line", cite->line);
    else
      kt_json_null(json, "line");
    kt_json_string(json, "text", cite->text);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

static void put_remedies(KtJson *json, const KtSubject *subject, const KtFinding *f)
{
  kt_json_open_array(json, "remedies");
  for (guint i = 0; i < KT_MAX_REMEDIES && f->check->remedies[i].action; i++) {
    const KtRemedy *remedy = &f->check->remedies[i];
    if (!kt_view_remedy_fits(remedy, subject))
      continue;
    g_autofree char *action = kt_finding_action(f, remedy);
    kt_json_open_object(json, NULL);
    kt_json_string(json, "layer", kt_layer_names[remedy->layer]);
    kt_json_string(json, "action", action);
    kt_json_string(json, "risk", f->check->risk);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

static void put_finding(KtJson *json, const KtSubject *subject, const KtFinding *f)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "id", f->check->id);
  kt_json_int(json, "severity", f->severity);
  kt_json_string(json, "basis", kt_view_basis_names[f->basis]);
  kt_json_string(json, "title", f->title);
  put_evidence(json, f);
  put_remedies(json, subject, f);
  kt_json_string(json, "echo_of", f->echo_of);
  if (f->accepted)
    kt_json_string(json, "accepted", f->accepted);
  kt_json_close_object(json);
}

static void put_subject(KtJson *json, const KtDiagnosis *d)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "name", d->subject.name);
  kt_json_open_array(json, "findings");
  for (guint i = 0; i < d->findings->len; i++)
    put_finding(json, &d->subject, d->findings->pdata[i]);
  kt_json_close_array(json);
  if (d->accepted->len) {
    kt_json_open_array(json, "accepted");
    for (guint i = 0; i < d->accepted->len; i++)
      put_finding(json, &d->subject, d->accepted->pdata[i]);
    kt_json_close_array(json);
  }
  kt_json_open_array(json, "unknown");
  for (guint i = 0; i < d->unknown->len; i++) {
    const KtFinding *f = d->unknown->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_string(json, "id", f->check->id);
    kt_json_string(json, "missing", f->missing);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
  kt_json_close_object(json);
}

static void put_change(KtJson *json, const char *subject, const char *id)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "subject", subject);
  kt_json_string(json, "id", id);
  kt_json_close_object(json);
}

static void put_past(KtJson *json, const char *key, const GPtrArray *past)
{
  kt_json_open_array(json, key);
  for (guint i = 0; i < past->len; i++)
    put_change(json, ((const KtPastFinding *)past->pdata[i])->subject, ((const KtPastFinding *)past->pdata[i])->id);
  kt_json_close_array(json);
}

static void put_since(KtJson *json, const KtSince *since)
{
  kt_json_open_object(json, "since");
  kt_json_open_array(json, "new");
  for (guint i = 0; i < since->fresh->len; i++)
    put_change(json, ((const KtDiagnosis *)since->fresh_of->pdata[i])->subject.name,
               ((const KtFinding *)since->fresh->pdata[i])->check->id);
  kt_json_close_array(json);
  put_past(json, "gone", since->gone);
  put_past(json, "not_seen", since->not_seen);
  kt_json_int(json, "unchanged", since->unchanged);
  kt_json_close_object(json);
}

char *kt_view_doctor_json(const GPtrArray *diagnoses, const KtSince *since)
{
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_open_array(json, "subjects");
  for (guint i = 0; i < diagnoses->len; i++)
    put_subject(json, diagnoses->pdata[i]);
  kt_json_close_array(json);
  if (since)
    put_since(json, since);
  kt_json_close_object(json);
  return kt_json_finish(json);
}
