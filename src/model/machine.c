/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine.h"

#include <string.h>

gboolean kt_machine_same_name(const char *a, const char *b)
{
  if (!a || !b)
    return FALSE;
  gsize n = strcspn(a, "."), m = strcspn(b, ".");
  if (g_ascii_strcasecmp(a, b) == 0)
    return TRUE;
  return n == m && n && g_ascii_strncasecmp(a, b, n) == 0 && (!a[n] || !b[m]);
}

KtCite *kt_cite_new(const char *source, guint line, const char *text)
{
  KtCite *cite = g_new0(KtCite, 1);
  cite->source = g_strdup(source);
  cite->line = line;
  cite->text = g_strdup(text);
  return cite;
}

KtCite *kt_cite_copy(const KtCite *cite)
{
  return cite ? kt_cite_new(cite->source, cite->line, cite->text) : NULL;
}

void kt_cite_free(KtCite *cite)
{
  if (!cite)
    return;
  g_free(cite->source);
  g_free(cite->text);
  g_free(cite);
}

#define TEXT(path_, member)                                                                                            \
  {                                                                                                                    \
    .path = path_, .type = KT_FIELD_TEXT, .offset = G_STRUCT_OFFSET(KtMachine, member)                                 \
  }
#define INT(path_, member)                                                                                             \
  {                                                                                                                    \
    .path = path_, .type = KT_FIELD_INT, .offset = G_STRUCT_OFFSET(KtMachine, member)                                  \
  }
#define TEXT_ID(path_, member)                                                                                         \
  {                                                                                                                    \
    .path = path_, .type = KT_FIELD_TEXT, .offset = G_STRUCT_OFFSET(KtMachine, member), .identity = TRUE               \
  }
#define INT_ID(path_, member)                                                                                          \
  {                                                                                                                    \
    .path = path_, .type = KT_FIELD_INT, .offset = G_STRUCT_OFFSET(KtMachine, member), .identity = TRUE                \
  }

static const KtField fields[] = {
    TEXT_ID("hypervisor", hypervisor),
    TEXT_ID("arch", arch),
    TEXT_ID("product", product),
    TEXT("os_name", os_name),
    TEXT_ID("kernel.release", kernel_release),
    TEXT("kernel.cmdline", kernel_cmdline),
    TEXT("kernel.clocksource", clocksource),
    TEXT_ID("cpu.vendor", cpu_vendor),
    TEXT_ID("cpu.model_name", cpu_model_name),
    TEXT("cpu.flags", cpu_flags),
    INT_ID("cpu.family", cpu_family),
    INT_ID("cpu.model", cpu_model),
    INT_ID("cpu.stepping", cpu_stepping),
    INT_ID("topology.cpus", cpus),
    INT_ID("topology.online", online),
    INT_ID("topology.sockets", sockets),
    INT_ID("topology.dies", dies),
    INT_ID("topology.cores_per_socket", cores_per_socket),
    INT_ID("topology.threads_per_core", threads_per_core),
    INT_ID("topology.nodes", node_count),
    INT("memory_kib", memory_kib),
};

const KtField *kt_machine_fields(guint *n)
{
  *n = G_N_ELEMENTS(fields);
  return fields;
}

static const KtField *find_field(const char *path, KtFieldType type)
{
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
    if (fields[i].type == type && g_str_equal(fields[i].path, path))
      return &fields[i];
  g_error("no scalar fact has the path '%s'", path);
}

gboolean kt_machine_set_text(KtMachine *m, const char *path, const char *value, const KtCite *cite)
{
  char **slot = G_STRUCT_MEMBER_P(m, find_field(path, KT_FIELD_TEXT)->offset);
  if (*slot || !value)
    return FALSE;
  *slot = g_strdup(value);
  kt_machine_cite(m, path, cite);
  return TRUE;
}

gboolean kt_machine_set_int(KtMachine *m, const char *path, gint64 value, const KtCite *cite)
{
  KtInt *slot = G_STRUCT_MEMBER_P(m, find_field(path, KT_FIELD_INT)->offset);
  if (slot->known)
    return FALSE;
  *slot = KT_INT(value);
  kt_machine_cite(m, path, cite);
  return TRUE;
}

void kt_machine_cite(KtMachine *m, const char *path, const KtCite *cite)
{
  if (cite && !g_hash_table_contains(m->cites, path))
    g_hash_table_insert(m->cites, g_strdup(path), kt_cite_copy(cite));
}

const KtCite *kt_machine_cite_of(const KtMachine *m, const char *path)
{
  return g_hash_table_lookup(m->cites, path);
}

void kt_machine_set_setting(KtMachine *m, const char *name, const char *value, const KtCite *cite)
{
  if (g_hash_table_contains(m->settings, name))
    return;
  g_hash_table_insert(m->settings, g_strdup(name), g_strdup(value));
  g_autofree char *path = g_strconcat("settings.", name, NULL);
  kt_machine_cite(m, path, cite);
}

const char *kt_machine_setting(const KtMachine *m, const char *name)
{
  return g_hash_table_lookup(m->settings, name);
}

gboolean kt_machine_setting_int(const KtMachine *m, const char *name, gint64 *out)
{
  const char *text = kt_machine_setting(m, name);
  return text && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, out, NULL);
}

void kt_machine_set_unreadable(KtMachine *m, const char *path, const char *why)
{
  if (!g_hash_table_contains(m->unreadable, path))
    g_hash_table_insert(m->unreadable, g_strdup(path), g_strdup(why));
}

void kt_machine_add_source(KtMachine *m, const char *source)
{
  if (!g_ptr_array_find_with_equal_func(m->sources, source, g_str_equal, NULL))
    g_ptr_array_add(m->sources, g_strdup(source));
}

gboolean kt_machine_has_flag(const KtMachine *m, const char *flag)
{
  gsize len = strlen(flag);
  for (const char *p = m->cpu_flags; p && (p = strstr(p, flag)); p += len)
    if ((p == m->cpu_flags || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
      return TRUE;
  return FALSE;
}

gboolean kt_machine_is_x86(const KtMachine *m)
{
  if (m->arch)
    return g_str_equal(m->arch, "x86_64") || g_str_equal(m->arch, "i686") || g_str_equal(m->arch, "i386");
  static const char *const vendors[] = {"GenuineIntel", "AuthenticAMD", "HygonGenuine",
                                        "CentaurHauls", "  Shanghai  ", NULL};
  return m->cpu_vendor && g_strv_contains(vendors, m->cpu_vendor);
}

KtInt kt_machine_nodes_known(const KtMachine *m)
{
  if (m->node_count.known)
    return m->node_count;
  return m->nodes->len ? KT_INT(m->nodes->len) : KT_INT_UNKNOWN;
}

int kt_machine_node_of_cpu(const KtMachine *m, guint cpu)
{
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (kt_set_has(node->cpus, cpu))
      return node->id;
  }
  return -1;
}

gboolean kt_machine_compatible(const KtMachine *a, const KtMachine *b, const char **path)
{
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
    if (!fields[i].identity)
      continue;
    gboolean differ;
    if (fields[i].type == KT_FIELD_TEXT) {
      const char *ta = G_STRUCT_MEMBER(char *, a, fields[i].offset), *tb = G_STRUCT_MEMBER(char *, b, fields[i].offset);
      differ = ta && tb && !g_str_equal(ta, tb);
    } else {
      KtInt ia = G_STRUCT_MEMBER(KtInt, a, fields[i].offset), ib = G_STRUCT_MEMBER(KtInt, b, fields[i].offset);
      differ = ia.known && ib.known && ia.value != ib.value;
    }
    if (differ) {
      if (path)
        *path = fields[i].path;
      return FALSE;
    }
  }
  return TRUE;
}

static void absorb_scalars(KtMachine *into, KtMachine *from)
{
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
    if (fields[i].type == KT_FIELD_TEXT) {
      char **slot = G_STRUCT_MEMBER_P(into, fields[i].offset), **other = G_STRUCT_MEMBER_P(from, fields[i].offset);
      if (!*slot)
        *slot = g_steal_pointer(other);
    } else {
      KtInt *slot = G_STRUCT_MEMBER_P(into, fields[i].offset);
      if (!slot->known)
        *slot = G_STRUCT_MEMBER(KtInt, from, fields[i].offset);
    }
  }
}

/* Moves entries whose key `into` lacks; both tables own keys and values. */
static void absorb_table(GHashTable *into, GHashTable *from)
{
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, from);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    if (g_hash_table_contains(into, key))
      continue;
    g_hash_table_iter_steal(&iter);
    g_hash_table_insert(into, key, value);
  }
}

static void move_items(GPtrArray *into, GPtrArray *from)
{
  g_ptr_array_extend(into, from, NULL, NULL);
  while (from->len) /* from the end: each goes without moving the others */
    g_ptr_array_steal_index(from, from->len - 1);
}

static void take_if_empty(GPtrArray *into, GPtrArray *from)
{
  if (!into->len)
    move_items(into, from);
}

static void absorb_int(KtInt *into, KtInt from)
{
  if (!into->known)
    *into = from;
}

static void absorb_cache(KtMachine *into, KtCache *from)
{
  KtCache *cache = kt_machine_cache(into, from->level, from->type);
  absorb_int(&cache->size_kib, from->size_kib);
  absorb_int(&cache->instances, from->instances);
  take_if_empty(cache->groups, from->groups);
}

static void absorb_node(KtMachine *into, KtNode *from)
{
  KtNode *node = kt_machine_node(into, from->id);
  KtInt *slots[] = {&node->memory_kib,      &node->free_kib,       &node->numa_hit,   &node->numa_miss,
                    &node->numa_foreign,    &node->interleave_hit, &node->local_node, &node->other_node,
                    &node->hugepages_total, &node->hugepages_free};
  const KtInt values[] = {from->memory_kib,      from->free_kib,       from->numa_hit,   from->numa_miss,
                          from->numa_foreign,    from->interleave_hit, from->local_node, from->other_node,
                          from->hugepages_total, from->hugepages_free};
  for (guint i = 0; i < G_N_ELEMENTS(slots); i++)
    absorb_int(slots[i], values[i]);
  KtNum *rates[] = {&node->miss_per_second, &node->foreign_per_second, &node->hit_per_second};
  const KtNum rate_values[] = {from->miss_per_second, from->foreign_per_second, from->hit_per_second};
  for (guint i = 0; i < G_N_ELEMENTS(rates); i++)
    if (!rates[i]->known)
      *rates[i] = rate_values[i];
  if (!node->cpus)
    node->cpus = g_steal_pointer(&from->cpus);
  if (!node->distances->len)
    g_array_append_vals(node->distances, from->distances->data, from->distances->len);
  for (guint i = 0; i < from->pools->len; i++) {
    const KtPagePool *pool = &g_array_index(from->pools, KtPagePool, i);
    kt_node_add_pool(node, pool->size_kib, pool->total, pool->free);
  }
  if (!node->meminfo)
    node->meminfo = g_steal_pointer(&from->meminfo);
}

static KtProcess *find_same(const GPtrArray *processes, const KtProcess *p)
{
  for (guint i = 0; p->pid && i < processes->len; i++) {
    KtProcess *other = processes->pdata[i];
    if (other->pid == p->pid && g_strcmp0(other->comm, p->comm) == 0)
      return other;
  }
  return NULL;
}

/* One JVM in a list of processes and asked about itself (jcmd). */
static void absorb_jvm(KtProcess *into, KtProcess *from)
{
  if (!into->args->len || (into->args_cut && from->args->len && !from->args_cut)) {
    g_ptr_array_set_size(into->args, 0);
    move_items(into->args, from->args);
    into->args_cut = from->args_cut;
  }
  if (!into->jvm_flags)
    into->jvm_flags = g_steal_pointer(&from->jvm_flags);
  if (!into->version)
    into->version = g_steal_pointer(&from->version);
  if (!into->bound_nodes)
    into->bound_nodes = g_steal_pointer(&from->bound_nodes);
  absorb_int(&into->rss_kib, from->rss_kib);
  if (!into->node_memory->len)
    g_array_append_vals(into->node_memory, from->node_memory->data, from->node_memory->len);
}

static void absorb_processes(GPtrArray *into, GPtrArray *from)
{
  for (guint i = from->len; i-- > 0;) {
    KtProcess *p = from->pdata[i], *same = g_strcmp0(p->comm, "java") == 0 ? find_same(into, p) : NULL;
    if (!same)
      continue;
    absorb_jvm(same, p);
    g_ptr_array_remove_index(from, i);
  }
  move_items(into, from);
}

void kt_machine_absorb(KtMachine *into, KtMachine *from)
{
  absorb_scalars(into, from);
  if (!into->name)
    into->name = g_steal_pointer(&from->name);
  if (!into->label)
    into->label = g_steal_pointer(&from->label);
  if (!into->taken_at)
    into->taken_at = g_steal_pointer(&from->taken_at);
  if (into->role == KT_ROLE_UNKNOWN)
    into->role = from->role;
  into->live |= from->live;
  into->processes_seen |= from->processes_seen;
  into->cgroups_seen |= from->cgroups_seen;
  for (guint i = 0; i < from->sources->len; i++)
    kt_machine_add_source(into, from->sources->pdata[i]);
  if (!into->cpu_set)
    into->cpu_set = g_steal_pointer(&from->cpu_set);
  if (!into->online_set)
    into->online_set = g_steal_pointer(&from->online_set);
  for (guint i = 0; i < from->caches->len; i++)
    absorb_cache(into, from->caches->pdata[i]);
  for (guint i = 0; i < from->nodes->len; i++)
    absorb_node(into, from->nodes->pdata[i]);
  take_if_empty(into->cpu, from->cpu);
  take_if_empty(into->interrupts, from->interrupts);
  move_items(into->log, from->log);
  absorb_processes(into->processes, from->processes);
  take_if_empty(into->devices, from->devices);
  if (!into->activity)
    into->activity = g_steal_pointer(&from->activity);
  else if (from->activity)
    kt_activity_absorb(into->activity, g_steal_pointer(&from->activity));
  absorb_table(into->counters, from->counters);
  absorb_table(into->settings, from->settings);
  absorb_table(into->unreadable, from->unreadable);
  absorb_table(into->cites, from->cites);
  kt_machine_free(from);
}
