/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts that the report and the ticket of a cloud's plan share. */
#pragma once
#include "view/cloud_plan_view.h"

char *kt_cloud_plan_say_head(const KtCloudPlan *plan);
char *kt_cloud_say_shape(const KtCloudShape *shape); /* "32 x 1 x 1, 1 node"; "unknown". Caller frees. */
char *kt_cloud_say_change(const KtCloudCure *cure);  /* "32 x 1 x 1, 1 node → ..." */
char *kt_cloud_say_sockets(const KtCloudPlan *plan); /* licences by sockets. Caller frees. */
char *kt_cloud_say_fits(const KtCloudCure *cure);    /* "fits on 3 of 4 hosts when empty, ..." */
char *kt_cloud_say_doubt(const KtCloudCure *cure);   /* that it is not known to fit now; NULL: it is. Caller frees. */
void kt_cloud_put_keys(KtPage *page, guint indent, const KtCloudCure *cure);
void kt_cloud_put_order(KtPage *page, guint indent, const KtCloudPlan *plan, guint most);
void kt_cloud_put_downtime(KtPage *page, guint indent, const KtCloudPlan *plan);
void kt_cloud_put_after(KtPage *page, guint indent); /* what to look at afterwards, and traps */
