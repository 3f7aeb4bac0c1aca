/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before and after as a picture. */
#include <math.h>

#include "base/i18n.h"
#include "view/svg.h"
#include "view/svg_parts.h"
#include "view/verify_words.h"

#define HEIGHT 120
#define HALF 49 /* percent of the width; what is left parts the two */
#define MAX_BARS 48
#define MAX_TABLE_ROWS 300

/* Means of neighbours, so that a half has no more than MAX_BARS; NAN where none is known. */
typedef struct {
  double bars[MAX_BARS];
  guint n;
} Half;

static double value_at(const KtSeries *series, guint i)
{
  return i < series->values->len ? g_array_index(series->values, double, i) : NAN;
}

static Half half_of(const KtSeries *series)
{
  guint all = series->values->len, per_bar = MAX((all + MAX_BARS - 1) / MAX_BARS, 1);
  Half half = {.n = (all + per_bar - 1) / per_bar};
  for (guint bar = 0; bar < half.n; bar++) {
    double sum = 0;
    guint known = 0;
    for (guint i = bar * per_bar; i < MIN((bar + 1) * per_bar, all); i++)
      if (isfinite(value_at(series, i))) {
        sum += value_at(series, i);
        known++;
      }
    half.bars[bar] = known ? sum / known : NAN;
  }
  return half;
}

/* The smallest of 1, 2, 5, 10, ... that holds all bars; its half is a label, too, and of counts a whole number. */
static double top_of(KtMetric metric, const Half *before, const Half *after)
{
  double most = 0, top = 1;
  for (guint i = 0; i < before->n; i++)
    most = fmax(most, before->bars[i]);
  for (guint i = 0; i < after->n; i++)
    most = fmax(most, after->bars[i]);
  for (guint step = 0; top < most && step < 60; step++)
    top *= step % 3 == 1 ? 2.5 : 2;
  return *kt_metrics[metric].unit != '%' && top < 10 && top != 2 ? top * 2 : top;
}

static int y_of(double value, double top)
{
  return HEIGHT - (int)(CLAMP(value / top, 0, 1) * HEIGHT + 0.5);
}

static void put_line(KtHtml *html, const char *class, const char *x1, const char *x2, int y)
{
  kt_html_open(html, "line", class);
  kt_html_attr(html, "x1", x1);
  kt_html_attr(html, "x2", x2);
  kt_html_attrf(html, "y1", "%d", y);
  kt_html_attrf(html, "y2", "%d", y);
  kt_html_close(html);
}

static void put_half(KtHtml *html, const Half *half, const char *class, double from, double top)
{
  double wide = (double)HALF / MAX(half->n, 1), shown = MIN(wide * 0.84, 6);
  for (guint i = 0; i < half->n; i++) {
    int y = isfinite(half->bars[i]) ? y_of(half->bars[i], top) : HEIGHT;
    if (y < HEIGHT)
      kt_svg_put_bar(html, class, from + i * wide + (wide - shown) / 2, shown, y, HEIGHT - y);
  }
}

static void put_table(KtHtml *html, const KtComparison *row)
{
  const char *const heads[] = {_("Value"), _("before"), _("after"), NULL};
  guint n = MAX(row->before->values->len, row->after->values->len);
  kt_html_table_begin(html, _("As a table"), heads);
  for (guint i = 0; i < MIN(n, MAX_TABLE_ROWS); i++) {
    g_autofree char *before = kt_verify_say_value(row->metric, value_at(row->before, i));
    g_autofree char *after = kt_verify_say_value(row->metric, value_at(row->after, i));
    kt_html_open(html, "tr", NULL);
    kt_html_leaff(html, "td", NULL, "%u", i + 1);
    kt_html_leaf(html, "td", "num", i < row->before->values->len ? before : "");
    kt_html_leaf(html, "td", "num", i < row->after->values->len ? after : "");
    kt_html_close(html);
  }
  kt_html_table_finish(html);
  if (n > MAX_TABLE_ROWS)
    kt_html_leaff(html, "p", "muted", _("The table has the first %d of %u rows."), MAX_TABLE_ROWS, n);
}

static void put_means(KtHtml *html, const KtComparison *row, double top)
{
  g_autofree char *before = kt_verify_say_value(row->metric, row->shift.before);
  g_autofree char *after = kt_verify_say_value(row->metric, row->shift.after);
  g_autofree char *left = g_strdup_printf(_("before: %s"), before), *right = g_strdup_printf(_("after: %s"), after);
  if (isfinite(row->shift.before))
    put_line(html, "mean", "0", "49%", y_of(row->shift.before, top));
  if (isfinite(row->shift.after))
    put_line(html, "mean", "51%", "100%", y_of(row->shift.after, top));
  kt_svg_put_note(html, "axis", "0", HEIGHT + 18, left);
  kt_svg_put_note(html, "axis", "51%", HEIGHT + 18, right);
}

void kt_svg_before_after(KtHtml *html, const char *name, const KtComparison *row)
{
  Half before = half_of(row->before), after = half_of(row->after);
  double top = top_of(row->metric, &before, &after);
  g_autofree char *shift = kt_verify_say_shift(row), *change = kt_verify_say_change(row);
  g_autofree char *title = g_strdup_printf("%s: %s", name, kt_verify_metric(row->metric));
  g_autoptr(GString) text = g_string_new(kt_verify_kind(row->kind));
  if (*shift)
    g_string_append_printf(text, _("; difference %s"), shift);
  if (*shift && *change)
    g_string_append_printf(text, ", %s", change);
  if (row->per_work)
    g_string_append(text, _("; the bars are as measured, the means at the load of before"));
  kt_svg_open_figure(html, kt_verify_metric(row->metric), text->str);
  kt_html_open(html, "div", "axes");
  kt_svg_open_plot(html, HEIGHT + 24, title, text->str);
  for (guint i = 0; i <= 2; i++) {
    g_autofree char *label = kt_verify_say_value(row->metric, top * i / 2);
    put_line(html, "grid", "0", "100%", HEIGHT - (int)i * HEIGHT / 2);
    kt_svg_put_note(html, "axis y", "-8", HEIGHT - (int)i * HEIGHT / 2 + 4, label);
  }
  put_half(html, &before, "bar", 0, top);
  put_half(html, &after, "bar after", 100 - HALF, top);
  put_means(html, row, top);
  kt_html_close(html);
  kt_html_close(html);
  put_table(html, row);
  kt_html_close(html);
}
