/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <cputune> and <numatune> of domain XML. */
#include "evidence/domain_parts.h"
#include "evidence/domain_xml.h"

#if HAVE_LIBXML2

static void cite(KtDomain *d, KtXml *xml, const char *path, xmlNode *node)
{
  kt_domain_cite(d, path, kt_xml_cite(xml, node));
}

static void read_pins(KtDomain *d, KtXml *xml, xmlNode *cputune)
{
  kt_xml_foreach(pin, cputune, "vcpupin")
  {
    KtInt vcpu = kt_xml_int_attr(pin, "vcpu");
    KtSet *cpus = kt_xml_set_attr(pin, "cpuset");
    if (cpus && vcpu.known && vcpu.value < KT_DOMAIN_MAX_VCPUS)
      kt_domain_set_pin(d, (int)vcpu.value, cpus);
    else
      kt_set_free(cpus);
    cite(d, xml, "vcpupin", pin);
  }
  kt_xml_foreach(pin, cputune, "iothreadpin")
  {
    KtInt thread = kt_xml_int_attr(pin, "iothread");
    KtSet *cpus = kt_xml_set_attr(pin, "cpuset");
    if (cpus && thread.known && thread.value < KT_DOMAIN_MAX_VCPUS)
      g_hash_table_replace(d->iothreadpin, GINT_TO_POINTER((int)thread.value), cpus);
    else
      kt_set_free(cpus);
    cite(d, xml, "iothreadpin", pin);
  }
  xmlNode *emulator = kt_xml_child(cputune, "emulatorpin");
  if (emulator) {
    d->emulatorpin = kt_xml_set_attr(emulator, "cpuset");
    cite(d, xml, "emulatorpin", emulator);
  }
}

static void read_limits(KtDomain *d, KtXml *xml, xmlNode *cputune)
{
  static const char *const names[] = {"shares", "period", "quota"};
  KtInt *into[] = {&d->cpu_shares, &d->cpu_period_us, &d->cpu_quota_us};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    xmlNode *node = kt_xml_child(cputune, names[i]);
    if (!node)
      continue;
    *into[i] = kt_xml_int(node); /* a negative quota is none: unknown */
    cite(d, xml, names[i], node);
  }
  xmlNode *sched = kt_xml_child(cputune, "vcpusched");
  if (sched) {
    d->vcpusched = kt_xml_attr(sched, "scheduler");
    cite(d, xml, "vcpusched", sched);
  }
}

static void read_numatune(KtDomain *d, KtXml *xml, xmlNode *numatune)
{
  xmlNode *memory = kt_xml_child(numatune, "memory");
  if (memory) {
    d->numatune_mode = kt_xml_attr(memory, "mode");
    d->numatune_placement = kt_xml_attr(memory, "placement");
    d->numatune_nodeset = kt_xml_set_attr(memory, "nodeset");
    cite(d, xml, "numatune", memory);
  }
  kt_xml_foreach(memnode, numatune, "memnode")
  {
    KtInt id = kt_xml_int_attr(memnode, "cellid");
    KtCell *cell = id.known && id.value <= G_MAXINT32 ? kt_domain_find_cell(d, (int)id.value) : NULL;
    cite(d, xml, "numatune", memnode);
    if (!cell || cell->memnode_mode || cell->memnode)
      continue;
    cell->memnode_mode = kt_xml_attr(memnode, "mode");
    cell->memnode = kt_xml_set_attr(memnode, "nodeset");
  }
}

void kt_domain_xml_read_placement(KtDomain *d, KtXml *xml, xmlNode *domain)
{
  xmlNode *cputune = kt_xml_child(domain, "cputune"), *numatune = kt_xml_child(domain, "numatune");
  if (cputune) {
    cite(d, xml, "cputune", cputune);
    read_pins(d, xml, cputune);
    read_limits(d, xml, cputune);
  }
  if (numatune)
    read_numatune(d, xml, numatune);
}

#endif
