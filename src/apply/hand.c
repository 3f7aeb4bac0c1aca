/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live actuator: libvirt, and files and processes of this machine. */
#include "apply/actuator.h"

#include <string.h>

#include "base/error.h"
#include "base/identity.h"
#include "config.h"

gboolean kt_actuator_call(KtActuator *self, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *call = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  if (self->called)
    self->called(call, self->data);
  return !self->dry;
}

void kt_actuator_free(KtActuator *self)
{
  if (self)
    self->free(self);
}

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <libvirt/virterror.h>

#include "apply/hand.h"
#include "evidence/evidence.h"
#include "evidence/libvirt_connect.h"
#include "evidence/libvirt_live.h"
#include "evidence/nova_conf_find.h"
#include "evidence/process.h"

static const KtHandKind *const kinds[KT_STEPS] = {
    [KT_STEP_SYSCTL] = &kt_hand_sysctl,           [KT_STEP_SYSFS] = &kt_hand_sysfs,
    [KT_STEP_VCPUPIN] = &kt_hand_vcpupin,         [KT_STEP_EMULATORPIN] = &kt_hand_emulatorpin,
    [KT_STEP_IOTHREADPIN] = &kt_hand_iothreadpin, [KT_STEP_SCHEDULER] = &kt_hand_scheduler,
    [KT_STEP_NODESET] = &kt_hand_nodeset,         [KT_STEP_MEMORY] = &kt_hand_memory,
    [KT_STEP_DEFINITION] = &kt_hand_definition,   [KT_STEP_GUEST] = &kt_hand_guest,
    [KT_STEP_RESTART] = &kt_hand_restart,
};

/* ---- connections, domains, processes ---- */

virConnectPtr kt_hand_connection(KtHand *hand, gboolean writing, GError **error)
{
  virConnectPtr *slot = writing ? &hand->writing : &hand->reading;
  if (*slot && virConnectIsAlive(*slot) == 1)
    return *slot;
  if (*slot)
    virConnectClose(*slot);
  g_autoptr(GError) failed = NULL;
  *slot = kt_libvirt_open(hand->uri, writing, &failed);
  if (failed) {
    /* No libvirt is no word about its guests: they go on running without it. */
    if (failed->code == KT_ERROR_NOT_FOUND)
      failed->code = KT_ERROR_SYSTEM;
    g_propagate_error(error, g_steal_pointer(&failed));
  }
  return *slot;
}

void kt_hand_set_error(GError **error, const char *name, const char *what)
{
  virErrorPtr last = virGetLastError();
  g_autofree char *of = g_strdup_printf("%s of domain '%s'", what, name);
  gboolean gone = last && last->code == VIR_ERR_NO_DOMAIN;
  kt_libvirt_set_error(error, of);
  if (gone && error && *error)
    (*error)->code = KT_ERROR_NOT_FOUND;
}

/* A connection may be dead, and not know it before it is used: the second time it is a new one. */
static virDomainPtr look_up(KtHand *hand, const char *name, const char *uuid, gboolean writing, GError **error)
{
  virConnectPtr *slot = writing ? &hand->writing : &hand->reading;
  for (gboolean again = FALSE;; again = TRUE) {
    virConnectPtr connection = kt_hand_connection(hand, writing, error);
    if (!connection)
      return NULL;
    virDomainPtr domain =
        uuid ? virDomainLookupByUUIDString(connection, uuid) : virDomainLookupByName(connection, name ? name : "");
    virErrorPtr last = domain ? NULL : virGetLastError();
    if (domain || again || (last && last->code == VIR_ERR_NO_DOMAIN))
      return domain;
    virConnectClose(g_steal_pointer(slot));
  }
}

virDomainPtr kt_hand_domain(KtHand *hand, const char *name, const char *uuid, gboolean writing, GError **error)
{
  g_autoptr(GError) failed = NULL;
  virDomainPtr domain = look_up(hand, name, uuid, writing, &failed);
  if (domain)
    return domain;
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return NULL;
  }
  virErrorPtr last = virGetLastError();
  if (last && last->code != VIR_ERR_NO_DOMAIN) {
    g_autofree char *what = g_strdup_printf("look for domain '%s'", name ? name : uuid);
    kt_libvirt_set_error(error, what);
    return NULL;
  }
  virConnectPtr connection = writing ? hand->writing : hand->reading;
  g_autoptr(virDomain) namesake = uuid && name ? virDomainLookupByName(connection, name) : NULL;
  gboolean proxmox = kt_root_exists(hand->root, "etc/pve/qemu-server") || kt_root_exists(hand->root, "run/qemu-server");
  g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "libvirt knows no domain '%s'%s%s%s", name ? name : uuid,
              uuid && name ? " of UUID " : "", uuid && name ? uuid : "",
              namesake  ? ": the one of that name is another"
              : proxmox ? "; guests of Proxmox are changed with qm set"
                        : "");
  return NULL;
}

virDomainPtr kt_hand_running(KtHand *hand, const KtStep *step, gboolean writing, GError **error)
{
  g_autoptr(virDomain) domain = kt_hand_domain(hand, step->domain, step->uuid, writing, error);
  if (!domain)
    return NULL;
  int active = virDomainIsActive(domain);
  if (active == 1)
    return g_steal_pointer(&domain);
  if (active < 0)
    kt_hand_set_error(error, step->domain, "ask for the state");
  else if (virDomainHasManagedSaveImage(domain, 0) == 1) /* which holds its live definition, pins and nodes too */
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM,
                "domain '%s' is saved on disk, and comes back as it was: start it first", step->domain);
  else
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "domain '%s' does not run", step->domain);
  return NULL;
}

char *kt_hand_xml(virDomainPtr domain, const char *name, guint flags, GError **error)
{
  char *xml = virDomainGetXMLDesc(domain, flags);
  if (!xml)
    kt_hand_set_error(error, name, "read the definition");
  return xml;
}

gboolean kt_hand_same_set(const KtStep *step, const char *wanted, const char *found)
{
  g_autoptr(KtSet) a = kt_set_parse(wanted, NULL);
  g_autoptr(KtSet) b = kt_set_parse(found, NULL);
  return a && b && kt_set_equal(a, b);
}

/* ---- what a domain is, and whose ---- */

static const KtNovaConf *nova_conf(KtHand *hand)
{
  if (hand->base.nova)
    return hand->base.nova;
  if (!hand->nova)
    hand->nova = kt_nova_conf_find(hand->root);
  return hand->nova->confs->len ? hand->nova->confs->pdata[0] : NULL;
}

static KtLook *look(KtActuator *self, const char *name, const char *uuid, GError **error)
{
  KtHand *hand = (KtHand *)self;
  g_autoptr(virDomain) domain = kt_hand_domain(hand, name, uuid, FALSE, error);
  if (!domain)
    return NULL;
  char *xml = kt_hand_xml(domain, name, 0, error);
  if (!xml)
    return NULL;
  g_autoptr(KtDomain) d = kt_guard_read(xml);
  free(xml);
  char own[VIR_UUID_STRING_BUFLEN] = "";
  virDomainGetUUIDString(domain, own);
  KtLook *l = kt_look_new(virDomainGetName(domain), own);
  unsigned int id = virDomainGetID(domain);
  l->id = id == (unsigned int)-1 ? -1 : (int)id;
  g_autofree char *boot = kt_identity_boot(hand->root);
  l->run = l->id >= 0 ? g_strdup_printf("id %d, boot %s", l->id, boot ? boot : "unknown") : NULL;
  l->persistent = virDomainIsPersistent(domain) == 1;
  l->cells = MAX(d->cells->len, 1);
  l->numatune = g_strdup(d->numatune_mode);
  l->stuck = g_strdup(kt_guard_stuck(d));
  int pid = l->id >= 0 ? kt_hand_process(hand, domain, NULL) : 0;
  g_autofree char *status = pid ? kt_root_read_linef(hand->root, "proc/%d/status", pid) : NULL;
  l->memory_nodes = kt_process_status(status, "Mems_allowed_list");
  return l;
}

static KtSet *online_cpus(KtHand *hand)
{
  g_autofree char *text = kt_root_read_line(hand->root, "sys/devices/system/cpu/online");
  return text ? kt_set_parse(text, NULL) : NULL;
}

static char *refuse_domain(KtHand *hand, const KtStep *step, char **warning)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(virDomain) domain = kt_hand_domain(hand, step->domain, step->uuid, FALSE, &error);
  if (!domain)
    return g_strdup(error->message);
  virDomainJobInfo job = {0};
  if (virDomainIsActive(domain) == 1 && virDomainGetJobInfo(domain, &job) == 0 &&
      (job.type == VIR_DOMAIN_JOB_BOUNDED || job.type == VIR_DOMAIN_JOB_UNBOUNDED))
    return g_strdup("libvirt is at work on it (a migration, backup or dump)");
  char *live = virDomainIsActive(domain) == 1 ? virDomainGetXMLDesc(domain, 0) : NULL;
  char *definition = virDomainIsPersistent(domain) == 1 ? virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE) : NULL;
  g_autoptr(KtSet) online = online_cpus(hand);
  const KtGuardSight sight = {.live = live, .definition = definition, .online = online, .nova = nova_conf(hand)};
  char *why = kt_guard_refuses(&sight, step, warning);
  free(live);
  free(definition);
  return why;
}

static char *refuses(KtActuator *self, const KtStep *step, const KtLook *seen, char **warning)
{
  if (warning)
    *warning = NULL;
  if (step->kind == KT_STEP_SYSCTL || step->kind == KT_STEP_SYSFS)
    return kt_hand_refuse_knob((KtHand *)self, step);
  return refuse_domain((KtHand *)self, step, warning);
}

/* ---- the table's use ---- */

static const KtHandKind *kind_of(const KtStep *step, GError **error)
{
  const KtHandKind *kind = step->kind < KT_STEPS ? kinds[step->kind] : NULL;
  if (!kind)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "steps of this kind are not done here");
  return kind;
}

static char *read_step(KtActuator *self, const KtStep *step, GError **error)
{
  const KtHandKind *kind = kind_of(step, error);
  return kind ? kind->read((KtHand *)self, step, error) : NULL;
}

static gboolean write_step(KtActuator *self, const KtStep *step, const char *value, GError **error)
{
  const KtHandKind *kind = kind_of(step, error);
  return kind && kind->write((KtHand *)self, step, value, error);
}

static gboolean reached(KtActuator *self, const KtStep *step, const char *wanted, const char *found)
{
  const KtHandKind *kind = kind_of(step, NULL);
  if (!kind || !kind->reached || !wanted || !found)
    return g_strcmp0(wanted, found) == 0;
  return kind->reached(step, wanted, found);
}

static void hand_free(KtActuator *self)
{
  KtHand *hand = (KtHand *)self;
  if (hand->reading)
    virConnectClose(hand->reading);
  if (hand->writing)
    virConnectClose(hand->writing);
  g_clear_pointer(&hand->root, kt_root_unref);
  g_clear_pointer(&hand->nova, kt_snapshot_free);
  g_hash_table_unref(hand->pids);
  g_free(hand->uri);
  g_free(hand);
}

KtActuator *kt_actuator_new(const char *uri, const char *root, GError **error)
{
  KtRoot *tree = kt_root_open(root ? root : "/", error);
  if (!tree)
    return NULL;
  kt_libvirt_prepare();
  KtHand *hand = g_new0(KtHand, 1);
  hand->base = (KtActuator){.read = read_step,
                            .write = write_step,
                            .reached = reached,
                            .look = look,
                            .refuses = refuses,
                            .free = hand_free,
                            .restart_time = 300};
  hand->uri = g_strdup(uri);
  hand->root = tree;
  hand->pids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  return &hand->base;
}

#else

KtActuator *kt_actuator_new(const char *uri, const char *root, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot talk to libvirt");
  return NULL;
}

#endif
