/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan for a cloud: on a terminal, as a change ticket. Caller frees. */
#pragma once
#include "base/term.h"
#include "cloud/cloud_plan.h"

char *kt_view_cloud_plan_text(const KtTerm *term, const KtCloudPlan *plan,
                              const char *file);          /* file NULL: not written */
char *kt_view_cloud_plan_ticket(const KtCloudPlan *plan); /* plain text */
/* The `openstack` command that makes the flavor. */
char *kt_view_cloud_create(const KtCloudCure *cure);
