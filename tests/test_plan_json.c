/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan document: written and read again, and refused where it is none. */
#include <string.h>

#include "base/error.h"
#include "plan/plan_json.h"

static KtPlan *make_plan(void)
{
  KtPlan *plan = kt_plan_new();
  plan->host = g_strdup("kvm-3");
  plan->policy = g_strdup("auto");
  plan->live = TRUE;
  KtPlanGuest *guest = kt_plan_add_guest(plan, "crm1", "4dea22b3-1d52-d8f3-2516-782e98ab3fa0");
  guest->before = (KtGuestShape){.sockets = 32, .cores = 1, .threads = 1, .l3_groups = 0, .cells = -1};
  guest->before.cpu = g_strdup("host-model");
  guest->local_before_pct = 23.5;
  guest->nodes_after = g_strdup("0-1");
  KtChange *change = kt_plan_add_change(plan, KT_ACT_DOMXML, "crm1", guest->uuid, "topology");
  change->title = g_strdup("2 sockets x 16 cores");
  change->risk = KT_RISK_RESTART | KT_RISK_MIGRATION;
  kt_change_add_reason(change, "X06");
  kt_change_add_reason(change, "X03");
  kt_change_add_reason(change, "X06");
  kt_change_add_edit(change, "cpu/topology/@sockets", "32", "2");
  kt_change_add_edit(change, "cpu/topology/@dies", NULL, "1");
  kt_change_add_edit(change, "cpu/numa", "", NULL);
  kt_change_add_effect(change, "guest.sockets", "32", "2");
  change = kt_plan_add_change(plan, KT_ACT_SYSCTL, NULL, NULL, "numa_balancing");
  change->title = g_strdup("kernel.numa_balancing off");
  change->risk = KT_RISK_LIVE;
  kt_plan_add_left(plan, "H06", NULL, "node 1 has no memory", NULL);
  kt_plan_add_left(plan, "X42", "crm1", "a disk on IDE", "<target bus='virtio'/>");
  g_ptr_array_add(plan->notes, g_strdup("\"quoted\" \x1b[31m\n"));
  return plan;
}

static void test_there_and_back(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtPlan) plan = make_plan();
  g_autofree char *json = kt_plan_to_json(plan);
  g_autoptr(KtPlan) read = kt_plan_from_json("plan.json", json, strlen(json), &error);
  g_assert_no_error(error);
  g_autofree char *again = kt_plan_to_json(read);
  g_assert_cmpstr(again, ==, json);
  const KtPlanGuest *guest = kt_plan_guest(read, "crm1");
  g_assert_true(guest == kt_plan_guest(read, "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"));
  g_assert_cmpint(guest->before.sockets, ==, 32);
  g_assert_cmpint(guest->before.cells, ==, -1);
  g_assert_cmpfloat(guest->local_before_pct, ==, 23.5);
  g_assert_cmpfloat(guest->local_after_pct, <, 0);
  const KtChange *change = read->changes->pdata[0];
  g_assert_cmpstr(change->id, ==, "crm1/topology");
  g_assert_cmpuint(change->reasons->len, ==, 2);
  const KtEdit *edit = change->edits->pdata[1];
  g_assert_null(edit->before);
  g_assert_cmpstr(edit->after, ==, "1");
  edit = change->edits->pdata[2];
  g_assert_null(edit->after);
  g_assert_cmpuint(read->left->len, ==, 2);
  g_assert_cmpstr(((KtPlanLeft *)read->left->pdata[1])->remedy, ==, "<target bus='virtio'/>");
}

static void test_order(void)
{
  g_autoptr(KtPlan) plan = make_plan();
  kt_plan_sort(plan);
  g_assert_cmpstr(((KtChange *)plan->changes->pdata[0])->id, ==, "host/numa_balancing");
}

static void test_risk(void)
{
  guint bits = kt_risk_parse("B M! $");
  g_assert_cmpuint(bits, ==, KT_RISK_RESTART | KT_RISK_MIGRATION | KT_RISK_POWER);
  g_autofree char *text = kt_risk_format(bits);
  g_assert_cmpstr(text, ==, "B M! $");
}

static void test_refused(void)
{
  static const struct {
    const char *json, *said;
    int code;
  } cases[] = {
      {"{}", "expected a plan document", KT_ERROR_FORMAT},
      {"[]", "expected a plan document", KT_ERROR_FORMAT},
      {"", "empty, JSON is expected: expected a plan document", KT_ERROR_FORMAT},
      {"hello", "expected a plan document", KT_ERROR_FORMAT},
      {"<domain type='kvm'/>", "expected a plan document", KT_ERROR_FORMAT},
      {"{\"kvmtune_plan\":2}", "another version", KT_ERROR_UNSUPPORTED},
      {"{\"kvmtune_plan\":1,\"live\":3}", "live: expected true or false", KT_ERROR_FORMAT},
      {"{\"kvmtune_plan\":1,\"changes\":{}}", "changes: expected a list", KT_ERROR_FORMAT},
      {"{\"kvmtune_plan\":1,\"changes\":[1]}", "changes[0]", KT_ERROR_FORMAT},
      {"{\"kvmtune_plan\":1,\"changes\":[{\"id\":\"a\",\"title\":\"b\"}]}", "changes[0].act: expected one of sysctl",
       KT_ERROR_FORMAT},
      {"{\"kvmtune_plan\":1,\"changes\":[{\"title\":\"b\",\"act\":\"person\"}]}", "changes[0].id: expected a text",
       KT_ERROR_FORMAT},
      {"{\"kvmtune_plan\":1,\"changes\":[{\"id\":\"a\",\"title\":\"b\",\"act\":\"domxml\",\"edits\":[{\"where\":3}]}]}",
       "changes[0].edits[0].where", KT_ERROR_FORMAT},
      {"{\"kvmtune_plan\":1,\"changes\":[{\"id\":\"a\",\"title\":\"b\",\"act\":\"person\"},"
       "{\"id\":\"a\",\"title\":\"b\",\"act\":\"person\"}]}",
       "'a' is there twice", KT_ERROR_FORMAT},
      {"{\"kvmtune_plan\":1,\"guests\":[{\"domain\":\"a\",\"before\":{\"sockets\":-2},\"after\":{}}]}",
       "guests[0].before.sockets: expected a whole number", KT_ERROR_FORMAT},
      {"{\"kvmtune_plan\":1,\"changes\":[{\"id\":\"a\",\"title\":\"b\",\"act\":\"person\",\"risk\":3}]}",
       "changes[0].risk: expected risk codes", KT_ERROR_FORMAT},
      {"{\"kvmtune_plan\":1,\"guests\":[{\"domain\":\"a\",\"local_before_pct\":1e999,\"before\":{},\"after\":{}}]}",
       "guests[0].local_before_pct: expected a number", KT_ERROR_FORMAT},
      {"{\"kvmtune_plan\":1,\"notes\":[null]}", "notes: expected a list of texts", KT_ERROR_FORMAT},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(kt_plan_from_json("plan.json", cases[i].json, strlen(cases[i].json), &error));
    g_assert_error(error, KT_ERROR, cases[i].code);
    g_assert_true(g_str_has_prefix(error->message, "plan.json:"));
    if (!strstr(error->message, cases[i].said))
      g_error("'%s' does not say '%s'", error->message, cases[i].said);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plan-json/there-and-back", test_there_and_back);
  g_test_add_func("/plan-json/order", test_order);
  g_test_add_func("/plan-json/risk", test_risk);
  g_test_add_func("/plan-json/refused", test_refused);
  return g_test_run();
}
