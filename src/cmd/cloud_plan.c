/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cloud.h"
#include "cmd/command.h"
#include "view/cloud_plan_view.h"

int kt_cloud_run_plan(const KtCloudRequest *request, const KtCloudPlanRequest *wish, const KtCloudOutput *output,
                      GError **error)
{
  g_auto(KtCloudInput) input = {0};
  if (!kt_cloud_input_read(request, &input, error))
    return -1;
  g_autoptr(KtCloudPlan) plan = kt_cloud_plan_make(input.cloud, input.evidence, &wish->options, error);
  if (!plan)
    return -1;
  g_autoptr(GDateTime) now = g_date_time_new_now_utc();
  plan->made = g_date_time_format_iso8601(now);
  for (guint i = 0; i < input.cloud->notes->len; i++)
    g_ptr_array_add(plan->notes, g_strdup(input.cloud->notes->pdata[i]));
  for (guint i = 0; i < input.notes->len; i++)
    g_ptr_array_add(plan->notes, g_strdup(input.notes->pdata[i]));
  g_autofree char *document = kt_cloud_plan_to_json(plan);
  if (wish->file && !kt_output_file(wish->file, document, error))
    return -1;
  const KtTerm term = kt_term_of_stdout(output->colour);
  g_autofree char *text = output->json   ? g_strdup(document)
                          : wish->ticket ? kt_view_cloud_plan_ticket(plan)
                                         : kt_view_cloud_plan_text(&term, plan, wish->file);
  if (g_strcmp0(wish->file, "-") != 0 && !kt_output(text, error))
    return -1;
  return plan->cures->len ? KT_EXIT_FINDINGS : KT_EXIT_HEALTHY;
}
