/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/lscpu_summary.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "evidence/scan.h"

#define MAX_ENTRIES 16384

typedef struct {
  KtLscpuLabel label;
  guint detail, line;
  char *name, *value;
  gboolean whole, spoilt;
} Entry;

struct KtLscpuSummary {
  GArray *entries;
};

static void entry_clear(gpointer data)
{
  Entry *e = data;
  g_free(e->name);
  g_free(e->value);
}

KtLscpuSummary *kt_lscpu_summary_new(void)
{
  KtLscpuSummary *s = g_new0(KtLscpuSummary, 1);
  s->entries = g_array_new(FALSE, TRUE, sizeof(Entry));
  g_array_set_clear_func(s->entries, entry_clear);
  return s;
}

void kt_lscpu_summary_free(KtLscpuSummary *s)
{
  g_array_unref(s->entries);
  g_free(s);
}

void kt_lscpu_summary_add(KtLscpuSummary *s, KtLscpuLabel label, guint detail, const char *name, const char *value,
                          guint line, gboolean whole)
{
  Entry e = {.label = label,
             .detail = detail,
             .line = line,
             .name = g_strdup(name),
             .value = g_strstrip(g_strdup(value)),
             .whole = whole};
  if (s->entries->len < MAX_ENTRIES)
    g_array_append_val(s->entries, e);
  else
    entry_clear(&e);
}

void kt_lscpu_summary_spoil_last(KtLscpuSummary *s)
{
  if (s->entries->len)
    g_array_index(s->entries, Entry, s->entries->len - 1).spoilt = TRUE;
}

gboolean kt_lscpu_summary_has(const KtLscpuSummary *s, KtLscpuLabel label)
{
  for (guint i = 0; i < s->entries->len; i++)
    if (g_array_index(s->entries, Entry, i).label == label)
      return TRUE;
  return FALSE;
}

gboolean kt_lscpu_is_vulnerability(const char *value)
{
  static const char *const starts[] = {"Not affected", "Mitigation", "Vulnerable",
                                       "Unknown",      "KVM: ",      "Processor vulnerable"};
  for (guint i = 0; i < G_N_ELEMENTS(starts); i++)
    if (g_str_has_prefix(value, starts[i]))
      return TRUE;
  return FALSE;
}

/* The one value of a label; NULL if it is missing, uncertain, or differs
 * between the kinds of cores that newer releases list one after the other. */
static const Entry *certain(const KtLscpuSummary *s, KtLscpuLabel label)
{
  const Entry *found = NULL;
  for (guint i = 0; i < s->entries->len; i++) {
    const Entry *e = &g_array_index(s->entries, Entry, i);
    if (e->label != label)
      continue;
    if (!e->whole || e->spoilt || (found && !g_str_equal(found->value, e->value)))
      return NULL;
    found = e;
  }
  return found;
}

static gboolean says_nothing(const char *value)
{
  return !*value || g_str_equal(value, "-") || !g_ascii_strcasecmp(value, "unknown");
}

static void apply_counts(const KtLscpuSummary *s, KtReading *r, KtMachine *m)
{
  static const struct {
    KtLscpuLabel label;
    const char *path;
    guint64 least, most;
  } counts[] = {
      {KT_LSCPU_CPUS, "topology.cpus", 1, KT_SET_MAX},
      {KT_LSCPU_SOCKETS, "topology.sockets", 1, KT_SET_MAX},
      {KT_LSCPU_CORES, "topology.cores_per_socket", 1, KT_SET_MAX},
      {KT_LSCPU_THREADS, "topology.threads_per_core", 1, KT_SET_MAX},
      {KT_LSCPU_NODES, "topology.nodes", 1, KT_SET_MAX},
      {KT_LSCPU_FAMILY, "cpu.family", 0, G_MAXUINT16},
      {KT_LSCPU_MODEL, "cpu.model", 0, G_MAXUINT16},
      {KT_LSCPU_STEPPING, "cpu.stepping", 0, G_MAXUINT16},
  };
  const Entry *names = certain(s, KT_LSCPU_MODEL_NAME);
  gboolean kinds = !names && kt_lscpu_summary_has(s, KT_LSCPU_MODEL_NAME);
  for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
    const Entry *e = certain(s, counts[i].label);
    guint64 n;
    if (!e || !kt_units_parse_count(e->value, &n))
      continue;
    if (kinds && e->label != KT_LSCPU_CPUS && e->label != KT_LSCPU_NODES)
      continue; /* counted within each kind of core */
    if (n < counts[i].least || n > counts[i].most)
      kt_reading_reject(r, e->line, "%s cannot be %" G_GUINT64_FORMAT, counts[i].path, n);
    else
      kt_machine_set_int(m, counts[i].path, (gint64)n, kt_reading_cite(r, e->line));
  }
}

static void apply_texts(const KtLscpuSummary *s, KtReading *r, KtMachine *m)
{
  static const struct {
    KtLscpuLabel label;
    const char *path;
  } texts[] = {
      {KT_LSCPU_ARCHITECTURE, "arch"},
      {KT_LSCPU_VENDOR, "cpu.vendor"},
      {KT_LSCPU_MODEL_NAME, "cpu.model_name"},
      {KT_LSCPU_FLAGS, "cpu.flags"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    const Entry *e = certain(s, texts[i].label);
    if (!e || says_nothing(e->value))
      continue;
    g_auto(GStrv) words = kt_text_words(e->value);
    g_autofree char *single = g_strjoinv(" ", words);
    kt_machine_set_text(m, texts[i].path, single, kt_reading_cite(r, e->line));
  }
}

static KtSet *cpu_list(KtReading *r, const Entry *e)
{
  if (!e || says_nothing(e->value) || g_str_has_prefix(e->value, "0x"))
    return NULL;
  KtSet *set = kt_set_parse(e->value, NULL);
  if (!set)
    kt_reading_reject(r, e->line, "'%.60s' is not a list of CPUs", e->value);
  return set;
}

static void apply_online(const KtLscpuSummary *s, KtReading *r, KtMachine *m)
{
  const Entry *e = certain(s, KT_LSCPU_ONLINE);
  g_autoptr(KtSet) online = cpu_list(r, e);
  if (!online)
    return;
  guint n = kt_set_count(online);
  if (!n || (m->cpus.known && n > m->cpus.value)) {
    kt_reading_reject(r, e->line, "%u CPUs cannot be online", n);
    return;
  }
  kt_machine_set_int(m, "topology.online", n, kt_reading_cite(r, e->line));
  kt_machine_cite(m, "topology.online_set", kt_reading_cite(r, e->line));
  g_autoptr(KtSet) all = cpu_list(r, certain(s, KT_LSCPU_OFFLINE));
  if (!all)
    all = kt_set_new();
  kt_set_add_all(all, online);
  if (kt_int_is(m->cpus, kt_set_count(all)))
    m->cpu_set = g_steal_pointer(&all);
  m->online_set = g_steal_pointer(&online);
}

/* Many sizes fit a printed total; that of a cache is the roundest of them. */
static guint64 roundest(double low, double high)
{
  guint64 from = (guint64)ceil(low - 1e-6), to = (guint64)floor(high + 1e-6);
  if (from >= to)
    return (guint64)llround((low + high) / 2);
  guint64 step = 1;
  while (to / (step * 2) * (step * 2) >= from && step < to)
    step *= 2;
  return to / step * step;
}

/* "32K": size of one, up to 2.33. "1.5 MiB (24 instances)", bytes with -B: the
 * sum, from 2.37. "1.5 MiB" of the releases between is a sum too, and of how
 * many it does not say. */
static void apply_cache(KtReading *r, KtMachine *m, const Entry *e)
{
  guint64 kib, instances = 0;
  const char *end = kt_units_parse_kib(e->value, 1, &kib);
  if (!end || !kib || (!e->whole && g_ascii_isdigit(end[-1]) && !*end))
    return;
  KtCache *cache = kt_machine_cache(m, (int)(e->detail / 10), (KtCacheType)(e->detail % 10));
  g_autofree char *name = kt_cache_name(cache), *path = g_strconcat("caches.", name, NULL);
  kt_machine_cite(m, path, kt_reading_cite(r, e->line));
  const char *open = strchr(end, '(');
  if (open && strchr(open, ')') && g_ascii_isdigit(open[1]))
    instances = g_ascii_strtoull(open + 1, NULL, 10);
  if (!instances && (*end || !strchr("KMG", end[-1]) || !g_ascii_isdigit(end[-2])))
    return; /* not "1.5 M", which is "1.5 MiB" cut off */
  if (!instances) {
    cache->size_kib = KT_INT((gint64)kib);
    return;
  }
  if (m->cpus.known && instances > (guint64)m->cpus.value) {
    kt_reading_reject(r, e->line, "%" G_GUINT64_FORMAT " caches for %" G_GINT64_FORMAT " CPUs", instances,
                      m->cpus.value);
    return;
  }
  /* One decimal is printed: the sum is known to half of that. */
  double slack = strstr(e->value, "GiB") ? 0.05 * 1048576 : strstr(e->value, "MiB") ? 0.05 * 1024 : 0;
  guint64 one = roundest(((double)kib - slack) / (double)instances, ((double)kib + slack) / (double)instances);
  if (!one)
    return;
  cache->instances = KT_INT((gint64)instances);
  cache->size_kib = KT_INT((gint64)one);
}

/* The last line may end too early: then its CPUs have to complete those of the others. */
static gboolean nodes_are_complete(const KtLscpuSummary *s, const KtMachine *m)
{
  g_autoptr(KtSet) all = kt_set_new();
  guint n = 0;
  for (guint i = 0; i < s->entries->len; i++) {
    const Entry *e = &g_array_index(s->entries, Entry, i);
    if (e->label != KT_LSCPU_NODE_CPUS)
      continue;
    g_autoptr(KtSet) cpus = kt_set_parse(e->value, NULL);
    if (!cpus || kt_set_intersects(cpus, all))
      return FALSE;
    kt_set_add_all(all, cpus);
    n++;
  }
  return kt_int_is(m->node_count, n) && m->online_set && kt_set_equal(all, m->online_set);
}

static void apply_parts(const KtLscpuSummary *s, KtReading *r, KtMachine *m)
{
  gboolean complete = nodes_are_complete(s, m);
  for (guint i = 0; i < s->entries->len; i++) {
    const Entry *e = &g_array_index(s->entries, Entry, i);
    if (e->spoilt)
      continue;
    if (e->label == KT_LSCPU_CACHE) {
      apply_cache(r, m, e);
    } else if (e->label == KT_LSCPU_VULNERABILITY && e->whole && e->name) {
      g_autofree char *file = g_strdelimit(g_strdup(e->name), " ", '_');
      g_autofree char *path = g_strconcat("/sys/devices/system/cpu/vulnerabilities/", file, NULL);
      kt_machine_set_setting(m, path, e->value, kt_reading_cite(r, e->line));
    } else if (e->label == KT_LSCPU_NODE_CPUS && (e->whole || complete)) {
      g_autoptr(KtSet) cpus = *e->value ? cpu_list(r, e) : kt_set_new();
      if (!cpus)
        continue;
      KtNode *node = kt_machine_node(m, (int)e->detail);
      if (!node->cpus)
        node->cpus = g_steal_pointer(&cpus);
      g_autofree char *path = g_strdup_printf("nodes.%u.cpus", e->detail);
      kt_machine_cite(m, path, kt_reading_cite(r, e->line));
    }
  }
}

/* Lines about NUMA stand behind those of all caches. */
static void cite_end_of_caches(const KtLscpuSummary *s, KtReading *r, KtMachine *m)
{
  gboolean caches = FALSE;
  for (guint i = 0; i < s->entries->len; i++) {
    const Entry *e = &g_array_index(s->entries, Entry, i);
    caches |= e->label == KT_LSCPU_CACHE;
    if (caches && (e->label == KT_LSCPU_NODES || e->label == KT_LSCPU_NODE_CPUS)) {
      kt_machine_cite(m, "caches.end", kt_reading_cite(r, e->line));
      return;
    }
  }
}

static gboolean runs_on_x86(const KtMachine *m)
{
  static const char *const archs[] = {"x86_64", "i686", "i586", "i386", NULL};
  return m->arch && g_strv_contains(archs, m->arch);
}

/* No line of a hypervisor, where one would stand above the caches, says that
 * there is none; but lscpu knows no line for QEMU's TCG. */
static gboolean is_bare_metal(const KtLscpuSummary *s, const KtMachine *m)
{
  static const KtLscpuLabel needed[] = {KT_LSCPU_ARCHITECTURE, KT_LSCPU_OP_MODE, KT_LSCPU_CPUS,
                                        KT_LSCPU_VENDOR,       KT_LSCPU_MODEL,   KT_LSCPU_BOGOMIPS};
  for (guint i = 0; i < G_N_ELEMENTS(needed); i++)
    if (!kt_lscpu_summary_has(s, needed[i]))
      return FALSE;
  return runs_on_x86(m) && (kt_lscpu_summary_has(s, KT_LSCPU_CACHE) || kt_lscpu_summary_has(s, KT_LSCPU_NODE_CPUS)) &&
         !kt_lscpu_summary_has(s, KT_LSCPU_VIRTUALIZATION_TYPE) && !kt_machine_has_flag(m, "hypervisor") &&
         !(m->cpu_model_name && strstr(m->cpu_model_name, "QEMU"));
}

static void apply_hypervisor(const KtLscpuSummary *s, KtReading *r, KtMachine *m)
{
  static const char *const none[] = {"none", "kein", "keine", "无", "無", NULL};
  const Entry *e = certain(s, KT_LSCPU_HYPERVISOR);
  if (e && !says_nothing(e->value)) {
    g_autofree char *folded = kt_scan_fold(e->value, 64);
    const Entry *type = certain(s, KT_LSCPU_VIRTUALIZATION_TYPE);
    kt_machine_set_text(m, "hypervisor", g_str_equal(folded, "microsoft") ? "hyperv" : folded,
                        kt_reading_cite(r, e->line));
    if (!type || !g_strv_contains(none, type->value)) /* "none": Xen's control domain */
      m->role = KT_ROLE_GUEST;
  } else if (kt_lscpu_summary_has(s, KT_LSCPU_HYPERVISOR) || kt_machine_has_flag(m, "hypervisor")) {
    m->role = KT_ROLE_GUEST;
  } else if (is_bare_metal(s, m)) {
    kt_machine_set_text(m, "hypervisor", "none", kt_reading_cite(r, certain(s, KT_LSCPU_ARCHITECTURE)->line));
    m->role = KT_ROLE_HOST;
  }
  if (m->role)
    kt_machine_cite(m, "role", kt_machine_cite_of(m, "hypervisor"));
}

void kt_lscpu_summary_apply(const KtLscpuSummary *s, KtReading *r)
{
  KtMachine *m = kt_reading_machine(r);
  apply_texts(s, r, m);
  apply_counts(s, r, m);
  apply_online(s, r, m);
  apply_parts(s, r, m);
  cite_end_of_caches(s, r, m);
  apply_hypervisor(s, r, m);
}
