/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/nova_checks.h"

#include <string.h>

#include "base/units.h"
#include "checks/nova_topology.h"

static void cite_flavor(KtFinding *f, const KtFlavor *flavor, const char *path)
{
  kt_finding_cite(f, kt_flavor_cite_of(flavor, path));
}

static void cite_number(KtFinding *f, const KtFlavor *flavor, const char *key)
{
  g_autofree char *spec = g_strconcat("extra_specs.hw:", key, NULL);
  g_autofree char *property = g_strconcat("image.hw_", key, NULL);
  cite_flavor(f, flavor, spec);
  cite_flavor(f, flavor, property);
}

/* What the remedies of N02, N03, N05 ask for: `sockets` equal sockets of the flavor's vCPUs. */
static void fill_topology(KtFinding *f, const KtFlavor *flavor, gint64 sockets)
{
  if (flavor->name)
    kt_finding_fill(f, "flavor", "%s", flavor->name);
  if (!flavor->vcpus.known || sockets < 1 || flavor->vcpus.value % sockets)
    return;
  kt_finding_fill(f, "vcpus", "%d", (int)flavor->vcpus.value);
  kt_finding_fill(f, "sockets", "%d", (int)sockets);
  kt_finding_fill(f, "cores", "%d", (int)(flavor->vcpus.value / sockets));
  kt_finding_fill(f, "cells", "%d", (int)sockets);
  if (flavor->ram_mib.known)
    kt_finding_fill(f, "ram", "%d", (int)flavor->ram_mib.value);
  if (flavor->disk_gib.known)
    kt_finding_fill(f, "disk", "%d", (int)flavor->disk_gib.value);
}

/* ---- N01: cpu_mode on a homogeneous cloud ---- */

static gboolean same_cpu(const KtMachine *a, const KtMachine *b)
{
  return a->cpu_family.known && a->cpu_model.known && a->cpu_stepping.known && a->cpu_vendor &&
         g_strcmp0(a->cpu_vendor, b->cpu_vendor) == 0 && kt_int_is(b->cpu_family, a->cpu_family.value) &&
         kt_int_is(b->cpu_model, a->cpu_model.value) && kt_int_is(b->cpu_stepping, a->cpu_stepping.value);
}

/* Hosts in the evidence; 0 if their CPUs differ or are not known. */
static guint hosts_with_same_cpu(const KtSnapshot *snapshot)
{
  const KtMachine *first = NULL;
  guint n = 0;
  for (guint i = 0; i < snapshot->machines->len; i++) {
    const KtMachine *m = snapshot->machines->pdata[i];
    if (m->role != KT_ROLE_HOST)
      continue;
    if (first && !same_cpu(first, m))
      return 0;
    first = first ? first : m;
    n++;
  }
  return n;
}

static const char *mode_of(const KtNovaConf *conf)
{
  return g_hash_table_lookup(conf->values, "libvirt/cpu_mode");
}

/* The first of the hosts' files; NULL: there are none, or they say different things. */
static const KtNovaConf *conf_of_all(const GPtrArray *confs)
{
  for (guint i = 1; i < confs->len; i++)
    if (g_strcmp0(mode_of(confs->pdata[i]), mode_of(confs->pdata[0])) != 0)
      return NULL;
  return confs->len ? confs->pdata[0] : NULL;
}

void kt_check_n01(const KtSubject *s, KtFinding *f)
{
  const KtNovaConf *conf = conf_of_all(s->snapshot->confs);
  if (!conf)
    return;
  const char *mode = mode_of(conf);
  if (mode && !g_str_equal(mode, "host-model") && !g_str_equal(mode, "custom")) {
    kt_finding_fine(f);
    return;
  }
  guint hosts = hosts_with_same_cpu(s->snapshot);
  if (hosts < 2) {
    kt_finding_cannot(f, "whether all hosts of the aggregate have the same CPU (then cpu_mode=host-passthrough fits)");
    return;
  }
  kt_finding_fire(f, s, "cpu_mode=%s though the %u hosts have the same CPU", mode ? mode : _("host-model (default)"),
                  hosts);
  kt_finding_cite(f, g_hash_table_lookup(conf->cites, "libvirt/cpu_mode"));
}

/* ---- N02: sockets ---- */

void kt_check_n02(const KtSubject *s, KtFinding *f)
{
  const KtFlavor *flavor = s->flavor;
  if (!flavor->vcpus.known || !flavor->extra_specs) {
    if (flavor->vcpus.known ? flavor->vcpus.value > 2 : flavor->extra_specs != NULL)
      kt_finding_cannot(f, flavor->vcpus.known ? N_("the flavor's extra specs") : N_("the flavor's vCPUs"));
    return;
  }
  KtNovaTopology t;
  if (flavor->vcpus.value <= 2) {
    kt_finding_fine(f);
    return;
  }
  if (!kt_nova_topology(flavor, &t)) {
    kt_finding_cannot(f, "a topology that Nova accepts: the limits and wishes contradict");
    return;
  }
  if (t.cores > 1 || t.threads > 1) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "%d vCPUs become %d sockets x 1 core", (int)flavor->vcpus.value, t.sockets);
  if (flavor->vcpus.value <= 4)
    f->severity = 2;
  cite_flavor(f, flavor, "vcpus");
  cite_flavor(f, flavor, "extra_specs");
  gint64 sockets, cells;
  if (kt_nova_number(flavor, "cpu_sockets", &sockets)) {
    cite_number(f, flavor, "cpu_sockets");
    if (sockets && flavor->vcpus.value % sockets)
      kt_finding_say(f, "hw:cpu_sockets=%d does not divide %d vCPUs: Nova passes over it", (int)sockets,
                     (int)flavor->vcpus.value);
  } else {
    kt_finding_say(f,
                   "neither hw:cpu_sockets nor hw:cpu_cores nor a maximum is set: Nova takes a socket for each vCPU%s",
                   flavor->image ? "" : _(" (unless the image sets hw_cpu_sockets)"));
  }
  if (!kt_nova_number(flavor, "numa_nodes", &cells) || cells < 1)
    cells = 1;
  fill_topology(f, flavor, cells);
}

/* ---- N03: vNUMA ---- */

void kt_check_n03(const KtSubject *s, KtFinding *f)
{
  const KtFlavor *flavor = s->flavor;
  gint64 cells;
  if (kt_nova_number(flavor, "numa_nodes", &cells)) {
    kt_finding_fine(f);
    return;
  }
  if (!flavor->extra_specs) {
    if (flavor->vcpus.known && flavor->vcpus.value > 2)
      kt_finding_cannot(f, "the flavor's extra specs");
    return;
  }
  gint64 most_cpus = 0, most_kib = 0, nodes = 0;
  gboolean known = s->host != NULL;
  for (guint i = 0; known && i < s->host->nodes->len; i++) {
    const KtNode *node = s->host->nodes->pdata[i];
    known = node->cpus && node->memory_kib.known;
    most_cpus = MAX(most_cpus, (gint64)kt_set_count(node->cpus));
    most_kib = MAX(most_kib, node->memory_kib.value);
    nodes += !kt_set_is_empty(node->cpus);
  }
  if (!known || !nodes || !flavor->vcpus.known || !flavor->ram_mib.known) {
    if (!flavor->vcpus.known || flavor->vcpus.value > 2)
      kt_finding_cannot(f, known && nodes ? N_("the flavor's vCPUs and RAM")
                                          : N_("the CPUs and memory of a host's nodes"));
    return;
  }
  gint64 by_cpus = (flavor->vcpus.value + most_cpus - 1) / most_cpus;
  gint64 by_memory = most_kib ? (flavor->ram_mib.value * 1024 + most_kib - 1) / most_kib : 1;
  gint64 needed = MAX(by_cpus, by_memory);
  if (nodes < 2 || needed < 2) {
    kt_finding_fine(f);
    return;
  }
  g_autofree char *node_memory = kt_units_format_kib((guint64)most_kib);
  kt_finding_fire(f, s, "wider than a host node (%d CPUs, %s) but hw:numa_nodes is not set", (int)most_cpus,
                  node_memory);
  cite_flavor(f, flavor, "vcpus");
  cite_flavor(f, flavor, "ram_mib");
  cite_flavor(f, flavor, "extra_specs");
  if (needed <= nodes)
    fill_topology(f, flavor, needed);
  else
    kt_finding_say(f, "it needs %d nodes and the host has %d: Nova could not start it with hw:numa_nodes", (int)needed,
                   (int)nodes);
}

/* ---- N04: the server keeps its old copy ---- */

static const KtFlavor *find_flavor(const KtSnapshot *snapshot, const char *name)
{
  for (guint i = 0; name && i < snapshot->flavors->len; i++) {
    const KtFlavor *flavor = snapshot->flavors->pdata[i];
    if (!flavor->server && flavor->name && g_str_equal(flavor->name, name))
      return flavor;
  }
  return NULL;
}

/* The first key (in order) that differs in two property tables; NULL if none. Caller frees. */
static char *first_difference(GHashTable *a, GHashTable *b)
{
  char *first = NULL;
  GHashTable *tables[] = {a, b};
  for (guint t = 0; t < 2; t++) {
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, tables[t]);
    while (g_hash_table_iter_next(&iter, &key, &value))
      if (g_strcmp0(value, g_hash_table_lookup(tables[1 - t], key)) != 0 && (!first || strcmp(key, first) < 0)) {
        g_free(first);
        first = g_strdup(key);
      }
  }
  return first;
}

void kt_check_n04(const KtSubject *s, KtFinding *f)
{
  const KtFlavor *copy = s->flavor;
  if (!copy->server)
    return;
  const KtFlavor *flavor = find_flavor(s->snapshot, copy->name);
  if (!flavor || !flavor->extra_specs || !copy->extra_specs) {
    kt_finding_cannot(f, "openstack flavor show %s, to compare with the server's own copy",
                      copy->name ? copy->name : _("of its flavor"));
    return;
  }
  g_autofree char *key = first_difference(flavor->extra_specs, copy->extra_specs);
  if (!key) {
    kt_finding_fine(f);
    return;
  }
  const char *was = g_hash_table_lookup(copy->extra_specs, key), *is = g_hash_table_lookup(flavor->extra_specs, key);
  kt_finding_fire(f, s, "server %s still has its old copy of flavor %s: %s is %s, the flavor has %s", copy->server,
                  copy->name, key, was ? was : _("not set"), is ? is : _("not set"));
  g_autofree char *path = g_strconcat("extra_specs.", key, NULL);
  cite_flavor(f, copy, was ? path : "extra_specs");
  cite_flavor(f, flavor, is ? path : "extra_specs");
  kt_finding_fill(f, "server", "%s", copy->server);
}

/* ---- N05: sockets and cells ---- */

void kt_check_n05(const KtSubject *s, KtFinding *f)
{
  const KtFlavor *flavor = s->flavor;
  gint64 cells;
  KtNovaTopology t;
  if (!kt_nova_number(flavor, "numa_nodes", &cells) || cells < 2)
    return;
  if (!kt_nova_topology(flavor, &t)) {
    kt_finding_cannot(f, "the flavor's vCPUs and extra specs");
    return;
  }
  if (t.sockets == cells || (t.cores == 1 && t.threads == 1)) {
    kt_finding_fine(f); /* one core a socket: that is N02, and its cure sets the sockets */
    return;
  }
  kt_finding_fire(f, s, kt_trn("%d NUMA nodes but %d socket", "%d NUMA nodes but %d sockets", (gulong)t.sockets),
                  (int)cells, t.sockets);
  if (t.sockets % cells == 0)
    f->severity = 1; /* no socket lies in two nodes */
  else
    kt_finding_say(f, "sockets lie across nodes, so that an L3 cache of the guest spans them (X05, X14)");
  cite_number(f, flavor, "numa_nodes");
  cite_number(f, flavor, "cpu_sockets");
  cite_number(f, flavor, "cpu_cores");
  fill_topology(f, flavor, cells);
}
