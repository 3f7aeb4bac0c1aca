/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/settings.h"

#include <string.h>

#include "base/error.h"

static void wipe(gpointer text)
{
  if (text)
    explicit_bzero(text, strlen(text));
  g_free(text);
}

/* ---- keys ---- */

static const struct {
  const char *key;
  gsize offset;
  gboolean fill; /* from OS_* where a named cloud does not say it */
} fields[] = {
    {"auth_type", offsetof(KtCloudConfig, auth_type), FALSE},
    {"auth_url", offsetof(KtCloudConfig, auth_url), FALSE},
    {"username", offsetof(KtCloudConfig, username), FALSE},
    {"user_id", offsetof(KtCloudConfig, user_id), FALSE},
    {"user_domain_name", offsetof(KtCloudConfig, user_domain_name), FALSE},
    {"user_domain_id", offsetof(KtCloudConfig, user_domain_id), FALSE},
    {"password", offsetof(KtCloudConfig, password), TRUE},
    {"token", offsetof(KtCloudConfig, token), FALSE},
    {"application_credential_id", offsetof(KtCloudConfig, credential_id), FALSE},
    {"application_credential_name", offsetof(KtCloudConfig, credential_name), FALSE},
    {"application_credential_secret", offsetof(KtCloudConfig, credential_secret), TRUE},
    {"project_name", offsetof(KtCloudConfig, project_name), FALSE},
    {"project_id", offsetof(KtCloudConfig, project_id), FALSE},
    {"project_domain_name", offsetof(KtCloudConfig, project_domain_name), FALSE},
    {"project_domain_id", offsetof(KtCloudConfig, project_domain_id), FALSE},
    {"domain_name", offsetof(KtCloudConfig, domain_name), FALSE},
    {"domain_id", offsetof(KtCloudConfig, domain_id), FALSE},
    {"system_scope", offsetof(KtCloudConfig, system_scope), FALSE},
    {"region_name", offsetof(KtCloudConfig, region), TRUE},
    {"interface", offsetof(KtCloudConfig, interface), TRUE},
    {"cacert", offsetof(KtCloudConfig, ca_file), TRUE},
    {"cert", offsetof(KtCloudConfig, cert_file), FALSE},
    {"key", offsetof(KtCloudConfig, key_file), FALSE},
    {"endpoint", offsetof(KtCloudConfig, endpoint), FALSE},
    {"compute_endpoint_override", offsetof(KtCloudConfig, compute_endpoint), FALSE},
    {"image_endpoint_override", offsetof(KtCloudConfig, image_endpoint), FALSE},
    {"placement_endpoint_override", offsetof(KtCloudConfig, placement_endpoint), FALSE},
};

static char **field_of(KtCloudConfig *config, guint i)
{
  return G_STRUCT_MEMBER_P(config, fields[i].offset);
}

static const struct {
  const char *old, *key;
} spellings[] = {
    {"tenant_name", "project_name"}, {"tenant_id", "project_id"},        {"auth_token", "token"},
    {"user_name", "username"},       {"endpoint_type", "interface"},     {"auth_plugin", "auth_type"},
    {"default_domain", "domain_id"}, {"default_domain_id", "domain_id"}, {"default_domain_name", "domain_name"},
};

GHashTable *kt_settings_new(void)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, wipe);
}

void kt_settings_put(GHashTable *settings, const char *key, const char *value)
{
  g_autofree char *plain = g_strdelimit(g_ascii_strdown(key, -1), "-", '_');
  const char *name = plain;
  for (guint i = 0; i < G_N_ELEMENTS(spellings); i++)
    if (g_str_equal(plain, spellings[i].old))
      name = spellings[i].key;
  if (*value)
    g_hash_table_replace(settings, g_strdup(name), g_strdup(value));
}

static void put(const char *key, const char *text, gpointer settings)
{
  kt_settings_put(settings, key, text);
}

static void add_map(GHashTable *settings, const KtYamlNode *map)
{
  kt_yaml_each_text(map, put, settings);
  kt_yaml_each_text(kt_yaml_member(map, "auth"), put, settings);
}

gboolean kt_settings_add(GHashTable *settings, const KtYamlNode *cloud, const char *region)
{
  const KtYamlNode *regions = kt_yaml_member(cloud, "regions");
  add_map(settings, cloud);
  for (guint i = 0; i < kt_yaml_count(regions); i++) {
    const KtYamlNode *node = kt_yaml_element(regions, i);
    const char *name = kt_yaml_text(kt_yaml_is_map(node) ? kt_yaml_member(node, "name") : node);
    if (!name || (region && !g_str_equal(region, name)))
      continue;
    add_map(settings, kt_yaml_member(node, "values"));
    kt_settings_put(settings, "region_name", name);
    return TRUE;
  }
  return !region || !kt_yaml_count(regions);
}

/* ---- the environment ---- */

/* Caller frees. */
static char *variable_of(const char *key)
{
  g_autofree char *upper = g_ascii_strup(key, -1);
  return g_strconcat("OS_", upper, NULL);
}

static gboolean take_variable(GHashTable *settings, const char *key)
{
  g_autofree char *variable = variable_of(key);
  const char *value = g_getenv(variable);
  if (value && *value)
    kt_settings_put(settings, key, value);
  return value && *value;
}

gboolean kt_settings_add_environment(GHashTable *settings)
{
  for (guint i = 0; i < G_N_ELEMENTS(spellings); i++)
    take_variable(settings, spellings[i].old);
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
    take_variable(settings, fields[i].key);
  take_variable(settings, "insecure");
  static const char *const telling[] = {"auth_url", "endpoint", "compute_endpoint_override", "auth_type", "token",
                                        "username", "user_id",  "application_credential_id"};
  for (guint i = 0; i < G_N_ELEMENTS(telling); i++)
    if (g_hash_table_contains(settings, telling[i]))
      return TRUE;
  return FALSE;
}

void kt_settings_fill_from_environment(GHashTable *settings)
{
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
    if (fields[i].fill && !g_hash_table_contains(settings, fields[i].key))
      take_variable(settings, fields[i].key);
}

/* ---- the configuration ---- */

gboolean kt_cloud_is_url(const char *url)
{
  g_autoptr(GUri) uri = strlen(url) <= 2048 ? g_uri_parse(url, G_URI_FLAGS_NONE, NULL) : NULL;
  if (!uri || !g_uri_get_host(uri) || !*g_uri_get_host(uri) || g_uri_get_userinfo(uri) || g_uri_get_query(uri) ||
      g_uri_get_fragment(uri))
    return FALSE;
  for (const char *p = url; *p; p++)
    if (!g_ascii_isgraph(*p))
      return FALSE;
  return g_str_equal(g_uri_get_scheme(uri), "http") || g_str_equal(g_uri_get_scheme(uri), "https");
}

static const struct {
  const char *word;
  KtCloudAuth auth;
} auth_words[] = {
    {"password", KT_CLOUD_PASSWORD},
    {"v3password", KT_CLOUD_PASSWORD},
    {"token", KT_CLOUD_TOKEN},
    {"v3token", KT_CLOUD_TOKEN},
    {"v3applicationcredential", KT_CLOUD_CREDENTIAL},
    {"none", KT_CLOUD_NO_AUTH},
    {"noauth", KT_CLOUD_NO_AUTH},
    {"admin_token", KT_CLOUD_NO_AUTH},
    {"token_endpoint", KT_CLOUD_NO_AUTH},
};

static gboolean wrong(GError **error, const KtCloudConfig *c, KtErrorCode code, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
static gboolean wrong(GError **error, const KtCloudConfig *c, KtErrorCode code, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *what = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error(error, KT_ERROR, code, "cloud '%s' of %s: %s", c->name, c->source, what);
  return FALSE;
}

static gboolean choose_auth(KtCloudConfig *c, GError **error)
{
  for (guint i = 0; c->auth_type && i < G_N_ELEMENTS(auth_words); i++)
    if (g_str_equal(c->auth_type, auth_words[i].word)) {
      c->auth = auth_words[i].auth;
      /* "password" is also what clients assume: a token given with it is meant */
      if (c->auth == KT_CLOUD_PASSWORD && !c->password && c->token)
        c->auth = KT_CLOUD_TOKEN;
      return TRUE;
    }
  if (c->auth_type)
    return wrong(error, c, KT_ERROR_UNSUPPORTED,
                 "auth_type '%.40s' is none of password, token, v3applicationcredential, none, admin_token",
                 c->auth_type);
  c->auth = c->token && !c->password                 ? KT_CLOUD_TOKEN
            : c->credential_id || c->credential_name ? KT_CLOUD_CREDENTIAL
                                                     : KT_CLOUD_PASSWORD;
  return TRUE;
}

static gboolean lacks(const KtCloudConfig *c, const char *what, GError **error)
{
  return wrong(error, c, KT_ERROR_FORMAT, "%s is not given", what);
}

static gboolean check_auth(const KtCloudConfig *c, GError **error)
{
  gboolean user = c->username || c->user_id;
  switch (c->auth) {
  case KT_CLOUD_NO_AUTH:
    return c->endpoint || c->compute_endpoint || lacks(c, "endpoint (or compute_endpoint_override)", error);
  case KT_CLOUD_TOKEN:
    return c->token || lacks(c, "token", error);
  case KT_CLOUD_CREDENTIAL:
    if (!c->credential_id && !(c->credential_name && user))
      return lacks(c, "application_credential_id (or its name and the user's)", error);
    return c->credential_secret || lacks(c, "application_credential_secret", error);
  default:
    if (!user)
      return lacks(c, "username", error);
    return c->password || lacks(c, "password", error);
  }
}

/* What goes into a header or an address. */
static gboolean check_texts(const KtCloudConfig *c, GError **error)
{
  const struct {
    const char *name, *url;
  } urls[] = {{"auth_url", c->auth_url},
              {"endpoint", c->endpoint},
              {"compute_endpoint_override", c->compute_endpoint},
              {"image_endpoint_override", c->image_endpoint},
              {"placement_endpoint_override", c->placement_endpoint}};
  for (guint i = 0; i < G_N_ELEMENTS(urls); i++)
    if (urls[i].url && !kt_cloud_is_url(urls[i].url))
      return wrong(error, c, KT_ERROR_FORMAT, "%s is no http:// or https:// address", urls[i].name);
  for (const char *p = c->token; p && *p; p++)
    if (!g_ascii_isgraph(*p))
      return wrong(error, c, KT_ERROR_FORMAT, "token has a character that no token has");
  if (!g_str_equal(c->interface, "public") && !g_str_equal(c->interface, "internal") &&
      !g_str_equal(c->interface, "admin"))
    return wrong(error, c, KT_ERROR_FORMAT, "interface '%.40s' is none of public, internal, admin", c->interface);
  return TRUE;
}

/* As YAML and OpenStack's clients spell it. */
static gboolean is_word(GHashTable *settings, const char *key, const char *const *words)
{
  const char *value = g_hash_table_lookup(settings, key);
  g_autofree char *lower = value ? g_ascii_strdown(value, -1) : NULL;
  return lower && g_strv_contains(words, lower);
}

static gboolean is_insecure(GHashTable *settings)
{
  static const char *const yes[] = {"true", "yes", "on", "1", NULL}, *const no[] = {"false", "no", "off", "0", NULL};
  return is_word(settings, "insecure", yes) || is_word(settings, "verify", no);
}

static void expand_home(char **path)
{
  const char *home = g_getenv("HOME");
  if (*path && g_str_has_prefix(*path, "~/") && home) {
    char *expanded = g_build_filename(home, *path + 2, NULL);
    g_free(*path);
    *path = expanded;
  }
}

/* "publicURL" is "public", as older clients wrote it. A domain that is given alone is both the user's and the
 * project's. */
static void complete(KtCloudConfig *c)
{
  if (!c->interface)
    c->interface = g_strdup("public");
  if (g_str_has_suffix(c->interface, "URL"))
    c->interface[strlen(c->interface) - 3] = '\0';
  expand_home(&c->ca_file);
  expand_home(&c->cert_file);
  expand_home(&c->key_file);
  if (!c->project_name && !c->project_id)
    return;
  if (!c->user_domain_id && !c->user_domain_name) {
    c->user_domain_id = g_strdup(c->domain_id);
    c->user_domain_name = g_strdup(c->domain_name);
  }
  if (!c->project_domain_id && !c->project_domain_name) {
    c->project_domain_id = g_strdup(c->domain_id);
    c->project_domain_name = g_strdup(c->domain_name);
  }
  g_clear_pointer(&c->domain_id, g_free);
  g_clear_pointer(&c->domain_name, g_free);
}

static void set(char **slot, const char *value)
{
  if (!value)
    return;
  wipe(*slot);
  *slot = g_strdup(value);
}

KtCloudConfig *kt_settings_finish(GHashTable *settings, const char *name, const char *source, const KtCloudWish *wish,
                                  GError **error)
{
  g_autoptr(KtCloudConfig) c = g_new0(KtCloudConfig, 1);
  c->name = g_strdup(name);
  c->source = g_strdup(source);
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
    set(field_of(c, i), g_hash_table_lookup(settings, fields[i].key));
  c->insecure = wish->insecure || is_insecure(settings);
  set(&c->region, wish->region);
  set(&c->ca_file, wish->ca_file);
  complete(c);
  if (!choose_auth(c, error) || !check_auth(c, error) || !check_texts(c, error))
    return NULL;
  if (!c->auth_url && c->auth != KT_CLOUD_NO_AUTH) {
    lacks(c, "auth_url", error);
    return NULL;
  }
  return g_steal_pointer(&c);
}

void kt_cloud_config_free(KtCloudConfig *config)
{
  if (!config)
    return;
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
    wipe(*field_of(config, i));
  g_free(config->name);
  g_free(config->source);
  g_free(config);
}
