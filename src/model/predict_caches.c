/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The caches that CPUID shows (QEMU's target/i386/cpu.c, leaves 4, 80000005h,
 * 80000006h, 8000001Dh) as Linux reads them (arch/x86/kernel/cpu/cacheinfo.c):
 * CPUs share a cache if their APIC ids agree from a certain bit on. */
#include "model/predict_parts.h"

#define UNKNOWN_SHIFT (-1)

typedef struct {
  int level;
  KtCacheType type;
  KtInt size_kib;
  int shift; /* CPUs with the same APIC id >> shift share an instance; UNKNOWN_SHIFT */
} Predicted;

static int package_bits(const KtShape *s)
{
  return (int)(s->thread_bits + s->core_bits + s->die_bits);
}

/* L1: each thread had one of its own up to machine type 9.0 (x-l1-cache-per-thread). */
static int l1_shift(const KtPrediction *p, const KtCpuView *view)
{
  if (view->amd)
    return view->topoext ? (int)p->shape.thread_bits : 0;
  if (!p->shape.thread_bits)
    return 0;
  if (!p->version)
    return UNKNOWN_SHIFT;
  return p->version <= 900 ? 0 : (int)p->shape.thread_bits;
}

static int l2_shift(const KtPrediction *p, const KtCpuView *view)
{
  return view->amd && !view->topoext ? 0 : (int)p->shape.thread_bits;
}

/* L3: a die; AMD without topoext: the kernel takes the package. With it, Linux
 * groups the first Zen by 8 APIC ids whatever CPUID says, unless packages have one CPU. */
static int l3_shift(const KtPrediction *p, const KtCpuView *view)
{
  int package = package_bits(&p->shape);
  if (view->amd && !view->topoext)
    return package;
  if (view->amd && view->zen1 && package > 0 && package != 3)
    return package > 3 ? 3 : UNKNOWN_SHIFT;
  return package - (int)p->shape.die_bits;
}

static int common_shift(const KtPrediction *p, int (*shift_of)(const KtPrediction *, const KtCpuView *))
{
  int shift = shift_of(p, &p->views[0]);
  for (guint i = 1; i < p->n_views; i++)
    if (shift_of(p, &p->views[i]) != shift)
      return UNKNOWN_SHIFT;
  return shift;
}

/* Linux takes AMD's L3 groups from its scheduler's masks, which end at nodes
 * (match_llc in arch/x86/kernel/smpboot.c); Intel's from CPUID alone. */
typedef enum { WHOLE, BY_NODE, UNDECIDED } Cut;

static gsize node_of(const KtPrediction *p, guint vcpu)
{
  KtInt node = kt_machine_find_cpu(p->guest, vcpu)->node;
  return node.known ? (gsize)node.value + 1 : 0;
}

static gboolean nodes_cut(const KtPrediction *p, int shift)
{
  if (!p->guest->nodes->len) /* not predicted */
    return shift > 0;
  for (guint v = 1; v < p->shape.present; v++)
    if (kt_shape_apic_id(&p->shape, v) >> shift == kt_shape_apic_id(&p->shape, v - 1) >> shift &&
        node_of(p, v) != node_of(p, v - 1))
      return TRUE;
  return FALSE;
}

static Cut cut_of(const KtPrediction *p, int level, int shift)
{
  guint amd = 0;
  for (guint i = 0; i < p->n_views; i++)
    amd += p->views[i].amd;
  if (level < 3 || !amd || !nodes_cut(p, shift))
    return WHOLE;
  return amd == p->n_views && p->guest->nodes->len ? BY_NODE : UNDECIDED;
}

static void add_groups(const KtPrediction *p, KtCache *cache, int shift, Cut cut)
{
  g_autoptr(GHashTable) groups = g_hash_table_new(NULL, NULL);
  for (guint v = 0; v < p->shape.present; v++) {
    gsize id = kt_shape_apic_id(&p->shape, v) >> shift;
    gpointer key = GSIZE_TO_POINTER(id << 17 | (cut == BY_NODE ? node_of(p, v) : 0));
    KtSet *group = g_hash_table_lookup(groups, key);
    if (!group) {
      group = kt_set_new();
      g_hash_table_insert(groups, key, group);
      g_ptr_array_add(cache->groups, group);
    }
    kt_set_add(group, v);
  }
  cache->instances = KT_INT(cache->groups->len);
}

static void add_cache(const KtPrediction *p, const Predicted *predicted)
{
  KtCache *cache = kt_machine_cache(p->guest, predicted->level, predicted->type);
  cache->size_kib = predicted->size_kib;
  Cut cut = predicted->shift != UNKNOWN_SHIFT ? cut_of(p, predicted->level, predicted->shift) : UNDECIDED;
  if (cut != UNDECIDED)
    add_groups(p, cache, predicted->shift, cut);
  g_autofree char *name = kt_cache_name(cache);
  g_autofree char *path = g_strconcat("caches.", name, NULL);
  kt_machine_cite(p->guest, path, kt_domain_cite_of(p->domain, "cpu"));
}

/* Is there an emulated L3? l3-cache is on since machine type 2.8. */
static KtTri has_emulated_l3(const KtPrediction *p)
{
  if (g_strcmp0(p->domain->cache_mode, "disable") == 0)
    return KT_NO;
  if (g_strcmp0(p->domain->cache_mode, "emulate") == 0)
    return KT_YES;
  if (!p->version)
    return KT_UNKNOWN;
  /* QEMU itself before 2.9 gave -cpu host the host's caches; which QEMU runs an old type is not told. */
  if (p->from_host && p->version < 209)
    return KT_UNKNOWN;
  return p->version >= 208 ? KT_YES : KT_NO;
}

/* The kind of caches, as far as the model decides it. */
static KtModelCaches kind_of(const KtPrediction *p)
{
  KtModelCaches kind = KT_MODEL_CACHES_UNKNOWN;
  if (p->from_host)
    kind = KT_MODEL_CACHES_LEGACY;
  else if (p->model)
    kind = p->model->caches;
  /* legacy-cache=on for all models up to machine type 2.12 */
  if (kind > KT_MODEL_CACHES_LEGACY)
    return !p->version ? KT_MODEL_CACHES_UNKNOWN : p->version <= 212 ? KT_MODEL_CACHES_LEGACY : kind;
  return kind;
}

static KtInt common_size(const KtPrediction *p, gsize field)
{
  KtInt size = KT_INT_UNKNOWN;
  for (guint i = 0; i < p->n_views; i++) {
    KtCacheSizes sizes;
    if (!kt_model_cache_sizes(kind_of(p), p->views[i].amd, &sizes))
      return KT_INT_UNKNOWN;
    int kib = G_STRUCT_MEMBER(int, &sizes, field);
    if (size.known && size.value != kib)
      return KT_INT_UNKNOWN;
    size = KT_INT(kib);
  }
  return size;
}

static void predict_emulated(const KtPrediction *p)
{
  KtTri l3 = has_emulated_l3(p);
  if (l3 == KT_UNKNOWN)
    return;
  int l1 = common_shift(p, l1_shift);
  Predicted caches[] = {
      {1, KT_CACHE_DATA, common_size(p, G_STRUCT_OFFSET(KtCacheSizes, l1d)), l1},
      {1, KT_CACHE_INSTRUCTION, common_size(p, G_STRUCT_OFFSET(KtCacheSizes, l1i)), l1},
      {2, KT_CACHE_UNIFIED, common_size(p, G_STRUCT_OFFSET(KtCacheSizes, l2)), common_shift(p, l2_shift)},
      {3, KT_CACHE_UNIFIED, common_size(p, G_STRUCT_OFFSET(KtCacheSizes, l3)), common_shift(p, l3_shift)},
  };
  for (guint i = 0; i < (l3 == KT_YES ? 4 : 3); i++)
    add_cache(p, &caches[i]);
}

/* <cache mode='passthrough'/>: the host's CPUID with the host's count of CPUs
 * that share. Of L3 the sharing is certain only where it covers all vCPUs in
 * one package, or (QEMU 8.0 on cuts it to the package) each package; AMD's
 * leaf without topoext tells the L3 of the whole processor: its size is unknown. */
static int passthrough_l3_shift(const KtPrediction *p, const KtCache *host_l3)
{
  guint sharing = host_l3->groups->len ? kt_set_count(host_l3->groups->pdata[0]) : 0;
  int package = package_bits(&p->shape);
  if (sharing < p->shape.dies * p->shape.cores * p->shape.threads)
    return UNKNOWN_SHIFT;
  return p->shape.sockets == 1 || p->version >= 800 ? package : UNKNOWN_SHIFT;
}

static void predict_passthrough(const KtPrediction *p)
{
  gboolean plain = p->n_views == 1 && (!p->views[0].amd || p->views[0].topoext);
  gboolean smt = p->host->threads_per_core.known && p->host->threads_per_core.value > 1;
  for (guint i = 0; i < p->host->caches->len; i++) {
    const KtCache *host = p->host->caches->pdata[i];
    Predicted cache = {host->level, host->type, host->size_kib, UNKNOWN_SHIFT};
    if (host->level >= 3 && !plain)
      cache.size_kib = KT_INT_UNKNOWN;
    if (host->level >= 3)
      cache.shift = plain ? passthrough_l3_shift(p, host) : UNKNOWN_SHIFT;
    else if (plain && p->host->threads_per_core.known)
      cache.shift = smt ? 1 : 0;
    add_cache(p, &cache);
  }
}

void kt_predict_caches(KtPrediction *p)
{
  if (g_strcmp0(p->domain->cache_mode, "passthrough") != 0)
    predict_emulated(p);
  else if (p->from_host && p->host)
    predict_passthrough(p);
}
