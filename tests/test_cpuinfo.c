/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "read_fixture.h"

/* A block as Linux 5 writes it on x86. */
static void add_cpu(GString *text, guint cpu, guint package, guint core, guint siblings, guint cores, const char *flags)
{
  g_string_append_printf(text,
                         "processor\t: %u\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 106\n"
                         "model name\t: Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz\nstepping\t: 6\n"
                         "cpu MHz\t\t: %u.542\ncache size\t: 24576 KB\nphysical id\t: %u\nsiblings\t: %u\n"
                         "core id\t\t: %u\ncpu cores\t: %u\napicid\t\t: %u\nfpu\t\t: yes\nflags\t\t: %s\n"
                         "bogomips\t: 5799.99\naddress sizes\t: 46 bits physical, 48 bits virtual\n"
                         "power management:\n\n",
                         cpu, 2800 + cpu, package, siblings, core, cores, cpu * 2, flags);
}

/* Two packages of two cores of two threads; core ids repeat and are sparse. */
static char *host(void)
{
  GString *text = g_string_new(NULL);
  for (guint cpu = 0; cpu < 8; cpu++)
    add_cpu(text, cpu, cpu / 2 % 2, cpu % 2 * 8, 4, 2, "fpu vme tsc ht lm constant_tsc");
  return g_string_free(text, FALSE);
}

static void test_host(void)
{
  g_autofree char *text = host();
  g_auto(Read) read = read_blocks(text);
  KtMachine *m = machine_of(&read, 0);
  g_assert_cmpuint(read.fragments->len, ==, 1);
  ASSERT_INT(m->online, 8);
  ASSERT_UNKNOWN(m->cpus);
  ASSERT_INT(m->sockets, 2);
  ASSERT_INT(m->cores_per_socket, 2);
  ASSERT_INT(m->threads_per_core, 2);
  ASSERT_INT(m->cpu_model, 106);
  ASSERT_INT(m->cpu_stepping, 6);
  g_assert_cmpstr(m->cpu_model_name, ==, "Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz");
  assert_set(kt_machine_find_cpu(m, 5)->siblings, "1,5");
  g_assert_cmpint(m->role, ==, KT_ROLE_HOST);
  g_assert_cmpstr(m->hypervisor, ==, "none");
  g_assert_cmpuint(m->caches->len, ==, 0); /* "cache size" does not say of which level */
}

/* One block of many is what people paste. */
static void test_excerpt(void)
{
  g_autoptr(GString) text = g_string_new(NULL);
  add_cpu(text, 0, 0, 0, 32, 16, "fpu tsc hypervisor lm");
  g_auto(Read) read = read_blocks(text->str);
  KtMachine *m = machine_of(&read, 0);
  ASSERT_UNKNOWN(m->online);
  ASSERT_UNKNOWN(m->sockets);
  ASSERT_INT(m->cores_per_socket, 16);
  ASSERT_INT(m->threads_per_core, 2);
  g_assert_cmpint(m->role, ==, KT_ROLE_GUEST);
  g_assert_null(m->hypervisor); /* the flag does not say which */

  add_cpu(text, 1, 0, 1, 32, 16, "fpu tsc hypervisor lm");
  g_auto(Read) two = read_blocks(text->str);
  ASSERT_UNKNOWN(machine_of(&two, 0)->online);
}

static void test_damage(void)
{
  g_autofree char *text = host();
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_autofree char *spread = g_strjoinv("\n\n", lines); /* an empty line below each */
  g_auto(Read) blank = read_blocks(spread);
  ASSERT_INT(machine_of(&blank, 0)->online, 8);

  g_auto(Read) wrapped = read_blocks("processor : 0\nvendor_id : GenuineIntel\ncpu family : 6\nmodel : 45\n"
                                     "flags : fpu vme tsc hyper\nvisor lm\nbogomips : 4400.00\n");
  KtMachine *m = machine_of(&wrapped, 0);
  g_assert_null(m->cpu_flags);
  g_assert_cmpint(m->role, ==, KT_ROLE_UNKNOWN);
  ASSERT_INT(m->cpu_model, 45);
}

static void test_others(void)
{
  g_auto(Read) arm =
      read_blocks("processor\t: 0\nBogoMIPS\t: 200.00\nFeatures\t: fp asimd cpuid\nCPU implementer\t: 0x48\n"
                  "CPU part\t: 0xd01\nCPU revision\t: 0\n\nprocessor\t: 1\nBogoMIPS\t: 200.00\n"
                  "Features\t: fp asimd cpuid\nCPU implementer\t: 0x48\nCPU part\t: 0xd01\n\n");
  KtMachine *m = machine_of(&arm, 0);
  g_assert_nonnull(m);
  g_assert_cmpint(m->role, ==, KT_ROLE_UNKNOWN);
  ASSERT_UNKNOWN(m->sockets);
  g_assert_null(m->cpu_vendor);

  g_auto(Read) power = read_blocks("processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 2166.000000MHz\n"
                                   "revision\t: 2.2 (pvr 004e 1202)\n\ntimebase\t: 512000000\nplatform\t: PowerNV\n"
                                   "model\t\t: 8335-GTH\nmachine\t\t: PowerNV 8335-GTH\n");
  m = machine_of(&power, 0);
  ASSERT_UNKNOWN(m->cpu_model);
  g_assert_null(m->hypervisor);

  g_auto(Read) s390 = read_blocks("vendor_id       : IBM/S390\n# processors    : 4\nbogomips per cpu: 3241.00\n"
                                  "processor 0: version = FF,  identification = 0A1234,  machine = 2964\n");
  for (guint i = 0; i < s390.fragments->len; i++)
    g_assert_cmpint(machine_of(&s390, i)->role, ==, KT_ROLE_UNKNOWN);
}

static void test_refusals(void)
{
  g_autofree char *text = host();
  g_autofree char *twice = g_strconcat(text, text, NULL);
  g_auto(Read) read = read_blocks(twice); /* more CPUs in a package than it has */
  ASSERT_UNKNOWN(machine_of(&read, 0)->online);
  g_auto(Read) prose = read_blocks("processor: 12 cores\nmodel: 3\n");
  g_assert_cmpuint(prose.fragments->len, ==, 0);
}

static void test_cuts(void)
{
  g_autofree char *text = host();
  assert_cuts_are_never_wrong(text, FALSE);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/cpuinfo/host", test_host);
  g_test_add_func("/cpuinfo/excerpt", test_excerpt);
  g_test_add_func("/cpuinfo/damage", test_damage);
  g_test_add_func("/cpuinfo/other-architectures", test_others);
  g_test_add_func("/cpuinfo/refusals", test_refusals);
  g_test_add_func("/cpuinfo/cuts", test_cuts);
  return g_test_run();
}
