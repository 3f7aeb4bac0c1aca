/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan becomes steps: what of it is done, in which order, on the system as it is now. Nothing is written. */
#pragma once
#include "apply/actuator.h"
#include "apply/receipt.h"
#include "plan/plan.h"

typedef enum {
  KT_SCOPE_ALL,       /* running guests and the host's knobs, then persistent definitions */
  KT_SCOPE_LIVE,      /* only what runs */
  KT_SCOPE_NEXT_BOOT, /* only persistent definitions */
  KT_SCOPE_RESTART,   /* definitions, and their guests stopped and started; what needs no restart is changed live */
  KT_SCOPES
} KtScope;
extern const char *const kt_scopes[KT_SCOPES]; /* "all", "live", "next-boot", "restart" */

/* What a receipt says of it: "live", "live, only crm". `domain`: the only one, by name or UUID; NULL: all. Caller
 * frees. */
char *kt_scope_format(KtScope scope, const char *domain);
/* Was a run of that scope not to bring this change about? A restart brings about what is changed live, too. FALSE for
 * words that are none of kt_scope_format(). */
gboolean kt_scope_leaves_out(const char *scope, const KtChange *change);

/* Puts the steps of the plan into the receipt, numbered, each with what is there now as its `before`, and
 * what remains to be done by hand or cannot be taken back into its notes. By risk: knobs of the host, pins,
 * memory (a cpuset that is too narrow is widened before and narrowed behind), definitions,
 * restarts. What is as planned already becomes no step. `domain`: only this one, by name or UUID, and nothing of
 * the host; NULL: all.
 *
 * FALSE: nothing may be done. KT_ERROR_FORMAT (a value is not what the plan expects, or is none), _NOT_FOUND (a
 * domain has gone or does not run, the plan does not know `domain`), _UNSUPPORTED (a guest that may not
 * be changed, a knob that no plan sets), _LIMIT, or what the actuator says. */
gboolean kt_steps_make(const KtPlan *plan, KtScope scope, const char *domain, KtActuator *actuator, KtReceipt *receipt,
                       GError **error);

/* What a person is to do for a change that is never a step (KT_ACT_NOVA, _PROXMOX, _PERSON), as a command where there
 * is one. Caller frees. */
char *kt_steps_by_hand(const KtChange *change);
