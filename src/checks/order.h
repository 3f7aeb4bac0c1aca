/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of diagnosis: root causes by impact, each above its echoes. */
#pragma once
#include "checks/check.h"

/* Sets echo_of of each finding that another one of the list explains, and
 * sorts the list (KtFinding*): by severity, then in the order in which causes
 * are to be ruled out (starved, clock, wake-ups, memory, translation,
 * interference, devices), an echo right behind its root. Source: checks.md 5.9. */
void kt_findings_order(GPtrArray *findings);
