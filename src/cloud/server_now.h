/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One server as Nova has it at this moment, and what became of what it was asked. Inside of the room only.
 *
 * Source: Nova's API reference (servers, servers-actions, os-instance-actions) and guide (handling down cells). */
#pragma once
#include "cloud/inventory.h"
#include "cloud/pages.h"

#if HAVE_JSON

typedef struct {
  KtCloud *cloud; /* it holds the server */
  const KtCloudServer *server;
  char *fault; /* why its status is ERROR; NULL */
} KtServerNow;

void kt_server_now_free(KtServerNow *now);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtServerNow, kt_server_now_free)

/* {"server": {...}}. NULL with KT_ERROR_FORMAT. */
KtServerNow *kt_server_now_read(const char *name, const char *text, gsize length, GError **error);
/* NULL with KT_ERROR_NOT_FOUND: it was deleted; _ACCESS: that, or this sign-in may not see it; _SYSTEM: Nova does not
 * answer, or does not know (the database of the server's cell is away). */
KtServerNow *kt_server_now_get(KtCloudSession *session, const char *id, GError **error);

/* "plain32", or "plain32 (VERIFY_RESIZE)" (apply/step.h); NULL: Nova does not show its flavor. Caller frees. */
char *kt_server_now_flavor(const KtServerNow *now);

/* How many cells Nova gave it (0: no NUMA); unknown from before 2.78, or where it may not be asked. */
KtInt kt_server_cells(KtCloudSession *session, const char *id);
KtInt kt_server_cells_read(const char *text, gsize length);

/* A refused resize leaves no trace in the server: its action alone has it. */
typedef struct {
  gboolean failed;
  char *why; /* of the event that failed; NULL: not told */
} KtServerAction;
void kt_server_action_clear(KtServerAction *action);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KtServerAction, kt_server_action_clear)

/* {"instanceAction": {...}} */
gboolean kt_server_action_read(const char *text, gsize length, KtServerAction *action);
/* FALSE: it cannot be told (yet). `request`: x-openstack-request-id of what was asked. */
gboolean kt_server_action_get(KtCloudSession *session, const char *id, const char *request, KtServerAction *action);

/* Was this asked of the server at `since` or later? FALSE: it was not, or cannot be told. By Nova's clock and ours: a
 * cloud whose clock is wrong tells nothing or too much of the last minutes. */
gboolean kt_server_acted_since(KtCloudSession *session, const char *id, const char *action, GDateTime *since);
/* {"instanceActions": [...]} */
gboolean kt_server_actions_read(const char *text, gsize length, const char *action, GDateTime *since);

#endif
