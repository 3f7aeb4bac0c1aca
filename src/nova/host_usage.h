/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "model/domain.h"
#include "nova/host.h"

/* Books a running or defined guest on the host's cells as Nova does for its own: by
 * the host node that each guest cell is bound to (memnode), the CPU that each vCPU is
 * pinned to, and the page size. A guest without bound cells changes nothing. */
void kt_nova_host_book(KtNovaHost *host, const KtDomain *domain);
