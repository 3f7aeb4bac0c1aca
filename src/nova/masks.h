/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What constraints share: policies and masks of vCPUs. */
#pragma once
#include "nova/guest.h"

KtSet *kt_nova_all_vcpus(const KtFlavor *flavor); /* 0 to vcpus - 1; caller frees */
KtNovaRefusal kt_nova_emulator(const KtFlavor *flavor, KtNovaEmulator *policy);
/* hw:cpu_dedicated_mask; *cpus is NULL without one, else the caller's. */
KtNovaRefusal kt_nova_dedicated(const KtFlavor *flavor, KtSet **cpus);
