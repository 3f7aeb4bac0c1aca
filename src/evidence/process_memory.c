/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of a QEMU process. Looking must not hurt: numa_maps and smaps_rollup hold
 * the process's memory map for as long as they walk its pages, so that they are
 * read only where the walk is short, else on request. */
#include <string.h>

#include "base/units.h"
#include "evidence/guest_memory.h"
#include "evidence/process.h"
#include "model/node_memory.h"

#define SHORT_WALK_KIB (8 * 1024 * 1024) /* resident small pages up to which a walk takes milliseconds */
#define MAPS_LIMIT (32 * 1024 * 1024)
#define MAX_NODE 1024
#define NEGLIGIBLE 100 /* one part in so many of a process's memory */

/* Adds "N0=123 N1=456" of a line, in units of `unit_kib` or, where that is 0, bytes. */
static void add_nodes(KtRuntime *runtime, const char *line, gint64 unit_kib)
{
  for (const char *p = strstr(line, " N"); p; p = strstr(p + 1, " N")) {
    char *end;
    if (!g_ascii_isdigit(p[2]))
      continue;
    guint64 node = g_ascii_strtoull(p + 2, &end, 10);
    if (*end != '=' || node >= MAX_NODE)
      continue;
    guint64 n = g_ascii_strtoull(end + 1, NULL, 10);
    if (n < (guint64)1 << 52 && unit_kib <= 1048576)
      kt_runtime_add_memory(runtime, (int)node, (gint64)(unit_kib ? n * (guint64)unit_kib : n / 1024));
  }
}

static gint64 page_kib(const char *line)
{
  const char *size = strstr(line, "kernelpagesize_kB=");
  guint64 kib = size ? g_ascii_strtoull(size + strlen("kernelpagesize_kB="), NULL, 10) : 4;
  return kib > 0 && kib <= 1048576 ? (gint64)kib : 4;
}

/* What the lines of a long file add up to. */
static void cite_memory(KtRootReading *r, KtDomain *d, const char *path)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < d->runtime->memory->len; i++) {
    const KtNodeMemory *m = &g_array_index(d->runtime->memory, KtNodeMemory, i);
    g_string_append_printf(text, "%sN%d=%" G_GINT64_FORMAT " kB", i ? " " : "", m->node, m->kib);
  }
  g_autoptr(KtCite) cite = text->len ? kt_root_cite(r->root, path, text->str) : NULL;
  kt_domain_cite(d, "runtime.memory", cite);
}

/* numa_maps: mappings of huge pages, of all guest memory if `all`. */
static void read_numa_maps(KtRootReading *r, KtDomain *d, int pid, gboolean all)
{
  KtRuntime *runtime = d->runtime;
  g_autofree char *path = g_strdup_printf("proc/%d/numa_maps", pid);
  g_autofree char *text = kt_root_read(r->root, path, MAPS_LIMIT, NULL, NULL);
  if (!text) {
    kt_root_note_unreadable(r, path);
    return;
  }
  for (char *line = text, *end; line; line = end ? end + 1 : NULL) {
    end = strchr(line, '\n');
    if (end)
      *end = '\0';
    gboolean huge = strstr(line, " huge ") != NULL;
    gboolean guest = strstr(line, " anon=") || strstr(line, "file=/memfd:") || strstr(line, "file=/dev/shm/");
    if (huge || (all && guest))
      add_nodes(runtime, line, page_kib(line));
  }
  cite_memory(r, d, path);
}

/* The same by cell, where they can be told apart. */
static void read_cells(KtRootReading *r, KtDomain *d, int pid)
{
  g_autoptr(GPtrArray) mappings = kt_guest_memory_read(r->root, pid, d, NULL);
  for (guint i = 0; mappings && i < mappings->len; i++) {
    const KtGuestMapping *mapping = mappings->pdata[i];
    for (guint k = 0; k < mapping->memory->len; k++) {
      const KtNodeMemory *part = &g_array_index(mapping->memory, KtNodeMemory, k);
      const KtCellMemory memory = {.cell = mapping->cell, .node = part->node, .kib = part->kib};
      g_array_append_val(d->runtime->cell_memory, memory);
    }
  }
}

/* What lies elsewhere than most of it may be QEMU's own: worth a look at the guest's alone. */
static gboolean is_spread(const KtRuntime *runtime)
{
  gint64 all = kt_memory_kib(runtime->memory), most = 0;
  for (guint i = 0; i < runtime->memory->len; i++)
    most = MAX(most, g_array_index(runtime->memory, KtNodeMemory, i).kib);
  return most < all - all / NEGLIGIBLE;
}

/* Where there is but one node, all that is resident is on it: no walk is needed. FALSE if that is not known. */
static gboolean read_only_node(KtRootReading *r, KtDomain *d, const char *path, const char *status)
{
  KtInt anon = kt_process_status_kib(status, "RssAnon"), shmem = kt_process_status_kib(status, "RssShmem");
  if (r->m->nodes->len != 1 || !anon.known || !shmem.known)
    return FALSE;
  const KtNode *node = r->m->nodes->pdata[0];
  kt_runtime_add_memory(d->runtime, node->id, anon.value + shmem.value);
  cite_memory(r, d, path);
  return TRUE;
}

/* The group that holds this process's memory, if it holds (nearly) no other's. */
static char *own_group(KtRootReading *r, const char *groups, gint64 anon_kib, char **numa_stat)
{
  char *at = kt_process_cgroup(r->root, groups, "memory");
  if (!at)
    at = kt_process_cgroup(r->root, groups, NULL);
  while (at && !(*numa_stat = kt_root_read_linef(r->root, "%s/memory.numa_stat", at))) {
    g_autofree char *below = at;
    at = g_path_get_dirname(below);
    if (!g_str_has_prefix(at, "sys/fs/cgroup/"))
      g_clear_pointer(&at, g_free);
  }
  if (!at)
    return NULL;
  g_autofree char *stat = kt_root_read_linef(r->root, "%s/memory.stat", at);
  gint64 held_kib = 0;
  static const char *const fields[] = {"anon ", "shmem ", "total_rss ", "total_shmem "};
  g_auto(GStrv) lines = g_strsplit(stat ? stat : "", "\n", 256);
  for (guint i = 0; lines[i]; i++)
    for (guint k = 0; k < G_N_ELEMENTS(fields); k++)
      if (g_str_has_prefix(lines[i], fields[k]))
        held_kib += (gint64)(g_ascii_strtoull(lines[i] + strlen(fields[k]), NULL, 10) / 1024 % G_MAXINT32);
  if (anon_kib > 0 && held_kib > 0 && held_kib <= anon_kib + anon_kib / 10 + 65536)
    return at;
  g_free(at);
  g_clear_pointer(numa_stat, g_free);
  return NULL;
}

/* v2: "anon N0=bytes", "shmem N0=bytes"; v1: "hierarchical_anon=pages N0=pages". */
static void read_numa_stat(KtRuntime *runtime, const char *numa_stat, gboolean page_is_4_kib)
{
  g_auto(GStrv) lines = g_strsplit(numa_stat, "\n", 256);
  for (guint i = 0; lines[i]; i++) {
    if (g_str_has_prefix(lines[i], "anon N") || g_str_has_prefix(lines[i], "shmem N"))
      add_nodes(runtime, lines[i], 0);
    else if (page_is_4_kib && g_str_has_prefix(lines[i], "hierarchical_anon="))
      add_nodes(runtime, lines[i], 4);
  }
}

/* Huge pages of the process's own memory, by its group or by smaps_rollup. */
static void read_anon_huge(KtRootReading *r, KtDomain *d, int pid, const char *group)
{
  KtRuntime *runtime = d->runtime;
  g_autofree char *stat = group ? kt_root_read_linef(r->root, "%s/memory.stat", group) : NULL;
  const char *thp = stat ? strstr(stat, "\nanon_thp ") : NULL;
  if (thp) {
    guint64 bytes = g_ascii_strtoull(thp + strlen("\nanon_thp "), NULL, 10);
    runtime->anon_huge_kib = KT_INT((gint64)(bytes / 1024));
    g_autofree char *path = g_build_filename(group, "memory.stat", NULL);
    g_autofree char *line = g_strdup_printf("anon_thp %" G_GUINT64_FORMAT, bytes);
    g_autoptr(KtCite) cite = kt_root_cite(r->root, path, line);
    kt_domain_cite(d, "runtime.huge_pages", cite);
    return;
  }
  if (!r->deep && !(runtime->rss_kib.known && runtime->rss_kib.value <= SHORT_WALK_KIB))
    return;
  g_autofree char *path = g_strdup_printf("proc/%d/smaps_rollup", pid);
  g_autofree char *rollup = kt_root_read_line(r->root, path);
  runtime->anon_huge_kib = kt_process_status_kib(rollup, "AnonHugePages");
  kt_process_cite(r, d, "runtime.huge_pages", path, rollup, "AnonHugePages");
  if (!rollup)
    kt_root_note_unreadable(r, path);
}

void kt_process_read_memory(KtRootReading *r, KtDomain *d, int pid, const char *groups)
{
  KtRuntime *runtime = kt_domain_runtime(d);
  g_autofree char *path = g_strdup_printf("proc/%d/status", pid);
  g_autofree char *status = kt_root_read_line(r->root, path);
  kt_process_cite(r, d, "runtime.swap", path, status, "VmSwap");
  runtime->rss_kib = kt_process_status_kib(status, "VmRSS");
  runtime->swap_kib = kt_process_status_kib(status, "VmSwap");
  runtime->locked_kib = kt_process_status_kib(status, "VmLck");
  runtime->hugetlb_kib = kt_process_status_kib(status, "HugetlbPages");
  KtInt anon = kt_process_status_kib(status, "RssAnon"), shmem = kt_process_status_kib(status, "RssShmem");
  gboolean small = runtime->rss_kib.known && runtime->rss_kib.value <= SHORT_WALK_KIB;
  g_autofree char *numa_stat = NULL;
  g_autofree char *group = own_group(r, groups, anon.value + shmem.value, &numa_stat);
  gboolean hugetlb = runtime->hugetlb_kib.known && runtime->hugetlb_kib.value > 0;
  g_autofree char *maps = g_strdup_printf("proc/%d/numa_maps", pid);
  if (r->deep && kt_root_exists(r->root, maps)) {
    read_numa_maps(r, d, pid, TRUE);
  } else {
    if (hugetlb && small)
      read_numa_maps(r, d, pid, FALSE);
    if (numa_stat) {
      g_autofree char *numa_stat_path = g_build_filename(group, "memory.numa_stat", NULL);
      read_numa_stat(runtime, numa_stat, kt_machine_is_x86(r->m));
      cite_memory(r, d, numa_stat_path);
    } else if (!hugetlb && !read_only_node(r, d, path, status) && small) {
      read_numa_maps(r, d, pid, TRUE);
    }
  }
  if ((d->cells->len > 1 || is_spread(runtime)) && r->m->nodes->len > 1 && (r->deep || small))
    read_cells(r, d, pid);
  read_anon_huge(r, d, pid, group);
}
