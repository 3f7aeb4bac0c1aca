/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan as a page. */
#include <string.h>

#include "base/i18n.h"
#include "view/html.h"
#include "view/plan_words.h"
#include "view/svg.h"

/* ---- the host, before and after ---- */

/* Its guests as they will lie: what kt_svg_topology() draws into nodes. */
static KtSnapshot *snapshot_after(const KtPlanReport *r)
{
  KtSnapshot *after = kt_snapshot_new();
  for (guint i = 0; i < r->plan->guests->len; i++) {
    const KtPlanGuest *guest = r->plan->guests->pdata[i];
    const KtDomain *now = kt_snapshot_domain(r->snapshot, guest->uuid ? guest->uuid : guest->domain);
    const KtMachine *host = kt_snapshot_host(r->snapshot);
    const char *list = guest->nodes_after ? guest->nodes_after : guest->nodes_before;
    g_autoptr(KtSet) nodes = list ? kt_set_parse(list, NULL) : NULL;
    guint parts = kt_set_count(nodes), k = 0;
    if (!now || !host || !parts || !now->vcpus.known || !now->memory_kib.known)
      continue;
    KtDomain *d = kt_domain_new("");
    d->name = g_strdup(guest->domain);
    for (int node = kt_set_next(nodes, 0); node >= 0; node = kt_set_next(nodes, (guint)node + 1), k++) {
      const KtNode *on = kt_machine_find_node(host, node);
      int cpu = on && on->cpus ? kt_set_next(on->cpus, 0) : -1;
      guint vcpus = (guint)(now->vcpus.value / parts) + (k < (guint)now->vcpus.value % parts);
      kt_runtime_add_memory(kt_domain_runtime(d), node, now->memory_kib.value / parts);
      for (guint v = 0; v < vcpus && cpu >= 0; v++) {
        KtThread *thread = kt_runtime_add_thread(d->runtime, 0, "");
        thread->vcpu = (int)v;
        thread->last_cpu = KT_INT(cpu);
      }
    }
    g_ptr_array_add(after->domains, d);
  }
  return after;
}

static void put_host(KtHtml *html, const KtPlanReport *r)
{
  const KtMachine *host = kt_snapshot_host(r->snapshot);
  if (!host || !r->plan->guests->len)
    return;
  g_autoptr(KtSnapshot) after = snapshot_after(r);
  const char *name = host->name ? host->name : _("host");
  g_autofree char *now = g_strdup_printf(_("%s now"), name), *planned = g_strdup_printf(_("%s as planned"), name);
  kt_html_open(html, "section", "subject");
  kt_html_leaf(html, "h2", NULL, now);
  kt_svg_topology(html, now, host, r->snapshot);
  kt_html_close(html);
  kt_html_open(html, "section", "subject");
  kt_html_leaf(html, "h2", NULL, planned);
  kt_svg_topology(html, planned, host, after);
  for (guint i = 0; i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    g_autofree char *devices = kt_plan_say_devices_near(r->plan, node->id);
    g_autofree char *line = g_strdup_printf(_("Devices near to node %d: %s"), node->id, devices);
    if (*devices)
      kt_html_leaf(html, "p", NULL, line);
  }
  kt_html_close(html);
}

/* ---- its guests ---- */

static void put_cell(KtHtml *html, const char *before, const char *after)
{
  g_autofree char *text = kt_plan_say_both(before, after);
  kt_html_leaf(html, "td", NULL, text);
}

static void put_guest(KtHtml *html, const KtPlanGuest *guest)
{
  g_autofree char *old = kt_plan_say_topology(&guest->before), *new = kt_plan_say_topology(&guest->after);
  g_autofree char *l3 = kt_plan_say_count(guest->before.l3_groups, guest->after.l3_groups);
  g_autofree char *cells = kt_plan_say_count(guest->before.cells, guest->after.cells);
  g_autofree char *local = kt_plan_say_locality(guest);
  kt_html_open(html, "tr", NULL);
  kt_html_leaf(html, "th", NULL, guest->domain);
  put_cell(html, old, new);
  kt_html_leaf(html, "td", NULL, l3);
  kt_html_leaf(html, "td", NULL, cells);
  put_cell(html, guest->before.cpu, guest->after.cpu);
  put_cell(html, guest->cpus_before, guest->cpus_after);
  put_cell(html, guest->nodes_before, guest->nodes_after);
  kt_html_leaf(html, "td", NULL, local ? local : "");
  kt_html_leaf(html, "td", NULL, guest->kept ? guest->kept : "");
  kt_html_close(html);
}

static void put_guests(KtHtml *html, const KtPlan *plan)
{
  const char *const heads[] = {_("guest"),
                               _("sockets x cores x threads"),
                               "L3",
                               _("cells"),
                               "CPU",
                               _("on CPUs"),
                               _("on nodes"),
                               _("local %"),
                               _("stays, because")};
  if (!plan->guests->len)
    return;
  kt_html_open(html, "section", "subject");
  kt_html_leaf(html, "h2", NULL, _("Its guests"));
  kt_html_open(html, "div", "panel wide");
  kt_html_open(html, "table", NULL);
  kt_html_open(html, "tr", NULL);
  for (guint i = 0; i < G_N_ELEMENTS(heads); i++)
    kt_html_leaf(html, "th", NULL, heads[i]);
  kt_html_close(html);
  for (guint i = 0; i < plan->guests->len; i++)
    put_guest(html, plan->guests->pdata[i]);
  kt_html_close(html);
  kt_html_close(html);
  kt_html_close(html);
}

/* ---- the changes ---- */

static void put_labelled(KtHtml *html, const char *label, const char *text)
{
  if (!text)
    return;
  kt_html_open(html, "p", NULL);
  kt_html_leaf(html, "b", NULL, label);
  kt_html_textf(html, " %s", text);
  kt_html_close(html);
}

static void put_change(KtHtml *html, const KtChange *change, guint number)
{
  g_autofree char *reasons = kt_plan_say_reasons(change), *effects = kt_plan_say_effects(change);
  g_autoptr(GPtrArray) edits = kt_plan_say_edits(change);
  kt_html_open(html, "article", "finding minor");
  kt_html_open(html, "h4", NULL);
  kt_html_leaff(html, "span", "badge", "%u", number);
  kt_html_textf(html, " %s ", change->title ? change->title : change->id);
  if (reasons)
    kt_html_leaf(html, "span", "id", reasons);
  kt_html_close(html);
  if (change->why)
    kt_html_leaf(html, "p", NULL, change->why);
  if (edits->len) {
    kt_html_open(html, "ul", "evidence");
    for (guint i = 0; i < edits->len; i++)
      kt_html_leaf(html, "li", NULL, edits->pdata[i]);
    kt_html_close(html);
  }
  put_labelled(html, _("Expected:"), effects);
  kt_html_close(html);
}

static void put_group(KtHtml *html, const KtPlan *plan, guint first, guint end)
{
  const KtChange *start = plan->changes->pdata[first];
  g_autofree char *risk = kt_plan_say_risk(kt_plan_group_risk(plan, first, end));
  g_autofree char *undo = kt_plan_group_undo(plan, first, end);
  kt_html_open(html, "section", "subject");
  kt_html_leaff(html, "h2", NULL, _("%s: %s"), kt_plan_whose(start), kt_plan_say_act(start));
  for (guint i = first; i < end; i++)
    put_change(html, plan->changes->pdata[i], i + 1);
  kt_html_open(html, "div", "remedy");
  put_labelled(html, _("Risk:"), risk);
  put_labelled(html, _("Undo:"), undo);
  kt_html_close(html);
  kt_html_close(html);
}

/* ---- the rest ---- */

static void put_diffs(KtHtml *html, const GPtrArray *diffs)
{
  if (!diffs->len)
    return;
  kt_html_open(html, "section", "subject");
  kt_html_leaf(html, "h2", NULL, _("The definitions"));
  for (guint i = 0; i < diffs->len; i++) {
    g_auto(GStrv) lines = g_strsplit(diffs->pdata[i], "\n", -1);
    kt_html_open(html, "div", "panel diff");
    for (guint k = 0; lines[k]; k++)
      kt_html_leaf(html, "div", *lines[k] == '+' ? "add" : *lines[k] == '-' ? "del" : NULL, lines[k]);
    kt_html_close(html);
  }
  kt_html_close(html);
}

static void put_list(KtHtml *html, const char *heading, const GPtrArray *texts)
{
  if (!texts->len)
    return;
  kt_html_open(html, "section", "notes");
  kt_html_leaf(html, "h2", NULL, heading);
  kt_html_open(html, "ul", NULL);
  for (guint i = 0; i < texts->len; i++)
    kt_html_leaf(html, "li", NULL, texts->pdata[i]);
  kt_html_close(html);
  kt_html_close(html);
}

static void put_left(KtHtml *html, const KtPlan *plan)
{
  g_autoptr(GPtrArray) groups = kt_plan_group_left(plan);
  if (!groups->len)
    return;
  kt_html_open(html, "section", "notes");
  kt_html_leaf(html, "h2", NULL, _("Not in this plan (kvmtune explain ID tells more)"));
  kt_html_open(html, "ul", NULL);
  for (guint i = 0; i < groups->len; i++) {
    const KtPlanLeftGroup *group = groups->pdata[i];
    kt_html_open(html, "li", NULL);
    kt_html_leaf(html, "span", "id", group->check);
    kt_html_textf(html, " %s: %s ", group->who, group->title);
    if (group->remedy)
      kt_html_leaf(html, "code", NULL, group->remedy);
    kt_html_close(html);
  }
  kt_html_close(html);
  kt_html_close(html);
}

char *kt_view_plan_html(const KtPlanReport *r)
{
  const KtPlan *plan = r->plan;
  g_autofree char *title = g_strdup_printf(_("kvmtune: plan for %s"), plan->host ? plan->host : _("this host"));
  g_autofree char *head = kt_plan_say_head(plan);
  KtHtml *html = kt_html_page_begin(title, "plan");
  kt_html_leaf(html, "h1", NULL, head);
  put_host(html, r);
  put_guests(html, plan);
  for (guint i = 0, end; i < plan->changes->len; i = end) {
    end = kt_plan_group_end(plan, i);
    put_group(html, plan, i, end);
  }
  put_diffs(html, r->diffs);
  put_left(html, plan);
  put_list(html, _("Also"), plan->notes);
  if (r->explain) {
    kt_html_open(html, "section", "notes");
    kt_html_leaf(html, "h2", NULL, _("Why these places"));
    kt_html_leaf(html, "p", NULL, r->explain);
    kt_html_close(html);
  }
  return kt_html_page_finish(html);
}
