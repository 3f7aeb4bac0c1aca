/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The <host> of libvirt's capabilities XML (formatcaps.html) as a machine.
 *
 * <cpu><model> is a name of libvirt's CPU map, not the processor's, and the
 * <topology> of <cpu> is one node's share on some hosts: both are not taken.
 * What the CPUs are is written at each one in the cells. */
#include "evidence/capabilities.h"

#include <string.h>

#include "evidence/readers.h"

#if HAVE_LIBXML2

#define MAX_NODES 1024
#define MAX_BANKS 8192

static void read_distances(KtNode *node, const KtXml *xml, xmlNode *distances)
{
  if (!kt_xml_is_whole(xml, distances))
    return;
  kt_xml_foreach(sibling, distances, "sibling")
  {
    KtInt value = kt_xml_int_attr(sibling, "value");
    int distance = value.known && value.value <= 255 ? (int)value.value : 0;
    if (node->distances->len < MAX_NODES)
      g_array_append_val(node->distances, distance);
  }
}

static void read_pages(KtNode *node, const KtXml *xml, xmlNode *cell)
{
  gint64 huge = 0;
  gboolean seen = FALSE, whole = TRUE;
  kt_xml_foreach(pages, cell, "pages")
  {
    KtInt size = kt_xml_size_kib(pages, "size", "unit"), n = kt_xml_int(pages);
    if (!size.known || size.value < 1 || !n.known || n.value < 0 || n.value > (gint64)1e12 / size.value)
      continue;
    whole = kt_xml_is_whole(xml, pages);
    if (whole)
      kt_node_add_pool(node, size.value, n.value, KT_INT_UNKNOWN);
    if (size.value < 2048)
      continue;
    seen = TRUE;
    huge += n.value * size.value;
  }
  if (seen && whole)
    node->hugepages_total = KT_INT(huge);
}

static void read_cpu(KtMachine *m, KtNode *node, xmlNode *element)
{
  KtInt id = kt_xml_int_attr(element, "id");
  if (!id.known || id.value >= KT_SET_MAX)
    return;
  KtCpu *cpu = kt_machine_cpu(m, (guint)id.value);
  cpu->online = xmlHasProp(element, (const xmlChar *)"siblings") != NULL; /* an offline one has its id alone */
  if (!cpu->online)
    return;
  kt_set_add(node->cpus, (guint)id.value);
  cpu->package = kt_xml_int_attr(element, "socket_id");
  cpu->die = kt_xml_int_attr(element, "die_id");
  cpu->core = kt_xml_int_attr(element, "core_id");
  cpu->node = KT_INT(node->id);
  if (!cpu->siblings)
    cpu->siblings = kt_xml_set_attr(element, "siblings");
}

static void read_cell(KtMachine *m, KtXml *xml, xmlNode *cell)
{
  KtInt id = kt_xml_int_attr(cell, "id");
  if (!id.known || id.value >= KT_SET_MAX)
    return;
  KtNode *node = kt_machine_node(m, (int)id.value);
  if (node->cpus)
    return;
  xmlNode *cpus = kt_xml_child(cell, "cpus"), *memory = kt_xml_child(cell, "memory");
  if (kt_xml_is_whole(xml, memory))
    node->memory_kib = kt_xml_size_kib(memory, NULL, "unit");
  read_distances(node, xml, kt_xml_child(cell, "distances"));
  read_pages(node, xml, cell);
  if (cpus && kt_xml_is_whole(xml, cpus)) {
    node->cpus = kt_set_new();
    kt_xml_foreach(cpu, cpus, "cpu") read_cpu(m, node, cpu);
  }
  g_autofree char *path = g_strdup_printf("nodes.%d", node->id);
  kt_machine_cite(m, path, kt_xml_cite(xml, cell));
}

static KtCacheType type_of(const char *text)
{
  static const char *const names[] = {
      [KT_CACHE_DATA] = "data", [KT_CACHE_INSTRUCTION] = "code", [KT_CACHE_UNIFIED] = "both"};
  for (guint i = KT_CACHE_DATA; i < G_N_ELEMENTS(names); i++)
    if (g_strcmp0(text, names[i]) == 0)
      return (KtCacheType)i;
  return KT_CACHE_UNKNOWN;
}

static void read_banks(KtMachine *m, KtXml *xml, xmlNode *parent)
{
  guint banks = 0;
  kt_xml_foreach(bank, parent, "bank")
  {
    KtInt level = kt_xml_int_attr(bank, "level");
    g_autofree char *type = kt_xml_attr(bank, "type");
    if (!level.known || level.value < 1 || level.value > 9 || type_of(type) == KT_CACHE_UNKNOWN || ++banks > MAX_BANKS)
      continue;
    KtCache *cache = kt_machine_cache(m, (int)level.value, type_of(type));
    KtSet *cpus = kt_xml_set_attr(bank, "cpus");
    if (!cache->size_kib.known)
      cache->size_kib = kt_xml_size_kib(bank, "size", "unit");
    cache->instances = KT_INT(cache->instances.value + 1);
    if (cpus)
      g_ptr_array_add(cache->groups, cpus);
    g_autofree char *name = kt_cache_name(cache);
    g_autofree char *path = g_strdup_printf("caches.%s", name);
    kt_machine_cite(m, path, kt_xml_cite(xml, bank));
  }
}

/* What all online CPUs together are; each must say all of it. */
typedef struct {
  GHashTable *sockets, *dies, *cores;
  KtInt threads;  /* of every core */
  gboolean equal; /* all cores have that many */
  gboolean has_dies;
  guint online;
} Census;

static gboolean count_cpu(Census *c, const KtCpu *cpu)
{
  if (!cpu->package.known || cpu->package.value >= KT_SET_MAX || !cpu->siblings || kt_set_is_empty(cpu->siblings))
    return FALSE;
  gint64 threads = kt_set_count(cpu->siblings);
  c->online++;
  c->equal = c->equal && (!c->threads.known || c->threads.value == threads);
  c->threads = KT_INT(threads);
  c->has_dies = c->has_dies && cpu->die.known && cpu->die.value < 4096;
  g_hash_table_add(c->sockets, GINT_TO_POINTER((int)cpu->package.value));
  if (c->has_dies)
    g_hash_table_add(c->dies, GINT_TO_POINTER((int)(cpu->package.value * 4096 + cpu->die.value)));
  /* A core is its set of siblings: core ids repeat. Its first CPU stands for it. */
  g_hash_table_add(c->cores, GINT_TO_POINTER(kt_set_next(cpu->siblings, 0)));
  return TRUE;
}

static void set_census(KtMachine *m, const Census *c, const KtCite *cite)
{
  guint sockets = g_hash_table_size(c->sockets), dies = g_hash_table_size(c->dies);
  guint cores = g_hash_table_size(c->cores);
  kt_machine_set_int(m, "topology.sockets", sockets, cite);
  if (c->has_dies && dies % sockets == 0)
    kt_machine_set_int(m, "topology.dies", dies / sockets, cite);
  if (cores % sockets == 0)
    kt_machine_set_int(m, "topology.cores_per_socket", cores / sockets, cite);
  if (c->equal)
    kt_machine_set_int(m, "topology.threads_per_core", c->threads.value, cite);
  kt_machine_set_int(m, "topology.cpus", m->cpu->len, cite);
  kt_machine_set_int(m, "topology.online", c->online, cite);
}

static void set_topology(KtMachine *m, const KtCite *cite)
{
  Census c = {.sockets = g_hash_table_new(NULL, NULL),
              .dies = g_hash_table_new(NULL, NULL),
              .cores = g_hash_table_new(NULL, NULL),
              .equal = TRUE,
              .has_dies = TRUE};
  gboolean whole = TRUE;
  for (guint i = 0; i < m->cpu->len && whole; i++) {
    const KtCpu *cpu = m->cpu->pdata[i];
    whole = !cpu->online || count_cpu(&c, cpu);
  }
  if (whole && c.online)
    set_census(m, &c, cite);
  g_hash_table_unref(c.sockets);
  g_hash_table_unref(c.dies);
  g_hash_table_unref(c.cores);
}

static void read_topology(KtMachine *m, KtXml *xml, xmlNode *topology)
{
  xmlNode *cells = kt_xml_child(topology, "cells");
  KtInt n = kt_xml_int_attr(cells, "num");
  guint seen = 0;
  if (!cells)
    return;
  kt_xml_foreach(cell, cells, "cell")
  {
    if (seen++ < MAX_NODES)
      read_cell(m, xml, cell);
  }
  /* A list that was cut has more than is here. */
  if (n.known && (n.value == seen || !xml->complete)) {
    m->node_count = n;
    kt_machine_cite(m, "nodes.count", kt_xml_cite(xml, cells));
  }
  if (xml->complete)
    set_topology(m, kt_xml_cite(xml, cells));
}

/* libvirt's names of vendors (cpu_map/x86_vendors.xml) and what CPUID says. */
static void read_vendor(KtMachine *m, KtXml *xml, xmlNode *vendor)
{
  static const char *const vendors[][2] = {
      {"Intel", "GenuineIntel"}, {"AMD", "AuthenticAMD"}, {"Hygon", "HygonGenuine"}};
  g_autofree char *name = kt_xml_text(vendor);
  for (guint i = 0; i < G_N_ELEMENTS(vendors); i++)
    if (g_strcmp0(name, vendors[i][0]) == 0)
      kt_machine_set_text(m, "cpu.vendor", vendors[i][1], kt_xml_cite(xml, vendor));
}

gboolean kt_capabilities_read(KtMachine *m, KtXml *xml)
{
  xmlNode *host = xml->root && kt_xml_is(xml->root, "capabilities") ? kt_xml_child(xml->root, "host") : NULL;
  xmlNode *cpu = kt_xml_child(host, "cpu"), *topology = kt_xml_child(host, "topology");
  if (!host)
    return FALSE;
  m->role = KT_ROLE_HOST;
  kt_machine_cite(m, "role", kt_xml_cite(xml, host));
  g_autofree char *arch = kt_xml_text(kt_xml_child(cpu, "arch"));
  if (arch && kt_xml_is_whole(xml, cpu))
    kt_machine_set_text(m, "arch", arch, kt_xml_cite(xml, cpu));
  read_vendor(m, xml, kt_xml_child(cpu, "vendor"));
  if (topology)
    read_topology(m, xml, topology);
  xmlNode *cache = kt_xml_child(host, "cache");
  if (cache && kt_xml_is_whole(xml, cache))
    read_banks(m, xml, cache);
  return TRUE;
}

#endif

/* ---- the reader of texts ---- */

static gboolean starts(const KtText *text, guint i)
{
  return kt_xml_opens(text, i, "capabilities");
}

static guint read_capabilities(KtReading *r, const KtText *text, guint first)
{
  guint end = kt_xml_block_end(text, first, "capabilities");
#if HAVE_LIBXML2
  g_autoptr(KtXml) xml = kt_xml_parse_lines(text, first, end);
  if (xml->problem)
    kt_reading_reject(r, first + xml->problem_line - 1, "%s", xml->problem);
  if (xml->root && kt_xml_child(xml->root, "host"))
    kt_capabilities_read(kt_reading_machine(r), xml);
#else
  kt_reading_reject(r, first, "capabilities: this build reads no XML");
#endif
  return end;
}

const KtReader kt_reader_capabilities = {
    .name = "libvirt capabilities",
    .what = "libvirt capabilities XML (virsh capabilities): the host's part",
    .starts = starts,
    .read = read_capabilities,
};

/* ---- domain capabilities: what guests could be given says nothing of a machine ---- */

static gboolean starts_domain_capabilities(const KtText *text, guint i)
{
  return kt_xml_opens(text, i, "domainCapabilities");
}

static guint pass_domain_capabilities(KtReading *r, const KtText *text, guint first)
{
  return kt_xml_block_end(text, first, "domainCapabilities");
}

const KtReader kt_reader_domain_capabilities = {
    .name = "libvirt domain capabilities",
    .what = "libvirt domain capabilities XML (virsh domcapabilities): for plan --keep-migratable",
    .starts = starts_domain_capabilities,
    .read = pass_domain_capabilities,
};
