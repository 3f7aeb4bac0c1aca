/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The problem as numbers. */
#include <math.h>

#include "base/units.h"
#include "placement/host.h"
#include "placement/search.h"

static double demand_of(const KtPlaceGuest *guest)
{
  return guest->demand_cores < 0 ? guest->vcpus : guest->demand_cores;
}

/* ---- nodes ---- */

/* n_kinds: no guest uses such pages. */
static guint kind_of(const KtSearch *s, gint64 page_kib)
{
  guint kind = 0;
  while (kind < s->n_kinds && s->page_kib[kind] != page_kib)
    kind++;
  return kind;
}

static void find_kinds(KtSearch *s)
{
  s->n_kinds = 1;
  for (guint g = 0; g < s->problem->guests->len; g++) {
    gint64 page_kib = ((const KtPlaceGuest *)s->problem->guests->pdata[g])->page_kib;
    if (kind_of(s, page_kib) == s->n_kinds && s->n_kinds < KT_PLACE_KINDS)
      s->page_kib[s->n_kinds++] = page_kib;
  }
}

static void fill_rooms(KtSearch *s)
{
  for (guint i = 0; i < s->n_nodes; i++) {
    const KtPlaceNode *node = s->problem->nodes->pdata[i];
    s->room[i].memory[0] = node->memory_kib;
    for (guint k = 0; k < node->pools->len; k++) {
      const KtPlacePool *pool = &g_array_index(node->pools, KtPlacePool, k);
      guint kind = kind_of(s, pool->page_kib);
      if (kind < s->n_kinds)
        s->room[i].memory[kind] = pool->kib;
    }
    for (guint k = s->host.first_core[i]; k < s->host.first_core[i + 1]; k++) {
      guint threads = g_array_index(s->host.cores, KtCore, k).n_cpus;
      s->room[i].worth += kt_core_worth(threads);
      s->room[i].cpus += (gint32)threads;
      s->room[i].cores++;
    }
    if (s->room[i].cpus)
      s->homes[s->n_homes++] = i;
    for (guint j = 0; j < s->n_nodes; j++)
      s->far[i * s->n_nodes + j] = g_array_index(node->distances, guint, j) / 10. - 1;
  }
}

/* Immovable guests take room away. Their exclusive CPUs are no longer the host's. */
static void seat_immovable(KtSearch *s)
{
  KtHost open;
  kt_host_init(&open, s->problem, s->problem->closed_cpus);
  for (guint g = 0; g < s->problem->guests->len; g++) {
    const KtPlaceGuest *guest = s->problem->guests->pdata[g];
    if (!guest->started || guest->movable)
      continue;
    for (guint k = 0; k < guest->now_memory->len; k++) {
      const KtPlaceMemory *memory = &g_array_index(guest->now_memory, KtPlaceMemory, k);
      s->room[kt_host_node_index(s->problem, memory->node_id)].memory[kind_of(s, guest->page_kib)] -= memory->kib;
    }
    if (guest->policy == KT_PLACE_DEDICATED)
      continue;
    g_autofree double *share = g_new0(double, s->n_nodes);
    kt_host_shares(&open, s->n_nodes, guest->now_cpus, share);
    for (guint i = 0; i < s->n_nodes; i++)
      s->busy[i] += kt_worth(demand_of(guest) * share[i]);
  }
  for (guint i = 0; i < s->n_nodes; i++) {
    for (guint k = 0; k < s->n_kinds; k++)
      s->room[i].memory[k] = MAX(s->room[i].memory[k], 0);
    s->room[i].worth += kt_worth(KT_ROUNDING) - s->busy[i];
  }
  kt_host_clear(&open);
}

/* What stays on another node need not be moved. */
static void price_flow(KtSearch *s)
{
  double most = 0;
  kt_flow_init(&s->flow, s->n_nodes);
  s->flow_memory = g_new0(gint64, s->n_nodes);
  s->flow_room = g_new0(gint64, s->n_nodes);
  for (guint k = 0; k < s->n_nodes * s->n_nodes; k++)
    most = MAX(most, s->per_kib * s->far[k]);
  s->per_flow = most / KT_FLOW_COST_MAX;
  for (guint k = 0; k < s->n_nodes * s->n_nodes && most > 0; k++) {
    double cost = s->per_kib * s->far[k] - s->problem->weights.move / s->total_kib;
    s->flow.cost[k] = k % (s->n_nodes + 1) ? (gint64)MAX(cost / s->per_flow, 0) : 0;
  }
}

/* To the nearest neighbour; what stays there need not be moved. */
static void price_spill(KtSearch *s, guint kind)
{
  double moved = s->problem->weights.move / s->total_kib;
  s->least_spill[kind] = INFINITY;
  for (guint i = 0; i < s->n_nodes; i++) {
    double nearest = INFINITY;
    for (guint j = 0; j < s->n_nodes; j++)
      if (j != i && s->room[j].memory[kind] > 0)
        nearest = MIN(nearest, s->far[i * s->n_nodes + j]);
    s->spill[kind][i] = isinf(nearest) ? s->per_kib : MAX(nearest * s->per_kib - moved, 0);
  }
  for (guint k = 0; k < s->n_homes; k++)
    s->least_spill[kind] = MIN(s->least_spill[kind], s->spill[kind][s->homes[k]]);
}

static void price(KtSearch *s)
{
  const KtPlaceWeights *w = &s->problem->weights;
  double total = 0;
  for (guint g = 0; g < s->problem->guests->len; g++)
    total += (double)((const KtPlaceGuest *)s->problem->guests->pdata[g])->memory_kib;
  s->total_kib = MAX(total, 1);
  s->per_worth = w->contention / KT_CORE;
  s->per_shared_core = w->contention * 2 * KT_PLACE_SMT_WORTH;
  s->per_cpu = w->remote;
  s->per_kib = w->remote / s->total_kib;
  for (guint kind = 0; kind < s->n_kinds; kind++)
    price_spill(s, kind);
  price_flow(s);
}

/* ---- guests ---- */

/* How many parts of this size the nodes hold together. */
static guint capacity(const KtSearch *s, const KtPlaceGuest *guest, guint parts, gboolean with_memory)
{
  guint sum = 0;
  double worth = demand_of(guest) * KT_CORE / parts - KT_ROUNDING * KT_CORE, memory = (double)guest->memory_kib / parts;
  guint cpus = (guest->vcpus + parts - 1) / parts;
  for (guint k = 0; k < s->n_homes; k++) {
    const KtLoad *room = &s->room[s->homes[k]];
    double fit = parts;
    if (guest->policy == KT_PLACE_DEDICATED)
      fit = room->cpus / cpus;
    else if (worth > 0)
      fit = MIN(fit, floor((double)room->worth / worth));
    if (with_memory && memory > 0)
      fit = MIN(fit, floor((double)room->memory[kind_of(s, guest->page_kib)] / memory));
    sum += (guint)CLAMP(fit, 0, parts);
  }
  return sum;
}

/* The fewest equal parts that find room in the host without other movable guests. Where there is none: one. */
static guint choose_parts(const KtSearch *s, const KtPlaceGuest *guest, guint step, gboolean with_memory)
{
  guint most = MIN(guest->vcpus, MAX(s->n_homes, step));
  for (guint parts = step; parts <= most; parts += step)
    if (capacity(s, guest, parts, with_memory) >= parts)
      return parts;
  return with_memory ? choose_parts(s, guest, step, FALSE) : step;
}

static void fill_parts(KtSearch *s, KtSearchGuest *g, const KtPlaceGuest *guest)
{
  gint64 unit = MAX(guest->page_kib, 1024);
  unit = guest->memory_kib % unit ? 1 : unit;
  gint64 units = guest->memory_kib / unit;
  guint cells = g->n / g->per_cell, threads = s->host.threads;
  for (guint k = 0; k < g->n; k++) {
    guint cell = k / g->per_cell, piece = k % g->per_cell;
    guint of_cell = guest->vcpus / cells + (cell < guest->vcpus % cells);
    guint vcpus = of_cell / g->per_cell + (piece < of_cell % g->per_cell);
    KtLoad *need = &s->need[g->first + k];
    s->owner[g->first + k] = (guint)(g - s->guests);
    need->memory[g->kind] = s->kib[g->first + k] = (units / g->n + (k < units % g->n)) * unit;
    if (guest->policy == KT_PLACE_DEDICATED) {
      need->cpus = (gint32)vcpus;
      need->cores = (gint32)((vcpus + threads - 1) / threads);
      need->worth = kt_worth(vcpus / threads * (1 + KT_PLACE_SMT_WORTH * (threads - 1)) +
                             (vcpus % threads) * (threads > 1 ? KT_PLACE_SMT_WORTH : 1));
    } else {
      need->worth = kt_worth(demand_of(guest) * vcpus / guest->vcpus);
    }
  }
}

/* What the guest's memory costs with its only part at `home`: what is elsewhere comes there, or stays remote if that
 * costs less. */
static double cost_at(const KtSearch *s, const KtSearchGuest *g, gint64 memory, guint home)
{
  double cost = 0;
  gint64 elsewhere = 0;
  for (guint j = 0; j < s->n_nodes; j++)
    elsewhere += j == home ? 0 : g->now[j];
  gint64 fresh = MAX(memory - elsewhere, 0) - g->now[home]; /* not there yet at all */
  if (fresh > 0)
    cost += (double)fresh * g->move;
  gint64 left = memory; /* a guest may have more than its definition says; the nearest is kept */
  for (guint j = 0; j < s->n_nodes; j++)
    if (j != home && g->now[j]) {
      gint64 kib = MIN(g->now[j], left);
      left -= kib;
      cost += (double)kib * MIN(g->move, s->per_kib * s->far[home * s->n_nodes + j]);
    }
  return cost;
}

/* More than all else that a home could cost: it has none of the CPUs that the guest may use. */
#define NEVER 1e9

static double fence_cost(const KtSearch *s, const KtPlaceGuest *guest, guint home)
{
  g_autoptr(KtSet) cpus = kt_set_new();
  if (!guest->allowed)
    return 0;
  kt_host_add_node_cpus(&s->host, home, cpus);
  return kt_set_intersects(cpus, guest->allowed) ? 0 : NEVER;
}

static void fill_devices(KtSearch *s, KtSearchGuest *g, const KtPlaceGuest *guest)
{
  if (!guest->devices->len)
    return;
  g->devices = g_new0(guint, s->n_nodes);
  g->device = kt_host_devices(s->problem, guest, g->devices) * (double)guest->memory_kib * s->per_kib;
}

static void fill_guest(KtSearch *s, KtSearchGuest *g)
{
  const KtPlaceGuest *guest = s->problem->guests->pdata[g->index];
  double memory = (double)guest->memory_kib;
  guint cells = g->n / g->per_cell, q = g->per_cell;
  if (cells > 1)
    g->across = KT_PLACE_CELL_TRAFFIC * memory * s->per_kib / (cells * (cells - 1) / 2.) / (q * q);
  g->same = guest->apart ? kt_host_farthest(s->problem) : 0;
  g->within = 2. / (cells * q * q) * memory * s->per_kib;
  if (guest->started) {
    g->move = s->problem->weights.move / s->total_kib;
    g->now = g_new0(gint64, s->n_nodes);
    for (guint k = 0; k < guest->now_memory->len; k++) {
      const KtPlaceMemory *now = &g_array_index(guest->now_memory, KtPlaceMemory, k);
      g->now[kt_host_node_index(s->problem, now->node_id)] = now->kib;
    }
  }
  fill_parts(s, g, guest);
  fill_devices(s, g, guest);
  if (g->n > 1) {
    g->least = kt_search_least_of_wide(s, g, INFINITY);
    return;
  }
  g->at = g_new0(double, s->n_nodes);
  g->least = INFINITY;
  for (guint k = 0; k < s->n_homes; k++) {
    if (g->now)
      g->at[s->homes[k]] = cost_at(s, g, guest->memory_kib, s->homes[k]);
    g->at[s->homes[k]] += kt_search_device_cost(s, g, g->first, s->homes[k]) + fence_cost(s, guest, s->homes[k]);
    g->least = MIN(g->least, g->at[s->homes[k]]);
  }
}

/* Large ones first; equal ones in the order of the problem, which is then of no importance. */
static int by_need(gconstpointer a, gconstpointer b, gpointer data)
{
  const KtSearchGuest *one = a, *two = b;
  const KtPlaceProblem *problem = data;
  const KtPlaceGuest *x = problem->guests->pdata[one->index], *y = problem->guests->pdata[two->index];
  double d = demand_of(y) - demand_of(x);
  if (one->n != two->n)
    return one->n > two->n ? -1 : 1;
  if (d != 0)
    return d > 0 ? 1 : -1;
  if (x->memory_kib != y->memory_kib)
    return x->memory_kib > y->memory_kib ? -1 : 1;
  if (x->vcpus != y->vcpus)
    return x->vcpus > y->vcpus ? -1 : 1;
  if (x->started != y->started)
    return x->started ? -1 : 1;
  int first_x = kt_set_next(x->now_cpus, 0), first_y = kt_set_next(y->now_cpus, 0);
  if (first_x != first_y)
    return first_x < first_y ? -1 : 1;
  return one->index < two->index ? -1 : 1;
}

/* Whether the guest is part of the search. */
static gboolean is_free(const KtSearch *s, guint k)
{
  const KtPlaceGuest *guest = s->problem->guests->pdata[k];
  return !s->why[k] && (!guest->started || guest->movable);
}

/* What all of the host may be too little for: exclusive CPUs, or a kind of memory. */
#define CPUS KT_PLACE_KINDS

static gint64 amount(const KtSearch *s, guint k, guint of)
{
  const KtPlaceGuest *guest = s->problem->guests->pdata[k];
  if (of == CPUS)
    return guest->policy == KT_PLACE_DEDICATED ? guest->vcpus : 0;
  return kind_of(s, guest->page_kib) == of ? guest->memory_kib : 0;
}

/* Who is left out when `excess` is too much: one that is not started before one that runs, the smallest one that is
 * enough before the largest. */
static guint choose_out(const KtSearch *s, guint of, gint64 excess)
{
  guint best = KT_NOWHERE;
  gint64 best_rank = 0;
  for (guint k = 0; k < s->problem->guests->len; k++) {
    const KtPlaceGuest *guest = s->problem->guests->pdata[k];
    gint64 size = amount(s, k, of), far = G_GINT64_CONSTANT(1) << 60;
    if (!is_free(s, k) || size == 0)
      continue;
    gint64 rank = (size >= excess ? far - size : size) + (guest->started ? 0 : 2 * far);
    if (rank > best_rank) {
      best_rank = rank;
      best = k;
    }
  }
  return best;
}

static char *why_out(const KtSearch *s, guint of, gint64 size, gint64 excess)
{
  if (of == CPUS)
    return g_strdup_printf("it needs %" G_GINT64_FORMAT " exclusive CPU%s, and the host has %" G_GINT64_FORMAT
                           " fewer than all guests need",
                           size, size == 1 ? "" : "s", excess);
  g_autofree char *needed = kt_units_format_kib((guint64)size), *missing = kt_units_format_kib((guint64)excess);
  g_autofree char *page = kt_units_format_kib((guint64)s->page_kib[of]);
  return of == 0 ? g_strdup_printf("it needs %s, and the host has %s less than all guests need", needed, missing)
                 : g_strdup_printf("it needs %s in pages of %s, and the host has %s less than all such guests need",
                                   needed, page, missing);
}

static gboolean has_shared(const KtSearch *s)
{
  for (guint k = 0; k < s->problem->guests->len; k++)
    if (is_free(s, k) && ((const KtPlaceGuest *)s->problem->guests->pdata[k])->policy == KT_PLACE_SHARED)
      return TRUE;
  return FALSE;
}

/* Where all of the host is too little, somebody stays out; nobody does for another reason. */
static void leave_out(KtSearch *s, guint of)
{
  gint64 room = 0, excess;
  for (guint i = 0; i < s->n_nodes; i++)
    room += of == CPUS ? s->room[i].cpus : s->room[i].memory[of];
  if (of == CPUS && has_shared(s))
    room--; /* that nobody owns */
  do {
    excess = -room;
    for (guint k = 0; k < s->problem->guests->len; k++)
      excess += is_free(s, k) ? amount(s, k, of) : 0;
    guint out = excess > 0 ? choose_out(s, of, excess) : KT_NOWHERE;
    if (out == KT_NOWHERE)
      return;
    s->why[out] = why_out(s, of, amount(s, out, of), excess);
  } while (TRUE);
}

static void fill_guests(KtSearch *s)
{
  s->guests = g_new0(KtSearchGuest, s->problem->guests->len + 1);
  for (guint k = 0; k < s->problem->guests->len; k++) {
    const KtPlaceGuest *guest = s->problem->guests->pdata[k];
    if (!is_free(s, k))
      continue;
    KtSearchGuest *g = &s->guests[s->n_guests++];
    g->index = k;
    g->kind = kind_of(s, guest->page_kib);
    guint cells = MAX(guest->cells, 1);
    g->n = guest->allowed ? cells : choose_parts(s, guest, cells, guest->cells == 0);
    g->per_cell = guest->cells ? g->n / guest->cells : 1;
    s->n_parts += g->n;
  }
  g_qsort_with_data(s->guests, (gint)s->n_guests, sizeof *s->guests, by_need, (gpointer)s->problem);
  s->need = g_new0(KtLoad, s->n_parts + 1);
  s->owner = g_new0(guint, s->n_parts + 1);
  s->kib = g_new0(gint64, s->n_parts + 1);
  s->home = g_new0(guint, s->n_parts + 1);
  s->guest_cost = g_new0(double, s->n_guests + 1);
  guint first = 0;
  for (guint k = 0; k < s->n_guests; k++) {
    s->guests[k].first = first;
    first += s->guests[k].n;
    fill_guest(s, &s->guests[k]);
  }
}

static guint64 default_steps(const KtSearch *s)
{
  if (s->n_parts > 200)
    return 2000000;
  return MIN(G_GUINT64_CONSTANT(5000000), G_GUINT64_CONSTANT(2000) * s->n_parts * MIN(s->n_parts, 10) * s->n_homes);
}

KtSearch *kt_search_new(const KtPlaceProblem *problem)
{
  KtSearch *s = g_new0(KtSearch, 1);
  s->problem = problem;
  s->n_nodes = problem->nodes->len;
  s->homes = g_new0(guint, s->n_nodes);
  s->room = g_new0(KtLoad, s->n_nodes);
  s->load = g_new0(KtLoad, s->n_nodes);
  s->node_cost = g_new0(double, s->n_nodes);
  for (guint k = 0; k < KT_PLACE_KINDS; k++)
    s->spill[k] = g_new0(double, s->n_nodes);
  s->far = g_new0(double, (gsize)s->n_nodes * s->n_nodes);
  s->busy = g_new0(gint64, s->n_nodes);
  s->why = g_new0(char *, problem->guests->len + 1);
  s->random = 1;
  g_autoptr(KtSet) gone = kt_host_gone_cpus(problem);
  kt_host_init(&s->host, problem, gone);
  find_kinds(s);
  fill_rooms(s);
  seat_immovable(s);
  price(s);
  for (guint kind = 0; kind < s->n_kinds; kind++)
    leave_out(s, kind);
  leave_out(s, CPUS);
  for (guint k = 0; k < problem->guests->len && !s->n_homes; k++)
    if (is_free(s, k))
      s->why[k] = g_strdup("the host has no CPU for guests");
  fill_guests(s);
  for (guint p = 0; p < s->n_parts; p++)
    s->home[p] = KT_NOWHERE;
  s->max_steps = problem->max_steps ? problem->max_steps : default_steps(s);
  return s;
}

void kt_search_free(KtSearch *s)
{
  if (!s)
    return;
  for (guint k = 0; k < s->n_guests; k++) {
    g_free(s->guests[k].now);
    g_free(s->guests[k].at);
    g_free(s->guests[k].devices);
  }
  for (guint k = 0; k < s->problem->guests->len; k++)
    g_free(s->why[k]);
  kt_host_clear(&s->host);
  kt_flow_clear(&s->flow);
  g_free(s->flow_memory);
  g_free(s->flow_room);
  g_free(s->why);
  g_free(s->busy);
  g_free(s->homes);
  g_free(s->room);
  g_free(s->load);
  g_free(s->node_cost);
  g_free(s->guest_cost);
  for (guint k = 0; k < KT_PLACE_KINDS; k++)
    g_free(s->spill[k]);
  g_free(s->kib);
  g_free(s->far);
  g_free(s->need);
  g_free(s->owner);
  g_free(s->home);
  g_free(s->guests);
  g_free(s);
}
