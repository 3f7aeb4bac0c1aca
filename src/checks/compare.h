/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two machines side by side, by meaning: a good one (the reference) and one
 * that is slow (the subject). */
#pragma once
#include "model/machine.h"

typedef enum {
  KT_DIFFERENCE_SLOWER,  /* explains why the subject is slower; tied to a check */
  KT_DIFFERENCE_NEUTRAL, /* differs, and is no fault of the subject */
  KT_DIFFERENCE_SAME,
  KT_DIFFERENCE_UNKNOWN, /* one side does not tell */
} KtDifferenceKind;

typedef struct {
  KtDifferenceKind kind;
  const char *field; /* "caches.L3", stable, for scripts */
  const char *label; /* "L3 cache" */
  char *reference;   /* as shown; NULL unknown */
  char *subject;     /* as shown; NULL unknown */
  const char *check; /* id of the check it is tied to; NULL unless SLOWER */
  int severity;      /* of that check; 0 */
  char *meaning;     /* a sentence; NULL for SAME and UNKNOWN */
} KtDifference;

/* All fields that at least one side knows: what explains a slowdown first (by
 * severity, then by table), then neutral differences, then what is the same,
 * then what one side leaves unknown. What is in favour of the subject is
 * neutral. KtDifference*; free with g_ptr_array_unref(). */
GPtrArray *kt_compare(const KtMachine *reference, const KtMachine *subject);
