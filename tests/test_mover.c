/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On whatever nodes this machine has: one is enough to be refused, to be counted and to have nothing to do. */
#include <glib.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/mover.h"
#include "base/error.h"

#define MIB (1024 * 1024)
#define SIZE (24 * MIB)

static void test_text(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GArray) memory = kt_memory_parse("3:1024,0:8388608,3:6", &error);
  g_assert_no_error(error);
  g_autofree char *text = kt_memory_format(memory);
  g_assert_cmpstr(text, ==, "0:8388608,3:1030");
  static const char *const bad[] = {"",
                                    "0",
                                    "0:",
                                    ":1",
                                    "0:1,",
                                    "0:1;1",
                                    "1024:1",
                                    "-1:1",
                                    "0:-1",
                                    "a:1",
                                    "0:1 ",
                                    "0:1,,1:2",
                                    "0:600000000000000,1:1,0:600000000000000",
                                    "0:99999999999999999999"};
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) refused = NULL;
    g_assert_null(kt_memory_parse(bad[i], &refused));
    g_assert_error(refused, KT_ERROR, KT_ERROR_FORMAT);
  }
}

static double distance(const char *wanted, const char *found)
{
  g_autoptr(GArray) a = kt_memory_parse(wanted, NULL);
  g_autoptr(GArray) b = kt_memory_parse(found, NULL);
  return kt_memory_distance(a, b);
}

static gboolean is_about(double value, double wanted)
{
  return value > wanted - 1e-9 && value < wanted + 1e-9;
}

static void test_distance(void)
{
  g_assert_true(is_about(distance("0:100,1:100", "0:100,1:100"), 0));
  g_assert_true(is_about(distance("0:100,1:100", "0:1000,1:1000"), 0));
  g_assert_true(is_about(distance("0:100", "1:7"), 1));
  g_assert_true(is_about(distance("3:100", "0:1,3:99"), 0.01));
  g_assert_true(is_about(distance("0:50,1:50", "0:100"), 0.5));
  g_assert_true(is_about(distance("0:0", "0:0"), 0));
  g_assert_true(is_about(distance("0:0", "0:1"), 1));
}

/* A child with SIZE bytes, of which it has written the first `touched`. */
typedef struct {
  pid_t pid;
  KtDomain *domain;
  KtRoot *root;
  GPtrArray *mappings;
} Child;

static void child_start(Child *c, gsize touched, gboolean shared)
{
  int ready[2];
  g_assert_cmpint(pipe(ready), ==, 0);
  char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
  g_assert_true(memory != MAP_FAILED);
  c->pid = fork();
  g_assert_cmpint(c->pid, >=, 0);
  if (c->pid == 0) {
    memset(memory, 1, touched);
    if (write(ready[1], "x", 1) == 1)
      pause();
    _exit(0);
  }
  char byte;
  g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
  munmap(memory, SIZE);
  close(ready[0]);
  close(ready[1]);
  g_autoptr(GError) error = NULL;
  c->root = kt_root_open("/", &error);
  c->domain = kt_domain_new("test");
  c->domain->memory_kib = KT_INT(SIZE / 1024);
  c->mappings = kt_guest_memory_read(c->root, c->pid, c->domain, &error);
  g_assert_no_error(error);
}

static void child_end(Child *c)
{
  kill(c->pid, SIGKILL);
  waitpid(c->pid, NULL, 0);
  g_ptr_array_unref(c->mappings);
  kt_domain_free(c->domain);
  kt_root_unref(c->root);
}

static gboolean skipped(void)
{
  g_autofree char *maps = NULL;
  if (g_file_get_contents("/proc/self/numa_maps", &maps, NULL, NULL) && strstr(maps, " N"))
    return FALSE;
  g_test_skip("this kernel has no NUMA");
  return TRUE;
}

/* Its pages are on the nodes that it may use; there they stay. */
static void there_already(gboolean shared)
{
  if (skipped())
    return;
  Child c;
  child_start(&c, SIZE / 2, shared);
  g_autoptr(GArray) now = kt_memory_of(c.mappings, 0);
  g_autofree char *text = kt_memory_format(now);
  gint64 kib = 0;
  for (guint i = 0; i < now->len; i++)
    kib += g_array_index(now, KtNodeMemory, i).kib;
  g_assert_cmpint(kib, ==, SIZE / 2 / 1024);
  KtMoved moved;
  g_autoptr(GError) error = NULL;
  const KtMover mover = {.root = c.root, .pid = c.pid, .mappings = c.mappings, .wanted = now};
  g_assert_true(kt_mover_run(&mover, &moved, &error));
  g_assert_no_error(error);
  g_assert_cmpuint(moved.all, ==, 0);
  g_assert_cmpuint(moved.moved, ==, 0);
  g_assert_null(kt_moved_why(&moved));
  g_autoptr(GPtrArray) again = kt_guest_memory_read(c.root, c.pid, c.domain, NULL);
  g_autoptr(GArray) then = kt_memory_of(again, 0);
  g_autofree char *after = kt_memory_format(then);
  g_assert_cmpstr(after, ==, text);
  child_end(&c);
}

static void test_private(void)
{
  there_already(FALSE);
}

static void test_shared(void)
{
  there_already(TRUE);
}

static gboolean run(const Child *c, const char *wanted, GCancellable *stop, KtMoved *moved, GError **error)
{
  g_autoptr(GArray) to = kt_memory_parse(wanted, NULL);
  const KtMover mover = {.root = c->root, .pid = c->pid, .mappings = c->mappings, .wanted = to, .stop = stop};
  return kt_mover_run(&mover, moved, error);
}

static void test_refused(void)
{
  if (skipped())
    return;
  Child c;
  KtMoved moved;
  child_start(&c, MIB, FALSE);
  g_autoptr(GError) error = NULL;
  g_assert_false(run(&c, "1000:5", NULL, &moved, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
  g_autoptr(GError) other = NULL;
  g_assert_false(kt_mover_migrate(c.root, c.pid, 1000, &other));
  g_assert_error(other, KT_ERROR, KT_ERROR_NOT_FOUND);
  g_autoptr(GCancellable) stop = g_cancellable_new();
  g_cancellable_cancel(stop);
  g_assert_true(run(&c, "0:5", stop, &moved, NULL));
  g_assert_true(moved.stopped);
  siginfo_t info;
  kill(c.pid, SIGKILL);
  g_assert_cmpint(waitid(P_PID, (id_t)c.pid, &info, WEXITED | WNOWAIT), ==, 0);
  g_autoptr(GError) ending = NULL;
  g_assert_false(kt_mover_migrate(c.root, c.pid, 0, &ending));
  g_assert_error(ending, KT_ERROR, KT_ERROR_NOT_FOUND);
  g_assert_nonnull(strstr(ending->message, "is gone"));
  waitpid(c.pid, NULL, 0);
  g_autoptr(GError) gone = NULL;
  g_assert_false(run(&c, "0:5", NULL, &moved, &gone));
  g_assert_error(gone, KT_ERROR, KT_ERROR_NOT_FOUND);
  g_ptr_array_unref(c.mappings);
  kt_domain_free(c.domain);
  kt_root_unref(c.root);
}

static void kill_it(guint64 done, guint64 all, double per_second, gpointer data)
{
  siginfo_t info;
  kill(*(pid_t *)data, SIGKILL);
  g_assert_cmpint(waitid(P_PID, (id_t) * (pid_t *)data, &info, WEXITED | WNOWAIT), ==, 0);
}

/* Its number may be another's already. */
static void test_ended(void)
{
  if (skipped())
    return;
  Child c;
  KtMoved moved;
  child_start(&c, SIZE, FALSE);
  g_autoptr(GError) error = NULL;
  g_autoptr(GArray) to = kt_memory_parse("0:5", NULL);
  const KtMover mover = {.root = c.root,
                         .pid = c.pid,
                         .mappings = c.mappings,
                         .wanted = to,
                         .rate_kib = 8192,
                         .progress = kill_it,
                         .data = &c.pid};
  g_assert_false(kt_mover_run(&mover, &moved, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
  child_end(&c);
}

static void test_why(void)
{
  KtMoved moved = {.all = 100, .moved = 60, .busy = 8, .full = 32, .short_node = 3};
  g_autofree char *why = kt_moved_why(&moved);
  g_assert_nonnull(strstr(why, "node 3 has no room"));
  g_assert_nonnull(strstr(why, "32 KiB stayed"));
  g_assert_nonnull(strstr(why, "8 KiB stayed, because they are in use"));
  moved = (KtMoved){.all = 100, .moved = 60, .stopped = TRUE, .short_node = -1};
  g_autofree char *stopped = kt_moved_why(&moved);
  g_assert_cmpstr(stopped, ==, "stopped when 60 of 100 KiB were moved");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/mover/text", test_text);
  g_test_add_func("/mover/distance", test_distance);
  g_test_add_func("/mover/private", test_private);
  g_test_add_func("/mover/shared", test_shared);
  g_test_add_func("/mover/refused", test_refused);
  g_test_add_func("/mover/ended", test_ended);
  g_test_add_func("/mover/why", test_why);
  return g_test_run();
}
