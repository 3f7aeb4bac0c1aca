/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search counts exclusive CPUs as if siblings were packed, which is not so where guests keep what they have. A
 * guest that would cost no more where it is stays there. */
#include "placement/search.h"

#define TRIES 20000 /* guests tried x guests */

/* Exclusive CPUs of all guests but one. Caller frees. */
static KtSet *owned_by_others(const KtPlacement *placement, const KtPlaceAnswer *except)
{
  KtSet *owned = kt_set_new();
  for (guint i = 0; i < placement->guests->len; i++) {
    const KtPlaceAnswer *answer = placement->guests->pdata[i];
    for (guint c = 0; answer != except && c < answer->cells->len; c++) {
      const KtPlaceCell *cell = answer->cells->pdata[c];
      if (cell->pins)
        kt_set_add_all(owned, cell->cpus);
    }
  }
  return owned;
}

/* Other nodes, not only other CPUs of the same ones. */
static gboolean goes_away(const KtSearch *s, const KtHost *host, const KtPlaceGuest *guest, const KtPlaceAnswer *answer)
{
  g_autofree double *now = g_new(double, s->n_nodes), *then = g_new(double, s->n_nodes);
  kt_host_shares(host, s->n_nodes, guest->now_cpus, now);
  for (guint c = 0; c < answer->cells->len; c++) {
    kt_host_shares(host, s->n_nodes, ((const KtPlaceCell *)answer->cells->pdata[c])->cpus, then);
    for (guint i = 0; i < s->n_nodes; i++)
      if (then[i] > 0 && now[i] <= 0)
        return TRUE;
  }
  for (guint k = 0; k < guest->now_memory->len; k++) {
    const KtPlaceMemory *memory = &g_array_index(guest->now_memory, KtPlaceMemory, k);
    if (kt_place_memory_on(answer, memory->node_id) != memory->kib)
      return TRUE;
  }
  return FALSE;
}

static gboolean has_cpus(const KtPlaceGuest *guest, const KtPlaceAnswer *now, const KtSet *owned, const KtSet *open)
{
  guint cpus = 0;
  double demand = guest->demand_cores < 0 ? guest->vcpus : guest->demand_cores;
  for (guint c = 0; c < now->cells->len; c++) {
    KtPlaceCell *cell = now->cells->pdata[c];
    if (!cell->pins)
      kt_set_remove_all(cell->cpus, owned);
    if (guest->allowed)
      kt_set_keep_only(cell->cpus, guest->allowed);
    if (kt_set_is_empty(cell->cpus) || kt_set_intersects(cell->cpus, owned) || !kt_set_contains(open, cell->cpus))
      return FALSE;
    cpus += kt_set_count(cell->cpus);
  }
  return guest->policy == KT_PLACE_SHARED ? cpus >= demand : cpus == guest->vcpus;
}

static void try_to_stay(const KtSearch *s, const KtHost *all, const KtSet *open, guint index, KtPlacement *placement)
{
  const KtPlaceGuest *guest = s->problem->guests->pdata[index];
  KtPlaceAnswer *before = placement->guests->pdata[index];
  g_autoptr(KtSet) owned = owned_by_others(placement, before);
  g_autoptr(KtSet) mine = kt_set_copy(guest->now_cpus);
  kt_set_keep_only(mine, open);
  if (kt_set_count(mine) < (guest->policy == KT_PLACE_DEDICATED ? guest->vcpus : 1))
    return;
  KtPlaceAnswer *now = kt_search_answer_now(s, guest, all);
  if (kt_place_has_room(s->problem, placement, index, now) && has_cpus(guest, now, owned, open)) {
    double cost = kt_placement_cost(s->problem, placement->guests).total;
    placement->guests->pdata[index] = now;
    if (kt_placement_cost(s->problem, placement->guests).total <= cost + 1e-9 * MAX(cost, 1))
      now = before;
    else
      placement->guests->pdata[index] = before;
  }
  kt_place_answer_free(now);
}

void kt_search_let_stay(const KtSearch *s, KtPlacement *placement)
{
  KtHost all, free;
  g_autoptr(KtSet) open = kt_set_new();
  guint tries = TRIES / MAX(placement->guests->len, 1);
  kt_host_init(&all, s->problem, NULL);
  kt_host_init(&free, s->problem, s->problem->closed_cpus);
  for (guint i = 0; i < s->n_nodes; i++)
    kt_host_add_node_cpus(&free, i, open);
  for (guint g = 0; g < s->n_guests && tries; g++) {
    guint index = s->guests[g].index;
    const KtPlaceAnswer *answer = placement->guests->pdata[index];
    const KtPlaceGuest *guest = s->problem->guests->pdata[index];
    if (answer->stays || !answer->cells->len || !guest->started || !goes_away(s, &all, guest, answer))
      continue;
    try_to_stay(s, &all, open, index, placement);
    tries--;
  }
  kt_placement_untangle(s->problem, placement);
  kt_host_clear(&all);
  kt_host_clear(&free);
}
