/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What no placement can be below.
 *
 * With a price for each unit of worth and KiB on each node, at most what exceeding the node costs, every guest takes
 * the home that is cheapest with these prices, and what the nodes have to sell is given back: the Lagrangian dual of
 * the placement (M. L. Fisher 1981), below its cost for any prices. Good prices are found by subgradient steps. */
#include <math.h>
#include <string.h>

#include "placement/search.h"

#define ROUNDS 300
#define STEPS 4000000 /* rounds x parts x homes at most */
#define WIDE_STEPS 30000

/* Exclusive CPUs take at least the least that siblings are worth. */
static gint64 least_worth(const KtSearch *s, guint part)
{
  const KtLoad *need = &s->need[part];
  return need->cpus && s->host.threads > 1 ? kt_worth(need->cpus * KT_PLACE_SMT_WORTH) : need->worth;
}

/* ---- a guest of several parts, alone on the host ---- */

typedef struct {
  KtSearch *s;
  const KtSearchGuest *g;
  gint64 *left; /* room for memory on this home and all later ones */
  gint64 *fits; /* parts that have it all at home there */
  double best;
  double beyond;    /* what one part more than that costs at least */
  double incumbent; /* homes that would cost as much in contention alone are not looked at */
  guint64 steps;
  guint count; /* parts that have a home */
  double cost, contention;
} Alone;

static double spill_of(const KtSearch *s, guint kind, guint node, gint64 memory)
{
  return s->spill[kind][node] * (double)MAX(memory - s->room[node].memory[kind], 0);
}

/* Of `n` of the least parts, with nothing else there. */
static double contention_of(const Alone *a, guint node, guint n)
{
  gint64 worth = least_worth(a->s, a->g->first + a->g->n - 1) * n - MAX(a->s->room[node].worth, 0);
  return worth > 0 ? a->s->per_worth * (double)worth : 0;
}

/* Whichever of the two comes first in the guest. */
static double far_either_way(const KtSearch *s, guint one, guint other)
{
  return MIN(s->far[one * s->n_nodes + other], s->far[other * s->n_nodes + one]);
}

/* Parts get homes in ascending order, so that each set of homes is looked at once. */
static void alone(Alone *a, guint k)
{
  KtSearch *s = a->s;
  guint rest = a->g->n - a->count;
  if (rest == 0) {
    a->best = MIN(a->best, a->cost);
    return;
  }
  gint64 part = s->kib[a->g->first + a->g->n - 1]; /* the least */
  if (k == s->n_homes || a->steps == 0)
    return;
  a->steps--;
  gint64 more = part * rest - a->left[k], excess = (gint64)rest - a->fits[k];
  double spill =
      MAX(more > 0 ? s->least_spill[a->g->kind] * (double)more : 0, excess > 0 ? a->beyond * (double)excess : 0);
  if (a->cost + spill >= a->best)
    return;
  guint node = s->homes[k], before = a->count;
  double cost = a->cost, contention = a->contention, far = 0;
  for (guint p = 0; p < before; p++)
    far += far_either_way(s, node, s->home[a->g->first + p]);
  for (guint here = rest + 1; here-- > 0;) { /* that many parts here */
    for (guint p = 0; p < here; p++)
      s->home[a->g->first + before + p] = node;
    a->count = before + here;
    a->cost = cost + (a->g->per_cell == 1 ? a->g->across : a->g->within) * far * here +
              spill_of(s, a->g->kind, node, part * here);
    a->contention = contention + contention_of(a, node, here);
    if (a->cost < a->best && a->cost + a->contention < a->incumbent)
      alone(a, k + 1);
  }
  a->count = before;
  a->cost = cost;
  a->contention = contention;
}

/* What `n` parts cost each other at least: each one with its n - 1 nearest, half a pair each. A node holds `fit` of
 * them, the part's own one `excess` more, but not more than `most`. */
static double nearest_pairs(const KtSearch *s, const gint64 *fit, const gint64 *most, guint n, guint excess)
{
  double least = INFINITY;
  g_autofree gint64 *left = g_new(gint64, s->n_homes);
  for (guint a = 0; a < s->n_homes; a++) {
    double sum = 0;
    gint64 own = MIN(fit[a] + excess, most[a]), others = (gint64)n - own;
    if (own < 1)
      continue;
    for (guint b = 0; b < s->n_homes; b++)
      left[b] = a == b ? 0 : MIN(fit[b], most[b]);
    while (others > 0) {
      guint next = KT_NOWHERE;
      double nearest = INFINITY;
      for (guint b = 0; b < s->n_homes; b++)
        if (left[b] > 0 && far_either_way(s, s->homes[a], s->homes[b]) < nearest) {
          nearest = far_either_way(s, s->homes[a], s->homes[b]);
          next = b;
        }
      if (next == KT_NOWHERE)
        break;
      sum += nearest * (double)MIN(others, left[next]);
      others -= left[next];
      left[next] = 0;
    }
    if (others <= 0)
      least = MIN(least, sum);
  }
  return least * n / 2;
}

/* Parts that a node can hold without as much contention as all of the best answer's cost. */
static gint64 most_parts(const KtSearch *s, const KtSearchGuest *g, guint node, double incumbent)
{
  double worth = (double)least_worth(s, g->first + g->n - 1);
  double room = (double)MAX(s->room[node].worth, 0) + (s->per_worth > 0 ? incumbent / s->per_worth : INFINITY);
  return worth > 0 && room / worth < g->n ? (gint64)(room / worth) : g->n;
}

/* Without a search, and lower than it may be: each part that is too many for the nodes' memory costs at least what the
 * first one does that overfills a node, and brings each of the others one part nearer. */
double kt_search_least_of_wide(const KtSearch *s, const KtSearchGuest *g, double incumbent)
{
  gint64 part = s->kib[g->first + g->n - 1]; /* the least */
  g_autofree gint64 *fit = g_new0(gint64, s->n_homes + 1), *most = g_new0(gint64, s->n_homes + 1);
  double beyond = INFINITY, least = INFINITY;
  if (part <= 0 || g->per_cell > 1)
    return 0;
  for (guint k = 0; k < s->n_homes; k++) {
    guint node = s->homes[k];
    fit[k] = MIN(s->room[node].memory[g->kind] / part, (gint64)g->n);
    most[k] = most_parts(s, g, node, incumbent);
    beyond = MIN(beyond, spill_of(s, g->kind, node, (fit[k] + 1) * part));
  }
  for (guint excess = 0; excess <= g->n && beyond * excess < least; excess++)
    least = MIN(least, beyond * excess + g->across * nearest_pairs(s, fit, most, g->n, excess));
  return least;
}

/* What a wide guest costs at least, remote memory of nodes that it overfills included. */
static double least_alone(KtSearch *s, guint guest, double incumbent)
{
  const KtSearchGuest *g = &s->guests[guest];
  gint64 part = s->kib[g->first + g->n - 1]; /* the least */
  double by_count = g->least;
  if (by_count < incumbent - KT_PLACE_EPSILON)
    by_count = kt_search_least_of_wide(s, g, incumbent);
  if (by_count >= incumbent - KT_PLACE_EPSILON)
    return MIN(by_count, incumbent);
  g_autofree gint64 *left = g_new0(gint64, s->n_homes + 1), *fits = g_new0(gint64, s->n_homes + 1);
  g_autofree guint *saved = g_memdup2(&s->home[g->first], g->n * sizeof *s->home);
  Alone a = {.s = s,
             .g = g,
             .left = left,
             .fits = fits,
             .beyond = INFINITY,
             .best = incumbent,
             .incumbent = incumbent,
             .steps = WIDE_STEPS};
  if (g->per_cell == g->n || g->per_cell == 1) { /* else pairs differ, and homes in order are not all there is */
    for (guint k = s->n_homes; k-- > 0;) {
      gint64 room = s->room[s->homes[k]].memory[g->kind],
             fit = part > 0 ? MIN(room / part, (gint64)g->n) : (gint64)g->n;
      left[k] = left[k + 1] + room;
      fits[k] = fits[k + 1] + fit;
      a.beyond = MIN(a.beyond, spill_of(s, g->kind, s->homes[k], part * (fit + 1)));
    }
    alone(&a, 0);
  } else {
    a.steps = 0;
  }
  s->steps += WIDE_STEPS - a.steps;
  memcpy(&s->home[g->first], saved, g->n * sizeof *s->home);
  return a.steps ? a.best : by_count;
}

/* ---- prices ---- */

typedef struct {
  KtSearch *s;
  gboolean with_memory;
  const double *least; /* of wide guests */
  guint n;             /* of each node: worth, and each kind of memory */
  double *price;
  double *most;
  double *sold; /* in the same order: what guests take, less what there is */
  double *unit; /* of both: scale of the steps */
} Dual;

static double dual_value(Dual *d)
{
  KtSearch *s = d->s;
  double value = 0;
  for (guint i = 0; i < s->n_nodes; i++) {
    double *sold = &d->sold[d->n * i];
    sold[0] = -(double)s->room[i].worth;
    for (guint k = 1; k < d->n; k++)
      sold[k] = -(double)s->room[i].memory[k - 1];
    for (guint k = 0; k < d->n; k++)
      value += d->price[d->n * i + k] * sold[k];
  }
  for (guint p = 0; p < s->n_parts; p++) {
    const KtSearchGuest *g = &s->guests[s->owner[p]];
    double worth = (double)least_worth(s, p), memory = (double)s->kib[p], least = INFINITY;
    guint best = s->homes[0], kind = 1 + g->kind;
    for (guint k = 0; k < s->n_homes; k++) {
      guint i = s->homes[k];
      double cost = (g->at ? g->at[i] : 0) + d->price[d->n * i] * worth + d->price[d->n * i + kind] * memory;
      if (cost < least) {
        least = cost;
        best = i;
      }
    }
    value += least + (g->first == p && !g->at ? d->least[s->owner[p]] : 0);
    d->sold[d->n * best] += worth;
    d->sold[d->n * best + kind] += memory;
  }
  s->steps += (guint64)s->n_parts * s->n_homes / 4;
  return value;
}

/* Steps along the subgradient, by Polyak's rule towards the incumbent. */
static double raise_prices(Dual *d, double incumbent)
{
  guint n = d->n * d->s->n_nodes, idle = 0;
  guint rounds = (guint)MIN((guint64)ROUNDS, STEPS / ((guint64)d->s->n_parts * d->s->n_homes + 1) + 10);
  double best = -INFINITY, pace = 1;
  g_autofree double *best_price = g_new0(double, n);
  for (guint round = 0; round < rounds && best < incumbent - KT_PLACE_EPSILON; round++) {
    double value = dual_value(d), square = 0;
    if (value > best + KT_PLACE_EPSILON) {
      best = value;
      memcpy(best_price, d->price, n * sizeof(double));
      idle = 0;
    } else if (++idle % 10 == 0) {
      pace /= 2;
      memcpy(d->price, best_price, n * sizeof(double));
      dual_value(d);
    }
    for (guint k = 0; k < n; k++) {
      double gradient = d->sold[k] / d->unit[k % d->n];
      if (d->most[k] > 0 && (gradient > 0 || d->price[k] > 0))
        square += gradient * gradient;
    }
    if (square <= 0)
      break;
    for (guint k = 0; k < n; k++)
      d->price[k] =
          CLAMP(d->price[k] + pace * (incumbent - value) / square * d->sold[k] / d->unit[k % d->n] / d->unit[k % d->n],
                0, d->most[k]);
  }
  memcpy(d->price, best_price, n * sizeof(double));
  return best;
}

static void set_limits(Dual *d)
{
  const KtSearch *s = d->s;
  for (guint k = 0; k < d->n; k++)
    d->unit[k] = 1;
  for (guint i = 0; i < s->n_nodes; i++) {
    d->most[d->n * i] = s->per_worth;
    d->unit[0] += (double)MAX(s->room[i].worth, 0) / s->n_nodes;
    for (guint k = 1; k < d->n; k++) {
      d->most[d->n * i + k] = d->with_memory ? s->spill[k - 1][i] : 0;
      d->unit[k] += (double)s->room[i].memory[k - 1] / s->n_nodes;
    }
  }
}

static double find_dual(KtSearch *s, const double *least, gboolean with_memory, double incumbent)
{
  guint n = 1 + s->n_kinds, all_prices = n * s->n_nodes;
  g_autofree double *price = g_new0(double, all_prices), *most = g_new0(double, all_prices);
  g_autofree double *sold = g_new0(double, all_prices);
  double unit[1 + KT_PLACE_KINDS], best;
  Dual d = {s, with_memory, least, n, price, most, sold, unit};
  set_limits(&d);
  best = dual_value(&d);
  if (best >= incumbent - KT_PLACE_EPSILON)
    return best;
  for (guint i = 0; i < s->n_nodes; i++)
    price[n * i] = most[n * i];
  double all = dual_value(&d); /* what exceeds the whole host */
  if (all < best)
    memset(price, 0, all_prices * sizeof *price);
  best = MAX(best, all);
  return MAX(best, raise_prices(&d, incumbent));
}

double kt_search_bound(KtSearch *s, double incumbent, KtPlaceCost *fields)
{
  g_autofree double *least = g_new0(double, s->n_guests + 1);
  double wide = 0, worth = 0;
  for (guint p = 0; p < s->n_parts; p++)
    worth += (double)least_worth(s, p) / KT_CORE;
  for (guint i = 0; i < s->n_nodes; i++) { /* what is too much already, and what all others are beyond the rest */
    fields->contention += (double)MAX(-s->room[i].worth, 0) / KT_CORE;
    worth -= (double)MAX(s->room[i].worth, 0) / KT_CORE;
  }
  fields->contention += worth > KT_ROUNDING ? worth : 0;
  for (guint g = 0; g < s->n_guests; g++)
    if (!s->guests[g].at) {
      wide += least[g] = least_alone(s, g, incumbent);
      fields->remote += s->per_kib > 0 ? s->guests[g].least / (s->per_kib * s->total_kib) : 0;
    }
  if (wide >= incumbent - KT_PLACE_EPSILON)
    return incumbent;
  double bound = find_dual(s, least, TRUE, incumbent);
  return wide > 0 && bound < incumbent - KT_PLACE_EPSILON ? MAX(bound, find_dual(s, least, FALSE, incumbent)) : bound;
}
