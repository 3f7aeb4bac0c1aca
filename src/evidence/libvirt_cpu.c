/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/libvirt_cpu.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include "base/error.h"
#include "evidence/archive.h"
#include "evidence/libvirt_connect.h"
#include "evidence/libvirt_hosts.h"
#include "evidence/xml.h"

/* Where captures have them. */
#define OF_HOST "libvirt/capabilities.xml"
#define OF_GUESTS "libvirt/domcapabilities.xml"

void kt_host_cpu_free(gpointer data)
{
  KtHostCpu *cpu = data;
  if (!cpu)
    return;
  g_free(cpu->host);
  g_free(cpu->cpu);
  g_clear_pointer(&cpu->usable, g_hash_table_unref);
  g_clear_pointer(&cpu->blocked, g_hash_table_unref);
  g_ptr_array_unref(cpu->lacking);
  g_free(cpu);
}

/* ---- the documents ---- */

typedef struct {
  char *of_host, *of_guests; /* NULL: not there */
} Documents;

static void documents_clear(Documents *documents)
{
  g_free(documents->of_host);
  g_free(documents->of_guests);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Documents, documents_clear)

static gboolean ask(const char *uri, Documents *to, GError **error)
{
  virConnectPtr connection = kt_libvirt_open(uri, FALSE, error);
  char *of_host = connection ? virConnectGetCapabilities(connection) : NULL;
  char *of_guests = connection ? virConnectGetDomainCapabilities(connection, NULL, NULL, NULL, "kvm", 0) : NULL;
  if (connection && !of_host)
    kt_libvirt_set_error(error, "get the host's capabilities");
  to->of_host = g_strdup(of_host);
  to->of_guests = g_strdup(of_guests);
  free(of_host);
  free(of_guests);
  if (connection)
    virConnectClose(connection);
  return to->of_host != NULL;
}

/* In the tree itself, or in its only folder, as archives have it. */
static gboolean read_captured(KtRoot *root, Documents *to, GError **error)
{
  g_auto(GStrv) names = kt_root_list(root, "");
  const char *const folders[] = {"", names && names[0] && !names[1] ? names[0] : ""};
  for (guint i = 0; i < G_N_ELEMENTS(folders) && !to->of_host && !to->of_guests; i++) {
    g_autofree char *of_host = *folders[i] ? g_build_filename(folders[i], OF_HOST, NULL) : g_strdup(OF_HOST);
    g_autofree char *of_guests = *folders[i] ? g_build_filename(folders[i], OF_GUESTS, NULL) : g_strdup(OF_GUESTS);
    gboolean last = i + 1 == G_N_ELEMENTS(folders);
    to->of_guests = kt_root_read(root, of_guests, KT_XML_LIMIT, NULL, NULL);
    to->of_host = kt_root_read(root, of_host, KT_XML_LIMIT, NULL, last && !to->of_guests ? error : NULL);
  }
  return to->of_host || to->of_guests;
}

static gboolean read_file(const char *path, Documents *to, GError **error)
{
  g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
  g_autoptr(KtRoot) files = kt_root_open(folder, error);
  to->of_host = files ? kt_root_read(files, name, KT_XML_LIMIT, NULL, error) : NULL;
  return to->of_host != NULL;
}

static gboolean read_documents(const char *host, Documents *to, GError **error)
{
  if (kt_libvirt_is_uri(host))
    return ask(host, to, error);
  g_autoptr(KtRoot) root = NULL;
  if (g_file_test(host, G_FILE_TEST_IS_DIR)) {
    root = kt_root_open(host, error);
    return root && read_captured(root, to, error);
  }
  g_autoptr(GError) no_archive = NULL;
  root = kt_archive_read(host, NULL, &no_archive);
  if (root)
    return read_captured(root, to, error);
  if (!g_error_matches(no_archive, KT_ERROR, KT_ERROR_FORMAT) &&
      !g_error_matches(no_archive, KT_ERROR, KT_ERROR_UNSUPPORTED)) {
    g_propagate_error(error, g_steal_pointer(&no_archive));
    return FALSE;
  }
  return read_file(host, to, error);
}

/* ---- what the host's CPU has ---- */

static gboolean read_of_host(KtHostCpu *to, KtXml *xml)
{
  xmlNode *cpu = xml->root && xml->complete && kt_xml_is(xml->root, "capabilities")
                     ? kt_xml_child(kt_xml_child(xml->root, "host"), "cpu")
                     : NULL;
  if (!cpu || !kt_xml_child(cpu, "model"))
    return FALSE;
  xmlBuffer *buffer = xmlBufferCreate();
  xmlNodeDump(buffer, xml->doc, cpu, 0, 0);
  to->cpu = g_strdup((const char *)xmlBufferContent(buffer));
  xmlBufferFree(buffer);
  return TRUE;
}

/* ---- what guests can have ---- */

static void append_element(GString *out, const char *name, xmlNode *parent)
{
  g_autofree char *text = kt_xml_text(kt_xml_child(parent, name));
  g_autofree char *element = text ? g_markup_printf_escaped("<%s>%s</%s>", name, text, name) : NULL;
  if (element)
    g_string_append(out, element);
}

/* <mode name='host-model'>: the model nearest to the host's CPU, what is there besides, what of it is not. */
static void read_host_model(KtHostCpu *to, xmlNode *root, xmlNode *mode)
{
  g_autoptr(GString) cpu = g_string_new("<cpu>");
  append_element(cpu, "arch", root);
  append_element(cpu, "model", mode);
  append_element(cpu, "vendor", mode);
  kt_xml_foreach(feature, mode, "feature")
  {
    g_autofree char *name = kt_xml_attr(feature, "name");
    if (name && kt_xml_attr_is(feature, "policy", "disable")) {
      g_ptr_array_add(to->lacking, g_steal_pointer(&name));
    } else if (name) {
      g_autofree char *element = g_markup_printf_escaped("<feature name='%s'/>", name);
      g_string_append(cpu, element);
    }
  }
  g_string_append(cpu, "</cpu>");
  g_free(to->cpu);
  to->cpu = g_string_free(g_steal_pointer(&cpu), FALSE);
}

/* <mode name='custom'>: which models it can give; <blockers> of newer libvirts tell why not. */
static void read_models(KtHostCpu *to, xmlNode *mode)
{
  to->usable = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  to->blocked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  kt_xml_foreach(model, mode, "model")
  {
    char *name = kt_xml_text(model), *usable = kt_xml_attr(model, "usable");
    if (name)
      g_hash_table_replace(to->usable, name, usable ? usable : g_strdup("unknown"));
    else
      g_free(usable);
  }
  kt_xml_foreach(blockers, mode, "blockers")
  {
    char *model = kt_xml_attr(blockers, "model");
    GPtrArray *features = g_ptr_array_new_with_free_func(g_free);
    kt_xml_foreach(feature, blockers, "feature")
    {
      char *name = kt_xml_attr(feature, "name");
      if (name)
        g_ptr_array_add(features, name);
    }
    if (model)
      g_hash_table_replace(to->blocked, model, features);
    else
      g_ptr_array_unref(features);
  }
}

static gboolean read_of_guests(KtHostCpu *to, KtXml *xml)
{
  gboolean any = FALSE;
  xmlNode *cpu =
      xml->root && xml->complete && kt_xml_is(xml->root, "domainCapabilities") ? kt_xml_child(xml->root, "cpu") : NULL;
  kt_xml_foreach(mode, cpu, "mode")
  {
    gboolean supported = kt_xml_attr_is(mode, "supported", "yes");
    if (supported && kt_xml_attr_is(mode, "name", "host-model") && kt_xml_child(mode, "model")) {
      read_host_model(to, xml->root, mode);
      any = TRUE;
    } else if (supported && kt_xml_attr_is(mode, "name", "custom") && !to->usable) {
      read_models(to, mode);
    }
  }
  return any;
}

KtHostCpu *kt_host_cpu_read(const char *host, GError **error)
{
  g_auto(Documents) documents = {0};
  if (!read_documents(host, &documents, error))
    return NULL;
  g_autoptr(KtHostCpu) cpu = g_new0(KtHostCpu, 1);
  cpu->host = g_strdup(host);
  cpu->lacking = g_ptr_array_new_with_free_func(g_free);
  const char *const texts[] = {documents.of_host, documents.of_guests};
  gboolean any = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtXml) xml = texts[i] ? kt_xml_parse(host, texts[i]) : NULL;
    any |= xml && (read_of_host(cpu, xml) || read_of_guests(cpu, xml));
  }
  if (any)
    return g_steal_pointer(&cpu);
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT,
              "'%s' has no CPU model of a host; expected what 'virsh capabilities' or 'virsh domcapabilities' prints, "
              "or a capture with it",
              host);
  return NULL;
}

#endif
