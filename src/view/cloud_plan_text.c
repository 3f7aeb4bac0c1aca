/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/i18n.h"
#include "base/shell.h"
#include "view/cloud_plan_words.h"

enum { MOVES_MOST = 40, FITS_MOST = 40, TICKET_WIDTH = 78 };

static void put_title(KtPage *page, KtStyle style, const char *title)
{
  kt_page_gap(page);
  kt_page_text(page, 0, style, title);
}

static void put_list(KtPage *page, guint indent, const GPtrArray *texts)
{
  for (guint i = 0; i < texts->len; i++)
    kt_page_item(page, indent, KT_STYLE_PLAIN, "-", indent + 2, KT_STYLE_PLAIN, texts->pdata[i]);
}

static const char *say(KtTri answer)
{
  return answer == KT_YES ? _("fits") : answer == KT_NO ? _("no") : _("unknown");
}

static void put_fits(KtPage *page, const KtCloudCure *cure)
{
  const KtColumn columns[] = {{.title = _("host"), .flex = TRUE},
                              {.title = _("empty")},
                              {.title = _("now")},
                              {.title = _("what lacks or is not known"), .flex = TRUE}};
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  guint n = MIN(FITS_MOST, cure->fits->len);
  for (guint i = 0; i < n; i++) {
    const KtCloudFit *f = cure->fits->pdata[i];
    kt_table_add(table, KT_STYLE_PLAIN, f->host);
    kt_table_add(table, f->empty == KT_NO ? KT_STYLE_RED : KT_STYLE_PLAIN, say(f->empty));
    kt_table_add(table, f->now == KT_NO ? KT_STYLE_RED : KT_STYLE_PLAIN, say(f->now));
    kt_table_add(table, KT_STYLE_PLAIN, f->why);
  }
  kt_page_table(page, 4, table);
  if (n < cure->fits->len)
    kt_page_textf(page, 4, KT_STYLE_DIM, _("and %u more: see --json"), cure->fits->len - n);
  if (n && !kt_cloud_cure_count(cure, TRUE, KT_YES) && !kt_cloud_cure_count(cure, TRUE, KT_UNKNOWN))
    kt_page_text(page, 4, KT_STYLE_RED, _("As the hosts are now the scheduler would say \"No valid host was found\"."));
}

static void put_cure(KtPage *page, const KtCloudCure *cure)
{
  g_autofree char *change = kt_cloud_say_change(cure), *fits = kt_cloud_say_fits(cure);
  g_autofree char *title =
      g_strdup_printf(cure->exists ? _("%s → %s (it is there already)") : _("%s → %s"), cure->flavor, cure->name);
  put_title(page, KT_STYLE_BOLD, title);
  kt_page_text(page, 2, KT_STYLE_PLAIN, change);
  kt_cloud_put_keys(page, 2, cure);
  kt_page_text(page, 2, KT_STYLE_PLAIN, fits);
  put_fits(page, cure);
  put_list(page, 2, cure->notes);
}

/* A command of a flavor that is not known to fit now says so itself: lines are copied one by one. */
static void put_command(KtPage *page, const KtCloudCure *cure, const char *command)
{
  gboolean checked = kt_cloud_cure_count(cure, TRUE, KT_YES) > 0;
  g_autofree char *line = checked ? NULL : g_strdup_printf("%s   # %s", command, _("unchecked"));
  kt_page_verbatim(page, 2, KT_STYLE_PLAIN, checked ? command : line);
}

static void put_commands(KtPage *page, const KtCloudPlan *plan)
{
  for (guint i = 0; i < plan->cures->len; i++) {
    g_autofree char *doubt = kt_cloud_say_doubt(plan->cures->pdata[i]);
    if (doubt)
      kt_page_item(page, 2, KT_STYLE_RED, "!", 4, KT_STYLE_RED, doubt);
  }
  for (guint i = 0; i < plan->cures->len; i++) {
    const KtCloudCure *cure = plan->cures->pdata[i];
    g_autofree char *create = kt_view_cloud_create(cure);
    if (!cure->exists)
      put_command(page, cure, create);
  }
  for (guint i = 0; i < MIN(plan->moves->len, MOVES_MOST); i++) {
    const KtCloudMove *m = plan->moves->pdata[i];
    const KtCloudCure *cure = plan->cures->pdata[m->cure];
    g_autofree char *name = kt_shell_word(cure->name);
    g_autofree char *id = kt_shell_word(m->id);
    g_autofree char *resize = g_strdup_printf("openstack server resize --wait --flavor %s %s", name, id);
    g_autofree char *confirm = g_strdup_printf("openstack server resize confirm %s   # or: revert", id);
    put_command(page, cure, resize);
    kt_page_verbatim(page, 2, KT_STYLE_PLAIN, confirm);
  }
}

static void put_notes(KtPage *page, const KtCloudPlan *plan)
{
  if (!plan->notes->len)
    return;
  put_title(page, KT_STYLE_BOLD, _("What is not planned"));
  put_list(page, 2, plan->notes);
}

char *kt_view_cloud_plan_text(const KtTerm *term, const KtCloudPlan *plan, const char *file)
{
  KtPage *page = kt_page_new(term);
  g_autofree char *head = kt_cloud_plan_say_head(plan), *sockets = kt_cloud_say_sockets(plan);
  kt_page_text(page, 0, KT_STYLE_BOLD, head);
  for (guint i = 0; i < plan->cures->len; i++)
    put_cure(page, plan->cures->pdata[i]);
  if (plan->moves->len) {
    put_title(page, KT_STYLE_BOLD, _("In this order: one server first, then waves"));
    kt_cloud_put_order(page, 2, plan, MOVES_MOST);
    put_title(page, KT_STYLE_BOLD, _("Downtime"));
    kt_cloud_put_downtime(page, 2, plan);
    put_title(page, KT_STYLE_BOLD, _("Licences"));
    kt_page_text(page, 2, KT_STYLE_PLAIN, sockets);
    put_title(page, KT_STYLE_BOLD, _("To know"));
    kt_cloud_put_after(page, 2);
  }
  if (plan->cures->len) {
    put_title(page, KT_STYLE_BOLD, _("By hand"));
    put_commands(page, plan);
  }
  put_notes(page, plan);
  if (file) {
    kt_page_gap(page);
    kt_page_textf(page, 0, KT_STYLE_PLAIN, _("The plan is in %s."), file);
  }
  return kt_page_finish(page);
}

char *kt_view_cloud_plan_ticket(const KtCloudPlan *plan)
{
  const KtTerm term = {.width = TICKET_WIDTH, .utf8 = TRUE};
  KtPage *page = kt_page_new(&term);
  g_autofree char *head = kt_cloud_plan_say_head(plan), *sockets = kt_cloud_say_sockets(plan);
  kt_page_textf(page, 0, KT_STYLE_PLAIN, _("Change: %s"), head);
  put_title(page, KT_STYLE_PLAIN, _("WHAT IS CHANGED"));
  for (guint i = 0; i < plan->cures->len; i++) {
    const KtCloudCure *cure = plan->cures->pdata[i];
    g_autofree char *change = kt_cloud_say_change(cure), *fits = kt_cloud_say_fits(cure),
                    *doubt = kt_cloud_say_doubt(cure);
    kt_page_textf(page, 1, KT_STYLE_PLAIN, _("%s → %s"), cure->flavor, cure->name);
    kt_page_text(page, 3, KT_STYLE_PLAIN, change);
    kt_cloud_put_keys(page, 3, cure);
    kt_page_text(page, 3, KT_STYLE_PLAIN, fits);
    if (doubt)
      kt_page_item(page, 3, KT_STYLE_PLAIN, "!", 5, KT_STYLE_PLAIN, doubt);
    put_list(page, 3, cure->notes);
  }
  put_title(page, KT_STYLE_PLAIN, _("WHO IS AFFECTED"));
  kt_cloud_put_order(page, 1, plan, G_MAXUINT);
  put_title(page, KT_STYLE_PLAIN, _("DOWNTIME"));
  kt_cloud_put_downtime(page, 1, plan);
  put_title(page, KT_STYLE_PLAIN, _("LICENCES"));
  kt_page_text(page, 1, KT_STYLE_PLAIN, sockets);
  put_title(page, KT_STYLE_PLAIN, _("HOW IT IS CHECKED"));
  kt_cloud_put_after(page, 1);
  put_title(page, KT_STYLE_PLAIN, _("HOW IT IS TAKEN BACK"));
  kt_page_text(
      page, 1, KT_STYLE_PLAIN,
      _("Before it is confirmed: openstack server resize revert; afterwards a resize to the old flavor. Flavors "
        "and servers are never deleted."));
  return kt_page_finish(page);
}
