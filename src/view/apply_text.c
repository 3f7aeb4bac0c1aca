/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/i18n.h"
#include "base/shell.h"
#include "base/units.h"
#include "view/apply_rows.h"
#include "view/apply_view.h"
#include "view/diff.h"
#include "view/plan_words.h"

/* ---- risk ---- */

static const char *const kind_risks[KT_STEPS] = {
    [KT_STEP_SYSCTL] = N_("at once, for the whole host"),
    [KT_STEP_SYSFS] = N_("at once, for the whole host"),
    [KT_STEP_VCPUPIN] = N_("while it runs"),
    [KT_STEP_EMULATORPIN] = N_("while it runs"),
    [KT_STEP_IOTHREADPIN] = N_("while it runs"),
    [KT_STEP_SCHEDULER] = N_("while it runs: others may get less"),
    [KT_STEP_NODESET] = N_("while it runs"),
    [KT_STEP_MEMORY] = N_("while it runs: its pages move"),
    [KT_STEP_DEFINITION] = N_("from its next start on"),
    [KT_STEP_GUEST] = N_("inside of the guest"),
    [KT_STEP_RESTART] = N_("downtime: shut down and started"),
    [KT_STEP_FLAVOR] = N_("stays, also after a rollback"),
    [KT_STEP_FLAVOR_KEYS] = N_("stays with its flavor"),
    [KT_STEP_FLAVOR_ACCESS] = N_("stays with its flavor"),
    [KT_STEP_RESIZE] = N_("downtime: Nova stops it and starts it anew"),
    [KT_STEP_TOPOLOGY] = N_("only looked at"),
    [KT_STEP_LOAD] = N_("only looked at"),
};

static gboolean is_of(const KtChange *change, const KtStep *step)
{
  return change->uuid && step->uuid ? g_ascii_strcasecmp(change->uuid, step->uuid) == 0
                                    : g_strcmp0(change->domain, step->domain) == 0;
}

static guint risk_of(const KtStep *step, const KtPlan *plan)
{
  guint risk = 0;
  for (guint i = 0; plan && i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    gboolean own = step->kind == KT_STEP_DEFINITION ? change->act == KT_ACT_DOMXML && is_of(change, step)
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
  } more[] = {{KT_RISK_MIGRATION, N_("changes what the guest can migrate to")},
              {KT_RISK_POWER, N_("costs power, memory or money")},
              {KT_RISK_SECURITY, N_("a trade of security")}};
  const char *own =
      kt_step_is_confirmation(step) ? N_("then only another resize brings it back") : kind_risks[step->kind];
  g_autoptr(GString) text = g_string_new(kt_tr(own));
  guint risk = risk_of(step, plan);
  for (guint i = 0; i < G_N_ELEMENTS(more); i++)
    if (risk & more[i].bit)
      g_string_append_printf(text, _("; %s"), kt_tr(more[i].words));
  if (step->note)
    g_string_append_printf(text, _("; %s"), step->note);
  return g_string_free(g_steal_pointer(&text), FALSE);
}

/* ---- before ---- */

static const char *arrow_of(const KtTerm *term)
{
  return term->utf8 ? "→" : "->";
}

static const char *guest_of(const KtStep *step)
{
  return step->domain ? step->domain : step->kind < KT_STEP_FLAVOR ? _("(host)") : _("(cloud)");
}

static void put_notes(KtPage *page, const GPtrArray *notes)
{
  if (!notes->len)
    return;
  kt_page_gap(page);
  for (guint i = 0; i < notes->len; i++)
    kt_page_item(page, 0, KT_STYLE_DIM, "·", 2, KT_STYLE_PLAIN, notes->pdata[i]);
}

static void add_rows(KtTable *table, const KtTerm *term, const GPtrArray *steps, const KtPlan *plan)
{
  for (guint first = 0, end; first < steps->len; first = end) {
    const KtStep *step = steps->pdata[first];
    end = kt_apply_row_end(steps, first, FALSE);
    g_autofree char *number = kt_apply_row_number(steps, first, end), *risk = say_risk(step, plan);
    g_autofree char *what = kt_apply_row_what(steps, first, end);
    g_autofree char *change = kt_apply_row_change(steps, first, end, FALSE, arrow_of(term));
    kt_table_add(table, KT_STYLE_DIM, number);
    kt_table_add(table, KT_STYLE_PLAIN, guest_of(step));
    kt_table_add(table, KT_STYLE_PLAIN, what);
    kt_table_add(table, KT_STYLE_BOLD, change);
    kt_table_add(table, KT_STYLE_PLAIN, risk);
  }
}

/* What a definition gets is its plan's values, which hold no secrets. */
static void put_edits(KtPage *page, const KtStep *step, const KtPlan *plan)
{
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    if (change->act != KT_ACT_DOMXML || !is_of(change, step))
      continue;
    g_autoptr(GPtrArray) edits = kt_plan_say_edits(change);
    kt_page_item(page, 2, KT_STYLE_DIM, "·", 4, KT_STYLE_PLAIN, change->title ? change->title : change->id);
    for (guint k = 0; k < edits->len; k++)
      kt_page_text(page, 4, KT_STYLE_DIM, edits->pdata[k]);
  }
}

static void put_definitions(KtPage *page, const GPtrArray *steps, const KtPlan *plan, GHashTable *diffs)
{
  for (guint i = 0; i < steps->len; i++) {
    const KtStep *step = steps->pdata[i];
    if (step->kind != KT_STEP_DEFINITION)
      continue;
    const char *diff = diffs ? g_hash_table_lookup(diffs, step) : NULL;
    kt_page_gap(page);
    kt_page_textf(page, 0, KT_STYLE_BOLD, _("Step %u, the definition of '%s'"), step->number, step->domain);
    if (diff)
      kt_page_diff(page, 2, diff, G_MAXUINT);
    else
      put_edits(page, step, plan);
  }
}

char *kt_view_apply_steps(const KtTerm *term, const KtReceipt *receipt, const KtPlan *plan, GHashTable *diffs)
{
  const KtColumn columns[] = {{.title = _("step"), .right = TRUE},
                              {.title = _("guest")},
                              {.title = _("of what"), .flex = TRUE},
                              {.title = _("before and after"), .flex = TRUE},
                              {.title = _("risk"), .flex = TRUE}};
  KtPage *page = kt_page_new(term);
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  add_rows(table, term, receipt->steps, plan);
  if (receipt->steps->len)
    kt_page_table(page, 0, table);
  else
    kt_page_text(page, 0, KT_STYLE_BOLD, _("Nothing is left to be done by kvmtune."));
  put_definitions(page, receipt->steps, plan, diffs);
  put_notes(page, receipt->notes);
  return kt_page_finish(page);
}

/* What was begun, the last first. Not owned. */
static GPtrArray *begun_steps(const KtReceipt *receipt)
{
  GPtrArray *steps = g_ptr_array_new();
  for (guint i = receipt->steps->len; i-- > 0;) {
    KtStep *step = receipt->steps->pdata[i];
    if (step->state != KT_STEP_PLANNED && step->state != KT_STEP_UNDONE)
      g_ptr_array_add(steps, step);
  }
  return steps;
}

/* Instead of where it goes back to; NULL. */
static const char *say_kept(const KtStep *step)
{
  if (step->kind == KT_STEP_RESTART)
    return _("is not taken back by itself");
  if (step->kind == KT_STEP_TOPOLOGY || step->kind == KT_STEP_LOAD || kt_step_is_confirmation(step))
    return _("with its resize");
  return step->kind == KT_STEP_FLAVOR || step->kind == KT_STEP_FLAVOR_KEYS || step->kind == KT_STEP_FLAVOR_ACCESS
             ? _("stays: flavors are never deleted")
             : NULL;
}

char *kt_view_apply_undo(const KtTerm *term, const KtReceipt *receipt)
{
  const KtColumn columns[] = {{.title = _("step"), .right = TRUE},
                              {.title = _("guest")},
                              {.title = _("of what"), .flex = TRUE},
                              {.title = _("goes back"), .flex = TRUE},
                              {.title = _("was")}};
  KtPage *page = kt_page_new(term);
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  g_autoptr(GPtrArray) steps = begun_steps(receipt);
  for (guint first = 0, end; first < steps->len; first = end) {
    const KtStep *step = steps->pdata[first];
    end = kt_apply_row_end(steps, first, TRUE);
    g_autofree char *number = kt_apply_row_number(steps, first, end), *what = kt_apply_row_what(steps, first, end);
    g_autofree char *change = kt_apply_row_change(steps, first, end, TRUE, arrow_of(term));
    const char *kept = say_kept(step);
    kt_table_add(table, KT_STYLE_DIM, number);
    kt_table_add(table, KT_STYLE_PLAIN, guest_of(step));
    kt_table_add(table, KT_STYLE_PLAIN, what);
    kt_table_add(table, KT_STYLE_BOLD, kept ? kept : change);
    kt_table_add(table, KT_STYLE_PLAIN, kt_view_step_state(step));
  }
  if (steps->len)
    kt_page_table(page, 0, table);
  else
    kt_page_textf(page, 0, KT_STYLE_BOLD, _("Nothing of receipt %" PRId64 " is left to be taken back."),
                  receipt->number);
  return kt_page_finish(page);
}

/* ---- meanwhile ---- */

char *kt_view_apply_step(const KtTerm *term, const KtReceipt *receipt, const KtStep *step, gboolean back)
{
  g_autoptr(GPtrArray) one = g_ptr_array_new();
  g_ptr_array_add(one, (gpointer)step);
  g_autofree char *name = kt_view_step_name(step), *change = kt_apply_row_change(one, 0, 1, back, arrow_of(term));
  const char *kept = back ? say_kept(step) : NULL;
  g_autofree char *text = g_strdup_printf("[%2u/%u] %s%s: %s", step->number, receipt->steps->len,
                                          back ? _("back: ") : "", name, kept ? kept : change);
  return kt_term_clean(term, text);
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
    g_string_append_printf(line, _("%s of %s"), moved, all);
  } else {
    g_string_append_printf(line, _("%" PRIu64 " of at most %" PRIu64 " s"), progress->done, progress->all);
  }
  if (step->kind == KT_STEP_MEMORY && progress->per_second > 0) {
    g_autofree char *rate = kt_units_format_kib((guint64)progress->per_second);
    double left = progress->all > progress->done ? (double)(progress->all - progress->done) / progress->per_second : 0;
    g_string_append_printf(line, _(", %s/s, %.0f s left"), rate, left);
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
    g_autofree char *name = kt_view_step_name(step);
    if (step->state == KT_STEP_KEPT)
      kt_page_textf(page, 2, KT_STYLE_YELLOW, _("Kept: %s: %s"), name, step->error ? step->error : "");
  }
}

static void put_undone(KtPage *page, const KtReceipt *receipt)
{
  gboolean whole = receipt->state == KT_RECEIPT_UNDONE;
  kt_page_textf(page, 0, KT_STYLE_BOLD,
                whole ? _("Receipt %" PRId64 ": all is as it was before.")
                      : _("Receipt %" PRId64 ": as it was before, but for what follows."),
                receipt->number);
  put_kept(page, receipt);
}

/* Why a run failed is its error, which is told once, behind this. */
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
  kt_page_textf(page, 0, KT_STYLE_BOLD,
                failed ? _("Receipt %" PRId64 ": %u of %u steps done, one failed.")
                       : _("Receipt %" PRId64 ": %u of %u steps done."),
                receipt->number, done, all);
  if (count(receipt, KT_STEP_PLANNED))
    kt_page_textf(page, 2, KT_STYLE_PLAIN, _("Not begun: %u."), count(receipt, KT_STEP_PLANNED));
  if (done == all && receipt->steps->len && ((const KtStep *)receipt->steps->pdata[0])->kind < KT_STEP_FLAVOR)
    kt_page_textf(page, 2, KT_STYLE_PLAIN, _("Did it help?  kvmtune verify %" PRId64 "%s"), receipt->number, where);
  kt_page_textf(page, 2, KT_STYLE_PLAIN, _("Take it back: kvmtune rollback %" PRId64 "%s"), receipt->number, where);
  return kt_page_finish(page);
}
