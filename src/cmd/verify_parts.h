/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kvmtune verify` is made of. */
#pragma once
#include "apply/receipt.h"
#include "cloud/clouds.h"
#include "evidence/measure.h"
#include "plan/plan.h"
#include "verify/verdict.h"

/* One side of BEFORE AFTER: a measurement, or evidence of one machine (with #NAME of several) that shows its CPU use
 * again and again. NULL and *error in one line. */
KtMeasurement *kt_verify_read_side(const char *path, GError **error);

/* What a long measurement is held against every hour, or six times where it is shorter than six hours. */
typedef struct {
  const KtMeasurement *before; /* NULL: nothing */
  gboolean same_load;
  gboolean quiet; /* the lines go to standard error: standard output is for scripts */
} KtVerifyWatch;

/* Measures this machine, showing how far it is; SIGINT and SIGTERM end it with what there is. `watch` NULL: no
 * lines. */
KtMeasurement *kt_verify_measure(const KtMeasureOptions *options, const KtVerifyWatch *watch, GError **error);

/* A receipt of `kvmtune apply` or `cloud apply`, as far as it is asked: what was planned, and what was measured before.
 */
typedef struct {
  gint64 number;
  char *directory;       /* of its journal */
  char *name, *uri;      /* "receipt 3"; libvirt's, NULL: this machine's */
  char *scope;           /* of the run: what of the plan it was to make */
  KtPlan *plan;          /* NULL: of a cloud */
  KtReceipt *cloud;      /* all of it; NULL: of a host */
  KtMeasurement *before; /* NULL: was not measured, or this build cannot read it */
} KtVerifyReceipt;

void kt_verify_receipt_clear(KtVerifyReceipt *receipt);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KtVerifyReceipt, kt_verify_receipt_clear)

/* "last" or a number, in the journal of the folder `state` (NULL: where apply keeps it). FALSE and *error: there is
 * none, it was rolled back, or is at work. */
gboolean kt_verify_read_receipt(const char *which, const char *state, KtVerifyReceipt *receipt, GError **error);
/* Notes the verdict in the journal. */
gboolean kt_verify_note(const KtVerifyReceipt *receipt, KtVerdictKind kind, GError **error);

/* How the cloud of a receipt is looked at. */
typedef struct {
  KtCloudWish sign_in;
  const char *const *uris; /* of the hosts' libvirt; NULL or empty: guests are not looked at */
  gboolean inside;         /* nor by their agents */
} KtVerifyCloud;

/* Looks at the receipt's cloud anew and judges what it was to bring about (KtExpectation*, caller frees). NULL and
 * *error: it cannot be signed in to, or is another one. */
GPtrArray *kt_verify_expect_cloud(const KtVerifyReceipt *receipt, const KtVerifyCloud *wish, GError **error);
/* Makes the options those of the receipt's server, on whichever of the hosts its guest runs, else on this machine. */
void kt_verify_measure_server(const KtVerifyReceipt *receipt, const char *const *uris, KtMeasureOptions *options);

/* Looks at this machine anew and judges what the plan expects (KtExpectation*, caller frees). NULL and *error if it
 * cannot be looked at, or is not the plan's. */
GPtrArray *kt_verify_expect(const KtVerifyReceipt *receipt, const char *connect_uri, gboolean deep, GError **error);
