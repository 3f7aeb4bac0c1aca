/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI devices with the node that each is near to. */
#include <string.h>

#include "evidence/root_machine.h"

#define MAX_DEVICES 65536
#define MAX_NAMES 64 /* of a device */
#define PCI_DIR "sys/bus/pci/devices"
#define NET_DIR "sys/class/net"
#define BLOCK_DIR "sys/class/block"

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

/* ---- what stands on them ---- */

static void add_name(KtDevice *device, const char *name)
{
  if (device->names->len < MAX_NAMES && !g_ptr_array_find_with_equal_func(device->names, name, g_str_equal, NULL))
    g_ptr_array_add(device->names, g_strdup(name));
}

/* Whose "0000:00:03.0" is the last in "../../devices/pci0000:00/0000:00:03.0/virtio2/net/eth0". */
static KtDevice *device_under(GHashTable *by_address, const char *link)
{
  g_auto(GStrv) parts = g_strsplit(link, "/", 64);
  KtDevice *device = NULL;
  for (guint i = 0; parts[i]; i++) {
    KtDevice *found = g_hash_table_lookup(by_address, parts[i]);
    device = found ? found : device;
  }
  return device;
}

/* Bridges, bonds, VLANs and macvtaps over its interfaces, and over these. */
static void add_uppers(KtRootReading *r, KtDevice *device)
{
  static const char upper[] = "upper_";
  for (guint i = 0; i < device->names->len; i++) {
    g_autofree char *directory = g_build_filename(NET_DIR, device->names->pdata[i], NULL);
    g_auto(GStrv) names = kt_root_list(r->root, directory);
    for (guint k = 0; names && names[k]; k++) {
      if (!g_str_has_prefix(names[k], upper))
        continue;
      g_autofree char *path = g_build_filename(directory, names[k], NULL);
      g_autofree char *target = kt_root_read_link(r->root, path); /* a capture keeps what was read */
      if (target)
        add_name(device, names[k] + strlen(upper));
    }
  }
}

static void read_names(KtRootReading *r)
{
  static const char *const classes[] = {NET_DIR, BLOCK_DIR};
  g_autoptr(GHashTable) by_address = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < r->m->devices->len; i++) {
    KtDevice *device = r->m->devices->pdata[i];
    g_hash_table_insert(by_address, device->address, device);
  }
  for (guint c = 0; c < G_N_ELEMENTS(classes); c++) {
    g_auto(GStrv) names = kt_root_list(r->root, classes[c]);
    for (guint i = 0; names && names[i] && i < MAX_DEVICES; i++) {
      g_autofree char *path = g_build_filename(classes[c], names[i], NULL);
      g_autofree char *link = kt_root_read_link(r->root, path);
      KtDevice *device = link ? device_under(by_address, link) : NULL;
      if (device)
        add_name(device, names[i]);
    }
    for (guint i = 0; c == 0 && i < r->m->devices->len; i++)
      add_uppers(r, r->m->devices->pdata[i]);
  }
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
  if (r->m->devices->len)
    read_names(r);
}
