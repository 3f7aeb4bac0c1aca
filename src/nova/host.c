/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/host.h"

KtNovaHostCell *kt_nova_host_cell_new(int id)
{
  KtNovaHostCell *cell = g_new0(KtNovaHostCell, 1);
  cell->id = id;
  cell->shared = kt_set_new();
  cell->pinnable = kt_set_new();
  cell->pinned = kt_set_new();
  cell->siblings = g_ptr_array_new_with_free_func((GDestroyNotify)kt_set_free);
  cell->pools = g_array_new(FALSE, FALSE, sizeof(KtNovaPool));
  return cell;
}

KtNovaHostCell *kt_nova_host_cell_copy(const KtNovaHostCell *from)
{
  KtNovaHostCell *cell = kt_nova_host_cell_new(from->id);
  kt_set_add_all(cell->shared, from->shared);
  kt_set_add_all(cell->pinnable, from->pinnable);
  kt_set_add_all(cell->pinned, from->pinned);
  for (guint i = 0; i < from->siblings->len; i++)
    g_ptr_array_add(cell->siblings, kt_set_copy(from->siblings->pdata[i]));
  g_array_append_vals(cell->pools, from->pools->data, from->pools->len);
  cell->memory_mib = from->memory_mib;
  cell->memory_usage_mib = from->memory_usage_mib;
  cell->cpu_usage = from->cpu_usage;
  return cell;
}

void kt_nova_host_cell_free(KtNovaHostCell *cell)
{
  if (!cell)
    return;
  kt_set_free(cell->shared);
  kt_set_free(cell->pinnable);
  kt_set_free(cell->pinned);
  g_ptr_array_unref(cell->siblings);
  g_array_unref(cell->pools);
  g_free(cell);
}

KtSet *kt_nova_host_cell_free_cpus(const KtNovaHostCell *cell)
{
  KtSet *free_cpus = kt_set_copy(cell->pinnable);
  kt_set_remove_all(free_cpus, cell->pinned);
  return free_cpus;
}

gint64 kt_nova_host_cell_free_mib(const KtNovaHostCell *cell)
{
  return cell->memory_mib - cell->memory_usage_mib;
}

const KtNovaPool *kt_nova_host_cell_pool(const KtNovaHostCell *cell, gint64 size_kib)
{
  for (guint i = 0; i < cell->pools->len; i++)
    if (g_array_index(cell->pools, KtNovaPool, i).size_kib == size_kib)
      return &g_array_index(cell->pools, KtNovaPool, i);
  return NULL;
}

gint64 kt_nova_host_cell_smallest_kib(const KtNovaHostCell *cell)
{
  gint64 smallest = 0;
  for (guint i = 0; i < cell->pools->len; i++) {
    gint64 size = g_array_index(cell->pools, KtNovaPool, i).size_kib;
    smallest = smallest ? MIN(smallest, size) : size;
  }
  return smallest;
}

void kt_nova_compute_clear(KtNovaCompute *compute)
{
  g_clear_pointer(&compute->shared_set, kt_set_free);
  g_clear_pointer(&compute->dedicated_set, kt_set_free);
}

KtNovaHost *kt_nova_host_new(void)
{
  KtNovaHost *host = g_new0(KtNovaHost, 1);
  host->cells = g_ptr_array_new_with_free_func((GDestroyNotify)kt_nova_host_cell_free);
  return host;
}

void kt_nova_host_free(KtNovaHost *host)
{
  if (!host)
    return;
  g_ptr_array_unref(host->cells);
  kt_nova_compute_clear(&host->compute);
  g_free(host);
}
