/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"
#include "checks/jvm.h"
#include "view/guest_view.h"
#include "view/words.h"

static void put_checks(KtJson *json, const char *checks)
{
  g_auto(GStrv) ids = g_strsplit(checks ? checks : "", " ", -1);
  kt_json_open_array(json, "checks");
  for (guint i = 0; ids[i]; i++)
    kt_json_string(json, NULL, ids[i]);
  kt_json_close_array(json);
}

static void put_rows(KtJson *json, const GPtrArray *rows)
{
  kt_json_open_array(json, "fields");
  for (guint i = 0; i < rows->len; i++) {
    const KtInsideRow *row = rows->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_string(json, "field", row->field);
    kt_json_string(json, "host", row->host);
    kt_json_string(json, "defined", row->predicted);
    kt_json_string(json, "guest", row->guest);
    kt_json_bool(json, "differs", row->differs);
    put_checks(json, row->checks);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

static void put_program(KtJson *json, const KtMachine *m, const KtProcess *p)
{
  g_autofree char *flags = kt_guest_say_program(m, p);
  kt_json_open_object(json, NULL);
  kt_json_string(json, "name", p->comm);
  kt_json_int(json, "pid", p->pid);
  kt_json_string(json, "flags", flags);
  if (p->rss_kib.known)
    kt_json_int(json, "rss_kib", p->rss_kib.value);
  else
    kt_json_null(json, "rss_kib");
  kt_json_open_array(json, "memory");
  for (guint i = 0; i < p->node_memory->len; i++) {
    const KtNodeMemory *on = &g_array_index(p->node_memory, KtNodeMemory, i);
    kt_json_open_object(json, NULL);
    kt_json_int(json, "node", on->node);
    kt_json_int(json, "kib", on->kib);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
  kt_json_close_object(json);
}

/* null: nobody gave a list of processes. */
static void put_programs(KtJson *json, const KtMachine *m)
{
  if (!m->processes_seen) {
    kt_json_null(json, "programs");
    return;
  }
  kt_json_open_array(json, "programs");
  for (guint i = 0; i < m->processes->len; i++)
    if (kt_guest_is_program(m->processes->pdata[i]))
      put_program(json, m, m->processes->pdata[i]);
  kt_json_close_array(json);
}

static void put_findings(KtJson *json, const KtGuestView *view)
{
  const GPtrArray *findings = view->of_guest->findings;
  kt_json_open_array(json, "findings");
  for (guint i = 0; i < findings->len; i++) {
    const KtFinding *f = findings->pdata[i];
    gboolean theirs;
    const KtRemedy *remedy = kt_view_remedy(f->check, &view->of_guest->subject, &theirs);
    g_autofree char *action = remedy ? kt_finding_action(f, remedy) : NULL;
    kt_json_open_object(json, NULL);
    kt_json_string(json, "id", f->check->id);
    kt_json_int(json, "severity", f->severity);
    kt_json_string(json, "title", f->title);
    kt_json_string(json, "action", action);
    kt_json_string(json, "sysctl", kt_inside_sysctl(f));
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

char *kt_view_guest_json(const KtGuestView *view)
{
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_string(json, "domain", view->inside->domain->name);
  kt_json_string(json, "guest", view->inside->guest->name);
  kt_json_string(json, "note", view->agent_note);
  put_rows(json, view->rows);
  put_programs(json, view->inside->guest);
  put_findings(json, view);
  kt_json_close_object(json);
  return kt_json_finish(json);
}
