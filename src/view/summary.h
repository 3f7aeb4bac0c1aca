/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short forms of a diagnosis: a monitoring plugin's line, the ranking of many
 * subjects, the change since an earlier report. */
#pragma once
#include "base/term.h"
#include "checks/since.h"

/* "KVMTUNE CRITICAL - web-1: X06 32 sockets x 1 core; ... | severe=1 moderate=0
 * minor=2 unknown=5" by the Monitoring Plugins' guidelines; *status is 0 OK, 1
 * WARNING (severity 2) or 2 CRITICAL (severity 3). Caller frees. */
char *kt_view_nagios(const GPtrArray *diagnoses, int *status);

/* What kt_report_rank() gives as a table, one cause each. */
void kt_view_put_ranking(KtPage *page, const GPtrArray *diagnoses);

/* "Since FILE": new, gone, not seen, unchanged. */
void kt_view_put_since(KtPage *page, const char *file, const KtSince *since);
