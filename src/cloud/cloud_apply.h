/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan for a cloud carried out: flavors made, servers resized one after the other, looked
 * at, and confirmed. The engine, the journal and the rollback are those of apply/: this is an
 * actuator of its own kinds of steps. Nothing is deleted, and each thing is done by Nova's API.
 *
 * A receipt is one flavor, or one server: so that a server is taken back without the others. */
#pragma once
#include "apply/actuator.h"
#include "apply/journal.h"
#include "cloud/cloud_plan.h"

/* The sockets and cells that a guest has, as far as they are known; cells 0: no NUMA. */
typedef struct {
  KtInt sockets, cores, threads, cells;
} KtCloudGuest;

typedef struct {
  double limit_s;      /* of one resize, confirmation or revert; 0: KT_CLOUD_LIMIT_S */
  gboolean unverified; /* confirm although nothing tells what the guest has */
  /* What the guest of this UUID has, by the definition that Nova made for this flavor, looked at anew. What is not
   * told stays unknown, and `why` (caller frees) says why. NULL: nobody can look. */
  void (*look)(const char *uuid, const char *flavor, KtCloudGuest *guest, char **why, gpointer data);
  /* Measures the load of the guest of this UUID, and holds it against that of before the resize: "better", ...
   * (verify/verdict.h; "cannot tell" where it cannot be measured); a constant. NULL: nobody asks. */
  const char *(*judge)(const char *uuid, gpointer data);
  /* What the guest of this UUID itself sees, by its agent, of the one that was looked at last; waits for it to boot.
   * What it does not tell stays unknown, and `why` (caller frees) says why. NULL: nobody asks. */
  void (*inside)(const char *uuid, KtCloudGuest *guest, char **why, gpointer data);
  gpointer data; /* of all three */
} KtCloudActing;
#define KT_CLOUD_NOT_WORSE "not worse"
#define KT_CLOUD_LIMIT_S 1800

/* Takes the three. `plan` says what each flavor is: the receipt's own. NULL with KT_ERROR_UNSUPPORTED: the plan is of
 * another cloud, or a Nova that does not show servers' own flavors (older than 2.47). */
KtActuator *kt_cloud_actuator_new(KtCloudConfig *config, KtCloudSession *session, KtCloudPlan *plan,
                                  const KtCloudActing *acting, GError **error);

/* Which servers of the plan. */
typedef struct {
  const char *server; /* one, by id or name; NULL */
  gint64 wave;        /* that wave; -1: what comes next */
  KtJournal *journal; /* of earlier runs; NULL: there were none */
} KtCloudChoice;

/* Receipts (KtReceipt*, in order) of what is to be done now, each with its steps and what is there as their `before`;
 * empty: nothing is left. What is not done and why goes into `notes` (char*). Nothing is changed. FALSE, and nothing
 * may be done: KT_ERROR_NOT_FOUND (the plan has no such server or wave, it was deleted), _FORMAT (a server, its
 * flavor or status, or the new flavor is not what the plan expects), _ACCESS (only an administrator makes flavors),
 * _UNSUPPORTED (an earlier wave is not done, a server was taken back before: the words name what to run), or what a
 * service says. */
GPtrArray *kt_cloud_receipts_make(KtActuator *actuator, const KtCloudChoice *choice, GPtrArray *notes, GError **error);

/* What a receipt was to bring about, held against the cloud as it is now: the server's status, flavor, keys and shape,
 * or a flavor's sizes, keys and projects. */
typedef struct {
  char *of;              /* the server's or the flavor's name */
  char *what;            /* "status", "flavor", "flavor-keys", "topology", "topology inside", "flavor-access" */
  char *before, *wanted; /* in the words of steps; before NULL: not told */
  char *found;           /* NULL: unknown */
  char *why;             /* why it is unknown; NULL */
  KtTri so;              /* is it so? */
} KtCloudExpected;

/* KtCloudExpected*, in order; nothing is changed, and nothing is waited for. The actuator is one of the receipt's own
 * plan. NULL with *error: the service does not answer. Free with g_ptr_array_unref(). */
GPtrArray *kt_cloud_expect(KtActuator *actuator, const KtReceipt *receipt, GError **error);

/* Is `found` what `wanted` says (both a topology step's)? KT_UNKNOWN: it does not tell all of it. */
KtTri kt_cloud_topology_agrees(const char *wanted, const char *found);

gboolean kt_cloud_is_receipt(const KtReceipt *receipt); /* its uri is Nova's address */
