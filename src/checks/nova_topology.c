/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/nova_topology.h"

#include "base/units.h"

#define NO_LIMIT 65536
#define MAX_VCPUS 4096

typedef struct {
  gint64 sockets, cores, threads; /* 0: not given; below 0: no number */
} Wish;

static gint64 number_in(GHashTable *table, const char *prefix, const char *key)
{
  g_autofree char *name = g_strconcat(prefix, key, NULL);
  const char *text = table ? g_hash_table_lookup(table, name) : NULL;
  guint64 n;
  if (!text)
    return 0;
  g_autofree char *trimmed = g_strstrip(g_strdup(text));
  return kt_units_parse_count(trimmed, &n) && n <= NO_LIMIT ? (gint64)n : -1;
}

static Wish wish_of(GHashTable *table, const char *prefix)
{
  return (Wish){number_in(table, prefix, "sockets"), number_in(table, prefix, "cores"),
                number_in(table, prefix, "threads")};
}

static gboolean is_malformed(const Wish *wish)
{
  return wish->sockets < 0 || wish->cores < 0 || wish->threads < 0;
}

static gint64 limit_of(gint64 image, gint64 flavor)
{
  return image ? image : flavor ? flavor : NO_LIMIT;
}

static gboolean exceeds(const Wish *wish, const Wish *limit)
{
  return wish->sockets > limit->sockets || wish->cores > limit->cores || wish->threads > limit->threads;
}

/* An image may only lower what the flavor allows. */
static gboolean raises(const Wish *image_max, const Wish *flavor_max)
{
  return (flavor_max->sockets && image_max->sockets > flavor_max->sockets) ||
         (flavor_max->cores && image_max->cores > flavor_max->cores) ||
         (flavor_max->threads && image_max->threads > flavor_max->threads);
}

static gboolean is_given(const Wish *wish)
{
  return wish->sockets || wish->cores || wish->threads;
}

/* Larger is better: matches of the wish, then fewest threads, then most sockets. */
static gint64 rank_of(const Wish *wish, gint64 s, gint64 c, gint64 t)
{
  gint64 matches = (wish->sockets == s) + (wish->cores == c) + (wish->threads == t);
  return (matches * (MAX_VCPUS + 1) + s * c) * (MAX_VCPUS + 1) + s;
}

gboolean kt_nova_topology(const KtFlavor *f, KtNovaTopology *out)
{
  if (!f->vcpus.known || f->vcpus.value < 1 || f->vcpus.value > MAX_VCPUS || !f->extra_specs)
    return FALSE;
  Wish flavor = wish_of(f->extra_specs, "hw:cpu_"), image = wish_of(f->image, "hw_cpu_");
  Wish flavor_max = wish_of(f->extra_specs, "hw:cpu_max_"), image_max = wish_of(f->image, "hw_cpu_max_");
  if (is_malformed(&flavor) || is_malformed(&image) || is_malformed(&flavor_max) || is_malformed(&image_max))
    return FALSE;
  Wish limit = {limit_of(image_max.sockets, flavor_max.sockets), limit_of(image_max.cores, flavor_max.cores),
                limit_of(image_max.threads, flavor_max.threads)};
  if (raises(&image_max, &flavor_max) || exceeds(&image, &limit))
    return FALSE;
  if (exceeds(&flavor, &limit))
    flavor = (Wish){0};
  Wish wish = is_given(&image) ? image : flavor;
  gint64 vcpus = f->vcpus.value, best = -1;
  for (gint64 s = 1; s <= MIN(vcpus, limit.sockets); s++)
    for (gint64 c = 1; vcpus % s == 0 && c <= MIN(vcpus / s, limit.cores); c++) {
      gint64 t = vcpus / s / c;
      if (s * c * t != vcpus || t > limit.threads || rank_of(&wish, s, c, t) <= best)
        continue;
      best = rank_of(&wish, s, c, t);
      *out = (KtNovaTopology){(int)s, (int)c, (int)t};
    }
  return best >= 0;
}

gboolean kt_nova_number(const KtFlavor *f, const char *key, gint64 *out)
{
  const char *text = kt_flavor_hw(f, key);
  guint64 n;
  if (!text || !kt_units_parse_count(text, &n) || n > NO_LIMIT)
    return FALSE;
  *out = (gint64)n;
  return TRUE;
}

gboolean kt_nova_pins(const KtFlavor *f)
{
  const char *policy = kt_flavor_hw(f, "cpu_policy");
  return (policy && (g_str_equal(policy, "dedicated") || g_str_equal(policy, "mixed"))) ||
         (f->extra_specs && g_hash_table_contains(f->extra_specs, "resources:PCPU"));
}

gboolean kt_nova_has_cells(const KtFlavor *f)
{
  return kt_flavor_hw(f, "numa_nodes") || kt_flavor_hw(f, "mem_page_size") || kt_nova_pins(f) ||
         (f->extra_specs && g_hash_table_contains(f->extra_specs, "hw:pmem"));
}
