/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the solver: CPUs by core, L3 group and node. */
#pragma once
#include <math.h>

#include "placement/placement.h"

/* A core in whole numbers, so that sums are exact in any order; and what rounding may add up to without being
 * contention, in cores. */
#define KT_CORE 1e12
#define KT_ROUNDING 1e-9

static inline gint64 kt_worth(double cores)
{
  return (gint64)llround(cores * KT_CORE);
}

static inline gint64 kt_core_worth(guint threads)
{
  return threads ? kt_worth(1 + KT_PLACE_SMT_WORTH * (threads - 1)) : 0;
}

typedef struct {
  guint node;          /* index in the problem */
  guint l3;            /* each L3 group of the host has a number */
  guint first, n_cpus; /* in KtHost.cpus; never 0 */
} KtCore;

typedef struct {
  GArray *cores;     /* KtCore, by node */
  GArray *cpus;      /* guint, by core */
  guint *first_core; /* of each node; one more at the end */
  guint *core_of;    /* by CPU number, below n_numbers: its core + 1; 0: not one of these */
  guint n_numbers;
  guint n_l3;
  guint l3_cpus; /* of the largest group */
  guint threads; /* of the largest core; at least 1 */
} KtHost;

/* All CPUs but the reserved ones and `gone` (NULL: none). */
void kt_host_init(KtHost *host, const KtPlaceProblem *problem, const KtSet *gone);
void kt_host_clear(KtHost *host);

/* Closed CPUs, and exclusive ones of guests that may not move. Caller owns the set. */
KtSet *kt_host_gone_cpus(const KtPlaceProblem *problem);

/* How a load on `cpus` spreads over the nodes, by the worth of the CPUs there: sums to 1, or all 0 without any. */
void kt_host_shares(const KtHost *host, guint n_nodes, const KtSet *cpus, double *share);

/* The CPUs of a node, in the set `into`. */
void kt_host_add_node_cpus(const KtHost *host, guint node, KtSet *into);

/* How many of the guest's devices count on each node, those that it owns or, if it owns none, those that it shares;
 * what one at distance 20 from it costs of its memory at distance 20, 0 if there are none. */
double kt_host_devices(const KtPlaceProblem *problem, const KtPlaceGuest *guest, guint *devices);

/* CPUs of a node that no guest owns. Siblings of owned ones only where the others are not enough for `busy` (of
 * KT_CORE). Caller owns the set. */
KtSet *kt_host_floating(const KtHost *host, guint node, const KtSet *owned, gint64 busy);

/* untangle.c: KiB of an answer on a node; whether it has all of its guest's memory, where there is room beside the
 * others'. */
gint64 kt_place_memory_on(const KtPlaceAnswer *answer, guint node_id);
gboolean kt_place_has_room(const KtPlaceProblem *problem, const KtPlacement *placement, guint guest,
                           const KtPlaceAnswer *answer);

/* Those of the CPUs that the guest may float on. Caller owns the set. */
KtSet *kt_place_fence(const KtPlaceGuest *guest, const KtSet *cpus);

double kt_host_farthest(const KtPlaceProblem *problem); /* greatest distance of two nodes / 10 - 1 */

guint kt_host_node_index(const KtPlaceProblem *problem, guint id); /* the id is there */
