/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the owners of exclusive CPUs changed after the search: the CPUs that shared guests float on. */
#include "placement/host.h"

/* ---- memory of an answer ---- */

gint64 kt_place_memory_on(const KtPlaceAnswer *answer, guint node_id)
{
  gint64 kib = 0;
  for (guint c = 0; c < answer->cells->len; c++) {
    const GArray *memory = ((const KtPlaceCell *)answer->cells->pdata[c])->memory;
    for (guint k = 0; k < memory->len; k++)
      kib +=
          g_array_index(memory, KtPlaceMemory, k).node_id == node_id ? g_array_index(memory, KtPlaceMemory, k).kib : 0;
  }
  return kib;
}

static gint64 room_of(const KtPlaceNode *node, gint64 page_kib)
{
  gint64 room = page_kib ? 0 : node->memory_kib;
  for (guint k = 0; k < node->pools->len; k++) {
    const KtPlacePool *pool = &g_array_index(node->pools, KtPlacePool, k);
    room += page_kib && pool->page_kib == page_kib ? pool->kib : 0;
  }
  return room;
}

gboolean kt_place_has_room(const KtPlaceProblem *problem, const KtPlacement *placement, guint guest,
                           const KtPlaceAnswer *now)
{
  gint64 page_kib = ((const KtPlaceGuest *)problem->guests->pdata[guest])->page_kib, all = 0;
  for (guint i = 0; i < problem->nodes->len; i++) {
    const KtPlaceNode *node = problem->nodes->pdata[i];
    gint64 own = kt_place_memory_on(now, node->id), used = own;
    for (guint k = 0; own && k < placement->guests->len; k++)
      if (k != guest && ((const KtPlaceGuest *)problem->guests->pdata[k])->page_kib == page_kib)
        used += kt_place_memory_on(placement->guests->pdata[k], node->id);
    if (own && used > room_of(node, page_kib))
      return FALSE;
    all += own;
  }
  return all == ((const KtPlaceGuest *)problem->guests->pdata[guest])->memory_kib;
}

/* ---- CPUs to float on ---- */

typedef struct {
  const KtPlaceProblem *problem;
  KtHost host;  /* CPUs for guests that may move */
  KtSet *owned; /* exclusive ones of all */
  gint64 *busy; /* of each node: what floats there */
} Untangle;

/* The node on which the cell floats, or, if on several, of its memory. */
static guint home_of(const Untangle *u, const KtPlaceCell *cell, double *share)
{
  guint n = u->problem->nodes->len, home = 0;
  kt_host_shares(&u->host, n, cell->cpus, share);
  for (guint i = 1; i < n; i++)
    home = share[i] > share[home] ? i : home;
  return share[home] <= 0 && cell->memory->len
             ? kt_host_node_index(u->problem, g_array_index(cell->memory, KtPlaceMemory, 0).node_id)
             : home;
}

static void add_owners_and_load(Untangle *u, const KtPlacement *placement, double *share)
{
  for (guint i = 0; i < placement->guests->len; i++) {
    const KtPlaceGuest *guest = u->problem->guests->pdata[i];
    const KtPlaceAnswer *answer = placement->guests->pdata[i];
    double demand = guest->demand_cores < 0 ? guest->vcpus : guest->demand_cores;
    for (guint c = 0; c < answer->cells->len; c++) {
      const KtPlaceCell *cell = answer->cells->pdata[c];
      if (cell->pins)
        kt_set_add_all(u->owned, cell->cpus);
      else
        u->busy[home_of(u, cell, share)] += kt_worth(demand * cell->vcpus / guest->vcpus);
    }
  }
}

static void add_floating(const Untangle *u, const KtPlaceGuest *guest, guint node, KtSet *cpus)
{
  g_autoptr(KtSet) all = kt_host_floating(&u->host, node, u->owned, u->busy[node]);
  g_autoptr(KtSet) open = kt_place_fence(guest, all);
  kt_set_add_all(cpus, open);
}

/* Those that it has now and keeps, less what is owned; else all of its node's that nobody owns. */
static void set_cpus(const Untangle *u, const KtPlaceGuest *guest, KtPlaceCell *cell, double *share)
{
  guint home = home_of(u, cell, share);
  double demand = guest->demand_cores < 0 ? guest->vcpus : guest->demand_cores;
  gboolean keeps = guest->started && kt_set_contains(guest->now_cpus, cell->cpus), one_node = share[home] >= 1;
  kt_set_remove_all(cell->cpus, u->owned);
  gboolean enough = kt_set_count(cell->cpus) >= demand * cell->vcpus / guest->vcpus;
  if (((keeps && enough) || !one_node) && !kt_set_is_empty(cell->cpus))
    return;
  add_floating(u, guest, home, cell->cpus);
  for (guint n = 0; kt_set_is_empty(cell->cpus) && n < u->problem->nodes->len; n++)
    add_floating(u, guest, n, cell->cpus);
  if (kt_set_is_empty(cell->cpus) && guest->allowed)
    kt_set_add_all(cell->cpus, guest->allowed);
}

/* All CPUs of its home are owned, so that it floats on another node's: its memory rather goes there, too. */
static void bring_memory(const Untangle *u, KtPlacement *placement, guint index, double *share)
{
  KtPlaceAnswer *answer = placement->guests->pdata[index];
  KtPlaceCell *cell = answer->cells->len == 1 ? answer->cells->pdata[0] : NULL;
  const KtPlaceGuest *guest = u->problem->guests->pdata[index];
  guint home = cell && !cell->pins && cell->memory->len ? home_of(u, cell, share) : 0;
  const KtPlaceMemory all = {((const KtPlaceNode *)u->problem->nodes->pdata[home])->id, guest->memory_kib};
  if (!cell || cell->pins || !cell->memory->len || share[home] < 1 || kt_place_memory_on(answer, all.node_id))
    return;
  GArray *before = cell->memory;
  double cost = kt_placement_cost(u->problem, placement->guests).total;
  cell->memory = g_array_new(FALSE, FALSE, sizeof(KtPlaceMemory));
  g_array_append_val(cell->memory, all);
  gboolean better = kt_place_has_room(u->problem, placement, index, answer) &&
                    kt_placement_cost(u->problem, placement->guests).total < cost - 1e-12;
  g_array_unref(better ? before : cell->memory);
  cell->memory = better ? cell->memory : before;
  answer->stays = answer->stays && !better;
}

void kt_placement_untangle(const KtPlaceProblem *problem, KtPlacement *placement)
{
  g_autofree double *share = g_new(double, problem->nodes->len);
  g_autofree gint64 *busy = g_new0(gint64, problem->nodes->len);
  g_autoptr(KtSet) gone = kt_host_gone_cpus(problem), owned = kt_set_new();
  Untangle u = {.problem = problem, .owned = owned, .busy = busy};
  kt_host_init(&u.host, problem, gone);
  add_owners_and_load(&u, placement, share);
  for (guint i = 0; i < placement->guests->len; i++) {
    const KtPlaceGuest *guest = problem->guests->pdata[i];
    const KtPlaceAnswer *answer = placement->guests->pdata[i];
    for (guint c = 0; (!guest->started || guest->movable) && c < answer->cells->len; c++) {
      KtPlaceCell *cell = answer->cells->pdata[c];
      if (!cell->pins)
        set_cpus(&u, guest, cell, share);
    }
    if (!guest->started || guest->movable)
      bring_memory(&u, placement, i, share);
  }
  kt_host_clear(&u.host);
}
