/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which outputs are of one machine? Facts that contradict tell machines apart;
 * the host's name in a prompt or header, the file and the folder tell which
 * belong together; an output without any of these belongs to the machine that
 * the text spoke of last. */
#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "evidence/join.h"
#include "evidence/readers.h"
#include "evidence/reading.h"

/* Of one reading; what would be more goes unread, with a note. Each fragment is
 * held against each machine. */
#define MAX_MACHINES 1000
#define MAX_FRAGMENTS 50000

/* A machine under way. */
typedef struct {
  KtMachine *machine; /* NULL once it went to the snapshot */
  char *directory;
  char *last_source;
  GPtrArray *readers; /* const KtReader*: kinds of output it has */
} Group;

static void group_free(gpointer data)
{
  Group *g = data;
  kt_machine_free(g->machine);
  g_free(g->directory);
  g_free(g->last_source);
  g_ptr_array_unref(g->readers);
  g_free(g);
}

/* The same name but for one letter (not a digit: node1 and node2 are two hosts). */
static gboolean is_typo(const char *a, const char *b)
{
  gsize n = strlen(a);
  if (n < 8 || strlen(b) != n)
    return FALSE;
  guint differ = 0;
  for (gsize i = 0; i < n; i++) {
    if (a[i] == b[i])
      continue;
    if (!g_ascii_isalpha(a[i]) || !g_ascii_isalpha(b[i]))
      return FALSE;
    differ++;
  }
  return differ == 1;
}

/* "web-1" and "web-1.example.org" are one name. */
static gboolean same_host(const char *a, const char *b)
{
  gsize na = strcspn(a, "."), nb = strcspn(b, ".");
  return na == nb && g_ascii_strncasecmp(a, b, na) == 0 && (!a[na] || !b[nb] || g_ascii_strcasecmp(a, b) == 0);
}

static gboolean differs(KtInt a, KtInt b, double tolerance)
{
  return a.known && b.known && fabs((double)a.value - (double)b.value) > tolerance * (double)MAX(a.value, b.value);
}

static gboolean nodes_contradict(const KtMachine *a, const KtMachine *b)
{
  KtInt known = a->node_count;
  if (known.known && known.value < (gint64)b->nodes->len)
    return TRUE;
  for (guint i = 0; i < b->nodes->len; i++) {
    const KtNode *nb = b->nodes->pdata[i], *na = kt_machine_find_node(a, nb->id);
    if (!na)
      continue;
    if (na->cpus && nb->cpus && !kt_set_equal(na->cpus, nb->cpus))
      return TRUE;
    if (differs(na->memory_kib, nb->memory_kib, 0.02))
      return TRUE;
  }
  return FALSE;
}

static gboolean caches_contradict(const KtMachine *a, const KtMachine *b)
{
  for (guint i = 0; i < b->caches->len; i++) {
    const KtCache *cb = b->caches->pdata[i], *ca = kt_machine_find_cache(a, cb->level, cb->type);
    if (ca && (differs(ca->size_kib, cb->size_kib, 0.06) || differs(ca->instances, cb->instances, 0)))
      return TRUE;
  }
  return FALSE;
}

static gboolean roles_contradict(const KtMachine *a, const KtMachine *b)
{
  return a->role != KT_ROLE_UNKNOWN && b->role != KT_ROLE_UNKNOWN && a->role != b->role;
}

static gboolean contradict(const KtMachine *a, const KtMachine *b)
{
  if (a->name && b->name && !same_host(a->name, b->name) && !is_typo(a->name, b->name))
    return TRUE;
  return !kt_machine_compatible(a, b, NULL) || roles_contradict(a, b) || nodes_contradict(a, b) ||
         nodes_contradict(b, a) || caches_contradict(a, b);
}

/* How much tells that the fragment is of this group; 0: nothing, -1: it cannot be. */
static int score(const Group *g, const KtFragment *f)
{
  if (contradict(g->machine, f->machine))
    return -1;
  if (!g_str_equal(g->directory, f->directory))
    return -1;
  int points = 0;
  if (g->machine->name && f->machine->name)
    points += 8;
  if (g_str_equal(g->last_source, f->source))
    points += 4;
  if (!g_ptr_array_find(g->readers, f->reader, NULL))
    points += 2;
  return points + 1;
}

/* The group the fragment is of, or NULL for a machine of its own. Of equals the latest. */
static Group *choose(GPtrArray *groups, const KtFragment *f)
{
  Group *best = NULL;
  int best_points = 0;
  guint equals = 0;
  for (guint i = 0; i < groups->len; i++) {
    Group *g = groups->pdata[i];
    int points = score(g, f);
    if (points < 0)
      continue;
    if (points == best_points)
      equals++;
    if (points >= best_points) {
      equals = points > best_points ? 1 : equals;
      best = g;
      best_points = points;
    }
  }
  /* Another file, no name, and several machines it may be of: not to be told. */
  return equals > 1 && best_points < 4 ? NULL : best;
}

/* FALSE: it is of one machine too many. */
static gboolean add_fragment(KtSnapshot *snapshot, GPtrArray *groups, KtFragment *f)
{
  Group *g = choose(groups, f);
  if (g) {
    if (g->machine->name && f->machine->name && !same_host(g->machine->name, f->machine->name))
      g_ptr_array_add(snapshot->notes, g_strdup_printf(_("host name '%s' (%s) is taken for '%s'"), f->machine->name,
                                                       f->source, g->machine->name));
    kt_machine_absorb(g->machine, g_steal_pointer(&f->machine));
  } else if (groups->len >= MAX_MACHINES) {
    return FALSE;
  } else {
    g = g_new0(Group, 1);
    g->machine = g_steal_pointer(&f->machine);
    g->directory = g_strdup(f->directory);
    g->readers = g_ptr_array_new();
    g_ptr_array_add(groups, g);
  }
  g_free(g->last_source);
  g->last_source = g_strdup(f->source);
  if (!g_ptr_array_find(g->readers, f->reader, NULL))
    g_ptr_array_add(g->readers, (gpointer)f->reader);
  return TRUE;
}

/* A folder inside another one, with other kinds of output: still the same machine. */
static gboolean nested(const char *outer, const char *inner)
{
  gsize n = strlen(outer);
  if (g_str_equal(outer, "."))
    return !g_path_is_absolute(inner) && !g_str_equal(inner, ".");
  return strncmp(outer, inner, n) == 0 && inner[n] == '/';
}

static gboolean share_reader(const Group *a, const Group *b)
{
  for (guint i = 0; i < a->readers->len; i++)
    if (g_ptr_array_find(b->readers, a->readers->pdata[i], NULL))
      return TRUE;
  return FALSE;
}

static void join_nested_folders(GPtrArray *groups)
{
  for (guint i = 0; i < groups->len; i++) {
    Group *outer = groups->pdata[i];
    for (guint k = groups->len; k > 0; k--) {
      Group *inner = groups->pdata[k - 1];
      if (inner == outer || !nested(outer->directory, inner->directory) || share_reader(outer, inner) ||
          contradict(outer->machine, inner->machine))
        continue;
      kt_machine_absorb(outer->machine, g_steal_pointer(&inner->machine));
      g_ptr_array_extend(outer->readers, inner->readers, NULL, NULL);
      g_ptr_array_remove_index(groups, k - 1);
      i -= k - 1 < i;
    }
  }
}

/* The one host whose folder, or capture, holds this source most closely; NULL if there is none or more. */
static KtMachine *host_around(const GPtrArray *groups, const char *source)
{
  KtMachine *host = NULL;
  gsize depth = 0;
  for (guint i = 0; i < groups->len; i++) {
    const Group *g = groups->pdata[i];
    gsize n = g_str_equal(g->directory, ".") ? 1 : 1 + strlen(g->directory);
    if (g->machine->role != KT_ROLE_HOST || n < depth || !nested(g->directory, source))
      continue;
    host = n > depth ? g->machine : NULL;
    depth = n;
  }
  return host;
}

/* Of several hosts each has its own domains. */
static void bind_domains(KtSnapshot *snapshot, const GPtrArray *groups)
{
  guint hosts = 0;
  for (guint i = 0; i < groups->len; i++)
    hosts += ((const Group *)groups->pdata[i])->machine->role == KT_ROLE_HOST;
  for (guint i = 0; hosts > 1 && i < snapshot->domains->len; i++) {
    KtDomain *d = snapshot->domains->pdata[i];
    if (!d->host)
      d->host = host_around(groups, d->source);
  }
}

/* Each machine gets a name of its own: its host name, numbered if it comes again
 * (the same host at another time), else "machine N". */
static void name_machine(GHashTable *taken, guint number, KtMachine *m)
{
  if (!m->name)
    m->name = g_strdup_printf("machine %u", number);
  g_autofree char *name = g_strdup(m->name);
  for (guint k = 2; !g_hash_table_add(taken, g_strdup(m->name)); k++) {
    g_free(m->name);
    m->name = g_strdup_printf("%s (%u)", name, k);
  }
}

/* Only a host counts exits of its guests. NULL: none are counted. */
static const char *find_exits(const KtMachine *m)
{
  const char *first = NULL;
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init(&iter, m->counters);
  while (g_hash_table_iter_next(&iter, &name, NULL))
    if (g_str_has_prefix(name, "kvm_exit.") && (!first || strcmp(name, first) < 0))
      first = name;
  return first;
}

/* What runs on a hypervisor is a guest; a host of guests of its own (nested) is
 * told by its reader, or has counted their exits. */
static void settle_role(KtMachine *m)
{
  if (m->role != KT_ROLE_UNKNOWN)
    return;
  const char *exits = find_exits(m);
  if (exits) {
    g_autofree char *path = g_strconcat("counters.", exits, NULL);
    m->role = KT_ROLE_HOST;
    kt_machine_cite(m, "role", kt_machine_cite_of(m, path));
  } else if (m->hypervisor && !g_str_equal(m->hypervisor, "none")) {
    m->role = KT_ROLE_GUEST;
  }
}

void kt_assemble(KtSnapshot *snapshot, GPtrArray *fragments)
{
  g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(group_free);
  g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  guint left_out = fragments->len - MIN(fragments->len, MAX_FRAGMENTS);
  for (guint i = 0; i < fragments->len && i < MAX_FRAGMENTS; i++)
    left_out += !add_fragment(snapshot, groups, fragments->pdata[i]);
  if (left_out)
    g_ptr_array_add(snapshot->notes,
                    g_strdup_printf("%u outputs are left out: of more than %d machines, or more than %d outputs",
                                    left_out, MAX_MACHINES, MAX_FRAGMENTS));
  if (snapshot->rejected_more)
    g_ptr_array_add(snapshot->notes, g_strdup_printf("%u more lines were rejected", snapshot->rejected_more));
  g_ptr_array_set_size(fragments, 0);
  join_nested_folders(groups);
  for (guint i = 0; i < groups->len; i++) {
    Group *g = groups->pdata[i];
    kt_kernel_log_conclude(g->machine);
    settle_role(g->machine);
  }
  bind_domains(snapshot, groups);
  for (guint i = 0; i < snapshot->machines->len; i++)
    g_hash_table_add(taken, g_strdup(((KtMachine *)snapshot->machines->pdata[i])->name));
  for (guint i = 0; i < groups->len; i++) {
    Group *g = groups->pdata[i];
    name_machine(taken, snapshot->machines->len + 1, g->machine);
    g_ptr_array_add(snapshot->machines, g_steal_pointer(&g->machine));
  }
  kt_domains_join(snapshot);
}
