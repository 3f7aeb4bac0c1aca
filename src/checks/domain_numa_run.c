/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vNUMA, pins and size of a domain (checks.md 5.4, X11-X21): what decides.
 * The rows with their stories are in domain_numa.c. */
#include <string.h>

#include "checks/domain_numa.h"
#include "checks/rules.h"

/* The largest node with CPUs; FALSE if the host's nodes are not known. */
static gboolean largest_node(const KtMachine *host, gint64 *cpus, gint64 *kib)
{
  *cpus = *kib = 0;
  for (guint i = 0; host && i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    if (!node->cpus || !node->memory_kib.known)
      return FALSE;
    *cpus = MAX(*cpus, (gint64)kt_set_count(node->cpus));
    *kib = MAX(*kib, node->memory_kib.value);
  }
  return *cpus > 0;
}

/* The host's online CPUs, by its own list or by its nodes; NULL if unknown. */
static KtSet *online_cpus(const KtMachine *host)
{
  if (!host || host->online_set)
    return host ? kt_set_copy(host->online_set) : NULL;
  g_autoptr(KtSet) cpus = kt_set_new();
  for (guint i = 0; i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    if (!node->cpus)
      return NULL;
    kt_set_add_all(cpus, node->cpus);
  }
  return kt_set_is_empty(cpus) ? NULL : g_steal_pointer(&cpus);
}

static gboolean host_has_one_node(const KtMachine *host)
{
  return host && kt_int_is(kt_machine_nodes_known(host), 1);
}

/* ---- X11 ---- */

/* The fewest equal cells that each fit a node of `than`; 0 if that cannot be said. */
static gint64 cells_wanted(gint64 vcpus, KtInt memory_kib, const KtMachine *than)
{
  gint64 cpus, kib, most = kt_machine_nodes_known(than).value;
  gboolean sized = largest_node(than, &cpus, &kib);
  for (guint i = 0; !sized && i < than->nodes->len; i++)
    cpus = MAX(cpus, (gint64)kt_set_count(((const KtNode *)than->nodes->pdata[i])->cpus));
  for (gint64 n = 2; cpus > 0 && n <= most; n++)
    if (vcpus % n == 0 && vcpus / n <= cpus && (!sized || !memory_kib.known || memory_kib.value / n <= kib))
      return n;
  return 0;
}

static void fill_cells(KtFinding *f, KtInt vcpus, KtInt memory_kib, const KtMachine *than)
{
  gint64 cells = vcpus.known ? cells_wanted(vcpus.value, memory_kib, than) : 0;
  if (!cells)
    return;
  kt_finding_fill(f, "cells", "%" G_GINT64_FORMAT, cells);
  kt_finding_fill(f, "cell_vcpus", "%" G_GINT64_FORMAT, vcpus.value / cells);
  kt_finding_fill(f, "first_cpus", "0-%" G_GINT64_FORMAT, vcpus.value / cells - 1);
  if (memory_kib.known)
    kt_finding_fill(f, "cell_kib", "%" G_GINT64_FORMAT, memory_kib.value / cells);
}

void kt_check_x11(const KtSubject *s, KtFinding *f)
{
  const KtMachine *than;
  KtInt vcpus = s->domain ? s->domain->vcpus : s->machine->cpus;
  KtInt memory = s->domain ? s->domain->memory_kib : s->machine->memory_kib;
  switch (kt_wide_without_vnuma(s, &than)) {
  case KT_WIDE_NO:
    kt_finding_fine(f);
    return;
  case KT_WIDE_UNKNOWN:
    kt_finding_cannot(f,
                      s->host ? N_("the size of the host's nodes") : N_("the host's nodes (or a reference machine)"));
    return;
  case KT_WIDE_BY_REFERENCE:
    kt_finding_fire(f, s, "one NUMA node where %s shows %" PRId64, than->name, kt_machine_nodes_known(than).value);
    f->basis = KT_BASIS_INFERRED;
    break;
  case KT_WIDE_BY_HOST:
    kt_finding_fire(f, s, "wider than a node of its host, and shown no NUMA");
    break;
  }
  if (s->domain)
    f->basis = KT_BASIS_MEASURED; /* definition and host are both seen */
  kt_finding_cite_machine(f, s->machine, "topology.nodes");
  kt_finding_cite_machine(f, s->machine, "topology.cpus");
  kt_finding_cite_domain(f, s->domain, "vcpu");
  kt_finding_cite_domain(f, s->domain, "memory");
  kt_finding_cite_machine(f, than, "topology.nodes");
  for (guint i = 0; i < MIN(than->nodes->len, 4); i++) {
    g_autofree char *path = g_strdup_printf("nodes.%d.cpus", ((const KtNode *)than->nodes->pdata[i])->id);
    kt_finding_cite_machine(f, than, path);
  }
  fill_cells(f, vcpus, memory, than);
}

/* ---- X12 ---- */

void kt_check_x12(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  gint64 cpus, kib;
  if (d->cells->len < 2) {
    kt_finding_skip(f);
    return;
  }
  if (!largest_node(s->host, &cpus, &kib) || !d->vcpus.known || !d->memory_kib.known) {
    kt_finding_cannot(f, "the size of the host's nodes");
    return;
  }
  if ((double)d->vcpus.value * 1.15 > (double)cpus || (double)d->memory_kib.value * 1.15 > (double)kib) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "%u cells, though all of it fits one host node", d->cells->len);
  f->basis = KT_BASIS_MEASURED;
  kt_finding_cite_domain(f, d, "cells");
}

/* ---- X13 ---- */

/* CPUs of the host node that holds all of `pin`; FALSE if it spans nodes or the host is unknown. */
static gboolean within_a_node(const KtSet *pin, const KtMachine *host)
{
  for (guint i = 0; host && i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    if (node->cpus && kt_set_contains(node->cpus, pin))
      return TRUE;
  }
  return FALSE;
}

/* Each vCPU of the cell has a pin; with a host known, one inside a single node. */
static gboolean cell_is_pinned(const KtDomain *d, const KtCell *cell, const KtMachine *host)
{
  if (kt_set_is_empty(cell->cpus))
    return FALSE;
  for (int v = kt_set_next(cell->cpus, 0); v >= 0; v = kt_set_next(cell->cpus, (guint)v + 1)) {
    const KtSet *pin = kt_domain_pin(d, v);
    if (!pin || (host && !within_a_node(pin, host)))
      return FALSE;
  }
  return TRUE;
}

void kt_check_x13(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  guint loose = 0;
  if (d->cells->len < 2 || host_has_one_node(s->host) || g_strcmp0(d->numatune_placement, "auto") == 0) {
    kt_finding_skip(f);
    return;
  }
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    loose += !cell->memnode && !cell_is_pinned(d, cell, s->host);
  }
  if (!loose) {
    kt_finding_fine(f);
    return;
  }
  if (d->cut) {
    kt_finding_cannot(f, "the rest of the domain's definition");
    return;
  }
  kt_finding_fire(f, s, "%u of %u cells are bound to no host node", loose, d->cells->len);
  f->basis = s->host ? KT_BASIS_MEASURED : KT_BASIS_INFERRED;
  kt_finding_cite_domain(f, d, "cells");
  kt_finding_cite_domain(f, d, "numatune");
}

/* ---- X14 ---- */

/* A package of the guest whose CPUs are in two nodes; -1 none, -2 not known. */
static gint64 split_package(const KtMachine *guest)
{
  g_autoptr(GHashTable) node_of_package = g_hash_table_new(NULL, NULL);
  if (!guest->cpu->len)
    return -2;
  for (guint i = 0; i < guest->cpu->len; i++) {
    const KtCpu *cpu = guest->cpu->pdata[i];
    int node = cpu->node.known ? (int)cpu->node.value : kt_machine_node_of_cpu(guest, cpu->id);
    if (!cpu->package.known || node < 0)
      return -2;
    gpointer key = GINT_TO_POINTER((int)cpu->package.value + 1), seen;
    if (!g_hash_table_lookup_extended(node_of_package, key, NULL, &seen))
      g_hash_table_insert(node_of_package, key, GINT_TO_POINTER(node));
    else if (GPOINTER_TO_INT(seen) != node)
      return cpu->package.value;
  }
  return -1;
}

void kt_check_x14(const KtSubject *s, KtFinding *f)
{
  const KtMachine *guest = s->guest;
  KtInt nodes = kt_machine_nodes_known(guest);
  if (kt_int_is(nodes, 1)) {
    kt_finding_skip(f);
    return;
  }
  gint64 package = split_package(guest);
  gboolean one_socket = nodes.known && kt_int_is(guest->sockets, 1);
  if (package == -1) {
    kt_finding_fine(f);
    return;
  }
  if (package == -2 && !one_socket) {
    kt_finding_cannot(f, "which socket and node each vCPU is in (lscpu -e in the guest)");
    return;
  }
  if (package >= 0 && !one_socket)
    kt_finding_fire(f, s, "the vCPUs of socket %" PRId64 " are in different cells", package);
  else
    kt_finding_fire(f, s, "one socket over %" PRId64 " cells", nodes.known ? nodes.value : 2);
  kt_finding_cite_domain(f, s->domain, "topology");
  kt_finding_cite_domain(f, s->domain, "cells");
  kt_finding_cite_machine(f, s->machine, "topology.sockets");
  kt_finding_cite_machine(f, s->machine, "topology.nodes");
  if (nodes.known && guest->cpus.known && guest->cpus.value % nodes.value == 0) {
    kt_finding_fill(f, "sockets", "%" G_GINT64_FORMAT, nodes.value);
    kt_finding_fill(f, "cores", "%" G_GINT64_FORMAT, guest->cpus.value / nodes.value);
  }
}

/* ---- X15 ---- */

void kt_check_x15(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  gint64 most = 0, least = G_MAXINT64;
  gboolean distances = TRUE;
  if (d->cells->len < 2) {
    kt_finding_skip(f);
    return;
  }
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    if (!cell->memory_kib.known) {
      kt_finding_cannot(f, "the memory of each cell");
      return;
    }
    most = MAX(most, cell->memory_kib.value);
    least = MIN(least, cell->memory_kib.value);
    distances = distances && cell->distances->len;
  }
  gboolean uneven = (double)(most - least) > 0.10 * (double)most;
  if (uneven)
    kt_finding_fire(f, s, "cells of uneven memory, %" PRId64 " to %" PRId64 " MiB", least / 1024, most / 1024);
  else if (d->cells->len > 2 && !distances && !d->cut)
    kt_finding_fire(f, s, "%u cells without distances", d->cells->len);
  else
    kt_finding_fine(f);
  f->basis = KT_BASIS_MEASURED;
  kt_finding_cite_domain(f, d, "cells");
}

/* ---- X16 ---- */

/* Pins that hold it back: some vCPU may not use every CPU of the host. */
static gboolean pins_restrict(const KtDomain *d, const KtMachine *host)
{
  g_autoptr(KtSet) online = online_cpus(host);
  GHashTableIter iter;
  gpointer pin;
  g_hash_table_iter_init(&iter, d->vcpupin);
  while (g_hash_table_iter_next(&iter, NULL, &pin))
    if (!online || !kt_set_contains(pin, online))
      return TRUE;
  return d->vcpu_cpuset && (!online || !kt_set_contains(d->vcpu_cpuset, online));
}

static gboolean memory_is_bound(const KtDomain *d)
{
  if (d->numatune_nodeset)
    return TRUE;
  for (guint i = 0; i < d->cells->len; i++)
    if (((const KtCell *)d->cells->pdata[i])->memnode)
      return TRUE;
  return FALSE;
}

void kt_check_x16(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!s->host || !kt_machine_nodes_known(s->host).known) {
    kt_finding_cannot(f, "the host's nodes");
    return;
  }
  if (host_has_one_node(s->host) || g_strcmp0(d->vcpu_placement, "auto") == 0 ||
      g_strcmp0(d->numatune_placement, "auto") == 0) {
    kt_finding_skip(f);
    return;
  }
  gboolean pinned = pins_restrict(d, s->host), bound = memory_is_bound(d);
  if (pinned == bound) {
    kt_finding_fine(f);
    return;
  }
  if (d->cut) {
    kt_finding_cannot(f, "the rest of the domain's definition");
    return;
  }
  kt_finding_fire(f, s,
                  pinned ? N_("vCPUs are pinned, memory is bound to no node")
                         : N_("memory is bound to nodes, vCPUs may run anywhere"));
  f->basis = KT_BASIS_MEASURED;
  kt_finding_cite_domain(f, d, pinned ? "vcpupin" : "numatune");
}

/* ---- X18 ---- */

void kt_check_x18(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  g_autoptr(KtSet) used = kt_set_new(), nodes = kt_set_new(), host_nodes = kt_set_new();
  GHashTableIter iter;
  gpointer pin;
  g_hash_table_iter_init(&iter, d->vcpupin);
  while (g_hash_table_iter_next(&iter, NULL, &pin))
    kt_set_add_all(used, pin);
  kt_set_add_all(used, d->emulatorpin);
  kt_set_add_all(used, d->vcpu_cpuset);
  kt_set_add_all(nodes, d->numatune_nodeset);
  for (guint i = 0; i < d->cells->len; i++)
    kt_set_add_all(nodes, ((const KtCell *)d->cells->pdata[i])->memnode);
  if (kt_set_is_empty(used) && kt_set_is_empty(nodes)) {
    kt_finding_skip(f);
    return;
  }
  g_autoptr(KtSet) online = online_cpus(s->host);
  if (!online) {
    kt_finding_cannot(f, "the host's online CPUs");
    return;
  }
  for (guint i = 0; i < s->host->nodes->len; i++)
    kt_set_add(host_nodes, (guint)((const KtNode *)s->host->nodes->pdata[i])->id);
  kt_set_remove_all(used, online);
  kt_set_remove_all(nodes, host_nodes);
  gboolean bad_nodes = !kt_set_is_empty(host_nodes) && !kt_set_is_empty(nodes);
  if (kt_set_is_empty(used) && !bad_nodes) {
    kt_finding_fine(f);
    return;
  }
  g_autofree char *cpus_text = kt_set_format(used), *nodes_text = kt_set_format(nodes);
  if (!kt_set_is_empty(used))
    kt_finding_fire(f, s, "pinned to CPU %s, which the host does not have online", cpus_text);
  else
    kt_finding_fire(f, s, "bound to node %s, which the host does not have", nodes_text);
  f->basis = KT_BASIS_MEASURED;
  kt_finding_cite_domain(f, d, "vcpupin");
  kt_finding_cite_domain(f, d, "numatune");
}

/* ---- X20, X21 ---- */

void kt_check_x20(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!d->vcpus.known || !d->vcpus_current.known) {
    kt_finding_skip(f);
    return;
  }
  if (d->vcpus.value <= 2 * d->vcpus_current.value) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "%" PRId64 " vCPUs prepared for, %" PRId64 " in use", d->vcpus.value, d->vcpus_current.value);
  f->basis = KT_BASIS_MEASURED;
  kt_finding_cite_domain(f, d, "vcpu");
}

void kt_check_x21(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  int major = 0, minor = 0;
  gboolean rhel6 = d->machine_type && g_str_has_prefix(d->machine_type, "rhel6");
  if (!rhel6 && !kt_domain_machine_version(d, &major, &minor)) {
    kt_finding_cannot(f, "the machine type's version (virsh dumpxml of the running domain)");
    return;
  }
  if (!rhel6 && (major > 5 || (major == 5 && minor >= 2))) {
    kt_finding_fine(f);
    return;
  }
  gboolean no_l3 = rhel6 || major < 2 || (major == 2 && minor < 8);
  kt_finding_fire(
      f, s, no_l3 ? N_("machine type %s: no emulated L3, one queue a disk") : N_("machine type %s: one queue a disk"),
      d->machine_type);
  f->basis = KT_BASIS_MEASURED;
  kt_finding_cite_domain(f, d, "machine");
}
