/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Keystone and Nova say of themselves. */
#include <string.h>

#include "base/error.h"
#include "base/json_read.h"
#include "cloud/session.h"

void kt_catalog_free(KtCatalog *catalog)
{
  if (!catalog)
    return;
  for (guint i = 0; i < KT_SERVICES; i++)
    g_free(catalog->endpoints[i]);
  g_free(catalog->project);
  g_strfreev(catalog->roles);
  g_free(catalog);
}

#if HAVE_JSON

enum { CATALOG_MAX = 1000, ENDPOINTS_MAX = 1000 };

static const char *const types[KT_SERVICES] = {
    [KT_SERVICE_COMPUTE] = "compute", [KT_SERVICE_IMAGE] = "image", [KT_SERVICE_PLACEMENT] = "placement"};

/* The first of the wanted interface and region. Not owned. */
static const char *endpoint_of(JsonObject *service, const KtCloudConfig *config)
{
  JsonArray *endpoints = kt_json_member_array(service, "endpoints");
  for (guint i = 0; i < MIN(kt_json_length(endpoints), ENDPOINTS_MAX); i++) {
    JsonObject *endpoint = kt_json_element_object(endpoints, i);
    const char *region = kt_json_member_text(endpoint, "region_id"), *url = kt_json_member_text(endpoint, "url");
    if (!region)
      region = kt_json_member_text(endpoint, "region");
    if (url && g_strcmp0(kt_json_member_text(endpoint, "interface"), config->interface) == 0 &&
        (!config->region || g_strcmp0(region, config->region) == 0))
      return url;
  }
  return NULL;
}

static gboolean read_services(KtCatalog *catalog, JsonArray *services, const KtCloudConfig *config, const char *name,
                              GError **error)
{
  for (guint i = 0; i < MIN(kt_json_length(services), CATALOG_MAX); i++) {
    JsonObject *service = kt_json_element_object(services, i);
    const char *type = kt_json_member_text(service, "type"), *url = endpoint_of(service, config);
    for (guint t = 0; url && t < KT_SERVICES; t++) {
      if (g_strcmp0(type, types[t]) != 0 || catalog->endpoints[t])
        continue;
      if (!kt_cloud_is_url(url)) {
        g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: the catalogue's address of %s is no http:// or https:// one",
                    name, type);
        return FALSE;
      }
      catalog->endpoints[t] = g_strdup(url);
    }
  }
  return TRUE;
}

KtCatalog *kt_catalog_read(const char *name, const char *text, gsize length, const KtCloudConfig *config,
                           GError **error)
{
  g_autoptr(JsonNode) node = kt_json_read(name, text, length, error);
  if (!node)
    return NULL;
  JsonObject *token = kt_json_member_object(kt_json_object(node), "token");
  if (!token) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: expected a token", name);
    return NULL;
  }
  g_autoptr(KtCatalog) catalog = g_new0(KtCatalog, 1);
  catalog->project = g_strdup(kt_json_member_text(kt_json_member_object(token, "project"), "id"));
  JsonArray *roles = kt_json_member_array(token, "roles");
  g_autoptr(GStrvBuilder) names = g_strv_builder_new();
  for (guint i = 0; i < MIN(kt_json_length(roles), CATALOG_MAX); i++) {
    const char *role = kt_json_member_text(kt_json_element_object(roles, i), "name");
    if (role)
      g_strv_builder_add(names, role);
  }
  catalog->roles = g_strv_builder_end(names);
  return read_services(catalog, kt_json_member_array(token, "catalog"), config, name, error) ? g_steal_pointer(&catalog)
                                                                                             : NULL;
}

/* N of "2.N". */
static gboolean read_version(JsonObject *version, const char *member, guint *n)
{
  const char *text = kt_json_member_text(version, member);
  guint64 value;
  if (!text || !g_str_has_prefix(text, "2.") || !g_ascii_string_to_unsigned(text + 2, 10, 0, 9999, &value, NULL))
    return FALSE;
  *n = (guint)value;
  return TRUE;
}

gboolean kt_compute_versions_read(const char *name, const char *text, gsize length, guint *oldest, guint *newest,
                                  GError **error)
{
  g_autoptr(JsonNode) node = kt_json_read(name, text, length, error);
  if (!node)
    return FALSE;
  JsonObject *version = kt_json_member_object(kt_json_object(node), "version");
  if (version && read_version(version, "min_version", oldest) && read_version(version, "version", newest) &&
      *oldest <= *newest)
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s: no microversions: expected \"version\" and \"min_version\"",
              name);
  return FALSE;
}

#else

KtCatalog *kt_catalog_read(const char *name, const char *text, gsize length, const KtCloudConfig *config,
                           GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s: this kvmtune was built without json-glib", name);
  return NULL;
}

gboolean kt_compute_versions_read(const char *name, const char *text, gsize length, guint *oldest, guint *newest,
                                  GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s: this kvmtune was built without json-glib", name);
  return FALSE;
}

#endif
