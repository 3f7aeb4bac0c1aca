/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/receipt.h"

const char *const kt_receipt_states[KT_RECEIPT_STATES] = {
    [KT_RECEIPT_RUNNING] = "running", [KT_RECEIPT_DONE] = "done",       [KT_RECEIPT_FAILED] = "failed",
    [KT_RECEIPT_STOPPED] = "stopped", [KT_RECEIPT_UNDOING] = "undoing", [KT_RECEIPT_UNDONE] = "undone",
    [KT_RECEIPT_KEPT] = "kept",
};

static void step_free(gpointer step)
{
  kt_step_free(step);
}

KtReceipt *kt_receipt_new(void)
{
  KtReceipt *receipt = g_new0(KtReceipt, 1);
  receipt->notes = g_ptr_array_new_with_free_func(g_free);
  receipt->steps = g_ptr_array_new_with_free_func(step_free);
  return receipt;
}

void kt_receipt_free(KtReceipt *receipt)
{
  if (!receipt)
    return;
  char *texts[] = {receipt->begun, receipt->ended, receipt->host,     receipt->tool,    receipt->uri,    receipt->scope,
                   receipt->error, receipt->plan,  receipt->measured, receipt->verdict, receipt->machine};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_ptr_array_unref(receipt->notes);
  g_ptr_array_unref(receipt->steps);
  g_free(receipt);
}

char *kt_receipt_now(void)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local();
  return g_date_time_format(now, "%Y-%m-%dT%H:%M:%S%:z");
}
