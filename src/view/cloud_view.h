/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cloud's ranked flavors and images, and the plan that cures them. All results: caller frees. */
#pragma once
#include "base/term.h"
#include "cloud/rank.h"

typedef struct {
  const KtCloud *cloud;
  const KtCloudEvidence *evidence;
  const GPtrArray *rows;  /* KtCloudRow*, worst first */
  const GPtrArray *hosts; /* char*: findings on the hosts themselves ("N01: ..."), a line each */
  const GPtrArray *notes; /* char*: how the evidence was matched, besides the cloud's own notes */
} KtCloudReport;

char *kt_view_cloud_text(const KtTerm *term, const KtCloudReport *report);
char *kt_view_cloud_json(const KtCloudReport *report);
char *kt_view_cloud_html(const KtCloudReport *report);
