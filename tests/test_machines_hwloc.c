/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our topology of the shared machines against hwloc's, which is older and sees
 * more machines than we do. No difference is known; what we leave unknown is not
 * compared. hwloc cannot load a tree without sys/devices/system/cpu. */
#include "config.h"
#if HAVE_HWLOC && HAVE_ARCHIVE
#include <glib/gstdio.h>
#include <hwloc.h>
#include <string.h>

#include "evidence/archive.h"
#include "evidence/root_machine.h"

static void compare(const char *machine, const char *what, KtInt ours, int theirs)
{
  if (!ours.known || ours.value == theirs)
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
  if (hwloc_topology_load(topology) == 0)
    return topology;
  hwloc_topology_destroy(topology);
  return NULL; /* it needs sys/devices/system/cpu */
}

/* The shared trees keep the kernel's list files only, hwloc reads the masks: the same sets in the other form. */
static void write_mask(const char *directory, const char *list_name, const char *mask_name)
{
  g_autofree char *from = g_build_filename(directory, list_name, NULL);
  g_autofree char *to = g_build_filename(directory, mask_name, NULL);
  g_autofree char *text = NULL;
  if (g_file_test(to, G_FILE_TEST_EXISTS) || !g_file_get_contents(from, &text, NULL, NULL))
    return;
  g_autoptr(KtSet) set = kt_set_parse(text, NULL);
  g_autoptr(GString) mask = g_string_new(NULL);
  guint32 words[32] = {0};
  for (int id = kt_set_next(set, 0); id >= 0 && id < 1024; id = kt_set_next(set, (guint)id + 1))
    words[id / 32] |= 1u << (id % 32);
  for (guint i = G_N_ELEMENTS(words); i > 0; i--)
    g_string_append_printf(mask, "%08x%s", words[i - 1], i > 1 ? "," : "\n");
  g_assert_true(g_file_set_contents_full(to, mask->str, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
}

static void write_masks(const char *directory)
{
  static const char *const names[][2] = {
      {"core_cpus_list", "core_cpus"},       {"thread_siblings_list", "thread_siblings"},
      {"package_cpus_list", "package_cpus"}, {"core_siblings_list", "core_siblings"},
      {"die_cpus_list", "die_cpus"},         {"cluster_cpus_list", "cluster_cpus"},
  };
  for (guint cpu = 0; cpu < 1024; cpu++) {
    g_autofree char *node = g_strdup_printf("%s/sys/devices/system/node/node%u", directory, cpu);
    write_mask(node, "cpulist", "cpumap");
    g_autofree char *topology = g_strdup_printf("%s/sys/devices/system/cpu/cpu%u/topology", directory, cpu);
    if (!g_file_test(topology, G_FILE_TEST_IS_DIR))
      continue;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
      write_mask(topology, names[i][0], names[i][1]);
    for (guint index = 0; index < 6; index++) {
      g_autofree char *cache = g_strdup_printf("%s/sys/devices/system/cpu/cpu%u/cache/index%u", directory, cpu, index);
      write_mask(cache, "shared_cpu_list", "shared_cpu_map");
    }
  }
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

static void compare_all(const char *name, const KtMachine *m, hwloc_topology_t topology)
{
  compare(name, "online CPUs", m->online, hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU));
  compare(name, "packages", m->sockets, hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE));
  compare(name, "cores", count_cores(m), hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE));
  compare(name, "nodes", kt_machine_nodes_known(m), hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE));
  compare(name, "L1d", count_caches(m, 1, KT_CACHE_DATA), hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L1CACHE));
  compare(name, "L2", count_caches(m, 2, KT_CACHE_UNIFIED), hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L2CACHE));
  compare(name, "L3", count_caches(m, 3, KT_CACHE_UNIFIED), hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L3CACHE));
}

/* Thousands of small files: in memory where there is such a place. */
static char *make_temp(void)
{
  g_autofree char *in_memory = g_strdup("/dev/shm/kvmtune-hwloc-XXXXXX");
  return g_mkdtemp(in_memory) ? g_steal_pointer(&in_memory) : g_dir_make_tmp("kvmtune-hwloc-XXXXXX", NULL);
}

static void test_machine(gconstpointer data)
{
  const char *path = data;
  g_autofree char *name = g_path_get_basename(path);
  *strstr(name, ".tar") = '\0';
  g_autofree char *temp = make_temp();
  const char *const unpack[] = {"tar", "-xf", path, "-C", temp, "--exclude=*/proc/irq", "--exclude=*/sys/bus", NULL};
  int status = -1;
  g_assert_true(g_spawn_sync(NULL, (char **)unpack, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
  g_assert_cmpint(status, ==, 0);
  g_autofree char *directory = g_build_filename(temp, name, NULL);
  write_masks(directory);
  hwloc_topology_t topology = load_hwloc(directory);
  g_autoptr(KtRoot) root = kt_root_open(directory, NULL);
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_assert_nonnull(root);
  g_assert_true(kt_root_read_machine(root, snapshot, TRUE));
  if (topology) {
    compare_all(name, snapshot->machines->pdata[0], topology);
    hwloc_topology_destroy(topology);
  } else {
    g_test_skip("hwloc cannot load it");
  }
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
