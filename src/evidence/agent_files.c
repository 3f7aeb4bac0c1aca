/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/agent_files.h"

#include <string.h>

#include "base/error.h"
#include "base/set.h"
#include "base/units.h"
#include "evidence/capture_root.h"

#define FILE_LIMIT (16 * 1024 * 1024)
#define TOTAL_LIMIT (64 * 1024 * 1024)
#define MAX_CPUS 1024
#define MAX_NODES 64
#define MAX_CACHES 8    /* of a CPU */
#define LAST_SECONDS 60 /* for the second moment */

#define CPU_DIR "sys/devices/system/cpu"
#define NODE_DIR "sys/devices/system/node"
#define THP_DIR "sys/kernel/mm/transparent_hugepage"

static const char *const single_files[] = {
    "proc/cpuinfo",
    "proc/meminfo",
    "proc/version",
    "proc/cmdline",
    "proc/pressure/cpu",
    "proc/pressure/memory",
    "proc/pressure/io",
    "proc/xen/capabilities",
    "proc/sys/kernel/hostname",
    "proc/sys/kernel/osrelease",
    "proc/sys/kernel/arch",
    "proc/sys/kernel/numa_balancing",
    "proc/sys/kernel/nmi_watchdog",
    "proc/sys/kernel/sched_autogroup_enabled",
    "proc/sys/kernel/sched_rt_runtime_us",
    "proc/sys/kernel/timer_migration",
    "proc/sys/vm/zone_reclaim_mode",
    "proc/sys/vm/swappiness",
    "proc/sys/vm/nr_hugepages",
    "proc/sys/vm/nr_overcommit_hugepages",
    "proc/sys/vm/overcommit_memory",
    "etc/os-release",
    "usr/lib/os-release",
    "etc/hostname",
    "etc/tuned/active_profile",
    CPU_DIR "/present",
    CPU_DIR "/online",
    CPU_DIR "/offline",
    CPU_DIR "/possible",
    CPU_DIR "/isolated",
    CPU_DIR "/nohz_full",
    CPU_DIR "/smt/control",
    CPU_DIR "/smt/active",
    CPU_DIR "/cpuidle/current_driver",
    CPU_DIR "/cpuidle/current_governor",
    "sys/module/haltpoll/parameters/guest_halt_poll_ns",
    "sys/module/haltpoll/parameters/force",
    NODE_DIR "/online",
    NODE_DIR "/possible",
    NODE_DIR "/has_memory",
    NODE_DIR "/has_cpu",
    "sys/devices/system/clocksource/clocksource0/current_clocksource",
    "sys/devices/system/clocksource/clocksource0/available_clocksource",
    THP_DIR "/enabled",
    THP_DIR "/defrag",
    THP_DIR "/shmem_enabled",
    THP_DIR "/khugepaged/defrag",
    "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
    "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages",
    "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages",
    "sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages",
    "sys/block/vda/queue/scheduler",
    "sys/block/vdb/queue/scheduler",
    "sys/hypervisor/type",
    "sys/class/dmi/id/product_name",
    "sys/devices/virtual/dmi/id/product_name",
    "sys/devices/virtual/dmi/id/sys_vendor",
};

/* "NEW|OLD": the second where the first is not there. */
static const char *const topology_files[] = {
    "online",
    "topology/physical_package_id",
    "topology/die_id",
    "topology/core_id",
    "topology/core_cpus_list|topology/thread_siblings_list",
    "topology/package_cpus_list|topology/core_siblings_list",
};

static const char *const cache_files[] = {"type", "size", "shared_cpu_list|shared_cpu_map"};

static const char *const node_files[] = {
    "cpulist|cpumap",
    "distance",
    "meminfo",
    "numastat",
    "hugepages/hugepages-2048kB/nr_hugepages",
    "hugepages/hugepages-2048kB/free_hugepages",
    "hugepages/hugepages-1048576kB/nr_hugepages",
    "hugepages/hugepages-1048576kB/free_hugepages",
};

static const char *const moment_files[] = {"proc/uptime", "proc/stat", "proc/vmstat", "proc/interrupts"};

typedef struct {
  KtAgent *agent;
  KtRoot *tree;
  KtAgentFiles *files;
  gsize bytes;
  gboolean gone;   /* the agent does not answer any more */
  gboolean whole;  /* of what hangs together nothing is missing so far */
  GError *failure; /* the first one that says nothing about a file */
} Taking;

/* ---- one file ---- */

typedef enum { FILE_ABSENT, FILE_TAKEN, FILE_UNREADABLE, FILE_UNTOLD } Outcome;

static Outcome outcome_of(Taking *t, const char *as, GError *error)
{
  if (g_error_matches(error, KT_ERROR, KT_ERROR_NOT_FOUND) && !t->gone)
    return FILE_ABSENT;
  if (g_error_matches(error, KT_ERROR, KT_ERROR_ACCESS) && !t->gone) {
    kt_root_add_unreadable(t->tree, as);
    g_string_append_printf(t->files->unreadable, "/%s\tthe guest's agent may not read it\n", as);
    return FILE_UNREADABLE;
  }
  t->whole = FALSE;
  if (!t->failure)
    t->failure = g_error_copy(error);
  return FILE_UNTOLD;
}

static Outcome take_as(Taking *t, const char *path, const char *as)
{
  g_autofree char *absolute = g_strconcat("/", path, NULL);
  g_autoptr(GError) error = NULL;
  if (t->gone)
    return FILE_UNTOLD;
  g_autoptr(GBytes) bytes =
      kt_agent_read_file(t->agent, absolute, MIN(FILE_LIMIT, TOTAL_LIMIT - t->bytes), &t->gone, &error);
  if (!bytes)
    return outcome_of(t, as, error);
  t->bytes += g_bytes_get_size(bytes);
  kt_root_add_file(t->tree, as, bytes);
  return FILE_TAKEN;
}

/* "DIRECTORY/NEW", or "DIRECTORY/OLD" if that is absent. */
static Outcome take_below(Taking *t, const char *directory, const char *names)
{
  g_auto(GStrv) each = g_strsplit(names, "|", 2);
  Outcome outcome = FILE_ABSENT;
  for (guint i = 0; each[i] && outcome == FILE_ABSENT; i++) {
    g_autofree char *path = *directory ? g_build_filename(directory, each[i], NULL) : g_strdup(each[i]);
    outcome = take_as(t, path, path);
  }
  return outcome;
}

static void take_all(Taking *t, const char *directory, const char *const *names, guint n)
{
  for (guint i = 0; i < n && t->whole; i++)
    take_below(t, directory, names[i]);
}

/* ---- what hangs together ---- */

/* The ids in a list of the tree; NULL if it is not there, is none or names too many. */
static KtSet *read_list(Taking *t, const char *path, guint max)
{
  g_autofree char *text = kt_root_read_line(t->tree, path);
  g_autoptr(KtSet) set = text ? kt_set_parse(text, NULL) : NULL;
  return set && !kt_set_is_empty(set) && kt_set_count(set) <= max ? g_steal_pointer(&set) : NULL;
}

static void take_topology(Taking *t, const char *directory)
{
  take_all(t, directory, topology_files, G_N_ELEMENTS(topology_files));
}

/* The first level that is not there ends them. */
static void take_caches(Taking *t, const char *directory)
{
  for (guint i = 0; i < MAX_CACHES && t->whole; i++) {
    g_autofree char *cache = g_strdup_printf("%s/cache/index%u", directory, i);
    if (take_below(t, cache, "level") != FILE_TAKEN)
      break;
    take_all(t, cache, cache_files, G_N_ELEMENTS(cache_files));
  }
}

static void take_node(Taking *t, const char *directory)
{
  take_all(t, directory, node_files, G_N_ELEMENTS(node_files));
}

typedef struct {
  const char *what;     /* for people */
  const char *prefix;   /* of the directories, a number follows */
  const char *lists[2]; /* which there are: the first of these */
  guint max;            /* so many at most */
  const char *part;     /* of each directory, to be left out; NULL: all of it */
  void (*take)(Taking *t, const char *directory);
} Group;

static const Group groups[] = {
    {"nodes", NODE_DIR "/node", {NODE_DIR "/online"}, MAX_NODES, NULL, take_node},
    {"topology", CPU_DIR "/cpu", {CPU_DIR "/present", CPU_DIR "/online"}, MAX_CPUS, "topology", take_topology},
    {"caches", CPU_DIR "/cpu", {CPU_DIR "/present", CPU_DIR "/online"}, MAX_CPUS, "cache", take_caches},
};

static void drop_group(Taking *t, const Group *g, const KtSet *ids)
{
  for (int id = kt_set_next(ids, 0); id >= 0; id = kt_set_next(ids, (guint)id + 1)) {
    g_autofree char *path = g_strdup_printf("%s%d%s%s", g->prefix, id, g->part ? "/" : "", g->part ? g->part : "");
    kt_root_remove(t->tree, path);
  }
}

static void take_group(Taking *t, guint number)
{
  const Group *g = &groups[number];
  const KtAgentFiles *f = t->files;
  g_autoptr(KtSet) ids = read_list(t, g->lists[0], g->max);
  if (!ids && g->lists[1])
    ids = read_list(t, g->lists[1], g->max);
  if (!ids)
    return;
  guint done = 0, n = kt_set_count(ids);
  t->whole = TRUE;
  for (int id = kt_set_next(ids, 0); id >= 0 && t->whole && !t->gone; id = kt_set_next(ids, (guint)id + 1)) {
    g_autofree char *directory = g_strdup_printf("%s%d", g->prefix, id);
    g->take(t, directory);
    if (f->progress)
      f->progress((number + (double)++done / n) / (G_N_ELEMENTS(groups) + 1), f->progress_data);
  }
  if (t->whole && !t->gone)
    return;
  drop_group(t, g, ids);
  g_string_append_printf(f->unreadable, "%s\t%s\n", g->what,
                         t->failure ? t->failure->message : "the guest agent took too long");
}

/* ---- all of it ---- */

static gboolean take_moment(Taking *t)
{
  KtAgentFiles *f = t->files;
  g_autofree char *directory = g_strdup_printf(KT_CAPTURE_MOMENT "%u", f->moments + 1);
  t->whole = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(moment_files); i++) {
    g_autofree char *as = g_build_filename(directory, moment_files[i], NULL);
    take_as(t, moment_files[i], as);
  }
  g_autoptr(KtSet) nodes = read_list(t, NODE_DIR "/online", MAX_NODES);
  for (int id = nodes ? kt_set_next(nodes, 0) : -1; id >= 0; id = kt_set_next(nodes, (guint)id + 1)) {
    g_autofree char *path = g_strdup_printf(NODE_DIR "/node%d/numastat", id);
    g_autofree char *as = g_build_filename(directory, path, NULL);
    take_as(t, path, as);
  }
  if (t->whole && !t->gone)
    f->moments++;
  else
    kt_root_remove(t->tree, directory);
  return t->whole && !t->gone;
}

/* The first moment's files are the machine's too. */
static void copy_moment(Taking *t)
{
  for (guint i = 0; i < G_N_ELEMENTS(moment_files); i++) {
    g_autofree char *path = g_build_filename(KT_CAPTURE_MOMENT "1", moment_files[i], NULL);
    gsize length;
    char *text = kt_root_read(t->tree, path, FILE_LIMIT, &length, NULL);
    g_autoptr(GBytes) bytes = text ? g_bytes_new_take(text, length) : NULL;
    if (bytes)
      kt_root_add_file(t->tree, moment_files[i], bytes);
  }
}

static void take_single_files(Taking *t)
{
  for (guint i = 0; i < G_N_ELEMENTS(single_files); i++)
    take_as(t, single_files[i], single_files[i]);
}

static void wait_until(const KtAgentFiles *f, gint64 time)
{
  for (gint64 left; (left = time - g_get_monotonic_time()) > 0;) {
    if (f->progress)
      f->progress(1 - MIN((double)left / G_USEC_PER_SEC / f->duration_s, 1) / (G_N_ELEMENTS(groups) + 1),
                  f->progress_data);
    g_usleep((gulong)MIN(left, G_USEC_PER_SEC / 10));
  }
}

static gboolean take_everything(Taking *t)
{
  KtAgentFiles *f = t->files;
  gint64 start = g_get_monotonic_time(), between = start + (gint64)(f->budget_s * G_USEC_PER_SEC);
  kt_agent_set_deadline(t->agent, between);
  if (take_as(t, "proc/stat", "proc/stat") != FILE_TAKEN)
    return FALSE;
  take_single_files(t);
  gint64 first = g_get_monotonic_time();
  gboolean moment = f->duration_s > 0 && take_moment(t);
  for (guint i = 0; i < G_N_ELEMENTS(groups); i++)
    take_group(t, i);
  if (f->duration_s <= 0)
    take_all(t, "", moment_files, G_N_ELEMENTS(moment_files));
  if (!moment)
    return !t->gone;
  copy_moment(t);
  gint64 second = first + (gint64)(f->duration_s * G_USEC_PER_SEC);
  kt_agent_set_deadline(t->agent, MAX(second, g_get_monotonic_time()) + LAST_SECONDS * G_USEC_PER_SEC);
  wait_until(f, second);
  take_moment(t);
  return !t->gone;
}

gboolean kt_agent_files_take(KtAgent *agent, KtAgentFiles *files, KtRoot *tree, GError **error)
{
  Taking t = {.agent = agent, .tree = tree, .files = files};
  gboolean ok = take_everything(&t);
  if (!ok && t.failure)
    g_propagate_error(error, g_steal_pointer(&t.failure));
  else if (!ok)
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND,
                "the guest has no /proc/stat that its agent may read: it is no Linux, or the agent is shut in");
  g_clear_error(&t.failure);
  return ok;
}
