/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "read_fixture.h"

static const char config[] = "affinity: 0-7\n"
                             "agent: 1\n"
                             "balloon: 0\n"
                             "boot: order=scsi0;ide2\n"
                             "cores: 4\n"
                             "cpu: host,flags=+aes;-pcid,hidden=1\n"
                             "hostpci0: 3b:00,pcie=1\n"
                             "hugepages: 1024\n"
                             "ide2: none,media=cdrom\n"
                             "machine: pc-q35-8.1\n"
                             "memory: 16384\n"
                             "name: db1\n"
                             "net0: virtio=BC:24:11:2E:C5:4A,bridge=vmbr0,queues=4\n"
                             "net1: e1000=BC:24:11:2E:C5:4B,bridge=vmbr0\n"
                             "numa: 1\n"
                             "numa0: cpus=0-3,hostnodes=0,memory=8192,policy=bind\n"
                             "numa1: cpus=4-5;6-7,hostnodes=1,memory=8192,policy=bind\n"
                             "ostype: win11\n"
                             "scsi0: local-lvm:vm-100-disk-0,aio=native,cache=none,iothread=1,size=32G\n"
                             "scsihw: virtio-scsi-single\n"
                             "smbios1: uuid=2d820c00-1a94-407b-b6ca-d79b1261de60\n"
                             "sockets: 2\n"
                             "vcpus: 6\n"
                             "vmgenid: 5d4a\n";

static void test_config(void)
{
  g_autofree char *paste = g_strdup_printf("root@pve:~# qm config 100\n%s\n[before]\ncores: 1\n", config);
  g_autoptr(KtSnapshot) s = read_unjoined(paste);
  g_assert_cmpuint(s->domains->len, ==, 1);
  const KtDomain *d = s->domains->pdata[0];
  g_assert_cmpstr(d->format, ==, "proxmox");
  g_assert_cmpstr(d->name, ==, "db1");
  g_assert_cmpstr(d->type, ==, "kvm");
  ASSERT_INT(d->sockets, 2);
  ASSERT_INT(d->cores, 4);
  ASSERT_INT(d->vcpus, 8);
  ASSERT_INT(d->vcpus_current, 6);
  ASSERT_INT(d->memory_kib, 16777216);
  g_assert_cmpstr(d->cpu_mode, ==, "host-passthrough");
  g_assert_cmpstr(kt_domain_feature(d, "pcid"), ==, "disable");
  g_assert_cmpint(d->os, ==, KT_OS_WINDOWS);
  g_assert_cmpint(d->balloon, ==, KT_NO);
  ASSERT_INT(d->hugepage_kib, 1048576);
  g_assert_cmpuint(kt_set_count(d->vcpu_cpuset), ==, 8);
  g_assert_cmpuint(d->cells->len, ==, 2);
  const KtCell *cell = d->cells->pdata[1];
  g_assert_cmpuint(kt_set_count(cell->cpus), ==, 4);
  g_assert_true(kt_set_has(cell->memnode, 1));
  g_assert_cmpstr(cell->memnode_mode, ==, "strict");
  g_assert_cmpuint(d->devices->len, ==, 4);
  const KtVirtDevice *cd = d->devices->pdata[0], *net = d->devices->pdata[1], *disk = d->devices->pdata[3];
  g_assert_true(cd->cdrom);
  g_assert_cmpstr(net->model, ==, "virtio");
  ASSERT_INT(net->queues, 4);
  g_assert_cmpstr(disk->model, ==, "virtio-scsi");
  g_assert_cmpstr(disk->io, ==, "native");
  ASSERT_INT(disk->iothread, 1);
  ASSERT_INT(d->iothreads, 1);
  g_assert_cmpstr(((KtHostdev *)d->hostdevs->pdata[0])->address, ==, "0000:3b:00.0");
  g_assert_cmpuint(kt_domain_cite_of(d, "topology")->line, ==, 6);
}

static void test_args_and_cells(void)
{
  g_autoptr(KtSnapshot) s = read_unjoined("args: -cpu host,host-cache-info=on,l3-cache=off\ncores: 2\ncpu: kvm64\n"
                                          "memory: 4096\nname: a\nnuma: 1\nsockets: 2\n");
  const KtDomain *d = s->domains->pdata[0];
  g_assert_cmpstr(d->cpu_mode, ==, "host-passthrough");
  g_assert_cmpstr(d->cache_mode, ==, "passthrough");
  g_assert_null(d->cpu_model);
  g_assert_cmpuint(d->cells->len, ==, 2);
  ASSERT_INT(((KtCell *)d->cells->pdata[1])->memory_kib, 2097152);
}

static const char *enlightened(const char *extra, const char *name)
{
  g_autofree char *text = g_strconcat(extra, "cores: 2\nmemory: 4096\nname: a\nnuma: 0\nsockets: 1\n", NULL);
  g_autoptr(KtSnapshot) s = read_unjoined(text);
  const KtDomain *d = s->domains->pdata[0];
  const char *state = g_str_equal(name, "hypervclock") ? g_hash_table_lookup(d->timers, name)
                      : d->hyperv                      ? g_hash_table_lookup(d->hyperv, name)
                                                       : NULL;
  return g_intern_string(state);
}

/* Windows gets enlightenments without a word in the configuration. */
static void test_windows(void)
{
  g_assert_cmpstr(enlightened("ostype: win11\n", "stimer"), ==, "on");
  g_assert_cmpstr(enlightened("ostype: win11\n", "hypervclock"), ==, "yes");
  g_assert_null(enlightened("ostype: win11\n", "tlbflush"));
  g_assert_cmpstr(enlightened("cpu: host,flags=+hv-tlbflush\nostype: win11\n", "tlbflush"), ==, "on");
  g_assert_null(enlightened("machine: pc-i440fx-2.6\nostype: win10\n", "stimer"));
  g_assert_cmpstr(enlightened("ostype: w2k8\n", "vapic"), ==, "on");
  g_assert_null(enlightened("ostype: w2k8\n", "stimer"));
  g_assert_null(enlightened("bios: ovmf\nostype: win7\n", "vapic"));
  g_assert_null(enlightened("ostype: l26\n", "vapic"));
  /* the last -cpu wins, and this one has none */
  g_assert_null(enlightened("args: -cpu host\nostype: win11\n", "stimer"));
  g_assert_cmpstr(enlightened("args: -cpu host,hv-time\nostype: win11\n", "hypervclock"), ==, "yes");
}

static void test_cut(void)
{
  g_autoptr(KtSnapshot) s = read_unjoined("cores: 2\nmemory: 4096\nname: a\nnuma: 0\nsockets: 1");
  const KtDomain *d = s->domains->pdata[0];
  g_assert_true(d->cut);
  g_assert_false(d->sockets.known || d->vcpus.known || d->iothreads.known);
}

static void test_other_text(void)
{
  g_autoptr(KtSnapshot) s = read_unjoined("name: x\nage: 7\nboot: y\nnote: z\n");
  g_assert_cmpuint(s->domains->len, ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/proxmox/config", test_config);
  g_test_add_func("/proxmox/args-and-cells", test_args_and_cells);
  g_test_add_func("/proxmox/windows", test_windows);
  g_test_add_func("/proxmox/cut", test_cut);
  g_test_add_func("/proxmox/other-text", test_other_text);
  return g_test_run();
}
