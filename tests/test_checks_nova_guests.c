/* SPDX-License-Identifier: GPL-2.0-or-later */
/* N06 to N09 on definitions and tables as Nova and its client write them. */
#include <string.h>

#include "check_fixture.h"
#include "config.h"
#include "read_fixture.h"

/* A guest's definition by nova-compute, with what is put into <domain>. */
static char *definition(int n, const char *inside)
{
  return g_strdup_printf(
      "<domain type='kvm' id='%d'>\n  <name>instance-%08x</name>\n  <uuid>3c47bbf3-e076-47e5-a129-%012x</uuid>\n"
      "  <metadata>\n    <nova:instance xmlns:nova=\"http://openstack.org/xmlns/libvirt/nova/1.1\">\n"
      "      <nova:package version=\"26.2.2\"/>\n      <nova:name>g%d</nova:name>\n"
      "      <nova:flavor name=\"f\"><nova:memory>256</nova:memory><nova:vcpus>2</nova:vcpus></nova:flavor>\n"
      "    </nova:instance>\n  </metadata>\n  <memory unit='KiB'>262144</memory>\n"
      "  <os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os>\n%s</domain>\n",
      n, (guint)n, (guint)n, n, inside);
}

#if HAVE_LIBXML2
static const char floating[] = "  <vcpu placement='static'>2</vcpu>\n";
static const char in_shared_set[] = "  <vcpu placement='static' cpuset='4-7'>2</vcpu>\n";
static const char with_cells[] =
    "  <vcpu placement='static'>2</vcpu>\n  <cputune>\n    <vcpupin vcpu='0' cpuset='0-3'/>\n"
    "    <vcpupin vcpu='1' cpuset='0-3'/>\n    <emulatorpin cpuset='0-3'/>\n  </cputune>\n  <numatune>\n"
    "    <memory mode='strict' nodeset='0'/>\n    <memnode cellid='0' mode='strict' nodeset='0'/>\n  </numatune>\n"
    "  <cpu mode='host-model'>\n    <topology sockets='2' dies='1' cores='1' threads='1'/>\n"
    "    <numa><cell id='0' cpus='0-1' memory='262144' unit='KiB'/></numa>\n  </cpu>\n";
static const char dedicated[] =
    "  <vcpu placement='static'>2</vcpu>\n  <cputune>\n    <vcpupin vcpu='0' cpuset='1'/>\n"
    "    <vcpupin vcpu='1' cpuset='2'/>\n  </cputune>\n  <numatune>\n"
    "    <memory mode='strict' nodeset='0'/>\n    <memnode cellid='0' mode='strict' nodeset='0'/>\n  </numatune>\n"
    "  <cpu mode='host-model'>\n    <topology sockets='2' dies='1' cores='1' threads='1'/>\n"
    "    <numa><cell id='0' cpus='0-1' memory='262144' unit='KiB'/></numa>\n  </cpu>\n";
#endif

static KtMachine *host_new(int threads)
{
  KtMachine *m = kt_machine_new();
  m->role = KT_ROLE_HOST;
  m->name = g_strdup("kvm7.example");
  m->cpu_set = kt_set_parse("0-7", NULL);
  if (threads)
    m->threads_per_core = KT_INT(threads);
  return m;
}

/* Texts one after the other, as a paste, beside the host. */
static KtFinding *on_host(const char *first, const char *second, const char *third)
{
  const char *const parts[] = {first, second, third};
  g_autoptr(GString) text = g_string_new(NULL);
  for (int i = 0; i < 3; i++) {
    g_autofree char *xml = parts[i] && *parts[i] == ' ' ? definition(i + 1, parts[i]) : g_strdup(parts[i]);
    g_string_append(text, xml ? xml : "");
  }
  g_autoptr(KtSnapshot) snapshot = read_text(text->str);
  g_autoptr(KtMachine) host = host_new(2);
  KtSubject s = {.kind = KT_FOR_HOST, .snapshot = snapshot, .machine = host, .host = host};
  return run_check("N06", &s);
}

#if HAVE_LIBXML2
static void assert_n06(KtFinding *taken, KtState state, int severity)
{
  g_autoptr(KtFinding) f = taken;
  g_assert_cmpint(f->state, ==, state);
  if (severity)
    g_assert_cmpint(f->severity, ==, severity);
}

static void test_n06(void)
{
  g_autoptr(KtFinding) mixed = on_host(floating, with_cells, NULL);
  g_assert_cmpint(mixed->state, ==, KT_FIRED);
  g_assert_cmpstr(mixed->title, ==, "floating guests and guests with NUMA cells (1 and 1) on one host");
  g_assert_true(says(mixed, "memory of floating guests") && !says(mixed, "dedicated"));
  g_autoptr(KtFinding) pinned = on_host(floating, dedicated, NULL);
  g_assert_true(says(pinned, "dedicated to others"));
  assert_n06(on_host(floating, dedicated, NULL), KT_FIRED, 2);
  /* cpu_shared_set keeps the CPUs apart; memory stays */
  assert_n06(on_host(in_shared_set, dedicated, NULL), KT_FIRED, 1);
  /* no two kinds */
  assert_n06(on_host(floating, floating, NULL), KT_FINE, 0);
  assert_n06(on_host(with_cells, with_cells, NULL), KT_FINE, 0);
  assert_n06(on_host(dedicated, NULL, NULL), KT_FINE, 0);
  assert_n06(on_host(NULL, NULL, NULL), KT_NOT_APPLICABLE, 0);
  /* without cpu_dedicated_set those with shared CPUs run on dedicated ones too */
  g_autoptr(KtFinding) same = on_host(with_cells, dedicated, NULL);
  g_assert_cmpint(same->state, ==, KT_FIRED);
  g_assert_nonnull(strstr(same->title, "on the same CPUs"));
}

/* What is not Nova's does not count: libvirt's own guests are placed by hand. */
static void test_n06_others(void)
{
  assert_n06(
      on_host("<domain type='kvm'><name>a</name><vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os></domain>\n",
              with_cells, NULL),
      KT_FINE, 0);
}
#endif

#define SHOW(name, host, properties)                                                                                   \
  "$ openstack server show " name "\n"                                                                                 \
  "+-------------------------------------+---------------------------------------------------------------+\n"          \
  "| Field                               | Value                                                         |\n"          \
  "+-------------------------------------+---------------------------------------------------------------+\n"          \
  "| OS-EXT-SRV-ATTR:host                | " host "                                                          |\n"      \
  "| OS-EXT-STS:vm_state                 | active                                                        |\n"          \
  "| flavor                              | " properties " |\n"                                                         \
  "| name                                | " name "                                                            |\n"    \
  "+-------------------------------------+---------------------------------------------------------------+\n"
#define CELLS "original_name='a', vcpus='2', extra_specs.hw:numa_nodes='1'"
#define PINS "original_name='b', vcpus='2', extra_specs.hw:cpu_policy='dedicated'"
#define NONE "original_name='c', vcpus='2', extra_specs.quota:cpu_shares='1024'"

static KtFinding *by_copies(const char *text)
{
  return on_host(text, NULL, NULL);
}

static void test_n06_by_flavors(void)
{
  g_autoptr(KtFinding) mixed = by_copies(SHOW("g1", "kvm7 ", CELLS) SHOW("g2", "kvm7 ", NONE));
  g_assert_cmpint(mixed->state, ==, KT_FIRED);
  g_autoptr(KtFinding) elsewhere = by_copies(SHOW("g1", "kvm7 ", CELLS) SHOW("g2", "kvm8 ", NONE));
  g_assert_cmpint(elsewhere->state, ==, KT_FINE);
  g_autoptr(KtFinding) unknown = by_copies(SHOW("g1", "kvm7 ", CELLS) SHOW("g2", "kvm7 ", PINS));
  g_assert_cmpint(unknown->state, ==, KT_CANNOT_TELL);
  g_assert_nonnull(strstr(unknown->missing, "cpu_dedicated_set"));
  g_autoptr(KtFinding) apart =
      by_copies(SHOW("g1", "kvm7 ", CELLS)
                    SHOW("g2", "kvm7 ", PINS) "$ cat /etc/nova/nova.conf\n[DEFAULT]\ndebug = false\n[compute]\n"
                                              "cpu_dedicated_set = 1-3\ncpu_shared_set = 4-7\n[libvirt]\n"
                                              "virt_type = kvm\n");
  g_assert_cmpint(apart->state, ==, KT_FINE);
}

/* ---- N07 ---- */

static KtFinding *n07(const char *specs, const char *image, int threads)
{
  g_autoptr(KtFlavor) flavor = kt_flavor_new("test");
  g_autoptr(KtMachine) host = host_new(threads);
  g_auto(GStrv) words = g_strsplit(specs, " ", -1);
  flavor->extra_specs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; words[i]; i++) {
    g_auto(GStrv) pair = g_strsplit(words[i], "=", 2);
    if (pair[0])
      kt_flavor_set_spec(flavor, pair[0], pair[1], NULL);
  }
  if (image)
    kt_flavor_set_image(flavor, "hw_cpu_policy", image, NULL);
  KtSubject s = {.kind = KT_FOR_FLAVOR, .name = "f", .flavor = flavor, .host = threads >= 0 ? host : NULL};
  return run_check("N07", &s);
}

static void test_n07(void)
{
  static const struct {
    const char *specs, *image;
    int threads;
    KtState state;
    const char *title; /* part of it */
  } rows[] = {
      {"hw:cpu_policy=dedicated", NULL, 2, KT_FIRED, "without hw:cpu_thread_policy, hw:emulator_threads_policy"},
      {"hw:cpu_policy=mixed hw:cpu_thread_policy=require", NULL, 2, KT_FIRED,
       "is mixed, without hw:emulator_threads_policy"},
      {"hw:cpu_policy=dedicated hw:emulator_threads_policy=share", NULL, 2, KT_FIRED, "without hw:cpu_thread_policy"},
      {"hw:numa_nodes=1", "dedicated", 2, KT_FIRED, "is dedicated, without"},
      {"resources:PCPU=4", NULL, 2, KT_FIRED, "is dedicated, without"},
      {"hw:cpu_policy=dedicated hw:emulator_threads_policy=share hw:cpu_thread_policy=isolate", NULL, 0, KT_FINE, NULL},
      {"hw:cpu_policy=dedicated", NULL, 1, KT_FINE, NULL},
      {"hw:cpu_policy=dedicated", NULL, 0, KT_CANNOT_TELL, NULL},
      {"hw:cpu_policy=dedicated", NULL, -1, KT_CANNOT_TELL, NULL},
      {"hw:cpu_policy=shared", NULL, 2, KT_NOT_APPLICABLE, NULL},
      {"hw:numa_nodes=2", NULL, 2, KT_NOT_APPLICABLE, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(KtFinding) f = n07(rows[i].specs, rows[i].image, rows[i].threads);
    g_assert_cmpint(f->state, ==, rows[i].state);
    if (rows[i].title)
      g_assert_nonnull(strstr(f->title, rows[i].title));
  }
}

/* ---- N08 ---- */

static KtFinding *n08(const char *name, const char *properties)
{
  g_autofree char *text =
      g_strdup_printf("$ openstack image show win\n"
                      "+------------------+------------------------------------------------------------------+\n"
                      "| Field            | Value                                                            |\n"
                      "+------------------+------------------------------------------------------------------+\n"
                      "| container_format | bare                                                             |\n"
                      "| disk_format      | qcow2                                                            |\n"
                      "| name             | %-64s |\n"
                      "| properties       | %-64s |\n"
                      "+------------------+------------------------------------------------------------------+\n",
                      name, properties);
  g_autoptr(KtSnapshot) snapshot = read_text(text);
  g_assert_cmpuint(snapshot->flavors->len, ==, 1);
  const KtFlavor *image = snapshot->flavors->pdata[0];
  KtSubject s = {.kind = KT_FOR_FLAVOR, .name = image->name, .flavor = image, .snapshot = snapshot};
  return run_check("N08", &s);
}

static void test_n08(void)
{
  static const struct {
    const char *name, *properties;
    KtState state;
    const char *title;
  } rows[] = {
      {"ws", "os_distro='windows', hw_qemu_guest_agent='yes'", KT_FIRED, "image ws is Windows by its os_distro"},
      {"Windows-Server-2019", "hw_qemu_guest_agent='yes'", KT_FIRED, "is Windows by its name"},
      {"erp_win2k22_std", "hw_qemu_guest_agent='yes'", KT_FIRED, "is Windows by its name"},
      {"Windows-Server-2019", "os_type='windows'", KT_FINE, NULL},
      {"ws", "os_distro='windows', os_type='windows'", KT_FINE, NULL},
      {"Windows-look-alike", "os_distro='ubuntu'", KT_FINE, NULL},
      {"winter-release", "hw_qemu_guest_agent='yes'", KT_FINE, NULL},
      {"darwin-20", "hw_qemu_guest_agent='yes'", KT_FINE, NULL},
      {"linux", "hw_disk_bus='ide'", KT_FIRED, "an emulated device: hw_disk_bus=ide"},
      {"linux", "hw_disk_bus='virtio', hw_vif_model='e1000'", KT_FIRED, "hw_vif_model=e1000"},
      {"linux", "hw_disk_bus='scsi', hw_vif_model='virtio'", KT_FINE, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(KtFinding) f = n08(rows[i].name, rows[i].properties);
    g_assert_cmpint(f->state, ==, rows[i].state);
    if (rows[i].title)
      g_assert_nonnull(strstr(f->title, rows[i].title));
  }
  g_autoptr(KtFinding) by_name = n08("win11", "os_version='23H2'");
  g_assert_cmpint(by_name->basis, ==, KT_BASIS_INFERRED);
  g_autofree char *action = kt_finding_action(by_name, &by_name->check->remedies[0]);
  g_assert_nonnull(strstr(action, "os_type=windows win11"));
}

/* ---- N09 ---- */

#if HAVE_LIBXML2
static KtFinding *n09(const char *text)
{
  g_autoptr(KtSnapshot) snapshot = read_text(text);
  g_assert_cmpuint(snapshot->domains->len, ==, 1);
  KtSubject s = {.kind = KT_FOR_DOMAIN, .snapshot = snapshot, .domain = snapshot->domains->pdata[0]};
  return run_check("N09", &s);
}

static void test_n09(void)
{
  static const struct {
    const char *inside, *title;
  } rows[] = {
      {"<vcpu>2</vcpu><cpu mode='host-passthrough'><cache mode='passthrough'/></cpu>", "write <cache>:"},
      {"<vcpu>4</vcpu><cpu><topology sockets='1' dies='2' cores='2' threads='1'/></cpu>", "<topology dies>"},
      {"<vcpu>2</vcpu><features><kvm><hint-dedicated state='on'/></kvm></features>", "<hint-dedicated>"},
      {"<vcpu>2</vcpu><features><hyperv><stimer state='on'/></hyperv></features>", "<stimer>"},
      {"<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='1'/></cputune>", "<vcpupin>"},
      {"<vcpu>2</vcpu><numatune><memory mode='restrictive' nodeset='0'/></numatune>", "<numatune>, <numatune mode>"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *xml = definition(1, rows[i].inside);
    g_autoptr(KtFinding) f = n09(xml);
    g_assert_cmpint(f->state, ==, KT_FIRED);
    g_assert_nonnull(strstr(f->title, rows[i].title));
    g_assert_cmpuint(f->evidence->len, >, 0);
  }
  g_autofree char *plain = definition(1, floating), *numa = definition(2, with_cells);
  g_autoptr(KtFinding) a = n09(plain), b = n09(numa);
  g_assert_cmpint(a->state, ==, KT_FINE);
  g_assert_cmpint(b->state, ==, KT_FINE);
  g_autoptr(KtFinding) other = n09("<domain type='kvm'><name>a</name><vcpu>2</vcpu><cpu mode='host-passthrough'><cache "
                                   "mode='passthrough'/></cpu></domain>");
  g_assert_cmpint(other->state, ==, KT_NOT_APPLICABLE);
}

/* Definitions that a real nova-compute wrote: nothing in them is another's. */
static void test_n09_recorded(void)
{
  static const char *const names[] = {"plain4.xml", "plain32.xml", "q22.xml", "q22ded.xml", "n32.xml"};
  const char *shared = g_getenv("KT_SHARED");
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *path = g_build_filename(shared ? shared : "", "openstack", "answers", names[i], NULL), *xml = NULL;
    if (!g_file_get_contents(path, &xml, NULL, NULL)) {
      g_test_skip("no recorded definitions");
      return;
    }
    g_autoptr(KtFinding) f = n09(xml);
    g_assert_cmpint(f->state, ==, KT_FINE);
  }
}
#endif

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#if HAVE_LIBXML2
  g_test_add_func("/checks/nova/N06", test_n06);
  g_test_add_func("/checks/nova/N06/others", test_n06_others);
  g_test_add_func("/checks/nova/N09", test_n09);
  g_test_add_func("/checks/nova/N09/recorded", test_n09_recorded);
#endif
  g_test_add_func("/checks/nova/N06/by flavors", test_n06_by_flavors);
  g_test_add_func("/checks/nova/N07", test_n07);
  g_test_add_func("/checks/nova/N08", test_n08);
  return g_test_run();
}
