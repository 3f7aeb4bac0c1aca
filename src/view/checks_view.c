/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of checks for `kvmtune checks` and `kvmtune explain`. */
#include "base/json.h"
#include "view/action.h"
#include "view/view.h"
#include "view/words.h"

char *kt_view_checks_json(void)
{
  g_autoptr(KtJson) json = kt_json_new();
  guint n;
  const KtCheck *const *checks = kt_checks(&n);
  kt_json_open_object(json, NULL);
  kt_json_open_array(json, "checks");
  for (guint i = 0; i < n; i++) {
    g_autofree char *applies = kt_view_applies(checks[i]);
    kt_json_open_object(json, NULL);
    kt_json_string(json, "id", checks[i]->id);
    kt_json_int(json, "severity", checks[i]->severity);
    kt_json_string(json, "title", checks[i]->title);
    kt_json_string(json, "applies", applies);
    kt_json_string(json, "needs", checks[i]->needs);
    kt_json_string(json, "risk", checks[i]->risk);
    kt_json_bool(json, "implemented", checks[i]->run != NULL);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
  kt_json_close_object(json);
  return kt_json_finish(json);
}

char *kt_view_checks_text(const KtTerm *term)
{
  KtPage *page = kt_page_new(term);
  guint n, implemented = 0;
  const KtCheck *const *checks = kt_checks(&n);
  for (guint i = 0; i < n; i++) {
    const KtCheck *check = checks[i];
    g_autofree char *applies = kt_view_applies(check);
    g_autofree char *mark = g_strdup_printf("%-4s %d", check->id, check->severity);
    g_autoptr(GString) below = g_string_new(NULL);
    implemented += check->run != NULL;
    kt_page_item(page, 0, check->run ? kt_view_severity_style(check->severity) : KT_STYLE_DIM, mark, 8,
                 check->run ? KT_STYLE_BOLD : KT_STYLE_DIM, kt_tr(check->title));
    g_string_append_printf(below, _("for %s; risk %s"), applies, kt_tr(check->risk));
    if (!check->run)
      g_string_append(below, _("; not implemented yet"));
    else if (check->needs)
      g_string_append_printf(below, _("; needs %s"), kt_tr(check->needs));
    kt_page_text(page, 8, KT_STYLE_DIM, below->str);
  }
  kt_page_gap(page);
  kt_page_textf(page, 0, KT_STYLE_PLAIN,
                _("%u checks, %u of them implemented. The number behind the id is the severity: "
                  "3 can explain multiples, 2 tens of percent, 1 a few percent or jitter."),
                n, implemented);
  kt_page_text(
      page, 0, KT_STYLE_PLAIN,
      _("Risk of the remedy: L live; r guest reboot; B guest stop and start; H host reboot or module reload; M! "
        "changes migration compatibility; $ costs power or memory; S security trade-off."));
  return kt_page_finish(page);
}

static void put_part(KtPage *page, const char *heading, const char *text)
{
  if (!text)
    return;
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, heading);
  kt_page_text(page, 2, KT_STYLE_PLAIN, kt_tr(text));
}

static void put_remedies(KtPage *page, const KtCheck *check)
{
  if (!check->remedies[0].action)
    return;
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, _("What to change"));
  for (guint i = 0; i < KT_MAX_REMEDIES && check->remedies[i].action; i++) {
    const KtRemedy *remedy = &check->remedies[i];
    kt_page_text(page, 2, KT_STYLE_DIM, kt_tr(kt_layer_names[remedy->layer]));
    g_autofree char *action = kt_finding_action(NULL, remedy);
    kt_view_put_action(page, 4, action);
  }
}

char *kt_view_explain_text(const KtTerm *term, const KtCheck *check)
{
  static const char *const severities[] = {N_("information"), N_("a few percent, or jitter"), N_("tens of percent"),
                                           N_("can explain multiples")};
  KtPage *page = kt_page_new(term);
  g_autofree char *applies = kt_view_applies(check), *risk = kt_view_risk(check->risk);
  kt_page_item(page, 0, kt_view_severity_style(check->severity), check->id, 5, KT_STYLE_BOLD, kt_tr(check->title));
  kt_page_textf(page, 5, KT_STYLE_DIM, _("Severity %d: %s. Applies to: %s.%s"), check->severity,
                kt_tr(severities[CLAMP(check->severity, 0, 3)]), applies, check->run ? "" : _(" Not implemented yet."));
  put_part(page, _("Cause"), check->cause);
  put_part(page, _("How it shows"), check->shows);
  put_part(page, _("Evidence needed"), check->needs);
  put_remedies(page, check);
  put_part(page, _("Risk of the change"), risk);
  put_part(page, _("What it costs"), check->costs);
  put_part(page, _("Expected effect"), check->effect);
  put_part(page, _("Note"), check->note);
  put_part(page, _("Source"), check->source);
  return kt_page_finish(page);
}
