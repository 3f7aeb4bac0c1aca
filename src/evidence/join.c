/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/join.h"

#include <string.h>

#include "evidence/virsh.h"

#define MAX_ALIKE 64 /* domains of one name or UUID that are compared */

/* ---- who is who ---- */

typedef enum { RANK_PART, RANK_COMMAND_LINE, RANK_DEFINITION } Rank;

static Rank rank_of(const KtDomain *d)
{
  if (g_strcmp0(d->format, KT_VIRSH_FORMAT) == 0)
    return RANK_PART;
  return g_strcmp0(d->format, "qemu") == 0 ? RANK_COMMAND_LINE : RANK_DEFINITION;
}

static gboolean differ(KtInt a, KtInt b)
{
  return a.known && b.known && a.value != b.value;
}

/* Two definitions of one kind: the same text again, or another state of the guest? */
static gboolean alike(const KtDomain *a, const KtDomain *b)
{
  static const gsize ints[] = {G_STRUCT_OFFSET(KtDomain, vcpus),     G_STRUCT_OFFSET(KtDomain, vcpus_current),
                               G_STRUCT_OFFSET(KtDomain, sockets),   G_STRUCT_OFFSET(KtDomain, dies),
                               G_STRUCT_OFFSET(KtDomain, cores),     G_STRUCT_OFFSET(KtDomain, threads),
                               G_STRUCT_OFFSET(KtDomain, memory_kib)};
  for (guint i = 0; i < G_N_ELEMENTS(ints); i++) {
    KtInt x = *(const KtInt *)G_STRUCT_MEMBER_P(a, ints[i]), y = *(const KtInt *)G_STRUCT_MEMBER_P(b, ints[i]);
    if (x.known != y.known || x.value != y.value)
      return FALSE;
  }
  return !a->cut && !b->cut && g_strcmp0(a->cpu_mode, b->cpu_mode) == 0 && g_strcmp0(a->cpu_model, b->cpu_model) == 0 &&
         g_strcmp0(a->machine_type, b->machine_type) == 0 && a->cells->len == b->cells->len &&
         a->devices->len == b->devices->len && a->hugepages == b->hugepages &&
         g_hash_table_size(a->vcpupin) == g_hash_table_size(b->vcpupin);
}

static gboolean contradict(const KtDomain *a, const KtDomain *b)
{
  KtInt most_a = a->vcpus.known ? a->vcpus : b->vcpus, most_b = b->vcpus.known ? b->vcpus : a->vcpus;
  if (differ(a->vcpus, b->vcpus) || (most_a.known && a->vcpus_current.value > most_b.value) ||
      (most_b.known && b->vcpus_current.value > most_a.value))
    return TRUE;
  if (a->host && b->host && a->host != b->host)
    return TRUE;
  if (a->runtime && b->runtime && a->runtime->pid && b->runtime->pid && a->runtime->pid != b->runtime->pid)
    return TRUE;
  return rank_of(a) == rank_of(b) && rank_of(a) != RANK_PART && !alike(a, b);
}

static gboolean same_uuid(const KtDomain *a, const KtDomain *b)
{
  return a->uuid && b->uuid && g_ascii_strcasecmp(a->uuid, b->uuid) == 0;
}

static gboolean same_name(const KtDomain *a, const KtDomain *b)
{
  return a->name && g_strcmp0(a->name, b->name) == 0 && !(a->uuid && b->uuid);
}

/* Domains that stay, by name and by UUID: GPtrArray of KtDomain*, not owned. */
typedef struct {
  GHashTable *by_name, *by_uuid;
} Index;

static void index_under(GHashTable *table, const char *key, KtDomain *d)
{
  g_autofree char *folded = key ? g_ascii_strdown(key, -1) : NULL;
  GPtrArray *list = folded ? g_hash_table_lookup(table, folded) : NULL;
  if (!folded || (list && (list->len >= MAX_ALIKE || g_ptr_array_find(list, d, NULL))))
    return;
  if (!list) {
    list = g_ptr_array_new();
    g_hash_table_insert(table, g_steal_pointer(&folded), list);
  }
  g_ptr_array_add(list, d);
}

static void index_add(Index *index, KtDomain *d)
{
  index_under(index->by_name, d->name, d);
  index_under(index->by_uuid, d->uuid, d);
}

static KtDomain *find_in(GHashTable *table, const char *key, const KtDomain *d,
                         gboolean (*same)(const KtDomain *a, const KtDomain *b))
{
  g_autofree char *folded = key ? g_ascii_strdown(key, -1) : NULL;
  const GPtrArray *list = folded ? g_hash_table_lookup(table, folded) : NULL;
  KtDomain *found = NULL, *beside = NULL;
  guint n = 0, n_beside = 0;
  for (guint i = 0; list && i < list->len; i++) {
    KtDomain *other = list->pdata[i];
    if (!same(other, d) || contradict(other, d))
      continue;
    found = other;
    n++;
    if (g_strcmp0(other->source, d->source) == 0) {
      beside = other;
      n_beside++;
    }
  }
  return n == 1 ? found : n_beside == 1 ? beside : NULL;
}

/* The domain that `d` is another sight of; NULL if there is none or it is not clear which. */
static KtDomain *find_same(const Index *index, const KtDomain *d)
{
  KtDomain *found = find_in(index->by_uuid, d->uuid, d, same_uuid);
  return found ? found : find_in(index->by_name, d->name, d, same_name);
}

/* ---- what goes over ---- */

typedef struct {
  gsize offset;
  enum { PART_TEXT, PART_INT, PART_SET, PART_LIST, PART_TABLE } kind;
} Part;

#define TEXT(field)                                                                                                    \
  {                                                                                                                    \
    G_STRUCT_OFFSET(KtDomain, field), PART_TEXT                                                                        \
  }
#define INT(field)                                                                                                     \
  {                                                                                                                    \
    G_STRUCT_OFFSET(KtDomain, field), PART_INT                                                                         \
  }
#define SET(field)                                                                                                     \
  {                                                                                                                    \
    G_STRUCT_OFFSET(KtDomain, field), PART_SET                                                                         \
  }
#define LIST(field)                                                                                                    \
  {                                                                                                                    \
    G_STRUCT_OFFSET(KtDomain, field), PART_LIST                                                                        \
  }
#define TABLE(field)                                                                                                   \
  {                                                                                                                    \
    G_STRUCT_OFFSET(KtDomain, field), PART_TABLE                                                                       \
  }

/* What any definition has: not to say it means not to know it. */
static const Part identity[] = {TEXT(name),         TEXT(uuid), TEXT(type),      TEXT(arch),      TEXT(os_name),
                                TEXT(machine_type), INT(vcpus), INT(memory_kib), TEXT(definition)};

/* What a QEMU command line cannot say. */
static const Part placement[] = {TEXT(vcpu_placement), TEXT(numatune_mode),     TEXT(numatune_placement),
                                 TEXT(vcpusched),      TEXT(nova_flavor),       SET(vcpu_cpuset),
                                 SET(emulatorpin),     SET(numatune_nodeset),   TABLE(vcpupin),
                                 TABLE(iothreadpin),   INT(current_memory_kib), INT(vcpus_current)};

/* What a definition is silent about where it does not have it. */
static const Part cpu[] = {TEXT(cpu_mode), TEXT(cpu_model), TEXT(cache_mode), INT(cache_level), TABLE(cpu_features)};
static const Part topology[] = {INT(sockets), INT(dies), INT(cores), INT(threads)};
static const Part rest[] = {TEXT(launch_security), INT(hugepage_kib), INT(iothreads), INT(cpu_quota_us),
                            INT(cpu_period_us),    INT(cpu_shares),   LIST(cells),    LIST(devices),
                            LIST(hostdevs),        TABLE(hyperv),     TABLE(kvm),     TABLE(timers)};

static gboolean is_empty(const void *member, const Part *part)
{
  gpointer pointer = part->kind == PART_INT ? NULL : *(gpointer *)member;
  switch (part->kind) {
  case PART_INT:
    return !((const KtInt *)member)->known;
  case PART_LIST:
    return ((GPtrArray *)pointer)->len == 0;
  case PART_TABLE:
    return !pointer || g_hash_table_size(pointer) == 0;
  default:
    return !pointer;
  }
}

/* Exchanges the members: what `from` gets is freed with it. */
static void take(KtDomain *into, KtDomain *from, const Part *parts, guint n)
{
  for (guint i = 0; i < n; i++) {
    void *mine = G_STRUCT_MEMBER_P(into, parts[i].offset), *theirs = G_STRUCT_MEMBER_P(from, parts[i].offset);
    if (!is_empty(mine, &parts[i]) || is_empty(theirs, &parts[i]))
      continue;
    if (parts[i].kind == PART_INT) {
      *(KtInt *)mine = *(KtInt *)theirs;
      continue;
    }
    gpointer swap = *(gpointer *)mine;
    *(gpointer *)mine = *(gpointer *)theirs;
    *(gpointer *)theirs = swap;
  }
}

static void take_flags(KtDomain *into, const KtDomain *from)
{
  static const gsize flags[] = {
      G_STRUCT_OFFSET(KtDomain, hugepages),           G_STRUCT_OFFSET(KtDomain, memory_locked),
      G_STRUCT_OFFSET(KtDomain, memory_shared),       G_STRUCT_OFFSET(KtDomain, nosharepages),
      G_STRUCT_OFFSET(KtDomain, memory_immediate),    G_STRUCT_OFFSET(KtDomain, memory_file),
      G_STRUCT_OFFSET(KtDomain, free_page_reporting), G_STRUCT_OFFSET(KtDomain, hyperv_passthrough)};
  for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
    *(gboolean *)G_STRUCT_MEMBER_P(into, flags[i]) |= *(const gboolean *)G_STRUCT_MEMBER_P(from, flags[i]);
  if (into->balloon == KT_UNKNOWN)
    into->balloon = from->balloon;
}

/* ---- what runs ---- */

static KtThread *find_thread(const KtRuntime *r, const KtThread *like)
{
  for (guint i = 0; i < r->threads->len; i++) {
    KtThread *t = r->threads->pdata[i];
    gboolean same_tid = t->tid && like->tid && t->tid == like->tid;
    gboolean same = t->vcpu >= 0 ? t->vcpu == like->vcpu : like->vcpu < 0 && g_strcmp0(t->comm, like->comm) == 0;
    if (same_tid || (same && !(t->tid && like->tid)))
      return t;
  }
  return NULL;
}

static void join_threads(KtRuntime *into, KtRuntime *from)
{
  for (guint i = 0; i < from->threads->len; i++) {
    KtThread *t = from->threads->pdata[i], *mine = find_thread(into, t);
    if (!mine) {
      mine = kt_runtime_add_thread(into, t->tid, t->comm);
      mine->vcpu = t->vcpu;
    }
    if (!mine->tid)
      mine->tid = t->tid;
    if (!mine->affinity)
      mine->affinity = g_steal_pointer(&t->affinity);
    if (!mine->last_cpu.known)
      mine->last_cpu = t->last_cpu;
    if (!mine->run_pct.known)
      mine->run_pct = t->run_pct;
    if (!mine->wait_pct.known)
      mine->wait_pct = t->wait_pct;
  }
}

static void join_runtime(KtRuntime *into, KtRuntime *from)
{
  static const gsize ints[] = {G_STRUCT_OFFSET(KtRuntime, rss_kib),       G_STRUCT_OFFSET(KtRuntime, swap_kib),
                               G_STRUCT_OFFSET(KtRuntime, anon_huge_kib), G_STRUCT_OFFSET(KtRuntime, hugetlb_kib),
                               G_STRUCT_OFFSET(KtRuntime, locked_kib),    G_STRUCT_OFFSET(KtRuntime, nr_throttled),
                               G_STRUCT_OFFSET(KtRuntime, cpu_weight),    G_STRUCT_OFFSET(KtRuntime, exits_per_second)};
  static const gsize nums[] = {G_STRUCT_OFFSET(KtRuntime, throttled_per_second), G_STRUCT_OFFSET(KtRuntime, quota_cpus),
                               G_STRUCT_OFFSET(KtRuntime, halt_poll_success_pct),
                               G_STRUCT_OFFSET(KtRuntime, halt_poll_fail_pct), G_STRUCT_OFFSET(KtRuntime, interval_s)};
  for (guint i = 0; i < G_N_ELEMENTS(ints); i++) {
    KtInt *mine = G_STRUCT_MEMBER_P(into, ints[i]);
    *mine = mine->known ? *mine : *(const KtInt *)G_STRUCT_MEMBER_P(from, ints[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS(nums); i++) {
    KtNum *mine = G_STRUCT_MEMBER_P(into, nums[i]);
    *mine = mine->known ? *mine : *(const KtNum *)G_STRUCT_MEMBER_P(from, nums[i]);
  }
  if (!into->pid)
    into->pid = from->pid;
  if (!into->cpuset_cpus)
    into->cpuset_cpus = g_steal_pointer(&from->cpuset_cpus);
  if (!into->cpuset_mems)
    into->cpuset_mems = g_steal_pointer(&from->cpuset_mems);
  if (!into->memory->len)
    g_array_append_vals(into->memory, from->memory->data, from->memory->len);
  if (!into->cell_memory->len)
    g_array_append_vals(into->cell_memory, from->cell_memory->data, from->cell_memory->len);
  join_threads(into, from);
}

/* ---- all of it ---- */

/* Nothing that it does not say is unknown. */
static gboolean is_whole(const KtDomain *d)
{
  return !d->cut && rank_of(d) == RANK_DEFINITION;
}

/* What only a definition that is cut off, or none at all, leaves open. */
static void take_rest(KtDomain *into, KtDomain *from)
{
  if (!into->cpu_given) {
    take(into, from, cpu, G_N_ELEMENTS(cpu));
    into->cpu_given = from->cpu_given;
    into->migratable = from->migratable;
  }
  if (!into->sockets.known && !into->cores.known && !into->threads.known)
    take(into, from, topology, G_N_ELEMENTS(topology));
  take(into, from, rest, G_N_ELEMENTS(rest));
  take_flags(into, from);
}

static void join_cites(KtDomain *into, const KtDomain *from)
{
  GHashTableIter iter;
  gpointer path, cite;
  g_hash_table_iter_init(&iter, from->cites);
  while (g_hash_table_iter_next(&iter, &path, &cite))
    if (!is_whole(into) || g_str_has_prefix(path, "runtime."))
      kt_domain_cite(into, path, cite);
}

static void join(KtDomain *into, KtDomain *from)
{
  take(into, from, identity, G_N_ELEMENTS(identity));
  if (into->os == KT_OS_UNKNOWN)
    into->os = from->os;
  if (!into->manager)
    into->manager = from->manager;
  if (!into->host)
    into->host = from->host;
  if (!into->flavor)
    into->flavor = g_steal_pointer(&from->flavor);
  if (!is_whole(into)) {
    take(into, from, placement, G_N_ELEMENTS(placement));
    /* as many as there are: not less than all */
    if (into->vcpus.known && into->vcpus_current.known && into->vcpus_current.value >= into->vcpus.value)
      into->vcpus_current = KT_INT_UNKNOWN;
  }
  if (into->cut)
    take_rest(into, from);
  join_cites(into, from);
  if (from->runtime)
    join_runtime(kt_domain_runtime(into), from->runtime);
}

static void add_properties(GString *out, GHashTable *properties)
{
  if (!properties)
    return;
  g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(properties), (GCompareFunc)strcmp);
  for (GList *l = keys; l; l = l->next)
    g_string_append_printf(out, "\n%s\t%s", (char *)l->data, (char *)g_hash_table_lookup(properties, l->data));
}

/* Copies of one flavor in several servers have one key. Caller frees. */
static char *flavor_key(const KtFlavor *f)
{
  GString *out = g_string_new(f->name);
  add_properties(out, f->extra_specs);
  g_string_append(out, f->image ? "\nimage" : "");
  add_properties(out, f->image);
  return g_string_free(out, FALSE);
}

static void move_flavors(KtSnapshot *snapshot)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < snapshot->domains->len; i++) {
    KtDomain *d = snapshot->domains->pdata[i];
    if (d->flavor && g_hash_table_add(seen, flavor_key(d->flavor)))
      g_ptr_array_add(snapshot->flavors, g_steal_pointer(&d->flavor));
    g_clear_pointer(&d->flavor, kt_flavor_free);
  }
}

static GHashTable *new_table(void)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
}

void kt_domains_join(KtSnapshot *snapshot)
{
  GPtrArray *domains = snapshot->domains;
  g_autoptr(GHashTable) by_name = new_table(), by_uuid = new_table();
  g_autoptr(GHashTable) joined = g_hash_table_new(NULL, NULL);
  Index index = {by_name, by_uuid};
  for (int rank = RANK_DEFINITION; rank >= RANK_PART; rank--)
    for (guint i = 0; i < domains->len; i++) {
      KtDomain *d = domains->pdata[i];
      if (rank_of(d) != (Rank)rank)
        continue;
      KtDomain *same = find_same(&index, d);
      if (same) {
        join(same, d);
        g_hash_table_add(joined, d);
      }
      index_add(&index, same ? same : d);
    }
  for (guint i = domains->len; i > 0; i--)
    if (g_hash_table_contains(joined, domains->pdata[i - 1]))
      g_ptr_array_remove_index(domains, i - 1);
  move_flavors(snapshot);
}
