/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The actuator of a cloud. */
#include "cloud/cloud_hand.h"

#include <string.h>

#include "base/error.h"
#include "base/units.h"
#include "cloud/server_now.h"

gboolean kt_cloud_is_receipt(const KtReceipt *receipt)
{
  return receipt->uri && (g_str_has_prefix(receipt->uri, "http://") || g_str_has_prefix(receipt->uri, "https://"));
}

/* ---- what a guest has, in words ---- */

typedef struct {
  const char *name;
  gsize offset;
} Part;

static const Part parts[] = {{"sockets", G_STRUCT_OFFSET(KtCloudGuest, sockets)},
                             {"cores", G_STRUCT_OFFSET(KtCloudGuest, cores)},
                             {"threads", G_STRUCT_OFFSET(KtCloudGuest, threads)},
                             {"cells", G_STRUCT_OFFSET(KtCloudGuest, cells)}};

/* "sockets 4, cores 8": what is not there is unknown. */
static KtCloudGuest parse_guest(const char *text)
{
  KtCloudGuest guest = {0};
  g_auto(GStrv) words = g_strsplit(text ? text : "", ", ", G_N_ELEMENTS(parts));
  for (char **word = words; *word; word++)
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
      gsize n = strlen(parts[i].name);
      guint64 value;
      if (strncmp(*word, parts[i].name, n) == 0 && (*word)[n] == ' ' && kt_units_parse_count(*word + n + 1, &value))
        *(KtInt *)G_STRUCT_MEMBER_P(&guest, parts[i].offset) = KT_INT((gint64)value);
    }
  return guest;
}

KtTri kt_cloud_topology_agrees(const char *wanted, const char *found)
{
  const KtCloudGuest want = parse_guest(wanted), have = parse_guest(found);
  KtTri answer = KT_YES;
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
    const KtInt *a = G_STRUCT_MEMBER_P(&want, parts[i].offset), *b = G_STRUCT_MEMBER_P(&have, parts[i].offset);
    if (a->known && b->known && a->value != b->value)
      return KT_NO;
    if (!a->known || !b->known)
      answer = KT_UNKNOWN;
  }
  return answer;
}

#if HAVE_JSON

char *kt_cloud_guest_text(const KtCloudGuest *guest)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
    const KtInt *value = G_STRUCT_MEMBER_P(guest, parts[i].offset);
    if (value->known)
      g_string_append_printf(text, "%s%s %" G_GINT64_FORMAT, text->len ? ", " : "", parts[i].name, value->value);
  }
  return text->len ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

/* ---- changes asked for ---- */

void kt_cloud_asked_clear(KtCloudAsked *asked)
{
  g_clear_pointer(&asked->request, g_free);
}

gboolean kt_cloud_hand_post(KtCloudHand *hand, const char *path, const char *body, KtCloudAsked *asked, GError **error)
{
  const KtCloudCall call = {
      .service = KT_SERVICE_COMPUTE, .method = "POST", .path = path, .version = hand->version, .body = body};
  if (g_cancellable_is_cancelled(hand->base.stop)) {
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "stopped before it was asked for");
    return FALSE;
  }
  if (!kt_actuator_call(&hand->base, "POST %s %s", path, body))
    return TRUE;
  asked->sent = TRUE;
  g_autoptr(KtHttpAnswer) answer = kt_cloud_session_send(hand->session, &call, error);
  asked->unsure = !answer || answer->status >= 500;
  asked->taken = answer && answer->status == 409;
  asked->request = answer ? g_strdup(answer->request_id) : NULL;
  if (answer && answer->status / 100 != 2)
    kt_cloud_session_set_error(hand->session, &call, answer, error);
  return answer && answer->status / 100 == 2;
}

/* ---- what the guest has ---- */

char *kt_cloud_hand_look(KtCloudHand *hand, const KtServerNow *now, char **why)
{
  KtCloudGuest guest = {0};
  const char *id = now->server->id, *flavor = now->server->group->flavor->name;
  if (hand->acting.look && flavor)
    hand->acting.look(id, flavor, &guest, why, hand->acting.data);
  if (!guest.cells.known)
    guest.cells = kt_server_cells(hand->session, id);
  return kt_cloud_guest_text(&guest);
}

static char *look_at(KtCloudHand *hand, const KtStep *step, char **why, GError **error)
{
  g_autoptr(KtServerNow) now = kt_server_now_get(hand->session, step->uuid, error);
  return now ? kt_cloud_hand_look(hand, now, why) : NULL;
}

static char *read_topology(KtCloudHand *hand, const KtStep *step, GError **error)
{
  g_autofree char *why = NULL;
  if (g_strcmp0(hand->inside_of, step->uuid) == 0)
    return g_strdup(hand->inside);
  return look_at(hand, step, &why, error);
}

/* A CPU model that hides threads shows them as cores (AMD's without topoext): no key of a flavor changes that. */
static void show_hidden_threads(KtCloudGuest *seen, const KtCloudGuest *want)
{
  if (seen->threads.known && seen->threads.value == 1 && want->threads.known && seen->cores.known &&
      want->cores.known && seen->cores.value == want->cores.value * want->threads.value) {
    seen->cores = want->cores;
    seen->threads = want->threads;
  }
}

char *kt_cloud_hand_inside(KtCloudHand *hand, const char *uuid, const char *wanted, char **why)
{
  const KtCloudGuest want = parse_guest(wanted);
  KtCloudGuest guest = {0};
  if (hand->acting.inside)
    hand->acting.inside(uuid, &guest, why, hand->acting.data);
  if (want.cells.known && !want.cells.value && guest.cells.value == 1) /* without NUMA a kernel has one node */
    guest.cells.value = 0;
  show_hidden_threads(&guest, &want);
  return kt_cloud_guest_text(&guest);
}

/* FALSE with *error: the guest itself sees something else. What it does not tell, its definition has told. */
static gboolean agrees_inside(KtCloudHand *hand, const KtStep *step, const char *value, GError **error)
{
  g_autofree char *why = NULL, *seen = hand->base.dry ? NULL : kt_cloud_hand_inside(hand, step->uuid, value, &why);
  if (kt_cloud_topology_agrees(value, seen) != KT_NO)
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "the guest itself sees %s, and not %s, whatever its definition says",
              seen, value);
  hand->inside = g_steal_pointer(&seen);
  hand->inside_of = g_strdup(step->uuid);
  return FALSE;
}

/* Nothing is written: it is only looked at, and said what is wrong with it. */
static gboolean judge_topology(KtCloudHand *hand, const KtStep *step, const char *value, GError **error)
{
  g_clear_pointer(&hand->inside, g_free);
  g_clear_pointer(&hand->inside_of, g_free);
  g_autoptr(GError) failed = NULL;
  g_autofree char *why = NULL, *found = hand->base.dry ? g_strdup(value) : look_at(hand, step, &why, &failed);
  KtTri answer = failed ? KT_UNKNOWN : kt_cloud_topology_agrees(value, found);
  if (failed)
    g_propagate_error(error, g_steal_pointer(&failed));
  else if (answer == KT_NO)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "the guest has %s, and not %s: Nova passes over what cannot be",
                found, value);
  else if (answer == KT_UNKNOWN && !hand->acting.unverified)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "what the guest has cannot be told%s%s: %s",
                found ? " but for " : "", found ? found : "",
                why ? why : "name the libvirt of its host behind the plan");
  else
    return agrees_inside(hand, step, value, error);
  return FALSE;
}

static gboolean topology_reached(KtCloudHand *hand, const KtStep *step, const char *wanted, const char *found)
{
  KtTri answer = kt_cloud_topology_agrees(wanted, found);
  return answer == KT_YES || (answer == KT_UNKNOWN && hand->acting.unverified);
}

const KtCloudHandKind kt_cloud_hand_topology = {
    .read = read_topology, .write = judge_topology, .reached = topology_reached};

/* ---- what load it has ---- */

static char *read_load(KtCloudHand *hand, const KtStep *step, GError **error)
{
  return g_strdup(hand->verdict);
}

static gboolean judge_load(KtCloudHand *hand, const KtStep *step, const char *value, GError **error)
{
  if (!hand->base.dry && hand->acting.judge)
    hand->verdict = hand->acting.judge(step->uuid, hand->acting.data);
  if (g_strcmp0(hand->verdict, "worse") != 0)
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "the load runs worse than before");
  return FALSE;
}

static gboolean load_reached(KtCloudHand *hand, const KtStep *step, const char *wanted, const char *found)
{
  return found && !g_str_equal(found, "worse");
}

const KtCloudHandKind kt_cloud_hand_load = {.read = read_load, .write = judge_load, .reached = load_reached};

/* ---- the table's use ---- */

static const KtCloudHandKind *kind_of(const KtStep *step, GError **error)
{
  static const KtCloudHandKind *const kinds[KT_STEPS] = {
      [KT_STEP_FLAVOR] = &kt_cloud_hand_flavor,        [KT_STEP_FLAVOR_KEYS] = &kt_cloud_hand_keys,
      [KT_STEP_FLAVOR_ACCESS] = &kt_cloud_hand_access, [KT_STEP_RESIZE] = &kt_cloud_hand_resize,
      [KT_STEP_TOPOLOGY] = &kt_cloud_hand_topology,    [KT_STEP_LOAD] = &kt_cloud_hand_load,
  };
  const KtCloudHandKind *kind = step->kind < KT_STEPS ? kinds[step->kind] : NULL;
  if (!kind)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "steps of this kind are not done in a cloud");
  return kind;
}

static char *read_step(KtActuator *self, const KtStep *step, GError **error)
{
  const KtCloudHandKind *kind = kind_of(step, error);
  kt_cloud_session_set_stop(((KtCloudHand *)self)->session, self->stop, 0);
  return kind ? kind->read((KtCloudHand *)self, step, error) : NULL;
}

static gboolean write_step(KtActuator *self, const KtStep *step, const char *value, GError **error)
{
  const KtCloudHandKind *kind = kind_of(step, error);
  kt_cloud_session_set_stop(((KtCloudHand *)self)->session, self->stop, 0);
  return kind && kind->write((KtCloudHand *)self, step, value, error);
}

static gboolean reached(KtActuator *self, const KtStep *step, const char *wanted, const char *found)
{
  const KtCloudHandKind *kind = kind_of(step, NULL);
  return kind && kind->reached ? kind->reached((KtCloudHand *)self, step, wanted, found)
                               : g_strcmp0(wanted, found) == 0;
}

/* When a run was cut off long ago, nothing of it is on its way any more. */
enum { ON_ITS_WAY_S = 600, LOOK_AGAIN_US = 500000 };

static void settle(KtActuator *self, const KtStep *step, const char *begun)
{
  KtCloudHand *hand = (KtCloudHand *)self;
  const KtCloudHandKind *kind = kind_of(step, NULL);
  g_autoptr(GDateTime) since = begun ? g_date_time_new_from_iso8601(begun, NULL) : NULL;
  g_autoptr(GDateTime) now = g_date_time_new_now_utc();
  if (!kind || !kind->came || (since && g_date_time_difference(now, since) > ON_ITS_WAY_S * G_TIME_SPAN_SECOND))
    return;
  KtProgress progress = {.all = KT_CLOUD_SETTLE_S};
  for (gint64 began = g_get_monotonic_time();
       progress.done < progress.all && !g_cancellable_is_cancelled(self->stop);) {
    if (kind->came(hand, step, since))
      return;
    if (self->progress)
      self->progress(&progress, self->data);
    g_usleep(LOOK_AGAIN_US);
    progress.done = (guint64)((g_get_monotonic_time() - began) / G_USEC_PER_SEC);
  }
}

/* A server is its id, whatever it is called by now; that it is gone is seen when it is read. */
static KtLook *look_for(KtActuator *self, const char *name, const char *id, GError **error)
{
  return kt_look_new(name, id);
}

/* Nova itself says no to what may not be done. */
static char *refuses(KtActuator *self, const KtStep *step, const KtLook *seen, char **warning)
{
  if (warning)
    *warning = NULL;
  return NULL;
}

static void hand_free(KtActuator *self)
{
  KtCloudHand *hand = (KtCloudHand *)self;
  kt_cloud_session_free(hand->session);
  kt_cloud_config_free(hand->config);
  kt_cloud_plan_free(hand->plan);
  g_hash_table_unref(hand->pretended);
  g_free(hand->inside);
  g_free(hand->inside_of);
  g_free(hand);
}

/* From 2.47 on a server shows its own flavor. */
enum { COPY_FROM = 47, CHANGES_MOST = 90 };

static gboolean check_cloud(const KtCloudHand *hand, GError **error)
{
  const char *here = kt_cloud_session_endpoint(hand->session, KT_SERVICE_COMPUTE);
  if (!hand->plan->endpoint && (!hand->plan->cloud || strchr(hand->plan->cloud, '*'))) { /* "OS_*" are anybody's */
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED,
                "the plan does not say of which cloud it is: it has no \"endpoint\". Make it anew with 'kvmtune cloud "
                "plan -o FILE'");
    return FALSE;
  }
  if (hand->plan->endpoint ? g_strcmp0(hand->plan->endpoint, here) != 0
                           : g_strcmp0(hand->plan->cloud, hand->config->name) != 0) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED,
                "the plan is of the cloud '%.100s' (%.200s), and this is '%.100s' (%.200s)",
                hand->plan->cloud ? hand->plan->cloud : "unknown", hand->plan->endpoint ? hand->plan->endpoint : "?",
                hand->config->name, here);
    return FALSE;
  }
  if (hand->version >= COPY_FROM)
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED,
              "this Nova (2.%u) does not show the flavor that a server has: 2.%d is needed", hand->version, COPY_FROM);
  return FALSE;
}

KtActuator *kt_cloud_actuator_new(KtCloudConfig *config, KtCloudSession *session, KtCloudPlan *plan,
                                  const KtCloudActing *acting, GError **error)
{
  KtCloudHand *hand = g_new0(KtCloudHand, 1);
  hand->base = (KtActuator){.read = read_step,
                            .write = write_step,
                            .reached = reached,
                            .settle = settle,
                            .look = look_for,
                            .refuses = refuses,
                            .free = hand_free};
  hand->config = config;
  hand->session = session;
  hand->plan = plan;
  hand->acting = *acting;
  hand->acting.limit_s = acting->limit_s > 0 ? acting->limit_s : KT_CLOUD_LIMIT_S;
  hand->version = kt_cloud_session_version(session, CHANGES_MOST);
  hand->pretended = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  if (check_cloud(hand, error))
    return &hand->base;
  hand_free(&hand->base);
  return NULL;
}

#else

KtActuator *kt_cloud_actuator_new(KtCloudConfig *config, KtCloudSession *session, KtCloudPlan *plan,
                                  const KtCloudActing *acting, GError **error)
{
  kt_cloud_session_free(session);
  kt_cloud_config_free(config);
  kt_cloud_plan_free(plan);
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this kvmtune was built without json-glib");
  return NULL;
}

GPtrArray *kt_cloud_receipts_make(KtActuator *actuator, const KtCloudChoice *choice, GPtrArray *notes, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this kvmtune was built without json-glib");
  return NULL;
}

GPtrArray *kt_cloud_expect(KtActuator *actuator, const KtReceipt *receipt, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this kvmtune was built without json-glib");
  return NULL;
}

#endif
