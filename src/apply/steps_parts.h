/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that make steps share; inside of the room only. */
#pragma once
#include "apply/steps.h"

typedef struct {
  const KtPlan *plan;
  KtScope scope;
  const char *only; /* a domain; NULL all */
  KtActuator *actuator;
  KtReceipt *receipt;
  GHashTable *looks; /* UUID or name as the plan says it -> KtLook* */
  guint already;     /* values that are as planned */
} KtStepsWork;

/* Is the change of the same domain? Both of the host: yes. */
gboolean kt_steps_same_domain(const KtChange *a, const KtChange *b);

/* The change's domain as it is now; not owned. NULL and *error: it has gone, or (`running`) does not run. */
const KtLook *kt_steps_look(KtStepsWork *work, const KtChange *change, gboolean running, GError **error);

/* A step with its names, not yet in the receipt. `change` gives its domain; its id is left out of the tool's own. */
KtStep *kt_steps_new(const KtChange *change, const KtLook *look, KtStepKind kind, const char *where, const char *after);

/* Reads what is there into step->before, which has to be what is expected. *already: it is as planned. */
gboolean kt_steps_expect(KtStepsWork *work, KtStep *step, const char *expected, gboolean *already, GError **error);

void kt_steps_take(KtStepsWork *work, KtStep *step); /* into the receipt */
void kt_steps_note(KtStepsWork *work, const char *format, ...) G_GNUC_PRINTF(2, 3);

#define KT_STEPS_KSM_NODES "sys/kernel/mm/ksm/merge_across_nodes"
#define KT_STEPS_KSM_RUN "sys/kernel/mm/ksm/run"
#define KT_STEPS_KSM_UNMERGE "2" /* of that: KSM stops, and what is merged is unmerged */
/* steps_ksm.c: takes the step, which sets that, and what it needs around it. */
gboolean kt_steps_ksm(KtStepsWork *work, KtStep *step, GError **error);

/* steps_memory.c: memory by cell, and the nodes that the domain may take memory from, which both go together. */
gboolean kt_steps_memory(KtStepsWork *work, const KtChange *change, GError **error);
gboolean kt_steps_nodeset(KtStepsWork *work, const KtChange *change, GError **error);

/* steps_definition.c: the whole definition of the change's domain, with all changes of it; and its restart. */
gboolean kt_steps_definition(KtStepsWork *work, const KtChange *change, GError **error);
gboolean kt_steps_restart(KtStepsWork *work, const KtChange *change, GError **error);
