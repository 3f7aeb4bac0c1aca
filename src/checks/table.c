/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/groups.h"

static const KtCheckGroup *const groups[] = {
    &kt_checks_host_cpu,   &kt_checks_host_numa,   &kt_checks_host_time,
    &kt_checks_domain_cpu, &kt_checks_domain_numa, &kt_checks_domain_devices,
    &kt_checks_nova,       &kt_checks_guest,       &kt_checks_workload,
};

const char *const kt_layer_names[KT_LAYERS] = {
    [KT_LAYER_LIBVIRT] = "libvirt", [KT_LAYER_NOVA] = "nova",         [KT_LAYER_PROXMOX] = "proxmox",
    [KT_LAYER_QEMU] = "qemu",       [KT_LAYER_VMWARE] = "vmware",     [KT_LAYER_HOST] = "host",
    [KT_LAYER_GUEST] = "guest",     [KT_LAYER_WORKLOAD] = "workload",
};

static GPtrArray *all_checks(void)
{
  GPtrArray *all = g_ptr_array_new();
  for (guint g = 0; g < G_N_ELEMENTS(groups); g++)
    for (guint i = 0; i < groups[g]->n; i++)
      g_ptr_array_add(all, (gpointer)&groups[g]->rows[i]);
  return all;
}

const KtCheck *const *kt_checks(guint *n)
{
  static GPtrArray *all;
  if (g_once_init_enter(&all)) {
    GPtrArray *made = all_checks();
    g_once_init_leave(&all, made);
  }
  *n = all->len;
  return (const KtCheck *const *)all->pdata;
}

const KtCheck *kt_check_find(const char *id)
{
  guint n;
  const KtCheck *const *checks = kt_checks(&n);
  for (guint i = 0; i < n; i++)
    if (g_ascii_strcasecmp(checks[i]->id, id) == 0)
      return checks[i];
  return NULL;
}
