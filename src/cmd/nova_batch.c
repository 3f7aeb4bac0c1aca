/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/lines.h"
#include "cmd/nova.h"
#include "nova/batch.h"

static gboolean answer(const char *name, const GString *line, gpointer release, GError **wrong, GError **error)
{
  g_autoptr(KtNovaRequest) request = kt_nova_request_parse(line->str, line->len, wrong);
  if (!request) {
    g_prefix_error(wrong, "%s: ", name);
    return TRUE;
  }
  g_autoptr(KtNovaAnswer) a = kt_nova_answer(request->flavor, request->host, *(const KtNovaRelease *)release);
  g_autofree char *text = kt_nova_answer_line(request->id, a);
  return kt_output(text, error);
}

int kt_nova_run_batch(const char *path, KtNovaRelease release, GError **error)
{
  return kt_lines_answer(path, KT_NOVA_LINE_MAX, answer, &release, error);
}
