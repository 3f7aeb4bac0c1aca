/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the host's rows: a two-socket host and running guests, in code. */
#pragma once
#include "check_fixture.h"

static inline KtSet *set(const char *list)
{
  KtSet *s = kt_set_parse(list, NULL);
  g_assert_nonnull(s);
  return s;
}

/* Bare metal: 2 sockets, 2 nodes of 32 GiB, 4 cores each, 2 threads: CPUs 0-3,8-11
 * and 4-7,12-15; siblings n and n + 8. Belongs to the snapshot. */
static inline KtMachine *host_new(KtSnapshot *snapshot)
{
  static const char *const cpus[] = {"0-3,8-11", "4-7,12-15"};
  KtMachine *m = kt_machine_new();
  m->role = KT_ROLE_HOST;
  m->hypervisor = g_strdup("none");
  m->arch = g_strdup("x86_64");
  m->cpu_vendor = g_strdup("GenuineIntel");
  m->cpu_flags = g_strdup("fpu constant_tsc nonstop_tsc vmx ept");
  m->cpu_family = KT_INT(6);
  m->cpu_model = KT_INT(106);
  m->cpus = m->online = KT_INT(16);
  m->sockets = KT_INT(2);
  m->cores_per_socket = KT_INT(4);
  m->threads_per_core = KT_INT(2);
  m->node_count = KT_INT(2);
  m->online_set = set("0-15");
  for (int i = 0; i < 2; i++) {
    KtNode *node = kt_machine_node(m, i);
    node->cpus = set(cpus[i]);
    node->memory_kib = KT_INT(32 << 20);
    const int distances[2][2] = {{10, 21}, {21, 10}};
    g_array_append_vals(node->distances, distances[i], 2);
  }
  for (guint i = 0; i < 16; i++) {
    KtCpu *cpu = kt_machine_cpu(m, i);
    cpu->online = TRUE;
    cpu->siblings = kt_set_new();
    kt_set_add(cpu->siblings, i % 8);
    kt_set_add(cpu->siblings, i % 8 + 8);
  }
  g_ptr_array_add(snapshot->machines, m);
  return m;
}

static inline KtDomain *domain_new(KtSnapshot *snapshot, const char *name, int vcpus, int gib)
{
  KtDomain *d = kt_domain_new("test.xml");
  d->name = g_strdup(name);
  d->type = g_strdup("kvm");
  d->vcpus = KT_INT(vcpus);
  d->memory_kib = KT_INT((gint64)gib << 20);
  g_ptr_array_add(snapshot->domains, d);
  return d;
}

/* A running guest; vCPU i may use the i-th of `pins` (the last one serves the
 * rest), ran last on its first CPU, and used so many percent of it. */
static inline KtDomain *guest_running(KtSnapshot *snapshot, const char *name, int vcpus, int gib,
                                      const char *const *pins, double run)
{
  KtDomain *d = domain_new(snapshot, name, vcpus, gib);
  KtRuntime *r = kt_domain_runtime(d);
  r->pid = 4000;
  for (int i = 0, p = 0; i < vcpus; i++) {
    KtThread *t = kt_runtime_add_thread(r, 4001 + i, "CPU/KVM");
    t->vcpu = i;
    t->affinity = set(pins[p]);
    t->last_cpu = KT_INT(kt_set_next(t->affinity, 0));
    t->run_pct = KT_NUM(run);
    t->wait_pct = KT_NUM(0);
    if (pins[p + 1])
      p++;
  }
  return d;
}

static inline KtThread *thread_of(KtDomain *d, guint i)
{
  return d->runtime->threads->pdata[i];
}

static inline KtSubject host_subject(const KtSnapshot *snapshot, const KtMachine *m)
{
  return (KtSubject){.kind = KT_FOR_HOST, .name = "host", .snapshot = snapshot, .machine = m, .host = m};
}

static inline KtSubject domain_subject(const KtSnapshot *snapshot, const KtDomain *d, const KtMachine *host)
{
  return (KtSubject){
      .kind = KT_FOR_DOMAIN, .name = d->name, .snapshot = snapshot, .domain = d, .host = host, .predicted = TRUE};
}

static inline void assert_state(const char *id, const KtSubject *s, KtState state)
{
  g_autoptr(KtFinding) f = run_check(id, s);
  g_assert_cmpint(f->state, ==, state);
}

/* Fires with this severity, and the title says this. */
static inline void assert_fires(const char *id, const KtSubject *s, int severity, const char *title)
{
  g_autoptr(KtFinding) f = run_check(id, s);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_cmpint(f->severity, ==, severity);
  if (!strstr(f->title, title))
    g_error("%s says '%s', not '%s'", id, f->title, title);
}

static inline void assert_cannot(const char *id, const KtSubject *s, const char *missing)
{
  g_autoptr(KtFinding) f = run_check(id, s);
  g_assert_cmpint(f->state, ==, KT_CANNOT_TELL);
  if (!strstr(f->missing, missing))
    g_error("%s misses '%s', not '%s'", id, f->missing, missing);
}

static inline void change_setting(KtMachine *m, const char *name, const char *value)
{
  g_hash_table_replace(m->settings, g_strdup(name), g_strdup(value));
}

static inline void change_text(char **slot, const char *value)
{
  g_free(*slot);
  *slot = g_strdup(value);
}
