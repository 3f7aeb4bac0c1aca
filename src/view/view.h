/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Views: the same values as terminal text, as JSON and as a page. Text from evidence is
 * escaped for each. All return text that the caller frees. */
#pragma once
#include "base/term.h"
#include "checks/check.h"
#include "checks/compare.h"
#include "checks/since.h"

/* JSON by the formats that the manual page fixes; null is unknown. */
char *kt_view_facts_json(const KtSnapshot *snapshot);
/* `diagnoses` of kt_diagnose(); `since` (may be NULL) against the report in `since_file`. */
char *kt_view_doctor_json(const GPtrArray *diagnoses, const KtSince *since);
char *kt_view_compare_json(const char *reference, const char *subject, const GPtrArray *differences);
char *kt_view_checks_json(void);

/* For people. */
char *kt_view_facts_text(const KtTerm *term, const KtSnapshot *snapshot);
char *kt_view_doctor_text(const KtTerm *term, const KtSnapshot *snapshot, const GPtrArray *diagnoses,
                          const char *since_file, const KtSince *since);
char *kt_view_compare_text(const KtTerm *term, const char *reference, const char *subject,
                           const GPtrArray *differences);
char *kt_view_checks_text(const KtTerm *term);
char *kt_view_explain_text(const KtTerm *term, const KtCheck *check);

/* One self-contained page (of one diagnosis or more): no script, nothing loaded, well-formed XML too. */
char *kt_view_doctor_html(const KtSnapshot *snapshot, const GPtrArray *diagnoses, const char *since_file,
                          const KtSince *since);
char *kt_view_compare_html(const char *reference, const KtMachine *reference_machine, const char *subject,
                           const KtMachine *subject_machine, const GPtrArray *differences);
