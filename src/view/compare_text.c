/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/report.h"
#include "view/view.h"
#include "view/words.h"

static void put_side_by_side(KtPage *page, const char *reference, const char *subject, const GPtrArray *differences,
                             KtDifferenceKind kind)
{
  const KtColumn columns[] = {{.title = kind == KT_DIFFERENCE_SLOWER ? _("check") : "", .flex = FALSE},
                              {.title = _("field"), .flex = TRUE},
                              {.title = reference, .flex = TRUE},
                              {.title = subject, .flex = TRUE}};
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < differences->len; i++) {
    const KtDifference *d = differences->pdata[i];
    if (d->kind != kind)
      continue;
    kt_table_add(table, kt_view_severity_style(d->severity), d->check);
    kt_table_add(table, KT_STYLE_PLAIN, kt_tr(d->label));
    kt_table_add(table, KT_STYLE_PLAIN, d->reference);
    kt_table_add(table, kind == KT_DIFFERENCE_SLOWER ? KT_STYLE_BOLD : KT_STYLE_PLAIN, d->subject);
  }
  kt_page_table(page, 2, table);
}

static void put_meanings(KtPage *page, const GPtrArray *differences, KtDifferenceKind kind)
{
  for (guint i = 0; i < differences->len; i++) {
    const KtDifference *d = differences->pdata[i];
    if (d->kind == kind)
      kt_page_item(page, 2, kt_view_severity_style(d->severity), d->check, 7, KT_STYLE_PLAIN, kt_tr(d->meaning));
  }
}

static void put_names(KtPage *page, const char *heading, const GPtrArray *differences, KtDifferenceKind kind)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; i < differences->len; i++) {
    const KtDifference *d = differences->pdata[i];
    if (d->kind != kind)
      continue;
    g_string_append_printf(out, "%s%s", out->len ? _(", ") : "", kt_tr(d->label));
    if (kind == KT_DIFFERENCE_SAME && g_strcmp0(d->reference, d->subject) == 0)
      g_string_append_printf(out, _(" (%s)"), d->subject);
  }
  if (!out->len)
    return;
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, heading);
  kt_page_text(page, 2, KT_STYLE_PLAIN, out->str);
}

char *kt_view_compare_text(const KtTerm *term, const char *reference, const char *subject, const GPtrArray *differences)
{
  KtPage *page = kt_page_new(term);
  guint slower = kt_report_count(differences, KT_DIFFERENCE_SLOWER);
  g_autofree char *verdict = kt_report_say_comparison(reference, subject, differences);
  kt_page_text(page, 0, KT_STYLE_BOLD, verdict);
  if (slower) {
    kt_page_gap(page);
    kt_page_text(page, 0, KT_STYLE_BOLD, _("Can explain a slowdown"));
    put_side_by_side(page, reference, subject, differences, KT_DIFFERENCE_SLOWER);
    kt_page_gap(page);
    put_meanings(page, differences, KT_DIFFERENCE_SLOWER);
  }
  if (kt_report_count(differences, KT_DIFFERENCE_NEUTRAL)) {
    kt_page_gap(page);
    kt_page_text(page, 0, KT_STYLE_BOLD, _("Differs, no fault by itself"));
    put_side_by_side(page, reference, subject, differences, KT_DIFFERENCE_NEUTRAL);
  }
  put_names(page, _("The same"), differences, KT_DIFFERENCE_SAME);
  put_names(page, _("Known of one side only"), differences, KT_DIFFERENCE_UNKNOWN);
  if (slower) {
    kt_page_gap(page);
    kt_page_text(page, 0, KT_STYLE_DIM, _("kvmtune explain ID tells the story of a check and how to cure it."));
  }
  return kt_page_finish(page);
}
