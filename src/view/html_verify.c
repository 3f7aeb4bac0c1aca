/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict as a page. */
#include "base/i18n.h"
#include "view/html.h"
#include "view/svg.h"
#include "view/verify_words.h"

#define MAX_DRAWN 60 /* charts on one page */

static const char *badge_of(KtVerdictKind kind)
{
  static const char *const classes[KT_VERDICTS] = {
      [KT_VERDICT_CANNOT_TELL] = "badge moderate",
      [KT_VERDICT_NO_EFFECT] = "badge",
      [KT_VERDICT_BETTER] = "badge good",
      [KT_VERDICT_WORSE] = "badge severe",
  };
  return classes[kind];
}

static void put_verdict(KtHtml *html, const KtVerifyReport *r)
{
  static const struct {
    const char *class, *mark;
  } looks[KT_VERDICTS] = {
      [KT_VERDICT_CANNOT_TELL] = {"verdict", "?"},
      [KT_VERDICT_NO_EFFECT] = {"verdict", "="},
      [KT_VERDICT_BETTER] = {"verdict healthy", "✓"},
      [KT_VERDICT_WORSE] = {"verdict faulty", "✗"},
  };
  KtVerdictKind kind = r->judgement ? r->judgement->kind : KT_VERDICT_CANNOT_TELL;
  g_autofree char *head = kt_verify_say_head(r);
  kt_html_open(html, "div", looks[kind].class);
  kt_html_open(html, "span", "mark");
  kt_html_attr(html, "aria-hidden", "true");
  kt_html_text(html, looks[kind].mark);
  kt_html_close(html);
  kt_html_leaf(html, "h1", NULL, head);
  kt_html_close(html);
}

static void put_sides(KtHtml *html, const KtVerifyReport *r)
{
  g_autofree char *before = r->before ? kt_verify_say_side(r->before_name, r->before) : NULL;
  g_autofree char *after = r->after ? kt_verify_say_side(r->after_name, r->after) : NULL;
  if (!before && !after)
    return;
  kt_html_open(html, "section", NULL);
  kt_html_open(html, "ul", "muted");
  if (before)
    kt_html_leaff(html, "li", NULL, _("before: %s"), before);
  if (after)
    kt_html_leaff(html, "li", NULL, _("after:  %s"), after);
  kt_html_close(html);
  kt_html_close(html);
}

/* The columns `first` to `last` hold numbers. */
static void open_table(KtHtml *html, const char *label, const char *const *heads, guint first, guint last)
{
  kt_html_open(html, "div", "panel wide");
  kt_html_attr(html, "tabindex", "0");
  kt_html_attr(html, "role", "region");
  kt_html_attr(html, "aria-label", label);
  kt_html_open(html, "table", NULL);
  kt_html_open(html, "tr", NULL);
  for (guint i = 0; heads[i]; i++)
    kt_html_leaf(html, "th", i >= first && i <= last ? "num" : NULL, heads[i]);
  kt_html_close(html);
}

static void close_table(KtHtml *html)
{
  kt_html_close(html);
  kt_html_close(html);
}

/* ---- the load ---- */

static void put_row(KtHtml *html, const KtComparison *row)
{
  g_autofree char *before = kt_verify_say_value(row->metric, row->shift.before);
  g_autofree char *after = kt_verify_say_value(row->metric, row->shift.after);
  g_autofree char *shift = kt_verify_say_shift(row), *change = kt_verify_say_change(row);
  const char *doubt = kt_verify_doubt(row->doubt);
  kt_html_open(html, "tr", NULL);
  kt_html_leaf(html, "th", NULL, kt_verify_metric(row->metric));
  kt_html_leaf(html, "td", "num", before);
  kt_html_leaff(html, "td", "num", "%s%s", after, row->per_work ? " *" : "");
  kt_html_leaf(html, "td", "num", change);
  kt_html_leaf(html, "td", "num", shift);
  kt_html_open(html, "td", NULL);
  kt_html_leaf(html, "span", row->decides ? badge_of(row->kind) : "badge", kt_verify_kind(row->kind));
  if (doubt)
    kt_html_textf(html, " %s", doubt);
  else if (!row->decides)
    kt_html_textf(html, " %s", _("decides nothing"));
  kt_html_close(html);
  kt_html_close(html);
}

static void put_subject(KtHtml *html, const KtSubjectVerdict *subject, guint *drawn)
{
  const char *const heads[] = {"", _("before"), _("after"), _("change"), _("difference (interval)"), "", NULL};
  g_autofree char *name = kt_verify_say_name(subject);
  g_autofree char *load = kt_verify_say_load(subject);
  gboolean scaled = FALSE;
  kt_html_open(html, "section", "subject");
  kt_html_open(html, "h2", NULL);
  kt_html_textf(html, "%s ", name);
  kt_html_leaf(html, "span", badge_of(subject->kind), kt_verify_kind(subject->kind));
  kt_html_close(html);
  kt_html_leaf(html, "p", "muted", load);
  open_table(html, name, heads, 1, 4);
  for (guint i = 0; i < subject->rows->len; i++) {
    put_row(html, subject->rows->pdata[i]);
    scaled |= ((const KtComparison *)subject->rows->pdata[i])->per_work;
  }
  close_table(html);
  if (scaled)
    kt_html_leaf(html, "p", "muted", _("* at the load of before"));
  kt_html_open(html, "div", "sides");
  for (guint i = 0; i < subject->rows->len && *drawn < MAX_DRAWN; i++, (*drawn)++)
    kt_svg_before_after(html, name, subject->rows->pdata[i]);
  kt_html_close(html);
  kt_html_close(html);
}

/* ---- expectations ---- */

static void put_expectation(KtHtml *html, const KtExpectation *e)
{
  static const char *const badges[KT_EXPECT_STATES] = {
      [KT_EXPECT_UNKNOWN] = "badge moderate",
      [KT_EXPECT_FULFILLED] = "badge good",
      [KT_EXPECT_PENDING] = "badge minor",
      [KT_EXPECT_MISSED] = "badge severe",
  };
  g_autofree char *found = kt_verify_say_found(e);
  const char *const cells[] = {e->what, e->before ? e->before : "", e->wanted, found};
  kt_html_open(html, "tr", NULL);
  kt_html_leaf(html, "th", NULL, e->domain ? e->domain : _("host"));
  for (guint i = 0; i < G_N_ELEMENTS(cells); i++)
    kt_html_leaf(html, "td", NULL, cells[i]);
  kt_html_open(html, "td", NULL);
  kt_html_leaf(html, "span", badges[e->state], kt_verify_state(e->state));
  kt_html_close(html);
  kt_html_close(html);
}

static void put_expectations(KtHtml *html, const GPtrArray *expectations)
{
  const char *const heads[] = {_("of"), _("what"), _("before"), _("expected"), _("found now"), "", NULL};
  if (!kt_verify_judged(expectations))
    return;
  kt_html_open(html, "section", "subject");
  kt_html_leaf(html, "h2", NULL, _("What the plan expects"));
  open_table(html, _("What the plan expects"), heads, 1, 0);
  for (guint i = 0; i < expectations->len; i++)
    if (((const KtExpectation *)expectations->pdata[i])->state != KT_EXPECT_LEFT_OUT)
      put_expectation(html, expectations->pdata[i]);
  close_table(html);
  kt_html_close(html);
}

char *kt_view_verify_html(const KtVerifyReport *r)
{
  const char *host = r->after && r->after->host ? r->after->host : _("this host");
  g_autofree char *title = g_strdup_printf(_("kvmtune: did it help on %s"), host);
  g_autoptr(GPtrArray) rest = kt_verify_say_rest(r);
  guint drawn = 0;
  KtHtml *html = kt_html_page_begin(title, "verify");
  put_verdict(html, r);
  put_sides(html, r);
  for (guint i = 0; r->judgement && i < r->judgement->subjects->len; i++)
    put_subject(html, r->judgement->subjects->pdata[i], &drawn);
  put_expectations(html, r->expectations);
  if (rest->len) {
    kt_html_open(html, "section", "notes");
    for (guint i = 0; i < rest->len; i++)
      kt_html_leaf(html, "p", "muted", rest->pdata[i]);
    kt_html_close(html);
  }
  return kt_html_page_finish(html);
}
