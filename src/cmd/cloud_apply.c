/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "apply/run.h"
#include "base/error.h"
#include "base/i18n.h"
#include "cmd/apply_parts.h"
#include "cmd/cloud.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "evidence/libvirt_hosts.h"
#include "evidence/measurement_json.h"
#include "verify/verdict.h"
#include "view/apply_view.h"

enum { PLAN_MAX = 64 << 20, AGENT_S = 60 };

/* ---- what a guest sees ---- */

static void look_inside(const char *uuid, KtCloudGuest *guest, char **why, gpointer data)
{
  kt_cloud_look_inside(uuid, guest, why, data);
  g_autofree char *line =
      *why ? g_strdup_printf(_("        Its agent does not tell what it sees (%s): its definition decides.\n"), *why)
           : NULL;
  kt_output(line ? line : "", NULL);
}

/* ---- its load ---- */

static const char *judge(const char *uuid, gpointer data)
{
  const KtCloudSight *sight = data;
  const char *was = sight->receipt->measured;
  KtMeasureOptions options = sight->measure;
  kt_cloud_measure_guest(sight->uris, sight->timeout_s, uuid, &options);
  g_autoptr(KtMeasurement) before = was ? kt_measurement_from_json("before", was, strlen(was), NULL) : NULL;
  g_autoptr(KtMeasurement) after = before ? kt_measure(&options, NULL) : NULL;
  g_autoptr(KtJudgement) judgement = after ? kt_judgement_new(before, after, FALSE) : NULL;
  return kt_verdict_names[judgement ? judgement->kind : KT_VERDICT_CANNOT_TELL];
}

/* ---- a cloud to act on ---- */

static KtActuator *sign_in(const KtCloudWish *wish, double timeout_s, KtCloudPlan *plan, const KtCloudActing *acting,
                           GError **error)
{
  const KtHttpOptions options = {.timeout_s = timeout_s};
  KtCloudConfig *config = kt_cloud_config_find(wish, error);
  KtCloudSession *session = config ? kt_cloud_session_new(config, &options, error) : NULL;
  if (session)
    return kt_cloud_actuator_new(config, session, plan, acting, error);
  kt_cloud_config_free(config);
  kt_cloud_plan_free(plan);
  return NULL;
}

KtActuator *kt_cloud_actuator_of(const KtReceipt *receipt, const KtCloudWish *wish, const KtCloudActing *acting,
                                 GError **error)
{
  const KtCloudActing none = {0};
  KtCloudWish own = *wish;
  g_autofree char *name = g_strdup_printf("receipt %" G_GINT64_FORMAT ", its plan", receipt->number);
  KtCloudPlan *plan = kt_cloud_plan_from_json(name, receipt->plan, strlen(receipt->plan), error);
  if (!own.cloud && receipt->host && strcspn(receipt->host, "*") == strlen(receipt->host)) /* not "OS_*" */
    own.cloud = receipt->host;
  return plan ? sign_in(&own, 0, plan, acting ? acting : &none, error) : NULL;
}

/* ---- the runs ---- */

typedef struct {
  const KtCloudApplyRequest *wish;
  KtCloudSight sight;
  gboolean can_look;
  KtActuator *actuator;
  KtJournal *journal;
  KtLock *lock;
  KtApplyShow show;
  KtRun run;
} Work;

/* All of it in one table. */
static gboolean show_all(const Work *w, const GPtrArray *receipts, GPtrArray *notes, GError **error)
{
  const KtTerm term = kt_term_of_stdout(w->wish->colour);
  g_autoptr(KtReceipt) all = kt_receipt_new();
  g_ptr_array_set_free_func(all->steps, NULL);
  for (guint i = 0; i < receipts->len; i++) {
    const KtReceipt *receipt = receipts->pdata[i];
    for (guint k = 0; k < receipt->steps->len; k++)
      g_ptr_array_add(all->steps, receipt->steps->pdata[k]);
  }
  if (receipts->len && !w->can_look && !w->wish->unverified)
    g_ptr_array_add(notes,
                    g_strdup(_("No libvirt is given behind the plan to look at what the guest has got: the first "
                               "server will wait in VERIFY_RESIZE for you to confirm or revert it.")));
  for (guint i = 0; i < notes->len; i++)
    g_ptr_array_add(all->notes, g_strdup(notes->pdata[i]));
  g_autofree char *text = kt_view_apply_steps(&term, all, NULL, NULL);
  return kt_output(text, error);
}

static const KtStep *failed_step(const KtReceipt *receipt)
{
  for (guint i = 0; i < receipt->steps->len; i++) {
    const KtStep *step = receipt->steps->pdata[i];
    if (step->state == KT_STEP_FAILED)
      return step;
  }
  return NULL;
}

/* The guest came out another one than planned, or runs worse: back by itself. */
static gboolean is_to_be_reverted(const KtReceipt *receipt)
{
  const KtStep *step = receipt->state == KT_RECEIPT_FAILED ? failed_step(receipt) : NULL;
  return step && (step->kind == KT_STEP_LOAD ||
                  (step->kind == KT_STEP_TOPOLOGY && kt_cloud_topology_agrees(step->after, step->found) == KT_NO));
}

static void say_how_to_go_on(const KtReceipt *receipt)
{
  const KtStep *step = failed_step(receipt);
  if (!step || step->kind != KT_STEP_TOPOLOGY)
    return;
  g_autofree char *text =
      g_strdup_printf(_("  '%s' waits in VERIFY_RESIZE. 'kvmtune cloud apply' with --server %s and the libvirt of its "
                        "host looks at it again and confirms; --confirm-unverified confirms it as it is.\n"),
                      step->domain, step->uuid);
  kt_output(text, NULL);
}

static void revert(Work *w, KtReceipt *receipt, GError **error)
{
  g_autoptr(GError) failed = NULL;
  w->show.back = TRUE;
  kt_output(_("\nNot as planned: it goes back.\n"), NULL);
  if (!kt_run_rollback(&w->run, receipt, &failed) && error && *error)
    g_prefix_error(error, "it could not be taken back (%s): ", failed->message);
  w->show.back = FALSE;
}

static void measure_before(Work *w, KtReceipt *receipt, const char *server)
{
  KtMeasureOptions options = w->sight.measure;
  if (options.duration_s > 0)
    kt_cloud_measure_guest(w->sight.uris, w->sight.timeout_s, server, &options);
  kt_apply_measure(receipt, &options);
}

static void note_verdict(const Work *w, const KtReceipt *receipt)
{
  for (guint i = 0; w->run.journal && receipt->number && i < receipt->steps->len; i++) {
    const KtStep *step = receipt->steps->pdata[i];
    if (step->kind == KT_STEP_LOAD && step->found)
      kt_journal_set_verdict(w->run.journal, receipt->number, step->found, NULL);
  }
}

static const char *server_of(const KtReceipt *receipt)
{
  return receipt->steps->len ? ((const KtStep *)receipt->steps->pdata[0])->uuid : NULL;
}

/* Is the receipt of this number about the same? Names of servers are not unique, and change. */
static gboolean is_about(const Work *w, gint64 number, const KtReceipt *receipt)
{
  g_autoptr(KtReceipt) other = kt_journal_load(w->run.journal, number, NULL);
  const char *server = server_of(receipt);
  return other && g_strcmp0(other->uri, receipt->uri) == 0 && g_strcmp0(server_of(other), server) == 0 &&
         (server || g_strcmp0(other->scope, receipt->scope) == 0);
}

/* What was cut off of the same before has found its end in this one. */
static void close_cut_off(const Work *w, const KtReceipt *receipt)
{
  g_autoptr(GPtrArray) past = w->run.journal && receipt->number ? kt_journal_list(w->run.journal, NULL) : NULL;
  for (guint i = 0; past && i < past->len; i++) {
    KtReceipt *old = past->pdata[i];
    if (old->state != KT_RECEIPT_RUNNING || old->number == receipt->number || !is_about(w, old->number, receipt))
      continue;
    old->state = KT_RECEIPT_STOPPED;
    g_free(old->error);
    old->error = g_strdup_printf("it was cut off; receipt %" G_GINT64_FORMAT " went on with it", receipt->number);
    kt_journal_set_state(w->run.journal, old, NULL);
  }
}

static gboolean run_receipt(Work *w, KtReceipt *receipt, GError **error)
{
  const char *server = server_of(receipt);
  const KtTerm term = kt_term_of_stdout(w->wish->colour);
  w->sight.receipt = receipt;
  w->sight.measure.stop = w->actuator->stop;
  if (server && w->run.journal)
    measure_before(w, receipt, server);
  gboolean done = kt_run_apply(&w->run, receipt, error);
  note_verdict(w, receipt);
  close_cut_off(w, receipt);
  if (!done && w->run.journal && is_to_be_reverted(receipt))
    revert(w, receipt, error);
  g_autofree char *end = receipt->number ? kt_view_apply_end(&term, receipt, w->wish->state) : NULL;
  kt_output(end ? end : "", NULL);
  if (!done && receipt->number)
    say_how_to_go_on(receipt);
  return done;
}

/* One after the other; a wave ends at the first that fails. */
static gboolean run_all(Work *w, const GPtrArray *receipts, GError **error)
{
  for (guint i = 0; i < receipts->len; i++) {
    if (g_cancellable_is_cancelled(w->actuator->stop)) {
      g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "stopped; %u of %u receipts were not begun", receipts->len - i,
                  receipts->len);
      return FALSE;
    }
    if (!run_receipt(w, receipts->pdata[i], error))
      return FALSE;
  }
  return !w->wish->dry_run || kt_output(_("Nothing was done: a dry run.\n"), error);
}

/* With the lock held and the journal open, or in a dry run. */
static int carry_out(Work *w, GError **error)
{
  const KtCloudChoice choice = {.server = w->wish->server, .wave = w->wish->wave, .journal = w->journal};
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) receipts = kt_cloud_receipts_make(w->actuator, &choice, notes, error);
  int status;
  if (!receipts || !show_all(w, receipts, notes, error))
    return -1;
  if (!receipts->len)
    return KT_EXIT_HEALTHY;
  if (!w->wish->dry_run && !w->wish->yes && !kt_apply_agreed(_("Do these steps?"), &status, error))
    return status;
  kt_output("\n", NULL);
  w->run = (KtRun){.actuator = w->actuator, .journal = w->wish->dry_run ? NULL : w->journal, .lock = w->lock};
  kt_apply_catch_signals(w->actuator);
  kt_apply_show(&w->show, &w->run, w->wish->colour);
  return run_all(w, receipts, error) ? KT_EXIT_HEALTHY : -1;
}

/* Of a dry run: what there is, and nothing is made. */
static gboolean open_to_read(const char *directory, KtJournal **journal, GError **error)
{
  g_autoptr(GError) failed = NULL;
  *journal = kt_journal_open(directory, FALSE, &failed);
  if (*journal || g_error_matches(failed, KT_ERROR, KT_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&failed));
  return FALSE;
}

static KtCloudPlan *read_plan(const char *path, GError **error)
{
  gsize length;
  g_autofree char *text = kt_input_file(path, PLAN_MAX, &length, error);
  return text ? kt_cloud_plan_from_json(path, text, length, error) : NULL;
}

/* A capture, whatever its date, does not tell what a guest has after its resize. */
static gboolean are_uris(const KtCloudRequest *request, GError **error)
{
  for (guint i = 0; request->evidence && request->evidence[i]; i++)
    if (!kt_libvirt_is_uri(request->evidence[i])) {
      g_set_error(error, KT_ERROR, KT_ERROR_USAGE,
                  "'%.200s' is no URI of libvirt (qemu+ssh://HOST/system): 'cloud apply' looks at each guest after its "
                  "resize, and takes no files; nothing was done",
                  request->evidence[i]);
      return FALSE;
    }
  return TRUE;
}

int kt_cloud_run_apply(const KtCloudRequest *request, const KtCloudApplyRequest *wish, GError **error)
{
  g_autofree char *directory = wish->state ? g_strdup(wish->state) : kt_journal_directory();
  Work w = {.wish = wish, .can_look = request->evidence && request->evidence[0]};
  w.sight = (KtCloudSight){.uris = request->evidence,
                           .timeout_s = request->timeout_s,
                           .agent_s = wish->limit_s > 0 ? MIN(wish->limit_s, AGENT_S) : AGENT_S,
                           .measure = {.duration_s = wish->verify_s}};
  const KtCloudActing acting = {.limit_s = wish->limit_s,
                                .unverified = wish->unverified,
                                .look = w.can_look ? kt_cloud_look : NULL,
                                .inside = w.can_look ? look_inside : NULL,
                                .judge = wish->verify_s > 0 ? judge : NULL,
                                .data = &w.sight};
  KtCloudPlan *plan = are_uris(request, error) ? read_plan(wish->plan, error) : NULL;
  g_autoptr(KtActuator) actuator = plan ? sign_in(&request->sign_in, request->timeout_s, plan, &acting, error) : NULL;
  if (!actuator)
    return -1;
  g_autoptr(KtLock) host = wish->dry_run ? NULL : kt_lock_take_host("kvmtune cloud apply", error);
  g_autoptr(KtLock) lock = host ? kt_lock_take(directory, "kvmtune cloud apply", error) : NULL;
  g_autoptr(KtJournal) journal = lock ? kt_journal_open(directory, TRUE, error) : NULL;
  if (wish->dry_run ? !open_to_read(directory, &journal, error) : !journal)
    return -1;
  actuator->dry = wish->dry_run;
  w.actuator = actuator;
  w.journal = journal;
  w.lock = lock;
  return carry_out(&w, error);
}
