/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements of Nova's and Glance's lists as model. */
#include "cloud/inventory_answers.h"

#include <string.h>

#include "base/error.h"
#include "config.h"

#if HAVE_JSON

enum { TEXT_MAX = 4096, PROPERTIES_MAX = 512 };

/* A member's text, or NULL; what is longer than anything honest is cut. Caller frees. */
static char *text_of(JsonObject *object, const char *member)
{
  const char *text = kt_json_member_text(object, member);
  if (!text || !*text)
    return NULL;
  if (strlen(text) <= TEXT_MAX)
    return g_strdup(text);
  return g_utf8_make_valid(text, TEXT_MAX);
}

static KtInt count_of(JsonObject *object, const char *member)
{
  gint64 n;
  return kt_json_member_int(object, member, &n) && n >= 0 && n <= G_MAXINT32 ? KT_INT(n) : KT_INT_UNKNOWN;
}

static void cite_number(KtFlavor *f, const char *path, const char *member, KtInt n)
{
  if (!n.known)
    return;
  g_autofree char *text = g_strdup_printf("\"%s\": %" G_GINT64_FORMAT, member, n.value);
  g_autoptr(KtCite) cite = kt_cite_new(f->source, 0, text);
  kt_flavor_cite(f, path, cite);
}

/* FALSE for what is not a text, too long or too much. */
static gboolean is_property(JsonObject *object, const char *key, guint have, const char **value)
{
  *value = kt_json_member_text(object, key);
  return *value && have < PROPERTIES_MAX && *key && strlen(key) <= TEXT_MAX && strlen(*value) <= TEXT_MAX;
}

void kt_cloud_read_specs(KtFlavor *f, JsonObject *specs)
{
  if (!specs)
    return;
  g_autoptr(GList) keys = json_object_get_members(specs);
  g_autoptr(KtCite) all = kt_cite_new(f->source, 0, keys ? "\"extra_specs\"" : "\"extra_specs\": {}");
  f->extra_specs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  kt_flavor_cite(f, "extra_specs", all);
  for (GList *k = keys; k; k = k->next) {
    const char *value;
    if (!is_property(specs, k->data, g_hash_table_size(f->extra_specs), &value))
      continue;
    g_autofree char *text = g_strdup_printf("\"%s\": \"%s\"", (char *)k->data, value);
    g_autoptr(KtCite) cite = kt_cite_new(f->source, 0, text);
    kt_flavor_set_spec(f, k->data, value, cite);
  }
}

static void read_sizes(KtFlavor *f, JsonObject *object)
{
  f->vcpus = count_of(object, "vcpus");
  f->ram_mib = count_of(object, "ram");
  f->disk_gib = count_of(object, "disk");
  cite_number(f, "vcpus", "vcpus", f->vcpus);
  cite_number(f, "ram_mib", "ram", f->ram_mib);
}

/* ---- image properties ---- */

/* Those that say something of the guest's hardware and system. */
static gboolean is_image_property(const char *key)
{
  static const char *const names[] = {"os_type", "os_distro", "os_version", "os_require_quiesce", NULL};
  return g_str_has_prefix(key, "hw_") || g_str_has_prefix(key, "img_") || g_str_has_prefix(key, "trait:") ||
         g_strv_contains(names, key);
}

static GHashTable *image_properties(JsonObject *object)
{
  GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(GList) keys = json_object_get_members(object);
  for (GList *k = keys; k; k = k->next) {
    const char *value;
    if (is_image_property(k->data) && is_property(object, k->data, g_hash_table_size(table), &value))
      g_hash_table_replace(table, g_strdup(k->data), g_strdup(value));
  }
  return table;
}

/* ---- servers ---- */

static void put_table(GString *key, GHashTable *table)
{
  g_autoptr(GList) names = table ? g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)strcmp) : NULL;
  g_string_append_c(key, table ? '{' : '?');
  for (GList *n = names; n; n = n->next)
    g_string_append_printf(key, "%s\x1f%s\x1e", (char *)n->data, (char *)g_hash_table_lookup(table, n->data));
}

static void put_number(GString *key, KtInt n)
{
  g_string_append_printf(key, "%" G_GINT64_FORMAT "\x1e", n.known ? n.value : -1);
}

/* Servers with the same are one group. Caller frees. */
static char *group_key(const KtCloudGroup *g)
{
  GString *key = g_string_new(g->flavor->name);
  g_string_append_printf(key, "\x1e%s\x1e%s\x1e%d", g->flavor_id ? g->flavor_id : "", g->image_id ? g->image_id : "",
                         g->volume);
  put_number(key, g->flavor->vcpus);
  put_number(key, g->flavor->ram_mib);
  put_number(key, g->flavor->disk_gib);
  put_number(key, g->ephemeral_gib);
  put_number(key, g->swap_mib);
  put_table(key, g->flavor->extra_specs);
  put_table(key, g->flavor->image);
  return g_string_free(key, FALSE);
}

static KtCloudGroup *group_new(JsonObject *object, const KtCloudServer *server)
{
  KtCloudGroup *g = g_new0(KtCloudGroup, 1);
  g_autofree char *source = g_strdup_printf("server %s", server->name ? server->name : server->id);
  JsonObject *flavor = kt_json_member_object(object, "flavor"), *image = kt_json_member_object(object, "image");
  const char *no_image = kt_json_member_text(object, "image");
  g->flavor = kt_flavor_new(source);
  g->flavor->server = g_strdup(server->name ? server->name : server->id);
  g->flavor->name = text_of(flavor, "original_name");
  g->flavor_id = text_of(flavor, "id");
  read_sizes(g->flavor, flavor);
  g->ephemeral_gib = count_of(flavor, "ephemeral");
  g->swap_mib = count_of(flavor, "swap");
  kt_cloud_read_specs(g->flavor, kt_json_member_object(flavor, "extra_specs"));
  g->image_id = text_of(image, "id");
  g->volume = no_image && !*no_image;
  JsonObject *then = kt_json_member_object(image, "properties"); /* from 2.98 on */
  g->image_then = then != NULL;
  g->flavor->image = then ? image_properties(then) : NULL;
  g->servers = g_ptr_array_new();
  return g;
}

static void group_drop(KtCloudGroup *g)
{
  kt_flavor_free(g->flavor);
  g_free(g->flavor_id);
  g_free(g->image_id);
  g_ptr_array_unref(g->servers);
  g_free(g);
}

static KtCloudGroup *find_group(KtCloud *cloud, JsonObject *object, const KtCloudServer *server)
{
  KtCloudGroup *fresh = group_new(object, server);
  g_autofree char *key = group_key(fresh);
  KtCloudGroup *known = g_hash_table_lookup(cloud->by_key, key);
  if (known) {
    group_drop(fresh);
    return known;
  }
  g_hash_table_insert(cloud->by_key, g_steal_pointer(&key), fresh);
  g_ptr_array_add(cloud->groups, fresh);
  return fresh;
}

static void take_server(JsonObject *object, gpointer data)
{
  KtCloud *cloud = data;
  const char *id = kt_json_member_text(object, "id");
  if (!id || !*id || strlen(id) > 255 || g_hash_table_contains(cloud->by_id, id))
    return;
  KtCloudServer *s = g_new0(KtCloudServer, 1);
  s->id = g_strdup(id);
  s->name = text_of(object, "name");
  s->project = text_of(object, "tenant_id");
  s->status = text_of(object, "status");
  s->created = text_of(object, "created");
  s->task_state = text_of(object, "OS-EXT-STS:task_state");
  s->instance_name = text_of(object, "OS-EXT-SRV-ATTR:instance_name");
  s->host = text_of(object, "OS-EXT-SRV-ATTR:host");
  s->hypervisor = text_of(object, "OS-EXT-SRV-ATTR:hypervisor_hostname");
  s->host_key = s->host ? g_strdup(s->host) : text_of(object, "hostId");
  s->group = find_group(cloud, object, s);
  cloud->copies_seen |= s->group->flavor->name != NULL;
  g_ptr_array_add(s->group->servers, s);
  g_ptr_array_add(cloud->servers, s);
  g_hash_table_insert(cloud->by_id, s->id, s);
}

/* ---- flavors, images, hosts ---- */

static void take_flavor(JsonObject *object, gpointer data)
{
  KtCloud *cloud = data;
  char *name = text_of(object, "name"), *id = text_of(object, "id");
  gboolean is_public = TRUE;
  if (!name || !id) {
    g_free(name);
    g_free(id);
    return;
  }
  KtCloudFlavor *f = g_new0(KtCloudFlavor, 1);
  g_autofree char *source = g_strdup_printf("flavor %s", name);
  f->id = id;
  f->flavor = kt_flavor_new(source);
  f->flavor->name = name;
  read_sizes(f->flavor, object);
  kt_cloud_read_specs(f->flavor, kt_json_member_object(object, "extra_specs"));
  kt_json_member_int(object, "OS-FLV-EXT-DATA:ephemeral", &f->ephemeral_gib);
  kt_json_member_int(object, "swap", &f->swap_mib);
  kt_json_member_bool(object, "os-flavor-access:is_public", &is_public);
  f->is_public = is_public;
  g_ptr_array_add(cloud->flavors, f);
  g_hash_table_insert(cloud->by_flavor, f->flavor->name, f);
}

static void take_image(JsonObject *object, gpointer data)
{
  KtCloud *cloud = data;
  char *id = text_of(object, "id");
  if (!id)
    return;
  KtCloudImage *image = g_new0(KtCloudImage, 1);
  image->id = id;
  image->name = text_of(object, "name");
  image->properties = image_properties(object);
  g_ptr_array_add(cloud->images, image);
}

static void take_host(JsonObject *object, gpointer data)
{
  KtCloud *cloud = data;
  KtCloudHost *h = g_new0(KtCloudHost, 1);
  JsonObject *cpu = kt_json_member_object(object, "cpu_info");
  JsonObject *topology = kt_json_member_object(cpu, "topology");
  h->id = text_of(object, "id");
  h->name = text_of(object, "hypervisor_hostname");
  h->host = text_of(kt_json_member_object(object, "service"), "host");
  h->state = text_of(object, "state");
  h->status = text_of(object, "status");
  h->type = text_of(object, "hypervisor_type");
  h->vcpus = count_of(object, "vcpus");
  h->memory_mib = count_of(object, "memory_mb");
  h->cells = count_of(topology, "cells");
  h->sockets = count_of(topology, "sockets");
  h->cores = count_of(topology, "cores");
  h->threads = count_of(topology, "threads");
  h->cpu_model = text_of(cpu, "model");
  h->cpu_vendor = text_of(cpu, "vendor");
  g_ptr_array_add(cloud->hosts, h);
}

const KtCloudReading kt_cloud_readings[KT_CLOUD_LISTS] = {
    [KT_CLOUD_SERVERS] = {"servers", take_server},
    [KT_CLOUD_FLAVORS] = {"flavors", take_flavor},
    [KT_CLOUD_IMAGES] = {"images", take_image},
    [KT_CLOUD_HOSTS] = {"hypervisors", take_host},
};

gboolean kt_cloud_add_answer(KtCloud *cloud, KtCloudKind kind, const char *name, const char *text, gsize length,
                             GError **error)
{
  const KtCloudReading *reading = &kt_cloud_readings[kind];
  g_autoptr(JsonNode) node = kt_json_read(name, text, length, error);
  gboolean more;
  return node && kt_cloud_page(node, name, reading->member, reading->take, cloud, &more, error);
}

#else

gboolean kt_cloud_add_answer(KtCloud *cloud, KtCloudKind kind, const char *name, const char *text, gsize length,
                             GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s: this kvmtune was built without json-glib", name);
  return FALSE;
}

#endif
