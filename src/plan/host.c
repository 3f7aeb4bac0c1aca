/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Knobs of the host that findings ask for: one value each. What takes judgement or a person's hands is in the doctor's
 * remedies. */
#include <string.h>

#include "base/i18n.h"
#include "plan/build.h"
#include "plan/parts.h"

static const struct {
  const char *check;
  KtAct act;
  const char *where, *setting, *after; /* where: as in KtEdit; setting: its name in KtMachine's settings */
  const char *title, *why;
} knobs[] = {
    {"H22", KT_ACT_SYSCTL, "kernel.numa_balancing", "kernel.numa_balancing", "0", N_("automatic NUMA balancing off"),
     N_("It moves pages against the pins, or back and forth in guests wider than a node. Guests without pins lose it "
        "too.")},
    {"H25", KT_ACT_SYSCTL, "vm.zone_reclaim_mode", "vm.zone_reclaim_mode", "0",
     N_("no reclaim before another node is used"),
     N_("A full node drops its caches instead of using free memory next door.")},
    {"H27", KT_ACT_SYSFS, "sys/kernel/mm/transparent_hugepage/shmem_enabled",
     "/sys/kernel/mm/transparent_hugepage/shmem_enabled", "advise", N_("huge pages for shared guest memory"),
     N_("Guests whose memory is shared (memfd, vhost-user, virtiofs) run on 4 KiB pages.")},
};

gboolean kt_plan_is_knob(KtAct act, const char *where)
{
  for (guint i = 0; i < G_N_ELEMENTS(knobs); i++)
    if (knobs[i].act == act && g_str_equal(knobs[i].where, where))
      return TRUE;
  return FALSE;
}

gboolean kt_plan_is_place(const char *where)
{
  static const char *const parts[] = {"clock", "cpu", "cputune", "features", "numatune", "vcpu"};
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
    gsize length = strlen(parts[i]);
    if (strncmp(where, parts[i], length) == 0 && (!where[length] || where[length] == '/'))
      return TRUE;
  }
  return FALSE;
}

void kt_plan_host(KtPlan *plan, const KtDiagnosis *diagnosis)
{
  for (guint i = 0; diagnosis && i < G_N_ELEMENTS(knobs); i++) {
    for (guint k = 0; k < diagnosis->findings->len; k++) {
      const KtFinding *finding = diagnosis->findings->pdata[k];
      const char *before = kt_machine_setting(diagnosis->subject.machine, knobs[i].setting);
      if (!g_str_equal(finding->check->id, knobs[i].check) || !before || g_str_equal(before, knobs[i].after))
        continue;
      KtChange *change = kt_plan_add_change(plan, knobs[i].act, NULL, NULL, knobs[i].where);
      kt_change_add_reason(change, knobs[i].check);
      kt_change_add_edit(change, knobs[i].where, before, knobs[i].after);
      change->title = g_strdup(kt_tr(knobs[i].title));
      change->why = g_strdup(kt_tr(knobs[i].why));
      change->risk = kt_risk_parse(finding->check->risk);
      change->undo = g_strdup_printf("%s = %s", knobs[i].where, before);
      break;
    }
  }
}
