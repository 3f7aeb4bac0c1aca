/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host CPUs for dedicated vCPUs, by thread policy. */
#pragma once
#include "nova/fit.h"

/* Chooses a CPU of `on` for each of n vCPUs and, if `reserve`, one more for the emulator.
 * As few cores as the policy allows, siblings side by side. FALSE if Nova would not.
 * With pins NULL it only judges. */
gboolean kt_nova_pin(const KtNovaHostCell *on, guint n, KtNovaThreads policy, gboolean reserve, GArray *pins,
                     KtInt *reserved);
