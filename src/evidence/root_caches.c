/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Caches from sys/devices/system/cpu/cpuN/cache. An instance is known by the CPUs
 * that share it. What the kernel says stands, also where it is odd: an L3 that
 * spans two nodes is evidence. */
#include "base/units.h"
#include "evidence/root_machine.h"

/* While caches are gathered. */
typedef struct {
  KtCache *cache;
  KtSet *covered; /* CPUs in a group so far */
  gboolean incomplete, sizes_differ;
} Gathering;

static void gathering_free(gpointer data)
{
  Gathering *g = data;
  kt_set_free(g->covered);
  g_free(g);
}

static KtCacheType cache_type(const char *text)
{
  static const char *const names[] = {
      [KT_CACHE_DATA] = "Data", [KT_CACHE_INSTRUCTION] = "Instruction", [KT_CACHE_UNIFIED] = "Unified"};
  for (guint i = KT_CACHE_DATA; text && i < G_N_ELEMENTS(names); i++)
    if (g_str_equal(text, names[i]))
      return (KtCacheType)i;
  return KT_CACHE_UNKNOWN;
}

static Gathering *gathering_of(KtRootReading *r, GHashTable *all, int level, KtCacheType type)
{
  KtCache *cache = kt_machine_cache(r->m, level, type);
  Gathering *g = g_hash_table_lookup(all, cache);
  if (!g) {
    g = g_new0(Gathering, 1);
    g->cache = cache;
    g->covered = kt_set_new();
    g_hash_table_insert(all, cache, g);
  }
  return g;
}

static void take_size(Gathering *g, const char *text)
{
  guint64 kib;
  if (!text || !kt_units_parse_kib(text, 1, &kib) || kib > G_MAXINT64)
    return;
  g->sizes_differ |= g->cache->size_kib.known && g->cache->size_kib.value != (gint64)kib;
  g->cache->size_kib = KT_INT((gint64)kib);
}

/* One index directory of one CPU. */
static void read_index(KtRootReading *r, GHashTable *all, guint cpu, const char *directory)
{
  KtInt level = kt_root_read_int(r->root, directory, "level");
  g_autofree char *type = kt_root_read_linef(r->root, "%s/type", directory);
  if (!level.known || level.value < 1 || level.value > 8 || cache_type(type) == KT_CACHE_UNKNOWN)
    return;
  Gathering *g = gathering_of(r, all, (int)level.value, cache_type(type));
  g_autofree char *size = kt_root_read_linef(r->root, "%s/size", directory);
  take_size(g, size);
  g_autofree char *name = kt_cache_name(g->cache);
  g_autofree char *fact = g_strconcat("caches.", name, NULL);
  g_autofree char *said = g_strdup_printf("%s, level %d, %s", type, (int)level.value, size ? size : "size unknown");
  g_autoptr(KtCite) cite = kt_root_cite(r->root, directory, said);
  kt_machine_cite(r->m, fact, cite);
  g_autoptr(KtSet) shared = kt_root_read_set(r, directory, "shared_cpu_list", "shared_cpu_map");
  if (kt_set_has(g->covered, cpu))
    return; /* a mate has told of this instance */
  if (!shared || !kt_set_has(shared, cpu) || kt_set_intersects(shared, g->covered)) {
    if (shared)
      kt_root_reject(r, directory, "the CPUs that share this cache contradict those of other CPUs");
    g->incomplete = TRUE;
    return;
  }
  kt_set_add_all(g->covered, shared);
  g_ptr_array_add(g->cache->groups, g_steal_pointer(&shared));
}

static gboolean read_cpu_caches(KtRootReading *r, GHashTable *all, guint cpu)
{
  g_autofree char *directory = g_strdup_printf("sys/devices/system/cpu/cpu%u/cache", cpu);
  g_auto(GStrv) names = kt_root_list(r->root, directory);
  gboolean any = FALSE;
  for (guint i = 0; names && names[i]; i++) {
    if (kt_root_id_of(names[i], "index") < 0)
      continue;
    g_autofree char *index = g_build_filename(directory, names[i], NULL);
    read_index(r, all, cpu, index);
    any = TRUE;
  }
  return any;
}

static void finish(Gathering *g, gboolean all_cpus)
{
  if (g->sizes_differ)
    g->cache->size_kib = KT_INT_UNKNOWN;
  if (g->incomplete)
    g_ptr_array_set_size(g->cache->groups, 0);
  else if (all_cpus)
    g->cache->instances = KT_INT(g->cache->groups->len);
}

void kt_root_read_caches(KtRootReading *r)
{
  g_autoptr(GHashTable) all = g_hash_table_new_full(NULL, NULL, NULL, gathering_free);
  guint with = 0, online = 0;
  for (int id = kt_set_next(r->m->cpu_set, 0); r->m->cpu_set && id >= 0;
       id = kt_set_next(r->m->cpu_set, (guint)id + 1)) {
    if (r->m->online_set && !kt_set_has(r->m->online_set, (guint)id))
      continue;
    online++;
    with += read_cpu_caches(r, all, (guint)id);
  }
  GHashTableIter iter;
  gpointer g;
  g_hash_table_iter_init(&iter, all);
  while (g_hash_table_iter_next(&iter, NULL, &g))
    finish(g, with == online);
}
