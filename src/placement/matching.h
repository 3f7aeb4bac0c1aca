/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matching of a few things to a few places, each place taken once: the cells of
 * a guest to the nodes of a host. Polynomial, where a search of permutations
 * takes n!/(n-k)! steps.
 *
 * Sizes: `k` things (rows) and `n` places (columns), both at most
 * KT_MATCHING_MAX. More things than places never match. All results are
 * deterministic functions of the input.
 *
 * Sources: augmenting paths, C. Berge 1957; Hall's condition, P. Hall 1935;
 * cheapest assignment by shortest augmenting paths with dual prices, H. W. Kuhn
 * 1955, J. Munkres 1957. */
#pragma once
#include <glib.h>

enum { KT_MATCHING_MAX = 64 };

/* The perfect matching that a search of permutations in ascending order of
 * places finds first: thing 0 gets the lowest place that leaves a matching for
 * the others, then thing 1, and so on.
 *
 * allowed[i]: bit j is set where thing i may have place j (bits from n on count as unset).
 * match[i] is set to the place of thing i.
 * FALSE: there is no perfect matching; match is left undefined and *crowd (may be NULL)
 * gets the things of which there are more than places that any of them may have (Hall's
 * condition), bit i for thing i: the reason in one set. */
gboolean kt_matching_first(guint k, guint n, const guint64 *allowed, guint8 *match, guint64 *crowd);

/* What may not be in kt_matching_cheapest(). */
#define KT_MATCHING_FORBIDDEN G_MAXINT64
/* Costs lie between -KT_MATCHING_COST_MAX and KT_MATCHING_COST_MAX, in any unit. */
#define KT_MATCHING_COST_MAX (G_MAXINT64 / 1024)

/* The perfect matching with the least sum of costs. cost[i * n + j]: of thing i at place j.
 * *total (may be NULL) gets the sum. FALSE: there is no perfect matching; match and total are left undefined. */
gboolean kt_matching_cheapest(guint k, guint n, const gint64 *cost, guint8 *match, gint64 *total);
