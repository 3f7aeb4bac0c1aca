/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report on a cloud as a page. */
#include "base/i18n.h"
#include "view/cloud_words.h"
#include "view/html.h"

#define MAX_ROWS 500

static void put_number(KtHtml *html, guint n)
{
  kt_html_leaff(html, "td", NULL, "%u", n);
}

static void put_line(KtHtml *html, const KtCloudRow *row)
{
  g_autofree char *checks = kt_cloud_say_checks(row);
  guint hosts = kt_cloud_count_hosts(row->servers);
  kt_html_open(html, "tr", NULL);
  kt_html_leaf(html, "th", NULL, row->flavor ? row->flavor : "?");
  kt_html_leaf(html, "td", NULL, row->image ? row->image : "");
  put_number(html, row->servers->len);
  if (hosts || !row->servers->len)
    put_number(html, hosts);
  else
    kt_html_leaf(html, "td", NULL, "?");
  put_number(html, kt_cloud_row_affected(row, 3));
  put_number(html, row->old);
  kt_html_leaf(html, "td", NULL, checks);
  kt_html_close(html);
}

static void put_table(KtHtml *html, const GPtrArray *rows, guint n)
{
  const char *const heads[] = {_("flavor"), _("image"), _("servers"), _("hosts"), _("severe"), _("old copy"), _("why")};
  kt_html_open(html, "section", "subject");
  kt_html_leaf(html, "h2", NULL, _("Flavors and images that make bad guests, worst first"));
  kt_html_open(html, "div", "panel wide");
  kt_html_open(html, "table", NULL);
  kt_html_open(html, "tr", NULL);
  for (guint i = 0; i < G_N_ELEMENTS(heads); i++)
    kt_html_leaf(html, "th", NULL, heads[i]);
  kt_html_close(html);
  for (guint i = 0; i < n; i++)
    put_line(html, rows->pdata[i]);
  kt_html_close(html);
  kt_html_close(html);
  kt_html_close(html);
}

static void put_paragraph(KtHtml *html, const char *text)
{
  if (text)
    kt_html_leaf(html, "p", NULL, text);
}

static void put_row(KtHtml *html, const KtCloudRow *row)
{
  static const char *const classes[] = {"finding note", "finding minor", "finding moderate", "finding severe"};
  g_autofree char *name = kt_cloud_say_row(row), *where = kt_cloud_say_where(row->servers);
  g_autofree char *undefined = kt_cloud_say_undefined(row), *old = kt_cloud_say_old(row);
  kt_html_open(html, "section", "subject");
  kt_html_leaff(html, "h2", NULL, _("%s: %s"), name, where);
  for (guint i = 0; i < row->causes->len; i++) {
    const KtCloudCause *cause = row->causes->pdata[i];
    g_autofree char *text = kt_cloud_say_cause(cause);
    kt_html_open(html, "article", classes[CLAMP(cause->severity, 0, 3)]);
    kt_html_leaff(html, "p", NULL, "%s %s: %s", kt_cloud_severity(cause->severity), cause->check, text);
    kt_html_close(html);
  }
  put_paragraph(html, old);
  for (guint i = 0; i < row->keys->len; i++)
    put_paragraph(html, row->keys->pdata[i]);
  for (guint i = 0; i < row->unknown->len; i++)
    kt_html_leaff(html, "p", NULL, _("unknown: %s"), (char *)row->unknown->pdata[i]);
  put_paragraph(html, undefined);
  kt_html_close(html);
}

static void put_list(KtHtml *html, const char *title, const GPtrArray *list)
{
  if (!list->len)
    return;
  kt_html_open(html, "section", "subject");
  kt_html_leaf(html, "h2", NULL, title);
  kt_html_open(html, "ul", NULL);
  for (guint i = 0; i < list->len; i++)
    kt_html_leaf(html, "li", NULL, list->pdata[i]);
  kt_html_close(html);
  kt_html_close(html);
}

char *kt_view_cloud_html(const KtCloudReport *r)
{
  g_autofree char *head = kt_cloud_say_head(r), *verdict = kt_cloud_say_verdict(r);
  KtHtml *html = kt_html_page_begin(head, "cloud doctor");
  guint n = 0;
  while (n < MIN(r->rows->len, MAX_ROWS) && ((const KtCloudRow *)r->rows->pdata[n])->causes->len)
    n++;
  kt_html_leaf(html, "h1", NULL, head);
  put_paragraph(html, verdict);
  if (n)
    put_table(html, r->rows, n);
  for (guint i = 0; i < n; i++)
    put_row(html, r->rows->pdata[i]);
  put_list(html, _("Hosts"), r->hosts);
  put_list(html, _("What was not seen"), r->cloud->notes);
  put_list(html, _("How the evidence was taken"), r->notes);
  return kt_html_page_finish(html);
}
