/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an lscpu summary (text or JSON) says, collected line by line and told
 * to a machine when its end is known. */
#pragma once
#include "evidence/lscpu_label.h"
#include "evidence/reader.h"

typedef struct KtLscpuSummary KtLscpuSummary;

KtLscpuSummary *kt_lscpu_summary_new(void);
void kt_lscpu_summary_free(KtLscpuSummary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtLscpuSummary, kt_lscpu_summary_free)

/* One labelled value. `name` is that of a vulnerability (folded), else NULL.
 * `whole` FALSE: the line may have been cut off. */
void kt_lscpu_summary_add(KtLscpuSummary *summary, KtLscpuLabel label, guint detail, const char *name,
                          const char *value, guint line, gboolean whole);

/* The value added last goes on in a further line: nobody knows how. */
void kt_lscpu_summary_spoil_last(KtLscpuSummary *summary);

gboolean kt_lscpu_summary_has(const KtLscpuSummary *summary, KtLscpuLabel label);

/* A vulnerability as the tree form lists it, by its value: "Mitigation; ...". */
gboolean kt_lscpu_is_vulnerability(const char *value);

/* Tells r's machine what is certain. */
void kt_lscpu_summary_apply(const KtLscpuSummary *summary, KtReading *r);
