/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed between an earlier diagnosis and this one. */
#pragma once
#include "checks/check.h"

/* One finding of an earlier diagnosis, as `doctor --json` kept it. */
typedef struct {
  char *subject;
  char *id;
  char *title;
} KtPastFinding;

GPtrArray *kt_past_new(void); /* of KtPastFinding* */
void kt_past_add(GPtrArray *past, const char *subject, const char *id, const char *title);

typedef struct {
  GPtrArray *fresh;    /* KtFinding* that were not there; owned by the diagnoses */
  GPtrArray *fresh_of; /* const KtDiagnosis* of each */
  GPtrArray *gone;     /* KtPastFinding*, of subjects that were diagnosed now too; owned by the past */
  GPtrArray *not_seen; /* KtPastFinding* of subjects that are not in this evidence, or that cannot be told now */
  guint unchanged;
} KtSince;

/* Accepted findings count as being there. Both arguments have to outlive the result. */
KtSince *kt_since(const GPtrArray *past, const GPtrArray *diagnoses);
void kt_since_free(KtSince *since);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtSince, kt_since_free)
