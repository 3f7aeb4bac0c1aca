/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of a machine and its QEMU threads at one moment; two of them give rates. */
#pragma once
#include "evidence/root_machine.h"

typedef struct KtSample KtSample;

/* Looks at what the snapshot's only machine counts and at the threads of its
 * domains. Never NULL; caller frees. */
KtSample *kt_sample_take(KtRoot *root, const KtSnapshot *snapshot);
void kt_sample_free(KtSample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtSample, kt_sample_free)

/* Puts into the snapshot what happened between two moments `seconds` (> 0) apart:
 * CPU use as one row of activity, rates of interrupts, counters and nodes, and
 * for each thread how long it ran and waited. A counter that went backwards
 * gives no rate. A domain that ended meanwhile is taken out, with a note. */
void kt_sample_rates(const KtSample *first, const KtSample *second, double seconds, KtSnapshot *snapshot);
