/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "read_fixture.h"

static const char hardware[] = "available: 3 nodes (0-1,4)\n"
                               "node 0 cpus: 0 2 4 6\nnode 0 size: 130385 MB\nnode 0 free: 54508 MB\n"
                               "node 1 cpus: 1 3 5 7\nnode 1 size: 0 MB\nnode 1 free: 0 MB\n"
                               "node 4 cpus:\nnode 4 size: 65536 MB\nnode 4 free: 65000 MB\n"
                               "node distances:\nnode   0   1   4 \n"
                               "  0:  10  21  17 \n  1:  21  10  28 \n  4:  17  28  10 \n";

static const char plain[] = "                           node0           node1           node2           node3\n"
                            "numa_hit               516316821       408970150       601895402       299287471\n"
                            "numa_miss              575752245       591588912       777692757       488879576\n"
                            "numa_foreign           856452364       543663617       341882183       691915326\n"
                            "interleave_hit             23002           12827           42549           47999\n"
                            "local_node             514281689       408381060       601476875       298231658\n"
                            "other_node             577787377       592178002       778111284       489935389\n"
                            "\n"
                            "                           node4           node5\n"
                            "numa_hit                     100             200\n"
                            "numa_miss                     10              20\n"
                            "numa_foreign                   1               2\n"
                            "interleave_hit                 3               4\n"
                            "local_node                    90             180\n"
                            "other_node                    20              40\n";

static const char memory[] = "\nPer-node system memory usage (in MBs):\n"
                             "Token SecPageTables not in hash table.\n"
                             "                          Node 0          Node 1\n"
                             "                 --------------- ---------------\n"
                             "MemTotal                97798.31        98265.19\n"
                             "MemFree                 55213.00        40872.00\n"
                             "MemUsed                 42585.31        57393.19\n"
                             "FilePages               10069.32        16149.25\n"
                             "HugePages_Total          2048.00            0.00\n"
                             "\n"
                             "                          Node 2           Total\n"
                             "                 --------------- ---------------\n"
                             "MemTotal                98268.03       294331.53\n"
                             "MemFree                 11945.00       108030.00\n"
                             "HugePages_Total             0.00         2048.00\n";

static void test_numactl(void)
{
  g_auto(Read) read = read_blocks(hardware);
  KtMachine *m = machine_of(&read, 0);
  ASSERT_INT(m->node_count, 3);
  g_assert_cmpuint(m->nodes->len, ==, 3);
  const KtNode *n0 = kt_machine_find_node(m, 0), *n1 = kt_machine_find_node(m, 1), *n4 = kt_machine_find_node(m, 4);
  assert_set(n0->cpus, "0,2,4,6");
  assert_set(n4->cpus, "");
  ASSERT_INT(n0->memory_kib, 130385 * 1024);
  ASSERT_INT(n0->free_kib, 54508 * 1024);
  ASSERT_INT(n1->memory_kib, 0);
  g_assert_cmpint(g_array_index(n1->distances, int, 2), ==, 28);
  g_assert_cmpuint(kt_machine_cite_of(m, "nodes.4.memory_kib")->line, ==, 9);
}

static void test_numactl_damage(void)
{
  g_auto(Read) wrapped =
      read_blocks("available: 1 nodes (0)\nnode 0 cpus: 0 1 2 3 4 5\n6 7 8 9\nnode 0 size: 7668 MB\n");
  assert_set(kt_machine_find_node(machine_of(&wrapped, 0), 0)->cpus, "0-9");
  /* broken inside "16": nobody knows */
  g_auto(Read) broken = read_blocks("available: 1 nodes (0)\nnode 0 cpus: 0 1\n6 32\nnode 0 size: 7668 MB\n");
  KtMachine *m = machine_of(&broken, 0);
  g_assert_null(kt_machine_find_node(m, 0)->cpus);
  ASSERT_INT(kt_machine_find_node(m, 0)->memory_kib, 7668 * 1024);
  g_auto(Read) wrong =
      read_blocks("available: 2 nodes (0-1)\nnode 0 cpus: 0 1\nnode 0 size: 100 MB\nnode 0 free: 999 MB\n"
                  "node 1 cpus: 3 2\nnode distances:\nnode 0 1\n 0: 10 3\n 1: 20 10\n");
  m = machine_of(&wrong, 0);
  ASSERT_UNKNOWN(kt_machine_find_node(m, 0)->free_kib);
  g_assert_null(kt_machine_find_node(m, 1)->cpus);
  g_assert_cmpuint(kt_machine_find_node(m, 0)->distances->len, ==, 0);
  g_assert_cmpuint(wrong.snapshot->rejected->len, ==, 3);
  g_auto(Read) prose = read_blocks("available: 2 nodes, we think\n");
  g_assert_cmpuint(prose.fragments->len, ==, 0);
}

static void test_numastat(void)
{
  g_auto(Read) read = read_blocks(plain);
  KtMachine *m = machine_of(&read, 0);
  g_assert_cmpuint(read.fragments->len, ==, 1);
  g_assert_cmpuint(m->nodes->len, ==, 6);
  ASSERT_INT(kt_machine_find_node(m, 3)->numa_miss, 488879576);
  ASSERT_INT(kt_machine_find_node(m, 5)->other_node, 40);
  g_assert_cmpuint(kt_machine_cite_of(m, "nodes.2.numastat.numa_foreign")->line, ==, 4);
  ASSERT_UNKNOWN(m->node_count); /* columns may be cut off */
}

/* The published case's last table: no command above, tabs, the fourth node cut off. */
static void test_numastat_damage(void)
{
  g_auto(Read) tabs = read_blocks("\tnode0\tnode1\tnode2\nnuma_hit\t40995736\t22924791\t23705375\n"
                                  "numa_miss\t53540664\t10471137\t3056956\n");
  KtMachine *m = machine_of(&tabs, 0);
  ASSERT_INT(kt_machine_find_node(m, 2)->numa_miss, 3056956);
  g_assert_null(kt_machine_find_node(m, 3));
  /* a word of the head is missing: whose numbers are they? */
  g_auto(Read) head = read_blocks("node0 node2\nnuma_hit 1 2 3\nnuma_miss 4 5\nnuma_foreign 1x 6\nlocal_node 7 8\n");
  m = machine_of(&head, 0);
  ASSERT_INT(kt_machine_find_node(m, 2)->numa_miss, 5);
  ASSERT_UNKNOWN(kt_machine_find_node(m, 0)->numa_hit);
  ASSERT_UNKNOWN(kt_machine_find_node(m, 0)->numa_foreign);
  ASSERT_INT(kt_machine_find_node(m, 2)->numa_foreign, 6);
  g_assert_cmpuint(head.snapshot->rejected->len, ==, 1);
  g_auto(Read) twice = read_blocks("node0\nnuma_hit 1\nnuma_miss 2\n\nnode0\nnuma_hit 3\nnuma_miss 4\n");
  g_assert_cmpuint(twice.fragments->len, ==, 2);
}

static void test_memory(void)
{
  g_auto(Read) read = read_blocks(memory);
  KtMachine *m = machine_of(&read, 0);
  g_assert_cmpuint(m->nodes->len, ==, 3);
  const KtNode *n0 = kt_machine_find_node(m, 0), *n2 = kt_machine_find_node(m, 2);
  ASSERT_INT(n0->memory_kib, 100145469);
  ASSERT_INT(n0->hugepages_total, 2048 * 1024);
  ASSERT_INT(n2->memory_kib, 100626463);
  const KtInt *pages = g_hash_table_lookup(n0->meminfo, "FilePages");
  ASSERT_INT(*pages, 10310984);

  g_auto(Read) compact = read_blocks("Per-node system memory usage (in MBs):\n                 Node 0 Node 1 Total\n"
                                     "                 ------ ------ -----\nMemTotal           1547   2000  3547\n"
                                     "MemFree            1916    923  2839\n");
  m = machine_of(&compact, 0);
  ASSERT_INT(kt_machine_find_node(m, 1)->memory_kib, 2000 * 1024);
  ASSERT_UNKNOWN(kt_machine_find_node(m, 0)->free_kib); /* more than there is */
  g_assert_cmpuint(compact.snapshot->rejected->len, ==, 1);
}

static void assert_process(const KtProcess *p, int pid, const char *comm, gint64 node1, gint64 total)
{
  g_assert_cmpint(p->pid, ==, pid);
  g_assert_cmpstr(p->comm, ==, comm);
  g_assert_cmpuint(p->node_memory->len, ==, 2);
  g_assert_cmpint(g_array_index(p->node_memory, KtNodeMemory, 1).node, ==, 1);
  g_assert_cmpint(g_array_index(p->node_memory, KtNodeMemory, 1).kib, ==, node1);
  ASSERT_INT(p->rss_kib, total);
}

static void test_process(void)
{
  g_auto(Read) one = read_blocks("Per-node process memory usage (in MBs) for PID 5098 (qemu-kvm)\n"
                                 "                           Node 0          Node 1           Total\n"
                                 "                  --------------- --------------- ---------------\n"
                                 "Huge                         0.00            0.00            0.00\n"
                                 "Private                      3.00         2048.00         2051.00\n"
                                 "----------------  --------------- --------------- ---------------\n"
                                 "Total                        3.00         2048.00         2051.00\n");
  KtMachine *m = machine_of(&one, 0);
  g_assert_cmpuint(m->processes->len, ==, 1);
  assert_process(m->processes->pdata[0], 5098, "qemu-kvm", 2048 * 1024, 2051 * 1024);
  g_assert_cmpuint(m->nodes->len, ==, 0);
  g_auto(Read) many = read_blocks("\nPer-node process memory usage (in MBs)\nPID              Node 0 Node 1 Total\n"
                                  "---------------  ------ ------ -----\n1179 (CPU 0/KVM)      4      1     5\n"
                                  "5053 (qemu)           0      7     7\n---------------  ------ ------ -----\n"
                                  "Total                 4      8    12\n");
  m = machine_of(&many, 0);
  g_assert_cmpuint(m->processes->len, ==, 2);
  assert_process(m->processes->pdata[0], 1179, "CPU", 1024, 5 * 1024);
  assert_process(m->processes->pdata[1], 5053, "qemu", 7 * 1024, 7 * 1024);
  /* Counters in megabytes are not pages. */
  g_auto(Read) counters = read_blocks("Per-node numastat info (in MBs):\n                Node 0 Total\n"
                                      "                ------ -----\nNuma_Hit         63617 63617\nNuma_Miss 0 0\n");
  g_assert_cmpuint(machine_of(&counters, 0)->nodes->len, ==, 0);
}

static void test_cuts(void)
{
  assert_cuts_are_never_wrong(hardware, FALSE);
  assert_cuts_are_never_wrong(plain, FALSE);
  assert_cuts_are_never_wrong(memory, FALSE);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/numactl/hardware", test_numactl);
  g_test_add_func("/numactl/damage", test_numactl_damage);
  g_test_add_func("/numastat/plain", test_numastat);
  g_test_add_func("/numastat/damage", test_numastat_damage);
  g_test_add_func("/numastat/memory", test_memory);
  g_test_add_func("/numastat/process", test_process);
  g_test_add_func("/numa/cuts", test_cuts);
  return g_test_run();
}
