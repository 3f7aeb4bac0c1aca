/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/guard.h"

#include <string.h>

#include "base/i18n.h"
#include "config.h"
#include "evidence/domain_parts.h"
#include "evidence/domain_xml.h"
#include "plan/build.h"

#define GIB_KIB 1048576

/* How a change that lasts is made. */
static const char *const instead[KT_MANAGERS] = {
    [KT_MANAGER_NOVA] = "it takes the definition from flavor, image and nova.conf at each hard reboot: change those",
    [KT_MANAGER_OVIRT] = "its engine writes the definition at each start: change the virtual machine there",
    [KT_MANAGER_KUBEVIRT] = "it writes the definition at each start: change the VirtualMachine object",
    [KT_MANAGER_OPENNEBULA] = "it writes the definition at each start: change the virtual machine's template",
    [KT_MANAGER_PROXMOX] = "it makes the command line anew at each start: change it with qm set",
};

KtDomain *kt_guard_read(const char *xml)
{
  KtDomain *domain = kt_domain_new("libvirt");
#if HAVE_LIBXML2
  g_autoptr(KtXml) document = kt_xml_parse("libvirt", xml);
  if (document->root)
    kt_domain_xml_read(domain, document, document->root);
#else
  domain->manager = kt_manager_of(xml);
#endif
  return domain;
}

const char *kt_guard_stuck(const KtDomain *domain)
{
  if (domain->hostdevs->len)
    return N_("VFIO pins it");
  if (domain->launch_security)
    return N_("it is encrypted");
  if (domain->memory_locked)
    return N_("it is locked");
  if (domain->hugepages && kt_int_is(domain->hugepage_kib, GIB_KIB))
    return N_("it is on 1 GiB pages");
  return NULL;
}

/* ---- who has booked what ---- */

/* Whose it is would not be known of what is read in part, or not at all. */
static gboolean is_read(const KtDomain *domain)
{
  return domain->name && !domain->cut;
}

/* Pins that were given while it ran are not the manager's: its definition counts. */
static gboolean is_booked(const KtGuardSight *sight)
{
  g_autoptr(KtDomain) domain = kt_guard_read(sight->definition);
  return !is_read(domain) || kt_domain_is_booked(domain);
}

/* Of Nova's "0-7,^3": what it takes out is out wherever that stands. NULL: it is no list. */
static KtSet *set_of(const char *text)
{
  g_autoptr(KtSet) in = kt_set_new();
  g_autoptr(KtSet) out = kt_set_new();
  g_auto(GStrv) parts = g_strsplit(text, ",", -1);
  for (guint i = 0; parts[i]; i++) {
    const char *part = g_strstrip(parts[i]);
    g_autoptr(KtSet) some = kt_set_parse(*part == '^' ? part + 1 : part, NULL);
    if (!some)
      return NULL;
    kt_set_add_all(*part == '^' ? out : in, some);
  }
  kt_set_remove_all(in, out);
  return g_steal_pointer(&in);
}

KtSet *kt_guard_nova_cpus(const KtNovaConf *nova, const KtSet *online, gboolean *known)
{
  static const char *const keys[] = {"DEFAULT/vcpu_pin_set",
                                     "compute/cpu_shared_set"}; /* with both the old one holds */
  *known = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    const char *text = g_hash_table_lookup(nova->values, keys[i]);
    KtSet *cpus = text && *text ? set_of(text) : NULL;
    *known = !text || !*text || cpus;
    if (cpus || !*known)
      return cpus;
  }
  const char *text = g_hash_table_lookup(nova->values, "compute/cpu_dedicated_set");
  if (!text || !*text)
    return NULL;
  g_autoptr(KtSet) dedicated = set_of(text);
  *known = dedicated && online;
  if (!*known)
    return NULL;
  KtSet *cpus = kt_set_copy(online);
  kt_set_remove_all(cpus, dedicated);
  return cpus;
}

/* ---- the judgement ---- */

static char *refuse_pin(const KtGuardSight *sight, const KtStep *step, KtManager manager)
{
  g_autoptr(KtSet) after = kt_set_parse(step->after ? step->after : "", NULL);
  g_autoptr(KtSet) before = step->before ? kt_set_parse(step->before, NULL) : NULL;
  if (!after || kt_set_is_empty(after))
    return g_strdup_printf("'%s' is no list of CPUs", step->after ? step->after : "");
  if (!before || !kt_set_contains(before, after))
    return g_strdup_printf("%s lets it run on the CPUs %s, and it may only be narrowed", kt_manager_names[manager],
                           step->before ? step->before : "that are not known");
  if (manager != KT_MANAGER_NOVA)
    return NULL;
  if (!sight->nova)
    return g_strdup("Nova manages it, and its nova.conf was not found: which CPUs are shared is not known");
  gboolean known;
  g_autoptr(KtSet) shared = kt_guard_nova_cpus(sight->nova, sight->online, &known);
  if (!known)
    return g_strdup("nova.conf names its CPUs in words that are no list");
  if (!shared || kt_set_contains(shared, after))
    return NULL;
  g_autofree char *text = kt_set_format(shared);
  return g_strdup_printf("Nova lets guests without CPUs of their own run on %s only (cpu_shared_set)", text);
}

static char *refuse_managed(const KtGuardSight *sight, const KtStep *step, KtManager manager, char **warning)
{
  if (step->kind == KT_STEP_DEFINITION)
    return g_strdup_printf("%s manages it: %s", kt_manager_names[manager], instead[manager]);
  if (step->kind == KT_STEP_RESTART)
    return g_strdup_printf("%s manages it, and would take it for switched off: restart it there",
                           kt_manager_names[manager]);
  if (step->kind == KT_STEP_SCHEDULER)
    return g_strdup_printf("%s gives it its CPU time: %s", kt_manager_names[manager], instead[manager]);
  if (step->kind == KT_STEP_GUEST)
    return NULL;
  if (manager == KT_MANAGER_NOVA && !sight->nova)
    return g_strdup("Nova manages it, and its nova.conf was not found: what it has booked is not known");
  if (!sight->definition) /* pins that were given while it ran stand beside the manager's */
    return g_strdup_printf("%s manages it, and it is transient: what is booked for it is not known",
                           kt_manager_names[manager]);
  if (is_booked(sight))
    return g_strdup_printf("%s has booked its CPUs and memory, and would book them twice", kt_manager_names[manager]);
  gboolean pin =
      step->kind == KT_STEP_VCPUPIN || step->kind == KT_STEP_EMULATORPIN || step->kind == KT_STEP_IOTHREADPIN;
  char *why = pin ? refuse_pin(sight, step, manager) : NULL;
  if (!why && warning)
    *warning = kt_plan_warn_managed(manager);
  return why;
}

char *kt_guard_refuses(const KtGuardSight *sight, const KtStep *step, char **warning)
{
  if (warning)
    *warning = NULL;
  if (!step->domain)
    return NULL;
  if (step->kind == KT_STEP_DEFINITION && !sight->definition)
    return g_strdup("it is transient: it has no definition that could be changed");
  if (step->kind != KT_STEP_DEFINITION && !sight->live)
    return g_strdup("it does not run");
  if (step->kind == KT_STEP_RESTART && !sight->definition)
    return g_strdup("it is transient: once shut down it would be gone");
  g_autoptr(KtDomain) domain = kt_guard_read(sight->live ? sight->live : sight->definition);
  if (!is_read(domain))
    return g_strdup("its definition cannot be read, and whose it is and what is booked for it is not known");
  const char *stuck = step->kind == KT_STEP_MEMORY ? kt_guard_stuck(domain) : NULL;
  if (stuck)
    return g_strdup_printf("its memory cannot be moved: %s", stuck);
  if (step->kind == KT_STEP_NODESET && domain->cells->len > 1)
    return g_strdup("it has several cells, and live numatune is one set of nodes for all of them");
  return domain->manager ? refuse_managed(sight, step, domain->manager, warning) : NULL;
}
