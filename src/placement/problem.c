/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>

#include "base/error.h"
#include "placement/placement.h"

const KtPlaceWeights kt_place_default_weights = {
    .contention = 1000, .l3 = 0.01, .remote = 1, .fragmentation = 0.001, .move = 0.001};

static void node_free(gpointer data)
{
  KtPlaceNode *node = data;
  g_ptr_array_unref(node->cores);
  g_ptr_array_unref(node->l3);
  g_array_unref(node->pools);
  g_array_unref(node->distances);
  g_free(node);
}

static void guest_free(gpointer data)
{
  KtPlaceGuest *guest = data;
  g_free(guest->name);
  kt_set_free(guest->now_cpus);
  g_array_unref(guest->now_memory);
  kt_set_free(guest->allowed);
  g_array_unref(guest->devices);
  g_free(guest);
}

KtPlaceProblem *kt_place_problem_new(void)
{
  KtPlaceProblem *problem = g_new0(KtPlaceProblem, 1);
  problem->nodes = g_ptr_array_new_with_free_func(node_free);
  problem->guests = g_ptr_array_new_with_free_func(guest_free);
  problem->reserved_cpus = kt_set_new();
  problem->closed_cpus = kt_set_new();
  problem->weights = kt_place_default_weights;
  return problem;
}

void kt_place_problem_free(KtPlaceProblem *problem)
{
  if (!problem)
    return;
  g_ptr_array_unref(problem->nodes);
  g_ptr_array_unref(problem->guests);
  kt_set_free(problem->reserved_cpus);
  kt_set_free(problem->closed_cpus);
  g_free(problem);
}

KtPlaceNode *kt_place_problem_add_node(KtPlaceProblem *problem, guint id)
{
  KtPlaceNode *node = g_new0(KtPlaceNode, 1);
  node->id = id;
  node->cores = g_ptr_array_new_with_free_func((GDestroyNotify)kt_set_free);
  node->l3 = g_ptr_array_new_with_free_func((GDestroyNotify)kt_set_free);
  node->pools = g_array_new(FALSE, TRUE, sizeof(KtPlacePool));
  node->distances = g_array_new(FALSE, TRUE, sizeof(guint));
  g_ptr_array_add(problem->nodes, node);
  return node;
}

KtPlaceGuest *kt_place_problem_add_guest(KtPlaceProblem *problem, const char *name)
{
  KtPlaceGuest *guest = g_new0(KtPlaceGuest, 1);
  guest->name = g_strdup(name);
  guest->vcpus = 1;
  guest->demand_cores = -1;
  guest->movable = TRUE;
  guest->now_cpus = kt_set_new();
  guest->now_memory = g_array_new(FALSE, TRUE, sizeof(KtPlaceMemory));
  guest->devices = g_array_new(FALSE, TRUE, sizeof(KtPlaceDevice));
  g_ptr_array_add(problem->guests, guest);
  return guest;
}

void kt_place_guest_add_now(KtPlaceGuest *guest, guint node_id, gint64 kib)
{
  for (guint i = 0; i < guest->now_memory->len; i++) {
    KtPlaceMemory *there = &g_array_index(guest->now_memory, KtPlaceMemory, i);
    if (there->node_id == node_id) {
      there->kib += kib;
      return;
    }
  }
  const KtPlaceMemory now = {.node_id = node_id, .kib = kib};
  if (kib > 0)
    g_array_append_val(guest->now_memory, now);
}

/* ---- contradictions ---- */

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean refuse(GError **error, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error_literal(error, KT_ERROR, KT_ERROR_FORMAT, text);
  return FALSE;
}

/* Adds each set of `sets` to `all`; FALSE where two of them share a CPU. */
static gboolean disjoint(const GPtrArray *sets, KtSet *all, const char *what, guint node, GError **error)
{
  for (guint k = 0; k < sets->len; k++) {
    if (kt_set_intersects(all, sets->pdata[k]))
      return refuse(error, "node %u: %s %u has a CPU of another one", node, what, k);
    kt_set_add_all(all, sets->pdata[k]);
  }
  return TRUE;
}

static gboolean check_pools(const KtPlaceNode *node, GError **error)
{
  for (guint k = 0; k < node->pools->len; k++) {
    const KtPlacePool *pool = &g_array_index(node->pools, KtPlacePool, k);
    if (pool->page_kib <= 0 || pool->kib < 0 || pool->kib > KT_PLACE_MAX_KIB)
      return refuse(error,
                    "node %u: a pool of %" G_GINT64_FORMAT " KiB in pages of %" G_GINT64_FORMAT
                    " KiB; expected 0 to 4 PiB in pages of 1 KiB or more",
                    node->id, pool->kib, pool->page_kib);
    for (guint other = 0; other < k; other++)
      if (g_array_index(node->pools, KtPlacePool, other).page_kib == pool->page_kib)
        return refuse(error, "node %u: two pools of pages of %" G_GINT64_FORMAT " KiB", node->id, pool->page_kib);
  }
  return TRUE;
}

/* Page sizes that guests use. */
static gboolean check_page_sizes(const KtPlaceProblem *problem, GError **error)
{
  gint64 seen[KT_PLACE_PAGE_SIZES];
  guint n = 0;
  for (guint g = 0; g < problem->guests->len; g++) {
    const KtPlaceGuest *guest = problem->guests->pdata[g];
    guint k = 0;
    if (guest->page_kib < 0)
      return refuse(error, "guest '%s': pages of %" G_GINT64_FORMAT " KiB; expected 0 or more", guest->name,
                    guest->page_kib);
    while (k < n && seen[k] != guest->page_kib)
      k++;
    if (guest->page_kib == 0 || k < n)
      continue;
    if (n == KT_PLACE_PAGE_SIZES) {
      g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "guests on huge pages of more than %d sizes", KT_PLACE_PAGE_SIZES);
      return FALSE;
    }
    seen[n++] = guest->page_kib;
  }
  return TRUE;
}

static gboolean check_node(const KtPlaceProblem *problem, const KtPlaceNode *node, KtSet *cpus, KtSet *l3,
                           GError **error)
{
  if (node->memory_kib < 0 || node->memory_kib > KT_PLACE_MAX_KIB)
    return refuse(error, "node %u: memory of %" G_GINT64_FORMAT " KiB; expected 0 to 4 PiB", node->id,
                  node->memory_kib);
  if (node->distances->len != problem->nodes->len)
    return refuse(error, "node %u: %u distances; expected %u, one a node", node->id, node->distances->len,
                  problem->nodes->len);
  for (guint j = 0; j < node->distances->len; j++) {
    guint distance = g_array_index(node->distances, guint, j);
    if (distance < 10 || distance > 255)
      return refuse(error, "node %u: distance %u; expected 10 to 255", node->id, distance);
  }
  return check_pools(node, error) && disjoint(node->cores, cpus, "core", node->id, error) &&
         disjoint(node->l3, l3, "L3 group", node->id, error);
}

static gboolean has_node(const KtPlaceProblem *problem, guint id)
{
  for (guint i = 0; i < problem->nodes->len; i++)
    if (((const KtPlaceNode *)problem->nodes->pdata[i])->id == id)
      return TRUE;
  return FALSE;
}

static gboolean check_now(const KtPlaceProblem *problem, const KtPlaceGuest *guest, const KtSet *cpus, KtSet *owned,
                          GError **error)
{
  for (guint k = 0; k < guest->now_memory->len; k++) {
    const KtPlaceMemory *memory = &g_array_index(guest->now_memory, KtPlaceMemory, k);
    if (!has_node(problem, memory->node_id))
      return refuse(error, "guest '%s': it has memory on node %u, which the host has not", guest->name,
                    memory->node_id);
    if (memory->kib < 0 || memory->kib > KT_PLACE_MAX_KIB)
      return refuse(error, "guest '%s': %" G_GINT64_FORMAT " KiB on node %u; expected 0 to 4 PiB", guest->name,
                    memory->kib, memory->node_id);
    for (guint other = 0; other < k; other++)
      if (g_array_index(guest->now_memory, KtPlaceMemory, other).node_id == memory->node_id)
        return refuse(error, "guest '%s': node %u twice in its memory", guest->name, memory->node_id);
  }
  if (guest->movable)
    return TRUE;
  g_autoptr(KtSet) mine = kt_set_copy(guest->now_cpus);
  kt_set_keep_only(mine, cpus);
  if (kt_set_is_empty(mine))
    return refuse(error, "guest '%s' may not move, but none of its CPUs is there for guests", guest->name);
  if (guest->policy == KT_PLACE_SHARED)
    return TRUE;
  if (kt_set_count(mine) < guest->vcpus)
    return refuse(error, "guest '%s' may not move, but has %u CPUs for %u dedicated vCPUs", guest->name,
                  kt_set_count(mine), guest->vcpus);
  if (kt_set_intersects(mine, owned))
    return refuse(error, "guest '%s' may not move, but a CPU of it belongs to another such guest", guest->name);
  kt_set_add_all(owned, mine);
  return TRUE;
}

static gboolean check_guest(const KtPlaceProblem *problem, const KtPlaceGuest *guest, const KtSet *cpus, KtSet *owned,
                            GError **error)
{
  if (guest->vcpus < 1 || guest->vcpus > KT_PLACE_MAX_VCPUS)
    return refuse(error, "guest '%s': %u vCPUs; expected 1 to %u", guest->name, guest->vcpus, KT_PLACE_MAX_VCPUS);
  if (guest->memory_kib < 0 || guest->memory_kib > KT_PLACE_MAX_KIB)
    return refuse(error, "guest '%s': memory of %" G_GINT64_FORMAT " KiB; expected 0 to 4 PiB", guest->name,
                  guest->memory_kib);
  if (isnan(guest->demand_cores) || guest->demand_cores > KT_PLACE_MAX_VCPUS)
    return refuse(error, "guest '%s': demand of %g cores; expected 0 to %u", guest->name, guest->demand_cores,
                  KT_PLACE_MAX_VCPUS);
  if (guest->cells > guest->vcpus || guest->cells > KT_PLACE_MAX_NODES)
    return refuse(error, "guest '%s': %u cells for %u vCPUs; expected at most %u", guest->name, guest->cells,
                  guest->vcpus, MIN(guest->vcpus, KT_PLACE_MAX_NODES));
  if (guest->devices->len > KT_PLACE_MAX_DEVICES)
    return refuse(error, "guest '%s': %u devices; expected at most %d", guest->name, guest->devices->len,
                  KT_PLACE_MAX_DEVICES);
  for (guint k = 0; k < guest->devices->len; k++)
    if (!has_node(problem, g_array_index(guest->devices, KtPlaceDevice, k).node_id))
      return refuse(error, "guest '%s': it has a device on node %u, which the host has not", guest->name,
                    g_array_index(guest->devices, KtPlaceDevice, k).node_id);
  gboolean fenced = guest->allowed && (guest->movable || !guest->started);
  if (fenced && (guest->policy == KT_PLACE_DEDICATED || !kt_set_intersects(guest->allowed, cpus)))
    return refuse(error, "guest '%s': expected a shared one, and a CPU of the host's among those that it may use",
                  guest->name);
  return !guest->started || check_now(problem, guest, cpus, owned, error);
}

static gboolean check_names(const KtPlaceProblem *problem, GError **error)
{
  g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint k = 0; k < problem->guests->len; k++) {
    const KtPlaceGuest *guest = problem->guests->pdata[k];
    if (!g_hash_table_add(names, guest->name))
      return refuse(error, "guest '%s' twice", guest->name);
  }
  return TRUE;
}

static gboolean check_weights(const KtPlaceWeights *w, GError **error)
{
  const double all[] = {w->contention, w->l3, w->remote, w->fragmentation, w->move};
  for (guint i = 0; i < G_N_ELEMENTS(all); i++)
    if (!(all[i] >= 0 && all[i] <= 1e6))
      return refuse(error, "weight of %g; expected 0 to 1000000", all[i]);
  return TRUE;
}

gboolean kt_place_problem_check(const KtPlaceProblem *problem, GError **error)
{
  g_autoptr(KtSet) cpus = kt_set_new(), l3 = kt_set_new(), owned = kt_set_new();
  if (problem->nodes->len < 1)
    return refuse(error, "no node; expected at least one");
  if (problem->nodes->len > KT_PLACE_MAX_NODES || problem->guests->len > KT_PLACE_MAX_GUESTS) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "%u nodes and %u guests; expected at most %d and %d",
                problem->nodes->len, problem->guests->len, KT_PLACE_MAX_NODES, KT_PLACE_MAX_GUESTS);
    return FALSE;
  }
  if (!check_weights(&problem->weights, error))
    return FALSE;
  for (guint i = 0; i < problem->nodes->len; i++) {
    const KtPlaceNode *node = problem->nodes->pdata[i];
    for (guint j = 0; j < i; j++)
      if (((const KtPlaceNode *)problem->nodes->pdata[j])->id == node->id)
        return refuse(error, "node %u twice", node->id);
    if (!check_node(problem, node, cpus, l3, error))
      return FALSE;
  }
  kt_set_remove_all(cpus, problem->reserved_cpus);
  if (!check_names(problem, error) || !check_page_sizes(problem, error))
    return FALSE;
  for (guint k = 0; k < problem->guests->len; k++)
    if (!check_guest(problem, problem->guests->pdata[k], cpus, owned, error))
      return FALSE;
  return TRUE;
}
