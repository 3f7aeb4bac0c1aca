/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small cache of one CPU: which accesses would have had to go to memory.
 *
 * 1 MiB, 4 ways, lines of 64 bytes, the least recently used way is replaced.
 * It knows nothing of coherence: a line that another CPU wrote still hits.
 */
#ifndef KT_LAB_CACHE_H
#define KT_LAB_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define KT_CACHE_SETS 4096
#define KT_CACHE_WAYS 4
#define KT_CACHE_LINE_SHIFT 6

/* All zero is an empty one. Ways hold line + 1, the most recently used first. */
typedef struct {
  uint64_t lines[KT_CACHE_SETS][KT_CACHE_WAYS];
} KtLabCache;

/* Accesses one byte; whether its line was in the cache. It is afterwards. */
static inline bool kt_lab_cache_hit(KtLabCache *cache, uint64_t address)
{
  uint64_t line = (address >> KT_CACHE_LINE_SHIFT) + 1;
  uint64_t *set = cache->lines[line % KT_CACHE_SETS];
  unsigned way = 0;
  if (set[0] == line)
    return true;
  while (way < KT_CACHE_WAYS && set[way] != line)
    way++;
  bool hit = way < KT_CACHE_WAYS;
  memmove(set + 1, set, (hit ? way : KT_CACHE_WAYS - 1) * sizeof *set);
  set[0] = line;
  return hit;
}

#endif
