/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"
#include "nova/batch.h"
#include "view/nova_view.h"

static void put_search(KtJson *json, const KtNovaReport *r)
{
  static const char *const ends[] = {[KT_NOVA_SEARCH_FITS] = "fits",
                                     [KT_NOVA_SEARCH_NONE] = "none",
                                     [KT_NOVA_SEARCH_WRONG] = "wrong",
                                     [KT_NOVA_SEARCH_TOO_LONG] = "too long"};
  if (!r->search) {
    kt_json_null(json, "search");
    return;
  }
  kt_json_open_object(json, "search");
  kt_json_string(json, "end", ends[r->search->end]);
  kt_json_int(json, "permutations", (gint64)r->search->tries);
  kt_json_open_array(json, "hosts");
  gboolean placed = r->search->end == KT_NOVA_SEARCH_FITS || r->search->end == KT_NOVA_SEARCH_WRONG;
  for (guint i = 0; placed && i < r->answer->guest->cells->len; i++)
    kt_json_int(json, NULL, r->search->hosts[i]);
  kt_json_close_array(json);
  kt_json_close_object(json);
}

char *kt_view_nova_fit_json(const KtNovaReport *r)
{
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_nova_answer_put(json, r->flavor->name, r->answer);
  kt_json_string(json, "property", r->answer->property);
  kt_json_string(json, "not_offered", r->answer->not_offered);
  put_search(json, r);
  kt_json_open_array(json, "advice");
  for (guint i = 0; i < r->advice->len; i++) {
    const KtNovaAdvice *advice = r->advice->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_string(json, "key", advice->key);
    kt_json_string(json, "value", advice->value);
    kt_json_string(json, "why", advice->why);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
  kt_json_open_array(json, "notes");
  for (guint i = 0; i < r->notes->len; i++)
    kt_json_string(json, NULL, r->notes->pdata[i]);
  kt_json_close_array(json);
  kt_json_close_object(json);
  return kt_json_finish(json);
}

char *kt_view_nova_keys_json(const KtFlavor *flavor, const GPtrArray *notes)
{
  static const char *const states[] = {[KT_NOVA_KEY_ACTS] = "acts",
                                       [KT_NOVA_KEY_IDLE] = "no effect",
                                       [KT_NOVA_KEY_OTHER] = "other",
                                       [KT_NOVA_KEY_UNKNOWN] = "unknown",
                                       [KT_NOVA_KEY_MISSING] = "missing"};
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_string(json, "flavor", flavor->name);
  kt_json_open_array(json, "keys");
  for (guint i = 0; i < notes->len; i++) {
    const KtNovaKeyNote *note = notes->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_string(json, "key", note->key);
    kt_json_string(json, "value", note->value);
    kt_json_string(json, "of", note->image ? "image" : "flavor");
    kt_json_string(json, "state", states[note->state]);
    kt_json_string(json, "what", note->what);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
  kt_json_close_object(json);
  return kt_json_finish(json);
}
