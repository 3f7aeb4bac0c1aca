/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -cpu, -smp, -m, -numa and memory objects of a QEMU command line. */
#include <string.h>

#include "base/units.h"
#include "evidence/domain_parts.h"
#include "evidence/qemu_state.h"

/* ---- -cpu ---- */

static void forget_cpu(KtDomain *d)
{
  g_clear_pointer(&d->cpu_mode, g_free);
  g_clear_pointer(&d->cpu_model, g_free);
  g_clear_pointer(&d->cache_mode, g_free);
  d->cache_level = KT_INT_UNKNOWN;
  d->migratable = KT_UNKNOWN;
  d->hyperv_passthrough = FALSE;
  g_clear_pointer(&d->hyperv, g_hash_table_unref);
  g_hash_table_remove_all(d->cpu_features);
  g_hash_table_remove_all(d->kvm);
  g_hash_table_remove(d->timers, "hypervclock");
  g_hash_table_remove(d->timers, "kvmclock");
  static const char *const cites[] = {"cpu", "hyperv", "kvm"};
  for (guint i = 0; i < G_N_ELEMENTS(cites); i++)
    g_hash_table_remove(d->cites, cites[i]);
}

static void set_model(KtDomain *d, const char *model)
{
  d->cpu_given = TRUE;
  if (g_str_equal(model, "host"))
    d->cpu_mode = g_strdup("host-passthrough");
  else if (g_str_equal(model, "max"))
    d->cpu_mode = g_strdup("maximum");
  else {
    d->cpu_mode = g_strdup("custom");
    d->cpu_model = g_strdup(model);
  }
}

static void set_hyperv(KtQemuState *s, char *name, gboolean on)
{
  KtDomain *d = s->d;
  if (g_str_equal(name, "passthrough")) {
    d->hyperv_passthrough = on;
    g_free(name);
  } else if (g_str_equal(name, "time")) {
    g_hash_table_replace(d->timers, g_strdup("hypervclock"), g_strdup(on ? "yes" : "no"));
    g_free(name);
  } else {
    if (!d->hyperv)
      d->hyperv = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_replace(d->hyperv, name, g_strdup(on ? "on" : "off"));
  }
  kt_domain_cite(d, "hyperv", s->cite);
}

static void set_kvm(KtQemuState *s, const char *name, gboolean on)
{
  g_hash_table_replace(s->d->kvm, g_strdelimit(g_strdup(name), "_", '-'), g_strdup(on ? "on" : "off"));
  kt_domain_cite(s->d, "kvm", s->cite);
}

/* A property of the CPU: "hv-relaxed" = "on", "host-cache-info" = "on", "vmx" = "off". */
static void set_property(KtQemuState *s, const char *name, const char *value)
{
  KtDomain *d = s->d;
  KtTri is = kt_qemu_switch(value);
  char *hyperv = kt_hyperv_name(name);
  if (hyperv) { /* hv-spinlocks=0x1fff and hv-vendor-id=x are on by having a value */
    set_hyperv(s, hyperv, is != KT_NO);
    return;
  }
  if (is == KT_UNKNOWN)
    return;
  gboolean on = is == KT_YES;
  if (g_str_equal(name, "migratable"))
    d->migratable = is;
  else if (g_str_equal(name, "kvm"))
    set_kvm(s, "hidden", !on);
  else if (g_str_equal(name, "kvmclock"))
    g_hash_table_replace(d->timers, g_strdup(name), g_strdup(on ? "yes" : "no"));
  else if (g_str_has_prefix(name, "kvm-") || g_str_has_prefix(name, "kvm_"))
    set_kvm(s, name + 4, on);
  else if (!g_str_equal(name, "enforce") && !g_str_equal(name, "check"))
    kt_domain_set_feature(d, name, on ? "require" : "disable");
}

/* The two properties that <cache mode=> of libvirt turns into (qemuBuildCpuModelArgStr). */
static void set_cache(KtDomain *d)
{
  const char *host = kt_domain_feature(d, "host-cache-info"), *l3 = kt_domain_feature(d, "l3-cache");
  if (g_strcmp0(host, "require") == 0)
    d->cache_mode = g_strdup("passthrough");
  else if (g_strcmp0(l3, "require") == 0) {
    d->cache_mode = g_strdup("emulate");
    d->cache_level = KT_INT(3);
  } else if (g_strcmp0(l3, "disable") == 0)
    d->cache_mode = g_strdup("disable");
  g_hash_table_remove(d->cpu_features, "host-cache-info");
  g_hash_table_remove(d->cpu_features, "l3-cache");
}

void kt_qemu_read_cpu(KtQemuState *s, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, "model");
  forget_cpu(s->d);
  kt_domain_cite(s->d, "cpu", s->cite);
  for (guint i = 0; i < kt_qemu_opts_count(o); i++) {
    const char *key = kt_qemu_opts_key(o, i), *text = kt_qemu_opts_value(o, i);
    if (i == 0)
      set_model(s->d, text);
    else if (*key == '+' || *key == '-')
      set_property(s, key + 1, *key == '+' ? "on" : "off");
    else
      set_property(s, key, text);
  }
  set_cache(s->d);
}

/* ---- -smp ---- */

/* Unknown above any possible number of CPUs. */
static KtInt times(KtInt a, KtInt b)
{
  gint64 product = a.value * (b.known ? b.value : 1);
  return a.known && product <= KT_DOMAIN_MAX_VCPUS ? KT_INT(product) : KT_INT_UNKNOWN;
}

void kt_qemu_read_smp(KtQemuState *s, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, "cpus");
  KtDomain *d = s->d;
  static const char *const keys[] = {"cpus", "maxcpus", "sockets", "dies", "cores", "threads"};
  KtInt now = {0}, all = {0};
  KtInt *into[] = {&now, &all, &d->sockets, &d->dies, &d->cores, &d->threads};
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    KtInt n = kt_qemu_opts_int(o, keys[i]);
    if (n.known && n.value > 0 && n.value <= KT_DOMAIN_MAX_VCPUS)
      *into[i] = n;
  }
  if (d->sockets.known || d->dies.known || d->cores.known || d->threads.known)
    kt_domain_cite(d, "topology", s->cite);
  /* Without both, what is given multiplied is the number of CPUs. */
  if (!kt_qemu_opts_get(o, "cpus") && !kt_qemu_opts_get(o, "maxcpus"))
    all = times(times(times(times(KT_INT(1), d->sockets), d->dies), d->cores), d->threads);
  d->vcpus = all.known ? all : now;
  if (now.known && all.known && now.value < all.value)
    d->vcpus_current = now;
  kt_domain_cite(d, "vcpu", s->cite);
}

/* ---- memory ---- */

#define MIB (1024 * 1024)

void kt_qemu_read_memory(KtQemuState *s, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, "size");
  const char *size = kt_qemu_opts_get(o, "size");
  guint64 kib;
  const char *end = size ? kt_units_parse_kib(size, MIB, &kib) : NULL;
  if (!end || *end)
    return;
  s->d->memory_kib = KT_INT((gint64)kib);
  kt_domain_cite(s->d, "memory", s->cite);
}

static void read_backing(KtQemuState *s, const KtQemuItem *item)
{
  KtDomain *d = s->d;
  const char *path = kt_qemu_opts_get(item->opts, "mem-path"), *size = kt_qemu_opts_get(item->opts, "hugetlbsize");
  const char *type = kt_qemu_opts_get(item->opts, "qom-type");
  guint64 kib;
  if (kt_qemu_opts_is_on(item->opts, "hugetlb") || (path && strstr(path, "huge")))
    d->hugepages = TRUE;
  else if (g_strcmp0(type, "memory-backend-file") == 0)
    d->memory_file = TRUE;
  if (size && kt_units_parse_kib(size, 1, &kib))
    d->hugepage_kib = KT_INT((gint64)kib);
  d->memory_shared |= kt_qemu_opts_is_on(item->opts, "share");
  d->memory_immediate |= kt_qemu_opts_is_on(item->opts, "prealloc");
  d->nosharepages |= kt_qemu_switch(kt_qemu_opts_get(item->opts, "merge")) == KT_NO;
  kt_domain_cite(d, "memoryBacking", item->cite);
}

/* Repeated keys ("host-nodes=0-1,host-nodes=3", "cpus=0-3,cpus=8") as one set; NULL if there are none. */
static KtSet *set_of(const KtQemuOpts *o, const char *key)
{
  KtSet *all = NULL;
  for (guint i = 0; i < kt_qemu_opts_count(o); i++) {
    if (!g_str_equal(kt_qemu_opts_key(o, i), key))
      continue;
    g_autoptr(KtSet) part = kt_set_parse(kt_qemu_opts_value(o, i), NULL);
    if (!part)
      continue;
    if (!all)
      all = kt_set_new();
    kt_set_add_all(all, part);
  }
  return all;
}

/* libvirt's word for a memory policy of QEMU; "default" has none. */
static const char *mode_of_policy(const char *policy)
{
  if (!policy || g_str_equal(policy, "default"))
    return NULL;
  return g_str_equal(policy, "bind") ? "strict" : policy;
}

static void bind_cell(KtDomain *d, KtCell *cell, const KtQemuItem *backend)
{
  const char *mode = mode_of_policy(kt_qemu_opts_get(backend->opts, "policy"));
  cell->shared = kt_qemu_opts_is_on(backend->opts, "share");
  if (!mode)
    return;
  cell->memnode_mode = g_strdup(mode);
  cell->memnode = set_of(backend->opts, "host-nodes");
  kt_domain_cite(d, "numatune", backend->cite);
}

static void read_node(KtQemuState *s, const KtQemuItem *item, int next_id)
{
  KtDomain *d = s->d;
  const KtQemuOpts *o = item->opts;
  KtInt id = kt_qemu_opts_int(o, "nodeid");
  KtCell *cell = kt_domain_cell(d, id.known ? (int)id.value : next_id);
  if (!cell)
    return;
  kt_domain_cite(d, "cells", item->cite);
  const char *memdev = kt_qemu_opts_get(o, "memdev"), *mem = kt_qemu_opts_get(o, "mem");
  const KtQemuItem *backend = memdev ? kt_qemu_find(s->objects, "id", memdev) : NULL;
  const char *size = backend ? kt_qemu_opts_get(backend->opts, "size") : mem;
  guint64 kib;
  if (size && kt_units_parse_kib(size, backend ? 1 : MIB, &kib))
    cell->memory_kib = KT_INT((gint64)kib);
  if (!cell->cpus)
    cell->cpus = set_of(o, "cpus");
  if (backend && !cell->memnode_mode)
    bind_cell(d, cell, backend);
}

/* -numa cpu: the CPUs of a socket, core or thread, where the whole topology is given. */
static void read_numa_cpu(KtDomain *d, const KtQemuItem *item)
{
  KtInt node = kt_qemu_opts_int(item->opts, "node-id");
  KtCell *cell = node.known ? kt_domain_find_cell(d, (int)node.value) : NULL;
  gboolean known = d->sockets.known && d->cores.known && d->threads.known && d->vcpus.known;
  if (!cell || !known || d->vcpus.value > 4096) /* QEMU allows less */
    return;
  gint64 dies = d->dies.known ? d->dies.value : 1;
  KtInt socket = kt_qemu_opts_int(item->opts, "socket-id"), die = kt_qemu_opts_int(item->opts, "die-id");
  KtInt core = kt_qemu_opts_int(item->opts, "core-id"), thread = kt_qemu_opts_int(item->opts, "thread-id");
  if (!cell->cpus)
    cell->cpus = kt_set_new();
  for (gint64 v = 0; v < d->vcpus.value; v++) {
    gint64 c = v / d->threads.value, e = c / d->cores.value, k = e / dies;
    if ((!socket.known || socket.value == k) && (!die.known || die.value == e % dies) &&
        (!core.known || core.value == c % d->cores.value) && (!thread.known || thread.value == v % d->threads.value))
      kt_set_add(cell->cpus, (guint)v);
  }
}

static void read_cells(KtQemuState *s)
{
  g_autoptr(GArray) distances = g_array_new(FALSE, FALSE, sizeof(KtCellDistance));
  int nodes = 0;
  for (guint i = 0; i < s->numa->len; i++) {
    const KtQemuItem *item = s->numa->pdata[i];
    const char *type = kt_qemu_opts_get(item->opts, "type");
    KtInt src = kt_qemu_opts_int(item->opts, "src"), dst = kt_qemu_opts_int(item->opts, "dst");
    KtInt val = kt_qemu_opts_int(item->opts, "val");
    if (g_strcmp0(type, "node") == 0)
      read_node(s, item, nodes++);
    else if (g_strcmp0(type, "dist") == 0 && src.known && dst.known && val.known) {
      KtCellDistance way = {(int)src.value, (int)dst.value, (int)val.value};
      g_array_append_val(distances, way);
    }
  }
  if (s->numa->len <= KT_DOMAIN_MAX_CELLS * 16)
    for (guint i = 0; i < s->numa->len; i++) {
      const KtQemuItem *item = s->numa->pdata[i];
      if (g_strcmp0(kt_qemu_opts_get(item->opts, "type"), "cpu") == 0)
        read_numa_cpu(s->d, item);
    }
  kt_domain_set_distances(s->d, distances);
}

/* The policy of guest memory without cells: -machine memory-backend=. */
static void bind_all(KtQemuState *s)
{
  const KtQemuItem *backend = s->memory_backend ? kt_qemu_find(s->objects, "id", s->memory_backend) : NULL;
  const char *mode = backend ? mode_of_policy(kt_qemu_opts_get(backend->opts, "policy")) : NULL;
  if (!mode)
    return;
  s->d->numatune_mode = g_strdup(mode);
  s->d->numatune_nodeset = set_of(backend->opts, "host-nodes");
  kt_domain_cite(s->d, "numatune", backend->cite);
}

void kt_qemu_finish_memory(KtQemuState *s)
{
  for (guint i = 0; i < s->objects->len; i++) {
    const KtQemuItem *item = s->objects->pdata[i];
    const char *type = kt_qemu_opts_get(item->opts, "qom-type");
    if (type && g_str_has_prefix(type, "memory-backend-"))
      read_backing(s, item);
  }
  read_cells(s);
  bind_all(s);
}
