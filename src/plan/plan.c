/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/plan.h"

#include <string.h>

const char *const kt_act_names[KT_ACTS] = {
    [KT_ACT_SYSCTL] = "sysctl",           [KT_ACT_SYSFS] = "sysfs",
    [KT_ACT_VCPUPIN] = "vcpupin",         [KT_ACT_EMULATORPIN] = "emulatorpin",
    [KT_ACT_IOTHREADPIN] = "iothreadpin", [KT_ACT_SCHEDULER] = "scheduler",
    [KT_ACT_MEMORY] = "memory",           [KT_ACT_NODESET] = "nodeset",
    [KT_ACT_DOMXML] = "domxml",           [KT_ACT_NOVA] = "nova",
    [KT_ACT_PROXMOX] = "proxmox",         [KT_ACT_PERSON] = "person",
};

/* ---- risk ---- */

static const struct {
  const char *code;
  KtRisk bit;
} risks[] = {
    {"L", KT_RISK_LIVE},       {"r", KT_RISK_REBOOT}, {"B", KT_RISK_RESTART},  {"H", KT_RISK_HOST},
    {"M!", KT_RISK_MIGRATION}, {"$", KT_RISK_POWER},  {"S", KT_RISK_SECURITY},
};

guint kt_risk_parse(const char *codes)
{
  guint bits = 0;
  for (guint i = 0; i < G_N_ELEMENTS(risks); i++)
    if (strstr(codes, risks[i].code))
      bits |= risks[i].bit;
  return bits;
}

char *kt_risk_format(guint risk)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(risks); i++)
    if (risk & risks[i].bit)
      g_string_append_printf(text, "%s%s", text->len ? " " : "", risks[i].code);
  return g_string_free(g_steal_pointer(&text), FALSE);
}

/* ---- changes ---- */

static void edit_free(gpointer data)
{
  KtEdit *edit = data;
  g_free(edit->where);
  g_free(edit->before);
  g_free(edit->after);
  g_free(edit);
}

static void effect_free(gpointer data)
{
  KtEffect *effect = data;
  g_free(effect->counter);
  g_free(effect->before);
  g_free(effect->after);
  g_free(effect);
}

static void change_free(gpointer data)
{
  KtChange *change = data;
  g_free(change->id);
  g_free(change->domain);
  g_free(change->uuid);
  g_free(change->title);
  g_free(change->why);
  g_ptr_array_unref(change->reasons);
  g_ptr_array_unref(change->edits);
  g_ptr_array_unref(change->effects);
  g_free(change->undo);
  g_free(change);
}

KtChange *kt_plan_add_change(KtPlan *plan, KtAct act, const char *domain, const char *uuid, const char *part)
{
  KtChange *change = g_new0(KtChange, 1);
  change->id = g_strdup_printf("%s/%s", domain ? domain : "host", part);
  change->act = act;
  change->domain = g_strdup(domain);
  change->uuid = g_strdup(uuid);
  change->reasons = g_ptr_array_new_with_free_func(g_free);
  change->edits = g_ptr_array_new_with_free_func(edit_free);
  change->effects = g_ptr_array_new_with_free_func(effect_free);
  g_ptr_array_add(plan->changes, change);
  return change;
}

KtEdit *kt_change_add_edit(KtChange *change, const char *where, const char *before, const char *after)
{
  KtEdit *edit = g_new0(KtEdit, 1);
  edit->where = g_strdup(where);
  edit->before = g_strdup(before);
  edit->after = g_strdup(after);
  g_ptr_array_add(change->edits, edit);
  return edit;
}

KtEffect *kt_change_add_effect(KtChange *change, const char *counter, const char *before, const char *after)
{
  KtEffect *effect = g_new0(KtEffect, 1);
  effect->counter = g_strdup(counter);
  effect->before = g_strdup(before);
  effect->after = g_strdup(after);
  g_ptr_array_add(change->effects, effect);
  return effect;
}

void kt_change_add_reason(KtChange *change, const char *check_id)
{
  if (!g_ptr_array_find_with_equal_func(change->reasons, check_id, g_str_equal, NULL))
    g_ptr_array_add(change->reasons, g_strdup(check_id));
}

/* ---- guests ---- */

static void guest_free(gpointer data)
{
  KtPlanGuest *guest = data;
  char *texts[] = {guest->domain,     guest->uuid,         guest->before.cpu,  guest->after.cpu, guest->cpus_before,
                   guest->cpus_after, guest->nodes_before, guest->nodes_after, guest->kept,      guest->devices};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_free(guest);
}

KtPlanGuest *kt_plan_add_guest(KtPlan *plan, const char *domain, const char *uuid)
{
  KtPlanGuest *guest = g_new0(KtPlanGuest, 1);
  guest->domain = g_strdup(domain);
  guest->uuid = g_strdup(uuid);
  guest->before = guest->after =
      (KtGuestShape){.sockets = -1, .cores = -1, .threads = -1, .l3_groups = -1, .cells = -1};
  guest->local_before_pct = guest->local_after_pct = -1;
  g_ptr_array_add(plan->guests, guest);
  return guest;
}

KtPlanGuest *kt_plan_guest(const KtPlan *plan, const char *domain)
{
  for (guint i = 0; i < plan->guests->len; i++) {
    KtPlanGuest *guest = plan->guests->pdata[i];
    if (g_str_equal(guest->domain, domain) || g_strcmp0(guest->uuid, domain) == 0)
      return guest;
  }
  return NULL;
}

/* ---- what is left ---- */

static void left_free(gpointer data)
{
  KtPlanLeft *left = data;
  g_free(left->check);
  g_free(left->domain);
  g_free(left->title);
  g_free(left->remedy);
  g_free(left);
}

KtPlanLeft *kt_plan_add_left(KtPlan *plan, const char *check, const char *domain, const char *title, const char *remedy)
{
  KtPlanLeft *left = g_new0(KtPlanLeft, 1);
  left->check = g_strdup(check);
  left->domain = g_strdup(domain);
  left->title = g_strdup(title);
  left->remedy = g_strdup(remedy);
  g_ptr_array_add(plan->left, left);
  return left;
}

/* ---- plans ---- */

KtPlan *kt_plan_new(void)
{
  KtPlan *plan = g_new0(KtPlan, 1);
  plan->guests = g_ptr_array_new_with_free_func(guest_free);
  plan->changes = g_ptr_array_new_with_free_func(change_free);
  plan->left = g_ptr_array_new_with_free_func(left_free);
  plan->notes = g_ptr_array_new_with_free_func(g_free);
  return plan;
}

void kt_plan_free(KtPlan *plan)
{
  if (!plan)
    return;
  g_free(plan->tool);
  g_free(plan->made);
  g_free(plan->host);
  g_free(plan->machine);
  g_free(plan->policy);
  g_ptr_array_unref(plan->guests);
  g_ptr_array_unref(plan->changes);
  g_ptr_array_unref(plan->left);
  g_ptr_array_unref(plan->notes);
  g_free(plan);
}

/* A stable sort: g_ptr_array_sort() is one (it merges), so parts stay in the order they were added. */
static int by_act(gconstpointer a, gconstpointer b)
{
  const KtChange *const *x = a, *const *y = b;
  return (int)(*x)->act - (int)(*y)->act;
}

void kt_plan_sort(KtPlan *plan)
{
  g_ptr_array_sort(plan->changes, by_act);
}
