/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/domain_xml.h"

#include <string.h>

#include "evidence/domain_parts.h"
#include "evidence/readers.h"

#if HAVE_LIBXML2

static void cite(KtDomain *d, KtXml *xml, const char *path, xmlNode *node)
{
  kt_domain_cite(d, path, kt_xml_cite(xml, node));
}

static void read_name(KtDomain *d, KtXml *xml, xmlNode *node)
{
  d->name = kt_xml_text(node);
}

static void read_uuid(KtDomain *d, KtXml *xml, xmlNode *node)
{
  g_autofree char *uuid = kt_xml_text(node);
  d->uuid = uuid ? g_ascii_strdown(uuid, -1) : NULL;
}

static void read_memory(KtDomain *d, KtXml *xml, xmlNode *node)
{
  d->memory_kib = kt_xml_size_kib(node, NULL, "unit");
}

static void read_current_memory(KtDomain *d, KtXml *xml, xmlNode *node)
{
  d->current_memory_kib = kt_xml_size_kib(node, NULL, "unit");
}

static void read_max_memory(KtDomain *d, KtXml *xml, xmlNode *node)
{
  d->max_memory_kib = kt_xml_size_kib(node, NULL, "unit");
}

static void read_vcpu(KtDomain *d, KtXml *xml, xmlNode *node)
{
  KtInt n = kt_xml_int(node), current = kt_xml_int_attr(node, "current");
  if (n.known && n.value > 0 && n.value <= KT_DOMAIN_MAX_VCPUS)
    d->vcpus = n;
  if (current.known && d->vcpus.known && current.value < d->vcpus.value)
    d->vcpus_current = current;
  d->vcpu_placement = kt_xml_attr(node, "placement");
  d->vcpu_cpuset = kt_xml_set_attr(node, "cpuset");
}

/* <vcpus>: each by itself; what is enabled counts as current. */
static void read_vcpus(KtDomain *d, KtXml *xml, xmlNode *node)
{
  gint64 all = 0, enabled = 0;
  kt_xml_foreach(vcpu, node, "vcpu")
  {
    all++;
    enabled += kt_xml_attr_is(vcpu, "enabled", "yes");
  }
  if (!d->vcpus_current.known && kt_int_is(d->vcpus, all) && enabled < all)
    d->vcpus_current = KT_INT(enabled);
}

static void read_iothreads(KtDomain *d, KtXml *xml, xmlNode *node)
{
  d->iothreads = kt_xml_int(node);
}

static void read_os(KtDomain *d, KtXml *xml, xmlNode *node)
{
  xmlNode *type = kt_xml_child(node, "type");
  d->arch = kt_xml_attr(type, "arch");
  d->machine_type = kt_xml_attr(type, "machine");
  if (type)
    cite(d, xml, "machine", type);
}

static void read_memory_backing(KtDomain *d, KtXml *xml, xmlNode *node)
{
  xmlNode *huge = kt_xml_child(node, "hugepages"), *source = kt_xml_child(node, "source");
  d->hugepages = huge != NULL;
  d->hugepage_kib = kt_xml_size_kib(kt_xml_child(huge, "page"), "size", "unit");
  d->memory_locked = kt_xml_child(node, "locked") != NULL;
  d->nosharepages = kt_xml_child(node, "nosharepages") != NULL;
  d->memory_shared = kt_xml_attr_is(kt_xml_child(node, "access"), "mode", "shared");
  d->memory_immediate = kt_xml_attr_is(kt_xml_child(node, "allocation"), "mode", "immediate");
  d->memory_file = kt_xml_attr_is(source, "type", "file");
}

/* <relaxed state='on'/> and its like; a child without state is on. */
static void read_states(GHashTable *table, xmlNode *parent)
{
  for (xmlNode *n = parent->children; n; n = n->next) {
    if (n->type != XML_ELEMENT_NODE)
      continue;
    char *state = kt_xml_attr(n, "state");
    g_hash_table_replace(table, g_strdup((const char *)n->name), state ? state : g_strdup("on"));
  }
}

static void read_features(KtDomain *d, KtXml *xml, xmlNode *node)
{
  xmlNode *hyperv = kt_xml_child(node, "hyperv"), *kvm = kt_xml_child(node, "kvm");
  xmlNode *spinlock = kt_xml_child(node, "pvspinlock");
  cite(d, xml, "features", node);
  if (hyperv) {
    d->hyperv = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    read_states(d->hyperv, hyperv);
    d->hyperv_passthrough = kt_xml_attr_is(hyperv, "mode", "passthrough");
    cite(d, xml, "hyperv", hyperv);
  }
  if (kvm) {
    read_states(d->kvm, kvm);
    cite(d, xml, "kvm", kvm);
  }
  char *state = kt_xml_attr(spinlock, "state");
  if (state)
    g_hash_table_replace(d->kvm, g_strdup("pvspinlock"), state);
}

static void read_clock(KtDomain *d, KtXml *xml, xmlNode *node)
{
  kt_xml_foreach(timer, node, "timer")
  {
    char *name = kt_xml_attr(timer, "name"), *present = kt_xml_attr(timer, "present");
    if (!name) {
      g_free(present);
      continue;
    }
    g_autofree char *path = g_strdup_printf("timers.%s", name);
    cite(d, xml, path, timer);
    g_hash_table_replace(d->timers, name, present ? present : g_strdup(""));
  }
}

static void read_launch_security(KtDomain *d, KtXml *xml, xmlNode *node)
{
  d->launch_security = kt_xml_attr(node, "type");
}

/* ---- <cpu> ---- */

static void read_topology(KtDomain *d, KtXml *xml, xmlNode *node)
{
  static const char *const names[] = {"sockets", "dies", "cores", "threads"};
  KtInt *into[] = {&d->sockets, &d->dies, &d->cores, &d->threads};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    KtInt n = kt_xml_int_attr(node, names[i]);
    if (n.known && n.value > 0 && n.value <= KT_DOMAIN_MAX_VCPUS)
      *into[i] = n;
  }
  cite(d, xml, "topology", node);
}

static void read_cell_distances(GArray *all, int cell, xmlNode *distances)
{
  kt_xml_foreach(sibling, distances, "sibling")
  {
    KtInt id = kt_xml_int_attr(sibling, "id"), value = kt_xml_int_attr(sibling, "value");
    if (!id.known || !value.known || id.value > G_MAXINT32 || value.value > 255)
      continue;
    KtCellDistance way = {cell, (int)id.value, (int)value.value};
    g_array_append_val(all, way);
  }
}

static void read_cells(KtDomain *d, KtXml *xml, xmlNode *numa)
{
  g_autoptr(GArray) distances = g_array_new(FALSE, FALSE, sizeof(KtCellDistance));
  int position = 0;
  cite(d, xml, "cells", numa);
  kt_xml_foreach(node, numa, "cell")
  {
    KtInt id = kt_xml_int_attr(node, "id");
    KtCell *cell = kt_domain_cell(d, id.known && id.value <= G_MAXINT32 ? (int)id.value : position);
    position++;
    if (!cell || cell->cpus)
      continue;
    cell->cpus = kt_xml_set_attr(node, "cpus");
    if (!cell->cpus && !xmlHasProp(node, (const xmlChar *)"cpus"))
      cell->cpus = kt_set_new(); /* a cell of memory alone */
    cell->memory_kib = kt_xml_size_kib(node, "memory", "unit");
    cell->shared = kt_xml_attr_is(node, "memAccess", "shared");
    read_cell_distances(distances, cell->id, kt_xml_child(node, "distances"));
    g_autofree char *path = g_strdup_printf("cells.%d", cell->id);
    cite(d, xml, path, node);
  }
  kt_domain_set_distances(d, distances);
}

static void read_cpu(KtDomain *d, KtXml *xml, xmlNode *node)
{
  xmlNode *model = kt_xml_child(node, "model"), *topology = kt_xml_child(node, "topology");
  xmlNode *cache = kt_xml_child(node, "cache"), *numa = kt_xml_child(node, "numa");
  d->cpu_mode = kt_xml_attr(node, "mode");
  d->cpu_model = kt_xml_text(model);
  if (!d->cpu_mode && d->cpu_model)
    d->cpu_mode = g_strdup("custom"); /* as it was before there was a mode attribute */
  d->cpu_given = d->cpu_mode != NULL;
  if (kt_xml_attr_is(node, "migratable", "on"))
    d->migratable = KT_YES;
  else if (kt_xml_attr_is(node, "migratable", "off"))
    d->migratable = KT_NO;
  if (cache) {
    d->cache_mode = kt_xml_attr(cache, "mode");
    d->cache_level = kt_xml_int_attr(cache, "level");
    cite(d, xml, "cache", cache);
  }
  kt_xml_foreach(feature, node, "feature")
  {
    g_autofree char *name = kt_xml_attr(feature, "name"), *policy = kt_xml_attr(feature, "policy");
    if (!name)
      continue;
    kt_domain_set_feature(d, name, policy ? policy : "require");
    g_autofree char *path = g_strdup_printf("features.%s", name);
    cite(d, xml, path, feature);
  }
  if (topology)
    read_topology(d, xml, topology);
  if (numa)
    read_cells(d, xml, numa);
}

typedef struct {
  const char *element;
  const char *cite; /* path, or NULL: the function cites */
  void (*read)(KtDomain *d, KtXml *xml, xmlNode *node);
} Section;

static const Section sections[] = {
    {"name", "name", read_name},
    {"uuid", NULL, read_uuid},
    {"metadata", NULL, kt_domain_xml_read_metadata},
    {"memory", "memory", read_memory},
    {"currentMemory", "currentMemory", read_current_memory},
    {"maxMemory", NULL, read_max_memory},
    {"vcpu", "vcpu", read_vcpu},
    {"vcpus", NULL, read_vcpus},
    {"iothreads", "iothreads", read_iothreads},
    {"os", NULL, read_os},
    {"memoryBacking", "memoryBacking", read_memory_backing},
    {"features", NULL, read_features},
    {"clock", "timers", read_clock},
    {"launchSecurity", "launchSecurity", read_launch_security},
    {"cpu", "cpu", read_cpu},
    {"devices", NULL, kt_domain_xml_read_devices},
};

void kt_domain_xml_read(KtDomain *d, KtXml *xml, xmlNode *node)
{
  d->format = g_strdup("libvirt");
  d->cut = !xml->complete;
  d->type = kt_xml_attr(node, "type");
  cite(d, xml, "type", node);
  d->manager = kt_manager_of(xml->bytes);
  for (guint i = 0; i < G_N_ELEMENTS(sections); i++) {
    xmlNode *child = kt_xml_child(node, sections[i].element);
    if (!child)
      continue;
    if (sections[i].cite)
      cite(d, xml, sections[i].cite, child);
    sections[i].read(d, xml, child);
  }
  kt_domain_xml_read_placement(d, xml, node); /* last: memnode names cells */
  if (!d->cut && !d->iothreads.known && !kt_xml_child(node, "iothreads"))
    d->iothreads = KT_INT(0);
  if (!d->cut && node == xml->root)
    d->definition = g_steal_pointer(&xml->bytes);
}

#endif

/* ---- the reader of texts ---- */

static gboolean starts(const KtText *text, guint i)
{
  if (!kt_xml_opens(text, i, "domain"))
    return FALSE;
  /* Not the <domain type='kvm'/> of capabilities, nor <domain>kvm</domain>. */
  const char *s = kt_text_at(text, i), *end = strchr(s, '>');
  gboolean empty = end && end > s && end[-1] == '/';
  gboolean short_one = strstr(s, "</domain>") && !strstr(s, "<name>") && !strstr(s, "<vcpu");
  return !empty && !short_one;
}

static guint read_domain(KtReading *r, const KtText *text, guint first)
{
  guint end = kt_xml_block_end(text, first, "domain");
#if HAVE_LIBXML2
  g_autoptr(KtXml) xml = kt_xml_parse_lines(text, first, end);
  if (xml->problem)
    kt_reading_reject(r, first + xml->problem_line - 1, "%s", xml->problem);
  /* Capabilities hold elements of this name too; a definition has a name of its own. */
  gboolean defines = xml->root && (!xml->complete || kt_xml_child(xml->root, "name"));
  if (defines && kt_xml_is(xml->root, "domain"))
    kt_domain_xml_read(kt_reading_add_domain(r), xml, xml->root);
#else
  kt_reading_reject(r, first, "domain XML: this build reads no XML");
#endif
  return end;
}

const KtReader kt_reader_domain_xml = {
    .name = "domain XML",
    .what = "libvirt domain XML (virsh dumpxml), also cut off, several in one text",
    .starts = starts,
    .read = read_domain,
};
