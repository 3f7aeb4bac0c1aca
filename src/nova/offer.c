/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/offer.h"

#include "base/i18n.h"

typedef struct {
  gint64 vcpus, pcpus, mib;
} Amount;

static Amount inventory_of(const KtNovaHost *host)
{
  Amount has = {0};
  for (guint i = 0; i < host->cells->len; i++) {
    const KtNovaHostCell *cell = host->cells->pdata[i];
    has.vcpus += kt_set_count(cell->shared);
    has.pcpus += host->compute.dedicated_set ? kt_set_count(cell->pinnable) : 0;
    has.mib += cell->memory_mib;
  }
  return has;
}

static Amount wish_of(const KtFlavor *flavor, const KtNovaGuest *guest)
{
  Amount wants = {.vcpus = flavor->vcpus.value, .mib = flavor->ram_mib.value};
  gboolean pins = guest && (guest->cpus == KT_NOVA_CPUS_DEDICATED || guest->cpus == KT_NOVA_CPUS_MIXED);
  for (guint i = 0; pins && i < guest->cells->len; i++)
    wants.pcpus += kt_set_count(((const KtNovaGuestCell *)guest->cells->pdata[i])->dedicated);
  wants.vcpus -= wants.pcpus;
  wants.pcpus += pins && guest->emulator == KT_NOVA_EMULATOR_ISOLATE;
  return wants;
}

const char *kt_nova_not_offered(const KtFlavor *flavor, const KtNovaGuest *guest, const KtNovaHost *host)
{
  Amount has = inventory_of(host), wants = wish_of(flavor, guest);
  gboolean falls_back = guest && guest->cpus == KT_NOVA_CPUS_DEDICATED && flavor->vcpus.value <= has.vcpus;
  if (wants.mib > has.mib)
    return N_("the host has less memory in all");
  if (wants.pcpus > has.pcpus && !falls_back)
    return has.pcpus ? N_("more dedicated CPUs than the host has in all (cpu_dedicated_set)")
                     : N_("dedicated CPUs, and the host offers none: cpu_dedicated_set is not set");
  return wants.vcpus > has.vcpus ? N_("more shared vCPUs than the host has CPUs for them, whatever the ratio") : NULL;
}
