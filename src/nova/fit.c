/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/fit.h"

#include "nova/order.h"
#include "nova/pins.h"
#include "placement/matching.h"

static void placed_free(gpointer data)
{
  KtNovaPlaced *placed = data;
  g_array_unref(placed->pins);
  g_free(placed);
}

void kt_nova_fit_free(KtNovaFit *fit)
{
  if (!fit)
    return;
  g_ptr_array_unref(fit->cells);
  g_free(fit->misfits);
  g_free(fit);
}

/* ---- pairs and their matching ---- */

static void place(KtNovaFit *fit, const KtNovaGuest *guest, guint i, const KtNovaHostCell *on, KtNovaCores *cores,
                  gint64 pages_kib)
{
  const KtNovaGuestCell *cell = guest->cells->pdata[i];
  KtNovaPlaced *placed = g_new0(KtNovaPlaced, 1);
  placed->on = on;
  placed->pages_kib = pages_kib ? KT_INT(pages_kib) : KT_INT_UNKNOWN;
  placed->pins = g_array_new(FALSE, FALSE, sizeof(guint));
  guint n = kt_set_count(cell->dedicated);
  if (n || kt_nova_reserves(guest, i))
    kt_nova_pin(cores, n, n ? guest->threads : KT_NOVA_THREADS_UNSAID, kt_nova_reserves(guest, i), placed->pins,
                &placed->reserved);
  g_ptr_array_add(fit->cells, placed);
}

/* A guest cell is judged on each host cell; bit j of the result: it fits on the one that is tried as the j-th. */
static guint64 judge_row(KtNovaFit *fit, const KtNovaGuest *guest, const KtNovaHost *host, KtNovaRelease release,
                         guint i, const guint *order, KtNovaCores *const *cores, gint64 *pages)
{
  guint64 allowed = 0;
  guint n = host->cells->len;
  for (guint j = 0; j < n; j++) {
    guint at = order[j];
    KtNovaMisfit no = kt_nova_judge(guest, guest->cells->pdata[i], host, host->cells->pdata[at], cores[at],
                                    kt_nova_reserves(guest, i), release, &pages[at]);
    fit->misfits[(gsize)i * n + at] = no;
    if (no == KT_NOVA_FITS)
      allowed |= G_GUINT64_CONSTANT(1) << j;
  }
  return allowed;
}

KtNovaFit *kt_nova_fit(const KtNovaGuest *guest, const KtNovaHost *host, KtNovaRelease release)
{
  KtNovaFit *fit = g_new0(KtNovaFit, 1);
  guint k = guest->cells->len, n = host->cells->len;
  fit->cells = g_ptr_array_new_with_free_func(placed_free);
  fit->lacks_cells = k > n;
  if (fit->lacks_cells)
    return fit;
  guint order[KT_NOVA_HOST_CELLS_MAX];
  KtNovaCores *cores[KT_NOVA_HOST_CELLS_MAX] = {NULL};
  g_autofree gint64 *pages = g_new0(gint64, (gsize)k * n);
  guint64 allowed[KT_MATCHING_MAX] = {0};
  guint8 match[KT_MATCHING_MAX];
  kt_nova_order(guest, host, order);
  for (guint i = 0; i < n && guest->cpus >= KT_NOVA_CPUS_DEDICATED; i++)
    cores[i] = kt_nova_cores_new(host->cells->pdata[i]);
  fit->misfits = g_new0(guint8, (gsize)k * n);
  for (guint i = 0; i < k; i++)
    allowed[i] = judge_row(fit, guest, host, release, i, order, cores, pages + (gsize)i * n);
  fit->fits = kt_matching_first(k, n, allowed, match, &fit->crowd);
  for (guint i = 0; fit->fits && i < k; i++) {
    guint at = order[match[i]];
    place(fit, guest, i, host->cells->pdata[at], cores[at], pages[(gsize)i * n + at]);
  }
  for (guint i = 0; i < n; i++)
    kt_nova_cores_free(cores[i]);
  return fit;
}

/* ---- what it uses ---- */

static void book_pages(KtNovaHostCell *cell, gint64 kib, KtInt size)
{
  gint64 used_kib = size.known ? size.value : kt_nova_host_cell_smallest_kib(cell);
  for (guint i = 0; i < cell->pools->len; i++) {
    KtNovaPool *pool = &g_array_index(cell->pools, KtNovaPool, i);
    if (pool->size_kib == used_kib)
      pool->used += kib / pool->size_kib;
  }
}

/* Isolated vCPUs take the whole core. */
static void book_pins(KtNovaHostCell *cell, const KtNovaPlaced *placed, gboolean isolate)
{
  g_autoptr(KtSet) taken = kt_set_new();
  for (guint i = 0; i < placed->pins->len; i++)
    kt_set_add(taken, g_array_index(placed->pins, guint, i));
  if (placed->reserved.known)
    kt_set_add(taken, (guint)placed->reserved.value);
  for (guint i = 0; isolate && i < cell->siblings->len; i++)
    if (kt_set_intersects(cell->siblings->pdata[i], taken))
      kt_set_add_all(taken, cell->siblings->pdata[i]);
  kt_set_add_all(cell->pinned, taken);
}

GPtrArray *kt_nova_usage(const KtNovaGuest *guest, const KtNovaFit *fit, const KtNovaHost *host)
{
  g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func((GDestroyNotify)kt_nova_host_cell_free);
  for (guint h = 0; h < host->cells->len; h++) {
    const KtNovaHostCell *from = host->cells->pdata[h];
    KtNovaHostCell *cell = kt_nova_host_cell_copy(from);
    g_ptr_array_add(cells, cell);
    for (guint i = 0; i < fit->cells->len; i++) {
      const KtNovaPlaced *placed = fit->cells->pdata[i];
      const KtNovaGuestCell *guest_cell = guest->cells->pdata[i];
      if (placed->on != from)
        continue;
      if (!cell->pools->len)
        return NULL;
      book_pages(cell, guest_cell->memory_mib * 1024, placed->pages_kib);
      cell->memory_usage_mib += guest_cell->memory_mib;
      cell->cpu_usage += kt_set_count(guest_cell->shared);
      book_pins(cell, placed, guest->threads == KT_NOVA_THREADS_ISOLATE);
    }
  }
  return g_steal_pointer(&cells);
}
