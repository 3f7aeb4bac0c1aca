/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "placement/seats.h"

#include <string.h>

/* Orders that are tried to fit guests into L3 groups. */
#define TRIES 64

void kt_seats_init(KtSeats *seats, const KtHost *host)
{
  seats->host = host;
  seats->owner = g_new0(guint, host->cpus->len + 1);
}

void kt_seats_clear(KtSeats *seats)
{
  g_free(seats->owner);
}

/* ---- one try: an owner for each core of the node ---- */

typedef struct {
  KtSeats *seats;
  guint node, first, n_cores; /* its cores in the host */
  const KtWant *wants;
  guint *taken;  /* CPUs taken of each core */
  guint *holder; /* want + 1 that took the first; 0: free */
  guint *room;   /* slots of free cores, by L3 group of the host */
  guint most;    /* CPUs of a core that one guest takes: its slots */
  guint *last;   /* want + 1 that came last to each L3 group */
} Try;

static const KtCore *core_of(const Try *t, guint k)
{
  return &g_array_index(t->seats->host->cores, KtCore, t->first + k);
}

static guint slots(const Try *t, guint k)
{
  return MIN(core_of(t, k)->n_cpus, t->most);
}

static void claim(Try *t, guint core, guint want, guint cpus)
{
  const KtCore *c = core_of(t, core);
  guint *owner = &t->seats->owner[c->first];
  for (guint k = 0; k < c->n_cpus && cpus; k++)
    if (!owner[k]) {
      owner[k] = want + 1;
      t->taken[core]++;
      cpus--;
    }
  if (!t->holder[core]) {
    t->holder[core] = want + 1;
    t->room[c->l3] -= slots(t, core);
  }
}

/* The group with the least room for `cpus`, or the one with the most if none has enough; groups that the want is in
 * already come first. A core's group; n_cores: no free core. */
static guint choose_core(const Try *t, guint want, guint cpus)
{
  guint best = t->n_cores;
  gint64 best_rank = G_MININT64;
  for (guint k = 0; k < t->n_cores; k++) {
    if (t->holder[k])
      continue;
    const KtCore *c = core_of(t, k);
    gint64 room = t->room[c->l3], rank = room >= cpus ? G_GINT64_CONSTANT(1000000) - room : room;
    if (t->last[c->l3] == want + 1)
      rank += 100000000;
    guint n = MIN(slots(t, k), 7); /* whole cores first, then one that is just large enough */
    rank = rank * 16 + (slots(t, k) == cpus ? 8 : slots(t, k) < cpus ? n : 8 - n);
    if (rank > best_rank) {
      best_rank = rank;
      best = k;
    }
  }
  return best;
}

static void seat(Try *t, guint want, guint left)
{
  while (left) {
    guint k = choose_core(t, want, left);
    if (k == t->n_cores)
      break;
    guint cpus = MIN(left, slots(t, k));
    t->last[core_of(t, k)->l3] = want + 1;
    claim(t, k, want, cpus);
    left -= cpus;
  }
  for (guint k = 0; k < t->n_cores && left; k++) { /* beside others */
    guint cpus = MIN(left, core_of(t, k)->n_cpus - t->taken[k]);
    if (cpus)
      claim(t, k, want, cpus);
    left -= cpus;
  }
}

/* L3 groups that the want is in. */
static guint groups(const Try *t, guint want)
{
  guint n = 0, seen = G_MAXUINT;
  for (guint k = 0; k < t->n_cores; k++) {
    const KtCore *c = core_of(t, k);
    const guint *owner = &t->seats->owner[c->first];
    gboolean there = FALSE;
    for (guint i = 0; i < c->n_cpus; i++)
      there |= owner[i] == want + 1;
    if (there && c->l3 != seen) { /* cores of a group follow each other, mostly */
      n++;
      seen = c->l3;
    }
  }
  return n;
}

static gboolean keeps(const KtWant *w, const Try *t, guint want)
{
  guint found = 0;
  if (!w->keep || kt_set_count(w->keep) != w->cpus)
    return FALSE;
  for (guint pass = 0; pass < 2; pass++)
    for (guint k = 0; k < t->n_cores; k++) {
      const KtCore *c = core_of(t, k);
      for (guint i = 0; i < c->n_cpus; i++) {
        if (!kt_set_has(w->keep, g_array_index(t->seats->host->cpus, guint, c->first + i)))
          continue;
        if (pass == 0) {
          found += !t->seats->owner[c->first + i];
          continue;
        }
        t->seats->owner[c->first + i] = want + 1;
        t->taken[k]++;
        if (!t->holder[k])
          t->room[c->l3] -= slots(t, k);
        t->holder[k] = t->holder[k] ? t->holder[k] : want + 1;
      }
      if (pass == 1 || k + 1 < t->n_cores)
        continue;
      if (found != w->cpus)
        return FALSE;
    }
  return TRUE;
}

/* Gives all wants their CPUs in this order. What is bad about it: shared cores, then L3 groups too many. */
static guint try_order(Try *t, const guint *order, guint n_wants, gboolean keep)
{
  const KtHost *host = t->seats->host;
  guint bad = 0;
  memset(t->taken, 0, t->n_cores * sizeof *t->taken);
  memset(t->holder, 0, t->n_cores * sizeof *t->holder);
  memset(t->room, 0, host->n_l3 * sizeof *t->room);
  memset(t->last, 0, host->n_l3 * sizeof *t->last);
  for (guint k = 0; k < t->n_cores; k++) {
    const KtCore *c = core_of(t, k);
    t->room[c->l3] += slots(t, k);
    memset(&t->seats->owner[c->first], 0, c->n_cpus * sizeof(guint));
  }
  g_autofree gboolean *kept = g_new0(gboolean, n_wants);
  for (guint k = 0; k < n_wants && keep; k++)
    kept[order[k]] = keeps(&t->wants[order[k]], t, order[k]);
  for (guint k = 0; k < n_wants; k++)
    if (!kept[order[k]])
      seat(t, order[k], t->wants[order[k]].cpus);
  for (guint k = 0; k < t->n_cores; k++) {
    const KtCore *c = core_of(t, k);
    for (guint i = 1; i < c->n_cpus; i++) {
      guint one = t->seats->owner[c->first + i], other = t->seats->owner[c->first + i - 1];
      bad += one && other && one != other ? 1000 : 0;
    }
  }
  for (guint k = 0; k < n_wants; k++)
    bad += groups(t, k) - (t->wants[k].cpus + host->l3_cpus - 1) / host->l3_cpus;
  return bad;
}

/* ---- idle cores ---- */

/* The want leaves a sibling of a full core for a free core of the same L3 group. */
static gboolean spread_once(Try *t, guint want)
{
  for (guint k = 0; k < t->n_cores; k++) {
    if (t->holder[k] != want + 1 || t->taken[k] < 2)
      continue;
    for (guint other = 0; other < t->n_cores; other++) {
      if (t->holder[other] || core_of(t, other)->l3 != core_of(t, k)->l3)
        continue;
      guint *owner = &t->seats->owner[core_of(t, k)->first];
      guint last = core_of(t, k)->n_cpus - 1;
      while (owner[last] != want + 1)
        last--;
      owner[last] = 0;
      t->taken[k]--;
      claim(t, other, want, 1);
      return TRUE;
    }
  }
  return FALSE;
}

static void spread(Try *t, guint n_wants, const gboolean *fixed, gint64 busy)
{
  gint64 idle = -busy;
  for (guint k = 0; k < t->n_cores; k++)
    if (!t->holder[k])
      idle += kt_core_worth(core_of(t, k)->n_cpus);
  for (gboolean any = TRUE; any;) {
    any = FALSE;
    for (guint w = 0; w < n_wants; w++)
      if (idle >= kt_core_worth(2) && !fixed[w] && spread_once(t, w)) {
        idle -= kt_core_worth(2);
        any = TRUE;
      }
  }
}

static int by_size(gconstpointer a, gconstpointer b, gpointer data)
{
  const KtWant *wants = data, *one = &wants[*(const guint *)a], *two = &wants[*(const guint *)b];
  if (one->cpus != two->cpus)
    return one->cpus > two->cpus ? -1 : 1;
  return *(const guint *)a < *(const guint *)b ? -1 : 1;
}

/* Exchanges two of the order, another pair each time. */
static void vary(guint *order, guint n, guint round)
{
  guint a = (round * 7 + 3) % n, b = (round * 13 + 5) % n, swap = order[a];
  order[a] = order[b];
  order[b] = swap;
}

static void hand_out(const Try *t, KtWant *wants)
{
  for (guint k = 0; k < t->n_cores; k++) {
    const KtCore *c = core_of(t, k);
    for (guint i = 0; i < c->n_cpus; i++) {
      guint owner = t->seats->owner[c->first + i];
      if (owner)
        g_array_append_val(wants[owner - 1].pins, g_array_index(t->seats->host->cpus, guint, c->first + i));
    }
  }
}

/* In this order: without siblings where there are cores for that, with what is there now before anew. */
typedef struct {
  gboolean siblings, keep;
} Way;
static const Way ways[] = {{FALSE, TRUE}, {TRUE, TRUE}, {FALSE, FALSE}, {TRUE, FALSE}};

/* A core for each exclusive vCPU, and enough for the shared guests. */
static gboolean has_idle_cores(const Try *t, guint n_wants, gint64 busy)
{
  gint64 idle = -busy;
  guint vcpus = 0;
  for (guint k = 0; k < n_wants; k++)
    vcpus += t->wants[k].cpus;
  for (guint k = 0; k < t->n_cores; k++)
    idle += k < vcpus ? 0 : kt_core_worth(core_of(t, k)->n_cpus);
  return vcpus <= t->n_cores && idle >= 0;
}

void kt_seats_fill(KtSeats *seats, guint node, KtWant *wants, guint n_wants, gint64 busy)
{
  const KtHost *host = seats->host;
  Try t = {.seats = seats,
           .node = node,
           .wants = wants,
           .first = host->first_core[node],
           .n_cores = host->first_core[node + 1] - host->first_core[node]};
  g_autofree guint *taken = g_new0(guint, t.n_cores + 1);
  g_autofree guint *holder = g_new0(guint, t.n_cores + 1);
  g_autofree guint *room = g_new0(guint, host->n_l3 + 1);
  g_autofree guint *last = g_new0(guint, host->n_l3 + 1);
  g_autofree guint *order = g_new(guint, n_wants + 1), *best = g_new(guint, n_wants + 1);
  g_autofree gboolean *fixed = g_new0(gboolean, n_wants + 1);
  t.taken = taken;
  t.holder = holder;
  t.room = room;
  t.last = last;
  if (!n_wants)
    return;
  for (guint k = 0; k < n_wants; k++)
    order[k] = k;
  g_qsort_with_data(order, (gint)n_wants, sizeof *order, by_size, wants);
  Way best_way = {0};
  guint least = G_MAXUINT;
  for (guint way = 0; way < G_N_ELEMENTS(ways) && least; way++) {
    t.most = ways[way].siblings ? host->threads : 1;
    if (!ways[way].siblings && !has_idle_cores(&t, n_wants, busy))
      continue;
    g_qsort_with_data(order, (gint)n_wants, sizeof *order, by_size, wants);
    for (guint round = 0; round < TRIES && least; round++) {
      guint bad = try_order(&t, order, n_wants, ways[way].keep);
      if (bad < least) {
        least = bad;
        best_way = ways[way];
        memcpy(best, order, n_wants * sizeof *order);
      }
      vary(order, n_wants, round);
    }
  }
  t.most = best_way.siblings ? host->threads : 1;
  try_order(&t, best, n_wants, best_way.keep);
  for (guint k = 0; k < n_wants && best_way.keep; k++)
    fixed[k] = wants[k].keep && kt_set_count(wants[k].keep) == wants[k].cpus;
  spread(&t, n_wants, fixed, busy);
  hand_out(&t, wants);
}
