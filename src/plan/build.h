/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings and a placement become a plan. */
#pragma once
#include "checks/check.h"
#include "plan/options.h"
#include "plan/plan.h"

/* The plan for the host of the snapshot and its domains. A change has a finding
 * that asks for it, or is a move that another guest's place needs; so the plan
 * for a host where all is well has none. What Nova or Proxmox define is said in
 * their words (KT_ACT_NOVA, KT_ACT_PROXMOX). `before` of KT_ACT_DOMXML edits is left
 * NULL: it stands in the XML, which this room does not read. NULL with
 * KT_ERROR_NOT_FOUND (no host; a domain of options->only is not there) or what
 * kt_placement_solve() says. */
KtPlan *kt_plan_build(const KtSnapshot *snapshot, const KtPlanOptions *options, GError **error);

/* Sentences on the placement of that plan: what costs what, and how far it is from the least possible. NULL: there is
 * none. Caller frees. */
char *kt_plan_explain(const KtSnapshot *snapshot, const KtPlanOptions *options);

/* What should be known before a guest of that manager is changed while it runs. Caller frees. */
char *kt_plan_warn_managed(KtManager manager);

/* Is it a knob of the host that plans set (KT_ACT_SYSCTL, KT_ACT_SYSFS)? A document may name any. */
gboolean kt_plan_is_knob(KtAct act, const char *where);

/* Of a knob that each CPU has, "sys/devices/system/cpu/cpu3/cpufreq/scaling_governor": where its number begins. 0: it
 * is no such one. */
gsize kt_plan_knob_number(const char *where);

/* The name of a knob in sysfs among the settings of KtMachine: one for all CPUs that have it. Caller frees. */
char *kt_plan_knob_setting(const char *where);

/* Is it in a part of a definition that plans change (KT_ACT_DOMXML)? Others name a guest, its programs, files,
 * devices and secrets. */
gboolean kt_plan_is_place(const char *where);
