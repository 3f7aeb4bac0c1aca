/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does Placement offer the host to the scheduler at all, before anything has to fit its nodes? */
#pragma once
#include "nova/guest.h"
#include "nova/host.h"

/* NULL: it does; else why not, for kt_tr(). A host's inventory is of VCPU its CPUs for shared vCPUs, of PCPU those of
 * cpu_dedicated_set, and its memory; no request for more is offered it, whatever the allocation ratio. A dedicated
 * guest may also take VCPUs, where no PCPU is there ([workarounds] disable_fallback_pcpu_query is false); a mixed one
 * may not. What other guests have taken is not looked at. `guest`: NULL for one without cells.
 *
 * Sources: nova/virt/libvirt/driver.py update_provider_tree(), nova/scheduler/utils.py ResourceRequest and manager.py
 * select_destinations() of 26.2.2; master has the same. */
const char *kt_nova_not_offered(const KtFlavor *flavor, const KtNovaGuest *guest, const KtNovaHost *host);
