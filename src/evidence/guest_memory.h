/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which mappings of a QEMU process are the memory of which cell. QEMU gives each cell a mapping
 * of exactly its size; cells of one size are told apart by the name of the file behind it, by the
 * policy that libvirt gave it, or by the order in which QEMU made them. */
#pragma once
#include "base/root.h"
#include "model/domain.h"

typedef struct {
  guint64 start, end; /* addresses in the process */
  int cell;           /* id; 0 of a guest without cells */
  gint64 page_kib;    /* of the kernel's mapping: 4 (transparent huge pages too), 2048, 1048576 */
  gboolean shared;    /* others may map it too: memfd, file */
  GArray *memory;     /* KtNodeMemory: what of it is resident, by node */
} KtGuestMapping;

void kt_guest_mapping_free(gpointer mapping);

/* Out of the texts of /proc/PID/maps and numa_maps; of `d` the sizes of its cells (without cells its memory) and
 * their policies are used. KtGuestMapping* in the order of the cells, one or more for each. NULL with
 * KT_ERROR_NOT_FOUND (no mapping is as large as a cell), KT_ERROR_UNSUPPORTED (cells cannot be told
 * apart) or KT_ERROR_FORMAT (a size is not known). */
GPtrArray *kt_guest_memory_find(const char *maps, const char *numa_maps, const KtDomain *d, GError **error);

/* The same of a process below root. Reading numa_maps walks all its pages: it costs
 * about 10 ms for each GiB of small pages. Also KT_ERROR_ACCESS, KT_ERROR_NOT_FOUND (no such process). */
GPtrArray *kt_guest_memory_read(KtRoot *root, int pid, const KtDomain *d, GError **error);
