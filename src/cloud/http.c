/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/http.h"

#include <string.h>

#include "base/error.h"
#include "cloud/http_words.h"
#include "config.h"

void kt_http_answer_free(KtHttpAnswer *answer)
{
  if (!answer)
    return;
  g_string_free(answer->body, TRUE);
  if (answer->subject_token)
    explicit_bzero(answer->subject_token, strlen(answer->subject_token));
  g_free(answer->subject_token);
  g_free(answer->request_id);
  g_free(answer->location);
  g_free(answer);
}

#if HAVE_CURL
#include <curl/curl.h>

enum { HEADER_MAX = 16384, REDIRECTS_MAX = 3 };

#define LINGER_S 2 /* what is nearly there is taken although somebody wants an end */

struct KtHttp {
  CURL *curl;
  KtHttpOptions options;
  char *ca_file, *cert_file, *key_file;
  GPtrArray *secrets; /* char* */
};

static void wipe(gpointer text)
{
  explicit_bzero(text, strlen(text));
  g_free(text);
}

KtHttp *kt_http_new(const KtHttpOptions *options, GError **error)
{
  static gsize ready = 0;
  if (g_once_init_enter(&ready)) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    g_once_init_leave(&ready, 1);
  }
  g_autoptr(KtHttp) http = g_new0(KtHttp, 1);
  http->options = options ? *options : (KtHttpOptions){0};
  http->ca_file = g_strdup(http->options.ca_file);
  http->cert_file = g_strdup(http->options.cert_file);
  http->key_file = g_strdup(http->options.key_file);
  http->options.timeout_s = http->options.timeout_s > 0 ? http->options.timeout_s : KT_HTTP_TIMEOUT_S;
  http->options.wait_most_s = http->options.wait_most_s > 0 ? http->options.wait_most_s : KT_HTTP_WAIT_S;
  http->options.answer_most = http->options.answer_most ? http->options.answer_most : KT_HTTP_ANSWER_MOST;
  http->secrets = g_ptr_array_new_with_free_func(wipe);
  http->curl = curl_easy_init();
  if (http->curl)
    return g_steal_pointer(&http);
  g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "libcurl cannot be started");
  return NULL;
}

void kt_http_free(KtHttp *http)
{
  if (!http)
    return;
  if (http->curl)
    curl_easy_cleanup(http->curl);
  g_ptr_array_unref(http->secrets);
  g_free(http->ca_file);
  g_free(http->cert_file);
  g_free(http->key_file);
  g_free(http);
}

void kt_http_hide(KtHttp *http, const char *secret)
{
  if (secret && *secret)
    g_ptr_array_add(http->secrets, g_strdup(secret));
}

char *kt_http_clean(const KtHttp *http, char *text)
{
  return kt_http_without(http->secrets, text, text);
}

void kt_http_set_error(const KtHttp *http, const KtHttpRequest *request, const KtHttpAnswer *answer, GError **error)
{
  kt_http_say(http->secrets, request, answer, error);
}

/* ---- one request ---- */

typedef struct {
  KtHttpAnswer *answer;
  gsize most;
  gboolean too_large;
  const KtHttpRequest *request;
  gint64 began;
} Receiving;

static size_t take_body(char *bytes, size_t size, size_t n, void *data)
{
  Receiving *r = data;
  r->too_large |= n > r->most - r->answer->body->len;
  if (r->too_large)
    return 0;
  g_string_append_len(r->answer->body, bytes, (gssize)n);
  return n;
}

static void take_value(char **slot, const char *line, gsize length, const char *name)
{
  gsize n = strlen(name);
  if (length <= n || length > HEADER_MAX || g_ascii_strncasecmp(line, name, n) != 0)
    return;
  char *value = g_strstrip(g_strndup(line + n, length - n));
  for (const char *p = value; *p; p++)
    if (!g_ascii_isprint(*p)) {
      g_free(value);
      return;
    }
  g_free(*slot);
  *slot = value;
}

static size_t take_header(char *line, size_t size, size_t n, void *data)
{
  KtHttpAnswer *answer = ((Receiving *)data)->answer;
  g_autofree char *type = NULL;
  take_value(&answer->subject_token, line, n, "x-subject-token:");
  take_value(&answer->request_id, line, n, "x-openstack-request-id:");
  take_value(&answer->location, line, n, "location:");
  take_value(&type, line, n, "content-type:");
  if (type)
    answer->json = g_ascii_strncasecmp(type, "application/json", strlen("application/json")) == 0;
  return n;
}

/* Somebody wants an end, or the time is over. */
static gboolean is_over(const KtHttpRequest *request)
{
  return g_cancellable_is_cancelled(request->stop) || (request->until && g_get_monotonic_time() >= request->until);
}

/* Asked about once a second, and with each piece. 1: no more of it. */
static int is_to_end(void *data, curl_off_t all, curl_off_t got, curl_off_t all_sent, curl_off_t sent)
{
  const Receiving *r = data;
  return r->request->repeatable && is_over(r->request) && g_get_monotonic_time() - r->began > LINGER_S * G_USEC_PER_SEC;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
  if (!value)
    return list;
  char *line = g_strdup_printf("%s: %s", name, value);
  list = curl_slist_append(list, line);
  wipe(line);
  return list;
}

static struct curl_slist *headers_of(const KtHttpRequest *request)
{
  struct curl_slist *list = add_header(NULL, "Accept", "application/json");
  list = add_header(list, "Content-Type", request->body ? "application/json" : NULL);
  list = add_header(list, "Expect", request->body ? "" : NULL);
  list = add_header(list, "OpenStack-API-Version", request->microversion);
  return add_header(list, "X-Auth-Token", request->token);
}

static void set_up(KtHttp *http, const KtHttpRequest *request, const char *url, struct curl_slist *headers,
                   Receiving *receiving)
{
  CURL *curl = http->curl;
  gboolean verify = !http->options.insecure;
  curl_easy_reset(curl); /* connections stay open */
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "kvmtune/" KT_VERSION);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  if (http->ca_file) /* NULL would mean no authorities at all */
    curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca_file);
  curl_easy_setopt(curl, CURLOPT_SSLCERT, http->cert_file);
  curl_easy_setopt(curl, CURLOPT_SSLKEY, http->key_file);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(MIN(http->options.timeout_s, 15) * 1000));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(http->options.timeout_s * 1000));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, receiving);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, receiving);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_to_end);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, receiving);
  if (request->body) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->body));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
  }
}

/* Its body may have been sent in vain: the service has not seen it, or has not answered. */
static gboolean is_broken(CURLcode code)
{
  return code == CURLE_COULDNT_CONNECT || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
         code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

static void set_failed(const KtHttpRequest *request, const Receiving *r, CURLcode code, const KtHttp *http,
                       GError **error)
{
  g_autofree char *name = kt_http_name(request);
  if (r->too_large)
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "%s: the answer is larger than %u MiB", name, (guint)(r->most >> 20));
  else if (code == CURLE_OPERATION_TIMEDOUT)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s: no answer within %.3g s", name, http->options.timeout_s);
  else if (code == CURLE_PEER_FAILED_VERIFICATION)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM,
                "%s: its certificate cannot be verified; name the authority's file (cacert, --os-cacert)", name);
  else if (code == CURLE_ABORTED_BY_CALLBACK)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s: stopped before the answer was there", name);
  else if (code == CURLE_PARTIAL_FILE)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s: the answer was cut off", name);
  else if (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s: the connection was cut", name);
  else
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s: %s", name, curl_easy_strerror(code));
}

/* NULL and *code on failure. */
static KtHttpAnswer *try_once(KtHttp *http, const KtHttpRequest *request, const char *url, CURLcode *code,
                              GError **error)
{
  g_autoptr(KtHttpAnswer) answer = g_new0(KtHttpAnswer, 1);
  answer->body = g_string_new(NULL);
  Receiving receiving = {
      .answer = answer, .most = http->options.answer_most, .request = request, .began = g_get_monotonic_time()};
  struct curl_slist *headers = headers_of(request);
  set_up(http, request, url, headers, &receiving);
  *code = curl_easy_perform(http->curl);
  for (struct curl_slist *item = headers; item; item = item->next)
    explicit_bzero(item->data, strlen(item->data));
  curl_slist_free_all(headers);
  if (*code != CURLE_OK) {
    set_failed(request, &receiving, *code, http, error);
    return NULL;
  }
  long status = 0;
  curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
  answer->status = (guint)CLAMP(status, 0, 999);
  return g_steal_pointer(&answer);
}

/* ---- redirects within the origin ---- */

static KtHttpAnswer *follow(KtHttp *http, const KtHttpRequest *request, CURLcode *code, GError **error)
{
  g_autofree char *url = g_strdup(request->url);
  g_autofree char *name = kt_http_name(request);
  for (guint n = 0; n <= REDIRECTS_MAX; n++) {
    g_autoptr(KtHttpAnswer) answer = try_once(http, request, url, code, error);
    if (!answer || answer->status < 301 || answer->status > 308 || answer->status == 304 || !answer->location)
      return g_steal_pointer(&answer);
    char *next = g_uri_resolve_relative(url, answer->location, G_URI_FLAGS_ENCODED, NULL);
    if (!next || !kt_http_same_origin(url, next)) {
      g_free(next);
      g_set_error(error, KT_ERROR, KT_ERROR_ACCESS,
                  "%s: it leads to another origin, which is not followed: the address in use may be wrong", name);
      return NULL;
    }
    g_free(url);
    url = next;
  }
  g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s: it leads in a circle", name);
  return NULL;
}

/* ---- again ---- */

/* Seconds to wait before it is sent again; < 0: it is not. */
static double wait_of(KtHttp *http, const KtHttpRequest *request, const KtHttpAnswer *answer, CURLcode code,
                      guint tried)
{
  curl_off_t said = 0;
  double own = 0.25 * (1 << tried);
  if (!answer)
    return request->repeatable && is_broken(code) ? own : -1;
  if (answer->status != 429 && !(answer->status == 503 && request->repeatable))
    return -1;
  curl_easy_getinfo(http->curl, CURLINFO_RETRY_AFTER, &said);
  return said > 0 ? (double)said : own;
}

/* FALSE: it is over before. */
static gboolean pause_for(double seconds, const KtHttpRequest *request)
{
  for (gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);;) {
    gint64 left = end - g_get_monotonic_time();
    if (left <= 0 || is_over(request))
      return left <= 0;
    g_usleep((gulong)MIN(left, G_USEC_PER_SEC / 10));
  }
}

KtHttpAnswer *kt_http_send(KtHttp *http, const KtHttpRequest *request, GError **error)
{
  double waited = 0;
  for (guint tried = 0;; tried++) {
    CURLcode code = CURLE_OK;
    g_autoptr(GError) failed = NULL;
    g_autoptr(KtHttpAnswer) answer = follow(http, request, &code, &failed);
    double wait = wait_of(http, request, answer, code, tried);
    if (wait < 0 || tried + 1 == KT_HTTP_TRIES || waited + wait > http->options.wait_most_s ||
        !pause_for(wait, request)) {
      if (!answer)
        g_propagate_error(error, g_steal_pointer(&failed));
      return g_steal_pointer(&answer);
    }
    waited += wait;
  }
}

#else

KtHttp *kt_http_new(const KtHttpOptions *options, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this kvmtune was built without libcurl");
  return NULL;
}

void kt_http_free(KtHttp *http)
{
}

void kt_http_hide(KtHttp *http, const char *secret)
{
}

char *kt_http_clean(const KtHttp *http, char *text)
{
  return text;
}

void kt_http_set_error(const KtHttp *http, const KtHttpRequest *request, const KtHttpAnswer *answer, GError **error)
{
  kt_http_say(NULL, request, answer, error);
}

KtHttpAnswer *kt_http_send(KtHttp *http, const KtHttpRequest *request, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this kvmtune was built without libcurl");
  return NULL;
}

#endif
