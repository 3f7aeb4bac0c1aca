/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/lists.h"

#include "nova/values.h"

static void cpu_list_free(gpointer data)
{
  KtNovaCpuList *list = data;
  kt_set_free(list->set);
  g_free(list);
}

static const char *numbered(GHashTable *table, const char *key, guint n)
{
  char name[64];
  g_snprintf(name, sizeof name, "%s.%u", key, n);
  return table ? g_hash_table_lookup(table, name) : NULL;
}

KtNovaRefusal kt_nova_cpu_lists(GHashTable *table, const char *key, GPtrArray **lists)
{
  g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(cpu_list_free);
  const char *text;
  for (guint n = 0; n < KT_NOVA_NODES_MAX && (text = numbered(table, key, n)); n++) {
    KtNovaCpuList *list = g_new0(KtNovaCpuList, 1);
    g_ptr_array_add(out, list);
    list->set = kt_nova_cpus(text, &list->beyond);
    if (!list->set)
      return KT_NOVA_INVALID;
  }
  *lists = out->len ? g_steal_pointer(&out) : NULL;
  return KT_NOVA_OK;
}

KtNovaRefusal kt_nova_memory_list(GHashTable *table, const char *key, GArray **memory)
{
  g_autoptr(GArray) out = g_array_new(FALSE, FALSE, sizeof(gint64));
  const char *text;
  for (guint n = 0; n < KT_NOVA_NODES_MAX && (text = numbered(table, key, n)); n++) {
    gint64 mib;
    if (!kt_nova_int(text, &mib))
      return KT_NOVA_VALUE_ERROR;
    g_array_append_val(out, mib);
  }
  *memory = out->len ? g_steal_pointer(&out) : NULL;
  return KT_NOVA_OK;
}
