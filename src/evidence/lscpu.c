/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/units.h"
#include "evidence/readers.h"

static gboolean starts(const KtText *text, guint i)
{
  return g_str_has_prefix(kt_text_at(text, i), "Architecture:");
}

static guint read_lscpu(KtReading *r, const KtText *text, guint i)
{
  KtMachine *m = kt_reading_machine(r);
  guint64 count;
  for (; !kt_text_is_prompt(text, i) && !kt_text_is_blank(text, i); i++) {
    const char *colon = strchr(kt_text_at(text, i), ':');
    if (!colon)
      break;
    g_autofree char *value = g_strstrip(g_strdup(colon + 1));
    if (g_str_has_prefix(kt_text_at(text, i), "Socket(s):") && kt_units_parse_count(value, &count))
      kt_machine_set_int(m, "topology.sockets", (gint64)count, kt_reading_cite(r, i));
  }
  return i;
}

const KtReader kt_reader_lscpu = {.name = "lscpu", .what = "lscpu text", .starts = starts, .read = read_lscpu};
