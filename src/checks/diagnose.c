/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/check.h"
#include "checks/order.h"
#include "model/predict.h"

static void diagnosis_free(gpointer data)
{
  KtDiagnosis *d = data;
  g_ptr_array_unref(d->findings);
  g_ptr_array_unref(d->accepted);
  g_ptr_array_unref(d->unknown);
  g_ptr_array_unref(d->fine);
  kt_machine_free(d->prediction);
  g_free(d);
}

static KtOn hypervisor_of(const KtSubject *s)
{
  if (s->domain || s->flavor)
    return KT_ON_KVM;
  const char *hypervisor = s->machine->hypervisor;
  if (!hypervisor || s->machine->role != KT_ROLE_GUEST)
    return KT_ON_KVM;
  if (g_str_equal(hypervisor, "kvm") || g_str_equal(hypervisor, "qemu"))
    return KT_ON_KVM;
  return g_str_equal(hypervisor, "vmware") ? KT_ON_VMWARE : KT_ON_OTHER;
}

static gboolean is_x86(const KtSubject *s)
{
  if (s->domain)
    return kt_domain_is_x86(s->domain);
  if (s->machine)
    return kt_machine_is_x86(s->machine);
  return TRUE;
}

static gboolean applies(const KtCheck *check, const KtSubject *s)
{
  if (!(check->applies & s->kind))
    return FALSE;
  if (check->hypervisors && !(check->hypervisors & hypervisor_of(s)))
    return FALSE;
  return !check->x86_only || is_x86(s);
}

static void look(KtDiagnosis *d, const KtCheck *check)
{
  if (!check->run || !applies(check, &d->subject))
    return;
  KtFinding *finding = kt_finding_new(check);
  check->run(&d->subject, finding);
  switch (finding->state) {
  case KT_FIRED:
    g_ptr_array_add(d->findings, finding);
    break;
  case KT_CANNOT_TELL:
    g_ptr_array_add(d->unknown, finding);
    break;
  case KT_FINE:
    g_ptr_array_add(d->fine, finding);
    break;
  default:
    kt_finding_free(finding);
  }
}

gboolean kt_check_fires(const char *id, const KtSubject *s)
{
  const KtCheck *check = kt_check_find(id);
  if (!check || !check->run || !applies(check, s))
    return FALSE;
  g_autoptr(KtFinding) finding = kt_finding_new(check);
  check->run(s, finding);
  return finding->state == KT_FIRED;
}

static KtDiagnosis *diagnosis_new(const KtSnapshot *snapshot, KtFor kind, const char *name)
{
  KtDiagnosis *d = g_new0(KtDiagnosis, 1);
  d->subject = (KtSubject){.kind = kind, .snapshot = snapshot, .name = name};
  d->findings = g_ptr_array_new_with_free_func((GDestroyNotify)kt_finding_free);
  d->accepted = g_ptr_array_new_with_free_func((GDestroyNotify)kt_finding_free);
  d->unknown = g_ptr_array_new_with_free_func((GDestroyNotify)kt_finding_free);
  d->fine = g_ptr_array_new_with_free_func((GDestroyNotify)kt_finding_free);
  return d;
}

static KtFor kind_of_machine(const KtMachine *m)
{
  switch (m->role) {
  case KT_ROLE_GUEST:
    return KT_FOR_GUEST;
  case KT_ROLE_HOST:
    return m->hypervisor && !g_str_equal(m->hypervisor, "none") ? KT_FOR_NESTED_HOST : KT_FOR_HOST;
  default:
    return KT_FOR_UNTOLD;
  }
}

/* The machine of the snapshot that `m` may be measured against: a guest of
 * another hypervisor with as many CPUs and more than one node. */
static const KtMachine *find_reference(const KtSnapshot *snapshot, const KtMachine *m)
{
  if (m->role != KT_ROLE_GUEST || !m->hypervisor || g_str_equal(m->hypervisor, "vmware"))
    return NULL;
  for (guint i = 0; i < snapshot->machines->len; i++) {
    const KtMachine *other = snapshot->machines->pdata[i];
    if (other != m && other->role == KT_ROLE_GUEST && other->hypervisor &&
        !g_str_equal(other->hypervisor, m->hypervisor) && other->cpus.known && m->cpus.known &&
        other->cpus.value == m->cpus.value)
      return other;
  }
  return NULL;
}

/* The machine that a domain runs on: the host, or, whatever its role, the one whose processes were looked at. */
static const KtMachine *host_of(const KtSnapshot *snapshot, const KtDomain *d)
{
  const KtMachine *host = kt_snapshot_host_of(snapshot, d),
                  *only = snapshot->machines->len == 1 ? snapshot->machines->pdata[0] : NULL;
  return !host && only && only->live && d->runtime ? only : host;
}

static void view_free(gpointer data)
{
  KtSnapshot *view = data;
  g_ptr_array_unref(view->domains);
  g_free(view);
}

/* What there is around one of several hosts: its own domains, and those of no host that is known. */
static const KtSnapshot *view_of(GHashTable *views, const KtSnapshot *snapshot, const KtMachine *host)
{
  KtSnapshot *view = g_hash_table_lookup(views, host);
  if (view)
    return view;
  view = g_memdup2(snapshot, sizeof(*snapshot));
  view->domains = g_ptr_array_new();
  for (guint i = 0; i < snapshot->domains->len; i++) {
    KtDomain *d = snapshot->domains->pdata[i];
    if (!d->host || d->host == host)
      g_ptr_array_add(view->domains, d);
  }
  g_hash_table_insert(views, (gpointer)host, view);
  return view;
}

static void run_all(KtDiagnosis *d, GHashTable *views)
{
  guint n;
  const KtCheck *const *checks = kt_checks(&n);
  const KtSnapshot *snapshot = d->subject.snapshot;
  if (d->subject.host)
    d->subject.snapshot = view_of(views, snapshot, d->subject.host);
  for (guint i = 0; i < n; i++)
    look(d, checks[i]);
  d->subject.snapshot = snapshot;
  kt_findings_order(d->findings);
}

GPtrArray *kt_diagnose(const KtSnapshot *snapshot, const KtMachine *reference)
{
  GPtrArray *all = g_ptr_array_new_with_free_func(diagnosis_free);
  const KtMachine *host = kt_snapshot_host(snapshot);
  g_autoptr(GHashTable) views = g_hash_table_new_full(NULL, NULL, NULL, view_free);
  for (guint i = 0; i < snapshot->machines->len; i++) {
    const KtMachine *m = snapshot->machines->pdata[i];
    KtDiagnosis *d = diagnosis_new(snapshot, kind_of_machine(m), m->name);
    d->subject.machine = m;
    d->subject.guest = m->role == KT_ROLE_GUEST ? m : NULL;
    d->subject.host = m->role == KT_ROLE_HOST ? m : NULL;
    d->subject.reference = reference ? reference : find_reference(snapshot, m);
    run_all(d, views);
    g_ptr_array_add(all, d);
  }
  for (guint i = 0; i < snapshot->domains->len; i++) {
    const KtDomain *domain = snapshot->domains->pdata[i];
    KtDiagnosis *d = diagnosis_new(snapshot, KT_FOR_DOMAIN, domain->name);
    d->subject.domain = domain;
    d->subject.host = host_of(snapshot, domain);
    d->prediction = kt_predict_guest(domain, d->subject.host);
    d->subject.guest = d->prediction;
    d->subject.predicted = TRUE;
    d->subject.reference = reference;
    run_all(d, views);
    g_ptr_array_add(all, d);
  }
  for (guint i = 0; i < snapshot->flavors->len; i++) {
    const KtFlavor *flavor = snapshot->flavors->pdata[i];
    KtDiagnosis *d = diagnosis_new(snapshot, KT_FOR_FLAVOR, flavor->name);
    d->subject.flavor = flavor;
    d->subject.host = host;
    run_all(d, views);
    g_ptr_array_add(all, d);
  }
  return all;
}

int kt_diagnoses_worst(const GPtrArray *diagnoses)
{
  int worst = 0;
  for (guint i = 0; i < diagnoses->len; i++) {
    const KtDiagnosis *d = diagnoses->pdata[i];
    for (guint j = 0; j < d->findings->len; j++)
      worst = MAX(worst, ((const KtFinding *)d->findings->pdata[j])->severity);
  }
  return worst;
}
