/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of the host weigh in where a guest goes. */
#include "place_fixture.h"

#include <math.h>

static void add_device(KtPlaceGuest *g, guint node_id, gboolean owned)
{
  const KtPlaceDevice device = {node_id, owned};
  g_array_append_val(g->devices, device);
}

/* A guest that is to start goes where its device is, whichever node that is, and whether it owns or shares it. */
static void test_starts_near(void)
{
  for (guint node = 0; node < 3; node++)
    for (gboolean owned = FALSE; owned <= TRUE; owned++) {
      g_autoptr(KtPlaceProblem) problem = host_of(3, 8, 2);
      add_device(guest(problem, "a", 4, 2, 8), node * 2 + 1, owned);
      g_autoptr(KtPlacement) placement = solve(problem);
      g_assert_cmpuint(memory_node(cell_of(placement, 0, 0)), ==, node * 2 + 1);
      g_assert_cmpfloat(placement->cost.total, ==, 0);
    }
}

/* It is worth a move of all memory to come near a device of its own, and not near one that it shares. */
static void test_moves_near_its_own(void)
{
  for (gboolean owned = FALSE; owned <= TRUE; owned++) {
    g_autoptr(KtPlaceProblem) problem = host_of(2, 8, 2);
    KtPlaceGuest *g = guest(problem, "a", 4, 2, 8);
    runs_on(problem, g, 0);
    add_device(g, 3, owned);
    g_autoptr(KtPlacement) placement = solve(problem);
    g_assert_cmpuint(memory_node(cell_of(placement, 0, 0)), ==, owned ? 3 : 1);
    g_assert_cmpint(placement->cost.move_kib, ==, owned ? 8 * GIB : 0);
    g_assert_cmpfloat(placement->cost.remote, ==, owned ? 0 : KT_PLACE_SHARED_DEVICE * 1.1);
    g_assert_true(placement->optimal);
  }
}

/* CPU time outweighs it: two guests that want one node, and cores for one of them there. The one stays off whose memory
 * is less. */
static void test_cores_come_first(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(2, 8, 1);
  add_device(guest(problem, "small", 6, 6, 8), 1, TRUE);
  add_device(guest(problem, "large", 6, 6, 16), 1, TRUE);
  g_autoptr(KtPlacement) placement = solve(problem);
  g_assert_cmpfloat(placement->cost.contention, ==, 0);
  g_assert_cmpuint(memory_node(cell_of(placement, 0, 0)), ==, 3);
  g_assert_cmpuint(memory_node(cell_of(placement, 1, 0)), ==, 1);
  g_assert_cmpfloat_with_epsilon(placement->cost.remote, KT_PLACE_DEVICE_TRAFFIC * 1.1 / 3, 1e-12);
  g_assert_true(placement->optimal);
  g_autofree char *words = kt_placement_explain(problem, placement);
  g_assert_nonnull(strstr(words, "1 of 2 passed-through devices is on a node of its guest."));
}

/* A wide guest needs one of its cells there, and one for each of its devices. */
static void test_wide(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(4, 8, 1);
  KtPlaceGuest *g = guest(problem, "wide", 16, 16, 64);
  add_device(g, 5, TRUE);
  add_device(g, 7, TRUE);
  add_device(g, 7, FALSE); /* it owns others: not looked at */
  g_autoptr(KtPlacement) placement = solve(problem);
  guint nodes = memory_node(cell_of(placement, 0, 0)) + memory_node(cell_of(placement, 0, 1));
  g_assert_cmpuint(nodes, ==, 12);
  g_assert_cmpfloat_with_epsilon(placement->cost.remote, KT_PLACE_CELL_TRAFFIC * 1.1, 1e-12);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/place-devices/starts-near", test_starts_near);
  g_test_add_func("/place-devices/moves-near-its-own", test_moves_near_its_own);
  g_test_add_func("/place-devices/cores-come-first", test_cores_come_first);
  g_test_add_func("/place-devices/wide", test_wide);
  return g_test_run();
}
