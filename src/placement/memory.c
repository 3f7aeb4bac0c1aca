/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "placement/memory.h"

typedef struct {
  const KtSearch *s;
  gint64 *kib;  /* parts x nodes */
  gint64 *free; /* of each node, of one kind */
  guint kind;   /* of memory that is at hand */
} Memory;

static gboolean is_of_kind(const Memory *m, guint part)
{
  return m->s->guests[m->s->owner[part]].kind == m->kind;
}

/* What is elsewhere now and costs less there than moved stays. */
static void settle(Memory *m, guint part)
{
  const KtSearch *s = m->s;
  const KtSearchGuest *g = &s->guests[s->owner[part]];
  guint home = s->home[part];
  gint64 *kib = &m->kib[(gsize)part * s->n_nodes];
  kib[home] = s->kib[part];
  for (guint j = 0; j < s->n_nodes && g->at && g->now; j++)
    if (j != home && g->move > s->per_kib * s->far[home * s->n_nodes + j]) {
      kib[j] = MIN(MIN(g->now[j], kib[home]), MAX(m->free[j], 0));
      kib[home] -= kib[j];
      m->free[j] -= kib[j];
    }
}

/* How much of this part is rather taken to another node than others': what is there now and need not come, then what
 * is not started, then large ones. */
static double rank(const Memory *m, guint part, guint to)
{
  const KtSearchGuest *g = &m->s->guests[m->s->owner[part]];
  const gint64 *kib = &m->kib[(gsize)part * m->s->n_nodes];
  return (double)kib[m->s->home[part]] / (double)KT_PLACE_MAX_KIB + (g->now ? (g->now[to] > kib[to] ? 2 : 0) : 1);
}

/* Takes `excess` from home `from` to node `to`. */
static void export(Memory *m, guint from, guint to, gint64 excess)
{
  const KtSearch *s = m->s;
  while (excess > 0) {
    guint best = KT_NOWHERE;
    double best_rank = -1;
    for (guint p = 0; p < s->n_parts; p++)
      if (is_of_kind(m, p) && s->home[p] == from && m->kib[(gsize)p * s->n_nodes + from] > 0 &&
          rank(m, p, to) > best_rank) {
        best = p;
        best_rank = rank(m, p, to);
      }
    if (best == KT_NOWHERE)
      return;
    const KtSearchGuest *g = &s->guests[s->owner[best]];
    gint64 *at = &m->kib[(gsize)best * s->n_nodes], kib = MIN(excess, at[from]);
    if (g->now && g->now[to] > at[to])
      kib = MIN(kib, g->now[to] - at[to]);
    at[from] -= kib;
    at[to] += kib;
    excess -= kib;
  }
}

static void assign(Memory *m, KtSearch *s, gint64 *memory)
{
  for (guint i = 0; i < s->n_nodes; i++) {
    memory[i] = 0;
    m->free[i] = s->room[i].memory[m->kind];
  }
  for (guint p = 0; p < s->n_parts; p++)
    if (is_of_kind(m, p))
      settle(m, p);
  for (guint p = 0; p < s->n_parts; p++)
    if (is_of_kind(m, p))
      memory[s->home[p]] += m->kib[(gsize)p * s->n_nodes + s->home[p]];
  kt_flow_solve(&s->flow, memory, m->free);
  for (guint i = 0; i < s->n_nodes; i++)
    for (guint j = 0; j < s->n_nodes; j++)
      if (i != j)
        export(m, i, j, s->flow.kib[i * s->n_nodes + j]);
}

gint64 *kt_memory_assign(KtSearch *s)
{
  g_autofree gint64 *memory = g_new0(gint64, s->n_nodes), *room = g_new(gint64, s->n_nodes);
  Memory m = {s, g_new0(gint64, (gsize)s->n_parts * s->n_nodes + 1), room, 0};
  for (; m.kind < s->n_kinds; m.kind++)
    assign(&m, s, memory);
  return m.kib;
}
