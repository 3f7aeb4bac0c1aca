/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/compare_fields.h"

#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/units.h"
#include "checks/rules.h"

/* ---- caches ---- */

static const KtCache *l3_of(const KtMachine *m)
{
  return kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED);
}

/* The caches were listed up to L2 and no L3 stands among them. */
static gboolean lacks_l3(const KtMachine *m)
{
  return !l3_of(m) && kt_machine_find_cache(m, 2, KT_CACHE_UNIFIED);
}

static gboolean may_have_l3(const KtMachine *m)
{
  return !lacks_l3(m);
}

static char *cache_text(const KtCache *cache)
{
  if (!cache->size_kib.known)
    return NULL;
  return kt_units_format_kib((guint64)cache->size_kib.value);
}

/* Is there an L3? Number: 1 or 0; size and sharing are fields of their own. */
static void value_l3(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  const KtCache *l3 = l3_of(m);
  if (lacks_l3(m))
    v->text = g_strdup(_("none"));
  else if (l3 && (v->text = l3->size_kib.known ? cache_text(l3) : g_strdup(_("present"))))
    v->number = 1;
}

static gboolean worse_l3(const KtMachine *reference, const KtCompared *r, const KtMachine *subject, const KtCompared *s)
{
  return r->number > 0 && s->number == 0;
}

/* Number: CPUs that share one L3. */
static void value_l3_group(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  const KtCache *l3 = l3_of(m);
  KtInt cpus = m->online.known ? m->online : m->cpus;
  if (!l3 || !l3->instances.known || l3->instances.value < 1 || !cpus.known)
    return;
  v->number = (double)cpus.value / (double)l3->instances.value;
  v->text = g_strdup_printf(
      kt_trn("%" PRId64 " group of %.3g CPUs", "%" PRId64 " groups of %.3g CPUs", (gulong)l3->instances.value),
      l3->instances.value, v->number);
}

static gboolean worse_l3_group(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                               const KtCompared *s)
{
  return r->number > 1 && s->number <= 1 && subject->cpus.known && subject->cpus.value > 2;
}

static gboolean is_smaller(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                           const KtCompared *s)
{
  return s->number < r->number;
}

static void value_cache(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  const KtCache *cache = kt_machine_find_cache(m, field->number, field->number == 1 ? KT_CACHE_DATA : KT_CACHE_UNIFIED);
  if (cache && (v->text = cache_text(cache)))
    v->number = (double)cache->size_kib.value;
}

/* ---- topology, nodes ---- */

/* Number: CPUs in a socket. */
static void value_topology(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  if (!m->sockets.known || !m->cores_per_socket.known || !m->threads_per_core.known)
    return;
  v->text = g_strdup_printf("%" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT, m->sockets.value,
                            m->cores_per_socket.value, m->threads_per_core.value);
  v->number = (double)(m->cores_per_socket.value * m->threads_per_core.value);
}

static gboolean worse_topology(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                               const KtCompared *s)
{
  return s->number == 1 && subject->sockets.value > 2 && r->number > 1;
}

static void value_nodes(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  KtInt nodes = kt_machine_nodes_known(m);
  if (!nodes.known || nodes.value < 1)
    return;
  v->text = g_strdup_printf("%" G_GINT64_FORMAT, nodes.value);
  v->number = (double)nodes.value;
}

/* One node, and more CPUs in it than the reference has in one of its nodes. */
static gboolean worse_nodes(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                            const KtCompared *s)
{
  if (s->number != 1 || r->number < 2)
    return FALSE;
  if (!reference->cpus.known || !subject->cpus.known)
    return TRUE;
  return (double)subject->cpus.value > (double)reference->cpus.value / r->number;
}

static void value_cpus(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  if (m->cpus.known)
    v->text = g_strdup_printf("%" G_GINT64_FORMAT, m->cpus.value);
}

static void value_memory(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  if (m->memory_kib.known) {
    v->number = (double)m->memory_kib.value;
    v->text = kt_units_format_kib((guint64)m->memory_kib.value);
  }
}

/* ---- CPU, kernel ---- */

static void value_text(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  const struct {
    const char *path, *text;
  } texts[] = {{"cpu.vendor", m->cpu_vendor},
               {"hypervisor", m->hypervisor},
               {"kernel.clocksource", m->clocksource},
               {"kernel.release", m->kernel_release},
               {"kernel.cmdline", m->kernel_cmdline}};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    if (g_str_equal(texts[i].path, field->key))
      v->text = g_strdup(texts[i].text);
}

/* QEMU's models of no real CPU, by the names that a guest sees. Number: 1 for such a one. */
static void value_cpu_model(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  static const char *const made_up[] = {"QEMU Virtual CPU", "Common KVM processor", "Common 32-bit KVM processor"};
  if (m->cpu_model_name)
    v->text = g_strdup(m->cpu_model_name);
  else if (m->cpu_family.known && m->cpu_model.known)
    v->text = g_strdup_printf(_("family %" PRId64 ", model %" PRId64), m->cpu_family.value, m->cpu_model.value);
  for (guint i = 0; m->cpu_model_name && i < G_N_ELEMENTS(made_up); i++)
    v->number += g_str_has_prefix(m->cpu_model_name, made_up[i]);
}

/* Instructions that libraries choose their fast code by. Number: how many are there. */
static void value_flags(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  static const char *const fast[] = {"sse4_2", "popcnt", "aes", "avx", "avx2", "fma", "bmi2", "avx512f"};
  if (!m->cpu_flags)
    return;
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(fast); i++)
    if (kt_machine_has_flag(m, fast[i])) {
      g_string_append_printf(out, "%s%s", out->len ? " " : "", fast[i]);
      v->number++;
    }
  v->text = out->len ? g_string_free(out, FALSE) : (g_string_free(out, TRUE), g_strdup(_("none")));
}

static gboolean is_larger(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                          const KtCompared *s)
{
  return s->number > r->number;
}

/* Two and more are missing (as X01: a few). */
static gboolean worse_flags(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                            const KtCompared *s)
{
  return s->number + 2 <= r->number;
}

static gboolean is_slow_clock(const char *clocksource)
{
  static const char *const slow[] = {"hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit", NULL};
  return g_strv_contains(slow, clocksource);
}

static gboolean worse_clocksource(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                                  const KtCompared *s)
{
  return is_slow_clock(s->text) && !is_slow_clock(r->text);
}

/* Automatic NUMA balancing came with Linux 3.8. */
static gboolean worse_kernel(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                             const KtCompared *s)
{
  int major, minor;
  return kt_kernel_older(s->text, 3, 8) && kt_kernel_version(r->text, &major, &minor) &&
         !kt_kernel_older(r->text, 3, 8);
}

static gboolean worse_cmdline(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                              const KtCompared *s)
{
  static const char *const bad[] = {"numa=off", "nosmp", "noapic", "nox2apic"};
  g_auto(GStrv) mine = g_strsplit(s->text, " ", -1), other = g_strsplit(r->text, " ", -1);
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
    if (g_strv_contains((const char *const *)mine, bad[i]) && !g_strv_contains((const char *const *)other, bad[i]))
      return TRUE;
  return FALSE;
}

/* ---- what happens ---- */

static void value_use(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  double max;
  if (kt_activity_stat(m->activity, (KtCpuField)field->number, &v->number, &max))
    v->text = g_strdup_printf("%.1f %%", v->number);
}

static void value_busy(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  if (kt_activity_busy(m->activity, &v->number))
    v->text = g_strdup_printf("%.1f %%", v->number);
}

/* More than 5 %, and more than the reference. */
static gboolean worse_percent(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                              const KtCompared *s)
{
  return s->number > 5 && r->number <= 5;
}

/* The worst node's share of allocations that were meant for another node, as G03 looks at it. */
static void value_miss(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  double worst = -1;
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (!node->numa_hit.known || !node->numa_miss.known)
      continue;
    double all = (double)node->numa_hit.value + (double)node->numa_miss.value;
    if (all > 100000)
      worst = MAX(worst, 100 * (double)node->numa_miss.value / all);
  }
  if (worst < 0)
    return;
  v->number = worst;
  v->text = g_strdup_printf("%.1f %%", worst);
}

static gboolean worse_miss(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                           const KtCompared *s)
{
  return s->number > 10 && r->number <= 10;
}

/* RES + CAL a second and CPU: wake-ups of other CPUs. */
static void value_ipis(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  const KtInterrupt *res = kt_machine_find_interrupt(m, "RES"), *cal = kt_machine_find_interrupt(m, "CAL");
  KtInt cpus = m->online.known ? m->online : m->cpus;
  if (!res || !cal || !res->per_second.known || !cal->per_second.known || !cpus.known || cpus.value < 1)
    return;
  v->number = (res->per_second.value + cal->per_second.value) / (double)cpus.value;
  v->text = g_strdup_printf(_("%.0f/s a CPU"), v->number);
}

static gboolean worse_ipis(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                           const KtCompared *s)
{
  return s->number > 2000 && r->number < s->number / 2;
}

/* ---- settings ---- */

static void value_setting(const KtCompareField *field, const KtMachine *m, KtCompared *v)
{
  v->text = g_strdup(kt_machine_setting(m, field->key));
}

static gboolean worse_balancing(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                                const KtCompared *s)
{
  KtInt nodes = kt_machine_nodes_known(subject);
  return subject->role == KT_ROLE_GUEST && g_str_equal(s->text, "0") && nodes.known && nodes.value > 1;
}

static gboolean worse_nonzero(const KtMachine *reference, const KtCompared *r, const KtMachine *subject,
                              const KtCompared *s)
{
  return subject->role == KT_ROLE_GUEST && !g_str_equal(s->text, "0") && g_str_equal(r->text, "0");
}

#define SETTING(name)                                                                                                  \
  {                                                                                                                    \
    .field = "settings." name, .label = name, .value = value_setting, .key = name                                      \
  }

#define CPU_USE(name, field_)                                                                                          \
  .field = "activity." name, .label = "CPU " name, .value = value_use, .number = field_, .tolerance = 1

static const KtCompareField fields[] = {
    {.field = "caches.L3",
     .label = "L3 cache",
     .value = value_l3,
     .worse = worse_l3,
     .tolerance = 0.5,
     .check = "X03",
     .meaning = "The subject sees no L3 cache: its kernel takes no two CPUs to share one, and wakes and moves tasks "
                "with interrupts between CPUs where the reference does not need them.",
     .neutral = "The subject has an L3 cache, the reference none."},
    {.field = "caches.L3.groups",
     .label = "L3 groups",
     .applies = may_have_l3,
     .value = value_l3_group,
     .worse = worse_l3_group,
     .check = "X03",
     .meaning = "Each CPU of the subject has an L3 of its own, so its kernel takes no two CPUs to share one; in the "
                "reference a group of CPUs does.",
     .neutral = "Other groups of CPUs share an L3."},
    {.field = "topology",
     .label = "sockets x cores x threads",
     .value = value_topology,
     .worse = worse_topology,
     .check = "X06",
     .meaning = "Each CPU of the subject is a socket of its own: its kernel sees no CPUs that belong together and "
                "treats each move of a task as one between sockets.",
     .neutral = "The CPUs are grouped in another way."},
    {.field = "nodes",
     .label = "NUMA nodes",
     .value = value_nodes,
     .worse = worse_nodes,
     .check = "X11",
     .meaning = "The subject is shown one NUMA node for more CPUs than a node of the reference holds: neither its "
                "kernel nor its programs can keep memory near the CPU that uses it.",
     .neutral = "The number of nodes differs."},
    {.field = "cpu.model",
     .label = "CPU model",
     .value = value_cpu_model,
     .worse = is_larger,
     .check = "X01",
     .meaning = "The subject's CPU model is one that QEMU makes up for any processor: it hides what the host's CPU can "
                "do.",
     .neutral = "Another CPU model is shown; the models' own speed may differ."},
    {.field = "cpu.flags",
     .label = "fast instructions",
     .value = value_flags,
     .worse = worse_flags,
     .check = "X01",
     .meaning = "The subject lacks instructions that libraries choose their fast code by.",
     .neutral = "The sets of instructions differ."},
    {.field = "kernel.clocksource",
     .label = "clocksource",
     .value = value_text,
     .key = "kernel.clocksource",
     .worse = worse_clocksource,
     .check = "G05",
     .meaning = "Reading the time leaves the subject's guest code each time, as its clocksource is an emulated device; "
                "that looks like CPU load.",
     .neutral = "The clocks differ; neither is one that is emulated for each read."},
    {.field = "kernel.release",
     .label = "kernel",
     .value = value_text,
     .key = "kernel.release",
     .worse = worse_kernel,
     .check = "G01",
     .meaning = "The subject's kernel is older than 3.8 and cannot move memory to the node that uses it.",
     .neutral = "The kernels differ."},
    {.field = "kernel.cmdline",
     .label = "kernel command line",
     .value = value_text,
     .key = "kernel.cmdline",
     .worse = worse_cmdline,
     .check = "G04",
     .meaning = "The subject's kernel is told to do without NUMA, SMP or an interrupt controller."},
    {CPU_USE("steal", KT_CPU_STEAL), .worse = worse_percent, .check = "G07",
     .meaning = "The subject's CPUs are ready to run and the host runs others: look for overcommit and limits there "
                "first.",
     .neutral = "The share differs."},
    {.field = "numa.miss_ratio",
     .label = "NUMA misses, worst node",
     .value = value_miss,
     .worse = worse_miss,
     .tolerance = 1,
     .check = "G03",
     .meaning = "Much of the subject's memory was allocated on another node than wanted, because that one was full.",
     .neutral = "The share differs."},
    {.field = "interrupts.wakeups",
     .label = "RES + CAL interrupts",
     .value = value_ipis,
     .worse = worse_ipis,
     .tolerance = 1,
     .check = "G06",
     .meaning = "The subject's CPUs interrupt each other far more often; a missing shared L3 or a socket for each CPU "
                "does that.",
     .neutral = "The rates differ."},
    {.field = "settings.kernel.numa_balancing",
     .label = "kernel.numa_balancing",
     .value = value_setting,
     .key = "kernel.numa_balancing",
     .worse = worse_balancing,
     .check = "G02",
     .meaning = "The subject has several nodes and its kernel is told not to move memory to where it is used."},
    {.field = "settings.vm.zone_reclaim_mode",
     .label = "vm.zone_reclaim_mode",
     .value = value_setting,
     .key = "vm.zone_reclaim_mode",
     .worse = worse_nonzero,
     .check = "G15",
     .meaning = "The subject frees page cache of a node before it takes memory of another one."},
    {.field = "caches.L3.size",
     .label = "L3 size",
     .applies = may_have_l3,
     .value = value_cache,
     .number = 3,
     .worse = is_smaller,
     .tolerance = 0.5,
     .check = "X04",
     .meaning =
         "The subject sees a smaller L3 than the reference; programs that size their work by it do less at once.",
     .neutral = "The subject sees a larger L3."},
    {.field = "hypervisor",
     .label = "hypervisor",
     .value = value_text,
     .key = "hypervisor",
     .neutral = "The machines run on different hypervisors."},
    {.field = "topology.cpus",
     .label = "CPUs",
     .value = value_cpus,
     .neutral = "The machines are not of the same size: their load cannot be compared by CPU percent."},
    {.field = "memory_kib",
     .label = "memory",
     .value = value_memory,
     .tolerance = 262144,
     .neutral = "The machines do not have the same memory."},
    {.field = "cpu.vendor", .label = "CPU vendor", .value = value_text, .key = "cpu.vendor"},
    {.field = "caches.L1d", .label = "L1d cache", .value = value_cache, .number = 1, .tolerance = 0.5},
    {.field = "caches.L2",
     .label = "L2 cache",
     .value = value_cache,
     .number = 2,
     .tolerance = 0.5,
     .neutral = "The sizes differ; 4 MiB is what QEMU makes up where it does not pass the host's on."},
    {.field = "activity.busy",
     .label = "CPU busy",
     .value = value_busy,
     .tolerance = 1,
     .neutral = "The load itself differs: the symptom, not a cause."},
    {CPU_USE("user", KT_CPU_USER), .neutral = "A part of the load: the symptom, not a cause."},
    {CPU_USE("nice", KT_CPU_NICE), .neutral = "A part of the load: the symptom, not a cause."},
    {CPU_USE("system", KT_CPU_SYSTEM), .neutral = "A part of the load: the symptom, not a cause."},
    {CPU_USE("iowait", KT_CPU_IOWAIT), .neutral = "Time in which a CPU had nothing to do but wait for I/O."},
    {CPU_USE("idle", KT_CPU_IDLE), .neutral = "The load itself differs: the symptom, not a cause."},
    SETTING("vm.swappiness"),
    SETTING("vm.nr_hugepages"),
    SETTING("vm.overcommit_memory"),
    SETTING("/sys/kernel/mm/transparent_hugepage/enabled"),
    SETTING("/sys/kernel/mm/ksm/run"),
};

const KtCompareField *kt_compare_fields(guint *n)
{
  *n = G_N_ELEMENTS(fields);
  return fields;
}
