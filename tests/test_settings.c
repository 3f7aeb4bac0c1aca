/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "read_fixture.h"

static void assert_setting(const KtMachine *m, const char *name, const char *value)
{
  g_assert_cmpstr(kt_machine_setting(m, name), ==, value);
}

static void test_sysctl(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("kernel.hostname = db7\nkernel.numa_balancing = 0\nkernel.osrelease = 5.4.0-150-generic\n"
                "net.core.somaxconn = 4096\n"
                "sysctl: permission denied on key 'vm.mmap_rnd_bits'\n"
                "vm.zone_reclaim_mode = 1\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpstr(m->name, ==, "db7");
  g_assert_cmpstr(m->kernel_release, ==, "5.4.0-150-generic");
  assert_setting(m, "kernel.numa_balancing", "0");
  assert_setting(m, "vm.zone_reclaim_mode", "1");
  assert_setting(m, "net.core.somaxconn", NULL);
  g_assert_cmpuint(kt_machine_cite_of(m, "settings.vm.zone_reclaim_mode")->line, ==, 6);
}

/* A configuration file says what somebody wished. */
static void test_sysctl_conf(void)
{
  static const char *const texts[] = {"vm.zone_reclaim_mode=1\nvm.swappiness=10\n",
                                      "[root@a ~]# cat /etc/sysctl.conf\nvm.zone_reclaim_mode = 1\n"};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    for (guint k = 0; k < s->machines->len; k++)
      assert_setting(s->machines->pdata[k], "vm.zone_reclaim_mode", NULL);
  }
}

static void test_paths(void)
{
  g_autoptr(KtSnapshot) s = read_text("/sys/kernel/mm/ksm/run:1\n"
                                      "/sys/kernel/mm/transparent_hugepage/enabled:always [madvise] never\n"
                                      "/proc/sys/kernel/numa_balancing:1\n"
                                      "/sys/devices/system/clocksource/clocksource0/current_clocksource:kvm-clock\n"
                                      "/sys/bus/pci/devices/0000:3b:00.0/numa_node:1\n"
                                      "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor:powersave\n"
                                      "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor:powersave\n"
                                      "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver:a\n"
                                      "/sys/devices/system/cpu/cpu1/cpufreq/scaling_driver:b\n"
                                      "/sys/devices/system/cpu/cpu10/cpufreq/scaling_driver:a\n"
                                      "/sys/devices/system/node/node0/cpulist:0-7\n");
  const KtMachine *m = only_machine(s);
  assert_setting(m, "/sys/kernel/mm/ksm/run", "1");
  assert_setting(m, "/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
  assert_setting(m, "kernel.numa_balancing", "1");
  assert_setting(m, "/sys/bus/pci/devices/0000:3b:00.0/numa_node", "1");
  assert_setting(m,
                 "/sys/devices/system/cpu/cpu*"
                 "/cpufreq/scaling_governor",
                 "powersave");
  assert_setting(m,
                 "/sys/devices/system/cpu/cpu*"
                 "/cpufreq/scaling_driver",
                 "mixed: a (2 CPUs), b (1 CPUs)");
  assert_setting(m, "/sys/devices/system/node/node0/cpulist", NULL);
  g_assert_cmpstr(m->clocksource, ==, "kvm-clock");
}

static void test_heads(void)
{
  g_autoptr(KtSnapshot) s = read_text("==> /sys/kernel/mm/ksm/run <==\n1\n\n"
                                      "==> /sys/kernel/mm/ksm/merge_across_nodes <==\n0\n\n"
                                      "==> /sys/kernel/mm/ksm/two_lines <==\n1\n2\n");
  const KtMachine *m = only_machine(s);
  assert_setting(m, "/sys/kernel/mm/ksm/run", "1");
  assert_setting(m, "/sys/kernel/mm/ksm/merge_across_nodes", "0");
  assert_setting(m, "/sys/kernel/mm/ksm/two_lines", NULL);
}

static void test_cat(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("[root@db7 ~]# cat /sys/kernel/mm/transparent_hugepage/enabled\n"
                "[always] madvise never\n"
                "[root@db7 ~]# cat /sys/kernel/mm/ksm/run /proc/sys/vm/zone_reclaim_mode\n0\n1\n"
                "[root@db7 ~]# sysctl -n kernel.numa_balancing\n1\n"
                "[root@db7 ~]# cat /sys/kernel/mm/ksm/pages_sharing /sys/kernel/mm/ksm/full_scans\n"
                "77\n"
                "[root@db7 ~]# cat /sys/module/kvm/parameters/halt_poll_ns\n"
                "cat: /sys/module/kvm/parameters/halt_poll_ns: No such file or directory\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpstr(m->name, ==, "db7");
  assert_setting(m, "/sys/kernel/mm/transparent_hugepage/enabled", "always");
  assert_setting(m, "/sys/kernel/mm/ksm/run", "0");
  assert_setting(m, "vm.zone_reclaim_mode", "1");
  assert_setting(m, "kernel.numa_balancing", "1");
  assert_setting(m, "/sys/kernel/mm/ksm/pages_sharing", NULL); /* one line for two files */
  assert_setting(m, "/sys/module/kvm/parameters/halt_poll_ns", NULL);
}

static void test_system(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("Linux db7 5.10.0-18-amd64 #1 SMP Debian 5.10.140-1 (2022-09-02) x86_64 GNU/Linux\n"
                "BOOT_IMAGE=/vmlinuz-5.10.0-18-amd64 root=/dev/vda2 ro quiet numa=off\n"
                "PRETTY_NAME=\"Debian GNU/Linux 11 (bullseye)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"11\"\n\n"
                "Current active profile: virtual-guest\n"
                "$ systemd-detect-virt\nkvm\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpstr(m->name, ==, "db7");
  g_assert_cmpstr(m->kernel_release, ==, "5.10.0-18-amd64");
  g_assert_cmpstr(m->arch, ==, "x86_64");
  g_assert_cmpstr(m->kernel_cmdline, ==, "BOOT_IMAGE=/vmlinuz-5.10.0-18-amd64 root=/dev/vda2 ro quiet numa=off");
  g_assert_cmpstr(m->os_name, ==, "Debian GNU/Linux 11 (bullseye)");
  g_assert_cmpstr(m->hypervisor, ==, "kvm");
  assert_setting(m, "tuned.active_profile", "virtual-guest");
}

static void test_java_version(void)
{
  static const struct {
    const char *text, *version;
  } cases[] = {
      {"java version \"1.7.0_79\"\nJava(TM) SE Runtime Environment (build 1.7.0_79-b15)\n"
       "Java HotSpot(TM) 64-Bit Server VM (build 24.79-b02, mixed mode)\n",
       "1.7.0_79"},
      {"openjdk version \"11.0.2\" 2019-01-15\nOpenJDK Runtime Environment 18.9 (build 11.0.2+9)\n", "11.0.2"},
      {"openjdk 17.0.15 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6)\n", "17.0.15"},
      {"openjdk version \"9-ea\"\n", "9-ea"},
      {"java 8 is old\n", NULL},
      {"openjdk version \"11.0", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(KtSnapshot) s = read_text(cases[i].text);
    g_assert_cmpuint(s->machines->len, ==, cases[i].version ? 1 : 0);
    if (cases[i].version)
      assert_setting(s->machines->pdata[0], "java.version", cases[i].version);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/settings/sysctl", test_sysctl);
  g_test_add_func("/settings/sysctl-conf", test_sysctl_conf);
  g_test_add_func("/settings/paths", test_paths);
  g_test_add_func("/settings/heads", test_heads);
  g_test_add_func("/settings/cat", test_cat);
  g_test_add_func("/settings/system", test_system);
  g_test_add_func("/settings/java-version", test_java_version);
  return g_test_run();
}
