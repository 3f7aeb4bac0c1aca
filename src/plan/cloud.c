/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same shape for guests whose definition is somebody else's: Nova rewrites
 * the XML at the next hard reboot, the others write it, or the command line, at each start. */
#include <string.h>

#include "base/i18n.h"
#include "plan/parts.h"

#define TOPOLOGY_CHECKS "X06 X03 X11 X05 X07 X14 X12 X13"
#define CELL_CHECKS "X11 X12 X14"

static void set(KtChange *change, const char *where, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void set(KtChange *change, const char *where, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *value = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  kt_change_add_edit(change, where, NULL, value);
}

static const char *spec_of(const KtPlanWork *work, const char *key)
{
  const KtFlavor *flavor = work->domain->flavor;
  return flavor && flavor->extra_specs ? g_hash_table_lookup(flavor->extra_specs, key) : NULL;
}

/* Nova has no key for dies: each is a socket there. */
static void set_nova_topology(const KtPlanWork *work, KtChange *change)
{
  const KtTarget *t = &work->target;
  const struct {
    const char *key;
    guint value;
  } keys[] = {{"hw:cpu_sockets", t->sockets * t->dies}, {"hw:cpu_cores", t->cores}, {"hw:cpu_threads", t->threads}};
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    g_autofree char *where = g_strdup_printf("flavor %s", keys[i].key);
    g_autofree char *value = g_strdup_printf("%u", keys[i].value);
    const char *old = spec_of(work, keys[i].key);
    if (g_strcmp0(old, value) != 0)
      kt_change_add_edit(change, where, old, value);
  }
  if (kt_plan_asks(work, CELL_CHECKS) && (t->cells > 1 || kt_plan_asks(work, "X12"))) {
    g_autofree char *cells = g_strdup_printf("%u", t->cells);
    kt_change_add_edit(change, "flavor hw:numa_nodes", spec_of(work, "hw:numa_nodes"), cells);
  }
}

static void plan_nova(const KtPlanWork *work)
{
  if (kt_plan_asks(work, TOPOLOGY_CHECKS)) {
    KtChange *change = kt_plan_change(work, KT_ACT_NOVA, "flavor", TOPOLOGY_CHECKS);
    set_nova_topology(work, change);
    change->title = g_strdup(_("a flavor with topology and NUMA nodes, and a resize to it"));
    change->why =
        g_strdup(_("Nova writes the XML from the flavor at each hard reboot, and a running server keeps its own "
                   "copy of the flavor: only a resize brings the new keys."));
    change->undo = g_strdup(_("openstack server resize revert, or a resize back to the old flavor"));
    change->risk |= KT_RISK_RESTART;
    if (!change->edits->len)
      g_ptr_array_remove(work->plan->changes, change);
  }
  if (kt_plan_asks(work, "X01 X02")) {
    KtChange *change = kt_plan_change(work, KT_ACT_NOVA, "cpu_mode", "X01 X02");
    set(change, "nova.conf [libvirt] cpu_mode", "%s", work->options->keep_migratable ? "custom" : "host-passthrough");
    change->title = g_strdup(_("cpu_mode of the compute hosts"));
    change->why = g_strdup(_("Nova has no flavor key for the CPU mode; live migration then wants equal hosts."));
    change->undo = g_strdup(_("the old cpu_mode, and a hard reboot of the server"));
  }
}

static char *numa_of(const KtPlanWork *work, guint cell)
{
  guint cells = work->target.cells, vcpus = (guint)work->domain->vcpus.value / cells;
  gint64 mib = work->domain->memory_kib.value / 1024 / cells;
  g_autoptr(KtSet) nodes = kt_plan_cell_nodes(work->answer->cells->pdata[cell]);
  g_autofree char *node = kt_set_format(nodes);
  return g_strdup_printf("cpus=%u-%u,memory=%" G_GINT64_FORMAT ",hostnodes=%s,policy=bind", cell * vcpus,
                         (cell + 1) * vcpus - 1, mib, node);
}

static void set_numa(const KtPlanWork *work, KtChange *change)
{
  set(change, "--numa", "1");
  for (guint i = 0; i < work->target.cells; i++) {
    g_autofree char *where = g_strdup_printf("--numa%u", i), *value = numa_of(work, i);
    set(change, where, "%s", value);
  }
}

/* Where its process runs, as a whole, and where its memory comes from. */
static void place_proxmox(const KtPlanWork *work)
{
  gboolean moved = work->guest->cpus_before && !work->answer->stays;
  if (!kt_plan_asks(work, KT_PLAN_LIVE_CHECKS) || !moved || work->host->nodes->len < 2)
    return;
  KtChange *change = kt_plan_change(work, KT_ACT_PROXMOX, "place", KT_PLAN_LIVE_CHECKS);
  set(change, "--affinity", "%s", work->guest->cpus_after);
  if (work->target.cells == 1)
    set_numa(work, change);
  change->title = g_strdup_printf(_("CPUs %s, and memory beside them"), work->guest->cpus_after);
  change->why = g_strdup(_("Its vCPUs and its memory are apart, or share CPUs with others; Proxmox starts it anew from "
                           "its configuration, so that is where it is said."));
  change->undo = g_strdup(_("qm set with the options as they were"));
  change->risk |= KT_RISK_RESTART;
}

static void plan_proxmox(const KtPlanWork *work)
{
  const KtTarget *t = &work->target;
  place_proxmox(work);
  if (!kt_plan_asks(work, TOPOLOGY_CHECKS))
    return;
  KtChange *change = kt_plan_change(work, KT_ACT_PROXMOX, "topology", TOPOLOGY_CHECKS);
  /* qm has no dies and no threads: cores stand for both. */
  set(change, "--sockets", "%u", t->sockets * t->dies);
  set(change, "--cores", "%u", t->cores * t->threads);
  if (t->cells > 1)
    set_numa(work, change);
  change->title = g_strdup(_("sockets and cores as the host has them"));
  change->why = g_strdup(_("One socket for each memory node of the guest. qm knows no dies and no threads."));
  change->undo = g_strdup(_("qm set with the options as they were"));
  change->risk |= KT_RISK_RESTART;
}

/* Keys of oVirt's API, of KubeVirt's VirtualMachine and of OpenNebula's template. */
static const struct {
  const char *sockets, *cores, *threads, *mode, *passthrough;
} keys_of[KT_MANAGERS] = {
    [KT_MANAGER_OVIRT] = {"cpu.topology.sockets", "cpu.topology.cores", "cpu.topology.threads", "cpu.mode",
                          "host_passthrough"},
    [KT_MANAGER_KUBEVIRT] = {"spec.template.spec.domain.cpu.sockets", "spec.template.spec.domain.cpu.cores",
                             "spec.template.spec.domain.cpu.threads", "spec.template.spec.domain.cpu.model",
                             "host-passthrough"},
    [KT_MANAGER_OPENNEBULA] = {"TOPOLOGY/SOCKETS", "TOPOLOGY/CORES", "TOPOLOGY/THREADS", "CPU_MODEL/MODEL",
                               "host-passthrough"},
};

static void finish_other(const KtPlanWork *work, KtChange *change)
{
  const char *manager = kt_manager_names[work->domain->manager];
  change->why =
      g_strdup_printf(_("%s writes the definition at each start: what shall last is changed there."), manager);
  change->undo = g_strdup_printf(_("the old values in %s; then stop and start the guest"), manager);
  change->risk |= KT_RISK_RESTART;
}

static void plan_other(const KtPlanWork *work)
{
  const KtTarget *t = &work->target;
  KtManager manager = work->domain->manager;
  if (kt_plan_asks(work, TOPOLOGY_CHECKS)) {
    KtChange *change = kt_plan_change(work, KT_ACT_PERSON, "topology", TOPOLOGY_CHECKS);
    set(change, keys_of[manager].sockets, "%u", t->sockets * t->dies);
    set(change, keys_of[manager].cores, "%u", t->cores);
    set(change, keys_of[manager].threads, "%u", t->threads);
    change->title =
        g_strdup_printf(_("sockets, cores and threads as the host has them, through %s"), kt_manager_names[manager]);
    finish_other(work, change);
  }
  if (kt_plan_asks(work, "X01 X02") && !work->options->keep_migratable) {
    KtChange *change = kt_plan_change(work, KT_ACT_PERSON, "cpu_mode", "X01 X02");
    set(change, keys_of[manager].mode, "%s", keys_of[manager].passthrough);
    change->title = g_strdup_printf(_("the host's CPU for the guest, through %s"), kt_manager_names[manager]);
    finish_other(work, change);
  }
}

void kt_plan_orchestrated(const KtPlanWork *work)
{
  if (work->domain->manager == KT_MANAGER_NOVA)
    plan_nova(work);
  else if (work->domain->manager == KT_MANAGER_PROXMOX)
    plan_proxmox(work);
  else
    plan_other(work);
}
