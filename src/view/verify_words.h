/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sentences that the terminal's verdict and the page share. All texts: caller frees. */
#pragma once
#include "view/verify_view.h"

const char *kt_verify_metric(KtMetric metric);    /* "CPU time"; translated, not to be freed */
const char *kt_verify_kind(KtVerdictKind kind);   /* "better"; likewise */
const char *kt_verify_state(KtExpectState state); /* "fulfilled"; likewise */
/* Why a row cannot be told; likewise. NULL: it can, or the load's sentence says why. */
const char *kt_verify_doubt(KtDoubt doubt);

char *kt_verify_say_head(const KtVerifyReport *report);
char *kt_verify_say_name(const KtSubjectVerdict *subject);    /* "web"; with its UUID where another has that name */
char *kt_verify_say_subject(const KtSubjectVerdict *subject); /* "web: better" */
char *kt_verify_say_load(const KtSubjectVerdict *subject);
char *kt_verify_say_value(KtMetric metric, double value); /* "75.5 %", "12,345/s"; "unknown" */
char *kt_verify_say_shift(const KtComparison *row);       /* "-67.0 (-100.1 to -18.7)"; "" without an interval */
char *kt_verify_say_change(const KtComparison *row);      /* "-89 %"; "" where before is 0 */
char *kt_verify_say_side(const char *name, const KtMeasurement *m); /* "receipt 3, 10 minutes from 2026-..." */
char *kt_verify_say_method(const KtJudgement *judgement);
char *kt_verify_say_found(const KtExpectation *e);           /* "99.4", or why it cannot be told */
guint kt_verify_judged(const GPtrArray *expectations);       /* how many are not left out; NULL: 0 */
GPtrArray *kt_verify_say_rest(const KtVerifyReport *report); /* char*: what is left to say */
