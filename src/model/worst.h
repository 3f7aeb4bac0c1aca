/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worst stretch of a long record of CPU use. */
#pragma once
#include "model/machine.h"

/* A window of consecutive rows: as few as reach both 3 rows and 10 minutes,
 * without a gap (a restart, another day's file). It slides over all rows in order
 * of time. Worst is the one with the highest mean steal, if that reaches 5 %
 * (G07: the host holds the guest back), else with the highest mean of CPU use
 * (100 - idle - iowait). */
typedef struct {
  char *from, *to;                /* begin and end: "2026-11-24 14:00:01", or as written where no date is known */
  gint64 first_epoch, last_epoch; /* of its first and last row; 0: no date is known */
  gboolean steal;                 /* what pct is of */
  double pct;                     /* mean in the window */
  double overall;                 /* the same over all rows */
} KtWorst;

/* NULL where the record has no times or is shorter than two windows. */
KtWorst *kt_activity_worst(const KtActivity *activity);
void kt_worst_free(KtWorst *worst);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtWorst, kt_worst_free)
