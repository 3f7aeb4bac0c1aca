/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cloud.h"
#include "evidence/evidence.h"

void kt_cloud_input_clear(KtCloudInput *input)
{
  kt_cloud_evidence_free(input->evidence);
  kt_snapshot_free(input->snapshot);
  kt_cloud_free(input->cloud);
  kt_cloud_config_free(input->config);
  g_clear_pointer(&input->notes, g_ptr_array_unref);
}

static gboolean read_evidence(const KtCloudRequest *request, KtCloudInput *input, GError **error)
{
  if (request->evidence && request->evidence[0]) {
    input->snapshot = kt_evidence_read_mixed(request->evidence, request->timeout_s, error);
    if (!input->snapshot)
      return FALSE;
    for (guint i = 0; i < input->snapshot->notes->len; i++)
      g_ptr_array_add(input->notes, g_strdup(input->snapshot->notes->pdata[i]));
  }
  return TRUE;
}

gboolean kt_cloud_input_read(const KtCloudRequest *request, KtCloudInput *input, GError **error)
{
  const KtHttpOptions options = {.timeout_s = request->timeout_s};
  input->notes = g_ptr_array_new_with_free_func(g_free);
  input->config = kt_cloud_config_find(&request->sign_in, error);
  if (!input->config || !read_evidence(request, input, error))
    return FALSE;
  g_autoptr(KtCloudSession) session = kt_cloud_session_new(input->config, &options, error);
  if (!session)
    return FALSE;
  input->cloud = kt_cloud_read(session, input->config->name, request->only_project, error);
  if (!input->cloud)
    return FALSE;
  input->evidence = kt_cloud_evidence_new(input->cloud, input->snapshot, input->notes);
  return TRUE;
}
