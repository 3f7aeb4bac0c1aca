/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doctor's report: verdicts, findings by impact, what is unknown, what to change. */
#include "view/action.h"
#include "view/report.h"
#include "view/summary.h"
#include "view/view.h"
#include "view/words.h"

#define MAX_EVIDENCE 6
#define MAX_NOTES 8

/* ---- verdict ---- */

static void put_verdict(KtPage *page, const KtDiagnosis *d)
{
  static const struct {
    KtStyle style;
    const char *mark;
  } looks[] = {[KT_VERDICT_FAULTY] = {KT_STYLE_RED, "✗"},
               [KT_VERDICT_HEALTHY] = {KT_STYLE_GREEN, "✓"},
               [KT_VERDICT_UNJUDGED] = {KT_STYLE_DIM, "?"}};
  KtVerdict verdict = kt_report_verdict(d);
  g_autofree char *text = kt_report_say_verdict(d);
  kt_page_item(page, 0, looks[verdict].style, looks[verdict].mark, 2, KT_STYLE_BOLD, text);
}

/* ---- findings ---- */

static void put_cite(KtPage *page, guint indent, const KtCite *cite)
{
  if (!cite->source) { /* a deduction */
    kt_page_text(page, indent, KT_STYLE_PLAIN, cite->text ? cite->text : "");
    return;
  }
  g_autofree char *source = kt_report_source(cite), *clean = kt_term_clean(&page->term, source);
  g_autofree char *text = kt_report_one_space(cite->text ? cite->text : "");
  if (!*text) {
    kt_page_text(page, indent, KT_STYLE_DIM, source);
    return;
  }
  guint used = indent + kt_term_width_of(clean) + 4; /* ": " and the quotation marks */
  if (used + 16 > page->term.width) {
    kt_page_textf(page, indent, KT_STYLE_DIM, "%s: \"%s\"", source, text);
    return;
  }
  g_autofree char *quoted = kt_term_shorten(&page->term, text, page->term.width - used);
  g_autofree char *line = g_strdup_printf("%s: \"%s\"", source, quoted);
  kt_page_line(page, indent, KT_STYLE_DIM, line);
}

/* "severe    X06". Caller frees. */
static char *mark_of(const char *word, const KtFinding *f)
{
  int pad = MAX(0, 9 - (int)kt_term_width_of(word));
  return g_strdup_printf("%s%*s %s", word, pad, "", f->check->id);
}

static void put_finding(KtPage *page, const KtFinding *f, guint indent)
{
  guint body = indent + 15;
  g_autofree char *mark = mark_of(kt_view_severity(f->severity), f);
  g_autofree char *echo = f->echo_of ? g_strdup_printf("└ %s", f->check->id) : NULL;
  g_autofree char *basis = kt_report_basis(f);
  if (echo)
    body = indent + 9;
  kt_page_item(page, indent, kt_view_severity_style(f->severity), echo ? echo : mark, body,
               echo ? KT_STYLE_PLAIN : KT_STYLE_BOLD, f->title ? f->title : kt_tr(f->check->title));
  for (guint i = 0; i < MIN(f->evidence->len, MAX_EVIDENCE); i++)
    put_cite(page, body, f->evidence->pdata[i]);
  if (f->evidence->len > MAX_EVIDENCE)
    kt_page_textf(page, body, KT_STYLE_DIM, _("and %u more (--json shows all)"), f->evidence->len - MAX_EVIDENCE);
  if (basis)
    kt_page_text(page, body, KT_STYLE_DIM, basis);
  if (!echo && f->check->effect)
    kt_page_textf(page, body, KT_STYLE_PLAIN, _("Expected: %s"), kt_tr(f->check->effect));
}

/* ---- what is unknown, what is fine ---- */

static void put_unknown(KtPage *page, const KtDiagnosis *d)
{
  if (!d->unknown->len)
    return;
  kt_page_gap(page);
  kt_page_text(page, 2, KT_STYLE_BOLD, _("Could not be told, because this is missing:"));
  g_autoptr(GPtrArray) missing = kt_report_missing(d);
  for (guint i = 0; i < missing->len; i++) {
    const KtMissing *m = missing->pdata[i];
    g_autofree char *line = g_strdup_printf(_("%s: %s"), m->what, m->checks->str);
    kt_page_item(page, 4, KT_STYLE_DIM, "·", 6, KT_STYLE_DIM, line);
  }
}

static void put_unreadable(KtPage *page, const KtMachine *m)
{
  g_autofree char *text = kt_report_unreadable(m);
  if (!text)
    return;
  kt_page_gap(page);
  kt_page_text(page, 2, KT_STYLE_YELLOW, text);
}

static void put_fine(KtPage *page, const KtDiagnosis *d)
{
  if (!d->fine->len)
    return;
  g_autoptr(GString) out = g_string_new(NULL);
  g_string_append_printf(out, _("Checked and fine (%u):"), d->fine->len);
  for (guint i = 0; i < d->fine->len; i++)
    g_string_append_printf(out, " %s", ((const KtFinding *)d->fine->pdata[i])->check->id);
  kt_page_gap(page);
  kt_page_text(page, 2, KT_STYLE_GREEN, out->str);
  for (guint i = 0; i < d->fine->len; i++) {
    const KtFinding *f = d->fine->pdata[i];
    if (f->reason)
      kt_page_item(page, 4, KT_STYLE_GREEN, f->check->id, 9, KT_STYLE_PLAIN, f->reason);
  }
}

static void put_accepted(KtPage *page, const KtDiagnosis *d)
{
  for (guint i = 0; i < d->accepted->len; i++) {
    const KtFinding *f = d->accepted->pdata[i];
    if (i == 0)
      kt_page_gap(page);
    g_autofree char *mark = mark_of(_("accepted"), f);
    kt_page_item(page, 2, KT_STYLE_DIM, mark, 17, KT_STYLE_PLAIN, f->title);
    kt_page_textf(page, 17, KT_STYLE_DIM, _("Not counted: %s"), f->accepted);
  }
}

static void put_worst(KtPage *page, const KtMachine *m)
{
  g_autofree char *worst = kt_report_worst(m);
  if (!worst)
    return;
  kt_page_gap(page);
  kt_page_text(page, 2, KT_STYLE_PLAIN, worst);
}

static void put_subject(KtPage *page, const KtDiagnosis *d)
{
  if (!d->findings->len && !d->accepted->len && !d->unknown->len && !d->fine->len)
    return;
  g_autofree char *kind = kt_view_kind(&d->subject), *head = g_strdup_printf(_("%s, %s"), kt_report_name(d), kind);
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, head);
  for (guint i = 0; i < d->findings->len; i++) {
    const KtFinding *f = d->findings->pdata[i];
    if (!f->echo_of)
      kt_page_gap(page);
    put_finding(page, f, f->echo_of ? 8 : 2);
  }
  put_accepted(page, d);
  put_unknown(page, d);
  if (d->subject.machine)
    put_unreadable(page, d->subject.machine);
  put_fine(page, d);
  if (d->subject.machine)
    put_worst(page, d->subject.machine);
}

/* ---- what to change ---- */

static void put_change(KtPage *page, guint number, const KtDiagnosis *d, const KtFinding *f)
{
  gboolean theirs;
  const KtRemedy *remedy = kt_view_remedy(f->check, &d->subject, &theirs);
  g_autofree char *mark = g_strdup_printf("%2u. %s", number, f->check->id), *risk = kt_view_risk(f->check->risk);
  g_autofree char *head =
      g_strdup_printf("%s · %s · %s", kt_report_name(d), kt_tr(kt_layer_names[remedy->layer]), risk);
  g_autofree char *action = kt_finding_action(f, remedy);
  kt_page_item(page, 0, kt_view_severity_style(f->severity), mark, 8, KT_STYLE_BOLD, head);
  if (theirs)
    kt_page_text(page, 8, KT_STYLE_DIM, _("Not from inside the guest; for whoever runs its host or cloud:"));
  kt_view_put_action(page, 8, action);
}

/* Roots of all subjects, the severest first. */
static void put_changes(KtPage *page, const GPtrArray *diagnoses)
{
  guint number = 0;
  for (int severity = 3; severity >= 0; severity--)
    for (guint i = 0; i < diagnoses->len; i++) {
      const KtDiagnosis *d = diagnoses->pdata[i];
      for (guint j = 0; j < d->findings->len; j++) {
        const KtFinding *f = d->findings->pdata[j];
        gboolean theirs;
        if (f->severity != severity || f->echo_of || !kt_view_remedy(f->check, &d->subject, &theirs))
          continue;
        if (number++ == 0) {
          kt_page_gap(page);
          kt_page_text(page, 0, KT_STYLE_BOLD, _("What to change"));
        }
        put_change(page, number, d, f);
      }
    }
  if (number) {
    kt_page_gap(page);
    kt_page_text(page, 0, KT_STYLE_DIM, _("kvmtune explain ID tells more, with the remedies for other layers."));
  }
}

/* ---- the evidence itself ---- */

static void put_notes(KtPage *page, const KtSnapshot *s)
{
  if (!s->notes->len && !s->rejected->len)
    return;
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, _("How the evidence was understood"));
  for (guint i = 0; i < MIN(s->notes->len, MAX_NOTES); i++)
    kt_page_item(page, 2, KT_STYLE_DIM, "·", 4, KT_STYLE_PLAIN, s->notes->pdata[i]);
  for (guint i = 0; i < MIN(s->rejected->len, MAX_NOTES); i++) {
    const KtRejected *r = s->rejected->pdata[i];
    const KtCite at = {.source = r->source, .line = r->line};
    g_autofree char *source = kt_report_source(&at), *text = g_strdup_printf(_("%s: %s"), source, r->why);
    kt_page_item(page, 2, KT_STYLE_YELLOW, "·", 4, KT_STYLE_PLAIN, text);
  }
  guint notes = s->notes->len - MIN(s->notes->len, MAX_NOTES);
  guint rejected = s->rejected->len - MIN(s->rejected->len, MAX_NOTES);
  if (notes + rejected)
    kt_page_textf(page, 4, KT_STYLE_DIM, _("and %u more (kvmtune facts shows all)"), notes + rejected);
}

char *kt_view_doctor_text(const KtTerm *term, const KtSnapshot *snapshot, const GPtrArray *diagnoses,
                          const char *since_file, const KtSince *since)
{
  KtPage *page = kt_page_new(term);
  for (guint i = 0; i < diagnoses->len; i++)
    put_verdict(page, diagnoses->pdata[i]);
  for (guint i = 0; i < diagnoses->len; i++)
    put_subject(page, diagnoses->pdata[i]);
  if (since)
    kt_view_put_since(page, since_file, since);
  put_changes(page, diagnoses);
  put_notes(page, snapshot);
  kt_view_put_ranking(page, diagnoses);
  return kt_page_finish(page);
}
