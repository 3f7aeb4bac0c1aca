/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "read_fixture.h"

#define NEW_HEAD "             VM-EXIT    Samples  Samples%     Time%    Min Time    Max Time         Avg time\n\n"
#define OLD_HEAD "             VM-EXIT    Samples  Samples%     Time%         Avg time\n\n"

static void assert_exits(const KtMachine *m, const char *reason, gint64 samples)
{
  g_autofree char *path = g_strconcat("kvm_exit.", reason, NULL);
  const KtCounter *counter = kt_machine_counter(m, path);
  g_assert_nonnull(counter);
  g_assert_cmpint(counter->value, ==, samples);
  g_assert_false(counter->per_second.known);
}

static void test_vmx(void)
{
  g_autoptr(KtSnapshot) s = read_text(
      "[root@kvm7 ~]# perf kvm stat report\n\nAnalyze events for all VMs, all VCPUs:\n\n" NEW_HEAD
      "           MSR_WRITE      42000    53.00%     0.06%      0.50us     52.94us      1.71us ( +-   0.48% )\n"
      "                 HLT      15000    19.00%    99.89%      0.63us  17539.26us   8224.34us ( +-   0.61% )\n"
      "\nTotal Samples:57000, Total events handled time:9.00us.\n\n[root@kvm7 ~]# \n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpstr(m->name, ==, "kvm7");
  assert_exits(m, "MSR_WRITE", 42000);
  assert_exits(m, "HLT", 15000);
  g_assert_cmpuint(g_hash_table_size(m->counters), ==, 2);
  g_assert_cmpuint(kt_machine_cite_of(m, "counters.kvm_exit.HLT")->line, ==, 8);
  g_assert_cmpint(m->role, ==, KT_ROLE_HOST); /* only a host counts them */
  g_assert_cmpuint(kt_machine_cite_of(m, "role")->line, ==, 8);
}

/* SVM's names, the columns of old versions, one vCPU. */
static void test_svm(void)
{
  g_autoptr(KtSnapshot) s = read_text("Analyze events for pid(s) 4711, VCPU 0:\n\n" OLD_HEAD
                                      "                 msr       1200    60.00%     1.20%      1.71us ( +-   0.48% )\n"
                                      "                 npf        800    40.00%    98.80%     71.00us ( +-   2.00% )\n"
                                      "\nTotal Samples:2000, Total events handled time:9.00us.\n");
  assert_exits(only_machine(s), "msr", 1200);
  assert_exits(only_machine(s), "npf", 800);
}

/* `live` prints a table a second: the first is taken; a row that is cut is none. */
static void test_live(void)
{
  g_autoptr(KtSnapshot) s = read_text(
      "15:52:35.709821\n\n" NEW_HEAD " IO_INSTRUCTION 5000 78.67% 42.39% 3.54us 74.94us 13.63us ( +- 0.24% )\n"
      "15:52:36.709821\n\n" NEW_HEAD " IO_INSTRUCTION 6000 78.67% 42.39% 3.54us 74.94us 13.63us ( +- 0.24% )\n"
      " HLT 29");
  assert_exits(only_machine(s), "IO_INSTRUCTION", 5000);
  g_assert_null(kt_machine_counter(only_machine(s), "kvm_exit.HLT"));
}

#define EXITS "Analyze events for all VMs, all VCPUs:\n\n" OLD_HEAD " HLT 15 60.00% 1.20% 1.71us ( +- 0.48% )\n\n"
#define LSCPU                                                                                                          \
  "kvm7:~ # lscpu\nArchitecture: x86_64\nCPU(s): 8\nThread(s) per core: 1\nCore(s) per socket: 8\nSocket(s): 1\n"

/* What lscpu leaves open, the exits tell; what it says stays. */
static void test_role(void)
{
  g_autoptr(KtSnapshot) open = read_text(LSCPU "kvm7:~ # perf kvm stat report\n" EXITS);
  g_assert_cmpint(only_machine(open)->role, ==, KT_ROLE_HOST);
  g_autoptr(KtSnapshot) nested =
      read_text(LSCPU "Hypervisor vendor: KVM\nVirtualization type: full\nkvm7:~ # perf kvm stat report\n" EXITS);
  g_assert_cmpint(only_machine(nested)->role, ==, KT_ROLE_GUEST);
  assert_exits(only_machine(nested), "HLT", 15);
  g_autoptr(KtSnapshot) silent = read_text(LSCPU);
  g_assert_cmpint(only_machine(silent)->role, ==, KT_ROLE_UNKNOWN);
}

/* Other tables of perf kvm, and words that look like it. */
static void test_others(void)
{
  static const char *const texts[] = {
      "         MMIO Access    Samples  Samples%     Time%    Min Time    Max Time         Avg time\n\n"
      "        0xfee00380:W        387    84.31%    79.28%      1.55us      8.20us      4.63us ( +- 2.00% )\n",
      "VM-EXIT is what happens when a guest leaves\n HLT 5 10% 10% 3us\n",
      NEW_HEAD " HLT x5 10.00% 10.00% 3.00us 4.00us 5.00us\n",
      NEW_HEAD " HLT 5 110.00% 10.00% 3.00us 4.00us 5.00us\n",
      NEW_HEAD " 7up 5 10.00% 10.00% 3.00us 4.00us 5.00us\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    for (guint k = 0; k < s->machines->len; k++)
      g_assert_cmpuint(g_hash_table_size(((const KtMachine *)s->machines->pdata[k])->counters), ==, 0);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/perf-kvm/vmx", test_vmx);
  g_test_add_func("/perf-kvm/svm", test_svm);
  g_test_add_func("/perf-kvm/live", test_live);
  g_test_add_func("/perf-kvm/role", test_role);
  g_test_add_func("/perf-kvm/others", test_others);
  return g_test_run();
}
