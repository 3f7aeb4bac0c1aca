/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "checks/order.h"

/* The ids in order, "X06 G06<X06" for an echo. */
static char *ordered(const char *const *ids)
{
  g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
  for (; *ids; ids++) {
    KtFinding *f = g_new0(KtFinding, 1);
    f->check = kt_check_find(*ids);
    g_assert_nonnull(f->check);
    f->severity = f->check->severity;
    g_ptr_array_add(findings, f);
  }
  kt_findings_order(findings);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < findings->len; i++) {
    const KtFinding *f = findings->pdata[i];
    g_string_append_printf(out, "%s%s%s%s", i ? " " : "", f->check->id, f->echo_of ? "<" : "",
                           f->echo_of ? f->echo_of : "");
  }
  return g_string_free(out, FALSE);
}

static void test_order(void)
{
  static const struct {
    const char *ids[8];
    const char *expected;
  } cases[] = {
      {{"G06", "X03", "X06"}, "X06 G06<X06 X03"},
      {{"X11", "G03", "G07"}, "G07 X11 G03<X11"},
      {{"G08", "X05"}, "X05 G08<X05"},
      {{"G03"}, "G03"},
      {{"H01", "X42", "H20"}, "H20 X42 H01"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *got = ordered(cases[i].ids);
    g_assert_cmpstr(got, ==, cases[i].expected);
  }
}

/* A check may call itself an echo of one that did not fire. */
static void test_root_is_missing(void)
{
  g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)kt_finding_free);
  g_ptr_array_add(findings, kt_finding_new(kt_check_find("X03")));
  g_ptr_array_add(findings, kt_finding_new(kt_check_find("X42")));
  ((KtFinding *)findings->pdata[0])->echo_of = "X06";
  kt_findings_order(findings);
  g_assert_cmpstr(((KtFinding *)findings->pdata[0])->check->id, ==, "X03");
  g_assert_null(((KtFinding *)findings->pdata[0])->echo_of);
  g_assert_cmpstr(((KtFinding *)findings->pdata[1])->check->id, ==, "X42");
}

/* Ids in the tables of order.c exist: each fires its way through alone. */
static void test_every_check_survives(void)
{
  guint n;
  const KtCheck *const *checks = kt_checks(&n);
  for (guint i = 0; i < n; i++) {
    const char *ids[] = {checks[i]->id, NULL};
    g_autofree char *got = ordered(ids);
    g_assert_cmpstr(got, ==, checks[i]->id);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/order/roots-and-echoes", test_order);
  g_test_add_func("/order/root-is-missing", test_root_is_missing);
  g_test_add_func("/order/every-check", test_every_check_survives);
  return g_test_run();
}
