/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of plans: domains out of definitions, beside the host of host_fixture.h, running or not. */
#pragma once
#include <string.h>

#include "evidence/reading.h"
#include "host_fixture.h"
#include "plan/build.h"

static const KtPlanOptions automatic = {.policy = KT_PLAN_AUTO};

/* The domains of these definitions, with a two-socket host (host_fixture.h) beside them. */
static inline KtSnapshot *read_domains(const char *const *definitions)
{
  KtSnapshot *snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  for (; *definitions; definitions++) {
    g_autoptr(KtText) text = kt_text_new("domain.xml", *definitions, strlen(*definitions));
    kt_reading_run(text, ".", snapshot, fragments);
  }
  KtMachine *host = host_new(snapshot);
  KtCache *l3 = kt_machine_cache(host, 3, KT_CACHE_UNIFIED);
  l3->size_kib = KT_INT(32768);
  l3->instances = KT_INT(2);
  g_ptr_array_add(l3->groups, set("0-3,8-11"));
  g_ptr_array_add(l3->groups, set("4-7,12-15"));
  return snapshot;
}

static inline char *definition(const char *name, int vcpus, int gib, const char *rest)
{
  return g_strdup_printf("<domain type='kvm'>\n"
                         "  <name>%s</name>\n"
                         "  <memory unit='GiB'>%d</memory>\n"
                         "  <vcpu placement='static'>%d</vcpu>\n"
                         "%s"
                         "  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>\n"
                         "</domain>\n",
                         name, gib, vcpus, rest);
}

/* Each thread on `cpus`, all memory on the node. */
static inline void run_on(KtDomain *d, const char *cpus, int node)
{
  KtRuntime *r = kt_domain_runtime(d);
  r->pid = 4000;
  for (int i = 0; i < d->vcpus.value; i++) {
    KtThread *t = kt_runtime_add_thread(r, 4001 + i, "CPU/KVM");
    t->vcpu = i;
    t->affinity = set(cpus);
    t->last_cpu = KT_INT(kt_set_next(t->affinity, 0));
    t->run_pct = KT_NUM(20);
    t->wait_pct = KT_NUM(0);
  }
  kt_runtime_add_memory(r, node, d->memory_kib.value);
}

static inline KtPlan *build(const KtSnapshot *snapshot, const KtPlanOptions *options)
{
  g_autoptr(GError) error = NULL;
  KtPlan *plan = kt_plan_build(snapshot, options, &error);
  g_assert_no_error(error);
  return plan;
}

static inline const KtChange *find_change(const KtPlan *plan, const char *id)
{
  for (guint i = 0; i < plan->changes->len; i++)
    if (g_str_equal(((const KtChange *)plan->changes->pdata[i])->id, id))
      return plan->changes->pdata[i];
  return NULL;
}

static inline const char *edit_after(const KtChange *change, const char *where)
{
  g_assert_nonnull(change);
  for (guint i = 0; i < change->edits->len; i++) {
    const KtEdit *edit = change->edits->pdata[i];
    if (g_str_equal(edit->where, where))
      return edit->after;
  }
  return NULL;
}

#define GOOD_CPU "  <cpu mode='host-passthrough'><topology sockets='1' dies='1' cores='4' threads='1'/></cpu>\n"
#define PAIRS "<topology sockets='1' dies='1' cores='2' threads='2'/>"

static inline char *pinned(const char *name, const char *const *cpus, const char *topology)
{
  g_autoptr(GString) rest = g_string_new("  <cputune>\n");
  for (guint i = 0; cpus[i]; i++)
    g_string_append_printf(rest, "    <vcpupin vcpu='%u' cpuset='%s'/>\n", i, cpus[i]);
  g_string_append_printf(rest,
                         "  </cputune>\n  <numatune><memory mode='strict' nodeset='1'/></numatune>\n"
                         "  <features><kvm><hint-dedicated state='on'/></kvm></features>\n"
                         "  <cpu mode='host-passthrough'>%s</cpu>\n",
                         topology);
  return definition(name, (int)g_strv_length((char **)cpus), 8, rest->str);
}
