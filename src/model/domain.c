/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/domain.h"

#include <string.h>

#include "model/node_memory.h"

const char *const kt_manager_names[KT_MANAGERS] = {
    [KT_MANAGER_NOVA] = "Nova",         [KT_MANAGER_OVIRT] = "oVirt",
    [KT_MANAGER_KUBEVIRT] = "KubeVirt", [KT_MANAGER_OPENNEBULA] = "OpenNebula",
    [KT_MANAGER_PROXMOX] = "Proxmox",
};

static void cell_free(gpointer data)
{
  KtCell *cell = data;
  kt_set_free(cell->cpus);
  kt_set_free(cell->memnode);
  g_free(cell->memnode_mode);
  g_array_unref(cell->distances);
  g_free(cell);
}

static void device_free(gpointer data)
{
  KtVirtDevice *d = data;
  g_free(d->kind);
  g_free(d->target);
  g_free(d->bus);
  g_free(d->model);
  g_free(d->driver);
  g_free(d->cache);
  g_free(d->io);
  g_free(d->backend);
  g_free(d);
}

static void hostdev_free(gpointer data)
{
  KtHostdev *h = data;
  g_free(h->address);
  g_free(h);
}

static void thread_free(gpointer data)
{
  KtThread *t = data;
  g_free(t->comm);
  kt_set_free(t->affinity);
  g_free(t);
}

static void runtime_free(KtRuntime *r)
{
  if (!r)
    return;
  g_ptr_array_unref(r->threads);
  g_array_unref(r->memory);
  g_array_unref(r->cell_memory);
  kt_set_free(r->cpuset_cpus);
  kt_set_free(r->cpuset_mems);
  g_free(r);
}

static GHashTable *text_table(void)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static GHashTable *pin_table(void)
{
  return g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)kt_set_free);
}

KtDomain *kt_domain_new(const char *source)
{
  KtDomain *d = g_new0(KtDomain, 1);
  d->source = g_strdup(source);
  d->cpu_features = text_table();
  d->kvm = text_table();
  d->timers = text_table();
  d->cells = g_ptr_array_new_with_free_func(cell_free);
  d->vcpupin = pin_table();
  d->iothreadpin = pin_table();
  d->devices = g_ptr_array_new_with_free_func(device_free);
  d->hostdevs = g_ptr_array_new_with_free_func(hostdev_free);
  d->cites = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)kt_cite_free);
  return d;
}

void kt_domain_free(KtDomain *d)
{
  if (!d)
    return;
  char *texts[] = {d->name,          d->uuid,
                   d->source,        d->format,
                   d->type,          d->arch,
                   d->machine_type,  d->os_name,
                   d->cpu_mode,      d->cpu_model,
                   d->cache_mode,    d->vcpu_placement,
                   d->numatune_mode, d->numatune_placement,
                   d->vcpusched,     d->launch_security,
                   d->nova_flavor,   d->definition};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_hash_table_unref(d->cpu_features);
  g_hash_table_unref(d->kvm);
  g_hash_table_unref(d->timers);
  g_clear_pointer(&d->hyperv, g_hash_table_unref);
  g_hash_table_unref(d->vcpupin);
  g_hash_table_unref(d->iothreadpin);
  g_ptr_array_unref(d->cells);
  g_ptr_array_unref(d->devices);
  g_ptr_array_unref(d->hostdevs);
  kt_set_free(d->pinned);
  kt_set_free(d->vcpu_cpuset);
  kt_set_free(d->emulatorpin);
  kt_set_free(d->numatune_nodeset);
  runtime_free(d->runtime);
  kt_flavor_free(d->flavor);
  g_hash_table_unref(d->cites);
  g_free(d);
}

void kt_domain_cite(KtDomain *d, const char *path, const KtCite *cite)
{
  if (cite && !g_hash_table_contains(d->cites, path))
    g_hash_table_insert(d->cites, g_strdup(path), kt_cite_copy(cite));
}

const KtCite *kt_domain_cite_of(const KtDomain *d, const char *path)
{
  return g_hash_table_lookup(d->cites, path);
}

KtCell *kt_domain_add_cell(KtDomain *d, int id)
{
  KtCell *cell = g_new0(KtCell, 1);
  cell->id = id;
  cell->distances = g_array_new(FALSE, TRUE, sizeof(int));
  g_ptr_array_add(d->cells, cell);
  return cell;
}

KtVirtDevice *kt_domain_add_device(KtDomain *d, const char *kind)
{
  KtVirtDevice *device = g_new0(KtVirtDevice, 1);
  device->kind = g_strdup(kind);
  g_ptr_array_add(d->devices, device);
  return device;
}

void kt_domain_set_pin(KtDomain *d, int vcpu, KtSet *cpus)
{
  if (!d->pinned)
    d->pinned = kt_set_new();
  kt_set_add_all(d->pinned, cpus);
  g_hash_table_replace(d->vcpupin, GINT_TO_POINTER(vcpu), cpus);
}

const KtSet *kt_domain_pin(const KtDomain *d, int vcpu)
{
  return g_hash_table_lookup(d->vcpupin, GINT_TO_POINTER(vcpu));
}

void kt_domain_set_feature(KtDomain *d, const char *name, const char *policy)
{
  g_hash_table_replace(d->cpu_features, g_strdup(name), g_strdup(policy));
}

const char *kt_domain_feature(const KtDomain *d, const char *name)
{
  return g_hash_table_lookup(d->cpu_features, name);
}

KtRuntime *kt_domain_runtime(KtDomain *d)
{
  if (!d->runtime) {
    d->runtime = g_new0(KtRuntime, 1);
    d->runtime->threads = g_ptr_array_new_with_free_func(thread_free);
    d->runtime->memory = g_array_new(FALSE, TRUE, sizeof(KtNodeMemory));
    d->runtime->cell_memory = g_array_new(FALSE, TRUE, sizeof(KtCellMemory));
  }
  return d->runtime;
}

KtThread *kt_runtime_add_thread(KtRuntime *r, int tid, const char *comm)
{
  KtThread *thread = g_new0(KtThread, 1);
  thread->tid = tid;
  thread->comm = g_strdup(comm);
  thread->vcpu = -1;
  g_ptr_array_add(r->threads, thread);
  return thread;
}

void kt_runtime_add_memory(KtRuntime *r, int node, gint64 kib)
{
  for (guint i = 0; i < r->memory->len; i++) {
    KtNodeMemory *m = &g_array_index(r->memory, KtNodeMemory, i);
    if (m->node == node) {
      m->kib += kib;
      return;
    }
  }
  KtNodeMemory fresh = {.node = node, .kib = kib};
  g_array_append_val(r->memory, fresh);
}

gboolean kt_domain_is_called(const KtDomain *d, const char *name)
{
  return g_strcmp0(d->name, name) == 0 || (d->uuid && g_ascii_strcasecmp(d->uuid, name) == 0);
}

/* Of one cell, or (-1) of all. Caller frees. */
static GArray *sum_cells(const KtDomain *d, int cell)
{
  GArray *memory = g_array_new(FALSE, TRUE, sizeof(KtNodeMemory));
  for (guint i = 0; d->runtime && i < d->runtime->cell_memory->len; i++) {
    const KtCellMemory *part = &g_array_index(d->runtime->cell_memory, KtCellMemory, i);
    if (cell < 0 || part->cell == cell)
      kt_memory_add(memory, part->node, part->kib);
  }
  return memory;
}

GArray *kt_domain_memory(const KtDomain *d)
{
  g_autoptr(GArray) memory = sum_cells(d, -1);
  return memory->len || !d->runtime ? g_steal_pointer(&memory) : g_array_ref(d->runtime->memory);
}

GArray *kt_domain_cell_memory(const KtDomain *d, int cell)
{
  return d->cells->len > 1 ? sum_cells(d, cell) : kt_domain_memory(d);
}

gboolean kt_domain_is_dedicated(const KtDomain *d)
{
  if (!d->vcpus.known || d->vcpus.value < 1)
    return FALSE;
  g_autoptr(KtSet) used = kt_set_new();
  for (int v = 0; v < d->vcpus.value; v++) {
    const KtSet *pin = kt_domain_pin(d, v);
    if (kt_set_count(pin) != 1 || kt_set_intersects(used, pin))
      return FALSE;
    kt_set_add_all(used, pin);
  }
  return TRUE;
}

/* What Nova asks for in a flavor or image: each means a NUMA topology in its books. */
static gboolean is_booked_by_flavor(const KtFlavor *flavor)
{
  static const char *const keys[] = {"numa_nodes",         "numa_cpus.0",  "mem_page_size",  "cpu_policy",
                                     "cpu_dedicated_mask", "cpu_realtime", "mem_encryption", "emulator_threads_policy"};
  for (guint i = 0; flavor && i < G_N_ELEMENTS(keys); i++) {
    const char *value = kt_flavor_hw(flavor, keys[i]);
    if (value && !g_str_equal(value, "shared"))
      return TRUE;
  }
  return flavor && flavor->extra_specs && g_hash_table_contains(flavor->extra_specs, "resources:PCPU");
}

gboolean kt_domain_is_booked(const KtDomain *d)
{
  if (d->booked)
    return d->booked == KT_YES;
  return d->cells->len || d->numatune_nodeset || d->numatune_mode || g_hash_table_size(d->vcpupin) || d->hugepages ||
         is_booked_by_flavor(d->flavor);
}

const char *kt_domain_default_cpu_model(const KtDomain *d)
{
  gboolean proxmox = g_strcmp0(d->format, "proxmox") == 0;
  return proxmox && g_strcmp0(d->type, "qemu") != 0 ? "kvm64" : "qemu64";
}

gboolean kt_domain_is_x86(const KtDomain *d)
{
  return !d->arch || g_str_equal(d->arch, "x86_64") || g_str_equal(d->arch, "i686");
}

gboolean kt_domain_machine_version(const KtDomain *d, int *major, int *minor)
{
  const char *dash = d->machine_type ? strrchr(d->machine_type, '-') : NULL;
  if (!dash || strstr(d->machine_type, "rhel") || !g_ascii_isdigit(dash[1]))
    return FALSE;
  char *end;
  *major = (int)g_ascii_strtoll(dash + 1, &end, 10);
  if (*end != '.' || !g_ascii_isdigit(end[1]))
    return FALSE;
  *minor = (int)g_ascii_strtoll(end + 1, NULL, 10);
  return TRUE;
}
