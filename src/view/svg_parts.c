/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/svg_parts.h"

/* Percent of the width with two decimals, whatever the locale's decimal point is. */
static void put_percent(KtHtml *html, const char *name, double percent)
{
  int n = (int)(CLAMP(percent, 0, 100) * 100 + 0.5);
  kt_html_attrf(html, name, "%d.%02d%%", n / 100, n % 100);
}

void kt_svg_put_bar(KtHtml *html, const char *class, double x, double width, int y, int height)
{
  kt_html_open(html, "rect", class);
  put_percent(html, "x", x);
  put_percent(html, "width", width);
  kt_html_attrf(html, "y", "%d", y);
  kt_html_attrf(html, "height", "%d", height);
  kt_html_close(html);
}

void kt_svg_put_note(KtHtml *html, const char *class, const char *x, int y, const char *text)
{
  kt_html_open(html, "text", class);
  kt_html_attr(html, "x", x);
  kt_html_attrf(html, "y", "%d", y);
  kt_html_text(html, text);
  kt_html_close(html);
}

void kt_svg_open_figure(KtHtml *html, const char *heading, const char *text)
{
  kt_html_open(html, "figure", "chart");
  kt_html_open(html, "figcaption", NULL);
  kt_html_leaf(html, "h4", NULL, heading);
  kt_html_leaf(html, "p", "muted", text);
  kt_html_close(html);
}

void kt_svg_open_plot(KtHtml *html, int height, const char *title, const char *description)
{
  kt_html_open(html, "svg", "plot");
  kt_html_attr(html, "width", "100%");
  kt_html_attrf(html, "height", "%d", height);
  kt_html_describe(html, title, description);
}
