/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/signin.h"

#include <string.h>

#include "base/json.h"

/* {"id": ...} or {"name": ...}; neither: the domain that every Keystone has. */
static void put_domain(KtJson *json, const char *id, const char *name)
{
  kt_json_open_object(json, "domain");
  if (id || !name)
    kt_json_string(json, "id", id ? id : "default");
  else
    kt_json_string(json, "name", name);
  kt_json_close_object(json);
}

static void put_named(KtJson *json, const char *key, const char *id, const char *name, const char *domain_id,
                      const char *domain_name)
{
  kt_json_open_object(json, key);
  if (id) {
    kt_json_string(json, "id", id);
  } else {
    kt_json_string(json, "name", name);
    put_domain(json, domain_id, domain_name);
  }
}

static void put_identity(KtJson *json, const KtCloudConfig *c)
{
  static const char *const methods[] = {[KT_CLOUD_PASSWORD] = "password",
                                        [KT_CLOUD_CREDENTIAL] = "application_credential",
                                        [KT_CLOUD_TOKEN] = "token",
                                        [KT_CLOUD_NO_AUTH] = "none"};
  kt_json_open_object(json, "identity");
  kt_json_open_array(json, "methods");
  kt_json_string(json, NULL, methods[c->auth]);
  kt_json_close_array(json);
  kt_json_open_object(json, methods[c->auth]);
  if (c->auth == KT_CLOUD_TOKEN) {
    kt_json_string(json, "id", c->token);
  } else if (c->auth == KT_CLOUD_PASSWORD) {
    put_named(json, "user", c->user_id, c->username, c->user_domain_id, c->user_domain_name);
    kt_json_string(json, "password", c->password);
    kt_json_close_object(json);
  } else {
    kt_json_string(json, c->credential_id ? "id" : "name", c->credential_id ? c->credential_id : c->credential_name);
    kt_json_string(json, "secret", c->credential_secret);
    if (!c->credential_id) {
      put_named(json, "user", c->user_id, c->username, c->user_domain_id, c->user_domain_name);
      kt_json_close_object(json);
    }
  }
  kt_json_close_object(json);
  kt_json_close_object(json);
}

/* An application credential has its project in it. */
static void put_scope(KtJson *json, const KtCloudConfig *c)
{
  if (c->auth == KT_CLOUD_CREDENTIAL)
    return;
  if (c->project_id || c->project_name) {
    kt_json_open_object(json, "scope");
    put_named(json, "project", c->project_id, c->project_name, c->project_domain_id, c->project_domain_name);
    kt_json_close_object(json);
    kt_json_close_object(json);
  } else if (c->domain_id || c->domain_name) {
    kt_json_open_object(json, "scope");
    put_domain(json, c->domain_id, c->domain_name);
    kt_json_close_object(json);
  } else if (c->system_scope) {
    kt_json_open_object(json, "scope");
    kt_json_open_object(json, "system");
    kt_json_bool(json, "all", TRUE);
    kt_json_close_object(json);
    kt_json_close_object(json);
  }
}

char *kt_signin_body(const KtCloudConfig *config)
{
  g_autoptr(KtJson) json = kt_json_new_line();
  kt_json_open_object(json, NULL);
  kt_json_open_object(json, "auth");
  put_identity(json, config);
  put_scope(json, config);
  kt_json_close_object(json);
  kt_json_close_object(json);
  return kt_json_finish(json);
}

char *kt_signin_url(const KtCloudConfig *config)
{
  g_autofree char *base = g_strdup(config->auth_url);
  for (gsize n = strlen(base); n && base[n - 1] == '/'; n--)
    base[n - 1] = '\0';
  if (g_str_has_suffix(base, "/v2.0") || g_str_has_suffix(base, "/v3"))
    *strrchr(base, '/') = '\0';
  return g_strconcat(base, "/v3/auth/tokens", NULL);
}
