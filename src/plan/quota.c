/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU time of a guest, while it runs and from its next start on. A quota is somebody's will; but one that grants a vCPU
 * all of its CPU was not meant to hold it back, and where the guest is throttled it does, by how the kernel hands it
 * out (scheduler/sched-bwc). */
#include "base/i18n.h"
#include "base/shell.h"
#include "plan/parts.h"

#define CHECK "H41"

/* Its period, which only counts for a quota, stays. */
static void define_without(const KtPlanWork *work, const KtChange *live)
{
  KtChange *change = kt_plan_change(work, KT_ACT_DOMXML, "quota-defined", CHECK);
  kt_change_add_edit(change, "cputune/quota", NULL, NULL);
  change->title = g_strdup(live->title);
  change->why = g_strdup(live->why);
  change->undo = kt_plan_undo_definition();
  change->risk |= KT_RISK_RESTART;
}

void kt_plan_quota(const KtPlanWork *work)
{
  const KtDomain *d = work->domain;
  if (!d->runtime || !kt_plan_asks(work, CHECK) || !d->cpu_quota_us.known || !d->cpu_period_us.known ||
      d->cpu_quota_us.value < d->cpu_period_us.value)
    return;
  g_autofree char *before = g_strdup_printf("%" G_GINT64_FORMAT, d->cpu_quota_us.value), *name = kt_shell_word(d->name);
  KtChange *change = kt_plan_change(work, KT_ACT_SCHEDULER, "quota", CHECK);
  kt_change_add_edit(change, "vcpu_quota", before, "-1");
  change->title = g_strdup(_("no CPU quota"));
  change->why = g_strdup(_("It grants each vCPU a whole CPU, and still stops all of them at the ends of periods."));
  change->undo = g_strdup_printf("virsh schedinfo %s --live --set vcpu_quota=%s", name, before);
  change->risk = KT_RISK_LIVE;
  if (!work->options->movable)
    define_without(work, change);
}
