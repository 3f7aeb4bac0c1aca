/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/batch.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "config.h"
#include "nova/json_in.h"
#include "nova/values.h"

void kt_nova_request_free(KtNovaRequest *request)
{
  if (!request)
    return;
  g_free(request->id);
  kt_flavor_free(request->flavor);
  kt_nova_host_free(request->host);
  g_free(request);
}

/* ---- in ---- */

#if HAVE_JSON

enum { POOLS_MAX = 16, CELL_ID_MAX = 4095 };
#define COUNT_MAX (G_GINT64_CONSTANT(1) << 48) /* pages or MiB: more than any machine has */
#define MEMORY_MAX (G_GINT64_CONSTANT(1) << 40)

static GPtrArray *read_order(JsonObject *object)
{
  GPtrArray *order = g_ptr_array_new_with_free_func(g_free);
  GList *members = json_object_get_members(object);
  for (const GList *m = members; m; m = m->next)
    g_ptr_array_add(order, g_strdup(m->data));
  g_list_free(members);
  return order;
}

/* `path`: where in the document the flavor stands. */
static KtFlavor *read_flavor(JsonObject *object, const char *path, GError **error)
{
  g_autoptr(KtFlavor) flavor = kt_flavor_new("flavor");
  gint64 vcpus, memory;
  if (!kt_nova_json_int(object, path, "vcpus", 1, KT_NOVA_VCPUS_MAX, &vcpus, error) ||
      !kt_nova_json_int(object, path, "memory_mb", 1, MEMORY_MAX, &memory, error))
    return NULL;
  flavor->vcpus = KT_INT(vcpus);
  flavor->ram_mib = KT_INT(memory);
  flavor->extra_specs = kt_nova_json_table(object, path, "extra_specs", error);
  if (!flavor->extra_specs)
    return NULL;
  flavor->spec_order = read_order(json_object_get_object_member(object, "extra_specs"));
  return g_steal_pointer(&flavor);
}

static KtFlavor *read_flavor_and_image(JsonObject *root, GError **error)
{
  JsonObject *object = kt_nova_json_object(root, "", "flavor", error);
  g_autoptr(KtFlavor) flavor = object ? read_flavor(object, "flavor", error) : NULL;
  if (!flavor || kt_json_member_is_null(root, "image"))
    return g_steal_pointer(&flavor);
  flavor->image = kt_nova_json_table(root, "", "image", error);
  return flavor->image ? g_steal_pointer(&flavor) : NULL;
}

static gboolean read_set(JsonObject *conf, const char *key, KtSet **set, GError **error)
{
  gboolean beyond;
  if (kt_json_member_is_null(conf, key))
    return TRUE;
  const char *text = kt_nova_json_text(conf, "conf", key, error);
  if (!text)
    return FALSE;
  if (!*text) /* as if it were not there */
    return TRUE;
  *set = kt_nova_cpus(text, &beyond);
  if (*set)
    return TRUE;
  kt_nova_json_wrong(error, "conf", key, "expected a list of CPUs, like \"4-15,^8\"");
  return FALSE;
}

static gboolean read_conf(JsonObject *root, KtNovaCompute *compute, GError **error)
{
  if (kt_json_member_is_null(root, "conf"))
    return TRUE;
  JsonObject *conf = kt_nova_json_object(root, "", "conf", error);
  if (!conf || !read_set(conf, "cpu_shared_set", &compute->shared_set, error) ||
      !read_set(conf, "cpu_dedicated_set", &compute->dedicated_set, error))
    return FALSE;
  if (kt_json_member_bool(conf, "pack", &compute->pack))
    return TRUE;
  kt_nova_json_wrong(error, "conf", "pack", "expected true or false");
  return FALSE;
}

static gboolean read_ratio(JsonObject *limits, const char *key, KtNum *ratio, GError **error)
{
  double value;
  if (!kt_json_member_number(limits, key, &value) || !isfinite(value) || value < 0) {
    kt_nova_json_wrong(error, "limits", key, "expected a ratio, like 1.5");
    return FALSE;
  }
  *ratio = KT_NUM(value);
  return TRUE;
}

static gboolean read_limits(JsonObject *root, KtNovaHost *host, GError **error)
{
  if (kt_json_member_is_null(root, "limits"))
    return TRUE;
  JsonObject *limits = kt_nova_json_object(root, "", "limits", error);
  return limits && read_ratio(limits, "cpu", &host->cpu_ratio, error) &&
         read_ratio(limits, "ram", &host->ram_ratio, error);
}

/* Each thread of `seen` is in one core; more would be no machine. */
static gboolean read_siblings(KtNovaHostCell *cell, JsonObject *object, const char *path, KtSet *seen, GError **error)
{
  const char *text = kt_nova_json_text(object, path, "siblings", error);
  if (!text)
    return FALSE;
  for (const char *p = text; p;) {
    const char *end = strchr(p, ';');
    g_autofree char *part = g_strndup(p, end ? (gsize)(end - p) : strlen(p));
    g_autoptr(KtSet) core = kt_set_parse(part, NULL);
    if (!core || kt_set_next(core, KT_NOVA_CPUS_END) >= 0 || kt_set_intersects(seen, core)) {
      kt_nova_json_wrong(error, path, "siblings", "expected the CPUs of each core, each CPU once, like \"0,32;1,33\"");
      return FALSE;
    }
    kt_set_add_all(seen, core);
    if (!kt_set_is_empty(core))
      g_ptr_array_add(cell->siblings, g_steal_pointer(&core));
    p = end ? end + 1 : NULL;
  }
  return TRUE;
}

static gboolean read_pool(KtNovaHostCell *cell, JsonNode *node, const char *path, GError **error)
{
  JsonArray *row = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
  gint64 values[4];
  gboolean good = row && kt_json_length(row) == G_N_ELEMENTS(values);
  for (guint i = 0; good && i < G_N_ELEMENTS(values); i++) {
    JsonNode *value = json_array_get_element(row, i);
    good = JSON_NODE_HOLDS_VALUE(value) && json_node_get_value_type(value) == G_TYPE_INT64;
    values[i] = good ? json_node_get_int(value) : 0;
    good = good && values[i] >= (i == 0) && values[i] <= COUNT_MAX;
  }
  if (!good) {
    kt_nova_json_wrong(error, path, "mempages", "expected [KiB, total, used, reserved], whole numbers");
    return FALSE;
  }
  const KtNovaPool pool = {values[0], values[1], values[2], values[3]};
  g_array_append_val(cell->pools, pool);
  return TRUE;
}

static gboolean read_sets(KtNovaHostCell *cell, JsonObject *object, const char *path, GError **error)
{
  const struct {
    const char *key;
    KtSet **set;
  } sets[] = {{"cpuset", &cell->shared}, {"pcpuset", &cell->pinnable}, {"pinned", &cell->pinned}};
  for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
    KtSet *set = kt_nova_json_cpus(object, path, sets[i].key, error);
    if (!set)
      return FALSE;
    kt_set_free(*sets[i].set);
    *sets[i].set = set;
  }
  return TRUE;
}

static gboolean read_cell(KtNovaHostCell *cell, JsonObject *object, const char *path, KtSet *seen, GError **error)
{
  gint64 id;
  if (!kt_nova_json_int(object, path, "id", 0, CELL_ID_MAX, &id, error) ||
      !kt_nova_json_int(object, path, "memory", 0, MEMORY_MAX, &cell->memory_mib, error) ||
      !kt_nova_json_int(object, path, "memory_usage", 0, MEMORY_MAX, &cell->memory_usage_mib, error) ||
      !kt_nova_json_int(object, path, "cpu_usage", 0, MEMORY_MAX, &cell->cpu_usage, error) ||
      !read_sets(cell, object, path, error) || !read_siblings(cell, object, path, seen, error))
    return FALSE;
  cell->id = (int)id;
  JsonArray *pools = kt_nova_json_array(object, path, "mempages", POOLS_MAX, error);
  for (guint i = 0; pools && i < kt_json_length(pools); i++)
    if (!read_pool(cell, json_array_get_element(pools, i), path, error))
      return FALSE;
  return pools != NULL;
}

static gboolean read_cells(JsonObject *root, KtNovaHost *host, GError **error)
{
  JsonObject *object = kt_nova_json_object(root, "", "host", error);
  JsonArray *cells = object ? kt_nova_json_array(object, "host", "cells", KT_NOVA_HOST_CELLS_MAX, error) : NULL;
  g_autoptr(KtSet) seen = kt_set_new();
  g_autoptr(KtSet) ids = kt_set_new();
  for (guint i = 0; cells && i < kt_json_length(cells); i++) {
    g_autofree char *path = g_strdup_printf("host.cells[%u]", i);
    JsonObject *of_cell = kt_json_element_object(cells, i);
    KtNovaHostCell *cell = kt_nova_host_cell_new(0);
    g_ptr_array_add(host->cells, cell);
    if (!of_cell) {
      kt_nova_json_wrong(error, path, "", "expected an object");
      return FALSE;
    }
    if (!read_cell(cell, of_cell, path, seen, error))
      return FALSE;
    if (kt_set_has(ids, (guint)cell->id)) {
      kt_nova_json_wrong(error, path, "id", "%d is another cell's, too", cell->id);
      return FALSE;
    }
    kt_set_add(ids, (guint)cell->id);
  }
  return cells != NULL;
}

static JsonNode *parse_object(const char *text, gsize length, GError **error)
{
  if (length > KT_NOVA_LINE_MAX) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "longer than %u bytes", KT_NOVA_LINE_MAX);
    return NULL;
  }
  g_autoptr(JsonNode) node = kt_json_read("JSON", text, length, error);
  if (!node || kt_json_object(node))
    return g_steal_pointer(&node);
  g_set_error_literal(error, KT_ERROR, KT_ERROR_FORMAT, "expected an object");
  return NULL;
}

KtNovaRequest *kt_nova_request_parse(const char *text, gsize length, GError **error)
{
  g_autoptr(JsonNode) node = parse_object(text, length, error);
  JsonObject *root = kt_json_object(node);
  const char *id = root ? kt_nova_json_text(root, "", "id", error) : NULL;
  if (!id)
    return NULL;
  g_autoptr(KtNovaRequest) request = g_new0(KtNovaRequest, 1);
  request->id = g_strdup(id);
  request->host = kt_nova_host_new();
  request->flavor = read_flavor_and_image(root, error);
  if (!request->flavor || !read_conf(root, &request->host->compute, error) ||
      !read_limits(root, request->host, error) || !read_cells(root, request->host, error))
    return NULL;
  return g_steal_pointer(&request);
}

KtFlavor *kt_nova_flavor_parse(const char *text, gsize length, GError **error)
{
  g_autoptr(JsonNode) node = parse_object(text, length, error);
  JsonObject *root = kt_json_object(node);
  if (!root)
    return NULL;
  return json_object_has_member(root, "flavor") ? read_flavor_and_image(root, error) : read_flavor(root, "", error);
}

GHashTable *kt_nova_image_parse(const char *text, gsize length, GError **error)
{
  g_autoptr(JsonNode) node = parse_object(text, length, error);
  return node ? kt_nova_json_texts(kt_json_object(node), "", error) : NULL;
}

#else

KtNovaRequest *kt_nova_request_parse(const char *text, gsize length, GError **error)
{
  g_set_error_literal(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build reads no JSON");
  return NULL;
}

KtFlavor *kt_nova_flavor_parse(const char *text, gsize length, GError **error)
{
  kt_nova_request_parse(text, length, error);
  return NULL;
}

GHashTable *kt_nova_image_parse(const char *text, gsize length, GError **error)
{
  kt_nova_request_parse(text, length, error);
  return NULL;
}

#endif
