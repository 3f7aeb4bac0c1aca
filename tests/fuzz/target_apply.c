/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target_apply.h"

#include "apply/journal.h"
#include "apply/run.h"
#include "apply/steps.h"
#include "base/error.h"
#include "plan/build.h"
#include "plan/plan_json.h"
#include "view/apply_view.h"

/* A host where all domains that a plan can name run. */
static char *host_read(KtActuator *self, const KtStep *step, GError **error)
{
  switch (step->kind) {
  case KT_STEP_MEMORY:
    return g_strdup("0:900,1:100");
  case KT_STEP_DEFINITION:
    return g_strdup("<domain><name>crm</name><vcpu>4</vcpu></domain>");
  case KT_STEP_RESTART:
    return g_strdup("running, id 1");
  case KT_STEP_SYSCTL:
  case KT_STEP_SYSFS:
    return g_strdup("1");
  default:
    return g_strdup("0-7");
  }
}

static gboolean host_write(KtActuator *self, const KtStep *step, const char *value, GError **error)
{
  if (!value)
    g_error("a step without a value");
  return kt_actuator_call(self, "%s", kt_step_kinds[step->kind]) || TRUE;
}

static gboolean host_reached(KtActuator *self, const KtStep *step, const char *wanted, const char *found)
{
  return g_strcmp0(wanted, found) == 0;
}

static KtLook *host_look(KtActuator *self, const char *domain, const char *uuid, GError **error)
{
  static const char *const modes[] = {NULL, "strict", "restrictive", "preferred"};
  guint n = g_str_hash(domain);
  KtLook *look = kt_look_new(domain, uuid);
  look->id = 1;
  look->persistent = TRUE;
  look->cells = 1 + n % 2;
  look->numatune = g_strdup(modes[n / 2 % G_N_ELEMENTS(modes)]);
  look->memory_nodes = g_strdup("0");
  return look;
}

static char *host_refuses(KtActuator *self, const KtStep *step, const KtLook *look, char **warning)
{
  return NULL;
}

static void check_step(const KtStep *step)
{
  gboolean knob = step->kind == KT_STEP_SYSCTL || step->kind == KT_STEP_SYSFS;
  if (!step->before || !step->after || (step->domain == NULL) != knob)
    g_error("step %u is not whole", step->number);
  if (knob && !kt_plan_is_knob(step->kind == KT_STEP_SYSCTL ? KT_ACT_SYSCTL : KT_ACT_SYSFS, step->where))
    g_error("'%s' would be set", step->where);
}

/* Steps, and a dry run of them. */
void kt_target_steps(const char *bytes, gsize length)
{
  KtActuator host = {.read = host_read,
                     .write = host_write,
                     .reached = host_reached,
                     .look = host_look,
                     .refuses = host_refuses,
                     .dry = TRUE};
  const KtRun run = {.actuator = &host};
  const KtTerm term = {.width = 80};
  g_autoptr(KtPlan) plan = kt_plan_from_json("plan", bytes, length, NULL);
  for (KtScope scope = 0; plan && scope < KT_SCOPES; scope++) {
    g_autoptr(KtReceipt) receipt = kt_receipt_new();
    g_autoptr(GError) error = NULL;
    if (!kt_steps_make(plan, scope, NULL, &host, receipt, &error)) {
      if (!error)
        g_error("refused without a word");
      continue;
    }
    for (guint i = 0; i < receipt->steps->len; i++)
      check_step(receipt->steps->pdata[i]);
    g_free(kt_view_apply_steps(&term, receipt, plan, NULL));
    if (!kt_run_apply(&run, receipt, &error))
      g_error("a dry run failed: %s", error->message);
  }
}
