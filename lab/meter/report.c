/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

static void print_row(FILE *out, const KtCounts *counts, unsigned cpu)
{
  const KtCountsRow *row = &counts->rows[cpu];
  unsigned nodes = counts->machine.nodes;
  double all = (double)(kt_counts_accesses(row, nodes) + row->loads[KT_OTHER] + row->stores[KT_OTHER]);
  fprintf(out, "%5u %5u %15.0f", cpu, counts->machine.node_of_cpu[cpu], all * counts->sample);
  for (unsigned node = 0; node < nodes; node++)
    fprintf(out, " %8.2f", 100 * (double)(row->loads[node] + row->stores[node]) / all);
  fprintf(out, " %8.3f %10.3f\n", 100 * (double)(row->loads[KT_OTHER] + row->stores[KT_OTHER]) / all,
          (double)row->cpu_ns / 1e9);
}

void kt_report_locality(FILE *out, const char *name, const KtLocality *l, unsigned sample)
{
  if (!l->accesses) {
    fprintf(out, "%s: no access was counted\n", name);
    return;
  }
  fprintf(out, "%s: %.2f %% local", name, kt_locality_pct(l));
  if (sample > 1)
    fprintf(out, " +- %.2f", kt_locality_error_pct(l, sample));
  if (l->cost > 0)
    fprintf(out, ", mean cost %.2f (local = 10)", kt_locality_cost(l));
  fprintf(out, ", %.0f accesses", (double)l->accesses * sample);
  if (sample > 1)
    fprintf(out, " (%llu counted, one in %u)", (unsigned long long)l->accesses, sample);
  if (l->other)
    fprintf(out, ", %.3f %% of no node", kt_locality_other_pct(l));
  fprintf(out, "\n");
}

void kt_report_matrix(FILE *out, const KtCounts *counts)
{
  KtLocality all = {0};
  fprintf(out, "%5s %5s %15s", "CPU", "node", "accesses");
  for (unsigned node = 0; node < counts->machine.nodes; node++)
    fprintf(out, "   node%-2u", node);
  fprintf(out, "  %% other      CPU s\n");
  for (unsigned cpu = 0; cpu < counts->machine.cpus; cpu++) {
    const KtCountsRow *row = &counts->rows[cpu];
    kt_locality_add(&all, counts, cpu, row);
    if (kt_counts_accesses(row, counts->machine.nodes) + row->loads[KT_OTHER] + row->stores[KT_OTHER])
      print_row(out, counts, cpu);
  }
  kt_report_locality(out, "all CPUs", &all, counts->sample);
  fprintf(out, "counting is %s%s\n", counts->on ? "on" : "off", counts->latency ? ", memory has latency" : "");
}
