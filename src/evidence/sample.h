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

/* When it was taken: seconds since 1970, 0 if that is not known (a copied root without
 * proc/uptime); and seconds since the machine started, -1 if not known. */
double kt_sample_epoch(const KtSample *sample);
double kt_sample_uptime(const KtSample *sample);

/* A counter's increase a second; unknown where it went backwards. */
KtNum kt_sample_rate(KtInt first, KtInt second, double seconds);

/* Puts into the snapshot what happened between two moments `seconds` (> 0) apart:
 * CPU use as one row of activity and the totals below. */
void kt_sample_rates(const KtSample *first, const KtSample *second, double seconds, KtSnapshot *snapshot);
/* CPU use alone, for one of several intervals. */
void kt_sample_add_row(const KtSample *first, const KtSample *second, double seconds, KtSnapshot *snapshot);
/* Rates of interrupts, counters and nodes, how busy each CPU was, and for each thread
 * how long it ran and waited. A counter that went backwards gives no rate. A domain
 * that ended meanwhile is taken out, with a note. */
void kt_sample_totals(const KtSample *first, const KtSample *second, double seconds, KtSnapshot *snapshot);
