/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Archives as trees: names, links, limits, damage. */
#include "config.h"
#if HAVE_ARCHIVE
#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "base/error.h"
#include "evidence/archive.h"

typedef struct {
  const char *name, *content, *symlink, *hardlink;
} Member;

/* A gzipped tar of the members, made by libarchive itself. */
static GBytes *make_tar(const Member *members)
{
  static char buffer[1 << 20];
  size_t used = 0;
  struct archive *a = archive_write_new();
  archive_write_add_filter_gzip(a);
  archive_write_set_format_pax_restricted(a);
  g_assert_cmpint(archive_write_open_memory(a, buffer, sizeof buffer, &used), ==, ARCHIVE_OK);
  for (const Member *m = members; m->name; m++) {
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, m->name);
    archive_entry_set_filetype(entry, m->symlink ? AE_IFLNK : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    if (m->symlink)
      archive_entry_set_symlink(entry, m->symlink);
    if (m->hardlink)
      archive_entry_set_hardlink(entry, m->hardlink);
    archive_entry_set_size(entry, m->content ? (gint64)strlen(m->content) : 0);
    g_assert_cmpint(archive_write_header(a, entry), ==, ARCHIVE_OK);
    if (m->content)
      archive_write_data(a, m->content, strlen(m->content));
    archive_entry_free(entry);
  }
  archive_write_close(a);
  archive_write_free(a);
  return g_bytes_new(buffer, used);
}

static void assert_line(KtRoot *root, const char *path, const char *expected)
{
  g_autofree char *line = kt_root_read_line(root, path);
  g_assert_cmpstr(line, ==, expected);
}

static void test_members(void)
{
  static const Member members[] = {
      {"./top/sys/node/online", .content = "0-1\n"},
      {"/top/proc/version", .content = "Linux"},
      {"top/link", .symlink = "sys/node/online"},
      {"top/absolute", .symlink = "/top/proc/version"},
      {"top/outside", .symlink = "../../../../etc/passwd"},
      {"top/hard", .hardlink = "./top/sys/node/online"},
      {"top/hard-to-nothing", .hardlink = "nowhere"},
      {"../../evil", .content = "x"},
      {NULL},
  };
  g_autoptr(GBytes) bytes = make_tar(members);
  g_autoptr(GError) error = NULL;
  g_assert_true(kt_archive_recognise(bytes));
  g_autoptr(KtRoot) root = kt_archive_read_bytes("a.tar.gz", bytes, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(kt_root_name(root), ==, "a.tar.gz");
  g_assert_false(kt_root_is_live(root));
  assert_line(root, "top/sys/node/online", "0-1");
  assert_line(root, "top/proc/version", "Linux");
  assert_line(root, "top/link", "0-1");
  assert_line(root, "top/absolute", "Linux");
  assert_line(root, "top/hard", "0-1");
  g_assert_false(kt_root_exists(root, "top/outside"));
  g_assert_false(kt_root_exists(root, "top/hard-to-nothing"));
  g_auto(GStrv) names = kt_root_list(root, "");
  g_autofree char *all = g_strjoinv(" ", names);
  g_assert_cmpstr(all, ==, "top");
}

static void test_not_an_archive(void)
{
  static const char *const texts[] = {"", "Architecture:          x86_64\nCPU(s):                32\n",
                                      "\x1f\x8b\x08 rubbish"};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(GBytes) bytes = g_bytes_new_static(texts[i], strlen(texts[i]));
    g_autoptr(GError) error = NULL;
    g_assert_false(kt_archive_recognise(bytes));
    g_assert_null(kt_archive_read_bytes("text", bytes, NULL, &error));
    g_assert_error(error, KT_ERROR, KT_ERROR_FORMAT);
  }
}

/* What stands before a cut is kept, and the cut is told. */
static void test_cut_off(void)
{
  g_autofree char *noise = g_malloc(200001);
  for (guint i = 0; i < 200000; i++)
    noise[i] = (char)('!' + g_random_int_range(0, 90));
  noise[200000] = '\0';
  const Member members[] = {{"first", .content = "1"}, {"second", .content = noise}, {NULL}};
  g_autoptr(GBytes) whole = make_tar(members);
  g_autoptr(GBytes) half = g_bytes_new_from_bytes(whole, 0, g_bytes_get_size(whole) / 2);
  g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GError) error = NULL;
  g_autoptr(KtRoot) root = kt_archive_read_bytes("half.tar.gz", half, left_out, &error);
  g_assert_no_error(error);
  assert_line(root, "first", "1");
  g_assert_false(kt_root_exists(root, "second"));
  g_assert_cmpuint(left_out->len, ==, 1);
}

static void test_large_member_is_left_out(void)
{
  static char large[KT_ARCHIVE_MAX_MEMBER + 2];
  memset(large, 'x', sizeof large - 1);
  const Member members[] = {{"large", .content = large}, {"small", .content = "1"}, {NULL}};
  g_autoptr(GBytes) bytes = make_tar(members);
  g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(KtRoot) root = kt_archive_read_bytes("bomb.tar.gz", bytes, left_out, NULL);
  g_assert_false(kt_root_exists(root, "large"));
  assert_line(root, "small", "1");
  g_assert_cmpuint(left_out->len, ==, 1);
  g_assert_nonnull(strstr(left_out->pdata[0], "'large'"));
}

static void test_no_file(void)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_archive_read("/nonexistent/a.tar", NULL, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
}
#else
#include <glib.h>
static void test_skipped(void)
{
  g_test_skip("built without libarchive");
}
#endif

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#if HAVE_ARCHIVE
  g_test_add_func("/archive/members", test_members);
  g_test_add_func("/archive/not-an-archive", test_not_an_archive);
  g_test_add_func("/archive/cut-off", test_cut_off);
  g_test_add_func("/archive/large-member", test_large_member_is_left_out);
  g_test_add_func("/archive/no-file", test_no_file);
#else
  g_test_add_func("/archive/all", test_skipped);
#endif
  return g_test_run();
}
