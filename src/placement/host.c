/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "placement/host.h"

static guint group_of(const KtPlaceNode *node, guint cpu)
{
  guint k = 0;
  while (k < node->l3->len && !kt_set_has(node->l3->pdata[k], cpu))
    k++;
  return k; /* those in no group are one more */
}

static void add_core(KtHost *host, const KtPlaceNode *node, guint index, const KtSet *cpus, const KtSet *taken)
{
  KtCore core = {.node = index, .first = host->cpus->len};
  for (int c = kt_set_next(cpus, 0); c >= 0; c = kt_set_next(cpus, (guint)c + 1)) {
    guint cpu = (guint)c;
    if (!kt_set_has(taken, cpu))
      g_array_append_val(host->cpus, cpu);
  }
  core.n_cpus = host->cpus->len - core.first;
  if (!core.n_cpus)
    return;
  core.l3 = host->n_l3 + group_of(node, g_array_index(host->cpus, guint, core.first));
  host->threads = MAX(host->threads, core.n_cpus);
  g_array_append_val(host->cores, core);
}

void kt_host_init(KtHost *host, const KtPlaceProblem *problem, const KtSet *gone)
{
  g_autoptr(KtSet) taken = kt_set_copy(problem->reserved_cpus);
  if (gone)
    kt_set_add_all(taken, gone);
  *host = (KtHost){.cores = g_array_new(FALSE, FALSE, sizeof(KtCore)),
                   .cpus = g_array_new(FALSE, FALSE, sizeof(guint)),
                   .first_core = g_new0(guint, problem->nodes->len + 1),
                   .threads = 1};
  for (guint i = 0; i < problem->nodes->len; i++) {
    const KtPlaceNode *node = problem->nodes->pdata[i];
    host->first_core[i] = host->cores->len;
    for (guint k = 0; k < node->cores->len; k++)
      add_core(host, node, i, node->cores->pdata[k], taken);
    host->n_l3 += node->l3->len + 1;
  }
  host->first_core[problem->nodes->len] = host->cores->len;
  for (guint k = 0; k < host->cpus->len; k++)
    host->n_numbers = MAX(host->n_numbers, g_array_index(host->cpus, guint, k) + 1);
  host->core_of = g_new0(guint, host->n_numbers + 1);
  g_autofree guint *cpus_of = g_new0(guint, host->n_l3);
  for (guint k = 0; k < host->cores->len; k++) {
    const KtCore *core = &g_array_index(host->cores, KtCore, k);
    cpus_of[core->l3] += core->n_cpus;
    for (guint t = 0; t < core->n_cpus; t++)
      host->core_of[g_array_index(host->cpus, guint, core->first + t)] = k + 1;
    host->l3_cpus = MAX(host->l3_cpus, cpus_of[core->l3]);
  }
}

void kt_host_clear(KtHost *host)
{
  g_array_unref(host->cores);
  g_array_unref(host->cpus);
  g_free(host->first_core);
  g_free(host->core_of);
}

KtSet *kt_host_gone_cpus(const KtPlaceProblem *problem)
{
  KtSet *cpus = kt_set_copy(problem->closed_cpus);
  for (guint g = 0; g < problem->guests->len; g++) {
    const KtPlaceGuest *guest = problem->guests->pdata[g];
    if (guest->started && !guest->movable && guest->policy == KT_PLACE_DEDICATED)
      kt_set_add_all(cpus, guest->now_cpus);
  }
  return cpus;
}

void kt_host_shares(const KtHost *host, guint n_nodes, const KtSet *cpus, double *share)
{
  double sum = 0;
  g_autofree guint8 *used = g_new0(guint8, host->cores->len + 1);
  for (guint i = 0; i < n_nodes; i++)
    share[i] = 0;
  for (int c = kt_set_next(cpus, 0); c >= 0 && (guint)c < host->n_numbers; c = kt_set_next(cpus, (guint)c + 1)) {
    guint core = host->core_of[c];
    if (!core)
      continue;
    double worth = used[core - 1] ? KT_PLACE_SMT_WORTH : 1;
    share[g_array_index(host->cores, KtCore, core - 1).node] += worth;
    used[core - 1] = TRUE;
    sum += worth;
  }
  for (guint i = 0; sum > 0 && i < n_nodes; i++)
    share[i] /= sum;
}

void kt_host_add_node_cpus(const KtHost *host, guint node, KtSet *into)
{
  for (guint k = host->first_core[node]; k < host->first_core[node + 1]; k++) {
    const KtCore *core = &g_array_index(host->cores, KtCore, k);
    for (guint t = 0; t < core->n_cpus; t++)
      kt_set_add(into, g_array_index(host->cpus, guint, core->first + t));
  }
}

guint kt_host_node_index(const KtPlaceProblem *problem, guint id)
{
  guint i = 0;
  while (((const KtPlaceNode *)problem->nodes->pdata[i])->id != id)
    i++;
  return i;
}

double kt_host_devices(const KtPlaceProblem *problem, const KtPlaceGuest *guest, guint *devices)
{
  gboolean owns = FALSE;
  guint n = 0;
  for (guint k = 0; k < guest->devices->len; k++)
    owns |= g_array_index(guest->devices, KtPlaceDevice, k).owned;
  for (guint i = 0; i < problem->nodes->len; i++)
    devices[i] = 0;
  for (guint k = 0; k < guest->devices->len; k++) {
    const KtPlaceDevice *device = &g_array_index(guest->devices, KtPlaceDevice, k);
    if (device->owned != owns)
      continue;
    devices[kt_host_node_index(problem, device->node_id)]++;
    n++;
  }
  return n ? (owns ? KT_PLACE_DEVICE_TRAFFIC : KT_PLACE_SHARED_DEVICE) / n : 0;
}

KtSet *kt_host_floating(const KtHost *host, guint node, const KtSet *owned, gint64 busy)
{
  g_autoptr(KtSet) siblings = kt_set_new();
  KtSet *cpus = kt_set_new();
  gint64 worth = 0;
  for (guint k = host->first_core[node]; k < host->first_core[node + 1]; k++) {
    const KtCore *core = &g_array_index(host->cores, KtCore, k);
    const guint *cpu = &g_array_index(host->cpus, guint, core->first);
    guint idle = 0;
    for (guint i = 0; i < core->n_cpus; i++)
      idle += !kt_set_has(owned, cpu[i]);
    for (guint i = 0; i < core->n_cpus; i++)
      if (!kt_set_has(owned, cpu[i]))
        kt_set_add(idle == core->n_cpus ? cpus : siblings, cpu[i]);
    worth += idle == core->n_cpus ? kt_core_worth(idle) : 0;
  }
  if (worth < busy || kt_set_is_empty(cpus))
    kt_set_add_all(cpus, siblings);
  return cpus;
}

KtSet *kt_place_fence(const KtPlaceGuest *guest, const KtSet *cpus)
{
  KtSet *open = kt_set_copy(cpus);
  if (guest->allowed)
    kt_set_keep_only(open, guest->allowed);
  return open;
}

double kt_host_farthest(const KtPlaceProblem *problem)
{
  guint most = 10;
  for (guint i = 0; i < problem->nodes->len; i++) {
    const GArray *distances = ((const KtPlaceNode *)problem->nodes->pdata[i])->distances;
    for (guint k = 0; k < distances->len; k++)
      most = MAX(most, g_array_index(distances, guint, k));
  }
  return most / 10. - 1;
}
