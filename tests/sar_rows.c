/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sar_rows FILE: everything that is read from it, to the last bit. */
#include <stdlib.h>

#include "evidence/evidence.h"
#include "view/view.h"

static void print_row(const KtActivityRow *row)
{
  g_print("%s seconds %a epoch %" G_GINT64_FORMAT " rows %u", row->time ? row->time : "-", row->seconds, row->epoch,
          row->stands_for);
  for (guint f = 0; f < KT_CPU_FIELDS; f++)
    if (row->pct[f].known)
      g_print(" %u:%a", f, row->pct[f].value);
  g_print("\n");
}

static void print_activity(const KtActivity *activity)
{
  for (guint i = 0; i < activity->rows->len; i++)
    print_row(activity->rows->pdata[i]);
  for (guint cpu = 0; activity->per_cpu_busy && cpu < 65536; cpu++) {
    const KtNum *busy = g_hash_table_lookup(activity->per_cpu_busy, GUINT_TO_POINTER(cpu));
    if (busy)
      g_print("cpu %u %a\n", cpu, busy->value);
  }
}

int main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  const char *paths[] = {argc == 2 ? argv[1] : "-", NULL};
  g_autoptr(KtSnapshot) snapshot = kt_evidence_read(paths, &error);
  if (!snapshot) {
    g_print("%s\n", error->message);
    return EXIT_SUCCESS;
  }
  for (guint i = 0; i < snapshot->machines->len; i++) {
    const KtMachine *m = snapshot->machines->pdata[i];
    if (m->activity)
      print_activity(m->activity);
  }
  g_autofree char *facts = kt_view_facts_json(snapshot);
  g_print("%s\n", facts);
  return EXIT_SUCCESS;
}
