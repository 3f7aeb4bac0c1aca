/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/rules.h"

#include <string.h>

#include "check_fixture.h"

static void test_kernel_version(void)
{
  int major, minor;
  g_assert_true(kt_kernel_version("3.0.76-0.11-default", &major, &minor));
  g_assert_cmpint(major, ==, 3);
  g_assert_cmpint(minor, ==, 0);
  g_assert_true(kt_kernel_older("2.6.32-754.el6.x86_64", 3, 8));
  g_assert_false(kt_kernel_older("3.10.0-1160.el7.x86_64", 3, 8));
  g_assert_false(kt_kernel_older("10.0", 3, 8));
  g_assert_false(kt_kernel_older("unknown", 3, 8));
  g_assert_false(kt_kernel_older(NULL, 3, 8));
}

static void test_wide_by_reference(void)
{
  g_autoptr(KtMachine) guest = guest_new(32, 1), vmware = guest_new(32, 4);
  KtSubject s = guest_subject(NULL, guest);
  const KtMachine *than;
  g_assert_cmpint(kt_wide_without_vnuma(&s, &than), ==, KT_WIDE_UNKNOWN);
  g_assert_null(than);
  s.reference = vmware;
  g_assert_cmpint(kt_wide_without_vnuma(&s, &than), ==, KT_WIDE_BY_REFERENCE);
  g_assert_true(than == vmware);

  /* a guest that fits a node of the reference says nothing of its own host */
  g_autoptr(KtMachine) small = guest_new(8, 1), with_nodes = guest_new(32, 4);
  s.machine = small;
  g_assert_cmpint(kt_wide_without_vnuma(&s, NULL), ==, KT_WIDE_UNKNOWN);
  s.machine = with_nodes;
  g_assert_cmpint(kt_wide_without_vnuma(&s, NULL), ==, KT_WIDE_NO);
}

static void test_wide_by_host(void)
{
  g_autoptr(KtMachine) host = guest_new(32, 2);
  for (guint i = 0; i < host->nodes->len; i++)
    ((KtNode *)host->nodes->pdata[i])->memory_kib = KT_INT(64 << 20);
  g_autoptr(KtDomain) domain = kt_domain_new("test");
  domain->vcpus = KT_INT(16);
  domain->memory_kib = KT_INT(32 << 20);
  KtSubject s = {.kind = KT_FOR_DOMAIN, .domain = domain, .host = host};
  g_assert_cmpint(kt_wide_without_vnuma(&s, NULL), ==, KT_WIDE_NO);
  domain->memory_kib = KT_INT(65 << 20);
  g_assert_cmpint(kt_wide_without_vnuma(&s, NULL), ==, KT_WIDE_BY_HOST);
  domain->memory_kib = KT_INT_UNKNOWN;
  g_assert_cmpint(kt_wide_without_vnuma(&s, NULL), ==, KT_WIDE_UNKNOWN);
  domain->vcpus = KT_INT(17);
  g_assert_cmpint(kt_wide_without_vnuma(&s, NULL), ==, KT_WIDE_BY_HOST);
  domain->cut = TRUE;
  g_assert_cmpint(kt_wide_without_vnuma(&s, NULL), ==, KT_WIDE_UNKNOWN);
  domain->cut = FALSE;
  kt_domain_add_cell(domain, 0);
  kt_domain_add_cell(domain, 1);
  g_assert_cmpint(kt_wide_without_vnuma(&s, NULL), ==, KT_WIDE_NO);
}

/* A guest may be named so that its name is a command. */
static void test_hostile_name(void)
{
  static const KtRemedy remedy = {KT_LAYER_LIBVIRT, "virsh edit {name}"};
  g_autoptr(KtFinding) f = kt_finding_new(kt_check_find("X06"));
  kt_finding_fill(f, "name", "%s", "crm-1");
  g_autofree char *plain = kt_finding_action(f, &remedy);
  g_assert_cmpstr(plain, ==, "virsh edit crm-1");
  kt_finding_fill(f, "name", "%s", "a; reboot");
  g_autofree char *quoted = kt_finding_action(f, &remedy);
  g_assert_cmpstr(quoted, ==, "virsh edit 'a; reboot'");
  kt_finding_fill(f, "name", "%s", "--all");
  g_autofree char *option = kt_finding_action(f, &remedy);
  g_assert_cmpstr(option, ==, "virsh edit '--all'");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/rules/kernel-version", test_kernel_version);
  g_test_add_func("/rules/wide-by-reference", test_wide_by_reference);
  g_test_add_func("/rules/wide-by-host", test_wide_by_host);
  g_test_add_func("/rules/hostile-name", test_hostile_name);
  return g_test_run();
}
