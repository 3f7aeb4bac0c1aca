/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was applied, as text and as JSON. */
#include "base/i18n.h"
#include "base/json.h"
#include "view/apply_view.h"

/* ---- text ---- */

static KtStyle style_of(const KtReceipt *receipt, gint64 working)
{
  switch (receipt->state) {
  case KT_RECEIPT_DONE:
    return KT_STYLE_GREEN;
  case KT_RECEIPT_FAILED:
    return KT_STYLE_RED;
  case KT_RECEIPT_UNDONE:
    return KT_STYLE_DIM;
  default:
    return working == receipt->number ? KT_STYLE_PLAIN : KT_STYLE_YELLOW;
  }
}

/* Below the table: a sentence needs the whole width. */
static void put_errors(KtPage *page, const GPtrArray *receipts)
{
  gboolean first = TRUE;
  for (guint i = 0; i < receipts->len; i++) {
    const KtReceipt *r = receipts->pdata[i];
    if (!r->error)
      continue;
    if (first)
      kt_page_gap(page);
    first = FALSE;
    g_autofree char *text = g_strdup_printf(_("receipt %" PRId64 ": %s"), r->number, r->error);
    kt_page_item(page, 0, KT_STYLE_DIM, "·", 2, KT_STYLE_PLAIN, text);
  }
}

char *kt_view_history_text(const KtTerm *term, const GPtrArray *receipts, gint64 working)
{
  const KtColumn columns[] = {{.title = _("receipt"), .right = TRUE},
                              {.title = _("begun")},
                              {.title = _("of host")},
                              {.title = _("scope")},
                              {.title = _("state")},
                              {.title = _("verdict"), .flex = TRUE}};
  KtPage *page = kt_page_new(term);
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < receipts->len; i++) {
    const KtReceipt *r = receipts->pdata[i];
    kt_table_addf(table, KT_STYLE_BOLD, "%" G_GINT64_FORMAT, r->number);
    kt_table_add(table, KT_STYLE_PLAIN, r->begun);
    kt_table_add(table, KT_STYLE_PLAIN, r->host);
    kt_table_add(table, KT_STYLE_PLAIN, r->scope);
    kt_table_add(table, style_of(r, working), kt_view_receipt_state(r, working));
    kt_table_add(table, KT_STYLE_PLAIN, r->verdict ? kt_tr(r->verdict) : NULL);
  }
  if (receipts->len)
    kt_page_table(page, 0, table);
  else
    kt_page_text(page, 0, KT_STYLE_PLAIN, _("Nothing was applied yet."));
  put_errors(page, receipts);
  return kt_page_finish(page);
}

static void add_step(KtTable *table, const KtTerm *term, const KtStep *step)
{
  g_autofree char *before = kt_view_step_value(step, step->before), *after = kt_view_step_value(step, step->after);
  g_autofree char *found = step->found ? kt_view_step_value(step, step->found) : NULL;
  g_autofree char *name = kt_view_step_name(step);
  gboolean bad = step->state == KT_STEP_FAILED || step->state == KT_STEP_KEPT || step->state == KT_STEP_STARTED;
  kt_table_addf(table, KT_STYLE_DIM, "%u", step->number);
  kt_table_add(table, KT_STYLE_PLAIN, name);
  kt_table_add(table, KT_STYLE_PLAIN, before);
  kt_table_add(table, KT_STYLE_PLAIN, after);
  kt_table_add(table, KT_STYLE_PLAIN, found);
  kt_table_add(table, bad ? KT_STYLE_YELLOW : KT_STYLE_PLAIN, kt_view_step_state(step));
  kt_table_add(table, KT_STYLE_PLAIN, step->error);
}

static void put_calls(KtPage *page, const KtReceipt *receipt)
{
  for (guint i = 0; i < receipt->steps->len; i++) {
    const KtStep *step = receipt->steps->pdata[i];
    for (guint k = 0; k < step->calls->len; k++) {
      g_autofree char *line = g_strdup_printf("%3u  %s", step->number, (const char *)step->calls->pdata[k]);
      if (k == 0 && i == 0)
        kt_page_gap(page);
      kt_page_verbatim(page, 0, KT_STYLE_DIM, line);
    }
  }
}

char *kt_view_receipt_text(const KtTerm *term, const KtReceipt *receipt, gint64 working)
{
  const KtColumn columns[] = {{.title = _("step"), .right = TRUE},       {.title = _("of what"), .flex = TRUE},
                              {.title = _("before"), .flex = TRUE},      {.title = _("wanted"), .flex = TRUE},
                              {.title = _("found after"), .flex = TRUE}, {.title = _("state")},
                              {.title = _("why"), .flex = TRUE}};
  KtPage *page = kt_page_new(term);
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  kt_page_textf(page, 0, KT_STYLE_BOLD, _("Receipt %" PRId64 " of %s: %s"), receipt->number,
                receipt->host ? receipt->host : _("an unknown host"), kt_view_receipt_state(receipt, working));
  kt_page_textf(page, 2, KT_STYLE_PLAIN, _("begun %s, ended %s, by kvmtune %s, scope %s, verdict %s"), receipt->begun,
                receipt->ended ? receipt->ended : _("not told"), receipt->tool ? receipt->tool : _("unknown"),
                receipt->scope, receipt->verdict ? kt_tr(receipt->verdict) : _("none yet"));
  if (receipt->error)
    kt_page_text(page, 2, KT_STYLE_RED, receipt->error);
  for (guint i = 0; i < receipt->steps->len; i++)
    add_step(table, term, receipt->steps->pdata[i]);
  kt_page_gap(page);
  kt_page_table(page, 0, table);
  for (guint i = 0; i < receipt->notes->len; i++) {
    if (i == 0)
      kt_page_gap(page);
    kt_page_item(page, 0, KT_STYLE_DIM, "·", 2, KT_STYLE_PLAIN, receipt->notes->pdata[i]);
  }
  put_calls(page, receipt);
  return kt_page_finish(page);
}

/* ---- JSON ---- */

static void write_head(KtJson *json, const KtReceipt *r, gint64 working)
{
  gboolean interrupted = working != r->number && (r->state == KT_RECEIPT_RUNNING || r->state == KT_RECEIPT_UNDOING);
  kt_json_int(json, "receipt", r->number);
  kt_json_string(json, "begun", r->begun);
  kt_json_string(json, "ended", r->ended);
  kt_json_string(json, "host", r->host);
  kt_json_string(json, "tool", r->tool);
  kt_json_string(json, "scope", r->scope);
  kt_json_string(json, "state", kt_receipt_states[r->state]);
  kt_json_bool(json, "interrupted", interrupted);
  kt_json_string(json, "error", r->error);
  kt_json_string(json, "verdict", r->verdict);
  kt_json_strings(json, "notes", r->notes);
}

static void write_step(KtJson *json, const KtStep *step)
{
  gboolean xml = step->kind == KT_STEP_DEFINITION;
  kt_json_open_object(json, NULL);
  kt_json_int(json, "step", step->number);
  kt_json_string(json, "kind", kt_step_kinds[step->kind]);
  kt_json_string(json, "change", step->change);
  kt_json_string(json, "domain", step->domain);
  kt_json_string(json, "uuid", step->uuid);
  kt_json_string(json, "where", step->where);
  kt_json_string(json, "before", xml ? NULL : step->before);
  kt_json_string(json, "after", xml ? NULL : step->after);
  kt_json_string(json, "found", xml ? NULL : step->found);
  kt_json_string(json, "state", kt_step_states[step->state]);
  kt_json_string(json, "error", step->error);
  kt_json_string(json, "note", step->note);
  kt_json_strings(json, "calls", step->calls);
  kt_json_close_object(json);
}

char *kt_view_history_json(const GPtrArray *receipts, gint64 working)
{
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_open_array(json, "receipts");
  for (guint i = 0; i < receipts->len; i++) {
    kt_json_open_object(json, NULL);
    write_head(json, receipts->pdata[i], working);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
  kt_json_close_object(json);
  return kt_json_finish(json);
}

char *kt_view_receipt_json(const KtReceipt *receipt, gint64 working)
{
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  write_head(json, receipt, working);
  kt_json_open_array(json, "steps");
  for (guint i = 0; i < receipt->steps->len; i++)
    write_step(json, receipt->steps->pdata[i]);
  kt_json_close_array(json);
  kt_json_close_object(json);
  return kt_json_finish(json);
}
