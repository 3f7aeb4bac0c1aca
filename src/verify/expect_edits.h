/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is what a change set so? A part of expect.h: the edits of one change as one line. */
#pragma once
#include "verify/expect.h"

typedef struct {
  char *what; /* NULL: this kind of change leaves nothing here to look at */
  char *before, *wanted, *found, *why;
  KtExpectState state;
} KtEditsFound;

/* `domain` NULL: a change of the host. Caller frees the texts. */
KtEditsFound kt_edits_look(const KtSight *sight, const KtDomain *domain, const KtChange *change);
