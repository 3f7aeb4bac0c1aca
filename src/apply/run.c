/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/run.h"

#include "apply/run_parts.h"
#include "apply/touch.h"
#include "base/error.h"
#include "plan/build.h"

gboolean kt_run_check_host(const char *what, const char *name, const char *machine, const KtRunHost *here,
                           GError **error)
{
  if (g_strcmp0(name, here->name) != 0)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s is of the host '%.100s', this one is '%.100s'", what,
                name ? name : "unknown", here->name);
  else if (machine && g_strcmp0(machine, here->machine) != 0)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s is of another machine that is called '%.100s' too: %s", what,
                here->name, here->machine ? "its machine-id is another" : "this one has no machine-id");
  else
    return TRUE;
  return FALSE;
}

gboolean kt_run_check_plan(const KtPlan *plan, const KtRunHost *here, GError **error)
{
  if (plan->live)
    return kt_run_check_host("the plan", plan->host, plan->machine, here, error);
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED,
              "the plan was made of a capture: make it on the running host, with 'kvmtune plan -o FILE'");
  return FALSE;
}

/* ---- the journal, where there is one ---- */

gboolean kt_run_note(const KtRun *run, gint64 receipt, GError **error)
{
  return !run->lock || kt_lock_note(run->lock, receipt, error);
}

gboolean kt_run_save_step(const KtRun *run, const KtReceipt *receipt, const KtStep *step, GError **error)
{
  return !run->journal || kt_journal_set_step(run->journal, receipt, step, error);
}

gboolean kt_run_save_state(const KtRun *run, KtReceipt *receipt, KtReceiptState state, GError **error)
{
  receipt->state = state;
  g_free(receipt->ended);
  receipt->ended = kt_receipt_now();
  return !run->journal || kt_journal_set_state(run->journal, receipt, error);
}

static void tell(const KtRun *run, const KtReceipt *receipt, const KtStep *step, gboolean begun)
{
  if (run->step)
    run->step(receipt, step, begun, run->data);
}

static void set_error(KtStep *step, char *why)
{
  g_free(step->error);
  step->error = why;
}

static const char *say(const KtStep *step, const char *value)
{
  return step->kind == KT_STEP_DEFINITION ? "another one" : !value ? "absent" : *value ? value : "not limited";
}

/* ---- one step ---- */

static gboolean is_same(KtTouch *touch, const KtStep *step, const char *now)
{
  if (g_strcmp0(step->before, now) == 0)
    return TRUE;
  if (step->kind == KT_STEP_DEFINITION || step->kind == KT_STEP_RESTART) /* byte for byte, the same run */
    return FALSE;
  if (step->kind == KT_STEP_TOPOLOGY) /* it has changed: with the resize */
    return TRUE;
  if (step->kind == KT_STEP_RESIZE && kt_touch_reached(touch, step, step->after, now)) /* by a run that was cut off */
    return TRUE;
  if (step->kind == KT_STEP_SYSFS && kt_plan_knob_number(step->where) &&
      kt_touch_reached(touch, step, step->after, now))
    return TRUE; /* CPUs of one clock change together */
  return kt_step_apart_pct(step, step->before, now) <= KT_STEP_NEAR_PCT ||
         kt_touch_reached(touch, step, step->before, now);
}

/* Why its domain is not the one any more that the steps were made for: gone, another's, started anew, given to a
 * manager meanwhile. NULL: it is. Caller frees. */
static char *say_other_domain(KtActuator *actuator, const KtStep *step)
{
  g_autoptr(GError) failed = NULL;
  g_autoptr(KtLook) look = step->domain ? actuator->look(actuator, step->domain, step->uuid, &failed) : NULL;
  if (failed)
    return g_strdup(failed->message);
  if (look && g_strcmp0(look->name, step->domain) != 0)
    return g_strdup_printf("it is called '%.100s' now", look->name);
  if (look && step->run && look->run && !g_str_equal(look->run, step->run))
    return g_strdup("the guest was started anew meanwhile");
  g_autofree char *why = actuator->refuses(actuator, step, look, NULL);
  return why ? g_strdup_printf("it may not be changed any more: %s", why) : NULL;
}

/* Is there still what was there when the steps were made? If not, nothing is done. */
static gboolean is_unchanged(const KtRun *run, KtTouch *touch, KtStep *step)
{
  g_autoptr(GError) failed = NULL;
  set_error(step, say_other_domain(run->actuator, step));
  if (step->error)
    return FALSE;
  g_autofree char *now = kt_touch_read(touch, step, &failed);
  if (failed)
    set_error(step, g_strdup(failed->message));
  else if (!is_same(touch, step, now))
    set_error(step, g_strdup_printf("it is %.200s now, it was %.200s: somebody else changed it meanwhile",
                                    say(step, now), say(step, step->before)));
  return !step->error;
}

/* Writes it and reads back. What was left, right or wrong, is in step->found. */
static void do_step(KtTouch *touch, KtStep *step)
{
  g_autoptr(GError) failed = NULL, unread = NULL;
  gboolean written = kt_touch_write(touch, step, step->after, &failed);
  g_free(step->found);
  step->found = kt_touch_read(touch, step, &unread);
  step->state = KT_STEP_FAILED;
  if (!written)
    set_error(step, g_strdup(failed->message));
  else if (unread)
    set_error(step, g_strdup(unread->message));
  else if (!kt_touch_reached(touch, step, step->after, step->found))
    set_error(step,
              g_strdup_printf("%.200s was asked for, %.200s is there", say(step, step->after), say(step, step->found)));
  else
    step->state = KT_STEP_DONE;
}

/* The move that a cpuset is widened for by the tool's own step in front of it; NULL: the step is none. */
static const KtStep *move_behind(const KtReceipt *receipt, const KtStep *step)
{
  gboolean own = step->kind == KT_STEP_NODESET && !step->change && step->number < receipt->steps->len;
  const KtStep *next = own ? receipt->steps->pdata[step->number] : NULL; /* numbered from 1 */
  return next && next->kind == KT_STEP_MEMORY && g_strcmp0(next->domain, step->domain) == 0 ? next : NULL;
}

/* Old and new nodes together move nothing by themselves: where they do, this kernel or libvirt is not the one that
 * the way of moving was found out on, and nothing more is done. */
static void widen(KtTouch *touch, KtStep *step, const KtStep *move)
{
  g_autoptr(GError) failed = NULL;
  g_autofree char *before = kt_touch_read(touch, move, &failed);
  if (before)
    do_step(touch, step);
  g_autofree char *now = before && step->state == KT_STEP_DONE ? kt_touch_read(touch, move, &failed) : NULL;
  double apart = now ? kt_step_apart_pct(move, before, now) : 0;
  if (failed)
    set_error(step, g_strdup_printf("whether its memory stays meanwhile cannot be seen: %s", failed->message));
  else if (apart > KT_STEP_NEAR_PCT)
    set_error(step, g_strdup_printf("more nodes alone moved %.0f %% of its memory: it was %.200s and is %.200s", apart,
                                    before, now));
  if (failed || apart > KT_STEP_NEAR_PCT)
    step->state = KT_STEP_FAILED;
}

/* FALSE with *error if the journal cannot be written; step->state says all else. */
static gboolean run_step(const KtRun *run, KtTouch *touch, KtReceipt *receipt, KtStep *step, GError **error)
{
  tell(run, receipt, step, TRUE);
  if (is_unchanged(run, touch, step)) {
    step->state = KT_STEP_STARTED;
    if (!kt_run_save_step(run, receipt, step, error)) {
      step->state = KT_STEP_PLANNED;
      return FALSE;
    }
    const KtStep *move = run->actuator->dry ? NULL : move_behind(receipt, step);
    if (move)
      widen(touch, step, move);
    else
      do_step(touch, step);
  }
  gboolean saved = kt_run_save_step(run, receipt, step, error);
  tell(run, receipt, step, FALSE);
  return saved;
}

/* ---- all of them ---- */

static gboolean end_at(const KtRun *run, KtReceipt *receipt, const KtStep *step, KtReceiptState state, GError **error)
{
  g_autofree char *name = kt_step_name(step);
  g_free(receipt->error);
  receipt->error = g_strdup_printf("%sstep %u, %s%s%s", state == KT_RECEIPT_STOPPED ? "stopped at " : "", step->number,
                                   name, step->error ? ": " : "", step->error ? step->error : "");
  if (kt_run_save_state(run, receipt, state, error))
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s", receipt->error);
  return FALSE;
}

static gboolean run_steps(const KtRun *run, KtTouch *touch, KtReceipt *receipt, GError **error)
{
  for (guint i = 0; i < receipt->steps->len; i++) {
    KtStep *step = receipt->steps->pdata[i];
    if (kt_touch_is_stopped(touch))
      return end_at(run, receipt, step, KT_RECEIPT_STOPPED, error);
    if (!run_step(run, touch, receipt, step, error))
      return FALSE;
    if (step->state != KT_STEP_DONE)
      return end_at(run, receipt, step, kt_touch_is_stopped(touch) ? KT_RECEIPT_STOPPED : KT_RECEIPT_FAILED, error);
  }
  return kt_run_save_state(run, receipt, KT_RECEIPT_DONE, error);
}

gboolean kt_run_apply(const KtRun *run, KtReceipt *receipt, GError **error)
{
  g_autoptr(KtTouch) touch = kt_touch_new(run->actuator);
  receipt->state = KT_RECEIPT_RUNNING;
  g_free(receipt->begun);
  receipt->begun = kt_receipt_now();
  gint64 number = 0;
  if (run->journal && (!kt_journal_next(run->journal, &number, error) || !kt_run_note(run, number, error) ||
                       !kt_journal_add(run->journal, receipt, error)))
    return FALSE;
  return run_steps(run, touch, receipt, error);
}
