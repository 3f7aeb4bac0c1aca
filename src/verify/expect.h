/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan promised, held against a machine that was looked at anew: each effect that a
 * change names, and whether what it set is so. What kvmtune wrote down when it made the changes is not asked. */
#pragma once
#include "model/snapshot.h"
#include "plan/plan.h"

typedef enum {
  KT_EXPECT_UNKNOWN,   /* cannot be told: `why` */
  KT_EXPECT_FULFILLED, /* */
  KT_EXPECT_PENDING,   /* it is in the definition, and comes with the guest's next start */
  KT_EXPECT_MISSED,    /* something else was found */
  KT_EXPECT_LEFT_OUT,  /* the run was not to make this change (--live, --domain ...): nothing is judged */
} KtExpectState;
#define KT_EXPECT_STATES 5
extern const char *const kt_expect_names[KT_EXPECT_STATES]; /* "cannot tell", "fulfilled", "at next start", ... */

typedef struct {
  char *change;          /* id of the change */
  char *domain;          /* NULL: the host */
  char *what;            /* a counter of KtEffect, "vcpupin", "kernel.numa_balancing", "definition" */
  char *before, *wanted; /* in the plan's words; before NULL: unknown */
  char *found;           /* NULL: unknown */
  char *why;             /* of "cannot tell"; NULL */
  KtExpectState state;
} KtExpectation;
void kt_expectation_free(gpointer expectation);

typedef struct {
  const KtSnapshot *snapshot; /* of the plan's host, made now, with libvirt's domains */
  /* What stands at a path (domxml.h) of a domain's XML: of the running guest, or of the definition for its next
   * start. FALSE if that XML is not known; *value is NULL if nothing stands there. Caller frees. NULL: nobody can tell.
   */
  gboolean (*lookup)(const KtDomain *domain, gboolean running, const char *path, char **value, gpointer data);
  /* Was the run that is judged not to make this change? NULL: it was to make all. */
  gboolean (*left_out)(const KtChange *change, gpointer data);
  gpointer data;
} KtSight;

/* KtExpectation* in the order of the plan's changes; of one that was left out, one that names it. Changes that a
 * person, Nova or Proxmox makes are judged by the shape that the plan says the guest will have. Free with
 * g_ptr_array_unref(). */
GPtrArray *kt_expect(const KtPlan *plan, const KtSight *sight);
