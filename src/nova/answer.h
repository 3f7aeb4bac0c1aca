/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Nova does with a request on a host, all of it: the one value that is printed. */
#pragma once
#include "nova/xml.h"

typedef struct {
  KtNovaRefusal refusal;    /* of the API, the first of: image, realtime, topology, constraints */
  const char *property;     /* of the image, that `refusal` is about; NULL: it is about something else. Never freed */
  KtNovaShape shape;        /* sockets is 0 where Nova has none */
  KtNovaGuest *guest;       /* NULL: refused, or no NUMA: nothing has to fit */
  KtNovaFit *fit;           /* NULL where refused, and without NUMA */
  KtNovaRefusal at_compute; /* of nova-compute though the API took it; KT_NOVA_OK: none */
  char *xml;                /* NULL: refused or no room */
  const char *not_offered;  /* why Placement does not offer the host (offer.h), for kt_tr(); NULL: it does */
} KtNovaAnswer;

/* `flavor` and `host` have to outlive it. */
KtNovaAnswer *kt_nova_answer(const KtFlavor *flavor, const KtNovaHost *host, KtNovaRelease release);
void kt_nova_answer_free(KtNovaAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtNovaAnswer, kt_nova_answer_free)
