/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "placement/memory.h"

#include <math.h>

typedef struct {
  const KtSearch *s;
  gint64 *kib;  /* parts x nodes */
  gint64 *free; /* of each node; below 0: too much there */
} Memory;

/* What is elsewhere now and costs less there than moved stays. */
static void settle(Memory *m, guint part)
{
  const KtSearch *s = m->s;
  const KtSearchGuest *g = &s->guests[s->owner[part]];
  guint home = s->home[part];
  gint64 *kib = &m->kib[(gsize)part * s->n_nodes], left = s->need[part].memory;
  for (guint j = 0; j < s->n_nodes && g->at && g->now; j++)
    if (j != home && g->move > s->per_kib * s->far[home * s->n_nodes + j]) {
      kib[j] = MIN(g->now[j], left);
      left -= kib[j];
    }
  kib[home] += left;
  for (guint j = 0; j < s->n_nodes; j++)
    m->free[j] -= kib[j];
}

static void shift(Memory *m, guint part, guint from, guint to, gint64 kib)
{
  gint64 *at = &m->kib[(gsize)part * m->s->n_nodes];
  at[from] -= kib;
  at[to] += kib;
  m->free[from] += kib;
  m->free[to] -= kib;
}

/* How much of this part is rather taken away than others': what is on the target now and need not come, then what is
 * not started, then large ones. */
static double rank(const Memory *m, guint part, guint from, guint to)
{
  const KtSearch *s = m->s;
  const KtSearchGuest *g = &s->guests[s->owner[part]];
  double size = (double)m->kib[(gsize)part * s->n_nodes + from] / (double)KT_PLACE_MAX_KIB;
  gint64 there = g->now ? g->now[to] - m->kib[(gsize)part * s->n_nodes + to] : 0;
  return size + (g->now ? (there > 0 ? 2 : 0) : 1) - (s->home[part] == from ? 0 : .5);
}

/* Takes `excess` from node `from` to node `to`, rather out of the parts that live at `from`. */
static void export(Memory *m, guint from, guint to, gint64 excess)
{
  const KtSearch *s = m->s;
  while (excess > 0) {
    guint best = KT_NOWHERE;
    double best_rank = -1;
    for (guint p = 0; p < s->n_parts; p++)
      if (m->kib[(gsize)p * s->n_nodes + from] > 0 && rank(m, p, from, to) > best_rank) {
        best = p;
        best_rank = rank(m, p, from, to);
      }
    if (best == KT_NOWHERE)
      return;
    const KtSearchGuest *g = &s->guests[s->owner[best]];
    gint64 kib = MIN(excess, m->kib[(gsize)best * s->n_nodes + from]);
    gint64 there = g->now ? g->now[to] - m->kib[(gsize)best * s->n_nodes + to] : 0;
    if (there > 0)
      kib = MIN(kib, there);
    shift(m, best, from, to, kib);
    excess -= kib;
  }
}

gint64 *kt_memory_assign(const KtSearch *s)
{
  g_autofree gint64 *room = g_new(gint64, s->n_nodes);
  Memory m = {s, g_new0(gint64, (gsize)s->n_parts * s->n_nodes + 1), room};
  for (guint i = 0; i < s->n_nodes; i++)
    room[i] = s->room[i].memory;
  for (guint p = 0; p < s->n_parts; p++)
    settle(&m, p);
  while (TRUE) {
    guint from = KT_NOWHERE, to = KT_NOWHERE;
    double nearest = INFINITY;
    for (guint i = 0; i < s->n_nodes; i++)
      for (guint j = 0; room[i] < 0 && j < s->n_nodes; j++)
        if (room[j] > 0 && s->far[i * s->n_nodes + j] < nearest) {
          nearest = s->far[i * s->n_nodes + j];
          from = i;
          to = j;
        }
    if (from == KT_NOWHERE)
      return m.kib;
    export(&m, from, to, MIN(-room[from], room[to]));
  }
}
