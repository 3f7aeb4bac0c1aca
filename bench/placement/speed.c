/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long the solver takes, and how that grows with guests and nodes. Prints a table; the least of 3 runs. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "placement/placement.h"

#define GIB (G_GINT64_CONSTANT(1) << 20)
#define RUNS 3

typedef struct {
  const char *name;
  double load;    /* of the host's worth and memory */
  double started; /* share of the guests that run */
  double astray;  /* share of those that run on a node at random */
} Kind;

static const Kind kinds[] = {
    {"calm", .7, 1, 0}, {"new", .85, 0, 0}, {"repair", .7, 1, .05}, {"shuffled", .85, .6, 1}, {"overload", 1.2, .6, .3},
};

static KtPlaceProblem *host_of(guint nodes, guint cores)
{
  KtPlaceProblem *problem = kt_place_problem_new();
  for (guint i = 0; i < nodes; i++) {
    KtPlaceNode *node = kt_place_problem_add_node(problem, i);
    node->memory_kib = 512 * GIB;
    KtSet *l3 = kt_set_new();
    g_ptr_array_add(node->l3, l3);
    for (guint k = 0; k < cores; k++) {
      KtSet *core = kt_set_new();
      kt_set_add(core, i * cores + k);
      kt_set_add(core, (nodes + i) * cores + k);
      kt_set_add_all(l3, core);
      g_ptr_array_add(node->cores, core);
    }
    for (guint j = 0; j < nodes; j++) {
      guint distance = i == j ? 10 : i / 2 == j / 2 ? 12 : i / 4 == j / 4 ? 17 : 21;
      g_array_append_val(node->distances, distance);
    }
  }
  return problem;
}

static void start(KtPlaceProblem *problem, KtPlaceGuest *guest, guint index)
{
  const KtPlaceNode *node = problem->nodes->pdata[index];
  KtPlaceMemory memory = {node->id, guest->memory_kib};
  guest->started = TRUE;
  for (guint k = 0; k < node->cores->len; k++)
    kt_set_add_all(guest->now_cpus, node->cores->pdata[k]);
  g_array_append_val(guest->now_memory, memory);
}

static KtPlaceProblem *problem_of(const Kind *kind, guint nodes, guint guests, guint seed)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
  guint cores = 16;
  KtPlaceProblem *problem = host_of(nodes, cores);
  double demand = 1.25 * cores * nodes * kind->load / guests, gib = 512. * nodes * MIN(kind->load, .85) / guests;
  for (guint k = 0; k < guests; k++) {
    g_autofree char *name = g_strdup_printf("g%u", k);
    KtPlaceGuest *guest = kt_place_problem_add_guest(problem, name);
    guest->demand_cores = demand * g_rand_double_range(rand, .5, 1.5);
    guest->vcpus = 1 + (guint)guest->demand_cores;
    guest->memory_kib = (gint64)(gib * g_rand_double_range(rand, .5, 1.5) * 1024) * 1024;
    if (g_rand_double(rand) < kind->started)
      start(problem, guest,
            g_rand_double(rand) < kind->astray ? (guint)g_rand_int_range(rand, 0, (gint32)nodes) : k % nodes);
  }
  return problem;
}

/* Of this process, so that neighbours do not count. */
static gint64 cpu_us(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

static int by_value(gconstpointer a, gconstpointer b)
{
  gint64 one = *(const gint64 *)a, two = *(const gint64 *)b;
  return one < two ? -1 : one > two;
}

static void row(const char *name, const KtPlaceProblem *problem)
{
  gint64 us[RUNS];
  g_autoptr(KtPlacement) placement = NULL;
  for (guint run = 0; run < RUNS; run++) {
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&placement, kt_placement_free);
    gint64 begin = cpu_us();
    placement = kt_placement_solve(problem, &error);
    us[run] = cpu_us() - begin;
    if (!placement) {
      fprintf(stderr, "%s\n", error->message);
      exit(1);
    }
  }
  qsort(us, RUNS, sizeof *us, by_value);
  printf("| %s | %u | %u | %.3f | %" G_GUINT64_FORMAT " | %.6g | %.6g |\n", name, problem->nodes->len,
         problem->guests->len, (double)us[0] / 1000, placement->steps, placement->cost.total, placement->bound.total);
}

static void one_wide(guint nodes, guint cells)
{
  g_autoptr(KtPlaceProblem) problem = host_of(nodes, 16);
  KtPlaceGuest *guest = kt_place_problem_add_guest(problem, "wide");
  guest->vcpus = 32 * cells;
  guest->cells = cells;
  guest->demand_cores = 18 * cells;
  guest->memory_kib = 400 * GIB * cells;
  row("wide", problem);
}

/* placement-speed [KIND]: all rows, or those of one kind. */
int main(int argc, char **argv)
{
  const char *only = argc > 1 ? argv[1] : NULL;
  static const struct {
    guint nodes, guests;
  } sizes[] = {{2, 300}, {4, 300},  {8, 300},  {32, 300},  {64, 300},  {16, 10},
               {16, 30}, {16, 100}, {16, 300}, {16, 1000}, {16, 3000}, {64, 1000}};
  puts("| guests are | nodes | guests | ms of CPU | steps | cost | lower bound |\n|---|---|---|---|---|---|---|");
  for (guint k = 0; k < G_N_ELEMENTS(kinds); k++)
    for (guint i = 0; i < G_N_ELEMENTS(sizes) && (!only || g_str_equal(only, kinds[k].name)); i++) {
      g_autoptr(KtPlaceProblem) problem = problem_of(&kinds[k], sizes[i].nodes, sizes[i].guests, 7);
      row(kinds[k].name, problem);
    }
  if (only && !g_str_equal(only, "wide"))
    return 0;
  one_wide(8, 4);
  one_wide(16, 4);
  one_wide(16, 16);
  one_wide(64, 16);
  one_wide(64, 64);
  return 0;
}
