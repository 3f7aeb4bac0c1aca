/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which flavors and images make bad guests: findings on servers, summed up and ranked.
 * What a finding is comes from outside; this only counts. */
#pragma once
#include "cloud/known.h"

/* One check that fired on servers of a row. */
typedef struct {
  char *check;        /* "N02" */
  int severity;       /* the highest */
  char *title;        /* of its first server */
  GPtrArray *servers; /* KtCloudServer*, each once; empty for a flavor without servers */
  guint seen;         /* of these: seen in the definition or the guest, not concluded from the flavor */
} KtCloudCause;

/* One flavor with one image. */
typedef struct {
  const char *flavor; /* name; NULL unknown */
  const char *image;  /* name or id; NULL: boots from a volume, or not told */
  GPtrArray *servers; /* KtCloudServer*, all of them */
  GPtrArray *causes;  /* KtCloudCause*, worst first */
  guint defined;      /* servers whose definition is in the evidence */
  guint old;          /* servers that carry another copy than what the flavor is now */
  GPtrArray *unknown; /* char*: "N03: the CPUs and memory of a host's nodes", each once */
  GPtrArray *keys;    /* char*: keys of the flavor or image that Nova passes over, and why */
} KtCloudRow;

typedef struct KtCloudRank KtCloudRank;

/* Both have to outlive it. */
KtCloudRank *kt_cloud_rank_new(const KtCloud *cloud, const KtCloudEvidence *evidence);
void kt_cloud_rank_free(KtCloudRank *rank);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtCloudRank, kt_cloud_rank_free)

/* A check fired on a server; `seen`: on its definition or guest. The same check on the same server counts once. */
void kt_cloud_rank_add(KtCloudRank *rank, KtCloudServer *server, const char *check, int severity, const char *title,
                       gboolean seen);
/* A check cannot tell of a server, because `missing` is missing. */
void kt_cloud_rank_unknown(KtCloudRank *rank, KtCloudServer *server, const char *check, const char *missing);
/* On a flavor that no server has. */
void kt_cloud_rank_add_flavor(KtCloudRank *rank, const char *flavor, const char *check, int severity,
                              const char *title);

/* KtCloudRow*, all of them: those with the most servers that have a finding of severity 3 first, then by severity 2,
 * then the rest. They belong to `rank`. */
const GPtrArray *kt_cloud_rank_rows(KtCloudRank *rank);

guint kt_cloud_row_affected(const KtCloudRow *row, int severity); /* servers with a finding of at least this severity */
