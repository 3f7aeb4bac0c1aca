/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A histogram of durations with a bounded error, for programs that may not
 * allocate while they measure.
 *
 * Buckets are linear below 32 ns and then 16 to each doubling, so that a
 * percentile is at most 1/16 (6.25 %) too high and never too low. Durations of
 * 2^40 ns (18 minutes) and more count in the last bucket.
 */
#ifndef KT_LAB_LATENCY_H
#define KT_LAB_LATENCY_H

#include <stdint.h>

#define KT_LATENCY_BUCKETS (32 + 35 * 16)

/* All zero is an empty one. */
typedef struct {
  uint64_t count;
  uint64_t max_ns;
  uint64_t sum_ns;
  uint32_t buckets[KT_LATENCY_BUCKETS];
} KtLatency;

void kt_latency_add(KtLatency *l, uint64_t ns);

/* Adds all of @from to @to. */
void kt_latency_merge(KtLatency *to, const KtLatency *from);

/*
 * The duration that @permille of 1000 durations do not exceed (0..1000),
 * rounded up to its bucket's end, at most the longest one. 0 if nothing was added.
 */
uint64_t kt_latency_permille(const KtLatency *l, unsigned permille);

#endif
