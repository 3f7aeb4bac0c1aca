/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists that come page by page. Only with json-glib. Inside of the room only. */
#pragma once
#include "base/json_read.h"
#include "cloud/session.h"

#if HAVE_JSON

typedef struct {
  KtService service;
  const char *path;   /* "/servers/detail" */
  const char *query;  /* "all_tenants=1"; "" */
  const char *member; /* of the answer: "servers" */
  guint version;      /* microversion 2.N; 0: none */
  guint most;         /* elements; more are KT_ERROR_LIMIT */
} KtCloudList;

/* Takes each element once, by its "id", in the order of the pages. That there are more is believed of the answer, where
 * they are is not: the next page is asked for at the same address, behind the last id. *status (may be NULL): of the
 * last answer, 0 without one. FALSE with *error. */
gboolean kt_cloud_list(KtCloudSession *session, const KtCloudList *list,
                       void (*take)(JsonObject *element, gpointer data), gpointer data, guint *status, GError **error);

/* One document. The caller unrefs. *status as above. */
JsonNode *kt_cloud_get(KtCloudSession *session, KtService service, const char *path, guint version, guint *status,
                       GError **error);

/* One page of a list: its elements are given to `take`; TRUE in *more where the answer says that there are more.
 * FALSE with KT_ERROR_FORMAT: no such list in it. */
gboolean kt_cloud_page(JsonNode *page, const char *name, const char *member,
                       void (*take)(JsonObject *element, gpointer data), gpointer data, gboolean *more, GError **error);

#endif
