/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict on a terminal. */
#include <math.h>

#include "base/i18n.h"
#include "view/verify_words.h"

static KtStyle style_of(KtVerdictKind kind)
{
  static const KtStyle styles[KT_VERDICTS] = {
      [KT_VERDICT_CANNOT_TELL] = KT_STYLE_YELLOW,
      [KT_VERDICT_NO_EFFECT] = KT_STYLE_PLAIN,
      [KT_VERDICT_BETTER] = KT_STYLE_GREEN,
      [KT_VERDICT_WORSE] = KT_STYLE_RED,
  };
  return styles[kind];
}

/* ---- the load ---- */

static void add_row(KtTable *table, const KtComparison *row)
{
  g_autofree char *before = kt_verify_say_value(row->metric, row->shift.before);
  g_autofree char *after = kt_verify_say_value(row->metric, row->shift.after);
  g_autofree char *shift = kt_verify_say_shift(row), *change = kt_verify_say_change(row);
  const char *doubt = kt_verify_doubt(row->doubt);
  g_autofree char *verdict =
      doubt ? g_strdup_printf(_("%s: %s"), kt_verify_kind(row->kind), doubt) : g_strdup(kt_verify_kind(row->kind));
  KtStyle style = row->decides ? KT_STYLE_PLAIN : KT_STYLE_DIM;
  kt_table_add(table, style, kt_verify_metric(row->metric));
  kt_table_add(table, style, before);
  kt_table_addf(table, style, "%s%s", after, row->per_work ? " *" : "");
  kt_table_add(table, style, change);
  kt_table_add(table, style, shift);
  kt_table_add(table, row->decides ? style_of(row->kind) : KT_STYLE_DIM, verdict);
}

static void put_subject(KtPage *page, const KtSubjectVerdict *subject)
{
  const KtColumn columns[] = {{.title = ""},
                              {.title = _("before"), .right = TRUE},
                              {.title = _("after"), .right = TRUE},
                              {.title = _("change"), .right = TRUE},
                              {.title = _("difference (interval)"), .right = TRUE},
                              {.title = "", .flex = TRUE}};
  g_autofree char *head = kt_verify_say_subject(subject), *load = kt_verify_say_load(subject);
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  gboolean scaled = FALSE;
  for (guint i = 0; i < subject->rows->len; i++) {
    add_row(table, subject->rows->pdata[i]);
    scaled |= ((const KtComparison *)subject->rows->pdata[i])->per_work;
  }
  kt_page_gap(page);
  kt_page_text(page, 0, style_of(subject->kind) == KT_STYLE_PLAIN ? KT_STYLE_BOLD : style_of(subject->kind), head);
  kt_page_text(page, 2, KT_STYLE_DIM, load);
  kt_page_table(page, 2, table);
  if (scaled)
    kt_page_text(page, 2, KT_STYLE_DIM, _("* at the load of before"));
}

/* ---- expectations ---- */

static void add_expectation(KtTable *table, const KtExpectation *e)
{
  static const KtStyle styles[KT_EXPECT_STATES] = {
      [KT_EXPECT_UNKNOWN] = KT_STYLE_YELLOW,
      [KT_EXPECT_FULFILLED] = KT_STYLE_GREEN,
      [KT_EXPECT_PENDING] = KT_STYLE_CYAN,
      [KT_EXPECT_MISSED] = KT_STYLE_RED,
  };
  g_autofree char *found = kt_verify_say_found(e);
  kt_table_add(table, KT_STYLE_PLAIN, e->domain ? e->domain : _("host"));
  kt_table_add(table, KT_STYLE_PLAIN, e->what);
  kt_table_add(table, KT_STYLE_PLAIN, e->before);
  kt_table_add(table, KT_STYLE_PLAIN, e->wanted);
  kt_table_add(table, KT_STYLE_PLAIN, found);
  kt_table_add(table, styles[e->state], kt_verify_state(e->state));
}

static void put_expectations(KtPage *page, const GPtrArray *expectations)
{
  const KtColumn columns[] = {{.title = _("of")},
                              {.title = _("what")},
                              {.title = _("before"), .flex = TRUE},
                              {.title = _("expected"), .flex = TRUE},
                              {.title = _("found now"), .flex = TRUE},
                              {.title = ""}};
  if (!kt_verify_judged(expectations))
    return;
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < expectations->len; i++)
    if (((const KtExpectation *)expectations->pdata[i])->state != KT_EXPECT_LEFT_OUT)
      add_expectation(table, expectations->pdata[i]);
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, _("What the plan expects"));
  kt_page_table(page, 2, table);
}

/* ---- all of it ---- */

static void put_sides(KtPage *page, const KtVerifyReport *r)
{
  g_autofree char *before = r->before ? kt_verify_say_side(r->before_name, r->before) : NULL;
  g_autofree char *after = r->after ? kt_verify_say_side(r->after_name, r->after) : NULL;
  if (before)
    kt_page_textf(page, 2, KT_STYLE_DIM, _("before: %s"), before);
  if (after)
    kt_page_textf(page, 2, KT_STYLE_DIM, _("after:  %s"), after);
}

char *kt_view_verify_text(const KtTerm *term, const KtVerifyReport *r)
{
  KtPage *page = kt_page_new(term);
  g_autofree char *head = kt_verify_say_head(r);
  KtStyle style = r->judgement ? style_of(r->judgement->kind) : KT_STYLE_PLAIN;
  kt_page_text(page, 0, style == KT_STYLE_PLAIN ? KT_STYLE_BOLD : style, head);
  put_sides(page, r);
  for (guint i = 0; r->judgement && i < r->judgement->subjects->len; i++)
    put_subject(page, r->judgement->subjects->pdata[i]);
  put_expectations(page, r->expectations);
  g_autoptr(GPtrArray) rest = kt_verify_say_rest(r);
  if (rest->len)
    kt_page_gap(page);
  for (guint i = 0; i < rest->len; i++)
    kt_page_text(page, 0, KT_STYLE_DIM, rest->pdata[i]);
  return kt_page_finish(page);
}

/* What decides of a subject, for a line of a log. */
static void say_briefly(GString *line, const KtSubjectVerdict *subject)
{
  g_autofree char *head = kt_verify_say_subject(subject);
  g_string_append_printf(line, "%s%s", line->len ? "; " : "", head);
  for (guint i = 0; i < subject->rows->len; i++) {
    const KtComparison *row = subject->rows->pdata[i];
    if (row->metric != KT_METRIC_CPU_PCT && row->metric != KT_METRIC_LOCALITY_PCT)
      continue;
    g_autofree char *before = kt_verify_say_value(row->metric, row->shift.before);
    g_autofree char *after = kt_verify_say_value(row->metric, row->shift.after);
    g_string_append_printf(line, _(", %s %s -> %s"), kt_verify_metric(row->metric), before, after);
  }
}

char *kt_view_verify_line(const KtJudgement *judgement)
{
  g_autoptr(GString) line = g_string_new(NULL);
  for (guint i = 0; i < MIN(judgement->subjects->len, 8); i++)
    say_briefly(line, judgement->subjects->pdata[i]);
  if (!line->len)
    g_string_append(line, kt_verify_kind(judgement->kind));
  return g_string_free(g_steal_pointer(&line), FALSE);
}
