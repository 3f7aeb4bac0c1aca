/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doctor's report as a page. */
#include "view/action.h"
#include "view/html.h"
#include "view/report.h"
#include "view/svg.h"
#include "view/view.h"
#include "view/words.h"

#define MAX_EVIDENCE 12
#define MAX_NOTES 50
#define MAX_RANKED 30

static const char *const severity_classes[] = {"note", "minor", "moderate", "severe"};

static const char *class_of(int severity)
{
  return severity_classes[CLAMP(severity, 0, 3)];
}

/* ---- verdict ---- */

static void put_verdict(KtHtml *html, const KtDiagnosis *d, guint number, gboolean only)
{
  static const struct {
    const char *class, *mark;
  } looks[] = {[KT_VERDICT_FAULTY] = {"faulty", "✗"},
               [KT_VERDICT_HEALTHY] = {"healthy", "✓"},
               [KT_VERDICT_UNJUDGED] = {"unjudged", "?"}};
  KtVerdict verdict = kt_report_verdict(d);
  g_autofree char *text = kt_report_say_verdict(d), *class = g_strconcat("verdict ", looks[verdict].class, NULL);
  kt_html_open(html, only ? "div" : "li", class);
  kt_html_open(html, "span", "mark");
  kt_html_attr(html, "aria-hidden", "true");
  kt_html_text(html, looks[verdict].mark);
  kt_html_close(html);
  if (only) {
    kt_html_leaf(html, "h1", NULL, text);
  } else {
    kt_html_open(html, "a", NULL);
    kt_html_attrf(html, "href", "#subject-%u", number);
    kt_html_text(html, text);
    kt_html_close(html);
  }
  kt_html_close(html);
}

static void put_verdicts(KtHtml *html, const GPtrArray *diagnoses)
{
  if (diagnoses->len == 1) {
    put_verdict(html, diagnoses->pdata[0], 1, TRUE);
  } else {
    kt_html_leaff(html, "h1", "many", _("Verdicts on %u machines and definitions"), diagnoses->len);
    kt_html_open(html, "nav", NULL);
    kt_html_attr(html, "aria-label", _("Verdicts"));
    kt_html_open(html, "ul", "verdicts");
    for (guint i = 0; i < diagnoses->len; i++)
      put_verdict(html, diagnoses->pdata[i], i + 1, FALSE);
    kt_html_close(html);
    kt_html_close(html);
  }
}

/* ---- ranking ---- */

static void put_ranked(KtHtml *html, const KtDiagnosis *d, guint number)
{
  const KtFindingCount n = kt_report_count_findings(d);
  const KtFinding *cause = d->findings->pdata[0];
  g_autofree char *kind = kt_view_kind(&d->subject);
  kt_html_open(html, "li", NULL);
  kt_html_open(html, "a", NULL);
  kt_html_attrf(html, "href", "#subject-%u", number);
  kt_html_text(html, kt_report_name(d));
  kt_html_close(html);
  kt_html_text(html, " ");
  kt_html_leaf(html, "span", "muted", kind);
  for (int severity = 3; severity >= 0; severity--)
    if (n.roots[severity]) {
      g_autofree char *class = g_strconcat("badge ", class_of(severity), NULL);
      kt_html_text(html, " ");
      kt_html_leaff(html, "span", class, _("%u %s"), n.roots[severity], kt_view_severity(severity));
    }
  kt_html_open(html, "p", "cause");
  kt_html_leaf(html, "span", "id", cause->check->id);
  kt_html_textf(html, " %s", cause->title ? cause->title : kt_tr(cause->check->title));
  kt_html_close(html);
  kt_html_close(html);
}

/* The list's own numbers are the places. */
static void put_ranking(KtHtml *html, const GPtrArray *diagnoses)
{
  g_autoptr(GPtrArray) ranked = kt_report_rank(diagnoses);
  guint number = 0;
  if (!ranked->len)
    return;
  kt_html_open(html, "section", "ranking");
  kt_html_leaff(html, "h2", NULL, _("Which hurt most, of %u"), diagnoses->len);
  kt_html_open(html, "ol", NULL);
  for (guint i = 0; i < MIN(ranked->len, MAX_RANKED); i++) {
    g_ptr_array_find((GPtrArray *)diagnoses, ranked->pdata[i], &number);
    put_ranked(html, ranked->pdata[i], number + 1);
  }
  kt_html_close(html);
  if (ranked->len > MAX_RANKED)
    kt_html_leaff(html, "p", "muted", _("and %u more with findings"), ranked->len - MAX_RANKED);
  kt_html_close(html);
}

/* ---- findings ---- */

static void put_evidence(KtHtml *html, const KtFinding *f)
{
  if (!f->evidence->len)
    return;
  kt_html_open(html, "ul", "evidence");
  kt_html_attr(html, "aria-label", _("Evidence"));
  for (guint i = 0; i < MIN(f->evidence->len, MAX_EVIDENCE); i++) {
    const KtCite *cite = f->evidence->pdata[i];
    g_autofree char *text = kt_report_one_space(cite->text ? cite->text : "");
    kt_html_open(html, "li", NULL);
    if (cite->source) {
      g_autofree char *source = kt_report_source(cite);
      kt_html_leaf(html, "span", "source", source);
      if (*text) {
        kt_html_text(html, " ");
        kt_html_leaf(html, "q", NULL, text);
      }
    } else {
      kt_html_text(html, text);
    }
    kt_html_close(html);
  }
  if (f->evidence->len > MAX_EVIDENCE)
    kt_html_leaff(html, "li", "muted", _("and %u more (--json shows all)"), f->evidence->len - MAX_EVIDENCE);
  kt_html_close(html);
}

static void put_action(KtHtml *html, const char *action)
{
  g_autoptr(GPtrArray) parts = kt_view_action_parts(action);
  for (guint i = 0; i < parts->len; i++) {
    const KtActionPart *part = parts->pdata[i];
    if (part->is_code) {
      kt_html_open(html, "pre", NULL);
      kt_html_leaf(html, "code", NULL, part->text);
      kt_html_close(html);
    } else {
      kt_html_leaf(html, "p", NULL, part->text);
    }
    if (part->remark)
      kt_html_leaf(html, "p", "muted", part->remark);
  }
}

static void put_other_layers(KtHtml *html, const KtSubject *subject, const KtFinding *f, const KtRemedy *first)
{
  gboolean any = FALSE;
  for (guint i = 0; i < KT_MAX_REMEDIES && f->check->remedies[i].action; i++) {
    const KtRemedy *remedy = &f->check->remedies[i];
    if (remedy == first || !kt_view_remedy_fits(remedy, subject))
      continue;
    if (!any) {
      kt_html_open(html, "details", NULL);
      kt_html_leaf(html, "summary", NULL, _("Remedies for other layers"));
    }
    any = TRUE;
    g_autofree char *action = kt_finding_action(f, remedy);
    kt_html_leaf(html, "p", "layer", kt_tr(kt_layer_names[remedy->layer]));
    put_action(html, action);
  }
  if (any)
    kt_html_close(html);
}

static void put_remedies(KtHtml *html, const KtDiagnosis *d, const KtFinding *f)
{
  gboolean theirs;
  const KtRemedy *remedy = kt_view_remedy(f->check, &d->subject, &theirs);
  if (!remedy)
    return;
  g_autofree char *risk = kt_view_risk(f->check->risk), *action = kt_finding_action(f, remedy);
  kt_html_open(html, "div", "remedy");
  kt_html_open(html, "p", "layer");
  kt_html_leaf(html, "b", NULL, _("What to change"));
  kt_html_textf(html, _(" · %s · risk: %s"), kt_tr(kt_layer_names[remedy->layer]), risk);
  kt_html_close(html);
  if (theirs)
    kt_html_leaf(html, "p", "muted", _("Not from inside the guest; for whoever runs its host or cloud:"));
  put_action(html, action);
  put_other_layers(html, &d->subject, f, remedy);
  kt_html_close(html);
}

/* The article stays open: echoes go into it. */
static void open_finding(KtHtml *html, const KtDiagnosis *d, guint number, const KtFinding *f)
{
  g_autofree char *class = g_strdup_printf("finding %s%s", class_of(f->severity), f->echo_of ? " echo" : "");
  g_autofree char *basis = kt_report_basis(f);
  kt_html_open(html, "article", class);
  kt_html_attrf(html, "id", "finding-%u-%s", number, f->check->id);
  kt_html_open(html, f->echo_of ? "h5" : "h4", NULL);
  kt_html_leaf(html, "span", "badge", kt_view_severity(f->severity));
  kt_html_text(html, " ");
  kt_html_leaf(html, "span", "id", f->check->id);
  kt_html_text(html, " ");
  kt_html_leaf(html, "span", "title", f->title ? f->title : kt_tr(f->check->title));
  kt_html_close(html);
  put_evidence(html, f);
  if (basis)
    kt_html_leaf(html, "p", "muted", basis);
  if (f->echo_of)
    return;
  if (f->check->effect) {
    kt_html_open(html, "p", NULL);
    kt_html_leaf(html, "b", NULL, _("Expected:"));
    kt_html_textf(html, " %s", kt_tr(f->check->effect));
    kt_html_close(html);
  }
  put_remedies(html, d, f);
}

static void put_findings(KtHtml *html, const KtDiagnosis *d, guint number)
{
  gboolean open = FALSE;
  if (!d->findings->len)
    return;
  kt_html_leaf(html, "h3", NULL, _("Findings"));
  for (guint i = 0; i < d->findings->len; i++) {
    const KtFinding *f = d->findings->pdata[i];
    if (open && !f->echo_of)
      kt_html_close(html);
    open |= !f->echo_of;
    open_finding(html, d, number, f);
    if (f->echo_of)
      kt_html_close(html);
  }
  if (open)
    kt_html_close(html);
}

/* ---- what is accepted, unknown, fine ---- */

static void put_accepted(KtHtml *html, const KtDiagnosis *d, guint number)
{
  if (!d->accepted->len)
    return;
  kt_html_leaf(html, "h3", NULL, _("Accepted, not counted"));
  kt_html_open(html, "ul", "panel accepted");
  for (guint i = 0; i < d->accepted->len; i++) {
    const KtFinding *f = d->accepted->pdata[i];
    kt_html_open(html, "li", NULL);
    kt_html_attrf(html, "id", "finding-%u-%s", number, f->check->id);
    kt_html_leaf(html, "span", "id", f->check->id);
    kt_html_textf(html, " %s", f->title ? f->title : kt_tr(f->check->title));
    kt_html_leaff(html, "p", "muted", _("Not counted: %s"), f->accepted);
    kt_html_close(html);
  }
  kt_html_close(html);
}

static void put_unknown(KtHtml *html, const KtDiagnosis *d)
{
  if (!d->unknown->len)
    return;
  g_autoptr(GPtrArray) missing = kt_report_missing(d);
  kt_html_leaf(html, "h3", NULL, _("Could not be told"));
  kt_html_open(html, "div", "panel");
  kt_html_leaf(html, "p", "muted", _("Missing in the evidence, and the checks that need it:"));
  kt_html_open(html, "ul", "missing");
  for (guint i = 0; i < missing->len; i++) {
    const KtMissing *m = missing->pdata[i];
    kt_html_open(html, "li", NULL);
    kt_html_text(html, m->what);
    kt_html_text(html, " ");
    kt_html_leaf(html, "span", "ids", m->checks->str);
    kt_html_close(html);
  }
  kt_html_close(html);
  kt_html_close(html);
}

static void put_unreadable(KtHtml *html, const KtMachine *m)
{
  g_autofree char *text = m ? kt_report_unreadable(m) : NULL;
  if (text)
    kt_html_leaf(html, "p", "unreadable", text);
}

static void put_fine(KtHtml *html, const KtDiagnosis *d)
{
  if (!d->fine->len)
    return;
  kt_html_open(html, "details", "fine");
  kt_html_leaff(html, "summary", NULL, _("Checked and fine (%u)"), d->fine->len);
  kt_html_open(html, "ul", NULL);
  for (guint i = 0; i < d->fine->len; i++) {
    const KtFinding *f = d->fine->pdata[i];
    kt_html_open(html, "li", NULL);
    kt_html_leaf(html, "span", "id", f->check->id);
    kt_html_textf(html, " %s", kt_tr(f->check->title));
    if (f->reason)
      kt_html_textf(html, ": %s", f->reason);
    kt_html_close(html);
  }
  kt_html_close(html);
  kt_html_close(html);
}

/* ---- a subject ---- */

static void put_pictures(KtHtml *html, const KtDiagnosis *d)
{
  const KtSubject *s = &d->subject;
  const char *name = kt_report_name(d);
  const KtMachine *m = s->domain ? s->guest : s->machine;
  if (!m)
    return;
  kt_html_leaf(html, "h3", NULL, s->domain ? _("Topology that its kernel will see (predicted)") : _("Topology"));
  kt_svg_topology(html, name, m, kt_snapshot_host(s->snapshot) == m ? s->snapshot : NULL);
  if (s->domain)
    return;
  kt_html_leaf(html, "h3", NULL, _("Activity"));
  kt_svg_charts(html, name, m);
}

static void put_subject(KtHtml *html, const KtDiagnosis *d, guint number)
{
  g_autofree char *kind = kt_view_kind(&d->subject);
  const char *taken = d->subject.machine ? d->subject.machine->taken_at : NULL;
  kt_html_open(html, "section", "subject");
  kt_html_attrf(html, "id", "subject-%u", number);
  kt_html_attrf(html, "aria-labelledby", "name-%u", number);
  kt_html_open(html, "h2", NULL);
  kt_html_attrf(html, "id", "name-%u", number);
  kt_html_textf(html, _("%s, %s"), kt_report_name(d), kind);
  kt_html_close(html);
  if (taken)
    kt_html_leaff(html, "p", "muted", _("As of %s."), taken);
  put_findings(html, d, number);
  put_accepted(html, d, number);
  put_pictures(html, d);
  put_unknown(html, d);
  put_unreadable(html, d->subject.machine);
  put_fine(html, d);
  kt_html_close(html);
}

/* ---- since an earlier report ---- */

static void put_past(KtHtml *html, const char *mark, const GPtrArray *past)
{
  for (guint i = 0; i < past->len; i++) {
    const KtPastFinding *p = past->pdata[i];
    kt_html_open(html, "li", NULL);
    kt_html_leaf(html, "span", "badge", mark);
    kt_html_textf(html, " %s: %s %s", p->subject ? p->subject : _("(no name)"), p->id, p->title ? p->title : "");
    kt_html_close(html);
  }
}

static void put_since(KtHtml *html, const char *file, const KtSince *since)
{
  kt_html_open(html, "section", "since");
  kt_html_leaff(html, "h2", NULL, _("Since %s: %u new, %u gone, %u unchanged"), file, since->fresh->len,
                since->gone->len, since->unchanged);
  kt_html_open(html, "ul", NULL);
  for (guint i = 0; i < since->fresh->len; i++) {
    const KtFinding *f = since->fresh->pdata[i];
    kt_html_open(html, "li", class_of(f->severity));
    kt_html_open(html, "span", NULL);
    kt_html_leaf(html, "span", "badge", _("new"));
    kt_html_close(html);
    kt_html_textf(html, " %s: %s %s", kt_report_name(since->fresh_of->pdata[i]), f->check->id, f->title);
    kt_html_close(html);
  }
  put_past(html, _("gone"), since->gone);
  put_past(html, _("not seen"), since->not_seen);
  kt_html_close(html);
  kt_html_close(html);
}

/* ---- the evidence itself ---- */

static void put_notes(KtHtml *html, const KtSnapshot *s)
{
  if (!s->notes->len && !s->rejected->len)
    return;
  kt_html_open(html, "section", "notes");
  kt_html_leaf(html, "h2", NULL, _("How the evidence was understood"));
  kt_html_open(html, "ul", NULL);
  for (guint i = 0; i < MIN(s->notes->len, MAX_NOTES); i++)
    kt_html_leaf(html, "li", NULL, s->notes->pdata[i]);
  for (guint i = 0; i < MIN(s->rejected->len, MAX_NOTES); i++) {
    const KtRejected *r = s->rejected->pdata[i];
    const KtCite at = {.source = r->source, .line = r->line};
    g_autofree char *source = kt_report_source(&at);
    kt_html_open(html, "li", NULL);
    kt_html_leaf(html, "span", "source", source);
    kt_html_textf(html, " %s", r->why);
    kt_html_close(html);
  }
  guint more = s->notes->len - MIN(s->notes->len, MAX_NOTES) + s->rejected->len - MIN(s->rejected->len, MAX_NOTES);
  if (more)
    kt_html_leaff(html, "li", "muted", _("and %u more (kvmtune facts shows all)"), more);
  kt_html_close(html);
  kt_html_close(html);
}

char *kt_view_doctor_html(const KtSnapshot *snapshot, const GPtrArray *diagnoses, const char *since_file,
                          const KtSince *since)
{
  const KtDiagnosis *first = diagnoses->pdata[0];
  g_autofree char *title =
      g_strdup_printf(diagnoses->len > 1 ? _("kvmtune: %s and others") : _("kvmtune: %s"), kt_report_name(first));
  KtHtml *html = kt_html_page_begin(title, "doctor");
  put_verdicts(html, diagnoses);
  put_ranking(html, diagnoses);
  for (guint i = 0; i < diagnoses->len; i++)
    put_subject(html, diagnoses->pdata[i], i + 1);
  if (since)
    put_since(html, since_file, since);
  put_notes(html, snapshot);
  return kt_html_page_finish(html);
}
