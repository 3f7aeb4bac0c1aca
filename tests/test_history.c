/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Long records of CPU use: sysstat's binary files, windows in time, the worst stretch. */
#include <glib/gstdio.h>

#include "evidence/evidence.h"
#include "evidence/history.h"
#include "evidence/window.h"
#include "model/worst.h"
#include "read_fixture.h"

/* ---- binary files ---- */

static char *make_binary(const char *directory)
{
  static const char *const programs[] = {"/usr/lib/sysstat/sadc", "/usr/lib64/sa/sadc", NULL};
  g_autofree char *sadf = g_find_program_in_path("sadf");
  for (guint i = 0; sadf && programs[i]; i++) {
    g_autofree char *file = g_build_filename(directory, "sa24", NULL);
    char *argv[] = {(char *)programs[i], "1", "3", file, NULL};
    int status = -1;
    if (g_file_test(programs[i], G_FILE_TEST_IS_EXECUTABLE) &&
        g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, NULL) && status == 0)
      return g_steal_pointer(&file);
  }
  return NULL;
}

static void test_binary(void)
{
  g_autofree char *directory = g_dir_make_tmp("kvmtune-test-XXXXXX", NULL);
  g_autofree char *file = make_binary(directory);
  if (!file) {
    g_rmdir(directory);
    g_test_skip("no sadc and sadf (package sysstat)");
    return;
  }
  g_autofree char *bytes = NULL;
  gsize length;
  g_assert_true(g_file_get_contents(file, &bytes, &length, NULL));
  g_assert_true(kt_history_recognise(bytes, length));
  const char *const paths[] = {file, NULL};
  g_autoptr(GError) error = NULL;
  g_autoptr(KtSnapshot) s = kt_evidence_read(paths, &error);
  g_assert_no_error(error);
  const KtMachine *m = only_machine(s);
  g_assert_cmpuint(m->activity->rows->len, ==, 2); /* the first record is where counting starts */
  const KtActivityRow *row = m->activity->rows->pdata[0];
  g_assert_true(row->pct[KT_CPU_IDLE].known && row->epoch > 0);
  g_assert_nonnull(m->kernel_release);
  g_assert_nonnull(m->activity->per_cpu_busy);

  /* cut anywhere: what sadf makes of it, or its refusal; never a hang */
  for (gsize n = 64; n < length; n += 997) {
    gsize text_length;
    g_autoptr(GError) refused = NULL;
    g_autofree char *text = kt_history_read("sa24", bytes, n, &text_length, &refused);
    g_assert_true((text != NULL) == (refused == NULL));
  }
  g_remove(file);
  g_rmdir(directory);
}

static void test_no_sadf(void)
{
  char bytes[64] = {(char)0x96, (char)0xd5, 0x75, 0x21};
  char swapped[64] = {(char)0xd5, (char)0x96, 0x21, 0x75};
  g_assert_true(kt_history_recognise(bytes, sizeof bytes));
  g_assert_true(kt_history_recognise(swapped, sizeof swapped));
  g_assert_false(kt_history_recognise(bytes, 4));
  g_assert_false(kt_history_recognise("Linux 6.1.0 (web) 11/24/2026 _x86_64_ (4 CPU) and more of a text of sar", 70));
  if (!g_test_subprocess()) {
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed();
    return;
  }
  g_setenv("PATH", "/nonexistent", TRUE);
  gsize length;
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_history_read("sa24", bytes, sizeof bytes, &length, &error));
  g_assert_nonnull(strstr(error->message, "install sysstat"));
}

/* ---- windows ---- */

static char *sar_text(const char *date, int first_minute, int rows, int peak, const char *peak_values)
{
  GString *out = g_string_new(NULL);
  g_string_append_printf(out, "Linux 6.1.0 (web) \t%s \t_x86_64_\t(4 CPU)\n\n", date);
  g_string_append_printf(out, "%02d:%02d:00     CPU     %%user   %%nice   %%system   %%iowait   %%steal   %%idle\n",
                         (first_minute - 5) / 60, (first_minute - 5) % 60);
  for (int i = 0; i < rows; i++) {
    int minute = first_minute + 5 * i;
    g_string_append_printf(out, "%02d:%02d:00     all     %s\n", minute / 60, minute % 60,
                           i >= peak && i < peak + 3 ? peak_values : "10.00 0.00 5.00 5.00 1.00 79.00");
  }
  return g_string_free(out, FALSE);
}

static guint rows_within(const char *text, const char *from, const char *to)
{
  KtWindow window;
  g_autoptr(GError) error = NULL;
  g_autoptr(KtSnapshot) s = read_text(text);
  g_assert_true(kt_window_parse(from, to, &window, &error));
  g_assert_no_error(error);
  kt_window_apply(&window, s);
  g_assert_cmpuint(s->notes->len, >=, 1);
  const KtActivity *activity = only_machine(s)->activity;
  g_assert_cmpuint(activity->count, ==, activity->rows->len); /* mean and maximum are of these alone */
  g_assert_cmpuint(activity->fields[KT_CPU_USER].n, ==, activity->rows->len);
  return activity->rows->len;
}

static void test_window(void)
{
  g_autofree char *text = sar_text("2026-11-24", 600, 24, 12, "90.00 0.00 5.00 0.00 0.00 5.00"); /* 10:00 to 11:55 */
  g_assert_cmpuint(rows_within(text, "11:00", NULL), ==, 12);
  g_assert_cmpuint(rows_within(text, NULL, "10:00:00"), ==, 1);
  g_assert_cmpuint(rows_within(text, "11:00", "11:10"), ==, 3);
  g_assert_cmpuint(rows_within(text, "11:50", "10:05"), ==, 4); /* over midnight */
  g_assert_cmpuint(rows_within(text, "2026-11-24T11:00", "11:10"), ==, 3);
  g_assert_cmpuint(rows_within(text, "11:00", "2026-11-24 11:10:00"), ==, 3);
  g_assert_cmpuint(rows_within(text, "2026-11-24", "2026-11-24"), ==, 24);
  g_assert_cmpuint(rows_within(text, "2026-11-25", NULL), ==, 0);
  const char *undated = strchr(text, '\n') + 1;
  g_assert_cmpuint(rows_within(undated, "11:00", "11:10"), ==, 3);
  g_assert_cmpuint(rows_within(undated, "2026-11-24T11:00", NULL), ==, 0);
}

/* The row that is quoted may lie outside: then none is. */
static void test_window_quotation(void)
{
  g_autofree char *text = sar_text("2026-11-24", 600, 24, 12, "10.00 0.00 5.00 0.00 45.00 40.00");
  static const struct {
    const char *from;
    gboolean quoted;
  } cases[] = {{"10:00", TRUE}, {"11:00", FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    KtWindow window;
    g_autoptr(GError) error = NULL;
    g_autoptr(KtSnapshot) s = read_text(text);
    g_assert_true(kt_window_parse(cases[i].from, NULL, &window, &error));
    kt_window_apply(&window, s);
    const KtCite *cite = kt_machine_cite_of(only_machine(s), "activity");
    g_assert_nonnull(cite->source);
    g_assert_true(cases[i].quoted ? cite->line && *cite->text : !cite->line && !*cite->text);
  }
}

static void test_window_refused(void)
{
  static const char *const wrong[] = {"", "11", "11:60", "25:00", "noon", "2026-13-01", "2026-11-24X11:00", "1:2:3:4"};
  KtWindow window;
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_false(kt_window_parse(wrong[i], NULL, &window, &error));
    g_assert_nonnull(error);
  }
  g_autoptr(GError) error = NULL;
  g_assert_false(kt_window_parse("2026-11-24T11:00", "2026-11-24T10:00", &window, &error));
}

/* ---- the worst stretch ---- */

static void test_worst(void)
{
  g_autofree char *busy = sar_text("2026-11-24", 600, 24, 12, "90.00 0.00 5.00 0.00 0.00 5.00");
  g_autoptr(KtSnapshot) s = read_text(busy);
  g_autoptr(KtWorst) worst = kt_activity_worst(only_machine(s)->activity);
  g_assert_nonnull(worst);
  g_assert_false(worst->steal);
  g_assert_cmpstr(worst->from, ==, "2026-11-24 10:55:00");
  g_assert_cmpstr(worst->to, ==, "2026-11-24 11:10:00");
  g_assert_cmpfloat_with_epsilon(worst->pct, 95, 0.01);
  g_assert_cmpfloat_with_epsilon(worst->overall, (21 * 16 + 3 * 95) / 24.0, 0.01);

  /* steal counts before use, also where others are busier */
  g_autofree char *stolen = sar_text("2026-11-24", 600, 24, 3, "10.00 0.00 5.00 0.00 20.00 65.00");
  g_autofree char *later = sar_text("2026-11-25", 600, 24, 12, "90.00 0.00 5.00 0.00 0.00 5.00");
  g_autofree char *both = g_strconcat(stolen, later, NULL);
  g_autoptr(KtSnapshot) t = read_text(both);
  g_autoptr(KtWorst) steal = kt_activity_worst(only_machine(t)->activity);
  g_assert_true(steal && steal->steal);
  g_assert_cmpfloat_with_epsilon(steal->pct, 20, 0.01);
  g_assert_cmpstr(steal->to, ==, "2026-11-24 10:25:00");

  /* the same day in two files */
  g_autofree char *twice = g_strconcat(busy, busy, NULL);
  g_autoptr(KtSnapshot) v = read_text(twice);
  g_autoptr(KtWorst) same = kt_activity_worst(only_machine(v)->activity);
  g_assert_true(same && !same->steal);
  g_assert_cmpfloat_with_epsilon(same->overall, (21 * 16 + 3 * 95) / 24.0, 0.01);

  /* too short to have a worst part */
  g_autofree char *brief = sar_text("2026-11-24", 600, 5, 1, "90.00 0.00 5.00 0.00 0.00 5.00");
  g_autoptr(KtSnapshot) u = read_text(brief);
  g_assert_null(kt_activity_worst(only_machine(u)->activity));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/history/binary", test_binary);
  g_test_add_func("/history/no-sadf", test_no_sadf);
  g_test_add_func("/history/window", test_window);
  g_test_add_func("/history/window/quotation", test_window_quotation);
  g_test_add_func("/history/window/refused", test_window_refused);
  g_test_add_func("/history/worst", test_worst);
  return g_test_run();
}
