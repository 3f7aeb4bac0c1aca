/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"

#define MAX_MIB (1u << 26)

/* Reads "N:N:N" up to @end; how many there were, 0 for what is no such list. */
static unsigned read_list(const char *text, char end, unsigned long max, unsigned long *values, unsigned capacity,
                          const char **rest)
{
  unsigned n = 0;
  for (;; text++) {
    char *after;
    if (*text < '0' || *text > '9' || n == capacity)
      return 0;
    values[n] = strtoul(text, &after, 10);
    if (values[n++] > max)
      return 0;
    text = after;
    if (*text == '\0' || *text == end)
      break;
    if (*text != ':')
      return 0;
  }
  *rest = text;
  return n;
}

bool kt_lab_machine_read_sizes(KtLabMachine *m, const char *text, char error[static 128])
{
  unsigned long mib[KT_MAX_NODES];
  uint64_t before = 0;
  const char *rest;
  m->nodes = read_list(text, '\0', MAX_MIB, mib, KT_MAX_NODES, &rest);
  for (unsigned node = 0; node < m->nodes; node++) {
    m->start[node] = 2 * before;
    m->size[node] = (uint64_t)mib[node] << 20;
    before += m->size[node];
  }
  if (!m->nodes)
    snprintf(error, 128, "sizes: expected MiB of up to %d nodes, as in 1024:1024", KT_MAX_NODES);
  return m->nodes;
}

bool kt_lab_machine_read_cpus(KtLabMachine *m, const char *text, char error[static 128])
{
  unsigned long nodes[KT_MAX_CPUS];
  const char *rest;
  m->cpus = read_list(text, '\0', KT_MAX_NODES - 1, nodes, KT_MAX_CPUS, &rest);
  for (unsigned cpu = 0; cpu < m->cpus; cpu++)
    m->node_of_cpu[cpu] = (unsigned)nodes[cpu];
  if (!m->cpus)
    snprintf(error, 128, "cpus: expected the node of each of up to %d CPUs, as in 0:0:1:1", KT_MAX_CPUS);
  return m->cpus;
}

bool kt_lab_machine_read_distances(KtLabMachine *m, const char *text, char error[static 128])
{
  unsigned long row[KT_MAX_NODES];
  unsigned from = 0;
  for (; from < m->nodes; from++) {
    if (read_list(text, '/', 255, row, KT_MAX_NODES, &text) != m->nodes || row[from] != 10)
      break;
    for (unsigned to = 0; to < m->nodes; to++) {
      if (row[to] < 10)
        goto bad;
      m->distance[from][to] = (unsigned)row[to];
    }
    if (*text == '/' && from + 1 < m->nodes)
      text++;
  }
  if (m->nodes && from == m->nodes && *text == '\0')
    return true;
bad:
  snprintf(error, 128, "distances: expected %u rows of as many numbers from 10 to 255, local 10, as in 10:16/16:10",
           m->nodes);
  return false;
}

bool kt_lab_machine_check(const KtLabMachine *m, char error[static 128])
{
  if (!m->nodes || !m->cpus) {
    snprintf(error, 128, "sizes and cpus have to be told");
    return false;
  }
  for (unsigned cpu = 0; cpu < m->cpus; cpu++)
    if (m->node_of_cpu[cpu] >= m->nodes) {
      snprintf(error, 128, "cpus: CPU %u is on node %u of %u", cpu, m->node_of_cpu[cpu], m->nodes);
      return false;
    }
  return true;
}
