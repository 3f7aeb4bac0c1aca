/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random guests on random hosts: placements are valid, the verdict is that of a
 * search of all permutations, and what must not matter does not. */
#include <string.h>

#include "nova/advice.h"

enum { HOSTS = 5, CORES = 6, ROUNDS = 1500 };

static KtNovaHost *random_host(GRand *r)
{
  KtNovaHost *host = kt_nova_host_new();
  guint cells = (guint)g_rand_int_range(r, 1, HOSTS + 1), threads = 1u << g_rand_int_range(r, 0, 3), id = 0;
  for (guint i = 0; i < cells; i++) {
    KtNovaHostCell *cell = kt_nova_host_cell_new((int)i * 2);
    guint cores = (guint)g_rand_int_range(r, 0, CORES + 1);
    cell->memory_mib = g_rand_int_range(r, 512, 8192);
    cell->memory_usage_mib = g_rand_int_range(r, 0, 1024);
    cell->cpu_usage = g_rand_int_range(r, 0, 8);
    for (guint c = 0; c < cores; c++) {
      KtSet *core = kt_set_new();
      for (guint t = 0; t < threads; t++, id++) {
        kt_set_add(core, id);
        kt_set_add(cell->shared, id);
        kt_set_add(cell->pinnable, id);
        if (g_rand_int_range(r, 0, 3) == 0)
          kt_set_add(cell->pinned, id);
      }
      g_ptr_array_add(cell->siblings, core);
    }
    const KtNovaPool pools[] = {{4, cell->memory_mib * 256, g_rand_int_range(r, 0, 65536), 0},
                                {2048, g_rand_int_range(r, 0, 1024), g_rand_int_range(r, 0, 256), 0}};
    g_array_append_vals(cell->pools, pools, (guint)g_rand_int_range(r, 0, 3));
    g_ptr_array_add(host->cells, cell);
  }
  host->compute.pack = g_rand_boolean(r);
  if (g_rand_boolean(r)) {
    host->cpu_ratio = KT_NUM(1.5);
    host->ram_ratio = KT_NUM(1.0);
  }
  return host;
}

/* Cells of unlike sizes, by hand. */
static KtFlavor *random_flavor(GRand *r)
{
  static const char *const policies[] = {"dedicated", "mixed", "shared"};
  static const char *const threads[] = {"prefer", "isolate", "require"};
  static const char *const pages[] = {"small", "large", "any", "2MB", "4"};
  KtFlavor *f = kt_flavor_new("random");
  guint cells = (guint)g_rand_int_range(r, 1, 5), cpu = 0, memory = 0;
  for (guint i = 0; i < cells; i++) {
    guint cpus = (guint)g_rand_int_range(r, 1, 6), mib = 128u * (guint)g_rand_int_range(r, 1, 12);
    g_autofree char *cpu_key = g_strdup_printf("hw:numa_cpus.%u", i), *mem_key = g_strdup_printf("hw:numa_mem.%u", i);
    g_autofree char *cpu_list = g_strdup_printf("%u-%u", cpu, cpu + cpus - 1), *mem = g_strdup_printf("%u", mib);
    kt_flavor_set_spec(f, cpu_key, cpu_list, NULL);
    kt_flavor_set_spec(f, mem_key, mem, NULL);
    cpu += cpus;
    memory += mib;
  }
  g_autofree char *nodes = g_strdup_printf("%u", cells);
  guint policy = (guint)g_rand_int_range(r, 0, 3);
  f->vcpus = KT_INT(cpu);
  f->ram_mib = KT_INT(memory);
  kt_flavor_set_spec(f, "hw:numa_nodes", nodes, NULL);
  kt_flavor_set_spec(f, "hw:cpu_policy", policies[policy], NULL);
  if (policy == 1)
    kt_flavor_set_spec(f, "hw:cpu_dedicated_mask", cpu > 1 ? "^0" : "0", NULL);
  if (policy < 2 && g_rand_boolean(r))
    kt_flavor_set_spec(f, "hw:cpu_thread_policy", threads[g_rand_int_range(r, 0, 3)], NULL);
  if (policy < 2 && g_rand_boolean(r))
    kt_flavor_set_spec(f, "hw:emulator_threads_policy", "isolate", NULL);
  if (g_rand_boolean(r))
    kt_flavor_set_spec(f, "hw:mem_page_size", pages[g_rand_int_range(r, 0, 5)], NULL);
  return f;
}

static gboolean isolates_emulator(const KtNovaGuest *guest, guint i)
{
  return i == 0 && guest->emulator == KT_NOVA_EMULATOR_ISOLATE;
}

/* By trying all: may guest cells from i on have host cells that are not in `taken`? */
static gboolean can_place(const KtNovaGuest *guest, const KtNovaHost *host, KtNovaRelease release, guint i, guint taken)
{
  if (i == guest->cells->len)
    return TRUE;
  for (guint h = 0; h < host->cells->len; h++)
    if (!(taken >> h & 1) &&
        kt_nova_pair(guest, guest->cells->pdata[i], host, host->cells->pdata[h], isolates_emulator(guest, i), release,
                     NULL) == KT_NOVA_FITS &&
        can_place(guest, host, release, i + 1, taken | 1u << h))
      return TRUE;
  return FALSE;
}

static const KtSet *core_of(const KtNovaHostCell *on, guint cpu)
{
  for (guint i = 0; i < on->siblings->len; i++)
    if (kt_set_has(on->siblings->pdata[i], cpu))
      return on->siblings->pdata[i];
  g_assert_not_reached();
}

static guint count_of(const KtSet *core, const KtSet *in)
{
  g_autoptr(KtSet) both = kt_set_copy(core);
  kt_set_keep_only(both, in);
  return kt_set_count(both);
}

/* All used cores carry as many, but for one that carries fewer; each has that many free. */
static void assert_siblings(const KtNovaHostCell *on, const KtSet *used, const KtSet *free_cpus)
{
  guint most = 0, fewer = 0;
  for (guint i = 0; i < on->siblings->len; i++)
    most = MAX(most, count_of(on->siblings->pdata[i], used));
  guint room = kt_set_count(used) == 1 ? 2 : most;
  for (guint i = 0; i < on->siblings->len; i++) {
    guint n = count_of(on->siblings->pdata[i], used);
    g_assert_true(!n || count_of(on->siblings->pdata[i], free_cpus) >= room);
    fewer += n && n < most;
  }
  g_assert_cmpuint(fewer, <=, 1);
  g_assert_cmpuint(most, >=, MIN(2, kt_set_count(used)));
}

static void assert_pins(const KtNovaGuest *guest, guint i, const KtNovaPlaced *placed)
{
  const KtNovaGuestCell *cell = guest->cells->pdata[i];
  g_autoptr(KtSet) free_cpus = kt_nova_host_cell_free_cpus(placed->on), used = kt_set_new();
  g_assert_cmpuint(placed->pins->len, ==, kt_set_count(cell->dedicated));
  for (guint p = 0; p < placed->pins->len; p++) {
    guint cpu = g_array_index(placed->pins, guint, p);
    g_assert_true(kt_set_has(free_cpus, cpu) && !kt_set_has(used, cpu));
    kt_set_add(used, cpu);
    if (guest->threads != KT_NOVA_THREADS_ISOLATE)
      continue;
    g_assert_true(kt_set_contains(free_cpus, core_of(placed->on, cpu)));
    g_assert_cmpuint(count_of(core_of(placed->on, cpu), used), ==, 1);
  }
  if (guest->threads == KT_NOVA_THREADS_REQUIRE && placed->pins->len)
    assert_siblings(placed->on, used, free_cpus);
  g_assert_cmpint(placed->reserved.known, ==, isolates_emulator(guest, i));
  if (!placed->reserved.known)
    return;
  guint reserved = (guint)placed->reserved.value;
  g_assert_true(kt_set_has(free_cpus, reserved) && !kt_set_has(used, reserved));
  if (guest->threads == KT_NOVA_THREADS_ISOLATE)
    g_assert_false(kt_set_intersects(core_of(placed->on, reserved), used));
}

static void assert_valid(const KtNovaGuest *guest, const KtNovaHost *host, const KtNovaFit *fit, KtNovaRelease release)
{
  g_autoptr(KtSet) taken = kt_set_new();
  g_assert_cmpuint(fit->cells->len, ==, guest->cells->len);
  for (guint i = 0; i < fit->cells->len; i++) {
    const KtNovaPlaced *placed = fit->cells->pdata[i];
    gint64 pages;
    g_assert_false(kt_set_has(taken, (guint)placed->on->id));
    kt_set_add(taken, (guint)placed->on->id);
    g_assert_cmpint(
        kt_nova_pair(guest, guest->cells->pdata[i], host, placed->on, isolates_emulator(guest, i), release, &pages), ==,
        KT_NOVA_FITS);
    g_assert_cmpint(placed->pages_kib.known ? placed->pages_kib.value : 0, ==, pages);
    assert_pins(guest, i, placed);
  }
}

/* What is booked: memory, floating vCPUs, pages, and the pins or, isolated, their whole cores. */
static void assert_usage(const KtNovaGuest *guest, const KtNovaHost *host, const KtNovaFit *fit)
{
  g_autoptr(GPtrArray) after = kt_nova_usage(guest, fit, host);
  for (guint i = 0; after && i < fit->cells->len; i++) {
    const KtNovaGuestCell *cell = guest->cells->pdata[i];
    const KtNovaPlaced *placed = fit->cells->pdata[i];
    const KtNovaHostCell *before = placed->on, *booked = NULL;
    for (guint h = 0; h < after->len; h++)
      booked = host->cells->pdata[h] == before ? after->pdata[h] : booked;
    guint pins = placed->pins->len + placed->reserved.known, cores = 0;
    if (guest->threads == KT_NOVA_THREADS_ISOLATE && pins)
      cores = kt_set_count(before->siblings->pdata[0]); /* all cores of a host are alike here */
    g_assert_cmpint(booked->memory_usage_mib, ==, before->memory_usage_mib + cell->memory_mib);
    g_assert_cmpint(booked->cpu_usage, ==, before->cpu_usage + kt_set_count(cell->shared));
    g_assert_true(kt_set_contains(booked->pinned, before->pinned));
    guint taken = kt_set_count(booked->pinned) - kt_set_count(before->pinned);
    g_assert_cmpuint(taken, >=, pins);
    g_assert_cmpuint(taken, <=, cores ? pins * cores : pins);
    gint64 size = placed->pages_kib.known ? placed->pages_kib.value : kt_nova_host_cell_smallest_kib(before);
    g_assert_cmpint(kt_nova_host_cell_pool(booked, size)->used - kt_nova_host_cell_pool(before, size)->used, ==,
                    cell->memory_mib * 1024 / size);
  }
}

/* Cells in another order, CPUs with other numbers. */
static KtNovaHost *disguised(const KtNovaHost *from, guint turn, guint shift)
{
  KtNovaHost *host = kt_nova_host_new();
  host->compute.pack = from->compute.pack;
  host->cpu_ratio = from->cpu_ratio;
  host->ram_ratio = from->ram_ratio;
  for (guint i = 0; i < from->cells->len; i++) {
    KtNovaHostCell *cell = kt_nova_host_cell_copy(from->cells->pdata[(i + turn) % from->cells->len]);
    KtSet **sets[] = {&cell->shared, &cell->pinnable, &cell->pinned};
    for (guint s = 0; s < G_N_ELEMENTS(sets) + cell->siblings->len; s++) {
      KtSet **set = s < G_N_ELEMENTS(sets) ? sets[s] : (KtSet **)&cell->siblings->pdata[s - G_N_ELEMENTS(sets)];
      KtSet *moved = kt_set_new();
      for (int c = kt_set_next(*set, 0); c >= 0; c = kt_set_next(*set, (guint)c + 1))
        kt_set_add(moved, (guint)c + shift);
      kt_set_free(*set);
      *set = moved;
    }
    g_ptr_array_add(host->cells, cell);
  }
  return host;
}

static void test_random(void)
{
  g_autoptr(GRand) r = g_rand_new_with_seed(20260821);
  guint fits = 0, misses = 0;
  for (guint round = 0; round < ROUNDS; round++) {
    g_autoptr(KtNovaHost) host = random_host(r);
    g_autoptr(KtFlavor) flavor = random_flavor(r);
    g_autoptr(KtNovaGuest) guest = NULL;
    if (kt_nova_guest(flavor, &guest))
      continue;
    KtNovaRelease release = g_rand_boolean(r) ? KT_NOVA_ZED : KT_NOVA_MASTER;
    g_autoptr(KtNovaFit) fit = kt_nova_fit(guest, host, release);
    g_assert_cmpint(fit->fits, ==, can_place(guest, host, release, 0, 0));
    if (fit->fits) {
      assert_valid(guest, host, fit, release);
      assert_usage(guest, host, fit);
    }
    g_autoptr(KtNovaHost) other = disguised(host, (guint)g_rand_int_range(r, 0, HOSTS), 100);
    g_autoptr(KtNovaFit) same = kt_nova_fit(guest, other, release);
    g_assert_cmpint(same->fits, ==, fit->fits);
    KtNovaSearch search = kt_nova_search(guest, host, release, 1000);
    g_assert_true(search.end != KT_NOVA_SEARCH_FITS || fit->fits);
    fits += fit->fits;
    misses += !fit->fits;
  }
  g_assert_cmpuint(fits, >, ROUNDS / 20); /* both are tried */
  g_assert_cmpuint(misses, >, ROUNDS / 20);
}

/* Two guest cells of 2 and 4, host cells with 2, 4, 1, 1 free: Nova's search says no, a place exists. */
static void test_unequal_cells(void)
{
  static const guint room[] = {2, 4, 1, 1};
  g_autoptr(KtNovaHost) host = kt_nova_host_new();
  for (guint i = 0, id = 0; i < G_N_ELEMENTS(room); i++) {
    KtNovaHostCell *cell = kt_nova_host_cell_new((int)i);
    cell->memory_mib = 4096;
    for (guint c = 0; c < room[i]; c++, id++) {
      KtSet *core = kt_set_new();
      kt_set_add(core, id);
      kt_set_add(cell->pinnable, id);
      kt_set_add(cell->shared, id);
      g_ptr_array_add(cell->siblings, core);
    }
    g_ptr_array_add(host->cells, cell);
  }
  g_autoptr(KtFlavor) flavor = kt_flavor_new("unequal");
  static const char *const specs[][2] = {{"hw:numa_nodes", "2"},   {"hw:numa_cpus.0", "0-1"},
                                         {"hw:numa_mem.0", "512"}, {"hw:numa_cpus.1", "2-5"},
                                         {"hw:numa_mem.1", "512"}, {"hw:cpu_policy", "dedicated"}};
  for (guint i = 0; i < G_N_ELEMENTS(specs); i++)
    kt_flavor_set_spec(flavor, specs[i][0], specs[i][1], NULL);
  flavor->vcpus = KT_INT(6);
  flavor->ram_mib = KT_INT(1024);
  g_autoptr(KtNovaAnswer) answer = kt_nova_answer(flavor, host, KT_NOVA_MASTER);
  g_assert_true(answer->fit->fits);
  g_assert_cmpint(((KtNovaPlaced *)answer->fit->cells->pdata[0])->on->id, ==, 0);
  g_assert_cmpint(((KtNovaPlaced *)answer->fit->cells->pdata[1])->on->id, ==, 1);
  /* and what helps is the other order of the cells */
  const KtNovaSearch search = kt_nova_search(answer->guest, host, KT_NOVA_MASTER, 1000);
  g_assert_cmpint(search.end, ==, KT_NOVA_SEARCH_NONE);
  g_assert_cmpuint(search.tries, ==, 12);
  g_assert_cmpint(kt_nova_search(answer->guest, host, KT_NOVA_MASTER, 5).end, ==, KT_NOVA_SEARCH_TOO_LONG);
  g_autoptr(GPtrArray) advice = kt_nova_advise(flavor, host, answer, &search, KT_NOVA_MASTER);
  gboolean turned = FALSE;
  for (guint i = 0; i < advice->len; i++) {
    const KtNovaAdvice *a = advice->pdata[i];
    turned |= g_str_equal(a->key, "hw:numa_cpus.0") && g_str_equal(a->value, "2-5");
  }
  g_assert_true(turned);
  g_autoptr(GPtrArray) after = kt_nova_usage(answer->guest, answer->fit, host);
  g_assert_null(after); /* Nova books nothing on a host without page sizes */
}

/* ---- what Placement offers ---- */

/* Two nodes of 8 CPUs and 8 GiB; conf: both sets, dedicated alone, or none. */
static KtNovaHost *host_with(const char *shared, const char *dedicated)
{
  KtNovaHost *host = kt_nova_host_new();
  host->compute.shared_set = shared ? kt_set_parse(shared, NULL) : NULL;
  host->compute.dedicated_set = dedicated ? kt_set_parse(dedicated, NULL) : NULL;
  for (int i = 0; i < 2; i++) {
    KtNovaHostCell *cell = kt_nova_host_cell_new(i);
    cell->memory_mib = 8192;
    for (guint cpu = (guint)i * 8; cpu < (guint)i * 8 + 8; cpu++) {
      KtSet *core = kt_set_new();
      kt_set_add(core, cpu);
      g_ptr_array_add(cell->siblings, core);
      if (shared ? kt_set_has(host->compute.shared_set, cpu) : !dedicated)
        kt_set_add(cell->shared, cpu);
      if (dedicated ? kt_set_has(host->compute.dedicated_set, cpu) : !shared)
        kt_set_add(cell->pinnable, cpu);
    }
    g_ptr_array_add(host->cells, cell);
  }
  return host;
}

static void test_not_offered(void)
{
  static const struct {
    gint64 vcpus, mib;
    const char *specs, *shared, *dedicated, *why; /* why: a part, NULL: offered */
  } rows[] = {
      {16, 16384, "", NULL, NULL, NULL},
      {17, 512, "", NULL, NULL, "more shared vCPUs"},
      {2, 16385, "", NULL, NULL, "less memory"},
      /* dedicated falls back to VCPU where no PCPU is offered, mixed does not (seen on Nova 26.2.2) */
      {8, 512, "hw:cpu_policy=dedicated", NULL, NULL, NULL},
      {17, 512, "hw:cpu_policy=dedicated", NULL, NULL, "cpu_dedicated_set is not set"},
      {8, 512, "hw:cpu_policy=mixed hw:cpu_dedicated_mask=0-3", NULL, NULL, "cpu_dedicated_set is not set"},
      {8, 512, "hw:cpu_policy=mixed hw:cpu_dedicated_mask=0-3", "0-3,8-11", "4-7,12-15", NULL},
      {14, 512, "hw:cpu_policy=mixed hw:cpu_dedicated_mask=0-8", "0-3,8-11", "4-7,12-15", "more dedicated CPUs"},
      {14, 512, "hw:cpu_policy=mixed hw:cpu_dedicated_mask=0-3", "0-3,8-11", "4-7,12-15", "more shared vCPUs"},
      {8, 512, "hw:cpu_policy=dedicated", "0-3", "4-15", NULL},
      {12, 512, "hw:cpu_policy=dedicated hw:emulator_threads_policy=isolate", "0-3", "4-15", "more dedicated CPUs"},
      {2, 512, "", NULL, "0-15", "more shared vCPUs"},
      {5, 512, "hw:numa_nodes=1", "0-3", "4-15", "more shared vCPUs"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(KtNovaHost) host = host_with(rows[i].shared, rows[i].dedicated);
    g_autoptr(KtFlavor) flavor = kt_flavor_new("row");
    g_auto(GStrv) words = g_strsplit(rows[i].specs, " ", -1);
    for (guint w = 0; words[w] && *words[w]; w++) {
      g_auto(GStrv) pair = g_strsplit(words[w], "=", 2);
      kt_flavor_set_spec(flavor, pair[0], pair[1], NULL);
    }
    flavor->vcpus = KT_INT(rows[i].vcpus);
    flavor->ram_mib = KT_INT(rows[i].mib);
    g_autoptr(KtNovaAnswer) a = kt_nova_answer(flavor, host, KT_NOVA_ZED);
    g_assert_cmpint(a->refusal, ==, KT_NOVA_OK);
    g_assert_true(rows[i].why ? a->not_offered && strstr(a->not_offered, rows[i].why) : !a->not_offered);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nova-fit/random", test_random);
  g_test_add_func("/nova-fit/unequal-cells", test_unequal_cells);
  g_test_add_func("/nova-fit/not-offered", test_not_offered);
  return g_test_run();
}
