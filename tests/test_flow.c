/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has no room goes where it costs least: by hand, and against all there is. */
#include "placement/flow.h"

enum { N = 3 };

typedef struct {
  gint64 cost[N * N], free[N];
  gint64 left[N];
} Units;

/* The least cost of placing all units of the homes from `home` on, one after the other. */
static gint64 least(Units *u, guint home)
{
  gint64 best = G_MAXINT64;
  while (home < N && u->left[home] == 0)
    home++;
  if (home == N)
    return 0;
  u->left[home]--;
  for (guint j = 0; j < N; j++)
    if (u->free[j] > 0) {
      u->free[j]--;
      best = MIN(best, u->cost[home * N + j] + least(u, home));
      u->free[j]++;
    }
  u->left[home]++;
  return best;
}

static void check_sums(const KtFlow *flow, const gint64 *memory, const gint64 *room)
{
  for (guint i = 0; i < N; i++) {
    gint64 of_home = 0, on_node = 0;
    for (guint j = 0; j < N; j++) {
      g_assert_cmpint(flow->kib[i * N + j], >=, 0);
      of_home += flow->kib[i * N + j];
      on_node += flow->kib[j * N + i];
    }
    g_assert_cmpint(of_home, ==, memory[i]);
    g_assert_cmpint(on_node, <=, room[i]);
  }
}

static void test_random(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(4);
  guint pushed_on = 0;
  for (guint round = 0; round < 400; round++) {
    KtFlow flow;
    Units u;
    gint64 memory[N], room[N], need = 0, have = 0;
    kt_flow_init(&flow, N);
    for (guint i = 0; i < N; i++) {
      need += u.left[i] = memory[i] = g_rand_int_range(rand, 0, 4);
      have += u.free[i] = room[i] = g_rand_int_range(rand, 0, 5);
      for (guint j = 0; j < N; j++)
        u.cost[i * N + j] = flow.cost[i * N + j] = i == j ? 0 : g_rand_int_range(rand, 0, 10);
    }
    if (need <= have) {
      g_assert_cmpfloat(kt_flow_solve(&flow, memory, room), ==, (double)least(&u, 0));
      check_sums(&flow, memory, room);
      for (guint i = 0; i < N; i++)
        pushed_on += flow.kib[i * N + i] < MIN(memory[i], room[i]);
    }
    kt_flow_clear(&flow);
  }
  g_assert_cmpuint(pushed_on, >, 5);
}

/* 0 is far from 2, but near to 1, and 1 near to 2. */
static void test_third_node(void)
{
  KtFlow flow;
  const gint64 memory[] = {10, 8, 0}, room[] = {6, 8, 20}, cost[] = {0, 1, 90, 1, 0, 7, 90, 7, 0};
  kt_flow_init(&flow, N);
  for (guint k = 0; k < N * N; k++)
    flow.cost[k] = cost[k];
  g_assert_cmpfloat(kt_flow_solve(&flow, memory, room), ==, 4 * 8);
  g_assert_cmpint(flow.kib[0 * N + 1], ==, 4);
  g_assert_cmpint(flow.kib[1 * N + 2], ==, 4);
  kt_flow_clear(&flow);
}

/* More than there is room for: what has none is nowhere; a node that is more than full has no room. */
static void test_too_much(void)
{
  KtFlow flow;
  const gint64 memory[] = {10, 1, 0}, room[] = {4, -3, 2};
  kt_flow_init(&flow, N);
  kt_flow_solve(&flow, memory, room);
  g_assert_cmpint(flow.kib[0] + flow.kib[2] + flow.kib[N + 2], ==, 6);
  g_assert_cmpint(flow.kib[1] + flow.kib[N + 1], ==, 0);
  kt_flow_clear(&flow);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/flow/random", test_random);
  g_test_add_func("/flow/third-node", test_third_node);
  g_test_add_func("/flow/too-much", test_too_much);
  return g_test_run();
}
