/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signed in: a token, the addresses of the services, and what versions of Nova's API
 * there are. A token that expires in the middle is replaced once.
 *
 * Source: Keystone's API v3 (auth/tokens); the guide on microversions of Nova's API. */
#pragma once
#include "cloud/clouds.h"
#include "cloud/http.h"

typedef enum { KT_SERVICE_COMPUTE, KT_SERVICE_IMAGE, KT_SERVICE_PLACEMENT, KT_SERVICES } KtService;

typedef struct KtCloudSession KtCloudSession;

/* Signs in and asks Nova for its versions. `config` has to outlive it; `options` may be NULL (certificates come from
 * the configuration). NULL with the errors of kt_http_send() and kt_http_set_error(), KT_ERROR_FORMAT (an answer
 * that is none), KT_ERROR_NOT_FOUND (no compute service in the catalogue), KT_ERROR_UNSUPPORTED (a build without
 * libcurl or json-glib, or a Nova older than microversions). */
KtCloudSession *kt_cloud_session_new(const KtCloudConfig *config, const KtHttpOptions *options, GError **error);
void kt_cloud_session_free(KtCloudSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtCloudSession, kt_cloud_session_free)

const char *kt_cloud_session_endpoint(const KtCloudSession *session,
                                      KtService service);            /* without '/' at its end; NULL */
const char *kt_cloud_session_project(const KtCloudSession *session); /* its id; NULL: none, or no Keystone */
/* By the roles of the token, or without Keystone: it sees the servers of all projects, and makes flavors. */
gboolean kt_cloud_session_is_admin(const KtCloudSession *session);

/* N of the microversions 2.N that Nova has. */
guint kt_cloud_session_oldest(const KtCloudSession *session);
guint kt_cloud_session_newest(const KtCloudSession *session);
/* The newest 2.N up to `most`; `most` itself if it is older than the oldest: Nova then says no. */
guint kt_cloud_session_version(const KtCloudSession *session, guint most);

typedef struct {
  KtService service;
  const char *method; /* "GET", "POST" */
  const char *path;   /* behind the endpoint, with its '/' in front and its query */
  guint version;      /* of Nova: 2.N; 0: none is said */
  const char *body;   /* JSON; NULL */
} KtCloudCall;

/* What ends the waits of all calls from here on, and when (KtHttpRequest); NULL and 0: nothing. */
void kt_cloud_session_set_stop(KtCloudSession *session, GCancellable *stop, gint64 until);

/* An answer of any status but 401. Only GET is sent again after a broken connection. */
KtHttpAnswer *kt_cloud_session_send(KtCloudSession *session, const KtCloudCall *call, GError **error);
/* Sets *error for an answer that is none of 2xx. */
void kt_cloud_session_set_error(const KtCloudSession *session, const KtCloudCall *call, const KtHttpAnswer *answer,
                                GError **error);

/* Words of a service that are to be shown: takes `text` (may be NULL), gives it or, where it holds a secret, that it is
 * not shown. Caller frees. */
char *kt_cloud_session_clean(const KtCloudSession *session, char *text);

/* What a token's answer tells; read from bytes of anybody. */
typedef struct {
  char *endpoints[KT_SERVICES]; /* NULL: not in the catalogue for this region and interface */
  char *project;                /* id; NULL */
  char **roles;                 /* names; NULL-terminated */
} KtCatalog;
KtCatalog *kt_catalog_read(const char *name, const char *text, gsize length, const KtCloudConfig *config,
                           GError **error);
void kt_catalog_free(KtCatalog *catalog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtCatalog, kt_catalog_free)

/* "2.1" to "2.93" of Nova's version document, as 1 and 93. */
gboolean kt_compute_versions_read(const char *name, const char *text, gsize length, guint *oldest, guint *newest,
                                  GError **error);
