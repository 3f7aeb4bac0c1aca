/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receipts for people and scripts: what is to be done, what was, and what was taken back. All results: caller frees. */
#pragma once
#include "apply/actuator.h"
#include "apply/receipt.h"
#include "base/term.h"
#include "plan/plan.h"

/* Before anything is done: each step with its risk, what definitions get, what remains to be done by hand, what should
 * be known. `plan` NULL: a cloud's receipt. `diffs`: of steps (KtStep* -> text), shown instead of the plan's values;
 * NULL: none. */
char *kt_view_apply_steps(const KtTerm *term, const KtReceipt *receipt, const KtPlan *plan, GHashTable *diffs);
/* Before a rollback: what was begun, the last first, and where each goes back to. */
char *kt_view_apply_undo(const KtTerm *term, const KtReceipt *receipt);

/* One step as a line: "[ 5/12] vcpupin 0 of 'crm': 0-7 → 6". `back`: the other way. */
char *kt_view_apply_step(const KtTerm *term, const KtReceipt *receipt, const KtStep *step, gboolean back);
/* "  [#####-----]  4.0 of 8.0 GiB, 512 MiB/s, 8 s left", cut to the terminal's width. */
char *kt_view_apply_progress(const KtTerm *term, const KtStep *step, const KtProgress *progress);

/* When it has ended: what became of it, how to verify and how to undo it; not why it failed, which is its error.
 * `state`: the folder that was given for the journal, so that these commands name it, too; NULL: none was. */
char *kt_view_apply_end(const KtTerm *term, const KtReceipt *receipt, const char *state);

/* All receipts; one of them with its steps. `working`: the one that is at work now
 * (kt_lock_receipt()); another one that is "running" was interrupted. Definitions are not shown: they hold secrets. */
char *kt_view_history_text(const KtTerm *term, const GPtrArray *receipts, gint64 working);
char *kt_view_receipt_text(const KtTerm *term, const KtReceipt *receipt, gint64 working);
char *kt_view_history_json(const GPtrArray *receipts, gint64 working);
char *kt_view_receipt_json(const KtReceipt *receipt, gint64 working);

/* "done", "interrupted", ...: never freed. */
const char *kt_view_receipt_state(const KtReceipt *receipt, gint64 working);
const char *kt_view_step_state(const KtStep *step); /* "done", "not begun", ...: never freed */
char *kt_view_step_name(const KtStep *step);        /* as kt_step_name(), in the user's language */
/* A value in people's words: "node 0: 8 GiB, node 3: 1 MiB", "not limited", "absent"; of a definition "". */
char *kt_view_step_value(const KtStep *step, const char *value);
