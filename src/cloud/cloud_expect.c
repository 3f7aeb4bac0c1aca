/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A receipt, and what the cloud has of it now. */
#include "base/error.h"
#include "cloud/cloud_hand.h"

#if HAVE_JSON

static void expected_free(gpointer data)
{
  KtCloudExpected *e = data;
  g_free(e->of);
  g_free(e->what);
  g_free(e->before);
  g_free(e->wanted);
  g_free(e->found);
  g_free(e->why);
  g_free(e);
}

/* Takes `found` and `why`. */
static void add(GPtrArray *all, const KtStep *step, const char *what, const char *before, const char *wanted,
                char *found, char *why, KtTri so)
{
  KtCloudExpected *e = g_new0(KtCloudExpected, 1);
  e->of = g_strdup(step->domain ? step->domain : step->where);
  e->what = g_strdup(what);
  e->before = g_strdup(before);
  e->wanted = g_strdup(wanted && !*wanted ? "none" : wanted);
  e->found = found;
  e->why = why;
  e->so = so;
  g_ptr_array_add(all, e);
}

static KtTri tri(gboolean so)
{
  return so ? KT_YES : KT_NO;
}

/* ---- a flavor ---- */

static gboolean expect_flavor(KtCloudHand *hand, const KtStep *step, GPtrArray *all, GError **error)
{
  KtActuator *actuator = &hand->base;
  g_autoptr(GError) failed = NULL;
  g_autofree char *found = actuator->read(actuator, step, &failed);
  if (failed && !g_error_matches(failed, KT_ERROR, KT_ERROR_ACCESS)) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  KtTri so = failed ? KT_UNKNOWN : tri(actuator->reached(actuator, step, step->after, found));
  char *shown = failed ? NULL : g_strdup(!found ? "absent" : *found ? found : "none");
  add(all, step, kt_step_word(step), step->before, step->after, shown, failed ? g_strdup(failed->message) : NULL, so);
  return TRUE;
}

/* ---- a server ---- */

static const KtCloudMove *move_of(const KtCloudHand *hand, const char *id)
{
  for (guint i = 0; i < hand->plan->moves->len; i++) {
    const KtCloudMove *move = hand->plan->moves->pdata[i];
    if (g_str_equal(move->id, id))
      return move;
  }
  return NULL;
}

static void expect_status(KtCloudHand *hand, const KtStep *step, const KtServerNow *now, GPtrArray *all)
{
  const KtCloudMove *move = move_of(hand, step->uuid);
  const char *wanted = move && move->status ? move->status : "ACTIVE", *task = now->server->task_state;
  add(all, step, "status", NULL, wanted, g_strconcat(now->server->status, now->fault ? ": " : NULL, now->fault, NULL),
      task ? g_strdup_printf("Nova is at work on it: %s", task) : NULL,
      task ? KT_UNKNOWN : tri(g_str_equal(now->server->status, wanted)));
}

static void expect_its_flavor(KtCloudHand *hand, const KtStep *step, const KtServerNow *now, GPtrArray *all)
{
  const KtFlavor *flavor = now->server->group->flavor;
  gboolean unconfirmed;
  g_autofree char *wanted = kt_step_flavor(step->after, &unconfirmed);
  add(all, step, "flavor", step->before, wanted, g_strdup(flavor->name),
      flavor->name ? NULL : g_strdup("Nova does not tell it"),
      flavor->name ? tri(g_str_equal(flavor->name, wanted)) : KT_UNKNOWN);
  const KtCloudCure *cure = kt_cloud_hand_cure(hand, wanted);
  if (!cure)
    return;
  g_autoptr(GHashTable) before = kt_cloud_cure_specs(cure, TRUE), after = kt_cloud_cure_specs(cure, FALSE);
  g_autofree char *was = kt_cloud_specs_text(before), *want = kt_cloud_specs_text(after);
  g_autofree char *have = flavor->extra_specs ? kt_cloud_specs_text(flavor->extra_specs) : NULL;
  add(all, step, kt_step_kinds[KT_STEP_FLAVOR_KEYS], *was ? was : "none", want,
      g_strdup(have && !*have ? "none" : have), have ? NULL : g_strdup("Nova does not tell its own copy"),
      have ? tri(kt_flavor_same_specs(flavor->extra_specs, after)) : KT_UNKNOWN);
}

static void expect_topology(KtCloudHand *hand, const KtStep *step, const KtServerNow *now, GPtrArray *all)
{
  char *why = NULL, *found = kt_cloud_hand_look(hand, now, &why);
  KtTri so = kt_cloud_topology_agrees(step->after, found);
  if (so == KT_UNKNOWN && !why)
    why = g_strdup("name the libvirt of its host behind the receipt");
  add(all, step, "topology", step->before, step->after, found, why, so);
  if (!hand->acting.inside)
    return;
  char *silent = NULL, *seen = kt_cloud_hand_inside(hand, step->uuid, step->after, &silent);
  add(all, step, "topology inside", NULL, step->after, seen, silent, kt_cloud_topology_agrees(step->after, seen));
}

/* FALSE with *error: it cannot be asked for. *now NULL: it is gone, or not to be seen. */
static gboolean find_server(KtCloudHand *hand, const KtStep *step, KtServerNow **now, GPtrArray *all, GError **error)
{
  g_autoptr(GError) failed = NULL;
  *now = kt_server_now_get(hand->session, step->uuid, &failed);
  gboolean gone = g_error_matches(failed, KT_ERROR, KT_ERROR_NOT_FOUND);
  if (gone || g_error_matches(failed, KT_ERROR, KT_ERROR_ACCESS))
    add(all, step, "status", NULL, "ACTIVE", gone ? g_strdup("deleted") : NULL, gone ? NULL : g_strdup(failed->message),
        gone ? KT_NO : KT_UNKNOWN);
  else if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  return TRUE;
}

static gboolean expect_server(KtCloudHand *hand, const KtReceipt *receipt, GPtrArray *all, GError **error)
{
  g_autoptr(KtServerNow) now = NULL;
  if (!find_server(hand, receipt->steps->pdata[0], &now, all, error))
    return FALSE;
  for (guint i = 0; now && i < receipt->steps->len; i++) {
    const KtStep *step = receipt->steps->pdata[i];
    if (step->kind == KT_STEP_RESIZE && !kt_step_is_confirmation(step)) {
      expect_status(hand, step, now, all);
      expect_its_flavor(hand, step, now, all);
    } else if (step->kind == KT_STEP_TOPOLOGY)
      expect_topology(hand, step, now, all);
  }
  return TRUE;
}

GPtrArray *kt_cloud_expect(KtActuator *actuator, const KtReceipt *receipt, GError **error)
{
  KtCloudHand *hand = (KtCloudHand *)actuator;
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(expected_free);
  const KtStep *first = receipt->steps->len ? receipt->steps->pdata[0] : NULL;
  gboolean good = TRUE;
  if (first && first->uuid)
    good = expect_server(hand, receipt, all, error);
  for (guint i = 0; good && first && !first->uuid && i < receipt->steps->len; i++)
    good = expect_flavor(hand, receipt->steps->pdata[i], all, error);
  return good ? g_steal_pointer(&all) : NULL;
}

#endif
