/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU use as sysstat's programs give it, in tables or JSON. */
#pragma once
#include "evidence/reader.h"

#define KT_NOT_A_FIELD (-1)

/* The KtCpuField of "user", "usr", "sys"..., in any case; KT_NOT_A_FIELD if it is none. */
int kt_cpu_use_field(const char *name);

/* Digits behind the point or comma of a number. Rows have the same everywhere: fewer means that it was cut. */
guint kt_cpu_use_decimals(const char *word);

/* TRUE if a row can be: each field from 0 to 100, and in a row with user, nice,
 * system, iowait, steal and idle a sum of 100. If not, it is rejected with line
 * i. A row of zeros (an offline CPU) gives FALSE without a word. */
gboolean kt_cpu_use_check(KtReading *r, guint i, const KtNum *pct);

/* Adds a copy of the row to the machine's activity, unless it stands there
 * already with the same time. */
void kt_cpu_use_add(KtReading *r, guint i, const KtActivityRow *row);

/* Sums of the rows of single CPUs, to be set as the machine's per_cpu_busy (which empties them). */
GHashTable *kt_cpu_use_new_busy(void);
void kt_cpu_use_add_busy(GHashTable *busy, guint cpu, const KtNum *pct);
void kt_cpu_use_set_busy(KtMachine *m, GHashTable *busy);
