/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of readers itself. */
#include "evidence/reader.h"

static void test_table(void)
{
  guint n;
  const KtReader *const *readers = kt_readers(&n);
  g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
  g_assert_cmpuint(n, >, 0);
  for (guint i = 0; i < n; i++) {
    g_assert_true(*readers[i]->name && *readers[i]->what && readers[i]->starts && readers[i]->read);
    if (!g_hash_table_add(names, (gpointer)readers[i]->name))
      g_error("'%s' stands twice", readers[i]->name);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/readers/table", test_table);
  return g_test_run();
}
