/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/topology.h"

#include "base/i18n.h"
#include "view/facts_words.h"

const char *const kt_box_kind_names[KT_BOX_KINDS] = {
    [KT_BOX_SOCKET] = N_("Socket"), [KT_BOX_DIE] = N_("Die"), [KT_BOX_NODE] = N_("NUMA node"), [KT_BOX_L3] = "L3"};

static void tenant_free(gpointer data)
{
  KtTenant *tenant = data;
  g_free(tenant->name);
  g_free(tenant);
}

static void box_free(gpointer data)
{
  KtBox *box = data;
  g_free(box->name);
  g_free(box->detail);
  kt_set_free(box->cpus);
  g_ptr_array_unref(box->inside);
  g_ptr_array_unref(box->tenants);
  g_free(box);
}

static KtBox *box_new(KtBoxKind kind, const KtSet *cpus)
{
  KtBox *box = g_new0(KtBox, 1);
  box->kinds = 1u << kind;
  box->cpus = kt_set_copy(cpus);
  box->inside = g_ptr_array_new_with_free_func(box_free);
  box->tenants = g_ptr_array_new_with_free_func(tenant_free);
  return box;
}

static void append(char **text, const char *joint, const char *more)
{
  if (!more)
    return;
  char *longer = *text ? g_strconcat(*text, joint, more, NULL) : g_strdup(more);
  g_free(*text);
  *text = longer;
}

/* ---- nesting ---- */

typedef struct {
  KtBoxes *boxes;
  GPtrArray *nested; /* KtBox*: roots of what has CPU sets */
  guint crossing[KT_BOX_KINDS];
  guint too_many[KT_BOX_KINDS];
} Build;

static void merge(KtBox *into, KtBox *from)
{
  into->kinds |= from->kinds;
  append(&into->name, " · ", from->name);
  append(&into->detail, " · ", from->detail);
  if (from->memory_kib.known)
    into->memory_kib = from->memory_kib;
  for (guint i = 0; i < from->tenants->len; i++)
    g_ptr_array_add(into->tenants, from->tenants->pdata[i]);
  g_ptr_array_set_free_func(from->tenants, NULL);
  box_free(from);
}

/* Puts the box (taken) where its CPUs are; larger ones come first. */
static void nest(Build *b, KtBoxKind kind, KtBox *box)
{
  GPtrArray *level = b->nested;
  for (guint i = 0; i < level->len; i++) {
    KtBox *other = level->pdata[i];
    if (!kt_set_intersects(other->cpus, box->cpus))
      continue;
    if (kt_set_equal(other->cpus, box->cpus) && !(other->kinds & (1u << kind))) {
      merge(other, box);
      return;
    }
    /* a group within one of its own kind is nonsense, and would nest without end */
    if (!kt_set_contains(other->cpus, box->cpus) || (other->kinds & (1u << kind))) {
      b->crossing[kind]++;
      box_free(box);
      return;
    }
    level = other->inside;
    i = G_MAXUINT; /* from its first one */
  }
  g_ptr_array_add(level, box);
}

typedef struct {
  KtBoxKind kind;
  KtBox *box;
} Candidate;

static gint by_size(gconstpointer a, gconstpointer b)
{
  const Candidate *x = a, *y = b;
  guint m = kt_set_count(x->box->cpus), n = kt_set_count(y->box->cpus);
  if (m != n)
    return m < n ? 1 : -1;
  if (x->kind != y->kind)
    return x->kind < y->kind ? -1 : 1;
  return kt_set_next(x->box->cpus, 0) - kt_set_next(y->box->cpus, 0);
}

/* ---- groups ---- */

static void add_candidate(GArray *all, KtBoxKind kind, const KtSet *cpus, gint64 id, char *detail)
{
  Candidate c = {.kind = kind, .box = box_new(kind, cpus)};
  if (kind != KT_BOX_L3)
    c.box->name = id >= 0 ? g_strdup_printf("%s %" G_GINT64_FORMAT, kt_tr(kt_box_kind_names[kind]), id)
                          : g_strdup(kt_tr(kt_box_kind_names[kind]));
  c.box->detail = detail;
  g_array_append_val(all, c);
}

static KtSet *all_cpus(const KtMachine *m)
{
  KtSet *all = kt_set_copy(m->online_set ? m->online_set : m->cpu_set);
  if (all)
    return all;
  all = kt_set_new();
  for (guint i = 0; i < m->cpu->len; i++)
    kt_set_add(all, ((const KtCpu *)m->cpu->pdata[i])->id);
  for (guint i = 0; i < m->nodes->len; i++)
    kt_set_add_all(all, ((const KtNode *)m->nodes->pdata[i])->cpus);
  return all;
}

/* CPUs by package, or by package and die. */
static void add_packages(GArray *out, const KtMachine *m, gboolean dies)
{
  g_autoptr(GHashTable) sets = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)kt_set_free);
  for (guint i = 0; i < m->cpu->len; i++) {
    const KtCpu *cpu = m->cpu->pdata[i];
    if (!cpu->package.known || (dies && !cpu->die.known))
      continue;
    gint64 key = dies ? cpu->package.value * 65536 + cpu->die.value : cpu->package.value;
    KtSet *set = g_hash_table_lookup(sets, &key);
    if (!set) {
      set = kt_set_new();
      g_hash_table_insert(sets, g_memdup2(&key, sizeof key), set);
    }
    kt_set_add(set, cpu->id);
  }
  GHashTableIter iter;
  gpointer key, set;
  g_hash_table_iter_init(&iter, sets);
  while (g_hash_table_iter_next(&iter, &key, &set))
    add_candidate(out, dies ? KT_BOX_DIE : KT_BOX_SOCKET, set, *(gint64 *)key % (dies ? 65536 : G_MAXINT64), NULL);
}

/* Sockets of which only the number is known, where it decides all the same. */
static void add_counted_sockets(GArray *out, const KtMachine *m, const KtSet *all)
{
  guint n = kt_set_count(all);
  if (!n || !m->sockets.known || (m->cpus.known && m->cpus.value != n))
    return;
  if (m->sockets.value == 1)
    add_candidate(out, KT_BOX_SOCKET, all, -1, NULL);
  else if (m->sockets.value == n)
    for (int cpu = kt_set_next(all, 0); cpu >= 0; cpu = kt_set_next(all, (guint)cpu + 1)) {
      g_autoptr(KtSet) one = kt_set_new();
      kt_set_add(one, (guint)cpu);
      add_candidate(out, KT_BOX_SOCKET, one, -1, NULL);
    }
}

static void add_l3(GArray *out, const KtMachine *m, const KtSet *all)
{
  const KtCache *l3 = kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED);
  if (!l3)
    return;
  g_autofree char *size = kt_say_kib(l3->size_kib);
  for (guint i = 0; i < l3->groups->len; i++)
    add_candidate(out, KT_BOX_L3, l3->groups->pdata[i], -1,
                  g_strconcat("L3 ", size ? size : _("of unknown size"), NULL));
  if (!l3->groups->len && kt_int_is(l3->instances, 1) && !kt_set_is_empty(all))
    add_candidate(out, KT_BOX_L3, all, -1, g_strconcat("L3 ", size ? size : _("of unknown size"), NULL));
}

static char *say_memory(KtInt kib)
{
  g_autofree char *size = kt_say_kib(kib);
  return size ? g_strdup_printf(_("%s memory"), size) : NULL;
}

/* ---- guests ---- */

/* vCPUs of the domain that run, or may only run, on these CPUs. */
static guint vcpus_on(const KtDomain *d, const KtSet *cpus)
{
  guint n = 0;
  if (d->runtime) {
    for (guint i = 0; i < d->runtime->threads->len; i++) {
      const KtThread *t = d->runtime->threads->pdata[i];
      n += t->vcpu >= 0 && t->last_cpu.known && t->last_cpu.value >= 0 && kt_set_has(cpus, (guint)t->last_cpu.value);
    }
    return n;
  }
  for (gint64 i = 0; d->vcpus.known && i < MIN(d->vcpus.value, KT_BOX_CELLS_MAX); i++) {
    const KtSet *pin = kt_domain_pin(d, (int)i);
    pin = pin ? pin : d->vcpu_cpuset;
    n += pin && !kt_set_is_empty(pin) && kt_set_contains(cpus, pin);
  }
  return n;
}

static void add_tenants(KtBox *box, int node, const KtSnapshot *s)
{
  for (guint i = 0; i < s->domains->len; i++) {
    const KtDomain *d = s->domains->pdata[i];
    if (d->host && d->host != kt_snapshot_host(s)) /* it runs elsewhere */
      continue;
    KtTenant tenant = {.vcpus = box->cpus ? vcpus_on(d, box->cpus) : 0};
    for (guint j = 0; d->runtime && j < d->runtime->memory->len; j++) {
      const KtNodeMemory *part = &g_array_index(d->runtime->memory, KtNodeMemory, j);
      if (part->node == node)
        tenant.memory_kib = KT_INT(part->kib);
    }
    if (!tenant.vcpus && !(tenant.memory_kib.known && tenant.memory_kib.value > 0))
      continue;
    tenant.name = g_strdup(d->name ? d->name : "(no name)");
    g_ptr_array_add(box->tenants, g_memdup2(&tenant, sizeof tenant));
  }
}

/* ---- all of it ---- */

static void add_node(GArray *out, GPtrArray *apart, const KtNode *node, const KtSnapshot *s)
{
  g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(Candidate));
  add_candidate(one, KT_BOX_NODE, node->cpus, node->id, say_memory(node->memory_kib));
  Candidate *c = &g_array_index(one, Candidate, 0);
  c->box->memory_kib = node->memory_kib;
  if (s)
    add_tenants(c->box, node->id, s);
  if (node->cpus && !kt_set_is_empty(node->cpus)) {
    g_array_append_val(out, *c);
    return;
  }
  append(&c->box->detail, " · ", node->cpus ? _("no CPUs") : _("CPUs unknown"));
  g_ptr_array_add(apart, c->box);
}

/* "8 cores x 1 thread". Caller frees. */
static char *say_size(const KtBox *box)
{
  g_autofree char *cores = g_strdup_printf(kt_trn("%u core", "%u cores", box->cores), box->cores);
  g_autofree char *threads = g_strdup_printf(kt_trn("%u thread", "%u threads", box->threads), box->threads);
  return g_strdup_printf("%s x %s", cores, threads);
}

/* Sockets whose CPUs are not known: their number and size only. */
static GPtrArray *anonymous_sockets(const KtMachine *m)
{
  GPtrArray *row = g_ptr_array_new_with_free_func(box_free);
  guint threads = m->threads_per_core.known ? (guint)CLAMP(m->threads_per_core.value, 1, 64) : 1;
  if (!m->sockets.known || !m->cores_per_socket.known || m->sockets.value < 1 || m->sockets.value > KT_BOXES_MAX ||
      m->cores_per_socket.value < 1 || m->cores_per_socket.value > KT_BOX_CELLS_MAX)
    return row;
  for (gint64 i = 0; i < m->sockets.value; i++) {
    KtBox *box = box_new(KT_BOX_SOCKET, NULL);
    box->cores = (guint)m->cores_per_socket.value;
    box->threads = threads;
    box->name = g_strdup(kt_tr(kt_box_kind_names[KT_BOX_SOCKET]));
    box->detail = say_size(box);
    g_ptr_array_add(row, box);
  }
  return row;
}

static void collect(Build *b, const KtMachine *m, const KtSnapshot *s, GPtrArray *apart)
{
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Candidate));
  g_autoptr(KtSet) cpus = all_cpus(m);
  add_packages(all, m, FALSE);
  if (!all->len)
    add_counted_sockets(all, m, cpus);
  if (m->dies.known && m->dies.value > 1)
    add_packages(all, m, TRUE);
  add_l3(all, m, cpus);
  for (guint i = 0; i < m->nodes->len; i++)
    add_node(all, apart, m->nodes->pdata[i], s);
  b->boxes->cpus = kt_set_count(cpus);
  guint of_kind[KT_BOX_KINDS] = {0};
  for (guint i = 0; i < all->len; i++)
    of_kind[g_array_index(all, Candidate, i).kind]++;
  g_array_sort(all, by_size);
  for (guint i = 0; i < all->len; i++) {
    const Candidate *c = &g_array_index(all, Candidate, i);
    if (of_kind[c->kind] <= KT_BOXES_MAX) {
      nest(b, c->kind, c->box);
      continue;
    }
    b->too_many[c->kind]++;
    box_free(c->box);
  }
}

static char *say_remark(const Build *b, gboolean apart)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint kind = 0; kind < KT_BOX_KINDS; kind++) {
    const char *name = kt_tr(kt_box_kind_names[kind]);
    if (b->crossing[kind])
      g_string_append_printf(out, _("%s%s groups that cross the drawn ones: %u."), out->len ? " " : "", name,
                             b->crossing[kind]);
    if (b->too_many[kind])
      g_string_append_printf(out, _("%s%s groups, too many to draw: %u."), out->len ? " " : "", name,
                             b->too_many[kind]);
  }
  if (apart)
    g_string_append_printf(out, "%s%s", out->len ? " " : "", _("Which CPUs a socket has is not in the evidence."));
  return out->len ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

KtBoxes *kt_boxes_new(const KtMachine *m, const KtSnapshot *snapshot)
{
  KtBoxes *boxes = g_new0(KtBoxes, 1);
  boxes->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
  Build b = {.boxes = boxes, .nested = g_ptr_array_new_with_free_func(box_free)};
  g_autoptr(GPtrArray) apart = g_ptr_array_new();
  collect(&b, m, snapshot, apart);
  gboolean sockets_drawn = b.too_many[KT_BOX_SOCKET] > 0;
  for (guint i = 0; i < b.nested->len && !sockets_drawn; i++) {
    const KtBox *box = b.nested->pdata[i];
    sockets_drawn = box->kinds & (1u << KT_BOX_SOCKET);
    for (guint j = 0; j < box->inside->len && !sockets_drawn; j++)
      sockets_drawn = ((const KtBox *)box->inside->pdata[j])->kinds & (1u << KT_BOX_SOCKET);
  }
  GPtrArray *anonymous = sockets_drawn ? g_ptr_array_new_with_free_func(box_free) : anonymous_sockets(m);
  gboolean nothing_nested = !b.nested->len;
  boxes->remark = say_remark(&b, anonymous->len && !nothing_nested);
  for (guint i = 0; i < anonymous->len; i++) {
    const KtBox *box = anonymous->pdata[i];
    if (nothing_nested)
      boxes->cpus += box->cores * box->threads;
  }
  for (guint i = 0; i < apart->len; i++)
    g_ptr_array_add(b.nested, apart->pdata[i]);
  g_ptr_array_add(boxes->rows, anonymous);
  g_ptr_array_add(boxes->rows, b.nested);
  for (guint i = boxes->rows->len; i-- > 0;)
    if (!((GPtrArray *)boxes->rows->pdata[i])->len)
      g_ptr_array_remove_index(boxes->rows, i);
  return boxes;
}

void kt_boxes_free(KtBoxes *boxes)
{
  if (!boxes)
    return;
  g_ptr_array_unref(boxes->rows);
  g_free(boxes->remark);
  g_free(boxes);
}
