/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict for people and scripts. All results: caller frees. */
#pragma once
#include "base/term.h"
#include "verify/expect.h"
#include "verify/verdict.h"

typedef struct {
  const KtJudgement *judgement;         /* NULL: the load was not compared, `uncompared` says why */
  const char *uncompared;               /* NULL */
  const GPtrArray *expectations;        /* KtExpectation*; NULL: there is no plan */
  const KtMeasurement *before, *after;  /* NULL unknown */
  const char *before_name, *after_name; /* "receipt 3", a file; "now" */
  const char *rollback;                 /* the command that takes it back; NULL: there is nothing to take back */
  const char *undone;                   /* what came of taking it back; NULL: it was not done */
} KtVerifyReport;

char *kt_view_verify_text(const KtTerm *term, const KtVerifyReport *report);
char *kt_view_verify_html(const KtVerifyReport *report);
char *kt_view_verify_json(const KtVerifyReport *report);

/* "14:00 web: better, CPU time 60.1 -> 31.0 %, ..." without a newline: what a long measurement comes to so far. */
char *kt_view_verify_line(const KtJudgement *judgement);
