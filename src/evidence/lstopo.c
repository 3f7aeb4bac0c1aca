/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lstopo's XML through hwloc's import, which looks at nothing of this machine. */
#include "config.h"

#include <string.h>

#include "evidence/cpu_rows.h"
#include "evidence/readers.h"
#include "evidence/scan.h"

#define MAX_BYTES (8 * 1024 * 1024)
#define MAX_DEPTH 64
#define MAX_OBJECTS 131072
#define MAX_INDEX 65535

static gboolean starts(const KtText *text, guint i)
{
  if (kt_text_is_prompt(text, i))
    return FALSE;
  for (guint k = 0; k < 3; k++) {
    const char *s = kt_text_at(text, i + k);
    if (g_str_has_prefix(s, "<topology") || g_str_has_prefix(s, "<!DOCTYPE topology"))
      return TRUE;
    if (!g_str_has_prefix(s, "<?xml") && *s)
      return FALSE;
  }
  return FALSE;
}

#if HAVE_HWLOC
#include <hwloc.h>
#include <hwloc/distances.h>

G_DEFINE_AUTO_CLEANUP_FREE_FUNC(hwloc_topology_t, hwloc_topology_destroy, NULL)

/* A CPU or node with an index that none has would cost memory without end. */
static gboolean index_can_be(const char *tag, gsize length)
{
  g_autofree char *copy = g_strndup(tag, length);
  const char *index = strstr(copy, "os_index=\"");
  if (!index || (!strstr(copy, "type=\"PU\"") && !strstr(copy, "type=\"NUMANode\"")))
    return TRUE;
  return g_ascii_strtoull(index + 10, NULL, 10) <= MAX_INDEX;
}

/* hwloc recurses into objects and trusts what it reads: not too deep, not too many, no entities. */
static gboolean is_harmless(const char *xml, gsize length)
{
  guint depth = 0, objects = 0;
  if (length > MAX_BYTES || strstr(xml, "<!ENTITY"))
    return FALSE;
  for (const char *p = xml; (p = strchr(p, '<')); p++) {
    if (g_str_has_prefix(p, "</object"))
      depth -= depth > 0;
    if (!g_str_has_prefix(p, "<object"))
      continue;
    const char *close = strchr(p, '>');
    if (!close || ++objects > MAX_OBJECTS || !index_can_be(p, (gsize)(close - p)))
      return FALSE;
    if (close[-1] != '/' && ++depth > MAX_DEPTH)
      return FALSE;
  }
  return TRUE;
}

static hwloc_topology_t import(const char *xml, gsize length)
{
  hwloc_topology_t t = NULL;
  if (hwloc_topology_init(&t))
    return NULL;
  if (hwloc_topology_set_icache_types_filter(t, HWLOC_TYPE_FILTER_KEEP_ALL) ||
      hwloc_topology_set_flags(t, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) ||
      hwloc_topology_set_xmlbuffer(t, xml, (int)length + 1) || hwloc_topology_load(t)) {
    hwloc_topology_destroy(t);
    return NULL;
  }
  return t;
}

static KtSet *set_of(hwloc_const_bitmap_t bitmap)
{
  KtSet *set = kt_set_new();
  for (int i = hwloc_bitmap_first(bitmap); i >= 0 && i <= MAX_INDEX; i = hwloc_bitmap_next(bitmap, i))
    kt_set_add(set, (guint)i);
  return set;
}

static void apply_infos(hwloc_topology_t t, KtMachine *m, const KtCite *cite)
{
  static const struct {
    const char *info, *path;
  } texts[] = {{"OSRelease", "kernel.release"},
               {"Architecture", "arch"},
               {"DMIProductName", "product"},
               {"CPUVendor", "cpu.vendor"},
               {"CPUModel", "cpu.model_name"}},
    numbers[] = {{"CPUFamilyNumber", "cpu.family"}, {"CPUModelNumber", "cpu.model"}, {"CPUStepping", "cpu.stepping"}};
  hwloc_obj_t objects[] = {hwloc_get_root_obj(t), hwloc_get_obj_by_type(t, HWLOC_OBJ_PACKAGE, 0)};
  for (guint o = 0; o < G_N_ELEMENTS(objects) && objects[o]; o++) {
    for (guint k = 0; k < G_N_ELEMENTS(texts); k++)
      kt_machine_set_text(m, texts[k].path, hwloc_obj_get_info_by_name(objects[o], texts[k].info), cite);
    for (guint k = 0; k < G_N_ELEMENTS(numbers); k++) {
      const char *value = hwloc_obj_get_info_by_name(objects[o], numbers[k].info);
      guint64 n;
      if (value && g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT16, &n, NULL))
        kt_machine_set_int(m, numbers[k].path, (gint64)n, cite);
    }
  }
  if (!m->name)
    m->name = g_strdup(hwloc_obj_get_info_by_name(objects[0], "HostName"));
}

/* Only a topology of all CPUs counts them: lstopo in a container leaves out what it may not use. */
static void apply_cpus(hwloc_topology_t t, KtReading *r, guint line)
{
  g_autoptr(KtCpuRows) rows = kt_cpu_rows_new();
  hwloc_obj_t root = hwloc_get_root_obj(t);
  if (!root->complete_cpuset || !hwloc_bitmap_isequal(root->cpuset, root->complete_cpuset))
    return;
  for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_PU, pu));) {
    KtCpuRow row = {.cpu = pu->os_index, .line = line, .online = KT_YES};
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(t, HWLOC_OBJ_CORE, pu);
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(t, HWLOC_OBJ_PACKAGE, pu);
    if (core)
      row.core = KT_INT(core->os_index <= MAX_INDEX ? core->os_index : core->logical_index);
    if (package)
      row.package = KT_INT(package->os_index <= MAX_INDEX ? package->os_index : package->logical_index);
    kt_cpu_rows_add(rows, r, &row);
  }
  kt_cpu_rows_apply(rows, r);
}

static void apply_caches(hwloc_topology_t t, KtMachine *m, const KtCite *cite)
{
  for (int type = HWLOC_OBJ_L1CACHE; type <= HWLOC_OBJ_L3ICACHE; type++) {
    KtCache *cache = NULL;
    for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(t, (hwloc_obj_type_t)type, o));) {
      const struct hwloc_cache_attr_s *attr = &o->attr->cache;
      KtCacheType kind = attr->type == HWLOC_OBJ_CACHE_UNIFIED       ? KT_CACHE_UNIFIED
                         : attr->type == HWLOC_OBJ_CACHE_INSTRUCTION ? KT_CACHE_INSTRUCTION
                                                                     : KT_CACHE_DATA;
      if (!cache && attr->depth >= 1 && attr->depth <= 9) {
        cache = kt_machine_cache(m, (int)attr->depth, kind);
        if (attr->size >= 1024)
          cache->size_kib = KT_INT((gint64)(attr->size / 1024));
      }
      if (!cache)
        break;
      if (!kt_int_is(cache->size_kib, (gint64)(attr->size / 1024)))
        cache->size_kib = KT_INT_UNKNOWN; /* hybrid cores */
      g_ptr_array_add(cache->groups, set_of(o->cpuset));
    }
    if (!cache)
      continue;
    cache->instances = KT_INT(cache->groups->len);
    g_autofree char *name = kt_cache_name(cache), *path = g_strconcat("caches.", name, NULL);
    kt_machine_cite(m, path, cite);
  }
}

static void apply_nodes(hwloc_topology_t t, KtMachine *m, const KtCite *cite)
{
  hwloc_obj_t root = hwloc_get_root_obj(t);
  gboolean all = hwloc_bitmap_isequal(root->nodeset, root->complete_nodeset);
  for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_NUMANODE, o));) {
    if (o->os_index > MAX_INDEX)
      continue;
    KtNode *node = kt_machine_node(m, (int)o->os_index);
    if (o->attr->numanode.local_memory <= G_MAXINT64)
      node->memory_kib = KT_INT((gint64)(o->attr->numanode.local_memory / 1024));
    g_autofree char *path = g_strdup_printf("nodes.%d.memory_kib", node->id);
    kt_machine_cite(m, path, cite);
    /* A node beside others in one place has hwloc's locality, not the kernel's list of CPUs. */
    gboolean alone = o->parent && o->parent->memory_arity == 1;
    if (alone && !node->cpus)
      node->cpus = set_of(o->cpuset);
  }
  if (all)
    kt_machine_set_int(m, "topology.nodes", m->nodes->len, cite);
}

static void apply_distances(hwloc_topology_t t, KtMachine *m, const KtCite *cite)
{
  struct hwloc_distances_s *d = NULL;
  unsigned found = 1;
  if (hwloc_distances_get_by_name(t, "NUMALatency", &found, &d, 0) || !found || !d)
    return;
  g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(guint)); /* position in d of each node of m */
  for (guint n = 0; n < m->nodes->len; n++)
    for (guint k = 0; k < d->nbobjs; k++)
      if (d->objs[k] && d->objs[k]->os_index == (unsigned)((const KtNode *)m->nodes->pdata[n])->id)
        g_array_append_val(order, k);
  gboolean fits = order->len == m->nodes->len && d->nbobjs == order->len;
  for (guint k = 0; fits && k < d->nbobjs * d->nbobjs; k++)
    fits = d->values[k] >= 10 && d->values[k] <= 255;
  for (guint n = 0; fits && n < order->len; n++)
    for (guint k = 0; k < order->len; k++) {
      int value = (int)d->values[g_array_index(order, guint, n) * d->nbobjs + g_array_index(order, guint, k)];
      g_array_append_val(((KtNode *)m->nodes->pdata[n])->distances, value);
    }
  if (fits)
    kt_machine_cite(m, "nodes.distances", cite);
  hwloc_distances_release(t, d);
}

static void apply(KtReading *r, const char *xml, guint line)
{
  gsize length = strlen(xml);
  g_auto(hwloc_topology_t) t = is_harmless(xml, length) ? import(xml, length) : NULL;
  if (!t) {
    kt_reading_reject(r, line, "this is not a topology that hwloc can read");
    return;
  }
  KtMachine *m = kt_reading_machine(r);
  const KtCite *cite = kt_reading_cite(r, line);
  apply_infos(t, m, cite);
  apply_cpus(t, r, line);
  apply_caches(t, m, kt_reading_cite(r, line));
  apply_nodes(t, m, kt_reading_cite(r, line));
  apply_distances(t, m, kt_reading_cite(r, line));
}
#else
static void apply(KtReading *r, const char *xml, guint line)
{
  kt_reading_reject(r, line, "this build cannot read lstopo's XML");
}
#endif

static guint read_lstopo(KtReading *r, const KtText *text, guint i)
{
  guint first = i, count = kt_text_count(text);
  while (i < count && !kt_text_is_prompt(text, i) && !strstr(kt_text_at(text, i), "</topology>"))
    i++;
  if (i == count || kt_text_is_prompt(text, i)) {
    kt_reading_reject(r, first, "the topology is cut off");
    return i;
  }
  g_autofree char *xml = kt_text_join(text, first, i + 1);
  apply(r, xml, first);
  return i + 1;
}

const KtReader kt_reader_lstopo = {
    .name = "lstopo",
    .what = "lstopo --of xml",
    .starts = starts,
    .read = read_lstopo,
};
