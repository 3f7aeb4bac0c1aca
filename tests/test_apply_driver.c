/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a plan to what it changes and back, on libvirt's test driver and on files. */
#include <libvirt/libvirt.h>

#include <stdlib.h>

#include "apply/run.h"
#include "apply/steps.h"
#include "plan_fixture.h"

#define URI "test:///default"

typedef struct {
  virConnectPtr connection; /* the driver forgets all with its last one */
  virDomainPtr domain;
  KtActuator *hand;
  KtNovaConf *conf;
  char *state;
} World;

static void begin(World *w)
{
  g_autoptr(GError) error = NULL;
  w->connection = virConnectOpen(URI);
  g_assert_nonnull(w->connection);
  w->domain = virDomainLookupByName(w->connection, "test");
  for (int flag = VIR_DOMAIN_AFFECT_LIVE; flag <= VIR_DOMAIN_AFFECT_CONFIG; flag++)
    g_assert_cmpint(virDomainSetMetadata(w->domain, VIR_DOMAIN_METADATA_ELEMENT,
                                         "<instance><name>web</name></instance>", "nova",
                                         "http://openstack.org/xmlns/libvirt/nova/1.1", (guint)flag),
                    ==, 0);
  w->state = g_dir_make_tmp("kt-driver-XXXXXX", &error);
  w->conf = kt_nova_conf_new("nova.conf");
  g_hash_table_replace(w->conf->values, g_strdup("compute/cpu_shared_set"), g_strdup("1-7"));
  w->hand = kt_actuator_new(URI, w->state, &error);
  g_assert_no_error(error);
  w->hand->nova = w->conf;
}

static void end(World *w)
{
  g_autofree char *remove = g_strdup_printf("rm -r %s", w->state);
  kt_actuator_free(w->hand);
  kt_nova_conf_free(w->conf);
  virDomainFree(w->domain);
  virConnectClose(w->connection);
  g_assert_cmpint(system(remove), ==, 0);
  g_free(w->state);
}

/* Its guest, seen on CPUs of both nodes or those that it was given, with its memory on node 1. */
static KtPlan *plan_it(const World *w, const char *cpus)
{
  char *xml = virDomainGetXMLDesc(w->domain, 0);
  const char *const definitions[] = {xml, NULL};
  g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
  KtDomain *d = snapshot->domains->pdata[0];
  g_autoptr(KtSet) floating = set("1-7");
  KtPlanOptions options = automatic;
  free(xml);
  g_assert_cmpint(d->manager, ==, KT_MANAGER_NOVA);
  d->booked = KT_NO; /* as its persistent definition, which has no pins */
  run_on(d, cpus, 1);
  options.floating = floating;
  return build(snapshot, &options);
}

static KtReceipt *steps_of(const World *w, const KtPlan *plan)
{
  g_autoptr(GError) error = NULL;
  KtReceipt *receipt = kt_receipt_new();
  receipt->host = g_strdup("host");
  receipt->tool = g_strdup("test");
  receipt->scope = g_strdup(kt_scopes[KT_SCOPE_LIVE]);
  receipt->plan = g_strdup("{}");
  kt_steps_make(plan, KT_SCOPE_LIVE, NULL, w->hand, receipt, &error);
  g_assert_no_error(error);
  return receipt;
}

static char *pin(const World *w, const char *vcpu)
{
  g_autoptr(KtStep) step = kt_step_new(KT_STEP_VCPUPIN, vcpu, NULL, NULL);
  step->domain = g_strdup("test");
  return w->hand->read(w->hand, step, NULL);
}

static void assert_pins(const World *w, const char *cpus)
{
  for (int i = 0; i < 2; i++) {
    g_autofree char *vcpu = g_strdup_printf("%d", i), *now = pin(w, vcpu);
    g_assert_cmpstr(now, ==, cpus);
  }
}

static void test_narrowed(void)
{
  World w;
  g_autoptr(GError) error = NULL;
  begin(&w);
  g_autofree char *all = pin(&w, "0");
  g_autoptr(KtPlan) plan = plan_it(&w, all);
  g_autoptr(KtReceipt) receipt = steps_of(&w, plan);
  g_assert_cmpuint(receipt->steps->len, ==, 2);
  g_assert_nonnull(strstr(((const KtStep *)receipt->steps->pdata[0])->note, "Nova does not know of it"));
  g_autoptr(KtJournal) journal = kt_journal_open(w.state, TRUE, &error);
  g_assert_no_error(error);
  const KtRun run = {.actuator = w.hand, .journal = journal};
  kt_run_apply(&run, receipt, &error);
  g_assert_no_error(error);
  assert_pins(&w, "4-7");
  g_autoptr(KtPlan) again = plan_it(&w, "4-7");
  g_autoptr(KtReceipt) nothing = steps_of(&w, again);
  g_assert_cmpuint(nothing->steps->len, ==, 0);
  kt_run_rollback(&run, receipt, &error);
  g_assert_no_error(error);
  assert_pins(&w, all);
  end(&w);
}

/* ---- a knob that each CPU has ---- */

#define CPU_DIR "sys/devices/system/cpu/cpu"
#define GOVERNOR "/cpufreq/scaling_governor"

static void put_governor(const World *w, guint cpu, const char *word)
{
  g_autofree char *path = g_strdup_printf("%s/" CPU_DIR "%u" GOVERNOR, w->state, cpu);
  g_autofree char *directory = g_path_get_dirname(path);
  g_assert_cmpint(g_mkdir_with_parents(directory, 0700), ==, 0);
  g_assert_true(g_file_set_contents(path, word, -1, NULL));
}

static void assert_governors(const World *w, const char *word)
{
  for (guint cpu = 0; cpu < 16; cpu++) {
    g_autofree char *path = g_strdup_printf("%s/" CPU_DIR "%u" GOVERNOR, w->state, cpu), *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(g_strstrip(text), ==, word);
  }
}

/* Of CPUs that share a clock one changes with the other: the step of that one finds nothing left to be done. */
static void test_governor(void)
{
  World w;
  g_autoptr(GError) error = NULL;
  begin(&w);
  g_autoptr(KtPlan) plan = kt_plan_new();
  KtChange *change = kt_plan_add_change(plan, KT_ACT_SYSFS, NULL, NULL, "governor");
  for (guint cpu = 0; cpu < 16; cpu++) {
    g_autofree char *where = g_strdup_printf(CPU_DIR "%u" GOVERNOR, cpu);
    put_governor(&w, cpu, "powersave\n");
    kt_change_add_edit(change, where, "powersave", "performance");
  }
  g_autoptr(KtReceipt) receipt = steps_of(&w, plan);
  g_assert_cmpuint(receipt->steps->len, ==, 16);
  put_governor(&w, 9, "performance\n");
  g_autoptr(KtJournal) journal = kt_journal_open(w.state, TRUE, &error);
  g_assert_no_error(error);
  const KtRun run = {.actuator = w.hand, .journal = journal};
  kt_run_apply(&run, receipt, &error);
  g_assert_no_error(error);
  assert_governors(&w, "performance");
  kt_run_rollback(&run, receipt, &error);
  g_assert_no_error(error);
  g_assert_cmpint(receipt->state, ==, KT_RECEIPT_UNDONE);
  assert_governors(&w, "powersave");
  end(&w);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/apply-driver/narrowed", test_narrowed);
  g_test_add_func("/apply-driver/governor", test_governor);
  return g_test_run();
}
