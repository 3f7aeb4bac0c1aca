/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the search, and what a change of it would cost. */
#include <math.h>
#include <string.h>

#include "placement/search.h"

static double moved(const KtSearch *s, const KtSearchGuest *g)
{
  double kib = 0;
  for (guint a = g->first; a < g->first + g->n; a++) {
    guint home = s->home[a];
    gboolean seen = home == KT_NOWHERE;
    gint64 there = 0;
    for (guint b = g->first; b < g->first + g->n && !seen; b++)
      if (s->home[b] == home) {
        seen = b < a;
        there += s->kib[b];
      }
    if (!seen && there > g->now[home])
      kib += (double)(there - g->now[home]);
  }
  return kib;
}

double kt_search_device_cost(const KtSearch *s, const KtSearchGuest *g, guint part, guint new_home)
{
  double cost = 0;
  for (guint i = 0; g->devices && i < s->n_nodes; i++) {
    double nearest = INFINITY;
    for (guint p = g->first; g->devices[i] && p < g->first + g->n; p++) {
      guint home = p == part ? new_home : s->home[p];
      if (home == KT_NOWHERE)
        return 0;
      nearest = MIN(nearest, s->far[i * s->n_nodes + home]);
    }
    cost += g->devices[i] ? g->devices[i] * nearest * g->device : 0;
  }
  return cost;
}

double kt_search_guest_cost(const KtSearch *s, guint guest)
{
  const KtSearchGuest *g = &s->guests[guest];
  if (g->at)
    return s->home[g->first] == KT_NOWHERE ? 0 : g->at[s->home[g->first]];
  double within = 0, across = 0;
  for (guint a = g->first; a < g->first + g->n; a++) {
    if (s->home[a] == KT_NOWHERE)
      continue;
    const double *far = &s->far[s->home[a] * s->n_nodes];
    guint cell_end = g->first + ((a - g->first) / g->per_cell + 1) * g->per_cell;
    for (guint b = a + 1; b < cell_end; b++)
      within += s->home[b] == KT_NOWHERE ? 0 : far[s->home[b]];
    for (guint b = cell_end; b < g->first + g->n; b++)
      across += s->home[b] == KT_NOWHERE ? 0 : s->home[b] == s->home[a] ? g->same : far[s->home[b]];
  }
  return g->within * within + g->across * across + (g->now ? g->move * moved(s, g) : 0) +
         kt_search_device_cost(s, g, g->first, s->home[g->first]);
}

/* Distances may differ by direction: what counts is the one from the earlier part. */
static double far_between(const KtSearch *s, guint one, guint other, gboolean forward)
{
  return s->far[forward ? one * s->n_nodes + other : other * s->n_nodes + one];
}

double kt_search_guest_change(KtSearch *s, guint part, guint new_home)
{
  guint guest = s->owner[part], old = s->home[part];
  const KtSearchGuest *g = &s->guests[guest];
  if (g->at)
    return g->at[new_home] - s->guest_cost[guest];
  double within = 0, across = 0;
  gint64 at_old = 0, at_new = s->kib[part];
  s->steps += g->n / 4;
  for (guint b = g->first; b < g->first + g->n; b++) {
    guint home = s->home[b];
    if (b == part || home == KT_NOWHERE)
      continue;
    double more = far_between(s, new_home, home, b > part);
    if (old != KT_NOWHERE)
      more -= far_between(s, old, home, b > part);
    if ((b - g->first) / g->per_cell == (part - g->first) / g->per_cell)
      within += more;
    else
      across += more + (home == new_home ? g->same : 0) - (home == old ? g->same : 0);
    at_old += home == old ? s->kib[b] : 0;
    at_new += home == new_home ? s->kib[b] : 0;
  }
  double change = g->within * within + g->across * across + kt_search_device_cost(s, g, part, new_home) -
                  kt_search_device_cost(s, g, part, old);
  if (!g->now || new_home == old)
    return change;
  gint64 part_kib = s->kib[part], moved_more = MAX(at_new - g->now[new_home], 0);
  moved_more -= MAX(at_new - part_kib - g->now[new_home], 0);
  if (old != KT_NOWHERE)
    moved_more += MAX(at_old - g->now[old], 0) - MAX(at_old + part_kib - g->now[old], 0);
  return change + g->move * (double)moved_more;
}

static gboolean is_short(const KtSearch *s, guint node)
{
  for (guint k = 0; k < s->n_kinds; k++)
    if (s->load[node].memory[k] > s->room[node].memory[k])
      return TRUE;
  return FALSE;
}

void kt_search_put(KtSearch *s, guint part, guint node)
{
  guint old = s->home[part];
  s->measured = FALSE;
  if (old != KT_NOWHERE) {
    s->n_short -= is_short(s, old);
    kt_load_take(&s->load[old], &s->need[part]);
    s->n_short += is_short(s, old);
    s->node_cost[old] = kt_search_node_cost(s, old, &s->load[old]);
  }
  s->home[part] = node;
  if (node != KT_NOWHERE) {
    s->n_short -= is_short(s, node);
    kt_load_add(&s->load[node], &s->need[part]);
    s->n_short += is_short(s, node);
    s->node_cost[node] = kt_search_node_cost(s, node, &s->load[node]);
  }
  s->guest_cost[s->owner[part]] = kt_search_guest_cost(s, s->owner[part]);
}

double kt_search_move_change(KtSearch *s, guint part, guint node)
{
  guint old = s->home[part];
  s->steps++;
  double change = kt_search_guest_change(s, part, node);
  if (old != KT_NOWHERE) {
    KtLoad less = s->load[old];
    kt_load_take(&less, &s->need[part]);
    change += kt_search_node_cost(s, old, &less) - s->node_cost[old];
  }
  KtLoad more = s->load[node];
  kt_load_add(&more, &s->need[part]);
  return change + kt_search_node_cost(s, node, &more) - s->node_cost[node];
}

double kt_search_swap_change(KtSearch *s, guint a, guint b)
{
  guint at_a = s->home[a], at_b = s->home[b];
  KtLoad load_a = s->load[at_a], load_b = s->load[at_b];
  s->steps++;
  kt_load_take(&load_a, &s->need[a]);
  kt_load_add(&load_a, &s->need[b]);
  kt_load_take(&load_b, &s->need[b]);
  kt_load_add(&load_b, &s->need[a]);
  double change = kt_search_node_cost(s, at_a, &load_a) - s->node_cost[at_a] + kt_search_node_cost(s, at_b, &load_b) -
                  s->node_cost[at_b];
  return change + kt_search_guest_change(s, a, at_b) + kt_search_guest_change(s, b, at_a);
}

/* What memory of a kind without room costs beyond the nodes' costs, when `kib` go from one home to another. */
static double farther(KtSearch *s, guint kind, guint from, guint to, gint64 kib)
{
  double nearest = 0;
  gint64 *memory = s->flow_memory, *room = s->flow_room;
  for (guint i = 0; i < s->n_nodes; i++) {
    memory[i] = s->load[i].memory[kind] + (i == to ? kib : 0) - (i == from ? kib : 0);
    room[i] = s->room[i].memory[kind];
    nearest += s->spill[kind][i] * (double)MAX(memory[i] - room[i], 0);
  }
  if (nearest <= 0)
    return 0;
  s->steps += 4 * s->n_nodes;
  return MAX(kt_flow_solve(&s->flow, memory, room) * s->per_flow - nearest, 0);
}

double kt_search_farther(KtSearch *s)
{
  if (s->measured)
    return s->farther;
  s->measured = TRUE;
  s->farther = 0;
  for (guint kind = 0; kind < s->n_kinds && s->n_short; kind++)
    s->farther += farther(s, kind, 0, 0, 0);
  return s->farther;
}

double kt_search_with_spill(KtSearch *s, double change, guint part, guint node, guint other, double enough)
{
  double now = kt_search_farther(s), then = 0;
  if (change - now >= enough)
    return change;
  for (guint kind = 0; kind < s->n_kinds; kind++) {
    gint64 kib = s->need[part].memory[kind] - (other == KT_NOWHERE ? 0 : s->need[other].memory[kind]);
    then += farther(s, kind, s->home[part], node, kib);
  }
  return change - now + then;
}

double kt_search_cost(KtSearch *s)
{
  double cost = kt_search_farther(s);
  for (guint i = 0; i < s->n_nodes; i++)
    cost += s->node_cost[i];
  for (guint g = 0; g < s->n_guests; g++)
    cost += s->guest_cost[g];
  return cost;
}

void kt_search_set(KtSearch *s, const guint *home)
{
  memset(s->load, 0, s->n_nodes * sizeof *s->load);
  if (home != s->home)
    memcpy(s->home, home, s->n_parts * sizeof *home);
  for (guint p = 0; p < s->n_parts; p++)
    if (home[p] != KT_NOWHERE)
      kt_load_add(&s->load[home[p]], &s->need[p]);
  s->n_short = 0;
  s->measured = FALSE;
  for (guint i = 0; i < s->n_nodes; i++) {
    s->node_cost[i] = kt_search_node_cost(s, i, &s->load[i]);
    s->n_short += is_short(s, i);
  }
  for (guint g = 0; g < s->n_guests; g++)
    s->guest_cost[g] = kt_search_guest_cost(s, g);
}

/* xorshift64*, S. Vigna 2016: the same numbers everywhere. */
guint kt_search_random(KtSearch *s, guint below)
{
  s->random ^= s->random >> 12;
  s->random ^= s->random << 25;
  s->random ^= s->random >> 27;
  return (guint)(((s->random * G_GUINT64_CONSTANT(2685821657736338717)) >> 32) % below);
}
