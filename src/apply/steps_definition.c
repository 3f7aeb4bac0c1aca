/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The persistent definition: one step with the whole XML before and after; and the restart that brings it about. */
#include <string.h>

#include "apply/definition.h"
#include "apply/steps_parts.h"
#include "base/error.h"
#include "base/i18n.h"
#include "plan/build.h"

/* A plan is a document: it may name the program that runs the guest, its disks, or another guest's name. */
static gboolean are_places(const KtStepsWork *work, const KtChange *of, GError **error)
{
  for (guint i = 0; i < work->plan->changes->len; i++) {
    const KtChange *change = work->plan->changes->pdata[i];
    for (guint k = 0; change->act == KT_ACT_DOMXML && kt_steps_same_domain(change, of) && k < change->edits->len; k++) {
      const KtEdit *edit = change->edits->pdata[k];
      if (kt_plan_is_place(edit->where))
        continue;
      g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED,
                  "change '%.100s': '%.100s' is no part of a definition that plans of this version change", change->id,
                  edit->where);
      return FALSE;
    }
  }
  return TRUE;
}

static char *read_definition(KtStepsWork *work, KtStep *step, GError **error)
{
  g_autoptr(GError) failed = NULL;
  char *xml = work->actuator->read(work->actuator, step, &failed);
  if (failed)
    g_propagate_error(error, g_steal_pointer(&failed));
  else if (!xml)
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "domain '%s' has no definition that outlives it", step->domain);
  return xml;
}

gboolean kt_steps_definition(KtStepsWork *work, const KtChange *change, GError **error)
{
  const KtLook *look = kt_steps_look(work, change, FALSE, error);
  if (!look || !are_places(work, change, error))
    return FALSE;
  g_autoptr(KtStep) step = kt_steps_new(change, look, KT_STEP_DEFINITION, "", NULL);
  step->before = read_definition(work, step, error);
  g_autoptr(KtDomXml) xml =
      step->before ? kt_domxml_parse(look->name, step->before, strlen(step->before), error) : NULL;
  if (!xml)
    return FALSE;
  if (kt_apply_is_made(xml, work->plan)) {
    work->already++;
    return TRUE;
  }
  g_autoptr(GError) failed = NULL;
  if (!kt_apply_definition(xml, work->plan, &failed)) {
    g_propagate_prefixed_error(error, g_steal_pointer(&failed), "definition of '%s': ", look->name);
    return FALSE;
  }
  step->after = kt_domxml_bytes(xml, NULL);
  kt_steps_take(work, g_steal_pointer(&step));
  if (look->id >= 0 && work->scope != KT_SCOPE_RESTART)
    kt_steps_note(work,
                  _("The new definition of '%s' holds from its next stop and start on; a reboot from inside is none."),
                  look->name);
  return TRUE;
}

gboolean kt_steps_restart(KtStepsWork *work, const KtChange *change, GError **error)
{
  const KtLook *look = kt_steps_look(work, change, FALSE, error);
  g_autoptr(GError) failed = NULL;
  if (!look || look->id < 0) /* its next start is the first with it */
    return look != NULL;
  g_autoptr(KtStep) step = kt_steps_new(change, look, KT_STEP_RESTART, "", "running anew");
  step->note = g_strdup(_("asked to shut down, then started; never cut off"));
  step->before = work->actuator->read(work->actuator, step, &failed);
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  kt_steps_take(work, g_steal_pointer(&step));
  kt_steps_note(
      work,
      _("The restart of '%s' is not taken back by itself: 'kvmtune rollback --restart' stops and starts it once "
        "more."),
      look->name);
  return TRUE;
}
