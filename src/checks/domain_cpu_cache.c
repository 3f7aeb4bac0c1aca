/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets and the last-level cache as the guest's kernel sees them: X03, X05, X06. */
#include <string.h>

#include "checks/domain_cpu.h"

static const KtCache *cache_of(const KtMachine *m, int level, KtCacheType type)
{
  return m ? kt_machine_find_cache(m, level, type) : NULL;
}

static gint64 cpus_of(const KtMachine *m)
{
  return m->online.known ? m->online.value : m->cpus.known ? m->cpus.value : 0;
}

/* The more vCPUs wake each other, the more it costs. */
static int severity_by_cpus(gint64 cpus)
{
  return cpus > 4 ? 3 : cpus > 2 ? 2 : 1;
}

/* ---- a topology that fits ---- */

static gboolean divides(KtInt sockets, gint64 vcpus)
{
  return sockets.known && sockets.value > 0 && sockets.value < vcpus && vcpus % sockets.value == 0;
}

/* The fewest sockets that each fit a node of the host; 0 unknown. */
static gint64 sockets_by_host(const KtMachine *host, gint64 vcpus)
{
  gint64 widest = 0;
  for (guint i = 0; host && i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    widest = MAX(widest, (gint64)kt_set_count(node->cpus));
  }
  for (gint64 n = 1; widest > 0 && n < vcpus; n++)
    if (vcpus % n == 0 && vcpus / n <= widest)
      return n;
  return 0;
}

void kt_fill_topology(KtFinding *f, const KtSubject *s, guint threads)
{
  gint64 vcpus = s->guest && s->guest->cpus.known ? s->guest->cpus.value : 0;
  if (s->domain && s->domain->vcpus.known)
    vcpus = s->domain->vcpus.value;
  if (s->domain && s->domain->name)
    kt_finding_fill(f, "name", "%s", s->domain->name);
  if (vcpus < 1)
    return;
  KtInt nodes = kt_machine_nodes_known(s->guest);
  gint64 sockets = sockets_by_host(s->host, vcpus);
  if (divides(nodes, vcpus) && nodes.value > 1)
    sockets = nodes.value;
  else if (!sockets && s->reference && divides(s->reference->sockets, vcpus))
    sockets = s->reference->sockets.value;
  sockets = MAX(sockets, 1);
  if (vcpus / sockets % threads != 0)
    threads = 1;
  kt_finding_fill(f, "vcpus", "%" G_GINT64_FORMAT, vcpus);
  kt_finding_fill(f, "sockets", "%" G_GINT64_FORMAT, sockets);
  kt_finding_fill(f, "cores", "%" G_GINT64_FORMAT, vcpus / sockets / threads);
  kt_finding_fill(f, "threads", "%u", threads);
}

/* As many sockets as CPUs, more than two: X06. */
static gboolean is_n_sockets(const KtMachine *m)
{
  gint64 cpus = cpus_of(m);
  return cpus > 2 && kt_int_is(m->sockets, cpus) && !(m->cores_per_socket.known && m->cores_per_socket.value > 1) &&
         !(m->threads_per_core.known && m->threads_per_core.value > 1);
}

/* ---- X03 ---- */

/* Would an L3 have been told? lscpu prints its NUMA lines after the caches; its
 * tables name all caches in their header; sysfs and JSON are read whole. */
static gboolean caches_are_complete(const KtSubject *s)
{
  const KtMachine *m = s->guest;
  if (s->predicted)
    return m->caches->len > 0;
  const KtCite *l2 = kt_machine_cite_of(m, "caches.L2");
  if (!cache_of(m, 1, KT_CACHE_DATA) || !cache_of(m, 2, KT_CACHE_UNIFIED) || !l2 || !l2->source)
    return FALSE;
  if (!l2->line || strstr(l2->source, "/index") || strstr(l2->source, "/cache/") ||
      (l2->text && (strstr(l2->text, "L1d:") || strstr(l2->text, "L1d,"))))
    return TRUE;
  const KtCite *end = kt_machine_cite_of(m, "caches.end");
  return end && g_strcmp0(end->source, l2->source) == 0 && end->line >= l2->line;
}

/* Has each CPU an L3 of its own? */
static KtTri is_private(const KtMachine *m, const KtCache *l3)
{
  gint64 cpus = cpus_of(m);
  if (cpus < 1)
    return KT_UNKNOWN;
  if (l3->groups->len) {
    for (guint i = 0; i < l3->groups->len; i++)
      if (kt_set_count(l3->groups->pdata[i]) > 1)
        return KT_NO;
    return l3->groups->len == (guint)cpus ? KT_YES : KT_UNKNOWN;
  }
  if (l3->instances.known)
    return l3->instances.value == cpus ? KT_YES : KT_NO;
  /* whatever groups it has, CPUs of one package share it; a package of one CPU cannot */
  gboolean nodes_cut = m->sockets.known && (gint64)m->nodes->len > m->sockets.value; /* AMD's end at nodes */
  return m->cores_per_socket.known && m->cores_per_socket.value > 1 && !nodes_cut ? KT_NO : KT_UNKNOWN;
}

static void cite_l3(KtFinding *f, const KtSubject *s)
{
  kt_finding_cite_machine(f, s->guest, "caches.L2");
  kt_finding_cite_machine(f, s->guest, "caches.L3");
  kt_finding_cite_machine(f, s->host, "caches.L3");
  kt_finding_cite_machine(f, s->reference, "caches.L3");
  kt_finding_cite_domain(f, s->domain, "machine");
  kt_finding_cite_domain(f, s->domain, "cpu");
  kt_finding_cite_domain(f, s->domain, "topology");
}

static void x03_absent(const KtSubject *s, KtFinding *f)
{
  const KtMachine *than = s->reference ? s->reference : s->host;
  const KtCache *theirs = cache_of(than, 3, KT_CACHE_UNIFIED);
  kt_finding_fire(f, s, "no L3 cache%s%s%s", theirs ? _(", which ") : "",
                  !theirs      ? ""
                  : than->name ? than->name
                               : _("the host"),
                  theirs ? _(" has") : "");
  const KtCache *l2 = cache_of(s->guest, 2, KT_CACHE_UNIFIED);
  if (kt_int_is(l2->size_kib, 4096))
    kt_finding_say(f, "an L2 of 4096 KiB for each vCPU is what QEMU makes up, not a real CPU's");
}

void kt_check_x03(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->guest;
  const KtCache *l3 = cache_of(m, 3, KT_CACHE_UNIFIED);
  gint64 cpus = cpus_of(m);
  if (cpus == 1) {
    kt_finding_fine(f);
    return;
  }
  if (l3) {
    KtTri own = is_private(m, l3);
    if (own == KT_UNKNOWN)
      kt_finding_cannot(f, "which CPUs share the guest's L3");
    else if (own == KT_NO || cpus <= 2)
      kt_finding_fine(f);
    else
      kt_finding_fire(f, s, "each of %" PRId64 " vCPUs has an L3 of its own", cpus);
  } else if (caches_are_complete(s)) {
    x03_absent(s, f);
  } else {
    kt_finding_cannot(f, s->predicted ? N_("the machine type, or the host for passed-through caches")
                                      : N_("the guest's caches to the end of the list"));
  }
  if (f->state != KT_FIRED)
    return;
  f->severity = cpus ? severity_by_cpus(cpus) : f->severity;
  if (l3 && is_n_sockets(m)) /* an emulated L3 covers a socket: cores cure it */
    f->echo_of = "X06";
  cite_l3(f, s);
  kt_fill_topology(f, s, 1);
}

/* ---- X05 ---- */

static const KtCite *llc_complaint(const KtMachine *m)
{
  for (guint i = 0; i < m->log->len; i++) {
    const KtCite *line = m->log->pdata[i];
    if (line->text && strstr(line->text, "llc-sibling"))
      return line;
  }
  return NULL;
}

typedef struct {
  KtTri packages, nodes; /* does it cross them? */
  guint group;           /* the first that does */
} Crossing;

static int package_of(const KtMachine *m, guint cpu)
{
  const KtCpu *c = kt_machine_find_cpu(m, cpu);
  return c && c->package.known ? (int)c->package.value : -1;
}

static int node_of(const KtMachine *m, guint cpu)
{
  const KtCpu *c = kt_machine_find_cpu(m, cpu);
  return c && c->node.known ? (int)c->node.value : kt_machine_node_of_cpu(m, cpu);
}

static KtTri group_crosses(const KtMachine *m, const KtSet *group, int (*place)(const KtMachine *, guint))
{
  int first = -1;
  for (int c = kt_set_next(group, 0); c >= 0; c = kt_set_next(group, (guint)c + 1)) {
    int at = place(m, (guint)c);
    if (at < 0)
      return KT_UNKNOWN;
    if (first >= 0 && at != first)
      return KT_YES;
    first = at;
  }
  return KT_NO;
}

static gint64 nodes_with_cpus(const KtMachine *m)
{
  gint64 n = 0;
  for (guint i = 0; i < m->nodes->len; i++)
    n += !kt_set_is_empty(((const KtNode *)m->nodes->pdata[i])->cpus);
  return n;
}

/* Fewer caches than places means that one reaches over several. */
static KtTri crosses_by_count(KtInt instances, gint64 places)
{
  if (places == 1)
    return KT_NO;
  if (!instances.known || instances.value < 1 || places < 1)
    return KT_UNKNOWN;
  return instances.value < places ? KT_YES : KT_NO;
}

static Crossing find_crossing(const KtMachine *m, const KtCache *l3)
{
  KtInt instances = l3->groups->len ? KT_INT(l3->groups->len) : l3->instances;
  Crossing c = {.packages = crosses_by_count(instances, m->sockets.known ? m->sockets.value : 0),
                .nodes = crosses_by_count(instances, m->nodes->len ? nodes_with_cpus(m) : 0)};
  for (guint i = 0; i < l3->groups->len; i++) {
    const KtSet *group = l3->groups->pdata[i];
    gboolean package = group_crosses(m, group, package_of) == KT_YES, node = group_crosses(m, group, node_of) == KT_YES;
    if (package)
      c.packages = KT_YES;
    if (node)
      c.nodes = KT_YES;
    if (package || node) {
      c.group = i;
      break;
    }
  }
  return c;
}

static void fire_crossing(const KtSubject *s, KtFinding *f, const KtCache *l3, const Crossing *c)
{
  const char *what = c->packages == KT_YES && c->nodes == KT_YES ? _("sockets and NUMA nodes")
                     : c->packages == KT_YES                     ? _("sockets")
                                                                 : _("NUMA nodes");
  kt_finding_fire(f, s, "an L3 spans several virtual %s", what);
  if (c->group < l3->groups->len) {
    g_autofree char *cpus = kt_set_format(l3->groups->pdata[c->group]);
    kt_finding_say(f, "one L3 is shared by vCPUs %s", cpus);
  }
  if (s->predicted) /* an emulated cache: only the scheduler is misled */
    f->severity = 2;
  kt_finding_cite_machine(f, s->guest, "caches.L3");
  kt_finding_cite_machine(f, s->guest, "topology.sockets");
  kt_finding_cite_machine(f, s->guest, "topology.nodes");
  kt_finding_cite_domain(f, s->domain, "topology");
  kt_finding_cite_domain(f, s->domain, "cells");
  kt_fill_topology(f, s, 1);
}

void kt_check_x05(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->guest;
  const KtCite *complaint = llc_complaint(m);
  if (complaint) {
    kt_finding_fire(f, s, "the guest's kernel finds CPUs that share a cache on different nodes");
    kt_finding_cite(f, complaint);
    kt_fill_topology(f, s, 1);
    return;
  }
  const KtCache *l3 = cache_of(m, 3, KT_CACHE_UNIFIED);
  if (!l3) {
    if (caches_are_complete(s))
      kt_finding_fine(f);
    else
      kt_finding_cannot(f, "which CPUs share the guest's L3");
    return;
  }
  Crossing c = find_crossing(m, l3);
  if (c.packages == KT_YES || c.nodes == KT_YES)
    fire_crossing(s, f, l3, &c);
  else if (c.packages == KT_NO && c.nodes == KT_NO)
    kt_finding_fine(f);
  else
    kt_finding_cannot(f, "which CPUs share the guest's L3, or their sockets and nodes");
}

/* ---- X06 ---- */

void kt_check_x06(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->guest;
  if (kt_int_is(m->cpus, 1) || kt_int_is(m->cpus, 2) || (m->cores_per_socket.known && m->cores_per_socket.value > 1) ||
      (m->threads_per_core.known && m->threads_per_core.value > 1)) {
    kt_finding_fine(f);
    return;
  }
  gint64 cpus = cpus_of(m);
  if (!cpus || !m->sockets.known) {
    kt_finding_cannot(f, s->predicted ? N_("the topology of the definition") : N_("the guest's sockets and cores"));
    return;
  }
  if (m->sockets.value != cpus || cpus <= 2) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "%" PRId64 " sockets x 1 core", m->sockets.value);
  f->severity = severity_by_cpus(cpus);
  static const char *const paths[] = {"topology.cpus", "topology.sockets", "topology.cores_per_socket"};
  for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
    kt_finding_cite_machine(f, m, paths[i]);
  kt_finding_cite_domain(f, s->domain, "vcpu");
  kt_finding_cite_domain(f, s->domain, "topology");
  kt_fill_topology(f, s, 1);
}
