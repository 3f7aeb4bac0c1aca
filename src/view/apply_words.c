/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/i18n.h"
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
      g_string_append_printf(text, _("%snode %d: %s"), text->len ? _(", ") : "", part->node, size);
  }
  return memory ? g_string_free(g_steal_pointer(&text), FALSE) : g_strdup(value);
}

char *kt_view_step_value(const KtStep *step, const char *value)
{
  if (step->kind == KT_STEP_DEFINITION)
    return g_strdup("");
  if (!value)
    return g_strdup(step->kind == KT_STEP_TOPOLOGY || step->kind == KT_STEP_LOAD ? _("unknown") : _("absent"));
  if (step->kind == KT_STEP_MEMORY)
    return say_memory(value);
  if (step->kind == KT_STEP_SCHEDULER && g_str_equal(value, "-1"))
    return g_strdup(_("not limited"));
  return g_strdup(*value ? value : step->kind < KT_STEP_FLAVOR ? _("not limited") : _("none"));
}

char *kt_view_step_name(const KtStep *step)
{
  const char *gap = *step->where ? " " : "", *kind = kt_step_word(step);
  return step->domain ? g_strdup_printf(_("%s%s%s of '%s'"), kind, gap, step->where, step->domain)
                      : g_strdup_printf("%s%s%s", kind, gap, step->where);
}

const char *kt_view_step_state(const KtStep *step)
{
  static const char *const words[KT_STEP_STATES] = {
      [KT_STEP_PLANNED] = N_("not begun"), [KT_STEP_STARTED] = N_("begun, perhaps done"),
      [KT_STEP_DONE] = N_("done"),         [KT_STEP_FAILED] = N_("failed"),
      [KT_STEP_UNDONE] = N_("undone"),     [KT_STEP_KEPT] = N_("kept"),
  };
  return kt_tr(words[step->state]);
}

const char *kt_view_receipt_state(const KtReceipt *receipt, gint64 working)
{
  static const char *const words[KT_RECEIPT_STATES] = {
      [KT_RECEIPT_RUNNING] = N_("interrupted"),
      [KT_RECEIPT_DONE] = N_("done"),
      [KT_RECEIPT_FAILED] = N_("failed"),
      [KT_RECEIPT_STOPPED] = N_("stopped"),
      [KT_RECEIPT_UNDOING] = N_("undo interrupted"),
      [KT_RECEIPT_UNDONE] = N_("undone"),
      [KT_RECEIPT_KEPT] = N_("partly undone"),
  };
  gboolean at_work = working == receipt->number;
  if (at_work && receipt->state == KT_RECEIPT_RUNNING)
    return _("at work");
  if (at_work && receipt->state == KT_RECEIPT_UNDOING)
    return _("being undone");
  return kt_tr(words[receipt->state]);
}
