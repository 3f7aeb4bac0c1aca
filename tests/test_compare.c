/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/check.h"
#include "checks/compare.h"
#include "checks/compare_fields.h"

static void set_cache(KtMachine *m, int level, KtCacheType type, gint64 kib, gint64 instances)
{
  KtCache *cache = kt_machine_cache(m, level, type);
  cache->size_kib = KT_INT(kib);
  if (instances)
    cache->instances = KT_INT(instances);
}

/* A guest of 32 CPUs, as the published case has them. */
static KtMachine *guest(const char *hypervisor, int sockets, int nodes)
{
  KtMachine *m = kt_machine_new();
  m->role = KT_ROLE_GUEST;
  kt_machine_set_text(m, "hypervisor", hypervisor, NULL);
  kt_machine_set_text(m, "cpu.vendor", "GenuineIntel", NULL);
  kt_machine_set_int(m, "topology.cpus", 32, NULL);
  kt_machine_set_int(m, "topology.sockets", sockets, NULL);
  kt_machine_set_int(m, "topology.cores_per_socket", 32 / sockets, NULL);
  kt_machine_set_int(m, "topology.threads_per_core", 1, NULL);
  kt_machine_set_int(m, "topology.nodes", nodes, NULL);
  set_cache(m, 1, KT_CACHE_DATA, 32, 0);
  return m;
}

static KtMachine *vmware_guest(void)
{
  KtMachine *m = guest("vmware", 4, 4);
  set_cache(m, 2, KT_CACHE_UNIFIED, 256, 0);
  set_cache(m, 3, KT_CACHE_UNIFIED, 12288, 0);
  return m;
}

static KtMachine *kvm_guest(void)
{
  KtMachine *m = guest("kvm", 32, 1);
  set_cache(m, 2, KT_CACHE_UNIFIED, 4096, 0);
  return m;
}

static const KtDifference *find(GPtrArray *all, const char *field)
{
  for (guint i = 0; i < all->len; i++) {
    const KtDifference *d = all->pdata[i];
    if (g_str_equal(d->field, field))
      return d;
  }
  return NULL;
}

static char *checks_of(GPtrArray *all)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < all->len; i++) {
    const KtDifference *d = all->pdata[i];
    if (d->kind == KT_DIFFERENCE_SLOWER)
      g_string_append_printf(out, "%s%s", out->len ? " " : "", d->check);
  }
  return g_string_free(out, FALSE);
}

static void test_case(void)
{
  g_autoptr(KtMachine) reference = vmware_guest(), subject = kvm_guest();
  g_autoptr(GPtrArray) all = kt_compare(reference, subject);
  g_autofree char *checks = checks_of(all);
  g_assert_cmpstr(checks, ==, "X03 X06 X11");
  const KtDifference *l3 = all->pdata[0], *topology = all->pdata[1], *nodes = all->pdata[2];
  g_assert_cmpstr(l3->reference, ==, "12 MiB");
  g_assert_cmpstr(l3->subject, ==, "none");
  g_assert_cmpstr(topology->reference, ==, "4 x 8 x 1");
  g_assert_cmpstr(topology->subject, ==, "32 x 1 x 1");
  g_assert_cmpstr(nodes->reference, ==, "4");
  g_assert_cmpstr(nodes->subject, ==, "1");
  for (guint i = 0; i < 3; i++)
    g_assert_nonnull(((KtDifference *)all->pdata[i])->meaning);
  g_assert_cmpint(find(all, "caches.L2")->kind, ==, KT_DIFFERENCE_NEUTRAL);
  g_assert_cmpint(find(all, "cpu.vendor")->kind, ==, KT_DIFFERENCE_SAME);
  g_assert_null(find(all, "caches.L3.size")); /* no size of what is not there */
}

static void test_in_favour_of_the_subject(void)
{
  g_autoptr(KtMachine) reference = kvm_guest(), subject = vmware_guest();
  g_autoptr(GPtrArray) all = kt_compare(reference, subject);
  g_autofree char *checks = checks_of(all);
  g_assert_cmpstr(checks, ==, "");
  g_assert_cmpint(find(all, "caches.L3")->kind, ==, KT_DIFFERENCE_NEUTRAL);
  g_assert_cmpint(find(all, "nodes")->kind, ==, KT_DIFFERENCE_NEUTRAL);
  g_assert_null(find(all, "nodes")->check);
}

static void test_same(void)
{
  g_autoptr(KtMachine) reference = vmware_guest(), subject = vmware_guest();
  g_autoptr(GPtrArray) all = kt_compare(reference, subject);
  g_assert_cmpuint(all->len, >, 5);
  for (guint i = 0; i < all->len; i++)
    g_assert_cmpint(((KtDifference *)all->pdata[i])->kind, ==, KT_DIFFERENCE_SAME);
}

/* A guest that fits one node of the reference needs no second one. */
static void test_narrow_guest(void)
{
  g_autoptr(KtMachine) reference = vmware_guest(), subject = kt_machine_new();
  subject->role = KT_ROLE_GUEST;
  kt_machine_set_int(subject, "topology.cpus", 4, NULL);
  kt_machine_set_int(subject, "topology.nodes", 1, NULL);
  g_autoptr(GPtrArray) all = kt_compare(reference, subject);
  g_assert_cmpint(find(all, "nodes")->kind, ==, KT_DIFFERENCE_NEUTRAL);
  g_assert_cmpint(find(all, "caches.L3")->kind, ==, KT_DIFFERENCE_UNKNOWN);
  g_assert_null(find(all, "caches.L3")->subject);
}

/* Caches that a cut text does not show are not absent ones. */
static void test_unknown_l3(void)
{
  g_autoptr(KtMachine) reference = vmware_guest(), subject = guest("kvm", 4, 4);
  g_autoptr(GPtrArray) all = kt_compare(reference, subject);
  g_assert_cmpint(find(all, "caches.L3")->kind, ==, KT_DIFFERENCE_UNKNOWN);
  g_autofree char *checks = checks_of(all);
  g_assert_cmpstr(checks, ==, "");
}

static void test_private_l3(void)
{
  g_autoptr(KtMachine) reference = vmware_guest(), subject = guest("kvm", 32, 4);
  kt_machine_cache(reference, 3, KT_CACHE_UNIFIED)->instances = KT_INT(4);
  set_cache(subject, 2, KT_CACHE_UNIFIED, 4096, 0);
  set_cache(subject, 3, KT_CACHE_UNIFIED, 16384, 32);
  g_autoptr(GPtrArray) all = kt_compare(reference, subject);
  g_autofree char *checks = checks_of(all);
  g_assert_cmpstr(checks, ==, "X03 X06");
  g_assert_cmpstr(find(all, "caches.L3.groups")->subject, ==, "32 groups of 1 CPUs");
}

static void test_running(void)
{
  g_autoptr(KtMachine) reference = vmware_guest(), subject = vmware_guest();
  kt_machine_set_text(reference, "kernel.clocksource", "tsc", NULL);
  kt_machine_set_text(subject, "kernel.clocksource", "hpet", NULL);
  kt_machine_set_text(reference, "kernel.release", "5.14.0-70.el9", NULL);
  kt_machine_set_text(subject, "kernel.release", "3.0.76-0.11-default", NULL);
  kt_activity_add(kt_machine_activity(reference), &(KtActivityRow){.pct[KT_CPU_STEAL] = KT_NUM(0.2)});
  kt_activity_add(kt_machine_activity(subject), &(KtActivityRow){.pct[KT_CPU_STEAL] = KT_NUM(21)});
  kt_machine_node(reference, 0)->numa_hit = KT_INT(1000000);
  kt_machine_node(reference, 0)->numa_miss = KT_INT(10);
  kt_machine_node(subject, 0)->numa_hit = KT_INT(40995736);
  kt_machine_node(subject, 0)->numa_miss = KT_INT(53540664);
  g_autoptr(GPtrArray) all = kt_compare(reference, subject);
  g_autofree char *checks = checks_of(all);
  g_assert_cmpstr(checks, ==, "G05 G01 G07 G03");
  g_assert_cmpstr(find(all, "numa.miss_ratio")->subject, ==, "56.6 %");
}

static void test_ids_exist(void)
{
  guint n;
  const KtCompareField *fields = kt_compare_fields(&n);
  for (guint i = 0; i < n; i++) {
    g_assert_true((fields[i].worse != NULL) == (fields[i].check != NULL));
    g_assert_true((fields[i].check != NULL) == (fields[i].meaning != NULL));
    if (fields[i].check)
      g_assert_nonnull(kt_check_find(fields[i].check));
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/compare/case", test_case);
  g_test_add_func("/compare/in-favour-of-the-subject", test_in_favour_of_the_subject);
  g_test_add_func("/compare/same", test_same);
  g_test_add_func("/compare/narrow-guest", test_narrow_guest);
  g_test_add_func("/compare/unknown-l3", test_unknown_l3);
  g_test_add_func("/compare/private-l3", test_private_l3);
  g_test_add_func("/compare/running", test_running);
  g_test_add_func("/compare/ids-exist", test_ids_exist);
  return g_test_run();
}
