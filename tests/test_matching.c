/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "placement/matching.h"

static gboolean next_permutation(guint *a, guint n)
{
  guint i = n - 1, j = n - 1;
  while (i > 0 && a[i - 1] >= a[i])
    i--;
  if (i == 0)
    return FALSE;
  while (a[j] <= a[i - 1])
    j--;
  guint swap = a[i - 1];
  a[i - 1] = a[j];
  a[j] = swap;
  for (j = n - 1; i < j; i++, j--) {
    swap = a[i];
    a[i] = a[j];
    a[j] = swap;
  }
  return TRUE;
}

/* All permutations of n <= 6 places; their first k are the assignment. */
static gboolean by_force(guint k, guint n, const guint64 *allowed, const gint64 *cost, guint8 *first, gint64 *least)
{
  guint a[6];
  gboolean found = FALSE;
  for (guint j = 0; j < n; j++)
    a[j] = j;
  do {
    gint64 sum = 0;
    gboolean fits = TRUE;
    for (guint i = 0; i < k && fits; i++) {
      fits = allowed[i] >> a[i] & 1;
      sum += cost[i * n + a[i]];
    }
    if (!fits)
      continue;
    for (guint i = 0; i < k && !found; i++)
      first[i] = (guint8)a[i];
    *least = found ? MIN(*least, sum) : sum;
    found = TRUE;
  } while (next_permutation(a, n));
  return found;
}

static void test_random(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(6);
  guint matched = 0, unmatched = 0;
  for (guint round = 0; round < 3000; round++) {
    guint n = (guint)g_rand_int_range(rand, 1, 7), k = (guint)g_rand_int_range(rand, 1, (gint32)n + 1);
    guint64 allowed[6] = {0}, crowd = 0;
    gint64 cost[36], least = 0, total = 0, sum = 0;
    guint8 expected[6], match[6];
    double density = g_rand_double_range(rand, .2, 1);
    for (guint i = 0; i < k; i++)
      for (guint j = 0; j < n; j++) {
        gboolean may = g_rand_double(rand) < density;
        allowed[i] |= (guint64)may << j;
        cost[i * n + j] = may ? g_rand_int_range(rand, -9, 10) : KT_MATCHING_FORBIDDEN / 2;
      }
    gboolean fits = by_force(k, n, allowed, cost, expected, &least);
    for (guint i = 0; i < k * n; i++)
      if (cost[i] == KT_MATCHING_FORBIDDEN / 2)
        cost[i] = KT_MATCHING_FORBIDDEN;
    g_assert_cmpint(kt_matching_first(k, n, allowed, match, &crowd), ==, fits);
    if (fits) {
      for (guint i = 0; i < k; i++)
        g_assert_cmpuint(match[i], ==, expected[i]);
      matched++;
    } else {
      guint64 places = 0;
      for (guint i = 0; i < k; i++)
        places |= crowd >> i & 1 ? allowed[i] : 0;
      g_assert_cmpint(__builtin_popcountll(places), <, __builtin_popcountll(crowd));
      unmatched++;
    }
    g_assert_cmpint(kt_matching_cheapest(k, n, cost, match, &total), ==, fits);
    for (guint i = 0; fits && i < k; i++)
      sum += cost[i * n + match[i]];
    g_assert_cmpint(fits ? total : 0, ==, fits ? least : 0);
    g_assert_cmpint(sum, ==, fits ? total : 0);
  }
  g_assert_cmpuint(matched, >, 500);
  g_assert_cmpuint(unmatched, >, 500);
}

/* 16 cells that fit 15 of 16 nodes: a search of permutations has 2e13 to try. */
static void test_long_search(void)
{
  guint64 allowed[16], crowd = 0;
  guint8 match[16];
  for (guint i = 0; i < 16; i++)
    allowed[i] = 0x7fff;
  g_assert_false(kt_matching_first(16, 16, allowed, match, &crowd));
  g_assert_cmphex(crowd, ==, 0xffff);
  allowed[0] = 0xffff;
  g_assert_true(kt_matching_first(16, 16, allowed, match, NULL));
  g_assert_cmpuint(match[0], ==, 15);
  for (guint i = 1; i < 16; i++)
    g_assert_cmpuint(match[i], ==, i - 1);
}

static void test_sizes(void)
{
  guint64 all[64];
  gint64 *cost = g_new(gint64, 64 * 64), total;
  guint8 match[64];
  for (guint i = 0; i < 64; i++) {
    all[i] = G_MAXUINT64;
    for (guint j = 0; j < 64; j++)
      cost[i * 64 + j] = (gint64)(i + 1) * (j + 1); /* least when paired in reverse */
  }
  g_assert_true(kt_matching_first(64, 64, all, match, NULL));
  g_assert_cmpuint(match[63], ==, 63);
  g_assert_true(kt_matching_cheapest(64, 64, cost, match, &total));
  for (guint i = 0; i < 64; i++)
    g_assert_cmpuint(match[i], ==, 63 - i);
  g_assert_cmpint(total, ==, 64 * 65 * 66 / 6);
  g_assert_true(kt_matching_first(0, 0, all, match, NULL));
  g_assert_false(kt_matching_first(2, 1, all, match, NULL));
  g_assert_false(kt_matching_cheapest(2, 1, cost, match, NULL));
  g_free(cost);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/matching/random", test_random);
  g_test_add_func("/matching/long-search", test_long_search);
  g_test_add_func("/matching/sizes", test_sizes);
  return g_test_run();
}
