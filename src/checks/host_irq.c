/* SPDX-License-Identifier: GPL-2.0-or-later */
/* H47: interrupts of the host's devices on CPUs where they hurt. */
#include <string.h>

#include "checks/host.h"

/* vfio's are for a guest, and it may be the one that owns the CPU they go to. */
static gboolean is_host_irq(const KtInterrupt *irq)
{
  return irq->device && !(irq->description && strstr(irq->description, "vfio"));
}

/* Interrupts a second of devices on this CPU, in this column of /proc/interrupts. */
static double irq_rate(const KtMachine *m, guint cpu, guint column)
{
  double sum = 0;
  for (guint i = 0; i < m->interrupts->len; i++) {
    const KtInterrupt *irq = m->interrupts->pdata[i];
    if (!is_host_irq(irq) || !irq->per_second.known || !irq->total || column >= irq->per_cpu->len ||
        (irq->affinity && !kt_set_has(irq->affinity, cpu))) /* counted there once, but not any more */
      continue;
    gboolean all = kt_set_count(irq->affinity) == 1;
    double share = all ? 1 : (double)g_array_index(irq->per_cpu, guint64, column) / (double)irq->total;
    sum += irq->per_second.value * share;
  }
  return sum;
}

/* Fires if device interrupts hit CPUs that belong to vCPUs. */
static void look_at_dedicated(const KtSubject *s, KtFinding *f, const KtSet *dedicated)
{
  const KtMachine *m = s->machine;
  const KtSet *online = m->online_set ? m->online_set : m->cpu_set;
  guint column = 0;
  for (int c = kt_set_next(online, 0); c >= 0; c = kt_set_next(online, (guint)c + 1), column++) {
    if (!kt_set_has(dedicated, (guint)c))
      continue;
    double rate = irq_rate(m, (guint)c, column);
    if (rate <= 1000)
      continue;
    if (f->state != KT_FIRED) {
      kt_finding_fire(f, s, "device interrupts hit CPUs that belong to vCPUs");
      kt_finding_fill(f, "cpu", "%d", c);
    }
    if (f->evidence->len < 8)
      kt_finding_say(f, "CPU %d: %.0f device interrupts a second", c, rate);
  }
}

/* Interrupts a second of one device, and how many of them CPUs of other nodes serve. */
typedef struct {
  double all, far;
  const KtInterrupt *busiest; /* of those far away */
} NicLoad;

static gboolean is_nic(const KtMachine *m, const char *pci)
{
  const KtDevice *device = pci ? kt_host_device(m, pci) : NULL;
  return device && g_strcmp0(device->kind, "network") == 0;
}

/* PCI address -> NicLoad*, of the host's own NICs with a node. */
static GHashTable *nic_loads(const KtMachine *m)
{
  GHashTable *loads = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  for (guint i = 0; i < m->interrupts->len; i++) {
    const KtInterrupt *irq = m->interrupts->pdata[i];
    if (!irq->per_second.known || irq->per_second.value <= 0 || !irq->affinity || !irq->node.known ||
        !is_host_irq(irq) || !is_nic(m, irq->pci))
      continue;
    NicLoad *load = g_hash_table_lookup(loads, irq->pci);
    if (!load)
      g_hash_table_insert(loads, irq->pci, load = g_new0(NicLoad, 1));
    g_autoptr(KtSet) nodes = kt_host_nodes_of(m, irq->affinity);
    load->all += irq->per_second.value;
    if (kt_set_is_empty(nodes) || kt_set_has(nodes, (guint)irq->node.value))
      continue;
    load->far += irq->per_second.value;
    if (!load->busiest || irq->per_second.value > load->busiest->per_second.value)
      load->busiest = irq;
  }
  return loads;
}

/* Fires if most interrupts of a busy NIC go to CPUs of another node. Some do on any
 * host whose NICs have a queue for each CPU. */
static void look_at_nics(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  g_autoptr(GHashTable) loads = nic_loads(m);
  g_autoptr(GList) addresses = g_list_sort(g_hash_table_get_keys(loads), (GCompareFunc)strcmp);
  for (GList *l = addresses; l; l = l->next) {
    const NicLoad *load = g_hash_table_lookup(loads, l->data);
    if (load->far <= 1000 || load->far < 0.8 * load->all)
      continue;
    if (f->state != KT_FIRED) {
      kt_finding_fire(f, s, "interrupts of NIC %s go to CPUs of another node", (const char *)l->data);
      f->severity = load->far > 10000 ? 2 : 1;
    }
    g_autofree char *cpus = kt_set_format(load->busiest->affinity);
    g_autofree char *path = g_strconcat("interrupts.", load->busiest->name, NULL);
    kt_finding_say(f,
                   "%s is on node %" PRId64 ": %.0f of its %.0f interrupts a second go elsewhere, "
                   "interrupt %s to CPU %s",
                   (const char *)l->data, load->busiest->node.value, load->far, load->all, load->busiest->name, cpus);
    kt_finding_cite_machine(f, m, path);
  }
}

void kt_check_h47(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  g_autoptr(KtSet) dedicated = kt_host_dedicated(s->snapshot), nodes = kt_host_cpu_nodes(m);
  gboolean one_node = kt_set_count(nodes) < 2;
  if (!kt_host_has_running(s->snapshot) || (kt_set_is_empty(dedicated) && one_node))
    return kt_finding_skip(f);
  if (!m->interrupts->len || !(m->online_set || m->cpu_set))
    return kt_finding_cannot(f, "device interrupts a second of each CPU (/proc/interrupts at two moments)");
  gboolean known = TRUE;
  for (guint i = 0; i < m->interrupts->len; i++) {
    const KtInterrupt *irq = m->interrupts->pdata[i];
    known &= !is_host_irq(irq) || irq->per_second.known;
  }
  look_at_dedicated(s, f, dedicated);
  if (f->state != KT_FIRED && !one_node)
    look_at_nics(s, f);
  if (f->state == KT_FIRED)
    return;
  if (!known)
    return kt_finding_cannot(f, "device interrupts a second of each CPU (/proc/interrupts at two moments)");
  kt_finding_fine(f);
}
