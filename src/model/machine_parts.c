/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Life and lookup of a machine's parts. */
#include <string.h>

#include "model/machine.h"

const char *const kt_cpu_field_names[KT_CPU_FIELDS] = {
    [KT_CPU_USER] = "user",   [KT_CPU_NICE] = "nice", [KT_CPU_SYSTEM] = "system", [KT_CPU_IOWAIT] = "iowait",
    [KT_CPU_STEAL] = "steal", [KT_CPU_IRQ] = "irq",   [KT_CPU_SOFT] = "soft",     [KT_CPU_GUEST] = "guest",
    [KT_CPU_GNICE] = "gnice", [KT_CPU_IDLE] = "idle",
};

static void cache_free(gpointer data)
{
  KtCache *cache = data;
  g_ptr_array_unref(cache->groups);
  g_free(cache);
}

static void node_free(gpointer data)
{
  KtNode *node = data;
  kt_set_free(node->cpus);
  g_array_unref(node->distances);
  g_array_unref(node->pools);
  g_clear_pointer(&node->meminfo, g_hash_table_unref);
  g_free(node);
}

static void cpu_free(gpointer data)
{
  KtCpu *cpu = data;
  kt_set_free(cpu->siblings);
  g_free(cpu);
}

static void interrupt_free(gpointer data)
{
  KtInterrupt *irq = data;
  g_free(irq->name);
  g_free(irq->description);
  g_free(irq->pci);
  kt_set_free(irq->affinity);
  g_array_unref(irq->per_cpu);
  g_free(irq);
}

static void process_free(gpointer data)
{
  KtProcess *p = data;
  g_free(p->comm);
  g_free(p->bound_nodes);
  g_free(p->version);
  g_ptr_array_unref(p->args);
  g_clear_pointer(&p->jvm_flags, g_ptr_array_unref);
  g_array_unref(p->node_memory);
  g_free(p);
}

static void device_free(gpointer data)
{
  KtDevice *d = data;
  g_free(d->address);
  g_free(d->driver);
  g_free(d->kind);
  g_ptr_array_unref(d->names);
  g_free(d);
}

KtMachine *kt_machine_new(void)
{
  KtMachine *m = g_new0(KtMachine, 1);
  m->sources = g_ptr_array_new_with_free_func(g_free);
  m->cpu = g_ptr_array_new_with_free_func(cpu_free);
  m->caches = g_ptr_array_new_with_free_func(cache_free);
  m->nodes = g_ptr_array_new_with_free_func(node_free);
  m->interrupts = g_ptr_array_new_with_free_func(interrupt_free);
  m->counters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  m->settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  m->log = g_ptr_array_new_with_free_func((GDestroyNotify)kt_cite_free);
  m->processes = g_ptr_array_new_with_free_func(process_free);
  m->devices = g_ptr_array_new_with_free_func(device_free);
  m->unreadable = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  m->cites = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)kt_cite_free);
  return m;
}

void kt_machine_free(KtMachine *m)
{
  if (!m)
    return;
  char *texts[] = {m->name,           m->hypervisor,     m->label,       m->taken_at, m->arch,
                   m->kernel_release, m->kernel_cmdline, m->clocksource, m->os_name,  m->product,
                   m->cpu_vendor,     m->cpu_model_name, m->cpu_flags};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  GPtrArray *arrays[] = {m->sources, m->cpu, m->caches, m->nodes, m->interrupts, m->log, m->processes, m->devices};
  for (guint i = 0; i < G_N_ELEMENTS(arrays); i++)
    g_ptr_array_unref(arrays[i]);
  GHashTable *tables[] = {m->counters, m->settings, m->unreadable, m->cites};
  for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
    g_hash_table_unref(tables[i]);
  kt_set_free(m->cpu_set);
  kt_set_free(m->online_set);
  kt_activity_free(m->activity);
  g_free(m);
}

/* A value with its name in a table; what malloc adds is in it. */
#define ENTRY_WEIGHT 128

static gsize cite_weight(const KtCite *cite)
{
  return ENTRY_WEIGHT + (cite->text ? strlen(cite->text) : 0);
}

static gsize lists_weight(const KtMachine *m)
{
  gsize sum = 0;
  for (guint i = 0; i < m->interrupts->len; i++) {
    const KtInterrupt *irq = m->interrupts->pdata[i];
    sum += sizeof(*irq) + 2 * ENTRY_WEIGHT + irq->per_cpu->len * sizeof(guint64);
  }
  for (guint i = 0; i < m->processes->len; i++) {
    const KtProcess *p = m->processes->pdata[i];
    sum += sizeof(*p) + ENTRY_WEIGHT * (2 + p->args->len + (p->jvm_flags ? p->jvm_flags->len : 0));
  }
  for (guint i = 0; i < m->log->len; i++)
    sum += cite_weight(m->log->pdata[i]);
  return sum;
}

gsize kt_machine_weight(const KtMachine *m)
{
  const GHashTable *tables[] = {m->counters, m->settings, m->unreadable};
  gsize sum = sizeof(*m) + 2048 + lists_weight(m);
  for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
    sum += 2 * ENTRY_WEIGHT * g_hash_table_size((GHashTable *)tables[i]);
  sum += m->cpu->len * (sizeof(KtCpu) + ENTRY_WEIGHT) + m->nodes->len * (sizeof(KtNode) + 4 * ENTRY_WEIGHT);
  sum += (m->caches->len + m->devices->len) * 2 * ENTRY_WEIGHT;
  sum += m->activity ? m->activity->rows->len * (sizeof(KtActivityRow) + ENTRY_WEIGHT) : 0;
  GHashTableIter iter;
  gpointer cite;
  g_hash_table_iter_init(&iter, m->cites);
  while (g_hash_table_iter_next(&iter, NULL, &cite))
    sum += ENTRY_WEIGHT + cite_weight(cite);
  return sum;
}

static gboolean cache_before(const KtCache *cache, int level, KtCacheType type)
{
  return cache->level < level || (cache->level == level && cache->type < type);
}

KtCache *kt_machine_cache(KtMachine *m, int level, KtCacheType type)
{
  guint i = 0;
  for (; i < m->caches->len; i++) {
    KtCache *cache = m->caches->pdata[i];
    if (cache->level == level && cache->type == type)
      return cache;
    if (!cache_before(cache, level, type))
      break;
  }
  KtCache *cache = g_new0(KtCache, 1);
  cache->level = level;
  cache->type = type;
  cache->groups = g_ptr_array_new_with_free_func((GDestroyNotify)kt_set_free);
  g_ptr_array_insert(m->caches, (int)i, cache);
  return cache;
}

const KtCache *kt_machine_find_cache(const KtMachine *m, int level, KtCacheType type)
{
  for (guint i = 0; i < m->caches->len; i++) {
    const KtCache *cache = m->caches->pdata[i];
    if (cache->level == level && cache->type == type)
      return cache;
  }
  return NULL;
}

char *kt_cache_name(const KtCache *cache)
{
  static const char *const suffix[] = {
      [KT_CACHE_UNKNOWN] = "", [KT_CACHE_DATA] = "d", [KT_CACHE_INSTRUCTION] = "i", [KT_CACHE_UNIFIED] = ""};
  return g_strdup_printf("L%d%s", cache->level, suffix[cache->type]);
}

void kt_node_add_pool(KtNode *node, gint64 size_kib, gint64 total, KtInt free)
{
  const KtPagePool pool = {size_kib, total, free};
  guint i = 0;
  for (; i < node->pools->len; i++) {
    gint64 other = g_array_index(node->pools, KtPagePool, i).size_kib;
    if (other == size_kib)
      return;
    if (other > size_kib)
      break;
  }
  if (node->pools->len < KT_NODE_POOLS_MAX)
    g_array_insert_val(node->pools, i, pool);
}

KtNode *kt_machine_node(KtMachine *m, int id)
{
  guint i = 0;
  for (; i < m->nodes->len; i++) {
    KtNode *node = m->nodes->pdata[i];
    if (node->id == id)
      return node;
    if (node->id > id)
      break;
  }
  KtNode *node = g_new0(KtNode, 1);
  node->id = id;
  node->distances = g_array_new(FALSE, TRUE, sizeof(int));
  node->pools = g_array_new(FALSE, FALSE, sizeof(KtPagePool));
  g_ptr_array_insert(m->nodes, (int)i, node);
  return node;
}

const KtNode *kt_machine_find_node(const KtMachine *m, int id)
{
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (node->id == id)
      return node;
  }
  return NULL;
}

/* Position of CPU `id` in the ordered array, or where it belongs. */
static guint cpu_position(const KtMachine *m, guint id)
{
  guint low = 0, high = m->cpu->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (((const KtCpu *)m->cpu->pdata[middle])->id < id)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

KtCpu *kt_machine_cpu(KtMachine *m, guint id)
{
  guint i = cpu_position(m, id);
  if (i < m->cpu->len && ((KtCpu *)m->cpu->pdata[i])->id == id)
    return m->cpu->pdata[i];
  KtCpu *cpu = g_new0(KtCpu, 1);
  cpu->id = id;
  g_ptr_array_insert(m->cpu, (int)i, cpu);
  return cpu;
}

const KtCpu *kt_machine_find_cpu(const KtMachine *m, guint id)
{
  guint i = cpu_position(m, id);
  return i < m->cpu->len && ((const KtCpu *)m->cpu->pdata[i])->id == id ? m->cpu->pdata[i] : NULL;
}

KtActivity *kt_machine_activity(KtMachine *m)
{
  if (!m->activity)
    m->activity = kt_activity_new();
  return m->activity;
}

KtInterrupt *kt_machine_add_interrupt(KtMachine *m, const char *name)
{
  KtInterrupt *irq = g_new0(KtInterrupt, 1);
  irq->name = g_strdup(name);
  irq->per_cpu = g_array_new(FALSE, TRUE, sizeof(guint64));
  g_ptr_array_add(m->interrupts, irq);
  return irq;
}

const KtInterrupt *kt_machine_find_interrupt(const KtMachine *m, const char *name)
{
  for (guint i = 0; i < m->interrupts->len; i++) {
    const KtInterrupt *irq = m->interrupts->pdata[i];
    if (g_str_equal(irq->name, name))
      return irq;
  }
  return NULL;
}

void kt_machine_set_counter(KtMachine *m, const char *name, gint64 value, const KtCite *cite)
{
  if (g_hash_table_contains(m->counters, name))
    return;
  KtCounter *counter = g_new0(KtCounter, 1);
  counter->value = value;
  g_hash_table_insert(m->counters, g_strdup(name), counter);
  g_autofree char *path = g_strconcat("counters.", name, NULL);
  kt_machine_cite(m, path, cite);
}

const KtCounter *kt_machine_counter(const KtMachine *m, const char *name)
{
  return g_hash_table_lookup(m->counters, name);
}

KtNum kt_machine_rate(const KtMachine *m, const char *name)
{
  const KtCounter *counter = kt_machine_counter(m, name);
  return counter ? counter->per_second : KT_NUM_UNKNOWN;
}

KtProcess *kt_machine_add_process(KtMachine *m, int pid, const char *comm)
{
  KtProcess *p = g_new0(KtProcess, 1);
  p->pid = pid;
  p->comm = g_strdup(comm);
  p->args = g_ptr_array_new_with_free_func(g_free);
  p->node_memory = g_array_new(FALSE, TRUE, sizeof(KtNodeMemory));
  g_ptr_array_add(m->processes, p);
  return p;
}

KtDevice *kt_machine_add_device(KtMachine *m, const char *address)
{
  KtDevice *d = g_new0(KtDevice, 1);
  d->address = g_strdup(address);
  d->names = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(m->devices, d);
  return d;
}
