/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long fits, constraints and topologies take; one line each: name, microseconds. */
#include <stdio.h>

#include "nova/fit.h"

enum { CORES = 16, PER_CELL = 8, ROUNDS = 5 };

/* `cells` nodes of 16 cores with two threads. `full`: nothing free; `short_of`: so many nodes from the end are full. */
static KtNovaHost *make_host(guint cells, guint short_of)
{
  KtNovaHost *host = kt_nova_host_new();
  for (guint i = 0; i < cells; i++) {
    KtNovaHostCell *cell = kt_nova_host_cell_new((int)i);
    const KtNovaPool pools[] = {{4, 1 << 24, 0, 0}, {2048, 16384, 0, 0}};
    cell->memory_mib = 131072;
    g_array_append_vals(cell->pools, pools, 2);
    for (guint c = 0; c < CORES; c++) {
      KtSet *core = kt_set_new();
      for (guint t = 0; t < 2; t++) {
        guint id = i * CORES + c + t * cells * CORES;
        kt_set_add(core, id);
        kt_set_add(cell->shared, id);
        kt_set_add(cell->pinnable, id);
        if (i + short_of >= cells)
          kt_set_add(cell->pinned, id);
      }
      g_ptr_array_add(cell->siblings, core);
    }
    g_ptr_array_add(host->cells, cell);
  }
  return host;
}

static KtFlavor *make_flavor(gint64 vcpus, guint cells, gboolean dedicated)
{
  KtFlavor *f = kt_flavor_new("bench");
  g_autofree char *nodes = g_strdup_printf("%u", cells);
  f->vcpus = KT_INT(vcpus);
  f->ram_mib = KT_INT(1024 * (gint64)cells);
  kt_flavor_set_spec(f, "hw:numa_nodes", nodes, NULL);
  if (dedicated) {
    kt_flavor_set_spec(f, "hw:cpu_policy", "dedicated", NULL);
    kt_flavor_set_spec(f, "hw:mem_page_size", "2MB", NULL);
  }
  return f;
}

typedef struct {
  const KtFlavor *flavor;
  const KtNovaGuest *guest;
  const KtNovaHost *host;
} Work;

static void do_fit(const Work *w)
{
  kt_nova_fit_free(kt_nova_fit(w->guest, w->host, KT_NOVA_ZED));
}

static void do_guest(const Work *w)
{
  KtNovaGuest *guest;
  if (kt_nova_guest(w->flavor, &guest) == KT_NOVA_OK)
    kt_nova_guest_free(guest);
}

static void do_shape(const Work *w)
{
  KtNovaShape shape;
  (void)kt_nova_shape(w->flavor, &shape);
}

/* The least of some rounds of at least 20 ms each. */
static double least_us(void (*work)(const Work *), const Work *w)
{
  double least = G_MAXDOUBLE;
  for (guint round = 0; round < ROUNDS; round++) {
    gint64 start = g_get_monotonic_time(), now = start;
    guint n = 0;
    for (; now - start < 20000; n += 20, now = g_get_monotonic_time())
      for (guint i = 0; i < 20; i++)
        work(w);
    least = MIN(least, (double)(now - start) / n);
  }
  return least;
}

static void measure_fits(guint hosts, guint cells)
{
  const struct {
    const char *name;
    gboolean dedicated;
    guint short_of;
  } kinds[] = {{"shared", FALSE, 0}, {"dedicated", TRUE, 0}, {"full", TRUE, hosts}, {"short", TRUE, hosts - cells + 1}};
  for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
    KtNovaHost *host = make_host(hosts, kinds[k].short_of);
    KtFlavor *flavor = make_flavor((gint64)cells * PER_CELL, cells, kinds[k].dedicated);
    KtNovaGuest *guest = NULL;
    (void)kt_nova_guest(flavor, &guest);
    const Work w = {flavor, guest, host};
    printf("fit %u/%u %s\t%.2f\n", hosts, cells, kinds[k].name, least_us(do_fit, &w));
    kt_nova_guest_free(guest);
    kt_flavor_free(flavor);
    kt_nova_host_free(host);
  }
}

int main(void)
{
  static const guint sizes[][2] = {{1, 1}, {2, 2},  {4, 4},  {8, 2},  {8, 4},  {8, 6},
                                   {8, 8}, {16, 4}, {16, 5}, {16, 6}, {16, 8}, {16, 16}};
  static const guint requests[][2] = {{4, 1}, {16, 2}, {64, 8}, {128, 8}, {256, 16}};
  for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
    KtFlavor *flavor = make_flavor(requests[i][0], requests[i][1], FALSE);
    const Work w = {.flavor = flavor};
    printf("constraints %u/%u\t%.2f\n", requests[i][0], requests[i][1], least_us(do_guest, &w));
    printf("topology %u/%u\t%.2f\n", requests[i][0], requests[i][1], least_us(do_shape, &w));
    kt_flavor_free(flavor);
  }
  for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
    measure_fits(sizes[i][0], sizes[i][1]);
  return 0;
}
