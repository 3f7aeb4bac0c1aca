/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the solver: memory that its own node has no room for, where it lies at the least cost.
 *
 * The transportation problem (F. L. Hitchcock 1941) from homes to nodes, by cheapest augmenting paths: what lies at
 * home stays there, what has no room goes along the cheapest path, which may push others' memory on to a third node. */
#pragma once
#include <glib.h>

#define KT_FLOW_COST_MAX 1e12

typedef struct {
  guint n;
  gint64 *cost; /* n x n: of a KiB of home i on node j, 0 to KT_FLOW_COST_MAX; 0 at home. Set by the caller. */
  gint64 *kib;  /* n x n: KiB of home i on node j */
  gint64 *left; /* of each home: KiB without a place */
  gint64 *free; /* of each node: KiB without an owner */
  gint64 *home_cost, *node_cost;
  guint *home_from, *node_from; /* the path, backwards */
} KtFlow;

void kt_flow_init(KtFlow *flow, guint n); /* costs are 0 */
void kt_flow_clear(KtFlow *flow);

/* Sets `kib`: all of `memory` (of each home) within `room` (of each node; below 0 counts as 0), as far as there is
 * room. Returns the sum of KiB x cost. */
double kt_flow_solve(KtFlow *flow, const gint64 *memory, const gint64 *room);
