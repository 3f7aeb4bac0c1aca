/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "read_fixture.h"

#if HAVE_HWLOC
#include <hwloc.h>
#include <hwloc/export.h>

/* As lstopo writes it: hwloc's own synthetic machine, exported. */
static char *machine_xml(const char *description)
{
  hwloc_topology_t t;
  char *buffer;
  int length;
  g_assert_cmpint(hwloc_topology_init(&t), ==, 0);
  hwloc_topology_set_icache_types_filter(t, HWLOC_TYPE_FILTER_KEEP_ALL);
  g_assert_cmpint(hwloc_topology_set_synthetic(t, description), ==, 0);
  g_assert_cmpint(hwloc_topology_load(t), ==, 0);
  g_assert_cmpint(hwloc_topology_export_xmlbuffer(t, &buffer, &length, 0), ==, 0);
  char *xml = g_strdup(buffer);
  hwloc_free_xmlbuffer(t, buffer);
  hwloc_topology_destroy(t);
  return xml;
}

static void test_two_packages(void)
{
  g_autofree char *xml =
      machine_xml("pack:2 [numa(memory=4294967296)] l3:1(size=20971520) core:4 l2:1(size=262144) pu:2");
  g_auto(Read) read = read_blocks(xml);
  KtMachine *m = machine_of(&read, 0);
  g_assert_nonnull(m);
  ASSERT_INT(m->online, 16);
  ASSERT_INT(m->sockets, 2);
  ASSERT_INT(m->cores_per_socket, 4);
  ASSERT_INT(m->threads_per_core, 2);
  ASSERT_INT(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED)->instances, 2);
  ASSERT_INT(kt_machine_find_cache(m, 2, KT_CACHE_UNIFIED)->size_kib, 256);
  assert_set(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED)->groups->pdata[1], "8-15");
  ASSERT_INT(m->node_count, 2);
  assert_set(kt_machine_find_node(m, 1)->cpus, "8-15");
  ASSERT_INT(kt_machine_find_node(m, 1)->memory_kib, 4 * 1024 * 1024);
  g_assert_cmpint(m->role, ==, KT_ROLE_UNKNOWN);
}

static void test_refusals(void)
{
  g_autofree char *xml = machine_xml("pack:1 core:2 pu:1");
  xml[strlen(xml) / 2] = '\0';
  g_auto(Read) cut = read_blocks(xml);
  g_assert_cmpuint(cut.fragments->len, ==, 0);
  g_assert_cmpuint(cut.snapshot->rejected->len, ==, 1);

  g_autoptr(GString) deep = g_string_new("<topology version=\"2.0\">\n");
  for (guint i = 0; i < 10000; i++)
    g_string_append(deep, "<object type=\"Group\">\n");
  g_string_append(deep, "</topology>\n");
  g_auto(Read) nested = read_blocks(deep->str);
  g_assert_cmpuint(nested.snapshot->rejected->len, ==, 1);

  g_auto(Read) huge =
      read_blocks("<topology version=\"2.0\">\n<object type=\"PU\" os_index=\"4000000000\"/>\n</topology>\n");
  g_assert_cmpuint(huge.fragments->len, ==, 0);
  g_auto(Read) entity = read_blocks("<!DOCTYPE topology [<!ENTITY a \"b\">]>\n<topology>&a;</topology>\n");
  g_assert_cmpuint(entity.fragments->len, ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/lstopo/two-packages", test_two_packages);
  g_test_add_func("/lstopo/refusals", test_refusals);
  return g_test_run();
}
#else
static void test_skip(void)
{
  g_test_skip("this build has no hwloc");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/lstopo", test_skip);
  return g_test_run();
}
#endif
