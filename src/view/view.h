/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Views: the same values as terminal text and as JSON. Text from evidence is
 * escaped for each. All return text that the caller frees. */
#pragma once
#include "checks/check.h"

char *kt_view_facts_json(const KtSnapshot *snapshot);
