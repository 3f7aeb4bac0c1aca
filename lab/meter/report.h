/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the meter's client prints. */
#ifndef KT_LAB_REPORT_H
#define KT_LAB_REPORT_H

#include <stdio.h>

#include "counts.h"

/* The rows of CPUs x nodes that are not all zero, in percent of the row, and what all CPUs did together. */
void kt_report_matrix(FILE *out, const KtCounts *counts);

/* "NAME: 88.5 % local, mean cost 11.4 (local = 10), 1,234 accesses"; says so if there were none. */
void kt_report_locality(FILE *out, const char *name, const KtLocality *l, unsigned sample);

#endif
