/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of maps and numa_maps as QEMU 7.2 under libvirt 9.0 has them, without those between. */
#include <glib.h>

#include "base/error.h"
#include "evidence/guest_memory.h"

#define LINKER                                                                                                         \
  "7f5a40623000-7f5a40624000 r--p 00000000 fe:00 332383      /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2\n"         \
  "7f5a40624000-7f5a4064a000 r-xp 00001000 fe:00 332383      /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2\n"         \
  "7ffd9a2e3000-7ffd9a304000 rw-p 00000000 00:00 0           [stack]\n"
#define HEAP "5558891b0000-55588a2ab000 rw-p 00000000 00:00 0    [heap]\n"

static KtDomain *guest(guint cells, gint64 kib)
{
  KtDomain *d = kt_domain_new("test");
  d->memory_kib = KT_INT(kib * (gint64)MAX(cells, 1));
  for (guint i = 0; i < cells; i++)
    kt_domain_add_cell(d, (int)i)->memory_kib = KT_INT(kib);
  return d;
}

static const KtGuestMapping *only(const GPtrArray *mappings, int cell)
{
  const KtGuestMapping *found = NULL;
  for (guint i = 0; i < mappings->len; i++) {
    const KtGuestMapping *m = mappings->pdata[i];
    if (m->cell == cell) {
      g_assert_null(found);
      found = m;
    }
  }
  g_assert_nonnull(found);
  return found;
}

static gint64 on_node(const KtGuestMapping *m, int node)
{
  for (guint i = 0; i < m->memory->len; i++)
    if (g_array_index(m->memory, KtNodeMemory, i).node == node)
      return g_array_index(m->memory, KtNodeMemory, i).kib;
  return 0;
}

/* Two cells of one size: the first is mapped first, so that it is above the second. */
static const char two[] = HEAP "7f59e1c00000-7f59e2400000 rw-p 00000000 00:00 0 \n"
                               "7f59e3400000-7f59e3c00000 rw-p 00000000 00:00 0 \n"
                               "7f59e3c00000-7f59e9c00000 rw-p 00000000 00:00 0 \n"
                               "7f59e9c00000-7f59e9c01000 ---p 00000000 00:00 0 \n"
                               "7f59e9e00000-7f59efe00000 rw-p 00000000 00:00 0 \n"
                               "7f59f0000000-7f59f3fff000 rwxp 00000000 00:00 0 \n" LINKER;
static const char two_accounts[] =
    "7f59e3400000 default anon=2048 dirty=2048 active=0 N0=2048 kernelpagesize_kB=4\n"
    "7f59e3c00000 default anon=24576 dirty=24576 active=0 N1=24000 N3=576 kernelpagesize_kB=4\n"
    "7f59e9c00000 default\n"
    "7f59e9e00000 default anon=24576 dirty=24576 active=0 N0=24576 kernelpagesize_kB=4\n";

static void test_in_order(void)
{
  g_autoptr(KtDomain) d = guest(2, 98304);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) mappings = kt_guest_memory_find(two, two_accounts, d, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(mappings->len, ==, 2);
  const KtGuestMapping *first = only(mappings, 0), *second = only(mappings, 1);
  g_assert_cmphex(first->start, ==, 0x7f59e9e00000);
  g_assert_cmphex(second->start, ==, 0x7f59e3c00000);
  g_assert_cmphex(second->end, ==, 0x7f59e9c00000);
  g_assert_cmpint(on_node(first, 0), ==, 98304);
  g_assert_cmpint(on_node(second, 1), ==, 96000);
  g_assert_cmpint(on_node(second, 3), ==, 2304);
  g_assert_false(first->shared);
}

/* A process that was started without a limit of its stack maps from below upwards: the order says nothing known. */
static void test_bottom_up(void)
{
  static const char maps[] = "2aaaaaaab000-2aaaaaad1000 r-xp 00000000 fe:00 3  /usr/lib64/ld-linux-x86-64.so.2\n"
                             "2aaab0000000-2aaab6000000 rw-p 00000000 00:00 0 \n"
                             "2aaab6200000-2aaabc200000 rw-p 00000000 00:00 0 \n";
  g_autoptr(KtDomain) d = guest(2, 98304);
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_guest_memory_find(maps, "", d, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED);
  g_autoptr(KtDomain) one = guest(0, 98304);
  g_autoptr(GError) more = NULL;
  g_assert_null(kt_guest_memory_find(maps, "", one, &more)); /* two of that size for one guest */
  g_assert_error(more, KT_ERROR, KT_ERROR_UNSUPPORTED);
}

/* Files are named after the cell, whatever the order. */
static void test_named(void)
{
  static const char maps[] =
      "7ff097ffe000-7ff09dffe000 rw-s 00000000 fe:00 11477166     /var/lib/libvirt/qemu/ram/7-g/ram-node0\n"
      "7ff09dfff000-7ff0a3fff000 rw-s 00000000 fe:00 11477165     /var/lib/libvirt/qemu/ram/7-g/ram-node1\n" LINKER;
  static const char accounts[] =
      "7ff097ffe000 default file=/var/lib/ram-node0 dirty=22 active=0 N0=22 kernelpagesize_kB=4\n"
      "7ff09dfff000 default file=/var/lib/ram-node1 huge dirty=49 N2=49 kernelpagesize_kB=2048\n";
  g_autoptr(KtDomain) d = guest(2, 98304);
  g_autoptr(GPtrArray) mappings = kt_guest_memory_find(maps, accounts, d, NULL);
  g_assert_nonnull(mappings);
  g_assert_cmphex(only(mappings, 0)->start, ==, 0x7ff097ffe000);
  g_assert_cmpint(only(mappings, 1)->page_kib, ==, 2048);
  g_assert_cmpint(on_node(only(mappings, 1), 2), ==, 49 * 2048);
  g_assert_true(only(mappings, 0)->shared);
}

/* ram-node1 is not ram-node12. */
static void test_named_alike(void)
{
  static const char maps[] = "7f1000000000-7f1040000000 rw-s 00000000 00:0f 5  "
                             "/dev/hugepages/qemu_back_mem._objects_ram-node12.a1b2c3 (deleted)\n"
                             "7f1080000000-7f10c0000000 rw-s 00000000 00:0f 6  "
                             "/dev/hugepages/qemu_back_mem._objects_ram-node1.x5YkAb (deleted)\n" LINKER;
  g_autoptr(KtDomain) d = kt_domain_new("test");
  kt_domain_add_cell(d, 1)->memory_kib = KT_INT(1048576);
  kt_domain_add_cell(d, 12)->memory_kib = KT_INT(1048576);
  g_autoptr(GPtrArray) mappings = kt_guest_memory_find(maps, "", d, NULL);
  g_assert_nonnull(mappings);
  g_assert_cmphex(only(mappings, 1)->start, ==, 0x7f1080000000);
  g_assert_cmphex(only(mappings, 12)->start, ==, 0x7f1000000000);
}

/* Each cell bound to a node of its own is known by it, against the order too. */
static void test_bound(void)
{
  static const char accounts[] = "7f59e3c00000 bind:0 anon=24576 N0=24576 kernelpagesize_kB=4\n"
                                 "7f59e9e00000 bind:2-3 anon=24576 N2=24576 kernelpagesize_kB=4\n";
  g_autoptr(KtDomain) d = guest(2, 98304);
  ((KtCell *)d->cells->pdata[0])->memnode = kt_set_parse("0", NULL);
  ((KtCell *)d->cells->pdata[1])->memnode = kt_set_parse("2-3", NULL);
  g_autoptr(GPtrArray) mappings = kt_guest_memory_find(two, accounts, d, NULL);
  g_assert_nonnull(mappings);
  g_assert_cmphex(only(mappings, 0)->start, ==, 0x7f59e3c00000);
  g_assert_cmphex(only(mappings, 1)->start, ==, 0x7f59e9e00000);
}

/* Pieces of one region, split by a policy or advice for a part of it. */
static void test_split(void)
{
  static const char maps[] = "7f1000000000-7f1020000000 rw-p 00000000 00:00 0 \n"
                             "7f1020000000-7f1040000000 rw-p 00000000 00:00 0 \n"
                             "7f1040000000-7f1040001000 ---p 00000000 00:00 0 \n" LINKER;
  static const char accounts[] = "7f1000000000 default anon=10 N0=10 kernelpagesize_kB=4\n"
                                 "7f1020000000 bind:1 anon=20 N1=20 kernelpagesize_kB=4\n"
                                 "7f1040000000 default N5=7 kernelpagesize_kB=4\n";
  g_autoptr(KtDomain) d = guest(0, 1048576);
  g_autoptr(GPtrArray) mappings = kt_guest_memory_find(maps, accounts, d, NULL);
  g_assert_nonnull(mappings);
  g_assert_cmpuint(mappings->len, ==, 1);
  g_assert_cmpint(on_node(only(mappings, 0), 0), ==, 40);
  g_assert_cmpint(on_node(only(mappings, 0), 1), ==, 80);
  g_assert_cmpint(on_node(only(mappings, 0), 5), ==, 0);
}

static void test_none(void)
{
  g_autoptr(KtDomain) d = guest(0, 12345);
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_guest_memory_find(two, two_accounts, d, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
  d->memory_kib = KT_INT_UNKNOWN;
  g_autoptr(GError) unknown = NULL;
  g_assert_null(kt_guest_memory_find(two, two_accounts, d, &unknown));
  g_assert_error(unknown, KT_ERROR, KT_ERROR_FORMAT);
}

/* Any text at all: nothing but an error may come of it, and soon. */
static void test_hostile(void)
{
  g_autoptr(GString) long_text = g_string_new(NULL);
  for (guint i = 0; i < 60000; i++)
    g_string_append_printf(long_text, "%x000-%x000 rw-p 0 0:0 0 \n", 2 * i, 2 * i + 1);
  const char *const texts[] = {"",
                               "\n\n",
                               "7f-",
                               "ffffffffffffffffffff-0 rw-p",
                               "1000-2000 rw-p",
                               "1000-2000 rw-p \n\n-",
                               "1000-2000 rw-p 0 0:0",
                               long_text->str};
  g_autoptr(KtDomain) d = guest(256, 4);
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(kt_guest_memory_find(texts[i], texts[G_N_ELEMENTS(texts) - 1 - i], d, &error));
    g_assert_nonnull(error);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/guest-memory/in-order", test_in_order);
  g_test_add_func("/guest-memory/bottom-up", test_bottom_up);
  g_test_add_func("/guest-memory/named", test_named);
  g_test_add_func("/guest-memory/named-alike", test_named_alike);
  g_test_add_func("/guest-memory/bound", test_bound);
  g_test_add_func("/guest-memory/split", test_split);
  g_test_add_func("/guest-memory/none", test_none);
  g_test_add_func("/guest-memory/hostile", test_hostile);
  return g_test_run();
}
