/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include <string.h>

#include "apply/guard.h"
#include "managed_fixture.h"

#define DOMAIN(inside)                                                                                                 \
  "<domain type='kvm' id='3'><name>g</name><vcpu>4</vcpu><memory>1048576</memory>" inside "</domain>"
#define NOVA                                                                                                           \
  "<metadata><nova:instance xmlns:nova=\"http://openstack.org/xmlns/libvirt/nova/1.1\"><nova:name>g4</nova:name>"      \
  "<nova:flavor name=\"plain4\"><nova:vcpus>4</nova:vcpus></nova:flavor></nova:instance></metadata>"
#define PROXMOX "<devices><serial type='unix'><source path='/var/run/qemu-server/100.serial0'/></serial></devices>"
#define PINNED "<cputune><vcpupin vcpu='0' cpuset='21'/></cputune>"
#define CELLS                                                                                                          \
  "<cpu><numa><cell id='0' cpus='0-1' memory='524288'/><cell id='1' cpus='2-3' memory='524288'/></numa></cpu>"

static KtNovaConf *conf(const char *key, const char *value)
{
  KtNovaConf *c = kt_nova_conf_new("nova.conf");
  if (key)
    g_hash_table_replace(c->values, g_strdup(key), g_strdup(value));
  return c;
}

/* What the guard says of a step: "" it may; else why not. The warning goes to *warning. */
static char *judge(const char *live, const char *definition, const KtNovaConf *nova, KtStepKind kind,
                   const char *before, const char *after, char **warning)
{
  g_autoptr(KtSet) online = kt_set_parse("0-63", NULL);
  g_autoptr(KtStep) step = kt_step_new(kind, "0", before, after);
  step->domain = g_strdup("g");
  const KtGuardSight sight = {.live = live, .definition = definition, .online = online, .nova = nova};
  char *why = kt_guard_refuses(&sight, step, warning);
  return why ? why : g_strdup("");
}

static void check(const char *xml, const KtNovaConf *nova, KtStepKind kind, const char *before, const char *after,
                  const char *words, gboolean warned)
{
  char *warning = NULL;
  g_autofree char *why = judge(xml, xml, nova, kind, before, after, &warning);
  if (!*words)
    g_assert_cmpstr(why, ==, "");
  else if (!strstr(why, words))
    g_assert_cmpstr(why, ==, words);
  g_assert_true((warning != NULL) == warned);
  g_free(warning);
}

/* Nobody's but the administrator's: all may be done. */
static void test_own(void)
{
  static const KtStepKind kinds[] = {KT_STEP_VCPUPIN, KT_STEP_EMULATORPIN, KT_STEP_NODESET,
                                     KT_STEP_MEMORY,  KT_STEP_DEFINITION,  KT_STEP_RESTART};
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
    check(DOMAIN(PINNED), NULL, kinds[i], "0-3", "8-9", "", FALSE);
  check(DOMAIN(CELLS), NULL, KT_STEP_NODESET, "0", "1", "several cells", FALSE);
  check(DOMAIN(CELLS), NULL, KT_STEP_MEMORY, "0:1", "1:1", "", FALSE);
}

static void test_state(void)
{
  g_autofree char *off = judge(NULL, DOMAIN(""), NULL, KT_STEP_VCPUPIN, "0", "1", NULL);
  g_assert_cmpstr(off, ==, "it does not run");
  g_autofree char *define_off = judge(NULL, DOMAIN(""), NULL, KT_STEP_DEFINITION, "a", "b", NULL);
  g_assert_cmpstr(define_off, ==, "");
  g_autofree char *transient = judge(DOMAIN(""), NULL, NULL, KT_STEP_DEFINITION, "a", "b", NULL);
  g_assert_nonnull(strstr(transient, "transient"));
  g_autofree char *gone = judge(DOMAIN(""), NULL, NULL, KT_STEP_RESTART, "a", "b", NULL);
  g_assert_nonnull(strstr(gone, "gone"));
  g_autofree char *live = judge(DOMAIN(""), NULL, NULL, KT_STEP_VCPUPIN, "0-3", "8", NULL);
  g_assert_cmpstr(live, ==, "");
}

static void test_stuck(void)
{
  check(DOMAIN("<devices><hostdev mode='subsystem' type='pci'><source><address domain='0' bus='0x3b' slot='0' "
               "function='0'/></source></hostdev></devices>"),
        NULL, KT_STEP_MEMORY, "0:1", "1:1", "VFIO pins it", FALSE);
  check(DOMAIN("<memoryBacking><locked/></memoryBacking>"), NULL, KT_STEP_MEMORY, "0:1", "1:1", "locked", FALSE);
  check(DOMAIN("<launchSecurity type='sev'/>"), NULL, KT_STEP_MEMORY, "0:1", "1:1", "encrypted", FALSE);
  check(DOMAIN("<memoryBacking><hugepages><page size='1' unit='GiB'/></hugepages></memoryBacking>"), NULL,
        KT_STEP_MEMORY, "0:1", "1:1", "1 GiB pages", FALSE);
  check(DOMAIN("<memoryBacking><locked/></memoryBacking>"), NULL, KT_STEP_VCPUPIN, "0", "1", "", FALSE);
}

/* A floating guest of Nova's: only narrower, only on shared CPUs, with a word of warning. */
static void test_nova_floats(void)
{
  KtNovaConf *shared = conf("compute/cpu_shared_set", "4-31,^8");
  check(DOMAIN(NOVA), shared, KT_STEP_VCPUPIN, "0-63", "4-7", "", TRUE);
  check(DOMAIN(NOVA), shared, KT_STEP_VCPUPIN, "0-63", "4-8", "on 4-7,9-31 only", FALSE);
  check(DOMAIN(NOVA), shared, KT_STEP_EMULATORPIN, "0-63", "32", "cpu_shared_set", FALSE);
  check(DOMAIN(NOVA), shared, KT_STEP_VCPUPIN, "4-5", "4-7", "only be narrowed", FALSE);
  check(DOMAIN(NOVA), shared, KT_STEP_VCPUPIN, NULL, "4-7", "only be narrowed", FALSE);
  check(DOMAIN(NOVA), shared, KT_STEP_MEMORY, "0:1", "1:1", "", TRUE);
  check(DOMAIN(NOVA), shared, KT_STEP_DEFINITION, "a", "b", "flavor", FALSE);
  check(DOMAIN(NOVA), shared, KT_STEP_SCHEDULER, "50000", "-1", "gives it its CPU time", FALSE);
  check(DOMAIN(NOVA), shared, KT_STEP_RESTART, "a", "b", "restart it there", FALSE);
  check(DOMAIN(NOVA), shared, KT_STEP_GUEST, "1", "0", "", FALSE);
  check(DOMAIN(NOVA), NULL, KT_STEP_VCPUPIN, "0-63", "4-7", "nova.conf was not found", FALSE);
  check(DOMAIN(NOVA), NULL, KT_STEP_MEMORY, "0:1", "1:1", "nova.conf was not found", FALSE);
  kt_nova_conf_free(shared);
}

static void test_nova_cpus(void)
{
  g_autoptr(KtSet) online = kt_set_parse("0-15", NULL);
  static const struct {
    const char *key, *value, *cpus; /* NULL: any */
    gboolean known;
  } rows[] = {{NULL, NULL, NULL, TRUE},
              {"compute/cpu_shared_set", "0-3,8", "0-3,8", TRUE},
              {"compute/cpu_shared_set", "0-3,^2", "0-1,3", TRUE},
              {"compute/cpu_shared_set", "^2,0-3,,8", "0-1,3,8", TRUE}, /* wherever it stands */
              {"compute/cpu_shared_set", "all", NULL, FALSE},
              {"DEFAULT/vcpu_pin_set", "2-5", "2-5", TRUE},
              {"compute/cpu_dedicated_set", "4-15", "0-3", TRUE},
              {"compute/cpu_dedicated_set", "some", NULL, FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    KtNovaConf *c = conf(rows[i].key, rows[i].value);
    gboolean known;
    g_autoptr(KtSet) cpus = kt_guard_nova_cpus(c, online, &known);
    g_autofree char *text = cpus ? kt_set_format(cpus) : NULL;
    g_assert_cmpint(known, ==, rows[i].known);
    g_assert_cmpstr(text, ==, rows[i].cpus);
    kt_nova_conf_free(c);
  }
  KtNovaConf *both = conf("DEFAULT/vcpu_pin_set", "2-5"); /* what Nova then reads is the old one */
  g_hash_table_replace(both->values, g_strdup("compute/cpu_shared_set"), g_strdup("0-15"));
  gboolean known;
  g_autoptr(KtSet) cpus = kt_guard_nova_cpus(both, online, &known);
  g_autofree char *text = kt_set_format(cpus);
  g_assert_cmpstr(text, ==, "2-5");
  kt_nova_conf_free(both);
}

/* Words that no definition has make it unreadable, and libvirt keeps them; then it is not known to be nobody's. */
static void test_unreadable(void)
{
  static const char *const unreadable[] = {DOMAIN(NOVA "<a:b xmlns:a='urn:a'><![CDATA[<!DOCTYPE x>]]></a:b>"),
                                           DOMAIN(NOVA "<description>&lt;</descr"), "<domain"};
  KtNovaConf *shared = conf("compute/cpu_shared_set", "4-31");
  for (guint i = 0; i < G_N_ELEMENTS(unreadable); i++) {
    check(unreadable[i], shared, KT_STEP_VCPUPIN, "0-63", "4-7", "cannot be read", FALSE);
    check(unreadable[i], shared, KT_STEP_DEFINITION, "a", "b", "cannot be read", FALSE);
    g_autofree char *why = judge(DOMAIN(NOVA), unreadable[i], shared, KT_STEP_VCPUPIN, "0-63", "4-7", NULL);
    g_assert_nonnull(strstr(why, "has booked"));
  }
  kt_nova_conf_free(shared);
}

/* What Nova has booked is left alone, whatever the step. */
static void test_nova_booked(void)
{
  static const char *const booked[] = {
      DOMAIN(NOVA PINNED), DOMAIN(NOVA CELLS), DOMAIN(NOVA "<numatune><memory mode='strict' nodeset='1'/></numatune>"),
      DOMAIN(NOVA "<memoryBacking><hugepages/></memoryBacking>"),
      DOMAIN(
          "<metadata><nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'><nova:name>g</nova:name>"
          "<nova:flavor name='f'><nova:extraSpecs><nova:extraSpec name='hw:cpu_policy'>dedicated</nova:extraSpec>"
          "</nova:extraSpecs></nova:flavor></nova:instance></metadata>")};
  KtNovaConf *nova = conf(NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(booked); i++) {
    check(booked[i], nova, KT_STEP_VCPUPIN, "0-63", "4", "would book them twice", FALSE);
    check(booked[i], nova, KT_STEP_MEMORY, "0:1", "1:1", "would book them twice", FALSE);
  }
  check(DOMAIN(NOVA), nova, KT_STEP_VCPUPIN, "0-63", "4", "", TRUE);
  /* Pins that it was given while it ran, and Nova has not booked: its definition counts. */
  char *warning = NULL;
  g_autofree char *why = judge(DOMAIN(NOVA PINNED), DOMAIN(NOVA), nova, KT_STEP_VCPUPIN, "21", "21", &warning);
  g_assert_cmpstr(why, ==, "");
  g_free(warning);
  kt_nova_conf_free(nova);
}

static void test_others(void)
{
  static const struct {
    const char *xml;
    KtManager manager;
  } rows[] = {{DOMAIN(OVIRT), KT_MANAGER_OVIRT},
              {DOMAIN(KUBEVIRT), KT_MANAGER_KUBEVIRT},
              {DOMAIN(OPENNEBULA), KT_MANAGER_OPENNEBULA},
              {DOMAIN(NOVA), KT_MANAGER_NOVA},
              {DOMAIN(PROXMOX), KT_MANAGER_PROXMOX},
              {DOMAIN("<metadata><libosinfo:libosinfo "
                      "xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'/></metadata>"),
               KT_MANAGER_NONE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(KtDomain) d = kt_guard_read(rows[i].xml);
    g_assert_cmpint(d->manager, ==, rows[i].manager);
  }
  check(DOMAIN(OVIRT), NULL, KT_STEP_VCPUPIN, "0-63", "4-7", "", TRUE);
  check(DOMAIN(OVIRT), NULL, KT_STEP_VCPUPIN, "0-3", "4-7", "only be narrowed", FALSE);
  check(DOMAIN(OVIRT PINNED), NULL, KT_STEP_VCPUPIN, "0-63", "4-7", "would book them twice", FALSE);
  check(DOMAIN(KUBEVIRT), NULL, KT_STEP_DEFINITION, "a", "b", "VirtualMachine object", FALSE);
  check(DOMAIN(OPENNEBULA), NULL, KT_STEP_DEFINITION, "a", "b", "virtual machine's template", FALSE);
  check(DOMAIN(OPENNEBULA PINNED), NULL, KT_STEP_MEMORY, "0:1", "1:1", "OpenNebula has booked", FALSE);
  check(DOMAIN(PROXMOX), NULL, KT_STEP_DEFINITION, "a", "b", "qm set", FALSE);
  check(DOMAIN("<devices><disk type='file'><source file='/rhev/data-center/1/2'/></disk></devices>"), NULL,
        KT_STEP_RESTART, "a", "b", "oVirt manages it", FALSE);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/guard/own", test_own);
  g_test_add_func("/guard/state", test_state);
  g_test_add_func("/guard/stuck", test_stuck);
  g_test_add_func("/guard/nova/floats", test_nova_floats);
  g_test_add_func("/guard/nova/cpus", test_nova_cpus);
  g_test_add_func("/guard/nova/booked", test_nova_booked);
  g_test_add_func("/guard/unreadable", test_unreadable);
  g_test_add_func("/guard/others", test_others);
  return g_test_run();
}
