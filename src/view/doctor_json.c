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

static void put_remedies(KtJson *json, const KtFinding *f)
{
  kt_json_open_array(json, "remedies");
  for (guint i = 0; i < KT_MAX_REMEDIES && f->check->remedies[i].action; i++) {
    const KtRemedy *remedy = &f->check->remedies[i];
    g_autofree char *action = kt_finding_action(f, remedy);
    kt_json_open_object(json, NULL);
    kt_json_string(json, "layer", kt_layer_names[remedy->layer]);
    kt_json_string(json, "action", action);
    kt_json_string(json, "risk", f->check->risk);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

static void put_finding(KtJson *json, const KtFinding *f)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "id", f->check->id);
  kt_json_int(json, "severity", f->severity);
  kt_json_string(json, "basis", kt_view_basis_names[f->basis]);
  kt_json_string(json, "title", f->title);
  put_evidence(json, f);
  put_remedies(json, f);
  kt_json_string(json, "echo_of", f->echo_of);
  kt_json_close_object(json);
}

static void put_subject(KtJson *json, const KtDiagnosis *d)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "name", d->subject.name);
  kt_json_open_array(json, "findings");
  for (guint i = 0; i < d->findings->len; i++)
    put_finding(json, d->findings->pdata[i]);
  kt_json_close_array(json);
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

char *kt_view_doctor_json(const GPtrArray *diagnoses)
{
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_open_array(json, "subjects");
  for (guint i = 0; i < diagnoses->len; i++)
    put_subject(json, diagnoses->pdata[i]);
  kt_json_close_array(json);
  kt_json_close_object(json);
  return kt_json_finish(json);
}
