/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Views: the same values as terminal text and as JSON. Text from evidence is
 * escaped for each. All return text that the caller frees. */
#pragma once
#include "checks/check.h"

extern const char *const kt_view_basis_names[]; /* by KtBasis */

/* JSON by the format that the manual page fixes; null is unknown. */
char *kt_view_facts_json(const KtSnapshot *snapshot);
char *kt_view_doctor_json(const GPtrArray *diagnoses); /* of kt_diagnose() */
