/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fired, and no change of the plan cures: a person has to know of it. */
#include <string.h>

#include "base/i18n.h"
#include "plan/parts.h"

/* By its own changes, or by one of the host, which are the first. */
static gboolean is_cured(const KtPlan *plan, guint first, const char *id)
{
  for (guint i = 0; i < plan->changes->len; i++)
    if ((i >= first || !((const KtChange *)plan->changes->pdata[i])->domain) &&
        g_ptr_array_find_with_equal_func(((const KtChange *)plan->changes->pdata[i])->reasons, id, g_str_equal, NULL))
      return TRUE;
  return FALSE;
}

/* The remedy for those who define the subject, else its first. */
static char *first_line(const KtFinding *finding, const KtSubject *s)
{
  const KtDomain *d = s->domain;
  KtManager manager = d ? d->manager : KT_MANAGER_NONE;
  KtLayer layer = !d                              ? KT_LAYER_HOST
                  : manager == KT_MANAGER_NOVA    ? KT_LAYER_NOVA
                  : manager == KT_MANAGER_PROXMOX ? KT_LAYER_PROXMOX
                                                  : KT_LAYER_LIBVIRT;
  const KtRemedy *remedies = finding->check->remedies, *chosen = remedies;
  for (guint i = 0; i < KT_MAX_REMEDIES && remedies[i].action; i++)
    if (remedies[i].layer == layer) {
      chosen = &remedies[i];
      break;
    }
  if (!chosen->action)
    return NULL;
  char *action = kt_finding_action(finding, chosen);
  action[strcspn(action, "\n")] = '\0';
  if (!manager || layer != KT_LAYER_LIBVIRT)
    return action;
  g_autofree char *line = action;
  return g_strdup_printf(_("only %s can change that for good; in libvirt's words: %s"), kt_manager_names[manager],
                         line);
}

void kt_plan_leave(KtPlan *plan, const KtDiagnosis *diagnosis, guint first)
{
  for (guint i = 0; diagnosis && i < diagnosis->findings->len; i++) {
    const KtFinding *finding = diagnosis->findings->pdata[i];
    const KtDomain *d = diagnosis->subject.domain;
    if (finding->echo_of || is_cured(plan, first, finding->check->id))
      continue;
    g_autofree char *remedy = first_line(finding, &diagnosis->subject);
    kt_plan_add_left(plan, finding->check->id, d ? d->name : NULL, finding->title, remedy);
  }
}
