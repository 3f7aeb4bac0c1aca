/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan's changes made in a domain's XML: all or none. */
#include <string.h>

#include "apply/definition.h"
#include "base/error.h"

static const char crm[] = "<domain type='kvm'>\n"
                          "  <name>crm1</name>\n"
                          "  <uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid> <!-- kept -->\n"
                          "  <vcpu>4</vcpu>\n"
                          "  <cpu mode='host-model'>\n"
                          "    <topology sockets=\"4\" cores='1' threads='1'/>\n"
                          "  </cpu>\n"
                          "</domain>\n";

static KtPlan *make_plan(const char *uuid, const char *sockets)
{
  KtPlan *plan = kt_plan_new();
  kt_plan_add_guest(plan, "crm1", uuid);
  KtChange *change = kt_plan_add_change(plan, KT_ACT_DOMXML, "crm1", uuid, "topology");
  kt_change_add_edit(change, "cpu/topology/@cores", "1", "2");
  kt_change_add_edit(change, "cpu/topology/@sockets", sockets, "2");
  change = kt_plan_add_change(plan, KT_ACT_DOMXML, "crm1", uuid, "pins");
  kt_change_add_edit(change, "cputune/vcpupin[@vcpu='0']/@cpuset", NULL, "0-1");
  change = kt_plan_add_change(plan, KT_ACT_VCPUPIN, "crm1", uuid, "pins-live"); /* not of the definition */
  kt_change_add_edit(change, "0", "0-7", "0-1");
  return plan;
}

static void assert_result(const KtPlan *plan, int code, const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtDomXml) xml = kt_domxml_parse("x", crm, strlen(crm), NULL);
  g_assert_true(kt_apply_definition(xml, plan, &error) == (code == 0));
  if (code)
    g_assert_error(error, KT_ERROR, code);
  g_autofree char *bytes = kt_domxml_bytes(xml, NULL);
  g_assert_cmpstr(bytes, ==, expected);
}

static void test_changes(void)
{
  static const char changed[] = "<domain type='kvm'>\n"
                                "  <name>crm1</name>\n"
                                "  <uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid> <!-- kept -->\n"
                                "  <vcpu>4</vcpu>\n"
                                "  <cputune>\n"
                                "    <vcpupin vcpu='0' cpuset='0-1'/>\n"
                                "  </cputune>\n"
                                "  <cpu mode='host-model'>\n"
                                "    <topology sockets=\"2\" cores='2' threads='1'/>\n"
                                "  </cpu>\n"
                                "</domain>\n";
  g_autoptr(KtPlan) by_uuid = make_plan("4DEA22B3-1d52-d8f3-2516-782e98ab3fa0", "4");
  assert_result(by_uuid, 0, changed);
  g_autoptr(KtPlan) by_name = make_plan(NULL, "4");
  assert_result(by_name, 0, changed);
}

static void test_refused(void)
{
  g_autoptr(KtPlan) old = make_plan(NULL, "32"); /* made of another state; its first edit alone would fit */
  assert_result(old, KT_ERROR_FORMAT, crm);
  g_autoptr(KtPlan) absent = make_plan(NULL, NULL);
  assert_result(absent, KT_ERROR_FORMAT, crm);
  g_autoptr(KtPlan) other = make_plan("00000000-1d52-d8f3-2516-782e98ab3fa0", "4"); /* a namesake */
  assert_result(other, KT_ERROR_NOT_FOUND, crm);
  g_autoptr(KtPlan) many = make_plan(NULL, "1");
  for (guint i = 0; i < 6000; i++)
    kt_change_add_edit(many->changes->pdata[0], "cpu/@mode", NULL, NULL);
  assert_result(many, KT_ERROR_LIMIT, crm);
  g_autoptr(KtPlan) empty = kt_plan_new();
  assert_result(empty, KT_ERROR_NOT_FOUND, crm);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/definition/changes", test_changes);
  g_test_add_func("/definition/refused", test_refused);
  return g_test_run();
}
