/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/units.h"
#include "model/node_memory.h"
#include "view/apply_view.h"

static char *say_memory(const char *value)
{
  g_autoptr(GArray) memory = kt_memory_parse(value, NULL);
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; memory && i < memory->len; i++) {
    const KtNodeMemory *part = &g_array_index(memory, KtNodeMemory, i);
    g_autofree char *size = kt_units_format_kib((guint64)part->kib);
    if (part->kib)
      g_string_append_printf(text, "%snode %d: %s", text->len ? ", " : "", part->node, size);
  }
  return memory ? g_string_free(g_steal_pointer(&text), FALSE) : g_strdup(value);
}

char *kt_view_step_value(const KtStep *step, const char *value)
{
  if (step->kind == KT_STEP_DEFINITION)
    return g_strdup("");
  if (!value)
    return g_strdup("absent");
  if (step->kind == KT_STEP_MEMORY)
    return say_memory(value);
  return g_strdup(*value ? value : "not limited");
}

const char *kt_view_receipt_state(const KtReceipt *receipt, gint64 working)
{
  gboolean at_work = working == receipt->number;
  switch (receipt->state) {
  case KT_RECEIPT_RUNNING:
    return at_work ? "at work" : "interrupted";
  case KT_RECEIPT_UNDOING:
    return at_work ? "being undone" : "undo interrupted";
  case KT_RECEIPT_KEPT:
    return "partly undone";
  default:
    return kt_receipt_states[receipt->state];
  }
}
