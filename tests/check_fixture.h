/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of checks: one row run on a subject made in code. */
#pragma once
#include "checks/check.h"

static inline KtFinding *run_check(const char *id, const KtSubject *s)
{
  const KtCheck *check = kt_check_find(id);
  g_assert_nonnull(check);
  g_assert_nonnull(check->run);
  KtFinding *finding = kt_finding_new(check);
  check->run(s, finding);
  return finding;
}

static inline KtSubject guest_subject(const KtSnapshot *snapshot, const KtMachine *m)
{
  return (KtSubject){.kind = KT_FOR_GUEST, .name = "guest", .snapshot = snapshot, .machine = m, .guest = m};
}

/* A guest with n nodes of cpus / n CPUs each. */
static inline KtMachine *guest_new(int cpus, int nodes)
{
  KtMachine *m = kt_machine_new();
  m->role = KT_ROLE_GUEST;
  m->hypervisor = g_strdup("kvm");
  m->cpu_vendor = g_strdup("GenuineIntel");
  m->cpus = KT_INT(cpus);
  m->node_count = KT_INT(nodes);
  for (int i = 0; i < nodes; i++) {
    KtNode *node = kt_machine_node(m, i);
    node->cpus = kt_set_new();
    for (int c = 0; c < cpus / nodes; c++)
      kt_set_add(node->cpus, (guint)(i * (cpus / nodes) + c));
  }
  return m;
}

static inline gboolean says(const KtFinding *f, const char *part)
{
  for (guint i = 0; i < f->evidence->len; i++)
    if (strstr(((const KtCite *)f->evidence->pdata[i])->text, part))
      return TRUE;
  return FALSE;
}
