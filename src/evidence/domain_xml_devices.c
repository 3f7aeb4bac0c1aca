/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <devices> of domain XML. */
#include <string.h>

#include "evidence/domain_parts.h"
#include "evidence/domain_xml.h"

#if HAVE_LIBXML2

static void cite(KtDomain *d, KtXml *xml, const char *path, xmlNode *node)
{
  kt_domain_cite(d, path, kt_xml_cite(xml, node));
}

/* Takes target. */
static KtVirtDevice *add_device(KtDomain *d, KtXml *xml, xmlNode *node, const char *kind, char *target)
{
  if (d->devices->len >= KT_DOMAIN_MAX_DEVICES) {
    g_free(target);
    return NULL;
  }
  KtVirtDevice *device = kt_domain_add_device(d, kind);
  device->target = target;
  device->line = kt_xml_cite(xml, node)->line;
  g_autofree char *path = g_strdup_printf("devices.%s", target);
  cite(d, xml, path, node);
  return device;
}

/* The SCSI controllers by index. */
static GHashTable *scsi_controllers(xmlNode *devices)
{
  GHashTable *table = g_hash_table_new(NULL, NULL);
  kt_xml_foreach(controller, devices, "controller")
  {
    KtInt index = kt_xml_int_attr(controller, "index");
    if (kt_xml_attr_is(controller, "type", "scsi") && index.known && index.value <= G_MAXINT32)
      g_hash_table_insert(table, GINT_TO_POINTER((int)index.value), controller);
  }
  return table;
}

static xmlNode *controller_of(GHashTable *controllers, xmlNode *disk)
{
  KtInt index = kt_xml_int_attr(kt_xml_child(disk, "address"), "controller");
  return g_hash_table_lookup(controllers, GINT_TO_POINTER(index.value <= G_MAXINT32 ? (int)index.value : -1));
}

static void read_controller(KtVirtDevice *device, xmlNode *controller)
{
  if (!controller)
    return;
  xmlNode *driver = kt_xml_child(controller, "driver");
  g_autofree char *model = kt_xml_attr(controller, "model");
  if (model)
    device->model = g_strdup(g_str_has_prefix(model, "virtio-") ? "virtio-scsi" : model);
  device->queues = kt_xml_int_attr(driver, "queues");
  device->iothread = kt_xml_int_attr(driver, "iothread");
}

/* "nvme0n1" of "/dev/nvme0n1"; NULL: a file, or a name that stands for another one. */
static char *disk_backend(xmlNode *disk)
{
  g_autofree char *path = kt_xml_attr(kt_xml_child(disk, "source"), "dev");
  const char *name = path && g_str_has_prefix(path, "/dev/") ? path + strlen("/dev/") : NULL;
  return name && *name && !strchr(name, '/') ? g_strdup(name) : NULL;
}

static char *interface_backend(xmlNode *interface)
{
  xmlNode *source = kt_xml_child(interface, "source");
  char *bridge = kt_xml_attr(source, "bridge");
  return bridge ? bridge : kt_xml_attr(source, "dev");
}

static void read_disk(KtDomain *d, KtXml *xml, xmlNode *node, GHashTable *controllers)
{
  xmlNode *target = kt_xml_child(node, "target"), *driver = kt_xml_child(node, "driver");
  g_autofree char *kind = kt_xml_attr(node, "device");
  char *name = kt_xml_attr(target, "dev");
  if (!name || g_strcmp0(kind, "floppy") == 0) {
    g_free(name);
    return;
  }
  KtVirtDevice *device = add_device(d, xml, node, "disk", name);
  if (!device)
    return;
  device->backend = disk_backend(node);
  device->bus = kt_xml_attr(target, "bus");
  device->cdrom = g_strcmp0(kind, "cdrom") == 0;
  device->cache = kt_xml_attr(driver, "cache");
  device->io = kt_xml_attr(driver, "io");
  device->queues = kt_xml_int_attr(driver, "queues");
  device->iothread = kt_xml_int_attr(driver, "iothread");
  xmlNode *thread = kt_xml_child(kt_xml_child(driver, "iothreads"), "iothread");
  if (!device->iothread.known)
    device->iothread = kt_xml_int_attr(thread, "id");
  if (g_strcmp0(device->bus, "scsi") == 0)
    read_controller(device, controller_of(controllers, node));
}

static void add_hostdev(KtDomain *d, KtXml *xml, xmlNode *node, xmlNode *address)
{
  static const char *const names[] = {"domain", "bus", "slot", "function"};
  guint64 part[4] = {0};
  for (guint i = 0; i < 4; i++) {
    g_autofree char *text = kt_xml_attr(address, names[i]);
    char *end = NULL;
    if (text)
      part[i] = g_ascii_strtoull(text, &end, 0);
    if (!text || end == text || *end || part[i] > 0xffffff)
      return;
  }
  g_autofree char *text =
      g_strdup_printf("%04x:%02x:%02x.%x", (guint)part[0], (guint)part[1], (guint)part[2], (guint)part[3]);
  char *checked = kt_pci_address(text);
  if (!checked || d->hostdevs->len >= KT_DOMAIN_MAX_DEVICES) {
    g_free(checked);
    return;
  }
  KtHostdev *hostdev = g_new0(KtHostdev, 1);
  hostdev->address = checked;
  g_ptr_array_add(d->hostdevs, hostdev);
  cite(d, xml, "hostdevs", node);
}

static void read_interface(KtDomain *d, KtXml *xml, xmlNode *node, guint position)
{
  xmlNode *driver = kt_xml_child(node, "driver");
  g_autofree char *type = kt_xml_attr(node, "type"), *model = kt_xml_attr(kt_xml_child(node, "model"), "type");
  if (g_strcmp0(type, "hostdev") == 0) {
    add_hostdev(d, xml, node, kt_xml_child(kt_xml_child(node, "source"), "address"));
    return;
  }
  char *name = kt_xml_attr(kt_xml_child(node, "alias"), "name");
  KtVirtDevice *device = add_device(d, xml, node, "interface", name ? name : g_strdup_printf("net%u", position));
  if (!device)
    return;
  device->model = model ? g_strdup(g_str_has_prefix(model, "virtio") ? "virtio" : model) : NULL;
  device->driver = kt_xml_attr(driver, "name");
  if (!device->driver && g_strcmp0(type, "vhostuser") == 0)
    device->driver = g_strdup("vhost-user");
  device->queues = kt_xml_int_attr(driver, "queues");
  device->backend = interface_backend(node);
}

static void read_hostdev(KtDomain *d, KtXml *xml, xmlNode *node)
{
  if (kt_xml_attr_is(node, "type", "pci"))
    add_hostdev(d, xml, node, kt_xml_child(kt_xml_child(node, "source"), "address"));
}

static void read_balloon(KtDomain *d, KtXml *xml, xmlNode *node)
{
  d->balloon = kt_xml_attr_is(node, "model", "none") ? KT_NO : KT_YES;
  d->free_page_reporting = kt_xml_attr_is(node, "freePageReporting", "on");
  cite(d, xml, "balloon", node);
}

void kt_domain_xml_read_devices(KtDomain *d, KtXml *xml, xmlNode *devices)
{
  g_autoptr(GHashTable) controllers = scsi_controllers(devices);
  guint interfaces = 0;
  kt_xml_foreach(disk, devices, "disk") read_disk(d, xml, disk, controllers);
  kt_xml_foreach(interface, devices, "interface") read_interface(d, xml, interface, interfaces++);
  kt_xml_foreach(hostdev, devices, "hostdev") read_hostdev(d, xml, hostdev);
  kt_xml_foreach(module, devices, "memory") d->memory_modules++;
  xmlNode *balloon = kt_xml_child(devices, "memballoon");
  if (balloon)
    read_balloon(d, xml, balloon);
}

#endif
