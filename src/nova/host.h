/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host as Nova's scheduler sees it. */
#pragma once
#include "base/set.h"
#include "model/value.h"

enum { KT_NOVA_HOST_CELLS_MAX = 64 };

/* A pool of pages of one size; counts are pages. */
typedef struct {
  gint64 size_kib, total, used, reserved;
} KtNovaPool;

/* A NUMA node. CPU sets are already cut to what nova.conf gives to guests. */
typedef struct {
  int id;
  KtSet *shared;       /* CPUs for vCPUs that float: Nova's cpuset */
  KtSet *pinnable;     /* CPUs for vCPUs that are pinned: Nova's pcpuset; both are the same set on hosts without
                          cpu_shared_set and cpu_dedicated_set */
  KtSet *pinned;       /* of these: taken */
  GPtrArray *siblings; /* KtSet*: the threads of each core */
  GArray *pools;       /* KtNovaPool; empty: the host knows no page sizes */
  gint64 memory_mib, memory_usage_mib;
  gint64 cpu_usage; /* floating vCPUs of NUMA guests */
} KtNovaHostCell;

KtNovaHostCell *kt_nova_host_cell_new(int id);
KtNovaHostCell *kt_nova_host_cell_copy(const KtNovaHostCell *cell);
void kt_nova_host_cell_free(KtNovaHostCell *cell);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtNovaHostCell, kt_nova_host_cell_free)

KtSet *kt_nova_host_cell_free_cpus(const KtNovaHostCell *cell); /* pinnable and not taken; caller frees */
gint64 kt_nova_host_cell_free_mib(const KtNovaHostCell *cell);
const KtNovaPool *kt_nova_host_cell_pool(const KtNovaHostCell *cell, gint64 size_kib); /* the first; NULL: none */
gint64 kt_nova_host_cell_smallest_kib(const KtNovaHostCell *cell);                     /* 0: no pools */

/* What nova.conf says of CPUs: [compute], and cpu_mode of [libvirt]. */
typedef struct {
  KtSet *shared_set, *dedicated_set; /* NULL: not set */
  gboolean pack;                     /* packing_host_numa_cells_allocation_strategy */
  gboolean passthrough;              /* cpu_mode is host-passthrough, not Nova's default for KVM, host-model */
} KtNovaCompute;
void kt_nova_compute_clear(KtNovaCompute *compute);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KtNovaCompute, kt_nova_compute_clear)

typedef struct {
  GPtrArray *cells; /* KtNovaHostCell*, at most KT_NOVA_HOST_CELLS_MAX; the first is Nova's host cell 0 */
  KtNovaCompute compute;
  KtNum cpu_ratio, ram_ratio; /* allocation ratios of the scheduler's limits; unknown: none are applied */
} KtNovaHost;
KtNovaHost *kt_nova_host_new(void);
void kt_nova_host_free(KtNovaHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtNovaHost, kt_nova_host_free)
