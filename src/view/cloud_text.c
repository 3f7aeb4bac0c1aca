/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report on a cloud for the terminal. */
#include "base/i18n.h"
#include "base/shell.h"
#include "view/cloud_words.h"

#define MAX_ROWS 50

static const KtStyle styles[] = {KT_STYLE_DIM, KT_STYLE_PLAIN, KT_STYLE_YELLOW, KT_STYLE_RED};

static int worst_of(const KtCloudRow *row)
{
  return row->causes->len ? ((const KtCloudCause *)row->causes->pdata[0])->severity : 0;
}

static guint count_bad(const GPtrArray *rows)
{
  guint n = 0;
  while (n < rows->len && ((const KtCloudRow *)rows->pdata[n])->causes->len)
    n++;
  return n;
}

static void put_table(KtPage *page, const KtCloudReport *r, guint n)
{
  const KtColumn columns[] = {{.title = _("flavor"), .flex = TRUE},   {.title = _("image"), .flex = TRUE},
                              {.title = _("servers"), .right = TRUE}, {.title = _("hosts"), .right = TRUE},
                              {.title = _("severe"), .right = TRUE},  {.title = _("old copy"), .right = TRUE},
                              {.title = _("why"), .flex = TRUE}};
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < n; i++) {
    const KtCloudRow *row = r->rows->pdata[i];
    g_autofree char *checks = kt_cloud_say_checks(row);
    guint hosts = kt_cloud_count_hosts(row->servers);
    kt_table_add(table, styles[worst_of(row)], row->flavor ? row->flavor : "?");
    kt_table_add(table, KT_STYLE_PLAIN, row->image);
    kt_table_addf(table, KT_STYLE_PLAIN, "%u", row->servers->len);
    if (hosts)
      kt_table_addf(table, KT_STYLE_PLAIN, "%u", hosts);
    else
      kt_table_add(table, KT_STYLE_DIM, row->servers->len ? "?" : NULL);
    kt_table_addf(table, KT_STYLE_PLAIN, "%u", kt_cloud_row_affected(row, 3));
    kt_table_addf(table, KT_STYLE_PLAIN, "%u", row->old);
    kt_table_add(table, KT_STYLE_PLAIN, checks);
  }
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, _("Flavors and images that make bad guests, worst first"));
  kt_page_table(page, 2, table);
}

static void put_row(KtPage *page, const KtCloudRow *row)
{
  g_autofree char *name = kt_cloud_say_row(row), *where = kt_cloud_say_where(row->servers);
  g_autofree char *undefined = kt_cloud_say_undefined(row), *old = kt_cloud_say_old(row);
  kt_page_gap(page);
  kt_page_textf(page, 0, KT_STYLE_BOLD, _("%s: %s"), name, where);
  for (guint i = 0; i < row->causes->len; i++) {
    const KtCloudCause *cause = row->causes->pdata[i];
    const char *word = kt_cloud_severity(cause->severity);
    int pad = MAX(0, 9 - (int)kt_term_width_of(word));
    g_autofree char *mark = g_strdup_printf("%s%*s %s", word, pad, "", cause->check);
    g_autofree char *text = kt_cloud_say_cause(cause);
    kt_page_item(page, 2, styles[cause->severity], mark, 17, KT_STYLE_PLAIN, text);
  }
  if (old)
    kt_page_item(page, 2, KT_STYLE_PLAIN, "-", 4, KT_STYLE_PLAIN, old);
  for (guint i = 0; i < row->keys->len; i++)
    kt_page_item(page, 2, KT_STYLE_PLAIN, "-", 4, KT_STYLE_PLAIN, row->keys->pdata[i]);
  for (guint i = 0; i < row->unknown->len; i++) {
    g_autofree char *text = g_strdup_printf(_("unknown: %s"), (char *)row->unknown->pdata[i]);
    kt_page_item(page, 2, KT_STYLE_DIM, "?", 4, KT_STYLE_DIM, text);
  }
  if (undefined)
    kt_page_item(page, 2, KT_STYLE_DIM, "?", 4, KT_STYLE_DIM, undefined);
}

static void put_list(KtPage *page, const char *title, const GPtrArray *list)
{
  if (!list->len)
    return;
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, title);
  for (guint i = 0; i < list->len; i++)
    kt_page_item(page, 2, KT_STYLE_PLAIN, "-", 4, KT_STYLE_PLAIN, list->pdata[i]);
}

static void put_unknown(KtPage *page, const KtCloudReport *r)
{
  put_list(page, _("What was not seen"), r->cloud->notes);
  put_list(page, _("How the evidence was taken"), r->notes);
}

char *kt_view_cloud_text(const KtTerm *term, const KtCloudReport *r)
{
  KtPage *page = kt_page_new(term);
  guint bad = count_bad(r->rows), shown = MIN(bad, MAX_ROWS);
  g_autofree char *head = kt_cloud_say_head(r), *verdict = kt_cloud_say_verdict(r);
  kt_page_text(page, 0, KT_STYLE_BOLD, head);
  kt_page_text(page, 0, KT_STYLE_PLAIN, verdict);
  if (shown)
    put_table(page, r, shown);
  for (guint i = 0; i < shown; i++)
    put_row(page, r->rows->pdata[i]);
  if (bad > shown)
    kt_page_textf(page, 0, KT_STYLE_DIM, _("and %u more: see --json"), bad - shown);
  put_list(page, _("Hosts"), r->hosts);
  put_unknown(page, r);
  if (shown && ((const KtCloudRow *)r->rows->pdata[0])->flavor) {
    g_autofree char *flavor = kt_shell_word(((const KtCloudRow *)r->rows->pdata[0])->flavor);
    kt_page_gap(page);
    kt_page_textf(page, 0, KT_STYLE_PLAIN, _("Next: kvmtune cloud plan %s"), flavor);
  }
  return kt_page_finish(page);
}
