/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans on a compute host of OpenStack: what nova.conf gives to Nova's own guests is nobody else's. */
#include "managed_fixture.h"
#include "plan/fresh.h"
#include "plan_fixture.h"

#define NOVA "  <metadata><nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'/></metadata>\n"

/* Its memory and threads are apart, and node 1, where both would have room, is Nova's. */
static void test_closed(void)
{
  g_autofree char *xml = definition("own", 4, 8, GOOD_CPU), *nova = definition("instance-1", 2, 8, NOVA);
  const char *const definitions[] = {xml, nova, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtSet) closed = set("4-7,12-15");
  KtPlanOptions options = automatic;
  run_on(snapshot->domains->pdata[0], "0-3,8-11", 1);
  run_on(snapshot->domains->pdata[1], "5", 1);
  g_autoptr(KtPlan) free = build(snapshot, &options);
  g_assert_cmpstr(kt_plan_guest(free, "own")->cpus_after, ==, "4-7,12-15");
  options.closed = closed;
  options.note = "Nova's";
  g_autoptr(KtPlan) plan = build(snapshot, &options);
  g_assert_cmpstr(kt_plan_guest(plan, "own")->cpus_after, ==, "0-3,8-11");
  g_assert_cmpstr(edit_after(find_change(plan, "own/memory"), "0"), ==, "0:8388608");
  g_assert_cmpstr(kt_plan_guest(plan, "instance-1")->cpus_after, ==, "5");
  g_assert_null(find_change(plan, "instance-1/vcpupin"));
  g_assert_cmpstr(plan->notes->pdata[plan->notes->len - 1], ==, "Nova's");
}

/* ---- a guest that Nova floats ---- */

/* It may run on all CPUs, and ran on node 0; its memory is on node 1. */
static KtSnapshot *floating_guest(const char *rest, const char *cpus)
{
  g_autofree char *metadata = g_strconcat(NOVA, rest, NULL);
  g_autofree char *xml = definition("instance-1", 4, 8, metadata);
  const char *const definitions[] = {xml, NULL};
  KtSnapshot *snapshot = read_domains(definitions);
  run_on(snapshot->domains->pdata[0], cpus, 1);
  return snapshot;
}

static void assert_alone(const KtPlan *plan)
{
  g_assert_null(find_change(plan, "instance-1/vcpupin"));
  g_assert_null(find_change(plan, "instance-1/memory"));
}

/* While it runs, where a finding asks for it, within cpu_shared_set; its definition is Nova's. */
static void test_narrowed(void)
{
  g_autoptr(KtSet) floating = set("1-7");
  KtPlanOptions options = automatic;
  g_autoptr(KtSnapshot) snapshot = floating_guest("", "0-15");
  g_autoptr(KtPlan) unknown = build(snapshot, &options);
  assert_alone(unknown);
  options.floating = floating;
  g_autoptr(KtPlan) plan = build(snapshot, &options);
  const KtChange *pins = find_change(plan, "instance-1/vcpupin");
  for (int i = 0; i < 4; i++) {
    g_autofree char *where = g_strdup_printf("%d", i);
    g_assert_cmpstr(edit_after(pins, where), ==, "4-7");
  }
  g_assert_nonnull(strstr(pins->why, "Nova does not know of it"));
  g_assert_null(find_change(plan, "instance-1/memory")); /* it is there */
  g_assert_cmpstr(kt_plan_guest(plan, "instance-1")->kept, ==, NULL);
  for (guint i = 0; i < plan->changes->len; i++)
    g_assert_cmpint(((const KtChange *)plan->changes->pdata[i])->act, !=, KT_ACT_DOMXML);
  KtDomain *d = snapshot->domains->pdata[0]; /* as it is then */
  for (guint i = 0; i < d->runtime->threads->len; i++) {
    KtThread *thread = d->runtime->threads->pdata[i];
    kt_set_free(thread->affinity);
    thread->affinity = set("4-7");
    thread->last_cpu = KT_INT(5);
    kt_domain_set_pin(d, (int)i, set("4-7"));
  }
  d->booked = KT_NO;
  g_autoptr(KtPlan) again = build(snapshot, &options);
  assert_alone(again);
}

/* Never wider than it is now: the memory comes to the node that its CPUs are left on. */
static void test_within_mask(void)
{
  g_autoptr(KtSet) floating = set("0-15");
  KtPlanOptions options = automatic;
  options.floating = floating;
  g_autoptr(KtSnapshot) snapshot = floating_guest("", "0-5,8-11");
  g_autoptr(KtPlan) plan = build(snapshot, &options);
  g_assert_cmpstr(edit_after(find_change(plan, "instance-1/vcpupin"), "0"), ==, "4-5");
  KtDomain *d = snapshot->domains->pdata[0];
  d->runtime->cpuset_mems = set("0"); /* node 1 is no place for its memory */
  g_autoptr(KtPlan) bound = build(snapshot, &options);
  g_assert_cmpstr(edit_after(find_change(bound, "instance-1/vcpupin"), "0"), ==, "0-3,8-11");
  g_assert_cmpstr(edit_after(find_change(bound, "instance-1/memory"), "0"), ==, "0:8388608");
  for (guint i = 0; i < d->runtime->threads->len; i++) /* two CPUs are not enough for four busy vCPUs */
    ((KtThread *)d->runtime->threads->pdata[i])->run_pct = KT_NUM(100);
  kt_set_free(d->runtime->cpuset_mems);
  d->runtime->cpuset_mems = NULL;
  g_autoptr(KtPlan) busy = build(snapshot, &options);
  g_assert_cmpstr(edit_after(find_change(busy, "instance-1/vcpupin"), "0"), ==, "0-3,8-11");
}

/* Where its memory has no room on one node it stays, too: a part of it would have to go where it may not. */
static void test_no_room(void)
{
  g_autofree char *all = definition("instance-1", 4, 8, NOVA);
  g_autofree char *booked =
      definition("instance-2", 2, 26, NOVA "<numatune><memory mode='strict' nodeset='0'/></numatune>\n");
  const char *const definitions[] = {all, booked, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtSet) floating = set("0-15");
  KtPlanOptions options = automatic;
  KtDomain *d = snapshot->domains->pdata[0];
  options.floating = floating;
  run_on(d, "0-3,8-11", 1);
  g_array_set_size(d->runtime->memory, 0);
  kt_runtime_add_memory(d->runtime, 0, 2 << 20);
  kt_runtime_add_memory(d->runtime, 1, 6 << 20);
  run_on(snapshot->domains->pdata[1], "0-3", 0);
  g_autoptr(KtPlan) plan = build(snapshot, &options);
  assert_alone(plan);
}

/* One vCPU that was narrowed to one CPU does not own it, whatever policy guests of others get: the plan for what was
 * planned is empty. */
static void test_narrowed_to_one(void)
{
  g_autoptr(KtSet) floating = set("5-15");
  KtPlanOptions options = {.policy = KT_PLAN_SHARED, .floating = floating};
  g_autofree char *a = definition("a", 2, 4, NOVA), *b = definition("b", 1, 7, NOVA);
  const char *const definitions[] = {a, b, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  run_on(snapshot->domains->pdata[0], "5-7", 1);
  run_on(snapshot->domains->pdata[1], "5", 1);
  for (int i = 0; i < 2; i++)
    thread_of(snapshot->domains->pdata[0], (guint)i)->run_pct = KT_NUM(90);
  thread_of(snapshot->domains->pdata[1], 0)->run_pct = KT_NUM(85);
  for (int i = 0; i < 2; i++)
    thread_of(snapshot->domains->pdata[0], (guint)i)->wait_pct = KT_NUM(20);
  g_autoptr(KtPlan) plan = build(snapshot, &options);
  g_assert_null(find_change(plan, "a/vcpupin"));
}

/* What Nova has booked, or what has no definition that says so, is not touched. */
static void test_not_narrowed(void)
{
  static const char *const booked[] = {
      "<memoryBacking><hugepages/></memoryBacking>\n", "<cputune><vcpupin vcpu='0' cpuset='0-15'/></cputune>\n",
      "<numatune><memory mode='preferred' nodeset='0'/></numatune>\n",
      ("<devices><hostdev mode='subsystem' type='pci'><source><address domain='0' bus='0x3b' slot='0' function='0'/>"
       "</source></hostdev></devices>\n")};
  g_autoptr(KtSet) floating = set("0-15");
  KtPlanOptions options = automatic;
  options.floating = floating;
  for (guint i = 0; i < G_N_ELEMENTS(booked); i++) {
    g_autoptr(KtSnapshot) snapshot = floating_guest(booked[i], "0-15");
    g_autoptr(KtPlan) plan = build(snapshot, &options);
    assert_alone(plan);
  }
  g_autoptr(KtSnapshot) transient = floating_guest("", "0-15");
  g_clear_pointer(&((KtDomain *)transient->domains->pdata[0])->definition, g_free);
  g_autoptr(KtPlan) plan = build(transient, &options);
  assert_alone(plan);
}

static KtFreshPlan *make(KtSnapshot *snapshot, const char *wanted, const KtPlanOptions *options, GError **error)
{
  g_auto(KtFreshWish) wish = {0};
  g_assert_true(kt_fresh_wish_parse(wanted, &wish, NULL));
  return kt_fresh_plan(snapshot, &wish, options, error);
}

/* A guest that is to be made gets CPUs that are open, and as many cells as it needs of these. */
static void test_new(void)
{
  const char *const none[] = {NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(none);
  g_autoptr(KtSet) closed = set("0-2,4-5,8-10,12-13"), all = set("3,6-7,11,14-15");
  const KtPlanOptions options = {.closed = closed};
  g_autoptr(KtFreshPlan) small = make(snapshot, "vcpus=4,memory=8G,policy=dedicated,name=a", &options, NULL);
  const KtPlaceCell *cell = small->answer->cells->pdata[0];
  g_assert_true(kt_set_contains(all, cell->cpus));
  g_assert_cmpuint(small->answer->cells->len, ==, 1);
  g_assert_false(kt_set_intersects(closed, small->emulator));
  g_autoptr(KtSnapshot) other = read_domains(none);
  g_autoptr(GError) error = NULL;
  g_assert_null(make(other, "vcpus=8,memory=8G", &options, &error));
  g_assert_cmpstr(error->message, ==, "--new: 8 vCPUs, and nova.conf gives 6 CPUs to such guests");
}

/* Huge pages that nova.conf keeps on a node are no guest's: a guest on them finds room on the other. */
static void test_set_aside(void)
{
  for (int kept = 0; kept < 2; kept++) {
    const char *const none[] = {NULL};
    g_autoptr(KtSnapshot) snapshot = read_domains(none);
    KtMachine *host = kt_snapshot_host(snapshot);
    g_autoptr(GArray) aside = g_array_new(FALSE, FALSE, sizeof(KtPlanSetAside));
    for (guint i = 0; i < host->nodes->len; i++) {
      const KtPagePool pool = {.size_kib = 2048, .total = 5120, .free = KT_INT(5120)};
      g_array_append_val(((KtNode *)host->nodes->pdata[i])->pools, pool);
    }
    const KtPlanSetAside pages = {.node = kept, .page_kib = 2048, .kib = 4 << 20};
    g_array_append_val(aside, pages);
    const KtPlanOptions options = {.set_aside = aside};
    g_autoptr(KtFreshPlan) plan = make(snapshot, "vcpus=2,memory=8G,hugepages=2M", &options, NULL);
    const KtPlaceCell *cell = plan->answer->cells->pdata[0];
    g_assert_cmpuint(cell->memory->len, ==, 1);
    g_assert_cmpuint(g_array_index(cell->memory, KtPlaceMemory, 0).node_id, ==, 1 - kept);
  }
}

/* A guest that another manager places: nothing of it is changed here, its manager gets the shape in its own words, and
 * the administrator's own guest beside it is planned as ever. */
static void test_other_managers(void)
{
  static const struct {
    const char *metadata, *kept, *key, *cpu_key, *cpu;
  } rows[] = {
      {OVIRT, "oVirt places it, and rewrites what is changed here", "cpu.topology.cores", "cpu.mode",
       "host_passthrough"},
      {KUBEVIRT, "KubeVirt places it, and rewrites what is changed here", "spec.template.spec.domain.cpu.cores",
       "spec.template.spec.domain.cpu.model", "host-passthrough"},
      {OPENNEBULA, "OpenNebula places it, and rewrites what is changed here", "TOPOLOGY/CORES", "CPU_MODEL/MODEL",
       "host-passthrough"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *rest = g_strconcat(rows[i].metadata, "  <cpu mode='host-model'/>\n", NULL);
    g_autofree char *own = definition("own", 4, 8, GOOD_CPU), *xml = definition("theirs", 4, 8, rest);
    g_autofree char *bare = definition("bare", 2, 4, rows[i].metadata);
    const char *const definitions[] = {own, xml, bare, NULL};
    g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
    KtMachine *host = kt_snapshot_host(snapshot);
    g_free(host->cpu_flags);
    host->cpu_flags = g_strdup("fpu aes avx");
    run_on(snapshot->domains->pdata[0], "0-3,8-11", 1);
    run_on(snapshot->domains->pdata[1], "0-15", 1);
    run_on(snapshot->domains->pdata[2], "0-15", 1);
    g_autoptr(KtPlan) plan = build(snapshot, &automatic);
    const KtPlanGuest *theirs = kt_plan_guest(plan, "theirs");
    g_assert_cmpstr(theirs->kept, ==, rows[i].kept);
    g_assert_cmpstr(theirs->cpus_after, ==, theirs->cpus_before);
    g_assert_cmpstr(edit_after(find_change(plan, "theirs/topology"), rows[i].key), ==, "4");
    g_assert_cmpstr(edit_after(find_change(plan, "bare/cpu_mode"), rows[i].cpu_key), ==, rows[i].cpu);
    g_assert_nonnull(find_change(plan, "own/vcpupin"));
    for (guint k = 0; k < plan->changes->len; k++) {
      const KtChange *change = plan->changes->pdata[k];
      g_assert_true(g_strcmp0(change->domain, "own") == 0 || !change->domain || change->act == KT_ACT_PERSON);
    }
  }
}

/* No libvirt knows a guest of Proxmox: nothing is changed live or in a definition, and qm is told all. */
static void test_proxmox(void)
{
  static const char *const paths =
      "<devices><serial type='unix'><source path='/var/run/qemu-server/100.serial0'/></serial></devices>";
  g_autofree char *xml = definition("vm", 4, 8, paths);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  run_on(snapshot->domains->pdata[0], "0-3,8-11", 1);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  const KtChange *place = find_change(plan, "vm/place");
  g_assert_cmpstr(edit_after(place, "--affinity"), ==, "4-7,12-15");
  g_assert_cmpstr(edit_after(place, "--numa"), ==, "1");
  g_assert_cmpstr(edit_after(place, "--numa0"), ==, "cpus=0-3,memory=8192,hostnodes=1,policy=bind");
  for (guint i = 0; i < plan->changes->len; i++)
    g_assert_cmpint(((const KtChange *)plan->changes->pdata[i])->act, ==, KT_ACT_PROXMOX);
}

/* Cells of its own stand in its manager's books. */
static void test_booked(void)
{
  g_autofree char *xml =
      definition("theirs", 4, 8, KUBEVIRT "<numatune><memory mode='strict' nodeset='1'/></numatune>");
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  g_assert_cmpstr(kt_plan_guest(plan, "theirs")->kept, ==,
                  "KubeVirt has booked its CPUs and memory, and would book them twice");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plan-nova/closed", test_closed);
  g_test_add_func("/plan-nova/narrowed", test_narrowed);
  g_test_add_func("/plan-nova/within-mask", test_within_mask);
  g_test_add_func("/plan-nova/no-room", test_no_room);
  g_test_add_func("/plan-nova/narrowed-to-one", test_narrowed_to_one);
  g_test_add_func("/plan-nova/not-narrowed", test_not_narrowed);
  g_test_add_func("/plan-nova/new", test_new);
  g_test_add_func("/plan-nova/set-aside", test_set_aside);
  g_test_add_func("/plan-nova/other-managers", test_other_managers);
  g_test_add_func("/plan-nova/proxmox", test_proxmox);
  g_test_add_func("/plan-nova/booked", test_booked);
  return g_test_run();
}
