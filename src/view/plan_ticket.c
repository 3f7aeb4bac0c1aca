/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan as a change ticket: what those want to read who have to agree to it. */
#include <string.h>

#include "base/i18n.h"
#include "view/plan_words.h"

#define MAX_WIDTH 78

static void put_head(KtPage *page, const KtPlan *plan)
{
  g_autofree char *head = kt_plan_say_head(plan);
  kt_page_textf(page, 0, KT_STYLE_PLAIN, _("Change: %s"), head);
  kt_page_textf(page, 0, KT_STYLE_PLAIN, _("Plan by kvmtune %s, from what was seen on %s%s%s; policy %s%s."),
                plan->tool ? plan->tool : "", plan->host ? plan->host : _("the host"),
                plan->made && *plan->made ? _(" at ") : "", plan->made ? plan->made : "", plan->policy,
                plan->movable ? _(", only what can be changed while guests run") : "");
}

/* ---- who is affected ---- */

/* All risks of one domain (NULL: the host), and whether there is any change of it. */
static gboolean risk_of(const KtPlan *plan, const char *domain, const char *uuid, guint *risk)
{
  gboolean any = FALSE;
  *risk = 0;
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    if (g_strcmp0(change->domain, domain) != 0 || g_strcmp0(change->uuid, uuid) != 0)
      continue;
    *risk |= change->risk;
    any = TRUE;
  }
  return any;
}

static const char *say_downtime(guint risk)
{
  if (risk & KT_RISK_HOST)
    return _("the host's reboot, with all its guests");
  if (risk & KT_RISK_RESTART)
    return _("one stop and start");
  return risk & KT_RISK_REBOOT ? _("one reboot") : _("none");
}

static void add_affected(KtTable *table, const KtPlan *plan, const char *name, const char *domain, const char *uuid)
{
  guint risk;
  if (!risk_of(plan, domain, uuid, &risk))
    return;
  g_autofree char *words = kt_plan_say_risk(risk);
  kt_table_add(table, KT_STYLE_PLAIN, name);
  kt_table_add(table, KT_STYLE_PLAIN, say_downtime(risk));
  kt_table_add(table, KT_STYLE_PLAIN, words);
}

static void put_affected(KtPage *page, const KtPlan *plan)
{
  const KtColumn columns[] = {
      {.title = _("who"), .flex = TRUE}, {.title = _("downtime"), .flex = TRUE}, {.title = _("risk"), .flex = TRUE}};
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  add_affected(table, plan, _("host"), NULL, NULL);
  for (guint i = 0; i < plan->guests->len; i++) {
    const KtPlanGuest *guest = plan->guests->pdata[i];
    add_affected(table, plan, guest->domain, guest->domain, guest->uuid);
  }
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_PLAIN, _("WHO IS AFFECTED"));
  kt_page_table(page, 2, table);
}

/* ---- what is done, what it should bring, how it is taken back ---- */

static void put_steps(KtPage *page, const KtPlan *plan)
{
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_PLAIN, _("WHAT IS CHANGED"));
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    g_autofree char *mark = g_strdup_printf("%2u.", i + 1), *reasons = kt_plan_say_reasons(change);
    g_autofree char *text =
        g_strdup_printf(_("%s: %s (%s). %s"), kt_plan_whose(change), change->title ? change->title : change->id,
                        kt_plan_say_act(change), change->why ? change->why : "");
    g_autoptr(GPtrArray) edits = kt_plan_say_edits(change);
    kt_page_item(page, 1, KT_STYLE_PLAIN, mark, 5, KT_STYLE_PLAIN, text);
    for (guint k = 0; k < edits->len; k++)
      kt_page_item(page, 5, KT_STYLE_PLAIN, "-", 7, KT_STYLE_PLAIN, edits->pdata[k]);
    if (reasons)
      kt_page_textf(page, 5, KT_STYLE_PLAIN, _("Reasons: %s"), reasons);
  }
}

static void put_expected(KtPage *page, const KtPlan *plan)
{
  gboolean any = FALSE;
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    g_autofree char *effects = kt_plan_say_effects(change);
    if (!effects)
      continue;
    if (!any) {
      kt_page_gap(page);
      kt_page_text(page, 0, KT_STYLE_PLAIN, _("WHAT SHOULD BE SEEN AFTERWARDS"));
    }
    any = TRUE;
    g_autofree char *mark = g_strdup_printf("%2u.", i + 1);
    g_autofree char *text = g_strdup_printf(_("%s: %s"), kt_plan_whose(change), effects);
    kt_page_item(page, 1, KT_STYLE_PLAIN, mark, 5, KT_STYLE_PLAIN, text);
  }
}

static void put_undo(KtPage *page, const KtPlan *plan)
{
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_PLAIN, _("HOW IT IS TAKEN BACK"));
  for (guint i = 0, end; i < plan->changes->len; i = end) {
    end = kt_plan_group_end(plan, i);
    g_autofree char *undo = kt_plan_group_undo(plan, i, end);
    g_autofree char *mark = end > i + 1 ? g_strdup_printf("%u-%u.", i + 1, end) : g_strdup_printf("%2u.", i + 1);
    g_autofree char *text =
        g_strdup_printf(_("%s: %s"), kt_plan_whose(plan->changes->pdata[i]), undo ? undo : _("not known"));
    kt_page_item(page, 1, KT_STYLE_PLAIN, mark, 7, KT_STYLE_PLAIN, text);
  }
}

static void put_notes(KtPage *page, const KtPlan *plan)
{
  g_autoptr(GPtrArray) left = kt_plan_group_left(plan);
  if (!plan->notes->len && !left->len)
    return;
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_PLAIN, _("NOT PLANNED"));
  for (guint i = 0; i < left->len; i++) {
    const KtPlanLeftGroup *group = left->pdata[i];
    g_autofree char *text = g_strdup_printf("%s: %s [%s]", group->who, group->title, group->check);
    kt_page_item(page, 2, KT_STYLE_PLAIN, "-", 4, KT_STYLE_PLAIN, text);
  }
  for (guint i = 0; i < plan->notes->len; i++)
    kt_page_item(page, 2, KT_STYLE_PLAIN, "-", 4, KT_STYLE_PLAIN, plan->notes->pdata[i]);
}

char *kt_view_plan_ticket(const KtPlanReport *r)
{
  const KtTerm plain = {.width = MAX_WIDTH, .utf8 = TRUE};
  KtPage *page = kt_page_new(&plain);
  put_head(page, r->plan);
  if (r->plan->changes->len) {
    put_affected(page, r->plan);
    put_steps(page, r->plan);
    put_expected(page, r->plan);
    put_undo(page, r->plan);
  }
  put_notes(page, r->plan);
  return kt_page_finish(page);
}
