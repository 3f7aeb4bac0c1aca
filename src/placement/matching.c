/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "placement/matching.h"

enum { NOBODY = 0xff };

typedef struct {
  guint k, n;
  const guint64 *allowed;
  guint8 *match;                 /* place of each thing, NOBODY: none yet */
  guint8 owner[KT_MATCHING_MAX]; /* thing at each place */
} Table;

static guint64 lowest(guint n)
{
  return n >= 64 ? G_MAXUINT64 : (G_GUINT64_CONSTANT(1) << n) - 1;
}

/* Finds a place for thing `start` by a shortest chain of things that each move to another place; places in
 * `closed` stay as they are. On failure *seen has the things that were asked, all of which share too few places. */
static gboolean augment(Table *t, guint start, guint64 closed, guint64 *seen)
{
  guint8 queue[KT_MATCHING_MAX], from[KT_MATCHING_MAX]; /* from: the thing that wants a place */
  guint head = 0, tail = 0;
  guint64 open = lowest(t->n) & ~closed;
  *seen = 0;
  queue[tail++] = (guint8)start;
  while (head < tail) {
    guint i = queue[head++];
    *seen |= G_GUINT64_CONSTANT(1) << i;
    for (guint64 todo = t->allowed[i] & open; todo; todo &= todo - 1) {
      guint j = (guint)__builtin_ctzll(todo);
      open &= ~(G_GUINT64_CONSTANT(1) << j);
      from[j] = (guint8)i;
      if (t->owner[j] != NOBODY) {
        queue[tail++] = t->owner[j];
        continue;
      }
      while (TRUE) { /* along the chain back to the start */
        guint thing = from[j], before = t->match[thing];
        t->owner[j] = (guint8)thing;
        t->match[thing] = (guint8)j;
        if (thing == start)
          return TRUE;
        j = before;
      }
    }
  }
  return FALSE;
}

/* Gives thing i place j, whose owner has to go elsewhere. Restores everything on failure. */
static gboolean reassign(Table *t, guint i, guint j, guint64 fixed)
{
  guint before = t->match[i], other = t->owner[j];
  guint64 seen;
  t->owner[before] = NOBODY;
  t->owner[j] = (guint8)i;
  t->match[i] = (guint8)j;
  if (other == NOBODY)
    return TRUE;
  if (augment(t, other, fixed | G_GUINT64_CONSTANT(1) << j, &seen))
    return TRUE;
  t->owner[j] = (guint8)other;
  t->owner[before] = (guint8)i;
  t->match[i] = (guint8)before;
  return FALSE;
}

gboolean kt_matching_first(guint k, guint n, const guint64 *allowed, guint8 *match, guint64 *crowd)
{
  Table t = {.k = k, .n = n, .allowed = allowed, .match = match};
  g_return_val_if_fail(k <= KT_MATCHING_MAX && n <= KT_MATCHING_MAX, FALSE);
  for (guint j = 0; j < KT_MATCHING_MAX; j++)
    t.owner[j] = NOBODY;
  for (guint i = 0; i < k; i++)
    match[i] = NOBODY;
  for (guint i = 0; i < k; i++) {
    guint64 seen;
    if (!augment(&t, i, 0, &seen)) {
      if (crowd)
        *crowd = seen;
      return FALSE;
    }
  }
  guint64 fixed = 0;
  for (guint i = 0; i < k; i++) {
    for (guint64 better = allowed[i] & lowest(match[i]) & ~fixed; better; better &= better - 1)
      if (reassign(&t, i, (guint)__builtin_ctzll(better), fixed))
        break;
    fixed |= G_GUINT64_CONSTANT(1) << match[i];
  }
  return TRUE;
}

/* ---- cheapest ---- */

typedef struct {
  guint k, n;
  const gint64 *cost;
  gint64 row_price[KT_MATCHING_MAX], column_price[KT_MATCHING_MAX + 1];
  guint owner[KT_MATCHING_MAX + 1]; /* column n is where the row that is being placed starts */
} Prices;

/* The row that starts at column n gets a column by the cheapest chain. */
static gboolean place(Prices *p)
{
  gint64 slack[KT_MATCHING_MAX];
  guint before[KT_MATCHING_MAX], at = p->n;
  gboolean done[KT_MATCHING_MAX + 1] = {FALSE};
  for (guint j = 0; j < p->n; j++)
    slack[j] = G_MAXINT64;
  do {
    guint i = p->owner[at], next = p->n;
    done[at] = TRUE;
    for (guint j = 0; j < p->n; j++) {
      if (done[j])
        continue;
      gint64 cost = p->cost[(gsize)i * p->n + j];
      if (cost != KT_MATCHING_FORBIDDEN && cost - p->row_price[i] - p->column_price[j] < slack[j]) {
        slack[j] = cost - p->row_price[i] - p->column_price[j];
        before[j] = at;
      }
      if (slack[j] != G_MAXINT64 && (next == p->n || slack[j] < slack[next]))
        next = j;
    }
    if (next == p->n)
      return FALSE;
    gint64 step = slack[next];
    for (guint j = 0; j <= p->n; j++)
      if (done[j]) {
        p->row_price[p->owner[j]] += step;
        p->column_price[j] -= step;
      } else if (slack[j] != G_MAXINT64) {
        slack[j] -= step;
      }
    at = next;
  } while (p->owner[at] != NOBODY);
  for (; at != p->n; at = before[at])
    p->owner[at] = p->owner[before[at]];
  return TRUE;
}

gboolean kt_matching_cheapest(guint k, guint n, const gint64 *cost, guint8 *match, gint64 *total)
{
  Prices p = {.k = k, .n = n, .cost = cost};
  gint64 sum = 0;
  g_return_val_if_fail(k <= KT_MATCHING_MAX && n <= KT_MATCHING_MAX, FALSE);
  for (guint j = 0; j <= n; j++)
    p.owner[j] = NOBODY;
  for (guint i = 0; i < k; i++) {
    p.owner[n] = i;
    if (!place(&p))
      return FALSE;
  }
  for (guint j = 0; j < n; j++)
    if (p.owner[j] != NOBODY) {
      match[p.owner[j]] = (guint8)j;
      sum += cost[(gsize)p.owner[j] * n + j];
    }
  if (total)
    *total = sum;
  return TRUE;
}
