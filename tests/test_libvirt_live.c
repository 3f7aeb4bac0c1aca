/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Against libvirt's test driver, which lives inside the library. */
#include <gio/gio.h>
#include <glib/gstdio.h>

#include <string.h>

#include "base/error.h"
#include "evidence/evidence.h"
#include "evidence/libvirt_hosts.h"
#include "evidence/libvirt_live.h"

static void test_default(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(GError) error = NULL;
  g_assert_true(kt_libvirt_read("test:///default", NULL, s, NULL, &error));
  g_assert_no_error(error);
  const KtDomain *d = kt_snapshot_domain(s, "test");
  g_assert_nonnull(d);
  g_assert_cmpstr(d->uuid, ==, "6695eb01-f6a4-8304-79aa-97f2502e193f");
  g_assert_true(kt_int_is(d->vcpus, 2));
  g_assert_false(d->cut);
  const KtMachine *host = kt_snapshot_host(s);
  g_assert_nonnull(host);
  g_assert_cmpuint(host->nodes->len, ==, 2);
  g_assert_true(kt_int_is(host->sockets, 2));
  g_assert_true(kt_int_is(host->cores_per_socket, 8));
}

static const char node[] = "<node>\n"
                           "  <domain type='test'>\n"
                           "    <name>pinned</name>\n"
                           "    <uuid>11111111-2222-3333-4444-555555555555</uuid>\n"
                           "    <memory unit='MiB'>512</memory>\n"
                           "    <vcpu>2</vcpu>\n"
                           "    <cputune><vcpupin vcpu='1' cpuset='3'/></cputune>\n"
                           "    <os><type>hvm</type></os>\n"
                           "  </domain>\n"
                           "  <domain type='test'>\n"
                           "    <name>other</name>\n"
                           "    <memory unit='MiB'>64</memory>\n"
                           "    <os><type>hvm</type></os>\n"
                           "  </domain>\n"
                           "</node>\n";

static void test_custom(void)
{
  g_autofree char *directory = g_dir_make_tmp("kt-libvirt-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(directory, "node.xml", NULL);
  g_assert_true(g_file_set_contents(path, node, -1, NULL));
  g_autofree char *uri = g_strdup_printf("test://%s", path);
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(GError) error = NULL;
  g_assert_true(kt_libvirt_read(uri, "pinned", s, NULL, &error));
  g_assert_cmpuint(s->domains->len, ==, 1);
  const KtDomain *d = s->domains->pdata[0];
  g_assert_true(kt_int_is(d->memory_kib, 524288));
  g_assert_true(kt_set_has(kt_domain_pin(d, 1), 3));
  g_remove(path);
  g_rmdir(directory);
}

/* A paused guest is a QEMU process with memory and pins like any other; one that is shut off is none. */
static void test_paused(void)
{
  static const char *const states[] = {"paused", "shutoff"};
  static const int numbers[] = {3, 5}; /* VIR_DOMAIN_PAUSED, VIR_DOMAIN_SHUTOFF */
  g_autoptr(GString) xml = g_string_new("<node xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>");
  for (guint i = 0; i < G_N_ELEMENTS(states); i++)
    g_string_append_printf(xml,
                           "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
                           "<name>%s</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>"
                           "<test:runstate>%d</test:runstate></domain>",
                           states[i], numbers[i]);
  g_string_append(xml, "</node>");
  g_autofree char *directory = g_dir_make_tmp("kt-libvirt-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(directory, "node.xml", NULL);
  g_assert_true(g_file_set_contents(path, xml->str, -1, NULL));
  g_autofree char *uri = g_strdup_printf("test://%s", path);
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(GError) error = NULL;
  g_assert_true(kt_libvirt_read(uri, NULL, s, NULL, &error));
  g_assert_nonnull(kt_snapshot_domain(s, "paused"));
  g_assert_null(kt_snapshot_domain(s, "shutoff"));
  g_remove(path);
  g_rmdir(directory);
}

static void test_no_connection(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(GError) error = NULL;
  g_assert_false(kt_libvirt_read("test:///no/such/file", NULL, s, NULL, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_SYSTEM);
  g_assert_nonnull(strstr(error->message, "test:///no/such/file"));
  g_assert_cmpuint(s->domains->len + s->machines->len, ==, 0);
}

static void test_local(void)
{
  static const char *const local[] = {
      NULL, "qemu:///system", "qemu:///session", "qemu+unix:///system", "qemu+tcp://localhost/system", "xen:///system"};
  static const char *const elsewhere[] = {"qemu+ssh://root@kvm7/system",
                                          "qemu+tls://kvm7.example.org/system",
                                          "test:///default",
                                          "qemu+ext:///system?command=x",
                                          "kvm7",
                                          "esx://vc/"};
  for (guint i = 0; i < G_N_ELEMENTS(local); i++)
    g_assert_true(kt_libvirt_is_local(local[i]));
  for (guint i = 0; i < G_N_ELEMENTS(elsewhere); i++)
    g_assert_false(kt_libvirt_is_local(elsewhere[i]));
}

/* The host that is known already gets what libvirt knows; there is no second one. */
static void test_into_host(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(GError) error = NULL;
  KtMachine *m = kt_machine_new();
  m->name = g_strdup("kvm1");
  m->role = KT_ROLE_HOST;
  m->sockets = KT_INT(2);
  g_ptr_array_add(s->machines, m);
  g_assert_true(kt_libvirt_read("test:///default", NULL, s, m, &error));
  g_assert_true(kt_snapshot_host(s) == m);
  g_assert_cmpstr(m->name, ==, "kvm1");
  g_assert_true(kt_int_is(m->cores_per_socket, 8));
}

/* It sees another processor than the machine does: it speaks of a host of its own. */
static void test_beside_host(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(GError) error = NULL;
  KtMachine *m = kt_machine_new();
  m->role = KT_ROLE_GUEST;
  m->cores_per_socket = KT_INT(3);
  g_ptr_array_add(s->machines, m);
  g_assert_true(kt_libvirt_read("test:///default", NULL, s, m, &error));
  g_assert_cmpuint(s->machines->len, ==, 2);
  g_assert_true(kt_int_is(m->cores_per_socket, 3));
  g_assert_true(kt_int_is(kt_snapshot_host(s)->cores_per_socket, 8));
}

/* A URI of another host: this machine is not among what is seen. */
static void test_elsewhere(void)
{
  g_autoptr(GError) error = NULL;
  KtLiveOptions options = {.connect_uri = "test:///default"};
  g_autoptr(KtSnapshot) s = kt_evidence_read_live(&options, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(s->machines->len, ==, 1);
  g_assert_false(((KtMachine *)s->machines->pdata[0])->live);
  g_assert_true(kt_int_is(kt_snapshot_host(s)->memory_kib, 3145728));
  options.domain = "no-such";
  g_assert_null(kt_evidence_read_live(&options, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
}

static void test_is_uri(void)
{
  static const char *const uris[] = {"qemu:///system", "qemu+ssh://root@kvm7/system", "test:///default",
                                     "qemu+unix:///session?socket=/run/x", "xen+tls://h.example.org:16514/"};
  static const char *const others[] = {"qemu", "qemu:/x", "http://kvm7/system", "dir/qemu:///x",
                                       "-",    "",        "QEMU://x",           "://"};
  for (guint i = 0; i < G_N_ELEMENTS(uris); i++)
    g_assert_true(kt_libvirt_is_uri(uris[i]));
  for (guint i = 0; i < G_N_ELEMENTS(others); i++)
    g_assert_false(kt_libvirt_is_uri(others[i]));
}

/* Two hosts of one name and what does not answer: each host keeps its own domains. */
static void test_several(void)
{
  g_autofree char *directory = g_dir_make_tmp("kt-libvirt-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(directory, "node.xml", NULL);
  g_assert_true(g_file_set_contents(path, node, -1, NULL));
  g_autofree char *uri = g_strdup_printf("test://%s", path);
  const char *const inputs[] = {"test:///default", uri, "test:///no/such/file", "test:///default", NULL};
  g_autoptr(GError) error = NULL;
  g_autoptr(KtSnapshot) s = kt_evidence_read_mixed(inputs, 60, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(s->machines->len, ==, 2);
  g_assert_cmpuint(s->domains->len, ==, 3);
  g_assert_cmpuint(s->unreachable, ==, 1);
  g_assert_nonnull(strstr(s->notes->pdata[0], "test:///no/such/file"));
  const KtMachine *first = s->machines->pdata[0], *second = s->machines->pdata[1];
  g_assert_cmpstr(first->name, !=, second->name);
  g_assert_nonnull(strstr(second->name, uri));
  g_assert_true(kt_snapshot_host_of(s, kt_snapshot_domain(s, "test")) == first);
  g_assert_true(kt_snapshot_host_of(s, kt_snapshot_domain(s, "pinned")) == second);
  g_assert_null(kt_snapshot_host(s));
  g_remove(path);
  g_rmdir(directory);
}

static void test_none_answers(void)
{
  const char *const inputs[] = {"test:///no/such/file", "test:///nor/this", NULL};
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_evidence_read_mixed(inputs, 60, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_SYSTEM);
  g_assert_nonnull(strstr(error->message, "test:///no/such/file"));
}

/* A host that takes the connection and then says nothing holds nobody up. */
static void test_dead(void)
{
  g_autoptr(GSocketListener) listener = g_socket_listener_new();
  g_autoptr(GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, &error);
  g_assert_no_error(error);
  g_autofree char *dead = g_strdup_printf("qemu+tcp://localhost:%u/system", port);
  const char *const inputs[] = {dead, "test:///default", NULL};
  g_autoptr(KtSnapshot) s = kt_evidence_read_mixed(inputs, 3, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(s->unreachable, ==, 1);
  g_assert_nonnull(strstr(s->notes->pdata[0], "no answer within 3 seconds"));
  g_assert_nonnull(kt_snapshot_domain(s, "test"));
}

static KtDomain *add_domain(KtSnapshot *s, const char *format, const char *uuid)
{
  KtDomain *d = kt_domain_new(format);
  g_free(d->format);
  d->format = g_strdup(format);
  d->uuid = g_strdup(uuid);
  g_ptr_array_add(s->domains, d);
  return d;
}

/* Processes that a libvirt with a host of its own does not know are this machine's. */
static void test_others_processes(void)
{
  for (guint own = 0; own < 2; own++) {
    g_autoptr(KtSnapshot) s = kt_snapshot_new();
    KtMachine *here = kt_machine_new(), *host = own ? kt_machine_new() : here;
    g_ptr_array_add(s->machines, here);
    if (own)
      g_ptr_array_add(s->machines, host);
    const KtDomain *guest = add_domain(s, "libvirt", "aa"), *other = add_domain(s, "qemu", "bb");
    kt_libvirt_place_domains(s);
    g_assert_true(guest->host == host);
    g_assert_true(other->host == here);
  }
  g_autoptr(KtSnapshot) none = kt_snapshot_new();
  const KtDomain *lonely = add_domain(none, "qemu", NULL);
  kt_libvirt_place_domains(none);
  g_assert_null(lonely->host);
}

/* Of two libvirts on one machine each sees the other's guests as processes. */
static void test_seen_twice(void)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  add_domain(s, "qemu", "BB"); /* by the first libvirt */
  const KtDomain *a = add_domain(s, "libvirt", "aa");
  const KtDomain *b = add_domain(s, "libvirt", "bb"); /* by the second */
  add_domain(s, "qemu", "aa");
  const KtDomain *by_hand = add_domain(s, "qemu", "cc"), *nameless = add_domain(s, "qemu", NULL);
  const KtDomain *left[] = {a, b, by_hand, nameless};
  kt_libvirt_drop_twice(s);
  g_assert_cmpuint(s->domains->len, ==, G_N_ELEMENTS(left));
  for (guint i = 0; i < G_N_ELEMENTS(left); i++)
    g_assert_true(s->domains->pdata[i] == left[i]);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/libvirt/default", test_default);
  g_test_add_func("/libvirt/custom", test_custom);
  g_test_add_func("/libvirt/no-connection", test_no_connection);
  g_test_add_func("/libvirt/paused", test_paused);
  g_test_add_func("/libvirt/local", test_local);
  g_test_add_func("/libvirt/into-host", test_into_host);
  g_test_add_func("/libvirt/beside-host", test_beside_host);
  g_test_add_func("/libvirt/elsewhere", test_elsewhere);
  g_test_add_func("/libvirt/others-processes", test_others_processes);
  g_test_add_func("/libvirt/seen-twice", test_seen_twice);
  g_test_add_func("/libvirt/is-uri", test_is_uri);
  g_test_add_func("/libvirt/several", test_several);
  g_test_add_func("/libvirt/none-answers", test_none_answers);
  g_test_add_func("/libvirt/dead", test_dead);
  return g_test_run();
}
