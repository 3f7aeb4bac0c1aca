/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtReceipt: one run of `kvmtune apply`: what it was to do, what it did, and what was there before. */
#pragma once
#include "apply/step.h"

typedef enum {
  KT_RECEIPT_RUNNING, /* at work; or it ended before it could say: what its steps say was done */
  KT_RECEIPT_DONE,    /* every step was done, and read back */
  KT_RECEIPT_FAILED,  /* a step failed; those behind it were not begun */
  KT_RECEIPT_STOPPED, /* by the user; likewise */
  KT_RECEIPT_UNDOING, /* its rollback is at work, or ended before it could say */
  KT_RECEIPT_UNDONE,  /* all is as it was before */
  KT_RECEIPT_KEPT,    /* rolled back but for what its steps name */
  KT_RECEIPT_STATES
} KtReceiptState;
extern const char *const kt_receipt_states[KT_RECEIPT_STATES]; /* "running", "done", ... as in the journal */

typedef struct {
  gint64 number;       /* from 1, in the order of runs; 0: not in the journal yet */
  char *begun, *ended; /* ISO 8601 with offset; `ended` NULL: not yet. Of the run, or of its rollback */
  char *host;          /* host name; of a cloud: its name */
  char *machine;       /* as in KtPlan; NULL: not known */
  char *tool;          /* version of kvmtune */
  char *uri;           /* libvirt's; NULL: this machine's; of a cloud: Nova's address, "https://..." */
  char *scope;         /* of kt_scope_format(), "live, only crm"; "flavor NAME" or "server NAME" of a cloud */
  KtReceiptState state;
  char *error;      /* why it failed; NULL: it did not */
  char *plan;       /* the whole plan as JSON (plan_json.h; of a cloud, its part: cloud_plan.h) */
  char *measured;   /* before the first step: KtMeasurement as JSON; NULL: was not measured */
  char *verdict;    /* by `kvmtune verify`; NULL: not judged */
  GPtrArray *notes; /* char*: what remains to be done by hand, and what cannot be taken back */
  GPtrArray *steps; /* KtStep* in order; empty in lists */
} KtReceipt;

KtReceipt *kt_receipt_new(void);
void kt_receipt_free(KtReceipt *receipt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtReceipt, kt_receipt_free)
char *kt_receipt_now(void); /* this moment as in `begun`. Caller frees. */
