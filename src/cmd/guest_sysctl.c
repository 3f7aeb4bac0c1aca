/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvmtune guest DOMAIN --set-sysctl NAME=VALUE: one step with a receipt, as of a plan. */
#include <string.h>

#include "apply/guest_sysctl.h"
#include "apply/run.h"
#include "apply/steps.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/units.h"
#include "cmd/apply_parts.h"
#include "cmd/guest_parts.h"
#include "config.h"
#include "plan/plan_json.h"
#include "view/apply_view.h"

/* NAME and VALUE of "NAME=VALUE"; both point into `pair`. */
static gboolean split(char *pair, char **value, GError **error)
{
  *value = strchr(pair, '=');
  if (!*value) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--set-sysctl takes NAME=VALUE, as in kernel.numa_balancing=1");
    return FALSE;
  }
  *(*value)++ = '\0';
  g_autofree char *path = kt_guest_sysctl_path(pair, error);
  return path && kt_guest_sysctl_check_value(*value, error);
}

/* A plan of nothing: what is done comes from no plan, and a receipt has one. */
static char *no_plan(const KtRunHost *here)
{
  g_autoptr(KtPlan) plan = kt_plan_new();
  plan->host = g_strdup(here->name);
  plan->machine = g_strdup(here->machine);
  plan->live = TRUE;
  return kt_plan_to_json(plan);
}

static KtReceipt *make_receipt(const char *uri, KtStep *step)
{
  KtReceipt *receipt = kt_receipt_new();
  receipt->host = g_strdup(kt_apply_host()->name);
  receipt->machine = g_strdup(kt_apply_host()->machine);
  receipt->tool = g_strdup(KT_VERSION);
  receipt->uri = g_strdup(uri);
  receipt->scope = g_strdup(kt_scopes[KT_SCOPE_LIVE]);
  receipt->plan = no_plan(kt_apply_host());
  step->number = 1;
  g_ptr_array_add(receipt->notes,
                  g_strdup(_("Until the guest's next boot; for good it belongs into its /etc/sysctl.d.")));
  g_ptr_array_add(receipt->steps, step);
  return receipt;
}

/* The step on the guest as it is now; NULL and *error where it may not be done. */
static KtStep *make_step(KtActuator *actuator, const char *domain, const char *name, const char *value, GError **error)
{
  g_autoptr(KtLook) look = actuator->look(actuator, domain, NULL, error);
  if (!look)
    return NULL;
  g_autoptr(KtStep) step = kt_step_new(KT_STEP_GUEST, name, NULL, value);
  step->domain = g_strdup(look->name);
  step->uuid = g_strdup(look->uuid);
  step->run = g_strdup(look->run);
  g_autofree char *why = actuator->refuses(actuator, step, look, NULL);
  if (why) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "domain '%s': %s", look->name, why);
    return NULL;
  }
  step->before = actuator->read(actuator, step, error);
  return step->before ? g_steal_pointer(&step) : NULL;
}

static gboolean carry_out(KtActuator *actuator, KtReceipt *receipt, const char *state, GError **error)
{
  KtApplyShow show = {0};
  const KtTerm term = kt_term_of_stdout(KT_COLOUR_AUTO);
  g_autofree char *directory = state ? g_strdup(state) : kt_journal_directory();
  g_autoptr(KtLock) host = kt_lock_take_host("kvmtune guest", error);
  g_autoptr(KtLock) lock = host ? kt_lock_take(directory, "kvmtune guest", error) : NULL;
  g_autoptr(KtJournal) journal = lock ? kt_journal_open(directory, TRUE, error) : NULL;
  KtRun run = {.actuator = actuator, .journal = journal, .lock = lock};
  if (!journal)
    return FALSE;
  kt_apply_catch_signals(actuator);
  kt_apply_show(&show, &run, KT_COLOUR_AUTO);
  gboolean done = kt_run_apply(&run, receipt, error);
  g_autofree char *end = receipt->number ? kt_view_apply_end(&term, receipt, state) : NULL;
  kt_output(end ? end : "", NULL);
  return done;
}

int kt_guest_set_sysctl(const char *uri, const char *domain, const char *pair, const char *state, GError **error)
{
  char *value;
  g_autofree char *name = g_strdup(pair);
  if (!split(name, &value, error))
    return -1;
  g_autoptr(KtActuator) actuator = kt_actuator_new(uri, NULL, error);
  KtStep *step = actuator ? make_step(actuator, domain, name, value, error) : NULL;
  if (!step)
    return -1;
  g_autoptr(KtReceipt) receipt = make_receipt(uri, step);
  if (!actuator->reached(actuator, step, value, step->before))
    return carry_out(actuator, receipt, state, error) ? KT_EXIT_HEALTHY : -1;
  g_autofree char *line = g_strdup_printf(_("%s is %s in '%s' already.\n"), name, value, step->domain);
  return kt_output(line, error) ? KT_EXIT_HEALTHY : -1;
}
