/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of the host that a guest uses, and the nodes that they are near to. */
#include "base/i18n.h"
#include "checks/host.h"
#include "plan/parts.h"

static gboolean has_node(const KtMachine *host, const KtDevice *device)
{
  return device->node.known && kt_machine_find_node(host, (int)device->node.value);
}

/* What the guest reaches through QEMU or vhost: the devices under its bridges, macvtaps and disks. */
static gboolean stands_on(const KtDomain *d, const KtDevice *device)
{
  for (guint i = 0; i < d->devices->len; i++) {
    const KtVirtDevice *own = d->devices->pdata[i];
    if (own->backend && g_ptr_array_find_with_equal_func(device->names, own->backend, g_str_equal, NULL))
      return TRUE;
  }
  return FALSE;
}

void kt_plan_add_devices(KtPlaceGuest *guest, const KtDomain *d, const KtMachine *host)
{
  for (guint i = 0; i < d->hostdevs->len; i++) {
    const KtDevice *device = kt_host_device(host, ((const KtHostdev *)d->hostdevs->pdata[i])->address);
    if (!device || !has_node(host, device) || guest->devices->len == KT_PLACE_MAX_DEVICES)
      continue;
    const KtPlaceDevice near = {.node_id = (guint)device->node.value, .owned = TRUE};
    g_array_append_val(guest->devices, near);
  }
  for (guint i = 0; i < host->devices->len && guest->devices->len < KT_PLACE_MAX_DEVICES; i++) {
    const KtDevice *device = host->devices->pdata[i];
    if (!has_node(host, device) || !stands_on(d, device))
      continue;
    const KtPlaceDevice near = {.node_id = (guint)device->node.value, .owned = FALSE};
    g_array_append_val(guest->devices, near);
  }
}

char *kt_plan_say_devices(const KtDomain *d, const KtMachine *host)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; i < d->hostdevs->len && host->nodes->len > 1; i++) {
    const KtDevice *device = kt_host_device(host, ((const KtHostdev *)d->hostdevs->pdata[i])->address);
    if (device && has_node(host, device))
      g_string_append_printf(out, "%s%s@%d", out->len ? " " : "", device->address, (int)device->node.value);
  }
  return out->len ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

gboolean kt_plan_is_near_devices(const KtPlaceGuest *guest, const KtPlaceAnswer *answer)
{
  g_autoptr(KtSet) nodes = kt_set_new();
  gboolean owns = FALSE;
  for (guint i = 0; i < answer->cells->len; i++) {
    g_autoptr(KtSet) own = kt_plan_cell_nodes(answer->cells->pdata[i]);
    kt_set_add_all(nodes, own);
  }
  for (guint i = 0; i < guest->devices->len; i++) {
    const KtPlaceDevice *device = &g_array_index(guest->devices, KtPlaceDevice, i);
    owns |= device->owned;
    if (device->owned && !kt_set_has(nodes, device->node_id))
      return FALSE;
  }
  return owns;
}
