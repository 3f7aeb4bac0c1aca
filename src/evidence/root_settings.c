/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of kernel knobs that checks look at: files -> settings of the machine. */
#include <string.h>

#include "base/error.h"
#include "evidence/root_machine.h"

typedef enum {
  KNOB_PLAIN,   /* the text is the value */
  KNOB_CHOICE,  /* words, the chosen one in brackets */
  KNOB_SYSCTL,  /* below proc/sys: the setting has the dotted name */
  KNOB_PER_CPU, /* below each online CPU's directory, kept as one */
} KnobKind;

/* '*' stands for any part of one name. */
static const struct {
  const char *pattern;
  KnobKind kind;
} knobs[] = {
    {"proc/sys/kernel/numa_balancing", KNOB_SYSCTL},
    {"proc/sys/kernel/numa_balancing_*", KNOB_SYSCTL},
    {"proc/sys/kernel/nmi_watchdog", KNOB_SYSCTL},
    {"proc/sys/kernel/sched_autogroup_enabled", KNOB_SYSCTL},
    {"proc/sys/kernel/sched_rt_runtime_us", KNOB_SYSCTL},
    {"proc/sys/kernel/timer_migration", KNOB_SYSCTL},
    {"proc/sys/vm/zone_reclaim_mode", KNOB_SYSCTL},
    {"proc/sys/vm/swappiness", KNOB_SYSCTL},
    {"proc/sys/vm/nr_hugepages", KNOB_SYSCTL},
    {"proc/sys/vm/nr_overcommit_hugepages", KNOB_SYSCTL},
    {"proc/sys/vm/overcommit_memory", KNOB_SYSCTL},
    {"proc/pressure/*", KNOB_PLAIN},
    {"sys/devices/system/cpu/cpu*/cpufreq/scaling_driver", KNOB_PER_CPU},
    {"sys/devices/system/cpu/cpu*/cpufreq/scaling_governor", KNOB_PER_CPU},
    {"sys/devices/system/cpu/cpu*/cpufreq/energy_performance_preference", KNOB_PER_CPU},
    {"sys/devices/system/cpu/cpu*/cpuidle/state*/name", KNOB_PER_CPU},
    {"sys/devices/system/cpu/cpu*/cpuidle/state*/latency", KNOB_PER_CPU},
    {"sys/devices/system/cpu/cpu*/cpuidle/state*/disable", KNOB_PER_CPU},
    {"sys/devices/system/cpu/cpufreq/boost", KNOB_PLAIN},
    {"sys/devices/system/cpu/intel_pstate/no_turbo", KNOB_PLAIN},
    {"sys/devices/system/cpu/intel_pstate/status", KNOB_PLAIN},
    {"sys/devices/system/cpu/amd_pstate/status", KNOB_PLAIN},
    {"sys/devices/system/cpu/cpuidle/current_driver", KNOB_PLAIN},
    {"sys/devices/system/cpu/cpuidle/current_governor", KNOB_PLAIN},
    {"sys/devices/system/cpu/isolated", KNOB_PLAIN},
    {"sys/devices/system/cpu/nohz_full", KNOB_PLAIN},
    {"sys/devices/system/cpu/smt/control", KNOB_PLAIN},
    {"sys/devices/system/cpu/smt/active", KNOB_PLAIN},
    {"sys/devices/system/cpu/vulnerabilities/*", KNOB_PLAIN},
    {"sys/devices/system/clocksource/clocksource0/current_clocksource", KNOB_PLAIN},
    {"sys/devices/system/clocksource/clocksource0/available_clocksource", KNOB_PLAIN},
    {"sys/devices/system/node/has_memory", KNOB_PLAIN},
    {"sys/devices/system/node/has_cpu", KNOB_PLAIN},
    {"sys/devices/system/node/possible", KNOB_PLAIN},
    {"sys/kernel/mm/transparent_hugepage/enabled", KNOB_CHOICE},
    {"sys/kernel/mm/transparent_hugepage/defrag", KNOB_CHOICE},
    {"sys/kernel/mm/transparent_hugepage/shmem_enabled", KNOB_CHOICE},
    {"sys/kernel/mm/transparent_hugepage/khugepaged/defrag", KNOB_PLAIN},
    {"sys/kernel/mm/hugepages/hugepages-*/nr_hugepages", KNOB_PLAIN},
    {"sys/kernel/mm/hugepages/hugepages-*/free_hugepages", KNOB_PLAIN},
    {"sys/kernel/mm/ksm/*", KNOB_PLAIN},
    {"sys/module/kvm*/parameters/*", KNOB_PLAIN},
    {"sys/module/vhost*/parameters/*", KNOB_PLAIN},
    {"sys/module/haltpoll/parameters/*", KNOB_PLAIN},
    {"sys/fs/resctrl/mon_data/mon_L3_*/llc_occupancy", KNOB_PLAIN},
    {"sys/fs/resctrl/mon_groups/*/mon_data/mon_L3_*/llc_occupancy", KNOB_PLAIN},
    {"sys/fs/resctrl/*/mon_data/mon_L3_*/llc_occupancy", KNOB_PLAIN},
    {"sys/fs/resctrl/*/mon_groups/*/mon_data/mon_L3_*/llc_occupancy", KNOB_PLAIN},
    {"sys/block/vd*/queue/scheduler", KNOB_CHOICE},
    {"sys/hypervisor/type", KNOB_PLAIN},
    {"sys/devices/virtual/dmi/id/sys_vendor", KNOB_PLAIN},
    {"etc/tuned/active_profile", KNOB_PLAIN},
};

typedef void (*PathFunc)(KtRootReading *r, const char *path, gpointer data);

/* Calls `func` for each path that fits; recursion is as deep as the pattern has parts. */
static void expand(KtRootReading *r, const char *directory, const char *pattern, PathFunc func, gpointer data)
{
  const char *slash = strchr(pattern, '/');
  g_autofree char *part = slash ? g_strndup(pattern, (gsize)(slash - pattern)) : g_strdup(pattern);
  g_auto(GStrv) names = NULL;
  if (strchr(part, '*')) {
    names = kt_root_list(r->root, directory);
  } else {
    char *one[] = {part, NULL};
    names = g_strdupv(one);
  }
  for (guint i = 0; names && names[i]; i++) {
    if (!g_pattern_match_simple(part, names[i]))
      continue;
    g_autofree char *path = *directory ? g_build_filename(directory, names[i], NULL) : g_strdup(names[i]);
    if (slash)
      expand(r, path, slash + 1, func, data);
    else
      func(r, path, data);
  }
}

/* The text of a knob or NULL; one that only root may read is noted. */
static char *read_knob(KtRootReading *r, const char *path)
{
  char *text = kt_root_read_line(r->root, path);
  if (!text) {
    kt_root_note_unreadable(r, path);
    return NULL;
  }
  g_autofree char *raw = text;
  return g_utf8_make_valid(raw, -1);
}

/* "always [madvise] never" -> "madvise"; without brackets the whole text. */
static char *chosen_word(const char *text)
{
  const char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;
  return close ? g_strndup(open + 1, (gsize)(close - open - 1)) : g_strdup(text);
}

static void read_one(KtRootReading *r, const char *path, gpointer data)
{
  KnobKind kind = *(const KnobKind *)data;
  g_autofree char *text = read_knob(r, path);
  if (!text)
    return;
  g_autofree char *value = kind == KNOB_CHOICE ? chosen_word(text) : g_strdup(text);
  g_autofree char *name = NULL;
  if (kind == KNOB_SYSCTL) {
    name = g_strdup(path + strlen("proc/sys/"));
    g_strdelimit(name, "/", '.');
  } else {
    g_autofree char *valid = g_utf8_make_valid(path, -1); /* names of groups may be anything */
    name = g_strconcat("/", valid, NULL);
  }
  g_autoptr(KtCite) cite = kt_root_cite(r->root, path, text);
  kt_machine_set_setting(r->m, name, value, cite);
}

/* ---- one knob of many CPUs ---- */

typedef struct {
  GHashTable *counts; /* value -> how many CPUs */
  GPtrArray *order;   /* values as they were first met */
} Values;

static void count_value(const Values *values, const char *value)
{
  guint n = GPOINTER_TO_UINT(g_hash_table_lookup(values->counts, value));
  if (!n)
    g_ptr_array_add(values->order, g_strdup(value));
  g_hash_table_insert(values->counts, g_strdup(value), GUINT_TO_POINTER(n + 1));
}

static char *summarise(const Values *values)
{
  if (values->order->len == 1)
    return g_strdup(values->order->pdata[0]);
  GString *out = g_string_new("mixed: ");
  for (guint i = 0; i < values->order->len; i++) {
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(values->counts, values->order->pdata[i]));
    g_string_append_printf(out, "%s%s (%u %s)", i ? ", " : "", (char *)values->order->pdata[i], n,
                           n == 1 ? "CPU" : "CPUs");
  }
  return g_string_free(out, FALSE);
}

/* `path` is the knob of the first online CPU; the same one of all others joins it. */
static void read_per_cpu(KtRootReading *r, const char *path, gpointer data)
{
  g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(g_free);
  Values values = {counts, order};
  const char *tail = strchr(path + strlen("sys/devices/system/cpu/"), '/');
  for (int id = kt_set_next(r->m->online_set, 0); id >= 0; id = kt_set_next(r->m->online_set, (guint)id + 1)) {
    g_autofree char *one = g_strdup_printf("sys/devices/system/cpu/cpu%d%s", id, tail);
    g_autofree char *value = read_knob(r, one);
    if (value)
      count_value(&values, value);
  }
  if (!order->len)
    return;
  g_autofree char *value = summarise(&values);
  g_autofree char *name = g_strconcat("/sys/devices/system/cpu/cpu*", tail, NULL);
  g_autoptr(KtCite) cite = kt_root_cite(r->root, name + 1, value);
  kt_machine_set_setting(r->m, name, value, cite);
}

void kt_root_read_settings(KtRootReading *r)
{
  int first_online = r->m->online_set ? kt_set_next(r->m->online_set, 0) : -1;
  for (guint i = 0; i < G_N_ELEMENTS(knobs); i++) {
    KnobKind kind = knobs[i].kind;
    if (kind != KNOB_PER_CPU) {
      expand(r, "", knobs[i].pattern, read_one, &kind);
    } else if (first_online >= 0) {
      const char *tail = strchr(knobs[i].pattern + strlen("sys/devices/system/cpu/"), '/');
      g_autofree char *pattern = g_strdup_printf("sys/devices/system/cpu/cpu%d%s", first_online, tail);
      expand(r, "", pattern, read_per_cpu, NULL);
    }
  }
}
