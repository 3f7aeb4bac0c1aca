/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host of Nova's from what evidence tells of a machine, its guests and its nova.conf. */
#pragma once
#include "model/domain.h"
#include "model/machine.h"
#include "nova/host.h"

/* The CPU sets of [compute]; `compute` is zeroed before. FALSE with KT_ERROR_FORMAT: one is no list of CPUs. */
gboolean kt_nova_read_compute(const KtNovaConf *conf, KtNovaCompute *compute, GError **error);

/* Pages of a size that reserved_huge_pages keeps on a node for others than guests; `conf` NULL: none. */
gint64 kt_nova_reserved_pages(const KtNovaConf *conf, int node, gint64 size_kib);

/* Cells, CPUs, siblings and pages as nova-compute reports them; what guests with
 * cells of their own use of it, as Nova books it: pins, floating vCPUs, memory, pages.
 * Guests without cells are not booked: Nova does not either.
 *
 * `domains` (KtDomain*) may be NULL or empty; `conf` may be NULL: nova.conf's
 * defaults, and no allocation ratios. `notes` (char*) gets what was not known and how
 * that was taken. NULL with KT_ERROR_NOT_FOUND and what is missing of the machine, or
 * KT_ERROR_FORMAT for a nova.conf that Nova cannot read. */
KtNovaHost *kt_nova_host_of(const KtMachine *machine, const GPtrArray *domains, const KtNovaConf *conf,
                            GPtrArray *notes, GError **error);
