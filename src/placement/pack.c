/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts without slack: nodes are filled one after the other, each by a set of parts that wastes no more of worth,
 * memory of each kind and cores than the host as a whole has to waste (bin completion, S. Martello and P. Toth 1990, in
 * so many dimensions). The largest part that is left always goes into the next node, of each kind that is left in turn.
 */
#include <string.h>

#include "placement/matching.h"
#include "placement/search.h"

enum { DIMENSIONS = 2 + KT_PLACE_KINDS, MAX_PARTS = 200 };

typedef struct {
  gint64 d[DIMENSIONS]; /* the scarcest first */
} Size;

typedef struct {
  KtSearch *s;
  guint order[DIMENSIONS]; /* which resource is which dimension */
  Size *room, *need;
  Size waste;     /* what may still be left empty */
  gboolean *full; /* of each node */
  guint *home;    /* of each part; KT_NOWHERE: left */
  guint64 end;    /* of the steps */
} Pack;

/* The parts that are left when a node is begun: largest first, and what all from each one on need. */
typedef struct {
  guint n, node;
  guint *part;
  Size *tail;
  Size room; /* left on the node */
} Bin;

static gint64 resource(const KtLoad *load, guint which)
{
  return which == 0 ? load->worth : which == 1 ? load->cores : load->memory[which - 2];
}

static gboolean fits(const Size *need, const Size *room)
{
  for (guint k = 0; k < DIMENSIONS; k++)
    if (need->d[k] > room->d[k])
      return FALSE;
  return TRUE;
}

static void take(Size *from, const Size *what, gint64 sign)
{
  for (guint k = 0; k < DIMENSIONS; k++)
    from->d[k] -= sign * what->d[k];
}

static gboolean fill_next(Pack *p);

/* The node is as it is: the next one, if what is empty here may be. */
static gboolean close_bin(Pack *p, const Bin *bin)
{
  if (!fits(&bin->room, &p->waste))
    return FALSE;
  take(&p->waste, &bin->room, 1);
  p->full[bin->node] = TRUE;
  if (fill_next(p))
    return TRUE;
  p->full[bin->node] = FALSE;
  take(&p->waste, &bin->room, -1);
  return FALSE;
}

/* The first part from `from` on that is no larger than `most`. */
static guint first_up_to(const Pack *p, const Bin *bin, guint from, gint64 most)
{
  guint low = from, high = bin->n;
  while (low < high) {
    guint middle = (low + high) / 2;
    if (p->need[bin->part[middle]].d[0] > most)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static gboolean fill_bin(Pack *p, Bin *bin, guint from)
{
  if (close_bin(p, bin))
    return TRUE;
  for (guint k = first_up_to(p, bin, from, bin->room.d[0]); k < bin->n; k++) {
    const Size *need = &p->need[bin->part[k]];
    if (++p->s->steps >= p->end)
      return FALSE;
    for (guint d = 0; d < DIMENSIONS; d++) /* all that are left together are too little */
      if (bin->tail[k].d[d] < bin->room.d[d] - p->waste.d[d])
        return FALSE;
    if (p->home[bin->part[k]] != KT_NOWHERE || !fits(need, &bin->room))
      continue;
    if (k > from && p->home[bin->part[k - 1]] == KT_NOWHERE &&
        memcmp(need, &p->need[bin->part[k - 1]], sizeof *need) == 0)
      continue; /* the same as the one that was just tried */
    p->home[bin->part[k]] = bin->node;
    take(&bin->room, need, 1);
    if (fill_bin(p, bin, k + 1))
      return TRUE;
    take(&bin->room, need, -1);
    p->home[bin->part[k]] = KT_NOWHERE;
  }
  return FALSE;
}

/* A node of each size that is not full yet; `seen` has those that were tried. */
static gboolean is_new_kind(const Pack *p, guint node)
{
  for (guint i = 0; i < node; i++)
    if (!p->full[i] && memcmp(&p->room[i], &p->room[node], sizeof(Size)) == 0)
      return FALSE;
  return !p->full[node];
}

static gboolean fill_next(Pack *p)
{
  KtSearch *s = p->s;
  g_autofree guint *part = g_new(guint, s->n_parts);
  g_autofree Size *tail = g_new0(Size, s->n_parts + 1);
  guint n = 0;
  for (guint k = 0; k < s->n_parts; k++)
    if (p->home[k] == KT_NOWHERE)
      part[n++] = k;
  if (n == 0)
    return TRUE;
  for (guint k = 1; k < n; k++) /* parts come nearly sorted */
    for (guint j = k; j > 0 && p->need[part[j]].d[0] > p->need[part[j - 1]].d[0]; j--) {
      guint swap = part[j];
      part[j] = part[j - 1];
      part[j - 1] = swap;
    }
  for (guint k = n; k-- > 0;) {
    tail[k] = tail[k + 1];
    take(&tail[k], &p->need[part[k]], -1);
  }
  for (guint i = 0; i < s->n_nodes; i++) {
    Bin bin = {n, i, part, tail, p->room[i]};
    if (!is_new_kind(p, i) || !fits(&p->need[part[0]], &bin.room))
      continue;
    p->home[part[0]] = i;
    take(&bin.room, &p->need[part[0]], 1);
    if (fill_bin(p, &bin, 1))
      return TRUE;
    p->home[part[0]] = KT_NOWHERE;
  }
  return FALSE;
}

/* What fills a node may as well fill another one of the same size: where it has to be moved least. */
static void assign_bins(Pack *p)
{
  KtSearch *s = p->s;
  g_autofree guint *home = g_memdup2(p->home, s->n_parts * sizeof *home);
  for (guint kind = 0; kind < s->n_nodes; kind++) {
    guint nodes[KT_MATCHING_MAX], n = 0;
    guint8 match[KT_MATCHING_MAX];
    gboolean first = TRUE;
    for (guint i = 0; i < s->n_nodes && n < KT_MATCHING_MAX; i++)
      if (memcmp(&p->room[i], &p->room[kind], sizeof(Size)) == 0) {
        first &= i >= kind;
        nodes[n++] = i;
      }
    if (!first || n < 2)
      continue;
    g_autofree gint64 *cost = g_new0(gint64, n * n);
    for (guint k = 0; k < s->n_parts; k++)
      for (guint a = 0; a < n; a++)
        for (guint b = 0; p->home[k] == nodes[a] && b < n; b++)
          cost[a * n + b] += (gint64)MIN(s->guests[s->owner[k]].at[nodes[b]] * 1e12, 1e12);
    if (!kt_matching_cheapest(n, n, cost, match, NULL))
      continue;
    for (guint k = 0; k < s->n_parts; k++)
      for (guint a = 0; a < n; a++)
        if (p->home[k] == nodes[a])
          home[k] = nodes[match[a]];
  }
  kt_search_set(s, home);
}

/* Which resource is scarcest comes first: few sets fit there. FALSE: one is too little for all. */
static gboolean choose_order(Pack *p)
{
  const KtSearch *s = p->s;
  double share[DIMENSIONS];
  gint64 waste[DIMENSIONS];
  for (guint d = 0; d < DIMENSIONS; d++) {
    gint64 room = 0, need = 0;
    for (guint i = 0; i < s->n_nodes; i++)
      room += MAX(resource(&s->room[i], d), 0);
    for (guint k = 0; k < s->n_parts; k++)
      need += resource(&s->need[k], d);
    waste[d] = room - need;
    if (waste[d] < 0)
      return FALSE;
    share[d] = need ? (double)waste[d] / (double)room : 2;
    p->order[d] = d;
  }
  for (guint a = 0; a < DIMENSIONS; a++)
    for (guint b = a + 1; b < DIMENSIONS; b++)
      if (share[p->order[b]] < share[p->order[a]]) {
        guint swap = p->order[a];
        p->order[a] = p->order[b];
        p->order[b] = swap;
      }
  for (guint d = 0; d < DIMENSIONS; d++)
    p->waste.d[d] = waste[p->order[d]];
  return TRUE;
}

gboolean kt_search_pack(KtSearch *s, guint64 steps)
{
  Pack p = {.s = s, .end = MIN(s->steps + steps, s->max_steps)};
  for (guint g = 0; g < s->n_guests; g++)
    if (!s->guests[g].at)
      return FALSE;
  if (s->n_parts > MAX_PARTS || !choose_order(&p))
    return FALSE;
  g_autofree Size *room = p.room = g_new0(Size, s->n_nodes);
  g_autofree Size *need = p.need = g_new0(Size, s->n_parts);
  g_autofree gboolean *full = g_new0(gboolean, s->n_nodes);
  p.full = full;
  g_autofree guint *home = p.home = g_new0(guint, s->n_parts);
  for (guint d = 0; d < DIMENSIONS; d++) {
    for (guint i = 0; i < s->n_nodes; i++)
      room[i].d[d] = MAX(resource(&s->room[i], p.order[d]), 0);
    for (guint k = 0; k < s->n_parts; k++)
      need[k].d[d] = resource(&s->need[k], p.order[d]);
  }
  for (guint k = 0; k < s->n_parts; k++)
    home[k] = KT_NOWHERE;
  if (!fill_next(&p))
    return FALSE;
  assign_bins(&p);
  return TRUE;
}
