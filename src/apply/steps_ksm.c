/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether KSM merges across nodes can be changed only while nothing is merged: so all is unmerged before, and merged
 * anew behind (kernel admin-guide/mm/ksm). */
#include "apply/steps_parts.h"
#include "base/i18n.h"

/* The tool's own step. */
static void set_run(KtStepsWork *work, const char *before, const char *after, const char *note)
{
  KtStep *step = kt_step_new(KT_STEP_SYSFS, KT_STEPS_KSM_RUN, before, after);
  step->note = g_strdup(note);
  kt_steps_take(work, step);
}

gboolean kt_steps_ksm(KtStepsWork *work, KtStep *step, GError **error)
{
  g_autoptr(KtStep) run = kt_step_new(KT_STEP_SYSFS, KT_STEPS_KSM_RUN, NULL, NULL);
  run->before = work->actuator->read(work->actuator, run, error);
  if (!run->before) {
    kt_step_free(step);
    return FALSE;
  }
  gboolean unmerged = g_str_equal(run->before, KT_STEPS_KSM_UNMERGE);
  if (!unmerged)
    set_run(work, run->before, KT_STEPS_KSM_UNMERGE, _("what is merged is unmerged, which takes memory"));
  kt_steps_take(work, step);
  if (!unmerged)
    set_run(work, KT_STEPS_KSM_UNMERGE, run->before, NULL);
  return TRUE;
}
