/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/libvirt_live.h"

#include <string.h>

#include "config.h"

#include "base/error.h"

gboolean kt_libvirt_is_local(const char *uri)
{
  static const char *const foreign[] = {"test", "esx", "gsx", "vpx", "hyperv", "phyp", "qemu+ext", NULL};
  g_autoptr(GUri) parsed = uri ? g_uri_parse(uri, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_NON_DNS, NULL) : NULL;
  if (!uri || !*uri)
    return TRUE;
  if (!parsed) /* an alias of libvirt.conf: for a host elsewhere */
    return FALSE;
  static const char *const here[] = {"", "localhost", "127.0.0.1", "::1", NULL};
  const char *host = g_uri_get_host(parsed);
  return !g_strv_contains(foreign, g_uri_get_scheme(parsed)) && (!host || g_strv_contains(here, host));
}

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include "evidence/capabilities.h"
#include "evidence/domain_xml.h"
#include "evidence/libvirt_connect.h"

static gboolean is_wanted(virDomainPtr domain, const char *only)
{
  char uuid[VIR_UUID_STRING_BUFLEN] = "";
  virDomainGetUUIDString(domain, uuid);
  return !only || g_strcmp0(virDomainGetName(domain), only) == 0 || g_ascii_strcasecmp(uuid, only) == 0;
}

/* "live:virsh -c URI COMMAND", for citations. Caller frees. */
static char *source_of(const char *uri, const char *command)
{
  return uri ? g_strdup_printf("live:virsh -c %s %s", uri, command) : g_strdup_printf("live:virsh %s", command);
}

static void read_domain(KtSnapshot *snapshot, const char *uri, virDomainPtr domain)
{
  char *bytes = virDomainGetXMLDesc(domain, 0);
  if (!bytes) /* gone since it was listed */
    return;
  g_autofree char *command = g_strdup_printf("dumpxml %s", virDomainGetName(domain)), *source = source_of(uri, command);
  g_autoptr(KtXml) xml = kt_xml_parse(source, bytes);
  free(bytes);
  if (!xml->root)
    return;
  KtDomain *d = kt_domain_new(source);
  kt_domain_xml_read(d, xml, xml->root);
  g_ptr_array_add(snapshot->domains, d);
}

static gboolean read_domains(virConnectPtr connection, const char *uri, const char *only, KtSnapshot *snapshot,
                             GError **error)
{
  virDomainStatsRecordPtr *records = NULL;
  int n = virConnectGetAllDomainStats(connection, VIR_DOMAIN_STATS_STATE, &records,
                                      VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE);
  if (n < 0) {
    kt_libvirt_set_error(error, "list libvirt's domains");
    return FALSE;
  }
  for (int i = 0; i < n; i++)
    if (is_wanted(records[i]->dom, only))
      read_domain(snapshot, uri, records[i]->dom);
  virDomainStatsRecordListFree(records);
  return TRUE;
}

/* What capabilities may leave out. */
static void read_nodeinfo(virConnectPtr connection, const char *uri, KtMachine *m)
{
  virNodeInfo info;
  if (virNodeGetInfo(connection, &info) < 0)
    return;
  g_autofree char *source = source_of(uri, "nodeinfo");
  g_autoptr(KtCite) cite = kt_cite_new(source, 0, "");
  if (info.cpus)
    kt_machine_set_int(m, "topology.online", info.cpus, cite);
  if (info.memory && info.memory <= G_MAXINT64)
    kt_machine_set_int(m, "memory_kib", (gint64)info.memory, cite);
}

static void read_host(virConnectPtr connection, const char *uri, KtSnapshot *snapshot, KtMachine *host)
{
  char *bytes = virConnectGetCapabilities(connection), *name = virConnectGetHostname(connection);
  g_autofree char *source = source_of(uri, "capabilities");
  g_autoptr(KtXml) xml = bytes ? kt_xml_parse(source, bytes) : NULL;
  g_autoptr(KtMachine) m = kt_machine_new();
  if (xml && kt_capabilities_read(m, xml)) {
    m->name = g_strdup(name);
    kt_machine_add_source(m, xml->source);
    read_nodeinfo(connection, uri, m);
    if (host && kt_machine_compatible(host, m, NULL))
      kt_machine_absorb(host, g_steal_pointer(&m));
    else /* also a libvirt that sees other CPUs than this machine: a socket of a container, a forwarded one */
      g_ptr_array_add(snapshot->machines, g_steal_pointer(&m));
  }
  free(bytes);
  free(name);
}

gboolean kt_libvirt_read(const char *uri, const char *only, KtSnapshot *snapshot, KtMachine *host, GError **error)
{
  virConnectPtr connection = kt_libvirt_open(uri, FALSE, error);
  if (!connection)
    return FALSE;
  gboolean ok = read_domains(connection, uri, only, snapshot, error);
  if (ok)
    read_host(connection, uri, snapshot, host);
  virConnectClose(connection);
  return ok;
}

/* ---- persistent definitions ---- */

static KtTri is_booked(const char *definition)
{
  g_autoptr(KtDomain) d = kt_domain_new("libvirt");
  g_autoptr(KtXml) document = kt_xml_parse("libvirt", definition);
  if (!document->root)
    return KT_UNKNOWN;
  kt_domain_xml_read(d, document, document->root);
  return kt_domain_is_booked(d) ? KT_YES : KT_NO;
}

static void read_definition(virConnectPtr connection, KtDomain *d)
{
  virDomainPtr domain = d->uuid ? virDomainLookupByUUIDString(connection, d->uuid)
                                : virDomainLookupByName(connection, d->name ? d->name : "");
  if (!domain) /* of another host, or gone */
    return;
  gboolean persistent = virDomainIsPersistent(domain) == 1;
  char *bytes = persistent ? virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE) : NULL;
  g_free(d->definition);
  d->definition = g_strdup(bytes);
  d->booked = bytes ? is_booked(bytes) : KT_UNKNOWN;
  free(bytes);
  virDomainFree(domain);
}

gboolean kt_libvirt_read_definitions(const char *uri, KtSnapshot *snapshot, GError **error)
{
  virConnectPtr connection = kt_libvirt_open(uri, FALSE, error);
  if (!connection)
    return FALSE;
  for (guint i = 0; i < snapshot->domains->len; i++)
    read_definition(connection, snapshot->domains->pdata[i]);
  virConnectClose(connection);
  return TRUE;
}

/* ---- as documents ---- */

static void add_text(KtRoot *tree, const char *path, const char *text)
{
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
  kt_root_add_file(tree, path, bytes);
}

static void add_domain(KtRoot *tree, virDomainPtr domain)
{
  char uuid[VIR_UUID_STRING_BUFLEN] = "";
  const char *name = virDomainGetName(domain);
  virDomainGetUUIDString(domain, uuid);
  gboolean plain = name && *name != '.' && strlen(name) < 128;
  for (const char *p = name; plain && *p; p++)
    plain = g_ascii_isalnum(*p) || strchr("._-", *p);
  g_autofree char *path = g_strdup_printf("libvirt/%s.xml", plain ? name : uuid);
  char *xml = virDomainGetXMLDesc(domain, 0);
  if (xml) /* else gone since it was listed */
    add_text(tree, path, xml);
  free(xml);
}

/* As `virsh domstats` prints them. */
static void add_stats(GString *out, const virDomainStatsRecord *record)
{
  g_string_append_printf(out, "Domain: '%s'\n", virDomainGetName(record->dom));
  for (int i = 0; i < record->nparams; i++) {
    const virTypedParameter *p = &record->params[i];
    g_string_append_printf(out, "  %s=", p->field);
    switch (p->type) {
    case VIR_TYPED_PARAM_INT:
      g_string_append_printf(out, "%d\n", p->value.i);
      break;
    case VIR_TYPED_PARAM_UINT:
      g_string_append_printf(out, "%u\n", p->value.ui);
      break;
    case VIR_TYPED_PARAM_LLONG:
      g_string_append_printf(out, "%lld\n", p->value.l);
      break;
    case VIR_TYPED_PARAM_ULLONG:
      g_string_append_printf(out, "%llu\n", p->value.ul);
      break;
    case VIR_TYPED_PARAM_DOUBLE:
      g_string_append_printf(out, "%f\n", p->value.d);
      break;
    case VIR_TYPED_PARAM_BOOLEAN:
      g_string_append(out, p->value.b ? "yes\n" : "no\n");
      break;
    default:
      g_string_append_printf(out, "%s\n", p->type == VIR_TYPED_PARAM_STRING ? p->value.s : "");
    }
  }
  g_string_append_c(out, '\n');
}

static gboolean capture_domains(virConnectPtr connection, const char *only, KtRoot *tree, guint *domains,
                                GError **error)
{
  virDomainStatsRecordPtr *records = NULL;
  int n = virConnectGetAllDomainStats(connection, 0, &records, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE);
  if (n < 0) {
    kt_libvirt_set_error(error, "list libvirt's domains");
    return FALSE;
  }
  g_autoptr(GString) stats = g_string_new(NULL);
  for (int i = 0; i < n; i++) {
    if (!is_wanted(records[i]->dom, only))
      continue;
    add_domain(tree, records[i]->dom);
    add_stats(stats, records[i]);
    (*domains)++;
  }
  virDomainStatsRecordListFree(records);
  if (stats->len)
    add_text(tree, "libvirt/domstats.txt", stats->str);
  return TRUE;
}

static void capture_host(virConnectPtr connection, KtRoot *tree)
{
  char *capabilities = virConnectGetCapabilities(connection);
  virNodeInfo info;
  if (capabilities)
    add_text(tree, "libvirt/capabilities.xml", capabilities);
  free(capabilities);
  char *of_guests = virConnectGetDomainCapabilities(connection, NULL, NULL, NULL, "kvm", 0);
  if (of_guests)
    add_text(tree, "libvirt/domcapabilities.xml", of_guests);
  free(of_guests);
  if (virNodeGetInfo(connection, &info) < 0)
    return;
  g_autofree char *text =
      g_strdup_printf("CPU model:           %s\nCPU(s):              %u\nCPU frequency:       %u MHz\n"
                      "CPU socket(s):       %u\nCore(s) per socket:  %u\nThread(s) per core:  %u\n"
                      "NUMA cell(s):        %u\nMemory size:         %lu KiB\n",
                      info.model, info.cpus, info.mhz, info.sockets, info.cores, info.threads, info.nodes, info.memory);
  add_text(tree, "libvirt/nodeinfo.txt", text);
}

gboolean kt_libvirt_capture(const char *uri, const char *only, KtRoot *tree, guint *domains, GError **error)
{
  *domains = 0;
  virConnectPtr connection = kt_libvirt_open(uri, FALSE, error);
  if (!connection)
    return FALSE;
  gboolean ok = capture_domains(connection, only, tree, domains, error);
  if (ok)
    capture_host(connection, tree);
  virConnectClose(connection);
  return ok;
}

#else

gboolean kt_libvirt_read(const char *uri, const char *only, KtSnapshot *snapshot, KtMachine *host, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot talk to libvirt");
  return FALSE;
}

gboolean kt_libvirt_read_definitions(const char *uri, KtSnapshot *snapshot, GError **error)
{
  return kt_libvirt_read(uri, NULL, snapshot, NULL, error);
}

gboolean kt_libvirt_capture(const char *uri, const char *only, KtRoot *tree, guint *domains, GError **error)
{
  *domains = 0;
  return kt_libvirt_read(uri, only, NULL, NULL, error);
}

#endif
