/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The solver: where each cell of each guest of a host belongs.
 *
 * A problem is a host (nodes with cores, L3 groups, memory and distances) and its guests; the answer is a node for
 * every cell with CPUs and memory, the cost of that, and a cost that no placement can be below. Pure: the answer is a
 * function of the problem alone; work is counted in steps, never in time.
 *
 * What counts as cost, in the units of the fields of KtPlaceCost; their weighted sum is least in the answer:
 *   contention     A core with t threads is worth 1 + KT_PLACE_SMT_WORTH (t - 1) cores (checks H08; xapi #6763: a
 *                  sibling adds 0.2-0.3 of a core). A cell's demand is its guest's by its share of the vCPUs, spread
 *                  over the nodes of its CPUs by their worth. Contention is what exceeds the nodes' worth, in cores.
 *                  CPUs of dedicated guests are gone for others; a core whose siblings belong to two dedicated guests
 *                  counts KT_PLACE_SMT_WORTH for each of them.
 *   l3             L3 groups that cells of dedicated guests use beyond the fewest that could hold them (checks H50).
 *   remote         KiB x (distance / 10 - 1) from a cell's CPUs to its memory, over the KiB of all guests; for a guest
 *                  with several cells also KT_PLACE_CELL_TRAFFIC x the mean of (distance / 10 - 1) between its cells,
 *                  by its memory. A guest that owns devices (PCI passthrough): KT_PLACE_DEVICE_TRAFFIC x the mean of
 *                  (distance / 10 - 1) from each of them to the nearest of its cells, by its memory; devices that it
 *                  only shares (the NIC or disk behind vhost) count KT_PLACE_SHARED_DEVICE instead, which moves nobody
 *                  who runs. Distances are ACPI's SLIT: 10 is local, 20 twice that.
 *   fragmentation  memory nodes of guests beyond one a cell. It is counted, not searched for: memory leaves its home
 *                  only where there is no room, at the price of being remote, and in as few pieces as that takes.
 *   move           KiB that have to be moved from where they are now. Guests that are not started move nothing.
 * It is built on resident memory, load and distance; what a guest touches is not looked at.
 *
 * What is not cost but rule: memory of a node is never exceeded, nor is a pool of huge pages, which are memory of a
 * kind of its own: guests on pages of a size take from such pools, and from nothing else. An exclusive CPU has one
 * owner, an immovable guest stays, a guest that fits an empty node gets one cell, a larger one the fewest equal cells
 * that do. A cell has one node; where nothing else is left, its memory spills to where that costs least, exclusive CPUs
 * to the nearest. A guest stays unplaced only where the host's memory (or its CPUs for dedicated guests) cannot hold
 * all.
 *
 * How: guests start where they are (or in a balanced first fit), local search over moves and exchanges of cells
 * removes cost, restarts from kicks leave dead ends; a search for perfect packing, node by node, is for hosts without
 * slack; small problems are searched completely (branch and bound). The bound: what exceeds the whole host, what
 * each guest costs at its best place, and Lagrangian prices of worth and memory that connect both. */
#pragma once
#include <glib.h>

#include "base/set.h"

#define KT_PLACE_SMT_WORTH 0.25
#define KT_PLACE_CELL_TRAFFIC 0.1
#define KT_PLACE_DEVICE_TRAFFIC 0.1
#define KT_PLACE_SHARED_DEVICE 0.0002 /* at a distance of 50 still less than the move of a guest */
enum { KT_PLACE_MAX_NODES = 256, KT_PLACE_MAX_GUESTS = 10000, KT_PLACE_MAX_VCPUS = 8192, KT_PLACE_MAX_DEVICES = 256 };
enum { KT_PLACE_PAGE_SIZES = 3 };                     /* that guests of one host use */
#define KT_PLACE_MAX_KIB (G_GINT64_CONSTANT(1) << 42) /* 4 PiB: of a node or guest */

typedef enum {
  KT_PLACE_SHARED,   /* cells float on a set of CPUs */
  KT_PLACE_DEDICATED /* each vCPU owns one CPU */
} KtPlacePolicy;

/* ---- the problem ---- */

typedef struct {
  gint64 page_kib; /* > 0 */
  gint64 kib;      /* 0 to KT_PLACE_MAX_KIB */
} KtPlacePool;

typedef struct {
  guint id;          /* the host's number of the node; any, each once */
  GPtrArray *cores;  /* KtSet *: the CPUs (threads) of each core; may be empty */
  GPtrArray *l3;     /* KtSet *: the CPUs of each L3 group; CPUs in none are one group of their own */
  gint64 memory_kib; /* what guests may use, huge pages not counted; 0: none */
  GArray *pools;     /* KtPlacePool, each page size once: huge pages that guests may use */
  GArray *distances; /* guint, to each node in the order of the problem's nodes: 10-255 */
} KtPlaceNode;

typedef struct {
  guint node_id;
  gint64 kib; /* > 0 */
} KtPlaceMemory;

/* A device of the host that a guest uses. */
typedef struct {
  guint node_id; /* that it is near to */
  gboolean owned;
} KtPlaceDevice;

typedef struct {
  char *name;
  guint vcpus;         /* >= 1 */
  gint64 memory_kib;   /* >= 0 */
  gint64 page_kib;     /* all its memory is huge pages of this size, of the nodes' pools; 0: ordinary memory */
  double demand_cores; /* measured run time + run delay; < 0: unknown, taken as many as vCPUs */
  KtPlacePolicy policy;
  guint cells;      /* 0: choose */
  gboolean apart;   /* each cell on a node of its own: two on one cost as much as at the host's greatest distance */
  gboolean movable; /* FALSE: stays as it is now; without meaning while not started */
  gboolean started; /* where it is now: */
  KtSet *now_cpus;
  GArray *now_memory; /* KtPlaceMemory, each node once */
  KtSet *allowed;     /* of a shared guest: it floats on none but these, on one of their nodes or, where that costs no
                         more, on those of them that it is on now; NULL: any. Where it is kept (movable FALSE) they do
                         not count */
  GArray *devices;    /* KtPlaceDevice, at most KT_PLACE_MAX_DEVICES; the shared ones count where it owns none */
} KtPlaceGuest;

/* Cost a unit. By default contention outweighs all that memory can cost, and moving all memory costs less than one
 * thousandth of it being remote: the order of the fields of the answers' measures. */
typedef struct {
  double contention;    /* a core */
  double l3;            /* an L3 group */
  double remote;        /* all memory at distance 20 */
  double fragmentation; /* a memory node */
  double move;          /* all memory */
} KtPlaceWeights;
extern const KtPlaceWeights kt_place_default_weights;

typedef struct {
  GPtrArray *nodes;     /* KtPlaceNode * */
  GPtrArray *guests;    /* KtPlaceGuest * */
  KtSet *reserved_cpus; /* no guest's */
  KtSet *closed_cpus;   /* who is there and may not move stays, with its load, which is then none of the others'; nobody
                           else comes there */
  KtPlaceWeights weights;
  guint64 max_steps; /* 0: what suits the size. A step is one placement of a cell that was weighed. */
} KtPlaceProblem;

KtPlaceProblem *kt_place_problem_new(void); /* empty, default weights */
void kt_place_problem_free(KtPlaceProblem *problem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtPlaceProblem, kt_place_problem_free)
KtPlaceNode *kt_place_problem_add_node(KtPlaceProblem *problem, guint id);           /* owned by the problem */
KtPlaceGuest *kt_place_problem_add_guest(KtPlaceProblem *problem, const char *name); /* movable, 1 vCPU, shared */
void kt_place_guest_add_now(KtPlaceGuest *guest, guint node_id, gint64 kib); /* to what it has there; 0: nothing */

/* ---- the answer ---- */

typedef struct {
  guint first_vcpu, vcpus; /* a range */
  KtSet *cpus;             /* where its threads may run; of a dedicated guest: the CPUs it owns */
  GArray *pins;            /* guint, CPU of each vCPU of the range; NULL: shared */
  GArray *memory;          /* KtPlaceMemory, ascending ids; empty for a guest without memory */
} KtPlaceCell;

typedef struct {
  GPtrArray *cells; /* KtPlaceCell *; empty: unplaced */
  char *why;        /* why it is unplaced; NULL: it is placed */
  gboolean stays;   /* started, and neither memory nor node changes */
} KtPlaceAnswer;

typedef struct {
  double contention; /* cores */
  guint l3;          /* groups */
  double remote;     /* share of all memory x (distance / 10 - 1) */
  guint fragmentation;
  gint64 move_kib;
  double total; /* weighted sum, move as share of all memory */
} KtPlaceCost;

typedef struct {
  GPtrArray *guests; /* KtPlaceAnswer *, in the order of the problem's guests */
  KtPlaceCost cost;  /* without what unplaced guests would add */
  KtPlaceCost bound; /* no placement is below it, field by field and in total (total may exceed the sum of fields); all
                        0: not known */
  gboolean optimal;  /* the total is known to be the least */
  guint64 steps;
} KtPlacement;

/* NULL and *error set (KT_ERROR_FORMAT, KT_ERROR_LIMIT) if the problem contradicts itself: a CPU in two cores, a
 * distance below 10, immovable guests that share an exclusive CPU ... Too little room is no error. Caller owns the
 * result; the problem is only read. */
KtPlacement *kt_placement_solve(const KtPlaceProblem *problem, GError **error);
void kt_placement_free(KtPlacement *placement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtPlacement, kt_placement_free)

/* The same check without solving. */
gboolean kt_place_problem_check(const KtPlaceProblem *problem, GError **error);

/* What a placement costs, measured from its cells alone. */
KtPlaceCost kt_placement_cost(const KtPlaceProblem *problem, const GPtrArray *answers);

/* After exclusive CPUs changed hands: movable shared guests float on what is left of what they have now, or else on all
 * of their nodes that nobody owns. */
void kt_placement_untangle(const KtPlaceProblem *problem, KtPlacement *placement);

/* Sentences for people: what costs what, how far from the least possible, how that is known. Caller frees. */
char *kt_placement_explain(const KtPlaceProblem *problem, const KtPlacement *placement);
