/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kvmtune verify RECEIPT` with a journal of its own: knobs of this machine as expectations, and a load that is
 * said to be the same. */
#include <string.h>
#include <unistd.h>

#include "apply/journal.h"
#include "base/error.h"
#include "config.h"
#include "evidence/measurement_json.h"
#include "plan/plan_json.h"

typedef struct {
  char *directory;
  char *knob;        /* what the knob says now; NULL: it cannot be read */
  const char *scope; /* of receipts */
  int status;
  char *out, *err;
} Fixture;

#define KNOB "vm.overcommit_memory" /* every Linux has it, and readers of settings know it */

static void set_up(Fixture *f, gconstpointer unused)
{
  f->directory = g_dir_make_tmp("kt-verify-XXXXXX", NULL);
  f->scope = "all";
  if (g_file_get_contents("/proc/sys/vm/overcommit_memory", &f->knob, NULL, NULL))
    g_strchomp(f->knob);
}

static void tear_down(Fixture *f, gconstpointer unused)
{
  g_autofree char *command = g_strdup_printf("rm -rf '%s'", f->directory);
  g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL);
  g_free(f->directory);
  g_free(f->knob);
  g_free(f->out);
  g_free(f->err);
}

static char *host_name(void)
{
  char *name = NULL;
  if (!g_file_get_contents("/proc/sys/kernel/hostname", &name, NULL, NULL))
    return g_strdup("");
  return g_strchomp(name);
}

/* CPU use that the machine never had: 1000 % before makes any now better, 0 any now worse. The only domain that was
 * measured has gone since, which leaves the machine to be compared. */
static char *measured(double cpu)
{
  g_autoptr(KtMeasurement) m = kt_measurement_new("host", NULL, 0.2);
  KtSeries *series = kt_measurement_series(m, NULL, NULL, KT_METRIC_CPU_PCT);
  for (guint i = 0; i < 20; i++)
    g_array_append_val(series->values, cpu);
  KtSeries *gone = kt_measurement_series(m, "no such domain", NULL, KT_METRIC_CPU_PCT);
  g_array_append_vals(gone->values, series->values->data, series->values->len);
  return kt_measurement_to_json(m);
}

static gint64 add_receipt(Fixture *f, const char *host, const char *wanted, double cpu, KtReceiptState state)
{
  g_autoptr(KtPlan) plan = kt_plan_new();
  plan->host = g_strdup(host);
  plan->live = TRUE;
  KtChange *change = kt_plan_add_change(plan, KT_ACT_SYSCTL, NULL, NULL, KNOB);
  change->title = g_strdup("a knob");
  change->why = g_strdup("a test");
  change->undo = g_strdup("back");
  kt_change_add_edit(change, KNOB, "7", wanted);
  g_autoptr(GError) error = NULL;
  g_autoptr(KtJournal) journal = kt_journal_open(f->directory, TRUE, &error);
  g_assert_no_error(error);
  g_autoptr(KtReceipt) receipt = kt_receipt_new();
  receipt->begun = kt_receipt_now();
  receipt->host = g_strdup(host);
  receipt->tool = g_strdup("test");
  receipt->scope = g_strdup(f->scope);
  receipt->state = state;
  receipt->plan = kt_plan_to_json(plan);
  receipt->measured = cpu >= 0 ? measured(cpu) : NULL;
  g_assert_true(kt_journal_add(journal, receipt, &error));
  g_assert_true(kt_journal_set_state(journal, receipt, &error));
  g_assert_no_error(error);
  return receipt->number;
}

static void verify(Fixture *f, const char *receipt, const char *option)
{
  const char *const argv[] = {g_getenv("KT_BIN"), "verify",     receipt, "--json",     "--state",
                              f->directory,       "--duration", "2s",    "--interval", "0.2s",
                              "--same-load",      option,       NULL};
  g_autoptr(GError) error = NULL;
  g_clear_pointer(&f->out, g_free);
  g_clear_pointer(&f->err, g_free);
  g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &f->out, &f->err, &f->status, &error);
  g_assert_no_error(error);
  f->status = WEXITSTATUS(f->status);
  if (f->status == 2)
    g_test_message("%s", f->err);
}

static void assert_says(const Fixture *f, const char *part)
{
  if (!strstr(f->out, part))
    g_error("does not say '%s': %s%s", part, f->out, f->err);
}

static char *noted(const Fixture *f, gint64 number)
{
  g_autoptr(KtJournal) journal = kt_journal_open(f->directory, FALSE, NULL);
  g_autoptr(KtReceipt) receipt = kt_journal_load(journal, number, NULL);
  return g_strdup(receipt->verdict);
}

static gboolean can_run(const Fixture *f)
{
#if HAVE_SQLITE && HAVE_JSON
  if (f->knob && g_file_test("/proc/stat", G_FILE_TEST_EXISTS))
    return TRUE;
#endif
  g_test_skip("needs SQLite, json-glib and /proc");
  return FALSE;
}

static void test_better(Fixture *f, gconstpointer unused)
{
  g_autofree char *host = host_name();
  if (!can_run(f))
    return;
  gint64 number = add_receipt(f, host, f->knob, 1000, KT_RECEIPT_DONE);
  verify(f, "last", NULL);
  g_assert_cmpint(f->status, ==, 0);
  assert_says(f, "\"verdict\": \"better\"");
  assert_says(f, "\"state\": \"fulfilled\"");
  g_autofree char *verdict = noted(f, number);
  g_assert_cmpstr(verdict, ==, "better");
}

static void test_missed(Fixture *f, gconstpointer unused)
{
  g_autofree char *host = host_name();
  if (!can_run(f))
    return;
  add_receipt(f, host, "8", 1000, KT_RECEIPT_DONE); /* somebody has set it back */
  verify(f, "1", NULL);
  g_assert_cmpint(f->status, ==, 1);
  assert_says(f, "\"verdict\": \"better\"");
  assert_says(f, "\"state\": \"missed\"");
  g_autofree char *found = g_strdup_printf("\"found\": \"%s\"", f->knob);
  assert_says(f, found);
}

static void test_left_out(Fixture *f, gconstpointer unused)
{
  g_autofree char *host = host_name();
  if (!can_run(f))
    return;
  f->scope = "next-boot"; /* a knob is changed live */
  add_receipt(f, host, "8", 1000, KT_RECEIPT_DONE);
  verify(f, "last", NULL);
  g_assert_cmpint(f->status, ==, 0);
  assert_says(f, "\"verdict\": \"better\"");
  assert_says(f, "\"state\": \"left out\"");
}

static void test_unmeasured(Fixture *f, gconstpointer unused)
{
  g_autofree char *host = host_name();
  if (!can_run(f))
    return;
  gint64 number = add_receipt(f, host, f->knob, -1, KT_RECEIPT_DONE);
  verify(f, "last", NULL);
  g_assert_cmpint(f->status, ==, 3);
  assert_says(f, "\"verdict\": null");
  assert_says(f, "\"state\": \"fulfilled\"");
  g_autofree char *verdict = noted(f, number);
  g_assert_null(verdict);
}

static gint spinning;

static gpointer spin(gpointer unused)
{
  volatile guint n = 0;
  while (g_atomic_int_get(&spinning))
    n++;
  return NULL;
}

/* Worse than a machine that did nothing: all CPUs are made busy meanwhile. */
static void test_worse(Fixture *f, gconstpointer unused)
{
  g_autofree char *host = host_name();
  GThread *threads[16];
  guint n = MIN(g_get_num_processors(), G_N_ELEMENTS(threads));
  if (!can_run(f))
    return;
  gint64 number = add_receipt(f, host, f->knob, 0, KT_RECEIPT_DONE);
  g_atomic_int_set(&spinning, TRUE);
  for (guint i = 0; i < n; i++)
    threads[i] = g_thread_new("spin", spin, NULL);
  verify(f, "last", NULL);
  g_assert_cmpint(f->status, ==, 1);
  assert_says(f, "\"verdict\": \"worse\"");
  assert_says(f, "\"rollback\": \"kvmtune rollback 1 --state ");
  assert_says(f, "\"rolled_back\": null");
  verify(f, "last", "--auto-rollback");
  assert_says(f, "\"rolled_back\": \"receipt 1 ");
  g_autofree char *verdict = noted(f, number);
  g_assert_cmpstr(verdict, ==, "worse");
  g_atomic_int_set(&spinning, FALSE);
  for (guint i = 0; i < n; i++)
    g_thread_join(threads[i]);
}

static void test_refusals(Fixture *f, gconstpointer unused)
{
  g_autofree char *host = host_name();
  if (!can_run(f))
    return;
  add_receipt(f, host, f->knob, 10, KT_RECEIPT_UNDONE);
  verify(f, "last", NULL);
  g_assert_cmpint(f->status, ==, 2);
  g_assert_nonnull(strstr(f->err, "was rolled back"));
  add_receipt(f, "elsewhere", f->knob, 10, KT_RECEIPT_DONE);
  verify(f, "last", NULL);
  g_assert_cmpint(f->status, ==, 2);
  g_assert_nonnull(strstr(f->err, "of the host 'elsewhere'"));
  verify(f, "9", NULL);
  g_assert_cmpint(f->status, ==, 2);
}

#define TEST(name, function) g_test_add("/verify-receipt/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  TEST("better", test_better);
  TEST("missed", test_missed);
  TEST("left-out", test_left_out);
  TEST("worse", test_worse);
  TEST("unmeasured", test_unmeasured);
  TEST("refusals", test_refusals);
  return g_test_run();
}
