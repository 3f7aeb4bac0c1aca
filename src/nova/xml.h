/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the domain XML that nova-compute derives from a request and its
 * placement: memory, memoryBacking, numatune, vcpu, cputune, cpu.
 *
 * Source: nova/virt/libvirt/driver.py and config.py (26.2.2, and master: iothreads
 * since 33.0.0, maxphysaddr since 29.0.0). */
#pragma once
#include "nova/fit.h"

/* `guest` and `fit` are NULL for a guest without NUMA. *xml is the caller's; NULL
 * where nova-compute fails though the API took the request: the refusal is returned. */
KtNovaRefusal kt_nova_xml(const KtFlavor *flavor, const KtNovaGuest *guest, const KtNovaFit *fit,
                          const KtNovaHost *host, KtNovaRelease release, char **xml);
