/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/units.h"
#include "checks/guest.h"
#include "checks/rules.h"

/* ---- G01, G02: automatic NUMA balancing ---- */

void kt_check_g01(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  KtInt nodes = kt_machine_nodes_known(m);
  gboolean has_nodes = nodes.known && nodes.value > 1;
  const KtMachine *than;
  KtWide wide = kt_wide_without_vnuma(s, &than);
  gboolean will_have_nodes = wide == KT_WIDE_BY_HOST || wide == KT_WIDE_BY_REFERENCE;
  int major, minor;
  if (!kt_kernel_version(m->kernel_release, &major, &minor)) {
    if (has_nodes || will_have_nodes)
      kt_finding_cannot(f, "the guest's kernel release (uname -r)");
    return;
  }
  if (!kt_kernel_older(m->kernel_release, 3, 8)) {
    kt_finding_fine(f);
    return;
  }
  if (!has_nodes && !will_have_nodes) {
    if (wide == KT_WIDE_UNKNOWN)
      kt_finding_cannot(f, "whether the guest is wider than a node of its host (kernel %s could not balance)",
                        m->kernel_release);
    return;
  }
  kt_finding_fire(f, s, "kernel %s has no automatic NUMA balancing (it came with 3.8)", m->kernel_release);
  kt_finding_cite_machine(f, m, "kernel.release");
  kt_finding_cite_machine(f, m, "topology.nodes");
  if (has_nodes)
    return;
  f->basis = KT_BASIS_INFERRED;
  kt_finding_say(f,
                 "the guest shows one node but is wider than a node of %s: once X11 is cured it has several, and "
                 "this kernel will not keep memory near its threads",
                 than->name                ? than->name
                 : wide == KT_WIDE_BY_HOST ? _("its host")
                                           : _("the reference machine"));
}

/* Did the kernel say at boot that it balances? */
static const KtCite *balancing_in_log(const KtMachine *m)
{
  for (guint i = 0; i < m->log->len; i++) {
    const KtCite *line = m->log->pdata[i];
    if (strstr(line->text, "Enabling automatic NUMA balancing"))
      return line;
  }
  return NULL;
}

static const KtProcess *bound_process(const KtMachine *m)
{
  for (guint i = 0; i < m->processes->len; i++) {
    const KtProcess *p = m->processes->pdata[i];
    if (p->bound_nodes)
      return p;
  }
  return NULL;
}

void kt_check_g02(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  KtInt nodes = kt_machine_nodes_known(m);
  if (nodes.known && nodes.value < 2)
    return;
  gint64 value;
  gboolean known = kt_machine_setting_int(m, "kernel.numa_balancing", &value);
  if (!known && kt_kernel_older(m->kernel_release, 3, 8))
    return; /* there is no such setting: G01 */
  gboolean off_at_boot = m->kernel_cmdline && strstr(m->kernel_cmdline, "numa_balancing=disable");
  if (!known && balancing_in_log(m)) {
    kt_finding_fine_because(f, "the kernel log says that automatic NUMA balancing was enabled at boot");
    return;
  }
  if (!known && !off_at_boot) {
    if (nodes.known)
      kt_finding_cannot(f, "kernel.numa_balancing (sysctl)");
    return;
  }
  if (known && value != 0) {
    kt_finding_fine(f);
    return;
  }
  if (!nodes.known) {
    kt_finding_cannot(f, "the number of the guest's NUMA nodes (numactl --hardware)");
    return;
  }
  kt_finding_fire(f, s, "automatic NUMA balancing is off in a guest of %d nodes", (int)nodes.value);
  kt_finding_cite_machine(f, m, known ? "settings.kernel.numa_balancing" : "kernel.cmdline");
  const KtProcess *bound = bound_process(m);
  if (bound) {
    f->severity = 1;
    kt_finding_say(f, "%s is bound to nodes by itself (%s): for it balancing is not needed", bound->comm,
                   bound->bound_nodes);
  }
}

/* ---- G03: allocations that miss their node ---- */

#define MIN_ALLOCATIONS 100000 /* pages since boot, or in 100 s where rates are known */
#define MISS_LIMIT_PCT 10

typedef struct {
  double hit, miss, foreign;
  gboolean foreign_known;
} Counts;

typedef struct {
  gboolean by_rate;
  guint shown;      /* nodes with hit and miss */
  guint over;       /* of these, over the limit */
  double worst_pct; /* largest share of misses of such a node */
  double miss, foreign;
  gboolean all_foreign;     /* every shown node has its numa_foreign */
  gboolean miss_is_foreign; /* on each shown node */
  const KtNode *full;       /* highest numa_foreign */
  double full_foreign;
} Tally;

static gboolean counts_of(const KtNode *node, gboolean by_rate, Counts *c)
{
  if (by_rate) {
    *c = (Counts){node->hit_per_second.value * 100, node->miss_per_second.value * 100,
                  node->foreign_per_second.value * 100, node->foreign_per_second.known};
    return node->hit_per_second.known && node->miss_per_second.known;
  }
  *c = (Counts){(double)node->numa_hit.value, (double)node->numa_miss.value, (double)node->numa_foreign.value,
                node->numa_foreign.known};
  return node->numa_hit.known && node->numa_miss.known;
}

static double miss_pct(const Counts *c)
{
  double all = c->hit + c->miss;
  return all > MIN_ALLOCATIONS ? 100 * c->miss / all : 0;
}

/* Nothing is meant for a node without CPUs: whatever lands there has spilled. */
static gboolean is_over(const KtNode *node, const Counts *c)
{
  return miss_pct(c) > MISS_LIMIT_PCT && !(node->cpus && kt_set_is_empty(node->cpus));
}

static Tally tally_of(const KtMachine *m)
{
  Tally t = {.all_foreign = TRUE, .miss_is_foreign = TRUE};
  Counts c;
  for (guint i = 0; i < m->nodes->len; i++)
    t.by_rate = t.by_rate || counts_of(m->nodes->pdata[i], TRUE, &c);
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (!counts_of(node, t.by_rate, &c))
      continue;
    t.shown++;
    t.miss += c.miss;
    t.foreign += c.foreign;
    t.all_foreign = t.all_foreign && c.foreign_known;
    t.miss_is_foreign = t.miss_is_foreign && c.foreign_known && c.miss == c.foreign;
    if (is_over(node, &c)) {
      t.over++;
      t.worst_pct = MAX(t.worst_pct, miss_pct(&c));
    }
    if (c.foreign_known && c.foreign > t.full_foreign) {
      t.full_foreign = c.foreign;
      t.full = node;
    }
  }
  return t;
}

/* "node 3", "nodes 2 and 3 together" or "a node that is not shown"; NULL if all nodes are shown. */
static char *hidden_nodes(const KtMachine *m, const Tally *t, guint *hidden)
{
  *hidden = 0;
  if (!m->node_count.known)
    return g_strdup("a node that is not shown");
  if (m->node_count.value <= (gint64)t->shown)
    return NULL;
  *hidden = (guint)(m->node_count.value - t->shown);
  int only = -1;
  guint found = 0;
  Counts c;
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (!counts_of(node, t->by_rate, &c)) {
      only = node->id;
      found++;
    }
  }
  if (*hidden == 1 && found == 1)
    return g_strdup_printf("node %d", only);
  if (*hidden == 1)
    return g_strdup(_("the node that is not shown"));
  return g_strdup_printf(_("the %u nodes that are not shown, together,"), *hidden);
}

static void say_full_node(KtFinding *f, const KtMachine *m, const Tally *t)
{
  if (!t->all_foreign)
    return;
  guint hidden;
  g_autofree char *name = hidden_nodes(m, t, &hidden);
  double lacking = t->miss - t->foreign;
  const char *unit = t->by_rate ? _(" in 100 s") : "";
  if (name && lacking > MIN_ALLOCATIONS && lacking > t->miss / 100) {
    g_autofree char *miss = kt_units_format_count((guint64)t->miss);
    g_autofree char *foreign = kt_units_format_count((guint64)t->foreign);
    g_autofree char *least = kt_units_format_count((guint64)lacking);
    kt_finding_say(f,
                   "over all nodes the sums of numa_miss and numa_foreign are equal; shown are %s misses but only %s "
                   "foreign%s, so %s must hold at least %s numa_foreign",
                   miss, foreign, unit, name, least);
    if (lacking > t->full_foreign && hidden <= 1) {
      kt_finding_say(f, "so %s was the full one: allocations meant for it spilled to the others", name);
      if (g_str_has_prefix(name, "node "))
        kt_finding_fill(f, "node", "%s", name + strlen("node "));
    }
    return;
  }
  if (!t->full || t->full_foreign < MIN_ALLOCATIONS)
    return;
  g_autofree char *count = kt_units_format_count((guint64)t->full_foreign);
  kt_finding_say(f, "node %d was the full one: %s allocations%s meant for it went elsewhere (numa_foreign)",
                 t->full->id, count, unit);
  kt_finding_fill(f, "node", "%d", t->full->id);
}

static void fire_g03(KtFinding *f, const KtSubject *s, const Tally *t)
{
  const KtMachine *m = s->machine;
  g_autoptr(GString) shares = g_string_new(NULL);
  Counts c;
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (counts_of(node, t->by_rate, &c) && is_over(node, &c) && shares->len < 200)
      g_string_append_printf(shares, "%snode %d %.0f %%", shares->len ? ", " : "", node->id, miss_pct(&c));
  }
  kt_finding_fire(f, s, "allocations that were meant for another node: %s (%s)", shares->str,
                  t->by_rate ? _("measured now") : _("since boot"));
  f->severity = t->worst_pct > 30 ? 3 : 2;
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    g_autofree char *path = g_strdup_printf("nodes.%d.numastat", node->id);
    kt_finding_cite_machine(f, m, path);
    if (!counts_of(node, t->by_rate, &c) || !is_over(node, &c))
      continue;
    g_autofree char *miss = kt_units_format_count((guint64)c.miss);
    g_autofree char *all = kt_units_format_count((guint64)(c.hit + c.miss));
    kt_finding_say(f, "node %d: %s of %s pages%s missed (%.0f %%)%s", node->id, miss, all,
                   t->by_rate ? _(" in 100 s") : "", miss_pct(&c), c.miss > c.hit ? _(", more misses than hits") : "");
  }
  say_full_node(f, m, t);
  if (!t->by_rate)
    kt_finding_say(f, "counted since boot: two tables some minutes apart would tell whether it still goes on");
}

void kt_check_g03(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  KtInt nodes = kt_machine_nodes_known(m);
  Tally t = tally_of(m);
  if (nodes.known && nodes.value < 2 && !t.over)
    return; /* one node has nowhere to miss to */
  if (!t.shown) {
    if (s->kind == KT_FOR_GUEST && nodes.known)
      kt_finding_cannot(f, "numastat of the guest's nodes");
    return;
  }
  if (!t.over) {
    kt_finding_fine(f);
    return;
  }
  if (t.miss_is_foreign) {
    kt_finding_cannot(f, "counters that can be trusted: numa_miss equals numa_foreign on every node, which is how "
                         "kernels 4.8 and 4.9 miscount wanted remote memory");
    return;
  }
  fire_g03(f, s, &t);
}
