/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libvirt shows of its host: capabilities, nodeinfo, freecell. */
#include <string.h>

#include "config.h"

#include "evidence/reading.h"

static KtMachine *read_machine(const char *bytes, KtSnapshot *snapshot)
{
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  g_autoptr(KtText) text = kt_text_new("paste", bytes, strlen(bytes));
  kt_reading_run(text, ".", snapshot, fragments);
  g_assert_cmpuint(fragments->len, ==, 1);
  return g_steal_pointer(&((KtFragment *)fragments->pdata[0])->machine);
}

#define ASSERT_INT(field, expected) g_assert_true(kt_int_is(field, expected))

#if HAVE_LIBXML2
static const char capabilities[] =
    "<capabilities>\n  <host>\n    <cpu>\n      <arch>x86_64</arch>\n      <model>EPYC-Rome</model>\n"
    "      <vendor>AMD</vendor>\n      <topology sockets='1' dies='1' cores='2' threads='2'/>\n    </cpu>\n"
    "    <topology>\n      <cells num='2'>\n        <cell id='0'>\n"
    "          <memory unit='KiB'>1048576</memory>\n          <pages unit='KiB' size='2048'>16</pages>\n"
    "          <distances><sibling id='0' value='10'/><sibling id='2' value='21'/></distances>\n"
    "          <cpus num='3'>\n"
    "            <cpu id='0' socket_id='0' die_id='0' core_id='0' siblings='0,4'/>\n"
    "            <cpu id='4' socket_id='0' die_id='0' core_id='0' siblings='0,4'/>\n"
    "            <cpu id='5'/>\n"
    "          </cpus>\n        </cell>\n        <cell id='2'>\n"
    "          <memory unit='KiB'>2097152</memory>\n"
    "          <distances><sibling id='0' value='21'/><sibling id='2' value='10'/></distances>\n"
    "          <cpus num='2'>\n"
    "            <cpu id='1' socket_id='1' die_id='0' core_id='0' siblings='1-2'/>\n"
    "            <cpu id='2' socket_id='1' die_id='0' core_id='0' siblings='1-2'/>\n"
    "          </cpus>\n        </cell>\n      </cells>\n    </topology>\n"
    "    <cache>\n      <bank id='0' level='3' type='both' size='16' unit='MiB' cpus='0,4'/>\n"
    "      <bank id='1' level='3' type='both' size='16' unit='MiB' cpus='1-2'/>\n    </cache>\n"
    "  </host>\n  <guest><arch name='x86_64'><domain type='kvm'/></arch></guest>\n</capabilities>\n";

static void test_capabilities(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(KtMachine) m = read_machine(capabilities, s);
  g_assert_cmpuint(s->domains->len, ==, 0);
  g_assert_cmpint(m->role, ==, KT_ROLE_HOST);
  g_assert_cmpstr(m->arch, ==, "x86_64");
  g_assert_cmpstr(m->cpu_vendor, ==, "AuthenticAMD");
  g_assert_null(m->cpu_model_name); /* "EPYC-Rome" is libvirt's name, not the processor's */
  ASSERT_INT(m->sockets, 2);
  ASSERT_INT(m->cores_per_socket, 1);
  ASSERT_INT(m->threads_per_core, 2);
  ASSERT_INT(m->cpus, 5);
  ASSERT_INT(m->online, 4);
  ASSERT_INT(m->node_count, 2);
  const KtNode *node = kt_machine_find_node(m, 2);
  ASSERT_INT(node->memory_kib, 2097152);
  g_assert_cmpint(g_array_index(node->distances, int, 0), ==, 21);
  const KtNode *first = kt_machine_find_node(m, 0);
  ASSERT_INT(first->hugepages_total, 32768);
  g_assert_cmpuint(kt_set_count(first->cpus), ==, 2);
  const KtCache *l3 = kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED);
  ASSERT_INT(l3->size_kib, 16384);
  ASSERT_INT(l3->instances, 2);
  g_assert_true(kt_set_has(l3->groups->pdata[1], 2));
}

/* Nothing of all CPUs is known while some are cut off. */
static void test_cut(void)
{
  g_autofree char *part = g_strndup(capabilities, (gsize)(strstr(capabilities, "<cpu id='2'") - capabilities));
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(KtMachine) m = read_machine(part, s);
  g_assert_cmpuint(s->rejected->len, ==, 1);
  g_assert_false(m->sockets.known || m->online.known || m->cpus.known);
  ASSERT_INT(m->node_count, 2);
  ASSERT_INT(kt_machine_find_node(m, 2)->memory_kib, 2097152);
  g_assert_cmpuint(kt_set_count(kt_machine_find_node(m, 0)->cpus), ==, 2);
  g_assert_null(kt_machine_find_node(m, 2)->cpus);

  static const char *const ends[] = {"<sibling id='2' value='21'/>", "16</pages>", "<bank id='1'"};
  for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
    g_autofree char *shorter = g_strndup(capabilities, (gsize)(strstr(capabilities, ends[i]) - capabilities));
    g_autoptr(KtMachine) cut = read_machine(shorter, s);
    const KtNode *node = kt_machine_find_node(cut, 0);
    ASSERT_INT(node->memory_kib, 1048576);
    g_assert_cmpuint(node->distances->len, ==, i == 2 ? 2 : 0);
    g_assert_true(node->hugepages_total.known == (i != 1));
    g_assert_null(kt_machine_find_cache(cut, 3, KT_CACHE_UNIFIED));
  }
}
#endif

static void test_nodeinfo(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(KtMachine) m =
      read_machine("CPU model:           x86_64\nCPU(s):              16\nCPU frequency:       1400 MHz\n"
                   "CPU socket(s):       2\nCore(s) per socket:  2\nThread(s) per core:  2\n"
                   "NUMA cell(s):        2\nMemory size:         3145728 KiB\n\n",
                   s);
  ASSERT_INT(m->online, 16);
  ASSERT_INT(m->threads_per_core, 2);
  ASSERT_INT(m->node_count, 2);
  ASSERT_INT(m->memory_kib, 3145728);
  g_assert_false(m->sockets.known || m->cores_per_socket.known);
}

static void test_nodeinfo_languages(void)
{
  static const char *const texts[] = {
      "CPU-Modell:          x86_64\nCPU(s):              16\nCPU-Frequenz:        1400 MHz\n"
      "CPU-Socket(s):       2\nKern(e) pro Socket:  2\nThread(s) pro Kern:  2\n"
      "NUMA-Zelle(n):       2\nSpeichergrösse:     3145728 KiB\n\n",
      "CPU 型号：        x86_64\nCPU：               16\nCPU 频率：         1400 MHz\n"
      "CPU socket：         2\n每个 socket 的内核数： 2\n每个内核的线程数： 2\n"
      "NUMA 单元：        2\n内存大小：        3145728 KiB\n\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = kt_snapshot_new();
    g_autoptr(KtMachine) m = read_machine(texts[i], s);
    g_assert_cmpstr(m->arch, ==, "x86_64");
    ASSERT_INT(m->online, 16);
    ASSERT_INT(m->threads_per_core, 2);
    ASSERT_INT(m->node_count, 2);
    ASSERT_INT(m->memory_kib, 3145728);
  }
}

/* What libvirt shows of nodes that are not alike. */
static void test_nodeinfo_gave_up(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(KtMachine) m = read_machine("CPU model:           x86_64\nCPU(s):              24\n"
                                        "CPU socket(s):       1\nCore(s) per socket:  24\nThread(s) per core:  1\n"
                                        "NUMA cell(s):        1\n",
                                        s);
  ASSERT_INT(m->online, 24);
  g_assert_false(m->threads_per_core.known || m->node_count.known);
}

static void test_freecell(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(KtMachine) m = read_machine("    0:       2048 KiB\n    3:       4096 KiB\n--------------------\n"
                                        "Total:       6144 KiB\n\n",
                                        s);
  ASSERT_INT(kt_machine_find_node(m, 3)->free_kib, 4096);
  g_assert_cmpuint(m->nodes->len, ==, 2);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#if HAVE_LIBXML2
  g_test_add_func("/libvirt-host/capabilities", test_capabilities);
  g_test_add_func("/libvirt-host/cut", test_cut);
#endif
  g_test_add_func("/libvirt-host/nodeinfo", test_nodeinfo);
  g_test_add_func("/libvirt-host/nodeinfo-languages", test_nodeinfo_languages);
  g_test_add_func("/libvirt-host/nodeinfo-gave-up", test_nodeinfo_gave_up);
  g_test_add_func("/libvirt-host/freecell", test_freecell);
  return g_test_run();
}
