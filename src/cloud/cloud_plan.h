/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtCloudPlan: new flavors for those that make bad guests, and which servers go to them
 * in which order. A document: made of a cloud and what is known of its hosts, read by
 * people, stored as JSON, carried out one server after the other.
 *
 * A fix is always a new flavor: a server keeps its own copy of the old one, and Nova
 * refuses a resize to the flavor that a server has. */
#pragma once
#include "cloud/known.h"
#include "nova/fit.h"

/* What a guest gets; sockets 0: unknown. cells 0: no NUMA, the guest sees one node. */
typedef struct {
  gint64 sockets, cores, threads, cells;
} KtCloudShape;

typedef struct {
  char *key, *before, *after; /* NULL: not set */
  char *why;                  /* NULL: kept as it was */
} KtCloudKey;

typedef struct {
  char *host;
  KtTri empty, now; /* does the new flavor fit on the host without guests, and as it is; unknown: not told by Nova's
                       API, or not all of its guests are known */
  char *why;        /* what lacks, or what is not known; NULL: it fits */
} KtCloudFit;

typedef struct {
  char *flavor;    /* the one that servers have now */
  char *name;      /* the new one */
  gboolean exists; /* it is there already, with these sizes and properties */
  gint64 vcpus, ram_mib, disk_gib, ephemeral_gib, swap_mib;
  gboolean is_public;
  GPtrArray *keys; /* KtCloudKey*: all of the new flavor's, and those that are left out */
  KtCloudShape before, after;
  GPtrArray *fits;  /* KtCloudFit*, each compute host */
  GPtrArray *notes; /* char*: what no key can express, what was left out */
} KtCloudCure;

typedef struct {
  char *id, *name, *host, *status; /* name, host NULL: not told */
  guint cure;                      /* place in the plan's cures */
  guint wave;                      /* 0: the one that goes first, alone */
  gboolean windows;                /* by its image's os_type */
} KtCloudMove;

typedef struct {
  char *tool, *made, *cloud;
  char *endpoint;   /* Nova's address, as it was signed in to; NULL: not told */
  GPtrArray *cures; /* KtCloudCure* */
  GPtrArray *moves; /* KtCloudMove*, in the order in which they are made */
  GPtrArray *notes; /* char*: what is not planned, and why */
} KtCloudPlan;

KtCloudPlan *kt_cloud_plan_new(void);
void kt_cloud_plan_free(KtCloudPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtCloudPlan, kt_cloud_plan_free)
KtCloudCure *kt_cloud_plan_add_cure(KtCloudPlan *plan, const char *flavor, const char *name);
KtCloudMove *kt_cloud_plan_add_move(KtCloudPlan *plan, const char *id);
KtCloudKey *kt_cloud_cure_add_key(KtCloudCure *cure, const char *key, const char *before, const char *after,
                                  const char *why);
KtCloudFit *kt_cloud_cure_add_fit(KtCloudCure *cure, const char *host);
guint kt_cloud_cure_count(const KtCloudCure *cure, gboolean now, KtTri answer); /* hosts with this answer */

typedef struct {
  const char *target;  /* a flavor's or server's name or id; NULL: all */
  const char *pattern; /* of new names; "{flavor}" is the old name. NULL: KT_CLOUD_PATTERN */
  guint wave;          /* servers at once; 0: KT_CLOUD_WAVE */
  KtNovaRelease release;
} KtCloudPlanOptions;
#define KT_CLOUD_PATTERN "{flavor}.topology"
#define KT_CLOUD_WAVE 5

/* Never two servers of one host in a wave. NULL with KT_ERROR_NOT_FOUND: no such flavor or server, or KT_ERROR_USAGE:
 * an empty pattern. Where a pattern gives two flavors one name, the second gets ".2". A plan without cures: nothing can
 * be better, or `notes` says why not. */
KtCloudPlan *kt_cloud_plan_make(const KtCloud *cloud, const KtCloudEvidence *evidence,
                                const KtCloudPlanOptions *options, GError **error);

/* {"kvmtune_cloud_plan": 1, ...}. Caller frees. */
char *kt_cloud_plan_to_json(const KtCloudPlan *plan);
/* What kt_cloud_plan_to_json() writes and people may have edited. NULL with KT_ERROR_FORMAT (with the place),
 * KT_ERROR_LIMIT or KT_ERROR_UNSUPPORTED. */
KtCloudPlan *kt_cloud_plan_from_json(const char *name, const char *text, gsize length, GError **error);
