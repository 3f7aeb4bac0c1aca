/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan for people: on a terminal, as a page, as a change ticket. All results: caller frees. */
#pragma once
#include "base/term.h"
#include "model/snapshot.h"
#include "plan/plan.h"

typedef struct {
  const KtPlan *plan;
  const KtSnapshot *snapshot; /* what the plan was made of */
  const GPtrArray *diffs;     /* char*: of each definition that changes, a unified diff */
  const char *explain;        /* what the placement costs and why; NULL */
  const char *file;           /* where the plan was written; NULL */
} KtPlanReport;

char *kt_view_plan_text(const KtTerm *term, const KtPlanReport *report);
char *kt_view_plan_html(const KtPlanReport *report);
char *kt_view_plan_ticket(const KtPlanReport *report); /* plain text, no colours */
