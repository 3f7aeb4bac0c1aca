/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUs and their topology, from sys/devices/system/cpu. Cores and packages are
 * told apart by their sets of CPUs, for ids repeat. Sockets, cores and threads
 * as one number each are told only where they are the same everywhere. */
#include <string.h>

#include "evidence/root_machine.h"

#define CPU_DIR "sys/devices/system/cpu"
#define MAX_CPUS 8192 /* the most that any kernel is built for */

/* Keeps one of equal sets, by its text; takes `set`. */
static KtSet *keep_one(GHashTable *table, KtSet *set)
{
  char *text = kt_set_format(set);
  KtSet *known = g_hash_table_lookup(table, text);
  if (known) {
    g_free(text);
    kt_set_free(set);
    return known;
  }
  g_hash_table_insert(table, text, set);
  return set;
}

/* CPUs that have a directory. */
static KtSet *cpu_directories(KtRoot *root)
{
  g_auto(GStrv) names = kt_root_list(root, CPU_DIR);
  KtSet *set = kt_set_new();
  for (guint i = 0; names && names[i]; i++) {
    int id = kt_root_id_of(names[i], "cpu");
    if (id >= 0)
      kt_set_add(set, (guint)id);
  }
  return set;
}

/* From each CPU's own `online` file; a CPU without one cannot be switched off if
 * others have theirs. NULL if no CPU has one. */
static KtSet *online_by_cpu(KtRoot *root, const KtSet *existing)
{
  g_autoptr(KtSet) online = kt_set_new();
  guint files = 0;
  for (int id = kt_set_next(existing, 0); id >= 0; id = kt_set_next(existing, (guint)id + 1)) {
    g_autofree char *directory = g_strdup_printf(CPU_DIR "/cpu%d", id);
    KtInt state = kt_root_read_int(root, directory, "online");
    files += state.known;
    if (!kt_int_is(state, 0))
      kt_set_add(online, (guint)id);
  }
  return files ? g_steal_pointer(&online) : NULL;
}

/* The rows "cpuN" of proc/stat: one for each online CPU. NULL if it is not there. */
static KtSet *online_by_stat(KtRoot *root)
{
  g_autofree char *text = kt_root_read(root, "proc/stat", 64 * 1024 * 1024, NULL, NULL);
  g_autoptr(KtSet) online = kt_set_new();
  for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
    char *end;
    if (!g_str_has_prefix(line, "cpu"))
      break;
    guint64 id = g_ascii_strtoull(line + 3, &end, 10);
    if (end > line + 3 && *end == ' ' && id < KT_SET_MAX)
      kt_set_add(online, (guint)id);
  }
  return kt_set_is_empty(online) ? NULL : g_steal_pointer(&online);
}

/* Which CPUs run, by the first of the files that tells. */
static void read_online(KtRootReading *r)
{
  KtMachine *m = r->m;
  const char *cited = CPU_DIR "/online";
  m->online_set = kt_root_read_set(r, CPU_DIR, "online", NULL);
  g_autoptr(KtSet) offline = m->online_set ? NULL : kt_root_read_set(r, CPU_DIR, "offline", NULL);
  if (!m->online_set && m->cpu_set && offline) {
    m->online_set = kt_set_copy(m->cpu_set);
    kt_set_remove_all(m->online_set, offline);
    cited = CPU_DIR "/offline";
  }
  if (!m->online_set && m->cpu_set) {
    m->online_set = online_by_cpu(r->root, m->cpu_set);
    cited = CPU_DIR "/cpu*/online";
  }
  if (!m->online_set) {
    m->online_set = online_by_stat(r->root);
    cited = "proc/stat";
  }
  if (!m->online_set)
    return;
  g_autofree char *list = kt_set_format(m->online_set);
  g_autoptr(KtCite) cite = kt_root_cite(r->root, cited, list);
  kt_machine_set_int(m, "topology.online", kt_set_count(m->online_set), cite);
}

static void read_cpu_sets(KtRootReading *r)
{
  KtMachine *m = r->m;
  g_autoptr(KtSet) directories = cpu_directories(r->root);
  m->cpu_set = kt_root_read_set(r, CPU_DIR, "present", NULL);
  const char *cited = CPU_DIR "/present";
  if (!m->cpu_set && !kt_set_is_empty(directories)) {
    m->cpu_set = kt_set_copy(directories);
    cited = CPU_DIR;
  }
  if (kt_set_count(m->cpu_set) > MAX_CPUS) {
    kt_root_reject(r, cited, "%u CPUs are more than any kernel has", kt_set_count(m->cpu_set));
    g_clear_pointer(&m->cpu_set, kt_set_free);
  }
  if (m->cpu_set) {
    g_autofree char *list = kt_set_format(m->cpu_set);
    g_autoptr(KtCite) cite = kt_root_cite(r->root, cited, list);
    kt_machine_set_int(m, "topology.cpus", kt_set_count(m->cpu_set), cite);
  }
  read_online(r);
}

static KtInt id_or_unknown(KtInt id)
{
  return id.known && id.value >= 0 ? id : KT_INT_UNKNOWN; /* -1: the firmware does not say */
}

/* A set of CPUs that has to hold `cpu` itself. */
static KtSet *topology_set(KtRootReading *r, const char *directory, guint cpu, const char *const names[4])
{
  for (guint i = 0; i < 4; i += 2) {
    g_autoptr(KtSet) set = kt_root_read_set(r, directory, names[i], names[i + 1]);
    if (!set)
      continue;
    if (kt_set_has(set, cpu))
      return g_steal_pointer(&set);
    kt_root_reject(r, directory, "the set '%s' does not hold CPU %u itself", names[i], cpu);
  }
  return NULL;
}

/* What the counting of sockets, cores and threads needs of each online CPU. */
typedef struct {
  GHashTable *packages, *cores; /* list text -> KtSet* */
  GHashTable *package_of_cpu;   /* CPU -> one of `packages` */
  GHashTable *dies;             /* "package:die" -> itself */
  gboolean packages_known, cores_known, dies_known;
} Groups;

static void read_one_cpu(KtRootReading *r, guint id, Groups *groups)
{
  static const char *const core_names[] = {"core_cpus_list", "core_cpus", "thread_siblings_list", "thread_siblings"};
  static const char *const package_names[] = {"package_cpus_list", "package_cpus", "core_siblings_list",
                                              "core_siblings"};
  KtCpu *cpu = kt_machine_cpu(r->m, id);
  g_autofree char *directory = g_strdup_printf(CPU_DIR "/cpu%u/topology", id);
  cpu->online = kt_set_has(r->m->online_set, id);
  cpu->package = id_or_unknown(kt_root_read_int(r->root, directory, "physical_package_id"));
  cpu->die = id_or_unknown(kt_root_read_int(r->root, directory, "die_id"));
  cpu->core = id_or_unknown(kt_root_read_int(r->root, directory, "core_id"));
  if (!cpu->online)
    return; /* its topology files, if any, are stale */
  KtSet *core = topology_set(r, directory, id, core_names);
  KtSet *package = topology_set(r, directory, id, package_names);
  cpu->siblings = kt_set_copy(core);
  groups->cores_known &= core != NULL;
  groups->packages_known &= package != NULL;
  groups->dies_known &= cpu->die.known && package;
  if (core)
    keep_one(groups->cores, core);
  if (package) {
    package = keep_one(groups->packages, package);
    g_hash_table_insert(groups->package_of_cpu, GUINT_TO_POINTER(id), package);
  }
  if (cpu->die.known && package)
    g_hash_table_add(groups->dies, g_strdup_printf("%d:%" G_GINT64_FORMAT, kt_set_next(package, 0), cpu->die.value));
}

/* Maximum and minimum count over the sets of a table. */
static void count_range(GHashTable *sets, guint *min, guint *max)
{
  GHashTableIter iter;
  gpointer set;
  *min = G_MAXUINT;
  *max = 0;
  g_hash_table_iter_init(&iter, sets);
  while (g_hash_table_iter_next(&iter, NULL, &set)) {
    *min = MIN(*min, kt_set_count(set));
    *max = MAX(*max, kt_set_count(set));
  }
}

/* TRUE if every package holds the same number of cores and no core crosses packages. */
static gboolean cores_per_package(const Groups *groups, guint *per_package)
{
  g_autoptr(GHashTable) counts = g_hash_table_new(NULL, NULL); /* package -> cores */
  GHashTableIter iter;
  gpointer core, package;
  g_hash_table_iter_init(&iter, groups->cores);
  while (g_hash_table_iter_next(&iter, NULL, &core)) {
    package = g_hash_table_lookup(groups->package_of_cpu, GINT_TO_POINTER(kt_set_next(core, 0)));
    if (!package || !kt_set_contains(package, core))
      return FALSE;
    guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, package)) + 1;
    g_hash_table_insert(counts, package, GUINT_TO_POINTER(count));
  }
  guint first = 0;
  gpointer count;
  g_hash_table_iter_init(&iter, counts);
  while (g_hash_table_iter_next(&iter, NULL, &count)) {
    if (first && first != GPOINTER_TO_UINT(count))
      return FALSE;
    first = GPOINTER_TO_UINT(count);
  }
  *per_package = first;
  return first && g_hash_table_size(counts) == g_hash_table_size(groups->packages);
}

/* With CPUs offline the kernel tells nothing of them. What is still certain, if
 * all sockets and cores are built alike: an unseen socket would take as many CPUs
 * as a seen one, and one more thread a core would take one CPU of each core. */
static void count_with_offline(KtRootReading *r, const Groups *groups, guint offline, const KtCite *cite)
{
  guint min, largest_package, threads;
  count_range(groups->packages, &min, &largest_package);
  count_range(groups->cores, &min, &threads);
  guint sockets = g_hash_table_size(groups->packages), cores = g_hash_table_size(groups->cores);
  gboolean sockets_sure = groups->packages_known && offline < largest_package;
  gboolean threads_sure = groups->cores_known && offline < cores;
  if (sockets_sure)
    kt_machine_set_int(r->m, "topology.sockets", sockets, cite);
  if (threads_sure)
    kt_machine_set_int(r->m, "topology.threads_per_core", threads, cite);
  guint cpus = kt_set_count(r->m->cpu_set);
  if (sockets_sure && threads_sure && cpus % (sockets * threads) == 0 && largest_package <= cpus / sockets)
    kt_machine_set_int(r->m, "topology.cores_per_socket", cpus / (sockets * threads), cite);
}

static void count_all_online(KtRootReading *r, const Groups *groups, const KtCite *cite)
{
  guint sockets = g_hash_table_size(groups->packages), min, max, per_socket;
  if (groups->packages_known)
    kt_machine_set_int(r->m, "topology.sockets", sockets, cite);
  if (groups->cores_known) {
    count_range(groups->cores, &min, &max);
    if (min == max)
      kt_machine_set_int(r->m, "topology.threads_per_core", max, cite);
  }
  if (groups->packages_known && groups->cores_known && cores_per_package(groups, &per_socket))
    kt_machine_set_int(r->m, "topology.cores_per_socket", per_socket, cite);
  guint dies = g_hash_table_size(groups->dies);
  if (groups->packages_known && groups->dies_known && dies % sockets == 0)
    kt_machine_set_int(r->m, "topology.dies", dies / sockets, cite);
}

/* cpu_capacity as the kernel gives it, else by the highest frequencies where these differ. */
static void read_capacities(KtRootReading *r)
{
  gint64 fastest = 0, slowest = G_MAXINT64;
  for (guint i = 0; i < r->m->cpu->len; i++) {
    KtCpu *cpu = r->m->cpu->pdata[i];
    g_autofree char *directory = g_strdup_printf(CPU_DIR "/cpu%u", cpu->id);
    cpu->capacity = kt_root_read_int(r->root, directory, "cpu_capacity");
    KtInt khz = kt_root_read_int(r->root, directory, "cpufreq/cpuinfo_max_freq");
    if (!cpu->capacity.known && khz.known && khz.value > 0 && khz.value < G_MAXINT64 / 1024) {
      cpu->capacity = KT_INT(-khz.value); /* negative: still a frequency */
      fastest = MAX(fastest, khz.value);
      slowest = MIN(slowest, khz.value);
    }
  }
  for (guint i = 0; i < r->m->cpu->len; i++) {
    KtCpu *cpu = r->m->cpu->pdata[i];
    if (cpu->capacity.known && cpu->capacity.value < 0)
      cpu->capacity = fastest > slowest ? KT_INT(-cpu->capacity.value * 1024 / fastest) : KT_INT_UNKNOWN;
  }
}

void kt_root_read_cpus(KtRootReading *r)
{
  read_cpu_sets(r);
  if (!r->m->online_set || !r->m->cpu_set)
    return;
  g_autoptr(GHashTable) packages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)kt_set_free);
  g_autoptr(GHashTable) cores = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)kt_set_free);
  g_autoptr(GHashTable) dies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GHashTable) package_of_cpu = g_hash_table_new(NULL, NULL);
  Groups groups = {packages, cores, package_of_cpu, dies, TRUE, TRUE, TRUE};
  g_autoptr(KtSet) directories = cpu_directories(r->root);
  for (int id = kt_set_next(r->m->cpu_set, 0); id >= 0; id = kt_set_next(r->m->cpu_set, (guint)id + 1))
    if (kt_set_has(directories, (guint)id))
      read_one_cpu(r, (guint)id, &groups);
    else if (kt_set_has(r->m->online_set, (guint)id))
      groups.packages_known = groups.cores_known = groups.dies_known = FALSE;
  if (kt_set_is_empty(directories))
    return;
  g_autoptr(KtCite) cite = kt_root_cite(r->root, CPU_DIR "/cpu*/topology", "the sibling sets of all CPUs");
  guint online = kt_set_count(r->m->online_set), cpus = kt_set_count(r->m->cpu_set);
  if (online < cpus)
    count_with_offline(r, &groups, cpus - online, cite);
  else
    count_all_online(r, &groups, cite);
  read_capacities(r);
}
