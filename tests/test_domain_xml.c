/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "evidence/join.h"
#include "read_fixture.h"

static const char full[] =
    "<domain type='kvm' id='7'>\n"
    "  <name>win1</name>\n"
    "  <uuid>9F0C6BE2-d94a-41b4-a4f6-71afb19fb9d2</uuid>\n"
    "  <metadata>\n"
    "    <libosinfo:libosinfo xmlns:libosinfo=\"http://libosinfo.org/xmlns/libvirt/domain/1.0\">\n"
    "      <libosinfo:os id=\"http://microsoft.com/win/2k19\"/>\n"
    "    </libosinfo:libosinfo>\n"
    "    <nova:instance xmlns:nova=\"http://openstack.org/xmlns/libvirt/nova/1.1\">\n"
    "      <nova:flavor name=\"m1.big\"><nova:vcpus>8</nova:vcpus></nova:flavor>\n"
    "    </nova:instance>\n"
    "  </metadata>\n"
    "  <memory>8388608</memory>\n"
    "  <currentMemory unit='MB'>4096</currentMemory>\n"
    "  <vcpu placement='static' cpuset='0-15,^3' current='4'>8</vcpu>\n"
    "  <iothreads>2</iothreads>\n"
    "  <cputune>\n"
    "    <shares>512</shares>\n"
    "    <period>100000</period>\n"
    "    <quota>-1</quota>\n"
    "    <vcpupin vcpu='0' cpuset='2'/>\n"
    "    <vcpupin vcpu='1' cpuset='4-6'/>\n"
    "    <emulatorpin cpuset='0-1'/>\n"
    "    <iothreadpin iothread='2' cpuset='1'/>\n"
    "    <vcpusched vcpus='0' scheduler='fifo' priority='1'/>\n"
    "  </cputune>\n"
    "  <numatune>\n"
    "    <memory mode='strict' nodeset='0-1'/>\n"
    "    <memnode cellid='1' mode='preferred' nodeset='1'/>\n"
    "  </numatune>\n"
    "  <memoryBacking>\n"
    "    <hugepages><page size='1' unit='GiB' nodeset='0'/></hugepages>\n"
    "    <nosharepages/><locked/><source type='file'/><access mode='shared'/><allocation mode='immediate'/>\n"
    "  </memoryBacking>\n"
    "  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>\n"
    "  <features>\n"
    "    <hyperv mode='custom'><relaxed state='on'/><spinlocks state='on' retries='8191'/><ipi state='off'/></hyperv>\n"
    "    <kvm><hidden state='on'/></kvm>\n"
    "  </features>\n"
    "  <cpu mode='host-passthrough' check='none' migratable='off'>\n"
    "    <topology sockets='2' dies='1' cores='2' threads='2'/>\n"
    "    <cache mode='emulate' level='3'/>\n"
    "    <feature policy='disable' name='vmx'/>\n"
    "    <numa>\n"
    "      <cell id='0' cpus='0-3' memory='4194304' unit='KiB'>\n"
    "        <distances><sibling id='0' value='10'/><sibling id='1' value='21'/></distances>\n"
    "      </cell>\n"
    "      <cell id='1' cpus='4-7' memory='4' unit='GiB' memAccess='shared'/>\n"
    "    </numa>\n"
    "  </cpu>\n"
    "  <clock offset='utc'><timer name='hpet' present='no'/><timer name='rtc' tickpolicy='catchup'/></clock>\n"
    "  <devices>\n"
    "    <disk type='file' device='disk'>\n"
    "      <driver name='qemu' type='raw' cache='none' io='native' queues='4' iothread='1'/>\n"
    "      <target dev='vda' bus='virtio'/>\n"
    "    </disk>\n"
    "    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>\n"
    "    <disk type='block' device='disk'>\n"
    "      <driver name='qemu' cache='writeback'/><target dev='sdb' bus='scsi'/>\n"
    "      <address type='drive' controller='1' bus='0' target='0' unit='0'/>\n"
    "    </disk>\n"
    "    <controller type='scsi' index='1' model='virtio-scsi'><driver queues='8' iothread='2'/></controller>\n"
    "    <interface type='bridge'><model type='virtio'/><driver name='vhost' queues='3'/></interface>\n"
    "    <interface type='network'><model type='e1000'/><alias name='net5'/></interface>\n"
    "    <hostdev mode='subsystem' type='pci' managed='yes'>\n"
    "      <source><address domain='0x0000' bus='0x3b' slot='0x00' function='0x1'/></source>\n"
    "      <address type='pci' domain='0x0000' bus='0x06' slot='0x00' function='0x0'/>\n"
    "    </hostdev>\n"
    "    <memballoon model='virtio' freePageReporting='on'/>\n"
    "  </devices>\n"
    "  <launchSecurity type='sev'/>\n"
    "</domain>\n";

static void assert_cpu_and_memory(const KtDomain *d)
{
  g_assert_cmpstr(d->type, ==, "kvm");
  g_assert_cmpstr(d->uuid, ==, "9f0c6be2-d94a-41b4-a4f6-71afb19fb9d2");
  g_assert_cmpint(d->os, ==, KT_OS_WINDOWS);
  g_assert_true(d->manager == KT_MANAGER_NOVA);
  g_assert_cmpstr(d->nova_flavor, ==, "m1.big");
  ASSERT_INT(d->memory_kib, 8388608); /* without a unit: KiB */
  ASSERT_INT(d->current_memory_kib, 4000000);
  ASSERT_INT(d->vcpus, 8);
  ASSERT_INT(d->vcpus_current, 4);
  assert_set(d->vcpu_cpuset, "0-2,4-15");
  ASSERT_INT(d->iothreads, 2);
  g_assert_true(d->hugepages && d->memory_locked && d->nosharepages && d->memory_file);
  g_assert_true(d->memory_shared && d->memory_immediate);
  ASSERT_INT(d->hugepage_kib, 1048576);
  g_assert_cmpstr(d->machine_type, ==, "pc-q35-7.2");
  g_assert_cmpstr(g_hash_table_lookup(d->hyperv, "relaxed"), ==, "on");
  g_assert_cmpstr(g_hash_table_lookup(d->hyperv, "ipi"), ==, "off");
  g_assert_false(d->hyperv_passthrough);
  g_assert_cmpstr(g_hash_table_lookup(d->kvm, "hidden"), ==, "on");
  g_assert_true(d->cpu_given);
  g_assert_cmpstr(d->cpu_mode, ==, "host-passthrough");
  g_assert_cmpint(d->migratable, ==, KT_NO);
  ASSERT_INT(d->sockets, 2);
  ASSERT_INT(d->threads, 2);
  g_assert_cmpstr(d->cache_mode, ==, "emulate");
  g_assert_cmpstr(kt_domain_feature(d, "vmx"), ==, "disable");
  g_assert_cmpstr(g_hash_table_lookup(d->timers, "hpet"), ==, "no");
  g_assert_cmpstr(g_hash_table_lookup(d->timers, "rtc"), ==, "");
  g_assert_cmpstr(d->launch_security, ==, "sev");
}

static void assert_placement(const KtDomain *d)
{
  assert_set(kt_domain_pin(d, 1), "4-6");
  g_assert_null(kt_domain_pin(d, 2));
  assert_set(d->emulatorpin, "0-1");
  assert_set(g_hash_table_lookup(d->iothreadpin, GINT_TO_POINTER(2)), "1");
  g_assert_cmpstr(d->vcpusched, ==, "fifo");
  ASSERT_INT(d->cpu_shares, 512);
  g_assert_false(d->cpu_quota_us.known); /* -1: no quota */
  g_assert_cmpstr(d->numatune_mode, ==, "strict");
  assert_set(d->numatune_nodeset, "0-1");
  g_assert_cmpuint(d->cells->len, ==, 2);
  const KtCell *a = d->cells->pdata[0], *b = d->cells->pdata[1];
  g_assert_null(a->memnode);
  assert_set(b->memnode, "1");
  g_assert_cmpstr(b->memnode_mode, ==, "preferred");
  assert_set(b->cpus, "4-7");
  ASSERT_INT(b->memory_kib, 4194304);
  g_assert_true(b->shared && !a->shared);
  g_assert_cmpint(g_array_index(a->distances, int, 1), ==, 21);
  g_assert_cmpint(g_array_index(b->distances, int, 0), ==, 21); /* the way back, not given */
}

static void assert_devices(const KtDomain *d)
{
  g_assert_cmpuint(d->devices->len, ==, 5);
  const KtVirtDevice *vda = d->devices->pdata[0], *cd = d->devices->pdata[1], *sdb = d->devices->pdata[2];
  const KtVirtDevice *net = d->devices->pdata[3], *old = d->devices->pdata[4];
  g_assert_cmpstr(vda->target, ==, "vda");
  g_assert_cmpstr(vda->cache, ==, "none");
  g_assert_cmpstr(vda->io, ==, "native");
  ASSERT_INT(vda->queues, 4);
  ASSERT_INT(vda->iothread, 1);
  g_assert_true(cd->cdrom && !vda->cdrom);
  g_assert_cmpstr(sdb->model, ==, "virtio-scsi");
  ASSERT_INT(sdb->queues, 8);
  ASSERT_INT(sdb->iothread, 2);
  g_assert_cmpstr(net->target, ==, "net0");
  g_assert_cmpstr(net->driver, ==, "vhost");
  ASSERT_INT(net->queues, 3);
  g_assert_cmpstr(old->target, ==, "net5");
  g_assert_cmpstr(old->model, ==, "e1000");
  g_assert_null(old->driver);
  g_assert_cmpuint(d->hostdevs->len, ==, 1);
  g_assert_cmpstr(((KtHostdev *)d->hostdevs->pdata[0])->address, ==, "0000:3b:00.1");
  g_assert_true(d->balloon == KT_YES && d->free_page_reporting);
}

static void test_full(void)
{
  g_autofree char *paste = g_strdup_printf("root@h:~# virsh dumpxml win1\n%s\nroot@h:~#\n", full);
  g_autoptr(KtSnapshot) s = read_unjoined(paste);
  g_assert_cmpuint(s->rejected->len, ==, 0);
  g_assert_cmpuint(s->domains->len, ==, 1);
  const KtDomain *d = s->domains->pdata[0];
  g_assert_false(d->cut);
  assert_cpu_and_memory(d);
  assert_placement(d);
  assert_devices(d);
  const KtCite *cite = kt_domain_cite_of(d, "topology");
  g_assert_cmpuint(cite->line, ==, 41);
  g_assert_cmpstr(cite->text, ==, "<topology sockets='2' dies='1' cores='2' threads='2'/>");
  g_assert_nonnull(kt_domain_cite_of(d, "devices.sdb"));
}

/* Wherever it is cut: no crash, nothing made up, every value read is the full text's. */
static void test_cut_anywhere(void)
{
  g_autoptr(KtSnapshot) whole = read_unjoined(full);
  const KtDomain *w = whole->domains->pdata[0];
  for (gsize n = 40; n + strlen("</domain>\n") < strlen(full); n += 7) {
    g_autofree char *part = g_strndup(full, n);
    g_autoptr(KtSnapshot) s = read_unjoined(part);
    g_assert_cmpuint(s->domains->len, ==, 1);
    g_assert_cmpuint(s->rejected->len, ==, 1);
    const KtDomain *d = s->domains->pdata[0];
    g_assert_true(d->cut);
    const KtInt *got[] = {&d->memory_kib, &d->vcpus, &d->iothreads, &d->sockets, &d->threads, &d->hugepage_kib};
    const KtInt *right[] = {&w->memory_kib, &w->vcpus, &w->iothreads, &w->sockets, &w->threads, &w->hugepage_kib};
    for (guint i = 0; i < G_N_ELEMENTS(got); i++)
      g_assert_true(!got[i]->known || got[i]->value == right[i]->value);
    if (d->name)
      g_assert_cmpstr(d->name, ==, w->name);
    if (d->cpu_mode)
      g_assert_cmpstr(d->cpu_mode, ==, w->cpu_mode);
  }
}

static void test_several(void)
{
  g_autoptr(KtSnapshot) s =
      read_unjoined("<domain type='kvm'><name>a</name><vcpu>2</vcpu></domain>\n"
                    "<domstatus state='running'>\n"
                    "  <domain type='qemu'>\n    <name>b</name>\n    <cpu>\n      <model>kvm64</model>\n"
                    "    </cpu>\n  </domain>\n</domstatus>\n"
                    "<domain type='kvm'>\n  <name>c</name>\n  <memory unit='KiB'>12"
                    "\n<domain type='kvm'>\n  <name>d</name>\n</domain>\n");
  g_assert_cmpuint(s->domains->len, ==, 4);
  const KtDomain *a = s->domains->pdata[0], *b = s->domains->pdata[1], *c = s->domains->pdata[2];
  ASSERT_INT(a->vcpus, 2);
  ASSERT_INT(a->iothreads, 0);
  g_assert_cmpstr(b->cpu_mode, ==, "custom");
  g_assert_cmpstr(b->cpu_model, ==, "kvm64");
  g_assert_true(c->cut);
  g_assert_false(c->memory_kib.known);
  g_assert_false(((KtDomain *)s->domains->pdata[3])->cut);
}

static void test_hostile(void)
{
  g_autoptr(KtSnapshot) s =
      read_unjoined("<domain type='kvm'>\n<!DOCTYPE d [<!ENTITY a 'x'>]>\n<name>&a;</name>\n</domain>\n");
  g_assert_cmpuint(s->domains->len, ==, 0);
  g_assert_cmpuint(s->rejected->len, ==, 1);
  GString *deep = g_string_new("<domain type='kvm'>\n");
  for (guint i = 0; i < 5000; i++)
    g_string_append(deep, "<a>");
  g_autofree char *bytes = g_string_free(deep, FALSE);
  g_autoptr(KtSnapshot) t = read_unjoined(bytes);
  g_assert_cmpuint(t->rejected->len, ==, 1);
}

/* Real XML of Nova's guests. */
static void test_nova(void)
{
  const char *shared = g_getenv("KT_SHARED");
  g_autofree char *path = g_build_filename(shared ? shared : "", "openstack", "answers", "q22ded.xml", NULL);
  g_autofree char *bytes = NULL;
  if (!shared || !g_file_get_contents(path, &bytes, NULL, NULL)) {
    g_test_skip("no shared data");
    return;
  }
  g_autoptr(KtSnapshot) s = read_unjoined(bytes);
  g_assert_cmpuint(s->domains->len, ==, 1);
  const KtDomain *d = s->domains->pdata[0];
  g_assert_true(d->manager == KT_MANAGER_NOVA && kt_domain_is_dedicated(d));
  g_assert_cmpstr(d->nova_flavor, ==, "q22ded");
  const KtCell *cell = d->cells->pdata[1];
  assert_set(cell->memnode, "3");
  g_assert_cmpstr(cell->memnode_mode, ==, "strict");
}

/* Nova tells its flavor with the extra specs, from 2025.1 on. */
static void test_nova_flavor(void)
{
  static const char text[] =
      "<domain type='kvm'>\n<name>instance-0000002a</name>\n<metadata>\n"
      "<nova:instance xmlns:nova=\"http://openstack.org/xmlns/libvirt/nova/1.1\">\n"
      "<nova:name>crm</nova:name>\n"
      "<nova:flavor name=\"crm.big\" id=\"7\">\n<nova:memory>65536</nova:memory>\n<nova:disk>40</nova:disk>\n"
      "<nova:vcpus>32</nova:vcpus>\n"
      "%s"
      "</nova:flavor>\n"
      "<nova:image uuid=\"1\"><nova:properties><nova:property name=\"hw_disk_bus\">virtio</nova:property>"
      "</nova:properties></nova:image>\n"
      "</nova:instance>\n</metadata>\n<vcpu>32</vcpu>\n</domain>\n";
  g_autofree char *with = g_strdup_printf(text, "<nova:extraSpecs>\n"
                                                "<nova:extraSpec name=\"hw:numa_nodes\">4</nova:extraSpec>\n"
                                                "</nova:extraSpecs>\n");
  g_autofree char *without = g_strdup_printf(text, "");
  g_autofree char *cut = g_strndup(with, (gsize)(strstr(with, "</nova:extraSpecs>") - with));
  g_autoptr(KtSnapshot) s = read_unjoined(with), old = read_unjoined(without), short_one = read_unjoined(cut);
  const KtFlavor *f = ((const KtDomain *)s->domains->pdata[0])->flavor;
  g_assert_nonnull(f);
  g_assert_cmpstr(f->name, ==, "crm.big");
  g_assert_cmpstr(f->server, ==, "crm");
  ASSERT_INT(f->vcpus, 32);
  ASSERT_INT(f->ram_mib, 65536);
  ASSERT_INT(f->disk_gib, 40);
  g_assert_cmpstr(kt_flavor_hw(f, "numa_nodes"), ==, "4");
  g_assert_cmpstr(kt_flavor_hw(f, "disk_bus"), ==, "virtio");
  g_assert_cmpuint(kt_flavor_cite_of(f, "extra_specs.hw:numa_nodes")->line, ==, 11);
  g_assert_null(((const KtDomain *)old->domains->pdata[0])->flavor);
  g_assert_null(((const KtDomain *)short_one->domains->pdata[0])->flavor);
  /* equal copies once */
  g_autoptr(KtSnapshot) three = read_unjoined(with);
  for (guint i = 0; i < 2; i++) {
    g_autoptr(KtSnapshot) again = read_unjoined(with);
    KtDomain *d = g_ptr_array_steal_index(again->domains, 0);
    g_free(d->name);
    d->name = g_strdup_printf("instance-%u", i);
    if (i)
      kt_flavor_set_spec(d->flavor, "hw:cpu_sockets", "4", NULL);
    g_ptr_array_add(three->domains, d);
  }
  kt_domains_join(three);
  g_assert_cmpuint(three->domains->len, ==, 3);
  g_assert_cmpuint(three->flavors->len, ==, 2);
}

/* libxml2's time grows with the square of a tag's attributes. */
static void test_endless_tag(void)
{
  g_autoptr(GString) text = g_string_new("<domain type='kvm'><name>x</name><vcpu>4</vcpu><description>");
  for (guint i = 0; i < 2000; i++)
    g_string_append(text, "a='b' "); /* text is no tag */
  g_string_append(text, "</description><os ");
  g_autofree char *good = g_strdup_printf("%s/></domain>\n", text->str);
  g_autoptr(KtSnapshot) read = read_text(good);
  g_assert_cmpuint(read->domains->len, ==, 1);
  for (guint i = 0; i < 400000; i++)
    g_string_append_printf(text, "a%u='>' ", i);
  g_string_append(text, "/></domain>\n");
  g_autoptr(KtSnapshot) refused = read_text(text->str);
  g_assert_cmpuint(refused->domains->len, ==, 0);
  g_assert_cmpuint(refused->rejected->len, >=, 1);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/domain-xml/full", test_full);
  g_test_add_func("/domain-xml/cut-anywhere", test_cut_anywhere);
  g_test_add_func("/domain-xml/several", test_several);
  g_test_add_func("/domain-xml/hostile", test_hostile);
  g_test_add_func("/domain-xml/nova", test_nova);
  g_test_add_func("/domain-xml/nova/flavor", test_nova_flavor);
  g_test_add_func("/domain-xml/endless-tag", test_endless_tag);
  return g_test_run();
}
