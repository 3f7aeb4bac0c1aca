/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/readers.h"
#include "read_fixture.h"

static const char *const messages[] = {
    "Linux version 4.18.0-348.el8.x86_64 (builder@b) (gcc version 8.5.0) #1 SMP",
    "Command line: BOOT_IMAGE=/vmlinuz root=/dev/vda2 ro quiet",
    "DMI: OpenStack Foundation OpenStack Nova, BIOS 1.13.0 04/01/2014",
    "Hypervisor detected: KVM",
    "Kernel command line: BOOT_IMAGE=/vmlinuz root=/dev/vda2 ro quiet",
    "Enabling automatic NUMA balancing. Configure with numa_balancing= or the kernel.numa_balancing sysctl",
    "smpboot: CPU0: Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz (family: 0x6, model: 0x2d, stepping: 0x7)",
    "sched: CPU #16's llc-sibling CPU #0 is not on the same node! [node: 1 != 0]. Ignoring dependency.",
    "smp: Brought up 2 nodes, 32 CPUs",
    "clocksource: Switched to clocksource hpet",
    "clocksource: Switched to clocksource kvm-clock",
};

/* The log with each line in the given form, which has one %s. */
static char *log_text(const char *before)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(messages); i++)
    g_string_append_printf(out, "%s%s\n", before, messages[i]);
  return g_string_free(out, FALSE);
}

static void test_stamps(void)
{
  static const char *const forms[] = {"",
                                      "[    0.077690] ",
                                      "[\t0.077690] ",
                                      "[Mon Oct 14 10:48:34 2019] ",
                                      "<6>[    0.077690] ",
                                      "kern  :info  : [    0.077690] ",
                                      "Oct 14 10:48:34 db7 kernel: ",
                                      "Oct 14 10:48:34 db7 kernel: [    0.077690] "};
  for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
    g_autofree char *text = log_text(forms[i]);
    g_autoptr(KtSnapshot) s = read_text(text);
    const KtMachine *m = only_machine(s);
    g_assert_cmpstr(m->kernel_release, ==, "4.18.0-348.el8.x86_64");
    g_assert_cmpstr(m->kernel_cmdline, ==, "BOOT_IMAGE=/vmlinuz root=/dev/vda2 ro quiet");
    g_assert_cmpstr(m->product, ==, "OpenStack Nova");
    g_assert_cmpstr(m->hypervisor, ==, "kvm");
    g_assert_cmpstr(m->cpu_model_name, ==, "Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz");
    g_assert_true(kt_int_is(m->cpu_family, 6) && kt_int_is(m->cpu_model, 45) && kt_int_is(m->cpu_stepping, 7));
    g_assert_true(kt_int_is(m->online, 32) && kt_int_is(m->node_count, 2));
    g_assert_cmpstr(m->clocksource, ==, "kvm-clock");
    g_assert_cmpstr(kt_machine_setting(m, "kernel.numa_balancing"), ==, "1");
    g_assert_cmpuint(m->log->len, ==, G_N_ELEMENTS(messages));
    g_assert_cmpuint(kt_machine_cite_of(m, "hypervisor")->line, ==, 4);
  }
}

/* What was set since the boot counts more than what the log says of it. */
static void test_sysctl_overrules(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("[    0.280735] Enabling automatic NUMA balancing. Configure with numa_balancing=\n"
                "kernel.numa_balancing = 0\n");
  g_assert_cmpstr(kt_machine_setting(only_machine(s), "kernel.numa_balancing"), ==, "0");
}

static void test_single_line(void)
{
  g_autoptr(KtSnapshot) s = read_text("Enabling automatic NUMA balancing. Configure with numa_balancing=\nor sysctl\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpstr(kt_machine_setting(m, "kernel.numa_balancing"), ==, "1");
  g_assert_null(m->hypervisor);
}

static void test_wrapped_line_goes_on(void)
{
  g_autoptr(KtSnapshot) s = read_text("[    0.1] Linux version 5.4.0 (b)\n"
                                      "[    0.2] some long message that the terminal\n"
                                      "has wrapped\n"
                                      "[    0.3] Hypervisor detected: VMware\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpstr(m->hypervisor, ==, "vmware");
  g_assert_cmpuint(m->log->len, ==, 3);
}

static void test_old_forms(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("[    0.0] Linux version 3.10.0-1160.el7.x86_64 (b)\n"
                "[    0.1] smpboot: CPU0: AMD Opteron(tm)   Processor 6272 (fam: 15, model: 01, stepping: 02)\n"
                "[    0.2] Brought up 64 CPUs\n"
                "[    0.3] Switching to clocksource tsc\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpstr(m->cpu_model_name, ==, "AMD Opteron(tm) Processor 6272");
  g_assert_true(kt_int_is(m->cpu_family, 21));
  g_assert_true(kt_int_is(m->online, 64));
  g_assert_false(m->node_count.known);
  g_assert_cmpstr(m->clocksource, ==, "tsc");
}

/* The kernel puts the vendor before a name that lacks it; /proc/cpuinfo has the name alone. */
static void test_vendor_in_front(void)
{
  static const struct {
    const char *said, *name;
  } cases[] = {
      {"AMD QEMU Virtual CPU version 2.5+", "QEMU Virtual CPU version 2.5+"},
      {"Intel Westmere E56xx/L56xx/X56xx (Nehalem-C)", "Westmere E56xx/L56xx/X56xx (Nehalem-C)"},
      {"Intel Common KVM processor", "Common KVM processor"},
      {"AMD EPYC Processor", "AMD EPYC Processor"},
      {"Intel Xeon Processor (Skylake)", "Intel Xeon Processor (Skylake)"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *text = g_strdup_printf("[    0.5] smpboot: CPU0: %s (family: 0x6, model: 0x6b, stepping: 0x1)\n"
                                            "[    0.6] smp: Brought up 1 node, 2 CPUs\n",
                                            cases[i].said);
    g_autoptr(KtSnapshot) s = read_text(text);
    g_assert_cmpstr(only_machine(s)->cpu_model_name, ==, cases[i].name);
  }
}

/* What ends in the middle is not certain. */
static void test_truncated(void)
{
  static const char *const ends[] = {
      "[    0.2] Linux version 4.18.0-3",
      "[    0.2] Kernel command line: BOOT_IMAGE=/vmlinuz root=/dev/vda2 ro qui",
      "[    0.2] smpboot: CPU0: Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz (family: 0x6, model: 0x2",
      "[    0.2] smp: Brought up 2 nodes, 3",
      "[    0.2] clocksource: Switched to clocksource kvm-cl",
      "[    0.2] DMI: OpenStack Foundation OpenStack No",
  };
  for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
    g_autofree char *text = g_strconcat("[    0.1] x86/fpu: on\n", ends[i], NULL);
    g_autoptr(KtSnapshot) s = read_text(text);
    const KtMachine *m = only_machine(s);
    g_assert_null(m->kernel_release);
    g_assert_null(m->kernel_cmdline);
    g_assert_null(m->cpu_model_name);
    g_assert_null(m->clocksource);
    g_assert_null(m->product);
    g_assert_false(m->online.known || m->node_count.known || m->cpu_model.known);
  }
}

static void test_bounded(void)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < 9000; i++)
    g_string_append_printf(text, "[%5u.000000] usb 1-1: message %u\n", i, i);
  g_string_append(text, "[ 9999.000000] watchdog: BUG: soft lockup - CPU#3 stuck for 22s!\n");
  g_autoptr(KtSnapshot) s = read_text(text->str);
  g_string_free(text, TRUE);
  const KtMachine *m = only_machine(s);
  g_assert_cmpuint(m->log->len, <=, 4000);
  const KtCite *last = m->log->pdata[m->log->len - 1];
  g_assert_nonnull(strstr(last->text, "soft lockup"));
}

static void test_refused(void)
{
  static const char *const texts[] = {"[0, 1, 2]\n", "[libvirt]\ncpu_mode = host-model\n", "[section 1.2] title\n"};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtText) text = kt_text_new("x", texts[i], strlen(texts[i]));
    g_assert_false(kt_reader_kernel_log.starts(text, 0));
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/kernel-log/stamps", test_stamps);
  g_test_add_func("/kernel-log/sysctl-overrules", test_sysctl_overrules);
  g_test_add_func("/kernel-log/single-line", test_single_line);
  g_test_add_func("/kernel-log/wrapped", test_wrapped_line_goes_on);
  g_test_add_func("/kernel-log/old-forms", test_old_forms);
  g_test_add_func("/kernel-log/vendor-in-front", test_vendor_in_front);
  g_test_add_func("/kernel-log/truncated", test_truncated);
  g_test_add_func("/kernel-log/bounded", test_bounded);
  g_test_add_func("/kernel-log/refused", test_refused);
  return g_test_run();
}
