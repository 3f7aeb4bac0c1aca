/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done with a receipt: its steps one by one, or back again. Each step is in the journal
 * before it is begun, and what became of it after. */
#pragma once
#include "apply/actuator.h"
#include "apply/journal.h"
#include "plan/plan.h"

typedef struct {
  KtActuator *actuator;
  KtJournal *journal; /* NULL: a dry run (actuator->dry), nothing is written down */
  KtLock *lock;       /* of the journal's folder: it tells others which receipt is at work; NULL: nobody asks */
  /* A step is begun, and (`step->state` says what became of it) is at its end; may be NULL. */
  void (*step)(const KtReceipt *receipt, const KtStep *step, gboolean begun, gpointer data);
  gpointer data;
  gboolean restart; /* a rollback stops and starts guests that the run had restarted */
} KtRun;

/* This machine. */
typedef struct {
  char *name;    /* of the host */
  char *machine; /* as in KtPlan; NULL: it has no identity */
} KtRunHost;

/* Is it the same machine? The names have to be, and where both are known, as in plans and receipts of newer versions
 * they are, the machines too. `what`: "the plan", for the error. KT_ERROR_UNSUPPORTED. */
gboolean kt_run_check_host(const char *what, const char *name, const char *machine, const KtRunHost *here,
                           GError **error);

/* Is the plan one of this running host? KT_ERROR_UNSUPPORTED: made of a capture, or of another host. */
gboolean kt_run_check_plan(const KtPlan *plan, const KtRunHost *here, GError **error);

/* Carries out a receipt of kt_steps_make(): puts it into the journal, then each step: read, compared with what is to
 * be found, written, read back. Ends at the first that fails or when actuator->stop is set; the receipt
 * says how far it came, its number is 0 if nothing was begun. FALSE with *error. */
gboolean kt_run_apply(const KtRun *run, KtReceipt *receipt, GError **error);

/* Takes back what was begun of a receipt from the journal, the last step first, after any end that it had. A
 * value that is neither what was there before nor what the run left is somebody else's: it is kept,
 * and so is what cannot be taken back; the steps name both. A guest that the run had restarted goes on with the new
 * definition; with run->restart it is asked to shut down and started once more, where its definition is back: its step
 * is planned (KT_STEP_PLANNED) when run->step tells that. Memory is back where less than 2 % lies elsewhere.
 * FALSE with KT_ERROR_UNSUPPORTED (a later receipt changed the same: that one comes first), when it was stopped
 * (again takes it on), or the journal's error. TRUE: receipt->state is UNDONE or KEPT. */
gboolean kt_run_rollback(const KtRun *run, KtReceipt *receipt, GError **error);
