/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU policies of a request. */
#pragma once
#include "nova/guest.h"

typedef struct {
  KtNovaCpus cpus;
  KtNovaThreads threads;
  KtNovaEmulator emulator;
  KtSet *realtime;  /* vCPUs; NULL: none */
  KtSet *dedicated; /* of hw:cpu_dedicated_mask; NULL: none */
} KtNovaPolicy;

/* *policy is zeroed by the caller and cleared by it in any case. */
KtNovaRefusal kt_nova_policy(const KtFlavor *flavor, KtNovaPolicy *policy);
void kt_nova_policy_clear(KtNovaPolicy *policy);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KtNovaPolicy, kt_nova_policy_clear)
