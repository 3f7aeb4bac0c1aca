/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to set in a flavor so that Nova does better by it on a host. Each piece of
 * advice was tried: with all of it Nova takes the request and it fits. */
#pragma once
#include "nova/answer.h"
#include "nova/search.h"

#define KT_NOVA_SEARCH_MOST 2000000 /* permutations: about a second */

typedef struct {
  char *key, *value; /* "hw:cpu_sockets", "2" */
  const char *why;   /* translated */
} KtNovaAdvice;

/* GPtrArray of KtNovaAdvice*, empty where nothing is better; unref. `answer` is that to `flavor` on `host`,
 * `search` what Nova's own search ends with (NULL: not followed). */
GPtrArray *kt_nova_advise(const KtFlavor *flavor, const KtNovaHost *host, const KtNovaAnswer *answer,
                          const KtNovaSearch *search, KtNovaRelease release);
