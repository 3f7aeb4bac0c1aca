/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lscpu -J, in whatever lines: a cut end costs only what is cut. */
#include <string.h>

#include "evidence/lscpu_summary.h"
#include "evidence/readers.h"
#include "evidence/scan.h"

static gboolean starts(const KtText *text, guint i)
{
  const char *s = kt_scan_json_first(text, i);
  return g_str_has_prefix(s, "\"lscpu\"") || g_str_has_prefix(s, "\"field\"");
}

/* "Vulnerabilities:" has the others as children, whose fields have no prefix. */
static void add(KtLscpuSummary *summary, const char *field, const char *value, guint line, gboolean *in_vulnerabilities)
{
  g_autofree char *name = NULL;
  const char *rest;
  guint detail = 0;
  if (!kt_scan_label(field, &name, &rest, NULL))
    name = kt_scan_fold(field, strlen(field));
  KtLscpuLabel label = kt_lscpu_label(name, &detail);
  if (label == KT_LSCPU_VULNERABILITIES)
    *in_vulnerabilities = TRUE;
  if (label == KT_LSCPU_VULNERABILITY)
    kt_lscpu_summary_add(summary, label, 0, name + detail, value, line, TRUE);
  else if (label > KT_LSCPU_OTHER)
    kt_lscpu_summary_add(summary, label, detail, NULL, value, line, TRUE);
  else if (*in_vulnerabilities && kt_lscpu_is_vulnerability(value))
    kt_lscpu_summary_add(summary, KT_LSCPU_VULNERABILITY, 0, name, value, line, TRUE);
}

static guint read_json(KtReading *r, const KtText *text, guint i)
{
  g_autoptr(KtLscpuSummary) summary = kt_lscpu_summary_new();
  g_autofree char *field = NULL;
  gboolean in_vulnerabilities = FALSE;
  int depth = 0;
  guint end = i;
  gboolean opened = strstr(kt_text_at(text, i), "\"lscpu\"") != NULL;
  for (; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    const char *p = kt_text_at(text, i);
    if (*p && !strpbrk(p, "\"{}[]"))
      break;
    char *key, *value;
    depth += kt_scan_json_depth(p);
    while (kt_scan_json_member(&p, &key, &value)) {
      if (g_str_equal(key, "field")) {
        g_free(field);
        field = g_steal_pointer(&value);
      } else if (g_str_equal(key, "data") && field && !g_str_equal(value, "null")) {
        add(summary, field, value, i, &in_vulnerabilities);
      }
      g_free(key);
      g_free(value);
    }
    if (*kt_text_at(text, i))
      end = i + 1;
    opened |= depth > 0;
    if (depth < 0 || (depth == 0 && opened && end > i && strpbrk(kt_text_at(text, i), "]}")))
      break;
  }
  kt_lscpu_summary_apply(summary, r);
  return end;
}

const KtReader kt_reader_lscpu_json = {
    .name = "lscpu-json",
    .what = "lscpu -J",
    .starts = starts,
    .read = read_json,
};
