/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists, asked for; what is denied is said. */
#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "cloud/inventory_answers.h"
#include "config.h"

#if HAVE_JSON

/* Microversions 2.N: a server's own flavor is shown from 47 on, its image's properties from 98; extra specs with a
 * flavor from 61; CPUs and memory of a host up to 87. */
enum { COPY_FROM = 47, SERVERS_MOST = 98, SPECS_FROM = 61, FLAVORS_MOST = 90, HOSTS_MOST = 87 };

enum { MISSING_IMAGES_MAX = 1000 };

static void note(KtCloud *cloud, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(KtCloud *cloud, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_ptr_array_add(cloud->notes, g_strdup_vprintf(format, arguments));
  va_end(arguments);
}

static gboolean read_list(KtCloudSession *session, KtCloud *cloud, KtCloudKind kind, const KtCloudList *list,
                          guint *status, GError **error)
{
  return kt_cloud_list(session, list, kt_cloud_readings[kind].take, cloud, status, error);
}

/* ---- servers ---- */

gboolean kt_cloud_read_servers(KtCloudSession *session, KtCloud *cloud, gboolean only_project, GError **error)
{
  KtCloudList list = {.service = KT_SERVICE_COMPUTE,
                      .path = "/servers/detail",
                      .query = only_project ? "" : "all_tenants=1",
                      .member = "servers",
                      .version = kt_cloud_session_version(session, SERVERS_MOST),
                      .most = KT_CLOUD_SERVERS_MAX};
  guint status = 0;
  g_autoptr(GError) failed = NULL;
  gboolean done = read_list(session, cloud, KT_CLOUD_SERVERS, &list, &status, &failed);
  if (!done && status == 403 && !only_project) {
    g_clear_error(&failed);
    list.query = "";
    only_project = TRUE;
    note(cloud, _("the servers of this project only: all projects' are an administrator's to see"));
    done = read_list(session, cloud, KT_CLOUD_SERVERS, &list, &status, &failed);
  }
  if (!done) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  cloud->all_projects = !only_project;
  if (list.version < COPY_FROM)
    note(cloud, _("this Nova (2.%u) does not show the servers' own copies of their flavors: they are unknown"),
         kt_cloud_session_newest(session));
  return TRUE;
}

/* Hosts and instance names are told for all servers or, to a member, for none. */
static void note_hidden(KtCloud *cloud)
{
  for (guint i = 0; i < cloud->servers->len; i++) {
    const KtCloudServer *s = cloud->servers->pdata[i];
    if (s->host || s->instance_name)
      return;
  }
  if (cloud->servers->len)
    note(cloud, _("on which hosts the servers run, and their names in libvirt, are an administrator's to see"));
}

/* ---- flavors ---- */

/* One by one, of a Nova that does not show them in the list. */
static gboolean read_specs_alone(KtCloudSession *session, KtCloudFlavor *f, GError **error)
{
  g_autofree char *id = g_uri_escape_string(f->id, NULL, FALSE);
  g_autofree char *path = g_strdup_printf("/flavors/%s/os-extra_specs", id);
  guint status = 0;
  g_autoptr(GError) failed = NULL;
  g_autoptr(JsonNode) node = kt_cloud_get(session, KT_SERVICE_COMPUTE, path,
                                          kt_cloud_session_version(session, FLAVORS_MOST), &status, &failed);
  if (!node && (status == 403 || status == 404))
    return TRUE;
  if (!node) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  kt_cloud_read_specs(f->flavor, kt_json_member_object(kt_json_object(node), "extra_specs"));
  return TRUE;
}

gboolean kt_cloud_read_flavors(KtCloudSession *session, KtCloud *cloud, GError **error)
{
  const KtCloudList list = {.service = KT_SERVICE_COMPUTE,
                            .path = "/flavors/detail",
                            .query = "is_public=None",
                            .member = "flavors",
                            .version = kt_cloud_session_version(session, FLAVORS_MOST),
                            .most = KT_CLOUD_FLAVORS_MAX};
  if (!read_list(session, cloud, KT_CLOUD_FLAVORS, &list, NULL, error))
    return FALSE;
  for (guint i = 0; list.version < SPECS_FROM && i < cloud->flavors->len; i++)
    if (!read_specs_alone(session, cloud->flavors->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* ---- images ---- */

/* Images that servers were made of and that are not in the list: another project's, or hidden ones. */
static gboolean read_missing_images(KtCloudSession *session, KtCloud *cloud, GError **error)
{
  g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < cloud->images->len; i++)
    g_hash_table_add(known, ((KtCloudImage *)cloud->images->pdata[i])->id);
  guint gone = 0, asked = 0;
  for (guint i = 0; i < cloud->groups->len && asked < MISSING_IMAGES_MAX; i++) {
    KtCloudGroup *group = cloud->groups->pdata[i];
    if (!group->image_id || !g_hash_table_add(known, group->image_id))
      continue;
    g_autofree char *id = g_uri_escape_string(group->image_id, NULL, FALSE);
    g_autofree char *path = g_strdup_printf("/images/%s", id);
    guint status = 0;
    g_autoptr(GError) failed = NULL;
    g_autoptr(JsonNode) node = kt_cloud_get(session, KT_SERVICE_IMAGE, path, 0, &status, &failed);
    asked++;
    if (node && kt_json_object(node)) {
      kt_cloud_readings[KT_CLOUD_IMAGES].take(kt_json_object(node), cloud);
    } else if (status == 403 || status == 404) {
      gone++;
    } else if (failed) {
      g_propagate_error(error, g_steal_pointer(&failed));
      return FALSE;
    }
  }
  if (gone)
    note(cloud,
         kt_trn("%u image of servers is not there any more, or not to be seen: its properties are unknown",
                "%u images of servers are not there any more, or not to be seen: their properties are unknown", gone),
         gone);
  return TRUE;
}

static gboolean read_images(KtCloudSession *session, KtCloud *cloud, GError **error)
{
  const KtCloudList list = {.service = KT_SERVICE_IMAGE,
                            .path = "/images",
                            .query = "visibility=all",
                            .member = "images",
                            .most = KT_CLOUD_IMAGES_MAX};
  if (!kt_cloud_session_endpoint(session, KT_SERVICE_IMAGE)) {
    note(cloud, _("no image service is known: what images say of their guests is unknown"));
    return TRUE;
  }
  return read_list(session, cloud, KT_CLOUD_IMAGES, &list, NULL, error) && read_missing_images(session, cloud, error);
}

/* ---- hosts ---- */

static gboolean read_hosts(KtCloudSession *session, KtCloud *cloud, GError **error)
{
  guint status = 0;
  g_autoptr(GError) failed = NULL;
  const KtCloudList list = {.service = KT_SERVICE_COMPUTE,
                            .path = "/os-hypervisors/detail",
                            .query = "",
                            .member = "hypervisors",
                            .version = kt_cloud_session_version(session, HOSTS_MOST),
                            .most = KT_CLOUD_HOSTS_MAX};
  cloud->hosts_seen = read_list(session, cloud, KT_CLOUD_HOSTS, &list, &status, &failed);
  if (cloud->hosts_seen)
    return TRUE;
  if (status == 403) {
    note(cloud, _("the compute hosts are an administrator's to see: whether a flavor fits on them is unknown"));
    return TRUE;
  }
  g_propagate_error(error, g_steal_pointer(&failed));
  return FALSE;
}

KtCloud *kt_cloud_read(KtCloudSession *session, const char *name, gboolean only_project, GError **error)
{
  g_autoptr(KtCloud) cloud = kt_cloud_new(name);
  cloud->project = g_strdup(kt_cloud_session_project(session));
  cloud->endpoint = g_strdup(kt_cloud_session_endpoint(session, KT_SERVICE_COMPUTE));
  if (!kt_cloud_read_servers(session, cloud, only_project, error) || !kt_cloud_read_flavors(session, cloud, error) ||
      !read_images(session, cloud, error) || !read_hosts(session, cloud, error))
    return NULL;
  note_hidden(cloud);
  kt_cloud_join(cloud);
  return g_steal_pointer(&cloud);
}

#else

KtCloud *kt_cloud_read(KtCloudSession *session, const char *name, gboolean only_project, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this kvmtune was built without json-glib");
  return NULL;
}

#endif
