/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/place_json.h"

#include "base/error.h"
#include "base/json.h"
#include "base/json_read.h"

/* ---- writing ---- */

static void write_memory(KtJson *json, const GArray *memory)
{
  kt_json_open_object(json, "memory_kib");
  for (guint k = 0; k < memory->len; k++) {
    const KtPlaceMemory *part = &g_array_index(memory, KtPlaceMemory, k);
    char id[16];
    g_snprintf(id, sizeof id, "%u", part->node_id);
    kt_json_int(json, id, part->kib);
  }
  kt_json_close_object(json);
}

static void write_cell(KtJson *json, const KtPlaceCell *cell)
{
  g_autofree char *cpus = kt_set_format(cell->cpus);
  g_autofree char *vcpus = cell->vcpus > 1
                               ? g_strdup_printf("%u-%u", cell->first_vcpu, cell->first_vcpu + cell->vcpus - 1)
                               : g_strdup_printf("%u", cell->first_vcpu);
  kt_json_open_object(json, NULL);
  kt_json_string(json, "vcpus", vcpus);
  kt_json_string(json, "cpus", cpus);
  if (cell->pins) {
    kt_json_open_array(json, "pins");
    for (guint k = 0; k < cell->pins->len; k++)
      kt_json_int(json, NULL, g_array_index(cell->pins, guint, k));
    kt_json_close_array(json);
  } else {
    kt_json_null(json, "pins");
  }
  write_memory(json, cell->memory);
  kt_json_close_object(json);
}

static void write_cost(KtJson *json, const char *key, const KtPlaceCost *cost)
{
  kt_json_open_object(json, key);
  kt_json_number(json, "contention", cost->contention);
  kt_json_int(json, "l3", cost->l3);
  kt_json_number(json, "remote", cost->remote);
  kt_json_int(json, "fragmentation", cost->fragmentation);
  kt_json_int(json, "move", cost->move_kib);
  kt_json_number(json, "total", cost->total);
  kt_json_close_object(json);
}

static void write_guests(KtJson *json, const KtPlaceProblem *problem, const KtPlacement *placement, gboolean placed)
{
  kt_json_open_array(json, placed ? "placements" : "unplaced");
  for (guint k = 0; k < placement->guests->len; k++) {
    const KtPlaceAnswer *answer = placement->guests->pdata[k];
    if ((answer->why == NULL) != placed)
      continue;
    kt_json_open_object(json, NULL);
    kt_json_string(json, "guest", ((const KtPlaceGuest *)problem->guests->pdata[k])->name);
    if (!placed)
      kt_json_string(json, "why", answer->why);
    else
      kt_json_open_array(json, "cells");
    for (guint c = 0; c < answer->cells->len && placed; c++)
      write_cell(json, answer->cells->pdata[c]);
    if (placed)
      kt_json_close_array(json);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

char *kt_place_to_json(const char *id, const KtPlaceProblem *problem, const KtPlacement *placement, const char *explain)
{
  g_autoptr(KtJson) json = kt_json_new_line();
  kt_json_open_object(json, NULL);
  kt_json_string(json, "id", id);
  write_guests(json, problem, placement, TRUE);
  write_guests(json, problem, placement, FALSE);
  write_cost(json, "cost", &placement->cost);
  write_cost(json, "lower_bound", &placement->bound);
  kt_json_bool(json, "optimal", placement->optimal);
  kt_json_int(json, "steps", (gint64)placement->steps);
  if (explain)
    kt_json_string(json, "explain", explain);
  kt_json_close_object(json);
  return kt_json_finish(json);
}

/* ---- reading ---- */

#if HAVE_JSON

/* Where in the document, and the first thing that was wrong there. */
typedef struct {
  const char *name;
  char *where; /* "guests[2]." */
  GError **error;
} Place;

static gboolean expected(const Place *p, const char *key, const char *what)
{
  g_set_error(p->error, KT_ERROR, KT_ERROR_FORMAT, "%s: %s%s: expected %s", p->name, p->where, key, what);
  return FALSE;
}

static gboolean take_int(const Place *p, JsonObject *object, const char *key, gint64 least, gint64 most, gint64 *value)
{
  if (kt_json_member_int(object, key, value) && *value >= least && *value <= most)
    return TRUE;
  g_autofree char *what = g_strdup_printf("a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, least, most);
  return expected(p, key, what);
}

/* A list of CPUs; NULL and *error set for anything else. */
static KtSet *take_cpus(const Place *p, const char *key, const char *text)
{
  KtSet *set = text ? kt_set_parse(text, NULL) : NULL;
  if (!set)
    expected(p, key, "a list of CPUs like '0-3,8'");
  return set;
}

static gboolean take_sets(const Place *p, JsonObject *object, const char *key, GPtrArray *sets)
{
  JsonArray *array = kt_json_member_array(object, key);
  if (!array)
    return expected(p, key, "an array of lists of CPUs");
  for (guint k = 0; k < kt_json_length(array); k++) {
    KtSet *set = take_cpus(p, key, kt_json_element_text(array, k));
    if (!set)
      return FALSE;
    g_ptr_array_add(sets, set);
  }
  return TRUE;
}

static gboolean take_distances(const Place *p, JsonObject *object, GArray *distances)
{
  JsonArray *array = kt_json_member_array(object, "distances");
  if (!array)
    return expected(p, "distances", "an array of numbers");
  for (guint k = 0; k < kt_json_length(array); k++) {
    JsonNode *element = json_array_get_element(array, k);
    gint64 value = JSON_NODE_HOLDS_VALUE(element) && json_node_get_value_type(element) == G_TYPE_INT64
                       ? json_node_get_int(element)
                       : 0;
    if (value < 10 || value > 255)
      return expected(p, "distances", "whole numbers from 10 to 255");
    guint distance = (guint)value;
    g_array_append_val(distances, distance);
  }
  return TRUE;
}

static gboolean take_node(const Place *p, JsonObject *object, KtPlaceProblem *problem)
{
  gint64 id, memory;
  if (!object)
    return expected(p, "", "an object");
  if (!take_int(p, object, "id", 0, KT_SET_MAX - 1, &id) ||
      !take_int(p, object, "memory_kib", 0, KT_PLACE_MAX_KIB, &memory))
    return FALSE;
  KtPlaceNode *node = kt_place_problem_add_node(problem, (guint)id);
  node->memory_kib = memory;
  return take_sets(p, object, "cores", node->cores) && take_sets(p, object, "l3", node->l3) &&
         take_distances(p, object, node->distances);
}

static gboolean take_now_memory(const Place *p, JsonObject *object, GArray *memory)
{
  JsonObject *kib = kt_json_member_object(object, "memory_kib");
  if (!kib)
    return expected(p, "now.memory_kib", "an object of KiB by node");
  g_autoptr(GList) names = json_object_get_members(kib);
  for (GList *l = names; l; l = l->next) {
    guint64 id;
    KtPlaceMemory part;
    if (!g_ascii_string_to_unsigned(l->data, 10, 0, KT_SET_MAX - 1, &id, NULL) ||
        !kt_json_member_int(kib, l->data, &part.kib) || part.kib < 0 || part.kib > KT_PLACE_MAX_KIB)
      return expected(p, "now.memory_kib", "KiB by the node's number");
    part.node_id = (guint)id;
    g_array_append_val(memory, part);
  }
  return TRUE;
}

static gboolean take_now(const Place *p, JsonObject *object, KtPlaceGuest *guest)
{
  JsonObject *now = kt_json_member_object(object, "now");
  if (!now)
    return kt_json_member_is_null(object, "now") || expected(p, "now", "null or an object");
  guest->started = TRUE;
  kt_set_free(guest->now_cpus);
  guest->now_cpus = take_cpus(p, "now.cpus", kt_json_member_text(now, "cpus"));
  return guest->now_cpus && take_now_memory(p, now, guest->now_memory);
}

/* An array of nodes; NULL or absent: none. */
static gboolean take_devices(const Place *p, JsonObject *object, GArray *devices)
{
  JsonArray *array = kt_json_member_array(object, "devices");
  if (!array)
    return kt_json_member_is_null(object, "devices") || expected(p, "devices", "an array of nodes");
  for (guint k = 0; k < kt_json_length(array); k++) {
    JsonNode *element = json_array_get_element(array, k);
    gint64 id = JSON_NODE_HOLDS_VALUE(element) && json_node_get_value_type(element) == G_TYPE_INT64
                    ? json_node_get_int(element)
                    : -1;
    if (id < 0 || id >= KT_SET_MAX || k == KT_PLACE_MAX_DEVICES)
      return expected(p, "devices", "the numbers of at most 256 nodes");
    const KtPlaceDevice device = {.node_id = (guint)id, .owned = TRUE};
    g_array_append_val(devices, device);
  }
  return TRUE;
}

static gboolean take_policy(const Place *p, JsonObject *object, KtPlaceGuest *guest)
{
  const char *policy = kt_json_member_text(object, "policy");
  guest->policy = g_strcmp0(policy, "dedicated") == 0 ? KT_PLACE_DEDICATED : KT_PLACE_SHARED;
  return g_strcmp0(policy, "shared") == 0 || guest->policy == KT_PLACE_DEDICATED ||
         expected(p, "policy", "'shared' or 'dedicated'");
}

static gboolean take_guest(const Place *p, JsonObject *object, KtPlaceProblem *problem)
{
  gint64 vcpus, memory, cells = 0;
  double demand = -1;
  gboolean movable = TRUE;
  const char *name = object ? kt_json_member_text(object, "name") : NULL;
  if (!object)
    return expected(p, "", "an object");
  if (!name || !*name)
    return expected(p, "name", "a text");
  if (!take_int(p, object, "vcpus", 1, KT_PLACE_MAX_VCPUS, &vcpus) ||
      !take_int(p, object, "memory_kib", 0, KT_PLACE_MAX_KIB, &memory) ||
      (!kt_json_member_is_null(object, "cells") &&
       !take_int(p, object, "cells", 1, MIN(vcpus, KT_PLACE_MAX_NODES), &cells)))
    return FALSE;
  if (!kt_json_member_is_null(object, "demand_cores") &&
      (!kt_json_member_number(object, "demand_cores", &demand) || !(demand >= 0 && demand <= KT_PLACE_MAX_VCPUS)))
    return expected(p, "demand_cores", "null or a number of cores");
  if (!kt_json_member_is_null(object, "movable") && !kt_json_member_bool(object, "movable", &movable))
    return expected(p, "movable", "true or false");
  KtPlaceGuest *guest = kt_place_problem_add_guest(problem, name);
  guest->vcpus = (guint)vcpus;
  guest->memory_kib = memory;
  guest->cells = (guint)cells;
  guest->demand_cores = demand;
  guest->movable = movable;
  return take_policy(p, object, guest) && take_now(p, object, guest) && take_devices(p, object, guest->devices);
}

typedef gboolean (*TakeElement)(const Place *p, JsonObject *object, KtPlaceProblem *problem);

static gboolean take_all(Place *p, JsonObject *object, const char *key, const char *path, guint most, TakeElement take,
                         KtPlaceProblem *problem)
{
  JsonArray *array = kt_json_member_array(object, key);
  if (!array || kt_json_length(array) > most) {
    g_autofree char *what = g_strdup_printf("an array of at most %u objects", most);
    return expected(p, path, what);
  }
  gboolean good = TRUE;
  for (guint k = 0; k < kt_json_length(array) && good; k++) {
    Place inner = {p->name, g_strdup_printf("%s[%u].", path, k), p->error};
    good = take(&inner, kt_json_element_object(array, k), problem);
    g_free(inner.where);
  }
  return good;
}

static gboolean take_options(const Place *p, JsonObject *root, KtPlaceProblem *problem)
{
  KtPlaceWeights *w = &problem->weights;
  const struct {
    const char *key;
    double *value;
  } weights[] = {{"contention", &w->contention},
                 {"l3", &w->l3},
                 {"remote", &w->remote},
                 {"fragmentation", &w->fragmentation},
                 {"move", &w->move}};
  JsonObject *object = kt_json_member_object(root, "weights");
  gint64 steps = 0;
  if (!object && !kt_json_member_is_null(root, "weights"))
    return expected(p, "weights", "an object");
  for (guint k = 0; k < G_N_ELEMENTS(weights) && object; k++)
    if (!kt_json_member_is_null(object, weights[k].key) &&
        (!kt_json_member_number(object, weights[k].key, weights[k].value) ||
         !(*weights[k].value >= 0 && *weights[k].value <= 1e6)))
      return expected(p, "weights", "numbers from 0 to 1000000");
  if (!kt_json_member_is_null(root, "max_steps") &&
      !take_int(p, root, "max_steps", 0, G_GINT64_CONSTANT(1000000000000), &steps))
    return FALSE;
  problem->max_steps = (guint64)steps;
  return TRUE;
}

static gboolean take_problem(Place *p, JsonObject *root, KtPlaceProblem *problem, char **id)
{
  JsonObject *host = kt_json_member_object(root, "host");
  if (!root)
    return expected(p, "", "an object");
  if (!kt_json_member_text(root, "id"))
    return expected(p, "id", "a text");
  *id = g_strdup(kt_json_member_text(root, "id"));
  if (!host)
    return expected(p, "host", "an object");
  if (!kt_json_member_is_null(host, "reserved_cpus")) {
    kt_set_free(problem->reserved_cpus);
    problem->reserved_cpus = take_cpus(p, "host.reserved_cpus", kt_json_member_text(host, "reserved_cpus"));
    if (!problem->reserved_cpus)
      return FALSE;
  }
  return take_all(p, host, "nodes", "host.nodes", KT_PLACE_MAX_NODES, take_node, problem) &&
         take_all(p, root, "guests", "guests", KT_PLACE_MAX_GUESTS, take_guest, problem) &&
         take_options(p, root, problem);
}

KtPlaceProblem *kt_place_from_json(const char *name, const char *text, gsize length, char **id, GError **error)
{
  Place place = {name, (char *)"", error};
  *id = NULL;
  if (length > KT_PLACE_LINE_LIMIT) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "%s: longer than %d MiB", name, KT_PLACE_LINE_LIMIT >> 20);
    return NULL;
  }
  JsonNode *root = kt_json_read(name, text, length, error);
  g_autoptr(KtPlaceProblem) problem = root ? kt_place_problem_new() : NULL;
  gboolean good = root && take_problem(&place, kt_json_object(root), problem, id);
  g_autoptr(GError) contradiction = NULL;
  if (good && !kt_place_problem_check(problem, &contradiction)) {
    g_set_error(error, KT_ERROR, contradiction->code, "%s: %s", name, contradiction->message);
    good = FALSE;
  }
  if (root)
    json_node_unref(root);
  if (!good)
    g_clear_pointer(id, g_free);
  return good ? g_steal_pointer(&problem) : NULL;
}

#else

KtPlaceProblem *kt_place_from_json(const char *name, const char *text, gsize length, char **id, GError **error)
{
  *id = NULL;
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s: this build reads no JSON (json-glib was not there)", name);
  return NULL;
}

#endif
