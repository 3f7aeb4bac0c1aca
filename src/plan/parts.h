/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that make a plan's changes share; inside of the room only. */
#pragma once
#include "checks/check.h"
#include "plan/options.h"
#include "plan/plan.h"
#include "plan/problem.h"
#include "plan/target.h"

/* build.c: what a plan for a host that is itself a guest rests on; NULL: it is none. Caller frees. */
char *kt_plan_say_nested(const KtMachine *host);

/* How any change of a definition is taken back. Caller frees. */
char *kt_plan_undo_definition(void);

/* One domain while its changes are made. */
typedef struct {
  KtPlan *plan;
  KtPlanGuest *guest;
  const KtPlanOptions *options;
  const KtPlanSubject *subject;
  const KtPlaceGuest *asked; /* as the solver got it */
  const KtDomain *domain;
  const KtMachine *host;
  const KtDiagnosis *diagnosis;
  const KtPlaceAnswer *answer;  /* placed */
  const KtPlacement *placement; /* of all guests */
  const KtSet *owned;           /* exclusive CPUs of all guests, and closed ones */
  KtTarget target;
  gboolean shaped; /* `target` is set */
} KtPlanWork;

/* What another place cures while the guest runs. */
#define KT_PLAN_LIVE_CHECKS "H20 H40 H45 X07 X13 X16 X18"

/* Did one of these checks ("X03 X06") fire on the domain, and can its new place and shape cure it? */
gboolean kt_plan_asks(const KtPlanWork *work, const char *checks);

/* A change of the domain for those of these checks that fired; its risk is that of their rows. */
KtChange *kt_plan_change(const KtPlanWork *work, KtAct act, const char *part, const char *checks);

/* keep.c: CPU of each vCPU (guint) where each has one for itself now, by its threads or else its definition; one that
 * is not there is replaced by its nearest. NULL if not each has. */
GArray *kt_plan_pins_now(const KtDomain *d, const KtMachine *host);
/* Where it costs no more than what the solver found: pages come to the threads instead of both to a third node, and
 * dedicated guests keep the CPUs that they own now, vCPU by vCPU. */
void kt_plan_keep_pins(const KtPlanProblem *problem, KtPlacement *placement, const KtMachine *host);

/* Cells of a guest that are alike keep the nodes that they are on, else take theirs in the order of the nodes, where
 * that costs no more. */
void kt_plan_keep_cells(const KtPlanProblem *problem, KtPlacement *placement, const KtMachine *host);

/* next.c: guests that are stuck and have a reason to be elsewhere get the answer for their next start, beside all
 * others as they are planned. FALSE: what kt_placement_solve() says. */
gboolean kt_plan_place_next(KtPlanProblem *problem, KtPlacement *placement, const GPtrArray *diagnoses, GError **error);

/* devices.c: adds the devices of the host that the domain uses, as far as it is known which, and near to which node. */
void kt_plan_add_devices(KtPlaceGuest *guest, const KtDomain *d, const KtMachine *host);
char *kt_plan_say_devices(const KtDomain *d, const KtMachine *host); /* KtPlanGuest.devices. Caller frees. */
/* It owns some, and has a cell on the node of each. */
gboolean kt_plan_is_near_devices(const KtPlaceGuest *guest, const KtPlaceAnswer *answer);

/* spread.c: a running dedicated guest with threads=1 that is pinned to siblings gets whole cores of its nodes, where
 * there are enough that nobody has, at no more cost. */
gboolean kt_plan_is_packed(const KtPlaceAnswer *answer, const KtMachine *host); /* two of its pins are one core's */
void kt_plan_spread_pins(const KtPlanProblem *problem, KtPlacement *placement, const KtMachine *host);

/* managed.c: why its memory cannot move while it runs, why it stays (N_() texts; NULL: it need not), and whether that
 * is as its manager places it. */
const char *kt_plan_why_stuck(const KtDomain *d);
const char *kt_plan_why_fixed(const KtDomain *d);
gboolean kt_plan_is_kept(const KtDomain *d);
/* A fixed guest that Nova floats, and that suffers from where it is: it may move after all, within its `allowed`, the
 * CPUs that all of its vCPUs may use now, Nova gives to such guests, and are enough for it on a node that its memory
 * may come to. */
void kt_plan_let_narrow(KtPlanSubject *subject, KtPlaceGuest *guest, const GPtrArray *diagnoses, const KtMachine *host,
                        const KtPlanOptions *options);

/* problem.c: did the check fire on the domain? */
gboolean kt_plan_fires(const GPtrArray *diagnoses, const KtDomain *d, const char *id);
/* CPUs that the node's cores are worth without closed ones (NULL: none is), SMT counted. */
guint kt_plan_worth_of(const KtMachine *host, const KtNode *node, const KtSet *closed);
/* CPUs of the node that are not closed (NULL: none is). */
guint kt_plan_open_cpus(const KtNode *node, const KtSet *closed);

/* pools.c: the size of the huge pages that a guest is on; 0: on none, or which ones or what pools there are is not
 * known. */
gint64 kt_plan_page_kib(const KtDomain *d, const KtMachine *host);
gint64 kt_plan_pool_kib(const KtPagePool *pool); /* 0: small pages */
gboolean kt_plan_knows_pools(const KtNode *node);
gint64 kt_plan_free_kib(const KtNode *node, gint64 page_kib); /* -1: not known */
/* Adds to `notes` (char*) what nodes lack of huge pages of that size. `only_free`: others have the rest. */
void kt_plan_check_pools(const KtMachine *host, const KtPlaceAnswer *answer, const char *name, gint64 page_kib,
                         gboolean only_free, GPtrArray *notes);

/* H28 of a home that lacks huge pages: where all guests on such pages come to run where theirs are, their new pins are
 * the cure, and nothing is left of it. `diagnosis`: of the host; NULL: none. */
void kt_plan_credit_pools(KtPlan *plan, const KtPlanProblem *problem, const KtPlacement *placement,
                          const KtMachine *host, const KtDiagnosis *diagnosis);
gboolean kt_plan_is_local(const KtPlaceAnswer *answer, const KtMachine *host); /* its memory is where its CPUs are */

/* left.c: adds to plan->left what fired on the subject and none of the changes from `first` on cures. NULL: nothing. */
void kt_plan_leave(KtPlan *plan, const KtDiagnosis *diagnosis, guint first);

/* placed.c: CPUs for QEMU's own threads: on or next to the guest's nodes, none that a vCPU owns. May be empty. Caller
 * frees. */
KtSet *kt_plan_emulator_cpus(const KtPlanWork *work);

KtSet *kt_plan_cell_nodes(const KtPlaceCell *cell); /* of its memory. Caller frees. */

void kt_plan_define(const KtPlanWork *work);           /* definition.c: CPU, topology, cells, features */
void kt_plan_hint_dedicated(const KtPlanWork *work);   /* of it: the guest may believe that its CPUs are its own */
void kt_plan_place_definition(const KtPlanWork *work); /* placed.c: pins and numatune from the next start on */
gboolean kt_plan_will_pin(const KtPlanWork *work);     /* its definition gets other pins */
void kt_plan_place_live(const KtPlanWork *work);       /* live.c: affinities and pages of the running guest */
void kt_plan_quota(const KtPlanWork *work);            /* quota.c: CPU time, live and in its definition */
void kt_plan_orchestrated(const KtPlanWork *work);     /* cloud.c: the same shape in its manager's words */
/* host.c: sysctls and sysfs knobs, for findings of the host and of the guests on it. */
void kt_plan_host(KtPlan *plan, const GPtrArray *diagnoses, const KtMachine *host);
