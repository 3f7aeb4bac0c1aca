/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accepted risks, the change since an earlier report, the monitoring line, the ranking. */
#include <string.h>

#include "base/error.h"
#include "checks/accepted.h"
#include "checks/since.h"
#include "view/summary.h"

/* Two domains: "web" of 32 sockets x 1 core with HPET, "db" with HPET. */
static KtSnapshot *two_domains(void)
{
  KtSnapshot *snapshot = kt_snapshot_new();
  static const char *const names[] = {"web", "db"};
  for (guint i = 0; i < 2; i++) {
    KtDomain *d = kt_domain_new("domain.xml");
    d->name = g_strdup(names[i]);
    d->format = g_strdup("libvirt");
    d->type = g_strdup("kvm");
    d->machine_type = g_strdup("pc-q35-7.2");
    d->vcpus = KT_INT(i ? 2 : 32);
    d->cpu_given = TRUE;
    d->cpu_mode = g_strdup("host-passthrough");
    g_hash_table_insert(d->timers, g_strdup("hpet"), g_strdup("yes"));
    g_ptr_array_add(snapshot->domains, d);
  }
  return snapshot;
}

static GPtrArray *parse(const char *text)
{
  GPtrArray *accepted = kt_accepted_new();
  g_autoptr(GError) error = NULL;
  g_assert_true(kt_accepted_parse(accepted, text, "ignore", &error));
  g_assert_no_error(error);
  return accepted;
}

/* "SUBJECT:ID,ID ..." of the findings or the accepted ones. */
static char *ids(const GPtrArray *diagnoses, gboolean of_accepted)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < diagnoses->len; i++) {
    const KtDiagnosis *d = diagnoses->pdata[i];
    const GPtrArray *list = of_accepted ? d->accepted : d->findings;
    g_string_append_printf(out, "%s%s:", i ? " " : "", d->subject.name);
    for (guint k = 0; k < list->len; k++) {
      const KtFinding *f = list->pdata[k];
      if (f->severity >= 2)
        g_string_append_printf(out, "%s,", f->check->id);
    }
  }
  return g_string_free(out, FALSE);
}

static void assert_after(const char *rules, const char *findings, const char *accepted_ids)
{
  g_autoptr(KtSnapshot) snapshot = two_domains();
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(snapshot, NULL), accepted = parse(rules);
  kt_accepted_apply(diagnoses, accepted);
  g_autofree char *left = ids(diagnoses, FALSE), *aside = ids(diagnoses, TRUE);
  g_assert_cmpstr(left, ==, findings);
  g_assert_cmpstr(aside, ==, accepted_ids);
}

static void test_apply(void)
{
  assert_after("", "web:X06,X03,X38, db:X38,", "web: db:");
  assert_after("X38: we need it\n", "web:X06,X03, db:", "web:X38, db:X38,");
  assert_after("X38 db: old guest: no driver\n", "web:X06,X03,X38, db:", "web: db:X38,");
}

static void assert_refused(const char *text, const char *message)
{
  g_autoptr(GPtrArray) accepted = kt_accepted_new();
  g_autoptr(GError) error = NULL;
  g_assert_false(kt_accepted_parse(accepted, text, "ignore", &error));
  g_assert_cmpstr(error->message, ==, message);
}

static void test_file(void)
{
  g_autoptr(GPtrArray) accepted = parse("# comment\n\n x06 machine 2 : licence \nH01: laptop\nH01: it is a laptop\n");
  g_autofree char *text = kt_accepted_format(accepted);
  g_assert_nonnull(strstr(text, "\nX06 machine 2: licence\nH01: it is a laptop\n"));
  g_autoptr(GPtrArray) again = parse(text);
  g_assert_cmpuint(again->len, ==, 2);
  g_assert_false(kt_accepted_remove(again, "X06", NULL));
  g_assert_true(kt_accepted_remove(again, "X06", "machine 2"));
  assert_refused("H01\n", "ignore:1: 'ID: reason' or 'ID SUBJECT: reason' is expected");
  assert_refused("\nQ99: why\n", "ignore:2: there is no check 'Q99'");
  assert_refused("H01:  \n", "ignore:1: 'ID: reason' or 'ID SUBJECT: reason' is expected");
}

static void test_since(void)
{
  g_autoptr(KtSnapshot) snapshot = two_domains();
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(snapshot, NULL), past = kt_past_new();
  kt_past_add(past, "web", "X06", "32 sockets x 1 core");
  kt_past_add(past, "web", "X42", "disk vda is on an emulated ide controller");
  kt_past_add(past, "gone-guest", "X06", "8 sockets x 1 core");
  g_autoptr(KtSince) since = kt_since(past, diagnoses);
  g_assert_cmpuint(since->unchanged, ==, 1);
  /* No disk is shown now: X42 does not apply, so what it found is gone. */
  g_assert_cmpuint(since->gone->len, ==, 1);
  g_assert_cmpuint(since->not_seen->len, ==, 1);
  g_assert_cmpstr(((KtPastFinding *)since->not_seen->pdata[0])->subject, ==, "gone-guest");
  gboolean fresh = FALSE;
  for (guint i = 0; i < since->fresh->len; i++)
    fresh |= g_str_equal(((KtFinding *)since->fresh->pdata[i])->check->id, "X38");
  g_assert_true(fresh);
}

static void test_nagios(void)
{
  g_autoptr(KtSnapshot) snapshot = two_domains();
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(snapshot, NULL);
  int status;
  g_autofree char *line = kt_view_nagios(diagnoses, &status);
  g_assert_cmpint(status, ==, 2);
  g_assert_true(g_str_has_prefix(line, "KVMTUNE CRITICAL - web: X06 32 sockets x 1 core; "));
  g_assert_nonnull(strstr(line, " | severe="));
  g_assert_cmpuint(strchr(line, '\n') - line, ==, strlen(line) - 1);
  g_autoptr(GPtrArray) none = g_ptr_array_new();
  g_autofree char *quiet = kt_view_nagios(none, &status);
  g_assert_cmpint(status, ==, 0);
  g_assert_true(g_str_has_prefix(quiet, "KVMTUNE OK - "));
}

/* A title from hostile text cannot break the line or forge performance data. */
static void test_nagios_hostile(void)
{
  g_autoptr(KtSnapshot) snapshot = two_domains();
  KtDomain *d = snapshot->domains->pdata[0];
  g_free(d->name);
  d->name = g_strdup("a|b\nc\033[31m");
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(snapshot, NULL);
  int status;
  g_autofree char *line = kt_view_nagios(diagnoses, &status);
  g_assert_cmpuint(strchr(line, '\n') - line, ==, strlen(line) - 1);
  g_assert_null(strchr(line, '\033'));
  g_assert_true(strchr(line, '|') == strrchr(line, '|'));
}

static void test_ranking(void)
{
  g_autoptr(KtSnapshot) snapshot = two_domains(), more = two_domains();
  while (more->domains->len)
    g_ptr_array_add(snapshot->domains, g_ptr_array_steal_index(more->domains, 0));
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(snapshot, NULL);
  const KtTerm term = {.width = 100, .utf8 = TRUE};
  KtPage *page = kt_page_new(&term);
  kt_view_put_ranking(page, diagnoses);
  g_autofree char *text = kt_page_finish(page);
  const char *web = strstr(text, "web"), *db = strstr(text, "db");
  g_assert_nonnull(strstr(text, "Which hurt most, of 4"));
  g_assert_true(web && db && web < db);
  g_assert_nonnull(strstr(text, "X06 32 sockets x 1 core"));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/accepted/apply", test_apply);
  g_test_add_func("/accepted/file", test_file);
  g_test_add_func("/accepted/since", test_since);
  g_test_add_func("/accepted/nagios", test_nagios);
  g_test_add_func("/accepted/nagios-hostile", test_nagios_hostile);
  g_test_add_func("/accepted/ranking", test_ranking);
  return g_test_run();
}
