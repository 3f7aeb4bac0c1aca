/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kvmtune plan` is made of. */
#pragma once
#include "model/snapshot.h"
#include "plan/fresh.h"
#include "plan/options.h"
#include "plan/plan.h"

/* `plan --batch FILE`: placement problems, a line each. The exit status; -1 and *error: nothing could be read. */
int kt_plan_answer_batch(const char *path, gboolean explain, GError **error);

typedef struct {
  const char *host;           /* a capture, folder, archive or URI; NULL: this machine */
  KtPlanOptions options;      /* as far as the command line says them */
  const char *reserve;        /* CPUs of the host itself, as a list; NULL none */
  const char *conf;           /* nova.conf of the host; NULL: as kt_plan_read_nova() finds it */
  const char *const *migrate; /* hosts that guests have to be able to migrate to; NULL none */
  gboolean explain;
} KtPlanRequest;

/* All that a plan was made of, and what it comes to. */
typedef struct {
  KtSnapshot *snapshot;
  KtPlan *plan;
  GPtrArray *diffs;    /* char*: of each definition that changes, a unified diff */
  char *document;      /* the plan as JSON, English whatever `plan` is in */
  char *explain;       /* NULL unless asked for */
  gboolean persistent; /* the definitions are libvirt's for the next start, not those that run */
} KtPlanResult;

void kt_plan_result_clear(KtPlanResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KtPlanResult, kt_plan_result_clear)

/* The evidence of a request, with its host. `for_new`: of a guest that is to be made. *persistent: a libvirt was asked
 * for the definitions of the next start. */
KtSnapshot *kt_plan_gather(const char *host, gboolean for_new, gboolean *persistent, GError **error);

/* CPUs of --reserve; NULL and *error if it is no list or they are not the host's. Caller frees. */
KtSet *kt_plan_read_reserved(const char *list, const KtSnapshot *snapshot, GError **error);

/* What nova.conf keeps from the guests of a plan: for KtPlanOptions. */
typedef struct {
  KtSet *closed;     /* NULL: none */
  KtSet *floating;   /* CPUs that it lets guests float on; NULL: not known */
  GArray *set_aside; /* KtPlanSetAside; NULL: none */
  char *note;        /* what is closed and why, or that it is not known; NULL */
} KtPlanNova;
void kt_plan_nova_clear(KtPlanNova *nova);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KtPlanNova, kt_plan_nova_clear)

/* The snapshot of a file that is a nova.conf; NULL with KT_ERROR_FORMAT (it is none) or what reading says. Caller
 * frees. */
KtSnapshot *kt_plan_nova_conf(const char *path, GError **error);

/* Guests that are not Nova's keep off its cpu_dedicated_set; one that is to be made (`wish`; NULL: none) gets CPUs of
 * the set of its kind alone. `path` NULL: the nova.conf of the evidence, of this live machine the one that Nova reads;
 * there may be none. FALSE with KT_ERROR_FORMAT (no nova.conf, or none that Nova reads) or KT_ERROR_USAGE (no CPU for
 * such a guest; several nova.conf). `nova` is zeroed before. */
gboolean kt_plan_read_nova(const KtSnapshot *snapshot, const char *path, const KtFreshWish *wish, KtPlanNova *nova,
                           GError **error);

/* FALSE and *error in one line: what contradicts itself or cannot be read. `result` is zeroed before. */
gboolean kt_plan_make(const KtPlanRequest *request, KtPlanResult *result, GError **error);
