/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/libvirt_baseline.h"

#include <string.h>

#include "base/error.h"
#include "config.h"

void kt_baseline_free(KtBaseline *baseline)
{
  if (!baseline)
    return;
  g_free(baseline->model);
  g_ptr_array_unref(baseline->features);
  g_free(baseline);
}

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include "evidence/archive.h"
#include "evidence/libvirt_connect.h"
#include "evidence/libvirt_hosts.h"
#include "evidence/xml.h"

#define CAPTURED "libvirt/capabilities.xml" /* where captures have it */
#define NOWHERE "test:///default"           /* libvirt's CPU map without a daemon */

static char *ask(const char *uri, GError **error)
{
  virConnectPtr connection = kt_libvirt_open(uri, FALSE, error);
  char *bytes = connection ? virConnectGetCapabilities(connection) : NULL;
  if (connection && !bytes)
    kt_libvirt_set_error(error, "get the host's capabilities");
  char *text = g_strdup(bytes);
  free(bytes);
  if (connection)
    virConnectClose(connection);
  return text;
}

/* In the tree itself, or in its only folder, as archives have it. */
static char *read_captured(KtRoot *root, GError **error)
{
  g_autofree char *text = kt_root_read(root, CAPTURED, KT_XML_LIMIT, NULL, NULL);
  g_auto(GStrv) names = text ? NULL : kt_root_list(root, "");
  if (text || !names || !names[0] || names[1])
    return text ? g_steal_pointer(&text) : kt_root_read(root, CAPTURED, KT_XML_LIMIT, NULL, error);
  g_autofree char *below = g_build_filename(names[0], CAPTURED, NULL);
  return kt_root_read(root, below, KT_XML_LIMIT, NULL, error);
}

static char *read_capabilities(const char *host, GError **error)
{
  if (kt_libvirt_is_uri(host))
    return ask(host, error);
  g_autoptr(KtRoot) root = NULL;
  if (g_file_test(host, G_FILE_TEST_IS_DIR)) {
    root = kt_root_open(host, error);
    return root ? read_captured(root, error) : NULL;
  }
  g_autoptr(GError) no_archive = NULL;
  root = kt_archive_read(host, NULL, &no_archive);
  if (root)
    return read_captured(root, error);
  if (!g_error_matches(no_archive, KT_ERROR, KT_ERROR_FORMAT) &&
      !g_error_matches(no_archive, KT_ERROR, KT_ERROR_UNSUPPORTED)) {
    g_propagate_error(error, g_steal_pointer(&no_archive));
    return NULL;
  }
  g_autofree char *folder = g_path_get_dirname(host), *name = g_path_get_basename(host);
  g_autoptr(KtRoot) files = kt_root_open(folder, error);
  return files ? kt_root_read(files, name, KT_XML_LIMIT, NULL, error) : NULL;
}

/* <cpu> of the host, as libvirt reads it. Caller frees. */
static char *find_cpu(const char *host, GError **error)
{
  g_autofree char *bytes = read_capabilities(host, error);
  if (!bytes)
    return NULL;
  g_autoptr(KtXml) xml = kt_xml_parse(host, bytes);
  xmlNode *cpu = xml->root && xml->complete && kt_xml_is(xml->root, "capabilities")
                     ? kt_xml_child(kt_xml_child(xml->root, "host"), "cpu")
                     : NULL;
  if (!cpu || !kt_xml_child(cpu, "model")) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT,
                "'%s' has no CPU model of a host; expected what 'virsh capabilities' prints, or a capture with it",
                host);
    return NULL;
  }
  xmlBuffer *buffer = xmlBufferCreate();
  xmlNodeDump(buffer, xml->doc, cpu, 0, 0);
  char *text = g_strdup((const char *)xmlBufferContent(buffer));
  xmlBufferFree(buffer);
  return text;
}

static int by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static KtBaseline *read_answer(const char *answer)
{
  g_autoptr(KtXml) xml = kt_xml_parse("libvirt", answer);
  xmlNode *model = kt_xml_child(xml->root, "model");
  if (!model)
    return NULL;
  KtBaseline *baseline = g_new0(KtBaseline, 1);
  baseline->model = kt_xml_text(model);
  baseline->features = g_ptr_array_new_with_free_func(g_free);
  kt_xml_foreach(feature, xml->root, "feature")
  {
    char *name = kt_xml_attr_is(feature, "policy", "disable") ? kt_xml_attr(feature, "name") : NULL;
    if (name)
      g_ptr_array_add(baseline->features, name);
  }
  g_ptr_array_sort(baseline->features, by_name);
  return baseline;
}

KtBaseline *kt_libvirt_baseline(const char *const *hosts, GError **error)
{
  g_autoptr(GPtrArray) cpus = g_ptr_array_new_with_free_func(g_free);
  kt_libvirt_prepare();
  for (; *hosts; hosts++) {
    char *cpu = find_cpu(*hosts, error);
    if (!cpu)
      return NULL;
    g_ptr_array_add(cpus, cpu);
  }
  virConnectPtr connection = kt_libvirt_open(NOWHERE, FALSE, error);
  if (!connection)
    return NULL;
  char *answer = virConnectBaselineCPU(connection, (const char **)cpus->pdata, cpus->len, 0);
  KtBaseline *baseline = answer ? read_answer(answer) : NULL;
  if (!answer)
    kt_libvirt_set_error(error, "find a CPU model that all the hosts have");
  else if (!baseline)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "the hosts have no CPU model in common");
  free(answer);
  virConnectClose(connection);
  return baseline;
}

#else

KtBaseline *kt_libvirt_baseline(const char *const *hosts, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot ask libvirt for a CPU model");
  return NULL;
}

#endif
