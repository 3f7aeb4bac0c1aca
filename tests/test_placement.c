/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "place_fixture.h"

/* What every answer has to be. */
static void assert_valid(const KtPlaceProblem *problem, const KtPlacement *placement)
{
  g_autoptr(KtSet) owned = kt_set_new();
  g_autofree gint64 *used = g_new0(gint64, KT_SET_MAX);
  g_assert_cmpuint(placement->guests->len, ==, problem->guests->len);
  for (guint k = 0; k < problem->guests->len; k++) {
    const KtPlaceGuest *g = problem->guests->pdata[k];
    const KtPlaceAnswer *answer = answer_of(placement, k);
    guint vcpus = 0;
    gint64 memory = 0;
    g_assert_true((answer->why != NULL) == (answer->cells->len == 0));
    for (guint c = 0; c < answer->cells->len; c++) {
      const KtPlaceCell *cell = answer->cells->pdata[c];
      g_assert_cmpuint(cell->first_vcpu, ==, vcpus);
      vcpus += cell->vcpus;
      g_assert_false(kt_set_is_empty(cell->cpus));
      g_assert_false(kt_set_intersects(cell->cpus, problem->reserved_cpus));
      g_assert_true(!g->allowed || kt_set_contains(g->allowed, cell->cpus));
      g_assert_cmpint(cell->pins != NULL, ==, g->policy == KT_PLACE_DEDICATED);
      if (cell->pins) {
        g_assert_cmpuint(cell->pins->len, ==, cell->vcpus);
        g_assert_cmpuint(kt_set_count(cell->cpus), ==, cell->vcpus);
        g_assert_false(kt_set_intersects(cell->cpus, owned));
        kt_set_add_all(owned, cell->cpus);
      }
      for (guint m = 0; m < cell->memory->len; m++) {
        used[g_array_index(cell->memory, KtPlaceMemory, m).node_id] +=
            g->page_kib ? 0 : g_array_index(cell->memory, KtPlaceMemory, m).kib;
        memory += g_array_index(cell->memory, KtPlaceMemory, m).kib;
      }
    }
    if (answer->cells->len) {
      g_assert_cmpuint(vcpus, ==, g->vcpus);
      g_assert_cmpint(memory, ==, g->memory_kib);
      if (g->cells)
        g_assert_cmpuint(answer->cells->len, ==, g->cells);
    }
  }
  for (guint i = 0; i < problem->nodes->len; i++) {
    const KtPlaceNode *node = problem->nodes->pdata[i];
    g_assert_cmpint(used[node->id], <=, node->memory_kib);
  }
  g_assert_cmpfloat(placement->bound.total, <=, placement->cost.total + 1e-8 * MAX(placement->cost.total, 1));
}

/* ---- rules ---- */

/* Confined to CPUs of a node: it goes there though its memory is on the other, and floats on these alone. */
static void test_allowed(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(2, 8, 2);
  KtPlaceGuest *a = guest(problem, "a", 4, 2, 16);
  runs_on(problem, a, 0);
  kt_set_add_all(a->now_cpus, ((const KtPlaceNode *)problem->nodes->pdata[1])->cores->pdata[2]);
  a->allowed = kt_set_parse("10-12", NULL);
  runs_on(problem, guest(problem, "b", 4, 2, 16), 1);
  g_autoptr(KtPlacement) placement = solve(problem);
  assert_valid(problem, placement);
  g_assert_true(kt_set_equal(cell_of(placement, 0, 0)->cpus, a->allowed));
  g_assert_cmpuint(memory_node(cell_of(placement, 0, 0)), ==, 3);
  g_assert_false(answer_of(placement, 0)->stays);
  kt_set_remove_all(a->allowed, a->allowed);
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_placement_solve(problem, &error));
  g_assert_true(g_str_has_prefix(error->message, "guest 'a': expected a shared one"));
}

static void test_one_cell_where_it_fits(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(2, 8, 2);
  guest(problem, "a", 8, 3.5, 16);
  guest(problem, "b", 8, 7, 60);
  g_autoptr(KtPlacement) placement = solve(problem);
  assert_valid(problem, placement);
  g_assert_cmpfloat(placement->cost.total, ==, 0);
  g_assert_true(placement->optimal);
  g_assert_cmpuint(answer_of(placement, 0)->cells->len, ==, 1);
  g_assert_cmpuint(memory_node(cell_of(placement, 0, 0)), !=, memory_node(cell_of(placement, 1, 0)));
}

static void test_wide_guest_is_split_evenly(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(4, 8, 1);
  const guint near[4][4] = {{10, 12, 20, 22}, {12, 10, 22, 20}, {20, 22, 10, 12}, {22, 20, 12, 10}};
  for (guint i = 0; i < 4; i++)
    for (guint j = 0; j < 4; j++)
      g_array_index(((KtPlaceNode *)problem->nodes->pdata[i])->distances, guint, j) = near[i][j];
  KtPlaceGuest *in_the_way = guest(problem, "stays", 8, 7, 60);
  runs_on(problem, in_the_way, 0);
  in_the_way->movable = FALSE;
  guest(problem, "wide", 16, 14, 100);
  g_autoptr(KtPlacement) placement = solve(problem);
  assert_valid(problem, placement);
  const KtPlaceAnswer *wide = answer_of(placement, 1);
  g_assert_cmpuint(wide->cells->len, ==, 2);
  for (guint c = 0; c < 2; c++) {
    const KtPlaceCell *cell = cell_of(placement, 1, c);
    g_assert_cmpuint(cell->vcpus, ==, 8);
    g_assert_cmpint(g_array_index(cell->memory, KtPlaceMemory, 0).kib, ==, 50 * GIB);
    g_assert_cmpuint(memory_node(cell), >=, 5); /* ids are 1, 3, 5, 7: the two that are near each other */
  }
  g_assert_true(answer_of(placement, 0)->stays);
  g_assert_cmpfloat(placement->cost.contention, ==, 0);
  g_assert_true(placement->optimal);
}

/* A well placed host: nothing moves; one guest in the wrong place: only it does. */
static void test_only_what_is_bad_moves(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(2, 8, 2);
  for (guint k = 0; k < 6; k++) {
    g_autofree char *name = g_strdup_printf("g%u", k);
    runs_on(problem, guest(problem, name, 4, 3, 8 + k), k % 2);
  }
  g_autoptr(KtPlacement) calm = solve(problem);
  assert_valid(problem, calm);
  g_assert_cmpfloat(calm->cost.total, ==, 0);
  for (guint k = 0; k < 6; k++)
    g_assert_true(answer_of(calm, k)->stays);
  KtPlaceGuest *bad = problem->guests->pdata[2];
  KtPlaceMemory *here = &g_array_index(bad->now_memory, KtPlaceMemory, 0), away = {3, 4 * GIB};
  here->kib -= away.kib;
  g_array_append_val(bad->now_memory, away);
  g_autoptr(KtPlacement) repair = solve(problem);
  assert_valid(problem, repair);
  g_assert_cmpint(repair->cost.move_kib, ==, 4 * GIB);
  g_assert_cmpfloat(repair->cost.remote, ==, 0);
  for (guint k = 0; k < 6; k++)
    g_assert_cmpint(answer_of(repair, k)->stays, ==, k != 2);
}

static void test_small_guests_make_room(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(2, 8, 1);
  runs_on(problem, guest(problem, "a", 2, 1, 10), 0);
  runs_on(problem, guest(problem, "b", 2, 1, 20), 0);
  runs_on(problem, guest(problem, "c", 2, 1, 12), 1);
  runs_on(problem, guest(problem, "d", 2, 1, 20), 1);
  guest(problem, "large", 4, 4, 44);
  g_autoptr(KtPlacement) placement = solve(problem);
  assert_valid(problem, placement);
  g_assert_cmpfloat(placement->cost.remote, ==, 0);
  g_assert_cmpint(placement->cost.move_kib, ==, 10 * GIB);
  g_assert_true(answer_of(placement, 1)->stays);
}

/* ---- dedicated ---- */

static void test_siblings(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(1, 8, 2);
  for (guint k = 0; k < 2; k++) {
    g_autofree char *name = g_strdup_printf("g%u", k);
    guest(problem, name, 4, -1, 8)->policy = KT_PLACE_DEDICATED;
  }
  g_autoptr(KtPlacement) idle = solve(problem); /* 8 vCPUs on 8 cores: no sibling is used */
  assert_valid(problem, idle);
  g_assert_cmpfloat(idle->cost.total, ==, 0);
  for (guint k = 0; k < 2; k++)
    for (guint v = 0; v < 4; v++)
      for (guint w = 0; w < v; w++)
        g_assert_cmpuint(g_array_index(cell_of(idle, k, 0)->pins, guint, v) % 8, !=,
                         g_array_index(cell_of(idle, k, 0)->pins, guint, w) % 8);
  for (guint k = 2; k < 4; k++) {
    g_autofree char *name = g_strdup_printf("g%u", k);
    guest(problem, name, 4, -1, 8)->policy = KT_PLACE_DEDICATED;
  }
  g_autoptr(KtPlacement) full = solve(problem); /* 16 vCPUs on 16 threads: siblings stay in one guest */
  assert_valid(problem, full);
  g_assert_cmpfloat(full->cost.total, ==, 0);
  g_assert_cmpuint(g_array_index(cell_of(full, 0, 0)->pins, guint, 0) % 8, ==,
                   g_array_index(cell_of(full, 0, 0)->pins, guint, 1) % 8);
}

static void test_exclusive_cpus_spill(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(3, 4, 1);
  for (guint k = 0; k < 4; k++) {
    g_autofree char *name = g_strdup_printf("g%u", k);
    guest(problem, name, 3, -1, 8)->policy = KT_PLACE_DEDICATED;
  }
  g_autoptr(KtPlacement) placement = solve(problem); /* 12 vCPUs on 12 CPUs, but 3 do not divide 4 */
  assert_valid(problem, placement);
  for (guint k = 0; k < 4; k++)
    g_assert_null(answer_of(placement, k)->why);
  g_assert_cmpfloat(placement->cost.remote, >, 0);
}

static void test_l3(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(1, 8, 1); /* two groups of four */
  const guint vcpus[] = {1, 3, 2, 2};
  for (guint k = 0; k < 4; k++) {
    g_autofree char *name = g_strdup_printf("g%u", k);
    guest(problem, name, vcpus[k], -1, 8)->policy = KT_PLACE_DEDICATED;
  }
  g_autoptr(KtPlacement) placement = solve(problem);
  assert_valid(problem, placement);
  g_assert_cmpuint(placement->cost.l3, ==, 0);
}

/* CPUs below 6 that the guest owns, of two L3 groups of six. */
static guint in_first_group(const KtPlacement *placement, guint k)
{
  guint n = 0;
  for (guint cpu = 0; cpu < 6; cpu++)
    n += kt_set_has(cell_of(placement, k, 0)->cpus, cpu);
  return n;
}

static void test_even_l3(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(1, 12, 1);
  KtPlaceGuest *wide = guest(problem, "wide", 8, -1, 8), *small = guest(problem, "small", 2, -1, 8);
  wide->policy = small->policy = KT_PLACE_DEDICATED;
  g_autoptr(KtPlacement) fresh = solve(problem);
  assert_valid(problem, fresh);
  g_assert_cmpuint(in_first_group(fresh, 0), ==, 4);
  runs_on(problem, small, 0);
  runs_on(problem, wide, 0);
  kt_set_free(small->now_cpus);
  kt_set_free(wide->now_cpus);
  small->now_cpus = kt_set_parse("8-9", NULL);
  wide->now_cpus = kt_set_parse("0-5,6-7", NULL);
  g_autoptr(KtPlacement) running = solve(problem);
  assert_valid(problem, running);
  g_assert_cmpuint(in_first_group(running, 0), ==, 4);
  g_assert_true(kt_set_equal(cell_of(running, 1, 0)->cpus, small->now_cpus));
  small->vcpus = 4; /* there, 4 of 8 do not fit beside it: all stays */
  kt_set_free(small->now_cpus);
  small->now_cpus = kt_set_parse("8-11", NULL);
  g_autoptr(KtPlacement) full = solve(problem);
  assert_valid(problem, full);
  g_assert_true(kt_set_equal(cell_of(full, 0, 0)->cpus, wide->now_cpus));
  g_assert_true(kt_set_equal(cell_of(full, 1, 0)->cpus, small->now_cpus));
}

/* ---- odd hosts ---- */

static void test_memory_spills(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(2, 8, 1);
  ((KtPlaceNode *)problem->nodes->pdata[1])->memory_kib = 0; /* CPUs only */
  guest(problem, "a", 8, 8, 30);
  guest(problem, "b", 8, 8, 34);
  g_autoptr(KtPlacement) placement = solve(problem);
  assert_valid(problem, placement);
  g_assert_cmpfloat(placement->cost.contention, ==, 0);
  g_assert_cmpfloat_with_epsilon(placement->cost.remote, 1.1 * 30 / 64, 1e-9);
  ((KtPlaceNode *)problem->nodes->pdata[1])->memory_kib = 10 * GIB;
  g_ptr_array_set_size(((KtPlaceNode *)problem->nodes->pdata[1])->cores, 0); /* memory only */
  ((KtPlaceGuest *)problem->guests->pdata[1])->memory_kib = 40 * GIB;
  g_autoptr(KtPlacement) other = solve(problem);
  assert_valid(problem, other);
  g_assert_cmpfloat_with_epsilon(other->cost.remote, 1.1 * 6 / 70, 1e-9);
}

static void add_pool(KtPlaceProblem *problem, guint node, gint64 page_kib, gint64 gib)
{
  const KtPlacePool pool = {page_kib, gib * GIB};
  g_array_append_val(((KtPlaceNode *)problem->nodes->pdata[node])->pools, pool);
}

/* Pools and ordinary memory do not stand in for each other; a pool's guests go where the pool is. */
static void test_pools(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(3, 8, 1);
  g_autoptr(GError) error = NULL;
  add_pool(problem, 1, 2048, 20);
  add_pool(problem, 2, 2048, 6);
  add_pool(problem, 2, 1 << 20, 8);
  runs_on(problem, guest(problem, "full", 1, 1, 64), 1);
  guest(problem, "a", 2, 2, 12)->page_kib = 2048;
  guest(problem, "b", 2, 2, 8)->page_kib = 2048;
  guest(problem, "c", 2, 2, 6)->page_kib = 2048;
  guest(problem, "d", 2, 2, 8)->page_kib = 1 << 20;
  g_autoptr(KtPlacement) placement = solve(problem);
  assert_valid(problem, placement);
  g_assert_cmpfloat(placement->cost.total, ==, 0);
  static const guint nodes[] = {3, 3, 3, 5, 5};
  for (guint k = 0; k < G_N_ELEMENTS(nodes); k++)
    g_assert_cmpuint(memory_node(cell_of(placement, k, 0)), ==, nodes[k]);
  ((KtPlaceGuest *)problem->guests->pdata[4])->memory_kib = 9 * GIB;
  g_autoptr(KtPlacement) short_of = solve(problem);
  g_assert_cmpstr(answer_of(short_of, 4)->why, ==,
                  "it needs 9 GiB in pages of 1 GiB, and the host has 1 GiB less than all such guests need");
  g_assert_null(answer_of(short_of, 3)->why);
  static const gint64 sizes[] = {4, 8, 16};
  for (guint k = 0; k < G_N_ELEMENTS(sizes); k++)
    ((KtPlaceGuest *)problem->guests->pdata[k])->page_kib = sizes[k];
  g_assert_null(kt_placement_solve(problem, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_LIMIT);
}

static void test_no_room(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(2, 4, 1);
  runs_on(problem, guest(problem, "runs", 1, 1, 60), 0);
  guest(problem, "large", 1, 1, 66);
  guest(problem, "small", 1, 1, 4);
  guest(problem, "tiny", 1, 1, 1);
  g_autoptr(KtPlacement) placement = solve(problem); /* 3 GiB too much: the smallest that is enough stays out */
  assert_valid(problem, placement);
  g_assert_nonnull(answer_of(placement, 2)->why);
  g_assert_null(answer_of(placement, 1)->why);
  g_assert_null(answer_of(placement, 3)->why);
  g_autofree char *words = kt_placement_explain(problem, placement);
  g_assert_nonnull(strstr(words, "small has no place: it needs 4 GiB"));
}

/* Exclusive guests leave a CPU to the shared ones. */
static void test_not_all_owned(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(2, 2, 1);
  guest(problem, "shared", 1, .5, 1);
  guest(problem, "a", 2, -1, 1)->policy = KT_PLACE_DEDICATED;
  guest(problem, "b", 2, -1, 1)->policy = KT_PLACE_DEDICATED;
  g_autoptr(KtPlacement) placement = solve(problem);
  assert_valid(problem, placement);
  g_assert_null(answer_of(placement, 0)->why);
  g_assert_true(!answer_of(placement, 1)->why != !answer_of(placement, 2)->why);
}

static void test_reserved_cpus(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(2, 4, 2);
  kt_set_add(problem->reserved_cpus, 0);
  kt_set_add(problem->reserved_cpus, 8); /* core 0 of the first node */
  guest(problem, "a", 4, 4.5, 8);
  guest(problem, "b", 4, 3.75, 8);
  g_autoptr(KtPlacement) placement = solve(problem);
  assert_valid(problem, placement);
  g_assert_cmpfloat(placement->cost.contention, ==, 0);
  g_assert_cmpuint(memory_node(cell_of(placement, 0, 0)), ==, 3);
}

static void test_contradictions(void)
{
  static const char *const expected[] = {"node 1 twice", "distances", "has a CPU of another",
                                         "twice",        "vCPUs",     "may not move"};
  for (guint k = 0; k < G_N_ELEMENTS(expected); k++) {
    g_autoptr(KtPlaceProblem) problem = host_of(2, 2, 1);
    g_autoptr(GError) error = NULL;
    KtPlaceNode *second = problem->nodes->pdata[1];
    KtPlaceGuest *g = guest(problem, "a", 2, 1, 1);
    if (k == 0)
      second->id = 1;
    else if (k == 1)
      g_array_set_size(second->distances, 1);
    else if (k == 2)
      kt_set_add(second->cores->pdata[0], 0);
    else if (k == 3)
      guest(problem, "a", 1, 1, 1);
    else if (k == 4)
      g->vcpus = 0;
    else
      g->started = !(g->movable = FALSE);
    g_assert_null(kt_placement_solve(problem, &error));
    g_assert_error(error, KT_ERROR, KT_ERROR_FORMAT);
    g_assert_nonnull(strstr(error->message, expected[k]));
  }
}

/* ---- against all there is ---- */

typedef struct {
  const KtPlaceProblem *problem;
  guint home[6];
} Force;

/* Contention and moves of one assignment of whole guests; infinite where memory does not fit. */
static double assignment_cost(const Force *f)
{
  const KtPlaceProblem *p = f->problem;
  double load[3] = {0}, total = 0, cost = 0;
  gint64 used[3] = {0}, moved = 0;
  for (guint k = 0; k < p->guests->len; k++) {
    const KtPlaceGuest *g = p->guests->pdata[k];
    load[f->home[k]] += g->demand_cores;
    used[f->home[k]] += g->memory_kib;
    total += (double)g->memory_kib;
    guint id = ((const KtPlaceNode *)p->nodes->pdata[f->home[k]])->id;
    if (g->started && g_array_index(g->now_memory, KtPlaceMemory, 0).node_id != id)
      moved += g->memory_kib;
  }
  for (guint i = 0; i < p->nodes->len; i++) {
    const KtPlaceNode *node = p->nodes->pdata[i];
    double worth = node->cores->len * (kt_set_count(node->cores->pdata[0]) == 2 ? 1.25 : 1);
    if (used[i] > node->memory_kib)
      return INFINITY;
    cost += MAX(load[i] - worth, 0) * p->weights.contention;
  }
  return cost + p->weights.move * (double)moved / total;
}

static double least_by_force(Force *f, guint k)
{
  double least = INFINITY;
  if (k == f->problem->guests->len)
    return assignment_cost(f);
  for (guint i = 0; i < f->problem->nodes->len; i++) {
    f->home[k] = i;
    double cost = least_by_force(f, k + 1);
    least = MIN(least, cost);
  }
  return least;
}

static KtPlaceProblem *random_problem(GRand *rand)
{
  guint nodes = (guint)g_rand_int_range(rand, 1, 4), n = (guint)g_rand_int_range(rand, 1, 7);
  KtPlaceProblem *problem = host_of(nodes, (guint)g_rand_int_range(rand, 2, 5), (guint)g_rand_int_range(rand, 1, 3));
  double tightness = g_rand_double_range(rand, .5, 2.5);
  for (guint k = 0; k < n; k++) {
    g_autofree char *name = g_strdup_printf("g%u", k);
    double demand = g_rand_int_range(rand, 1, 1500) / 1000. * tightness;
    KtPlaceGuest *g = guest(problem, name, 4, MIN(demand, 2), g_rand_int_range(rand, 1, 28));
    if (g_rand_boolean(rand))
      runs_on(problem, g, (guint)g_rand_int_range(rand, 0, (gint32)nodes));
  }
  return problem;
}

static void test_optimum(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(11);
  guint above_zero = 0, proven = 0;
  for (guint round = 0; round < 800; round++) {
    g_autoptr(KtPlaceProblem) problem = random_problem(rand);
    problem->max_steps = 50000;
    Force f = {.problem = problem};
    double least = least_by_force(&f, 0);
    g_autoptr(KtPlacement) placement = solve(problem);
    assert_valid(problem, placement);
    if (isinf(least)) /* only with memory on other nodes, or not at all */
      continue;
    g_assert_cmpfloat(placement->cost.total, <=, least + 1e-8 * MAX(least, 1));
    g_assert_cmpfloat(placement->bound.total, <=, least + 1e-8 * MAX(least, 1));
    if (placement->cost.remote == 0)
      g_assert_cmpfloat_with_epsilon(placement->cost.total, least, 1e-5 * MAX(least, 1));
    above_zero += least > 0;
    proven += least > 0 && placement->optimal;
  }
  g_assert_cmpuint(above_zero, >, 100);
  g_assert_cmpuint(proven, >, 20);
}

/* Some of each node's CPUs are all that a guest may use: wherever it is and however full the host, it gets no other,
 * and what is not there yet comes beside them. */
static void test_fences(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(13);
  for (guint round = 0; round < 800; round++) {
    g_autoptr(KtPlaceProblem) problem = random_problem(rand);
    guint last = problem->nodes->len * ((KtPlaceNode *)problem->nodes->pdata[0])->cores->len - 1;
    problem->max_steps = 20000;
    for (guint i = 0; i < problem->nodes->len; i++)
      ((KtPlaceNode *)problem->nodes->pdata[i])->memory_kib = 1000 * GIB;
    for (guint k = 0; k < problem->guests->len; k++) {
      KtPlaceGuest *g = problem->guests->pdata[k];
      g->allowed = kt_set_new();
      for (guint cpu = (guint)g_rand_int_range(rand, 0, (gint32)last + 1); cpu <= last;
           cpu += (guint)g_rand_int_range(rand, 1, 4))
        kt_set_add(g->allowed, cpu);
      for (guint cpu = 0; g->started && cpu <= last; cpu += k + 1)
        kt_set_add(g->now_cpus, cpu);
    }
    g_autoptr(KtPlacement) placement = solve(problem);
    assert_valid(problem, placement);
    for (guint k = 0; k < problem->guests->len; k++)
      if (!((KtPlaceGuest *)problem->guests->pdata[k])->started)
        g_assert_cmpuint(cell_of(placement, k, 0)->memory->len, ==, 1);
  }
}

/* ---- the same problem told otherwise ---- */

/* Guests in reverse order under other names. */
static KtPlaceProblem *retold(const KtPlaceProblem *problem)
{
  KtPlaceProblem *other = host_of(problem->nodes->len, ((KtPlaceNode *)problem->nodes->pdata[0])->cores->len,
                                  kt_set_count(((KtPlaceNode *)problem->nodes->pdata[0])->cores->pdata[0]));
  for (guint k = problem->guests->len; k-- > 0;) {
    const KtPlaceGuest *from = problem->guests->pdata[k];
    g_autofree char *name = g_strdup_printf("other-%u", k * 7 % 5 * 100 + k);
    KtPlaceGuest *to = guest(other, name, from->vcpus, from->demand_cores, 0);
    to->memory_kib = from->memory_kib;
    to->started = from->started;
    kt_set_add_all(to->now_cpus, from->now_cpus);
    g_array_append_vals(to->now_memory, from->now_memory->data, from->now_memory->len);
  }
  return other;
}

static void test_order_and_names_do_not_matter(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(12);
  for (guint round = 0; round < 50; round++) {
    g_autoptr(KtPlaceProblem) problem = random_problem(rand), other = retold(problem);
    problem->max_steps = other->max_steps = 50000;
    g_autoptr(KtPlacement) one = solve(problem), again = solve(problem), two = solve(other);
    g_assert_cmpfloat(one->cost.total, ==, again->cost.total);
    g_assert_cmpuint(one->steps, ==, again->steps);
    g_assert_cmpfloat_with_epsilon(one->cost.total, two->cost.total, 1e-12);
    for (guint k = 0; k < problem->guests->len; k++)
      if (one->guests->len && !answer_of(one, k)->why)
        g_assert_true(kt_set_equal(cell_of(one, k, 0)->cpus, cell_of(again, k, 0)->cpus));
  }
}

/* Work is bounded: by max_steps, and far below it where nothing is wrong. */
static void test_steps(void)
{
  g_autoptr(KtPlaceProblem) problem = host_of(16, 16, 2);
  for (guint k = 0; k < 1000; k++) {
    g_autofree char *name = g_strdup_printf("g%u", k);
    guest(problem, name, 1, .2 + k % 7 * .015, 0)->memory_kib = (1 + k % 5) * GIB / 4;
  }
  g_autoptr(KtPlacement) easy = solve(problem);
  assert_valid(problem, easy);
  g_assert_cmpfloat(easy->cost.total, ==, 0);
  g_assert_cmpuint(easy->steps, <, 100000);
  for (guint k = 0; k < 1000; k++)
    ((KtPlaceGuest *)problem->guests->pdata[k])->demand_cores *= 1.4;
  problem->max_steps = 200000;
  g_autoptr(KtPlacement) hard = solve(problem);
  assert_valid(problem, hard);
  g_assert_cmpfloat(hard->cost.contention, >, 0);
  g_assert_cmpuint(hard->steps, <, 2 * 200000 + 4000000);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/placement/allowed", test_allowed);
  g_test_add_func("/placement/fences", test_fences);
  g_test_add_func("/placement/one-cell", test_one_cell_where_it_fits);
  g_test_add_func("/placement/wide", test_wide_guest_is_split_evenly);
  g_test_add_func("/placement/only-what-is-bad", test_only_what_is_bad_moves);
  g_test_add_func("/placement/small-make-room", test_small_guests_make_room);
  g_test_add_func("/placement/siblings", test_siblings);
  g_test_add_func("/placement/exclusive-spill", test_exclusive_cpus_spill);
  g_test_add_func("/placement/l3", test_l3);
  g_test_add_func("/placement/even-l3", test_even_l3);
  g_test_add_func("/placement/memory-spills", test_memory_spills);
  g_test_add_func("/placement/pools", test_pools);
  g_test_add_func("/placement/no-room", test_no_room);
  g_test_add_func("/placement/not-all-owned", test_not_all_owned);
  g_test_add_func("/placement/reserved", test_reserved_cpus);
  g_test_add_func("/placement/contradictions", test_contradictions);
  g_test_add_func("/placement/optimum", test_optimum);
  g_test_add_func("/placement/retold", test_order_and_names_do_not_matter);
  g_test_add_func("/placement/steps", test_steps);
  return g_test_run();
}
