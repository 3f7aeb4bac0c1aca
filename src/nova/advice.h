/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to set in a flavor so that Nova does better by it on a host. Each piece of
 * advice was tried: with all of it Nova takes the request and it fits. */
#pragma once
#include "nova/answer.h"

typedef struct {
  char *key, *value; /* "hw:cpu_sockets", "2" */
  const char *why;   /* translated */
} KtNovaAdvice;

/* GPtrArray of KtNovaAdvice*, empty where nothing is better; unref. `answer` is Nova's to `flavor` on `host`. */
GPtrArray *kt_nova_advise(const KtFlavor *flavor, const KtNovaHost *host, const KtNovaAnswer *answer,
                          KtNovaRelease release);
