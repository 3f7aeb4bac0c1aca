/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a flavor should ask for on the hosts that are known. Inside of the room only. */
#pragma once
#include "cloud/cloud_plan.h"
#include "nova/advice.h"

/* A compute host as the scheduler sees it. */
typedef struct {
  const KtCloudKnown *known;
  KtNovaHost *empty, *now; /* NULL: not told by any evidence */
  KtNovaHost *likely;  /* by the API's topology, its nodes taken as equal: good to choose keys by, not to promise by;
                          NULL: not told */
  gboolean all_guests; /* the definitions of all its servers are in the evidence */
  char *why;           /* why `empty` is not there; NULL */
} KtCloudPlace;

/* KtCloudPlace* of each compute host. */
GPtrArray *kt_cloud_places(const KtCloud *cloud, const KtCloudEvidence *evidence);

/* KtNovaAdvice* with which the flavor fits on most of the places; empty: nothing is better, NULL: no place is known. */
GPtrArray *kt_cloud_advise(const KtFlavor *flavor, const GPtrArray *places, KtNovaRelease release);

/* Each place's verdict on the flavor, into the cure. */
void kt_cloud_judge(KtCloudCure *cure, const KtFlavor *flavor, const GPtrArray *places, KtNovaRelease release);

/* What the guest of a flavor gets; sockets 0 where Nova refuses it or it is not known. */
KtCloudShape kt_cloud_shape(const KtFlavor *flavor);

/* The flavor with other extra specs; image and sizes stay. */
KtFlavor *kt_cloud_flavor_with(const KtFlavor *flavor, GHashTable *specs);
