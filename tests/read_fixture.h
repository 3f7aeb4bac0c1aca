/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One text through all readers. */
#pragma once
#include <string.h>

#include "evidence/reading.h"

static inline KtSnapshot *read_text(const char *bytes)
{
  KtSnapshot *snapshot = kt_snapshot_new();
  g_autoptr(KtText) text = kt_text_new("paste.txt", bytes, strlen(bytes));
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  kt_reading_run(text, "", snapshot, fragments);
  kt_assemble(snapshot, fragments);
  return snapshot;
}

/* The only machine of a snapshot. */
static inline KtMachine *only_machine(const KtSnapshot *snapshot)
{
  g_assert_cmpuint(snapshot->machines->len, ==, 1);
  return snapshot->machines->pdata[0];
}
