/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"
#include "view/view.h"

static gboolean differs(const KtDifference *d)
{
  return d->kind == KT_DIFFERENCE_SLOWER || d->kind == KT_DIFFERENCE_NEUTRAL;
}

char *kt_view_compare_json(const char *reference, const char *subject, const GPtrArray *differences)
{
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_string(json, "reference", reference);
  kt_json_string(json, "subject", subject);
  kt_json_open_array(json, "differences");
  for (guint i = 0; i < differences->len; i++) {
    const KtDifference *d = differences->pdata[i];
    if (!differs(d))
      continue;
    kt_json_open_object(json, NULL);
    kt_json_string(json, "field", d->field);
    kt_json_string(json, "reference", d->reference);
    kt_json_string(json, "subject", d->subject);
    kt_json_string(json, "check", d->check);
    kt_json_string(json, "meaning", d->meaning);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
  kt_json_close_object(json);
  return kt_json_finish(json);
}
