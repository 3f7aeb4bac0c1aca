/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Local search: moves of a part, exchanges of two; kicks out of dead ends. */
#include <string.h>

#include "placement/search.h"

/* Many guests are small, and what one node has no room for fits another one soon. */
enum { FEW_PARTS = 200 };

enum { KICKED = 4 }; /* parts at most, by a kick */

/* Nothing to gain: its node is fine and so is the guest there, and nobody waits for its room. */
static gboolean is_quiet(KtSearch *s, guint part)
{
  if (s->n_short && s->n_parts <= FEW_PARTS && kt_search_farther(s) > KT_PLACE_EPSILON)
    return FALSE;
  const KtSearchGuest *g = &s->guests[s->owner[part]];
  return s->node_cost[s->home[part]] == 0 && s->guest_cost[s->owner[part]] <= g->least + KT_PLACE_EPSILON;
}

/* The best move or exchange of one part, done if it gains. */
static gboolean improve_part(KtSearch *s, guint part)
{
  double best = -KT_PLACE_EPSILON;
  guint to = KT_NOWHERE, with = KT_NOWHERE, home = s->home[part];
  kt_search_farther(s);
  for (guint k = 0; k < s->n_homes; k++) {
    guint node = s->homes[k];
    double change = node == home ? 0 : kt_search_move_change(s, part, node);
    if (change < best + s->farther)
      change = kt_search_with_spill(s, change, part, node, KT_NOWHERE, best);
    if (change < best) {
      best = change;
      to = node;
    }
  }
  for (guint other = 0; other < s->n_parts; other++) {
    if (s->home[other] == home || s->owner[other] == s->owner[part])
      continue;
    double change = kt_search_swap_change(s, part, other);
    if (change < best + s->farther)
      change = kt_search_with_spill(s, change, part, s->home[other], other, best);
    if (change < best) {
      best = change;
      with = other;
    }
  }
  if (with != KT_NOWHERE) {
    to = s->home[with];
    kt_search_put(s, with, home);
  }
  if (to != KT_NOWHERE)
    kt_search_put(s, part, to);
  return to != KT_NOWHERE;
}

void kt_search_descend(KtSearch *s)
{
  for (guint since = 0, part = 0; since < s->n_parts && s->steps < s->max_steps; since++) {
    if (!is_quiet(s, part) && improve_part(s, part))
      since = 0;
    part = part + 1 == s->n_parts ? 0 : part + 1;
  }
}

/* Any part that is not quiet, or any at all. */
static guint troubled_part(KtSearch *s)
{
  guint first = kt_search_random(s, s->n_parts);
  for (guint k = 0; k < s->n_parts; k++) {
    guint part = (first + k) % s->n_parts;
    if (!is_quiet(s, part))
      return part;
  }
  return first;
}

/* A few parts of a troubled node change places with others. */
static void shuffle(KtSearch *s, guint node)
{
  guint times = 1 + kt_search_random(s, KICKED);
  for (guint k = 0; k < times; k++) {
    guint a = kt_search_random(s, s->n_parts), b = kt_search_random(s, s->n_parts);
    for (guint tries = 0; s->home[a] != node && tries < s->n_parts; tries++)
      a = a + 1 == s->n_parts ? 0 : a + 1;
    guint at_a = s->home[a], at_b = s->home[b];
    if (kt_search_random(s, 4) == 0)
      at_b = s->homes[kt_search_random(s, s->n_homes)];
    else
      kt_search_put(s, b, at_a);
    kt_search_put(s, a, at_b);
  }
}

/* A troubled guest goes to where it costs least; a few that are there give way and are placed anew (ruin and recreate,
 * G. Schrimpf et al. 2000). */
static void make_way(KtSearch *s, guint part)
{
  guint gone[KICKED], n = 0, most = 1 + kt_search_random(s, KICKED);
  guint node = kt_search_home_of(s, &s->guests[s->owner[part]]), first = kt_search_random(s, s->n_parts);
  kt_search_put(s, part, node);
  for (guint k = 0; k < s->n_parts && n < most; k++) {
    guint other = (first + k) % s->n_parts;
    if (s->home[other] == node && other != part && s->guests[s->owner[other]].at && kt_search_random(s, 2))
      kt_search_put(s, gone[n++] = other, KT_NOWHERE);
  }
  while (n > 0)
    kt_search_insert(s, s->owner[gone[--n]], KT_START_FRESH);
}

/* Out of a dead end, one way or the other. */
static void kick(KtSearch *s)
{
  guint part = troubled_part(s);
  if (s->guests[s->owner[part]].at && kt_search_random(s, 2))
    make_way(s, part);
  else
    shuffle(s, s->home[part]);
}

void kt_search_improve(KtSearch *s, double bound, guint64 steps, double slack)
{
  guint64 end = MIN(s->steps + steps, s->max_steps),
          patience = MIN(s->max_steps / 4, G_GUINT64_CONSTANT(40000) * s->n_parts), better = s->steps;
  gsize size = s->n_parts * sizeof *s->home;
  g_autofree guint *best = g_memdup2(s->home, size), *current = g_memdup2(s->home, size);
  double best_cost = kt_search_cost(s), current_cost = best_cost;
  guint idle = 0;
  while (s->steps < end && s->steps - better < patience && best_cost > bound + KT_PLACE_EPSILON) {
    kick(s);
    kt_search_descend(s);
    double cost = kt_search_cost(s);
    s->steps += s->n_parts;
    if (cost < best_cost - KT_PLACE_EPSILON) {
      best_cost = cost;
      memcpy(best, s->home, size);
      idle = 0;
      better = s->steps;
    }
    if (cost <= MAX(current_cost, slack * best_cost) + KT_PLACE_EPSILON) {
      current_cost = cost;
      memcpy(current, s->home, size);
    } else {
      kt_search_set(s, current);
    }
    if (++idle > 50 * s->n_parts) { /* a dead end that kicks do not leave */
      kt_search_set(s, best);
      for (guint k = 0; k < 4; k++)
        kick(s);
      kt_search_descend(s);
      current_cost = kt_search_cost(s);
      memcpy(current, s->home, size);
      idle = 0;
    }
  }
  kt_search_set(s, best);
}
