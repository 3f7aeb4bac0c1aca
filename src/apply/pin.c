/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the threads of a running domain may run. What counts is what the kernel lets them; where
 * there is no process to look at (libvirt's test driver) it is libvirt's word. */
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <stdlib.h>
#include <string.h>

#include <libvirt/virterror.h>

#include "apply/hand.h"
#include "base/error.h"
#include "base/units.h"
#include "evidence/process.h"

#define MAX_NUMBER 4096

/* ---- sets as libvirt's maps ---- */

static guint host_cpus(virDomainPtr domain)
{
  int cpus = virNodeGetCPUMap(virDomainGetConnect(domain), NULL, NULL, 0);
  return cpus > 0 ? MIN((guint)cpus, KT_SET_MAX) : 0;
}

static guchar *map_of(const KtSet *set, guint cpus)
{
  guchar *map = g_malloc0(VIR_CPU_MAPLEN(cpus));
  for (int cpu = kt_set_next(set, 0); cpu >= 0 && cpu < (int)cpus; cpu = kt_set_next(set, (guint)cpu + 1))
    VIR_USE_CPU(map, (guint)cpu);
  return map;
}

static KtSet *set_of(guchar *map, guint cpus)
{
  KtSet *set = kt_set_new();
  for (guint cpu = 0; cpu < cpus; cpu++)
    if (VIR_CPU_USED(map, cpu))
      kt_set_add(set, cpu);
  return set;
}

static gboolean number_of(const KtStep *step, guint *number, GError **error)
{
  guint64 n = 0;
  gboolean own = step->kind == KT_STEP_EMULATORPIN;
  gboolean ok = own || (kt_units_parse_count(step->where, &n) && n < MAX_NUMBER);
  *number = (guint)n;
  if (!ok)
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%s' is no number of a thread", step->where);
  return ok;
}

/* ---- what the kernel says ---- */

static gboolean is_thread(const KtStep *step, guint number, const KtThread *thread, int pid)
{
  if (step->kind == KT_STEP_VCPUPIN)
    return thread->vcpu == (int)number;
  if (step->kind == KT_STEP_EMULATORPIN)
    return thread->tid == pid;
  g_autofree char *name = g_strdup_printf("IO iothread%u", number);
  return thread->vcpu < 0 && g_strcmp0(thread->comm, name) == 0;
}

static KtSet *kernel_says(KtHand *hand, virDomainPtr domain, const KtStep *step, guint number)
{
  int pid = kt_hand_process(hand, domain, NULL);
  if (!pid)
    return NULL;
  g_autoptr(KtDomain) d = kt_domain_new("live");
  KtRootReading reading = {.root = hand->root};
  kt_process_read_threads(&reading, d, pid);
  for (guint i = 0; d->runtime && i < d->runtime->threads->len; i++) {
    const KtThread *thread = d->runtime->threads->pdata[i];
    if (is_thread(step, number, thread, pid))
      return kt_set_copy(thread->affinity);
  }
  return NULL;
}

/* ---- what libvirt says ---- */

static KtSet *vcpu_pin(virDomainPtr domain, guint number, guint cpus)
{
  gsize length = VIR_CPU_MAPLEN(cpus);
  g_autofree guchar *maps = g_malloc0(length * (number + 1));
  int n = virDomainGetVcpuPinInfo(domain, (int)number + 1, maps, (int)length, VIR_DOMAIN_AFFECT_LIVE);
  return n > (int)number ? set_of(maps + length * number, cpus) : NULL;
}

static KtSet *emulator_pin(virDomainPtr domain, guint number, guint cpus)
{
  g_autofree guchar *map = g_malloc0(VIR_CPU_MAPLEN(cpus));
  int n = virDomainGetEmulatorPinInfo(domain, map, VIR_CPU_MAPLEN(cpus), VIR_DOMAIN_AFFECT_LIVE);
  return n > 0 ? set_of(map, cpus) : NULL;
}

static KtSet *iothread_pin(virDomainPtr domain, guint number, guint cpus)
{
  virDomainIOThreadInfoPtr *info = NULL;
  int n = virDomainGetIOThreadInfo(domain, &info, VIR_DOMAIN_AFFECT_LIVE);
  KtSet *set = NULL;
  for (int i = 0; i < n; i++) {
    if (info[i]->iothread_id == number)
      set = set_of(info[i]->cpumap, MIN(cpus, (guint)info[i]->cpumaplen * 8));
    virDomainIOThreadInfoFree(info[i]);
  }
  free(info);
  return set;
}

static KtSet *libvirt_says(virDomainPtr domain, const KtStep *step, guint number)
{
  guint cpus = host_cpus(domain);
  if (!cpus)
    return NULL;
  return step->kind == KT_STEP_VCPUPIN       ? vcpu_pin(domain, number, cpus)
         : step->kind == KT_STEP_EMULATORPIN ? emulator_pin(domain, number, cpus)
                                             : iothread_pin(domain, number, cpus);
}

static char *read_pin(KtHand *hand, const KtStep *step, GError **error)
{
  guint number;
  g_autoptr(virDomain) domain = kt_hand_running(hand, step, FALSE, error);
  if (!domain || !number_of(step, &number, error))
    return NULL;
  g_autoptr(KtSet) set = kernel_says(hand, domain, step, number);
  if (!set)
    set = libvirt_says(domain, step, number);
  if (!set && virGetLastError()) {
    g_autofree char *what = g_strdup_printf("read the %s %s", kt_step_kinds[step->kind], step->where);
    kt_hand_set_error(error, step->domain, what);
    return NULL;
  }
  if (!set) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "domain '%s' has no %s %s", step->domain,
                step->kind == KT_STEP_VCPUPIN ? "vCPU" : "I/O thread", step->where);
    return NULL;
  }
  return kt_set_format(set);
}

/* ---- writing ---- */

static int pin(virDomainPtr domain, const KtStep *step, guint number, guchar *map, int length)
{
  switch (step->kind) {
  case KT_STEP_VCPUPIN:
    return virDomainPinVcpu(domain, number, map, length); /* of a running domain only, whatever the driver */
  case KT_STEP_EMULATORPIN:
    return virDomainPinEmulator(domain, map, length, VIR_DOMAIN_AFFECT_LIVE);
  default:
    return virDomainPinIOThread(domain, number, map, length, VIR_DOMAIN_AFFECT_LIVE);
  }
}

static gboolean tell(KtHand *hand, const KtStep *step, guint number, const char *cpus)
{
  if (step->kind == KT_STEP_EMULATORPIN)
    return kt_actuator_call(&hand->base, "virDomainPinEmulator(%s, %s, live)", step->domain, cpus);
  return kt_actuator_call(&hand->base, "%s(%s, %u, %s%s)",
                          step->kind == KT_STEP_VCPUPIN ? "virDomainPinVcpu" : "virDomainPinIOThread", step->domain,
                          number, cpus, step->kind == KT_STEP_VCPUPIN ? "" : ", live");
}

static gboolean write_pin(KtHand *hand, const KtStep *step, const char *value, GError **error)
{
  guint number;
  g_autoptr(KtSet) set = kt_set_parse(value ? value : "", error);
  if (!set || !number_of(step, &number, error))
    return FALSE;
  if (kt_set_is_empty(set)) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "a thread has to run on one CPU at least");
    return FALSE;
  }
  g_autofree char *cpus_text = kt_set_format(set);
  if (!tell(hand, step, number, cpus_text))
    return TRUE;
  g_autoptr(virDomain) domain = kt_hand_running(hand, step, TRUE, error);
  if (!domain)
    return FALSE;
  g_autofree char *what = g_strdup_printf("set the %s %s%s'%s'", kt_step_kinds[step->kind], step->where,
                                          *step->where ? " to " : "to ", cpus_text);
  guint cpus = host_cpus(domain), needed = 0;
  if (!cpus) {
    kt_hand_set_error(error, step->domain, what);
    return FALSE;
  }
  for (int cpu = kt_set_next(set, 0); cpu >= 0; cpu = kt_set_next(set, (guint)cpu + 1))
    needed = (guint)cpu + 1;
  if (needed > cpus) {
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "cannot %s of domain '%s': the host has no CPU %u", what,
                step->domain, needed - 1);
    return FALSE;
  }
  g_autofree guchar *map = map_of(set, cpus);
  if (pin(domain, step, number, map, VIR_CPU_MAPLEN(cpus)) < 0) {
    kt_hand_set_error(error, step->domain, what);
    return FALSE;
  }
  g_autoptr(KtSet) said = libvirt_says(domain, step, number);
  if (!said || kt_set_equal(said, set))
    return TRUE;
  g_autofree char *said_text = kt_set_format(said);
  g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "libvirt took '%s' for the %s %s and answers '%s'", cpus_text,
              kt_step_kinds[step->kind], step->where, said_text);
  return FALSE;
}

const KtHandKind kt_hand_vcpupin = {.read = read_pin, .write = write_pin, .reached = kt_hand_same_set};
const KtHandKind kt_hand_emulatorpin = {.read = read_pin, .write = write_pin, .reached = kt_hand_same_set};
const KtHandKind kt_hand_iothreadpin = {.read = read_pin, .write = write_pin, .reached = kt_hand_same_set};
#endif
