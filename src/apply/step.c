/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/step.h"

#include <string.h>

#include "apply/mover.h"

const char *const kt_step_kinds[KT_STEPS] = {
    [KT_STEP_SYSCTL] = "sysctl",
    [KT_STEP_SYSFS] = "sysfs",
    [KT_STEP_VCPUPIN] = "vcpupin",
    [KT_STEP_EMULATORPIN] = "emulatorpin",
    [KT_STEP_IOTHREADPIN] = "iothreadpin",
    [KT_STEP_SCHEDULER] = "scheduler",
    [KT_STEP_NODESET] = "nodeset",
    [KT_STEP_MEMORY] = "memory",
    [KT_STEP_DEFINITION] = "definition",
    [KT_STEP_GUEST] = "guest",
    [KT_STEP_RESTART] = "restart",
    [KT_STEP_FLAVOR] = "flavor",
    [KT_STEP_FLAVOR_KEYS] = "flavor-keys",
    [KT_STEP_FLAVOR_ACCESS] = "flavor-access",
    [KT_STEP_RESIZE] = "resize",
    [KT_STEP_TOPOLOGY] = "topology",
    [KT_STEP_LOAD] = "load",
};

const char *const kt_step_states[KT_STEP_STATES] = {
    [KT_STEP_PLANNED] = "planned", [KT_STEP_STARTED] = "started", [KT_STEP_DONE] = "done",
    [KT_STEP_FAILED] = "failed",   [KT_STEP_UNDONE] = "undone",   [KT_STEP_KEPT] = "kept",
};

KtStep *kt_step_new(KtStepKind kind, const char *where, const char *before, const char *after)
{
  KtStep *step = g_new0(KtStep, 1);
  step->kind = kind;
  step->where = g_strdup(where);
  step->before = g_strdup(before);
  step->after = g_strdup(after);
  step->calls = g_ptr_array_new_with_free_func(g_free);
  return step;
}

void kt_step_free(KtStep *step)
{
  if (!step)
    return;
  g_free(step->change);
  g_free(step->domain);
  g_free(step->uuid);
  g_free(step->run);
  g_free(step->where);
  g_free(step->before);
  g_free(step->after);
  g_free(step->found);
  g_free(step->error);
  g_free(step->note);
  g_ptr_array_unref(step->calls);
  g_free(step);
}

char *kt_step_flavor(const char *value, gboolean *unconfirmed)
{
  *unconfirmed = value && g_str_has_suffix(value, KT_STEP_UNCONFIRMED);
  return value ? g_strndup(value, strlen(value) - (*unconfirmed ? strlen(KT_STEP_UNCONFIRMED) : 0)) : NULL;
}

gboolean kt_step_same_flavor(const char *a, const char *b)
{
  gboolean unconfirmed;
  g_autofree char *one = kt_step_flavor(a, &unconfirmed), *two = kt_step_flavor(b, &unconfirmed);
  return g_strcmp0(one, two) == 0;
}

gboolean kt_step_is_confirmation(const KtStep *step)
{
  return step->kind == KT_STEP_RESIZE && kt_step_same_flavor(step->before, step->after);
}

const char *kt_step_word(const KtStep *step)
{
  return kt_step_is_confirmation(step) ? "confirmation" : kt_step_kinds[step->kind];
}

char *kt_step_name(const KtStep *step)
{
  const char *gap = step->where && *step->where ? " " : "";
  return step->domain ? g_strdup_printf("%s%s%s of '%s'", kt_step_word(step), gap, step->where, step->domain)
                      : g_strdup_printf("%s%s%s", kt_step_word(step), gap, step->where);
}

double kt_step_apart_pct(const KtStep *step, const char *wanted, const char *found)
{
  gboolean memory = step->kind == KT_STEP_MEMORY && wanted && found;
  g_autoptr(GArray) a = memory ? kt_memory_parse(wanted, NULL) : NULL;
  g_autoptr(GArray) b = memory ? kt_memory_parse(found, NULL) : NULL;
  return a && b ? 100 * kt_memory_distance(a, b) : 100;
}
