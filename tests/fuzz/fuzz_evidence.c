/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a paste: read, joined, diagnosed. */
#include "checks/check.h"
#include "evidence/reading.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  g_autoptr(KtText) text = kt_text_new("paste", (const char *)data, size);
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  kt_reading_run(text, ".", snapshot, fragments);
  kt_assemble(snapshot, fragments);
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(snapshot, NULL);
  return 0;
}
