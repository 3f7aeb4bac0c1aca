/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/libvirt_live.h"

#include "config.h"

#include "base/error.h"

static gboolean same_guest(const KtDomain *a, const KtDomain *b)
{
  if (a->uuid && b->uuid)
    return g_ascii_strcasecmp(a->uuid, b->uuid) == 0;
  return a->name && g_strcmp0(a->name, b->name) == 0;
}

static KtDomain *defined_by_libvirt(const KtSnapshot *s, const KtDomain *process)
{
  for (guint i = 0; i < s->domains->len; i++) {
    KtDomain *d = s->domains->pdata[i];
    if (g_strcmp0(d->format, "libvirt") == 0 && same_guest(d, process))
      return d;
  }
  return NULL;
}

/* Where the facts of its runtime stand. */
static void take_cites(KtDomain *into, const KtDomain *process)
{
  GHashTableIter iter;
  gpointer path, cite;
  g_hash_table_iter_init(&iter, process->cites);
  while (g_hash_table_iter_next(&iter, &path, &cite))
    if (g_str_has_prefix(path, "runtime."))
      kt_domain_cite(into, path, cite);
}

void kt_domains_join(KtSnapshot *snapshot)
{
  for (guint i = snapshot->domains->len; i > 0; i--) {
    KtDomain *process = snapshot->domains->pdata[i - 1];
    KtDomain *defined = g_strcmp0(process->format, "qemu") == 0 ? defined_by_libvirt(snapshot, process) : NULL;
    if (!defined || (defined->runtime && process->runtime))
      continue;
    if (!defined->runtime) {
      defined->runtime = g_steal_pointer(&process->runtime);
      take_cites(defined, process);
    }
    g_ptr_array_remove_index(snapshot->domains, i - 1);
  }
}

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "evidence/capabilities.h"
#include "evidence/domain_xml.h"

#define LOCAL_URI "qemu:///system"

static void say_nothing(void *data, virErrorPtr error)
{
}

/* A client of libvirt may start its daemon; looking must not. */
static gboolean daemon_listens(void)
{
  static const char *const sockets[] = {"/run/libvirt/libvirt-sock-ro", "/run/libvirt/virtqemud-sock-ro"};
  for (guint i = 0; i < G_N_ELEMENTS(sockets); i++)
    if (g_file_test(sockets[i], G_FILE_TEST_EXISTS))
      return TRUE;
  return FALSE;
}

static void set_error(GError **error, const char *what)
{
  virErrorPtr last = virGetLastError();
  gboolean denied = last && (last->code == VIR_ERR_AUTH_FAILED || last->code == VIR_ERR_AUTH_CANCELLED ||
                             last->code == VIR_ERR_AUTH_UNAVAILABLE || last->code == VIR_ERR_ACCESS_DENIED);
  g_set_error(error, KT_ERROR, denied ? KT_ERROR_ACCESS : KT_ERROR_SYSTEM, "cannot %s: %s", what,
              last && last->message ? last->message : "libvirt does not say why");
}

static gboolean is_wanted(virDomainPtr domain, const char *only)
{
  char uuid[VIR_UUID_STRING_BUFLEN] = "";
  virDomainGetUUIDString(domain, uuid);
  return !only || g_strcmp0(virDomainGetName(domain), only) == 0 || g_ascii_strcasecmp(uuid, only) == 0;
}

static void read_domain(KtSnapshot *snapshot, virDomainPtr domain)
{
  char *bytes = virDomainGetXMLDesc(domain, 0);
  if (!bytes) /* gone since it was listed */
    return;
  g_autofree char *source = g_strdup_printf("live:virsh dumpxml %s", virDomainGetName(domain));
  g_autoptr(KtXml) xml = kt_xml_parse(source, bytes);
  free(bytes);
  if (!xml->root)
    return;
  KtDomain *d = kt_domain_new(source);
  kt_domain_xml_read(d, xml, xml->root);
  g_ptr_array_add(snapshot->domains, d);
}

static gboolean read_domains(virConnectPtr connection, const char *only, KtSnapshot *snapshot, GError **error)
{
  virDomainStatsRecordPtr *records = NULL;
  int n = virConnectGetAllDomainStats(connection, VIR_DOMAIN_STATS_STATE, &records,
                                      VIR_CONNECT_GET_ALL_DOMAINS_STATS_RUNNING);
  if (n < 0) {
    set_error(error, "list libvirt's domains");
    return FALSE;
  }
  for (int i = 0; i < n; i++)
    if (is_wanted(records[i]->dom, only))
      read_domain(snapshot, records[i]->dom);
  virDomainStatsRecordListFree(records);
  return TRUE;
}

static void read_host(virConnectPtr connection, KtSnapshot *snapshot)
{
  char *name = virConnectGetHostname(connection);
  gboolean known = FALSE;
  for (guint i = 0; i < snapshot->machines->len; i++)
    known |= g_strcmp0(((KtMachine *)snapshot->machines->pdata[i])->name, name) == 0;
  char *bytes = name && !known ? virConnectGetCapabilities(connection) : NULL;
  if (bytes) {
    g_autoptr(KtXml) xml = kt_xml_parse("live:virsh capabilities", bytes);
    g_autoptr(KtMachine) m = kt_machine_new();
    if (kt_capabilities_read(m, xml)) {
      m->name = g_strdup(name);
      kt_machine_add_source(m, xml->source);
      g_ptr_array_add(snapshot->machines, g_steal_pointer(&m));
    }
  }
  free(bytes);
  free(name);
}

gboolean kt_libvirt_read(const char *uri, const char *only, KtSnapshot *snapshot, GError **error)
{
  if (!uri && !daemon_listens()) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no libvirt runs here");
    return FALSE;
  }
  virSetErrorFunc(NULL, say_nothing);
  virConnectPtr connection = virConnectOpenReadOnly(uri ? uri : LOCAL_URI);
  if (!connection) {
    g_autofree char *what = g_strdup_printf("connect to '%s'", uri ? uri : LOCAL_URI);
    set_error(error, what);
    return FALSE;
  }
  gboolean ok = read_domains(connection, only, snapshot, error);
  if (ok)
    read_host(connection, snapshot);
  virConnectClose(connection);
  return ok;
}

#else

gboolean kt_libvirt_read(const char *uri, const char *only, KtSnapshot *snapshot, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot talk to libvirt");
  return FALSE;
}

#endif
