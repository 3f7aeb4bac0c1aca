/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/mover.h"
#include "apply/run_parts.h"
#include "apply/touch.h"
#include "base/error.h"

#define GOES_ON "it runs with the new definition until it is stopped and started once more (--restart does that)"
#define BACK_PCT 2 /* memory is back where less of it lies elsewhere */

/* ---- what is there now ---- */

typedef enum {
  NOW_BEFORE, /* as it was before the run */
  NOW_OURS,   /* as the run left it, or on the way there */
  NOW_OTHERS, /* neither */
  NOW_GONE,   /* nothing to take back: what it was about has ended */
  NOW_UNKNOWN /* it cannot be read */
} Now;

static gint64 kib_on(const GArray *memory, int node)
{
  gint64 kib = 0;
  for (guint i = 0; memory && i < memory->len; i++)
    kib += g_array_index(memory, KtNodeMemory, i).node == node ? g_array_index(memory, KtNodeMemory, i).kib : 0;
  return kib;
}

/* Memory that was moved in part lies where it was and where it was to go, and nowhere else. */
static gboolean is_between(const KtStep *step, const char *now)
{
  g_autoptr(GArray) before = step->before ? kt_memory_parse(step->before, NULL) : NULL;
  g_autoptr(GArray) after = step->after ? kt_memory_parse(step->after, NULL) : NULL;
  g_autoptr(GArray) found = now ? kt_memory_parse(now, NULL) : NULL;
  double all = 0, astray = 0;
  for (guint i = 0; found && i < found->len; i++) {
    const KtNodeMemory *part = &g_array_index(found, KtNodeMemory, i);
    all += (double)part->kib;
    astray += kib_on(before, part->node) || kib_on(after, part->node) ? 0 : (double)part->kib;
  }
  return all > 0 && 100 * astray <= BACK_PCT * all;
}

static gboolean is_before(KtTouch *touch, const KtStep *step, const char *now)
{
  if (g_strcmp0(now, step->before) == 0)
    return TRUE;
  switch (step->kind) {
  case KT_STEP_DEFINITION: /* byte for byte */
  case KT_STEP_RESTART:    /* the same run */
    return FALSE;
  case KT_STEP_MEMORY:
    return kt_step_apart_pct(step, step->before, now) <= BACK_PCT;
  case KT_STEP_RESIZE:
    return kt_step_is_confirmation(step); /* the resize that it confirmed is what is taken back */
  case KT_STEP_TOPOLOGY:
  case KT_STEP_LOAD:
    return TRUE;
  default:
    return kt_touch_reached(touch, step, step->before, now);
  }
}

static gboolean is_ours(KtTouch *touch, const KtStep *step, const char *now)
{
  if (step->kind == KT_STEP_RESIZE) /* there, or on its way back; never what somebody else made of it */
    return kt_step_same_flavor(now, step->after) || kt_step_same_flavor(now, step->before);
  if (step->found && g_strcmp0(now, step->found) == 0)
    return TRUE;
  if (step->kind == KT_STEP_MEMORY)
    return is_between(step, now);
  if (step->kind == KT_STEP_DEFINITION && step->found) /* with more in it than the run put there */
    return FALSE;
  return kt_touch_reached(touch, step, step->after, now);
}

static char *tell_others(const KtStep *step, const char *now)
{
  static const char who[] = "somebody else changed it since";
  return step->kind == KT_STEP_DEFINITION
             ? g_strdup(who)
             : g_strdup_printf("%s: it is %.200s now, the run left %.200s", who, now ? now : "absent",
                               step->found ? step->found : step->after);
}

/* A guest that was shut down and not started. */
static Now restart_of(const char *now)
{
  return g_strcmp0(now, KT_STEP_OFF) == 0 ? NOW_GONE : NOW_OTHERS;
}

/* What was changed while a guest ran has ended with that run, whatever the next one looks like. */
static gboolean runs_anew(KtActuator *actuator, const KtStep *step)
{
  gboolean asked = step->run && step->kind != KT_STEP_RESTART;
  g_autoptr(KtLook) look = asked ? actuator->look(actuator, step->domain, step->uuid, NULL) : NULL;
  return look && look->run && !g_str_equal(look->run, step->run);
}

static Now look_at(KtActuator *actuator, KtTouch *touch, const KtStep *step, char **why)
{
  g_autoptr(GError) failed = NULL;
  if (runs_anew(actuator, step)) {
    *why = g_strdup("the guest was started anew since, and that ended with its run");
    return NOW_GONE;
  }
  g_autofree char *now = kt_touch_read(touch, step, &failed);
  if (failed) {
    gboolean live = step->domain && step->kind != KT_STEP_DEFINITION;
    *why = g_strdup(failed->message);
    return live && g_error_matches(failed, KT_ERROR, KT_ERROR_NOT_FOUND) ? NOW_GONE : NOW_UNKNOWN;
  }
  if (is_before(touch, step, now))
    return NOW_BEFORE;
  if (step->kind == KT_STEP_RESTART)
    return restart_of(now);
  if (is_ours(touch, step, now))
    return NOW_OURS;
  *why = tell_others(step, now);
  return NOW_OTHERS;
}

/* ---- one step ---- */

static void end_step(KtStep *step, KtStepState state, char *why)
{
  step->state = state;
  g_free(step->error);
  step->error = why;
}

static void write_back(KtTouch *touch, KtStep *step)
{
  g_autoptr(GError) failed = NULL;
  gboolean written = kt_touch_write(touch, step, step->before, &failed);
  g_autofree char *now = kt_touch_read(touch, step, NULL);
  if (is_before(touch, step, now))
    end_step(step, KT_STEP_UNDONE, NULL);
  else if (!written)
    end_step(step, KT_STEP_KEPT, g_strdup(failed->message));
  else if (step->kind == KT_STEP_DEFINITION)
    end_step(step, KT_STEP_KEPT, g_strdup("libvirt made another definition of the one that was there before"));
  else
    end_step(step, KT_STEP_KEPT,
             g_strdup_printf("%.200s was asked for, %.200s is there", step->before ? step->before : "absent",
                             now ? now : "absent"));
}

static gboolean has_definition_back(const KtReceipt *receipt, const KtStep *restart)
{
  for (guint i = 0; i < receipt->steps->len; i++) {
    const KtStep *step = receipt->steps->pdata[i];
    if (step->kind == KT_STEP_DEFINITION && g_strcmp0(step->domain, restart->domain) == 0)
      return step->state == KT_STEP_UNDONE;
  }
  return FALSE;
}

/* An earlier rollback brought the definition back, and then it was started. */
static gboolean was_started(KtTouch *touch, const KtReceipt *receipt, const KtStep *step, const char *now)
{
  gboolean paused = step->found && g_str_has_prefix(step->found, "paused");
  return now && step->state == KT_STEP_KEPT && has_definition_back(receipt, step) && !paused &&
         g_strcmp0(now, step->found) != 0 && kt_touch_reached(touch, step, step->after, now);
}

/* It runs, or is off (`off`); the run that has the new definition is noted. */
static void undo_restart(KtTouch *touch, const KtReceipt *receipt, KtStep *step, gboolean off)
{
  g_autofree char *now = off ? NULL : kt_touch_read(touch, step, NULL);
  if (was_started(touch, receipt, step, now)) {
    end_step(step, KT_STEP_UNDONE, g_strdup("it was started since, with the definition that is back"));
    return;
  }
  end_step(step, KT_STEP_KEPT, g_strdup(off ? "it does not run: start it once its definition is back" : GOES_ON));
  if (now) {
    g_free(step->found);
    step->found = g_steal_pointer(&now);
  }
}

static void undo_step(KtActuator *actuator, KtTouch *touch, const KtReceipt *receipt, KtStep *step)
{
  g_autofree char *why = NULL;
  Now now = look_at(actuator, touch, step, &why);
  if (step->kind == KT_STEP_RESTART && (now == NOW_GONE || now == NOW_OTHERS))
    undo_restart(touch, receipt, step, now == NOW_GONE);
  else if (now == NOW_BEFORE || now == NOW_GONE)
    end_step(step, KT_STEP_UNDONE, g_steal_pointer(&why));
  else if (now == NOW_OURS)
    write_back(touch, step);
  else
    end_step(step, KT_STEP_KEPT, g_steal_pointer(&why));
}

/* ---- all of them ---- */

static gboolean is_of_memory(const KtStep *step)
{
  return step->kind == KT_STEP_NODESET || step->kind == KT_STEP_MEMORY;
}

/* Where a guest's memory lies and may come from hangs together: what was widened for a move is not narrowed while the
 * memory has not come back. */
static const KtStep *held_by(const KtReceipt *receipt, guint index)
{
  const KtStep *step = receipt->steps->pdata[index];
  for (guint i = index + 1; is_of_memory(step) && i < receipt->steps->len; i++) {
    const KtStep *later = receipt->steps->pdata[i];
    if (is_of_memory(later) && later->state == KT_STEP_KEPT && g_strcmp0(later->domain, step->domain) == 0)
      return later;
  }
  return NULL;
}

static void undo_in_turn(KtActuator *actuator, KtTouch *touch, const KtReceipt *receipt, guint index)
{
  KtStep *step = receipt->steps->pdata[index];
  const KtStep *holder = held_by(receipt, index);
  if (holder)
    end_step(step, KT_STEP_KEPT, g_strdup_printf("left as it is, because step %u is", holder->number));
  else {
    if (step->state == KT_STEP_STARTED && actuator->settle && !actuator->dry)
      actuator->settle(actuator, step, receipt->begun);
    undo_step(actuator, touch, receipt, step);
  }
}

static gboolean undo_steps(const KtRun *run, KtTouch *touch, KtReceipt *receipt, GError **error)
{
  for (guint i = receipt->steps->len; i-- > 0;) {
    KtStep *step = receipt->steps->pdata[i];
    if (step->state == KT_STEP_PLANNED || step->state == KT_STEP_UNDONE)
      continue;
    if (kt_touch_is_stopped(touch)) {
      g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "stopped; 'kvmtune rollback %" G_GINT64_FORMAT "' takes it on",
                  receipt->number);
      return FALSE;
    }
    if (run->step)
      run->step(receipt, step, TRUE, run->data);
    undo_in_turn(run->actuator, touch, receipt, i);
    if (!kt_run_save_step(run, receipt, step, error))
      return FALSE;
    if (run->step)
      run->step(receipt, step, FALSE, run->data);
  }
  return TRUE;
}

/* A cpuset that is narrowed takes memory along: what was back may not be so at the end. */
static gboolean check_memory(const KtRun *run, KtTouch *touch, KtReceipt *receipt, GError **error)
{
  for (guint i = 0; i < receipt->steps->len; i++) {
    KtStep *step = receipt->steps->pdata[i];
    if (step->kind != KT_STEP_MEMORY || step->state != KT_STEP_UNDONE || step->error)
      continue;
    g_autofree char *now = kt_touch_read(touch, step, NULL);
    if (!now || is_before(touch, step, now))
      continue;
    end_step(step, KT_STEP_KEPT, g_strdup_printf("it came back, and at the end %.200s is there", now));
    if (!kt_run_save_step(run, receipt, step, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- guests that go on with what was taken back ---- */

static void restart_guest(KtTouch *touch, KtStep *step)
{
  g_autoptr(GError) failed = NULL;
  g_autofree char *was = kt_touch_read(touch, step, NULL);
  gboolean written = kt_touch_write(touch, step, step->after, &failed);
  g_autofree char *now = kt_touch_read(touch, step, NULL);
  if (written && now && g_strcmp0(now, was) != 0 && kt_touch_reached(touch, step, step->after, now))
    end_step(step, KT_STEP_UNDONE, g_strdup("it was started once more, with the definition that was there before"));
  else
    end_step(step, KT_STEP_KEPT, g_strdup(failed ? failed->message : GOES_ON));
}

/* By somebody else, after the run had started it: so it stays. */
static gboolean was_shut_down(KtTouch *touch, const KtStep *step)
{
  g_autofree char *now = kt_touch_read(touch, step, NULL);
  gboolean started = step->found && !g_str_equal(step->found, KT_STEP_OFF) && g_strcmp0(step->found, step->before) != 0;
  return started && g_strcmp0(now, KT_STEP_OFF) == 0;
}

static gboolean restart_guests(const KtRun *run, KtTouch *touch, KtReceipt *receipt, GError **error)
{
  for (guint i = 0; run->restart && i < receipt->steps->len && !kt_touch_is_stopped(touch); i++) {
    KtStep *step = receipt->steps->pdata[i];
    if (step->kind != KT_STEP_RESTART || step->state != KT_STEP_KEPT || !has_definition_back(receipt, step) ||
        was_shut_down(touch, step))
      continue;
    end_step(step, KT_STEP_PLANNED, NULL);
    if (run->step)
      run->step(receipt, step, TRUE, run->data);
    restart_guest(touch, step);
    if (!kt_run_save_step(run, receipt, step, error))
      return FALSE;
    if (run->step)
      run->step(receipt, step, FALSE, run->data);
  }
  return TRUE;
}

static gboolean has_kept(const KtReceipt *receipt)
{
  for (guint i = 0; i < receipt->steps->len; i++)
    if (((const KtStep *)receipt->steps->pdata[i])->state == KT_STEP_KEPT)
      return TRUE;
  return FALSE;
}

/* What a later run changed, it changed from what this one left. */
static gboolean is_last(const KtRun *run, const KtReceipt *receipt, GError **error)
{
  g_autoptr(GError) failed = NULL;
  g_autofree char *newer = run->journal ? kt_journal_newer(run->journal, receipt, &failed) : NULL;
  if (failed)
    g_propagate_error(error, g_steal_pointer(&failed));
  else if (newer)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s; nothing was done", newer);
  else
    return TRUE;
  return FALSE;
}

gboolean kt_run_rollback(const KtRun *run, KtReceipt *receipt, GError **error)
{
  g_autoptr(KtTouch) touch = kt_touch_new(run->actuator);
  if (!is_last(run, receipt, error) || !kt_run_note(run, receipt->number, error) ||
      !kt_run_save_state(run, receipt, KT_RECEIPT_UNDOING, error) || !undo_steps(run, touch, receipt, error) ||
      !check_memory(run, touch, receipt, error) || !restart_guests(run, touch, receipt, error))
    return FALSE;
  return kt_run_save_state(run, receipt, has_kept(receipt) ? KT_RECEIPT_KEPT : KT_RECEIPT_UNDONE, error);
}
