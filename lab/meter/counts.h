/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each CPU did, by the node of the memory, and the text that carries it
 * from the meter (in QEMU) to its client:
 *
 *   meter on|off sample N latency NS|off nodes N cpus N
 *   distances 10 16 16 10                    (all rows; only if told)
 *   cpu 0 node 0 ns 812 loads 5 0 other 0 io 1 stores 7 1 other 0 io 0 misses 2 0 other 0
 *
 * Loads and stores are counted accesses: with "sample 17" each stands for 17.
 * ns is host CPU time of the vCPU's thread. Misses are there with a cache model only.
 */
#ifndef KT_LAB_COUNTS_H
#define KT_LAB_COUNTS_H

#include <stddef.h>

#include "machine.h"

/* Columns: nodes, then at KT_OTHER memory that is no node's. */
typedef struct {
  uint64_t loads[KT_MAX_NODES + 1], stores[KT_MAX_NODES + 1];
  uint64_t misses[KT_MAX_NODES + 1]; /* loads and stores, of the cache model */
  uint64_t io_loads, io_stores;      /* of devices */
  uint64_t cpu_ns;
} KtCountsRow;

typedef struct {
  KtLabMachine machine; /* without starts and sizes when parsed */
  bool on, latency;
  unsigned sample, local_ns;
  KtCountsRow rows[KT_MAX_CPUS];
} KtCounts;

/* How long the text may become. */
#define KT_COUNTS_TEXT_MAX (4096 + KT_MAX_NODES * KT_MAX_NODES * 4 + KT_MAX_CPUS * (200 + KT_MAX_NODES * 64))

/* @a - @b, field by field: what came between two readings. */
void kt_counts_subtract(KtCountsRow *a, const KtCountsRow *b);
void kt_counts_add(KtCountsRow *a, const KtCountsRow *b);

/* Writes the text; its length, at most @size - 1. */
size_t kt_counts_write(const KtCounts *counts, char *text, size_t size);

/* Reads it. FALSE and one line of @error for anything else. */
bool kt_counts_parse(const char *text, KtCounts *counts, char error[static 128]);

/* Loads and stores of the row, of nodes only. */
uint64_t kt_counts_accesses(const KtCountsRow *row, unsigned nodes);

/* What a set of CPUs did, as accesses weighted by the distance from the CPU that did them. */
typedef struct {
  uint64_t accesses, local, other;
  double cost; /* sum of distances; 0 if none is told */
} KtLocality;

void kt_locality_add(KtLocality *l, const KtCounts *counts, unsigned cpu, const KtCountsRow *row);
double kt_locality_pct(const KtLocality *l);       /* local of all; accesses > 0 */
double kt_locality_other_pct(const KtLocality *l); /* of no node, of all and those; 0 if there is none */
double kt_locality_cost(const KtLocality *l);      /* mean distance; local = 10 */

/*
 * How far the share may be from the exact one because only a sample was
 * counted, in percentage points: two standard errors of a share of so many
 * samples. 0 if everything was counted.
 */
double kt_locality_error_pct(const KtLocality *l, unsigned sample);

#endif
