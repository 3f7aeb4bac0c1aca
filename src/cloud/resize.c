/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server brought to another flavor and confirmed, or back: one thing after the other is asked
 * for, from whatever state it is in, and waited for. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cloud/cloud_hand.h"
#include "cloud/server_now.h"

#if HAVE_JSON

/* What Nova may leave open for so long: the action's error comes behind the server's state. */
#define LINGER_S 8

/* The longer it has taken, the longer it is until the next look: a part of it, between these. */
#define LATER 0.125
#define SOON_S 0.03
#define LATE_S 3.0

/* ---- as it is ---- */

/* On its way to or from a flavor; whatever else is at work on it leaves that alone. */
static gboolean is_busy(const KtServerNow *now)
{
  static const char *const between[] = {"RESIZE", "REVERT_RESIZE", NULL};
  const char *task = now->server->task_state;
  return (task && g_str_has_prefix(task, "resize_")) || g_strv_contains(between, now->server->status);
}

static char *say_busy(const KtServerNow *now)
{
  return g_strdup_printf("its status is %s%s%s", now->server->status, now->server->task_state ? ", at work on " : "",
                         now->server->task_state ? now->server->task_state : "");
}

/* TRUE: it is in a state that nothing comes of by itself, and *error says it. */
static gboolean is_lost(const KtServerNow *now, GError **error)
{
  if (!g_str_equal(now->server->status, "ERROR"))
    return FALSE;
  g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "its status is ERROR: %s",
              now->fault ? now->fault : "Nova says no more");
  return TRUE;
}

/* ---- waiting ---- */

typedef struct {
  KtCloudHand *hand;
  const char *id;
  gint64 began;
  gboolean begun; /* something was asked for */
  gboolean told;  /* its action was seen once: that it cannot be seen now says nothing */
  char *last;     /* why it is not at its end */
} Wait;

static void wait_clear(Wait *wait)
{
  g_free(wait->last);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wait, wait_clear)

static double waited(const Wait *wait)
{
  return (double)(g_get_monotonic_time() - wait->began) / G_USEC_PER_SEC;
}

static void set_last(Wait *wait, char *why)
{
  g_free(wait->last);
  wait->last = why;
}

/* Until the next look. FALSE with *error: the time is over, or the user does not want to wait any longer. */
static gboolean pause_for(Wait *wait, GError **error)
{
  KtActuator *base = &wait->hand->base;
  double seconds = waited(wait), limit = wait->hand->acting.limit_s;
  const KtProgress progress = {.done = (guint64)seconds, .all = (guint64)limit};
  if (g_cancellable_is_cancelled(base->stop))
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "waiting was ended, and Nova goes on: %s", wait->last);
  else if (seconds >= limit)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "not at its end after %.0f s, and Nova goes on: %s", limit,
                wait->last);
  else {
    if (base->progress)
      base->progress(&progress, base->data);
    g_usleep((gulong)(CLAMP(seconds * LATER, SOON_S, LATE_S) * G_USEC_PER_SEC));
    return TRUE;
  }
  return FALSE;
}

/* The server. What was begun is looked after while the service is away: it is asked again. */
static KtServerNow *look(Wait *wait, GError **error)
{
  KtCloudHand *hand = wait->hand;
  kt_cloud_session_set_stop(hand->session, hand->base.stop,
                            wait->began + (gint64)(hand->acting.limit_s * G_USEC_PER_SEC));
  for (;;) {
    g_autoptr(GError) failed = NULL;
    KtServerNow *now = kt_server_now_get(hand->session, wait->id, &failed);
    if (now)
      return now;
    if (!wait->begun || failed->code == KT_ERROR_NOT_FOUND || failed->code == KT_ERROR_ACCESS) {
      g_propagate_error(error, g_steal_pointer(&failed));
      return NULL;
    }
    set_last(wait, g_strdup(failed->message));
    if (!pause_for(wait, error))
      return NULL;
  }
}

/* Its flavor (kt_server_now_flavor()), once nothing is at work on it. Caller frees. */
static char *settled(KtCloudHand *hand, const char *id, GError **error)
{
  g_auto(Wait) wait = {.hand = hand, .id = id, .began = g_get_monotonic_time()};
  const char *pretended = g_hash_table_lookup(hand->pretended, id);
  if (pretended)
    return g_strdup(pretended);
  for (;;) {
    g_autoptr(KtServerNow) now = look(&wait, error);
    if (!now || is_lost(now, error))
      return NULL;
    if (!is_busy(now)) {
      char *flavor = kt_server_now_flavor(now);
      if (!flavor)
        g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "Nova does not tell the flavor of the server %s", id);
      return flavor;
    }
    set_last(&wait, say_busy(now));
    if (!pause_for(&wait, error))
      return NULL;
  }
}

/* ---- one request, and its end ---- */

typedef struct {
  const char *what; /* "resize": for messages */
  const char *body; /* of POST /servers/ID/action */
  const char *from; /* flavor as in kt_server_now_flavor() before it */
  const char *to;   /* and after it */
  gboolean quiet;   /* Nova shows nothing while it is at work on it: only its action would tell that it failed */
} Request;

static gboolean resize_reached(KtCloudHand *hand, const KtStep *step, const char *wanted, const char *found)
{
  gboolean may_wait, waits;
  g_autofree char *want = kt_step_flavor(wanted, &may_wait), *have = kt_step_flavor(found, &waits);
  /* that it was confirmed already, by Nova's own resize_confirm_window or by hand, is as good */
  return g_strcmp0(want, have) == 0 && (may_wait || !waits);
}

/* It is settled and not where it should be. TRUE: for good, *error says it. */
static gboolean is_refused(Wait *wait, const Request *request, const KtCloudAsked *asked, const char *flavor,
                           gint64 since, GError **error)
{
  g_auto(KtServerAction) action = {0};
  gboolean told = asked->request && kt_server_action_get(wait->hand->session, wait->id, asked->request, &action);
  wait->told |= told;
  double idle = (double)(g_get_monotonic_time() - since) / G_USEC_PER_SEC;
  if (g_strcmp0(flavor, request->from) != 0)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "somebody else made it %s meanwhile", flavor);
  else if (told && action.failed)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "Nova gave up the %s, and it is %s as before: %s", request->what,
                flavor, action.why ? action.why : "why is an administrator's to see (openstack server event show)");
  else if (idle > (asked->unsure ? KT_CLOUD_SETTLE_S : LINGER_S) && !(request->quiet && wait->told))
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "Nova does not do the %s, and it is %s as before%s", request->what,
                flavor, told ? "" : ": why is not told");
  else
    return FALSE;
  return TRUE;
}

/* What it has at the end; NULL with *error. */
static char *wait_for(KtCloudHand *hand, const KtStep *step, const Request *request, const KtCloudAsked *asked,
                      GError **error)
{
  g_auto(Wait) wait = {.hand = hand, .id = step->uuid, .began = g_get_monotonic_time(), .begun = TRUE};
  gint64 since = wait.began; /* nothing is at work on it */
  for (;;) {
    g_autoptr(KtServerNow) now = look(&wait, error);
    if (!now || is_lost(now, error))
      return NULL;
    g_autofree char *flavor = kt_server_now_flavor(now);
    gboolean busy = is_busy(now);
    if (!busy && resize_reached(hand, step, request->to, flavor))
      return g_steal_pointer(&flavor);
    if (busy)
      since = g_get_monotonic_time();
    else if (is_refused(&wait, request, asked, flavor, since, error))
      return NULL;
    set_last(&wait, say_busy(now));
    if (!pause_for(&wait, error))
      return NULL;
  }
}

/* What it is now, where something else came first: Nova's own resize_confirm_window, or the same request of a run that
 * was cut off. NULL: it is as it was, or cannot be seen. */
static char *overtaken(KtCloudHand *hand, const KtStep *step, const Request *request, const KtCloudAsked *asked)
{
  gboolean waited_for;
  g_free(kt_step_flavor(request->from, &waited_for));
  g_autofree char *now = waited_for || asked->taken ? settled(hand, step->uuid, NULL) : NULL;
  return g_strcmp0(now, request->from) != 0 ? g_steal_pointer(&now) : NULL;
}

static char *do_request(KtCloudHand *hand, const KtStep *step, const Request *request, GError **error)
{
  g_auto(KtCloudAsked) asked = {0};
  g_autoptr(GError) refused = NULL, failed = NULL;
  g_autofree char *path = g_strdup_printf("/servers/%s/action", step->uuid);
  gboolean good = kt_cloud_hand_post(hand, path, request->body, &asked, &refused);
  if (good && !asked.sent) {
    g_hash_table_replace(hand->pretended, g_strdup(step->uuid), g_strdup(request->to));
    return g_strdup(request->to);
  }
  char *now =
      good || asked.unsure ? wait_for(hand, step, request, &asked, &failed) : overtaken(hand, step, request, &asked);
  if (now)
    return now;
  g_propagate_error(error, failed ? g_steal_pointer(&failed) : g_steal_pointer(&refused));
  if (refused)
    g_prefix_error(error, "%s; ", refused->message);
  return NULL;
}

/* ---- from where it is to where it should be ---- */

/* Which other flavor the name means now; NULL: the same one. A disk that has grown stays so. Caller frees. */
static char *say_other(const KtCloudCure *cure, const KtCloudFlavor *there)
{
  char *why = kt_cloud_flavor_differs(cure, there->flavor);
  if (why || (kt_int_is(there->flavor->disk_gib, cure->disk_gib) && there->ephemeral_gib == cure->ephemeral_gib &&
              there->swap_mib == cure->swap_mib))
    return why;
  g_autofree char *have = kt_cloud_flavor_sizes(there), *want = kt_cloud_cure_sizes(cure);
  return g_strdup_printf("it has %s, the server had %s", have, want);
}

/* The flavor that it had, as it was then: Nova takes what the name means now. */
static gboolean check_old(KtCloudHand *hand, const KtCloud *cloud, const char *name, GError **error)
{
  const KtCloudFlavor *there = g_hash_table_lookup(cloud->by_flavor, name);
  if (!there) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "there is no flavor '%s' any more to resize it back to", name);
    return FALSE;
  }
  for (guint i = 0; i < hand->plan->cures->len; i++) {
    const KtCloudCure *cure = hand->plan->cures->pdata[i];
    g_autofree char *why = g_str_equal(cure->flavor, name) ? say_other(cure, there) : NULL;
    if (!why)
      continue;
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "the flavor '%s' is another one now: %s", name, why);
    return FALSE;
  }
  return TRUE;
}

static char *resize_to(KtCloudHand *hand, const KtStep *step, const char *from, const char *flavor, GError **error)
{
  g_autoptr(KtCloud) cloud = kt_cloud_hand_flavors(hand, error);
  gboolean back = g_strcmp0(flavor, step->before) == 0;
  if (!cloud || (back && !check_old(hand, cloud, flavor, error)))
    return NULL;
  g_autofree char *id = kt_cloud_flavor_id(cloud, flavor), *to = g_strconcat(flavor, KT_STEP_UNCONFIRMED, NULL);
  g_autoptr(KtJson) json = kt_json_new_line();
  kt_json_open_object(json, NULL);
  kt_json_open_object(json, "resize");
  kt_json_string(json, "flavorRef", id);
  kt_json_close_object(json);
  kt_json_close_object(json);
  g_autofree char *body = g_strchomp(kt_json_finish(json));
  const Request request = {.what = "resize", .body = body, .from = from, .to = to};
  return do_request(hand, step, &request, error);
}

/* The next thing to ask for on the way from `now` to `value`; what it has then. */
static char *go_on(KtCloudHand *hand, const KtStep *step, const char *now, const char *value, GError **error)
{
  gboolean waits, may_wait, unused;
  g_autofree char *have = kt_step_flavor(now, &waits), *want = kt_step_flavor(value, &may_wait);
  g_autofree char *before = kt_step_flavor(step->before, &unused), *after = kt_step_flavor(step->after, &unused);
  if (g_str_equal(have, want)) {
    const Request confirm = {
        .what = "confirmation", .body = "{\"confirmResize\": null}", .from = now, .to = have, .quiet = TRUE};
    return do_request(hand, step, &confirm, error);
  }
  if (waits && g_str_equal(have, after) && g_str_equal(want, before)) {
    const Request revert = {.what = "revert", .body = "{\"revertResize\": null}", .from = now, .to = want};
    return do_request(hand, step, &revert, error);
  }
  if (!waits && (g_str_equal(have, before) || g_str_equal(have, after)))
    return resize_to(hand, step, now, want, error);
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "it is %s: that is somebody else's", now);
  return NULL;
}

enum { REQUESTS_MOST = 3 }; /* back after it was confirmed: a resize and its confirmation */

static gboolean bring(KtCloudHand *hand, const KtStep *step, const char *value, GError **error)
{
  g_autofree char *now = settled(hand, step->uuid, error);
  for (guint asked = 0; now && !resize_reached(hand, step, value, now); asked++) {
    char *then = asked < REQUESTS_MOST ? go_on(hand, step, now, value, error) : NULL;
    if (asked == REQUESTS_MOST)
      g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "it is %s again and again", now);
    g_free(now);
    now = then;
  }
  return now != NULL;
}

static char *read_flavor(KtCloudHand *hand, const KtStep *step, GError **error)
{
  return settled(hand, step->uuid, error);
}

/* A confirmation that comes late finds what it may confirm, or is refused: nothing hangs on it. */
static gboolean resize_came(KtCloudHand *hand, const KtStep *step, GDateTime *since)
{
  g_autoptr(KtServerNow) now =
      kt_step_is_confirmation(step) ? NULL : kt_server_now_get(hand->session, step->uuid, NULL);
  g_autofree char *flavor = now ? kt_server_now_flavor(now) : NULL;
  return !now || is_busy(now) || g_strcmp0(flavor, step->before) != 0 ||
         kt_server_acted_since(hand->session, step->uuid, "resize", since);
}

const KtCloudHandKind kt_cloud_hand_resize = {
    .read = read_flavor, .write = bring, .reached = resize_reached, .came = resize_came};

#endif
