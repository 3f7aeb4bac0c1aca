/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run and its rollback write down; nothing where there is no journal (a dry run). Inside of the room only. */
#pragma once
#include "apply/run.h"

/* Tells who asks for it that this receipt is at work. */
gboolean kt_run_note(const KtRun *run, gint64 receipt, GError **error);
gboolean kt_run_save_step(const KtRun *run, const KtReceipt *receipt, const KtStep *step, GError **error);
/* Sets the state and when that was, too. */
gboolean kt_run_save_state(const KtRun *run, KtReceipt *receipt, KtReceiptState state, GError **error);
