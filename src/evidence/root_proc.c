/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts of /proc, which the readers of pasted output understand as well, and
 * the short files that name kernel, system and product. */
#include <string.h>
#include <sys/utsname.h>

#include "base/units.h"
#include "evidence/reading.h"
#include "evidence/root_machine.h"

#define TEXT_LIMIT (16 * 1024 * 1024)

/* Gives a file to the readers and keeps what they understood. Topology by our own
 * walk is better than what the text says of it. */
static void read_text(KtRootReading *r, const char *path)
{
  gsize length;
  g_autofree char *bytes = kt_root_read(r->root, path, TEXT_LIMIT, &length, NULL);
  if (!bytes)
    return;
  g_autofree char *source = kt_root_source(r->root, path);
  g_autoptr(KtText) text = kt_text_new(source, bytes, length);
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  kt_reading_run(text, kt_root_name(r->root), r->snapshot, fragments);
  for (guint i = 0; i < fragments->len; i++) {
    KtMachine *from = g_steal_pointer(&((KtFragment *)fragments->pdata[i])->machine);
    if (r->m->cpu->len)
      from->cpus = from->online = from->sockets = from->dies = from->cores_per_socket = from->threads_per_core =
          KT_INT_UNKNOWN;
    kt_machine_absorb(r->m, from);
  }
}

void kt_root_read_counters(KtRootReading *r)
{
  static const char *const paths[] = {"proc/interrupts", "proc/vmstat", "proc/stat"};
  for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
    read_text(r, paths[i]);
}

/* The value of NAME=value in an os-release text, without quotation marks; NULL if absent. */
static char *os_release_value(const char *text, const char *name)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", 256);
  gsize len = strlen(name);
  for (guint i = 0; lines[i]; i++) {
    if (strncmp(lines[i], name, len) != 0 || lines[i][len] != '=')
      continue;
    g_autofree char *value = g_shell_unquote(g_strstrip(lines[i] + len + 1), NULL);
    return g_utf8_make_valid(value ? value : lines[i] + len + 1, -1);
  }
  return NULL;
}

static void read_os_name(KtRootReading *r)
{
  static const char *const paths[] = {"etc/os-release", "usr/lib/os-release"};
  for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
    g_autofree char *text = kt_root_read_line(r->root, paths[i]);
    g_autofree char *name = text ? os_release_value(text, "PRETTY_NAME") : NULL;
    g_autoptr(KtCite) cite = name ? kt_root_cite(r->root, paths[i], name) : NULL;
    if (name && kt_machine_set_text(r->m, "os_name", name, cite))
      return;
  }
}

/* "Linux version 5.15.0-rc1 (root@host) ..." */
static void read_kernel(KtRootReading *r)
{
  if (kt_root_set_text(r, "kernel.release", "proc/sys/kernel/osrelease"))
    return;
  g_autofree char *text = kt_root_read_line(r->root, "proc/version");
  if (!text || !g_str_has_prefix(text, "Linux version "))
    return;
  const char *start = text + strlen("Linux version ");
  g_autofree char *release = g_strndup(start, strcspn(start, " "));
  g_autoptr(KtCite) cite = kt_root_cite(r->root, "proc/version", text);
  kt_machine_set_text(r->m, "kernel.release", release, cite);
}

static void read_arch(KtRootReading *r)
{
  struct utsname uts;
  if (kt_root_set_text(r, "arch", "proc/sys/kernel/arch"))
    return;
  if (kt_root_is_live(r->root) && uname(&uts) == 0) {
    kt_root_note(r->root, "proc/sys/kernel/arch", uts.machine); /* what kernels since 6.1 say there */
    g_autoptr(KtCite) cite = kt_cite_new("live:uname -m", 0, uts.machine);
    kt_machine_set_text(r->m, "arch", uts.machine, cite);
  }
}

static void read_memory(KtRootReading *r)
{
  g_autofree char *text = kt_root_read_line(r->root, "proc/meminfo");
  const char *at = text && g_str_has_prefix(text, "MemTotal:") ? text + strlen("MemTotal:") : NULL;
  guint64 kib;
  if (!at || !kt_units_parse_kib(at, 1024, &kib) || kib > G_MAXINT64)
    return;
  g_autofree char *line = g_strndup(text, strcspn(text, "\n"));
  g_autoptr(KtCite) cite = kt_root_cite(r->root, "proc/meminfo", line);
  kt_machine_set_int(r->m, "memory_kib", (gint64)kib, cite);
}

static void read_name(KtRootReading *r)
{
  static const char *const paths[] = {"proc/sys/kernel/hostname", "etc/hostname"};
  for (guint i = 0; i < G_N_ELEMENTS(paths) && !r->m->name; i++) {
    g_autofree char *text = kt_root_read_line(r->root, paths[i]);
    if (text && *text && strlen(text) <= 253 && g_utf8_validate(text, -1, NULL))
      r->m->name = g_steal_pointer(&text);
  }
  if (!r->m->name) {
    r->m->name = g_path_get_basename(kt_root_name(r->root));
    char *extension = strstr(r->m->name, ".tar");
    if (extension && extension != r->m->name)
      *extension = '\0';
  }
}

void kt_root_read_proc(KtRootReading *r)
{
  read_name(r);
  read_kernel(r);
  read_arch(r);
  read_os_name(r);
  read_memory(r);
  kt_root_set_text(r, "kernel.cmdline", "proc/cmdline");
  kt_root_set_text(r, "kernel.clocksource", "sys/devices/system/clocksource/clocksource0/current_clocksource");
  if (!kt_root_set_text(r, "product", "sys/class/dmi/id/product_name"))
    kt_root_set_text(r, "product", "sys/devices/virtual/dmi/id/product_name");
  read_text(r, "proc/cpuinfo");
  kt_root_read_counters(r);
}
