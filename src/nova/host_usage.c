/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/host_usage.h"

/* The host cell that all memory of a guest cell comes from; NULL: none, or several. */
static KtNovaHostCell *host_cell_of(const KtNovaHost *host, const KtDomain *d, const KtCell *cell)
{
  const KtSet *nodes = cell->memnode ? cell->memnode : d->cells->len == 1 ? d->numatune_nodeset : NULL;
  if (kt_set_count(nodes) != 1)
    return NULL;
  for (guint i = 0; i < host->cells->len; i++) {
    KtNovaHostCell *on = host->cells->pdata[i];
    if (on->id == kt_set_next(nodes, 0))
      return on;
  }
  return NULL;
}

static void book_vcpus(KtNovaHostCell *on, const KtDomain *d, const KtCell *cell)
{
  for (int v = kt_set_next(cell->cpus, 0); v >= 0; v = kt_set_next(cell->cpus, (guint)v + 1)) {
    const KtSet *pin = kt_domain_pin(d, v);
    int cpu = kt_set_count(pin) == 1 ? kt_set_next(pin, 0) : -1;
    if (cpu >= 0 && kt_set_has(on->pinnable, (guint)cpu))
      kt_set_add(on->pinned, (guint)cpu);
    else
      on->cpu_usage++;
  }
}

static void book_pages(KtNovaHostCell *on, gint64 kib, KtInt size)
{
  gint64 used_kib = size.value;
  for (guint i = 0; size.known && i < on->pools->len; i++) {
    KtNovaPool *pool = &g_array_index(on->pools, KtNovaPool, i);
    if (pool->size_kib == used_kib)
      pool->used += kib / pool->size_kib;
  }
}

/* A CPU that emulator threads have alone (hw:emulator_threads_policy=isolate). */
static void book_emulator(KtNovaHost *host, const KtDomain *d)
{
  if (kt_set_count(d->emulatorpin) != 1)
    return;
  guint cpu = (guint)kt_set_next(d->emulatorpin, 0);
  for (guint i = 0; i < host->cells->len; i++) {
    KtNovaHostCell *on = host->cells->pdata[i];
    if (kt_set_has(on->pinnable, cpu))
      kt_set_add(on->pinned, cpu);
  }
}

void kt_nova_host_book(KtNovaHost *host, const KtDomain *d)
{
  gboolean booked = FALSE;
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    KtNovaHostCell *on = host_cell_of(host, d, cell);
    if (!on || !cell->memory_kib.known)
      continue;
    booked = TRUE;
    on->memory_usage_mib += cell->memory_kib.value / 1024;
    book_pages(on, cell->memory_kib.value, d->hugepages ? d->hugepage_kib : KT_INT(kt_nova_host_cell_smallest_kib(on)));
    book_vcpus(on, d, cell);
  }
  if (booked && kt_domain_is_dedicated(d))
    book_emulator(host, d);
}
