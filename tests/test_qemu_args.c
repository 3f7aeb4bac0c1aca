/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "evidence/qemu_args.h"

static KtDomain *read_line(const char *line)
{
  g_auto(GStrv) argv = NULL;
  g_autoptr(GError) error = NULL;
  g_shell_parse_argv(line, NULL, &argv, &error);
  g_assert_no_error(error);
  g_assert_true(kt_qemu_args_is_qemu((const char *const *)argv));
  KtDomain *d = kt_domain_new("test");
  kt_qemu_args_read(d, (const char *const *)argv, NULL);
  return d;
}

static void assert_set(const KtSet *set, const char *expected)
{
  g_assert_nonnull(set);
  g_autofree char *text = kt_set_format(set);
  g_assert_cmpstr(text, ==, expected);
}

#define ASSERT_INT(field, expected) g_assert_true(kt_int_is(field, expected))

static void test_libvirt_line(void)
{
  g_autoptr(KtDomain) d = read_line(
      "/usr/bin/qemu-system-x86_64 -name guest=db2,debug-threads=on -machine pc-q35-7.2,accel=kvm,usb=off,hpet=off"
      " -cpu host,migratable=on,vmx=off,hv-time=on,hv-relaxed=on,hv-spinlocks=0x1fff,kvm=off,kvm-hint-dedicated=on"
      " -m size=8388608k -overcommit mem-lock=on -smp 4,maxcpus=8,sockets=1,dies=1,cores=4,threads=2"
      " -uuid 2D820c00-1a94-407b-b6ca-d79b1261de60 -object iothread,id=iothread1"
      " -drive file=/img,format=qcow2,if=none,id=d0,cache=none,aio=native"
      " -device virtio-blk-pci,drive=d0,id=virtio-disk0,iothread=iothread1,num-queues=4"
      " -netdev tap,fds=30:31,id=hostnet0,vhost=on,vhostfds=32:33"
      " -device virtio-net-pci,mq=on,netdev=hostnet0,id=net0"
      " -device vfio-pci,host=0000:3b:00.1,id=hostdev0 -device virtio-balloon-pci,id=balloon0,free-page-reporting=on");
  g_assert_cmpstr(d->name, ==, "db2");
  g_assert_cmpstr(d->uuid, ==, "2d820c00-1a94-407b-b6ca-d79b1261de60");
  g_assert_cmpstr(d->format, ==, "qemu");
  g_assert_cmpstr(d->type, ==, "kvm");
  g_assert_cmpstr(d->arch, ==, "x86_64");
  g_assert_cmpstr(d->machine_type, ==, "pc-q35-7.2");
  g_assert_cmpstr(d->cpu_mode, ==, "host-passthrough");
  g_assert_true(d->cpu_given && !d->cpu_model && !d->cache_mode);
  g_assert_cmpint(d->migratable, ==, KT_YES);
  g_assert_cmpstr(kt_domain_feature(d, "vmx"), ==, "disable");
  g_assert_cmpstr(g_hash_table_lookup(d->hyperv, "spinlocks"), ==, "on");
  g_assert_cmpstr(g_hash_table_lookup(d->timers, "hypervclock"), ==, "yes");
  g_assert_cmpstr(g_hash_table_lookup(d->timers, "hpet"), ==, "no");
  g_assert_cmpstr(g_hash_table_lookup(d->kvm, "hidden"), ==, "on");
  g_assert_cmpstr(g_hash_table_lookup(d->kvm, "hint-dedicated"), ==, "on");
  ASSERT_INT(d->memory_kib, 8388608);
  ASSERT_INT(d->vcpus, 8);
  ASSERT_INT(d->vcpus_current, 4);
  ASSERT_INT(d->sockets, 1);
  ASSERT_INT(d->cores, 4);
  ASSERT_INT(d->threads, 2);
  g_assert_true(d->memory_locked && d->free_page_reporting);
  g_assert_cmpint(d->balloon, ==, KT_YES);
  ASSERT_INT(d->iothreads, 1);
  g_assert_cmpuint(d->devices->len, ==, 2);
  const KtVirtDevice *disk = d->devices->pdata[0], *net = d->devices->pdata[1];
  g_assert_cmpstr(disk->target, ==, "virtio-disk0");
  g_assert_cmpstr(disk->bus, ==, "virtio");
  g_assert_cmpstr(disk->cache, ==, "none");
  g_assert_cmpstr(disk->io, ==, "native");
  ASSERT_INT(disk->queues, 4);
  ASSERT_INT(disk->iothread, 1);
  g_assert_cmpstr(net->model, ==, "virtio");
  g_assert_cmpstr(net->driver, ==, "vhost");
  ASSERT_INT(net->queues, 2);
  g_assert_cmpuint(d->hostdevs->len, ==, 1);
  g_assert_cmpstr(((KtHostdev *)d->hostdevs->pdata[0])->address, ==, "0000:3b:00.1");
  g_assert_cmpstr(kt_domain_cite_of(d, "topology")->text, ==, "-smp 4,maxcpus=8,sockets=1,dies=1,cores=4,threads=2");
}

static void test_json_arguments(void)
{
#if HAVE_JSON
  g_autoptr(KtDomain) d = read_line(
      "/usr/libexec/qemu-kvm -name guest=j -m 4096 -smp 2"
      " -object '{\"qom-type\":\"memory-backend-ram\",\"id\":\"ram-node0\",\"size\":4294967296,"
      "\"host-nodes\":[1,2],\"policy\":\"bind\",\"prealloc\":true}' -numa node,nodeid=0,cpus=0-1,memdev=ram-node0"
      " -object '{\"qom-type\":\"iothread\",\"id\":\"iothread3\"}'"
      " -blockdev '{\"driver\":\"file\",\"filename\":\"/a,b\",\"aio\":\"threads\",\"node-name\":\"libvirt-1-storage\","
      "\"cache\":{\"direct\":false,\"no-flush\":false}}'"
      " -blockdev '{\"node-name\":\"libvirt-1-format\",\"driver\":\"qcow2\",\"file\":\"libvirt-1-storage\","
      "\"cache\":{\"direct\":false,\"no-flush\":false}}'"
      " -device '{\"driver\":\"virtio-scsi-pci\",\"iothread\":\"iothread3\",\"num_queues\":2,\"id\":\"scsi0\"}'"
      " -device '{\"driver\":\"scsi-hd\",\"bus\":\"scsi0.0\",\"drive\":\"libvirt-1-format\",\"id\":\"scsi0-0-0-0\","
      "\"write-cache\":\"on\"}'"
      " -netdev '{\"type\":\"tap\",\"fd\":\"30\",\"id\":\"hostnet0\"}'"
      " -device '{\"driver\":\"e1000e\",\"netdev\":\"hostnet0\",\"id\":\"net0\"}'");
  g_assert_cmpstr(d->type, ==, "kvm");
  g_assert_null(d->arch);
  const KtVirtDevice *disk = d->devices->pdata[0], *net = d->devices->pdata[1];
  g_assert_cmpstr(disk->model, ==, "virtio-scsi");
  g_assert_cmpstr(disk->cache, ==, "writeback");
  g_assert_cmpstr(disk->io, ==, "threads");
  ASSERT_INT(disk->queues, 2);
  ASSERT_INT(disk->iothread, 3);
  g_assert_cmpstr(net->model, ==, "e1000e");
  g_assert_cmpstr(net->driver, ==, "qemu");
  const KtCell *cell = d->cells->pdata[0];
  ASSERT_INT(cell->memory_kib, 4194304);
  assert_set(cell->cpus, "0-1");
  assert_set(cell->memnode, "1-2");
  g_assert_cmpstr(cell->memnode_mode, ==, "strict");
  g_assert_true(d->memory_immediate);
  g_assert_false(d->sockets.known || d->cores.known);
#else
  g_test_skip("built without json-glib");
#endif
}

static void test_last_cpu_wins(void)
{
  g_autoptr(KtDomain) d = read_line("qemu-system-x86_64 -enable-kvm -m 1G -smp 2 -cpu host,-vmx,migratable=off"
                                    " -cpu Skylake-Server-v4,+pcid,host-cache-info=on,l3-cache=off");
  g_assert_cmpstr(d->type, ==, "kvm");
  g_assert_cmpstr(d->cpu_mode, ==, "custom");
  g_assert_cmpstr(d->cpu_model, ==, "Skylake-Server-v4");
  g_assert_null(kt_domain_feature(d, "vmx"));
  g_assert_cmpstr(kt_domain_feature(d, "pcid"), ==, "require");
  g_assert_cmpint(d->migratable, ==, KT_UNKNOWN);
  g_assert_cmpstr(d->cache_mode, ==, "passthrough");
  g_assert_cmpstr(kt_domain_cite_of(d, "cpu")->text, ==,
                  "-cpu Skylake-Server-v4,+pcid,host-cache-info=on,l3-cache=off");
  ASSERT_INT(d->memory_kib, 1048576);
}

static void assert_type(const char *line, const char *expected)
{
  g_autoptr(KtDomain) d = read_line(line);
  g_assert_cmpstr(d->type, ==, expected);
}

static void test_accelerator(void)
{
  assert_type("qemu-system-x86_64 -m 512", "qemu");
  assert_type("/usr/bin/kvm -id 100 -m 512", "kvm");
  assert_type("/usr/libexec/qemu-kvm -m 512", "kvm");
  assert_type("qemu-system-x86_64 -accel tcg,thread=multi", "qemu");
  assert_type("qemu-system-x86_64 --accel kvm --machine q35", "kvm");
  assert_type("qemu-system-x86_64 -machine q35,accel=kvm:tcg", NULL);
  assert_type("qemu-system-x86_64 -accel kvm -accel tcg", NULL);
  assert_type("qemu-system-x86_64 -machine accel=tcg -enable-kvm", "kvm");
}

static void assert_smp(const char *smp, gint64 vcpus, gint64 sockets, gint64 cores, gint64 threads)
{
  g_autofree char *line = g_strdup_printf("qemu-system-x86_64 -smp %s", smp);
  g_autoptr(KtDomain) d = read_line(line);
  const KtInt *fields[] = {&d->vcpus, &d->sockets, &d->cores, &d->threads};
  gint64 expected[] = {vcpus, sockets, cores, threads};
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpint(fields[i]->known, ==, expected[i] != 0);
    g_assert_cmpint(fields[i]->value, ==, expected[i]);
  }
}

/* 0: unknown */
static void test_smp(void)
{
  assert_smp("8", 8, 0, 0, 0);
  assert_smp("cpus=8,cores=4", 8, 0, 4, 0);
  assert_smp("sockets=2,cores=4", 8, 2, 4, 0);
  assert_smp("8,sockets=2,cores=2,threads=2", 8, 2, 2, 2);
  assert_smp("0", 0, 0, 0, 0);
  assert_smp("sockets=65536,cores=65536,threads=65536,dies=65536", 0, 65536, 65536, 65536);
}

static void test_numa(void)
{
  g_autoptr(KtDomain) d = read_line(
      "qemu-system-x86_64 -m 8G -smp 8,sockets=2,cores=2,threads=2 -object memory-backend-memfd,id=m1,size=4G,"
      "hugetlb=on,hugetlbsize=2M,share=on,host-nodes=0,host-nodes=2-3,policy=preferred"
      " -numa node,nodeid=0,cpus=0-1,cpus=4-5,mem=4096 -numa node,nodeid=1,memdev=m1"
      " -numa cpu,node-id=1,socket-id=1,core-id=1 -numa dist,src=0,dst=1,val=21");
  g_assert_cmpuint(d->cells->len, ==, 2);
  const KtCell *a = d->cells->pdata[0], *b = d->cells->pdata[1];
  assert_set(a->cpus, "0-1,4-5");
  assert_set(b->cpus, "6-7");
  ASSERT_INT(a->memory_kib, 4194304);
  ASSERT_INT(b->memory_kib, 4194304);
  g_assert_cmpuint(b->distances->len, ==, 2);
  g_assert_cmpint(g_array_index(b->distances, int, 0), ==, 21);
  g_assert_cmpint(g_array_index(b->distances, int, 1), ==, 10);
  assert_set(b->memnode, "0,2-3");
  g_assert_cmpstr(b->memnode_mode, ==, "preferred");
  g_assert_true(b->shared && d->memory_shared && d->hugepages && !a->shared);
  ASSERT_INT(d->hugepage_kib, 2048);
}

static void test_plain_devices(void)
{
  g_autoptr(KtDomain) d = read_line("qemu-system-x86_64 -m 1G -drive file=a.img,if=virtio,cache=unsafe"
                                    " -drive file=b.iso,if=ide,media=cdrom -nic user,model=e1000"
                                    " -net nic,model=rtl8139 -net user");
  g_assert_cmpuint(d->devices->len, ==, 4);
  const KtVirtDevice *a = d->devices->pdata[0], *b = d->devices->pdata[1], *n = d->devices->pdata[3];
  g_assert_cmpstr(a->bus, ==, "virtio");
  g_assert_cmpstr(a->cache, ==, "unsafe");
  g_assert_true(b->cdrom && !a->cdrom);
  g_assert_cmpstr(n->model, ==, "rtl8139");
  g_assert_cmpint(d->balloon, ==, KT_NO);
}

static void assert_not_qemu(const char *line)
{
  g_auto(GStrv) argv = NULL;
  g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
  g_assert_false(kt_qemu_args_is_qemu((const char *const *)argv));
}

static void test_not_a_guest(void)
{
  assert_not_qemu("grep qemu-system-x86_64 -m");
  assert_not_qemu("qemu-system-x86_64 -version");
  assert_not_qemu("qemu-system-x86_64 -S -no-user-config -nodefaults -nographic -machine none,accel=kvm:tcg");
  assert_not_qemu("qemu-system-x86_64");
  assert_not_qemu("/usr/bin/qemu-img -m");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/qemu-args/libvirt", test_libvirt_line);
  g_test_add_func("/qemu-args/json", test_json_arguments);
  g_test_add_func("/qemu-args/last-cpu-wins", test_last_cpu_wins);
  g_test_add_func("/qemu-args/accelerator", test_accelerator);
  g_test_add_func("/qemu-args/smp", test_smp);
  g_test_add_func("/qemu-args/numa", test_numa);
  g_test_add_func("/qemu-args/plain-devices", test_plain_devices);
  g_test_add_func("/qemu-args/not-a-guest", test_not_a_guest);
  return g_test_run();
}
