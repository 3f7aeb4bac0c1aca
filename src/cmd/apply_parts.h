/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What apply and rollback share: the question, what is shown meanwhile, and how they are stopped. */
#pragma once
#include "apply/run.h"
#include "base/term.h"
#include "evidence/measure.h"

#define KT_RESTART_S 300 /* for a guest to shut down in */

/* Asks on the terminal. FALSE: *status is what the command ends with: healthy after a no, of which a line tells, or -1
 * with *error (no terminal to ask on). */
gboolean kt_apply_agreed(const char *question, int *status, GError **error);

typedef struct {
  KtTerm term;
  gboolean back; /* a rollback */
  gboolean bar;  /* standard error is a terminal */
  /* Meanwhile. */
  const KtStep *step;
  gint64 drawn; /* monotonic time of the bar; 0: none is there */
} KtApplyShow;

/* Has the run shown: each step as a line, its calls in a dry run, a bar for what takes long. */
void kt_apply_show(KtApplyShow *show, KtRun *run, KtColour when);

/* From here on SIGINT and SIGTERM end the run cleanly: they set `actuator->stop`, and the process goes on. */
void kt_apply_catch_signals(KtActuator *actuator);

/* What the load is like before, into the receipt: 'verify' compares with it. That it cannot be measured bars nothing,
 * and is noted. A duration of 0: not. */
void kt_apply_measure(KtReceipt *receipt, const KtMeasureOptions *options);

const KtRunHost *kt_apply_host(void); /* this machine; not to be freed */
