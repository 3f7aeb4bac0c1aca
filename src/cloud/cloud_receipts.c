/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan becomes receipts: what of it is to be done now, held against the cloud as it is. */
#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "cloud/cloud_hand.h"
#include "cloud/inventory_answers.h"
#include "config.h"

#if HAVE_JSON

typedef struct {
  KtCloudHand *hand;
  const KtCloudPlan *plan;
  KtCloud *cloud;      /* servers and flavors, as they are */
  GPtrArray *receipts; /* KtReceipt* */
  GPtrArray *notes;    /* char* */
  const KtCloudChoice *choice;
} Work;

static void note(const Work *w, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(const Work *w, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_ptr_array_add(w->notes, g_strdup_vprintf(format, arguments));
  va_end(arguments);
}

static gboolean refuse(KtErrorCode code, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
static gboolean refuse(KtErrorCode code, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *why = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error(error, KT_ERROR, code, "%s; nothing was done", why);
  return FALSE;
}

/* ---- servers as they are ---- */

static const KtCloudServer *server_of(const Work *w, const KtCloudMove *move)
{
  return g_hash_table_lookup(w->cloud->by_id, move->id);
}

static const KtCloudCure *cure_of(const Work *w, const KtCloudMove *move)
{
  return w->plan->cures->pdata[move->cure];
}

static const char *name_of(const Work *w, const KtCloudMove *move)
{
  const KtCloudServer *s = server_of(w, move);
  return s && s->name ? s->name : move->name ? move->name : move->id;
}

/* To another flavor, or back. */
static gboolean is_resized(const KtCloudServer *s)
{
  return s->task_state && g_str_has_prefix(s->task_state, "resize_");
}

static gboolean has_new(const Work *w, const KtCloudMove *move)
{
  const KtCloudServer *s = server_of(w, move);
  return s && g_strcmp0(s->group->flavor->name, cure_of(w, move)->name) == 0;
}

/* It has the new flavor, confirmed, whatever else is at work on it; or it is gone, and nothing is left to be done. */
static gboolean is_done(const Work *w, const KtCloudMove *move)
{
  static const char *const open[] = {"VERIFY_RESIZE", "RESIZE", "REVERT_RESIZE", "ERROR", NULL};
  const KtCloudServer *s = server_of(w, move);
  return !s || (has_new(w, move) && s->status && !g_strv_contains(open, s->status) && !is_resized(s));
}

/* ---- what earlier runs did ---- */

static gboolean is_cut_off(const KtReceipt *last)
{
  return last &&
         (last->state == KT_RECEIPT_RUNNING || last->state == KT_RECEIPT_FAILED || last->state == KT_RECEIPT_STOPPED);
}

/* A run brought it to the new flavor, and it has another one by now. */
static gboolean is_brought_back(const Work *w, const KtCloudMove *move, const KtReceipt *last)
{
  const KtStep *resize = last->steps->len ? last->steps->pdata[0] : NULL;
  return resize && resize->kind == KT_STEP_RESIZE && resize->state == KT_STEP_DONE &&
         kt_step_same_flavor(resize->after, cure_of(w, move)->name) && !has_new(w, move);
}

#define ONCE_MORE "--server %s tries it once more; to leave it out, remove it from \"servers\" in the plan"

/* What was taken back is not tried again by itself. */
static gboolean check_past(const Work *w, const KtCloudMove *move, const KtReceipt *last, GError **error)
{
  const char *name = name_of(w, move);
  if (last && last->state == KT_RECEIPT_UNDOING)
    return refuse(KT_ERROR_UNSUPPORTED, error,
                  "server '%s': its rollback was cut off: 'kvmtune rollback %" G_GINT64_FORMAT "' takes it on", name,
                  last->number);
  if (last && !w->choice->server && (last->state == KT_RECEIPT_UNDONE || last->state == KT_RECEIPT_KEPT))
    return refuse(KT_ERROR_UNSUPPORTED, error,
                  "server '%s' was taken back (receipt %" G_GINT64_FORMAT "%s%s): " ONCE_MORE, name, last->number,
                  last->error ? ": " : "", last->error ? last->error : "", move->id);
  if (last && !w->choice->server && is_brought_back(w, move, last))
    return refuse(KT_ERROR_UNSUPPORTED, error,
                  "server '%s' was resized (receipt %" G_GINT64_FORMAT
                  "), and somebody else took that back: " ONCE_MORE,
                  name, last->number, move->id);
  return TRUE;
}

/* Is it as the plan expects to find it, or on its way by an earlier run? */
static gboolean check_server(const Work *w, const KtCloudMove *move, const KtReceipt *last, GError **error)
{
  const KtCloudServer *s = server_of(w, move);
  const KtCloudCure *cure = cure_of(w, move);
  const char *flavor = s->group->flavor->name, *name = name_of(w, move);
  gboolean ours = has_new(w, move);
  if (g_str_has_suffix(cure->name, KT_STEP_UNCONFIRMED) || g_str_has_suffix(cure->flavor, KT_STEP_UNCONFIRMED))
    return refuse(KT_ERROR_UNSUPPORTED, error, "a flavor whose name ends in '%s'", KT_STEP_UNCONFIRMED);
  if (g_strcmp0(s->status, "ERROR") == 0)
    return refuse(KT_ERROR_FORMAT, error, "server '%s': its status is ERROR", name);
  if (s->task_state && !(is_resized(s) && is_cut_off(last)))
    return refuse(KT_ERROR_FORMAT, error, "server '%s': it is busy with %s", name, s->task_state);
  if (s->task_state || ours)
    return TRUE;
  if (g_strcmp0(flavor, cure->flavor) != 0)
    return refuse(KT_ERROR_FORMAT, error, "server '%s': its flavor is '%s', the plan expects '%s'", name,
                  flavor ? flavor : "unknown", cure->flavor);
  g_autofree char *why = kt_cloud_flavor_differs(cure, s->group->flavor);
  if (why)
    return refuse(KT_ERROR_FORMAT, error, "server '%s', its own copy of %s: %s; make a plan of this server", name,
                  flavor, why);
  if (move->status && g_strcmp0(s->status, move->status) != 0)
    return refuse(KT_ERROR_FORMAT, error, "server '%s': its status is %s, the plan expects %s", name, s->status,
                  move->status);
  return TRUE;
}

/* ---- which servers ---- */

static const KtCloudMove *find_move(const Work *w, const char *server, GError **error)
{
  const KtCloudMove *found = NULL;
  for (guint i = 0; i < w->plan->moves->len; i++) {
    const KtCloudMove *m = w->plan->moves->pdata[i];
    if (g_str_equal(m->id, server))
      return m;
    if (g_strcmp0(m->name, server) != 0)
      continue;
    if (found) {
      refuse(KT_ERROR_NOT_FOUND, error, "the plan has several servers '%.80s': give its id", server);
      return NULL;
    }
    found = m;
  }
  if (!found)
    refuse(KT_ERROR_NOT_FOUND, error, "the plan has no server '%.80s'", server);
  return found;
}

static gboolean choose_one(const Work *w, const char *server, GPtrArray *chosen, GError **error)
{
  const KtCloudMove *m = find_move(w, server, error);
  if (!m)
    return FALSE;
  if (!server_of(w, m))
    return refuse(KT_ERROR_NOT_FOUND, error, "server '%s' (%s) of the plan is not there any more, or not to be seen",
                  name_of(w, m), m->id);
  if (!is_done(w, m))
    g_ptr_array_add(chosen, (gpointer)m);
  return TRUE;
}

/* The first wave with one that is not done, whatever the order of the document; -1: all are. */
static gint64 next_wave(const Work *w, const KtCloudMove **first)
{
  for (guint i = 0; i < w->plan->moves->len; i++) {
    const KtCloudMove *m = w->plan->moves->pdata[i];
    if (!is_done(w, m) && (!*first || m->wave < (*first)->wave))
      *first = m;
  }
  return *first ? (gint64)(*first)->wave : -1;
}

/* A member of another project sees none of them, and they are not done for that. */
static gboolean check_seen(const Work *w, GError **error)
{
  guint seen = 0;
  for (guint i = 0; i < w->plan->moves->len; i++)
    seen += server_of(w, w->plan->moves->pdata[i]) != NULL;
  return seen || w->cloud->all_projects || !w->plan->moves->len ||
         refuse(KT_ERROR_ACCESS, error,
                "none of the plan's servers is there, or this sign-in sees none: it sees its own project's only");
}

/* Nova says of another project's server what it says of a deleted one: to a member an earlier wave may not be done. */
static gboolean check_earlier(const Work *w, gint64 next, GError **error)
{
  for (guint i = 0; !w->cloud->all_projects && i < w->plan->moves->len; i++) {
    const KtCloudMove *m = w->plan->moves->pdata[i];
    if (m->wave < next && !server_of(w, m))
      return refuse(KT_ERROR_ACCESS, error,
                    "server '%s' (%s) of wave %u goes first, and was deleted or is another project's, which this "
                    "sign-in does not see: --wave %" G_GINT64_FORMAT " or --server goes on without it",
                    name_of(w, m), m->id, m->wave, next);
  }
  return TRUE;
}

/* FALSE with *error: Nova leaves what is in a cell that it does not reach out of its pages, but shows it alone. */
static gboolean check_gone(const Work *w, const KtCloudMove *move, GError **error)
{
  g_autoptr(GError) failed = NULL;
  g_autoptr(KtServerNow) now = kt_server_now_get(w->hand->session, move->id, &failed);
  return g_error_matches(failed, KT_ERROR, KT_ERROR_NOT_FOUND) || g_error_matches(failed, KT_ERROR, KT_ERROR_ACCESS) ||
         refuse(KT_ERROR_SYSTEM, error, "server '%s' is not in Nova's list, and is not deleted: %s", name_of(w, move),
                now ? "try again" : failed->message);
}

static gboolean choose_wave(const Work *w, gint64 wave, GPtrArray *chosen, GError **error)
{
  const KtCloudMove *first = NULL;
  gint64 next = next_wave(w, &first);
  if (!check_seen(w, error) || (wave < 0 && !check_earlier(w, next, error)))
    return FALSE;
  gboolean known = wave < 0;
  if (wave >= 0 && next >= 0 && next < wave)
    return refuse(KT_ERROR_UNSUPPORTED, error,
                  "server '%s' of wave %" G_GINT64_FORMAT " does not have its new flavor yet, and goes first: without "
                  "--wave, or with --server %s",
                  name_of(w, first), next, first->id);
  gint64 now = wave < 0 ? next : wave;
  for (guint i = 0; i < w->plan->moves->len; i++) {
    const KtCloudMove *m = w->plan->moves->pdata[i];
    known |= m->wave == wave;
    if (!server_of(w, m) && (now < 0 || m->wave <= now)) {
      if (!check_gone(w, m, error))
        return FALSE;
      note(w, _("Server '%s' (%s) of the plan is not there any more, or not to be seen."), name_of(w, m), m->id);
    } else if (m->wave == now && !is_done(w, m))
      g_ptr_array_add(chosen, (gpointer)m);
  }
  return known || refuse(KT_ERROR_NOT_FOUND, error, "the plan has no wave %" G_GINT64_FORMAT, wave);
}

/* ---- receipts ---- */

/* The plan as far as the receipt is about it. */
static char *part_of(const Work *w, const KtCloudCure *cure, const KtCloudMove *move)
{
  KtCloudMove alone = move ? *move : (KtCloudMove){0};
  g_autoptr(GPtrArray) cures = g_ptr_array_new(), moves = g_ptr_array_new(), none = g_ptr_array_new();
  const KtCloudPlan part = {.tool = w->plan->tool,
                            .made = w->plan->made,
                            .cloud = w->plan->cloud,
                            .endpoint = w->plan->endpoint,
                            .cures = cures,
                            .moves = moves,
                            .notes = none};
  alone.cure = 0;
  g_ptr_array_add(cures, (gpointer)cure);
  if (move)
    g_ptr_array_add(moves, &alone);
  return kt_cloud_plan_to_json(&part);
}

static KtReceipt *add_receipt(const Work *w, const KtCloudCure *cure, const KtCloudMove *move, const char *scope)
{
  KtReceipt *receipt = kt_receipt_new();
  receipt->host = g_strdup(w->hand->config->name);
  receipt->uri = g_strdup(kt_cloud_session_endpoint(w->hand->session, KT_SERVICE_COMPUTE));
  receipt->tool = g_strdup(KT_VERSION);
  receipt->scope = g_strdup(scope);
  receipt->plan = part_of(w, cure, move);
  g_ptr_array_add(w->receipts, receipt);
  return receipt;
}

static KtStep *add_step(KtReceipt *receipt, KtStepKind kind, const char *where, const char *before, const char *after)
{
  KtStep *step = kt_step_new(kind, where, before, after);
  g_ptr_array_add(receipt->steps, step);
  step->number = receipt->steps->len;
  return step;
}

/* ---- new flavors ---- */

/* FALSE: it is there, and another one. */
static gboolean check_flavor(const KtCloudCure *cure, const KtCloudFlavor *there, GHashTable *specs, GError **error)
{
  g_autofree char *have = kt_cloud_flavor_sizes(there), *want = kt_cloud_cure_sizes(cure);
  if (!g_str_equal(have, want))
    return refuse(KT_ERROR_FORMAT, error, "the flavor '%s' is there and has %s; the plan expects %s", cure->name, have,
                  want);
  if (!there->flavor->extra_specs)
    return refuse(KT_ERROR_ACCESS, error, "the keys of the flavor '%s' may not be seen", cure->name);
  if (kt_flavor_same_specs(there->flavor->extra_specs, specs))
    return TRUE;
  gboolean bare = !cure->exists && !g_hash_table_size(there->flavor->extra_specs);
  if (bare && kt_cloud_flavor_is_ours(there)) /* what a run that was cut off has left */
    return TRUE;
  if (bare)
    return refuse(KT_ERROR_FORMAT, error,
                  "the flavor '%s' is there without keys, and kvmtune did not make it: set its keys by hand ('kvmtune "
                  "cloud plan' prints the command), or plan with another --name",
                  cure->name);
  g_autofree char *found = kt_cloud_specs_text(there->flavor->extra_specs), *expected = kt_cloud_specs_text(specs);
  return refuse(KT_ERROR_FORMAT, error, "the flavor '%s' is there and has %.300s; the plan expects %.300s", cure->name,
                *found ? found : "no keys", expected);
}

static gboolean may_make(const Work *w, const KtCloudCure *cure, GError **error)
{
  if (kt_cloud_session_is_admin(w->hand->session))
    return TRUE;
  return refuse(KT_ERROR_ACCESS, error,
                "the flavor '%s' has to be made first, which is an administrator's: 'kvmtune cloud plan' prints the "
                "commands; its servers can then be resized with this sign-in",
                cure->name);
}

/* Projects that may use the old flavor, and those of the servers that go to the new one. */
static char *projects_of(const Work *w, const KtCloudCure *cure, const GPtrArray *chosen, GError **error)
{
  const KtCloudFlavor *old = g_hash_table_lookup(w->cloud->by_flavor, cure->flavor);
  g_autoptr(GHashTable) projects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *of_old = old && !old->is_public ? kt_cloud_access_of(w->hand, cure->flavor, error) : g_strdup("");
  if (!of_old)
    return NULL;
  g_auto(GStrv) words = g_strsplit(of_old, ", ", -1);
  for (char **word = words; *word; word++)
    g_hash_table_add(projects, g_strdup(*word));
  for (guint i = 0; i < chosen->len; i++) {
    const KtCloudServer *s = server_of(w, chosen->pdata[i]);
    if (cure_of(w, chosen->pdata[i]) == cure && s->project)
      g_hash_table_add(projects, g_strdup(s->project));
  }
  return kt_cloud_projects_text(projects);
}

static gboolean add_access(const Work *w, const KtCloudCure *cure, KtReceipt *receipt, const GPtrArray *chosen,
                           GError **error)
{
  KtActuator *actuator = &w->hand->base;
  g_autofree char *after = projects_of(w, cure, chosen, error);
  g_autofree char *before = after ? kt_cloud_access_of(w->hand, cure->name, error) : NULL;
  if (!before)
    return FALSE;
  g_autoptr(KtStep) step = kt_step_new(KT_STEP_FLAVOR_ACCESS, cure->name, before, after);
  if (!actuator->reached(actuator, step, after, before))
    add_step(receipt, KT_STEP_FLAVOR_ACCESS, cure->name, before, after);
  return TRUE;
}

static gboolean add_flavor(const Work *w, const KtCloudCure *cure, const GPtrArray *chosen, GError **error)
{
  const KtCloudFlavor *there = g_hash_table_lookup(w->cloud->by_flavor, cure->name);
  g_autoptr(GHashTable) specs = kt_cloud_cure_specs(cure, FALSE);
  if (there && !check_flavor(cure, there, specs, error))
    return FALSE;
  if (!there && cure->exists)
    return refuse(KT_ERROR_FORMAT, error, "the plan takes the flavor '%s', and it is not there any more", cure->name);
  g_autofree char *scope = g_strconcat("flavor ", cure->name, NULL), *sizes = kt_cloud_cure_sizes(cure);
  g_autofree char *keys = kt_cloud_specs_text(specs);
  g_autofree char *now = there ? kt_cloud_specs_text(there->flavor->extra_specs) : g_strdup("");
  KtReceipt *receipt = add_receipt(w, cure, NULL, scope);
  if (!there)
    add_step(receipt, KT_STEP_FLAVOR, cure->name, NULL, sizes);
  if (!g_str_equal(now, keys))
    add_step(receipt, KT_STEP_FLAVOR_KEYS, cure->name, now, keys);
  if (!cure->is_public && may_make(w, cure, NULL) && !add_access(w, cure, receipt, chosen, error))
    return FALSE;
  if (receipt->steps->len)
    return may_make(w, cure, error);
  g_ptr_array_remove(w->receipts, receipt);
  return TRUE;
}

static gboolean add_flavors(const Work *w, const GPtrArray *chosen, GError **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < chosen->len; i++) {
    const KtCloudCure *cure = cure_of(w, chosen->pdata[i]);
    if (g_hash_table_add(seen, (gpointer)cure) && !add_flavor(w, cure, chosen, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- servers ---- */

static KtInt known_if(gint64 n, gboolean known)
{
  return known ? KT_INT(n) : KT_INT_UNKNOWN;
}

static void own_by(KtStep *step, const char *name, const char *id)
{
  step->domain = g_strdup(name);
  step->uuid = g_strdup(id);
}

static gboolean add_server(const Work *w, const KtCloudMove *move, GError **error)
{
  KtActuator *actuator = &w->hand->base;
  const KtCloudCure *cure = cure_of(w, move);
  const KtCloudShape *shape = &cure->after;
  const char *name = name_of(w, move);
  g_autofree char *scope = g_strconcat("server ", name, NULL);
  g_autofree char *waiting = g_strconcat(cure->name, KT_STEP_UNCONFIRMED, NULL);
  gboolean known = shape->sockets > 0;
  const KtCloudGuest planned = {known_if(shape->sockets, known), known_if(shape->cores, known),
                                known_if(shape->threads, known), known_if(shape->cells, known)};
  g_autofree char *topology = kt_cloud_guest_text(&planned);
  KtReceipt *receipt = add_receipt(w, cure, move, scope);
  own_by(add_step(receipt, KT_STEP_RESIZE, "", cure->flavor, waiting), name, move->id);
  KtStep *look = add_step(receipt, KT_STEP_TOPOLOGY, "", NULL, topology);
  own_by(look, name, move->id);
  if (w->hand->acting.judge)
    own_by(add_step(receipt, KT_STEP_LOAD, "", NULL, KT_CLOUD_NOT_WORSE), name, move->id);
  own_by(add_step(receipt, KT_STEP_RESIZE, "", waiting, cure->name), name, move->id);
  g_autoptr(GError) failed = NULL;
  look->before = actuator->read(actuator, look, &failed);
  if (!failed)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&failed));
  return FALSE;
}

/* ---- all of it ---- */

static gboolean check_move(const Work *w, const KtCloudMove *move, GError **error)
{
  g_autoptr(GError) failed = NULL;
  g_autoptr(KtReceipt) last = w->choice->journal ? kt_journal_last_of(w->choice->journal, move->id, &failed) : NULL;
  if (failed)
    g_propagate_error(error, g_steal_pointer(&failed));
  else
    return check_past(w, move, last, error) && check_server(w, move, last, error);
  return FALSE;
}

/* TRUE: a run that asked for a resize was cut off, and what came of that may be seen by now: look anew. */
static gboolean settle(const Work *w, const GPtrArray *chosen)
{
  KtActuator *actuator = &w->hand->base;
  gboolean waited = FALSE;
  for (guint i = 0; !actuator->dry && w->choice->journal && i < chosen->len; i++) {
    const KtCloudMove *move = chosen->pdata[i];
    g_autoptr(KtReceipt) last = kt_journal_last_of(w->choice->journal, move->id, NULL);
    const KtStep *first = last && last->steps->len ? last->steps->pdata[0] : NULL;
    if (!first || last->state != KT_RECEIPT_RUNNING || first->state != KT_STEP_STARTED)
      continue;
    actuator->settle(actuator, first, last->begun);
    waited = TRUE;
  }
  return waited;
}

static gboolean choose(Work *w, GPtrArray *chosen, GError **error)
{
  const KtCloudChoice *choice = w->choice;
  g_clear_pointer(&w->cloud, kt_cloud_free);
  w->cloud = kt_cloud_new(w->hand->config->name);
  g_ptr_array_set_size(chosen, 0);
  g_ptr_array_set_size(w->notes, 0);
  return kt_cloud_read_servers(w->hand->session, w->cloud, FALSE, error) &&
         kt_cloud_read_flavors(w->hand->session, w->cloud, error) &&
         (choice->server ? choose_one(w, choice->server, chosen, error) : choose_wave(w, choice->wave, chosen, error));
}

static gboolean make(Work *w, GError **error)
{
  g_autoptr(GPtrArray) chosen = g_ptr_array_new();
  if (!choose(w, chosen, error) || (settle(w, chosen) && !choose(w, chosen, error)))
    return FALSE;
  for (guint i = 0; i < chosen->len; i++)
    if (!check_move(w, chosen->pdata[i], error))
      return FALSE;
  if (!add_flavors(w, chosen, error))
    return FALSE;
  for (guint i = 0; i < chosen->len; i++)
    if (!add_server(w, chosen->pdata[i], error))
      return FALSE;
  return TRUE;
}

static void receipt_drop(gpointer receipt)
{
  kt_receipt_free(receipt);
}

GPtrArray *kt_cloud_receipts_make(KtActuator *actuator, const KtCloudChoice *choice, GPtrArray *notes, GError **error)
{
  KtCloudHand *hand = (KtCloudHand *)actuator;
  g_autoptr(GPtrArray) receipts = g_ptr_array_new_with_free_func(receipt_drop);
  Work w = {.hand = hand, .plan = hand->plan, .receipts = receipts, .notes = notes, .choice = choice};
  gboolean made = make(&w, error);
  kt_cloud_free(w.cloud);
  return made ? g_steal_pointer(&receipts) : NULL;
}

#endif
