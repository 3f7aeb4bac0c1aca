/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/i18n.h"
#include "base/shell.h"
#include "view/action.h"
#include "view/guest_view.h"
#include "view/report.h"
#include "view/words.h"

static void put_rows(KtPage *page, const KtGuestView *view)
{
  const KtColumn columns[] = {{.title = _("check"), .flex = TRUE},
                              {.title = _("field"), .flex = TRUE},
                              {.title = _("host"), .flex = TRUE},
                              {.title = _("as defined"), .flex = TRUE},
                              {.title = _("the guest sees"), .flex = TRUE}};
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < view->rows->len; i++) {
    const KtInsideRow *row = view->rows->pdata[i];
    kt_table_add(table, row->checks ? KT_STYLE_YELLOW : KT_STYLE_PLAIN, row->checks);
    kt_table_add(table, KT_STYLE_PLAIN, row->label);
    kt_table_add(table, KT_STYLE_DIM, row->host);
    kt_table_add(table, KT_STYLE_PLAIN, row->predicted);
    kt_table_add(table, row->checks || row->differs ? KT_STYLE_BOLD : KT_STYLE_PLAIN, row->guest);
  }
  kt_page_table(page, 2, table);
}

/* A definition that promises something else: changed since the start, or read in another way by this kernel. */
static void put_differences(KtPage *page, const KtGuestView *view)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; i < view->rows->len; i++) {
    const KtInsideRow *row = view->rows->pdata[i];
    if (row->differs)
      g_string_append_printf(out, "%s%s", out->len ? _(", ") : "", row->label);
  }
  if (!out->len)
    return;
  kt_page_gap(page);
  kt_page_textf(page, 2, KT_STYLE_YELLOW,
                _("Not as the running definition promises: %s. Its kernel, or its command line, reads it otherwise."),
                out->str);
}

static void put_programs(KtPage *page, const KtMachine *m)
{
  const KtColumn columns[] = {{.title = _("program"), .flex = FALSE},
                              {.title = "pid", .right = TRUE},
                              {.title = _("flags that matter"), .flex = TRUE},
                              {.title = _("resident memory"), .flex = TRUE}};
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < m->processes->len; i++) {
    const KtProcess *p = m->processes->pdata[i];
    if (!kt_guest_is_program(p))
      continue;
    g_autofree char *flags = kt_guest_say_program(m, p), *memory = kt_guest_say_memory(p);
    kt_table_add(table, KT_STYLE_PLAIN, p->comm);
    kt_table_addf(table, KT_STYLE_PLAIN, "%d", p->pid);
    kt_table_add(table, KT_STYLE_PLAIN, flags);
    kt_table_add(table, KT_STYLE_PLAIN, memory);
  }
  kt_page_gap(page);
  if (kt_table_rows(table))
    kt_page_table(page, 2, table);
  else
    kt_page_text(page, 2, KT_STYLE_DIM,
                 m->processes_seen ? _("No JVM and no database runs in it.")
                                   : _("Which programs run in it is unknown: the agent gives no list of processes."));
}

/* ---- what to change in the guest ---- */

static void put_sysctl(KtPage *page, const KtGuestView *view, const char *sysctl)
{
  g_autofree char *name = kt_shell_word(view->inside->domain->name);
  g_autofree char *uri = view->connect_uri ? kt_shell_word(view->connect_uri) : NULL;
  g_autofree char *line = g_strdup_printf("kvmtune guest %s --set-sysctl %s%s%s   # %s", name, sysctl,
                                          uri ? " --connect " : "", uri ? uri : "", _("live, until its next boot"));
  kt_view_put_action(page, 11, line);
}

static void put_finding(KtPage *page, const KtGuestView *view, const KtFinding *f)
{
  gboolean theirs;
  const KtRemedy *remedy = kt_view_remedy(f->check, &view->of_guest->subject, &theirs);
  const char *sysctl = kt_inside_sysctl(f);
  kt_page_item(page, 2, kt_view_severity_style(f->severity), f->check->id, 9, KT_STYLE_BOLD,
               f->title ? f->title : kt_tr(f->check->title));
  if (sysctl) {
    put_sysctl(page, view, sysctl);
  } else if (remedy && !theirs) {
    g_autofree char *action = kt_finding_action(f, remedy);
    kt_view_put_action(page, 11, action);
  } else if (theirs) {
    kt_page_text(page, 11, KT_STYLE_DIM, _("of its definition: kvmtune plan says what to change"));
  }
}

static void put_findings(KtPage *page, const KtGuestView *view)
{
  const GPtrArray *findings = view->of_guest->findings;
  for (guint i = 0; i < findings->len; i++) {
    if (i == 0) {
      kt_page_gap(page);
      kt_page_text(page, 0, KT_STYLE_BOLD, _("What was found in it"));
    }
    put_finding(page, view, findings->pdata[i]);
  }
}

char *kt_view_guest_text(const KtTerm *term, const KtGuestView *view)
{
  KtPage *page = kt_page_new(term);
  const KtInside *in = view->inside;
  g_autofree char *verdict = kt_report_say_verdict(view->of_guest);
  kt_page_text(page, 0, KT_STYLE_BOLD, verdict);
  kt_page_gap(page);
  kt_page_textf(page, 0, KT_STYLE_PLAIN, _("%s, the guest of domain %s"), kt_report_name(view->of_guest),
                in->domain->name);
  put_rows(page, view);
  put_differences(page, view);
  put_programs(page, in->guest);
  put_findings(page, view);
  if (view->agent_note) {
    kt_page_gap(page);
    kt_page_text(page, 0, KT_STYLE_DIM, view->agent_note);
  }
  return kt_page_finish(page);
}
