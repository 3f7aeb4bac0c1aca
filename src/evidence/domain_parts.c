/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/domain_parts.h"

#include <stdio.h>
#include <string.h>

static const struct {
  const char *text;
  KtManager manager;
} marks[] = {
    {"http://openstack.org/xmlns/libvirt/nova/", KT_MANAGER_NOVA},
    {"OpenStack Compute", KT_MANAGER_NOVA},
    {"OpenStack Nova", KT_MANAGER_NOVA},
    {"/var/lib/nova/instances/", KT_MANAGER_NOVA},
    {"http://ovirt.org/vm/", KT_MANAGER_OVIRT},
    {"RHEV Hypervisor", KT_MANAGER_OVIRT},
    {"/rhev/data-center/", KT_MANAGER_OVIRT},
    {"http://kubevirt.io", KT_MANAGER_KUBEVIRT},
    {"/var/run/kubevirt-private/", KT_MANAGER_KUBEVIRT},
    {"/var/run/kubevirt-ephemeral-disks/", KT_MANAGER_KUBEVIRT},
    {"http://opennebula.org/xmlns/libvirt/", KT_MANAGER_OPENNEBULA},
    {"<system_datastore>", KT_MANAGER_OPENNEBULA}, /* before its metadata had a namespace */
    {"/run/qemu-server/", KT_MANAGER_PROXMOX},
};

KtManager kt_manager_of(const char *definition)
{
  for (guint i = 0; i < G_N_ELEMENTS(marks); i++)
    if (strstr(definition, marks[i].text))
      return marks[i].manager;
  return KT_MANAGER_NONE;
}

KtCell *kt_domain_find_cell(const KtDomain *d, int id)
{
  for (guint i = 0; i < d->cells->len; i++) {
    KtCell *cell = d->cells->pdata[i];
    if (cell->id == id)
      return cell;
  }
  return NULL;
}

KtCell *kt_domain_cell(KtDomain *d, int id)
{
  KtCell *cell = kt_domain_find_cell(d, id);
  if (cell || id < 0 || d->cells->len >= KT_DOMAIN_MAX_CELLS)
    return cell;
  return kt_domain_add_cell(d, id);
}

static int position_of(const KtDomain *d, int id)
{
  for (guint i = 0; i < d->cells->len; i++)
    if (((KtCell *)d->cells->pdata[i])->id == id)
      return (int)i;
  return -1;
}

void kt_domain_set_distances(KtDomain *d, const GArray *given)
{
  guint n = d->cells->len;
  if (!given->len || !n)
    return;
  g_autofree int *matrix = g_new0(int, (gsize)n *n);
  for (guint i = 0; i < given->len; i++) {
    const KtCellDistance *g = &g_array_index(given, KtCellDistance, i);
    int from = position_of(d, g->from), to = position_of(d, g->to);
    if (from >= 0 && to >= 0)
      matrix[(guint)from * n + (guint)to] = g->value;
  }
  for (guint from = 0; from < n; from++) {
    KtCell *cell = d->cells->pdata[from];
    for (guint to = 0; to < n; to++) {
      int way = matrix[from * n + to] ? matrix[from * n + to] : matrix[to * n + from];
      if (!way && from == to)
        way = 10;
      if (!way) {
        g_array_set_size(cell->distances, 0);
        break;
      }
      g_array_append_val(cell->distances, way);
    }
  }
}

KtSet *kt_libvirt_set(const char *text)
{
  g_autoptr(KtSet) set = kt_set_new();
  g_auto(GStrv) parts = g_strsplit(text, ",", -1);
  for (guint i = 0; parts[i]; i++) {
    const char *part = g_strstrip(parts[i]);
    g_autoptr(KtSet) one = kt_set_parse(*part == '^' ? part + 1 : part, NULL);
    if (!one)
      return NULL;
    if (*part == '^')
      kt_set_remove_all(set, one);
    else
      kt_set_add_all(set, one);
  }
  return g_steal_pointer(&set);
}

char *kt_pci_address(const char *text)
{
  unsigned domain = 0, bus, slot, function;
  int end = 0;
  if (sscanf(text, "%8x:%4x:%4x.%2x%n", &domain, &bus, &slot, &function, &end) != 4 || text[end]) {
    domain = 0;
    end = 0;
    if (sscanf(text, "%4x:%4x.%2x%n", &bus, &slot, &function, &end) != 3 || text[end])
      return NULL;
  }
  if (domain > 0xffffffu || bus > 0xff || slot > 0x1f || function > 7)
    return NULL;
  return g_strdup_printf("%04x:%02x:%02x.%x", domain, bus, slot, function);
}

char *kt_hyperv_name(const char *property)
{
  if (strncmp(property, "hv-", 3) != 0 && strncmp(property, "hv_", 3) != 0)
    return NULL;
  char *name = g_strdelimit(g_strdup(property + 3), "-", '_');
  static const char *const dashed[][2] = {{"emsr_bitmap", "emsr-bitmap"}, {"xmm_input", "xmm-input"}};
  for (guint i = 0; i < G_N_ELEMENTS(dashed); i++)
    if (g_str_equal(name, dashed[i][0])) {
      g_free(name);
      return g_strdup(dashed[i][1]);
    }
  return name;
}
