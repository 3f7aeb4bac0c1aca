/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host and its running domains as a placement problem. */
#pragma once
#include "checks/check.h"
#include "model/snapshot.h"
#include "placement/placement.h"
#include "plan/options.h"

/* One domain that takes part. */
typedef struct {
  const KtDomain *domain;
  const char *fixed;  /* why its placement stays as it is, for people; NULL: it may be moved */
  gboolean left;      /* nothing of it is planned: it only has its place; `fixed` says why */
  gboolean namesake;  /* another has its name */
  gboolean narrow;    /* its manager places it, and it floats: it may be narrowed while it runs, and nothing else */
  gboolean stuck;     /* its memory cannot move while it runs (VFIO, locked, SEV/TDX, 1 GiB pages) */
  gboolean dedicated; /* each vCPU is to own a CPU */
  gboolean reshaped;  /* its topology is made anew, or shows one L3 for several: rather on pins that it can mirror */
} KtPlanSubject;

typedef struct {
  KtPlaceProblem *problem; /* its guests are in the order of `subjects` */
  GArray *subjects;        /* KtPlanSubject */
} KtPlanProblem;

void kt_plan_problem_free(KtPlanProblem *problem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtPlanProblem, kt_plan_problem_free)

/* The problem of the snapshot's host and its domains (those that run, or, where none is
 * seen running, those that are defined: they are where their pins and numatune will put them). `diagnoses`: of the
 * snapshot, KtDiagnosis. The snapshot has to outlive it. What is
 * left to guests of a node: its memory less its pools of huge pages and 1/16 for the host itself; of each pool, what is
 * free or theirs. Domains without known size are left out, and named in
 * `notes` (char*). NULL with KT_ERROR_NOT_FOUND (no host, or its nodes are not known). */
KtPlanProblem *kt_plan_problem(const KtSnapshot *snapshot, const GPtrArray *diagnoses, const KtPlanOptions *options,
                               GPtrArray *notes, GError **error);
