/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -device, -drive, -blockdev, -netdev, -nic and iothreads of a QEMU command line. */
#include <string.h>

#include "evidence/domain_parts.h"
#include "evidence/qemu_state.h"

static const char *get(const KtQemuItem *item, const char *key)
{
  return item ? kt_qemu_opts_get(item->opts, key) : NULL;
}

static KtVirtDevice *add_device(KtQemuState *s, const KtQemuItem *item, const char *kind, const char *name)
{
  KtDomain *d = s->d;
  if (d->devices->len >= KT_DOMAIN_MAX_DEVICES)
    return NULL;
  KtVirtDevice *device = kt_domain_add_device(d, kind);
  device->target = name ? g_strdup(name) : g_strdup_printf("%s%u", kind, d->devices->len - 1);
  device->line = item->cite->line;
  g_autofree char *path = g_strdup_printf("devices.%s", device->target);
  kt_domain_cite(d, path, item->cite);
  return device;
}

/* ---- disks ---- */

/* The first value of `key` in a block node or the nodes below it ("file"): the
 * name of the lower node is the value of "file", or its members are written
 * inside ("file.aio"). */
static const char *of_chain(KtQemuState *s, const KtQemuItem *node, const char *key)
{
  g_autofree char *inner = g_strdup_printf("file.%s", key);
  for (guint depth = 0; node && depth < 8; depth++) {
    const char *value = get(node, key) ? get(node, key) : get(node, inner);
    const char *below = get(node, "file");
    if (value)
      return value;
    node = below ? kt_qemu_find(s->drives, "node-name", below) : NULL;
  }
  return NULL;
}

/* What cache= of -drive (and libvirt) stands for: qemu(1), "-drive cache". */
static const char *cache_mode(KtTri direct, KtTri no_flush, KtTri write_cache)
{
  if (no_flush == KT_YES)
    return direct == KT_YES ? NULL : "unsafe";
  if (direct == KT_YES)
    return write_cache == KT_NO ? "directsync" : "none";
  if (direct == KT_NO)
    return write_cache == KT_NO ? "writethrough" : "writeback";
  return NULL;
}

static void set_backend(KtQemuState *s, KtVirtDevice *device, const KtQemuItem *node, const char *write_cache)
{
  const char *cache = get(node, "cache"), *io = of_chain(s, node, "aio");
  if (!cache)
    cache = cache_mode(kt_qemu_switch(of_chain(s, node, "cache.direct")),
                       kt_qemu_switch(of_chain(s, node, "cache.no-flush")), kt_qemu_switch(write_cache));
  device->cache = g_strdup(cache);
  device->io = g_strdup(io);
  if (g_strcmp0(get(node, "media"), "cdrom") == 0)
    device->cdrom = TRUE;
}

/* "iothread2" counts as 2, as libvirt numbers them; else its place among the objects, from 1. */
static KtInt iothread_number(KtQemuState *s, const char *id)
{
  gint64 n = 0;
  if (!id)
    return KT_INT_UNKNOWN;
  if (g_str_has_prefix(id, "iothread") && g_ascii_isdigit(id[8]))
    return KT_INT(CLAMP(g_ascii_strtoll(id + 8, NULL, 10), 0, G_MAXINT32));
  for (guint i = 0; i < s->objects->len; i++) {
    const KtQemuItem *item = s->objects->pdata[i];
    if (g_strcmp0(get(item, "qom-type"), "iothread") != 0)
      continue;
    n++;
    if (g_strcmp0(get(item, "id"), id) == 0)
      return KT_INT(n);
  }
  return KT_INT_UNKNOWN;
}

/* The controller of "bus=scsi0.0". */
static const KtQemuItem *controller_of(KtQemuState *s, const char *bus)
{
  if (!bus)
    return NULL;
  g_autofree char *id = g_strndup(bus, strcspn(bus, "."));
  return kt_qemu_find(s->devices, "id", id);
}

typedef struct {
  const char *driver; /* up to a "-pci", "-ccw" or "-device" behind it */
  const char *bus;
  gboolean cdrom;
} DiskDriver;

static const DiskDriver disk_drivers[] = {
    {"virtio-blk", "virtio", FALSE}, {"vhost-user-blk", "virtio", FALSE},
    {"scsi-hd", "scsi", FALSE},      {"scsi-block", "scsi", FALSE},
    {"scsi-generic", "scsi", FALSE}, {"scsi-cd", "scsi", TRUE},
    {"scsi-disk", "scsi", FALSE},    {"ide-hd", "ide", FALSE},
    {"ide-cd", "ide", TRUE},         {"ide-drive", "ide", FALSE},
    {"nvme", "nvme", FALSE},
};

/* TRUE for "virtio-blk", "virtio-blk-pci", "virtio-blk-pci-non-transitional"... */
static gboolean is_driver(const char *driver, const char *base)
{
  gsize n = strlen(base);
  if (strncmp(driver, base, n) != 0)
    return FALSE;
  return !driver[n] || g_str_has_prefix(driver + n, "-pci") || g_str_has_prefix(driver + n, "-ccw") ||
         g_str_equal(driver + n, "-device");
}

static void read_scsi_controller(KtQemuState *s, KtVirtDevice *device, const KtQemuItem *controller)
{
  const char *driver = get(controller, "driver");
  if (!driver)
    return;
  device->model = g_strdup(is_driver(driver, "virtio-scsi") ? "virtio-scsi" : driver);
  device->queues = kt_qemu_opts_int(controller->opts, "num_queues");
  device->iothread = iothread_number(s, get(controller, "iothread"));
}

static void read_disk(KtQemuState *s, const KtQemuItem *item, const DiskDriver *row)
{
  const char *drive = get(item, "drive");
  KtVirtDevice *device = add_device(s, item, "disk", get(item, "id") ? get(item, "id") : drive);
  if (!device)
    return;
  const KtQemuItem *controller = controller_of(s, get(item, "bus"));
  const char *driver = get(controller, "driver");
  gboolean sata = g_str_equal(row->bus, "ide") && driver && strstr(driver, "ahci");
  device->bus = g_strdup(sata ? "sata" : row->bus);
  device->cdrom = row->cdrom;
  if (g_str_equal(row->bus, "scsi"))
    read_scsi_controller(s, device, controller);
  else {
    device->queues = kt_qemu_opts_int(item->opts, "num-queues");
    device->iothread = iothread_number(s, get(item, "iothread"));
  }
  const KtQemuItem *node = drive ? kt_qemu_find(s->drives, "id", drive) : NULL;
  if (drive && !node)
    node = kt_qemu_find(s->drives, "node-name", drive);
  if (node)
    set_backend(s, device, node, get(item, "write-cache"));
}

/* A -drive that is a device by itself: if= of anything but "none". Without
 * if= QEMU asks the machine type, so the bus stays unknown. */
static void read_plain_drive(KtQemuState *s, const KtQemuItem *item)
{
  const char *interface = get(item, "if");
  if (get(item, "node-name") || g_strcmp0(interface, "none") == 0 || g_strcmp0(interface, "pflash") == 0)
    return;
  KtVirtDevice *device = add_device(s, item, "disk", get(item, "id"));
  if (!device)
    return;
  device->bus = g_strdup(interface);
  set_backend(s, device, item, NULL);
}

/* ---- network ---- */

static void set_netdev(KtVirtDevice *device, const KtQemuItem *netdev)
{
  const char *type = get(netdev, "type"), *fds = get(netdev, "fds");
  if (!type)
    return;
  device->queues = kt_qemu_opts_int(netdev->opts, "queues");
  if (fds && !device->queues.known) {
    gint64 n = 1;
    for (const char *p = fds; *p; p++)
      n += *p == ':';
    device->queues = KT_INT(n);
  }
  if (g_str_has_prefix(type, "vhost-"))
    device->driver = g_strdup(type);
  else
    device->driver = g_strdup(kt_qemu_opts_is_on(netdev->opts, "vhost") ? "vhost" : "qemu");
}

static const char *const nic_models[] = {
    "e1000",   "e1000e", "e1000-82540em", "igb",      "rtl8139", "ne2k_pci", "pcnet",
    "vmxnet3", "i82551", "i82557b",       "i82559er", "usb-net", "tulip",    "sungem",
};

static void read_interface(KtQemuState *s, const KtQemuItem *item, const char *model)
{
  const char *netdev = get(item, "netdev");
  KtVirtDevice *device = add_device(s, item, "interface", get(item, "id") ? get(item, "id") : netdev);
  if (!device)
    return;
  device->model = g_strdup(model);
  const KtQemuItem *backend = netdev ? kt_qemu_find(s->netdevs, "id", netdev) : NULL;
  if (backend)
    set_netdev(device, backend);
}

static void read_nic(KtQemuState *s, const KtQemuItem *item)
{
  const char *type = get(item, "type"), *model = get(item, "model");
  if (!type || g_str_equal(type, "none"))
    return;
  gboolean front = g_str_equal(type, "nic");                                      /* -net nic: only the device */
  gboolean back = !front && !model && !get(item, "mac") && !get(item, "macaddr"); /* -net tap, -net user */
  if (back)
    return;
  KtVirtDevice *device = add_device(s, item, "interface", get(item, "id"));
  if (!device)
    return;
  device->model = model ? g_strdup(g_str_has_prefix(model, "virtio") ? "virtio" : model) : NULL;
  if (!front)
    set_netdev(device, item);
}

/* ---- all devices ---- */

static void read_hostdev(KtQemuState *s, const KtQemuItem *item)
{
  const char *host = get(item, "host"), *sysfs = get(item, "sysfsdev");
  const char *last = sysfs ? strrchr(sysfs, '/') : NULL;
  const char *text = host ? host : last ? last + 1 : NULL;
  char *address = text ? kt_pci_address(text) : NULL;
  if (!address)
    return;
  KtHostdev *hostdev = g_new0(KtHostdev, 1);
  hostdev->address = address;
  g_ptr_array_add(s->d->hostdevs, hostdev);
  kt_domain_cite(s->d, "hostdevs", item->cite);
}

static void read_device(KtQemuState *s, const KtQemuItem *item)
{
  const char *driver = get(item, "driver");
  if (!driver)
    return;
  for (guint i = 0; i < G_N_ELEMENTS(disk_drivers); i++)
    if (is_driver(driver, disk_drivers[i].driver)) {
      read_disk(s, item, &disk_drivers[i]);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS(nic_models); i++)
    if (g_str_equal(driver, nic_models[i]))
      read_interface(s, item, driver);
  if (is_driver(driver, "virtio-net"))
    read_interface(s, item, "virtio");
  else if (is_driver(driver, "vfio"))
    read_hostdev(s, item);
  else if (is_driver(driver, "virtio-balloon")) {
    s->d->balloon = KT_YES;
    s->d->free_page_reporting = kt_qemu_opts_is_on(item->opts, "free-page-reporting");
    kt_domain_cite(s->d, "balloon", item->cite);
  }
}

static void read_iothreads(KtQemuState *s)
{
  gint64 n = 0;
  for (guint i = 0; i < s->objects->len; i++) {
    const KtQemuItem *item = s->objects->pdata[i];
    if (g_strcmp0(get(item, "qom-type"), "iothread") != 0)
      continue;
    n++;
    kt_domain_cite(s->d, "iothreads", item->cite);
  }
  if (n || !s->d->cut)
    s->d->iothreads = KT_INT(n);
}

void kt_qemu_finish_devices(KtQemuState *s)
{
  read_iothreads(s);
  for (guint i = 0; i < s->devices->len && i < KT_DOMAIN_MAX_DEVICES; i++)
    read_device(s, s->devices->pdata[i]);
  for (guint i = 0; i < s->drives->len && i < KT_DOMAIN_MAX_DEVICES; i++)
    read_plain_drive(s, s->drives->pdata[i]);
  for (guint i = 0; i < s->nics->len && i < KT_DOMAIN_MAX_DEVICES; i++)
    read_nic(s, s->nics->pdata[i]);
  if (s->d->balloon == KT_UNKNOWN && !s->d->cut)
    s->d->balloon = KT_NO;
}
