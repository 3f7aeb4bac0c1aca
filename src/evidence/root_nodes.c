/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NUMA nodes from sys/devices/system/node. Node ids may be sparse, nodes may
 * lack CPUs or memory, and a directory may be missing in a copy. */
#include <string.h>

#include "base/units.h"
#include "evidence/root_machine.h"

#define NODE_DIR "sys/devices/system/node"
#define MAX_NODES 1024 /* the most that any kernel is built for */

static void cite_node(KtRootReading *r, int id, const char *part, const char *path, const char *text)
{
  g_autofree char *fact = g_strdup_printf("nodes.%d.%s", id, part);
  g_autoptr(KtCite) cite = kt_root_cite(r->root, path, text);
  kt_machine_cite(r->m, fact, cite);
}

/* "Node 0 MemTotal:       15728640 kB"; counts without a unit are left out. */
static void read_node_meminfo(KtRootReading *r, KtNode *node)
{
  g_autofree char *path = g_strdup_printf(NODE_DIR "/node%d/meminfo", node->id);
  g_autofree char *text = kt_root_read_line(r->root, path);
  g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 256);
  for (guint i = 0; lines[i]; i++) {
    char *colon = strchr(lines[i], ':');
    char *name = colon ? g_strrstr_len(lines[i], colon - lines[i], " ") : NULL;
    guint64 kib;
    if (!name || !g_str_has_suffix(lines[i], " kB") || !kt_units_parse_kib(colon + 1, 1024, &kib) || kib > G_MAXINT64)
      continue;
    *colon = '\0';
    name++;
    if (g_str_equal(name, "MemTotal")) {
      node->memory_kib = KT_INT((gint64)kib);
      g_autofree char *said = g_strdup_printf("Node %d MemTotal: %" G_GUINT64_FORMAT " kB", node->id, kib);
      cite_node(r, node->id, "memory_kib", path, said);
    } else if (g_str_equal(name, "MemFree")) {
      node->free_kib = KT_INT((gint64)kib);
    } else {
      if (!node->meminfo)
        node->meminfo = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
      KtInt value = KT_INT((gint64)kib);
      g_hash_table_replace(node->meminfo, g_strdup(name), g_memdup2(&value, sizeof value));
    }
  }
}

gboolean kt_root_read_numastat(KtRoot *root, KtNode *node)
{
  const struct {
    const char *name;
    KtInt *slot;
  } counters[] = {
      {"numa_hit", &node->numa_hit},         {"numa_miss", &node->numa_miss},
      {"numa_foreign", &node->numa_foreign}, {"interleave_hit", &node->interleave_hit},
      {"local_node", &node->local_node},     {"other_node", &node->other_node},
  };
  g_autofree char *text = kt_root_read_linef(root, NODE_DIR "/node%d/numastat", node->id);
  g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 64);
  gboolean any = FALSE;
  for (guint i = 0; lines[i]; i++) {
    char *space = strchr(lines[i], ' ');
    guint64 value;
    if (!space || !kt_units_parse_count(g_strstrip(space + 1), &value) || value > G_MAXINT64)
      continue;
    *space = '\0';
    for (guint c = 0; c < G_N_ELEMENTS(counters); c++)
      if (g_str_equal(lines[i], counters[c].name)) {
        *counters[c].slot = KT_INT((gint64)value);
        any = TRUE;
      }
  }
  return any;
}

/* Pools of 2 MiB and larger pages, in KiB. */
static void read_hugepages(KtRootReading *r, KtNode *node)
{
  g_autofree char *directory = g_strdup_printf(NODE_DIR "/node%d/hugepages", node->id);
  g_auto(GStrv) names = kt_root_list(r->root, directory);
  for (guint i = 0; names && names[i]; i++) {
    guint64 kib;
    if (!g_str_has_prefix(names[i], "hugepages-") || !kt_units_parse_kib(names[i] + strlen("hugepages-"), 1024, &kib) ||
        kib < 2048 || kib > G_MAXINT32)
      continue;
    g_autofree char *pool = g_build_filename(directory, names[i], NULL);
    KtInt total = kt_root_read_int(r->root, pool, "nr_hugepages"),
          free = kt_root_read_int(r->root, pool, "free_hugepages");
    if (!total.known || !free.known || total.value < 0 || free.value < 0 || total.value > G_MAXINT32 ||
        free.value > G_MAXINT32)
      continue;
    kt_node_add_pool(node, (gint64)kib, total.value, free);
    node->hugepages_total = KT_INT(node->hugepages_total.value + total.value * (gint64)kib);
    node->hugepages_free = KT_INT(node->hugepages_free.value + free.value * (gint64)kib);
    g_autofree char *said =
        g_strdup_printf("nr_hugepages %" G_GINT64_FORMAT ", free_hugepages %" G_GINT64_FORMAT, total.value, free.value);
    cite_node(r, node->id, "hugepages", pool, said);
  }
}

/* The ids that a row of distances is about: the kernel prints online nodes, some
 * old ones all possible ones. NULL if no list has as many as the row. */
static KtSet *nodes_of_row(KtRootReading *r, guint length)
{
  g_autoptr(KtSet) here = kt_set_new();
  for (guint i = 0; i < r->m->nodes->len; i++)
    kt_set_add(here, (guint)((KtNode *)r->m->nodes->pdata[i])->id);
  if (kt_set_count(here) == length)
    return g_steal_pointer(&here);
  static const char *const lists[] = {"online", "possible"};
  for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
    g_autoptr(KtSet) set = kt_root_read_set(r, NODE_DIR, lists[i], NULL);
    if (kt_set_count(set) == length && kt_set_contains(set, here))
      return g_steal_pointer(&set);
  }
  return NULL;
}

static void read_distances(KtRootReading *r, KtNode *node)
{
  g_autofree char *path = g_strdup_printf(NODE_DIR "/node%d/distance", node->id);
  g_autofree char *text = kt_root_read_line(r->root, path);
  if (!text || !*text)
    return;
  g_auto(GStrv) words = g_strsplit(text, " ", KT_SET_MAX);
  g_autoptr(KtSet) ids = nodes_of_row(r, g_strv_length(words));
  g_autoptr(GArray) row = g_array_new(FALSE, FALSE, sizeof(int));
  int id = kt_set_next(ids, 0);
  for (guint i = 0; ids && words[i] && id >= 0; i++, id = kt_set_next(ids, (guint)id + 1)) {
    guint64 value;
    if (!kt_units_parse_count(words[i], &value) || value > G_MAXINT16)
      break;
    int distance = (int)value;
    if (kt_machine_find_node(r->m, id))
      g_array_append_val(row, distance);
  }
  if (row->len != r->m->nodes->len) {
    kt_root_reject(r, path, "'%.60s' is not a distance to each of %u nodes", text, r->m->nodes->len);
    return;
  }
  g_array_append_vals(node->distances, row->data, row->len);
  cite_node(r, node->id, "distances", path, text);
}

static void read_node(KtRootReading *r, KtNode *node)
{
  g_autofree char *directory = g_strdup_printf(NODE_DIR "/node%d", node->id);
  node->cpus = kt_root_read_set(r, directory, "cpulist", "cpumap");
  if (node->cpus) {
    if (r->m->cpu_set)
      kt_set_keep_only(node->cpus, r->m->cpu_set); /* POWER lists CPUs that could be, too */
    g_autofree char *list = kt_set_format(node->cpus);
    cite_node(r, node->id, "cpus", directory, list);
  }
  read_node_meminfo(r, node);
  if (kt_root_read_numastat(r->root, node)) {
    g_autofree char *path = g_build_filename(directory, "numastat", NULL);
    g_autofree char *text = kt_root_read_line(r->root, path);
    cite_node(r, node->id, "numastat", path, text ? g_strdelimit(text, "\n", ',') : "");
  }
  read_hugepages(r, node);
}

void kt_root_read_nodes(KtRootReading *r)
{
  g_auto(GStrv) names = kt_root_list(r->root, NODE_DIR);
  for (guint i = 0; names && names[i]; i++) {
    int id = kt_root_id_of(names[i], "node");
    if (id >= 0 && id < MAX_NODES)
      read_node(r, kt_machine_node(r->m, id));
  }
  for (guint i = 0; i < r->m->nodes->len; i++)
    read_distances(r, r->m->nodes->pdata[i]);
  g_autoptr(KtSet) online = kt_root_read_set(r, NODE_DIR, "online", NULL);
  guint count = online ? kt_set_count(online) : r->m->nodes->len;
  if (count) {
    g_autofree char *list = online ? kt_set_format(online) : g_strdup_printf("%u directories", count);
    g_autoptr(KtCite) cite = kt_root_cite(r->root, online ? NODE_DIR "/online" : NODE_DIR, list);
    kt_machine_set_int(r->m, "topology.nodes", count, cite);
  }
  for (guint i = 0; i < r->m->cpu->len; i++) {
    KtCpu *cpu = r->m->cpu->pdata[i];
    int node = kt_machine_node_of_cpu(r->m, cpu->id);
    if (node >= 0)
      cpu->node = KT_INT(node);
  }
}
