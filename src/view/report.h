/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report says, whatever it is written on: the sentences that the
 * terminal's report and the page share. */
#pragma once
#include "checks/check.h"
#include "checks/compare.h"

typedef enum {
  KT_VERDICT_FAULTY,   /* a finding of severity 2 or 3 */
  KT_VERDICT_HEALTHY,  /* something was checked, and no such finding */
  KT_VERDICT_UNJUDGED, /* nothing could be checked */
} KtVerdict;

/* Findings that are nobody's echo, by severity, and the echoes. */
typedef struct {
  guint roots[4], echoes;
} KtFindingCount;

KtFindingCount kt_report_count_findings(const KtDiagnosis *d);
KtVerdict kt_report_verdict(const KtDiagnosis *d);
/* "crm (KVM guest) has 2 severe findings; 1 more follows from them." Caller frees. */
char *kt_report_say_verdict(const KtDiagnosis *d);
const char *kt_report_name(const KtDiagnosis *d); /* "(no name)" if it has none */

/* The diagnoses with findings, those that hurt most first: severe ones count
 * before moderate, these before minor ones; a diagnosis' first finding is its
 * first cause. Empty if fewer than four subjects were diagnosed or fewer than two
 * have findings. The diagnoses stay whose they are. Free with g_ptr_array_unref(). */
GPtrArray *kt_report_rank(const GPtrArray *diagnoses);

/* "Worst from ... to ...: 93.2 % busy (41.0 % over all)"; NULL: no long record. Caller frees. */
char *kt_report_worst(const KtMachine *m);

/* "case.txt:12"; the folders of a long path are left out. Caller frees. */
char *kt_report_source(const KtCite *cite);
/* The text with each run of white space as one space. Caller frees. */
char *kt_report_one_space(const char *text);

/* How it is known and whose echo it is, as a sentence; NULL: measured, and nobody's. Caller frees. */
char *kt_report_basis(const KtFinding *finding);

/* What is missing, and the ids of the checks that miss it ("G02 G06"). */
typedef struct {
  char *what;
  GString *checks;
} KtMissing;

/* KtMissing*, each thing once, in the order of the findings. Free with g_ptr_array_unref(). */
GPtrArray *kt_report_missing(const KtDiagnosis *d);

/* "Could not be read: /sys/kernel/debug (needs root)"; NULL: nothing. Caller frees. */
char *kt_report_unreadable(const KtMachine *m);

guint kt_report_count(const GPtrArray *differences, KtDifferenceKind kind);
/* "kvm differs from vmware in 3 points that can explain why it is slower." Caller frees. */
char *kt_report_say_comparison(const char *reference, const char *subject, const GPtrArray *differences);
