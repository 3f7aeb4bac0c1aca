/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/since.h"

static void past_free(gpointer data)
{
  KtPastFinding *p = data;
  g_free(p->subject);
  g_free(p->id);
  g_free(p->title);
  g_free(p);
}

GPtrArray *kt_past_new(void)
{
  return g_ptr_array_new_with_free_func(past_free);
}

void kt_past_add(GPtrArray *past, const char *subject, const char *id, const char *title)
{
  KtPastFinding *p = g_new0(KtPastFinding, 1);
  p->subject = g_strdup(subject);
  p->id = g_strdup(id);
  p->title = g_strdup(title);
  g_ptr_array_add(past, p);
}

static gboolean has_id(const GPtrArray *findings, const char *id)
{
  for (guint i = 0; i < findings->len; i++)
    if (g_str_equal(((const KtFinding *)findings->pdata[i])->check->id, id))
      return TRUE;
  return FALSE;
}

static const KtDiagnosis *find_subject(const GPtrArray *diagnoses, const char *name)
{
  for (guint i = 0; i < diagnoses->len; i++) {
    const KtDiagnosis *d = diagnoses->pdata[i];
    if (g_strcmp0(d->subject.name, name) == 0)
      return d;
  }
  return NULL;
}

static gboolean was_there(const GPtrArray *past, const char *subject, const char *id)
{
  for (guint i = 0; i < past->len; i++) {
    const KtPastFinding *p = past->pdata[i];
    if (g_strcmp0(p->subject, subject) == 0 && g_str_equal(p->id, id))
      return TRUE;
  }
  return FALSE;
}

static void look_at_past(KtSince *since, const GPtrArray *past, const GPtrArray *diagnoses)
{
  for (guint i = 0; i < past->len; i++) {
    KtPastFinding *p = past->pdata[i];
    const KtDiagnosis *d = find_subject(diagnoses, p->subject);
    if (!d || has_id(d->unknown, p->id))
      g_ptr_array_add(since->not_seen, p);
    else if (has_id(d->findings, p->id) || has_id(d->accepted, p->id))
      since->unchanged++;
    else
      g_ptr_array_add(since->gone, p);
  }
}

KtSince *kt_since(const GPtrArray *past, const GPtrArray *diagnoses)
{
  KtSince *since = g_new0(KtSince, 1);
  since->fresh = g_ptr_array_new();
  since->fresh_of = g_ptr_array_new();
  since->gone = g_ptr_array_new();
  since->not_seen = g_ptr_array_new();
  look_at_past(since, past, diagnoses);
  for (guint i = 0; i < diagnoses->len; i++) {
    KtDiagnosis *d = diagnoses->pdata[i];
    for (guint k = 0; k < d->findings->len; k++) {
      KtFinding *f = d->findings->pdata[k];
      if (was_there(past, d->subject.name, f->check->id))
        continue;
      g_ptr_array_add(since->fresh, f);
      g_ptr_array_add(since->fresh_of, d);
    }
  }
  return since;
}

void kt_since_free(KtSince *since)
{
  if (!since)
    return;
  g_ptr_array_unref(since->fresh);
  g_ptr_array_unref(since->fresh_of);
  g_ptr_array_unref(since->gone);
  g_ptr_array_unref(since->not_seen);
  g_free(since);
}
