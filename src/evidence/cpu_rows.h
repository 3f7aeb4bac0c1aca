/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table with a row a logical CPU (lscpu -e, -p, /proc/cpuinfo): what it
 * tells of topology, cache groups and nodes. */
#pragma once
#include "evidence/reader.h"

#define KT_CPU_ROWS_MAX 8192 /* the kernel's largest NR_CPUS on x86 */
#define KT_CPU_ROW_CACHES 6

typedef struct {
  guint cpu, line;
  KtInt package, core, node; /* a core id may repeat in another package */
  KtTri online;
  KtInt cache[KT_CPU_ROW_CACHES]; /* id of the instance it uses, unique in the machine */
} KtCpuRow;

typedef struct {
  GArray *rows; /* KtCpuRow */
  struct {
    int level;
    KtCacheType type;
  } caches[KT_CPU_ROW_CACHES];
  guint n_caches;
} KtCpuRows;

KtCpuRows *kt_cpu_rows_new(void);
void kt_cpu_rows_free(KtCpuRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtCpuRows, kt_cpu_rows_free)

/* Adds a row; a CPU that stands there already or cannot be is rejected. */
void kt_cpu_rows_add(KtCpuRows *rows, KtReading *r, const KtCpuRow *row);

/* TRUE if every package has as many cores and every core as many threads as
 * the others: a table that is cut off hardly has. */
gboolean kt_cpu_rows_are_regular(const KtCpuRows *rows);

guint kt_cpu_rows_packages(const KtCpuRows *rows); /* 0: not all known */

/* Tells the machine what the rows tell; they have to be all online CPUs. */
void kt_cpu_rows_apply(KtCpuRows *rows, KtReading *r);
