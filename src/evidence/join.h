/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guest seen in several outputs is one domain. */
#pragma once
#include "model/snapshot.h"

/* Joins domains that are one guest: same UUID, or same name where one has no
 * UUID and no other domain may be meant. The best definition stays (libvirt's
 * or Proxmox's, then QEMU's command line, then virsh's tables) and gets what
 * the others know and it cannot say: what its threads do, and, if it is not
 * whole, what it is silent about. Two definitions that contradict (vcpus,
 * processes, two of a kind that are not alike) stay two.
 * The flavors that domains bring go to the snapshot, those that are alike once. */
void kt_domains_join(KtSnapshot *snapshot);
