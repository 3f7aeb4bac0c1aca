/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the search starts: where the guests are now, or a first fit. */
#include <math.h>

#include "placement/search.h"

/* The fullest resource of a node, with this part there. */
static double fullness(const KtSearch *s, guint part, guint node)
{
  const KtLoad *load = &s->load[node], *need = &s->need[part], *room = &s->room[node];
  double worth = (double)(load->worth + need->worth) / (double)MAX(room->worth, 1);
  guint kind = s->guests[s->owner[part]].kind;
  double memory = (double)(load->memory[kind] + s->kib[part]) / (double)MAX(room->memory[kind], 1);
  double cpus = (double)(load->cpus + need->cpus) / MAX(room->cpus, 1);
  return MAX(MAX(worth, memory), need->cpus ? cpus : 0);
}

/* The home that costs least; of equal ones the emptiest, or the fullest that it still fits. */
static guint best_home(KtSearch *s, guint part, KtStart how)
{
  guint best = s->homes[0];
  double least = INFINITY, best_fullness = 0;
  for (guint k = 0; k < s->n_homes; k++) {
    guint node = s->homes[k];
    double change = kt_search_move_change(s, part, node);
    double full = fullness(s, part, node) * (how == KT_START_TIGHT ? -1 : 1);
    if (change < least - KT_PLACE_EPSILON || (change < least + KT_PLACE_EPSILON && full < best_fullness)) {
      least = change;
      best = node;
      best_fullness = full;
    }
  }
  return best;
}

/* Cells next to each other: grown from each node in turn, the cheapest is taken. */
static void insert_wide(KtSearch *s, guint guest, KtStart how)
{
  const KtSearchGuest *g = &s->guests[guest];
  g_autofree guint *best = g_new(guint, g->n);
  double least = INFINITY;
  for (guint seed = 0; seed < s->n_homes && least > g->least + KT_PLACE_EPSILON; seed++) {
    double cost = 0;
    for (guint k = 0; k < g->n; k++) {
      guint node = k ? best_home(s, g->first + k, how) : s->homes[seed];
      cost += kt_search_move_change(s, g->first + k, node);
      kt_search_put(s, g->first + k, node);
    }
    gboolean better = cost < least - KT_PLACE_EPSILON;
    for (guint k = 0; k < g->n; k++) {
      if (better)
        best[k] = s->home[g->first + k];
      kt_search_put(s, g->first + k, KT_NOWHERE);
    }
    least = MIN(least, cost);
  }
  for (guint k = 0; k < g->n; k++)
    kt_search_put(s, g->first + k, best[k]);
}

void kt_search_insert(KtSearch *s, guint guest, KtStart how)
{
  const KtSearchGuest *g = &s->guests[guest];
  if (g->n > 1)
    insert_wide(s, guest, how);
  else
    kt_search_put(s, g->first, best_home(s, g->first, how));
}

typedef struct {
  guint guest;
  double size;
} Sized;

static int by_size(gconstpointer a, gconstpointer b)
{
  const Sized *one = a, *two = b;
  if (one->size != two->size)
    return one->size > two->size ? -1 : 1;
  return one->guest < two->guest ? -1 : 1;
}

/* Guests by their largest share of the host; wide ones first, as few places are right for them. */
static Sized *by_share(const KtSearch *s)
{
  KtLoad all = {0};
  Sized *order = g_new(Sized, s->n_guests + 1);
  for (guint i = 0; i < s->n_nodes; i++)
    kt_load_add(&all, &s->room[i]);
  for (guint k = 0; k < s->n_guests; k++) {
    const KtSearchGuest *g = &s->guests[k];
    double worth = 0, memory = 0, cpus = 0;
    for (guint p = g->first; p < g->first + g->n; p++) {
      worth += (double)s->need[p].worth / (double)MAX(all.worth, 1);
      memory += (double)s->kib[p] / (double)MAX(all.memory[g->kind], 1);
      cpus += (double)s->need[p].cpus / MAX(all.cpus, 1);
    }
    order[k] = (Sized){k, MAX(MAX(worth, memory), cpus) + (g->n > 1 ? 1e3 : 0)};
  }
  qsort(order, s->n_guests, sizeof *order, by_size);
  return order;
}

guint kt_search_home_of(const KtSearch *s, const KtSearchGuest *g)
{
  guint best = s->homes[0];
  for (guint k = 1; k < s->n_homes; k++)
    if (g->at[s->homes[k]] < g->at[best])
      best = s->homes[k];
  return best;
}

void kt_search_start(KtSearch *s, KtStart how)
{
  g_autofree Sized *order = by_share(s);
  for (guint p = 0; p < s->n_parts; p++)
    s->home[p] = KT_NOWHERE;
  kt_search_set(s, s->home);
  for (guint k = 0; k < s->n_guests && how == KT_START_NOW; k++) {
    const KtSearchGuest *g = &s->guests[k];
    if (g->now && g->at)
      kt_search_put(s, g->first, kt_search_home_of(s, g));
  }
  for (guint k = 0; k < s->n_guests; k++)
    if (s->home[s->guests[order[k].guest].first] == KT_NOWHERE)
      kt_search_insert(s, order[k].guest, how);
}
