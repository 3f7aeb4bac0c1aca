/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan made in code, as text and as ticket: what is said, how edits are put
 * together, and that nothing of the evidence reaches the terminal as it is. */
#include <string.h>

#include "host_fixture.h"
#include "view/plan_words.h"

static const KtTerm term = {.width = 80, .utf8 = TRUE};

/* A guest of 4 vCPUs that moves to node 1 and gets another topology, and a setting of the host. */
static KtPlan *plan_new(void)
{
  KtPlan *plan = kt_plan_new();
  plan->tool = g_strdup("1");
  plan->host = g_strdup("kvm7");
  plan->policy = g_strdup("auto");
  KtPlanGuest *guest = kt_plan_add_guest(plan, "web", NULL);
  guest->before = (KtGuestShape){.sockets = 4, .cores = 1, .threads = 1, .l3_groups = 4, .cells = 1};
  guest->after = (KtGuestShape){.sockets = 1, .cores = 4, .threads = 1, .l3_groups = 1, .cells = 1};
  guest->nodes_before = g_strdup("0-1");
  guest->nodes_after = g_strdup("1");
  guest->local_before_pct = 50;
  guest->local_after_pct = 100;
  kt_plan_add_guest(plan, "vfio", NULL)->kept = g_strdup("VFIO");
  KtChange *knob = kt_plan_add_change(plan, KT_ACT_SYSCTL, NULL, NULL, "kernel.numa_balancing");
  knob->title = g_strdup("automatic NUMA balancing off");
  knob->undo = g_strdup("kernel.numa_balancing = 1");
  knob->risk = KT_RISK_LIVE;
  kt_change_add_edit(knob, "kernel.numa_balancing", "1", "0");
  KtChange *topology = kt_plan_add_change(plan, KT_ACT_DOMXML, "web", NULL, "topology");
  topology->title = g_strdup("1 socket x 4 cores x 1 thread");
  topology->undo = g_strdup("kvmtune rollback");
  topology->risk = KT_RISK_RESTART | KT_RISK_MIGRATION;
  kt_change_add_reason(topology, "X06");
  kt_change_add_edit(topology, "cpu/topology/@sockets", "4", "1");
  kt_change_add_edit(topology, "cpu/topology/@cores", "1", "4");
  kt_change_add_effect(topology, "guest.sockets", "4", "1");
  kt_change_add_effect(topology, "guest.threads_per_core", "1", "1");
  return plan;
}

static KtChange *pins_new(KtPlan *plan, const char *const *after)
{
  KtChange *pins = kt_plan_add_change(plan, KT_ACT_DOMXML, "web", NULL, "pins");
  pins->undo = g_strdup("kvmtune rollback");
  for (guint i = 0; after[i]; i++) {
    g_autofree char *where = g_strdup_printf("cputune/vcpupin[@vcpu='%u']/@cpuset", i);
    kt_change_add_edit(pins, where, NULL, after[i]);
  }
  return pins;
}

static void assert_has(const char *text, const char *part)
{
  if (!strstr(text, part))
    g_error("no '%s' in:\n%s", part, text);
}

static void test_text(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(KtPlan) plan = plan_new();
  g_autoptr(GPtrArray) diffs = g_ptr_array_new();
  g_ptr_array_add(diffs, (char *)"--- web.xml\n+++ web.xml\n@@ -1 +1 @@\n-a\n+b\n");
  host_new(snapshot);
  const KtPlanReport report = {.plan = plan, .snapshot = snapshot, .diffs = diffs};
  g_autofree char *text = kt_view_plan_text(&term, &report);
  assert_has(text, "kvm7: 2 changes for 1 of 2 guests, 1 of the host itself.\n");
  assert_has(text, "     0  0-3,8-11   32 GiB  web 1/2     -\n");
  assert_has(text, "     1  4-7,12-15  32 GiB  web 1/2     web\n");
  assert_has(text, "  web    4 x 1 x 1 → 1 x 4 x 1      4 → 1  1      0-1 → 1   50 → 100\n");
  assert_has(text, "  vfio stays: VFIO.\n");
  assert_has(text, "  2. 1 socket x 4 cores x 1 thread [X06]\n"
                   "     · cpu/topology: sockets 4 → 1, cores 1 → 4\n"
                   "     Expected: guest.sockets 4 → 1\n"
                   "  Risk  guest stop and start; changes migration compatibility\n"
                   "  Undo  kvmtune rollback\n");
  assert_has(text, "  -a\n  +b\n");
}

static void test_ticket(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(KtPlan) plan = plan_new();
  g_autoptr(GPtrArray) diffs = g_ptr_array_new();
  const KtPlanReport report = {.plan = plan, .snapshot = snapshot, .diffs = diffs};
  g_autofree char *text = kt_view_plan_ticket(&report);
  assert_has(text, "  host  none                live\n");
  assert_has(text, "  web   one stop and start  guest stop and start; changes migration");
  assert_has(text, " 2. web: guest.sockets 4 → 1\n");
  g_assert_null(strstr(text, "\x1b"));
}

/* Pins of one cell are one line, those of the next another; exclusive ones are listed. */
static void test_edits(void)
{
  g_autoptr(KtPlan) plan = plan_new();
  const char *const shared[] = {"0-3", "0-3", "4-7", "4-7", NULL}, *const own[] = {"0", "8", "1", "9", NULL};
  g_autoptr(GPtrArray) cells = kt_plan_say_edits(pins_new(plan, shared));
  g_assert_cmpuint(cells->len, ==, 2);
  g_assert_cmpstr(cells->pdata[0], ==, "cputune/vcpupin[@vcpu='0-1']/@cpuset: - → 0-3");
  g_assert_cmpstr(cells->pdata[1], ==, "cputune/vcpupin[@vcpu='2-3']/@cpuset: - → 4-7");
  g_autoptr(GPtrArray) list = kt_plan_say_edits(pins_new(plan, own));
  g_assert_cmpuint(list->len, ==, 1);
  g_assert_cmpstr(list->pdata[0], ==, "cputune/vcpupin[@vcpu='0-3']/@cpuset: - → 0 8 1 9");
}

/* Findings without a change: alike ones together, with names of a few, and the remedy of a single one. */
static void test_left(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(KtPlan) plan = plan_new();
  g_autoptr(GPtrArray) diffs = g_ptr_array_new();
  kt_plan_add_left(plan, "H06", NULL, "node 1 has no memory", "fill its slots");
  for (guint i = 1; i <= 11; i++) {
    g_autofree char *name = g_strdup_printf("g%u", i);
    kt_plan_add_left(plan, "X42", name, "a disk on \x1b[1mIDE", "virsh edit");
  }
  const KtPlanReport report = {.plan = plan, .snapshot = snapshot, .diffs = diffs};
  g_autofree char *text = kt_view_plan_text(&term, &report), *page = kt_view_plan_html(&report);
  g_autofree char *ticket = kt_view_plan_ticket(&report);
  assert_has(
      text,
      "  H06 host: node 1 has no memory\n      fill its slots\n  X42 g1, g2, g3, g4, g5, g6, g7, g8 and 3 more: a");
  assert_has(ticket, "  - host: node 1 has no memory [H06]\n");
  assert_has(page, "<code>fill its slots</code>");
  g_assert_null(strstr(text, "virsh edit"));
  g_assert_null(strchr(text, '\x1b'));
  g_assert_null(strchr(page, '\x1b'));
}

/* A name and a value from evidence with an escape sequence. */
static void test_hostile(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(KtPlan) plan = plan_new();
  g_autoptr(GPtrArray) diffs = g_ptr_array_new();
  g_ptr_array_add(diffs, (char *)"+<name>\x1b[31m</name>\n");
  KtChange *change = kt_plan_add_change(plan, KT_ACT_DOMXML, "a\x1b[2Jb", NULL, "x");
  kt_change_add_edit(change, "name/text()", "\x1b[1m<script>", "b");
  host_new(snapshot);
  const KtPlanReport report = {.plan = plan, .snapshot = snapshot, .diffs = diffs};
  g_autofree char *text = kt_view_plan_text(&term, &report), *page = kt_view_plan_html(&report);
  g_assert_null(strchr(text, '\x1b'));
  g_assert_null(strchr(page, '\x1b'));
  g_assert_null(strstr(page, "<script"));
}

static void test_empty(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(KtPlan) plan = kt_plan_new();
  g_autoptr(GPtrArray) diffs = g_ptr_array_new();
  plan->policy = g_strdup("auto");
  const KtPlanReport report = {.plan = plan, .snapshot = snapshot, .diffs = diffs};
  g_autofree char *text = kt_view_plan_text(&term, &report);
  g_assert_cmpstr(text, ==, "this host: nothing to change (0 guests).\n");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plan-view/text", test_text);
  g_test_add_func("/plan-view/ticket", test_ticket);
  g_test_add_func("/plan-view/edits", test_edits);
  g_test_add_func("/plan-view/left", test_left);
  g_test_add_func("/plan-view/hostile", test_hostile);
  g_test_add_func("/plan-view/empty", test_empty);
  return g_test_run();
}
