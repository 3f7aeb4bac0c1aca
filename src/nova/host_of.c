/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/host_of.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "nova/host_usage.h"
#include "nova/values.h"

enum { MIB = 1024, SMALL_PAGE_KIB = 4 /* x86 */ };

/* ---- nova.conf ---- */

static const char *conf_value(const KtNovaConf *conf, const char *path)
{
  const char *text = conf ? g_hash_table_lookup(conf->values, path) : NULL;
  return text && *text ? text : NULL;
}

static gboolean read_set(const KtNovaConf *conf, const char *path, KtSet **set, GError **error)
{
  const char *text = conf_value(conf, path);
  gboolean beyond;
  if (!text)
    return TRUE;
  *set = kt_nova_cpus(text, &beyond);
  if (*set && !kt_set_is_empty(*set))
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: %s is no list of CPUs: '%.60s'", conf->source, path, text);
  return FALSE;
}

static void read_ratio(const KtNovaConf *conf, const char *name, KtNum *ratio)
{
  g_autofree char *path = g_strconcat("DEFAULT/", name, NULL);
  const char *text = conf_value(conf, path);
  char *end;
  double value = text ? g_ascii_strtod(text, &end) : 0;
  if (text && !*end && value > 0)
    *ratio = KT_NUM(value);
}

gboolean kt_nova_read_compute(const KtNovaConf *conf, KtNovaCompute *compute, GError **error)
{
  return read_set(conf, "compute/cpu_shared_set", &compute->shared_set, error) &&
         read_set(conf, "compute/cpu_dedicated_set", &compute->dedicated_set, error);
}

static gboolean read_conf(KtNovaHost *host, const KtNovaConf *conf, GError **error)
{
  if (!kt_nova_read_compute(conf, &host->compute, error))
    return FALSE;
  host->compute.pack = kt_nova_bool(conf_value(conf, "compute/packing_host_numa_cells_allocation_strategy"));
  read_ratio(conf, "cpu_allocation_ratio", &host->cpu_ratio);
  read_ratio(conf, "ram_allocation_ratio", &host->ram_ratio);
  return TRUE;
}

/* "node:0,size:2048,count:64" for this node and size. One option may hold several, a line each. */
gint64 kt_nova_reserved_pages(const KtNovaConf *conf, int node, gint64 size_kib)
{
  const char *text = conf_value(conf, "DEFAULT/reserved_huge_pages");
  g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 256);
  gint64 reserved = 0;
  for (guint i = 0; lines[i]; i++) {
    gint64 of_node = -1, count = 0;
    KtNovaPages size = {0};
    g_auto(GStrv) parts = g_strsplit(lines[i], ",", 8);
    for (guint p = 0; parts[p]; p++) {
      char *colon = strchr(g_strstrip(parts[p]), ':');
      if (!colon)
        continue;
      *colon = '\0';
      if (g_str_equal(parts[p], "node"))
        kt_nova_int(colon + 1, &of_node);
      else if (g_str_equal(parts[p], "count"))
        kt_nova_int(colon + 1, &count);
      else if (g_str_equal(parts[p], "size"))
        kt_nova_pages(colon + 1, &size);
    }
    if (of_node == node && size.kib == size_kib)
      reserved = MAX(count, 0);
  }
  return reserved;
}

/* ---- the machine ---- */

static gboolean lacks(const KtMachine *m, const char *what, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "the evidence of %s does not tell %s",
              m->name ? m->name : "the host", what);
  return FALSE;
}

/* Each core's threads in the cell, of CPUs that guests may have. */
static gboolean add_siblings(KtNovaHostCell *cell, const KtMachine *m, const KtSet *usable, GError **error)
{
  g_autoptr(KtSet) left = kt_set_copy(usable);
  for (int id = kt_set_next(left, 0); id >= 0; id = kt_set_next(left, (guint)id + 1)) {
    const KtCpu *cpu = kt_machine_find_cpu(m, (guint)id);
    gboolean alone = kt_int_is(m->threads_per_core, 1);
    if (!(cpu && cpu->siblings) && !alone)
      return lacks(m, "which CPUs share a core", error);
    KtSet *core = cpu && cpu->siblings ? kt_set_copy(cpu->siblings) : kt_set_new();
    kt_set_add(core, (guint)id);
    kt_set_keep_only(core, usable);
    kt_set_remove_all(left, core);
    g_ptr_array_add(cell->siblings, core);
  }
  return TRUE;
}

static void add_pools(KtNovaHostCell *cell, const KtMachine *m, const KtNode *node, const KtNovaConf *conf)
{
  gint64 small_kib = node->memory_kib.value;
  gboolean small = FALSE;
  for (guint i = 0; i < node->pools->len; i++) {
    const KtPagePool *from = &g_array_index(node->pools, KtPagePool, i);
    small |= from->size_kib < 2048;
    small_kib -= from->size_kib * from->total;
    const KtNovaPool pool = {from->size_kib, from->total, 0, kt_nova_reserved_pages(conf, node->id, from->size_kib)};
    g_array_append_val(cell->pools, pool);
  }
  if (small || !kt_machine_is_x86(m))
    return;
  /* sysfs counts huge pages alone: libvirt takes the rest for small ones, and so does Nova */
  const KtNovaPool rest = {SMALL_PAGE_KIB, MAX(small_kib, 0) / SMALL_PAGE_KIB, 0,
                           kt_nova_reserved_pages(conf, node->id, SMALL_PAGE_KIB)};
  g_array_prepend_val(cell->pools, rest);
}

/* Neither set: all CPUs are for both; one alone: the other kind has none. */
static void cut_cpus(KtNovaHostCell *cell, const KtSet *cpus, const KtNovaCompute *compute)
{
  const KtSet *shared = compute->shared_set, *dedicated = compute->dedicated_set;
  if (shared || !dedicated)
    kt_set_add_all(cell->shared, cpus);
  if (dedicated || !shared)
    kt_set_add_all(cell->pinnable, cpus);
  if (shared)
    kt_set_keep_only(cell->shared, shared);
  if (dedicated)
    kt_set_keep_only(cell->pinnable, dedicated);
}

static gboolean add_cell(KtNovaHost *host, const KtMachine *m, const KtNode *node, const KtNovaConf *conf,
                         GError **error)
{
  if (!node->cpus)
    return lacks(m, "the CPUs of each node", error);
  if (!node->memory_kib.known)
    return lacks(m, "the memory of each node", error);
  if (host->cells->len == KT_NOVA_HOST_CELLS_MAX)
    return lacks(m, "a host that can be matched: it has more than 64 nodes", error);
  KtNovaHostCell *cell = kt_nova_host_cell_new(node->id);
  g_ptr_array_add(host->cells, cell);
  g_autoptr(KtSet) cpus = kt_set_copy(node->cpus);
  if (m->online_set)
    kt_set_keep_only(cpus, m->online_set);
  cut_cpus(cell, cpus, &host->compute);
  cell->memory_mib = node->memory_kib.value / MIB;
  add_pools(cell, m, node, conf);
  g_autoptr(KtSet) usable = kt_set_copy(cell->shared);
  kt_set_add_all(usable, cell->pinnable);
  return add_siblings(cell, m, usable, error);
}

static void note(GPtrArray *notes, const char *text)
{
  g_ptr_array_add(notes, g_strdup(text));
}

/* Of the CPU model only its mode is rendered, and only for KVM. */
static void read_mode(KtNovaHost *host, const KtNovaConf *conf, GPtrArray *notes)
{
  const char *mode = conf_value(conf, "libvirt/cpu_mode"), *type = conf_value(conf, "libvirt/virt_type");
  host->compute.passthrough = g_strcmp0(mode, "host-passthrough") == 0;
  if ((mode && !host->compute.passthrough && !g_str_equal(mode, "host-model")) || (type && !g_str_equal(type, "kvm")))
    note(notes, _("the domain's type and CPU mode are shown as for KVM and host-model; nova.conf says otherwise"));
}

KtNovaHost *kt_nova_host_of(const KtMachine *m, const GPtrArray *domains, const KtNovaConf *conf, GPtrArray *notes,
                            GError **error)
{
  g_autoptr(KtNovaHost) host = kt_nova_host_new();
  if (!read_conf(host, conf, error))
    return NULL;
  if (!m->nodes->len) {
    lacks(m, "its NUMA nodes", error);
    return NULL;
  }
  for (guint i = 0; i < m->nodes->len; i++)
    if (!add_cell(host, m, m->nodes->pdata[i], conf, error))
      return NULL;
  if (!conf)
    note(notes, _("no nova.conf: all CPUs are taken for shared and pinned vCPUs both, as its defaults have it"));
  read_mode(host, conf, notes);
  if (!host->cpu_ratio.known || !host->ram_ratio.known)
    note(notes, _("allocation ratios are not known: none are applied"));
  for (guint i = 0; domains && i < domains->len; i++)
    kt_nova_host_book(host, domains->pdata[i]);
  if (!domains || !domains->len)
    note(notes, _("no guests are in the evidence: the host is taken to be empty"));
  return g_steal_pointer(&host);
}
