/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/summary.h"

#include "view/report.h"
#include "view/words.h"

#define MAX_RANKED 30
#define MAX_CAUSES 5 /* in a monitoring line */

/* ---- monitoring ---- */

char *kt_view_nagios(const GPtrArray *diagnoses, int *status)
{
  static const char *const words[] = {"OK", "WARNING", "CRITICAL"};
  guint n[4] = {0}, unknown = 0, causes = 0;
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < diagnoses->len; i++) {
    const KtDiagnosis *d = diagnoses->pdata[i];
    const KtFindingCount found = kt_report_count_findings(d);
    for (guint severity = 0; severity < G_N_ELEMENTS(n); severity++)
      n[severity] += found.roots[severity];
    unknown += d->unknown->len;
    for (guint k = 0; k < d->findings->len; k++) {
      const KtFinding *f = d->findings->pdata[k];
      if (f->echo_of || f->severity < 2 || ++causes > MAX_CAUSES)
        continue;
      g_string_append_printf(text, "%s%s: %s %s", text->len ? "; " : "", kt_report_name(d), f->check->id, f->title);
    }
  }
  if (causes > MAX_CAUSES)
    g_string_append_printf(text, "; and %u more", causes - MAX_CAUSES);
  *status = n[3] ? 2 : n[2] ? 1 : 0;
  /* A bar starts the performance data, a line's end the long output. */
  g_strdelimit(text->str, "|\r\n", '/');
  const KtTerm plain = {.width = 100, .utf8 = TRUE};
  g_autofree char *clean = kt_term_clean(&plain, text->len ? text->str : "nothing that slows a guest was found");
  return g_strdup_printf("KVMTUNE %s - %s | severe=%u moderate=%u minor=%u unknown=%u\n", words[*status], clean, n[3],
                         n[2], n[1], unknown);
}

/* ---- ranking ---- */

static void add_row(KtTable *table, guint place, const KtDiagnosis *d)
{
  const KtFindingCount n = kt_report_count_findings(d);
  const KtFinding *cause = d->findings->pdata[0];
  g_autofree char *kind = kt_view_kind(&d->subject);
  kt_table_addf(table, KT_STYLE_PLAIN, "%u", place);
  kt_table_add(table, KT_STYLE_BOLD, kt_report_name(d));
  kt_table_add(table, KT_STYLE_PLAIN, kind);
  for (int severity = 3; severity >= 1; severity--)
    kt_table_addf(table, n.roots[severity] ? kt_view_severity_style(severity) : KT_STYLE_DIM, "%u", n.roots[severity]);
  kt_table_addf(table, KT_STYLE_PLAIN, "%s %s", cause->check->id, cause->title);
}

void kt_view_put_ranking(KtPage *page, const GPtrArray *diagnoses)
{
  const KtColumn columns[] = {{.title = "", .right = TRUE},
                              {.title = _("subject"), .flex = TRUE},
                              {.title = _("what")},
                              {.title = kt_view_severity(3), .right = TRUE},
                              {.title = kt_view_severity(2), .right = TRUE},
                              {.title = kt_view_severity(1), .right = TRUE},
                              {.title = _("first cause"), .flex = TRUE}};
  g_autoptr(GPtrArray) ranked = kt_report_rank(diagnoses);
  if (!ranked->len)
    return;
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < MIN(ranked->len, MAX_RANKED); i++)
    add_row(table, i + 1, ranked->pdata[i]);
  kt_page_gap(page);
  kt_page_textf(page, 0, KT_STYLE_BOLD, _("Which hurt most, of %u"), diagnoses->len);
  kt_page_table(page, 2, table);
  if (ranked->len > MAX_RANKED)
    kt_page_textf(page, 2, KT_STYLE_DIM, _("and %u more with findings"), ranked->len - MAX_RANKED);
}

/* ---- since ---- */

static void put_past(KtPage *page, const char *mark, KtStyle style, const GPtrArray *past)
{
  for (guint i = 0; i < past->len; i++) {
    const KtPastFinding *p = past->pdata[i];
    g_autofree char *line =
        g_strdup_printf("%s: %s %s", p->subject ? p->subject : _("(no name)"), p->id, p->title ? p->title : "");
    kt_page_item(page, 2, style, mark, 12, KT_STYLE_PLAIN, line);
  }
}

void kt_view_put_since(KtPage *page, const char *file, const KtSince *since)
{
  kt_page_gap(page);
  kt_page_textf(page, 0, KT_STYLE_BOLD, _("Since %s: %u new, %u gone, %u unchanged"), file, since->fresh->len,
                since->gone->len, since->unchanged);
  for (guint i = 0; i < since->fresh->len; i++) {
    const KtFinding *f = since->fresh->pdata[i];
    g_autofree char *line =
        g_strdup_printf("%s: %s %s", kt_report_name(since->fresh_of->pdata[i]), f->check->id, f->title);
    kt_page_item(page, 2, kt_view_severity_style(f->severity), _("new"), 12, KT_STYLE_PLAIN, line);
  }
  put_past(page, _("gone"), KT_STYLE_GREEN, since->gone);
  put_past(page, _("not seen"), KT_STYLE_DIM, since->not_seen);
}
