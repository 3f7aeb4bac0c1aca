/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "latency.h"

#define LINEAR 32 /* ns that have a bucket each */
#define FIRST_SHIFT 1

static unsigned bucket_of(uint64_t ns)
{
  if (ns < LINEAR)
    return (unsigned)ns;
  unsigned shift = 59u - (unsigned)__builtin_clzll(ns); /* leaves 16..31 */
  unsigned bucket = LINEAR + (shift - FIRST_SHIFT) * 16 + (unsigned)((ns >> shift) & 15);
  return bucket < KT_LATENCY_BUCKETS ? bucket : KT_LATENCY_BUCKETS - 1;
}

/* The longest duration that falls into the bucket. */
static uint64_t bucket_end(unsigned bucket)
{
  if (bucket < LINEAR)
    return bucket;
  unsigned shift = (bucket - LINEAR) / 16 + FIRST_SHIFT;
  uint64_t start = (uint64_t)(16 + (bucket - LINEAR) % 16) << shift;
  return start + ((uint64_t)1 << shift) - 1;
}

void kt_latency_add(KtLatency *l, uint64_t ns)
{
  l->count++;
  l->sum_ns += ns;
  if (ns > l->max_ns)
    l->max_ns = ns;
  l->buckets[bucket_of(ns)]++;
}

void kt_latency_merge(KtLatency *to, const KtLatency *from)
{
  to->count += from->count;
  to->sum_ns += from->sum_ns;
  if (from->max_ns > to->max_ns)
    to->max_ns = from->max_ns;
  for (unsigned i = 0; i < KT_LATENCY_BUCKETS; i++)
    to->buckets[i] += from->buckets[i];
}

uint64_t kt_latency_permille(const KtLatency *l, unsigned permille)
{
  uint64_t wanted = (l->count * permille + 999) / 1000, seen = 0;
  if (!l->count)
    return 0;
  for (unsigned i = 0; i + 1 < KT_LATENCY_BUCKETS; i++) {
    seen += l->buckets[i];
    if (seen >= wanted && seen)
      return bucket_end(i) < l->max_ns ? bucket_end(i) : l->max_ns;
  }
  return l->max_ns;
}
