/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run and its rollback, killed or failing at every point: at each write of
 * the journal's files, and in front of, in the middle of and behind each
 * change of the system. After each the journal tells the truth, and a rollback brings everything back. */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/run.h"
#include "apply/steps.h"
#include "fake_actuator.h"
#include "faulty_vfs.h"

static char *directory, *host, *start;
static guint cases;

/* Of the child, seen by the parent. */
static struct {
  guint operations, points, writes;
} * seen;

/* What goes wrong. */
typedef struct {
  KtFault fault;
  guint at;        /* operation of the journal's files */
  guint point;     /* of the actuator, where it is killed; 0: nowhere */
  guint write;     /* of the actuator that fails; 0: none */
  gboolean behind; /* ... after it was done */
} Wrong;

static const Wrong nothing = {0};
static guint kill_point;

static void at_point(void)
{
  if (++seen->points == kill_point)
    kill(getpid(), SIGKILL);
}

/* ---- what is done ---- */

static gboolean run(KtScope scope, KtActuator *actuator, KtJournal *journal, GError **error)
{
  g_autoptr(KtReceipt) receipt = kt_receipt_new();
  g_autoptr(KtPlan) plan = kt_fake_plan();
  const KtRun own = {.actuator = actuator, .journal = journal};
  receipt->host = g_strdup("kvm7");
  receipt->scope = g_strdup(kt_scopes[scope]);
  receipt->plan = g_strdup("{}");
  return kt_steps_make(plan, scope, NULL, actuator, receipt, error) && kt_run_apply(&own, receipt, error);
}

static gboolean back(KtActuator *actuator, KtJournal *journal, GError **error)
{
  const KtRun own = {.actuator = actuator, .journal = journal};
  g_autoptr(KtReceipt) receipt = kt_journal_load(journal, 0, error);
  return receipt && kt_run_rollback(&own, receipt, error);
}

/* As the commands do it. TRUE: went through. */
static gboolean act(gboolean backwards, KtScope scope, const Wrong *wrong)
{
  g_autoptr(GError) error = NULL;
  KtFake *fake = kt_fake_open(host);
  fake->point = at_point;
  fake->fail_at = wrong->write;
  fake->fail_behind = wrong->behind;
  kill_point = wrong->point;
  kt_faulty_vfs_set(wrong->fault, wrong->at);
  g_autoptr(KtActuator) actuator = &fake->base;
  g_autoptr(KtLock) lock = kt_lock_take(directory, "test", &error);
  g_autoptr(KtJournal) journal = lock ? kt_journal_open(directory, TRUE, &error) : NULL;
  gboolean done = journal && (backwards ? back(actuator, journal, &error) : run(scope, actuator, journal, &error));
  seen->writes = fake->writes;
  seen->operations = kt_faulty_vfs_count();
  kt_faulty_vfs_set(KT_FAULT_NONE, 0);
  return done;
}

typedef enum { WENT, FAILED, KILLED } End;

static End act_in_child(gboolean backwards, KtScope scope, const Wrong *wrong)
{
  int status;
  memset(seen, 0, sizeof *seen);
  pid_t pid = fork();
  if (pid == 0)
    _exit(act(backwards, scope, wrong) ? 0 : 1);
  g_assert_cmpint(pid, >, 0);
  g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
  if (WIFSIGNALED(status))
    g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
  return WIFSIGNALED(status) ? KILLED : WEXITSTATUS(status) == 0 ? WENT : FAILED;
}

static void begin(void)
{
  static const char *const files[] = {"journal.db", "journal.db-journal", "lock"};
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *path = g_build_filename(directory, files[i], NULL);
    g_remove(path);
  }
  g_assert_true(kt_fake_make(host));
}

/* ---- is it the truth? ---- */

static guint count_lines(const char *text, const char *line)
{
  guint n = 0;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    n += g_str_equal(lines[i], line);
  return n;
}

static guint count_steps(const KtReceipt *receipt, const char *name, guint states)
{
  guint n = 0;
  for (guint i = 0; i < receipt->steps->len; i++) {
    const KtStep *step = receipt->steps->pdata[i];
    g_autofree char *own = kt_step_name(step);
    n += g_str_equal(own, name) && (states & 1u << step->state);
  }
  return n;
}

/* What the system was asked to do, the journal knows; and what the journal says was done, was. */
static void check_truth(End end)
{
  g_autoptr(KtJournal) journal = kt_journal_open(directory, FALSE, NULL);
  g_autoptr(KtReceipt) receipt = journal ? kt_journal_load(journal, 0, NULL) : NULL;
  g_autofree char *log = kt_fake_log(host);
  if (!receipt) {
    g_assert_cmpstr(log, ==, "");
    return;
  }
  for (guint i = 0; i < receipt->steps->len; i++) {
    g_autofree char *name = kt_step_name(receipt->steps->pdata[i]);
    guint done = count_lines(log, name);
    g_assert_cmpuint(done, <=, count_steps(receipt, name, ~(1u << KT_STEP_PLANNED)));
    g_assert_cmpuint(done, >=, count_steps(receipt, name, 1u << KT_STEP_DONE));
  }
  if (receipt->state == KT_RECEIPT_DONE)
    for (guint i = 0; i < receipt->steps->len; i++)
      g_assert_cmpint(((KtStep *)receipt->steps->pdata[i])->state, ==, KT_STEP_DONE);
  if (end == WENT)
    g_assert_cmpint(receipt->state, ==, KT_RECEIPT_DONE);
}

/* All lines but the ids of restarts, which nobody brings back. */
static char *state_of(KtScope scope)
{
  g_autofree char *state = kt_fake_state(host);
  g_auto(GStrv) lines = g_strsplit(state, "\n", -1);
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; lines[i]; i++)
    if (scope != KT_SCOPE_RESTART || !strstr(lines[i], " id="))
      g_string_append_printf(text, "%s\n", lines[i]);
  return g_string_free(g_steal_pointer(&text), FALSE);
}

static void assert_back(KtScope scope)
{
  g_autofree char *state = state_of(scope);
  g_assert_cmpstr(state, ==, start);
  g_autoptr(KtJournal) journal = kt_journal_open(directory, FALSE, NULL);
  g_autoptr(KtReceipt) receipt = journal ? kt_journal_load(journal, 0, NULL) : NULL;
  for (guint i = 0; receipt && i < receipt->steps->len; i++) {
    const KtStep *step = receipt->steps->pdata[i];
    if (step->kind != KT_STEP_RESTART)
      g_assert_true(step->state == KT_STEP_PLANNED || step->state == KT_STEP_UNDONE);
  }
  if (receipt && scope != KT_SCOPE_RESTART)
    g_assert_cmpint(receipt->state, ==, KT_RECEIPT_UNDONE);
}

/* ---- one case ---- */

/* Without any receipt there is nothing to roll back, and nothing was done. */
static void roll_back(KtScope scope)
{
  g_autoptr(KtJournal) journal = kt_journal_open(directory, FALSE, NULL);
  g_autoptr(KtReceipt) receipt = journal ? kt_journal_load(journal, 0, NULL) : NULL;
  gboolean any = receipt != NULL;
  g_clear_pointer(&journal, kt_journal_free);
  if (any)
    g_assert_true(act(TRUE, scope, &nothing));
  assert_back(scope);
}

static void run_goes_wrong(KtScope scope, const Wrong *wrong)
{
  cases++;
  begin();
  End end = act_in_child(FALSE, scope, wrong);
  check_truth(end);
  roll_back(scope);
}

static void rollback_goes_wrong(KtScope scope, const Wrong *wrong)
{
  cases++;
  begin();
  g_assert_true(act(FALSE, scope, &nothing));
  act_in_child(TRUE, scope, wrong);
  roll_back(scope);
}

/* ---- all of them ---- */

static void each(gboolean backwards, KtScope scope, void (*one)(KtScope, const Wrong *))
{
  begin();
  if (backwards)
    g_assert_true(act(FALSE, scope, &nothing));
  g_assert_cmpint(act_in_child(backwards, scope, &nothing), ==, WENT);
  guint operations = seen->operations, points = seen->points, writes = seen->writes;
  g_assert_cmpuint(points, >=, 2 * writes);
  guint faults = scope == KT_SCOPE_ALL ? KT_FAULTS : KT_FAULT_KILL + 1; /* the journal's writes are the same */
  for (KtFault fault = KT_FAULT_KILL; fault < faults; fault++)
    for (guint at = 1; at <= operations; at++)
      one(scope, &(Wrong){.fault = fault, .at = at});
  for (guint point = 1; point <= points; point++)
    one(scope, &(Wrong){.point = point});
  for (guint write = 1; write <= writes; write++) {
    one(scope, &(Wrong){.write = write});
    one(scope, &(Wrong){.write = write, .behind = TRUE});
  }
  g_test_message("%s, %s: %u writes of the journal's files x %d faults, %u points to be killed at, %u calls that fail",
                 kt_scopes[scope], backwards ? "rollback" : "run", operations, faults - 1, points, 2 * writes);
}

static void test_scope(gconstpointer data)
{
  KtScope scope = GPOINTER_TO_INT(data);
  guint before = cases;
  begin();
  g_free(start);
  start = state_of(scope);
  each(FALSE, scope, run_goes_wrong);
  each(TRUE, scope, rollback_goes_wrong);
  g_test_message("%u cases: the journal told the truth, and the rollback brought everything back", cases - before);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  gboolean shm = g_file_test("/dev/shm", G_FILE_TEST_IS_DIR); /* a disk would have to write each renamed file */
  g_autofree char *template = g_build_filename(shm ? "/dev/shm" : g_get_tmp_dir(), "kvmtune-faults-XXXXXX", NULL);
  directory = g_mkdtemp(g_steal_pointer(&template));
  host = g_build_filename(directory, "host", NULL);
  seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  kt_faulty_vfs_start();
  g_test_add_data_func("/apply-faults/all", GINT_TO_POINTER(KT_SCOPE_ALL), test_scope);
  g_test_add_data_func("/apply-faults/restart", GINT_TO_POINTER(KT_SCOPE_RESTART), test_scope);
  int status = g_test_run();
  begin();
  g_remove(host);
  g_autofree char *lock = g_build_filename(directory, "lock", NULL);
  g_remove(lock);
  g_rmdir(directory);
  return status;
}
