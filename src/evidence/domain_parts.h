/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of domain definitions (libvirt, QEMU, Proxmox) have in common. */
#pragma once
#include "model/domain.h"

#define KT_DOMAIN_MAX_CELLS 256 /* QEMU's own limit is 128 */
#define KT_DOMAIN_MAX_DEVICES 4096
#define KT_DOMAIN_MAX_VCPUS 65536

KtCell *kt_domain_find_cell(const KtDomain *d, int id); /* NULL if there is none */
KtCell *kt_domain_cell(KtDomain *d, int id);            /* made on first use; NULL above the limit */

/* Distances as they are given, one pair at a time. */
typedef struct {
  int from, to, value; /* ids of cells */
} KtCellDistance;

/* Fills the cells' distances from a GArray of KtCellDistance. As libvirt and
 * QEMU do, a way back that is not given is as long as the way there, and a
 * cell's own is 10. Any other gap leaves all distances of that cell empty. */
void kt_domain_set_distances(KtDomain *d, const GArray *given);

/* Who manages a domain, by text of its XML or command line that nobody else writes: namespaces of metadata, products,
 * paths. */
KtManager kt_manager_of(const char *definition);

/* libvirt's list of CPUs or nodes: the kernel's format with "^3" taking one out again. NULL if
 * it is none. Caller frees. */
KtSet *kt_libvirt_set(const char *text);

/* "0000:3b:00.0" of "3b:0.0" and the like; NULL if it is no PCI address. Caller frees. */
char *kt_pci_address(const char *text);

/* libvirt's name of a hyperv enlightenment in QEMU's -cpu ("hv-vendor-id", "hv_vpindex" ->
 * "vendor_id", "vpindex"); NULL if `property` is none. Caller frees. */
char *kt_hyperv_name(const char *property);
