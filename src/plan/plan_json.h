/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan document as JSON: {"kvmtune_plan":1,"guests":[...],"changes":[...],"notes":[...]}. */
#pragma once
#include "plan/plan.h"

#define KT_PLAN_LIMIT (64 * 1024 * 1024) /* bytes of one document */

/* Caller frees. What is unknown is null. */
char *kt_plan_to_json(const KtPlan *plan);

/* Reads what kt_plan_to_json() writes and people may have edited. NULL with
 * KT_ERROR_FORMAT: "NAME: changes[3].act: expected one of ...", KT_ERROR_LIMIT,
 * or KT_ERROR_UNSUPPORTED (a build without json-glib, or a newer format). */
KtPlan *kt_plan_from_json(const char *name, const char *text, gsize length, GError **error);
