/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/search.h"

#include <string.h>

#include "nova/order.h"
#include "nova/pins.h"

/* What Nova keeps of a guest cell while it tries. */
typedef struct {
  int id;          /* its own number, then the host cell's that it was tried on */
  KtInt pages_kib; /* asked for, then what the last try took */
  int pinned_on;   /* the host cell whose CPUs it has; -1: none */
} Cell;

typedef struct {
  const KtNovaGuest *guest;
  const KtNovaHost *host;
  KtNovaRelease release;
  guint k, n;
  Cell cells[KT_NOVA_HOST_CELLS_MAX];
  const KtNovaHostCell *order[KT_NOVA_HOST_CELLS_MAX];
  KtNovaCores *cores[KT_NOVA_HOST_CELLS_MAX];
  GHashTable *verdicts; /* a pair -> GINT: 1 fits, 0 not */
} Search;

static gpointer pair_key(const KtNovaHostCell *on, const Cell *cell)
{
  return GUINT_TO_POINTER((guint)on->id << 16 | (guint)cell->id);
}

/* One try of guest cell i, with all that it leaves behind. */
static gboolean try_cell(Search *s, guint i, guint place)
{
  Cell *cell = &s->cells[i];
  const KtNovaHostCell *on = s->order[place];
  const KtNovaGuestCell *of_guest = s->guest->cells->pdata[i];
  KtNovaGuest as_now = *s->guest;
  gint64 pages;
  as_now.pages_kib = cell->pages_kib;
  KtNovaMisfit no =
      kt_nova_judge(&as_now, of_guest, s->host, on, s->cores[place], kt_nova_reserves(s->guest, i), s->release, &pages);
  gboolean packed = s->guest->cpus >= KT_NOVA_CPUS_DEDICATED && !kt_set_is_empty(of_guest->dedicated) &&
                    (!no || no == KT_NOVA_OVER_CPUS || no == KT_NOVA_OVER_MEMORY);
  if (pages)
    cell->pages_kib = KT_INT(pages);
  if (packed)
    cell->pinned_on = on->id;
  if (packed || !no)
    cell->id = on->id;
  return !no;
}

/* A permutation: TRUE if all cells got through, by memory or by trial. */
static gboolean try_all(Search *s, const guint *places)
{
  for (guint i = 0; i < s->k; i++) {
    const KtNovaHostCell *on = s->order[places[i]];
    gpointer key = pair_key(on, &s->cells[i]), known;
    if (!g_hash_table_lookup_extended(s->verdicts, key, NULL, &known)) {
      known = GINT_TO_POINTER(try_cell(s, i, places[i]));
      g_hash_table_insert(s->verdicts, key, known);
    } else if (known) {
      s->cells[i].id = on->id;
    }
    if (!known)
      return FALSE;
  }
  return TRUE;
}

/* The next choice of k of n places in order, each once; FALSE after the last. */
static gboolean next_places(guint *places, guint k, guint n)
{
  guint64 used = 0;
  for (guint i = 0; i < k; i++)
    used |= G_GUINT64_CONSTANT(1) << places[i];
  for (guint i = k; i-- > 0;) {
    used &= ~(G_GUINT64_CONSTANT(1) << places[i]);
    guint p = places[i] + 1;
    while (p < n && (used >> p & 1))
      p++;
    if (p == n)
      continue;
    places[i] = p;
    used |= G_GUINT64_CONSTANT(1) << p;
    for (guint j = i + 1, lowest = 0; j < k; j++) {
      while (used >> lowest & 1)
        lowest++;
      places[j] = lowest;
      used |= G_GUINT64_CONSTANT(1) << lowest;
    }
    return TRUE;
  }
  return FALSE;
}

/* Is what it ends with a placement? */
static gboolean is_placement(const Search *s, const guint *places)
{
  for (guint i = 0; i < s->k; i++) {
    const KtNovaGuestCell *cell = s->guest->cells->pdata[i];
    const KtNovaHostCell *on = s->order[places[i]];
    gint64 pages;
    if (kt_nova_judge(s->guest, cell, s->host, on, s->cores[places[i]], kt_nova_reserves(s->guest, i), s->release,
                      &pages))
      return FALSE;
    if (pages && !kt_int_is(s->cells[i].pages_kib, pages))
      return FALSE;
    if (s->guest->cpus >= KT_NOVA_CPUS_DEDICATED && !kt_set_is_empty(cell->dedicated) &&
        s->cells[i].pinned_on != on->id)
      return FALSE;
  }
  return TRUE;
}

static void prepare(Search *s, guint *places)
{
  guint ranks[KT_NOVA_HOST_CELLS_MAX];
  kt_nova_order(s->guest, s->host, ranks);
  for (guint i = 0; i < s->n; i++) {
    s->order[i] = s->host->cells->pdata[ranks[i]];
    s->cores[i] = kt_nova_cores_new(s->order[i]);
  }
  for (guint i = 0; i < s->k; i++) {
    places[i] = i;
    s->cells[i] = (Cell){.id = (int)i, .pages_kib = s->guest->pages_kib, .pinned_on = -1};
  }
  s->verdicts = g_hash_table_new(NULL, NULL);
}

KtNovaSearch kt_nova_search(const KtNovaGuest *guest, const KtNovaHost *host, KtNovaRelease release, guint64 most)
{
  KtNovaSearch result = {.end = KT_NOVA_SEARCH_NONE};
  Search s = {.guest = guest, .host = host, .release = release, .k = guest->cells->len, .n = host->cells->len};
  guint places[KT_NOVA_HOST_CELLS_MAX];
  if (s.k > s.n)
    return result;
  prepare(&s, places);
  do {
    if (result.tries == most) {
      result.end = KT_NOVA_SEARCH_TOO_LONG;
      break;
    }
    result.tries++;
    if (!try_all(&s, places))
      continue;
    result.end = is_placement(&s, places) ? KT_NOVA_SEARCH_FITS : KT_NOVA_SEARCH_WRONG;
    for (guint i = 0; i < s.k; i++)
      result.hosts[i] = s.order[places[i]]->id;
    break;
  } while (next_places(places, s.k, s.n));
  for (guint i = 0; i < s.n; i++)
    kt_nova_cores_free(s.cores[i]);
  g_hash_table_unref(s.verdicts);
  return result;
}
