/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan on a terminal. */
#include <string.h>

#include "base/i18n.h"
#include "base/units.h"
#include "view/action.h"
#include "view/diff.h"
#include "view/plan_words.h"

#define MAX_DIFF_LINES 200
#define MAX_LEFT_LINES 40

/* ---- the host ---- */

static void add_node(KtTable *table, const KtPlan *plan, const KtNode *node, gboolean with_devices)
{
  g_autofree char *cpus = node->cpus ? kt_set_format(node->cpus) : NULL;
  g_autofree char *memory = node->memory_kib.known ? kt_units_format_kib((guint64)node->memory_kib.value) : NULL;
  g_autofree char *now = kt_plan_say_tenants(plan, node->id, FALSE);
  g_autofree char *after = kt_plan_say_tenants(plan, node->id, TRUE);
  kt_table_addf(table, KT_STYLE_PLAIN, "%d", node->id);
  kt_table_add(table, KT_STYLE_PLAIN, cpus);
  kt_table_add(table, KT_STYLE_PLAIN, memory);
  kt_table_add(table, KT_STYLE_PLAIN, *now ? now : "-");
  kt_table_add(table, g_str_equal(now, after) ? KT_STYLE_PLAIN : KT_STYLE_BOLD, *after ? after : "-");
  g_autofree char *devices = with_devices ? kt_plan_say_devices_near(plan, node->id) : NULL;
  if (devices)
    kt_table_add(table, KT_STYLE_PLAIN, *devices ? devices : "-");
}

static void put_host(KtPage *page, const KtPlanReport *r)
{
  const KtMachine *host = kt_snapshot_host(r->snapshot);
  const KtColumn columns[] = {{.title = _("node"), .right = TRUE},   {.title = "CPUs", .flex = TRUE},
                              {.title = _("memory"), .right = TRUE}, {.title = _("guests now"), .flex = TRUE},
                              {.title = _("planned"), .flex = TRUE}, {.title = _("devices"), .flex = TRUE}};
  gboolean with_devices = kt_plan_has_devices(r->plan);
  if (!host || host->nodes->len < 2 || !r->plan->guests->len)
    return;
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns) - !with_devices);
  for (guint i = 0; i < host->nodes->len; i++)
    add_node(table, r->plan, host->nodes->pdata[i], with_devices);
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, _("The host"));
  kt_page_table(page, 2, table);
}

/* ---- its guests ---- */

static void add_guest(KtTable *table, const KtPlanGuest *guest)
{
  g_autofree char *old = kt_plan_say_topology(&guest->before), *new = kt_plan_say_topology(&guest->after);
  g_autofree char *topology = kt_plan_say_both(old, new);
  g_autofree char *l3 = kt_plan_say_count(guest->before.l3_groups, guest->after.l3_groups);
  g_autofree char *cells = kt_plan_say_count(guest->before.cells, guest->after.cells);
  g_autofree char *nodes = kt_plan_say_both(guest->nodes_before, guest->nodes_after);
  g_autofree char *local = kt_plan_say_locality(guest);
  kt_table_add(table, KT_STYLE_PLAIN, guest->domain);
  kt_table_add(table, KT_STYLE_PLAIN, topology);
  kt_table_add(table, KT_STYLE_PLAIN, l3);
  kt_table_add(table, KT_STYLE_PLAIN, cells);
  kt_table_add(table, KT_STYLE_PLAIN, nodes);
  kt_table_add(table, KT_STYLE_PLAIN, local);
}

static void put_guests(KtPage *page, const KtPlan *plan)
{
  const KtColumn columns[] = {{.title = _("guest"), .flex = TRUE},
                              {.title = _("sockets x cores x threads")},
                              {.title = "L3"},
                              {.title = _("cells")},
                              {.title = _("on nodes")},
                              {.title = _("local %")}};
  if (!plan->guests->len)
    return;
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < plan->guests->len; i++)
    add_guest(table, plan->guests->pdata[i]);
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, _("Its guests"));
  kt_page_table(page, 2, table);
  for (guint i = 0; i < plan->guests->len; i++) {
    const KtPlanGuest *guest = plan->guests->pdata[i];
    if (guest->kept)
      kt_page_textf(page, 2, KT_STYLE_DIM, _("%s stays: %s."), guest->domain, guest->kept);
  }
}

/* ---- the changes ---- */

static void put_change(KtPage *page, const KtChange *change, guint number)
{
  g_autofree char *mark = g_strdup_printf("%2u.", number), *reasons = kt_plan_say_reasons(change);
  g_autofree char *head = reasons ? g_strdup_printf("%s [%s]", change->title ? change->title : change->id, reasons)
                                  : g_strdup(change->title ? change->title : change->id);
  g_autofree char *effects = kt_plan_say_effects(change);
  g_autoptr(GPtrArray) edits = kt_plan_say_edits(change);
  kt_page_item(page, 1, KT_STYLE_CYAN, mark, 5, KT_STYLE_BOLD, head);
  if (change->why)
    kt_page_text(page, 5, KT_STYLE_PLAIN, change->why);
  for (guint i = 0; i < edits->len; i++)
    kt_page_item(page, 5, KT_STYLE_DIM, "·", 7, KT_STYLE_PLAIN, edits->pdata[i]);
  if (effects)
    kt_page_textf(page, 5, KT_STYLE_GREEN, _("Expected: %s"), effects);
}

static void put_group(KtPage *page, const KtPlan *plan, guint first, guint end)
{
  const KtChange *start = plan->changes->pdata[first];
  g_autofree char *risk = kt_plan_say_risk(kt_plan_group_risk(plan, first, end));
  g_autofree char *undo = kt_plan_group_undo(plan, first, end);
  kt_page_gap(page);
  kt_page_textf(page, 0, KT_STYLE_BOLD, _("%s: %s"), kt_plan_whose(start), kt_plan_say_act(start));
  for (guint i = first; i < end; i++)
    put_change(page, plan->changes->pdata[i], i + 1);
  kt_page_item(page, 2, KT_STYLE_YELLOW, _("Risk"), 8, KT_STYLE_PLAIN, risk);
  if (undo)
    kt_page_item(page, 2, KT_STYLE_YELLOW, _("Undo"), 8, KT_STYLE_PLAIN, undo);
}

/* ---- definitions ---- */

static void put_diff(KtPage *page, const char *diff)
{
  kt_page_gap(page);
  if (!kt_page_diff(page, 2, diff, MAX_DIFF_LINES))
    kt_page_text(page, 2, KT_STYLE_DIM, _("and so on ('kvmtune domxml --plan PLAN --diff' shows all)"));
}

static void put_diffs(KtPage *page, const GPtrArray *diffs)
{
  if (!diffs->len)
    return;
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, _("The definitions"));
  for (guint i = 0; i < diffs->len; i++)
    put_diff(page, diffs->pdata[i]);
}

/* ---- the end ---- */

static void put_list(KtPage *page, const char *heading, const GPtrArray *texts)
{
  if (!texts->len)
    return;
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, heading);
  for (guint i = 0; i < texts->len; i++)
    kt_page_item(page, 2, KT_STYLE_DIM, "·", 4, KT_STYLE_PLAIN, texts->pdata[i]);
}

static void put_left(KtPage *page, const KtPlan *plan)
{
  g_autoptr(GPtrArray) groups = kt_plan_group_left(plan);
  if (!groups->len)
    return;
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, _("Not in this plan (kvmtune explain ID tells more)"));
  for (guint i = 0; i < MIN(groups->len, MAX_LEFT_LINES); i++) {
    const KtPlanLeftGroup *group = groups->pdata[i];
    g_autofree char *text = g_strdup_printf(_("%s: %s"), group->who, group->title);
    kt_page_item(page, 2, KT_STYLE_CYAN, group->check, 6, KT_STYLE_PLAIN, text);
    if (group->remedy)
      kt_view_put_action(page, 6, group->remedy);
  }
  if (groups->len > MAX_LEFT_LINES)
    kt_page_textf(page, 2, KT_STYLE_DIM, _("and %u more (--json shows all)"), groups->len - MAX_LEFT_LINES);
}

static void put_explain(KtPage *page, const char *explain)
{
  g_auto(GStrv) lines = g_strsplit(explain ? explain : "", "\n", -1);
  if (!explain)
    return;
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, _("Why these places"));
  for (guint i = 0; lines[i]; i++)
    if (*lines[i])
      kt_page_text(page, 2, KT_STYLE_PLAIN, lines[i]);
}

char *kt_view_plan_text(const KtTerm *term, const KtPlanReport *r)
{
  KtPage *page = kt_page_new(term);
  const KtPlan *plan = r->plan;
  g_autofree char *head = kt_plan_say_head(plan);
  kt_page_text(page, 0, KT_STYLE_BOLD, head);
  put_host(page, r);
  put_guests(page, plan);
  for (guint i = 0, end; i < plan->changes->len; i = end) {
    end = kt_plan_group_end(plan, i);
    put_group(page, plan, i, end);
  }
  put_diffs(page, r->diffs);
  put_left(page, plan);
  put_list(page, _("Also"), plan->notes);
  put_explain(page, r->explain);
  if (plan->changes->len) {
    kt_page_gap(page);
    kt_page_textf(page, 0, KT_STYLE_DIM, "%s",
                  r->file ? _("Nothing was changed. 'kvmtune domxml FILE --plan PLAN' makes an edited definition; "
                              "'kvmtune explain ID' tells more of a reason.")
                          : _("Nothing was changed. '-o FILE' keeps the plan; 'kvmtune explain ID' tells more of a "
                              "reason."));
  }
  return kt_page_finish(page);
}
