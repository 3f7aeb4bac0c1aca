/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of rows that the reasons of exits decide (perf kvm stat): H13, H15, W10. */
#include <string.h>

#include "checks/host.h"
#include "checks/workload.h"

#define PREFIX "kvm_exit."
#define PLE_GAP "/sys/module/kvm_intel/parameters/ple_gap"

/* Names of VMX, then of SVM (kernel uapi/asm/vmx.h, svm.h). */
static const char *const pauses[] = {"PAUSE_INSTRUCTION", "pause", NULL};
static const char *const msr_writes[] = {"MSR_WRITE", "msr", NULL};
/* Those of an APIC that KVM plays; what the CPU plays has other ones. */
static const char *const apic[] = {
    "APIC_ACCESS", "TPR_BELOW_THRESHOLD", "PENDING_INTERRUPT", "INTERRUPT_WINDOW", "vintr", "write_cr8", NULL};

/* All exits that were counted; 0: none were. */
static double count_all(const KtMachine *host)
{
  double sum = 0;
  GHashTableIter iter;
  gpointer name, counter;
  g_hash_table_iter_init(&iter, host->counters);
  while (g_hash_table_iter_next(&iter, &name, &counter))
    if (g_str_has_prefix(name, PREFIX))
      sum += (double)((const KtCounter *)counter)->value;
  return sum;
}

static double count(const KtMachine *host, const char *const *reasons)
{
  double sum = 0;
  for (; *reasons; reasons++) {
    g_autofree char *name = g_strconcat(PREFIX, *reasons, NULL);
    const KtCounter *counter = kt_machine_counter(host, name);
    sum += counter ? (double)counter->value : 0;
  }
  return sum;
}

static void cite_exits(KtFinding *f, const KtMachine *host, const char *const *reasons)
{
  for (; *reasons; reasons++) {
    g_autofree char *path = g_strconcat("counters." PREFIX, *reasons, NULL);
    kt_finding_cite_machine(f, host, path);
  }
}

static void miss_exits(KtFinding *f)
{
  kt_finding_cannot(f, "why guests exit (perf kvm stat record -a sleep 10, then perf kvm stat report)");
}

void kt_check_h13(const KtSubject *s, KtFinding *f)
{
  static const struct {
    const char *setting, *module, *parameter;
  } knobs[] = {
      {"/sys/module/kvm_intel/parameters/enable_apicv", "kvm_intel", "enable_apicv"},
      {"/sys/module/kvm_amd/parameters/avic", "kvm_amd", "avic"},
  };
  guint k = 0;
  while (k < G_N_ELEMENTS(knobs) && !kt_machine_setting(s->machine, knobs[k].setting))
    k++;
  double all = count_all(s->machine), played = count(s->machine, apic);
  if (all <= 0 && !kt_host_has_running(s->snapshot))
    return kt_finding_skip(f);
  if (k == G_N_ELEMENTS(knobs))
    return kt_finding_cannot(f, "kvm_intel's enable_apicv or kvm_amd's avic (/sys/module/*/parameters)");
  const char *value = kt_machine_setting(s->machine, knobs[k].setting);
  if (value[0] != 'N' && value[0] != '0')
    return kt_finding_fine(f);
  if (all <= 0)
    return miss_exits(f);
  if (played <= all / 2 && played + count(s->machine, msr_writes) > all / 2)
    return kt_finding_cannot(f,
                             "which MSRs guests write: the APIC's, or the timer's, which stay exits (event kvm_msr)");
  if (played <= all / 2)
    return kt_finding_fine_because(f, "%.0f %% of the exits are the APIC's", 100 * played / all);
  kt_finding_fire(f, s, "%s=%s, and %.0f %% of the exits are the APIC's", knobs[k].parameter, value,
                  100 * played / all);
  g_autofree char *path = g_strconcat("settings.", knobs[k].setting, NULL);
  kt_finding_cite_machine(f, s->machine, path);
  cite_exits(f, s->machine, apic);
  kt_finding_fill(f, "module", "%s", knobs[k].module);
  kt_finding_fill(f, "parameter", "%s", knobs[k].parameter);
}

/* Has every vCPU of every running guest here a host CPU of its own? */
static KtTri are_exclusive(const KtSubject *s)
{
  g_autoptr(KtSet) taken = kt_set_new();
  guint vcpus = 0;
  for (guint i = 0; i < s->snapshot->domains->len; i++) {
    const KtDomain *d = s->snapshot->domains->pdata[i];
    for (guint j = 0; d->runtime && j < d->runtime->threads->len; j++) {
      const KtThread *t = d->runtime->threads->pdata[j];
      if (t->vcpu < 0)
        continue;
      if (!t->affinity)
        return KT_UNKNOWN;
      if (kt_set_count(t->affinity) != 1)
        return KT_NO;
      kt_set_add_all(taken, t->affinity);
      vcpus++;
    }
  }
  return vcpus && kt_set_count(taken) == vcpus ? KT_YES : KT_NO;
}

void kt_check_h15(const KtSubject *s, KtFinding *f)
{
  KtTri exclusive = are_exclusive(s);
  gint64 gap;
  double all = count_all(s->machine), paused = count(s->machine, pauses);
  if (exclusive == KT_NO || (s->machine->cpu_vendor && !g_str_equal(s->machine->cpu_vendor, "GenuineIntel")))
    return kt_finding_skip(f);
  if (exclusive == KT_UNKNOWN)
    return kt_finding_cannot(f, "the CPUs that each vCPU thread may use");
  if (!kt_machine_setting_int(s->machine, PLE_GAP, &gap))
    return kt_finding_cannot(f, "kvm_intel's ple_gap (/sys/module/kvm_intel/parameters)");
  if (gap == 0)
    return kt_finding_fine(f);
  if (all <= 0)
    return miss_exits(f);
  if (paused <= 0)
    return kt_finding_fine_because(f, "none of %.0f exits was a pause", all);
  kt_finding_fire(f, s, "pause loops exit though each vCPU has a CPU of its own: %.0f of %.0f exits", paused, all);
  kt_finding_cite_machine(f, s->machine, "settings." PLE_GAP);
  cite_exits(f, s->machine, pauses);
}

void kt_check_w10(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!d->runtime || !s->host || (d->type && !g_str_equal(d->type, "kvm")))
    return kt_finding_skip(f);
  double all = count_all(s->host), paused = count(s->host, pauses);
  KtNum wait = kt_host_vcpu_use(d->runtime).wait_mean;
  if (wait.known && wait.value <= 2)
    return kt_finding_fine_because(f, "its vCPUs wait %.1f %% of the time for a host CPU", wait.value);
  if (all <= 0)
    return miss_exits(f);
  if (paused <= all / 10)
    return kt_finding_fine_because(f, "%.1f %% of the host's exits are pauses", 100 * paused / all);
  if (!wait.known)
    return kt_finding_cannot(f, "the vCPU threads' run delay (run on the host)");
  kt_finding_fire(f, s, "vCPUs spin for locks whose holders wait for a CPU: %.0f %% of exits are pauses",
                  100 * paused / all);
  kt_finding_say(f, "its vCPUs wait %.1f %% of the time for a host CPU; exits are counted over all guests", wait.value);
  cite_exits(f, s->host, pauses);
  kt_finding_cite_domain(f, d, "runtime.threads");
  kt_host_fill_domain(f, d);
}
