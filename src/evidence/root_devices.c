/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI devices with the node that each is near to. */
#include <string.h>

#include "evidence/root_machine.h"

#define MAX_DEVICES 65536
#define PCI_DIR "sys/bus/pci/devices"

/* By base class (PCI Code and ID Assignment): "0x020000" is a network controller. */
static char *device_kind(const char *class)
{
  static const struct {
    const char *prefix, *kind;
  } kinds[] = {{"0x01", "storage"}, {"0x02", "network"}, {"0x03", "gpu"}};
  for (guint i = 0; class && i < G_N_ELEMENTS(kinds); i++)
    if (g_str_has_prefix(class, kinds[i].prefix))
      return g_strdup(kinds[i].kind);
  return g_strdup(class);
}

void kt_root_read_devices(KtRootReading *r)
{
  g_auto(GStrv) names = kt_root_list(r->root, PCI_DIR);
  for (guint i = 0; names && names[i] && i < MAX_DEVICES; i++) {
    g_autofree char *directory = g_build_filename(PCI_DIR, names[i], NULL);
    g_autofree char *class = kt_root_read_linef(r->root, "%s/class", directory);
    g_autofree char *driver_path = g_build_filename(directory, "driver", NULL);
    g_autofree char *driver = kt_root_read_link(r->root, driver_path);
    KtDevice *device = kt_machine_add_device(r->m, names[i]);
    device->kind = device_kind(class);
    device->driver = driver ? g_path_get_basename(driver) : NULL;
    device->node = kt_root_read_int(r->root, directory, "numa_node");
  }
}
