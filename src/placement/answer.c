/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From homes of parts to cells with CPUs and memory. */
#include <math.h>

#include "placement/memory.h"
#include "placement/seats.h"

typedef struct {
  KtSearch *s;
  gint64 *kib; /* of kt_memory_assign() */
  KtSeats seats;
  KtWant **wants; /* of each node */
  guint *n_wants;
  GArray **pins;    /* of each part; NULL: shared */
  KtSet **floating; /* of each node: CPUs for shared guests */
} Seating;

/* ---- the answer's parts ---- */

static void cell_free(gpointer data)
{
  KtPlaceCell *cell = data;
  kt_set_free(cell->cpus);
  if (cell->pins)
    g_array_unref(cell->pins);
  g_array_unref(cell->memory);
  g_free(cell);
}

static KtPlaceCell *add_cell(KtPlaceAnswer *answer, guint vcpus, gboolean pinned)
{
  KtPlaceCell *cell = g_new0(KtPlaceCell, 1);
  if (answer->cells->len) {
    const KtPlaceCell *before = answer->cells->pdata[answer->cells->len - 1];
    cell->first_vcpu = before->first_vcpu + before->vcpus;
  }
  cell->vcpus = vcpus;
  cell->cpus = kt_set_new();
  cell->pins = pinned ? g_array_new(FALSE, FALSE, sizeof(guint)) : NULL;
  cell->memory = g_array_new(FALSE, FALSE, sizeof(KtPlaceMemory));
  g_ptr_array_add(answer->cells, cell);
  return cell;
}

void kt_place_answer_free(KtPlaceAnswer *answer)
{
  g_ptr_array_unref(answer->cells);
  g_free(answer->why);
  g_free(answer);
}

static guint node_id(const KtSearch *s, guint node)
{
  return ((const KtPlaceNode *)s->problem->nodes->pdata[node])->id;
}

static int by_id(gconstpointer a, gconstpointer b)
{
  guint one = ((const KtPlaceMemory *)a)->node_id, two = ((const KtPlaceMemory *)b)->node_id;
  return one < two ? -1 : one > two;
}

static void set_memory(const KtSearch *s, KtPlaceCell *cell, const gint64 *kib)
{
  for (guint i = 0; i < s->n_nodes; i++) {
    KtPlaceMemory memory = {node_id(s, i), kib[i]};
    if (memory.kib > 0)
      g_array_append_val(cell->memory, memory);
  }
  g_array_sort(cell->memory, by_id);
}

/* ---- exclusive CPUs ---- */

static void want(Seating *t, guint part, guint node, guint cpus, const KtSet *keep)
{
  KtWant *w = &t->wants[node][t->n_wants[node]++];
  *w = (KtWant){.node = node, .cpus = cpus, .keep = keep, .pins = t->pins[part]};
}

/* The nearest node that has CPUs left. */
static guint nearest_free(const KtSearch *s, guint from, const gint64 *free)
{
  guint best = KT_NOWHERE;
  for (guint j = 0; j < s->n_nodes; j++)
    if (free[j] > 0 && (best == KT_NOWHERE || s->far[from * s->n_nodes + j] < s->far[from * s->n_nodes + best]))
      best = j;
  return best;
}

/* Each exclusive part wants its CPUs at home; what is too much there, on the nearest nodes. */
static void list_wants(Seating *t)
{
  KtSearch *s = t->s;
  g_autofree gint64 *free = g_new(gint64, s->n_nodes);
  g_autofree guint *left = g_new0(guint, s->n_parts + 1);
  for (guint i = 0; i < s->n_nodes; i++)
    free[i] = s->room[i].cpus;
  for (guint p = 0; p < s->n_parts; p++) {
    guint cpus = (guint)s->need[p].cpus, home = s->home[p];
    const KtPlaceGuest *guest = s->problem->guests->pdata[s->guests[s->owner[p]].index];
    if (!cpus)
      continue;
    guint here = (guint)MIN((gint64)cpus, free[home]);
    free[home] -= here;
    left[p] = cpus - here;
    if (here)
      want(t, p, home, here, guest->started && here == guest->vcpus ? guest->now_cpus : NULL);
  }
  for (guint p = 0; p < s->n_parts; p++)
    while (left[p]) {
      guint node = nearest_free(s, s->home[p], free);
      if (node == KT_NOWHERE)
        break;
      guint here = (guint)MIN((gint64)left[p], free[node]);
      want(t, p, node, here, NULL);
      free[node] -= here;
      left[p] -= here;
    }
}

static void seat_all(Seating *t)
{
  KtSearch *s = t->s;
  t->pins = g_new0(GArray *, s->n_parts + 1);
  t->wants = g_new0(KtWant *, s->n_nodes);
  t->n_wants = g_new0(guint, s->n_nodes);
  t->floating = g_new0(KtSet *, s->n_nodes);
  for (guint i = 0; i < s->n_nodes; i++)
    t->wants[i] = g_new0(KtWant, s->n_parts + 1);
  for (guint p = 0; p < s->n_parts; p++)
    t->pins[p] = s->need[p].cpus ? g_array_new(FALSE, FALSE, sizeof(guint)) : NULL;
  list_wants(t);
  kt_seats_init(&t->seats, &s->host);
  g_autofree gint64 *busy = g_memdup2(s->busy, s->n_nodes * sizeof *busy);
  for (guint p = 0; p < s->n_parts; p++)
    if (s->home[p] != KT_NOWHERE && !s->need[p].cpus)
      busy[s->home[p]] += s->need[p].worth;
  for (guint i = 0; i < s->n_nodes; i++)
    kt_seats_fill(&t->seats, i, t->wants[i], t->n_wants[i], busy[i]);
  g_autoptr(KtSet) owned = kt_set_new();
  for (guint k = 0; k < s->host.cpus->len; k++)
    if (t->seats.owner[k])
      kt_set_add(owned, g_array_index(s->host.cpus, guint, k));
  for (guint i = 0; i < s->n_nodes; i++)
    t->floating[i] = kt_host_floating(&s->host, i, owned, busy[i]);
}

static void seating_clear(Seating *t)
{
  for (guint p = 0; p < t->s->n_parts; p++)
    if (t->pins[p])
      g_array_unref(t->pins[p]);
  for (guint i = 0; i < t->s->n_nodes; i++) {
    g_free(t->wants[i]);
    kt_set_free(t->floating[i]);
  }
  g_free(t->floating);
  kt_seats_clear(&t->seats);
  g_free(t->wants);
  g_free(t->n_wants);
  g_free(t->pins);
  g_free(t->kib);
}

/* ---- CPUs to float on ---- */

/* A guest on the node that it is on now keeps its CPUs, if they are enough for it. */
static gboolean keep_floating(const Seating *t, const KtPlaceGuest *guest, guint part, const KtSet *allowed,
                              KtSet *cpus)
{
  const KtSearch *s = t->s;
  if (!guest->started || s->guests[s->owner[part]].n > 1)
    return FALSE;
  g_autofree double *share = g_new(double, s->n_nodes);
  g_autoptr(KtSet) mine = kt_set_copy(guest->now_cpus);
  kt_host_shares(&s->host, s->n_nodes, mine, share);
  kt_set_keep_only(mine, allowed);
  gboolean enough = kt_set_equal(mine, allowed) || (double)kt_set_count(mine) * KT_CORE >= (double)s->need[part].worth;
  if (share[s->home[part]] < 1 || kt_set_is_empty(mine) || !enough)
    return FALSE;
  kt_set_add_all(cpus, mine);
  return TRUE;
}

static void set_floating(const Seating *t, const KtPlaceGuest *guest, guint part, KtSet *cpus)
{
  const KtSearch *s = t->s;
  g_autoptr(KtSet) allowed = kt_place_fence(guest, t->floating[s->home[part]]);
  if (keep_floating(t, guest, part, allowed, cpus))
    return;
  for (guint tried = 0; kt_set_is_empty(allowed) && tried < s->n_homes; tried++) { /* all of its node is owned */
    kt_set_free(allowed);
    allowed = kt_place_fence(guest, t->floating[s->homes[tried]]);
  }
  kt_set_add_all(cpus, kt_set_is_empty(allowed) && guest->allowed ? guest->allowed : allowed);
}

/* ---- guests ---- */

static gboolean same_as_now(const KtSearch *s, const KtPlaceGuest *guest, const KtPlaceAnswer *answer)
{
  g_autofree gint64 *kib = g_new0(gint64, s->n_nodes);
  for (guint c = 0; c < answer->cells->len; c++) {
    const KtPlaceCell *cell = answer->cells->pdata[c];
    for (guint k = 0; k < cell->memory->len; k++) {
      const KtPlaceMemory *memory = &g_array_index(cell->memory, KtPlaceMemory, k);
      kib[kt_host_node_index(s->problem, memory->node_id)] += memory->kib;
    }
    if (!kt_set_contains(guest->now_cpus, cell->cpus))
      return FALSE;
  }
  for (guint k = 0; k < guest->now_memory->len; k++) {
    const KtPlaceMemory *now = &g_array_index(guest->now_memory, KtPlaceMemory, k);
    kib[kt_host_node_index(s->problem, now->node_id)] -= now->kib;
  }
  for (guint i = 0; i < s->n_nodes; i++)
    if (kib[i] > 0)
      return FALSE;
  return TRUE;
}

static void answer_guest(const Seating *t, const KtSearchGuest *g, KtPlaceAnswer *answer)
{
  const KtSearch *s = t->s;
  const KtPlaceGuest *guest = s->problem->guests->pdata[g->index];
  guint cells = g->n / g->per_cell;
  for (guint c = 0; c < cells; c++) {
    guint vcpus = guest->vcpus / cells + (c < guest->vcpus % cells);
    KtPlaceCell *cell = add_cell(answer, vcpus, guest->policy == KT_PLACE_DEDICATED);
    g_autofree gint64 *kib = g_new0(gint64, s->n_nodes);
    for (guint p = g->first + c * g->per_cell; p < g->first + (c + 1) * g->per_cell; p++) {
      for (guint i = 0; i < s->n_nodes; i++)
        kib[i] += t->kib[(gsize)p * s->n_nodes + i];
      if (!cell->pins)
        set_floating(t, guest, p, cell->cpus);
      for (guint k = 0; cell->pins && k < t->pins[p]->len; k++) {
        g_array_append_val(cell->pins, g_array_index(t->pins[p], guint, k));
        kt_set_add(cell->cpus, g_array_index(t->pins[p], guint, k));
      }
    }
    set_memory(s, cell, kib);
  }
  answer->stays = guest->started && same_as_now(s, guest, answer);
}

/* The node where most of what is left of the guest's memory lies, a cell there counting as its share. */
static guint fullest(const gint64 *kib, guint n)
{
  guint best = 0;
  for (guint i = 1; i < n; i++)
    best = kib[i] > kib[best] ? i : best;
  return best;
}

static KtPlaceAnswer *new_answer(void)
{
  KtPlaceAnswer *answer = g_new0(KtPlaceAnswer, 1);
  answer->cells = g_ptr_array_new_with_free_func(cell_free);
  return answer;
}

KtPlaceAnswer *kt_search_answer_now(const KtSearch *s, const KtPlaceGuest *guest, const KtHost *all)
{
  KtPlaceAnswer *answer = new_answer();
  g_autofree gint64 *left = g_new0(gint64, s->n_nodes);
  g_autoptr(KtSet) usable = kt_set_new(), mine = kt_set_copy(guest->now_cpus);
  guint cells = MAX(guest->cells, 1);
  gint64 total = 0;
  int pin = -1;
  for (guint i = 0; i < s->n_nodes; i++)
    kt_host_add_node_cpus(all, i, usable);
  kt_set_keep_only(mine, usable);
  for (guint k = 0; k < guest->now_memory->len; k++) {
    const KtPlaceMemory *now = &g_array_index(guest->now_memory, KtPlaceMemory, k);
    left[kt_host_node_index(s->problem, now->node_id)] = now->kib;
    total += now->kib;
  }
  for (guint c = 0; c < cells; c++) {
    guint home = fullest(left, s->n_nodes);
    KtPlaceCell *cell =
        add_cell(answer, guest->vcpus / cells + (c < guest->vcpus % cells), guest->policy == KT_PLACE_DEDICATED);
    g_autofree gint64 *kib = g_new0(gint64, s->n_nodes);
    gint64 part = total / cells + (c < total % cells);
    for (guint from = home; part > 0; from = fullest(left, s->n_nodes)) {
      gint64 some = MIN(part, left[from]);
      kib[from] += some;
      left[from] -= some;
      part -= some;
    }
    set_memory(s, cell, kib);
    for (guint k = 0; cell->pins && k < cell->vcpus; k++) {
      guint cpu = (guint)(pin = kt_set_next(mine, (guint)(pin + 1)));
      g_array_append_val(cell->pins, cpu);
      kt_set_add(cell->cpus, cpu);
    }
    if (cell->pins)
      continue;
    if (cells > 1)
      kt_host_add_node_cpus(all, home, cell->cpus);
    kt_set_keep_only(cell->cpus, mine);
    if (kt_set_is_empty(cell->cpus))
      kt_set_add_all(cell->cpus, mine);
  }
  answer->stays = TRUE;
  return answer;
}

KtPlacement *kt_search_answer(KtSearch *s, KtPlaceCost *fixed)
{
  KtPlacement *placement = g_new0(KtPlacement, 1);
  Seating t = {.s = s, .kib = kt_memory_assign(s)};
  KtHost all;
  kt_host_init(&all, s->problem, NULL);
  seat_all(&t);
  placement->guests = g_ptr_array_new_with_free_func((GDestroyNotify)kt_place_answer_free);
  for (guint k = 0; k < s->problem->guests->len; k++) {
    const KtPlaceGuest *guest = s->problem->guests->pdata[k];
    gboolean fixed_there = guest->started && !guest->movable;
    KtPlaceAnswer *answer = fixed_there ? kt_search_answer_now(s, guest, &all) : new_answer();
    answer->why = g_strdup(s->why[k]);
    g_ptr_array_add(placement->guests, answer);
  }
  *fixed = kt_placement_cost(s->problem, placement->guests);
  for (guint g = 0; g < s->n_guests; g++)
    answer_guest(&t, &s->guests[g], placement->guests->pdata[s->guests[g].index]);
  kt_search_let_stay(s, placement);
  placement->cost = kt_placement_cost(s->problem, placement->guests);
  placement->steps = s->steps;
  kt_host_clear(&all);
  seating_clear(&t);
  return placement;
}

void kt_placement_free(KtPlacement *placement)
{
  if (!placement)
    return;
  g_ptr_array_unref(placement->guests);
  g_free(placement);
}
