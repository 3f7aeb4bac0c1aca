/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan says, whatever it is written on. All results: caller frees. */
#pragma once
#include "view/plan_view.h"

/* "kvm7: 5 changes for 2 of its 3 guests, and 1 of the host itself." */
char *kt_plan_say_head(const KtPlan *plan);
/* "32 x 1 x 1 → 2 x 16 x 1", once where both are the same, "unknown". */
char *kt_plan_say_both(const char *before, const char *after);
char *kt_plan_say_topology(const KtGuestShape *shape); /* sockets x cores x threads; NULL unknown */
char *kt_plan_say_count(int before, int after);        /* "1 → 2" */
char *kt_plan_say_locality(const KtPlanGuest *guest);  /* "50 → 100 %"; NULL unknown */

/* Guests with memory on the node, before or after: "crm 1/2, web"; "" none. */
char *kt_plan_say_tenants(const KtPlan *plan, int node, gboolean after);

/* Passed-through devices that are near to the node, with their guests: "0000:3b:00.0 (db)"; "" none. */
char *kt_plan_say_devices_near(const KtPlan *plan, int node);
gboolean kt_plan_has_devices(const KtPlan *plan);

/* Lines (char*) of a change's edits: attributes of one element together, and rows of numbered elements as one line.
 * Free with g_ptr_array_unref(). */
GPtrArray *kt_plan_say_edits(const KtChange *change);
char *kt_plan_say_effects(const KtChange *change); /* "guest.sockets 32 → 2, locality_pct >= 99"; NULL none */
char *kt_plan_say_reasons(const KtChange *change); /* "X06 X03"; NULL none */
char *kt_plan_say_risk(guint risk);                /* in words */

/* Changes next to each other that are made together: of one domain (or the host), on the same kind of thing, from
 * `first` on. Returns the index behind them. */
guint kt_plan_group_end(const KtPlan *plan, guint first);
const char *kt_plan_say_act(const KtChange *change); /* "definition, from the next start on". Never freed. */
/* What differs among the changes of a group: their risks together, each undo once. */
guint kt_plan_group_risk(const KtPlan *plan, guint first, guint end);
char *kt_plan_group_undo(const KtPlan *plan, guint first, guint end);
/* Findings that no change cures, those of one check with one title together. */
typedef struct {
  const char *check, *title; /* of the plan */
  const char *remedy;        /* where it is one subject's; NULL */
  guint n;                   /* of subjects */
  char *who;                 /* "host", "web, db", "a, b, c, d and 7 more" */
} KtPlanLeftGroup;
/* Of KtPlanLeftGroup*, in the order in which they first come; valid as long as the plan. Free with
 * g_ptr_array_unref(). */
GPtrArray *kt_plan_group_left(const KtPlan *plan);

/* "host", or the domain's name. Not freed. */
const char *kt_plan_whose(const KtChange *change);
