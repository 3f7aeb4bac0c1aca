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
#include "evidence/libvirt_connect.h"
#include "evidence/libvirt_cpu.h"
#include "evidence/xml.h"

#define NOWHERE "test:///default" /* libvirt's CPU map without a daemon */

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
  return baseline;
}

static void add_feature(KtBaseline *baseline, const char *name)
{
  if (!g_ptr_array_find_with_equal_func(baseline->features, name, g_str_equal, NULL))
    g_ptr_array_add(baseline->features, g_strdup(name));
}

/* What the CPUs have is not always what their QEMUs give: features that one cannot give are off, too. */
static gboolean check_usable(KtBaseline *baseline, const KtHostCpu *cpu, GError **error)
{
  const char *usable = cpu->usable ? g_hash_table_lookup(cpu->usable, baseline->model) : "unknown";
  const GPtrArray *blocked = cpu->blocked ? g_hash_table_lookup(cpu->blocked, baseline->model) : NULL;
  for (guint i = 0; i < cpu->lacking->len; i++)
    add_feature(baseline, cpu->lacking->pdata[i]);
  for (guint i = 0; blocked && i < blocked->len; i++)
    add_feature(baseline, blocked->pdata[i]);
  if (!usable || (g_str_equal(usable, "no") && !blocked)) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED,
                "the hosts' CPUs have the model '%s' in common, but '%s' cannot give it to guests", baseline->model,
                cpu->host);
    return FALSE;
  }
  return TRUE;
}

/* With the machine's CPU map. */
static KtBaseline *find_common(const GPtrArray *cpus, GError **error)
{
  g_autoptr(GPtrArray) texts = g_ptr_array_new();
  for (guint i = 0; i < cpus->len; i++)
    g_ptr_array_add(texts, ((const KtHostCpu *)cpus->pdata[i])->cpu);
  virConnectPtr connection = kt_libvirt_open(NOWHERE, FALSE, error);
  if (!connection)
    return NULL;
  char *answer = virConnectBaselineCPU(connection, (const char **)texts->pdata, texts->len, 0);
  KtBaseline *baseline = answer ? read_answer(answer) : NULL;
  if (!answer)
    kt_libvirt_set_error(error, "find a CPU model that all the hosts have");
  else if (!baseline)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "the hosts have no CPU model in common");
  free(answer);
  virConnectClose(connection);
  return baseline;
}

KtBaseline *kt_libvirt_baseline(const char *const *hosts, GError **error)
{
  g_autoptr(GPtrArray) cpus = g_ptr_array_new_with_free_func(kt_host_cpu_free);
  kt_libvirt_prepare();
  for (; *hosts; hosts++) {
    KtHostCpu *cpu = kt_host_cpu_read(*hosts, error);
    if (!cpu)
      return NULL;
    g_ptr_array_add(cpus, cpu);
  }
  g_autoptr(KtBaseline) baseline = find_common(cpus, error);
  for (guint i = 0; baseline && i < cpus->len; i++)
    if (!check_usable(baseline, cpus->pdata[i], error))
      return NULL;
  if (baseline)
    g_ptr_array_sort(baseline->features, by_name);
  return g_steal_pointer(&baseline);
}

#else

KtBaseline *kt_libvirt_baseline(const char *const *hosts, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot ask libvirt for a CPU model");
  return NULL;
}

#endif
