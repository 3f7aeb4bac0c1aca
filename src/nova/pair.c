/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guest cell on one host cell. */
#include "base/i18n.h"
#include "nova/pins.h"
#include "nova/values.h"

const char *kt_nova_misfit_words(KtNovaMisfit misfit)
{
  static const char *const words[] = {
      [KT_NOVA_NO_PAGES] = N_("free pages of the size"),
      [KT_NOVA_NO_MEMORY] = N_("memory"),
      [KT_NOVA_NO_PCPUS] = N_("free CPUs to pin"),
      [KT_NOVA_NO_CPUS] = N_("shared CPUs"),
      [KT_NOVA_NO_THREADS] = N_("free cores for the thread policy"),
      [KT_NOVA_OVER_CPUS] = N_("CPUs within the allocation ratio"),
      [KT_NOVA_OVER_MEMORY] = N_("memory within the allocation ratio"),
  };
  return kt_tr(words[misfit]);
}

static gboolean has_room(const KtNovaPool *pool, gint64 kib, gboolean count_used)
{
  gint64 pages = count_used ? pool->total - pool->used - pool->reserved : pool->total;
  return kib % pool->size_kib == 0 && kib / pool->size_kib <= pages;
}

/* The largest size below `below` with room; 0: none. Pools of the same size: the first counts, as in Nova. */
static gint64 largest_with_room(const KtNovaHostCell *on, gint64 kib, gint64 smallest)
{
  gint64 best = 0;
  for (guint i = 0; i < on->pools->len; i++) {
    gint64 size = g_array_index(on->pools, KtNovaPool, i).size_kib;
    if (size > best && size > smallest && has_room(kt_nova_host_cell_pool(on, size), kib, TRUE))
      best = size;
  }
  return best;
}

static gint64 choose_pages(gint64 asked, gint64 kib, const KtNovaHostCell *on)
{
  gint64 smallest = kt_nova_host_cell_smallest_kib(on);
  if (asked == KT_NOVA_PAGES_LARGE)
    return largest_with_room(on, kib, smallest);
  if (asked == KT_NOVA_PAGES_ANY)
    return largest_with_room(on, kib, 0);
  const KtNovaPool *pool = kt_nova_host_cell_pool(on, asked == KT_NOVA_PAGES_SMALL ? smallest : asked);
  return pool && has_room(pool, kib, TRUE) ? pool->size_kib : 0;
}

static gboolean is_pinned(const KtNovaGuest *guest)
{
  return guest->cpus >= KT_NOVA_CPUS_DEDICATED;
}

static KtNovaMisfit judge_memory(const KtNovaGuest *guest, const KtNovaGuestCell *cell, const KtNovaHostCell *on,
                                 KtNovaRelease release, gint64 *pages_kib)
{
  gint64 kib = cell->memory_mib * 1024, asked = guest->pages_kib.known ? guest->pages_kib.value : 0;
  *pages_kib = 0;
  if (asked) {
    *pages_kib = choose_pages(asked, kib, on);
    return *pages_kib ? KT_NOVA_FITS : KT_NOVA_NO_PAGES;
  }
  if (!on->pools->len)
    return cell->memory_mib > on->memory_mib ? KT_NOVA_NO_MEMORY : KT_NOVA_FITS;
  const KtNovaPool *pool = kt_nova_host_cell_pool(on, kt_nova_host_cell_smallest_kib(on));
  /* since 30.0.0 a pinned guest does not share small pages either */
  gboolean count_used = release == KT_NOVA_MASTER && is_pinned(guest);
  return has_room(pool, kib, count_used) ? KT_NOVA_FITS : KT_NOVA_NO_MEMORY;
}

static KtNovaMisfit judge_pins(const KtNovaGuest *guest, const KtNovaGuestCell *cell, const KtNovaHostCell *on,
                               const KtNovaCores *cores, gboolean reserve, KtNovaRelease release)
{
  guint n = kt_set_count(cell->dedicated), needed = n + (reserve ? 1 : 0);
  if (needed > kt_nova_cores_count(cores))
    return KT_NOVA_NO_PCPUS;
  gboolean by_pools = release == KT_NOVA_MASTER && on->pools->len;
  if (!by_pools && cell->memory_mib > kt_nova_host_cell_free_mib(on))
    return KT_NOVA_NO_MEMORY;
  if (!n && release == KT_NOVA_ZED) /* before 28.0.0 nothing to pin is a pinning that failed */
    return KT_NOVA_NO_PCPUS;
  return !n || kt_nova_can_pin(cores, n, guest->threads, reserve) ? KT_NOVA_FITS : KT_NOVA_NO_THREADS;
}

static KtNovaMisfit judge_ratios(const KtNovaGuestCell *cell, const KtNovaHost *host, const KtNovaHostCell *on)
{
  if (!host->cpu_ratio.known || !host->ram_ratio.known)
    return KT_NOVA_FITS;
  double cpus = (double)(on->cpu_usage + kt_set_count(cell->shared));
  if (cpus > kt_set_count(on->shared) * host->cpu_ratio.value)
    return KT_NOVA_OVER_CPUS;
  double mib = (double)(on->memory_usage_mib + cell->memory_mib);
  return mib > (double)on->memory_mib * host->ram_ratio.value ? KT_NOVA_OVER_MEMORY : KT_NOVA_FITS;
}

KtNovaMisfit kt_nova_judge(const KtNovaGuest *guest, const KtNovaGuestCell *cell, const KtNovaHost *host,
                           const KtNovaHostCell *on, const KtNovaCores *cores, gboolean reserve, KtNovaRelease release,
                           gint64 *pages_kib)
{
  KtNovaMisfit no = judge_memory(guest, cell, on, release, pages_kib);
  if (no)
    return no;
  gboolean floats = guest->cpus != KT_NOVA_CPUS_DEDICATED;
  if (floats && kt_set_count(cell->shared) > kt_set_count(on->shared))
    return KT_NOVA_NO_CPUS;
  if (is_pinned(guest))
    no = judge_pins(guest, cell, on, cores, reserve, release);
  return no || !floats ? no : judge_ratios(cell, host, on);
}

KtNovaMisfit kt_nova_pair(const KtNovaGuest *guest, const KtNovaGuestCell *cell, const KtNovaHost *host,
                          const KtNovaHostCell *on, gboolean reserve, KtNovaRelease release, gint64 *pages_kib)
{
  g_autoptr(KtNovaCores) cores = kt_nova_cores_new(on);
  gint64 pages;
  KtNovaMisfit no = kt_nova_judge(guest, cell, host, on, cores, reserve, release, &pages);
  if (pages_kib)
    *pages_kib = pages;
  return no;
}
