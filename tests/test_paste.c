/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture script's output as a tree, whole, quoted, cut off and hostile. */
#include <string.h>

#include "evidence/paste.h"

static GPtrArray *read_all(const char *text, char **rest)
{
  GPtrArray *roots = g_ptr_array_new_with_free_func((GDestroyNotify)kt_root_unref);
  *rest = kt_paste_read("stdin", text, strlen(text), roots);
  return roots;
}

static void assert_line(KtRoot *root, const char *path, const char *expected)
{
  g_autofree char *line = kt_root_read_line(root, path);
  g_assert_cmpstr(line, ==, expected);
}

static const char sample[] = "Last login: Tue\n"
                             "=== kvmtune capture 1 ===\n"
                             "==> /proc/sys/kernel/hostname <==\n"
                             "web-1\n"
                             "\n"
                             "==> /sys/devices/system/cpu/cpu0/ <==\n"
                             "topology/core_id:7\n"
                             "driver -> ../../drivers/virtio-pci\n"
                             "no value here\n"
                             "==> /sys/devices/system/cpu/cpu1/ <==\n"
                             "==> /proc/kmsg unreadable <==\n"
                             "==> /proc/42/cmdline <==\n"
                             "/usr/bin/java\n"
                             "-Dx=a b\n"
                             "\n"
                             "==> /moment-1/proc/interrupts <==\n"
                             " CPU0 CPU1 CPU2 CPU3\n"
                             " RES: 0*2 5 0 Rescheduling\n"
                             "=== kvmtune capture end ===\n"
                             "behind\n";

static void check_sample(const char *text)
{
  g_autofree char *rest = NULL;
  g_autoptr(GPtrArray) roots = read_all(text, &rest);
  g_assert_cmpuint(roots->len, ==, 1);
  KtRoot *root = roots->pdata[0];
  assert_line(root, "proc/sys/kernel/hostname", "web-1");
  assert_line(root, "sys/devices/system/cpu/cpu0/topology/core_id", "7");
  g_autofree char *link = kt_root_read_link(root, "sys/devices/system/cpu/cpu0/driver");
  g_assert_cmpstr(link, ==, "../../drivers/virtio-pci");
  g_assert_true(kt_root_exists(root, "sys/devices/system/cpu/cpu1"));
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_root_read(root, "proc/kmsg", 10, NULL, &error));
  g_assert_nonnull(strstr(error->message, "Permission denied"));
  gsize length;
  g_autofree char *argv = kt_root_read(root, "proc/42/cmdline", 100, &length, NULL);
  g_assert_cmpmem(argv, length, "/usr/bin/java\0-Dx=a b", 22);
  static const char *const files[] = {"moment-1/proc/interrupts", "proc/interrupts"};
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *interrupts = kt_root_read(root, files[i], 1000, NULL, NULL);
    g_assert_cmpstr(interrupts, ==, " CPU0 CPU1 CPU2 CPU3\n RES: 0 0 5 0 Rescheduling\n");
  }
}

static void test_whole(void)
{
  check_sample(sample);
  g_assert_true(kt_paste_recognise(sample, strlen(sample)));
  g_autofree char *rest = NULL;
  g_ptr_array_unref(read_all(sample, &rest));
  g_assert_true(g_str_has_prefix(rest, "Last login: Tue\n\n"));
  g_assert_true(g_str_has_suffix(rest, "\nbehind\n"));
  g_assert_null(strstr(rest, "web-1"));
}

/* As it comes back in a mail, from Windows. */
static void test_quoted(void)
{
  g_auto(GStrv) lines = g_strsplit(sample, "\n", -1);
  g_autofree char *joined = g_strjoinv("\r\n> ", lines), *quoted = g_strconcat("> ", joined, NULL);
  check_sample(quoted);
}

static void test_cut_off(void)
{
  for (gsize n = 0; n < strlen(sample); n++) {
    g_autofree char *cut = g_strndup(sample, n), *rest = NULL;
    g_autoptr(GPtrArray) roots = read_all(cut, &rest);
    g_assert_cmpuint(roots->len, <=, 1);
    if (n > (gsize)(strstr(sample, "no value") - sample))
      assert_line(roots->pdata[0], "sys/devices/system/cpu/cpu0/topology/core_id", "7");
  }
}

static void test_two(void)
{
  g_autofree char *both = g_strconcat(sample, sample, NULL), *rest = NULL;
  g_autoptr(GPtrArray) roots = read_all(both, &rest);
  g_assert_cmpuint(roots->len, ==, 2);
  g_assert_cmpstr(kt_root_name(roots->pdata[1]), ==, "stdin#2");
  assert_line(roots->pdata[1], "proc/sys/kernel/hostname", "web-1");
}

static void test_hostile(void)
{
  GString *text = g_string_new("=== kvmtune capture 1 ===\n"
                               "==> /../../etc/passwd <==\nevil\n"
                               "==> /a/ <==\n../../b:evil\nc -> /../../etc/shadow\n:\n -> \n"
                               "==> / <==\n==> /x\n==> <==\n"
                               "==> /proc/interrupts <==\n CPU0\n 1: 0*99999999999999999999 x\n 2: 0*0 0*\n");
  for (guint i = 0; i < 100; i++) /* deeper than any path */
    g_string_append_printf(text, "%s", i ? "/d" : "==> /d");
  g_string_append(text, "/f <==\nevil\n");
  for (guint i = 0; i < 200000; i++)
    g_string_append(text, "==> ");
  g_autofree char *rest = NULL;
  g_autoptr(GPtrArray) roots = read_all(text->str, &rest);
  KtRoot *root = roots->pdata[0];
  static const char *const absent[] = {"etc/passwd", "b", "../b", "d"};
  for (guint i = 0; i < G_N_ELEMENTS(absent); i++)
    g_assert_false(kt_root_exists(root, absent[i]));
  g_autofree char *followed = kt_root_read_line(root, "a/c"), *interrupts = NULL;
  g_assert_null(followed);
  gsize length;
  interrupts = kt_root_read(root, "proc/interrupts", 1 << 20, &length, NULL);
  g_assert_cmpuint(length, <, 20000);
  g_string_free(text, TRUE);
}

/* A few bytes that stand for many: the first table is unpacked, what is too much is left out whole. */
static void test_zeros(void)
{
  g_autoptr(GString) text = g_string_new("=== kvmtune capture 1 ===\n==> /proc/interrupts <==\n 1: 0*3 x\n"
                                         "==> /moment-2/proc/interrupts <==\n");
  for (guint i = 0; i < 3000; i++)
    g_string_append(text, " 2: 0*8192 x\n");
  g_autofree char *rest = NULL;
  g_autoptr(GPtrArray) roots = read_all(text->str, &rest);
  assert_line(roots->pdata[0], "proc/interrupts", "1: 0 0 0 x");
  g_assert_false(kt_root_exists(roots->pdata[0], "moment-2/proc/interrupts"));
}

static void test_nothing(void)
{
  static const char text[] = "kvmtune capture 1\n=== kvmtune capture 2 ===\n";
  g_assert_false(kt_paste_recognise(text, strlen(text)));
  g_assert_false(kt_paste_recognise("", 0));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/paste/whole", test_whole);
  g_test_add_func("/paste/quoted", test_quoted);
  g_test_add_func("/paste/cut-off", test_cut_off);
  g_test_add_func("/paste/two", test_two);
  g_test_add_func("/paste/hostile", test_hostile);
  g_test_add_func("/paste/zeros", test_zeros);
  g_test_add_func("/paste/nothing", test_nothing);
  return g_test_run();
}
