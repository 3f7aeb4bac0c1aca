/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps as rows of a table: what many threads of a guest get alike is one row. */
#pragma once
#include "apply/step.h"

/* From `first` on steps of one row: threads next to each other of one guest, that all go from and to the same, or each
 * from and to a CPU of its own. Returns the index behind them. `steps`: KtStep* in the order of the rows; `back`: a
 * rollback. */
guint kt_apply_row_end(const GPtrArray *steps, guint first, gboolean back);

/* Of such a row. Callers free. */
char *kt_apply_row_number(const GPtrArray *steps, guint first, guint end); /* "5", "5-12" */
char *kt_apply_row_what(const GPtrArray *steps, guint first, guint end);   /* "vcpupin 0-7" */
/* "0-31 → 8-15"; where each gets another, "0-31 → 8-15, one each" in the order of the threads, else "..., 8, 40, 9". */
char *kt_apply_row_change(const GPtrArray *steps, guint first, guint end, gboolean back, const char *arrow);
