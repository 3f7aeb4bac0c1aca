/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests on huge pages are planned where there are pools of their pages. */
#include <string.h>

#include "host_fixture.h"
#include "plan/fresh.h"
#include "plan/problem.h"

enum { MIB_2 = 2048, GIB_1 = 1 << 20 };

static const KtPlanOptions automatic = {.policy = KT_PLAN_AUTO};

static void add_pool(KtMachine *host, guint node, gint64 size_kib, gint64 total, gint64 free)
{
  const KtPagePool pool = {.size_kib = size_kib, .total = total, .free = free < 0 ? (KtInt){0} : KT_INT(free)};
  g_array_append_val(((KtNode *)host->nodes->pdata[node])->pools, pool);
}

/* Two nodes of 32 GiB; 2 MiB pages: none, and 16 GiB; 1 GiB pages: 4 on each. libvirt lists small pages, too. */
static KtSnapshot *snapshot_of(gint64 free)
{
  KtSnapshot *snapshot = kt_snapshot_new();
  KtMachine *host = host_new(snapshot);
  add_pool(host, 0, 4, 1 << 22, 1 << 21);
  add_pool(host, 0, MIB_2, 0, 0);
  add_pool(host, 0, GIB_1, 4, 4);
  add_pool(host, 1, MIB_2, 8192, free);
  add_pool(host, 1, GIB_1, 4, 4);
  return snapshot;
}

static KtPlanProblem *problem_of(const KtSnapshot *snapshot)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  KtPlanProblem *problem = kt_plan_problem(snapshot, NULL, &automatic, notes, &error);
  g_assert_no_error(error);
  return problem;
}

/* KiB of node 1's pool; -1: no pool. */
static gint64 pool_kib(const KtPlanProblem *problem, gint64 page_kib)
{
  const GArray *pools = ((const KtPlaceNode *)problem->problem->nodes->pdata[1])->pools;
  for (guint k = 0; k < pools->len; k++)
    if (g_array_index(pools, KtPlacePool, k).page_kib == page_kib)
      return g_array_index(pools, KtPlacePool, k).kib;
  return -1;
}

static KtFreshPlan *fresh(KtSnapshot *snapshot, const char *wanted, GError **error)
{
  g_auto(KtFreshWish) wish = {0};
  g_assert_true(kt_fresh_wish_parse(wanted, &wish, NULL));
  return kt_fresh_plan(snapshot, &wish, &automatic, error);
}

static void assert_memory(const KtFreshPlan *plan, guint entry, guint node, gint64 gib)
{
  const KtPlaceCell *cell = plan->answer->cells->pdata[0];
  g_assert_cmpuint(plan->answer->cells->len, ==, 1);
  g_assert_cmpuint(cell->memory->len, >, entry);
  g_assert_cmpuint(g_array_index(cell->memory, KtPlaceMemory, entry).node_id, ==, node);
  g_assert_cmpint(g_array_index(cell->memory, KtPlaceMemory, entry).kib, ==, gib * GIB_1);
}

/* However much ordinary memory the other node has. */
static void test_where_the_pool_is(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtSnapshot) snapshot = snapshot_of(8192);
  KtDomain *busy = domain_new(snapshot, "busy", 2, 12);
  kt_runtime_add_memory(kt_domain_runtime(busy), 1, 12 * GIB_1);
  for (int i = 0; i < 2; i++) {
    KtThread *t = kt_runtime_add_thread(busy->runtime, 10 + i, "CPU/KVM");
    t->vcpu = i;
    t->affinity = set("4-7,12-15");
  }
  g_autoptr(KtFreshPlan) pages = fresh(snapshot, "vcpus=4,memory=14G,hugepages=2M", &error);
  g_assert_no_error(error);
  assert_memory(pages, 0, 1, 14);
  g_assert_cmpuint(pages->advice->len, ==, 0);
}

/* Both nodes' pools together have what neither has; whole pages on each. */
static void test_over_two_pools(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtSnapshot) snapshot = snapshot_of(8192);
  g_autoptr(KtFreshPlan) plan = fresh(snapshot, "vcpus=4,memory=7G,hugepages=1G", &error);
  g_assert_no_error(error);
  const KtPlaceCell *cell = plan->answer->cells->pdata[0];
  g_assert_cmpuint(cell->memory->len, ==, 2);
  g_assert_cmpint(g_array_index(cell->memory, KtPlaceMemory, 0).kib % GIB_1, ==, 0);
  g_assert_cmpuint(plan->advice->len, ==, 0);
}

static void test_no_room(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtSnapshot) snapshot = snapshot_of(2048); /* somebody has the other 12 GiB */
  g_autoptr(KtFreshPlan) plan = fresh(snapshot, "vcpus=2,memory=6G,hugepages=2M,name=a", &error);
  g_assert_null(plan);
  g_assert_nonnull(strstr(error->message, "it needs 6 GiB in pages of 2 MiB, and the host has 2 GiB less"));
}

/* What runs on the pages has them; ordinary memory is what is left beside the pools. */
static void test_amounts(void)
{
  g_autoptr(KtSnapshot) snapshot = snapshot_of(2048);
  KtDomain *d = domain_new(snapshot, "paged", 2, 10);
  d->hugepages = TRUE;
  kt_runtime_add_memory(kt_domain_runtime(d), 1, 10 * GIB_1);
  for (int i = 0; i < 2; i++) {
    KtThread *t = kt_runtime_add_thread(d->runtime, 10 + i, "CPU/KVM");
    t->vcpu = i;
    t->affinity = set("4-7,12-15");
  }
  g_autoptr(KtPlanProblem) unsized = problem_of(snapshot); /* pages of two sizes: nobody knows on which it is */
  g_assert_cmpint(((KtPlaceGuest *)unsized->problem->guests->pdata[0])->page_kib, ==, 0);
  d->hugepage_kib = KT_INT(MIB_2);
  g_autoptr(KtPlanProblem) problem = problem_of(snapshot);
  g_assert_cmpint(((KtPlaceGuest *)problem->problem->guests->pdata[0])->page_kib, ==, MIB_2);
  g_assert_cmpint(pool_kib(problem, MIB_2), ==, 14 * GIB_1);
  g_assert_cmpint(pool_kib(problem, GIB_1), ==, 4 * GIB_1);
  g_assert_cmpint(pool_kib(problem, 4), ==, -1);
  g_assert_cmpint(((KtPlaceNode *)problem->problem->nodes->pdata[1])->memory_kib, ==, (32 - 2 - 16 - 4) * GIB_1);
  d->runtime->memory->len = 0; /* it runs, nobody knows where: what is not free may be its own */
  g_autoptr(KtPlanProblem) unknown = problem_of(snapshot);
  g_assert_cmpint(pool_kib(unknown, MIB_2), ==, 16 * GIB_1);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plan-pools/where-the-pool-is", test_where_the_pool_is);
  g_test_add_func("/plan-pools/over-two-pools", test_over_two_pools);
  g_test_add_func("/plan-pools/no-room", test_no_room);
  g_test_add_func("/plan-pools/amounts", test_amounts);
  return g_test_run();
}
