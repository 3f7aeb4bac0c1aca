/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Nova makes of a flavor's and an image's CPU topology. */
#pragma once
#include "model/flavor.h"

typedef struct {
  int sockets, cores, threads;
} KtNovaTopology;

/* The topology that Nova gives to a server of this flavor and image, by the
 * rules of nova/virt/hardware.py: of all topologies within the limits
 * (hw:cpu_max_*) the one that matches most of the preferred values, then the
 * one with most sockets; preferred values of the image replace all of the
 * flavor's. Threads that pinning adds are left out. FALSE if the flavor's vCPUs or
 * extra specs are not known, or if Nova would refuse. An image that is not
 * known is taken to ask for nothing. */
gboolean kt_nova_topology(const KtFlavor *f, KtNovaTopology *out);

/* A whole number in "hw:KEY" or the image's "hw_KEY"; FALSE if absent or none. */
gboolean kt_nova_number(const KtFlavor *f, const char *key, gint64 *out);

/* Does Nova give the server NUMA cells: hw:numa_nodes, a page size, pmem, or dedicated vCPUs. Extra specs have to be
 * known. Source: numa_get_constraints() of nova/virt/hardware.py. */
gboolean kt_nova_has_cells(const KtFlavor *f);
gboolean kt_nova_pins(const KtFlavor *f); /* some or all vCPUs are dedicated */
