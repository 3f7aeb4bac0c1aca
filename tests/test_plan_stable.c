/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts and guests at random: a plan that was carried out leaves nothing to change, and nothing of what it was made for
 * is found again. KT_SEED: the first of the hosts, KT_HOSTS: how many. */
#include <stdlib.h>

#include "apply/definition.h"
#include "base/error.h"
#include "plan_fixture.h"

static int draw(GRand *r, int least, int most)
{
  return g_rand_int_range(r, least, most + 1);
}

#define PICK(r, list) (list)[draw(r, 0, (int)G_N_ELEMENTS(list) - 1)]

/* ---- a host ---- */

typedef struct {
  guint nodes, cores, threads, l3; /* a node, a core, a node */
  gboolean amd, pairs;             /* siblings next to each other */
} Shape;

static guint cpu_of(const Shape *s, guint core, guint thread)
{
  return s->pairs ? core * s->threads + thread : core + thread * s->nodes * s->cores;
}

static KtSet *cpus_of(const Shape *s, guint first_core, guint cores)
{
  KtSet *cpus = kt_set_new();
  for (guint c = first_core; c < first_core + cores; c++)
    for (guint t = 0; t < s->threads; t++)
      kt_set_add(cpus, cpu_of(s, c, t));
  return cpus;
}

static void add_node(KtMachine *m, const Shape *s, KtCache *l3, guint i)
{
  KtNode *node = kt_machine_node(m, (int)i);
  node->cpus = cpus_of(s, i * s->cores, s->cores);
  node->memory_kib = KT_INT(32 << 20);
  for (guint k = 0; k < s->nodes; k++) {
    int distance = k == i ? 10 : k / 2 == i / 2 ? 12 : 32;
    g_array_append_val(node->distances, distance);
  }
  for (guint k = 0; k < s->l3; k++)
    g_ptr_array_add(l3->groups, cpus_of(s, i * s->cores + k * s->cores / s->l3, s->cores / s->l3));
  for (guint c = i * s->cores; c < (i + 1) * s->cores; c++)
    for (guint t = 0; t < s->threads; t++) {
      KtCpu *cpu = kt_machine_cpu(m, cpu_of(s, c, t));
      cpu->online = TRUE;
      cpu->siblings = cpus_of(s, c, 1);
    }
}

static KtMachine *host_of(KtSnapshot *snapshot, const Shape *s)
{
  KtMachine *m = kt_machine_new();
  m->role = KT_ROLE_HOST;
  m->hypervisor = g_strdup("none");
  m->arch = g_strdup("x86_64");
  m->cpu_vendor = g_strdup(s->amd ? "AuthenticAMD" : "GenuineIntel");
  m->cpu_flags = g_strdup("fpu constant_tsc nonstop_tsc ept");
  m->cpus = m->online = KT_INT(s->nodes * s->cores * s->threads);
  m->sockets = m->node_count = KT_INT(s->nodes);
  m->cores_per_socket = KT_INT(s->cores);
  m->threads_per_core = KT_INT(s->threads);
  m->online_set = cpus_of(s, 0, s->nodes * s->cores);
  KtCache *l3 = kt_machine_cache(m, 3, KT_CACHE_UNIFIED);
  l3->size_kib = KT_INT(32768);
  l3->instances = KT_INT(s->nodes * s->l3);
  for (guint i = 0; i < s->nodes; i++)
    add_node(m, s, l3, i);
  g_ptr_array_add(snapshot->machines, m);
  return m;
}

/* ---- its guests ---- */

static char *definition_of(GRand *r, const Shape *s, guint number, KtSet *free)
{
  static const char *const models[] = {"", "<cpu mode='host-passthrough'>%s</cpu>", "<cpu mode='host-model'>%s</cpu>",
                                       "<cpu mode='custom'><model>qemu64</model>%s</cpu>"};
  static const char *const modes[] = {"strict", "restrictive", "preferred", "interleave"};
  guint vcpus = (guint)draw(r, 1, (int)(s->cores * s->threads) * (draw(r, 0, 4) ? 1 : 2));
  guint gib = (guint)draw(r, 1, vcpus > s->cores * s->threads ? 20 : 8), node = (guint)draw(r, 0, (int)s->nodes - 1);
  g_autoptr(GString) out = g_string_new(NULL);
  g_autofree char *topology =
      draw(r, 0, 1) ? g_strdup_printf("<topology sockets='%u' cores='1' threads='1'/>", vcpus)
      : draw(r, 0, 2) || vcpus % 2
          ? g_strdup("")
          : g_strdup_printf("<topology sockets='1' dies='1' cores='%u' threads='2'/>", vcpus / 2);
  g_autofree char *cpu = g_strdup(PICK(r, models));
  char **parts = g_strsplit(cpu, "%s", 2);
  g_string_printf(out, "<domain type='kvm'>\n  <name>g%u</name>\n  <memory unit='GiB'>%u</memory>\n  <vcpu>%u</vcpu>\n",
                  number, gib, vcpus);
  int pins = draw(r, 0, 3);
  if (pins && (pins > 1 || kt_set_count(free) >= vcpus)) {
    g_autoptr(KtSet) all = cpus_of(s, node * s->cores, s->cores);
    g_autofree char *list = kt_set_format(all);
    g_string_append(out, "  <cputune>\n");
    for (guint v = 0; v < vcpus; v++) {
      int own = kt_set_next(free, 0);
      if (pins == 1) {
        g_string_append_printf(out, "    <vcpupin vcpu='%u' cpuset='%d'/>\n", v, own);
        kt_set_remove(free, (guint)own);
      } else {
        g_string_append_printf(out, "    <vcpupin vcpu='%u' cpuset='%s'/>\n", v, list);
      }
    }
    g_string_append(out, "  </cputune>\n");
  }
  if (draw(r, 0, 2) == 0)
    g_string_append_printf(out, "  <numatune><memory mode='%s' nodeset='%u'/></numatune>\n", PICK(r, modes), node);
  g_string_append_printf(out, "  <os><type arch='x86_64' machine='pc-q35-%s'>hvm</type></os>\n",
                         draw(r, 0, 3) ? "7.2" : "2.6");
  if (*cpu)
    g_string_append_printf(out, "  %s%s%s\n", parts[0], topology, parts[1]);
  g_strfreev(parts);
  g_string_append(out, "</domain>\n");
  return g_string_free(g_steal_pointer(&out), FALSE);
}

static void add_thread(KtDomain *d, int vcpu, const KtSet *cpus, double pct)
{
  KtThread *t = kt_runtime_add_thread(d->runtime, 4001 + vcpu, "CPU/KVM");
  t->vcpu = vcpu;
  t->affinity = kt_set_copy(cpus);
  t->last_cpu = KT_INT(kt_set_next(cpus, 0));
  t->run_pct = KT_NUM(pct);
  t->wait_pct = KT_NUM(0);
}

/* As its definition has it, or anywhere. */
static void start_anywhere(GRand *r, KtDomain *d, const Shape *s, const KtMachine *host)
{
  KtRuntime *runtime = kt_domain_runtime(d);
  double pct = draw(r, 2, 60);
  guint where = (guint)draw(r, 0, (int)s->nodes);
  g_autoptr(KtSet) some = where == s->nodes ? kt_set_copy(host->online_set) : cpus_of(s, where * s->cores, s->cores);
  runtime->pid = 4000;
  for (int v = 0; v < d->vcpus.value; v++)
    add_thread(d, v, kt_domain_pin(d, v) ? kt_domain_pin(d, v) : some, pct);
  gint64 left = d->memory_kib.value;
  for (guint i = 0; i < s->nodes; i++) {
    gint64 kib = i + 1 == s->nodes ? left : draw(r, 0, 2) ? 0 : left;
    if (kib > 0)
      kt_runtime_add_memory(runtime, (int)i, kib);
    left -= kib;
  }
}

static KtSnapshot *read_all(char **definitions, const Shape *s)
{
  KtSnapshot *snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  for (guint i = 0; definitions[i]; i++) {
    g_autofree char *name = g_strdup_printf("g%u.xml", i);
    g_autoptr(KtText) text = kt_text_new(name, definitions[i], strlen(definitions[i]));
    kt_reading_run(text, ".", snapshot, fragments);
  }
  host_of(snapshot, s);
  return snapshot;
}

/* ---- the plan carried out, and each guest started anew ---- */

static const KtEdit *live_edit(const KtPlan *plan, const char *domain, KtAct act, int where)
{
  g_autofree char *number = g_strdup_printf("%d", where);
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    for (guint k = 0; change->act == act && g_strcmp0(change->domain, domain) == 0 && k < change->edits->len; k++)
      if (g_str_equal(((KtEdit *)change->edits->pdata[k])->where, number))
        return change->edits->pdata[k];
  }
  return NULL;
}

static void add_on(KtRuntime *runtime, const KtSet *nodes, gint64 kib, int cell)
{
  guint n = kt_set_count(nodes);
  for (int node = kt_set_next(nodes, 0); node >= 0; node = kt_set_next(nodes, (guint)node + 1)) {
    const KtCellMemory own = {.cell = cell, .node = node, .kib = kib / n};
    kt_runtime_add_memory(runtime, node, kib / n);
    if (cell >= 0)
      g_array_append_val(runtime->cell_memory, own);
  }
}

static void remember(KtDomain *d, const KtDomain *old, const KtPlan *plan)
{
  const KtEdit *edit = live_edit(plan, d->name, KT_ACT_MEMORY, 0);
  g_auto(GStrv) parts = g_strsplit(edit ? edit->after : "", ",", -1);
  for (guint i = 0; parts[i]; i++)
    kt_runtime_add_memory(d->runtime, atoi(parts[i]), g_ascii_strtoll(strchr(parts[i], ':') + 1, NULL, 10));
  for (guint i = 0; !edit && i < old->runtime->memory->len; i++) {
    const KtNodeMemory *part = &g_array_index(old->runtime->memory, KtNodeMemory, i);
    kt_runtime_add_memory(d->runtime, part->node, part->kib);
  }
}

static void start_anew(KtDomain *d, const KtDomain *old, const KtPlan *plan, const KtMachine *host)
{
  KtRuntime *runtime = kt_domain_runtime(d);
  gboolean bound = FALSE;
  runtime->pid = 4000;
  for (int v = 0; v < d->vcpus.value; v++) {
    const KtThread *before = old->runtime->threads->pdata[v];
    const KtEdit *edit = live_edit(plan, d->name, KT_ACT_VCPUPIN, v);
    g_autoptr(KtSet) moved = edit ? kt_set_parse(edit->after, NULL) : NULL;
    const KtSet *pin = kt_domain_pin(d, v);
    add_thread(d, v, pin ? pin : moved ? moved : before->affinity, before->run_pct.value);
  }
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    if (cell->memnode)
      add_on(runtime, cell->memnode, cell->memory_kib.value, d->cells->len > 1 ? cell->id : -1);
    bound |= cell->memnode != NULL;
  }
  gboolean binds = g_strcmp0(d->numatune_mode, "strict") == 0 || g_strcmp0(d->numatune_mode, "restrictive") == 0;
  if (!bound && d->numatune_nodeset && binds)
    add_on(runtime, d->numatune_nodeset, d->memory_kib.value, -1);
  else if (!bound)
    remember(d, old, plan);
}

static KtSnapshot *carry_out(const KtSnapshot *before, KtPlan *plan, const Shape *s)
{
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < before->domains->len; i++) {
    const KtDomain *d = before->domains->pdata[i];
    g_autoptr(GError) error = NULL;
    g_autoptr(KtDomXml) xml = kt_domxml_parse("domain", d->definition, strlen(d->definition), NULL);
    if (!kt_apply_expect(plan, xml, &error) || !kt_apply_definition(xml, plan, &error))
      g_assert_cmpint(error->code, ==, KT_ERROR_NOT_FOUND);
    g_ptr_array_add(texts, kt_domxml_bytes(xml, NULL));
  }
  g_ptr_array_add(texts, NULL);
  KtSnapshot *after = read_all((char **)texts->pdata, s);
  for (guint i = 0; i < after->domains->len; i++)
    start_anew(after->domains->pdata[i], before->domains->pdata[i], plan, kt_snapshot_host(after));
  return after;
}

/* ---- what has to hold ---- */

static void tell(guint seed, const KtSnapshot *before, const KtPlan *first, const KtPlan *second)
{
  g_printerr("# host %u\n", seed);
  for (guint i = 0; i < before->domains->len; i++) {
    const KtDomain *d = before->domains->pdata[i];
    const KtPlanGuest *guest = kt_plan_guest(first, d->name);
    g_printerr("%s# cpus %s -> %s, nodes %s -> %s\n", d->definition, guest->cpus_before, guest->cpus_after,
               guest->nodes_before, guest->nodes_after);
  }
  const KtPlan *plans[] = {first, second};
  for (guint p = 0; p < 2; p++)
    for (guint i = 0; i < plans[p]->changes->len; i++) {
      const KtChange *change = plans[p]->changes->pdata[i];
      g_printerr("# %s: %s (%s)", p ? "second" : "first", change->id, change->title);
      for (guint k = 0; k < change->reasons->len; k++)
        g_printerr(" %s", (char *)change->reasons->pdata[k]);
      for (guint k = 0; k < MIN(change->edits->len, 4); k++) {
        const KtEdit *edit = change->edits->pdata[k];
        g_printerr(" [%s: %s -> %s]", edit->where, edit->before, edit->after);
      }
      g_printerr("\n");
    }
}

static gboolean is_reason(const KtPlan *plan, const char *domain, const char *id)
{
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    if (g_strcmp0(change->domain, domain) == 0 &&
        g_ptr_array_find_with_equal_func(change->reasons, id, g_str_equal, NULL))
      return TRUE;
  }
  return FALSE;
}

static gboolean is_cured(const KtPlan *first, const KtPlan *second)
{
  gboolean cured = second->changes->len == 0;
  for (guint i = 0; i < second->left->len; i++) {
    const KtPlanLeft *left = second->left->pdata[i];
    if (left->domain && is_reason(first, left->domain, left->check)) {
      g_printerr("# %s of %s is there again: %s\n", left->check, left->domain, left->title);
      cured = FALSE;
    }
  }
  return cured;
}

static gboolean holds(guint seed)
{
  g_autoptr(GRand) r = g_rand_new_with_seed(seed);
  static const guint nodes[] = {1, 2, 2, 4}, cores[] = {4, 8}, l3[] = {1, 1, 2};
  const Shape s = {.nodes = PICK(r, nodes),
                   .cores = PICK(r, cores),
                   .threads = (guint)draw(r, 1, 2),
                   .l3 = PICK(r, l3),
                   .amd = draw(r, 0, 1),
                   .pairs = draw(r, 0, 1)};
  static const KtPlanPolicy policies[] = {KT_PLAN_AUTO, KT_PLAN_AUTO, KT_PLAN_AUTO, KT_PLAN_DEDICATED, KT_PLAN_SHARED};
  const KtPlanOptions options = {.policy = PICK(r, policies)};
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(KtSet) free = cpus_of(&s, 0, s.nodes * s.cores);
  for (guint i = 0, n = (guint)draw(r, 1, 5); i < n; i++)
    g_ptr_array_add(texts, definition_of(r, &s, i, free));
  g_ptr_array_add(texts, NULL);
  g_autoptr(KtSnapshot) before = read_all((char **)texts->pdata, &s);
  for (guint i = 0; i < before->domains->len; i++)
    start_anywhere(r, before->domains->pdata[i], &s, kt_snapshot_host(before));
  g_autoptr(KtPlan) first = build(before, &options);
  g_autoptr(KtSnapshot) after = carry_out(before, first, &s);
  g_autoptr(KtPlan) second = build(after, &options);
  for (guint i = 0; i < after->domains->len; i++) {
    const char *bytes = ((KtDomain *)after->domains->pdata[i])->definition;
    g_autoptr(KtDomXml) xml = kt_domxml_parse("domain", bytes, strlen(bytes), NULL);
    kt_apply_expect(second, xml, NULL);
  }
  gboolean good = is_cured(first, second);
  if (!good) {
    g_autofree char *one = kt_plan_explain(before, &options), *two = kt_plan_explain(after, &options);
    tell(seed, before, first, second);
    g_printerr("# first: %s\n# second: %s\n", one, two);
  }
  return good;
}

static void test_stable(void)
{
  const char *from = g_getenv("KT_SEED"), *many = g_getenv("KT_HOSTS");
  guint first = from ? (guint)atoi(from) : 1, n = many ? (guint)atoi(many) : 100, bad = 0;
  for (guint seed = first; seed < first + n; seed++)
    bad += !holds(seed);
  g_assert_cmpuint(bad, ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plan-stable/hosts", test_stable);
  return g_test_run();
}
