/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/pins.h"

typedef struct {
  KtSet *free; /* its free threads */
  guint n_free, taken;
} Core;

static void core_clear(gpointer data)
{
  kt_set_free(((Core *)data)->free);
}

/* Most free threads first, then by CPU. */
static int by_room(gconstpointer a, gconstpointer b)
{
  const Core *x = a, *y = b;
  if (x->n_free != y->n_free)
    return x->n_free > y->n_free ? -1 : 1;
  return kt_set_next(x->free, 0) - kt_set_next(y->free, 0);
}

/* Cores with something free, by_room(); *threads: of the largest core, free or not. */
static GArray *free_cores(const KtNovaHostCell *on, guint *threads)
{
  GArray *cores = g_array_new(FALSE, FALSE, sizeof(Core));
  g_array_set_clear_func(cores, core_clear);
  g_autoptr(KtSet) free_cpus = kt_nova_host_cell_free_cpus(on);
  *threads = 1;
  for (guint i = 0; i < on->siblings->len; i++) {
    *threads = MAX(*threads, kt_set_count(on->siblings->pdata[i]));
    Core core = {.free = kt_set_copy(on->siblings->pdata[i])};
    kt_set_keep_only(core.free, free_cpus);
    core.n_free = kt_set_count(core.free);
    if (core.n_free)
      g_array_append_val(cores, core);
    else
      kt_set_free(core.free);
  }
  g_array_sort(cores, by_room);
  return cores;
}

#define CORE(cores, i) (&g_array_index(cores, Core, i))

static guint with_at_least(const GArray *cores, guint threads)
{
  guint n = 0;
  while (n < cores->len && CORE(cores, n)->n_free >= threads)
    n++;
  return n;
}

/* Takes `each` CPUs of a core (the last core what is left of n). */
static void take(Core *core, guint each, GArray *pins)
{
  int cpu = kt_set_next(core->free, 0);
  for (; each && cpu >= 0; each--, cpu = kt_set_next(core->free, (guint)cpu + 1)) {
    guint id = (guint)cpu;
    if (pins)
      g_array_append_val(pins, id);
    core->taken++;
  }
}

static void take_equal(GArray *cores, guint n, guint each, GArray *pins)
{
  for (guint i = 0; n; i++) {
    take(CORE(cores, i), MIN(each, n), pins);
    n -= MIN(each, n);
  }
}

/* All of the roomiest cores, the rest from the core that it fills best. */
static void take_packed(GArray *cores, guint n, GArray *pins)
{
  guint i = 0;
  for (; n && n >= CORE(cores, i)->n_free; i++) {
    n -= CORE(cores, i)->n_free;
    take(CORE(cores, i), CORE(cores, i)->n_free, pins);
    if (i + 1 == cores->len)
      return;
  }
  if (n)
    take(CORE(cores, with_at_least(cores, n) - 1), n, pins);
}

/* How many of each core; 0: the policy cannot be kept. G_MAXUINT: as they come. */
static guint per_core(const KtNovaHostCell *on, const GArray *cores, guint threads, guint n, KtNovaThreads policy)
{
  if (policy == KT_NOVA_THREADS_ISOLATE) {
    gboolean apart = threads > 1 && !kt_set_equal(on->pinnable, on->shared);
    return !apart && with_at_least(cores, threads) >= MAX(n, 1) ? 1 : 0;
  }
  if (policy != KT_NOVA_THREADS_REQUIRE)
    return G_MAXUINT;
  guint each = cores->len ? CORE(cores, 0)->n_free : 0;
  while (each > 1 && each * with_at_least(cores, each) < n)
    each--;
  return each > 1 ? each : 0;
}

/* The emulator's CPU: beside the pins where siblings may be shared, else on another core, an idle one if there is. */
static KtInt reserve_cpu(const GArray *cores, gboolean isolate)
{
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < cores->len; i++) {
      const Core *core = CORE(cores, i);
      if (isolate ? core->taken > 0 : pass == 0 && core->taken == 0)
        continue;
      if (core->taken == core->n_free)
        continue;
      int cpu = kt_set_next(core->free, 0);
      for (guint skip = core->taken; skip; skip--)
        cpu = kt_set_next(core->free, (guint)cpu + 1);
      return KT_INT(cpu);
    }
  return KT_INT_UNKNOWN;
}

gboolean kt_nova_pin(const KtNovaHostCell *on, guint n, KtNovaThreads policy, gboolean reserve, GArray *pins,
                     KtInt *reserved)
{
  guint threads, total = 0;
  g_autoptr(GArray) cores = free_cores(on, &threads);
  for (guint i = 0; i < cores->len; i++)
    total += CORE(cores, i)->n_free;
  guint each = per_core(on, cores, threads, n, policy);
  if (!each || total < n + (reserve ? 1 : 0))
    return FALSE;
  if (each == G_MAXUINT)
    take_packed(cores, n, pins);
  else
    take_equal(cores, n, each, pins);
  *reserved = reserve ? reserve_cpu(cores, policy == KT_NOVA_THREADS_ISOLATE) : KT_INT_UNKNOWN;
  return !reserve || reserved->known;
}
