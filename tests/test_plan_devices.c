/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's devices in plans: passed through ones draw a guest to their node at its next start, those behind bridges
 * and disks decide between nodes that are as good. */
#include "plan_fixture.h"
#include "view/plan_view.h"

#define PASSED                                                                                                         \
  "  <devices><hostdev mode='subsystem' type='pci'>"                                                                   \
  "<source><address domain='0' bus='0x3b' slot='0' function='0'/></source></hostdev></devices>\n"

/* A network card on node 1, with eth0 and the bridge br0 over it. */
static void add_card(const KtSnapshot *snapshot)
{
  KtDevice *device = kt_machine_add_device(kt_snapshot_host(snapshot), "0000:3b:00.0");
  device->node = KT_INT(1);
  device->kind = g_strdup("network");
  g_ptr_array_add(device->names, g_strdup("eth0"));
  g_ptr_array_add(device->names, g_strdup("br0"));
}

/* It runs on node 0, and its card is on node 1: it goes there when it starts anew. */
static void test_passed_through(void)
{
  g_autofree char *xml = definition("vfio", 4, 8, GOOD_CPU PASSED);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  add_card(snapshot);
  run_on(snapshot->domains->pdata[0], "0-3,8-11", 0);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  const KtPlanGuest *guest = kt_plan_guest(plan, "vfio");
  g_assert_cmpstr(guest->nodes_before, ==, "0");
  g_assert_cmpstr(guest->nodes_after, ==, "1");
  g_assert_cmpstr(guest->devices, ==, "0000:3b:00.0@1");
  const KtChange *pins = find_change(plan, "vfio/pins"), *memory = find_change(plan, "vfio/numatune");
  g_assert_cmpstr(edit_after(pins, "cputune/vcpupin[@vcpu='3']/@cpuset"), ==, "4-7,12-15");
  g_assert_cmpstr(edit_after(memory, "numatune/memory/@nodeset"), ==, "1");
  g_assert_cmpstr(pins->reasons->pdata[0], ==, "H48");
  g_assert_null(find_change(plan, "vfio/vcpupin"));
  g_assert_null(find_change(plan, "vfio/memory"));
  for (guint i = 0; i < plan->left->len; i++)
    g_assert_cmpstr(((KtPlanLeft *)plan->left->pdata[i])->check, !=, "H48");
  g_autoptr(GPtrArray) diffs = g_ptr_array_new();
  const KtPlanReport report = {.plan = plan, .snapshot = snapshot, .diffs = diffs};
  const KtTerm term = {.width = 100};
  g_autofree char *text = kt_view_plan_text(&term, &report), *page = kt_view_plan_html(&report);
  g_assert_nonnull(strstr(text, "0000:3b:00.0 (vfio)"));
  g_assert_nonnull(strstr(page, "Devices near to node 1: 0000:3b:00.0 (vfio)"));
  g_autofree char *words = kt_plan_explain(snapshot, &automatic);
  g_assert_nonnull(strstr(words, "1 of 1 passed-through device is on a node of its guest."));
  g_autoptr(KtPlan) live = build(snapshot, &(KtPlanOptions){.policy = KT_PLAN_AUTO, .movable = TRUE});
  g_assert_cmpuint(live->changes->len, ==, 0);
}

/* Where its device is already, nothing is to change; nor where somebody else has the node. */
static void test_stays(void)
{
  g_autofree char *xml = definition("vfio", 4, 8, GOOD_CPU PASSED);
  g_autofree char *other = definition("other", 8, 27, "");
  for (int node = 0; node < 2; node++) {
    const char *const definitions[] = {xml, node ? NULL : other, NULL};
    g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
    add_card(snapshot);
    run_on(snapshot->domains->pdata[0], node ? "4-7,12-15" : "0-3,8-11", node);
    if (!node) {
      run_on(snapshot->domains->pdata[1], "4-7,12-15", 1);
      g_ptr_array_add(((KtDomain *)snapshot->domains->pdata[1])->hostdevs, g_new0(KtHostdev, 1));
    }
    g_autoptr(KtPlan) plan = build(snapshot, &automatic);
    g_assert_null(find_change(plan, "vfio/pins"));
    g_assert_null(find_change(plan, "vfio/numatune"));
    gboolean left = FALSE;
    for (guint i = 0; i < plan->left->len; i++)
      left |= g_str_equal(((KtPlanLeft *)plan->left->pdata[i])->check, "H48");
    g_assert_cmpint(left, ==, !node);
  }
}

/* Its memory lies on both nodes alike, and the bridge of its NIC is on node 1. A file for a disk tells of no device. */
static void test_behind_vhost(void)
{
  static const char *const backends[] = {"<interface type='bridge'><source bridge='br0'/>",
                                         "<interface type='direct'><source dev='eth0'/>"};
  for (guint i = 0; i < G_N_ELEMENTS(backends); i++) {
    g_autofree char *devices = g_strdup_printf(GOOD_CPU "<devices>%s<model type='virtio'/></interface>"
                                                        "<disk type='file'><source file='/br0'/><target dev='vda'/>"
                                                        "</disk></devices>",
                                               backends[i]);
    g_autofree char *xml = definition("web", 4, 8, devices);
    const char *const definitions[] = {xml, NULL};
    g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
    add_card(snapshot);
    KtDomain *d = snapshot->domains->pdata[0];
    run_on(d, "0-15", 0);
    g_array_set_size(d->runtime->memory, 0);
    kt_runtime_add_memory(d->runtime, 0, 4 << 20);
    kt_runtime_add_memory(d->runtime, 1, 4 << 20);
    g_autoptr(KtPlan) plan = build(snapshot, &automatic);
    g_assert_cmpstr(kt_plan_guest(plan, "web")->nodes_after, ==, "1");
    g_assert_null(kt_plan_guest(plan, "web")->devices);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plan-devices/passed-through", test_passed_through);
  g_test_add_func("/plan-devices/stays", test_stays);
  g_test_add_func("/plan-devices/behind-vhost", test_behind_vhost);
  return g_test_run();
}
