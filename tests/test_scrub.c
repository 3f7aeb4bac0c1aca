/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scrubbed capture: nothing of the originals is left in contents, names and
 * links, the same original has the same pseudonym, and what checks need stays. */
#include <string.h>

#include "evidence/scrub.h"

static const guint8 key[KT_SCRUB_KEY] = {1, 2, 3};

static void add(KtRoot *tree, const char *path, const char *text, gssize length)
{
  g_autoptr(GBytes) bytes = g_bytes_new(text, length < 0 ? strlen(text) : (gsize)length);
  kt_root_add_file(tree, path, bytes);
}

#define UUID "5f0c3a1e-8a2b-4c11-9e77-0123456789ab"

static const char qemu[] =
    "/usr/bin/qemu-system-x86_64\0-name\0guest=crm-db,,01,debug-threads=on\0-S\0-object\0"
    "{\"qom-type\":\"secret\",\"id\":\"masterKey0\",\"format\":\"raw\",\"file\":\"/var/lib/libvirt/qemu/"
    "domain-3-crm-db,01/master-key.aes\"}\0-object\0secret,id=s1,data=QUJDREVGRw==,iv=SVZJVg==\0"
    "-cpu\0host,migratable=on\0-smp\08,sockets=8,cores=1,threads=1\0-uuid\0" UUID "\0"
    "-m\0size=8388608k\0-mem-path\0/dev/hugepages/libvirt/qemu/3-crm-db\0"
    "-blockdev\0{\"driver\":\"rbd\",\"pool\":\"acme\",\"key-secret\":\"s1\",\"password\":\"pa\\\"ss w0rd\","
    "\"server\":[{\"host\":\"ceph1.acme.example\",\"port\":\"6789\"}]}\0"
    "-drive\0file=/srv/acme-customers/ledger.qcow2,if=none,serial=WD-WX11A,password=a,,b\0"
    "-device\0vfio-pci,host=0000:41:00.1\0"
    "-netdev\0tap,fd=33,vhost=on\0-device\0virtio-net-pci,mac=52:54:00:AB:cd:0e\0"
    "-spice\0port=5900,addr=192.168.77.5,password=hunter2\0-vnc\0[fe80::5054:ff:feab:cd0e]:1\0"
    "-fw_cfg\0name=opt/com.coreos/config,string=topsecretignition\0"
    "-smbios\0type=11,value=io.systemd.credential:x=credvalue\0"
    "-iscsi\0initiator-name=iqn.2001-04.com.acme:initiator7\0"
    "-append\0root=https://joe:s3cr3t@10.20.30.40/boot\0";

static const char java[] = "/opt/acme/jdk/bin/java\0-Xmx24g\0-XX:+UseNUMA\0-XX:ParallelGCThreads=8\0"
                           "-XX:HeapDumpPath=/data/acme\0-Djavax.net.ssl.keyStorePassword=changeit\0-jar\0"
                           "/opt/acme/ledger.jar\0--password\0swordfish\0-psalami\0--token=31337\0--threads=4\0";

static const char xml[] =
    "<domain type='kvm'>\n  <name>crm-db,01</name>\n  <uuid>" UUID "</uuid>\n"
    "  <title>Ledger of ACME</title>\n  <description>call Bob</description>\n"
    "  <metadata><nova:instance><nova:name>LedgerVM</nova:name><nova:owner>\n"
    "   <nova:user uuid=\"aabbccddeeff00112233445566778899\">bobadmin</nova:user>\n"
    "   <nova:project uuid=\"00112233445566778899aabbccddeeff\">acmeproject</nova:project></nova:owner>\n"
    "   </nova:instance></metadata>\n"
    "  <vcpu>8</vcpu>\n  <sysinfo type='smbios'><system><entry name='serial'>SN-778899</entry></system></sysinfo>\n"
    "  <devices><disk><source file='/srv/acme-customers/ledger.qcow2'/><serial>WD-WX11A</serial></disk>\n"
    "  <disk><source protocol='rbd'><host name='ceph1.acme.example' port='6789'/></source></disk>\n"
    "  <interface><mac address='52:54:00:ab:cd:0e'/></interface>\n"
    "  <graphics type='vnc' passwd='hunter2' listen='192.168.77.5'/></devices>\n"
    "  <qemu:commandline><qemu:arg value='-fw_cfg'/><qemu:arg value='name=opt/x,string=ignitionvalue'/>\n"
    "  <qemu:arg value=\"-smbios\"/><qemu:arg value=\"type=11,value=smbiosvalue\"/>\n"
    "  <qemu:env name='LUKS_KEY' value='environmentvalue'/></qemu:commandline>\n</domain>\n";

static KtRoot *make_tree(void)
{
  KtRoot *tree = kt_root_new_memory("capture");
  add(tree, "proc/sys/kernel/hostname", "Hyper07.dc2.acme.example\n", -1);
  add(tree, "proc/sys/kernel/osrelease", "2.6.32.12-0.7-default\n", -1);
  add(tree, "proc/100/cmdline", qemu, sizeof qemu - 1);
  add(tree, "proc/200/cmdline", java, sizeof java - 1);
  add(tree, "proc/100/cgroup", "0::/machine.slice/machine-qemu\\x2d3\\x2dcrm\\x2ddb01.scope/libvirt/vcpu0\n", -1);
  add(tree, "sys/fs/cgroup/machine.slice/machine-qemu\\x2d3\\x2dcrm\\x2ddb01.scope/libvirt/vcpu0/cpu.stat",
      "nr_periods 7\n", -1);
  add(tree, "proc/100/numa_maps", "7f00 default file=/srv/acme-customers/ledger.qcow2 mapped=3 N0=3\n", -1);
  add(tree, "libvirt/crm-db,01.xml", xml, -1);
  add(tree, "libvirt/domstats.txt", "Domain: 'crm-db,01'\n  vcpu.current=8\n", -1);
  add(tree, "dmesg.txt",
      "[ 1.0] Command line: root=UUID=" UUID " rd.iscsi.password=opensesame ip=192.168.77.5\n"
      "[ 2.0] usb 1-1: SerialNumber: 4C530001\n"
      "[ 3.0] systemd[1]: Hostname set to <hyper07>.\n[ 4.0] eth0: 52-54-00-AB-CD-0E\n"
      "[ 5.0] pci 0000:41:00.1: numa_node 1\n[ 6.0] NFS server HYPER07.DC2.ACME.EXAMPLE, 2001:db8:77::5\n",
      -1);
  add(tree, "manifest.json", "{ \"kvmtune_capture\": 1, \"host\": \"Hyper07.dc2.acme.example\" }\n", -1);
  kt_root_add_link(tree, "crm-db,01", "../crm-db,01");
  kt_root_add_unreadable(tree, "proc/100/crm-db,01");
  return tree;
}

/* All paths, contents and targets, with line breaks for NUL. */
static void collect(const KtRootItem *item, gpointer data)
{
  GString *all = data;
  gsize n = 0;
  const char *bytes = item->content ? g_bytes_get_data(item->content, &n) : NULL;
  g_string_append_printf(all, "== %s%s%s\n", item->path, item->target ? " -> " : "", item->target ? item->target : "");
  for (gsize i = 0; i < n; i++)
    g_string_append_c(all, bytes[i] ? bytes[i] : '\n');
}

static GString *scrubbed(KtRoot *tree, const guint8 *with)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtRoot) out = kt_scrub_tree(tree, with, &error);
  g_assert_no_error(error);
  GString *all = g_string_new(NULL);
  kt_root_each(out, collect, all);
  return all;
}

static void test_nothing_leaks(void)
{
  static const char *const originals[] = {
      "crm-db",    "crm\\x2ddb", "hyper07",    "acme",       "ledger",      UUID,         "8a2b-4c11",
      "customers", "bobadmin",   "call Bob",   "QUJDRE",     "SVZJVg",      "w0rd",       "a,,b",
      "wx11a",     "00:ab:cd",   "00-ab-cd",   "192.168.77", "hunter2",     "fe80::",     "topsecret",
      "credvalue", "iqn.",       "initiator7", "s3cr3t",     "10.20.30",    "joe",        "changeit",
      "swordfish", "salami",     "31337",      "sn-778899",  "aabbccddeef", "0011223344", "opensesam",
      "4c530001",  "2001:db8:7", "ceph1",      "dc2",        "ignitionv",   "smbiosval",  "environmentvalue"};
  g_autoptr(KtRoot) tree = make_tree();
  g_autoptr(GString) all = scrubbed(tree, key);
  g_autofree char *low = g_ascii_strdown(all->str, -1);
  for (guint i = 0; i < G_N_ELEMENTS(originals); i++) {
    g_autofree char *original = g_ascii_strdown(originals[i], -1);
    const char *at = strstr(low, original);
    if (at)
      g_test_message("'%s' leaks: %.80s", original, at);
    g_assert_null(at);
  }
}

static void test_facts_stay(void)
{
  static const char *const kept[] = {"\n8,sockets=8,cores=1,threads=1\n",
                                     "\nhost,migratable=on\n",
                                     "\n-Xmx24g\n",
                                     "\n-XX:+UseNUMA\n",
                                     "\n-XX:ParallelGCThreads=8\n",
                                     "\njava\n",
                                     "\n--threads=4\n",
                                     "host=0000:41:00.1",
                                     "2.6.32.12-0.7-default",
                                     "<vcpu>8</vcpu>",
                                     "pci 0000:41:00.1: numa_node 1",
                                     "mapped=3 N0=3",
                                     "vcpu.current=8",
                                     "vhost=on",
                                     "/dev/hugepages/libvirt/qemu/",
                                     "nr_periods 7",
                                     "/usr/bin/qemu-system-x86_64"};
  g_autoptr(KtRoot) tree = make_tree();
  g_autoptr(GString) all = scrubbed(tree, key);
  for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
    if (!strstr(all->str, kept[i]))
      g_test_message("'%s' is gone from:\n%s", kept[i], all->str);
    g_assert_nonnull(strstr(all->str, kept[i]));
  }
}

/* What a manifest does not know is no name, and stays JSON. */
static void test_unknown_host(void)
{
  g_autoptr(KtRoot) tree = kt_root_new_memory("capture");
  add(tree, "manifest.json", "{ \"kvmtune_capture\": 1, \"host\": null }\n", -1);
  g_autoptr(GString) all = scrubbed(tree, key);
  g_assert_nonnull(strstr(all->str, "\"host\": null }"));
}

static char *line_of(const char *text, const char *before)
{
  const char *at = strstr(text, before);
  g_assert_nonnull(at);
  at += strlen(before);
  return g_strndup(at, strcspn(at, ",\n<'\""));
}

static void test_stable(void)
{
  g_autoptr(KtRoot) tree = make_tree();
  g_autoptr(GString) all = scrubbed(tree, key), again = scrubbed(tree, key), other = scrubbed(tree, NULL);
  g_assert_cmpstr(all->str, ==, again->str);
  g_assert_cmpstr(all->str, !=, other->str);
  g_autofree char *in_xml = line_of(all->str, "<uuid>"), *in_arguments = line_of(all->str, "-uuid\n");
  g_assert_cmpstr(in_xml, ==, in_arguments);
  g_autofree char *name_in_xml = line_of(all->str, "<name>"), *name_in_stats = line_of(all->str, "Domain: '");
  g_assert_cmpstr(name_in_xml, ==, name_in_stats);
  g_autofree char *mac = line_of(all->str, "mac="), *mac_in_xml = line_of(all->str, "<mac address='");
  g_assert_cmpstr(mac, ==, mac_in_xml);
  /* the group that a process names is the one whose directory is there */
  g_autofree char *group = line_of(all->str, "0::/machine.slice/");
  g_autofree char *directory = g_strconcat("== sys/fs/cgroup/machine.slice/", group, "/cpu.stat", NULL);
  g_assert_nonnull(strstr(all->str, directory));
}

/* Long, deep and broken text neither hangs nor leaks. */
static void test_hostile(void)
{
  g_autoptr(KtRoot) tree = kt_root_new_memory("capture");
  GString *text = g_string_new("<domain><name>");
  for (guint i = 0; i < 20000; i++)
    g_string_append(text, "password=");
  g_string_append(text, "supersecret1 \"token\": \"");
  for (guint i = 0; i < 50000; i++)
    g_string_append(text, "\\\"1:");
  g_string_append(text, " \xff\xfe passwd=supersecret2");
  add(tree, "libvirt/x.xml", text->str, (gssize)text->len);
  g_autoptr(GString) all = scrubbed(tree, key);
  g_assert_null(strstr(all->str, "supersecret"));
  g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/scrub/nothing-leaks", test_nothing_leaks);
  g_test_add_func("/scrub/facts-stay", test_facts_stay);
  g_test_add_func("/scrub/unknown-host", test_unknown_host);
  g_test_add_func("/scrub/stable", test_stable);
  g_test_add_func("/scrub/hostile", test_hostile);
  return g_test_run();
}
