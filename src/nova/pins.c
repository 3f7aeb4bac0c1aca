/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/pins.h"

typedef struct {
  const KtSet *threads; /* free or not */
  guint n_free, taken;
  int first; /* its first free CPU */
} Core;

struct KtNovaCores {
  const KtNovaHostCell *on;
  KtSet *free;   /* CPUs of the cell that may be pinned */
  guint n_free;  /* of these */
  guint total;   /* of these: in cores */
  guint threads; /* of the largest core, free or not */
  GArray *cores; /* Core: those with something free, the roomiest first */
};

/* Most free threads first, then by CPU. */
static int by_room(gconstpointer a, gconstpointer b)
{
  const Core *x = a, *y = b;
  if (x->n_free != y->n_free)
    return x->n_free > y->n_free ? -1 : 1;
  return x->first - y->first;
}

/* The next free thread of a core at or behind `from`; -1: none. */
static int next_free(const KtNovaCores *c, const Core *core, guint from)
{
  int cpu = kt_set_next(core->threads, from);
  while (cpu >= 0 && !kt_set_has(c->free, (guint)cpu))
    cpu = kt_set_next(core->threads, (guint)cpu + 1);
  return cpu;
}

KtNovaCores *kt_nova_cores_new(const KtNovaHostCell *on)
{
  KtNovaCores *c = g_new0(KtNovaCores, 1);
  c->on = on;
  c->free = kt_nova_host_cell_free_cpus(on);
  c->n_free = kt_set_count(c->free);
  c->threads = 1;
  c->cores = g_array_sized_new(FALSE, FALSE, sizeof(Core), on->siblings->len);
  for (guint i = 0; i < on->siblings->len; i++) {
    Core core = {.threads = on->siblings->pdata[i], .first = -1};
    c->threads = MAX(c->threads, kt_set_count(core.threads));
    for (int cpu = next_free(c, &core, 0); cpu >= 0; cpu = next_free(c, &core, (guint)cpu + 1)) {
      core.first = core.n_free ? core.first : cpu;
      core.n_free++;
    }
    if (core.n_free)
      g_array_append_val(c->cores, core);
    c->total += core.n_free;
  }
  g_array_sort(c->cores, by_room);
  return c;
}

void kt_nova_cores_free(KtNovaCores *c)
{
  if (!c)
    return;
  kt_set_free(c->free);
  g_array_unref(c->cores);
  g_free(c);
}

guint kt_nova_cores_count(const KtNovaCores *c)
{
  return c->n_free;
}

#define CORE(c, i) (&g_array_index((c)->cores, Core, i))

static guint with_at_least(const KtNovaCores *c, guint threads)
{
  guint n = 0;
  while (n < c->cores->len && CORE(c, n)->n_free >= threads)
    n++;
  return n;
}

/* How many of each core; 0: the policy cannot be kept. G_MAXUINT: as they come. */
static guint per_core(const KtNovaCores *c, guint n, KtNovaThreads policy)
{
  if (policy == KT_NOVA_THREADS_ISOLATE) {
    gboolean apart = c->threads > 1 && !kt_set_equal(c->on->pinnable, c->on->shared);
    return !apart && with_at_least(c, c->threads) >= MAX(n, 1) ? 1 : 0;
  }
  if (policy != KT_NOVA_THREADS_REQUIRE)
    return G_MAXUINT;
  guint each = c->cores->len ? CORE(c, 0)->n_free : 0;
  while (each > 1 && each * with_at_least(c, each) < n)
    each--;
  return each > 1 ? each : 0;
}

gboolean kt_nova_can_pin(const KtNovaCores *c, guint n, KtNovaThreads policy, gboolean reserve)
{
  if (!per_core(c, n, policy) || c->total < n + (reserve ? 1 : 0))
    return FALSE;
  return !reserve || policy != KT_NOVA_THREADS_ISOLATE || c->cores->len > n;
}

/* Takes `each` CPUs of a core. */
static void take(const KtNovaCores *c, Core *core, guint each, GArray *pins)
{
  for (int cpu = core->first; each && cpu >= 0; each--, cpu = next_free(c, core, (guint)cpu + 1)) {
    guint id = (guint)cpu;
    g_array_append_val(pins, id);
    core->taken++;
  }
}

static void take_equal(KtNovaCores *c, guint n, guint each, GArray *pins)
{
  for (guint i = 0; n; i++) {
    take(c, CORE(c, i), MIN(each, n), pins);
    n -= MIN(each, n);
  }
}

/* All of the roomiest cores, the rest from the core that it fills best. */
static void take_packed(KtNovaCores *c, guint n, GArray *pins)
{
  for (guint i = 0; i < c->cores->len && n >= CORE(c, i)->n_free; i++) {
    n -= CORE(c, i)->n_free;
    take(c, CORE(c, i), CORE(c, i)->n_free, pins);
  }
  if (n)
    take(c, CORE(c, with_at_least(c, n) - 1), n, pins);
}

/* The emulator's CPU: beside the pins where siblings may be shared, else on another core, an idle one if there is. */
static KtInt reserve_cpu(const KtNovaCores *c, gboolean isolate)
{
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < c->cores->len; i++) {
      const Core *core = CORE(c, i);
      if (core->taken == core->n_free || (isolate ? core->taken > 0 : pass == 0 && core->taken == 0))
        continue;
      int cpu = core->first;
      for (guint skip = core->taken; skip; skip--)
        cpu = next_free(c, core, (guint)cpu + 1);
      return KT_INT(cpu);
    }
  return KT_INT_UNKNOWN;
}

void kt_nova_pin(KtNovaCores *c, guint n, KtNovaThreads policy, gboolean reserve, GArray *pins, KtInt *reserved)
{
  guint each = per_core(c, n, policy);
  if (each == G_MAXUINT)
    take_packed(c, n, pins);
  else
    take_equal(c, n, each, pins);
  *reserved = reserve ? reserve_cpu(c, policy == KT_NOVA_THREADS_ISOLATE) : KT_INT_UNKNOWN;
}
