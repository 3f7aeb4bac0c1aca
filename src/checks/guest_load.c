/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/units.h"
#include "checks/guest.h"

/* ---- G06: interrupts between CPUs ---- */

#define IPI_LIMIT 2000 /* a second and CPU; starting value, no published one */

static gint64 cpus_online(const KtMachine *m)
{
  if (m->online.known && m->online.value > 0)
    return m->online.value;
  return m->cpus.known && m->cpus.value > 0 ? m->cpus.value : 0;
}

void kt_check_g06(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  const KtInterrupt *res = kt_machine_find_interrupt(m, "RES"), *cal = kt_machine_find_interrupt(m, "CAL");
  gint64 cpus = cpus_online(m);
  if (!cpus && res)
    cpus = res->per_cpu->len;
  double rate = (res && res->per_second.known ? res->per_second.value : 0) +
                (cal && cal->per_second.known ? cal->per_second.value : 0);
  gboolean both = res && res->per_second.known && cal && cal->per_second.known;
  if (!cpus || (!both && rate <= IPI_LIMIT * cpus)) {
    kt_finding_cannot(f, "RES and CAL of /proc/interrupts at two moments");
    return;
  }
  rate /= cpus;
  if (rate <= IPI_LIMIT) {
    kt_finding_fine_because(f, "%.0f rescheduling and function call interrupts a second and CPU", rate);
    return;
  }
  double busy;
  gboolean busy_known = m->activity && kt_activity_busy(m->activity, &busy);
  gboolean topology = kt_check_fires("X03", s) || kt_check_fires("X05", s) || kt_check_fires("X06", s);
  kt_finding_fire(f, s, "%.0f rescheduling and function call interrupts a second and CPU", rate);
  kt_finding_cite_machine(f, m, "interrupts.RES");
  kt_finding_cite_machine(f, m, "interrupts.CAL");
  if (busy_known && busy > 50 && topology) {
    kt_finding_say(f,
                   "the CPUs are %.0f %% busy and the cache or topology is at fault: wake-ups that need no "
                   "interrupt where CPUs share a cache",
                   busy);
    return;
  }
  f->severity = 1;
  if (!busy_known)
    kt_finding_say(f, "how busy the CPUs are is unknown: information only");
  else if (busy <= 50)
    kt_finding_say(f,
                   "the CPUs are only %.0f %% busy: an idle guest with a shared cache wakes its CPUs this way; "
                   "information only",
                   busy);
  else
    kt_finding_say(f, "no fault of cache or topology is seen: information only");
}

/* ---- G07: steal ---- */

#define STEAL_LIMIT_PCT 5
#define STEAL_BAD_PCT 10
#define MINUTES 120 /* seconds from which on "for minutes" is true */

/* "20 samples (20 min)"; seconds 0: unknown. */
static char *describe_span(guint rows, double seconds)
{
  const char *samples = rows == 1 ? "sample" : "samples";
  if (seconds <= 0)
    return g_strdup_printf("%u %s of unknown length", rows, samples);
  if (seconds < MINUTES)
    return g_strdup_printf("%u %s (only %.0f s)", rows, samples, seconds);
  if (seconds < 7200)
    return g_strdup_printf("%u %s (%.0f min)", rows, samples, seconds / 60);
  return g_strdup_printf("%u %s (%.1f h)", rows, samples, seconds / 3600);
}

/* Rows with steal, and how long they are together: 0 if not all tell. */
static guint rows_with_steal(const KtActivity *activity, double *seconds)
{
  const KtActivityField *steal = &activity->fields[KT_CPU_STEAL];
  *seconds = steal->timed == steal->n ? steal->seconds : 0;
  return (guint)MIN(steal->n, G_MAXUINT);
}

/* Who burns the time, said where steal and iowait do not. */
static void acquit(KtFinding *f, const KtActivity *activity, double steal)
{
  double user, nice, iowait, max;
  if (!kt_activity_stat(activity, KT_CPU_USER, &user, &max) ||
      !kt_activity_stat(activity, KT_CPU_IOWAIT, &iowait, &max)) {
    kt_finding_fine_because(f, "steal is %.2f %% on average", steal);
    return;
  }
  if (!kt_activity_stat(activity, KT_CPU_NICE, &nice, &max))
    nice = 0;
  if (iowait < 5 && user + nice > 10 * iowait)
    kt_finding_fine_because(f,
                            "not the host's CPUs and not the disks: steal is %.2f %% and iowait %.2f %% on average, "
                            "while user + nice are %.1f %%: the time is spent in programs",
                            steal, iowait, user + nice);
  else
    kt_finding_fine_because(f, "steal is %.2f %% on average (iowait %.2f %%)", steal, iowait);
}

void kt_check_g07(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  double steal, most, seconds;
  if (!m->activity || !kt_activity_stat(m->activity, KT_CPU_STEAL, &steal, &most)) {
    if (s->kind == KT_FOR_GUEST || m->activity)
      kt_finding_cannot(f, m->activity ? N_("the steal column of the CPU use")
                                       : N_("CPU use with steal (sar -u, mpstat)"));
    return;
  }
  guint rows = rows_with_steal(m->activity, &seconds);
  if (steal > STEAL_LIMIT_PCT) {
    g_autofree char *span = describe_span(rows, seconds);
    kt_finding_fire(f, s, "%.1f %% of the CPU time is stolen by the host's other work", steal);
    f->severity = steal > STEAL_BAD_PCT ? 3 : 2;
    kt_finding_cite_machine(f, m, "activity");
    kt_finding_say(f, "steal: %.2f %% on average, at most %.2f %%, over %s%s", steal, most, span,
                   seconds >= MINUTES ? "" : _(": measure for some minutes to be sure"));
    return;
  }
  if (m->hypervisor && !g_str_equal(m->hypervisor, "kvm") && !g_str_equal(m->hypervisor, "qemu") && most == 0 &&
      !g_str_equal(m->hypervisor, "xen")) {
    kt_finding_cannot(f, "ready time on the host: guests of %s seldom get to know steal", m->hypervisor);
    return;
  }
  acquit(f, m->activity, steal);
}

/* ---- G10: device interrupts on one CPU ---- */

#define DEVICE_IRQS_MIN 100000 /* fewer since boot tell nothing */
#define ONE_CPU_PCT 80

static gboolean is_timer(const KtInterrupt *irq)
{
  return irq->description && g_str_has_suffix(irq->description, "timer");
}

void kt_check_g10(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  g_autoptr(GArray) sums = g_array_new(FALSE, TRUE, sizeof(double));
  const KtInterrupt *busiest = NULL;
  double total = 0;
  for (guint i = 0; i < m->interrupts->len; i++) {
    const KtInterrupt *irq = m->interrupts->pdata[i];
    if (!irq->device || is_timer(irq))
      continue;
    if (sums->len < irq->per_cpu->len)
      g_array_set_size(sums, irq->per_cpu->len);
    for (guint c = 0; c < irq->per_cpu->len; c++) {
      g_array_index(sums, double, c) += (double)g_array_index(irq->per_cpu, guint64, c);
      total += (double)g_array_index(irq->per_cpu, guint64, c);
    }
    if (!busiest || irq->total > busiest->total)
      busiest = irq;
  }
  if (!busiest || !sums->len) {
    kt_finding_cannot(f, "the guest's /proc/interrupts");
    return;
  }
  if (sums->len < 2)
    return;
  guint top = 0;
  for (guint c = 1; c < sums->len; c++)
    if (g_array_index(sums, double, c) > g_array_index(sums, double, top))
      top = c;
  double share = total > 0 ? 100 * g_array_index(sums, double, top) / total : 0;
  if (share <= ONE_CPU_PCT || total < DEVICE_IRQS_MIN) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "%.0f %% of all device interrupts go to one CPU of %u (column %u)", share, sums->len, top);
  if (sums->len < 4)
    f->severity = 1;
  g_autofree char *path = g_strconcat("interrupts.", busiest->name, NULL);
  kt_finding_cite_machine(f, m, path);
  kt_finding_say(f, "counted since boot or over the interval; the busiest is %s",
                 busiest->description ? busiest->description : busiest->name);
}
