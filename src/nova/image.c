/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Nova checks when it loads an image: its whole numbers, and the words and lists
 * that this room reads. Other words (buses, models) grow with each release and are not checked. */
#include <string.h>

#include "nova/lists.h"
#include "nova/values.h"

enum { LOADED_BEFORE_LISTS = 8 }; /* of the integers */
static const char *const integers[] = {
    "hw_cpu_cores",         "hw_cpu_sockets", "hw_cpu_max_cores",      "hw_cpu_max_sockets",
    "hw_cpu_max_threads",   "hw_cpu_threads", "hw_device_id",          "hw_numa_nodes",
    "hw_serial_port_count", "hw_video_ram",   "img_compression_level", "img_version",
};

static const struct {
  const char *name;
  const char *const words[4];
} words[] = {
    {"hw_cpu_policy", {"dedicated", "shared", "mixed"}},
    {"hw_cpu_thread_policy", {"prefer", "isolate", "require"}},
};

static const char *property(const KtFlavor *flavor, const char *name)
{
  return flavor->image ? g_hash_table_lookup(flavor->image, name) : NULL;
}

/* The order in which Nova loads them decides only between Invalid and ValueError. */
KtNovaRefusal kt_nova_check_image(const KtFlavor *flavor)
{
  gint64 n;
  g_autoptr(GPtrArray) cpus = NULL;
  g_autoptr(GArray) memory = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    const char *text = property(flavor, words[i].name);
    if (text && !g_strv_contains(words[i].words, text))
      return KT_NOVA_VALUE_ERROR;
  }
  for (guint i = 0; i < G_N_ELEMENTS(integers); i++) {
    const char *text = property(flavor, integers[i]);
    if (i == LOADED_BEFORE_LISTS && kt_nova_cpu_lists(flavor->image, "hw_numa_cpus", &cpus))
      return KT_NOVA_INVALID;
    if (text && !kt_nova_int(text, &n))
      return KT_NOVA_VALUE_ERROR;
  }
  return kt_nova_memory_list(flavor->image, "hw_numa_mem", &memory);
}
