/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/inventory.h"

#include <string.h>

static void server_free(gpointer data)
{
  KtCloudServer *s = data;
  char *texts[] = {s->id,   s->name,       s->project,  s->status, s->task_state, s->instance_name,
                   s->host, s->hypervisor, s->host_key, s->created};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_free(s);
}

static void group_free(gpointer data)
{
  KtCloudGroup *g = data;
  kt_flavor_free(g->flavor);
  g_free(g->flavor_id);
  g_free(g->image_id);
  g_ptr_array_unref(g->servers);
  g_free(g);
}

static void flavor_free(gpointer data)
{
  KtCloudFlavor *f = data;
  g_free(f->id);
  kt_flavor_free(f->flavor);
  g_free(f);
}

static void image_free(gpointer data)
{
  KtCloudImage *i = data;
  g_free(i->id);
  g_free(i->name);
  g_hash_table_unref(i->properties);
  g_free(i);
}

static void host_free(gpointer data)
{
  KtCloudHost *h = data;
  char *texts[] = {h->id, h->name, h->host, h->state, h->status, h->type, h->cpu_model, h->cpu_vendor};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_free(h);
}

KtCloud *kt_cloud_new(const char *name)
{
  KtCloud *c = g_new0(KtCloud, 1);
  c->name = g_strdup(name);
  c->servers = g_ptr_array_new_with_free_func(server_free);
  c->groups = g_ptr_array_new_with_free_func(group_free);
  c->flavors = g_ptr_array_new_with_free_func(flavor_free);
  c->images = g_ptr_array_new_with_free_func(image_free);
  c->hosts = g_ptr_array_new_with_free_func(host_free);
  c->notes = g_ptr_array_new_with_free_func(g_free);
  c->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  c->by_id = g_hash_table_new(g_str_hash, g_str_equal);
  c->by_flavor = g_hash_table_new(g_str_hash, g_str_equal);
  return c;
}

void kt_cloud_free(KtCloud *c)
{
  if (!c)
    return;
  g_hash_table_unref(c->by_key);
  g_hash_table_unref(c->by_id);
  g_hash_table_unref(c->by_flavor);
  g_ptr_array_unref(c->servers);
  g_ptr_array_unref(c->groups);
  g_ptr_array_unref(c->flavors);
  g_ptr_array_unref(c->images);
  g_ptr_array_unref(c->hosts);
  g_ptr_array_unref(c->notes);
  g_free(c->project);
  g_free(c->name);
  g_free(c->endpoint);
  g_free(c);
}

/* ---- finding ---- */

KtCloudFlavor *kt_cloud_flavor(const KtCloud *cloud, const char *name)
{
  KtCloudFlavor *found = g_hash_table_lookup(cloud->by_flavor, name);
  for (guint i = 0; !found && i < cloud->flavors->len; i++) {
    KtCloudFlavor *f = cloud->flavors->pdata[i];
    if (g_str_equal(f->id, name))
      found = f;
  }
  return found;
}

KtCloudServer *kt_cloud_server(const KtCloud *cloud, const char *id)
{
  KtCloudServer *found = g_hash_table_lookup(cloud->by_id, id);
  if (found)
    return found;
  for (guint i = 0; i < cloud->servers->len; i++) {
    KtCloudServer *s = cloud->servers->pdata[i];
    if (g_strcmp0(s->name, id) != 0)
      continue;
    if (found)
      return NULL;
    found = s;
  }
  return found;
}

KtCloudImage *kt_cloud_image(const KtCloud *cloud, const char *id)
{
  for (guint i = 0; id && i < cloud->images->len; i++) {
    KtCloudImage *image = cloud->images->pdata[i];
    if (g_str_equal(image->id, id))
      return image;
  }
  return NULL;
}

gboolean kt_cloud_server_runs(const KtCloudServer *server)
{
  static const char *const states[] = {"ACTIVE", "PAUSED",        "REBOOT", "HARD_REBOOT", "MIGRATING",
                                       "RESIZE", "VERIFY_RESIZE", "RESCUE", "PASSWORD",    NULL};
  return server->status && g_strv_contains(states, server->status);
}

guint kt_cloud_count_hosts(const GPtrArray *servers)
{
  g_autoptr(GHashTable) hosts = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < servers->len; i++) {
    const KtCloudServer *s = servers->pdata[i];
    if (s->host_key)
      g_hash_table_add(hosts, s->host_key);
  }
  return g_hash_table_size(hosts);
}

/* ---- joining ---- */

static void copy_image(KtFlavor *flavor, const KtCloudImage *image)
{
  g_autofree char *source = g_strdup_printf("image %s", image->name ? image->name : image->id);
  GHashTableIter iter;
  gpointer key, value;
  flavor->image = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_iter_init(&iter, image->properties);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    g_autofree char *text = g_strdup_printf("\"%s\": \"%s\"", (char *)key, (char *)value);
    g_autoptr(KtCite) cite = kt_cite_new(source, 0, text);
    kt_flavor_set_image(flavor, key, value, cite);
  }
  flavor->image_name = g_strdup(image->name);
}

/* An old Nova shows no copy: what the flavor is now is the next best, without claiming that it is the server's. */
static void take_flavor_of_now(const KtCloud *cloud, KtCloudGroup *group)
{
  const KtCloudFlavor *now = group->flavor_id ? kt_cloud_flavor(cloud, group->flavor_id) : NULL;
  if (!now)
    return;
  group->flavor->name = g_strdup(now->flavor->name);
  group->flavor->vcpus = now->flavor->vcpus;
  group->flavor->ram_mib = now->flavor->ram_mib;
  group->flavor->disk_gib = now->flavor->disk_gib;
}

void kt_cloud_join(KtCloud *cloud)
{
  g_autoptr(GHashTable) images = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < cloud->images->len; i++) {
    KtCloudImage *image = cloud->images->pdata[i];
    g_hash_table_insert(images, image->id, image);
  }
  for (guint i = 0; i < cloud->groups->len; i++) {
    KtCloudGroup *group = cloud->groups->pdata[i];
    const KtCloudImage *image = group->image_id ? g_hash_table_lookup(images, group->image_id) : NULL;
    if (!group->flavor->name)
      take_flavor_of_now(cloud, group);
    if (image && !group->flavor->image)
      copy_image(group->flavor, image);
    else if (image && !group->flavor->image_name)
      group->flavor->image_name = g_strdup(image->name);
  }
}
