/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guest in several outputs is one domain; two guests stay two. */
#include "config.h"

#include "evidence/join.h"
#include "read_fixture.h"

#define UUID_A "11111111-2222-3333-4444-555555555555"
#define UUID_B "99999999-2222-3333-4444-555555555555"

static KtDomain *add(KtSnapshot *s, const char *format, const char *name, const char *uuid)
{
  KtDomain *d = kt_domain_new("test");
  d->format = g_strdup(format);
  d->name = g_strdup(name);
  d->uuid = g_strdup(uuid);
  d->cut = g_str_equal(format, "virsh");
  g_ptr_array_add(s->domains, d);
  return d;
}

static void test_processes(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  kt_domain_runtime(add(s, "qemu", "a", "AAAA"))->pid = 7;
  kt_domain_runtime(add(s, "qemu", "b", NULL))->pid = 8;
  kt_domain_runtime(add(s, "qemu", "a", "CCCC"))->pid = 9; /* same name, another guest */
  KtDomain *a = add(s, "libvirt", "a", "aaaa"), *b = add(s, "libvirt", "b", "bbbb");
  kt_domains_join(s);
  g_assert_cmpuint(s->domains->len, ==, 3);
  g_assert_cmpint(a->runtime->pid, ==, 7);
  g_assert_cmpint(b->runtime->pid, ==, 8);
}

/* The definition that is whole stays as it is; one that is not gets what it lacks. */
static void test_precedence(void)
{
  for (gboolean cut = FALSE; cut <= TRUE; cut++) {
    g_autoptr(KtSnapshot) s = kt_snapshot_new();
    KtDomain *command = add(s, "qemu", "a", UUID_A), *xml = add(s, "libvirt", "a", UUID_A);
    command->sockets = command->vcpus = KT_INT(4);
    command->cpu_given = TRUE;
    command->cpu_mode = g_strdup("host-passthrough");
    command->machine_type = g_strdup("pc-q35-8.2");
    kt_domain_add_cell(command, 0);
    xml->cut = cut;
    xml->vcpus = KT_INT(4);
    kt_domains_join(s);
    g_assert_cmpuint(s->domains->len, ==, 1);
    g_assert_true(s->domains->pdata[0] == xml);
    g_assert_cmpstr(xml->format, ==, "libvirt");
    g_assert_cmpstr(xml->machine_type, ==, "pc-q35-8.2");
    g_assert_cmpint(xml->sockets.known, ==, cut);
    g_assert_cmpint(xml->cpu_given, ==, cut);
    g_assert_cmpstr(xml->cpu_mode, ==, cut ? "host-passthrough" : NULL);
    g_assert_cmpuint(xml->cells->len, ==, cut ? 1 : 0);
  }
}

/* A CPU of one definition is not mixed with that of another. */
static void test_no_mixture(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  KtDomain *xml = add(s, "libvirt", "a", NULL), *command = add(s, "qemu", "a", NULL);
  xml->cut = xml->cpu_given = command->cpu_given = TRUE;
  xml->cpu_mode = g_strdup("host-passthrough");
  command->cpu_mode = g_strdup("custom");
  command->cpu_model = g_strdup("qemu64");
  xml->cores = KT_INT(8);
  command->sockets = KT_INT(8);
  kt_domains_join(s);
  g_assert_cmpuint(s->domains->len, ==, 1);
  g_assert_null(xml->cpu_model);
  g_assert_false(xml->sockets.known);
}

static void test_two_stay_two(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  add(s, "libvirt", "uuid", UUID_A);
  add(s, "qemu", "uuid", UUID_B);
  add(s, "libvirt", "vcpus", NULL)->vcpus = KT_INT(4);
  add(s, "qemu", "vcpus", NULL)->vcpus = KT_INT(8);
  add(s, "libvirt", "online", NULL)->vcpus = KT_INT(4);
  add(s, "virsh", "online", NULL)->vcpus_current = KT_INT(6);
  add(s, "libvirt", "changed", UUID_A)->sockets = KT_INT(4);
  add(s, "libvirt", "changed", UUID_A)->sockets = KT_INT(1);
  add(s, "virsh", NULL, NULL);
  add(s, "virsh", NULL, NULL);
  kt_domains_join(s);
  g_assert_cmpuint(s->domains->len, ==, 10);
}

/* Which of two is meant cannot be told: the part stays alone. */
static void test_not_clear(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  add(s, "libvirt", "a", UUID_A);
  add(s, "libvirt", "a", UUID_B);
  add(s, "virsh", "a", NULL);
  add(s, "virsh", "a", UUID_B)->vcpus = KT_INT(2);
  kt_domains_join(s);
  g_assert_cmpuint(s->domains->len, ==, 3);
  g_assert_true(kt_int_is(((KtDomain *)s->domains->pdata[1])->vcpus, 2));
}

static void test_threads(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  KtDomain *process = add(s, "qemu", "a", NULL), *part = add(s, "virsh", "a", NULL);
  KtRuntime *seen = kt_domain_runtime(process), *stats = kt_domain_runtime(part);
  seen->pid = 7;
  KtThread *vcpu = kt_runtime_add_thread(seen, 71, "CPU 0/KVM"), *same = kt_runtime_add_thread(stats, 0, "CPU 0/KVM");
  kt_runtime_add_thread(seen, 7, "qemu-system-x86");
  vcpu->vcpu = same->vcpu = 0;
  vcpu->last_cpu = KT_INT(3);
  same->last_cpu = KT_INT(9);
  same->wait_pct = KT_NUM(12);
  kt_runtime_add_thread(stats, 0, "CPU 1/KVM")->vcpu = 1;
  stats->halt_poll_fail_pct = KT_NUM(5);
  kt_domains_join(s);
  g_assert_cmpuint(s->domains->len, ==, 1);
  g_assert_cmpuint(seen->threads->len, ==, 3);
  g_assert_cmpfloat(vcpu->wait_pct.value, ==, 12);
  g_assert_true(kt_int_is(vcpu->last_cpu, 3));
  g_assert_cmpfloat(seen->halt_poll_fail_pct.value, ==, 5);
}

/* All at once, as pasted. */
static void test_paste(void)
{
  g_autoptr(KtSnapshot) s = read_text(
      "root@kvm1:~# virsh dominfo web-1\nId:             3\nName:           web-1\nUUID:           " UUID_A "\n"
      "OS Type:        hvm\nState:          running\nCPU(s):         4\nMax memory:     4194304 KiB\n\n"
      "root@kvm1:~# virsh vcpuinfo " UUID_A "\nVCPU:           0\nCPU:            1\nState:          running\n"
      "CPU Affinity:   yy--\n\n"
#if HAVE_LIBXML2
      "root@kvm1:~# virsh dumpxml web-1\n<domain type='kvm' id='3'>\n  <name>web-1</name>\n  <uuid>" UUID_A "</uuid>\n"
      "  <memory unit='KiB'>4194304</memory>\n  <vcpu placement='static'>4</vcpu>\n"
      "  <os><type arch='x86_64' machine='pc-q35-8.2'>hvm</type></os>\n</domain>\n\n"
#endif
      "root@kvm1:~# ps -ef\nUID PID PPID C STIME TTY TIME CMD\n"
      "qemu 4711 1 99 10:00 ? 10:00:00 /usr/libexec/qemu-kvm -name guest=web-1,debug-threads=on "
      "-machine pc-q35-8.2,accel=kvm -m 4096 -smp 4,sockets=4,cores=1,threads=1 -uuid " UUID_A " -nodefaults\n");
  g_assert_cmpuint(s->domains->len, ==, 1);
  const KtDomain *d = s->domains->pdata[0];
  g_assert_cmpstr(d->name, ==, "web-1");
  g_assert_cmpstr(d->uuid, ==, UUID_A);
  g_assert_cmpstr(d->type, ==, "kvm");
  g_assert_false(d->cut);
  g_assert_true(kt_int_is(d->vcpus, 4));
  g_assert_false(d->vcpus_current.known);
  g_assert_cmpuint(d->runtime->threads->len, ==, 1);
#if HAVE_LIBXML2
  g_assert_cmpstr(d->format, ==, "libvirt");
  g_assert_null(kt_domain_pin(d, 0)); /* the definition pins none */
#else
  g_assert_cmpstr(d->format, ==, "qemu");
  g_assert_nonnull(kt_domain_pin(d, 0));
#endif
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/join/processes", test_processes);
  g_test_add_func("/join/precedence", test_precedence);
  g_test_add_func("/join/no-mixture", test_no_mixture);
  g_test_add_func("/join/two-stay-two", test_two_stay_two);
  g_test_add_func("/join/not-clear", test_not_clear);
  g_test_add_func("/join/threads", test_threads);
  g_test_add_func("/join/paste", test_paste);
  return g_test_run();
}
