/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/cpu_rows.h"

KtCpuRows *kt_cpu_rows_new(void)
{
  KtCpuRows *rows = g_new0(KtCpuRows, 1);
  rows->rows = g_array_new(FALSE, TRUE, sizeof(KtCpuRow));
  return rows;
}

void kt_cpu_rows_free(KtCpuRows *rows)
{
  g_array_unref(rows->rows);
  g_free(rows);
}

static const KtCpuRow *row_at(const KtCpuRows *rows, guint i)
{
  return &g_array_index(rows->rows, KtCpuRow, i);
}

void kt_cpu_rows_add(KtCpuRows *rows, KtReading *r, const KtCpuRow *row)
{
  if (row->cpu >= KT_SET_MAX || rows->rows->len >= KT_CPU_ROWS_MAX)
    kt_reading_reject(r, row->line, "more CPUs than there can be");
  else
    g_array_append_val(rows->rows, *row);
}

static gint by_cpu(gconstpointer a, gconstpointer b)
{
  const KtCpuRow *x = a, *y = b;
  return x->cpu != y->cpu ? (x->cpu < y->cpu ? -1 : 1) : (x->line < y->line ? -1 : x->line > y->line);
}

/* In order of CPU, each once. */
static void sort_rows(KtCpuRows *rows, KtReading *r)
{
  g_array_sort(rows->rows, by_cpu);
  for (guint i = 1; i < rows->rows->len;) {
    if (row_at(rows, i)->cpu != row_at(rows, i - 1)->cpu) {
      i++;
      continue;
    }
    kt_reading_reject(r, row_at(rows, i)->line, "CPU %u stands there twice", row_at(rows, i)->cpu);
    g_array_remove_index(rows->rows, i);
  }
}

static gint64 core_key(const KtCpuRow *row)
{
  return (row->package.known ? row->package.value : 0) << 32 | row->core.value;
}

static GHashTable *new_groups(void)
{
  return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)kt_set_free);
}

static KtSet *group_of(GHashTable *groups, gint64 key)
{
  KtSet *set = g_hash_table_lookup(groups, &key);
  if (!set)
    g_hash_table_insert(groups, g_memdup2(&key, sizeof key), set = kt_set_new());
  return set;
}

/* The number of CPUs that all groups have; 0 if they differ. */
static guint even_size(GHashTable *groups)
{
  GHashTableIter iter;
  gpointer set;
  guint size = 0;
  g_hash_table_iter_init(&iter, groups);
  while (g_hash_table_iter_next(&iter, NULL, &set)) {
    guint n = kt_set_count(set);
    if (size && n != size)
      return 0;
    size = n;
  }
  return size;
}

/* Groups of the online CPUs by core and by package; FALSE if one of the ids is missing somewhere. */
static gboolean group_cpus(const KtCpuRows *rows, GHashTable *cores, GHashTable *packages)
{
  for (guint i = 0; i < rows->rows->len; i++) {
    const KtCpuRow *row = row_at(rows, i);
    if (row->online == KT_NO)
      continue;
    if (!row->core.known || !row->package.known)
      return FALSE;
    kt_set_add(group_of(cores, core_key(row)), row->cpu);
    kt_set_add(group_of(packages, row->package.value), row->cpu);
  }
  return g_hash_table_size(packages) > 0;
}

gboolean kt_cpu_rows_are_regular(const KtCpuRows *rows)
{
  g_autoptr(GHashTable) cores = new_groups(), packages = new_groups();
  return group_cpus(rows, cores, packages) && even_size(cores) && even_size(packages);
}

guint kt_cpu_rows_packages(const KtCpuRows *rows)
{
  g_autoptr(GHashTable) cores = new_groups(), packages = new_groups();
  return group_cpus(rows, cores, packages) ? g_hash_table_size(packages) : 0;
}

static void apply_topology(const KtCpuRows *rows, KtReading *r, KtMachine *m)
{
  g_autoptr(GHashTable) cores = new_groups(), packages = new_groups();
  if (!group_cpus(rows, cores, packages))
    return;
  const KtCite *cite = kt_reading_cite(r, row_at(rows, 0)->line);
  guint sockets = g_hash_table_size(packages), threads = even_size(cores), per_socket = even_size(packages);
  kt_machine_set_int(m, "topology.sockets", sockets, cite);
  if (threads && per_socket) {
    kt_machine_set_int(m, "topology.threads_per_core", threads, cite);
    kt_machine_set_int(m, "topology.cores_per_socket", per_socket / threads, cite);
  }
  for (guint i = 0; i < rows->rows->len; i++) {
    const KtCpuRow *row = row_at(rows, i);
    if (row->online != KT_NO)
      kt_machine_cpu(m, row->cpu)->siblings = kt_set_copy(group_of(cores, core_key(row)));
  }
}

static gint by_first_cpu(gconstpointer a, gconstpointer b)
{
  const KtSet *const *x = a, *const *y = b;
  return kt_set_next(*x, 0) - kt_set_next(*y, 0);
}

static void apply_cache(const KtCpuRows *rows, guint c, KtReading *r, KtMachine *m)
{
  g_autoptr(GHashTable) groups = new_groups();
  for (guint i = 0; i < rows->rows->len; i++) {
    const KtCpuRow *row = row_at(rows, i);
    if (row->online == KT_NO)
      continue;
    if (!row->cache[c].known)
      return;
    kt_set_add(group_of(groups, row->cache[c].value), row->cpu);
  }
  if (!g_hash_table_size(groups))
    return;
  KtCache *cache = kt_machine_cache(m, rows->caches[c].level, rows->caches[c].type);
  cache->instances = KT_INT(g_hash_table_size(groups));
  GHashTableIter iter;
  gpointer set;
  g_hash_table_iter_init(&iter, groups);
  while (g_hash_table_iter_next(&iter, NULL, &set))
    g_ptr_array_add(cache->groups, kt_set_copy(set));
  g_ptr_array_sort(cache->groups, by_first_cpu);
  g_autofree char *name = kt_cache_name(cache), *path = g_strconcat("caches.", name, NULL);
  kt_machine_cite(m, path, kt_reading_cite(r, row_at(rows, 0)->line));
}

static void apply_nodes(const KtCpuRows *rows, KtReading *r, KtMachine *m)
{
  for (guint i = 0; i < rows->rows->len; i++)
    if (row_at(rows, i)->online != KT_NO && !row_at(rows, i)->node.known)
      return;
  for (guint i = 0; i < rows->rows->len; i++) {
    const KtCpuRow *row = row_at(rows, i);
    if (row->online == KT_NO || row->node.value < 0 || row->node.value > 4095)
      continue;
    KtNode *node = kt_machine_node(m, (int)row->node.value);
    if (!node->cpus) {
      g_autofree char *path = g_strdup_printf("nodes.%d.cpus", node->id);
      kt_machine_cite(m, path, kt_reading_cite(r, row->line));
      node->cpus = kt_set_new();
    }
    kt_set_add(node->cpus, row->cpu);
  }
}

void kt_cpu_rows_apply(KtCpuRows *rows, KtReading *r)
{
  KtMachine *m = kt_reading_machine(r);
  sort_rows(rows, r);
  if (!rows->rows->len)
    return;
  g_autoptr(KtSet) all = kt_set_new(), online = kt_set_new();
  gboolean certain = TRUE;
  for (guint i = 0; i < rows->rows->len; i++) {
    const KtCpuRow *row = row_at(rows, i);
    KtCpu *cpu = kt_machine_cpu(m, row->cpu);
    cpu->online = row->online != KT_NO;
    cpu->package = row->package;
    cpu->core = row->core;
    cpu->node = row->node;
    certain &= row->online != KT_UNKNOWN;
    kt_set_add(all, row->cpu);
    if (cpu->online)
      kt_set_add(online, row->cpu);
  }
  if (!certain || kt_set_is_empty(online))
    return;
  kt_machine_set_int(m, "topology.online", kt_set_count(online), kt_reading_cite(r, row_at(rows, 0)->line));
  if (!kt_set_equal(all, online)) { /* a list with offline CPUs has them all */
    kt_machine_set_int(m, "topology.cpus", kt_set_count(all), kt_reading_cite(r, row_at(rows, 0)->line));
    m->cpu_set = g_steal_pointer(&all);
  }
  m->online_set = g_steal_pointer(&online);
  apply_topology(rows, r, m);
  for (guint c = 0; c < rows->n_caches; c++)
    apply_cache(rows, c, r, m);
  apply_nodes(rows, r, m);
}
