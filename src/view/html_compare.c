/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two machines side by side as a page. */
#include "view/html.h"
#include "view/report.h"
#include "view/svg.h"
#include "view/view.h"
#include "view/words.h"

typedef struct {
  const char *reference, *subject;
  const KtMachine *reference_machine, *subject_machine;
} Sides;

static void put_value(KtHtml *html, const char *who, const char *class, const char *value)
{
  kt_html_open(html, "div", class);
  kt_html_leaf(html, "dt", NULL, who);
  kt_html_leaf(html, "dd", NULL, value ? value : _("unknown"));
  kt_html_close(html);
}

static void put_difference(KtHtml *html, const Sides *sides, const KtDifference *d)
{
  static const char *const classes[] = {"note", "minor", "moderate", "severe"};
  gboolean slower = d->kind == KT_DIFFERENCE_SLOWER;
  g_autofree char *class = g_strdup_printf("difference %s", slower ? classes[CLAMP(d->severity, 0, 3)] : "neutral");
  kt_html_open(html, "article", class);
  kt_html_open(html, "h3", NULL);
  if (slower) {
    kt_html_leaf(html, "span", "badge", kt_view_severity(d->severity));
    kt_html_text(html, " ");
    kt_html_leaf(html, "span", "id", d->check);
    kt_html_text(html, " ");
  }
  kt_html_leaf(html, "span", "title", kt_tr(d->label));
  kt_html_close(html);
  kt_html_open(html, "dl", "values");
  put_value(html, sides->reference, NULL, d->reference);
  put_value(html, sides->subject, slower ? "worse" : NULL, d->subject);
  kt_html_close(html);
  if (d->meaning)
    kt_html_leaf(html, "p", NULL, kt_tr(d->meaning));
  kt_html_close(html);
}

static void put_differences(KtHtml *html, const Sides *sides, const GPtrArray *differences, KtDifferenceKind kind,
                            const char *heading)
{
  if (!kt_report_count(differences, kind))
    return;
  kt_html_open(html, "section", kind == KT_DIFFERENCE_NEUTRAL ? "neutrals" : "slower");
  kt_html_leaf(html, "h2", NULL, heading);
  for (guint i = 0; i < differences->len; i++)
    if (((const KtDifference *)differences->pdata[i])->kind == kind)
      put_difference(html, sides, differences->pdata[i]);
  kt_html_close(html);
}

static void put_names(KtHtml *html, const GPtrArray *differences, KtDifferenceKind kind, const char *heading)
{
  if (!kt_report_count(differences, kind))
    return;
  kt_html_open(html, "details", "names");
  kt_html_leaff(html, "summary", NULL, "%s (%u)", heading, kt_report_count(differences, kind));
  kt_html_open(html, "ul", NULL);
  for (guint i = 0; i < differences->len; i++) {
    const KtDifference *d = differences->pdata[i];
    if (d->kind != kind)
      continue;
    const char *value = kind == KT_DIFFERENCE_SAME && g_strcmp0(d->reference, d->subject) == 0 ? d->subject : NULL;
    kt_html_leaff(html, "li", NULL, "%s%s%s", kt_tr(d->label), value ? ": " : "", value ? value : "");
  }
  kt_html_close(html);
  kt_html_close(html);
}

typedef void (*PutSide)(KtHtml *html, const char *name, const KtMachine *m);

static void put_topology(KtHtml *html, const char *name, const KtMachine *m)
{
  kt_svg_topology(html, name, m, NULL);
}

static void put_side_by_side(KtHtml *html, const Sides *sides, const char *heading, PutSide put)
{
  kt_html_open(html, "section", NULL);
  kt_html_leaf(html, "h2", NULL, heading);
  kt_html_open(html, "div", "sides");
  kt_html_open(html, "div", NULL);
  kt_html_leaff(html, "h3", NULL, _("%s (reference)"), sides->reference);
  put(html, sides->reference, sides->reference_machine);
  kt_html_close(html);
  kt_html_open(html, "div", NULL);
  kt_html_leaf(html, "h3", NULL, sides->subject);
  put(html, sides->subject, sides->subject_machine);
  kt_html_close(html);
  kt_html_close(html);
  kt_html_close(html);
}

char *kt_view_compare_html(const char *reference, const KtMachine *reference_machine, const char *subject,
                           const KtMachine *subject_machine, const GPtrArray *differences)
{
  const Sides sides = {reference, subject, reference_machine, subject_machine};
  gboolean slower = kt_report_count(differences, KT_DIFFERENCE_SLOWER) > 0;
  g_autofree char *title = g_strdup_printf("kvmtune: %s and %s", subject, reference);
  g_autofree char *verdict = kt_report_say_comparison(reference, subject, differences);
  KtHtml *html = kt_html_page_begin(title, "compare");
  kt_html_open(html, "div", slower ? "verdict faulty" : "verdict healthy");
  kt_html_open(html, "span", "mark");
  kt_html_attr(html, "aria-hidden", "true");
  kt_html_text(html, slower ? "≠" : "=");
  kt_html_close(html);
  kt_html_leaf(html, "h1", NULL, verdict);
  kt_html_close(html);
  put_differences(html, &sides, differences, KT_DIFFERENCE_SLOWER, _("Can explain a slowdown"));
  put_side_by_side(html, &sides, _("Topology"), put_topology);
  put_side_by_side(html, &sides, _("Activity"), kt_svg_charts);
  put_differences(html, &sides, differences, KT_DIFFERENCE_NEUTRAL, _("Differs, no fault by itself"));
  put_names(html, differences, KT_DIFFERENCE_SAME, _("The same"));
  put_names(html, differences, KT_DIFFERENCE_UNKNOWN, _("Known of one side only"));
  return kt_html_page_finish(html);
}
