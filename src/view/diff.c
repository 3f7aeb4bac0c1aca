/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/diff.h"

static KtStyle style_of(const char *line)
{
  if (g_str_has_prefix(line, "+++") || g_str_has_prefix(line, "---"))
    return KT_STYLE_BOLD;
  return *line == '+' ? KT_STYLE_GREEN : *line == '-' ? KT_STYLE_RED : *line == '@' ? KT_STYLE_CYAN : KT_STYLE_PLAIN;
}

gboolean kt_page_diff(KtPage *page, guint indent, const char *diff, guint lines)
{
  g_auto(GStrv) all = g_strsplit(diff, "\n", -1);
  guint n = 0;
  for (; n < lines && all[n]; n++)
    if (*all[n] || all[n + 1])
      kt_page_verbatim(page, indent, style_of(all[n]), all[n]);
  return !all[n] || !all[n + 1];
}
