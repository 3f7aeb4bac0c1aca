/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small problems completely, by branch and bound.
 *
 * First what the nodes cost at least, whoever is where: nodes of the same size are the same there, so few placements
 * differ. Then guests and nodes together, which has that as its bound. What is left to place costs at least what its
 * guests cost at their best homes, and what it needs beyond the room that is left on all nodes. */
#include <math.h>
#include <string.h>

#include "placement/search.h"

enum { MAX_PARTS = 64, MAX_HOMES = 16 };

typedef struct {
  KtSearch *s;
  gboolean nodes_only;
  guint order[MAX_PARTS];
  KtLoad rest[MAX_PARTS + 1];           /* what parts from here on need */
  double least[MAX_PARTS + 1];          /* what their guests cost at least */
  gboolean alike[MAX_HOMES][MAX_HOMES]; /* homes that differ by their load alone */
  double floor;
  double node_cost, guest_cost; /* of the parts that are placed */
  double best;
  guint *best_home;
  guint64 end;
  gboolean cut; /* not all was looked at */
} Exact;

/* The parts from `k` on want more than is free: what that costs at least. */
static double beyond(const Exact *x, guint k)
{
  const KtSearch *s = x->s;
  KtLoad rest = x->rest[k];
  for (guint i = 0; i < s->n_homes; i++) {
    const KtLoad *room = &s->room[s->homes[i]], *load = &s->load[s->homes[i]];
    rest.worth -= MAX(room->worth - load->worth, 0);
    for (guint kind = 0; kind < s->n_kinds; kind++)
      rest.memory[kind] -= MAX(room->memory[kind] - load->memory[kind], 0);
  }
  double cost = rest.worth > 0 ? s->per_worth * (double)rest.worth : 0;
  for (guint kind = 0; kind < s->n_kinds; kind++)
    cost += rest.memory[kind] > 0 ? s->least_spill[kind] * (double)rest.memory[kind] : 0;
  return cost;
}

/* Another home that would lead to the same. */
static gboolean is_same(const Exact *x, guint a, guint b)
{
  const KtSearch *s = x->s;
  return x->alike[a][b] && memcmp(&s->load[s->homes[a]], &s->load[s->homes[b]], sizeof(KtLoad)) == 0;
}

typedef struct {
  guint home;
  double nodes, guest; /* by how much the costs rise */
} Child;

/* The homes that differ, cheapest first. */
static guint list_children(const Exact *x, guint part, Child *children)
{
  KtSearch *s = x->s;
  guint n = 0;
  for (guint a = 0; a < s->n_homes; a++) {
    guint home = s->homes[a], b = 0;
    while (b < a && !is_same(x, b, a))
      b++;
    if (b < a)
      continue;
    KtLoad load = s->load[home];
    kt_load_add(&load, &s->need[part]);
    Child child = {home, kt_search_node_cost(s, home, &load) - s->node_cost[home],
                   x->nodes_only ? 0 : kt_search_guest_change(s, part, home)};
    guint at = n++;
    for (; at > 0 && children[at - 1].nodes + children[at - 1].guest > child.nodes + child.guest; at--)
      children[at] = children[at - 1];
    children[at] = child;
  }
  return n;
}

static void branch(Exact *x, guint k)
{
  KtSearch *s = x->s;
  double nodes = x->node_cost + beyond(x, k);
  if (++s->steps >= x->end)
    x->cut = TRUE;
  if (x->cut || MAX(nodes, x->floor) + x->guest_cost + x->least[k] >= x->best - KT_PLACE_EPSILON)
    return;
  if (k == s->n_parts) {
    double cost = x->node_cost + x->guest_cost + kt_search_farther(s);
    if (cost >= x->best)
      return;
    x->best = cost;
    memcpy(x->best_home, s->home, s->n_parts * sizeof *s->home);
    return;
  }
  Child children[MAX_HOMES];
  guint part = x->order[k], n = list_children(x, part, children);
  double node_cost = x->node_cost, guest_cost = x->guest_cost;
  for (guint c = 0; c < n; c++) {
    x->node_cost = node_cost + children[c].nodes;
    x->guest_cost = guest_cost + children[c].guest;
    kt_search_put(s, part, children[c].home);
    branch(x, k + 1);
    kt_search_put(s, part, KT_NOWHERE);
  }
  x->node_cost = node_cost;
  x->guest_cost = guest_cost;
}

/* How much a guest has to lose or the nodes to be short of: what decides most comes first. */
static double weight(const Exact *x, guint part)
{
  const KtSearch *s = x->s;
  const KtSearchGuest *g = &s->guests[s->owner[part]];
  double worth = (double)s->need[part].worth / (double)MAX(x->rest[0].worth, 1);
  double memory = (double)s->kib[part] / (double)MAX(x->rest[0].memory[g->kind], 1);
  return MAX(worth, memory) + (g->n > 1 ? 20 : 0) + (g->now && !x->nodes_only ? 10 : 0);
}

static gboolean are_alike(const Exact *x, guint a, guint b)
{
  const KtSearch *s = x->s;
  if (memcmp(&s->room[a], &s->room[b], sizeof(KtLoad)) != 0)
    return FALSE;
  for (guint kind = 0; kind < s->n_kinds; kind++)
    if (s->spill[kind][a] != s->spill[kind][b])
      return FALSE;
  for (guint g = 0; g < s->n_guests && !x->nodes_only; g++)
    if (!s->guests[g].at || s->guests[g].at[a] != s->guests[g].at[b])
      return FALSE;
  return TRUE;
}

static void prepare(Exact *x)
{
  KtSearch *s = x->s;
  x->rest[0] = (KtLoad){0};
  for (guint k = 0; k < s->n_parts; k++) {
    kt_load_add(&x->rest[0], &s->need[k]);
    x->order[k] = k;
  }
  for (guint k = 1; k < s->n_parts; k++)
    for (guint j = k; j > 0 && weight(x, x->order[j]) > weight(x, x->order[j - 1]); j--) {
      guint swap = x->order[j];
      x->order[j] = x->order[j - 1];
      x->order[j - 1] = swap;
    }
  x->rest[s->n_parts] = (KtLoad){0};
  x->least[s->n_parts] = 0;
  for (guint k = s->n_parts; k-- > 0;) {
    const KtSearchGuest *g = &s->guests[s->owner[x->order[k]]];
    x->rest[k] = x->rest[k + 1];
    kt_load_add(&x->rest[k], &s->need[x->order[k]]);
    x->least[k] = x->least[k + 1] + (x->nodes_only || !g->at ? 0 : g->least);
  }
  for (guint a = 0; a < s->n_homes; a++)
    for (guint b = 0; b < s->n_homes; b++)
      x->alike[a][b] = are_alike(x, s->homes[a], s->homes[b]);
  for (guint k = 0; k < s->n_parts; k++)
    s->home[k] = KT_NOWHERE;
  kt_search_set(s, s->home);
  x->node_cost = kt_search_cost(s);
}

double kt_search_exact(KtSearch *s, double bound, guint64 steps)
{
  if (s->n_parts > MAX_PARTS || s->n_homes > MAX_HOMES)
    return bound;
  g_autofree guint *best = g_memdup2(s->home, s->n_parts * sizeof *best);
  g_autofree guint *ignored = g_memdup2(s->home, s->n_parts * sizeof *best);
  double cost = kt_search_cost(s), node_cost = 0, guests = 0;
  for (guint i = 0; i < s->n_nodes; i++)
    node_cost += s->node_cost[i];
  for (guint g = 0; g < s->n_guests; g++)
    guests += s->guests[g].at ? s->guests[g].least : 0;
  Exact x = {.s = s,
             .nodes_only = TRUE,
             .best = node_cost,
             .best_home = ignored,
             .end = MIN(s->steps + steps / 2, s->max_steps)};
  prepare(&x);
  branch(&x, 0);
  double floor = x.cut ? 0 : x.best; /* what nodes cost at least */
  Exact y = {.s = s, .best = cost, .best_home = best, .floor = floor, .end = MIN(s->steps + steps / 2, s->max_steps)};
  prepare(&y);
  branch(&y, 0);
  kt_search_set(s, best);
  return y.cut ? MAX(bound, floor + guests) : MAX(bound, y.best);
}
