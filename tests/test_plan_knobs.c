/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is set by one value: knobs of the host, and which findings have them changed; quotas and nodes of guests. */
#include "plan_fixture.h"

#define KSM "/sys/kernel/mm/ksm/"
#define KVM "/sys/module/kvm/parameters/"
#define THP "/sys/kernel/mm/transparent_hugepage/"

static const KtChange *knob(const KtPlan *plan)
{
  const KtChange *found = NULL;
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    if (change->act != KT_ACT_SYSFS && change->act != KT_ACT_SYSCTL)
      continue;
    g_assert_null(found);
    g_assert_null(change->domain);
    found = change;
  }
  return found;
}

static void give(KtMachine *host, const char *settings)
{
  g_auto(GStrv) words = g_strsplit(settings, " ", -1);
  for (guint i = 0; words[i]; i++) {
    g_auto(GStrv) pair = g_strsplit(words[i], "=", 2);
    kt_machine_set_setting(host, pair[0], pair[1], NULL);
  }
}

static gboolean is_left(const KtPlan *plan, const char *check)
{
  for (guint i = 0; i < plan->left->len; i++)
    if (g_str_equal(((const KtPlanLeft *)plan->left->pdata[i])->check, check))
      return TRUE;
  return FALSE;
}

static void test_knobs(void)
{
  static const struct {
    const char *settings;
    gint64 free_kib; /* of each node; -1 unknown */
    const char *where, *before, *after;
    const char *check; /* NULL: nothing fires */
  } rows[] = {
      {KSM "run=1 " KSM "merge_across_nodes=1 " KSM "pages_sharing=1000", 4000, "sys/kernel/mm/ksm/merge_across_nodes",
       "1", "0", "H24"},
      {KSM "run=1 " KSM "merge_across_nodes=1 " KSM "pages_sharing=1000", 3999, NULL, NULL, NULL, "H24"},
      {KSM "run=1 " KSM "merge_across_nodes=1 " KSM "pages_sharing=1000", -1, NULL, NULL, NULL, "H24"},
      {KSM "run=1 " KSM "merge_across_nodes=1", 4000, NULL, NULL, NULL, "H24"},
      {KSM "run=1 " KSM "merge_across_nodes=0 " KSM "pages_sharing=5", 4000, "sys/kernel/mm/ksm/run", "1", "0", "H24"},
      {KSM "run=0 " KSM "merge_across_nodes=1", 4000, NULL, NULL, NULL, NULL},
      {THP "enabled=never", -1, "sys/kernel/mm/transparent_hugepage/enabled", "never", "madvise", "H26"},
      {THP "enabled=madvise", -1, NULL, NULL, NULL, NULL},
      {THP "enabled=always", -1, NULL, NULL, NULL, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *xml = definition("web", 4, 8, "");
    const char *const definitions[] = {xml, NULL};
    g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
    KtMachine *host = (KtMachine *)kt_snapshot_host(snapshot);
    run_on(snapshot->domains->pdata[0], "0-3,8-11", 0);
    for (guint n = 0; n < host->nodes->len; n++)
      ((KtNode *)host->nodes->pdata[n])->free_kib = rows[i].free_kib >= 0 ? KT_INT(rows[i].free_kib) : (KtInt){0};
    host->memory_kib = KT_INT(64 << 20);
    give(host, rows[i].settings);
    g_autoptr(KtPlan) plan = build(snapshot, &automatic);
    const KtChange *change = knob(plan);
    g_test_message("row %u", i);
    g_assert_true((change != NULL) == (rows[i].where != NULL));
    g_assert_true(!rows[i].check || is_left(plan, rows[i].check) == !change);
    if (!change)
      continue;
    const KtEdit *edit = change->edits->pdata[0];
    g_assert_cmpstr(change->reasons->pdata[0], ==, rows[i].check);
    g_assert_cmpstr(edit->where, ==, rows[i].where);
    g_assert_cmpstr(edit->before, ==, rows[i].before);
    g_assert_cmpstr(edit->after, ==, rows[i].after);
    g_assert_true(kt_plan_is_knob(change->act, edit->where));
  }
}

/* What leads the clock: the driver's own preference, or the kernel's governor; of each CPU, where all are alike. */
static void test_governor(void)
{
#define CPUFREQ "/sys/devices/system/cpu/cpu*/cpufreq/"
  static const struct {
    const char *settings, *leaf, *before; /* NULL: nothing is set */
  } rows[] = {
      {CPUFREQ "scaling_driver=acpi-cpufreq " CPUFREQ "scaling_governor=ondemand", "scaling_governor", "ondemand"},
      {CPUFREQ "scaling_driver=intel_pstate " CPUFREQ "scaling_governor=powersave " CPUFREQ
               "energy_performance_preference=balance_performance",
       "energy_performance_preference", "balance_performance"},
      {CPUFREQ "scaling_driver=intel_pstate " CPUFREQ "scaling_governor=powersave", "scaling_governor", "powersave"},
      {CPUFREQ "scaling_governor=ondemand", NULL, NULL},
      {CPUFREQ "scaling_driver=acpi-cpufreq " CPUFREQ "scaling_governor=performance", NULL, NULL},
  };
  for (guint i = 0; i <= G_N_ELEMENTS(rows); i++) {
    gboolean mixed = i == G_N_ELEMENTS(rows);
    g_autofree char *xml = definition("web", 4, 8, "");
    const char *const definitions[] = {xml, NULL};
    g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
    KtMachine *host = (KtMachine *)kt_snapshot_host(snapshot);
    run_on(snapshot->domains->pdata[0], "0-3,8-11", 0);
    give(host, mixed ? CPUFREQ "scaling_driver=acpi-cpufreq" : rows[i].settings);
    if (mixed)
      kt_machine_set_setting(host, CPUFREQ "scaling_governor", "mixed: ondemand (15 CPUs), performance (1 CPU)", NULL);
    g_autoptr(KtPlan) plan = build(snapshot, &automatic);
    const KtChange *change = knob(plan);
    g_test_message("row %u", i);
    g_assert_true((change != NULL) == (!mixed && rows[i].leaf));
    if (!change)
      continue;
    g_assert_cmpuint(change->edits->len, ==, 16);
    for (guint cpu = 0; cpu < 16; cpu++) {
      const KtEdit *edit = change->edits->pdata[cpu];
      g_autofree char *where = g_strdup_printf("sys/devices/system/cpu/cpu%u/cpufreq/%s", cpu, rows[i].leaf);
      g_autofree char *setting = kt_plan_knob_setting(edit->where);
      g_assert_cmpstr(edit->where, ==, where);
      g_assert_cmpstr(edit->before, ==, rows[i].before);
      g_assert_cmpstr(edit->after, ==, "performance");
      g_assert_true(kt_plan_is_knob(KT_ACT_SYSFS, edit->where));
      g_assert_true(g_str_has_prefix(setting, CPUFREQ) && g_str_has_suffix(setting, rows[i].leaf));
    }
  }
  g_assert_false(kt_plan_is_knob(KT_ACT_SYSFS, "sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"));
  g_assert_false(kt_plan_is_knob(KT_ACT_SYSFS, "sys/devices/system/cpu/cpu0/online"));
}

/* Of the CPU without the flaw only. */
static void test_flaw(void)
{
  for (gboolean flawed = FALSE; flawed <= TRUE; flawed++) {
    g_autofree char *xml = definition("web", 4, 8, "");
    const char *const definitions[] = {xml, NULL};
    g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
    KtMachine *host = (KtMachine *)kt_snapshot_host(snapshot);
    run_on(snapshot->domains->pdata[0], "0-3,8-11", 0);
    kt_machine_set_setting(host, KVM "nx_huge_pages", "Y", NULL);
    kt_machine_set_setting(host, "/sys/devices/system/cpu/vulnerabilities/itlb_multihit",
                           flawed ? "KVM: Mitigation: Split huge pages" : "Not affected", NULL);
    g_autoptr(KtPlan) plan = build(snapshot, &automatic);
    const KtChange *change = knob(plan);
    g_assert_true((change != NULL) == !flawed);
    if (change)
      g_assert_cmpstr(((const KtEdit *)change->edits->pdata[0])->after, ==, "N");
  }
}

/* A quota that holds a guest back is somebody's will, unless it grants a vCPU all of its CPU. */
static void test_quota(void)
{
  static const struct {
    gint64 quota, period; /* 0 unknown */
    double per_second;
    gboolean lifted;
  } rows[] = {{100000, 100000, 3, TRUE}, {200000, 100000, 3, TRUE}, {99999, 100000, 3, FALSE},
              {100000, 0, 3, FALSE},     {0, 100000, 3, FALSE},     {100000, 100000, 0, FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *xml = definition("web", 4, 8, "");
    const char *const definitions[] = {xml, NULL};
    g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
    KtDomain *d = snapshot->domains->pdata[0];
    run_on(d, "0-3,8-11", 0);
    d->cpu_quota_us = rows[i].quota ? KT_INT(rows[i].quota) : (KtInt){0};
    d->cpu_period_us = rows[i].period ? KT_INT(rows[i].period) : (KtInt){0};
    d->runtime->nr_throttled = KT_INT(100);
    d->runtime->throttled_per_second = KT_NUM(rows[i].per_second);
    g_autoptr(KtPlan) plan = build(snapshot, &automatic);
    const KtChange *found = NULL, *defined = NULL; /* or its next start would bring it back */
    for (guint k = 0; k < plan->changes->len; k++) {
      const KtChange *change = plan->changes->pdata[k];
      if (change->act == KT_ACT_SCHEDULER)
        found = change;
      if (change->act == KT_ACT_DOMXML && g_str_has_suffix(change->id, "/quota-defined"))
        defined = change;
    }
    g_assert_true((found != NULL) == rows[i].lifted);
    g_assert_true((defined != NULL) == rows[i].lifted);
    g_assert_true(rows[i].per_second <= 0 || is_left(plan, "H41") == !found);
    if (!found)
      continue;
    const KtEdit *edit = found->edits->pdata[0];
    g_autofree char *before = g_strdup_printf("%" G_GINT64_FORMAT, rows[i].quota);
    g_assert_cmpstr(edit->where, ==, "vcpu_quota");
    g_assert_cmpstr(edit->before, ==, before);
    g_assert_cmpstr(edit->after, ==, "-1");
    const KtEdit *removed = defined->edits->pdata[0];
    g_assert_cmpstr(removed->where, ==, "cputune/quota");
    g_assert_null(removed->after);
  }
}

/* What the plan expects of the nodes is what apply reads: the kernel's, and the definition's only where that is not
 * known. */
static void test_nodes_before(void)
{
  static const char *const kernel[] = {"0-1", "0", NULL};
  for (guint i = 0; i < G_N_ELEMENTS(kernel); i++) {
    g_autofree char *xml = definition("web", 4, 8, "  <numatune><memory mode='restrictive' nodeset='0'/></numatune>\n");
    g_autofree char *big = definition("big", 8, 28, ""); /* has node 0 */
    const char *const definitions[] = {xml, big, NULL};
    g_autoptr(KtSnapshot) snapshot = read_domains(definitions);
    KtDomain *d = snapshot->domains->pdata[0];
    run_on(d, "4-7", 0);
    run_on(snapshot->domains->pdata[1], "0-3,8-11", 0);
    const GPtrArray *threads = ((KtDomain *)snapshot->domains->pdata[1])->runtime->threads;
    for (guint k = 0; k < threads->len; k++) { /* and its CPUs to itself */
      KtThread *thread = threads->pdata[k];
      g_autofree char *cpu = g_strdup_printf("%u", k < 4 ? k : k + 4);
      kt_set_free(thread->affinity);
      thread->affinity = set(cpu);
    }
    d->runtime->cpuset_mems = kernel[i] ? set(kernel[i]) : NULL;
    g_autoptr(KtPlan) plan = build(snapshot, &automatic);
    const KtChange *found = NULL;
    for (guint k = 0; k < plan->changes->len; k++)
      if (((KtChange *)plan->changes->pdata[k])->act == KT_ACT_NODESET)
        found = plan->changes->pdata[k];
    g_assert_nonnull(found);
    g_assert_nonnull(found);
    const KtEdit *edit = found->edits->pdata[0];
    g_assert_cmpstr(edit->before, ==, kernel[i] ? kernel[i] : "0");
    g_assert_cmpstr(edit->after, ==, "1");
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plan-knobs/governor", test_governor);
  g_test_add_func("/plan-knobs/rows", test_knobs);
  g_test_add_func("/plan-knobs/flaw", test_flaw);
  g_test_add_func("/plan-knobs/quota", test_quota);
  g_test_add_func("/plan-knobs/nodes-before", test_nodes_before);
  return g_test_run();
}
