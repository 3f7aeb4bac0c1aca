/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/compare.h"

#include <math.h>

#include "checks/check.h"
#include "checks/compare_fields.h"

static void difference_free(gpointer data)
{
  KtDifference *d = data;
  g_free(d->reference);
  g_free(d->subject);
  g_free(d->meaning);
  g_free(d);
}

static gboolean is_same(const KtCompareField *field, const KtCompared *r, const KtCompared *s)
{
  if (field->tolerance > 0)
    return fabs(r->number - s->number) <= field->tolerance;
  return g_str_equal(r->text, s->text);
}

static void judge(KtDifference *d, const KtCompareField *field, const KtMachine *reference, const KtCompared *r,
                  const KtMachine *subject, const KtCompared *s)
{
  if (!r->text || !s->text) {
    d->kind = KT_DIFFERENCE_UNKNOWN;
  } else if (is_same(field, r, s)) {
    d->kind = KT_DIFFERENCE_SAME;
  } else if (field->worse && field->worse(reference, r, subject, s)) {
    const KtCheck *check = kt_check_find(field->check);
    d->kind = KT_DIFFERENCE_SLOWER;
    d->check = field->check;
    d->severity = check ? check->severity : 0;
    d->meaning = g_strdup(field->meaning);
  } else {
    d->kind = KT_DIFFERENCE_NEUTRAL;
    d->meaning = g_strdup(field->neutral ? field->neutral : N_("It differs, and explains no slowdown by itself."));
  }
}

static gint by_kind(gconstpointer a, gconstpointer b)
{
  const KtDifference *x = *(KtDifference *const *)a, *y = *(KtDifference *const *)b;
  if (x->kind != y->kind)
    return (int)x->kind - (int)y->kind;
  return y->severity - x->severity;
}

GPtrArray *kt_compare(const KtMachine *reference, const KtMachine *subject)
{
  guint n;
  const KtCompareField *fields = kt_compare_fields(&n);
  GPtrArray *all = g_ptr_array_new_with_free_func(difference_free);
  for (guint i = 0; i < n; i++) {
    if (fields[i].applies && !(fields[i].applies(reference) && fields[i].applies(subject)))
      continue;
    KtCompared r = {0}, s = {0};
    fields[i].value(&fields[i], reference, &r);
    fields[i].value(&fields[i], subject, &s);
    if (!r.text && !s.text)
      continue;
    KtDifference *d = g_new0(KtDifference, 1);
    d->field = fields[i].field;
    d->label = fields[i].label;
    judge(d, &fields[i], reference, &r, subject, &s);
    d->reference = r.text;
    d->subject = s.text;
    g_ptr_array_add(all, d);
  }
  g_ptr_array_sort(all, by_kind); /* stable: the table's order stays */
  return all;
}
