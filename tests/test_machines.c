/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machines of the shared data, read from their archives, against golden facts.
 * KT_UPDATE_GOLDEN=1 writes the golden files anew (then look at each!). */
#include <string.h>

#include "config.h"
#include "evidence/archive.h"
#include "evidence/root_machine.h"

static void say_int(GString *out, const char *name, KtInt value)
{
  if (value.known)
    g_string_append_printf(out, " %s=%" G_GINT64_FORMAT, name, value.value);
  else
    g_string_append_printf(out, " %s=unknown", name);
}

static void say_text(GString *out, const char *name, const char *value)
{
  g_string_append_printf(out, "%s: %s\n", name, value ? value : "unknown");
}

static void say_cpus(GString *out, const KtMachine *m)
{
  g_autofree char *cpus = m->cpu_set ? kt_set_format(m->cpu_set) : NULL;
  g_autofree char *online = m->online_set ? kt_set_format(m->online_set) : NULL;
  say_text(out, "cpus", cpus);
  say_text(out, "online", online);
  g_string_append(out, "topology:");
  say_int(out, "sockets", m->sockets);
  say_int(out, "dies", m->dies);
  say_int(out, "cores_per_socket", m->cores_per_socket);
  say_int(out, "threads_per_core", m->threads_per_core);
  say_int(out, "nodes", m->node_count);
  g_string_append_c(out, '\n');
  g_autoptr(GHashTable) capacities = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < m->cpu->len; i++) {
    const KtCpu *cpu = m->cpu->pdata[i];
    if (cpu->capacity.known)
      g_hash_table_add(capacities, GINT_TO_POINTER(cpu->capacity.value));
  }
  if (g_hash_table_size(capacities))
    g_string_append_printf(out, "capacities: %u different\n", g_hash_table_size(capacities));
}

static void say_caches(GString *out, const KtMachine *m)
{
  for (guint i = 0; i < m->caches->len; i++) {
    const KtCache *cache = m->caches->pdata[i];
    g_autofree char *name = kt_cache_name(cache);
    g_string_append_printf(out, "cache %s:", name);
    say_int(out, "size_kib", cache->size_kib);
    say_int(out, "instances", cache->instances);
    if (cache->level >= 3)
      for (guint g = 0; g < cache->groups->len; g++) {
        g_autofree char *cpus = kt_set_format(cache->groups->pdata[g]);
        g_string_append_printf(out, " [%s]", cpus);
      }
    g_string_append_c(out, '\n');
  }
}

static void say_nodes(GString *out, const KtMachine *m)
{
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    g_autofree char *cpus = node->cpus ? kt_set_format(node->cpus) : g_strdup("unknown");
    g_string_append_printf(out, "node %d: cpus=%s", node->id, cpus);
    say_int(out, "memory_kib", node->memory_kib);
    say_int(out, "hugepages_kib", node->hugepages_total);
    say_int(out, "miss", node->numa_miss);
    g_string_append(out, " distances=");
    for (guint d = 0; d < node->distances->len; d++)
      g_string_append_printf(out, "%s%d", d ? "," : "", g_array_index(node->distances, int, d));
    g_string_append(out, node->distances->len ? "\n" : "unknown\n");
  }
}

static char *describe(const KtSnapshot *snapshot)
{
  static const char *const roles[] = {[KT_ROLE_UNKNOWN] = NULL, [KT_ROLE_HOST] = "host", [KT_ROLE_GUEST] = "guest"};
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < snapshot->machines->len; i++) {
    const KtMachine *m = snapshot->machines->pdata[i];
    say_text(out, "machine", m->name);
    say_text(out, "role", roles[m->role]);
    say_text(out, "hypervisor", m->hypervisor);
    say_text(out, "kernel", m->kernel_release);
    say_text(out, "product", m->product);
    say_text(out, "cpu", m->cpu_model_name);
    g_string_append(out, "memory:");
    say_int(out, "kib", m->memory_kib);
    g_string_append_printf(out, "\ndevices: %u\n", m->devices->len);
    say_cpus(out, m);
    say_caches(out, m);
    say_nodes(out, m);
  }
  for (guint i = 0; i < snapshot->rejected->len; i++) {
    const KtRejected *rejected = snapshot->rejected->pdata[i];
    const char *at = strstr(rejected->source, "/sys/");
    g_string_append_printf(out, "rejected %s: %s\n", at ? at : rejected->source, rejected->why);
  }
  return g_string_free(out, FALSE);
}

static void assert_golden(const char *name, const char *text)
{
  g_autofree char *file = g_strconcat(name, ".txt", NULL);
  g_autofree char *path = g_build_filename(g_getenv("KT_SOURCE"), "tests", "golden", "machines", file, NULL);
  if (g_getenv("KT_UPDATE_GOLDEN")) {
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return;
  }
  g_autofree char *golden = NULL;
  g_autoptr(GError) error = NULL;
  g_file_get_contents(path, &golden, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(text, ==, golden);
}

static void test_machine(gconstpointer data)
{
  const char *path = data;
  g_autoptr(GError) error = NULL;
  g_autoptr(KtRoot) root = kt_archive_read(path, NULL, &error);
  g_assert_no_error(error);
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_assert_cmpuint(kt_root_read_machines(root, snapshot), ==, 1);
  g_autofree char *text = describe(snapshot);
  g_autofree char *name = g_path_get_basename(path);
  *strstr(name, ".tar") = '\0';
  assert_golden(name, text);
}

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
  if (!dir || !HAVE_ARCHIVE) {
    g_test_add_data_func("/machines/all", dir ? "built without libarchive" : "the shared machines are absent",
                         test_skipped);
    return g_test_run();
  }
  for (const char *name; (name = g_dir_read_name(dir));) {
    if (!g_str_has_suffix(name, ".tar.xz"))
      continue;
    char *path = g_build_filename(directory, name, NULL);
    g_ptr_array_add(paths, path);
    g_autofree char *test = g_strconcat("/machines/", name, NULL);
    g_test_add_data_func(test, path, test_machine);
  }
  return g_test_run();
}
