/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan's promises held against a host that was looked at anew. */
#include "host_fixture.h"
#include "verify/expect.h"

typedef struct {
  KtSnapshot *snapshot;
  KtMachine *host;
  KtDomain *web;
  KtPlan *plan;
} Fixture;

static KtThread *add_thread(KtDomain *d, int tid, int vcpu, const char *comm, const char *cpus)
{
  KtThread *thread = kt_runtime_add_thread(kt_domain_runtime(d), tid, comm);
  thread->vcpu = vcpu;
  thread->affinity = set(cpus);
  return thread;
}

static void set_up(Fixture *f, gconstpointer unused)
{
  f->snapshot = kt_snapshot_new();
  f->host = host_new(f->snapshot);
  f->web = domain_new(f->snapshot, "web", 4, 4);
  f->web->uuid = g_strdup("u-1");
  f->web->format = g_strdup("libvirt");
  f->web->arch = g_strdup("x86_64");
  f->web->machine_type = g_strdup("pc-q35-7.2");
  f->web->cpu_mode = g_strdup("host-passthrough");
  f->web->sockets = KT_INT(1);
  f->web->cores = KT_INT(4);
  f->web->threads = KT_INT(1);
  kt_domain_runtime(f->web)->pid = 100;
  add_thread(f->web, 100, -1, "qemu-system-x86", "0-3");
  add_thread(f->web, 101, 0, "CPU 0/KVM", "0-3");
  add_thread(f->web, 102, 1, "CPU 1/KVM", "0-3");
  add_thread(f->web, 103, -1, "IO iothread1", "2");
  kt_runtime_add_memory(f->web->runtime, 0, 990);
  kt_runtime_add_memory(f->web->runtime, 1, 10);
  f->plan = kt_plan_new();
}

static void tear_down(Fixture *f, gconstpointer unused)
{
  kt_plan_free(f->plan);
  kt_snapshot_free(f->snapshot);
}

static KtChange *change(Fixture *f, KtAct act, const char *part)
{
  gboolean host = act == KT_ACT_SYSCTL || act == KT_ACT_SYSFS;
  return kt_plan_add_change(f->plan, act, host ? NULL : "web", host ? NULL : "u-1", part);
}

/* The plan's only expectation, or the one of this name. */
static void check(Fixture *f, const KtSight *more, const char *what, KtExpectState state, const char *found)
{
  KtSight sight = more ? *more : (KtSight){0};
  sight.snapshot = f->snapshot;
  g_autoptr(GPtrArray) all = kt_expect(f->plan, &sight);
  for (guint i = 0; i < all->len; i++) {
    const KtExpectation *e = all->pdata[i];
    if (g_strcmp0(e->what, what) != 0)
      continue;
    g_assert_cmpstr(e->found, ==, found);
    g_assert_cmpstr(kt_expect_names[e->state], ==, kt_expect_names[state]);
    g_assert_true((e->state == KT_EXPECT_UNKNOWN) == (e->why != NULL));
    return;
  }
  g_error("nothing is expected of %s", what);
}

static void test_effects(Fixture *f, gconstpointer unused)
{
  KtChange *c = change(f, KT_ACT_MEMORY, "memory");
  kt_change_add_effect(c, "locality_pct", "50", ">= 99");
  kt_change_add_effect(c, "guest.sockets", "4", "1");
  kt_change_add_effect(c, "guest.cores_per_socket", "1", "2");
  kt_change_add_effect(c, "guest.cpu", NULL, "host-passthrough");
  kt_change_add_effect(c, "interrupts.res_cal_per_s", "100", "falls");
  check(f, NULL, "locality_pct", KT_EXPECT_FULFILLED, "99.0");
  check(f, NULL, "guest.sockets", KT_EXPECT_FULFILLED, "1");
  check(f, NULL, "guest.cores_per_socket", KT_EXPECT_MISSED, "4");
  check(f, NULL, "guest.cpu", KT_EXPECT_FULFILLED, "host-passthrough");
  check(f, NULL, "interrupts.res_cal_per_s", KT_EXPECT_UNKNOWN, NULL);
  kt_runtime_add_memory(f->web->runtime, 1, 990);
  check(f, NULL, "locality_pct", KT_EXPECT_MISSED, "49.7");
  g_array_set_size(f->web->runtime->memory, 0);
  check(f, NULL, "locality_pct", KT_EXPECT_UNKNOWN, NULL);
}

static void test_words(Fixture *f, gconstpointer unused)
{
  static const struct {
    const char *before, *wanted;
    KtExpectState state;
  } cases[] = {
      {"2", "falls", KT_EXPECT_FULFILLED}, {"1", "falls", KT_EXPECT_MISSED},    {NULL, "falls", KT_EXPECT_UNKNOWN},
      {"0", "rises", KT_EXPECT_FULFILLED}, {NULL, ">= 1", KT_EXPECT_FULFILLED}, {NULL, "<= 0", KT_EXPECT_MISSED},
      {NULL, ">= x", KT_EXPECT_UNKNOWN},   {NULL, "one", KT_EXPECT_MISSED},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    KtPlan *plan = f->plan;
    f->plan = kt_plan_new();
    kt_change_add_effect(change(f, KT_ACT_MEMORY, "memory"), "guest.sockets", cases[i].before, cases[i].wanted);
    check(f, NULL, "guest.sockets", cases[i].state, "1");
    kt_plan_free(f->plan);
    f->plan = plan;
  }
}

static void test_threads(Fixture *f, gconstpointer unused)
{
  KtChange *c = change(f, KT_ACT_VCPUPIN, "vcpupin");
  kt_change_add_edit(c, "0", "0-15", "0,1,2-3");
  kt_change_add_edit(c, "1", "0-15", "0-3");
  check(f, NULL, "vcpupin", KT_EXPECT_FULFILLED, "all as planned");
  kt_change_add_edit(change(f, KT_ACT_EMULATORPIN, "emulatorpin"), "", "0-15", "0-3");
  kt_change_add_edit(change(f, KT_ACT_IOTHREADPIN, "iothreadpin-1"), "1", "0-15", "3");
  check(f, NULL, "emulatorpin", KT_EXPECT_FULFILLED, "0-3");
  check(f, NULL, "iothreadpin", KT_EXPECT_MISSED, "2");
  kt_change_add_edit(c, "3", "0-15", "0-3"); /* a vCPU without a thread */
  check(f, NULL, "vcpupin", KT_EXPECT_UNKNOWN, NULL);
  kt_set_add(((KtThread *)f->web->runtime->threads->pdata[2])->affinity, 9);
  check(f, NULL, "vcpupin", KT_EXPECT_MISSED, "1: 0-3,9");
}

static void test_memory(Fixture *f, gconstpointer unused)
{
  kt_change_add_edit(change(f, KT_ACT_MEMORY, "memory"), "0", "0:100,1:900", "0:1000");
  kt_change_add_edit(change(f, KT_ACT_NODESET, "nodeset"), "", "0-1", "0");
  check(f, NULL, "memory", KT_EXPECT_FULFILLED, "0:990,1:10");
  check(f, NULL, "nodeset", KT_EXPECT_UNKNOWN, NULL);
  f->web->runtime->cpuset_mems = set("0");
  check(f, NULL, "nodeset", KT_EXPECT_FULFILLED, "0");
  kt_runtime_add_memory(f->web->runtime, 1, 90);
  check(f, NULL, "memory", KT_EXPECT_MISSED, "0:990,1:100");
  /* QEMU's own is not the guest's, which is all that is moved. */
  const KtCellMemory own[] = {{0, 0, 980}, {0, 1, 5}, {1, 1, 500}};
  g_array_append_vals(f->web->runtime->cell_memory, own, 2);
  kt_change_add_effect(f->plan->changes->pdata[0], "locality_pct", "50", ">= 99");
  check(f, NULL, "memory", KT_EXPECT_FULFILLED, "0:980,1:5");
  check(f, NULL, "locality_pct", KT_EXPECT_FULFILLED, "99.5");
}

/* Each cell by itself: another one's memory, or all of it, says nothing of it. */
static void test_cell_memory(Fixture *f, gconstpointer unused)
{
  const KtCellMemory own[] = {{0, 0, 500}, {1, 1, 490}, {1, 0, 10}};
  KtChange *c = change(f, KT_ACT_MEMORY, "memory");
  kt_change_add_edit(c, "0", "1:500", "0:500");
  kt_change_add_edit(c, "1", "0:500", "1:500");
  kt_domain_add_cell(f->web, 0);
  kt_domain_add_cell(f->web, 1);
  check(f, NULL, "memory", KT_EXPECT_UNKNOWN, NULL);
  g_array_append_vals(f->web->runtime->cell_memory, own, 3);
  check(f, NULL, "memory", KT_EXPECT_FULFILLED, "all as planned");
  g_array_index(f->web->runtime->cell_memory, KtCellMemory, 0).node = 1;
  check(f, NULL, "memory", KT_EXPECT_MISSED, "0: 1:500");
}

static void test_knobs(Fixture *f, gconstpointer unused)
{
  kt_change_add_edit(change(f, KT_ACT_SYSCTL, "kernel.numa_balancing"), "kernel.numa_balancing", "1", "0");
  kt_change_add_edit(change(f, KT_ACT_SYSFS, "ksm"), "sys/kernel/mm/ksm/run", "1", "0");
  kt_machine_set_setting(f->host, "kernel.numa_balancing", "0", NULL);
  check(f, NULL, "kernel.numa_balancing", KT_EXPECT_FULFILLED, "0");
  check(f, NULL, "sys/kernel/mm/ksm/run", KT_EXPECT_UNKNOWN, NULL);
  kt_machine_set_setting(f->host, "/sys/kernel/mm/ksm/run", "1", NULL);
  check(f, NULL, "sys/kernel/mm/ksm/run", KT_EXPECT_MISSED, "1");
  KtChange *governor = change(f, KT_ACT_SYSFS, "governor");
  kt_change_add_edit(governor, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand", "performance");
  kt_machine_set_setting(f->host, "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor", "performance", NULL);
  check(f, NULL, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", KT_EXPECT_FULFILLED, "performance");
}

/* ---- definitions ---- */

static gboolean started;

static gboolean lookup(const KtDomain *domain, gboolean running, const char *path, char **value, gpointer changed)
{
  gboolean new = running ? started : *(gboolean *)changed;
  *value = g_strdup(new ? "4" : "1");
  return TRUE;
}

static void test_definition(Fixture *f, gconstpointer unused)
{
  gboolean changed = FALSE;
  const KtSight sight = {.lookup = lookup, .data = &changed};
  KtChange *c = change(f, KT_ACT_DOMXML, "topology");
  kt_change_add_edit(c, "cpu/topology/@cores", "1", "4");
  kt_change_add_effect(c, "guest.cores_per_socket", "1", "2"); /* not so in the running guest */
  check(f, NULL, "definition", KT_EXPECT_UNKNOWN, NULL);
  started = FALSE;
  check(f, &sight, "definition", KT_EXPECT_MISSED, "1");
  check(f, &sight, "guest.cores_per_socket", KT_EXPECT_MISSED, "4");
  changed = TRUE;
  check(f, &sight, "definition", KT_EXPECT_PENDING, "4");
  check(f, &sight, "guest.cores_per_socket", KT_EXPECT_PENDING, "4");
  started = TRUE;
  check(f, &sight, "definition", KT_EXPECT_FULFILLED, "4");
  check(f, &sight, "guest.cores_per_socket", KT_EXPECT_MISSED, "4");
}

static void test_others(Fixture *f, gconstpointer unused)
{
  KtPlanGuest *guest = kt_plan_add_guest(f->plan, "web", "u-1");
  guest->before.sockets = 4;
  guest->after.sockets = 1;
  guest->before.cores = guest->after.cores = 4;
  kt_change_add_edit(change(f, KT_ACT_NOVA, "flavor"), "flavor hw:cpu_sockets", NULL, "1");
  check(f, NULL, "guest.sockets", KT_EXPECT_FULFILLED, "1");
  change(f, KT_ACT_PERSON, "bios")->title = g_strdup("firmware");
  check(f, NULL, "person", KT_EXPECT_UNKNOWN, NULL);
  g_ptr_array_set_size(f->snapshot->domains, 0); /* shut down meanwhile */
  check(f, NULL, "nova", KT_EXPECT_UNKNOWN, NULL);
}

static gboolean is_definition(const KtChange *change, gpointer data)
{
  return change->act == KT_ACT_DOMXML;
}

/* What the run was not to make is neither looked up nor missed; what it made still is. */
static void test_left_out(Fixture *f, gconstpointer unused)
{
  KtChange *live = change(f, KT_ACT_EMULATORPIN, "live");
  kt_change_add_edit(live, "", "0-3", "4");
  KtChange *later = change(f, KT_ACT_DOMXML, "xml");
  kt_change_add_edit(later, "vcpu", "1", "4");
  kt_change_add_effect(later, "guest.cores_per_socket", "1", "2");
  const KtSight sight = {.left_out = is_definition};
  check(f, &sight, "domxml", KT_EXPECT_LEFT_OUT, NULL);
  check(f, &sight, "emulatorpin", KT_EXPECT_MISSED, "0-3");
  const KtSight own = {.snapshot = f->snapshot, .left_out = is_definition};
  g_autoptr(GPtrArray) all = kt_expect(f->plan, &own);
  g_assert_cmpuint(all->len, ==, 2);
}

#define TEST(name, function) g_test_add("/expect/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  TEST("effects", test_effects);
  TEST("words", test_words);
  TEST("threads", test_threads);
  TEST("memory", test_memory);
  TEST("cell-memory", test_cell_memory);
  TEST("knobs", test_knobs);
  TEST("definition", test_definition);
  TEST("others", test_others);
  TEST("left-out", test_left_out);
  return g_test_run();
}
