/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/order.h"

#include <stdlib.h>

typedef struct {
  guint place;        /* in the host */
  gint64 first, then; /* less comes sooner */
} Rank;

static int by_rank(gconstpointer a, gconstpointer b)
{
  const Rank *x = a, *y = b;
  if (x->first != y->first)
    return x->first < y->first ? -1 : 1;
  if (x->then != y->then)
    return x->then < y->then ? -1 : 1;
  return x->place < y->place ? -1 : 1;
}

/* Roomy cells first, or last if Nova packs. With as many cells as the guest has, the host's order. */
void kt_nova_order(const KtNovaGuest *guest, const KtNovaHost *host, guint *order)
{
  Rank ranks[KT_NOVA_HOST_CELLS_MAX] = {0};
  gint64 sign = host->compute.pack ? 1 : -1;
  for (guint i = 0; i < host->cells->len; i++) {
    const KtNovaHostCell *on = host->cells->pdata[i];
    g_autoptr(KtSet) free_cpus = kt_nova_host_cell_free_cpus(on);
    ranks[i] = (Rank){.place = i};
    if (host->cells->len == guest->cells->len)
      continue;
    ranks[i].first =
        guest->cpus >= KT_NOVA_CPUS_DEDICATED ? sign * (gint64)kt_set_count(free_cpus) : -sign * on->cpu_usage;
    ranks[i].then = sign * kt_nova_host_cell_free_mib(on);
  }
  qsort(ranks, host->cells->len, sizeof *ranks, by_rank);
  for (guint i = 0; i < host->cells->len; i++)
    order[i] = ranks[i].place;
}

gboolean kt_nova_reserves(const KtNovaGuest *guest, guint cell)
{
  return cell == 0 && guest->emulator == KT_NOVA_EMULATOR_ISOLATE && guest->cpus >= KT_NOVA_CPUS_DEDICATED;
}
