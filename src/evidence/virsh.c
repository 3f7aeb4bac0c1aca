/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `virsh nodeinfo` and `virsh freecell --all`: what libvirt counts on its host. */
#include <string.h>

#include "base/units.h"
#include "evidence/readers.h"
#include "evidence/virsh.h"

/* ---- nodeinfo ---- */

/* Labels in English, German and Chinese. */
#define CPU_MODEL "cpu model\ncpu-modell\ncpu 型号\n處理器類型"
#define CPUS "cpu(s)\ncpu\n處理器數目"
#define MEMORY "memory size\nspeichergrösse\n内存大小\n記憶體大小"

static gboolean nodeinfo_starts(const KtText *text, guint i)
{
  return kt_virsh_value(text, i, CPU_MODEL) && kt_virsh_value(text, i + 1, CPUS);
}

typedef struct {
  const char *labels;
  guint64 value;
  guint line;
} Row;

enum { ROW_CPUS, ROW_SOCKETS, ROW_CORES, ROW_THREADS, ROW_CELLS, ROWS };

/* libvirt counts sockets in one node and, where nodes are not alike or share a
 * socket, gives up and shows one socket of all CPUs (virNodeInfo). So only what
 * holds in either case is taken, and threads only where the product is right. */
static void set_nodeinfo(KtReading *r, const Row *rows)
{
  KtMachine *m = kt_reading_machine(r);
  guint64 product = 1;
  for (guint k = ROW_SOCKETS; k < ROWS; k++)
    product *= MIN(rows[k].value, 65535);
  if (rows[ROW_CPUS].value)
    kt_machine_set_int(m, "topology.online", (gint64)rows[ROW_CPUS].value, kt_reading_cite(r, rows[ROW_CPUS].line));
  if (product == rows[ROW_CPUS].value && rows[ROW_CELLS].value > 1) {
    kt_machine_set_int(m, "topology.threads_per_core", (gint64)rows[ROW_THREADS].value,
                       kt_reading_cite(r, rows[ROW_THREADS].line));
    m->node_count = KT_INT((gint64)rows[ROW_CELLS].value);
    kt_machine_cite(m, "nodes.count", kt_reading_cite(r, rows[ROW_CELLS].line));
  }
}

static guint read_nodeinfo(KtReading *r, const KtText *text, guint i)
{
  Row rows[ROWS] = {[ROW_CPUS] = {CPUS},
                    [ROW_SOCKETS] = {"cpu socket(s)\ncpu-socket(s)\ncpu socket\n處理器的插槽"},
                    [ROW_CORES] = {"core(s) per socket\nkern(e) pro socket\n每个 socket 的内核数\n每個插槽的核心"},
                    [ROW_THREADS] = {"thread(s) per core\nthread(s) pro kern\n每个内核的线程数\n每個核心的執行續"},
                    [ROW_CELLS] = {"numa cell(s)\nnuma-zelle(n)\nnuma 单元\nnuma cell"}};
  KtMachine *m = kt_reading_machine(r);
  m->role = KT_ROLE_HOST;
  kt_machine_set_text(m, "arch", kt_virsh_value(text, i, CPU_MODEL), kt_reading_cite(r, i));
  for (; strpbrk(kt_text_at(text, i), ":\xef") && !kt_text_is_prompt(text, i); i++) {
    const char *memory = kt_virsh_value(text, i, MEMORY);
    guint64 kib;
    for (guint k = 0; k < ROWS; k++) {
      const char *value = kt_virsh_value(text, i, rows[k].labels);
      if (value && kt_units_parse_count(value, &rows[k].value))
        rows[k].line = i;
      if (rows[k].value > KT_SET_MAX)
        rows[k].value = 0;
    }
    if (memory && kt_units_parse_kib(memory, 1024, &kib))
      kt_machine_set_int(m, "memory_kib", (gint64)kib, kt_reading_cite(r, i));
  }
  set_nodeinfo(r, rows);
  return i;
}

const KtReader kt_reader_nodeinfo = {
    .name = "virsh nodeinfo",
    .what = "virsh nodeinfo",
    .starts = nodeinfo_starts,
    .read = read_nodeinfo,
};

/* ---- freecell --all ---- */

/* "    0:       2048 KiB" */
static gboolean cell_row(const char *line, guint *id, guint64 *kib)
{
  while (g_ascii_isspace(*line))
    line++;
  char *end;
  guint64 n = g_ascii_strtoull(line, &end, 10);
  if (end == line || *end != ':' || n >= KT_SET_MAX || !g_str_has_suffix(end, " KiB"))
    return FALSE;
  *id = (guint)n;
  return kt_units_parse_kib(end + 1, 1024, kib) != NULL;
}

static gboolean freecell_starts(const KtText *text, guint i)
{
  guint id;
  guint64 kib;
  guint k = i;
  if (i > 0 && cell_row(kt_text_at(text, i - 1), &id, &kib)) /* looked at from the first row on */
    return FALSE;
  while (k < i + 1024 && cell_row(kt_text_at(text, k), &id, &kib))
    k++;
  return k > i && g_str_has_prefix(kt_text_at(text, k), "-----") && g_str_has_prefix(kt_text_at(text, k + 1), "Total:");
}

static guint read_freecell(KtReading *r, const KtText *text, guint i)
{
  KtMachine *m = kt_reading_machine(r);
  guint id;
  guint64 kib;
  m->role = KT_ROLE_HOST;
  for (; cell_row(kt_text_at(text, i), &id, &kib); i++) {
    kt_machine_node(m, (int)id)->free_kib = KT_INT((gint64)kib);
    g_autofree char *path = g_strdup_printf("nodes.%u.free", id);
    kt_machine_cite(m, path, kt_reading_cite(r, i));
  }
  return i + 2;
}

const KtReader kt_reader_freecell = {
    .name = "virsh freecell",
    .what = "virsh freecell --all",
    .starts = freecell_starts,
    .read = read_freecell,
};
