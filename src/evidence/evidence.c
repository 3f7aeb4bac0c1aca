/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/evidence.h"

#include <unistd.h>

#include "base/error.h"
#include "evidence/reading.h"

KtSnapshot *kt_evidence_read(const char *const *paths, GError **error)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  for (guint i = 0; paths[i]; i++) {
    g_autofree char *bytes = NULL;
    gsize length;
    if (!g_file_get_contents(paths[i], &bytes, &length, error))
      return NULL;
    g_autofree char *directory = g_path_get_dirname(paths[i]);
    g_autoptr(KtText) text = kt_text_new(paths[i], bytes, length);
    kt_reading_run(text, directory, snapshot, fragments);
  }
  kt_assemble(snapshot, fragments);
  return g_steal_pointer(&snapshot);
}
