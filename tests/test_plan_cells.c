/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of guests of several cells, as far as it can be told apart. */
#include <string.h>

#include "evidence/reading.h"
#include "host_fixture.h"
#include "plan/build.h"
#include "plan/plan.h"

static const char two[] =
    "<domain type='kvm'>\n  <name>two</name>\n  <memory unit='GiB'>16</memory>\n  <vcpu>16</vcpu>\n"
    "  <cpu mode='host-passthrough'><topology sockets='2' dies='1' cores='8' threads='1'/><numa>"
    "<cell id='0' cpus='0-7' memory='8' unit='GiB'/><cell id='1' cpus='8-15' memory='8' unit='GiB'/></numa></cpu>\n"
    "  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>\n</domain>\n";

/* Cell 0 runs on node 0 and cell 1 on node 1, too busy for one; its memory lies on both in equal parts. */
static KtDomain *begin(KtSnapshot *snapshot)
{
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  g_autoptr(KtText) text = kt_text_new("domain.xml", two, strlen(two));
  kt_reading_run(text, ".", snapshot, fragments);
  host_new(snapshot);
  KtDomain *d = snapshot->domains->pdata[0];
  KtRuntime *r = kt_domain_runtime(d);
  r->pid = 4000;
  for (int i = 0; i < 16; i++) {
    KtThread *t = kt_runtime_add_thread(r, 4001 + i, "CPU/KVM");
    t->vcpu = i;
    t->affinity = set(i < 8 ? "0-3,8-11" : "4-7,12-15");
    t->last_cpu = KT_INT(kt_set_next(t->affinity, 0));
    t->run_pct = KT_NUM(95);
    t->wait_pct = KT_NUM(0);
  }
  kt_runtime_add_memory(r, 0, 8388608);
  kt_runtime_add_memory(r, 1, 8388608);
  return d;
}

static void lies_crosswise(KtDomain *d)
{
  const KtCellMemory crosswise[] = {{0, 1, 8388608}, {1, 0, 8388000}, {1, 1, 608}};
  g_array_append_vals(d->runtime->cell_memory, crosswise, G_N_ELEMENTS(crosswise));
}

static const KtChange *memory_change(const KtPlan *plan)
{
  for (guint i = 0; i < plan->changes->len; i++)
    if (((const KtChange *)plan->changes->pdata[i])->act == KT_ACT_MEMORY)
      return plan->changes->pdata[i];
  return NULL;
}

static KtPlan *build(const KtSnapshot *snapshot)
{
  static const KtPlanOptions automatic = {.policy = KT_PLAN_AUTO};
  g_autoptr(GError) error = NULL;
  KtPlan *plan = kt_plan_build(snapshot, &automatic, &error);
  g_assert_no_error(error);
  return plan;
}

static void test_crosswise(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  lies_crosswise(begin(snapshot));
  g_autoptr(KtPlan) plan = build(snapshot);
  const KtChange *memory = memory_change(plan);
  g_assert_nonnull(memory);
  g_assert_cmpuint(memory->edits->len, ==, 2);
  const KtEdit *first = memory->edits->pdata[0], *second = memory->edits->pdata[1];
  g_assert_cmpstr(first->where, ==, "0");
  g_assert_cmpstr(first->before, ==, "1:8388608");
  g_assert_cmpstr(first->after, ==, "0:8388608");
  g_assert_cmpstr(second->where, ==, "1");
  g_assert_cmpstr(second->before, ==, "0:8388000,1:608");
  g_assert_cmpstr(second->after, ==, "1:8388608");
}

/* Which memory is whose is not known; a cell is bound; a cpuset keeps all of them away from a node. */
static void test_stays(void)
{
  for (guint i = 0; i < 3; i++) {
    g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
    KtDomain *d = begin(snapshot);
    if (i > 0)
      lies_crosswise(d);
    if (i == 1)
      d->numatune_mode = g_strdup("strict");
    if (i == 2)
      d->runtime->cpuset_mems = set("1");
    g_autoptr(KtPlan) plan = build(snapshot);
    const KtChange *memory = memory_change(plan);
    g_assert_cmpuint(memory ? memory->edits->len : 0, ==, i == 2 ? 1 : 0);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plan-cells/crosswise", test_crosswise);
  g_test_add_func("/plan-cells/stays", test_stays);
  return g_test_run();
}
