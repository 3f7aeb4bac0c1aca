/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests that stay where they are, as their memory cannot move or somebody else books it, and what may be done with
 * them all the same. */
#include "base/i18n.h"
#include "plan/build.h"
#include "plan/parts.h"

#define GIB_KIB (1024 * 1024)

const char *kt_plan_why_stuck(const KtDomain *d)
{
  if (d->hostdevs->len)
    return N_("a passed-through device holds its memory (VFIO)");
  if (d->launch_security)
    return N_("its memory is encrypted");
  if (d->memory_locked)
    return N_("its memory is locked");
  if (d->hugepages && kt_int_is(d->hugepage_kib, GIB_KIB))
    return N_("it is on 1 GiB pages");
  return NULL;
}

/* Managers that place their guests themselves. Proxmox does not: there, too, a person says what goes where. */
static const struct {
  const char *books, *places;
} kept_by[KT_MANAGERS] = {
    [KT_MANAGER_NOVA] = {N_("Nova has booked its CPUs and memory, and would book them twice"),
                         N_("Nova places it, and rewrites what is changed here")},
    [KT_MANAGER_OVIRT] = {N_("oVirt has booked its CPUs and memory, and would book them twice"),
                          N_("oVirt places it, and rewrites what is changed here")},
    [KT_MANAGER_KUBEVIRT] = {N_("KubeVirt has booked its CPUs and memory, and would book them twice"),
                             N_("KubeVirt places it, and rewrites what is changed here")},
    [KT_MANAGER_OPENNEBULA] = {N_("OpenNebula has booked its CPUs and memory, and would book them twice"),
                               N_("OpenNebula places it, and rewrites what is changed here")},
};

gboolean kt_plan_is_kept(const KtDomain *d)
{
  return kept_by[d->manager].places != NULL;
}

const char *kt_plan_why_fixed(const KtDomain *d)
{
  if (kt_plan_is_kept(d))
    return kt_domain_is_booked(d) ? kept_by[d->manager].books : kept_by[d->manager].places;
  return d->runtime ? kt_plan_why_stuck(d) : NULL;
}

char *kt_plan_warn_managed(KtManager manager)
{
  return g_strdup_printf(_("%s does not know of it and may place others there; its next start ends it, a live "
                           "migration takes it along (roll it back first)"),
                         kt_manager_names[manager]);
}

/* ---- narrower, while it runs ---- */

/* All of its vCPUs may run there now. Empty: none, or that is not known. */
static KtSet *common_mask(const KtDomain *d)
{
  KtSet *mask = NULL;
  for (guint i = 0; i < d->runtime->threads->len; i++) {
    const KtThread *thread = d->runtime->threads->pdata[i];
    if (thread->vcpu < 0)
      continue;
    if (!mask)
      mask = thread->affinity ? kt_set_copy(thread->affinity) : kt_set_new();
    else if (thread->affinity)
      kt_set_keep_only(mask, thread->affinity);
    else
      kt_set_remove_all(mask, mask);
  }
  return mask ? mask : kt_set_new();
}

/* Of a node, where its memory may come and the CPUs are worth its load: those; else none. */
static KtSet *usable_of(const KtDomain *d, const KtPlaceGuest *guest, const KtMachine *host, const KtNode *node,
                        const KtSet *allowed)
{
  const KtSet *mems = d->runtime->cpuset_mems;
  g_autoptr(KtSet) others = kt_set_copy(node->cpus);
  KtSet *own = kt_set_copy(node->cpus);
  kt_set_remove_all(others, allowed);
  kt_set_keep_only(own, allowed);
  if ((mems && !kt_set_has(mems, (guint)node->id)) || kt_plan_worth_of(host, node, others) < guest->demand_cores)
    kt_set_remove_all(own, own);
  return own;
}

/* What it suffers from now; what its definition lacks is its manager's to say. */
static gboolean suffers(const KtDomain *d, const GPtrArray *diagnoses)
{
  static const char *const ids[] = {"H20", "H40", "H45"};
  for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
    if (kt_plan_fires(diagnoses, d, ids[i]))
      return TRUE;
  return FALSE;
}

/* What its definition says has to be known, and that it floats by it: without one it is transient. */
static gboolean may_narrow(const KtPlanSubject *subject, const KtPlaceGuest *guest)
{
  const KtDomain *d = subject->domain;
  return d->manager == KT_MANAGER_NOVA && !subject->left && !subject->namesake && d->runtime && d->definition &&
         !kt_domain_is_booked(d) && !kt_plan_why_stuck(d) && guest->started && guest->cells == 1 &&
         guest->policy == KT_PLACE_SHARED;
}

void kt_plan_let_narrow(KtPlanSubject *subject, KtPlaceGuest *guest, const GPtrArray *diagnoses, const KtMachine *host,
                        const KtPlanOptions *options)
{
  if (!may_narrow(subject, guest) || !suffers(subject->domain, diagnoses))
    return;
  if (!options->floating) {
    subject->fixed = N_("Nova places it; which CPUs it may be narrowed to is not known without its nova.conf (--conf)");
    return;
  }
  const KtSet *no_guests[] = {options->closed, options->reserved};
  g_autoptr(KtSet) mask = common_mask(subject->domain);
  g_autoptr(KtSet) usable = kt_set_new();
  kt_set_keep_only(mask, options->floating);
  if (host->online_set)
    kt_set_keep_only(mask, host->online_set);
  for (guint i = 0; i < G_N_ELEMENTS(no_guests); i++)
    if (no_guests[i])
      kt_set_remove_all(mask, no_guests[i]);
  for (guint i = 0; i < host->nodes->len; i++) {
    g_autoptr(KtSet) own = usable_of(subject->domain, guest, host, host->nodes->pdata[i], mask);
    kt_set_add_all(usable, own);
  }
  if (kt_set_is_empty(usable))
    return;
  guest->allowed = g_steal_pointer(&usable);
  guest->movable = TRUE;
  subject->narrow = TRUE;
  subject->fixed = NULL;
}
