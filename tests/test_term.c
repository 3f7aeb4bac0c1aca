/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/term.h"

static const KtTerm plain = {.width = 40, .utf8 = TRUE};

static char *wrapped(const KtTerm *term, guint indent, const char *text)
{
  KtPage *page = kt_page_new(term);
  kt_page_text(page, indent, KT_STYLE_PLAIN, text);
  return kt_page_finish(page);
}

static void test_width(void)
{
  g_assert_cmpuint(kt_term_width_of("abc"), ==, 3);
  g_assert_cmpuint(kt_term_width_of("缓存 L3"), ==, 7);
  g_assert_cmpuint(kt_term_width_of("e\xcc\x81"), ==, 1);
}

static void assert_clean(const KtTerm *term, const char *text, const char *want)
{
  g_autofree char *got = kt_term_clean(term, text);
  g_assert_cmpstr(got, ==, want);
}

static void test_clean(void)
{
  assert_clean(&plain, "a\033[31mred\a", "a\\x1b[31mred\\x07");
  assert_clean(&plain,
               "\xe2\x80\xae"
               "evil",
               "\\u202eevil");
  assert_clean(&plain, "one\ntwo\tthree", "one two three");
  assert_clean(&plain, "\xff\xfe", "\\xff\\xfe");
  assert_clean(&plain,
               "\xc2\x9b"
               "31m",
               "\\x9b31m");
  assert_clean(&plain, "缓存", "缓存");
  const KtTerm ascii = {.width = 40};
  assert_clean(&ascii, "a … b × 缓", "a ... b x ?");
}

static void test_shorten(void)
{
  g_autofree char *cut = kt_term_shorten(&plain, "abcdefghij", 6), *wide = kt_term_shorten(&plain, "缓存缓存", 4);
  g_assert_cmpstr(cut, ==, "abcde…");
  g_assert_cmpstr(wide, ==, "缓…");
  const KtTerm ascii = {.width = 40};
  g_autofree char *dots = kt_term_shorten(&ascii, "abcdefghij", 6), *whole = kt_term_shorten(&ascii, "abcdef", 6);
  g_assert_cmpstr(dots, ==, "abc...");
  g_assert_cmpstr(whole, ==, "abcdef");
}

static void test_wrap(void)
{
  g_autofree char *text = wrapped(&plain, 2, "the quick brown fox jumps over the lazy dog and runs");
  g_assert_cmpstr(text, ==, "  the quick brown fox jumps over the\n  lazy dog and runs\n");
  g_autofree char *wide = wrapped(&plain, 20, "缓存缓存缓存缓存缓存缓存");
  g_assert_cmpstr(wide, ==, "                    缓存缓存缓存缓存缓存\n                    缓存\n");
  g_autofree char *longer = wrapped(&plain, 30, "aaaaaaaaaaaaaaaaaaaaaaaaa");
  g_assert_cmpstr(longer, ==,
                  "                              aaaaaaaaaa\n                              aaaaaaaaaa\n"
                  "                              aaaaa\n");
}

static void test_item(void)
{
  KtPage *page = kt_page_new(&plain);
  kt_page_item(page, 2, KT_STYLE_RED, "X06", 8, KT_STYLE_BOLD, "32 sockets x 1 core, as the guest sees it");
  kt_page_gap(page);
  kt_page_gap(page);
  kt_page_item(page, 0, KT_STYLE_RED, "wide mark", 4, KT_STYLE_PLAIN, "text");
  g_autofree char *text = kt_page_finish(page);
  g_assert_cmpstr(text, ==, "  X06   32 sockets x 1 core, as the\n        guest sees it\n\nwide mark text\n");
}

static void test_colour(void)
{
  const KtTerm colour = {.width = 40, .colour = TRUE, .utf8 = TRUE};
  KtPage *page = kt_page_new(&colour);
  kt_page_item(page, 0, KT_STYLE_RED, "X06", 4, KT_STYLE_PLAIN, "a\033[0mb");
  g_autofree char *text = kt_page_finish(page);
  g_assert_cmpstr(text, ==, "\033[1;31mX06\033[0m a\\x1b[0mb\n");
}

static void test_table(void)
{
  static const KtColumn columns[] = {{.title = "id"}, {.title = "what", .flex = TRUE}, {.title = "n", .right = TRUE}};
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  kt_table_add(table, KT_STYLE_PLAIN, "X06");
  kt_table_add(table, KT_STYLE_PLAIN, "many sockets with one core each in a guest");
  kt_table_addf(table, KT_STYLE_PLAIN, "%d", 7);
  kt_table_add(table, KT_STYLE_PLAIN, "X03");
  kt_table_add(table, KT_STYLE_PLAIN, NULL);
  kt_table_add(table, KT_STYLE_PLAIN, "1234");
  g_assert_cmpuint(kt_table_rows(table), ==, 2);
  KtPage *page = kt_page_new(&plain);
  kt_page_table(page, 0, table);
  g_autofree char *text = kt_page_finish(page);
  g_assert_cmpstr(text, ==,
                  "id   what                              n\n"
                  "X06  many sockets with one core        7\n"
                  "     each in a guest\n"
                  "X03                                 1234\n");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/term/width", test_width);
  g_test_add_func("/term/clean", test_clean);
  g_test_add_func("/term/shorten", test_shorten);
  g_test_add_func("/term/wrap", test_wrap);
  g_test_add_func("/term/item", test_item);
  g_test_add_func("/term/colour", test_colour);
  g_test_add_func("/term/table", test_table);
  return g_test_run();
}
