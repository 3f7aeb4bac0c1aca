/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/shell.h"
#include "base/units.h"
#include "view/apply_view.h"
#include "view/plan_words.h"

/* ---- risk ---- */

static const char *const kind_risks[KT_STEPS] = {
    [KT_STEP_SYSCTL] = "at once, for the whole host",
    [KT_STEP_SYSFS] = "at once, for the whole host",
    [KT_STEP_VCPUPIN] = "while it runs",
    [KT_STEP_EMULATORPIN] = "while it runs",
    [KT_STEP_IOTHREADPIN] = "while it runs",
    [KT_STEP_NODESET] = "while it runs",
    [KT_STEP_MEMORY] = "while it runs: its pages move",
    [KT_STEP_DEFINITION] = "from its next start on",
    [KT_STEP_GUEST] = "inside of the guest",
    [KT_STEP_RESTART] = "downtime: shut down and started",
};

static guint risk_of(const KtStep *step, const KtPlan *plan)
{
  guint risk = 0;
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    gboolean own = step->kind == KT_STEP_DEFINITION
                       ? change->act == KT_ACT_DOMXML && g_strcmp0(change->domain, step->domain) == 0
                       : g_strcmp0(change->id, step->change) == 0;
    risk |= own ? change->risk : 0;
  }
  return risk;
}

/* What the kind of step does not say by itself. */
static char *say_risk(const KtStep *step, const KtPlan *plan)
{
  static const struct {
    KtRisk bit;
    const char *words;
  } more[] = {{KT_RISK_MIGRATION, "changes what the guest can migrate to"},
              {KT_RISK_POWER, "costs power, memory or money"},
              {KT_RISK_SECURITY, "a trade of security"}};
  g_autoptr(GString) text = g_string_new(kind_risks[step->kind]);
  guint risk = risk_of(step, plan);
  for (guint i = 0; i < G_N_ELEMENTS(more); i++)
    if (risk & more[i].bit)
      g_string_append_printf(text, "; %s", more[i].words);
  if (step->note)
    g_string_append_printf(text, "; %s", step->note);
  return g_string_free(g_steal_pointer(&text), FALSE);
}

/* ---- what a step changes ---- */

static char *say_change(const KtTerm *term, const KtStep *step, gboolean back)
{
  const char *from = back ? (step->found ? step->found : step->after) : step->before;
  const char *to = back ? step->before : step->after;
  g_autofree char *old = kt_view_step_value(step, from), *new = kt_view_step_value(step, to);
  if (step->kind == KT_STEP_DEFINITION)
    return g_strdup(back ? "as it was, byte for byte" : "as planned");
  return g_strdup_printf("%s %s %s", old, term->utf8 ? "→" : "->", new);
}

static guint count_edits(const KtStep *step, const KtPlan *plan)
{
  guint n = 0;
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    if (change->act == KT_ACT_DOMXML && g_strcmp0(change->domain, step->domain) == 0)
      n += change->edits->len;
  }
  return n;
}

static char *say_planned(const KtTerm *term, const KtStep *step, const KtPlan *plan)
{
  if (step->kind != KT_STEP_DEFINITION)
    return say_change(term, step, FALSE);
  guint n = count_edits(step, plan);
  return g_strdup_printf("%u value%s of its XML", n, n == 1 ? "" : "s");
}

static char *say_where(const KtStep *step)
{
  return *step->where ? g_strdup_printf("%s %s", kt_step_kinds[step->kind], step->where)
                      : g_strdup(kt_step_kinds[step->kind]);
}

/* ---- before ---- */

static void put_notes(KtPage *page, const GPtrArray *notes)
{
  if (!notes->len)
    return;
  kt_page_gap(page);
  for (guint i = 0; i < notes->len; i++)
    kt_page_item(page, 0, KT_STYLE_DIM, "·", 2, KT_STYLE_PLAIN, notes->pdata[i]);
}

char *kt_view_apply_steps(const KtTerm *term, const KtReceipt *receipt, const KtPlan *plan)
{
  const KtColumn columns[] = {{.title = "step", .right = TRUE},
                              {.title = "guest"},
                              {.title = "what", .flex = TRUE},
                              {.title = "before and after", .flex = TRUE},
                              {.title = "risk", .flex = TRUE}};
  KtPage *page = kt_page_new(term);
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < receipt->steps->len; i++) {
    const KtStep *step = receipt->steps->pdata[i];
    g_autofree char *where = say_where(step), *change = say_planned(term, step, plan), *risk = say_risk(step, plan);
    kt_table_addf(table, KT_STYLE_DIM, "%u", step->number);
    kt_table_add(table, KT_STYLE_PLAIN, step->domain ? step->domain : "(host)");
    kt_table_add(table, KT_STYLE_PLAIN, where);
    kt_table_add(table, KT_STYLE_BOLD, change);
    kt_table_add(table, KT_STYLE_PLAIN, risk);
  }
  if (receipt->steps->len)
    kt_page_table(page, 0, table);
  else
    kt_page_text(page, 0, KT_STYLE_BOLD, "Nothing is left to be done by kvmtune.");
  put_notes(page, receipt->notes);
  return kt_page_finish(page);
}

static gboolean was_begun(const KtStep *step)
{
  return step->state != KT_STEP_PLANNED && step->state != KT_STEP_UNDONE;
}

char *kt_view_apply_undo(const KtTerm *term, const KtReceipt *receipt)
{
  const KtColumn columns[] = {{.title = "step", .right = TRUE},
                              {.title = "guest"},
                              {.title = "what", .flex = TRUE},
                              {.title = "goes back", .flex = TRUE},
                              {.title = "was"}};
  KtPage *page = kt_page_new(term);
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = receipt->steps->len; i-- > 0;) {
    const KtStep *step = receipt->steps->pdata[i];
    g_autofree char *where = say_where(step), *change = say_change(term, step, TRUE);
    if (!was_begun(step))
      continue;
    kt_table_addf(table, KT_STYLE_DIM, "%u", step->number);
    kt_table_add(table, KT_STYLE_PLAIN, step->domain ? step->domain : "(host)");
    kt_table_add(table, KT_STYLE_PLAIN, where);
    kt_table_add(table, KT_STYLE_BOLD, step->kind == KT_STEP_RESTART ? "is not taken back by itself" : change);
    kt_table_add(table, KT_STYLE_PLAIN, kt_step_states[step->state]);
  }
  if (kt_table_rows(table))
    kt_page_table(page, 0, table);
  else
    kt_page_textf(page, 0, KT_STYLE_BOLD, "Nothing of receipt %" G_GINT64_FORMAT " is left to be taken back.",
                  receipt->number);
  return kt_page_finish(page);
}

/* ---- meanwhile ---- */

char *kt_view_apply_step(const KtTerm *term, const KtReceipt *receipt, const KtStep *step, gboolean back)
{
  g_autofree char *name = kt_step_name(step), *change = say_change(term, step, back), *clean = NULL;
  g_autofree char *line =
      g_strdup_printf("[%2u/%u] %s%s: %s", step->number, receipt->steps->len, back ? "back: " : "", name, change);
  clean = kt_term_clean(term, line);
  return g_steal_pointer(&clean);
}

#define BAR 20

char *kt_view_apply_progress(const KtTerm *term, const KtStep *step, const KtProgress *progress)
{
  guint full = progress->all ? (guint)(MIN(progress->done, progress->all) * BAR / progress->all) : 0;
  g_autofree char *done = g_strnfill(full, '#'), *rest = g_strnfill(BAR - full, '-');
  g_autoptr(GString) line = g_string_new(NULL);
  g_string_append_printf(line, "  [%s%s] ", done, rest);
  if (step->kind == KT_STEP_MEMORY) {
    g_autofree char *moved = kt_units_format_kib(progress->done), *all = kt_units_format_kib(progress->all);
    g_string_append_printf(line, "%s of %s", moved, all);
  } else {
    g_string_append_printf(line, "%" G_GUINT64_FORMAT " of at most %" G_GUINT64_FORMAT " s", progress->done,
                           progress->all);
  }
  if (step->kind == KT_STEP_MEMORY && progress->per_second > 0) {
    g_autofree char *rate = kt_units_format_kib((guint64)progress->per_second);
    double left = progress->all > progress->done ? (double)(progress->all - progress->done) / progress->per_second : 0;
    g_string_append_printf(line, ", %s/s, %.0f s left", rate, left);
  }
  return kt_term_shorten(term, line->str, term->width - 1);
}

/* ---- behind ---- */

static guint count(const KtReceipt *receipt, KtStepState state)
{
  guint n = 0;
  for (guint i = 0; i < receipt->steps->len; i++)
    n += ((const KtStep *)receipt->steps->pdata[i])->state == state;
  return n;
}

static void put_kept(KtPage *page, const KtReceipt *receipt)
{
  for (guint i = 0; i < receipt->steps->len; i++) {
    const KtStep *step = receipt->steps->pdata[i];
    g_autofree char *name = kt_step_name(step);
    if (step->state == KT_STEP_KEPT)
      kt_page_textf(page, 2, KT_STYLE_YELLOW, "Kept: %s: %s", name, step->error ? step->error : "");
  }
}

static void put_undone(KtPage *page, const KtReceipt *receipt)
{
  gboolean whole = receipt->state == KT_RECEIPT_UNDONE;
  kt_page_textf(page, 0, KT_STYLE_BOLD, "Receipt %" G_GINT64_FORMAT ": %s", receipt->number,
                whole ? "all is as it was before." : "as it was before, but for what follows.");
  put_kept(page, receipt);
}

char *kt_view_apply_end(const KtTerm *term, const KtReceipt *receipt, const char *state)
{
  g_autofree char *folder = state ? kt_shell_word(state) : NULL;
  g_autofree char *where = folder ? g_strconcat(" --state ", folder, NULL) : g_strdup("");
  KtPage *page = kt_page_new(term);
  kt_page_gap(page);
  if (receipt->state >= KT_RECEIPT_UNDOING) {
    put_undone(page, receipt);
    return kt_page_finish(page);
  }
  guint done = count(receipt, KT_STEP_DONE), all = receipt->steps->len, failed = count(receipt, KT_STEP_FAILED);
  kt_page_textf(page, 0, KT_STYLE_BOLD, "Receipt %" G_GINT64_FORMAT ": %u of %u steps done%s.", receipt->number, done,
                all, failed ? ", one failed" : "");
  if (receipt->error)
    kt_page_text(page, 2, KT_STYLE_RED, receipt->error);
  if (count(receipt, KT_STEP_PLANNED))
    kt_page_textf(page, 2, KT_STYLE_PLAIN, "Not begun: %u.", count(receipt, KT_STEP_PLANNED));
  if (done == all)
    kt_page_textf(page, 2, KT_STYLE_PLAIN, "Did it help?  kvmtune verify %" G_GINT64_FORMAT "%s", receipt->number,
                  where);
  kt_page_textf(page, 2, KT_STYLE_PLAIN, "Take it back: kvmtune rollback %" G_GINT64_FORMAT "%s", receipt->number,
                where);
  return kt_page_finish(page);
}
