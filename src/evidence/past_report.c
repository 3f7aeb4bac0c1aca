/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/past_report.h"

#include "base/error.h"
#include "config.h"

#if HAVE_JSON
#include "base/json_read.h"

#define MAX_BYTES (64 * 1024 * 1024)

static void read_findings(JsonObject *subject, const char *list, KtPastFound found, gpointer data)
{
  JsonArray *findings = kt_json_member_array(subject, list);
  for (guint i = 0; i < kt_json_length(findings); i++) {
    JsonObject *finding = kt_json_element_object(findings, i);
    const char *id = finding ? kt_json_member_text(finding, "id") : NULL;
    if (id)
      found(kt_json_member_text(subject, "name"), id, kt_json_member_text(finding, "title"), data);
  }
}

gboolean kt_past_report_read(const char *path, KtPastFound found, gpointer data, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr(GError) failed = NULL;
  gsize length;
  if (!g_file_get_contents(path, &text, &length, &failed)) {
    kt_error_set_file(error, "read", path, failed);
    return FALSE;
  }
  if (length > MAX_BYTES) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "'%s' is larger than a report of 'doctor --json'", path);
    return FALSE;
  }
  g_autoptr(JsonNode) root = kt_json_read(path, text, length, error);
  if (!root)
    return FALSE;
  JsonArray *subjects = kt_json_member_array(kt_json_object(root), "subjects");
  if (!subjects) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%s' is no report of 'doctor --json'", path);
    return FALSE;
  }
  for (guint i = 0; i < kt_json_length(subjects); i++) {
    JsonObject *subject = kt_json_element_object(subjects, i);
    if (!subject)
      continue;
    read_findings(subject, "findings", found, data);
    read_findings(subject, "accepted", found, data);
  }
  return TRUE;
}
#else
gboolean kt_past_report_read(const char *path, KtPastFound found, gpointer data, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot read '%s': it has no json-glib", path);
  return FALSE;
}
#endif
