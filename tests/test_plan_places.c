/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a plan puts running and defined guests: threads, pages, QEMU's own threads. */
#include "plan_fixture.h"

static void test_well_placed(void)
{
  g_autofree char *xml = definition("good", 4, 8, GOOD_CPU);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  run_on(snapshot->domains->pdata[0], "4-7,12-15", 1);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  for (guint i = 0; i < plan->changes->len; i++)
    g_error("change '%s' of a host where all is well", ((KtChange *)plan->changes->pdata[i])->id);
  g_assert_cmpuint(plan->guests->len, ==, 1);
  g_assert_cmpfloat(kt_plan_guest(plan, "good")->local_before_pct, ==, 100);
}

/* Threads on node 1, memory on node 0: pages follow, or threads do. */
static void test_scattered(void)
{
  g_autofree char *xml = definition("far", 4, 8, GOOD_CPU);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  run_on(snapshot->domains->pdata[0], "4-7,12-15", 0);
  const KtPlanOptions movable = {.policy = KT_PLAN_AUTO, .movable = TRUE};
  g_autoptr(KtPlan) plan = build(snapshot, &movable);
  const KtChange *pins = find_change(plan, "far/vcpupin");
  g_assert_cmpstr(edit_after(pins, "3"), ==, "0-3,8-11"); /* nothing else is there: moving threads costs no copy */
  const KtEdit *edit = pins->edits->pdata[0];
  g_assert_cmpstr(edit->before, ==, "4-7,12-15");
  g_assert_null(find_change(plan, "far/memory"));
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    g_assert_cmpuint(change->risk, ==, KT_RISK_LIVE);
    g_assert_cmpint(change->act, !=, KT_ACT_DOMXML);
  }
  g_assert_cmpfloat(kt_plan_guest(plan, "far")->local_before_pct, ==, 0);
  g_assert_cmpfloat(kt_plan_guest(plan, "far")->local_after_pct, ==, 100);
  g_assert_cmpstr(((KtEffect *)pins->effects->pdata[0])->counter, ==, "locality_pct");
}

/* Both run on node 1 with all memory on node 0, each vCPU on a CPU of its own, and node 0 has CPUs for one of them. The
 * other's pages come to its threads: these need not move. Where vCPUs own both nodes' CPUs alike, QEMU's threads go
 * next door. */
static void test_pages_come(void)
{
  static const char *const pins[] = {"4", "12", "5", "13", "6", "14", "7", "15"};
  g_autofree char *a = definition("a", 8, 8, ""), *b = definition("b", 4, 16, GOOD_CPU);
  const char *const definitions[] = {a, b, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  KtDomain *big = snapshot->domains->pdata[0], *small = snapshot->domains->pdata[1];
  run_on(big, "4-7,12-15", 0);
  run_on(small, "0-3,8-11", 0);
  for (int i = 0; i < 8; i++) {
    KtThread *thread = big->runtime->threads->pdata[i];
    kt_set_free(thread->affinity);
    thread->affinity = set(pins[i]);
    kt_domain_set_pin(big, i, set(pins[i]));
  }
  for (int i = 0; i < 4; i++) {
    KtThread *thread = small->runtime->threads->pdata[i];
    static const char *const own[] = {"0", "8", "1", "9"};
    kt_set_free(thread->affinity);
    thread->affinity = set(own[i]);
  }
  KtThread *qemu = kt_runtime_add_thread(big->runtime, big->runtime->pid, "qemu-system-x86");
  qemu->vcpu = -1;
  qemu->affinity = set("0-15");
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  g_assert_null(find_change(plan, "a/vcpupin"));
  g_assert_cmpstr(edit_after(find_change(plan, "a/memory"), "0"), ==, "1:8388608");
  g_assert_cmpstr(edit_after(find_change(plan, "a/emulatorpin"), ""), ==, "8-11");
  g_assert_cmpstr(edit_after(find_change(plan, "a/emulator"), "cputune/emulatorpin/@cpuset"), ==, "8-11");
  g_assert_cmpfloat(kt_plan_guest(plan, "a")->local_after_pct, ==, 100);
}

/* A passed-through device: the memory cannot move, and the plan says so. */
static void test_stuck(void)
{
  g_autofree char *xml = definition("vfio", 4, 8, GOOD_CPU);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  KtDomain *d = snapshot->domains->pdata[0];
  run_on(d, "4-7,12-15", 0);
  g_ptr_array_add(d->hostdevs, g_new0(KtHostdev, 1));
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  g_assert_null(find_change(plan, "vfio/memory"));
  g_assert_nonnull(strstr(kt_plan_guest(plan, "vfio")->kept, "VFIO"));
}

/* A guest that is not running is where its definition puts it: on node 1, though node 0 is as empty. */
static void test_defined_place(void)
{
  const char *const cpus[] = {"4", "12", "5", "13", NULL};
  g_autofree char *xml = pinned("db", cpus, PAIRS);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  for (guint i = 0; i < plan->changes->len; i++)
    g_error("change '%s' of a host where all is well", ((KtChange *)plan->changes->pdata[i])->id);
  g_assert_cmpstr(kt_plan_guest(plan, "db")->nodes_after, ==, "1");
}

/* Where the vCPUs go, QEMU's own threads go, too. */
static void test_own_threads(void)
{
  g_autofree char *xml = definition("far", 4, 8, GOOD_CPU);
  const char *const definitions[] = {xml, NULL};
  static const char *const comms[] = {"qemu-system-x86", "IO iothread2"};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  KtDomain *d = snapshot->domains->pdata[0];
  run_on(d, "4-7,12-15", 0);
  for (guint i = 0; i < G_N_ELEMENTS(comms); i++) {
    KtThread *own = kt_runtime_add_thread(d->runtime, i ? 5000 : d->runtime->pid, comms[i]);
    own->vcpu = -1;
    own->affinity = set("4-7,12-15");
  }
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  g_assert_cmpstr(edit_after(find_change(plan, "far/emulatorpin"), ""), ==, "0-3,8-11");
  const KtChange *io = find_change(plan, "far/iothreadpin-2");
  g_assert_cmpstr(edit_after(io, "2"), ==, "0-3,8-11");
  g_assert_cmpstr(io->undo, ==, "virsh iothreadpin far 2 4-7,12-15 --live");
}

/* Pins of QEMU's threads that are good stay: fewer CPUs than could be are somebody's choice. */
static void test_own_threads_stay(void)
{
  g_autofree char *far = definition("far", 4, 8, GOOD_CPU);
  const char *const running[] = {far, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(running);
  KtDomain *d = snapshot->domains->pdata[0];
  run_on(d, "4-7,12-15", 0);
  KtThread *own = kt_runtime_add_thread(d->runtime, d->runtime->pid, "qemu-system-x86");
  own->vcpu = -1;
  own->affinity = set("3,11");
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  g_assert_nonnull(find_change(plan, "far/vcpupin"));
  g_assert_null(find_change(plan, "far/emulatorpin"));

  g_autofree char *xml =
      definition("db", 2, 8,
                 "  <iothreads>2</iothreads>\n  <cputune><vcpupin vcpu='0' cpuset='4'/>"
                 "<vcpupin vcpu='1' cpuset='66'/><emulatorpin cpuset='7,15'/>"
                 "<iothreadpin iothread='1' cpuset='6'/><iothreadpin iothread='2' cpuset='4'/>"
                 "</cputune>\n  <numatune><memory mode='strict' nodeset='1'/></numatune>\n" GOOD_CPU);
  const char *const defined[] = {xml, NULL};
  g_autoptr(KtSnapshot) stopped = read_domains(defined);
  g_autoptr(KtPlan) other = build(stopped, &automatic);
  const KtChange *pins = find_change(other, "db/pins");
  g_assert_null(edit_after(pins, "cputune/emulatorpin/@cpuset"));
  g_assert_null(edit_after(pins, "cputune/iothreadpin[@iothread='1']/@cpuset"));
  g_assert_cmpstr(edit_after(pins, "cputune/iothreadpin[@iothread='2']/@cpuset"), ==, "5-7,13-15");
}

/* Running on the threads of two cores as if they were four: a core each, as long as nobody has them; else threads=2. */
static void test_spread(void)
{
  const char *const cpus[] = {"4", "12", "5", "13", NULL}, *const others[] = {"6", "7", NULL};
  for (guint with_other = 0; with_other < 2; with_other++) {
    g_autofree char *xml = pinned("db", cpus, "<topology sockets='1' dies='1' cores='4' threads='1'/>");
    g_autofree char *other = pinned("other", others, "<topology sockets='1' dies='1' cores='2' threads='1'/>");
    const char *const definitions[] = {xml, with_other ? other : NULL, NULL};
    g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
    for (guint i = 0; i <= with_other; i++) {
      KtDomain *d = snapshot->domains->pdata[i];
      run_on(d, "4-7,12-15", 1);
      for (guint k = 0; k < d->runtime->threads->len; k++) {
        KtThread *thread = d->runtime->threads->pdata[k];
        kt_set_free(thread->affinity);
        thread->affinity = set(i ? others[k] : cpus[k]);
      }
    }
    g_autoptr(KtPlan) plan = build(snapshot, &automatic);
    const KtChange *pins = find_change(plan, "db/vcpupin"), *topology = find_change(plan, "db/topology");
    g_assert_true((pins == NULL) == with_other && (topology != NULL) == with_other);
    if (with_other) {
      g_assert_cmpstr(edit_after(topology, "cpu/topology/@threads"), ==, "2");
      continue;
    }
    g_assert_null(edit_after(pins, "0"));
    g_assert_cmpstr(edit_after(pins, "1"), ==, "6");
    g_assert_cmpstr(edit_after(pins, "3"), ==, "7");
    g_assert_cmpstr(edit_after(find_change(plan, "db/pins"), "cputune/vcpupin[@vcpu='1']/@cpuset"), ==, "6");
  }
}

/* A guest of one cell: what is QEMU's own is not moved, and not counted. */
static void test_own_memory(void)
{
  g_autofree char *xml = definition("web", 4, 8, GOOD_CPU);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  KtDomain *d = snapshot->domains->pdata[0];
  run_on(d, "0-3,8-11", 1);
  const KtCellMemory own = {0, 1, 4194304};
  g_array_append_val(d->runtime->cell_memory, own);
  kt_runtime_add_memory(d->runtime, 0, 1048576);
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  const KtPlanGuest *guest = kt_plan_guest(plan, "web");
  g_assert_cmpfloat(guest->local_before_pct, ==, 0);
  const KtChange *memory = find_change(plan, "web/memory");
  if (memory) /* else its CPUs go to the memory */
    g_assert_cmpstr(edit_after(memory, "0"), ==, "0:4194304");
  g_assert_cmpfloat(guest->local_after_pct, ==, 100);
}

/* More pinned guests than CPUs: that is said once, and those without a place of their own are where they are now. */
static void test_unplaced(void)
{
  enum { GUESTS = 21, CPUS = 16 };
  g_autoptr(GPtrArray) definitions = g_ptr_array_new_with_free_func(g_free);
  for (int i = 0; i < GUESTS; i++) {
    g_autofree char *name = g_strdup_printf("one%02d", i);
    g_ptr_array_add(definitions, definition(name, 1, 1, ""));
  }
  g_ptr_array_add(definitions, NULL);
  g_autoptr(KtSnapshot) snapshot = read_domains((const char *const *)definitions->pdata);
  for (int i = 0; i < GUESTS; i++) {
    g_autofree char *cpu = g_strdup_printf("%d", i % CPUS);
    run_on(snapshot->domains->pdata[i], cpu, i % 8 / 4);
  }
  g_autoptr(KtPlan) plan = build(snapshot, &automatic);
  guint told = 0;
  for (guint i = 0; i < plan->notes->len; i++)
    told += strstr(plan->notes->pdata[i], "find") && strstr(plan->notes->pdata[i], "no place");
  g_assert_cmpuint(told, ==, 1);
  g_assert_true(g_str_has_prefix(plan->notes->pdata[0], "5 domains find no place: 'one"));
  for (int i = 0; i < GUESTS; i++) {
    g_autofree char *cpu = g_strdup_printf("%d", i % CPUS);
    g_assert_cmpstr(((const KtPlanGuest *)plan->guests->pdata[i])->cpus_before, ==, cpu);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plan-places/unplaced", test_unplaced);
  g_test_add_func("/plan-places/own-memory", test_own_memory);
  g_test_add_func("/plan/well-placed", test_well_placed);
  g_test_add_func("/plan/scattered", test_scattered);
  g_test_add_func("/plan/pages-come", test_pages_come);
  g_test_add_func("/plan/stuck", test_stuck);
  g_test_add_func("/plan/defined-place", test_defined_place);
  g_test_add_func("/plan/own-threads", test_own_threads);
  g_test_add_func("/plan/own-threads-stay", test_own_threads_stay);
  g_test_add_func("/plan/spread", test_spread);
  return g_test_run();
}
