/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/mover.h"

GArray *kt_memory_of(const GPtrArray *mappings, int cell)
{
  GArray *memory = g_array_new(FALSE, FALSE, sizeof(KtNodeMemory));
  for (guint i = 0; i < mappings->len; i++) {
    const KtGuestMapping *mapping = mappings->pdata[i];
    for (guint k = 0; mapping->cell == cell && k < mapping->memory->len; k++) {
      const KtNodeMemory *part = &g_array_index(mapping->memory, KtNodeMemory, k);
      kt_memory_add(memory, part->node, part->kib);
    }
  }
  return memory;
}
