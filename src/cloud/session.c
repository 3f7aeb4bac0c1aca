/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/session.h"

#include <string.h>

#include "base/error.h"
#include "cloud/signin.h"

struct KtCloudSession {
  const KtCloudConfig *config;
  KtHttp *http;
  char *token;
  char *endpoints[KT_SERVICES];
  char *project;
  char **roles;
  guint oldest, newest;
  GCancellable *stop; /* not owned */
  gint64 until;
};

static void wipe(char *text)
{
  if (text)
    explicit_bzero(text, strlen(text));
  g_free(text);
}

void kt_cloud_session_free(KtCloudSession *s)
{
  if (!s)
    return;
  wipe(s->token);
  kt_http_free(s->http);
  for (guint i = 0; i < KT_SERVICES; i++)
    g_free(s->endpoints[i]);
  g_free(s->project);
  g_strfreev(s->roles);
  g_free(s);
}

/* ---- the token ---- */

static gboolean is_token(const char *text)
{
  gsize n = text ? strlen(text) : 0;
  for (gsize i = 0; i < n; i++)
    if (!g_ascii_isgraph(text[i]))
      return FALSE;
  return n > 0;
}

static gboolean take_answer(KtCloudSession *s, const char *name, KtHttpAnswer *answer, GError **error)
{
  if (!is_token(answer->subject_token)) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: no token is in the answer: is this Keystone's address?", name);
    return FALSE;
  }
  g_autoptr(KtCatalog) catalog = kt_catalog_read(name, answer->body->str, answer->body->len, s->config, error);
  if (!catalog)
    return FALSE;
  wipe(s->token);
  s->token = g_steal_pointer(&answer->subject_token);
  kt_http_hide(s->http, s->token);
  for (guint i = 0; i < KT_SERVICES; i++) {
    g_free(s->endpoints[i]);
    s->endpoints[i] = g_steal_pointer(&catalog->endpoints[i]);
  }
  g_free(s->project);
  s->project = g_steal_pointer(&catalog->project);
  g_strfreev(s->roles);
  s->roles = g_steal_pointer(&catalog->roles);
  return TRUE;
}

static gboolean sign_in(KtCloudSession *s, GError **error)
{
  const KtCloudConfig *c = s->config;
  if (c->auth == KT_CLOUD_NO_AUTH) {
    g_free(s->token);
    s->token = c->token                      ? g_strdup(c->token)
               : c->user_id && c->project_id ? g_strdup_printf("%s:%s", c->user_id, c->project_id)
                                             : NULL;
    return TRUE;
  }
  g_autofree char *url = kt_signin_url(c);
  char *body = kt_signin_body(c);
  const KtHttpRequest request = {.method = "POST", .url = url, .body = body, .repeatable = TRUE};
  g_autofree char *name = kt_http_name(&request);
  g_autoptr(KtHttpAnswer) answer = kt_http_send(s->http, &request, error);
  gboolean good = FALSE;
  if (answer && answer->status / 100 != 2)
    kt_http_set_error(s->http, &request, answer, error);
  else if (answer)
    good = take_answer(s, name, answer, error);
  wipe(body);
  return good;
}

/* ---- addresses ---- */

/* Up to the segment of its version, which is added where it is missing: ".../v2.1/PROJECT" is ".../v2.1". */
static char *with_version(const char *url, const char *version, const char *older)
{
  g_auto(GStrv) parts = g_strsplit(url, "/", -1);
  guint count = g_strv_length(parts);
  for (guint i = 3; i < count; i++) /* behind "http:", "" and the host */
    if (g_str_equal(parts[i], version) || (older && g_str_equal(parts[i], older))) {
      g_free(parts[i]);
      parts[i] = g_strdup(version);
      for (guint k = i + 1; k < count; k++)
        g_clear_pointer(&parts[k], g_free);
      return g_strjoinv("/", parts);
    }
  gsize n = strlen(url);
  while (n && url[n - 1] == '/')
    n--;
  return g_strdup_printf("%.*s/%s", (int)n, url, version);
}

static void find_addresses(KtCloudSession *s)
{
  const KtCloudConfig *c = s->config;
  const char *own[KT_SERVICES] = {[KT_SERVICE_COMPUTE] = c->compute_endpoint,
                                  [KT_SERVICE_IMAGE] = c->image_endpoint,
                                  [KT_SERVICE_PLACEMENT] = c->placement_endpoint};
  static const char *const versions[KT_SERVICES][2] = {
      [KT_SERVICE_COMPUTE] = {"v2.1", "v2"}, [KT_SERVICE_IMAGE] = {"v2", NULL}, [KT_SERVICE_PLACEMENT] = {NULL, NULL}};
  for (guint i = 0; i < KT_SERVICES; i++) {
    /* one endpoint for all can only be Nova's: no service stands in for another here */
    const char *given = own[i] ? own[i] : i == KT_SERVICE_COMPUTE ? c->endpoint : NULL;
    g_autofree char *url = g_steal_pointer(&s->endpoints[i]);
    const char *use = given && (own[i] || c->auth == KT_CLOUD_NO_AUTH) ? given : url;
    if (!use)
      continue;
    s->endpoints[i] = versions[i][0] ? with_version(use, versions[i][0], versions[i][1]) : g_strdup(use);
    for (gsize n = strlen(s->endpoints[i]); n && s->endpoints[i][n - 1] == '/'; n--)
      s->endpoints[i][n - 1] = '\0';
  }
}

static gboolean ask_versions(KtCloudSession *s, GError **error)
{
  const KtCloudCall call = {.service = KT_SERVICE_COMPUTE, .method = "GET", .path = "/"};
  g_autoptr(KtHttpAnswer) answer = kt_cloud_session_send(s, &call, error);
  if (!answer)
    return FALSE;
  if (answer->status / 100 != 2) {
    kt_cloud_session_set_error(s, &call, answer, error);
    return FALSE;
  }
  g_autofree char *name = g_strdup_printf("GET %s/", s->endpoints[KT_SERVICE_COMPUTE]);
  return kt_compute_versions_read(name, answer->body->str, answer->body->len, &s->oldest, &s->newest, error);
}

KtCloudSession *kt_cloud_session_new(const KtCloudConfig *config, const KtHttpOptions *options, GError **error)
{
  g_autoptr(KtCloudSession) s = g_new0(KtCloudSession, 1);
  KtHttpOptions own = options ? *options : (KtHttpOptions){0};
  own.ca_file = config->ca_file;
  own.cert_file = config->cert_file;
  own.key_file = config->key_file;
  own.insecure = config->insecure;
  s->config = config;
  s->http = kt_http_new(&own, error);
  if (!s->http)
    return NULL;
  kt_http_hide(s->http, config->password);
  kt_http_hide(s->http, config->token);
  kt_http_hide(s->http, config->credential_secret);
  if (!sign_in(s, error))
    return NULL;
  find_addresses(s);
  if (!s->endpoints[KT_SERVICE_COMPUTE]) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND,
                "cloud '%s' of %s: the catalogue has no compute service for interface %s%s%s%s", config->name,
                config->source, config->interface, config->region ? " of region '" : "",
                config->region ? config->region : "",
                config->region                               ? "'"
                : config->project_id || config->project_name ? ""
                                                             : "; without a project there may be no catalogue");
    return NULL;
  }
  return ask_versions(s, error) ? g_steal_pointer(&s) : NULL;
}

/* ---- what it knows ---- */

const char *kt_cloud_session_endpoint(const KtCloudSession *s, KtService service)
{
  return s->endpoints[service];
}

const char *kt_cloud_session_project(const KtCloudSession *s)
{
  return s->project;
}

gboolean kt_cloud_session_is_admin(const KtCloudSession *s)
{
  return s->config->auth == KT_CLOUD_NO_AUTH || (s->roles && g_strv_contains((const char *const *)s->roles, "admin"));
}

guint kt_cloud_session_oldest(const KtCloudSession *s)
{
  return s->oldest;
}

guint kt_cloud_session_newest(const KtCloudSession *s)
{
  return s->newest;
}

guint kt_cloud_session_version(const KtCloudSession *s, guint most)
{
  return MIN(most, s->newest);
}

/* ---- calls ---- */

static KtHttpRequest request_of(const KtCloudSession *s, const KtCloudCall *call, const char *url, const char *version)
{
  return (KtHttpRequest){.method = call->method,
                         .url = url,
                         .token = s->token,
                         .microversion = call->version ? version : NULL,
                         .body = call->body,
                         .stop = s->stop,
                         .until = s->until,
                         .repeatable = g_str_equal(call->method, "GET")};
}

void kt_cloud_session_set_stop(KtCloudSession *s, GCancellable *stop, gint64 until)
{
  s->stop = stop;
  s->until = until;
}

KtHttpAnswer *kt_cloud_session_send(KtCloudSession *s, const KtCloudCall *call, GError **error)
{
  g_autofree char *version = g_strdup_printf("compute 2.%u", call->version);
  for (guint tried = 0;; tried++) {
    if (!s->endpoints[call->service]) {
      g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "the cloud's catalogue does not have that service");
      return NULL;
    }
    g_autofree char *url = g_strconcat(s->endpoints[call->service], call->path, NULL);
    const KtHttpRequest request = request_of(s, call, url, version);
    g_autoptr(KtHttpAnswer) answer = kt_http_send(s->http, &request, error);
    if (!answer || answer->status != 401)
      return g_steal_pointer(&answer);
    if (tried || s->config->auth == KT_CLOUD_NO_AUTH) {
      kt_http_set_error(s->http, &request, answer, error);
      return NULL;
    }
    if (!sign_in(s, error)) /* the token has expired */
      return NULL;
    find_addresses(s);
  }
}

void kt_cloud_session_set_error(const KtCloudSession *s, const KtCloudCall *call, const KtHttpAnswer *answer,
                                GError **error)
{
  g_autofree char *url = g_strconcat(s->endpoints[call->service], call->path, NULL);
  const KtHttpRequest request = request_of(s, call, url, NULL);
  kt_http_set_error(s->http, &request, answer, error);
}

char *kt_cloud_session_clean(const KtCloudSession *s, char *text)
{
  return kt_http_clean(s->http, text);
}
