/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP as a careful client speaks it: certificates are verified, answers and waits are
 * bounded, nothing is sent to another origin than the one that was asked for (a redirect
 * within it is followed), and what fails is one line. */
#pragma once
#include <gio/gio.h>

typedef struct {
  const char *ca_file, *cert_file, *key_file; /* NULL: the system's, none */
  gboolean insecure;                          /* do not verify certificates */
  double timeout_s;                           /* of one request; 0: KT_HTTP_TIMEOUT_S */
  double wait_most_s;                         /* all waits of one request together; 0: KT_HTTP_WAIT_S */
  gsize answer_most;                          /* bytes; 0: KT_HTTP_ANSWER_MOST */
} KtHttpOptions;

#define KT_HTTP_TIMEOUT_S 120
#define KT_HTTP_WAIT_S 60
#define KT_HTTP_ANSWER_MOST (32u << 20)
#define KT_HTTP_TRIES 4

typedef struct KtHttp KtHttp;

/* KT_ERROR_UNSUPPORTED in a build without libcurl. `options` (may be NULL) is copied. */
KtHttp *kt_http_new(const KtHttpOptions *options, GError **error);
void kt_http_free(KtHttp *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtHttp, kt_http_free)

/* A text that no message may show, whatever a service writes into its answers. */
void kt_http_hide(KtHttp *http, const char *secret);

/* Takes `text` (may be NULL); gives it or, where such a text is in it, words that say so. Caller frees. */
char *kt_http_clean(const KtHttp *http, char *text);

typedef struct {
  const char *method;       /* "GET", "POST", ... */
  const char *url;          /* http:// or https:// */
  const char *token;        /* X-Auth-Token; NULL */
  const char *microversion; /* "compute 2.90": OpenStack-API-Version; NULL */
  const char *body;         /* JSON; NULL: none */
  gboolean repeatable;      /* doing it twice is as doing it once: it may be sent again after a connection that broke */
  GCancellable *stop;       /* once it is cancelled, or `until` is over, nothing is sent again, no wait goes on, and the
                               answer to a repeatable one is waited for 2 s at most; NULL */
  gint64 until;             /* g_get_monotonic_time(); 0: for ever */
} KtHttpRequest;

typedef struct {
  guint status;
  GString *body;
  char *subject_token; /* X-Subject-Token; NULL */
  char *request_id;    /* x-openstack-request-id; NULL */
  char *location;      /* where else it is; NULL */
  gboolean json;       /* by its Content-Type */
} KtHttpAnswer;
void kt_http_answer_free(KtHttpAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtHttpAnswer, kt_http_answer_free)

/* An answer of any status. Waits and asks again where the service says so (429; 503 if repeatable) and, if
 * repeatable, where the connection broke. NULL without an answer: KT_ERROR_SYSTEM (it does not answer, broke off, its
 * certificate is wrong), KT_ERROR_LIMIT (too large), KT_ERROR_ACCESS (it leads to another origin). */
KtHttpAnswer *kt_http_send(KtHttp *http, const KtHttpRequest *request, GError **error);

/* Sets *error for an answer that is none of 2xx: "GET URL: 403: why", the service's words made one short line.
 * 401 and 403 are KT_ERROR_ACCESS, 404 KT_ERROR_NOT_FOUND, 400 KT_ERROR_FORMAT, others KT_ERROR_SYSTEM. */
void kt_http_set_error(const KtHttp *http, const KtHttpRequest *request, const KtHttpAnswer *answer, GError **error);

/* "GET http://host/path", without what stands behind '?'. Caller frees. */
char *kt_http_name(const KtHttpRequest *request);

/* Same scheme, host and port? */
gboolean kt_http_same_origin(const char *a, const char *b);
