/* SPDX-License-Identifier: GPL-2.0-or-later */
/* X10: guests over several L3 caches, on an EPYC of eight nodes with two caches of three cores each. */
#include "evidence/evidence.h"
#include "plan_fixture.h"

/* The machine of KT_SHARED, which does not tell its nodes' memory; NULL: not at hand. */
static KtSnapshot *read_epyc(void)
{
  const char *shared = g_getenv("KT_SHARED");
  g_autofree char *path = g_build_filename(shared ? shared : "", "machines", "epyc7451-2s-96cpu-8node.tar.xz", NULL);
  const char *const paths[] = {path, NULL};
  KtSnapshot *snapshot = shared && g_file_test(path, G_FILE_TEST_EXISTS) ? kt_evidence_read(paths, NULL) : NULL;
  if (!snapshot) {
    g_test_skip("no machines in KT_SHARED, or built without libarchive");
    return NULL;
  }
  const KtMachine *host = snapshot->machines->pdata[0];
  for (guint i = 0; i < host->nodes->len; i++)
    ((KtNode *)host->nodes->pdata[i])->memory_kib = KT_INT(32 << 20);
  return snapshot;
}

/* A guest with a CPU of its own for each vCPU, all of one node. */
static KtDomain *add_pinned(KtSnapshot *snapshot, const char *name, const guint *cpus, guint n, const char *topology)
{
  g_autoptr(GString) rest = g_string_new("  <cputune>\n");
  for (guint i = 0; i < n; i++)
    g_string_append_printf(rest, "    <vcpupin vcpu='%u' cpuset='%u'/>\n", i, cpus[i]);
  int node = kt_machine_node_of_cpu(snapshot->machines->pdata[0], cpus[0]);
  g_string_append_printf(rest, "  </cputune>\n  <numatune><memory mode='strict' nodeset='%d'/></numatune>\n", node);
  g_string_append_printf(rest,
                         "  <features><kvm><hint-dedicated state='on'/></kvm></features>\n"
                         "  <cpu mode='host-passthrough'>%s<feature policy='require' name='topoext'/></cpu>\n",
                         topology);
  g_autofree char *xml = definition(name, (int)n, 8, rest->str);
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  g_autoptr(KtText) text = kt_text_new(name, xml, strlen(xml));
  kt_reading_run(text, ".", snapshot, fragments);
  KtDomain *d = snapshot->domains->pdata[snapshot->domains->len - 1];
  run_on(d, "0", node);
  for (guint i = 0; i < n; i++) {
    KtThread *t = d->runtime->threads->pdata[i];
    kt_set_free(t->affinity);
    t->affinity = kt_set_new();
    kt_set_add(t->affinity, cpus[i]);
  }
  return d;
}

static guint in_first_l3(const char *cpus)
{
  g_autoptr(KtSet) all = kt_set_parse(cpus, NULL), first = set("0-2,48-50");
  kt_set_keep_only(all, first);
  return kt_set_count(all);
}

static gboolean is_left(const KtPlan *plan, const char *check)
{
  for (guint i = 0; i < plan->left->len; i++)
    if (g_str_equal(((KtPlanLeft *)plan->left->pdata[i])->check, check))
      return TRUE;
  return FALSE;
}

/* Six of its vCPUs are below one L3 and two below the other, and it sees one: it gets four and four, each in a socket
 * of its own with the threads that it has. */
static void test_uneven(void)
{
  static const guint cpus[] = {0, 48, 1, 49, 2, 50, 3, 51};
  g_autoptr(KtSnapshot) snapshot = read_epyc();
  if (!snapshot)
    return;
  add_pinned(snapshot, "big", cpus, 8, "<topology sockets='1' dies='1' cores='4' threads='2'/>");
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  const KtChange *topology = find_change(plan, "big/topology"), *pins = find_change(plan, "big/pins");
  g_assert_cmpstr(topology->title, ==, "2 sockets x 2 cores x 2 threads");
  g_assert_true(g_ptr_array_find_with_equal_func(topology->reasons, "X10", g_str_equal, NULL));
  g_assert_nonnull(pins);
  g_assert_cmpuint(in_first_l3(kt_plan_guest(plan, "big")->cpus_after), ==, 4);
  g_assert_cmpint(kt_plan_guest(plan, "big")->after.l3_groups, ==, 2);
  g_assert_nonnull(find_change(plan, "big/vcpupin"));
  g_assert_false(is_left(plan, "X10"));
}

/* Four and four already, in one socket: its topology changes, its pins do not. */
static void test_not_mirrored(void)
{
  static const guint cpus[] = {0, 48, 1, 49, 3, 51, 4, 52};
  g_autoptr(KtSnapshot) snapshot = read_epyc();
  if (!snapshot)
    return;
  add_pinned(snapshot, "big", cpus, 8, "<topology sockets='1' dies='1' cores='4' threads='2'/>");
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  g_assert_cmpstr(find_change(plan, "big/topology")->title, ==, "2 sockets x 2 cores x 2 threads");
  g_assert_null(find_change(plan, "big/pins"));
  g_assert_null(find_change(plan, "big/vcpupin"));
}

/* Mirrored: nothing to change. */
static void test_mirrored(void)
{
  static const guint cpus[] = {0, 48, 1, 49, 3, 51, 4, 52};
  g_autoptr(KtSnapshot) snapshot = read_epyc();
  if (!snapshot)
    return;
  add_pinned(snapshot, "big", cpus, 8, "<topology sockets='2' dies='1' cores='2' threads='2'/>");
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  for (guint i = 0; i < plan->changes->len; i++)
    g_assert_null(((KtChange *)plan->changes->pdata[i])->domain);
}

/* Another guest has the second cache but for one core: the vCPUs go to a node where they find four and four. */
static void test_elsewhere(void)
{
  static const guint cpus[] = {0, 48, 1, 49, 2, 50, 3, 51}, others[] = {4, 52, 5, 53};
  g_autoptr(KtSnapshot) snapshot = read_epyc();
  if (!snapshot)
    return;
  add_pinned(snapshot, "big", cpus, 8, "<topology sockets='1' dies='1' cores='4' threads='2'/>");
  KtDomain *other = add_pinned(snapshot, "other", others, 4, "<topology sockets='1' dies='1' cores='2' threads='2'/>");
  other->memory_locked = TRUE;
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  const KtChange *topology = find_change(plan, "big/topology");
  gboolean cured = topology && g_ptr_array_find_with_equal_func(topology->reasons, "X10", g_str_equal, NULL);
  g_assert_cmpint(cured, !=, is_left(plan, "X10")); /* cured, or told to a person: never neither, never both */
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plan-l3/uneven", test_uneven);
  g_test_add_func("/plan-l3/not-mirrored", test_not_mirrored);
  g_test_add_func("/plan-l3/mirrored", test_mirrored);
  g_test_add_func("/plan-l3/elsewhere", test_elsewhere);
  return g_test_run();
}
