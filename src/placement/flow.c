/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "placement/flow.h"

#include <string.h>

#define UNREACHED G_MAXINT64

void kt_flow_init(KtFlow *flow, guint n)
{
  *flow = (KtFlow){.n = n,
                   .cost = g_new0(gint64, (gsize)n * n),
                   .kib = g_new0(gint64, (gsize)n * n),
                   .left = g_new0(gint64, n),
                   .free = g_new0(gint64, n),
                   .home_cost = g_new0(gint64, n),
                   .node_cost = g_new0(gint64, n),
                   .home_from = g_new0(guint, n),
                   .node_from = g_new0(guint, n)};
}

void kt_flow_clear(KtFlow *flow)
{
  g_free(flow->cost);
  g_free(flow->kib);
  g_free(flow->left);
  g_free(flow->free);
  g_free(flow->home_cost);
  g_free(flow->node_cost);
  g_free(flow->home_from);
  g_free(flow->node_from);
}

/* Memory of home `i` could go to these nodes. */
static gboolean reach_nodes(KtFlow *f, guint i)
{
  gboolean any = FALSE;
  for (guint j = 0; j < f->n; j++)
    if (f->home_cost[i] + f->cost[i * f->n + j] < f->node_cost[j]) {
      f->node_cost[j] = f->home_cost[i] + f->cost[i * f->n + j];
      f->node_from[j] = i;
      any = TRUE;
    }
  return any;
}

/* What these homes have on node `j` could make room there. */
static gboolean reach_homes(KtFlow *f, guint j)
{
  gboolean any = FALSE;
  for (guint i = 0; i < f->n; i++)
    if (f->kib[i * f->n + j] > 0 && f->node_cost[j] - f->cost[i * f->n + j] < f->home_cost[i]) {
      f->home_cost[i] = f->node_cost[j] - f->cost[i * f->n + j];
      f->home_from[i] = j;
      any = TRUE;
    }
  return any;
}

/* The cheapest paths from a home to all nodes (R. Bellman 1958); n rounds at most, as no cycle gains. */
static void find_paths(KtFlow *f, guint from)
{
  gboolean any = TRUE;
  for (guint i = 0; i < f->n; i++)
    f->home_cost[i] = f->node_cost[i] = UNREACHED;
  f->home_cost[from] = 0;
  f->home_from[from] = f->n;
  for (guint round = 0; any && round < f->n; round++) {
    any = FALSE;
    for (guint i = 0; i < f->n; i++)
      any |= f->home_cost[i] < UNREACHED && reach_nodes(f, i);
    for (guint j = 0; any && j < f->n; j++)
      if (f->free[j] <= 0 && f->node_cost[j] < UNREACHED)
        reach_homes(f, j);
  }
}

/* Sends what the path to node `to` has room for. */
static void send(KtFlow *f, guint from, guint to)
{
  gint64 kib = MIN(f->left[from], f->free[to]);
  for (guint j = to, i = f->node_from[j]; i != from; i = f->node_from[j]) {
    j = f->home_from[i];
    kib = MIN(kib, f->kib[i * f->n + j]);
  }
  f->left[from] -= kib;
  f->free[to] -= kib;
  for (guint j = to, i = f->node_from[j];; i = f->node_from[j]) {
    f->kib[i * f->n + j] += kib;
    if (i == from)
      return;
    j = f->home_from[i];
    f->kib[i * f->n + j] -= kib;
  }
}

double kt_flow_solve(KtFlow *f, const gint64 *memory, const gint64 *room)
{
  double cost = 0;
  memset(f->kib, 0, (gsize)f->n * f->n * sizeof *f->kib);
  for (guint i = 0; i < f->n; i++) {
    gint64 here = MIN(memory[i], MAX(room[i], 0));
    f->kib[i * f->n + i] = here;
    f->left[i] = memory[i] - here;
    f->free[i] = MAX(room[i], 0) - here;
  }
  for (guint i = 0; i < f->n; i++)
    while (f->left[i] > 0) {
      guint to = f->n;
      find_paths(f, i);
      for (guint j = 0; j < f->n; j++)
        if (f->free[j] > 0 && f->node_cost[j] < UNREACHED && (to == f->n || f->node_cost[j] < f->node_cost[to]))
          to = j;
      if (to == f->n)
        break;
      gint64 before = f->left[i];
      send(f, i, to);
      cost += (double)f->node_cost[to] * (double)(before - f->left[i]);
    }
  return cost;
}
