/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Knobs of the host that findings ask for: one value each. What takes judgement or a person's hands is in the doctor's
 * remedies. */
#include <string.h>

#include "base/i18n.h"
#include "plan/build.h"
#include "plan/parts.h"

#define KSM "/sys/kernel/mm/ksm/"
#define CPU "sys/devices/system/cpu/cpu" /* and a number; in the table and in settings "*", for all of them */
#define CPUFREQ CPU "*/cpufreq/"
#define KSM_PAGE_KIB 4 /* of x86 */

/* Pages that were one copy become many: every node has to have room for all of them. */
static gboolean has_room_to_unmerge(const KtMachine *host)
{
  gint64 sharing;
  if (!kt_machine_is_x86(host) || !kt_machine_setting_int(host, KSM "pages_sharing", &sharing) || sharing < 0 ||
      sharing > G_MAXINT64 / KSM_PAGE_KIB)
    return FALSE;
  for (guint i = 0; i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    gboolean empty = kt_int_is(node->memory_kib, 0);
    if (!empty && (!node->free_kib.known || node->free_kib.value < sharing * KSM_PAGE_KIB))
      return FALSE;
  }
  return TRUE;
}

/* What merges within nodes only is switched off where there is memory enough; the other fault comes first. */
static gboolean merges_within_nodes(const KtMachine *host)
{
  gint64 across;
  return host->nodes->len < 2 || (kt_machine_setting_int(host, KSM "merge_across_nodes", &across) && across == 0);
}

/* Drivers whose "powersave" leaves the speed to the hardware, led by an energy preference. */
static gboolean has_preference(const KtMachine *host)
{
  const char *driver = kt_machine_setting(host, "/" CPUFREQ "scaling_driver");
  const char *preference = kt_machine_setting(host, "/" CPUFREQ "energy_performance_preference");
  const char *governor = kt_machine_setting(host, "/" CPUFREQ "scaling_governor");
  return (g_strcmp0(driver, "intel_pstate") == 0 || g_strcmp0(driver, "amd-pstate-epp") == 0) && preference &&
         g_ascii_isalpha(*preference) && g_strcmp0(governor, "powersave") == 0;
}

static gboolean has_governor(const KtMachine *host)
{
  return kt_machine_setting(host, "/" CPUFREQ "scaling_driver") && !has_preference(host);
}

static const struct {
  const char *check;
  KtAct act;
  const char *where, *setting; /* where: as in KtEdit; setting: its name in KtMachine's settings */
  const char *only;            /* the value that is changed, where others are right; NULL: any */
  const char *after;
  gboolean (*may)(const KtMachine *host); /* NULL: always */
  const char *title, *why;
} knobs[] = {
    {"H01", KT_ACT_SYSFS, CPUFREQ "energy_performance_preference", "/" CPUFREQ "energy_performance_preference", NULL,
     "performance", has_preference, N_("CPUs that prefer speed to energy"),
     N_("They raise their clock only after load has been seen, which a vCPU that sleeps and wakes often hardly shows. "
        "It holds until the host's next boot, or until a tuned profile says otherwise.")},
    {"H01", KT_ACT_SYSFS, CPUFREQ "scaling_governor", "/" CPUFREQ "scaling_governor", NULL, "performance", has_governor,
     N_("the frequency governor performance"),
     N_("They raise their clock only after load has been seen, which a vCPU that sleeps and wakes often hardly shows. "
        "It holds until the host's next boot, or until a tuned profile says otherwise.")},
    {"H11", KT_ACT_SYSFS, "sys/module/kvm/parameters/nx_huge_pages", "/sys/module/kvm/parameters/nx_huge_pages", "Y",
     "N", NULL, N_("guests' huge pages are left whole"),
     N_("They are split against a flaw that this CPU does not have. What forces it (the kernel command line, "
        "/etc/modprobe.d) stays, and comes back with the next boot of the host.")},
    {"H14", KT_ACT_SYSFS, "sys/module/kvm/parameters/halt_poll_ns", "/sys/module/kvm/parameters/halt_poll_ns", "200000",
     "50000", NULL, N_("less polling for vCPUs that halt"),
     N_("Most of it is in vain here. Linux 5.8 to 6.1 keep for a running guest the value of its start.")},
    {"H14", KT_ACT_SYSFS, "sys/module/kvm/parameters/halt_poll_ns", "/sys/module/kvm/parameters/halt_poll_ns", "0",
     "200000", NULL, N_("polling for vCPUs that halt"),
     N_("A real-time guest waits for the scheduler at each wake-up. Linux 5.8 to 6.1 keep for a running guest the "
        "value "
        "of its start.")},
    {"H22", KT_ACT_SYSCTL, "kernel.numa_balancing", "kernel.numa_balancing", NULL, "0", NULL,
     N_("automatic NUMA balancing off"),
     N_("It moves pages against the pins, or back and forth in guests wider than a node. Guests without pins lose it "
        "too.")},
    {"H24", KT_ACT_SYSFS, "sys/kernel/mm/ksm/merge_across_nodes", KSM "merge_across_nodes", "1", "0",
     has_room_to_unmerge, N_("KSM merges within a node only"),
     N_("A page that guests on several nodes share is remote for some. All is unmerged first, for which every node has "
        "the memory, and merged anew then.")},
    {"H24", KT_ACT_SYSFS, "sys/kernel/mm/ksm/run", KSM "run", "1", "0", merges_within_nodes, N_("KSM off"),
     N_("It scans all memory of the guests though they fit. What is merged stays merged; ksmtuned would switch it on "
        "again.")},
    {"H25", KT_ACT_SYSCTL, "vm.zone_reclaim_mode", "vm.zone_reclaim_mode", NULL, "0", NULL,
     N_("no reclaim before another node is used"),
     N_("A full node drops its caches instead of using free memory next door.")},
    {"H26", KT_ACT_SYSFS, "sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/mm/transparent_hugepage/enabled",
     "never", "madvise", NULL, N_("transparent huge pages for those who ask"),
     N_("QEMU asks for them. khugepaged needs minutes to hours to collect the pages of a running guest.")},
    {"H27", KT_ACT_SYSFS, "sys/kernel/mm/transparent_hugepage/shmem_enabled",
     "/sys/kernel/mm/transparent_hugepage/shmem_enabled", NULL, "advise", NULL,
     N_("huge pages for shared guest memory"),
     N_("Guests whose memory is shared (memfd, vhost-user, virtiofs) run on 4 KiB pages.")},
};

gsize kt_plan_knob_number(const char *where)
{
  gsize start = strlen(CPU);
  return g_str_has_prefix(where, CPU) && g_ascii_isdigit(where[start]) ? start : 0;
}

/* As the table has it. */
static char *pattern_of(const char *where)
{
  gsize start = kt_plan_knob_number(where);
  const char *rest = where + start;
  return start ? g_strconcat(CPU "*", rest + strspn(rest, "0123456789"), NULL) : g_strdup(where);
}

char *kt_plan_knob_setting(const char *where)
{
  g_autofree char *pattern = pattern_of(where);
  return g_strconcat("/", pattern, NULL);
}

gboolean kt_plan_is_knob(KtAct act, const char *where)
{
  g_autofree char *pattern = pattern_of(where);
  for (guint i = 0; i < G_N_ELEMENTS(knobs) && !strchr(where, '*'); i++)
    if (knobs[i].act == act && g_str_equal(knobs[i].where, pattern))
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

/* Of the host or of a guest on it: a knob cures it for all. */
static const KtFinding *find_finding(const GPtrArray *diagnoses, const KtMachine *host, const char *check)
{
  for (guint i = 0; i < diagnoses->len; i++) {
    const KtDiagnosis *diagnosis = diagnoses->pdata[i];
    const KtSubject *s = &diagnosis->subject;
    gboolean here = s->domain ? s->host == host : s->machine == host;
    for (guint k = 0; here && k < diagnosis->findings->len; k++) {
      const KtFinding *finding = diagnosis->findings->pdata[k];
      if (g_str_equal(finding->check->id, check))
        return finding;
    }
  }
  return NULL;
}

/* Of each CPU where it has one for each. */
static void add_edits(KtChange *change, const char *where, const char *before, const char *after, const KtMachine *host)
{
  const char *star = strchr(where, '*');
  if (!star)
    kt_change_add_edit(change, where, before, after);
  for (int cpu = star ? kt_set_next(host->online_set, 0) : -1; cpu >= 0;
       cpu = kt_set_next(host->online_set, (guint)cpu + 1)) {
    g_autofree char *own = g_strdup_printf("%.*s%d%s", (int)(star - where), where, cpu, star + 1);
    kt_change_add_edit(change, own, before, after);
  }
}

void kt_plan_host(KtPlan *plan, const GPtrArray *diagnoses, const KtMachine *host)
{
  for (guint i = 0; i < G_N_ELEMENTS(knobs); i++) {
    const KtFinding *finding = find_finding(diagnoses, host, knobs[i].check);
    const char *before = finding ? kt_machine_setting(host, knobs[i].setting) : NULL;
    if (!before || g_str_equal(before, knobs[i].after) || (knobs[i].only && !g_str_equal(before, knobs[i].only)) ||
        (knobs[i].may && !knobs[i].may(host)) || g_str_has_prefix(before, "mixed: "))
      continue;
    KtChange *change = kt_plan_add_change(plan, knobs[i].act, NULL, NULL, knobs[i].where);
    kt_change_add_reason(change, knobs[i].check);
    add_edits(change, knobs[i].where, before, knobs[i].after, host);
    change->title = g_strdup(kt_tr(knobs[i].title));
    change->why = g_strdup(kt_tr(knobs[i].why));
    change->risk = kt_risk_parse(finding->check->risk);
    change->undo = g_strdup_printf("%s = %s", knobs[i].where, before);
  }
}
