/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much work a machine and its domains did: packets and disk requests, and what
 * guests tell of their own interrupts. A part of measure.h. */
#pragma once
#include "evidence/measure.h"
#include "model/value.h"

/* Since some start; unknown where nobody tells. */
typedef struct {
  KtInt packets, requests; /* received and sent; read and written */
  KtInt wakeups;           /* RES + CAL inside of the guest */
} KtWorkCounts;

typedef struct KtWork KtWork;

/* Of the machine below `root`; of domains only where that is this machine. libvirt is asked
 * if one runs. `options` have to outlive it. Never NULL. */
KtWork *kt_work_new(KtRoot *root, const KtMeasureOptions *options);
void kt_work_free(KtWork *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtWork, kt_work_free)

void kt_work_look(KtWork *work);
/* As counted at the last look, wakeups as they are now; `uuid` NULL: of the machine's own network and disk
 * devices. */
KtWorkCounts kt_work_counts(KtWork *work, const char *uuid);
