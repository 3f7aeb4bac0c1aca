/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"

static void combine(KtCountsRow *a, const KtCountsRow *b, uint64_t sign)
{
  for (unsigned i = 0; i <= KT_MAX_NODES; i++) {
    a->loads[i] += sign * b->loads[i];
    a->stores[i] += sign * b->stores[i];
    a->misses[i] += sign * b->misses[i];
  }
  a->io_loads += sign * b->io_loads;
  a->io_stores += sign * b->io_stores;
  a->cpu_ns += sign * b->cpu_ns;
}

void kt_counts_subtract(KtCountsRow *a, const KtCountsRow *b)
{
  combine(a, b, (uint64_t)-1);
}

void kt_counts_add(KtCountsRow *a, const KtCountsRow *b)
{
  combine(a, b, 1);
}

/* ---- writing ---- */

typedef struct {
  char *text;
  size_t size, used;
} Writer;

__attribute__((format(printf, 2, 3))) static void put(Writer *w, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(w->text + w->used, w->size - w->used, format, arguments);
  va_end(arguments);
  w->used = n < 0 || (size_t)n >= w->size - w->used ? w->size - 1 : w->used + (size_t)n;
}

static void put_columns(Writer *w, const char *name, const uint64_t *columns, unsigned nodes)
{
  put(w, " %s", name);
  for (unsigned node = 0; node < nodes; node++)
    put(w, " %llu", (unsigned long long)columns[node]);
  put(w, " other %llu", (unsigned long long)columns[KT_OTHER]);
}

size_t kt_counts_write(const KtCounts *counts, char *text, size_t size)
{
  Writer w = {text, size, 0};
  const KtLabMachine *m = &counts->machine;
  put(&w, "meter %s sample %u latency ", counts->on ? "on" : "off", counts->sample);
  put(&w, counts->latency ? "%u" : "off", counts->local_ns);
  put(&w, " nodes %u cpus %u\n", m->nodes, m->cpus);
  if (m->distance[0][0]) {
    put(&w, "distances");
    for (unsigned from = 0; from < m->nodes; from++)
      for (unsigned to = 0; to < m->nodes; to++)
        put(&w, " %u", m->distance[from][to]);
    put(&w, "\n");
  }
  for (unsigned cpu = 0; cpu < m->cpus; cpu++) {
    const KtCountsRow *row = &counts->rows[cpu];
    put(&w, "cpu %u node %u ns %llu", cpu, m->node_of_cpu[cpu], (unsigned long long)row->cpu_ns);
    put_columns(&w, "loads", row->loads, m->nodes);
    put(&w, " io %llu", (unsigned long long)row->io_loads);
    put_columns(&w, "stores", row->stores, m->nodes);
    put(&w, " io %llu", (unsigned long long)row->io_stores);
    if (counts->latency)
      put_columns(&w, "misses", row->misses, m->nodes);
    put(&w, "\n");
  }
  return w.used;
}

/* ---- reading ---- */

static bool take_word(const char **text, const char *word)
{
  size_t length = strlen(word);
  const char *at = *text + strspn(*text, " ");
  if (strncmp(at, word, length) || !strchr(" \n", at[length]))
    return false;
  *text = at + length;
  return true;
}

static bool take_number(const char **text, uint64_t max, uint64_t *number)
{
  const char *at = *text + strspn(*text, " ");
  char *end;
  if (*at < '0' || *at > '9')
    return false;
  *number = strtoull(at, &end, 10);
  *text = end;
  return *number <= max;
}

static bool take_line_end(const char **text)
{
  if (**text != '\n')
    return false;
  ++*text;
  return true;
}

static bool take_columns(const char **text, const char *name, uint64_t *columns, unsigned nodes)
{
  if (!take_word(text, name))
    return false;
  for (unsigned node = 0; node < nodes; node++)
    if (!take_number(text, UINT64_MAX, &columns[node]))
      return false;
  return take_word(text, "other") && take_number(text, UINT64_MAX, &columns[KT_OTHER]);
}

static bool take_head(const char **text, KtCounts *counts)
{
  uint64_t sample, local_ns = 0, nodes, cpus;
  if (!take_word(text, "meter"))
    return false;
  counts->on = take_word(text, "on");
  if (!counts->on && !take_word(text, "off"))
    return false;
  if (!take_word(text, "sample") || !take_number(text, 9999, &sample) || !take_word(text, "latency"))
    return false;
  counts->latency = !take_word(text, "off");
  if (counts->latency && !take_number(text, UINT32_MAX, &local_ns))
    return false;
  if (!take_word(text, "nodes") || !take_number(text, KT_MAX_NODES, &nodes) || !take_word(text, "cpus") ||
      !take_number(text, KT_MAX_CPUS, &cpus) || !take_line_end(text))
    return false;
  counts->sample = (unsigned)sample;
  counts->local_ns = (unsigned)local_ns;
  counts->machine.nodes = (unsigned)nodes;
  counts->machine.cpus = (unsigned)cpus;
  return sample && nodes && cpus;
}

static bool take_distances(const char **text, KtLabMachine *m)
{
  uint64_t distance;
  if (!take_word(text, "distances"))
    return true;
  for (unsigned from = 0; from < m->nodes; from++)
    for (unsigned to = 0; to < m->nodes; to++) {
      if (!take_number(text, 255, &distance))
        return false;
      m->distance[from][to] = (unsigned)distance;
    }
  return take_line_end(text);
}

static bool take_row(const char **text, KtCounts *counts, unsigned cpu)
{
  KtCountsRow *row = &counts->rows[cpu];
  unsigned nodes = counts->machine.nodes;
  uint64_t number, node;
  if (!take_word(text, "cpu") || !take_number(text, UINT64_MAX, &number) || number != cpu || !take_word(text, "node") ||
      !take_number(text, nodes - 1, &node) || !take_word(text, "ns") || !take_number(text, UINT64_MAX, &row->cpu_ns))
    return false;
  counts->machine.node_of_cpu[cpu] = (unsigned)node;
  return take_columns(text, "loads", row->loads, nodes) && take_word(text, "io") &&
         take_number(text, UINT64_MAX, &row->io_loads) && take_columns(text, "stores", row->stores, nodes) &&
         take_word(text, "io") && take_number(text, UINT64_MAX, &row->io_stores) &&
         (!counts->latency || take_columns(text, "misses", row->misses, nodes)) && take_line_end(text);
}

bool kt_counts_parse(const char *text, KtCounts *counts, char error[static 128])
{
  memset(counts, 0, sizeof *counts);
  if (!take_head(&text, counts) || !take_distances(&text, &counts->machine)) {
    snprintf(error, 128, "no answer of the meter: '%.*s'", (int)(strcspn(text, "\n") < 80 ? strcspn(text, "\n") : 80),
             text);
    return false;
  }
  for (unsigned cpu = 0; cpu < counts->machine.cpus; cpu++)
    if (!take_row(&text, counts, cpu)) {
      snprintf(error, 128, "the meter's answer ends at CPU %u", cpu);
      return false;
    }
  return true;
}

/* ---- locality ---- */

uint64_t kt_counts_accesses(const KtCountsRow *row, unsigned nodes)
{
  uint64_t sum = 0;
  for (unsigned node = 0; node < nodes; node++)
    sum += row->loads[node] + row->stores[node];
  return sum;
}

void kt_locality_add(KtLocality *l, const KtCounts *counts, unsigned cpu, const KtCountsRow *row)
{
  unsigned home = counts->machine.node_of_cpu[cpu];
  for (unsigned node = 0; node < counts->machine.nodes; node++)
    l->cost += (double)(row->loads[node] + row->stores[node]) * counts->machine.distance[home][node];
  l->accesses += kt_counts_accesses(row, counts->machine.nodes);
  l->local += row->loads[home] + row->stores[home];
  l->other += row->loads[KT_OTHER] + row->stores[KT_OTHER];
}

double kt_locality_pct(const KtLocality *l)
{
  return 100.0 * (double)l->local / (double)l->accesses;
}

double kt_locality_other_pct(const KtLocality *l)
{
  return l->other ? 100.0 * (double)l->other / (double)(l->accesses + l->other) : 0;
}

double kt_locality_cost(const KtLocality *l)
{
  return l->cost / (double)l->accesses;
}

double kt_locality_error_pct(const KtLocality *l, unsigned sample)
{
  double share = kt_locality_pct(l) / 100;
  return sample <= 1 ? 0 : 200 * sqrt(share * (1 - share) / (double)l->accesses);
}
