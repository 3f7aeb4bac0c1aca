/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locality of a running guest as one number that can be followed over time. */
#pragma once
#include "model/domain.h"

/* Percent of the domain's resident memory that lies on the nodes where its vCPUs run:
 * those that their threads are confined to or, where these are all nodes of the
 * host, those where they ran last (esxtop's N%L, of resident pages). Unknown on a host of one node,
 * where memory or threads are unknown, and where the vCPUs run on all nodes: all memory is near then, or none. */
KtNum kt_domain_locality(const KtMachine *host, const KtDomain *domain);
