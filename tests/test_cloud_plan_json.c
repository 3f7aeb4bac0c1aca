/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cloud's plan as a document: what is written is read, what people break is said with its place. */
#include <string.h>

#include "base/error.h"
#include "cloud/cloud_plan.h"

static KtCloudPlan *sample(void)
{
  KtCloudPlan *plan = kt_cloud_plan_new();
  plan->cloud = g_strdup("site");
  KtCloudCure *cure = kt_cloud_plan_add_cure(plan, "plain32", "plain32.topology");
  cure->vcpus = 32;
  cure->ram_mib = 65536;
  cure->before = (KtCloudShape){32, 1, 1, 0};
  cure->after = (KtCloudShape){4, 8, 1, 4};
  kt_cloud_cure_add_key(cure, "hw:cpu_sockets", NULL, "4", "why");
  kt_cloud_cure_add_key(cure, "hw:cpu_socket", "2", NULL, NULL);
  KtCloudFit *fit = kt_cloud_cure_add_fit(cure, "n1");
  fit->empty = KT_YES;
  fit->now = KT_NO;
  fit->why = g_strdup("memory");
  KtCloudMove *move = kt_cloud_plan_add_move(plan, "b843f62c-3dad-4245-b3a3-2fe9e6291d43");
  move->name = g_strdup("crm; reboot");
  move->wave = 3;
  move->windows = TRUE;
  return plan;
}

static void test_round(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtCloudPlan) plan = sample();
  g_autofree char *text = kt_cloud_plan_to_json(plan);
  g_autoptr(KtCloudPlan) again = kt_cloud_plan_from_json("plan", text, strlen(text), &error);
  g_assert_no_error(error);
  g_autofree char *same = kt_cloud_plan_to_json(again);
  g_assert_cmpstr(text, ==, same);
  const KtCloudCure *cure = again->cures->pdata[0];
  g_assert_cmpuint(kt_cloud_cure_count(cure, TRUE, KT_NO), ==, 1);
  g_assert_cmpuint(kt_cloud_cure_count(cure, FALSE, KT_YES), ==, 1);
  const KtCloudMove *move = again->moves->pdata[0];
  g_assert_true(move->wave == 3 && move->windows && move->cure == 0);
}

#define FLAVOR(name)                                                                                                   \
  "{\"flavor\": \"f\", \"name\": \"" name "\", \"exists\": false, \"public\": true, \"vcpus\": 4, \"ram_mib\": 1, "    \
  "\"disk_gib\": 0, \"ephemeral_gib\": 0, \"swap_mib\": 0, \"keys\": []}"
#define PLAN(flavors, servers) "{\"kvmtune_cloud_plan\": 1, \"flavors\": [" flavors "], \"servers\": [" servers "]}"

static void test_wrong(void)
{
  static const struct {
    const char *text, *message;
  } rows[] = {
      {"[]", "p: no plan for a cloud of version 1"},
      {"{\"kvmtune_cloud_plan\": 2}", "p: no plan for a cloud of version 1"},
      {"{\"kvmtune_plan\": 1}", "p: no plan for a cloud of version 1"},
      {"{\"kvmtune_cloud_plan\": 1}", "p: expected the lists \"flavors\" and \"servers\""},
      {PLAN("3", ""), "p: flavors[0].name: expected the names of the old and the new flavor"},
      {PLAN(FLAVOR("a") "," FLAVOR("a"), ""), "p: flavors[1].name: expected a name that no other has"},
      {PLAN("{\"flavor\": \"f\", \"name\": \"n\", \"exists\": 1}", ""),
       "p: flavors[0].exists: expected true or false, and so for \"public\""},
      {PLAN("{\"flavor\": \"f\", \"name\": \"n\", \"exists\": false, \"public\": true, \"vcpus\": 0}", ""),
       "p: flavors[0].vcpus: expected a number from 1 on"},
      {PLAN(FLAVOR("a"), "{\"id\": \"../../flavors/x\", \"new\": \"a\", \"wave\": 0}"),
       "p: servers[0].id: expected a server's id, each once"},
      {PLAN(FLAVOR("a"), "{\"id\": \"u\", \"new\": \"a\", \"wave\": 0}, {\"id\": \"u\", \"new\": \"a\", \"wave\": 1}"),
       "p: servers[1].id: expected a server's id, each once"},
      {PLAN(FLAVOR("a"), "{\"id\": \"u\", \"new\": \"b\", \"wave\": 0}"),
       "p: servers[0].new: expected the name of one of the plan's flavors"},
      {PLAN(FLAVOR("a"), "{\"id\": \"u\", \"new\": \"a\", \"wave\": -1}"),
       "p: servers[0].wave: expected a number from 0 on"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(kt_cloud_plan_from_json("p", rows[i].text, strlen(rows[i].text), &error));
    g_assert_cmpstr(error->message, ==, rows[i].message);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/cloud-plan/round", test_round);
  g_test_add_func("/cloud-plan/wrong", test_wrong);
  return g_test_run();
}
