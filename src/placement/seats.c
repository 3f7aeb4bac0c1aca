/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "placement/seats.h"

#include <string.h>

/* Orders that are tried to fit guests into L3 groups, and where only equal parts are missing. */
enum { TRIES = 128, TRIES_FOR_EVEN = 16 };

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
  guint *taken;   /* CPUs taken of each core */
  guint *holder;  /* want + 1 that took the first; 0: free */
  guint *room;    /* slots of free cores, by L3 group of the host */
  guint most;     /* CPUs of a core that one guest takes: its slots */
  guint *last;    /* want + 1 that came last to each L3 group */
  gboolean even;  /* over L3 groups in equal parts, where one group has not room for all */
  gboolean *kept; /* of each want: it is where it was */
} Try;

#define ANY_GROUP G_MAXUINT

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

/* A free core of this group, or, of any: of the group with the least room for `cpus`, or the one with the most if none
 * has enough; groups that the want is in already come first. n_cores: no free core. */
static guint choose_core(const Try *t, guint want, guint cpus, guint group)
{
  guint best = t->n_cores;
  gint64 best_rank = G_MININT64;
  for (guint k = 0; k < t->n_cores; k++) {
    const KtCore *c = core_of(t, k);
    if (t->holder[k] || (group != ANY_GROUP && c->l3 != group))
      continue;
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

/* On free cores. What is left. */
static guint seat_in(Try *t, guint want, guint left, guint group)
{
  while (left) {
    guint k = choose_core(t, want, left, group);
    if (k == t->n_cores)
      break;
    guint cpus = MIN(left, slots(t, k));
    t->last[core_of(t, k)->l3] = want + 1;
    claim(t, k, want, cpus);
    left -= cpus;
  }
  return left;
}

/* The fewest groups that have room for `cpus` together. */
static guint fewest_groups(const Try *t, guint cpus)
{
  guint n_l3 = t->seats->host->n_l3, n = 0;
  g_autofree guint *room = g_memdup2(t->room, n_l3 * sizeof *room);
  for (guint sum = 0; sum < cpus; n++) {
    guint most = 0;
    for (guint k = 1; k < n_l3; k++)
      most = room[k] > room[most] ? k : most;
    if (!room[most])
      return n;
    sum += room[most];
    room[most] = 0;
  }
  return n;
}

/* The group with the least room for `cpus` that the want is not in. ANY_GROUP: none. */
static guint tightest_group(const Try *t, guint want, guint cpus)
{
  guint best = ANY_GROUP;
  for (guint k = 0; k < t->seats->host->n_l3; k++)
    if (t->room[k] >= cpus && t->last[k] != want + 1 && (best == ANY_GROUP || t->room[k] < t->room[best]))
      best = k;
  return best;
}

/* In equal parts, as far as that goes. What is left. */
static guint seat_evenly(Try *t, guint want, guint cpus)
{
  guint n = fewest_groups(t, cpus), left = cpus;
  for (guint k = 0; n > 1 && cpus % n == 0 && k < n; k++) {
    guint group = tightest_group(t, want, cpus / n);
    if (group == ANY_GROUP)
      break;
    left -= cpus / n - seat_in(t, want, cpus / n, group);
  }
  return left;
}

static void seat(Try *t, guint want, guint left)
{
  left = seat_in(t, want, t->even ? seat_evenly(t, want, left) : left, ANY_GROUP);
  for (guint k = 0; k < t->n_cores && left; k++) { /* beside others */
    guint cpus = MIN(left, core_of(t, k)->n_cpus - t->taken[k]);
    if (cpus)
      claim(t, k, want, cpus);
    left -= cpus;
  }
}

/* L3 groups that a want with so many CPUs in each is in; *uneven: equal parts would be as many. */
static guint count_groups(const Try *t, const guint *in, gboolean *uneven)
{
  guint n = 0, cpus = 0, most = 0;
  for (guint k = 0; k < t->seats->host->n_l3; k++) {
    n += in[k] > 0;
    cpus += in[k];
    most = MAX(most, in[k]);
  }
  *uneven = n > 1 && cpus % n == 0 && most > cpus / n;
  return n;
}

static guint groups(const Try *t, guint want, gboolean *uneven)
{
  g_autofree guint *in = g_new0(guint, t->seats->host->n_l3);
  for (guint k = 0; k < t->n_cores; k++) {
    const KtCore *c = core_of(t, k);
    for (guint i = 0; i < c->n_cpus; i++)
      in[c->l3] += t->seats->owner[c->first + i] == want + 1;
  }
  return count_groups(t, in, uneven);
}

typedef enum { KEEP_ALL, KEEP_EVEN, KEEP_NONE } Keep;

/* What it has is all free still, and as it should be. */
static gboolean may_keep(const Try *t, const KtWant *w, Keep keep)
{
  gboolean uneven = FALSE;
  guint found = 0;
  if (keep == KEEP_NONE || !w->keep || kt_set_count(w->keep) != w->cpus)
    return FALSE;
  g_autofree guint *in = g_new0(guint, t->seats->host->n_l3);
  for (guint k = 0; k < t->n_cores; k++) {
    const KtCore *c = core_of(t, k);
    for (guint i = c->first; i < c->first + c->n_cpus; i++)
      if (kt_set_has(w->keep, g_array_index(t->seats->host->cpus, guint, i)) && !t->seats->owner[i]) {
        in[c->l3]++;
        found++;
      }
  }
  count_groups(t, in, &uneven);
  return found == w->cpus && !(uneven && keep == KEEP_EVEN);
}

static void take_kept(Try *t, guint want)
{
  for (guint k = 0; k < t->n_cores; k++) {
    const KtCore *c = core_of(t, k);
    for (guint i = c->first; i < c->first + c->n_cpus; i++) {
      if (!kt_set_has(t->wants[want].keep, g_array_index(t->seats->host->cpus, guint, i)))
        continue;
      t->seats->owner[i] = want + 1;
      t->taken[k]++;
      if (!t->holder[k])
        t->room[c->l3] -= slots(t, k);
      t->holder[k] = t->holder[k] ? t->holder[k] : want + 1;
    }
  }
}

/* Gives all wants their CPUs in this order. What is bad about it: shared cores, then L3 groups too many, then parts in
 * them that could be equal and are not; an L3 group weighs n_wants + 1. */
static guint try_order(Try *t, const guint *order, guint n_wants, Keep keep)
{
  const KtHost *host = t->seats->host;
  guint bad = 0, uneven = 0;
  memset(t->taken, 0, t->n_cores * sizeof *t->taken);
  memset(t->holder, 0, t->n_cores * sizeof *t->holder);
  memset(t->room, 0, host->n_l3 * sizeof *t->room);
  memset(t->last, 0, host->n_l3 * sizeof *t->last);
  for (guint k = 0; k < t->n_cores; k++) {
    const KtCore *c = core_of(t, k);
    t->room[c->l3] += slots(t, k);
    memset(&t->seats->owner[c->first], 0, c->n_cpus * sizeof(guint));
  }
  for (guint k = 0; k < n_wants; k++) {
    t->kept[order[k]] = may_keep(t, &t->wants[order[k]], keep);
    if (t->kept[order[k]])
      take_kept(t, order[k]);
  }
  for (guint k = 0; k < n_wants; k++)
    if (!t->kept[order[k]])
      seat(t, order[k], t->wants[order[k]].cpus);
  for (guint k = 0; k < t->n_cores; k++) {
    const KtCore *c = core_of(t, k);
    for (guint i = 1; i < c->n_cpus; i++) {
      guint one = t->seats->owner[c->first + i], other = t->seats->owner[c->first + i - 1];
      bad += one && other && one != other ? 1000 : 0;
    }
  }
  for (guint k = 0; k < n_wants; k++) {
    gboolean is_uneven;
    bad += groups(t, k, &is_uneven) - (t->wants[k].cpus + host->l3_cpus - 1) / host->l3_cpus;
    uneven += is_uneven;
  }
  return bad * (n_wants + 1) + uneven;
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

/* vCPUs of the want that share a core. */
static guint packed(const Try *t, guint want)
{
  guint n = 0;
  for (guint k = 0; k < t->n_cores; k++)
    n += t->holder[k] == want + 1 && t->taken[k] > 1 ? t->taken[k] - 1 : 0;
  return n;
}

/* All vCPUs of a want get cores of their own, or none does: part of them on siblings is no shape that a guest can be
 * shown. */
static void spread(Try *t, guint n_wants, gint64 busy)
{
  const KtCore *first = core_of(t, 0), *last = core_of(t, t->n_cores - 1);
  gsize cpus = (last->first + last->n_cpus - first->first) * sizeof(guint), cores = t->n_cores * sizeof(guint);
  guint *owner = &t->seats->owner[first->first];
  gint64 idle = -busy;
  for (guint k = 0; k < t->n_cores; k++)
    if (!t->holder[k])
      idle += kt_core_worth(core_of(t, k)->n_cpus);
  for (guint w = 0; w < n_wants; w++) {
    guint n = packed(t, w);
    if (t->kept[w] || !n || idle < n * kt_core_worth(2))
      continue;
    g_autofree guint *old_owner = g_memdup2(owner, cpus), *old_taken = g_memdup2(t->taken, cores);
    g_autofree guint *old_holder = g_memdup2(t->holder, cores);
    while (spread_once(t, w))
      ;
    if (packed(t, w)) {
      memcpy(owner, old_owner, cpus);
      memcpy(t->taken, old_taken, cores);
      memcpy(t->holder, old_holder, cores);
    } else {
      idle -= n * kt_core_worth(2);
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
  gboolean siblings;
  Keep keep;
} Way;
static const Way ways[] = {{FALSE, KEEP_ALL}, {TRUE, KEEP_ALL},   {FALSE, KEEP_EVEN},
                           {TRUE, KEEP_EVEN}, {FALSE, KEEP_NONE}, {TRUE, KEEP_NONE}};

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
  g_autofree gboolean *kept = g_new0(gboolean, n_wants + 1);
  t.taken = taken;
  t.holder = holder;
  t.room = room;
  t.last = last;
  t.kept = kept;
  if (!n_wants)
    return;
  for (guint k = 0; k < n_wants; k++)
    order[k] = k;
  g_qsort_with_data(order, (gint)n_wants, sizeof *order, by_size, wants);
  Way best_way = {0};
  guint least = G_MAXUINT;
  gboolean best_even = TRUE;
  for (guint way = 0; way < G_N_ELEMENTS(ways) && least; way++) {
    t.most = ways[way].siblings ? host->threads : 1;
    if (!ways[way].siblings && !has_idle_cores(&t, n_wants, busy))
      continue;
    if (ways[way].keep == KEEP_NONE && least <= n_wants) /* all would move for equal parts alone */
      break;
    g_qsort_with_data(order, (gint)n_wants, sizeof *order, by_size, wants);
    for (guint round = 0; least && round < (least > n_wants ? TRIES : TRIES_FOR_EVEN); round++) {
      t.even = round % 2 == 0;
      guint bad = try_order(&t, order, n_wants, ways[way].keep);
      if (bad < least) {
        least = bad;
        best_way = ways[way];
        best_even = t.even;
        memcpy(best, order, n_wants * sizeof *order);
      }
      if (!t.even)
        vary(order, n_wants, round / 2);
    }
  }
  t.most = best_way.siblings ? host->threads : 1;
  t.even = best_even;
  try_order(&t, best, n_wants, best_way.keep);
  spread(&t, n_wants, busy);
  hand_out(&t, wants);
}
