/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/error.h"
#include "base/json_read.h"

static void test_members(void)
{
  static const char text[] = "{\"t\":\"x\",\"i\":3,\"d\":1.5,\"b\":true,\"n\":null,\"o\":{\"a\":[\"y\",{},1]}}";
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) root = kt_json_read("x", text, strlen(text), &error);
  g_assert_no_error(error);
  JsonObject *object = kt_json_object(root);
  gint64 i = -1;
  double d = -1;
  gboolean b = FALSE;
  g_assert_cmpstr(kt_json_member_text(object, "t"), ==, "x");
  g_assert_true(kt_json_member_int(object, "i", &i) && i == 3);
  g_assert_true(kt_json_member_number(object, "i", &d) && d == 3);
  g_assert_true(kt_json_member_number(object, "d", &d) && d == 1.5);
  g_assert_true(kt_json_member_bool(object, "b", &b) && b);
  JsonArray *array = kt_json_member_array(kt_json_member_object(object, "o"), "a");
  g_assert_cmpuint(kt_json_length(array), ==, 3);
  g_assert_cmpstr(kt_json_element_text(array, 0), ==, "y");
  g_assert_nonnull(kt_json_element_object(array, 1));
  /* other types are as if absent */
  g_assert_null(kt_json_element_text(array, 2));
  g_assert_null(kt_json_element_object(array, 0));
  g_assert_null(kt_json_member_text(object, "i"));
  g_assert_null(kt_json_member_text(object, "n"));
  g_assert_null(kt_json_member_text(object, "absent"));
  g_assert_false(kt_json_member_int(object, "d", &i));
  g_assert_false(kt_json_member_bool(object, "i", &b));
  g_assert_null(kt_json_member_object(NULL, "o"));
  g_assert_cmpuint(kt_json_length(NULL), ==, 0);
}

static void assert_refused(const char *text, gsize length, int code)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_json_read("x.json", text, length, &error));
  g_assert_error(error, KT_ERROR, code);
  g_assert_true(g_str_has_prefix(error->message, "x.json:"));
  g_assert_null(strchr(error->message, '\n'));
}

static void test_refused(void)
{
  static const char *const texts[] = {"",         " \n",      "{",     "[1,]",     "{\"a\" 1}",
                                      "\"\xff\"", "nonsense", "['a']", "/* */ [1]"};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    assert_refused(texts[i], strlen(texts[i]), KT_ERROR_FORMAT);
  assert_refused("{}\0{}", 5, KT_ERROR_FORMAT);
  /* a parser that takes the comment meets what the quotation mark in it hides */
  assert_refused("{/*\"*/\"a\":[[[[[[]]]]]]}", 24, KT_ERROR_FORMAT);
  assert_refused("{//\"\n\"a\":[1]}", 15, KT_ERROR_FORMAT);
  g_autofree char *deep = g_strnfill(1000000, '[');
  assert_refused(deep, strlen(deep), KT_ERROR_LIMIT);
  g_autofree char *crowded = g_strnfill(KT_JSON_VALUES + 2, ',');
  crowded[0] = '[';
  assert_refused(crowded, strlen(crowded), KT_ERROR_LIMIT);
  /* so does one that takes '...' for a text, as json-glib does */
  g_autofree char *behind_quote = g_strconcat("['\"',", deep, NULL);
  assert_refused(behind_quote, strlen(behind_quote), KT_ERROR_FORMAT);
}

/* Brackets in strings, also behind an escaped quote, nest nothing. */
static void test_quoted_brackets(void)
{
  g_autofree char *many = g_strnfill(1000, '{'), *text = g_strdup_printf("[\"\\\"%s\"]", many);
  g_autoptr(JsonNode) root = kt_json_read("x", text, strlen(text), NULL);
  g_assert_nonnull(root);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/json-read/members", test_members);
  g_test_add_func("/json-read/refused", test_refused);
  g_test_add_func("/json-read/quoted-brackets", test_quoted_brackets);
  return g_test_run();
}
