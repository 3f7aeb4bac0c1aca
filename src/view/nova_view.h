/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nova's answers and the keys of flavors for the terminal. All results: caller frees. */
#pragma once
#include "base/term.h"
#include "nova/advice.h"
#include "nova/keys.h"

typedef struct {
  const KtFlavor *flavor;
  const char *host_name; /* NULL unknown */
  const KtNovaHost *host;
  const KtNovaAnswer *answer;
  const KtNovaSearch *search; /* what Nova's own search ends with; NULL: nothing to search */
  const GPtrArray *advice;    /* KtNovaAdvice* */
  const GPtrArray *notes;     /* char*: what was not known */
  KtNovaRelease release;
} KtNovaReport;

char *kt_view_nova_fit_text(const KtTerm *term, const KtNovaReport *report);
/* The members of a line of answers (nova/batch.h), "property" (of the image, that is wrong; null), "search", "advice"
 * and "notes". */
char *kt_view_nova_fit_json(const KtNovaReport *report);
char *kt_view_nova_keys_text(const KtTerm *term, const KtFlavor *flavor, const GPtrArray *notes, KtNovaRelease release);
char *kt_view_nova_keys_json(const KtFlavor *flavor, const GPtrArray *notes);
