/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings and a placement become changes: what an expert would do, nothing
 * where all is well, and after it the findings are gone. */
#include "apply/definition.h"
#include "checks/accepted.h"
#include "plan/fresh.h"
#include "plan/plan_json.h"
#include "plan/problem.h"
#include "plan_fixture.h"

static gboolean fires(const GPtrArray *diagnoses, const char *id)
{
  for (guint i = 0; i < diagnoses->len; i++) {
    const KtDiagnosis *diagnosis = diagnoses->pdata[i];
    for (guint k = 0; diagnosis->subject.domain && k < diagnosis->findings->len; k++)
      if (g_str_equal(((const KtFinding *)diagnosis->findings->pdata[k])->check->id, id))
        return TRUE;
  }
  return FALSE;
}

/* Makes the plan's changes of the definition, reads it again beside the same host: none of the reasons is left. */
static void assert_cures(KtPlan *plan, const char *xml_text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtDomXml) xml = kt_domxml_parse("before", xml_text, strlen(xml_text), &error);
  g_assert_true(kt_apply_expect(plan, xml, &error));
  g_assert_true(kt_apply_definition(xml, plan, &error));
  g_assert_no_error(error);
  g_autofree char *edited = kt_domxml_bytes(xml, NULL);
  const char *const definitions[] = {edited, NULL};
  g_autoptr(KtSnapshot) after = read_domains(definitions);
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(after, NULL);
  guint n = 0;
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    for (guint k = 0; change->act == KT_ACT_DOMXML && k < change->reasons->len; k++, n++)
      if (fires(diagnoses, change->reasons->pdata[k]))
        g_error("%s still fires after:\n%s", (char *)change->reasons->pdata[k], edited);
  }
  g_assert_cmpuint(n, >, 0);
  g_autoptr(KtPlan) again = build(after, &automatic);
  for (guint i = 0; i < again->changes->len; i++)
    g_error("a second plan still wants '%s' after:\n%s", ((KtChange *)again->changes->pdata[i])->id, edited);
}

/* 16 vCPUs on nodes of 8 CPUs, a socket each, no cells: the published case in small. */
static void test_wide(void)
{
  g_autofree char *xml = definition("crm", 16, 40, "  <cpu mode='host-passthrough'/>\n");
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  const KtChange *topology = find_change(plan, "crm/topology"), *cells = find_change(plan, "crm/cells");
  g_assert_cmpstr(edit_after(topology, "cpu/topology/@sockets"), ==, "2");
  g_assert_cmpstr(edit_after(topology, "cpu/topology/@cores"), ==, "8");
  g_assert_cmpstr(edit_after(topology, "cpu/topology/@threads"), ==, "1");
  g_assert_cmpstr(edit_after(cells, "cpu/numa/cell[@id='1']/@cpus"), ==, "8-15");
  g_assert_cmpstr(edit_after(cells, "cpu/numa/cell[@id='1']/@memory"), ==, "20971520");
  g_assert_cmpstr(edit_after(cells, "cpu/numa/cell[@id='0']/distances/sibling[@id='1']/@value"), ==, "21");
  g_assert_cmpstr(edit_after(find_change(plan, "crm/numatune"), "numatune/memory/@mode"), ==, "strict");
  g_assert_true(topology->risk & KT_RISK_RESTART);
  const KtPlanGuest *guest = kt_plan_guest(plan, "crm");
  g_assert_cmpint(guest->before.sockets, ==, 16);
  g_assert_cmpint(guest->after.sockets, ==, 2);
  g_assert_cmpint(guest->after.l3_groups, ==, 2);
  assert_cures(plan, xml);
}

/* The same guest, at rest while it was looked at: its cells are for all of its vCPUs, each on a node of its own. */
static void test_wide_at_rest(void)
{
  g_autofree char *xml = definition("crm", 16, 8, "  <cpu mode='host-passthrough'/>\n");
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  KtDomain *d = snapshot->domains->pdata[0];
  run_on(d, "0-15", 0);
  for (guint i = 0; i < d->runtime->threads->len; i++)
    ((KtThread *)d->runtime->threads->pdata[i])->run_pct = KT_NUM(0);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  const KtChange *numatune = find_change(plan, "crm/numatune");
  const char *first = edit_after(numatune, "numatune/memnode[@cellid='0']/@nodeset");
  const char *second = edit_after(numatune, "numatune/memnode[@cellid='1']/@nodeset");
  g_assert_nonnull(first);
  g_assert_cmpstr(first, !=, second);
}

/* N x 1 on a guest that fits a node: one socket, no cells. */
static void test_narrow(void)
{
  g_autofree char *xml = definition("web", 4, 8, "  <cpu mode='host-model'/>\n");
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  const KtChange *topology = find_change(plan, "web/topology");
  g_assert_cmpstr(edit_after(topology, "cpu/topology/@sockets"), ==, "1");
  g_assert_cmpstr(edit_after(topology, "cpu/topology/@cores"), ==, "4");
  g_assert_null(find_change(plan, "web/cells"));
  assert_cures(plan, xml);
}

/* 8 vCPUs of unknown load have a node of 4 cores with 2 threads each: they stay together. */
static void test_unknown_load(void)
{
  g_autofree char *xml = definition("idle", 8, 8, "  <cpu mode='host-model'/>\n");
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(KtPlanProblem) problem = kt_plan_problem(snapshot, NULL, &automatic, notes, NULL);
  g_autoptr(KtPlacement) placement = kt_placement_solve(problem->problem, NULL);
  const KtPlaceAnswer *answer = placement->guests->pdata[0];
  g_assert_cmpuint(answer->cells->len, ==, 1);
  g_assert_cmpuint(((const KtPlaceCell *)answer->cells->pdata[0])->memory->len, ==, 1);
  g_assert_cmpfloat(placement->cost.contention, ==, 0);
}

static void test_nova(void)
{
  g_autofree char *xml = definition("instance-0000002a", 16, 40, "  <cpu mode='host-passthrough'/>\n");
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  ((KtDomain *)snapshot->domains->pdata[0])->manager = KT_MANAGER_NOVA;
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  const KtChange *flavor = find_change(plan, "instance-0000002a/flavor");
  g_assert_cmpstr(edit_after(flavor, "flavor hw:cpu_sockets"), ==, "2");
  g_assert_cmpstr(edit_after(flavor, "flavor hw:cpu_cores"), ==, "8");
  g_assert_cmpstr(edit_after(flavor, "flavor hw:numa_nodes"), ==, "2");
  for (guint i = 0; i < plan->changes->len; i++)
    g_assert_cmpint(((KtChange *)plan->changes->pdata[i])->act, ==, KT_ACT_NOVA);
}

/* Two libvirts on one host: nothing says which of two guests of a name is meant. The others get their plan. */
static void test_namesakes(void)
{
  g_autofree char *twin = definition("twin", 2, 4, "  <uuid>6f2a4c1e-0000-4000-8000-000000000001</uuid>\n");
  g_autofree char *other = definition("twin", 2, 4, "  <uuid>6f2a4c1e-0000-4000-8000-000000000002</uuid>\n");
  g_autofree char *lost = definition("lost", 2, 4, "  <uuid>6f2a4c1e-0000-4000-8000-000000000003</uuid>\n");
  const char *const definitions[] = {twin, other, lost, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_assert_cmpuint(snapshot->domains->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    run_on(snapshot->domains->pdata[i], "0-3", 1);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  g_assert_nonnull(find_change(plan, "lost/vcpupin"));
  for (guint i = 0; i < plan->changes->len; i++)
    g_assert_cmpstr(((const KtChange *)plan->changes->pdata[i])->domain, ==, "lost");
  g_assert_cmpuint(plan->guests->len, ==, 3);
  g_assert_cmpstr(((const KtPlanGuest *)plan->guests->pdata[0])->kept, ==, "another guest has the same name");
  g_assert_cmpstr(((const KtPlanGuest *)plan->guests->pdata[1])->kept, ==, "another guest has the same name");
}

/* Memory can be plugged into a cell only: the last one stays. */
static void test_plugged_memory(void)
{
  static const char rest[] =
      "  <maxMemory slots='4' unit='GiB'>16</maxMemory>\n"
      "  <cpu mode='host-passthrough'><topology sockets='2' dies='1' cores='2' threads='1'/><numa>"
      "<cell id='0' cpus='0-1' memory='4' unit='GiB'/><cell id='1' cpus='2-3' memory='4' "
      "unit='GiB'/></numa></cpu>\n";
  g_autofree char *xml = definition("web", 4, 8, rest);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  const KtChange *cells = find_change(plan, "web/cells");
  g_assert_cmpstr(edit_after(cells, "cpu/numa/cell[@id='0']/@cpus"), ==, "0-3");
  g_assert_cmpstr(edit_after(cells, "cpu/numa/cell[@id='0']/@memory"), ==, "8388608");
  g_assert_null(edit_after(cells, "cpu/numa/cell[@id='1']/@cpus"));
  assert_cures(plan, xml);

  g_autofree char *devices = g_strconcat(rest,
                                         "  <devices><memory model='dimm'><target><size unit='GiB'>1</size>"
                                         "<node>1</node></target></memory></devices>\n",
                                         NULL);
  g_autofree char *full = definition("web", 4, 8, devices);
  const char *const modules[] = {full, NULL};
  g_autoptr(KtSnapshot) with = read_domains(modules);
  g_autoptr(KtPlan) kept = build(with, &automatic);
  g_assert_null(find_change(kept, "web/cells"));
  g_assert_null(find_change(kept, "web/topology"));
  g_assert_cmpstr(kept->notes->pdata[0], ==, "domain 'web' keeps its cells: 1 memory device is in them");
}

/* The policy that is asked for is reason enough. */
static void test_policy(void)
{
  g_autofree char *xml = definition("web", 4, 8, GOOD_CPU);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  const KtPlanOptions dedicated = {.policy = KT_PLAN_DEDICATED};
  g_autoptr(KtPlan) plan = build(snapshot, &dedicated);
  const KtChange *pins = find_change(plan, "web/pins");
  for (guint i = 0; i < 4; i++) {
    g_autofree char *path = g_strdup_printf("cputune/vcpupin[@vcpu='%u']/@cpuset", i);
    g_autoptr(KtSet) cpus = kt_set_parse(edit_after(pins, path), NULL);
    g_assert_cmpuint(kt_set_count(cpus), ==, 1);
  }
  g_assert_nonnull(find_change(plan, "web/numatune"));
}

/* What no change cures is named, and what one cures is not. */
static void test_left(void)
{
  g_autofree char *xml = definition("web", 4, 8,
                                    "  <cpu mode='host-passthrough'/>\n  <devices><disk type='file' device='disk'>"
                                    "<target dev='hda' bus='ide'/></disk></devices>\n");
  const char *const definitions[] = {xml, NULL}, *const other[] = {"calm", NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  g_assert_nonnull(find_change(plan, "web/topology"));
  g_assert_cmpuint(plan->left->len, ==, 1);
  const KtPlanLeft *left = plan->left->pdata[0];
  g_assert_cmpstr(left->check, ==, "X42");
  g_assert_cmpstr(left->domain, ==, "web");
  g_assert_nonnull(left->title);
  g_assert_nonnull(left->remedy);
  g_assert_null(strchr(left->remedy, '\n'));

  const KtPlanOptions movable = {.movable = TRUE};
  g_autoptr(KtPlan) live = build(snapshot, &movable);
  g_assert_cmpuint(live->changes->len, ==, 0);
  g_assert_cmpuint(live->left->len, >, 1); /* the topology is left, too */

  g_autofree char *calm = definition("calm", 4, 8, GOOD_CPU);
  const char *const both[] = {xml, calm, NULL};
  g_autoptr(KtSnapshot) two = read_domains(both);
  const KtPlanOptions one = {.only = other};
  g_autoptr(KtPlan) asked = build(two, &one);
  g_assert_cmpuint(asked->left->len, ==, 0);
}

/* What somebody accepted is neither changed nor named. */
static void test_accepted(void)
{
  g_autofree char *xml = definition("web", 4, 8, "  <cpu mode='host-passthrough'/>\n");
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(GPtrArray) accepted = kt_accepted_new();
  g_autoptr(KtPlan) before = build(snapshot, &automatic);
  g_assert_nonnull(find_change(before, "web/topology"));
  for (guint i = 0; i < before->changes->len; i++) {
    const KtChange *change = before->changes->pdata[i];
    for (guint k = 0; k < change->reasons->len; k++)
      kt_accepted_add(accepted, change->reasons->pdata[k], "web", "licences");
  }
  const KtPlanOptions options = {.accepted = accepted};
  g_autoptr(KtPlan) plan = build(snapshot, &options);
  g_assert_cmpuint(plan->changes->len + plan->left->len, ==, 0);
}

/* Its pins are siblings, but it is not told: threads=2, or a core for each. */
static void test_hidden_threads(void)
{
  const char *const cpus[] = {"4", "12", "5", "13", NULL};
  g_autofree char *xml = pinned("db", cpus, "<topology sockets='1' dies='1' cores='4' threads='1'/>");
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  assert_cures(plan, xml);
}

/* Cells that are as they should be stay as they are written: the sockets follow them. */
static void test_cells_stay(void)
{
  g_autofree char *xml =
      definition("two", 16, 40,
                 "  <cpu mode='host-passthrough'><topology sockets='1' dies='1' cores='16' threads='1'/><numa>"
                 "<cell id='0' cpus='0-7' memory='20' unit='GiB'/><cell id='1' cpus='8-15' memory='20' unit='GiB'/>"
                 "</numa></cpu>\n");
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  g_assert_null(find_change(plan, "two/cells"));
  g_assert_cmpstr(edit_after(find_change(plan, "two/topology"), "cpu/topology/@sockets"), ==, "2");
  assert_cures(plan, xml);
}

/* The same document each time, whatever the order of the changes' making. */
static void test_deterministic(void)
{
  g_autofree char *a = definition("a", 16, 40, ""), *b = definition("b", 4, 8, "");
  const char *const definitions[] = {a, b, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtPlan) one = build(snapshot, &automatic);
  g_autoptr(KtPlan) other = build(snapshot, &automatic);
  g_autofree char *one_text = kt_plan_to_json(one), *other_text = kt_plan_to_json(other);
  g_assert_cmpstr(one_text, ==, other_text);
}

static void test_refused(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtSnapshot) empty = kt_snapshot_new();
  g_assert_null(kt_plan_build(empty, &automatic, &error));
  g_assert_nonnull(strstr(error->message, "no host"));
  g_clear_error(&error);
  g_autofree char *xml = definition("a", 4, 8, "");
  const char *const definitions[] = {xml, NULL}, *const only[] = {"b", NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  const KtPlanOptions one = {.policy = KT_PLAN_AUTO, .only = only};
  g_assert_null(kt_plan_build(snapshot, &one, &error));
  g_assert_nonnull(strstr(error->message, "'b'"));
}

/* A new guest beside one that owns 6 of node 0's 8 CPUs, and one of both nodes: said where it would be crowded. */
static void test_fresh_crowded(void)
{
  g_autoptr(GError) error = NULL;
  g_auto(KtFreshWish) wish = {0};
  g_autofree char *xml = definition("owner", 6, 8, GOOD_CPU);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  KtDomain *d = snapshot->domains->pdata[0];
  static const char *const pins[] = {"0", "8", "1", "9", "2", "10"};
  for (int i = 0; i < 6; i++)
    kt_domain_set_pin(d, i, set(pins[i]));
  g_assert_true(kt_fresh_wish_parse("vcpus=12,memory=40G", &wish, &error));
  g_autoptr(KtFreshPlan) plan = kt_fresh_plan(snapshot, &wish, &automatic, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(plan->answer->cells->len, ==, 2);
  g_assert_cmpuint(plan->advice->len, ==, 1);
  g_assert_cmpstr(plan->advice->pdata[0], ==,
                  "cell 0 has 6 vCPUs on the 2 CPUs that other guests leave of its node; 4 vCPUs in all would fit.");
}

/* One pin to a CPU that is not there: it gets the sibling of its neighbour's, the others keep theirs. */
static void test_lost_pin(void)
{
  const char *const cpus[] = {"4", "12", "5", "66", NULL};
  g_autofree char *xml = pinned("db", cpus, PAIRS);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  const KtChange *pins = find_change(plan, "db/pins");
  g_assert_cmpstr(edit_after(pins, "cputune/vcpupin[@vcpu='0']/@cpuset"), ==, "4");
  g_assert_cmpstr(edit_after(pins, "cputune/vcpupin[@vcpu='3']/@cpuset"), ==, "13");
  g_assert_null(find_change(plan, "db/numatune"));
  g_assert_null(find_change(plan, "db/topology"));
  assert_cures(plan, xml);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plan/wide", test_wide);
  g_test_add_func("/plan/wide-at-rest", test_wide_at_rest);
  g_test_add_func("/plan/narrow", test_narrow);
  g_test_add_func("/plan/unknown-load", test_unknown_load);
  g_test_add_func("/plan/nova", test_nova);
  g_test_add_func("/plan/lost-pin", test_lost_pin);
  g_test_add_func("/plan/policy", test_policy);
  g_test_add_func("/plan/namesakes", test_namesakes);
  g_test_add_func("/plan/plugged-memory", test_plugged_memory);
  g_test_add_func("/plan/left", test_left);
  g_test_add_func("/plan/accepted", test_accepted);
  g_test_add_func("/plan/hidden-threads", test_hidden_threads);
  g_test_add_func("/plan/cells-stay", test_cells_stay);
  g_test_add_func("/plan/deterministic", test_deterministic);
  g_test_add_func("/plan/refused", test_refused);
  g_test_add_func("/plan/fresh-crowded", test_fresh_crowded);
  return g_test_run();
}
