/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our topology of the shared machines against hwloc's, which is older and sees
 * more machines than we do. Where the two differ for a reason, the reason stands
 * in `known`. */
#include "config.h"
#if HAVE_HWLOC && HAVE_ARCHIVE
#include <glib/gstdio.h>
#include <hwloc.h>
#include <string.h>

#include "evidence/archive.h"
#include "evidence/root_machine.h"

typedef struct {
  const char *machine, *what, *why;
} Known;

static const Known known[] = {
    {"kvmhost-2s-snb-counters-a", "all", "no sys/devices/system/cpu: hwloc takes /proc/cpuinfo alone"},
    {"kvmhost-2s-snb-counters-b-hugepages", "all", "no sys/devices/system/cpu: hwloc takes /proc/cpuinfo alone"},
};

static gboolean is_known(const char *machine, const char *what)
{
  for (guint i = 0; i < G_N_ELEMENTS(known); i++)
    if (g_str_equal(known[i].machine, machine) &&
        (g_str_equal(known[i].what, "all") || g_str_equal(known[i].what, what))) {
      g_test_message("%s differs: %s", what, known[i].why);
      return TRUE;
    }
  return FALSE;
}

static void compare(const char *machine, const char *what, KtInt ours, int theirs)
{
  if (!ours.known || ours.value == theirs || is_known(machine, what))
    return;
  g_test_message("%s: %s: we say %" G_GINT64_FORMAT ", hwloc %d", machine, what, ours.value, theirs);
  g_test_fail();
}

static hwloc_topology_t load_hwloc(const char *directory)
{
  hwloc_topology_t topology;
  g_setenv("HWLOC_FSROOT", directory, TRUE);
  g_setenv("HWLOC_COMPONENTS", "linux,stop", TRUE); /* not the CPUID of this machine */
  g_setenv("HWLOC_THISSYSTEM", "0", TRUE);
  g_assert_cmpint(hwloc_topology_init(&topology), ==, 0);
  hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  g_assert_cmpint(hwloc_topology_load(topology), ==, 0);
  return topology;
}

static KtInt count_cores(const KtMachine *m)
{
  g_autoptr(KtSet) firsts = kt_set_new();
  for (guint i = 0; i < m->cpu->len; i++) {
    const KtCpu *cpu = m->cpu->pdata[i];
    if (!cpu->online)
      continue;
    if (!cpu->siblings)
      return KT_INT_UNKNOWN;
    kt_set_add(firsts, (guint)kt_set_next(cpu->siblings, 0));
  }
  return m->cpu->len ? KT_INT(kt_set_count(firsts)) : KT_INT_UNKNOWN;
}

static KtInt count_caches(const KtMachine *m, int level, KtCacheType type)
{
  const KtCache *cache = kt_machine_find_cache(m, level, type);
  return cache ? cache->instances : KT_INT_UNKNOWN;
}

static void test_machine(gconstpointer data)
{
  const char *path = data;
  g_autofree char *name = g_path_get_basename(path);
  *strstr(name, ".tar") = '\0';
  g_autofree char *temp = g_dir_make_tmp("kvmtune-hwloc-XXXXXX", NULL);
  const char *const unpack[] = {"tar", "-xf", path, "-C", temp, NULL};
  int status = -1;
  g_assert_true(g_spawn_sync(NULL, (char **)unpack, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
  g_assert_cmpint(status, ==, 0);
  g_autofree char *directory = g_build_filename(temp, name, NULL);
  hwloc_topology_t topology = load_hwloc(directory);
  g_autoptr(KtRoot) root = kt_root_open(directory, NULL);
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_assert_nonnull(root);
  g_assert_true(kt_root_read_machine(root, snapshot, TRUE));
  const KtMachine *m = snapshot->machines->pdata[0];
  compare(name, "online CPUs", m->online, hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU));
  compare(name, "packages", m->sockets, hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE));
  compare(name, "cores", count_cores(m), hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE));
  compare(name, "nodes", kt_machine_nodes_known(m), hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE));
  compare(name, "L1d", count_caches(m, 1, KT_CACHE_DATA), hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L1CACHE));
  compare(name, "L2", count_caches(m, 2, KT_CACHE_UNIFIED), hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L2CACHE));
  compare(name, "L3", count_caches(m, 3, KT_CACHE_UNIFIED), hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L3CACHE));
  hwloc_topology_destroy(topology);
  const char *const clean[] = {"rm", "-rf", temp, NULL};
  g_spawn_sync(NULL, (char **)clean, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}
#else
#include <glib.h>
#endif

static void test_skipped(gconstpointer data)
{
  g_test_skip(data);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  const char *shared = g_getenv("KT_SHARED");
  g_autofree char *directory = shared ? g_build_filename(shared, "machines", NULL) : NULL;
  g_autoptr(GDir) dir = directory ? g_dir_open(directory, 0, NULL) : NULL;
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
#if HAVE_HWLOC && HAVE_ARCHIVE
  for (const char *name; dir && (name = g_dir_read_name(dir));) {
    if (!g_str_has_suffix(name, ".tar.xz"))
      continue;
    char *path = g_build_filename(directory, name, NULL);
    g_ptr_array_add(paths, path);
    g_autofree char *test = g_strconcat("/machines-hwloc/", name, NULL);
    g_test_add_data_func(test, path, test_machine);
  }
#endif
  if (!paths->len)
    g_test_add_data_func("/machines-hwloc/all",
                         dir ? "built without hwloc or libarchive" : "the shared machines are absent", test_skipped);
  return g_test_run();
}
