/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control groups of a guest's vCPUs, v2 and v1. libvirt gives each vCPU a group
 * of its own below the guest's; Proxmox and scripts have one for all. A limit of
 * any group above counts as well. */
#include <string.h>

#include "base/units.h"
#include "evidence/process.h"

#define MOUNT "sys/fs/cgroup"
#define MAX_LEVELS 32

/* TRUE if `controllers` ("cpu,cpuacct") names this one. */
static gboolean has_controller(const char *controllers, const char *name)
{
  g_auto(GStrv) words = g_strsplit(controllers, ",", 32);
  return g_strv_contains((const char *const *)words, name);
}

char *kt_process_cgroup(KtRoot *root, const char *text, const char *controller)
{
  g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 64);
  for (guint i = 0; lines[i]; i++) {
    g_auto(GStrv) parts = g_strsplit(lines[i], ":", 3); /* "4:cpu,cpuacct:/machine/..." */
    if (g_strv_length(parts) != 3 || strstr(parts[2], ".."))
      continue;
    if (!controller && g_str_equal(parts[0], "0") && !*parts[1]) {
      const char *mount = kt_root_exists(root, MOUNT "/cgroup.controllers") ? MOUNT : MOUNT "/unified";
      return g_build_filename(mount, parts[2], NULL);
    }
    if (controller && has_controller(parts[1], controller)) {
      g_autofree char *both = g_build_filename(MOUNT, parts[1], NULL);
      gboolean there = kt_root_exists(root, both);
      return g_build_filename(there ? both : MOUNT, there ? "" : controller, parts[2], NULL);
    }
  }
  return NULL;
}

/* The group above, NULL at the mount (v1: at the controller's). */
static char *group_above(const char *group)
{
  g_autofree char *above = g_path_get_dirname(group);
  return strlen(above) > strlen(MOUNT) ? g_steal_pointer(&above) : NULL;
}

/* CPUs that one group may use by its quota, unknown if it has none. */
static KtNum quota_of(KtRoot *root, const char *group)
{
  g_autofree char *max = kt_root_read_linef(root, "%s/cpu.max", group);
  KtInt quota = kt_root_read_int(root, group, "cpu.cfs_quota_us"), period = KT_INT_UNKNOWN;
  if (max) {
    g_auto(GStrv) words = g_strsplit(max, " ", 2);
    guint64 a, b;
    if (g_strv_length(words) == 2 && kt_units_parse_count(words[0], &a) && kt_units_parse_count(words[1], &b) && b) {
      quota = KT_INT((gint64)MIN(a, (guint64)G_MAXINT64));
      period = KT_INT((gint64)MIN(b, (guint64)G_MAXINT64));
    }
  } else {
    period = kt_root_read_int(root, group, "cpu.cfs_period_us");
  }
  return quota.known && quota.value > 0 && period.known && period.value > 0
             ? KT_NUM((double)quota.value / (double)period.value)
             : KT_NUM_UNKNOWN;
}

static KtNum smaller(KtNum a, KtNum b)
{
  return !a.known ? b : !b.known ? a : KT_NUM(MIN(a.value, b.value));
}

static KtNum quota_upwards(KtRoot *root, const char *group)
{
  KtNum quota = KT_NUM_UNKNOWN;
  g_autofree char *at = g_strdup(group);
  for (guint i = 0; at && i < MAX_LEVELS; i++) {
    quota = smaller(quota, quota_of(root, at));
    char *above = group_above(at);
    g_free(at);
    at = above;
  }
  return quota;
}

/* Distinct groups of the vCPU threads, of the whole process if none is known to be one. */
static GHashTable *vcpu_groups(KtRoot *root, const KtDomain *d)
{
  GHashTable *groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  const KtRuntime *runtime = d->runtime;
  for (guint i = 0; i <= runtime->threads->len; i++) {
    const KtThread *thread = i < runtime->threads->len ? runtime->threads->pdata[i] : NULL;
    if (thread ? thread->vcpu < 0 : g_hash_table_size(groups) > 0)
      continue;
    g_autofree char *text = thread ? kt_root_read_linef(root, "proc/%d/task/%d/cgroup", runtime->pid, thread->tid)
                                   : kt_root_read_linef(root, "proc/%d/cgroup", runtime->pid);
    char *group = kt_process_cgroup(root, text, "cpu");
    if (!group)
      group = kt_process_cgroup(root, text, NULL);
    if (group)
      g_hash_table_add(groups, group);
  }
  return groups;
}

/* Sums up; *most (may be NULL) is the cpu.stat that counts most, with its count. */
static KtInt sum_throttled(KtRoot *root, GHashTable *groups, char **most, guint64 *most_n)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  KtInt total = KT_INT_UNKNOWN;
  GHashTableIter iter;
  gpointer group;
  g_hash_table_iter_init(&iter, groups);
  while (g_hash_table_iter_next(&iter, &group, NULL)) {
    char *at = g_strdup(group);
    for (guint i = 0; at && i < MAX_LEVELS && !g_hash_table_contains(seen, at); i++) {
      g_autofree char *path = g_build_filename(at, "cpu.stat", NULL);
      g_autofree char *text = kt_root_read_line(root, path);
      const char *counter = text ? strstr(text, "nr_throttled ") : NULL;
      guint64 n = counter ? g_ascii_strtoull(counter + strlen("nr_throttled "), NULL, 10) : 0;
      if (counter && n <= G_MAXINT32)
        total = KT_INT(total.value + (gint64)n);
      if (most && counter && (!*most || n > *most_n)) {
        g_free(*most);
        *most = g_steal_pointer(&path);
        *most_n = n;
      }
      char *above = group_above(at);
      g_hash_table_add(seen, at);
      at = above;
    }
    g_free(at);
  }
  return total;
}

KtInt kt_process_throttled(KtRoot *root, const KtDomain *d)
{
  g_autoptr(GHashTable) groups = vcpu_groups(root, d);
  return sum_throttled(root, groups, NULL, NULL);
}

static void read_throttled(KtRootReading *r, KtDomain *d, GHashTable *groups)
{
  g_autofree char *path = NULL;
  guint64 n = 0;
  d->runtime->nr_throttled = sum_throttled(r->root, groups, &path, &n);
  if (!path)
    return;
  g_autofree char *line = g_strdup_printf("nr_throttled %" G_GUINT64_FORMAT, n);
  g_autoptr(KtCite) cite = kt_root_cite(r->root, path, line);
  kt_domain_cite(d, "runtime.quota", cite);
}

/* Quota of all vCPUs together. */
static KtNum quota_of_vcpus(KtRoot *root, GHashTable *groups)
{
  guint n = g_hash_table_size(groups), limited = 0;
  double sum = 0;
  KtNum above = KT_NUM_UNKNOWN;
  GHashTableIter iter;
  gpointer group;
  g_hash_table_iter_init(&iter, groups);
  while (g_hash_table_iter_next(&iter, &group, NULL)) {
    KtNum own = n == 1 ? quota_upwards(root, group) : quota_of(root, group);
    g_autofree char *parent = group_above(group);
    limited += own.known;
    sum += own.value;
    if (n > 1 && parent)
      above = smaller(above, quota_upwards(root, parent));
  }
  return smaller(n && limited == n ? KT_NUM(sum) : KT_NUM_UNKNOWN, above);
}

/* The guest's own group: the one right below the last slice; where there is no
 * systemd, libvirt's; else the process's. */
static char *guest_group(KtRoot *root, const char *text, const char *controller)
{
  char *group = kt_process_cgroup(root, text, controller);
  char *slice = group ? g_strrstr(group, ".slice/") : NULL;
  char *own = group && !slice ? g_strrstr(group, ".libvirt-qemu/") : NULL;
  char *end = slice ? strchr(slice + strlen(".slice/"), '/') : own ? strchr(own, '/') : NULL;
  if (end)
    *end = '\0';
  return group;
}

/* A set that a group or the nearest one above it tells. */
static KtSet *set_upwards(KtRootReading *r, KtDomain *d, const char *fact, const char *group, const char *name,
                          const char *old_name)
{
  g_autofree char *at = g_strdup(group);
  for (guint i = 0; at && i < MAX_LEVELS; i++) {
    const char *const names[] = {name, old_name};
    for (guint k = 0; k < G_N_ELEMENTS(names); k++) {
      KtSet *set = kt_root_read_set(r, at, names[k], NULL);
      if (!set)
        continue;
      g_autofree char *path = g_build_filename(at, names[k], NULL), *list = kt_set_format(set);
      g_autoptr(KtCite) cite = kt_root_cite(r->root, path, list);
      kt_domain_cite(d, fact, cite);
      return set;
    }
    char *above = group_above(at);
    g_free(at);
    at = above;
  }
  return NULL;
}

/* Memory comes from where its vCPUs may take it: libvirt's numatune limits the group of each, not the guest's. */
static char *vcpu_group(KtRoot *root, const KtRuntime *runtime, const char *controller)
{
  for (guint i = 0; i < runtime->threads->len; i++) {
    const KtThread *thread = runtime->threads->pdata[i];
    if (thread->vcpu < 0)
      continue;
    g_autofree char *text = kt_root_read_linef(root, "proc/%d/task/%d/cgroup", runtime->pid, thread->tid);
    return kt_process_cgroup(root, text, controller);
  }
  return NULL;
}

void kt_process_read_cgroups(KtRootReading *r, KtDomain *d, const char *text)
{
  KtRuntime *runtime = kt_domain_runtime(d);
  g_autoptr(GHashTable) groups = vcpu_groups(r->root, d);
  read_throttled(r, d, groups);
  runtime->quota_cpus = quota_of_vcpus(r->root, groups);
  g_autofree char *v2 = guest_group(r->root, text, NULL);
  g_autofree char *v1_cpuset = guest_group(r->root, text, "cpuset");
  if (v2)
    runtime->cpu_weight = kt_root_read_int(r->root, v2, "cpu.weight");
  const char *cpuset = v1_cpuset ? v1_cpuset : v2;
  if (cpuset) {
    g_autofree char *vcpu = vcpu_group(r->root, runtime, v1_cpuset ? "cpuset" : NULL);
    runtime->cpuset_cpus =
        set_upwards(r, d, "runtime.cpuset.cpus", cpuset, "cpuset.cpus.effective", "cpuset.effective_cpus");
    runtime->cpuset_mems = set_upwards(r, d, "runtime.cpuset.mems", vcpu ? vcpu : cpuset, "cpuset.mems.effective",
                                       "cpuset.effective_mems");
  }
}
