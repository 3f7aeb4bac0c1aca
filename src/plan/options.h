/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan is asked for. */
#pragma once
#include "base/set.h"

typedef enum {
  KT_PLAN_AUTO,      /* each guest as it is now: dedicated if its vCPUs own their CPUs */
  KT_PLAN_DEDICATED, /* every vCPU owns a CPU */
  KT_PLAN_SHARED,    /* cells float on the CPUs of their node */
} KtPlanPolicy;
extern const char *const kt_plan_policies[]; /* "auto", "dedicated", "shared", NULL */

/* Huge pages that are not for guests. */
typedef struct {
  int node;
  gint64 page_kib, kib;
} KtPlanSetAside;

typedef struct {
  KtPlanPolicy policy;
  gboolean movable;                   /* only what can be changed while guests run */
  gboolean keep_migratable;           /* no host-passthrough, no host cache: `baseline_model` instead */
  const char *baseline_model;         /* CPU model that all hosts have; NULL with keep_migratable: CPU modes stay */
  const GPtrArray *baseline_features; /* char*: features of that model to disable; NULL none */
  const KtSet *reserved;              /* CPUs of the host itself; NULL none */
  const KtSet *closed;                /* CPUs that are somebody else's to give away, as Nova's cpu_dedicated_set: its
                                         guests stay there, no other comes there; NULL none */
  const KtSet *floating;              /* CPUs that Nova lets its guests float on, by its nova.conf: those may be
                                         narrowed within them; NULL: not known, and none is */
  const GArray *set_aside;            /* KtPlanSetAside; NULL none */
  const char *note;                   /* for the plan's notes, where it has guests that may be moved; NULL none */
  const GPtrArray *accepted;          /* KtAccepted: findings that ask for nothing; NULL none */
  const char *const *only;            /* domains to plan, by name or UUID (NULL-terminated); others stay; NULL: all */
} KtPlanOptions;
