/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/lscpu_label.h"

#include <string.h>

#include "model/machine.h"

#define MAX_NODES 4096 /* the kernel has at most 1024 */

typedef struct {
  const char *text; /* folded */
  KtLscpuLabel label;
} Row;

/* util-linux 2.19 to 2.40: sys-utils/lscpu.c and po/{de,zh_CN,zh_TW}.po. */
static const Row rows[] = {
    {"architecture", KT_LSCPU_ARCHITECTURE},
    {"architektur", KT_LSCPU_ARCHITECTURE},
    {"架构", KT_LSCPU_ARCHITECTURE},
    {"架構", KT_LSCPU_ARCHITECTURE},
    {"cpu op-mode(s)", KT_LSCPU_OP_MODE},
    {"cpu operationsmodus", KT_LSCPU_OP_MODE},
    {"cpu 运行模式", KT_LSCPU_OP_MODE},
    {"cpu 作業模式", KT_LSCPU_OP_MODE},
    {"cpu(s)", KT_LSCPU_CPUS},
    {"cpu", KT_LSCPU_CPUS},
    {"on-line cpu(s) list", KT_LSCPU_ONLINE},
    {"liste der online-cpu(s)", KT_LSCPU_ONLINE},
    {"在线 cpu 列表", KT_LSCPU_ONLINE},
    {"off-line cpu(s) list", KT_LSCPU_OFFLINE},
    {"liste der offline-cpu(s)", KT_LSCPU_OFFLINE},
    {"离线 cpu 列表", KT_LSCPU_OFFLINE},
    {"thread(s) per core", KT_LSCPU_THREADS},
    {"thread(s) pro kern", KT_LSCPU_THREADS},
    {"每个核的线程数", KT_LSCPU_THREADS},
    {"每核心執行緒數", KT_LSCPU_THREADS},
    {"core(s) per socket", KT_LSCPU_CORES},
    {"kern(e) pro socket", KT_LSCPU_CORES},
    {"kern(e) pro sockel", KT_LSCPU_CORES},
    {"每个座的核数", KT_LSCPU_CORES},
    {"每通訊端核心數", KT_LSCPU_CORES},
    {"socket(s)", KT_LSCPU_SOCKETS},
    {"cpu socket(s)", KT_LSCPU_SOCKETS},
    {"sockel", KT_LSCPU_SOCKETS},
    {"cpu-sockel", KT_LSCPU_SOCKETS},
    {"座", KT_LSCPU_SOCKETS},
    {"cpu 座", KT_LSCPU_SOCKETS},
    {"numa node(s)", KT_LSCPU_NODES},
    {"numa-knoten", KT_LSCPU_NODES},
    {"numa 节点", KT_LSCPU_NODES},
    {"numa 節點", KT_LSCPU_NODES},
    {"vendor id", KT_LSCPU_VENDOR},
    {"anbieterkennung", KT_LSCPU_VENDOR},
    {"厂商 id", KT_LSCPU_VENDOR},
    {"供應商識別號", KT_LSCPU_VENDOR},
    {"cpu family", KT_LSCPU_FAMILY},
    {"prozessorfamilie", KT_LSCPU_FAMILY},
    {"cpu 系列", KT_LSCPU_FAMILY},
    {"cpu 家族", KT_LSCPU_FAMILY},
    {"model", KT_LSCPU_MODEL},
    {"modell", KT_LSCPU_MODEL},
    {"型号", KT_LSCPU_MODEL},
    {"型號", KT_LSCPU_MODEL},
    {"model name", KT_LSCPU_MODEL_NAME},
    {"modellname", KT_LSCPU_MODEL_NAME},
    {"型号名称", KT_LSCPU_MODEL_NAME},
    {"stepping", KT_LSCPU_STEPPING},
    {"步进", KT_LSCPU_STEPPING},
    {"製程", KT_LSCPU_STEPPING},
    {"bogomips", KT_LSCPU_BOGOMIPS},
    {"hypervisor vendor", KT_LSCPU_HYPERVISOR},
    {"hypervisor-anbieter", KT_LSCPU_HYPERVISOR},
    {"超管理器厂商", KT_LSCPU_HYPERVISOR},
    {"hypervisor 供應商", KT_LSCPU_HYPERVISOR},
    {"virtualization type", KT_LSCPU_VIRTUALIZATION_TYPE},
    {"virtualisierungstyp", KT_LSCPU_VIRTUALIZATION_TYPE},
    {"虚拟化类型", KT_LSCPU_VIRTUALIZATION_TYPE},
    {"虛擬型態", KT_LSCPU_VIRTUALIZATION_TYPE},
    {"flags", KT_LSCPU_FLAGS},
    {"markierungen", KT_LSCPU_FLAGS},
    {"标记", KT_LSCPU_FLAGS},
    {"vulnerabilities", KT_LSCPU_VULNERABILITIES},
    {"schwachstellen", KT_LSCPU_VULNERABILITIES},

    {"byte order", KT_LSCPU_OTHER},
    {"byte-reihenfolge", KT_LSCPU_OTHER},
    {"字节序", KT_LSCPU_OTHER},
    {"address sizes", KT_LSCPU_OTHER},
    {"adressgrößen", KT_LSCPU_OTHER},
    {"on-line cpu(s) mask", KT_LSCPU_OTHER},
    {"off-line cpu(s) mask", KT_LSCPU_OTHER},
    {"machine type", KT_LSCPU_OTHER},
    {"bios vendor id", KT_LSCPU_OTHER},
    {"bios model name", KT_LSCPU_OTHER},
    {"bios cpu family", KT_LSCPU_OTHER},
    {"bios-anbieterkennung", KT_LSCPU_OTHER},
    {"bios-modellname", KT_LSCPU_OTHER},
    {"bios-prozessorfamilie", KT_LSCPU_OTHER},
    {"bios 厂商 id", KT_LSCPU_OTHER},
    {"bios 型号名称", KT_LSCPU_OTHER},
    {"core(s) per cluster", KT_LSCPU_OTHER},
    {"cluster(s)", KT_LSCPU_OTHER},
    {"socket(s) per book", KT_LSCPU_OTHER},
    {"book(s) per drawer", KT_LSCPU_OTHER},
    {"book(s)", KT_LSCPU_OTHER},
    {"drawer(s)", KT_LSCPU_OTHER},
    {"cpu mhz", KT_LSCPU_OTHER},
    {"cpu max mhz", KT_LSCPU_OTHER},
    {"cpu min mhz", KT_LSCPU_OTHER},
    {"cpu dynamic mhz", KT_LSCPU_OTHER},
    {"cpu static mhz", KT_LSCPU_OTHER},
    {"cpu(s) scaling mhz", KT_LSCPU_OTHER},
    {"skalierung der cpu(s)", KT_LSCPU_OTHER},
    {"maximale taktfrequenz der cpu", KT_LSCPU_OTHER},
    {"minimale taktfrequenz der cpu", KT_LSCPU_OTHER},
    {"cpu 最大 mhz", KT_LSCPU_OTHER},
    {"cpu 最小 mhz", KT_LSCPU_OTHER},
    {"cpu 动态 mhz", KT_LSCPU_OTHER},
    {"cpu 静态 mhz", KT_LSCPU_OTHER},
    {"frequency boost", KT_LSCPU_OTHER},
    {"übertaktung", KT_LSCPU_OTHER},
    {"dispatching mode", KT_LSCPU_OTHER},
    {"physical sockets", KT_LSCPU_OTHER},
    {"physical chips", KT_LSCPU_OTHER},
    {"physical cores/chip", KT_LSCPU_OTHER},
    {"hypervisor", KT_LSCPU_OTHER},
    {"virtualization features", KT_LSCPU_OTHER},
    {"virtualisierungsfunktionen", KT_LSCPU_OTHER},
    {"virtualization", KT_LSCPU_OTHER},
    {"virtualisierung", KT_LSCPU_OTHER},
    {"虚拟化", KT_LSCPU_OTHER},
    {"虛擬", KT_LSCPU_OTHER},
    {"caches (sum of all)", KT_LSCPU_OTHER},
    {"caches (gesamtsumme)", KT_LSCPU_OTHER},
    {"numa", KT_LSCPU_OTHER},

    {"cpu model", KT_LSCPU_FOREIGN},
    {"cpu frequency", KT_LSCPU_FOREIGN},
    {"numa cell(s)", KT_LSCPU_FOREIGN},
    {"memory size", KT_LSCPU_FOREIGN},
    {"cpu time", KT_LSCPU_FOREIGN},
    {"os type", KT_LSCPU_FOREIGN},
    {"max memory", KT_LSCPU_FOREIGN},
    {"used memory", KT_LSCPU_FOREIGN},
};

/* "l1d cache", "l3 缓存"; in the tree of 2.37 and later "l2" alone. */
static gboolean cache_label(const char *s, guint *detail)
{
  static const char *const words[] = {"", " cache", " 缓存", " 快取"};
  if (*s != 'l' || !g_ascii_isdigit(s[1]) || s[1] == '0')
    return FALSE;
  guint level = (guint)(s[1] - '0');
  KtCacheType type = s[2] == 'd' ? KT_CACHE_DATA : s[2] == 'i' ? KT_CACHE_INSTRUCTION : KT_CACHE_UNIFIED;
  s += type == KT_CACHE_UNIFIED ? 2 : 3;
  *detail = level * 10 + type;
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_str_equal(s, words[i]))
      return TRUE;
  return FALSE;
}

static gboolean node_label(const char *s, guint *detail)
{
  static const struct {
    const char *before, *behind;
  } forms[] = {{"numa node", " cpu(s)"}, {"numa-knoten", " cpu(s)"}, {"numa 节点", " cpu"}, {"numa 節點", " cpu"}};
  for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
    if (!g_str_has_prefix(s, forms[i].before))
      continue;
    const char *digits = s + strlen(forms[i].before);
    char *end;
    guint64 id = g_ascii_isdigit(*digits) ? g_ascii_strtoull(digits, &end, 10) : G_MAXUINT64;
    if (id < MAX_NODES && g_str_equal(end, forms[i].behind)) {
      *detail = (guint)id;
      return TRUE;
    }
  }
  return FALSE;
}

KtLscpuLabel kt_lscpu_label(const char *folded, guint *detail)
{
  static const char *const flat[] = {"vulnerability ", "schwachstelle "};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    if (g_str_equal(folded, rows[i].text))
      return rows[i].label;
  if (cache_label(folded, detail))
    return KT_LSCPU_CACHE;
  if (node_label(folded, detail))
    return KT_LSCPU_NODE_CPUS;
  for (guint i = 0; i < G_N_ELEMENTS(flat); i++)
    if (g_str_has_prefix(folded, flat[i])) {
      *detail = (guint)strlen(flat[i]);
      return KT_LSCPU_VULNERABILITY;
    }
  return KT_LSCPU_UNKNOWN;
}
