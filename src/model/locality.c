/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/locality.h"

/* Adds the nodes of a thread's CPUs; FALSE if one of them is unknown. */
static gboolean add_nodes(const KtMachine *host, const KtSet *cpus, KtSet *nodes)
{
  for (int cpu = kt_set_next(cpus, 0); cpu >= 0; cpu = kt_set_next(cpus, (guint)cpu + 1)) {
    int node = kt_machine_node_of_cpu(host, (guint)cpu);
    if (node < 0)
      return FALSE;
    kt_set_add(nodes, (guint)node);
  }
  return TRUE;
}

/* Where the vCPU threads may run, or where they ran last. NULL if unknown. */
static KtSet *nodes_of(const KtMachine *host, const KtRuntime *runtime, gboolean last)
{
  g_autoptr(KtSet) nodes = kt_set_new();
  for (guint i = 0; i < runtime->threads->len; i++) {
    const KtThread *thread = runtime->threads->pdata[i];
    if (thread->vcpu < 0)
      continue;
    g_autoptr(KtSet) one = kt_set_new();
    if (last && thread->last_cpu.known)
      kt_set_add(one, (guint)thread->last_cpu.value);
    const KtSet *cpus = last ? one : thread->affinity;
    if (!cpus || kt_set_is_empty(cpus) || !add_nodes(host, cpus, nodes))
      return NULL;
  }
  return kt_set_is_empty(nodes) ? NULL : g_steal_pointer(&nodes);
}

KtNum kt_domain_locality(const KtMachine *host, const KtDomain *domain)
{
  const KtRuntime *runtime = domain->runtime;
  guint with_cpus = 0;
  for (guint i = 0; i < host->nodes->len; i++)
    with_cpus += kt_set_count(((const KtNode *)host->nodes->pdata[i])->cpus) > 0;
  if (with_cpus < 2 || !runtime || !runtime->memory->len)
    return KT_NUM_UNKNOWN;
  g_autoptr(KtSet) home = nodes_of(host, runtime, FALSE);
  if (home && kt_set_count(home) >= with_cpus) {
    kt_set_free(home);
    home = nodes_of(host, runtime, TRUE);
  }
  if (!home || kt_set_count(home) >= with_cpus)
    return KT_NUM_UNKNOWN;
  gint64 all = 0, near = 0;
  g_autoptr(GArray) memory = kt_domain_memory(domain);
  for (guint i = 0; i < memory->len; i++) {
    const KtNodeMemory *part = &g_array_index(memory, KtNodeMemory, i);
    all += part->kib;
    near += part->node >= 0 && kt_set_has(home, (guint)part->node) ? part->kib : 0;
  }
  return all > 0 ? KT_NUM(100.0 * (double)near / (double)all) : KT_NUM_UNKNOWN;
}
