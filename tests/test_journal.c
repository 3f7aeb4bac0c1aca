/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receipts on the disk: what is written is read, and what cannot be is refused. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/journal.h"
#include "apply/sql.h"
#include "base/error.h"

typedef struct {
  char *directory, *file;
} Place;

static void set_up(Place *place, gconstpointer data)
{
  g_autofree char *top = g_dir_make_tmp("kvmtune-journal-XXXXXX", NULL);
  place->directory = g_build_filename(top, "state", NULL);
  place->file = g_build_filename(place->directory, "journal.db", NULL);
}

static void tear_down(Place *place, gconstpointer data)
{
  g_autofree char *top = g_path_get_dirname(place->directory), *lock = g_build_filename(place->directory, "lock", NULL);
  g_remove(place->file);
  g_remove(lock);
  g_rmdir(place->directory);
  g_rmdir(top);
  g_free(place->directory);
  g_free(place->file);
}

static KtReceipt *make_receipt(void)
{
  KtReceipt *r = kt_receipt_new();
  r->begun = g_strdup("2026-11-25T10:00:00+00:00");
  r->host = g_strdup("kvm7");
  r->tool = g_strdup("0.1.0");
  r->scope = g_strdup("live");
  r->plan = g_strdup("{}");
  g_ptr_array_add(r->notes, g_strdup("one"));
  g_ptr_array_add(r->notes, g_strdup("two\nlines"));
  KtStep *step = kt_step_new(KT_STEP_MEMORY, "0", "0:1024", NULL);
  step->number = 1;
  step->change = g_strdup("crm/memory");
  step->domain = g_strdup("crm");
  step->uuid = g_strdup("4dea22b3-1d52-d8f3-2516-782e98ab3fa0");
  step->note = g_strdup("at once");
  step->at_once = TRUE;
  g_ptr_array_add(r->steps, step);
  step = kt_step_new(KT_STEP_SYSCTL, "kernel.numa_balancing", "1", "0");
  step->number = 2;
  g_ptr_array_add(r->steps, step);
  return r;
}

static void assert_open(const Place *place, gboolean write, int code)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtJournal) journal = kt_journal_open(place->directory, write, &error);
  g_assert_null(journal);
  g_assert_error(error, KT_ERROR, code);
  g_assert_nonnull(strstr(error->message, place->directory));
  g_assert_null(strchr(error->message, '\n'));
}

static void test_round(Place *place, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  struct stat st;
  assert_open(place, FALSE, KT_ERROR_NOT_FOUND);
  g_autoptr(KtJournal) journal = kt_journal_open(place->directory, TRUE, &error);
  g_assert_no_error(error);
  g_assert_cmpint(stat(place->file, &st), ==, 0);
  g_assert_cmpint(st.st_mode & 0777, ==, 0600);
  g_assert_cmpint(stat(place->directory, &st), ==, 0);
  g_assert_cmpint(st.st_mode & 0777, ==, 0700);
  g_autoptr(KtReceipt) receipt = make_receipt();
  g_assert_true(kt_journal_add(journal, receipt, &error));
  g_assert_cmpint(receipt->number, ==, 1);
  KtStep *step = receipt->steps->pdata[1];
  step->state = KT_STEP_DONE;
  step->found = g_strdup("0");
  g_ptr_array_add(step->calls, g_strdup("write(kernel.numa_balancing, 0)"));
  receipt->state = KT_RECEIPT_DONE;
  receipt->ended = g_strdup("2026-11-25T10:00:01+00:00");
  g_assert_true(kt_journal_set_step(journal, receipt, step, &error));
  g_assert_true(kt_journal_set_state(journal, receipt, &error));
  g_assert_true(kt_journal_set_verdict(journal, 1, "better", &error));

  g_autoptr(KtJournal) reader = kt_journal_open(place->directory, FALSE, &error);
  g_autoptr(KtReceipt) last = kt_journal_load(reader, 0, &error);
  g_assert_no_error(error);
  g_assert_cmpint(last->number, ==, 1);
  g_assert_cmpint(last->state, ==, KT_RECEIPT_DONE);
  g_assert_cmpstr(last->verdict, ==, "better");
  g_assert_cmpstr(last->notes->pdata[1], ==, "two lines");
  g_assert_cmpuint(last->steps->len, ==, 2);
  step = last->steps->pdata[0];
  g_assert_cmpint(step->kind, ==, KT_STEP_MEMORY);
  g_assert_cmpstr(step->before, ==, "0:1024");
  g_assert_null(step->after);
  g_assert_true(step->at_once);
  step = last->steps->pdata[1];
  g_assert_cmpint(step->state, ==, KT_STEP_DONE);
  g_assert_cmpstr(step->found, ==, "0");
  g_assert_cmpuint(step->calls->len, ==, 1);
  g_autoptr(KtReceipt) none = kt_journal_load(reader, 2, &error);
  g_assert_null(none);
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
}

static void test_bounded(Place *place, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtJournal) journal = kt_journal_open(place->directory, TRUE, &error);
  for (guint i = 0; i < KT_JOURNAL_RECEIPTS + 3; i++) {
    g_autoptr(KtReceipt) receipt = make_receipt();
    receipt->state = i == 1 ? KT_RECEIPT_RUNNING : KT_RECEIPT_UNDONE; /* the second was interrupted: it stays */
    g_assert_true(kt_journal_add(journal, receipt, &error));
  }
  g_autoptr(GPtrArray) all = kt_journal_list(journal, &error);
  g_assert_cmpuint(all->len, ==, KT_JOURNAL_RECEIPTS + 1);
  g_assert_cmpint(((KtReceipt *)all->pdata[all->len - 1])->number, ==, 2);
  g_assert_cmpint(((KtReceipt *)all->pdata[0])->number, ==, KT_JOURNAL_RECEIPTS + 3);
}

/* Each server of a cloud has a receipt: they outnumber the runs on hosts, and push nothing out. */
static void test_bounded_by_kind(Place *place, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtJournal) journal = kt_journal_open(place->directory, TRUE, &error);
  for (guint i = 0; i < KT_JOURNAL_RECEIPTS + 3; i++) {
    g_autoptr(KtReceipt) receipt = make_receipt();
    receipt->state = KT_RECEIPT_DONE;
    g_free(receipt->uri);
    receipt->uri = i ? g_strdup("https://cloud.example/compute/v2.1") : NULL;
    g_assert_true(kt_journal_add(journal, receipt, &error));
  }
  g_autoptr(GPtrArray) all = kt_journal_list(journal, &error);
  g_assert_cmpuint(all->len, ==, KT_JOURNAL_RECEIPTS + 3);
}

static void test_refused(Place *place, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  char junk[8192];
  memset(junk, 'x', sizeof junk);
  g_assert_cmpint(g_mkdir(place->directory, 0700), ==, 0);
  g_assert_true(g_file_set_contents(place->file, junk, sizeof junk, NULL));
  assert_open(place, TRUE, KT_ERROR_FORMAT); /* no database at all */
  assert_open(place, FALSE, KT_ERROR_FORMAT);
  g_autofree char *kept = NULL;
  g_assert_true(g_file_get_contents(place->file, &kept, NULL, NULL));
  g_assert_cmpmem(kept, sizeof junk, junk, sizeof junk);
  g_remove(place->file);

  KtJournal *journal = kt_journal_open(place->directory, TRUE, &error);
  g_autoptr(KtReceipt) receipt = make_receipt();
  ((KtStep *)receipt->steps->pdata[0])->after = g_strnfill(100000, 'a');
  g_assert_true(kt_journal_add(journal, receipt, &error));
  kt_journal_free(journal);
  g_autofree char *bytes = NULL;
  gsize length;
  g_assert_true(g_file_get_contents(place->file, &bytes, &length, NULL));
  bytes[63]++; /* user_version, big-endian at 60 */
  g_assert_true(g_file_set_contents(place->file, bytes, (gssize)length, NULL));
  assert_open(place, TRUE, KT_ERROR_UNSUPPORTED);
  assert_open(place, FALSE, KT_ERROR_UNSUPPORTED);
  bytes[63]--;
  bytes[68]++; /* application_id */
  g_assert_true(g_file_set_contents(place->file, bytes, (gssize)length, NULL));
  assert_open(place, TRUE, KT_ERROR_FORMAT);
  bytes[68]--;
  g_assert_true(g_file_set_contents(place->file, bytes, (gssize)length / 2, NULL)); /* cut off */
  assert_open(place, TRUE, KT_ERROR_FORMAT);
  memset(bytes + 4096, 0xff, 4096); /* a page of the tables */
  g_assert_true(g_file_set_contents(place->file, bytes, (gssize)length, NULL));
  assert_open(place, TRUE, KT_ERROR_FORMAT);
  if (geteuid() != 0) { /* root may write all */
    g_assert_cmpint(g_chmod(place->file, 0400), ==, 0);
    assert_open(place, TRUE, KT_ERROR_ACCESS);
  }
}

/* A journal of the first format: read as it is, and given what it lacks by the first that writes. */
static void test_old(Place *place, gconstpointer data)
{
  static const char back[] = "ALTER TABLE receipt DROP COLUMN machine;"
                             "ALTER TABLE step DROP COLUMN run;"
                             "PRAGMA user_version = 1;";
  g_autoptr(GError) error = NULL;
  KtJournal *journal = kt_journal_open(place->directory, TRUE, &error);
  g_autoptr(KtReceipt) receipt = make_receipt();
  receipt->machine = g_strdup("a1");
  ((KtStep *)receipt->steps->pdata[0])->run = g_strdup("id 5");
  g_assert_true(kt_journal_add(journal, receipt, &error));
  kt_journal_free(journal);
  KtSql *sql = kt_sql_open(place->file, TRUE, &error);
  g_assert_true(kt_sql_run(sql, back, &error));
  kt_sql_close(sql);
  for (gboolean write = FALSE; write <= TRUE; write++) {
    g_autoptr(KtJournal) opened = kt_journal_open(place->directory, write, &error);
    g_assert_no_error(error);
    g_autoptr(KtReceipt) old = kt_journal_load(opened, 1, &error);
    g_assert_no_error(error);
    g_assert_null(old->machine);
    g_assert_null(((KtStep *)old->steps->pdata[0])->run);
    g_assert_true(!write || kt_journal_add(opened, receipt, &error));
  }
  g_autoptr(KtJournal) again = kt_journal_open(place->directory, FALSE, &error);
  g_autoptr(KtReceipt) new = kt_journal_load(again, 2, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(new->machine, ==, "a1");
  g_assert_cmpstr(((KtStep *)new->steps->pdata[0])->run, ==, "id 5");
}

static void test_lock(Place *place, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(kt_lock_receipt(place->directory), ==, 0);
  KtLock *lock = kt_lock_take(place->directory, "kvmtune apply", &error);
  g_assert_no_error(error);
  g_assert_cmpint(kt_lock_receipt(place->directory), ==, 0); /* it has not begun one */
  g_assert_true(kt_lock_note(lock, 1234567, &error));
  g_assert_cmpint(kt_lock_receipt(place->directory), ==, 1234567);
  g_assert_true(kt_lock_note(lock, 7, &error));
  g_assert_cmpint(kt_lock_receipt(place->directory), ==, 7);
  g_autoptr(KtLock) second = kt_lock_take(place->directory, "kvmtune rollback", &error);
  g_assert_null(second);
  g_assert_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED);
  g_autofree char *who = g_strdup_printf("process %d, 'kvmtune apply' of ", (int)getpid());
  g_assert_nonnull(strstr(error->message, who));
  g_assert_nonnull(strstr(error->message, " receipt 7, is at work already"));
  g_autofree char *path = g_build_filename(place->directory, "lock", NULL), *one = NULL, *other = NULL;
  gsize length, later;
  g_assert_true(g_file_get_contents(path, &one, &length, NULL));
  g_assert_true(kt_lock_note(lock, 1234567, &error));
  g_assert_true(g_file_get_contents(path, &other, &later, NULL));
  g_assert_cmpuint(length, ==, later); /* so that nothing of the line before is left behind it */
  kt_lock_free(lock);
  g_assert_cmpint(kt_lock_receipt(place->directory), ==, 0);
}

static gpointer ask_receipt(gpointer directory)
{
  return GINT_TO_POINTER((int)kt_lock_receipt(directory));
}

/* Whoever asks while one takes it waits for that one's words, and is not told those of the one before. */
static void test_lock_instant(Place *place, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  KtLock *before = kt_lock_take(place->directory, "kvmtune apply", &error);
  g_assert_true(kt_lock_note(before, 7, &error));
  kt_lock_free(before);
  g_autofree char *path = g_build_filename(place->directory, "lock", NULL);
  int fd = g_open(path, O_RDWR | O_CLOEXEC, 0); /* held, and nothing written yet */
  struct flock both = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 2};
  g_assert_cmpint(fcntl(fd, F_OFD_SETLK, &both), ==, 0);
  GThread *asking = g_thread_new("asking", ask_receipt, place->directory);
  g_usleep(50000);
  static const char words[] = "process 1, 'kvmtune apply' of now, receipt 9,";
  g_assert_cmpint(pwrite(fd, words, strlen(words), 0), ==, (gssize)strlen(words));
  struct flock door = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
  g_assert_cmpint(fcntl(fd, F_OFD_SETLK, &door), ==, 0);
  g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(asking)), ==, 9);
  close(fd);
}

/* Two folders of journals, one host. */
static void test_host_lock(Place *place, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_setenv("KVMTUNE_RUN_DIR", place->directory, TRUE);
  KtLock *lock = kt_lock_take_host("kvmtune apply", &error);
  g_assert_no_error(error);
  g_setenv("RUNTIME_DIRECTORY", "/elsewhere", TRUE); /* of a unit */
  g_assert_null(kt_lock_take_host("kvmtune rollback", &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED);
  g_assert_nonnull(strstr(error->message, place->directory));
  g_clear_error(&error);
  kt_lock_free(lock);
  lock = kt_lock_take_host("kvmtune rollback", &error);
  g_assert_no_error(error);
  kt_lock_free(lock);
  g_unsetenv("RUNTIME_DIRECTORY");
  g_unsetenv("KVMTUNE_RUN_DIR");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add(name, Place, NULL, set_up, function, tear_down)
  ADD("/journal/round", test_round);
  ADD("/journal/bounded", test_bounded);
  ADD("/journal/bounded-by-kind", test_bounded_by_kind);
  ADD("/journal/refused", test_refused);
  ADD("/journal/old", test_old);
  ADD("/journal/lock", test_lock);
  ADD("/journal/lock-instant", test_lock_instant);
  ADD("/journal/host-lock", test_host_lock);
  return g_test_run();
}
