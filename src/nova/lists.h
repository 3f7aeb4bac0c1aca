/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbered keys hw:numa_cpus.N and hw:numa_mem.N, of a flavor or an image. */
#pragma once
#include "base/set.h"
#include "nova/guest.h"

enum { KT_NOVA_NODES_MAX = 128 }; /* Nova reads no more */

typedef struct {
  KtSet *set;
  gboolean beyond; /* it also names ids that no flavor can have */
} KtNovaCpuList;

/* From N = 0 up to the first that is missing, KtNovaCpuList*; NULL if there is none. `table` may be NULL. */
KtNovaRefusal kt_nova_cpu_lists(GHashTable *table, const char *key, GPtrArray **lists);
/* The same of MiB: gint64. */
KtNovaRefusal kt_nova_memory_list(GHashTable *table, const char *key, GArray **memory);
