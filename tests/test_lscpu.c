/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "read_fixture.h"

static const char flat[] = "Architecture:          x86_64\n"
                           "CPU op-mode(s):        32-bit, 64-bit\n"
                           "Byte Order:            Little Endian\n"
                           "CPU(s):                24\n"
                           "On-line CPU(s) list:   0-23\n"
                           "Thread(s) per core:    2\n"
                           "Core(s) per socket:    6\n"
                           "CPU socket(s):         2\n"
                           "NUMA node(s):          2\n"
                           "Vendor ID:             GenuineIntel\n"
                           "CPU family:            6\n"
                           "Model:                 45\n"
                           "Stepping:              7\n"
                           "CPU MHz:               2200.036\n"
                           "BogoMIPS:              4400.13\n"
                           "L1d cache:             32K\n"
                           "L1i cache:             32K\n"
                           "L2 cache:              256K\n"
                           "L3 cache:              12288K\n"
                           "NUMA node0 CPU(s):     0,2,4,6,8,10,12,14,16,18,20,22\n"
                           "NUMA node1 CPU(s):     1,3,5,7,9,11,13,15,17,19,21,23\n";

static const char tree[] = "Architecture:            x86_64\n"
                           "  CPU op-mode(s):        32-bit, 64-bit\n"
                           "  Byte Order:            Little Endian\n"
                           "CPU(s):                  128\n"
                           "  On-line CPU(s) list:   0-126\n"
                           "  Off-line CPU(s) list:  127\n"
                           "Vendor ID:               GenuineIntel\n"
                           "  Model name:            Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz\n"
                           "    CPU family:          6\n"
                           "    Model:               106\n"
                           "    Thread(s) per core:  2\n"
                           "    Core(s) per socket:  32\n"
                           "    Socket(s):           2\n"
                           "    Stepping:            6\n"
                           "    BogoMIPS:            5200.14\n"
                           "    Flags:               fpu vme de pse tsc msr hypervisor lahf_lm arat\n"
                           "Virtualization features: \n"
                           "  Hypervisor vendor:     Microsoft\n"
                           "  Virtualization type:   full\n"
                           "Caches (sum of all):     \n"
                           "  L1d:                   2,3 MiB (72 instances)\n"
                           "  L1i:                   2097152 (64 instances)\n"
                           "  L2:                    80 MiB (64 instances)\n"
                           "  L3:                    71.5 MiB (2 instances)\n"
                           "NUMA:                    \n"
                           "  NUMA node(s):          2\n"
                           "  NUMA node0 CPU(s):     0-126\n"
                           "  NUMA node3 CPU(s):     \n"
                           "Vulnerabilities:         \n"
                           "  Itlb multihit:         KVM: Mitigation: VMX disabled\n"
                           "  Spec store bypass:     Mitigation; Speculative Store Bypass disabled via prctl\n"
                           "  Srbds:                 Not affected\n";

static const char chinese[] = "架构：           x86_64\n"
                              "CPU 运行模式：   32-bit, 64-bit\n"
                              "字节序：         Little Endian\n"
                              "CPU:             48\n"
                              "在线 CPU 列表：  0-47\n"
                              "每个核的线程数： 1\n"
                              "Core(s) per socket:    12\n"
                              "座：             4\n"
                              "NUMA 节点：      1\n"
                              "厂商 ID：        AuthenticAMD\n"
                              "CPU 系列：       23\n"
                              "型号：           49\n"
                              "型号名称：       AMD EPYC-Rome Processor\n"
                              "步进：           0\n"
                              "CPU MHz：        2250.231\n"
                              "超管理器厂商：   KVM\n"
                              "虚拟化类型：     完全\n"
                              "L1d 缓存：       1.5 MiB\n"
                              "L3 缓存：        256 MiB\n"
                              "NUMA 节点0 CPU： 0-47\n";

static const char german[] = "Architektur:                     x86_64\n"
                             "CPU Operationsmodus:             32-bit, 64-bit\n"
                             "CPU(s):                          72\n"
                             "Liste der Online-CPU(s):         0-71\n"
                             "Anbieterkennung:                 GenuineIntel\n"
                             "Modellname:                      Intel(R) Xeon(R) Gold 6140 CPU @ 2.30GHz\n"
                             "Prozessorfamilie:                6\n"
                             "Modell:                          85\n"
                             "Thread(s) pro Kern:              1\n"
                             "Kern(e) pro Sockel:              18\n"
                             "Sockel:                          4\n"
                             "Stepping:                        4\n"
                             "Maximale Taktfrequenz der CPU:   3700,0000\n"
                             "BogoMIPS:                        4600,00\n"
                             "Virtualisierung:                 VT-x\n"
                             "L1d Cache:                       2,3 MiB (72 Instanzen)\n"
                             "L3 Cache:                        99 MiB (4 Instanzen)\n"
                             "NUMA-Knoten:                     1\n"
                             "NUMA-Knoten0 CPU(s):             0-71\n"
                             "Schwachstelle L1tf:              Not affected\n";

static const char json[] = "{\n"
                           "   \"lscpu\": [\n"
                           "      {\n         \"field\": \"Architecture:\",\n         \"data\": \"x86_64\",\n"
                           "         \"children\": [\n"
                           "            {\"field\": \"CPU op-mode(s):\", \"data\": \"32-bit, 64-bit\"}\n         ]\n"
                           "      },{\n         \"field\": \"CPU(s):\",\n         \"data\": \"24\"\n      },\n"
                           "      {\"field\": \"On-line CPU(s) list:\", \"data\": \"0-23\"},\n"
                           "      {\"field\": \"Socket(s):\", \"data\": \"24\"},\n"
                           "      {\"field\": \"Model name:\", \"data\": \"A \\\"B\\\" \\u00e9\"},\n"
                           "      {\"field\": \"Hypervisor vendor:\", \"data\": \"KVM\"},\n"
                           "      {\"field\": \"L2 cache:\", \"data\": \"12 MiB (24 instances)\"},\n"
                           "      {\"field\": \"L3 cache:\", \"data\": \"384 MiB\"},\n"
                           "      {\"field\": \"NUMA node0 CPU(s):\", \"data\": \"0-23\"}\n"
                           "   ]\n}\n";

static const char parsable[] = "# The following is the parsable format, which can be fed to other\n"
                               "# programs. Each different item in every column has an unique ID\n"
                               "# starting usually from zero.\n"
                               "# CPU,Core,Socket,Node,,L1d,L1i,L2,L3\n"
                               "0,0,0,0,,0,0,0,0\n1,1,0,0,,1,1,1,0\n2,2,1,1,,2,2,2,1\n3,3,1,1,,3,3,3,1\n"
                               "4,0,0,0,,0,0,0,0\n5,1,0,0,,1,1,1,0\n6,2,1,1,,2,2,2,1\n7,3,1,1,,3,3,3,1\n";

static const char extended[] = "CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE MAXMHZ    MINMHZ\n"
                               "  0    0      0    0 0:0:0:0          yes 4000.0000 1200.0000\n"
                               "  1    0      0    1 1:1:1:0          yes 4000.0000 1200.0000\n"
                               "  2    1      1    2 2:2:2:0          yes 4000.0000 1200.0000\n"
                               "  3    1      1    3 3:3:3:0          yes 4000.0000 1200.0000\n";

static void test_flat(void)
{
  g_auto(Read) read = read_blocks(flat);
  KtMachine *m = machine_of(&read, 0);
  g_assert_cmpuint(read.fragments->len, ==, 1);
  g_assert_cmpstr(m->arch, ==, "x86_64");
  ASSERT_INT(m->cpus, 24);
  ASSERT_INT(m->online, 24);
  ASSERT_INT(m->sockets, 2);
  ASSERT_INT(m->cores_per_socket, 6);
  ASSERT_INT(m->threads_per_core, 2);
  ASSERT_INT(m->node_count, 2);
  ASSERT_INT(m->cpu_family, 6);
  ASSERT_INT(m->cpu_model, 45);
  ASSERT_INT(m->cpu_stepping, 7);
  ASSERT_INT(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED)->size_kib, 12288);
  ASSERT_UNKNOWN(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED)->instances);
  assert_set(kt_machine_find_node(m, 1)->cpus, "1,3,5,7,9,11,13,15,17,19,21,23");
  g_assert_cmpint(m->role, ==, KT_ROLE_HOST);
  g_assert_cmpstr(m->hypervisor, ==, "none");
  g_assert_cmpuint(kt_machine_cite_of(m, "topology.sockets")->line, ==, 8);
  g_assert_cmpuint(read.snapshot->rejected->len, ==, 0);
}

static void test_tree(void)
{
  g_auto(Read) read = read_blocks(tree);
  KtMachine *m = machine_of(&read, 0);
  ASSERT_INT(m->cpus, 128);
  ASSERT_INT(m->online, 127);
  assert_set(m->cpu_set, "0-127");
  g_assert_cmpstr(m->hypervisor, ==, "hyperv");
  g_assert_cmpint(m->role, ==, KT_ROLE_GUEST);
  ASSERT_INT(kt_machine_find_cache(m, 1, KT_CACHE_DATA)->size_kib, 32); /* 2.3 MiB is 32 to 33.4 each */
  ASSERT_INT(kt_machine_find_cache(m, 1, KT_CACHE_INSTRUCTION)->size_kib, 32);
  ASSERT_INT(kt_machine_find_cache(m, 2, KT_CACHE_UNIFIED)->size_kib, 1280);
  ASSERT_INT(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED)->size_kib, 36608);
  ASSERT_INT(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED)->instances, 2);
  assert_set(kt_machine_find_node(m, 3)->cpus, "");
  g_assert_true(g_str_has_prefix(kt_machine_cite_of(m, "caches.end")->text, "  NUMA node"));
  g_assert_true(kt_machine_has_flag(m, "arat"));
  g_assert_cmpstr(kt_machine_setting(m, "/sys/devices/system/cpu/vulnerabilities/spec_store_bypass"), ==,
                  "Mitigation; Speculative Store Bypass disabled via prctl");
  g_assert_cmpstr(kt_machine_setting(m, "/sys/devices/system/cpu/vulnerabilities/srbds"), ==, "Not affected");
}

static void test_languages(void)
{
  g_auto(Read) zh = read_blocks(chinese);
  KtMachine *m = machine_of(&zh, 0);
  ASSERT_INT(m->cpus, 48);
  ASSERT_INT(m->sockets, 4);
  ASSERT_INT(m->cores_per_socket, 12);
  ASSERT_INT(m->cpu_model, 49);
  g_assert_cmpstr(m->cpu_model_name, ==, "AMD EPYC-Rome Processor");
  g_assert_cmpstr(m->hypervisor, ==, "kvm");
  assert_set(kt_machine_find_node(m, 0)->cpus, "0-47");
  /* 2.34 to 2.36 print the sum of nobody knows how many. */
  g_assert_nonnull(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED));
  ASSERT_UNKNOWN(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED)->size_kib);
  ASSERT_UNKNOWN(kt_machine_find_cache(m, 1, KT_CACHE_DATA)->size_kib);

  g_auto(Read) de = read_blocks(german);
  m = machine_of(&de, 0);
  ASSERT_INT(m->online, 72);
  ASSERT_INT(m->cores_per_socket, 18);
  ASSERT_INT(m->sockets, 4);
  ASSERT_INT(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED)->size_kib, 25344);
  g_assert_cmpint(m->role, ==, KT_ROLE_HOST);
  g_assert_cmpstr(kt_machine_setting(m, "/sys/devices/system/cpu/vulnerabilities/l1tf"), ==, "Not affected");
}

static void test_json(void)
{
  g_auto(Read) read = read_blocks(json);
  KtMachine *m = machine_of(&read, 0);
  g_assert_cmpuint(read.fragments->len, ==, 1);
  ASSERT_INT(m->cpus, 24);
  ASSERT_INT(m->sockets, 24);
  g_assert_cmpstr(m->cpu_model_name, ==, "A \"B\" é");
  ASSERT_INT(kt_machine_find_cache(m, 2, KT_CACHE_UNIFIED)->size_kib, 512);
  ASSERT_UNKNOWN(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED)->size_kib);
  g_assert_cmpstr(m->hypervisor, ==, "kvm");
  assert_set(kt_machine_find_node(m, 0)->cpus, "0-23");
}

static void test_cpus(void)
{
  g_auto(Read) p = read_blocks(parsable);
  KtMachine *m = machine_of(&p, 0);
  ASSERT_INT(m->online, 8);
  ASSERT_UNKNOWN(m->cpus); /* -p leaves out the CPUs that are offline */
  ASSERT_INT(m->sockets, 2);
  ASSERT_INT(m->cores_per_socket, 2);
  ASSERT_INT(m->threads_per_core, 2);
  ASSERT_INT(kt_machine_find_cache(m, 1, KT_CACHE_DATA)->instances, 4);
  ASSERT_INT(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED)->instances, 2);
  ASSERT_UNKNOWN(kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED)->size_kib);
  assert_set(kt_machine_find_node(m, 1)->cpus, "2-3,6-7");
  assert_set(kt_machine_find_cpu(m, 6)->siblings, "2,6");

  g_auto(Read) e = read_blocks(extended);
  m = machine_of(&e, 0);
  ASSERT_INT(m->online, 4);
  const KtCache *l3 = kt_machine_find_cache(m, 3, KT_CACHE_UNIFIED);
  ASSERT_INT(l3->instances, 1);
  assert_set(l3->groups->pdata[0], "0-3");

  g_auto(Read) off = read_blocks("CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE\n"
                                 "0   0    0      0    0:0:0:0       ja\n1   -    -      -    -             nein\n");
  m = machine_of(&off, 0);
  ASSERT_INT(m->cpus, 2);
  ASSERT_INT(m->online, 1);
  ASSERT_INT(m->sockets, 1);
}

static void test_damage(void)
{
  g_auto(Read) mangled = read_blocks("user@h:~$ lscpu\r\narchitecture:\tx86_64\r\n\r\ncPU(s):\t4\r\n\r\n"
                                     "On-line CPU(s) list:\t0-3\r\n\r\nsocket(s):\t2\r\n\r\nl2 cache:\t4096K\r\n$\r\n");
  KtMachine *m = machine_of(&mangled, 0);
  ASSERT_INT(m->cpus, 4);
  ASSERT_INT(m->sockets, 2);
  ASSERT_INT(kt_machine_find_cache(m, 2, KT_CACHE_UNIFIED)->size_kib, 4096);
  ASSERT_UNKNOWN(m->threads_per_core);
  g_assert_null(m->hypervisor); /* the lines that would tell are not all there */

  g_auto(Read) wrapped = read_blocks("Architecture:            x86_64\nCPU(s):                  2\n"
                                     "Flags:                   fpu vme de pse hyperv\n"
                                     "                         isor arat\nSocket(s):               2\n");
  m = machine_of(&wrapped, 0);
  g_assert_null(m->cpu_flags);
  ASSERT_INT(m->sockets, 2);

  /* Another output below at once is no value that goes on. */
  g_auto(Read) followed =
      read_blocks("Architecture:          x86_64\nCPU(s):                2\nFlags:                 fpu vme\n"
                  "                           node0           node1\nnuma_hit   7   8\n");
  g_assert_cmpuint(followed.fragments->len, ==, 2);
  g_assert_cmpstr(machine_of(&followed, 0)->cpu_flags, ==, "fpu vme");
  ASSERT_INT(kt_machine_find_node(machine_of(&followed, 1), 1)->numa_hit, 8);
}

static void test_two_machines(void)
{
  g_autofree char *text = g_strconcat("VMware guest:\n\n", flat, "\nand this one\n\n", chinese, NULL);
  g_auto(Read) read = read_blocks(text);
  g_assert_cmpuint(read.fragments->len, ==, 2);
  ASSERT_INT(machine_of(&read, 0)->cpus, 24);
  ASSERT_INT(machine_of(&read, 1)->cpus, 48);
}

static void test_refusals(void)
{
  g_auto(Read) zero = read_blocks("Architecture: x86_64\nCPU(s): 4\nOn-line CPU(s) list: 0-7\nSocket(s): 0\n"
                                  "L2 cache: 4 MiB (9 instances)\nNUMA node0 CPU(s): 3-1\nModel: 1\n");
  KtMachine *m = machine_of(&zero, 0);
  ASSERT_UNKNOWN(m->sockets);
  ASSERT_UNKNOWN(m->online);
  g_assert_null(kt_machine_find_node(m, 0));
  ASSERT_UNKNOWN(kt_machine_find_cache(m, 2, KT_CACHE_UNIFIED)->instances);
  g_assert_cmpuint(zero.snapshot->rejected->len, ==, 4);
  g_assert_cmpuint(((KtRejected *)zero.snapshot->rejected->pdata[0])->line, ==, 4);

  /* labels of virsh nodeinfo and dominfo, and of /proc/cpuinfo */
  g_auto(Read) virsh = read_blocks("CPU(s):              8\nCPU frequency:       2000 MHz\nCPU socket(s):       1\n"
                                   "Core(s) per socket:  4\nNUMA cell(s):        2\n");
  g_assert_cmpuint(virsh.fragments->len, ==, 0);
  g_auto(Read) arm = read_blocks("Architecture: aarch64\nCPU op-mode(s): 64-bit\nCPU(s): 8\nVendor ID: ARM\n"
                                 "Model name: Cortex-A55\nModel: 0\nCore(s) per socket: 4\nBogoMIPS: 48.00\n"
                                 "Model name: Cortex-A76\nModel: 0\nCore(s) per socket: 4\nL2 cache: 512 KiB (8 "
                                 "instances)\nNUMA node0 CPU(s): 0-7\n");
  m = machine_of(&arm, 0);
  g_assert_null(m->hypervisor); /* on ARM its absence tells nothing */
  g_assert_null(m->cpu_model_name);
  ASSERT_UNKNOWN(m->cores_per_socket);
}

static void test_cuts(void)
{
  const char *const texts[] = {flat, tree, chinese, german, json}, *const tables[] = {parsable, extended};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    assert_cuts_are_never_wrong(texts[i], FALSE);
  for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
    assert_cuts_are_never_wrong(tables[i], TRUE);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/lscpu/flat", test_flat);
  g_test_add_func("/lscpu/tree", test_tree);
  g_test_add_func("/lscpu/languages", test_languages);
  g_test_add_func("/lscpu/json", test_json);
  g_test_add_func("/lscpu/cpus", test_cpus);
  g_test_add_func("/lscpu/damage", test_damage);
  g_test_add_func("/lscpu/two-machines", test_two_machines);
  g_test_add_func("/lscpu/refusals", test_refusals);
  g_test_add_func("/lscpu/cuts", test_cuts);
  return g_test_run();
}
