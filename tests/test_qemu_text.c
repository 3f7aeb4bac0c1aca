/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "config.h"

#include "evidence/reading.h"

static KtSnapshot *read_bytes(const char *bytes, gsize length)
{
  KtSnapshot *snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  g_autoptr(KtText) text = kt_text_new("paste", bytes, length);
  kt_reading_run(text, ".", snapshot, fragments);
  return snapshot;
}

static KtDomain *only_domain(const KtSnapshot *s)
{
  g_assert_cmpuint(s->domains->len, ==, 1);
  return s->domains->pdata[0];
}

static void test_script(void)
{
  const char text[] = "Here it is:\n"
                      "\n"
                      "qemu-system-x86_64 \\\n"
                      "  -name \"guest=my vm,debug-threads=on\" \\\n"
                      "  -machine q35,accel=kvm \\\n"
                      "  -cpu $MODEL \\\n"
                      "  -smp 8,sockets=8,cores=1,threads=1\n"
                      "\n"
                      "and it is slow\n";
  g_autoptr(KtSnapshot) s = read_bytes(text, strlen(text));
  const KtDomain *d = only_domain(s);
  g_assert_cmpstr(d->name, ==, "my vm");
  g_assert_cmpstr(d->type, ==, "kvm");
  g_assert_true(d->cut); /* the CPU model is not written there */
  g_assert_false(d->cpu_given);
  g_assert_true(kt_int_is(d->sockets, 8));
  g_assert_cmpuint(kt_domain_cite_of(d, "topology")->line, ==, 7);
}

static void test_ps(void)
{
  const char text[] =
      "libvirt+  2041  187 12.4 8800000 8388608 ?  Sl  Oct14 2231:05 /usr/bin/qemu-system-x86_64 -name guest=a -m 64"
      " -device {\"driver\":\"virtio-net-pci\",\"netdev\":\"n\",\"id\":\"net0\"} -msg timestamp=on\n"
      "root      2042  0.0  0.0    6332    2048 pts/0 S+ 10:00 0:00 grep qemu-system-x86_64 -m\n"
      "root      2043  0.0  0.0    6332    2048 ?     Sl 10:00 0:00 /usr/bin/kvm -id 101 -name b -smp 4,cores=4\n";
  g_autoptr(KtSnapshot) s = read_bytes(text, strlen(text));
  g_assert_cmpuint(s->domains->len, ==, 2);
  const KtDomain *a = s->domains->pdata[0], *b = s->domains->pdata[1];
  g_assert_cmpstr(a->name, ==, "a");
  g_assert_cmpstr(a->type, ==, "qemu");
  g_assert_false(a->cut);
#if HAVE_JSON
  g_assert_cmpuint(a->devices->len, ==, 1);
#endif
  g_assert_cmpstr(b->name, ==, "b");
  g_assert_cmpstr(b->type, ==, "kvm");
}

static void test_nul_separated(void)
{
  const char bytes[] = "/usr/bin/qemu-system-x86_64\0-name\0guest=c,debug-threads=on\0-accel\0kvm\0-smp\0"
                       "2\0-msg\0timestamp=on\0";
  g_autoptr(KtSnapshot) s = read_bytes(bytes, sizeof bytes - 1);
  const KtDomain *d = only_domain(s);
  g_assert_cmpstr(d->name, ==, "c");
  g_assert_cmpstr(d->type, ==, "kvm");
  g_assert_true(kt_int_is(d->vcpus, 2));
}

static void test_argument_a_line(void)
{
  const char text[] = "/usr/bin/qemu-system-x86_64\n-name\nguest=d\n-enable-kvm\n-smp\n4\n-m\n512\n";
  g_autoptr(KtSnapshot) s = read_bytes(text, strlen(text));
  const KtDomain *d = only_domain(s);
  g_assert_cmpstr(d->name, ==, "d");
  g_assert_true(kt_int_is(d->vcpus, 4));
  g_assert_true(kt_int_is(d->memory_kib, 524288));
}

/* Half a value is no value, and nothing follows from what is missing. */
static void test_cut(void)
{
  const char text[] = "/usr/bin/qemu-system-x86_64 -name guest=e -smp 8 -m 81";
  g_autoptr(KtSnapshot) s = read_bytes(text, strlen(text));
  const KtDomain *d = only_domain(s);
  g_assert_true(d->cut);
  g_assert_false(d->memory_kib.known);
  g_assert_null(d->type);
  g_assert_cmpint(d->balloon, ==, KT_UNKNOWN);
  g_assert_true(kt_int_is(d->vcpus, 8));
}

static void test_other_text(void)
{
  const char text[] = "<emulator>/usr/bin/qemu-system-x86_64</emulator>\n"
                      "we use qemu-kvm - it is fine\n"
                      "$ qemu-system-x86_64\n";
  g_autoptr(KtSnapshot) s = read_bytes(text, strlen(text));
  g_assert_cmpuint(s->domains->len, ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/qemu-text/script", test_script);
  g_test_add_func("/qemu-text/ps", test_ps);
  g_test_add_func("/qemu-text/nul-separated", test_nul_separated);
  g_test_add_func("/qemu-text/argument-a-line", test_argument_a_line);
  g_test_add_func("/qemu-text/cut", test_cut);
  g_test_add_func("/qemu-text/other-text", test_other_text);
  return g_test_run();
}
