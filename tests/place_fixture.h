/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the solver: hosts and guests by hand. */
#pragma once
#include "placement/placement.h"

#define GIB (G_GINT64_CONSTANT(1) << 20)

/* Nodes of `cores` cores with `threads` each, two L3 groups, 64 GiB; all other nodes at distance 21. */
static inline KtPlaceProblem *host_of(guint nodes, guint cores, guint threads)
{
  KtPlaceProblem *problem = kt_place_problem_new();
  problem->max_steps = 200000;
  for (guint i = 0; i < nodes; i++) {
    KtPlaceNode *node = kt_place_problem_add_node(problem, i * 2 + 1);
    node->memory_kib = 64 * GIB;
    for (guint k = 0; k < cores; k++) {
      KtSet *core = kt_set_new();
      for (guint t = 0; t < threads; t++)
        kt_set_add(core, i * cores + k + t * nodes * cores);
      g_ptr_array_add(node->cores, core);
      if (k % MAX(cores / 2, 1) == 0 && node->l3->len < 2)
        g_ptr_array_add(node->l3, kt_set_new());
      kt_set_add_all(node->l3->pdata[node->l3->len - 1], core);
    }
    for (guint j = 0; j < nodes; j++) {
      guint distance = i == j ? 10 : 21;
      g_array_append_val(node->distances, distance);
    }
  }
  return problem;
}

static inline KtPlaceGuest *guest(KtPlaceProblem *problem, const char *name, guint vcpus, double demand, gint64 gib)
{
  KtPlaceGuest *g = kt_place_problem_add_guest(problem, name);
  g->vcpus = vcpus;
  g->demand_cores = demand;
  g->memory_kib = gib * GIB;
  return g;
}

/* It runs on all CPUs of the node with this index, with its memory there. */
static inline void runs_on(KtPlaceProblem *problem, KtPlaceGuest *g, guint index)
{
  const KtPlaceNode *node = problem->nodes->pdata[index];
  KtPlaceMemory memory = {node->id, g->memory_kib};
  g->started = TRUE;
  for (guint k = 0; k < node->cores->len; k++)
    kt_set_add_all(g->now_cpus, node->cores->pdata[k]);
  g_array_append_val(g->now_memory, memory);
}

static inline KtPlacement *solve(const KtPlaceProblem *problem)
{
  g_autoptr(GError) error = NULL;
  KtPlacement *placement = kt_placement_solve(problem, &error);
  g_assert_no_error(error);
  return placement;
}

static inline const KtPlaceAnswer *answer_of(const KtPlacement *placement, guint k)
{
  return placement->guests->pdata[k];
}

static inline const KtPlaceCell *cell_of(const KtPlacement *placement, guint guest_index, guint cell)
{
  const KtPlaceAnswer *answer = answer_of(placement, guest_index);
  g_assert_cmpuint(answer->cells->len, >, cell);
  return answer->cells->pdata[cell];
}

/* The node of all of a cell's memory; fails if there are several. */
static inline guint memory_node(const KtPlaceCell *cell)
{
  g_assert_cmpuint(cell->memory->len, ==, 1);
  return g_array_index(cell->memory, KtPlaceMemory, 0).node_id;
}
