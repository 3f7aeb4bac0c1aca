/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order servers go. Inside of the room only. */
#pragma once
#include "cloud/cloud_plan.h"

/* One first: the smallest of those that run; then waves of `size`, never two of a host in one. The plan's moves are
 * sorted and each gets its wave. */
void kt_cloud_order(KtCloudPlan *plan, guint size);
