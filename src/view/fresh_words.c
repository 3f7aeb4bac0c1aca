/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The definition, and the commands that make the same guest. */
#include <string.h>

#include "view/fresh_view.h"

/* ---- what all of them need ---- */

static const KtPlaceCell *cell_at(const KtFreshPlan *plan, guint i)
{
  return plan->answer->cells->pdata[i];
}

/* Equal parts in whole pages; the rest in the first. */
static gint64 memory_of(const KtFreshPlan *plan, const KtFreshWish *wish, guint cell)
{
  guint cells = plan->target.cells;
  gint64 page = wish->page_kib ? wish->page_kib : 2048, share = wish->memory_kib / cells / page * page;
  return cell ? share : wish->memory_kib - share * (cells - 1);
}

static char *nodes_of(const KtPlaceCell *cell)
{
  g_autoptr(KtSet) nodes = kt_set_new();
  for (guint i = 0; i < cell->memory->len; i++)
    kt_set_add(nodes, g_array_index(cell->memory, KtPlaceMemory, i).node_id);
  return kt_set_format(nodes);
}

static char *all_nodes(const KtFreshPlan *plan)
{
  g_autoptr(KtSet) nodes = kt_set_new();
  for (guint k = 0; k < plan->target.cells; k++)
    for (guint i = 0; i < cell_at(plan, k)->memory->len; i++)
      kt_set_add(nodes, g_array_index(cell_at(plan, k)->memory, KtPlaceMemory, i).node_id);
  return kt_set_format(nodes);
}

static char *vcpus_of(const KtPlaceCell *cell)
{
  return cell->vcpus > 1 ? g_strdup_printf("%u-%u", cell->first_vcpu, cell->first_vcpu + cell->vcpus - 1)
                         : g_strdup_printf("%u", cell->first_vcpu);
}

static char *cpus_of(const KtPlaceCell *cell, guint vcpu)
{
  return cell->pins ? g_strdup_printf("%u", g_array_index(cell->pins, guint, vcpu)) : kt_set_format(cell->cpus);
}

/* 0: not known. */
static int distance(const KtFreshPlan *plan, guint from, guint to)
{
  int a = (int)g_array_index(cell_at(plan, from)->memory, KtPlaceMemory, 0).node_id;
  int b = (int)g_array_index(cell_at(plan, to)->memory, KtPlaceMemory, 0).node_id;
  const KtNode *node = kt_machine_find_node(plan->host, a);
  for (guint i = 0; node && i < plan->host->nodes->len && i < node->distances->len; i++)
    if (((const KtNode *)plan->host->nodes->pdata[i])->id == b)
      return from == to ? 10 : g_array_index(node->distances, int, i);
  return 0;
}

static gboolean is_x86(const KtFreshPlan *plan)
{
  return kt_machine_is_x86(plan->host) || !plan->host->arch;
}

/* ---- libvirt ---- */

static void add_tuning(GString *xml, const KtFreshPlan *plan)
{
  guint cells = plan->target.cells;
  const char *mode = cells > 1 ? "strict" : "restrictive";
  g_autofree char *emulator = kt_set_format(plan->emulator), *nodes = all_nodes(plan);
  g_string_append(xml, "  <cputune>\n");
  for (guint i = 0; i < cells; i++)
    for (guint k = 0; k < cell_at(plan, i)->vcpus; k++) {
      g_autofree char *cpus = cpus_of(cell_at(plan, i), k);
      g_string_append_printf(xml, "    <vcpupin vcpu='%u' cpuset='%s'/>\n", cell_at(plan, i)->first_vcpu + k, cpus);
    }
  if (*emulator)
    g_string_append_printf(xml, "    <emulatorpin cpuset='%s'/>\n", emulator);
  g_string_append_printf(xml, "  </cputune>\n  <numatune>\n    <memory mode='%s' nodeset='%s'/>\n", mode, nodes);
  for (guint i = 0; cells > 1 && i < cells; i++) {
    g_autofree char *own = nodes_of(cell_at(plan, i));
    g_string_append_printf(xml, "    <memnode cellid='%u' mode='%s' nodeset='%s'/>\n", i, mode, own);
  }
  g_string_append(xml, "  </numatune>\n");
}

static void add_cells(GString *xml, const KtFreshPlan *plan, const KtFreshWish *wish)
{
  guint cells = plan->target.cells;
  if (cells < 2)
    return;
  g_string_append(xml, "    <numa>\n");
  for (guint i = 0; i < cells; i++) {
    g_autofree char *vcpus = vcpus_of(cell_at(plan, i));
    g_string_append_printf(xml, "      <cell id='%u' cpus='%s' memory='%" G_GINT64_FORMAT "' unit='KiB'>\n", i, vcpus,
                           memory_of(plan, wish, i));
    if (distance(plan, 0, 0)) {
      g_string_append(xml, "        <distances>\n");
      for (guint k = 0; k < cells; k++)
        g_string_append_printf(xml, "          <sibling id='%u' value='%d'/>\n", k, MAX(distance(plan, i, k), 10));
      g_string_append(xml, "        </distances>\n");
    }
    g_string_append(xml, "      </cell>\n");
  }
  g_string_append(xml, "    </numa>\n");
}

static void add_features(GString *xml, const KtFreshPlan *plan, const KtFreshWish *wish)
{
  g_string_append(xml, is_x86(plan) ? "  <features>\n    <acpi/>\n    <apic/>\n" : "  <features>\n    <acpi/>\n");
  if (wish->os == KT_OS_WINDOWS)
    g_string_append(xml, "    <hyperv mode='custom'>\n      <relaxed state='on'/>\n      <vapic state='on'/>\n"
                         "      <spinlocks state='on' retries='8191'/>\n      <vpindex state='on'/>\n"
                         "      <runtime state='on'/>\n      <synic state='on'/>\n      <stimer state='on'/>\n"
                         "      <frequencies state='on'/>\n    </hyperv>\n");
  if (wish->dedicated && wish->os == KT_OS_LINUX)
    g_string_append(xml, "    <kvm>\n      <hint-dedicated state='on'/>\n    </kvm>\n");
  g_string_append(xml, "  </features>\n");
}

static void add_cpu(GString *xml, const KtFreshPlan *plan, const KtFreshWish *wish)
{
  const KtTarget *t = &plan->target;
  g_string_append_printf(xml,
                         "  <cpu mode='host-passthrough' check='none'>\n"
                         "    <topology sockets='%u' dies='%u' cores='%u' threads='%u'/>\n",
                         t->sockets, t->dies, t->cores, t->threads);
  if (is_x86(plan) && t->true_l3)
    g_string_append(xml, "    <cache mode='passthrough'/>\n");
  else if (is_x86(plan))
    g_string_append(xml, "    <cache level='3' mode='emulate'/>\n");
  if (t->topoext)
    g_string_append(xml, "    <feature policy='require' name='topoext'/>\n");
  add_cells(xml, plan, wish);
  g_string_append(xml, "  </cpu>\n");
}

char *kt_fresh_xml(const KtFreshPlan *plan, const KtFreshWish *wish)
{
  GString *xml = g_string_new("<domain type='kvm'>\n");
  gboolean windows = wish->os == KT_OS_WINDOWS;
  const char *arch = plan->host->arch ? plan->host->arch : "x86_64";
  g_string_append_printf(xml,
                         "  <name>%s</name>\n  <memory unit='KiB'>%" G_GINT64_FORMAT "</memory>\n"
                         "  <vcpu placement='static'>%u</vcpu>\n",
                         wish->name, wish->memory_kib, wish->vcpus);
  if (wish->page_kib)
    g_string_append_printf(xml,
                           "  <memoryBacking>\n    <hugepages>\n      <page size='%" G_GINT64_FORMAT
                           "' unit='KiB'/>\n    </hugepages>\n  </memoryBacking>\n",
                           wish->page_kib);
  add_tuning(xml, plan);
  g_string_append_printf(xml, "  <os>\n    <type arch='%s'%s>hvm</type>\n  </os>\n", arch,
                         is_x86(plan) ? " machine='q35'" : "");
  add_features(xml, plan, wish);
  add_cpu(xml, plan, wish);
  if (is_x86(plan))
    g_string_append_printf(xml, "  <clock offset='%s'>\n    <timer name='hpet' present='no'/>\n%s  </clock>\n",
                           windows ? "localtime" : "utc",
                           windows ? "    <timer name='hypervclock' present='yes'/>\n" : "");
  g_string_append(xml, "</domain>\n");
  return g_string_free(xml, FALSE);
}

/* ---- virt-install ---- */

static void add_install_cells(GString *out, const KtFreshPlan *plan, const KtFreshWish *wish)
{
  for (guint i = 0; plan->target.cells > 1 && i < plan->target.cells; i++) {
    g_autofree char *vcpus = vcpus_of(cell_at(plan, i));
    g_string_append_printf(out, ",numa.cell%u.id=%u,numa.cell%u.cpus=%s,numa.cell%u.memory=%" G_GINT64_FORMAT, i, i, i,
                           vcpus, i, memory_of(plan, wish, i));
  }
}

static void add_install_places(GString *out, const KtFreshPlan *plan)
{
  const char *mode = plan->target.cells > 1 ? "strict" : "restrictive";
  g_autofree char *nodes = all_nodes(plan), *emulator = kt_set_format(plan->emulator);
  g_string_append_printf(out, "  --numatune \"memory.mode=%s,memory.nodeset='%s'", mode, nodes);
  for (guint i = 0; plan->target.cells > 1 && i < plan->target.cells; i++) {
    g_autofree char *own = nodes_of(cell_at(plan, i));
    g_string_append_printf(out, ",memnode%u.cellid=%u,memnode%u.mode=%s,memnode%u.nodeset='%s'", i, i, i, mode, i, own);
  }
  g_string_append(out, "\" \\\n  --cputune \"");
  for (guint i = 0, n = 0; i < plan->target.cells; i++)
    for (guint k = 0; k < cell_at(plan, i)->vcpus; k++, n++) {
      g_autofree char *cpus = cpus_of(cell_at(plan, i), k);
      g_string_append_printf(out, "%svcpupin%u.vcpu=%u,vcpupin%u.cpuset='%s'", n ? "," : "", n, n, n, cpus);
    }
  if (*emulator)
    g_string_append_printf(out, ",emulatorpin.cpuset='%s'", emulator);
  g_string_append_c(out, '"');
}

char *kt_fresh_virt_install(const KtFreshPlan *plan, const KtFreshWish *wish)
{
  const KtTarget *t = &plan->target;
  GString *out = g_string_new(NULL);
  g_string_append_printf(out,
                         "virt-install --name %s --memory %" G_GINT64_FORMAT " \\\n"
                         "  --vcpus %u,sockets=%u,dies=%u,cores=%u,threads=%u \\\n  --cpu host-passthrough",
                         wish->name, wish->memory_kib / 1024, wish->vcpus, t->sockets, t->dies, t->cores, t->threads);
  if (is_x86(plan))
    g_string_append(out, t->true_l3 ? ",cache.mode=passthrough" : ",cache.mode=emulate,cache.level=3");
  if (t->topoext)
    g_string_append(out, ",require=topoext");
  add_install_cells(out, plan, wish);
  g_string_append(out, " \\\n");
  add_install_places(out, plan);
  if (wish->page_kib)
    g_string_append_printf(
        out, " \\\n  --memorybacking hugepages=on,hugepages.page0.size=%" G_GINT64_FORMAT ",hugepages.page0.unit=KiB",
        wish->page_kib);
  if (wish->dedicated && wish->os == KT_OS_LINUX)
    g_string_append(out, " \\\n  --xml ./features/kvm/hint-dedicated/@state=on");
  g_string_append_printf(out, " \\\n  --osinfo %s --disk ... --network ...\n",
                         wish->os == KT_OS_WINDOWS ? "win2k22" : "detect=on,require=off");
  return g_string_free(out, FALSE);
}

/* ---- Nova ---- */

char *kt_fresh_nova(const KtFreshPlan *plan, const KtFreshWish *wish)
{
  const KtTarget *t = &plan->target;
  GString *out = g_string_new(NULL);
  g_string_append_printf(out,
                         "openstack flavor create %s --vcpus %u --ram %" G_GINT64_FORMAT " --disk ...\n"
                         "openstack flavor set %s \\\n  --property hw:cpu_sockets=%u --property hw:cpu_cores=%u "
                         "--property hw:cpu_threads=%u \\\n  --property hw:numa_nodes=%u",
                         wish->name, wish->vcpus, wish->memory_kib / 1024, wish->name, t->sockets * t->dies, t->cores,
                         t->threads, t->cells);
  if (wish->dedicated)
    g_string_append_printf(out, " --property hw:cpu_policy=dedicated%s",
                           t->siblings ? " --property hw:cpu_thread_policy=require" : "");
  if (wish->page_kib)
    g_string_append_printf(out, " --property hw:mem_page_size=%s", wish->page_kib == 2048 ? "2MB" : "1GB");
  g_string_append_printf(out, "\nopenstack image set IMAGE --property os_type=%s --property hw_machine_type=q35\n",
                         wish->os == KT_OS_WINDOWS ? "windows" : "linux");
  return g_string_free(out, FALSE);
}

/* ---- Proxmox ---- */

char *kt_fresh_proxmox(const KtFreshPlan *plan, const KtFreshWish *wish)
{
  const KtTarget *t = &plan->target;
  GString *out = g_string_new(NULL);
  g_autoptr(KtSet) all = kt_set_new();
  for (guint i = 0; i < t->cells; i++)
    kt_set_add_all(all, cell_at(plan, i)->cpus);
  g_autofree char *affinity = kt_set_format(all);
  g_string_append_printf(out,
                         "qm set VMID --name %s --memory %" G_GINT64_FORMAT " --sockets %u --cores %u --cpu host "
                         "--ostype %s\nqm set VMID --affinity %s --numa 1\n",
                         wish->name, wish->memory_kib / 1024, t->sockets * t->dies, t->cores * t->threads,
                         wish->os == KT_OS_WINDOWS ? "win11" : "l26", affinity);
  for (guint i = 0; i < t->cells; i++) {
    g_autofree char *vcpus = vcpus_of(cell_at(plan, i)), *nodes = nodes_of(cell_at(plan, i));
    g_string_append_printf(out, "qm set VMID --numa%u cpus=%s,hostnodes=%s,memory=%" G_GINT64_FORMAT ",policy=bind\n",
                           i, vcpus, nodes, memory_of(plan, wish, i) / 1024);
  }
  if (wish->page_kib)
    g_string_append_printf(out, "qm set VMID --hugepages %" G_GINT64_FORMAT "\n", wish->page_kib / 1024);
  return g_string_free(out, FALSE);
}
