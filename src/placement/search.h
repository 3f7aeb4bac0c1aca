/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the solver: the problem as numbers, and the state of the search.
 *
 * A guest is a run of parts; a part has one node, its home. Mostly a part is a cell; a cell that is larger than any
 * node is several parts. Guests are sorted by what they need, so that their order and names in the problem do not
 * matter; immovable guests are no parts but load that is there from the start. */
#pragma once
#include "placement/flow.h"
#include "placement/host.h"
#include "placement/placement.h"

#define KT_PLACE_EPSILON 1e-11 /* costs that differ by less are equal: a KiB of 16 TiB is 6e-14 */

/* Of memory: ordinary, and huge pages of so many sizes that guests use. */
enum { KT_PLACE_KINDS = 1 + KT_PLACE_PAGE_SIZES };

/* What a part needs, what a node has in use, what it has room for. */
typedef struct {
  gint64 worth;                  /* of KT_CORE */
  gint64 memory[KT_PLACE_KINDS]; /* KiB: ordinary memory, huge pages of each size */
  gint32 cpus;                   /* exclusive ones */
  gint32 cores;                  /* that exclusive CPUs fill when siblings are packed */
} KtLoad;

typedef struct {
  guint index;           /* in the problem */
  guint first, n;        /* parts */
  guint per_cell;        /* parts a cell */
  guint kind;            /* of its memory */
  double same;           /* distance of two cells on one node: 0, or what keeps them apart */
  double within, across; /* cost of a pair of parts in one cell, in two, at distance 20 */
  double move;           /* cost of a KiB that is moved; 0: not started */
  guint *devices;        /* on each node; NULL: none */
  double device;         /* cost of one at distance 20 */
  gint64 *now;           /* KiB on each node; NULL: not started */
  double *at;            /* one part: cost at each home; NULL: several parts */
  double least;          /* no placement of this guest costs less */
} KtSearchGuest;

typedef struct {
  const KtPlaceProblem *problem;
  KtHost host;
  guint n_nodes, n_parts, n_guests, n_homes;
  guint *homes;                       /* nodes with CPUs */
  KtLoad *room;                       /* of each node */
  double *far;                        /* n_nodes x n_nodes: distance / 10 - 1 */
  guint n_kinds;                      /* of memory that guests use */
  gint64 page_kib[KT_PLACE_KINDS];    /* 0: ordinary */
  double *spill[KT_PLACE_KINDS];      /* least cost of a KiB that a node has no room for: on the nearest */
  double least_spill[KT_PLACE_KINDS]; /* of all homes */
  KtFlow flow;                        /* where it goes */
  double per_flow;                    /* cost of a KiB at a cost of 1 there */
  gint64 *flow_memory, *flow_room;    /* for it */
  KtLoad *need;                       /* of each part */
  gint64 *kib;                        /* of each part: its memory, whatever the kind */
  guint *owner;                       /* guest of each part */
  KtSearchGuest *guests;
  double per_worth, per_shared_core, per_cpu, per_kib; /* costs; per_kib: at distance 20 */
  double total_kib;                                    /* at least 1 */
  gint64 *busy;                                        /* worth of immovable shared guests on each node */
  char **why; /* of each guest of the problem: why it is left out; NULL: it is not */

  guint *home; /* of each part */
  KtLoad *load;
  double *node_cost, *guest_cost;
  guint n_short;     /* nodes whose memory has not room for all */
  double farther;    /* what that costs beyond the node costs, as the nearest have no room either */
  gboolean measured; /* whether farther is known */
  guint64 steps, max_steps, random;
} KtSearch;

KtSearch *kt_search_new(const KtPlaceProblem *problem);
void kt_search_free(KtSearch *search);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtSearch, kt_search_free)

static inline void kt_load_add(KtLoad *load, const KtLoad *more)
{
  load->worth += more->worth;
  for (guint k = 0; k < KT_PLACE_KINDS; k++)
    load->memory[k] += more->memory[k];
  load->cpus += more->cpus;
  load->cores += more->cores;
}

static inline void kt_load_take(KtLoad *load, const KtLoad *less)
{
  load->worth -= less->worth;
  for (guint k = 0; k < KT_PLACE_KINDS; k++)
    load->memory[k] -= less->memory[k];
  load->cpus -= less->cpus;
  load->cores -= less->cores;
}

static inline double kt_search_node_cost(const KtSearch *s, guint node, const KtLoad *load)
{
  const KtLoad *room = &s->room[node];
  double cost = 0;
  if (load->worth > room->worth)
    cost += s->per_worth * (double)(load->worth - room->worth);
  for (guint k = 0; k < s->n_kinds; k++)
    if (load->memory[k] > room->memory[k])
      cost += s->spill[k][node] * (double)(load->memory[k] - room->memory[k]);
  if (load->cpus > 0 && load->cores > room->cores)
    cost += s->per_shared_core * (load->cores - room->cores);
  if (load->cpus > room->cpus)
    cost += s->per_cpu * (load->cpus - room->cpus);
  return cost;
}

/* state.c */
#define KT_NOWHERE G_MAXUINT
double kt_search_guest_cost(const KtSearch *s, guint guest); /* of its parts that have a home */
/* From its devices to the nearest of its parts, if this one had that home; 0 while another one has none. */
double kt_search_device_cost(const KtSearch *s, const KtSearchGuest *g, guint part, guint new_home);
double kt_search_guest_change(KtSearch *s, guint part, guint new_home); /* of guest_cost, when the part had that home */
void kt_search_put(KtSearch *s, guint part, guint node);                /* KT_NOWHERE: takes it away */
double kt_search_move_change(KtSearch *s, guint part, guint node);      /* of the cost; one step */
double kt_search_swap_change(KtSearch *s, guint a, guint b);            /* parts of different guests and homes */
/* A change of the cost with what memory without room really costs, when a part goes to `node` and `other` (KT_NOWHERE:
 * none) comes from there. `enough`: what it is compared with; a change that cannot be below that is not looked at, and
 * returned as it is. */
double kt_search_with_spill(KtSearch *s, double change, guint part, guint node, guint other, double enough);
double kt_search_farther(KtSearch *s); /* s->farther, measured if it is not known */
double kt_search_cost(KtSearch *s);
void kt_search_set(KtSearch *s, const guint *home); /* all parts at once */
guint kt_search_random(KtSearch *s, guint below);

/* start.c */
typedef enum { KT_START_NOW, KT_START_FRESH, KT_START_TIGHT } KtStart;
void kt_search_start(KtSearch *s, KtStart how);
guint kt_search_home_of(const KtSearch *s, const KtSearchGuest *g); /* where a guest of one part costs least */
void kt_search_insert(KtSearch *s, guint guest, KtStart how);       /* its parts have no home */

/* descend.c: removes cost until nothing more can be gained, or the steps are used up. */
void kt_search_descend(KtSearch *s);
/* Kicks and descends; stops at a cost of `bound`. Goes on from what costs no more than before, or than `slack` times
 * the best. */
void kt_search_improve(KtSearch *s, double bound, guint64 steps, double slack);

/* pack.c: looks for a placement without any node cost. TRUE: found, and set. */
gboolean kt_search_pack(KtSearch *s, guint64 steps);

/* bound.c: no placement has a lower cost, as kt_search_cost() counts it; looked for no further than `incumbent`.
 * Adds what is known of contention and remote memory by themselves to `fields`. */
double kt_search_bound(KtSearch *s, double incumbent, KtPlaceCost *fields);

/* What a guest of several parts costs at least, remote memory of nodes that it overfills included; in an answer that
 * costs less than `incumbent`. */
double kt_search_least_of_wide(const KtSearch *s, const KtSearchGuest *guest, double incumbent);

/* exact.c: branch and bound from the state as incumbent. The state is no worse afterwards; returns what is then known
 * to be the least, at least `bound`. */
double kt_search_exact(KtSearch *s, double bound, guint64 steps);

/* answer.c. *fixed: what immovable guests cost by themselves. */
KtPlacement *kt_search_answer(KtSearch *s, KtPlaceCost *fixed);
/* As it is now, on CPUs of `all`. With several cells each one takes what lies on one node, as far as that goes. */
KtPlaceAnswer *kt_search_answer_now(const KtSearch *s, const KtPlaceGuest *guest, const KtHost *all);
void kt_place_answer_free(KtPlaceAnswer *answer);

/* stay.c: guests that would cost no more where they are stay there. */
void kt_search_let_stay(const KtSearch *s, KtPlacement *placement);
