/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/reading.h"

void kt_assemble(KtSnapshot *snapshot, GPtrArray *fragments)
{
  while (fragments->len) {
    KtFragment *f = g_ptr_array_steal_index(fragments, 0);
    g_ptr_array_add(snapshot->machines, g_steal_pointer(&f->machine));
    kt_fragment_free(f);
  }
}
