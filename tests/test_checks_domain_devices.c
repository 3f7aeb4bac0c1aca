/* SPDX-License-Identifier: GPL-2.0-or-later */
/* X30-X46 on definitions built here: each fires on the fault and on nothing near it. */
#include <string.h>

#include "checks/check.h"

static KtDomain *healthy_domain(void)
{
  KtDomain *d = kt_domain_new("domain.xml");
  d->name = g_strdup("web");
  d->type = g_strdup("kvm");
  d->os = KT_OS_LINUX;
  d->vcpus = KT_INT(8);
  d->memory_kib = KT_INT(8 * 1048576);
  d->machine_type = g_strdup("pc-q35-7.2");
  d->iothreads = KT_INT(1);
  KtVirtDevice *disk = kt_domain_add_device(d, "disk");
  disk->target = g_strdup("vda");
  disk->bus = g_strdup("virtio");
  disk->cache = g_strdup("none");
  KtVirtDevice *net = kt_domain_add_device(d, "interface");
  net->target = g_strdup("net0");
  net->model = g_strdup("virtio");
  net->driver = g_strdup("vhost");
  net->queues = KT_INT(8);
  return d;
}

static KtVirtDevice *disk_of(KtDomain *d)
{
  return d->devices->pdata[0];
}

static KtVirtDevice *net_of(KtDomain *d)
{
  return d->devices->pdata[1];
}

static void set(char **slot, const char *value)
{
  g_free(*slot);
  *slot = g_strdup(value);
}

static void pin_all(KtDomain *d)
{
  for (int v = 0; v < d->vcpus.value; v++) {
    KtSet *cpu = kt_set_new();
    kt_set_add(cpu, (guint)v + 4);
    kt_domain_set_pin(d, v, cpu);
  }
}

static KtThread *add_thread(KtDomain *d, int tid, int vcpu, double run, double wait)
{
  KtRuntime *r = kt_domain_runtime(d);
  r->pid = 100;
  KtThread *t = kt_runtime_add_thread(r, tid, vcpu < 0 ? "qemu-system-x86" : "CPU 0/KVM");
  t->vcpu = vcpu;
  t->run_pct = KT_NUM(run);
  t->wait_pct = KT_NUM(wait);
  return t;
}

/* ---- one change each ---- */

static void as_it_is(KtDomain *d)
{
}
static void large(KtDomain *d)
{
  d->memory_kib = KT_INT((gint64)32 * 1048576);
}
static void large_huge(KtDomain *d)
{
  large(d);
  d->hugepages = TRUE;
}
static void large_thp(KtDomain *d)
{
  large(d);
  kt_domain_runtime(d)->rss_kib = KT_INT(1000);
  kt_domain_runtime(d)->anon_huge_kib = KT_INT(900);
}
static void large_split(KtDomain *d)
{
  large_thp(d);
  d->runtime->anon_huge_kib = KT_INT(100);
}
static void pinned(KtDomain *d)
{
  pin_all(d);
}
static void hinted(KtDomain *d)
{
  pin_all(d);
  g_hash_table_insert(d->kvm, g_strdup("hint-dedicated"), g_strdup("on"));
}
static void hinted_waits(KtDomain *d)
{
  hinted(d);
  add_thread(d, 101, 0, 50, 3);
}
static void hinted_runs(KtDomain *d)
{
  hinted(d);
  add_thread(d, 101, 0, 50, 0.2);
}
static void hidden(KtDomain *d)
{
  g_hash_table_insert(d->kvm, g_strdup("hidden"), g_strdup("on"));
}
static void hidden_windows(KtDomain *d)
{
  hidden(d);
  d->os = KT_OS_WINDOWS;
}
static void no_kvmclock(KtDomain *d)
{
  g_hash_table_insert(d->timers, g_strdup("kvmclock"), g_strdup("no"));
}
static void no_eoi(KtDomain *d)
{
  kt_domain_set_feature(d, "kvm_pv_eoi", "disable");
}
static void hpet(KtDomain *d)
{
  g_hash_table_insert(d->timers, g_strdup("hpet"), g_strdup("yes"));
}
static void windows(KtDomain *d)
{
  d->os = KT_OS_WINDOWS;
}
static void windows_cut(KtDomain *d)
{
  windows(d);
  d->cut = TRUE;
}
static void windows_passthrough(KtDomain *d)
{
  windows(d);
  d->hyperv_passthrough = TRUE;
}
static void windows_full(KtDomain *d)
{
  windows(d);
  static const char *const all[] = {"relaxed", "vapic", "spinlocks",   "vpindex",  "runtime", "synic",
                                    "stimer",  "reset", "frequencies", "tlbflush", "ipi"};
  d->hyperv = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < G_N_ELEMENTS(all); i++)
    g_hash_table_insert(d->hyperv, g_strdup(all[i]), g_strdup("on"));
  g_hash_table_insert(d->timers, g_strdup("hypervclock"), g_strdup("yes"));
}
static void windows_no_tlbflush(KtDomain *d)
{
  windows_full(d);
  g_hash_table_remove(d->hyperv, "tlbflush");
}
static void no_x2apic(KtDomain *d)
{
  d->vcpus = KT_INT(16);
  kt_domain_set_feature(d, "x2apic", "disable");
}
static void no_x2apic_small(KtDomain *d)
{
  kt_domain_set_feature(d, "x2apic", "disable");
}
static void ide(KtDomain *d)
{
  set(&disk_of(d)->bus, "ide");
}
static void ide_cdrom(KtDomain *d)
{
  ide(d);
  disk_of(d)->cdrom = TRUE;
}
static void writethrough(KtDomain *d)
{
  set(&disk_of(d)->cache, "writethrough");
}
static void no_iothread(KtDomain *d)
{
  d->iothreads = KT_INT(0);
}
static void no_iothread_busy(KtDomain *d)
{
  no_iothread(d);
  add_thread(d, 100, -1, 60, 0);
}
static void no_iothread_idle(KtDomain *d)
{
  no_iothread(d);
  add_thread(d, 100, -1, 5, 0);
}
static void net_single(KtDomain *d)
{
  net_of(d)->queues = KT_INT_UNKNOWN;
}
static void net_single_idle(KtDomain *d)
{
  net_single(d);
  add_thread(d, 101, 0, 3, 0);
}
static void net_single_busy(KtDomain *d)
{
  net_single(d);
  add_thread(d, 101, 0, 80, 0);
}
static void old_disk(KtDomain *d)
{
  set(&d->machine_type, "pc-i440fx-4.2");
}
static void small_single(KtDomain *d)
{
  net_single(d);
  d->vcpus = KT_INT(2);
}
static void e1000(KtDomain *d)
{
  set(&net_of(d)->model, "e1000");
}
static void no_vhost(KtDomain *d)
{
  set(&net_of(d)->driver, "qemu");
}
static void fifo(KtDomain *d)
{
  d->vcpusched = g_strdup("fifo");
}
static void fifo_dedicated(KtDomain *d)
{
  fifo(d);
  pin_all(d);
}

static const struct {
  const char *id;
  void (*change)(KtDomain *);
  KtState state;
  int severity; /* 0: not looked at */
} cases[] = {
    {"X30", as_it_is, KT_NOT_APPLICABLE, 0},
    {"X30", large, KT_FIRED, 1},
    {"X30", large_huge, KT_FINE, 0},
    {"X30", large_thp, KT_FINE, 0},
    {"X30", large_split, KT_FIRED, 2},
    {"X34", as_it_is, KT_NOT_APPLICABLE, 0},
    {"X34", pinned, KT_FIRED, 1},
    {"X34", hinted, KT_FINE, 0},
    {"X35", pinned, KT_NOT_APPLICABLE, 0},
    {"X35", hinted, KT_CANNOT_TELL, 0},
    {"X35", hinted_waits, KT_FIRED, 3},
    {"X35", hinted_runs, KT_FINE, 0},
    {"X36", as_it_is, KT_FINE, 0},
    {"X36", hidden, KT_FIRED, 2},
    {"X36", hidden_windows, KT_NOT_APPLICABLE, 0},
    {"X36", no_kvmclock, KT_FIRED, 2},
    {"X36", no_eoi, KT_FIRED, 2},
    {"X38", as_it_is, KT_FINE, 0},
    {"X38", hpet, KT_FIRED, 2},
    {"X39", as_it_is, KT_NOT_APPLICABLE, 0},
    {"X39", windows, KT_FIRED, 3},
    {"X39", windows_cut, KT_CANNOT_TELL, 0},
    {"X39", windows_passthrough, KT_FINE, 0},
    {"X39", windows_full, KT_FINE, 0},
    {"X39", windows_no_tlbflush, KT_FIRED, 1},
    {"X41", as_it_is, KT_FINE, 0},
    {"X41", no_x2apic, KT_FIRED, 1},
    {"X41", no_x2apic_small, KT_FINE, 0},
    {"X42", as_it_is, KT_FINE, 0},
    {"X42", ide, KT_FIRED, 2},
    {"X42", ide_cdrom, KT_NOT_APPLICABLE, 0},
    {"X42", writethrough, KT_FIRED, 2},
    {"X43", as_it_is, KT_FINE, 0},
    {"X43", no_iothread, KT_CANNOT_TELL, 0},
    {"X43", no_iothread_busy, KT_FIRED, 2},
    {"X43", no_iothread_idle, KT_FINE, 0},
    {"X44", as_it_is, KT_FINE, 0},
    {"X44", net_single, KT_FIRED, 1},
    {"X44", net_single_busy, KT_FIRED, 2},
    {"X44", net_single_idle, KT_FINE, 0},
    {"X44", old_disk, KT_FIRED, 1},
    {"X44", small_single, KT_NOT_APPLICABLE, 0},
    {"X45", as_it_is, KT_FINE, 0},
    {"X45", e1000, KT_FIRED, 2},
    {"X45", no_vhost, KT_FIRED, 2},
    {"X46", as_it_is, KT_NOT_APPLICABLE, 0},
    {"X46", fifo, KT_FIRED, 1},
    {"X46", fifo_dedicated, KT_FINE, 0},
};

static KtFinding *find(GPtrArray *list, const char *id)
{
  for (guint i = 0; i < list->len; i++) {
    KtFinding *f = list->pdata[i];
    if (g_str_equal(f->check->id, id))
      return f;
  }
  return NULL;
}

static void test_case(gconstpointer data)
{
  guint i = GPOINTER_TO_UINT(data);
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  KtDomain *d = healthy_domain();
  g_ptr_array_add(snapshot->domains, d);
  cases[i].change(d);
  g_autoptr(GPtrArray) all = kt_diagnose(snapshot, NULL);
  g_assert_cmpuint(all->len, ==, 1);
  KtDiagnosis *diagnosis = all->pdata[0];
  KtFinding *fired = find(diagnosis->findings, cases[i].id);
  KtState state = fired                                   ? KT_FIRED
                  : find(diagnosis->unknown, cases[i].id) ? KT_CANNOT_TELL
                  : find(diagnosis->fine, cases[i].id)    ? KT_FINE
                                                          : KT_NOT_APPLICABLE;
  g_assert_cmpint(state, ==, cases[i].state);
  if (cases[i].severity)
    g_assert_cmpint(fired->severity, ==, cases[i].severity);
}

/* Pins that another guest uses too are no dedicated ones. */
static void test_shared_pins(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  for (guint i = 0; i < 2; i++) {
    KtDomain *d = healthy_domain();
    set(&d->name, i ? "one" : "two");
    pin_all(d);
    g_ptr_array_add(snapshot->domains, d);
  }
  g_autoptr(GPtrArray) all = kt_diagnose(snapshot, NULL);
  g_assert_null(find(((KtDiagnosis *)all->pdata[0])->findings, "X34"));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = g_strdup_printf("/domain-devices/%s-%02u", cases[i].id, i);
    g_test_add_data_func(path, GUINT_TO_POINTER(i), test_case);
  }
  g_test_add_func("/domain-devices/shared-pins", test_shared_pins);
  return g_test_run();
}
