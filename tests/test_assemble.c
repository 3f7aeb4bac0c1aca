/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which outputs are of one machine. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "evidence/evidence.h"
#include "evidence/reading.h"

#define LSCPU_KVM                                                                                                      \
  "Architecture:          x86_64\nCPU(s):                32\nOn-line CPU(s) list:   0-31\nThread(s) per core:    1\n"  \
  "Core(s) per socket:    1\nSocket(s):             32\nNUMA node(s):          1\nVendor ID:             "             \
  "GenuineIntel\n"                                                                                                     \
  "CPU family:            6\nModel:                 42\nStepping:              1\nHypervisor vendor:     KVM\n"        \
  "Virtualization type:   full\nL1d cache:             32K\nL1i cache:             32K\nL2 cache:              "       \
  "4096K\n"                                                                                                            \
  "NUMA node0 CPU(s):     0-31\n"
#define LSCPU_VMWARE                                                                                                   \
  "Architecture:          x86_64\nCPU(s):                32\nOn-line CPU(s) list:   0-31\nThread(s) per core:    1\n"  \
  "Core(s) per socket:    8\nSocket(s):             4\nNUMA node(s):          2\nVendor ID:             "              \
  "GenuineIntel\n"                                                                                                     \
  "CPU family:            6\nModel:                 45\nStepping:              7\nHypervisor vendor:     VMware\n"     \
  "Virtualization type:   full\nL1d cache:             32K\nL1i cache:             32K\nL2 cache:              256K\n" \
  "L3 cache:              12288K\nNUMA node0 CPU(s):     0-15\nNUMA node1 CPU(s):     16-31\n"
#define SAR(host)                                                                                                      \
  "Linux 3.0.76-0.11-default (" host ")\t11/09/15\t_x86_64_\t(32 CPU)\n\n"                                             \
  "10:48:34        CPU     %user     %nice   %system   %iowait    %steal     %idle\n"                                  \
  "10:48:35        all     20.63     51.44      5.93      0.04      0.00     21.96\n"
#define NUMASTAT                                                                                                       \
  "                           node0           node1\nnuma_hit               492888027       507162450\n"               \
  "numa_miss                1105406          550705\nnuma_foreign              550705         1105406\n"               \
  "interleave_hit             27189           25754\nlocal_node             491680497       506099626\n"               \
  "other_node               2312936         1613529\n"

typedef struct {
  const char *source, *bytes;
} Paste;

static KtSnapshot *assemble(const Paste *pastes)
{
  KtSnapshot *snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  for (; pastes->source; pastes++) {
    g_autofree char *directory = g_path_get_dirname(pastes->source);
    g_autoptr(KtText) text = kt_text_new(pastes->source, pastes->bytes, strlen(pastes->bytes));
    g_assert_true(kt_reading_run(text, directory, snapshot, fragments));
  }
  kt_assemble(snapshot, fragments);
  return snapshot;
}

/* "NAME:HYPERVISOR:NODES:ROWS ..." of all machines; "-" for what is unknown. */
static void assert_machines(const Paste *pastes, const char *expected)
{
  g_autoptr(KtSnapshot) snapshot = assemble(pastes);
  g_autoptr(GString) got = g_string_new(NULL);
  for (guint i = 0; i < snapshot->machines->len; i++) {
    const KtMachine *m = snapshot->machines->pdata[i];
    g_string_append_printf(got, "%s%s:%s:%u:%u", i ? " " : "", m->name, m->hypervisor ? m->hypervisor : "-",
                           m->nodes->len, m->activity ? m->activity->rows->len : 0);
  }
  g_assert_cmpstr(got->str, ==, expected);
}

static void test_one_paste(void)
{
  /* Two lscpu that contradict are two machines; what follows is of the latest. */
  assert_machines((const Paste[]){{"p", "web-1:~ # lscpu\n" LSCPU_KVM "\nVMware:\n\n" LSCPU_VMWARE "\n" NUMASTAT}, {0}},
                  "web-1:kvm:1:0 machine 2:vmware:2:0");
}

static void test_names(void)
{
  /* The name joins over files and beats the order. */
  assert_machines(
      (const Paste[]){
          {"a", "web-1:~ # lscpu\n" LSCPU_KVM}, {"b", "web-2:~ # lscpu\n" LSCPU_VMWARE}, {"c", SAR("web-1")}, {0}},
      "web-1:kvm:1:1 web-2:vmware:2:0");
  /* One letter off, in a long name: a typing error, and said so. */
  const Paste typo[] = {{"a", "od01crnapp05:~ # lscpu\n" LSCPU_KVM}, {"b", SAR("od01crmapp05")}, {0}};
  assert_machines(typo, "od01crnapp05:kvm:1:1");
  g_autoptr(KtSnapshot) snapshot = assemble(typo);
  g_assert_cmpuint(snapshot->notes->len, ==, 1);
  /* A digit off is another host. */
  assert_machines((const Paste[]){{"a", "od01crmapp05:~ # lscpu\n" LSCPU_KVM}, {"b", SAR("od01crmapp06")}, {0}},
                  "od01crmapp05:kvm:1:0 od01crmapp06:-:0:1");
  /* A qualified name is the same host. */
  assert_machines((const Paste[]){{"a", "web-1:~ # lscpu\n" LSCPU_KVM}, {"b", SAR("web-1.example.org")}, {0}},
                  "web-1:kvm:1:1");
}

static void test_folders(void)
{
  assert_machines((const Paste[]){{"ref/x", LSCPU_VMWARE}, {"sub/x", LSCPU_VMWARE}, {"sub/y", NUMASTAT}, {0}},
                  "machine 1:vmware:2:0 machine 2:vmware:2:0");
  g_autoptr(KtSnapshot) two =
      assemble((const Paste[]){{"ref/x", LSCPU_VMWARE}, {"sub/x", LSCPU_VMWARE}, {"sub/y", NUMASTAT}, {0}});
  g_assert_false(kt_machine_find_node(two->machines->pdata[0], 0)->numa_hit.known);
  g_assert_true(kt_machine_find_node(two->machines->pdata[1], 0)->numa_hit.known);
  /* A folder in a folder, with another kind of output. */
  assert_machines((const Paste[]){{"host/lscpu", LSCPU_VMWARE}, {"host/numa/numastat", NUMASTAT}, {0}},
                  "machine 1:vmware:2:0");
}

static void test_ambiguous(void)
{
  /* No name, another file, two machines it may be of: not guessed. */
  assert_machines(
      (const Paste[]){
          {"a", "web-1:~ # lscpu\n" LSCPU_VMWARE}, {"b", "web-2:~ # lscpu\n" LSCPU_VMWARE}, {"c", NUMASTAT}, {0}},
      "web-1:vmware:2:0 web-2:vmware:2:0 machine 3:-:2:0");
  /* Two nodes are no output of a guest with one. */
  assert_machines((const Paste[]){{"a", LSCPU_KVM}, {"b", NUMASTAT}, {0}}, "machine 1:kvm:1:0 machine 2:-:2:0");
}

static void test_stated(void)
{
  g_autoptr(KtSnapshot) snapshot = assemble((const Paste[]){
      {"doc", LSCPU_VMWARE "\nJava 7 brought an allocator that knows NUMA, we did not switch it on.\n"}, {0}});
  g_assert_cmpuint(snapshot->stated->len, ==, 1);
  g_assert_cmpuint(((KtCite *)snapshot->stated->pdata[0])->line, ==, 21);
}

static gboolean has_note(const KtSnapshot *s, const char *part)
{
  for (guint i = 0; i < s->notes->len; i++)
    if (strstr(s->notes->pdata[i], part))
      return TRUE;
  return FALSE;
}

/* What would take for ever is left out, and said. */
static void test_too_many(void)
{
  g_autoptr(GString) machines = g_string_new(NULL), domains = g_string_new(NULL);
  for (guint i = 0; i < 1005; i++)
    g_string_append_printf(machines, "Linux host%u 5.15.0 #1 SMP Tue Nov 14 13:30:08 UTC 2023 x86_64 GNU/Linux\n", i);
  /* Definitions that need no library to be read. */
  for (guint i = 0; i < 70; i++)
    g_string_append_printf(domains,
                           "/usr/bin/qemu-system-x86_64 -name d%u -machine q35,accel=kvm -smp 8192 -m 64 -S\n\n", i);
  g_autoptr(KtSnapshot) s = assemble((const Paste[]){{"a", machines->str}, {"b", domains->str}, {0}});
  g_assert_cmpuint(s->machines->len, ==, 1000);
  g_assert_true(has_note(s, "5 outputs are left out"));
  g_assert_cmpuint(s->domains->len, ==, 64);
  g_assert_true(has_note(s, "6 domains of 'b' are left out"));
}

/* Folders that link to themselves do not keep it busy. */
static void test_maze(void)
{
  g_autofree char *directory = g_dir_make_tmp("kt-maze-XXXXXX", NULL);
  for (guint i = 0; i < 12; i++) {
    g_autofree char *link = g_strdup_printf("%s/%u", directory, i);
    g_assert_cmpint(symlink(".", link), ==, 0);
  }
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_evidence_read((const char *const[]){directory, NULL}, &error));
  g_assert_nonnull(error);
  for (guint i = 0; i < 12; i++) {
    g_autofree char *link = g_strdup_printf("%s/%u", directory, i);
    g_unlink(link);
  }
  g_rmdir(directory);
}

#define LSCPU_HOST                                                                                                     \
  "Architecture:          x86_64\nCPU op-mode(s):        32-bit, 64-bit\nCPU(s):                16\n"                  \
  "On-line CPU(s) list:   0-15\nThread(s) per core:    2\nCore(s) per socket:    8\nSocket(s):             1\n"        \
  "NUMA node(s):          1\nVendor ID:             GenuineIntel\nCPU family:            6\nModel:                 "   \
  "85\nBogoMIPS:              4200.00\nVirtualization:        VT-x\nL1d cache:             32K\n"                      \
  "NUMA node0 CPU(s):     0-15\n"
#define DOMAIN_XML                                                                                                     \
  "<domain type='kvm'>\n <name>web</name>\n <memory unit='GiB'>4</memory>\n <vcpu>4</vcpu>\n</domain>\n"

static void assert_host(const KtSnapshot *s, guint domain, guint machine)
{
  g_assert_true(((const KtDomain *)s->domains->pdata[domain])->host == s->machines->pdata[machine]);
}

#if HAVE_LIBXML2
/* Each host's folder holds its own domains: of one name they are two. Where a
 * domain lies with no host or with two, nobody knows which it runs on. */
static void test_domains_of_hosts(void)
{
  g_autoptr(KtSnapshot) s = assemble((const Paste[]){{"all/kvm7/lscpu", "kvm7:~ # lscpu\n" LSCPU_HOST},
                                                     {"all/kvm7/web.xml", DOMAIN_XML},
                                                     {"all/kvm8/lscpu", "kvm8:~ # lscpu\n" LSCPU_HOST},
                                                     {"all/kvm8/libvirt/web.xml", DOMAIN_XML},
                                                     {"all/web.xml", DOMAIN_XML},
                                                     {0}});
  g_assert_cmpuint(s->machines->len, ==, 2);
  g_assert_cmpuint(s->domains->len, ==, 3);
  assert_host(s, 0, 0);
  assert_host(s, 1, 1);
  g_assert_null(((const KtDomain *)s->domains->pdata[2])->host);
  g_autoptr(KtSnapshot) both = assemble((const Paste[]){
      {"x/a", "kvm7:~ # lscpu\n" LSCPU_HOST}, {"x/b", "kvm8:~ # lscpu\n" LSCPU_HOST}, {"x/web.xml", DOMAIN_XML}, {0}});
  g_assert_cmpuint(both->machines->len, ==, 2);
  g_assert_null(((const KtDomain *)both->domains->pdata[0])->host);
}
#endif

/* A host's capture script output with one guest. */
static char *write_paste(const char *directory, const char *host)
{
  g_autofree char *path = g_strconcat(directory, "/", host, NULL);
  g_autofree char *paste = g_strconcat("=== kvmtune capture 1 ===\n==> /proc/sys/kernel/hostname <==\n", host,
                                       "\n==> /proc/cpuinfo <==\nprocessor\t: 0\nvendor_id\t: GenuineIntel\n"
                                       "flags\t\t: fpu vmx ept\n==> /proc/42/cmdline <==\nqemu-system-x86_64\n-name\n"
                                       "guest=web\n-accel\nkvm\n-smp\n2\n==> /proc/42/comm <==\nqemu-system-x86\n"
                                       "=== kvmtune capture end ===\n",
                                       NULL);
  g_assert_true(g_file_set_contents(path, paste, -1, NULL));
  return g_steal_pointer(&path);
}

static void test_captured_hosts(void)
{
  g_autofree char *directory = g_dir_make_tmp("kt-hosts-XXXXXX", NULL);
  g_autofree char *first = write_paste(directory, "kvm7"), *second = write_paste(directory, "kvm8");
  g_autoptr(GError) error = NULL;
  g_autoptr(KtSnapshot) s = kt_evidence_read((const char *const[]){directory, NULL}, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(s->machines->len, ==, 2);
  g_assert_cmpuint(s->domains->len, ==, 2);
  assert_host(s, 0, 0);
  assert_host(s, 1, 1);
  g_autoptr(KtSnapshot) apart = kt_evidence_read((const char *const[]){first, second, NULL}, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(apart->domains->len, ==, 2);
  assert_host(apart, 0, 0);
  assert_host(apart, 1, 1);
  g_unlink(first);
  g_unlink(second);
  g_rmdir(directory);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/assemble/one-paste", test_one_paste);
  g_test_add_func("/assemble/names", test_names);
  g_test_add_func("/assemble/folders", test_folders);
  g_test_add_func("/assemble/ambiguous", test_ambiguous);
  g_test_add_func("/assemble/stated", test_stated);
  g_test_add_func("/assemble/too-many", test_too_many);
  g_test_add_func("/assemble/maze", test_maze);
#if HAVE_LIBXML2
  g_test_add_func("/assemble/domains-of-hosts", test_domains_of_hosts);
#endif
  g_test_add_func("/assemble/captured-hosts", test_captured_hosts);
  return g_test_run();
}
