/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "base/set.h"

static void assert_round_trip(const char *in, const char *out, guint count)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtSet) set = kt_set_parse(in, &error);
  g_assert_no_error(error);
  g_autofree char *text = kt_set_format(set);
  g_assert_cmpstr(text, ==, out);
  g_assert_cmpuint(kt_set_count(set), ==, count);
}

static void test_list_format(void)
{
  assert_round_trip("0-3,8", "0-3,8", 5);
  assert_round_trip(" 5, 3 ,4\n", "3-5", 3);
  assert_round_trip("", "", 0);
  assert_round_trip("0-10:5", "0,5,10", 3);
  assert_round_trip("63-64,127-128", "63-64,127-128", 4);
}

static void assert_refused(const char *text, int code)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_set_parse(text, &error));
  g_assert_error(error, KT_ERROR, code);
}

static void test_refused(void)
{
  assert_refused("3-1", KT_ERROR_FORMAT);
  assert_refused("0-", KT_ERROR_FORMAT);
  assert_refused("1 2", KT_ERROR_FORMAT);
  assert_refused("x", KT_ERROR_FORMAT);
  assert_refused("0-99999999", KT_ERROR_LIMIT);
  assert_refused("0-3:0", KT_ERROR_FORMAT);
}

static void test_mask(void)
{
  g_autoptr(KtSet) set = kt_set_parse_mask("00000001,80000003\n", NULL);
  g_autofree char *text = kt_set_format(set);
  g_assert_cmpstr(text, ==, "0-1,31-32");
  g_assert_null(kt_set_parse_mask("xyz", NULL));
}

static void test_algebra(void)
{
  g_autoptr(KtSet) a = kt_set_parse("0-7", NULL), b = kt_set_parse("4-70", NULL);
  g_assert_true(kt_set_intersects(a, b));
  g_assert_false(kt_set_contains(a, b));
  kt_set_keep_only(b, a);
  g_assert_true(kt_set_contains(a, b));
  g_assert_cmpint(kt_set_next(b, 0), ==, 4);
  g_assert_cmpint(kt_set_next(b, 8), ==, -1);
  kt_set_remove_all(a, b);
  g_autofree char *text = kt_set_format(a);
  g_assert_cmpstr(text, ==, "0-3");
  g_assert_false(kt_set_equal(a, b));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/set/list-format", test_list_format);
  g_test_add_func("/set/refused", test_refused);
  g_test_add_func("/set/mask", test_mask);
  g_test_add_func("/set/algebra", test_algebra);
  return g_test_run();
}
