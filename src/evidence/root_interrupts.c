/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CPUs serve a device's interrupt, and which device that is: proc/irq, and
 * msi_irqs of PCI devices. */
#include <string.h>

#include "evidence/root_machine.h"

#define PCI_DIR "sys/bus/pci/devices"
#define ADDRESS_LENGTH 12 /* "0000:3b:00.0" */

/* "0000:3b:00.0" within the description: drivers and interrupt chips name it ("PCI-MSIX-0000:3b:00.0"). */
static const KtDevice *device_in(GHashTable *by_address, const char *description)
{
  for (const char *colon = description; colon && (colon = strchr(colon, ':')); colon++) {
    if (colon - description < 4 || strlen(colon) < ADDRESS_LENGTH - 4)
      continue;
    g_autofree char *address = g_strndup(colon - 4, ADDRESS_LENGTH);
    const KtDevice *device = g_hash_table_lookup(by_address, address);
    if (device)
      return device;
  }
  return NULL;
}

/* The message-signalled interrupts of each device: number -> KtDevice*. */
static GHashTable *devices_by_number(KtRootReading *r)
{
  GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < r->m->devices->len; i++) {
    KtDevice *device = r->m->devices->pdata[i];
    g_autofree char *directory = g_build_filename(PCI_DIR, device->address, "msi_irqs", NULL);
    g_auto(GStrv) numbers = kt_root_list(r->root, directory);
    for (guint k = 0; numbers && numbers[k]; k++)
      g_hash_table_insert(table, g_strdup(numbers[k]), device);
  }
  return table;
}

/* Where it goes: to one CPU out of those that it may go to, as far as the kernel tells. */
static KtSet *affinity_of(KtRootReading *r, const char *directory)
{
  KtSet *set = kt_root_read_set(r, directory, "effective_affinity_list", NULL);
  if (!kt_set_is_empty(set))
    return set;
  kt_set_free(set);
  set = kt_root_read_set(r, directory, "smp_affinity_list", "smp_affinity");
  if (!kt_set_is_empty(set))
    return set;
  kt_set_free(set);
  return NULL;
}

static KtInt node_of(KtRootReading *r, const KtDevice *device, const char *directory)
{
  KtInt node = device && device->node.known ? device->node : kt_root_read_int(r->root, directory, "node");
  return node.known && node.value >= 0 ? node : KT_INT_UNKNOWN;
}

void kt_root_read_interrupts(KtRootReading *r)
{
  g_autoptr(GHashTable) by_number = devices_by_number(r);
  g_autoptr(GHashTable) by_address = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < r->m->devices->len; i++)
    g_hash_table_insert(by_address, ((KtDevice *)r->m->devices->pdata[i])->address, r->m->devices->pdata[i]);
  for (guint i = 0; i < r->m->interrupts->len; i++) {
    KtInterrupt *irq = r->m->interrupts->pdata[i];
    if (!irq->device || !irq->total || irq->affinity)
      continue; /* of a machine with thousands of them, those that come at all */
    const KtDevice *device = g_hash_table_lookup(by_number, irq->name);
    if (!device && irq->description)
      device = device_in(by_address, irq->description);
    g_autofree char *directory = g_build_filename("proc/irq", irq->name, NULL);
    irq->pci = device ? g_strdup(device->address) : NULL;
    irq->affinity = affinity_of(r, directory);
    irq->node = node_of(r, device, directory);
  }
}
