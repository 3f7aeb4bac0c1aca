/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "placement/search.h"

/* How much worse than the best may be what a search goes on from. */
#define STRICT 0
#define LOOSE 1.3

/* The state is the best so far. Returns its cost. */
static double take(KtSearch *s, guint *best)
{
  memcpy(best, s->home, s->n_parts * sizeof *best);
  return kt_search_cost(s);
}

/* Keeps the better one of the state and the best so far; the state becomes it. */
static void keep_best(KtSearch *s, guint *best, double *best_cost)
{
  if (kt_search_cost(s) < *best_cost - KT_PLACE_EPSILON)
    *best_cost = take(s, best);
  else
    kt_search_set(s, best);
}

static gboolean has_node_cost(const KtSearch *s)
{
  for (guint i = 0; i < s->n_nodes; i++)
    if (s->node_cost[i] > 0)
      return TRUE;
  return FALSE;
}

/* What exclusive CPUs cost beyond a node's is only estimated in the search: that is no bound. */
static gboolean has_exclusive(const KtSearch *s)
{
  for (guint p = 0; p < s->n_parts; p++)
    if (s->need[p].cpus)
      return TRUE;
  return FALSE;
}

static double search(KtSearch *s, KtPlaceCost *fields)
{
  g_autofree guint *best = g_new(guint, s->n_parts);
  kt_search_start(s, KT_START_NOW);
  kt_search_descend(s);
  double best_cost = take(s, best), bound = kt_search_bound(s, best_cost, fields);
  for (KtStart how = KT_START_FRESH; how <= KT_START_TIGHT && best_cost > bound + KT_PLACE_EPSILON; how++) {
    kt_search_start(s, how);
    kt_search_descend(s);
    keep_best(s, best, &best_cost);
  }
  kt_search_improve(s, bound, (s->max_steps - MIN(s->steps, s->max_steps)) / 4, STRICT);
  best_cost = take(s, best);
  if (has_node_cost(s)) {
    if (kt_search_pack(s, s->max_steps / 2))
      kt_search_descend(s);
    keep_best(s, best, &best_cost);
  }
  if (best_cost > bound + KT_PLACE_EPSILON && !has_exclusive(s))
    bound = kt_search_exact(s, bound, s->max_steps / 4);
  kt_search_improve(s, bound, s->max_steps, STRICT);
  best_cost = take(s, best);
  if (best_cost > bound + KT_PLACE_EPSILON && s->steps < s->max_steps) { /* a dead end: once more, another way */
    kt_search_start(s, KT_START_NOW);
    kt_search_improve(s, bound, s->max_steps, LOOSE);
    keep_best(s, best, &best_cost);
  }
  return bound;
}

/* The field and the total of what is fixed are part of every placement. Contention of immovable guests is in the
 * search's cost already. */
static void set_bound(KtPlacement *placement, const KtPlaceProblem *problem, double bound, const KtPlaceCost *fixed,
                      const KtPlaceCost *fields)
{
  const KtPlaceWeights *w = &problem->weights;
  placement->bound = (KtPlaceCost){.contention = fields->contention,
                                   .l3 = fixed->l3,
                                   .remote = fixed->remote + fields->remote,
                                   .fragmentation = fixed->fragmentation};
  placement->bound.total =
      bound + w->l3 * fixed->l3 + w->remote * fixed->remote + w->fragmentation * fixed->fragmentation;
  double slack = 1e-8 * MAX(placement->cost.total, 1);
  if (placement->cost.total < placement->bound.total - slack) /* guests stay that float on several nodes at once, */
    placement->bound = (KtPlaceCost){0};                      /* which the search does not weigh */
  placement->optimal = placement->cost.total <= placement->bound.total + slack;
}

KtPlacement *kt_placement_solve(const KtPlaceProblem *problem, GError **error)
{
  if (!kt_place_problem_check(problem, error))
    return NULL;
  KtPlaceCost fixed, fields = {0};
  g_autoptr(KtSearch) s = kt_search_new(problem);
  double bound = s->n_parts ? search(s, &fields) : 0;
  KtPlacement *placement = kt_search_answer(s, &fixed);
  set_bound(placement, problem, s->n_parts ? bound : placement->cost.total, &fixed, &fields);
  return placement;
}
