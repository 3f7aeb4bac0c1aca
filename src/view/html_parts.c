/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all our pages have: the frame, folded tables, descriptions of pictures. */
#include <gio/gio.h>

#include "base/i18n.h"
#include "config.h"
#include "page-resource.h"
#include "view/html.h"
#include "view/svg.h"

/* Nothing is loaded and no script runs, whatever the evidence says. */
#define POLICY "default-src 'none'; style-src 'unsafe-inline'"

static void put_meta(KtHtml *html, const char *key, const char *name, const char *content)
{
  kt_html_open(html, "meta", NULL);
  kt_html_attr(html, key, name);
  kt_html_attr(html, "content", content);
  kt_html_close(html);
}

static void put_head(KtHtml *html, const char *title)
{
  g_autoptr(GBytes) css =
      g_resource_lookup_data(kt_page_get_resource(), "/kvmtune/page.css", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  kt_html_open(html, "head", NULL);
  kt_html_open(html, "meta", NULL);
  kt_html_attr(html, "charset", "utf-8");
  kt_html_close(html);
  put_meta(html, "http-equiv", "Content-Security-Policy", POLICY);
  put_meta(html, "name", "viewport", "width=device-width, initial-scale=1");
  put_meta(html, "name", "color-scheme", "light dark");
  put_meta(html, "name", "generator", "kvmtune " KT_VERSION);
  kt_html_leaf(html, "title", NULL, title);
  kt_html_style(html, g_bytes_get_data(css, NULL));
  kt_html_close(html);
}

KtHtml *kt_html_page_begin(const char *title, const char *command)
{
  KtHtml *html = kt_html_new();
  kt_html_open(html, "html", NULL);
  kt_html_attr(html, "xmlns", "http://www.w3.org/1999/xhtml");
  /* TRANSLATORS: the tag of your language by BCP 47, such as "zh-CN" */
  kt_html_attr(html, "lang", _("en"));
  put_head(html, title);
  kt_html_open(html, "body", NULL);
  kt_svg_patterns(html);
  kt_html_open(html, "header", "banner");
  kt_html_leaf(html, "span", "brand", "kvmtune");
  kt_html_text(html, " ");
  kt_html_leaf(html, "span", "command", command);
  kt_html_close(html);
  kt_html_open(html, "main", NULL);
  return html;
}

char *kt_html_page_finish(KtHtml *html)
{
  kt_html_close(html); /* main */
  kt_html_open(html, "footer", NULL);
  kt_html_open(html, "p", NULL);
  kt_html_leaf(html, "code", NULL, "kvmtune explain ID");
  kt_html_textf(html,
                _(" tells the whole story of a check. Nothing on this page is loaded from elsewhere, and no script "
                  "runs. Made by kvmtune %s."),
                KT_VERSION);
  kt_html_close(html);
  return kt_html_finish(html);
}

void kt_html_table_begin(KtHtml *html, const char *summary, const char *const *heads)
{
  kt_html_open(html, "details", "numbers");
  kt_html_leaf(html, "summary", NULL, summary);
  kt_html_open(html, "div", "wide");
  kt_html_attr(html, "tabindex", "0"); /* scrolled by keys */
  kt_html_attr(html, "role", "region");
  kt_html_attr(html, "aria-label", summary);
  kt_html_open(html, "table", NULL);
  kt_html_open(html, "thead", NULL);
  kt_html_open(html, "tr", NULL);
  for (; *heads; heads++) {
    kt_html_open(html, "th", NULL);
    kt_html_attr(html, "scope", "col");
    kt_html_text(html, *heads);
    kt_html_close(html);
  }
  kt_html_close(html);
  kt_html_close(html);
  kt_html_open(html, "tbody", NULL);
}

void kt_html_table_finish(KtHtml *html)
{
  for (guint i = 0; i < 4; i++) /* tbody, table, div, details */
    kt_html_close(html);
}

void kt_html_describe(KtHtml *html, const char *title, const char *description)
{
  kt_html_attr(html, "xmlns", "http://www.w3.org/2000/svg");
  kt_html_attr(html, "role", "img");
  kt_html_attr(html, "aria-label", title);
  kt_html_leaf(html, "title", NULL, title);
  kt_html_leaf(html, "desc", NULL, description);
}
