/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads of a QEMU process. vCPUs are known by their names ("CPU 3/KVM") or, if
 * QEMU was not told to name its threads, by libvirt's control groups ("vcpu3");
 * never by monitor commands, which taint the domain. */
#include <string.h>

#include "base/units.h"
#include "evidence/process.h"

#define MAX_THREADS 20000
#define MAX_VCPU 4096

static int number_behind(const char *text, const char *prefix, const char *end)
{
  char *stop;
  if (!text || !g_str_has_prefix(text, prefix) || !g_ascii_isdigit(text[strlen(prefix)]))
    return -1;
  guint64 n = g_ascii_strtoull(text + strlen(prefix), &stop, 10);
  return n < MAX_VCPU && g_str_has_prefix(stop, end) ? (int)n : -1;
}

static int vcpu_of(KtRootReading *r, const char *directory, const char *comm)
{
  int vcpu = number_behind(comm, "CPU ", "/");
  if (vcpu >= 0 || !g_str_has_prefix(comm, "qemu"))
    return vcpu;
  static const char *const controllers[] = {NULL, "cpu"};
  g_autofree char *text = kt_root_read_linef(r->root, "%s/cgroup", directory);
  for (guint i = 0; i < G_N_ELEMENTS(controllers) && vcpu < 0; i++) {
    g_autofree char *group = kt_process_cgroup(r->root, text, controllers[i]);
    g_autofree char *last = group ? g_path_get_basename(group) : NULL;
    vcpu = number_behind(last, "vcpu", "");
  }
  return vcpu;
}

/* Field 39 of stat: the CPU it ran on last. The name in field 2 may hold anything. */
static KtInt last_cpu(const char *stat)
{
  const char *behind = stat ? strrchr(stat, ')') : NULL;
  if (!behind)
    return KT_INT_UNKNOWN;
  g_auto(GStrv) words = g_strsplit(behind + 1 + strspn(behind + 1, " "), " ", 64); /* words[0] is field 3 */
  guint64 cpu;
  return g_strv_length(words) > 36 && kt_units_parse_count(words[36], &cpu) && cpu < KT_SET_MAX ? KT_INT((gint64)cpu)
                                                                                                : KT_INT_UNKNOWN;
}

/* The name stands in stat too, which is read anyway: one file less of each thread. */
static char *name_of(KtRoot *root, const char *directory, const char *stat)
{
  const char *open = stat ? strchr(stat, '(') : NULL, *close = open ? strrchr(open, ')') : NULL;
  return close ? g_strndup(open + 1, (gsize)(close - open - 1)) : kt_root_read_linef(root, "%s/comm", directory);
}

void kt_process_read_thread(KtRootReading *r, KtDomain *d, const char *directory, int tid)
{
  g_autofree char *stat = kt_root_read_linef(r->root, "%s/stat", directory);
  g_autofree char *raw = name_of(r->root, directory, stat);
  if (!raw)
    return;
  g_autofree char *comm = g_utf8_make_valid(raw, -1);
  g_autofree char *path = g_build_filename(directory, "status", NULL);
  g_autofree char *status = kt_root_read_line(r->root, path);
  g_autofree char *allowed = kt_process_status(status, "Cpus_allowed_list");
  KtThread *thread = kt_runtime_add_thread(kt_domain_runtime(d), tid, comm);
  thread->vcpu = vcpu_of(r, directory, comm);
  thread->affinity = allowed ? kt_set_parse(allowed, NULL) : NULL;
  thread->last_cpu = last_cpu(stat);
  kt_process_cite(r, d, thread->vcpu >= 0 ? "runtime.affinity" : "runtime.emulator", path, status, "Cpus_allowed_list");
}

void kt_process_read_threads(KtRootReading *r, KtDomain *d, int pid)
{
  g_autofree char *tasks = g_strdup_printf("proc/%d/task", pid);
  g_auto(GStrv) names = kt_root_list(r->root, tasks);
  for (guint i = 0; names && names[i] && i < MAX_THREADS; i++) {
    guint64 tid;
    if (!kt_units_parse_count(names[i], &tid) || tid > G_MAXINT32)
      continue;
    g_autofree char *directory = g_build_filename(tasks, names[i], NULL);
    kt_process_read_thread(r, d, directory, (int)tid);
  }
}

void kt_process_read_qemu(KtRootReading *r, KtDomain *d, int pid)
{
  kt_domain_runtime(d)->pid = pid;
  kt_process_read_threads(r, d, pid);
  g_autofree char *groups = kt_root_read_linef(r->root, "proc/%d/cgroup", pid);
  kt_process_read_cgroups(r, d, groups);
  kt_process_read_memory(r, d, pid, groups);
}
