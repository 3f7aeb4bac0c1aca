/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/node_memory.h"

#include "base/error.h"

#define MAX_NODE 1024
#define MOST_KIB ((guint64)1 << 50) /* of all nodes */

void kt_memory_add(GArray *memory, int node, gint64 kib)
{
  guint i = 0;
  while (i < memory->len && g_array_index(memory, KtNodeMemory, i).node < node)
    i++;
  if (i < memory->len && g_array_index(memory, KtNodeMemory, i).node == node) {
    g_array_index(memory, KtNodeMemory, i).kib += kib;
    return;
  }
  KtNodeMemory part = {.node = node, .kib = kib};
  g_array_insert_val(memory, i, part);
}

GArray *kt_memory_parse(const char *text, GError **error)
{
  g_autoptr(GArray) memory = g_array_new(FALSE, FALSE, sizeof(KtNodeMemory));
  guint64 all = 0;
  for (const char *p = text; p;) {
    char *end = NULL;
    guint64 node = g_ascii_isdigit(*p) ? g_ascii_strtoull(p, &end, 10) : MAX_NODE;
    guint64 kib = end && *end == ':' && g_ascii_isdigit(end[1]) ? g_ascii_strtoull(end + 1, &end, 10) : G_MAXUINT64;
    if (node >= MAX_NODE || kib >= MOST_KIB || all + kib >= MOST_KIB || (*end && *end != ',')) {
      g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%.100s' is not memory by node, like 0:8388608,3:1024", text);
      return NULL;
    }
    kt_memory_add(memory, (int)node, (gint64)kib);
    all += kib;
    p = *end ? end + 1 : NULL;
  }
  return g_steal_pointer(&memory);
}

char *kt_memory_format(const GArray *memory)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < memory->len; i++) {
    const KtNodeMemory *part = &g_array_index(memory, KtNodeMemory, i);
    if (part->kib > 0)
      g_string_append_printf(text, "%s%d:%" G_GINT64_FORMAT, text->len ? "," : "", part->node, part->kib);
  }
  return g_string_free(text, FALSE);
}

gint64 kt_memory_kib(const GArray *memory)
{
  gint64 kib = 0;
  for (guint i = 0; i < memory->len; i++)
    kib += g_array_index(memory, KtNodeMemory, i).kib;
  return kib;
}

static double share(const GArray *memory, double all, int node)
{
  for (guint i = 0; i < memory->len; i++)
    if (g_array_index(memory, KtNodeMemory, i).node == node)
      return (double)g_array_index(memory, KtNodeMemory, i).kib / all;
  return 0;
}

double kt_memory_distance(const GArray *wanted, const GArray *found)
{
  double all_wanted = (double)kt_memory_kib(wanted), all_found = (double)kt_memory_kib(found), surplus = 0;
  if (all_wanted <= 0 || all_found <= 0)
    return all_wanted > 0 || all_found > 0;
  for (guint i = 0; i < found->len; i++) {
    int node = g_array_index(found, KtNodeMemory, i).node;
    surplus += MAX(share(found, all_found, node) - share(wanted, all_wanted, node), 0);
  }
  return surplus;
}
