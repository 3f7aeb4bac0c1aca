/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU limits of control groups, v2 or v1: how often each group was throttled. */
#include <string.h>

#include "base/units.h"
#include "evidence/root_machine.h"

#define MAX_DEPTH 6
#define MAX_GROUPS 2000
#define MAX_NAMES 20000 /* looked at in all: groups and other files */

/* Where the groups of the cpu controller are mounted; NULL if nowhere. */
static const char *mount_of(KtRoot *root)
{
  static const char *const mounts[] = {"sys/fs/cgroup/cpu,cpuacct", "sys/fs/cgroup/cpu"};
  for (guint i = 0; i < G_N_ELEMENTS(mounts); i++) {
    g_autofree char *stat = g_build_filename(mounts[i], "cpu.stat", NULL);
    if (kt_root_exists(root, stat))
      return mounts[i];
  }
  return kt_root_exists(root, "sys/fs/cgroup/cgroup.controllers") ? "sys/fs/cgroup" : NULL;
}

/* Is this a file that the kernel puts into each group? Groups may not be named so (v2), or are not. */
static gboolean is_interface_file(const char *name)
{
  static const char *const beginnings[] = {"cgroup.", "cpu.",  "cpuacct.", "cpuset.", "memory.", "io.",
                                           "blkio.",  "pids.", "hugetlb.", "rdma.",   "misc.",   "irq."};
  for (guint i = 0; i < G_N_ELEMENTS(beginnings); i++)
    if (g_str_has_prefix(name, beginnings[i]))
      return TRUE;
  return g_str_equal(name, "tasks") || g_str_equal(name, "notify_on_release") || g_str_equal(name, "release_agent");
}

/* The number behind "NAME " at the beginning of a line. */
static KtInt stat_field(const char *stat, const char *name)
{
  gsize length = strlen(name);
  for (const char *line = stat; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
    if (strncmp(line, name, length) != 0 || line[length] != ' ')
      continue;
    guint64 n;
    g_autofree char *number = g_strndup(line + length + 1, strcspn(line + length + 1, "\n"));
    return kt_units_parse_count(number, &n) && n <= G_MAXINT64 ? KT_INT((gint64)n) : KT_INT_UNKNOWN;
  }
  return KT_INT_UNKNOWN;
}

static void set_counter(KtRootReading *r, const char *group, const char *path, const char *name, KtInt value)
{
  g_autofree char *raw = g_strdup_printf("cgroup./%s.%s", group, name), *counter = g_utf8_make_valid(raw, -1);
  g_autofree char *line = g_strdup_printf("%s %" G_GINT64_FORMAT, name, value.value);
  g_autoptr(KtCite) cite = kt_root_cite(r->root, path, line);
  kt_machine_set_counter(r->m, counter, value.value, cite);
}

/* `group` is "" or "system.slice/app.service"; FALSE if it is no group. */
static gboolean read_group(KtRootReading *r, const char *mount, const char *group)
{
  g_autofree char *path = g_build_filename(mount, group, "cpu.stat", NULL);
  g_autofree char *stat = kt_root_read_line(r->root, path);
  if (!stat)
    return FALSE;
  KtInt periods = stat_field(stat, "nr_periods"), throttled = stat_field(stat, "nr_throttled");
  if (periods.known && periods.value > 0 && throttled.known) { /* it has or had a limit */
    set_counter(r, group, path, "nr_periods", periods);
    set_counter(r, group, path, "nr_throttled", throttled);
  }
  return TRUE;
}

typedef struct {
  char *group;
  guint depth;
} Waiting;

static void waiting_clear(gpointer data)
{
  g_free(((Waiting *)data)->group);
}

void kt_root_read_cgroups(KtRootReading *r)
{
  const char *mount = mount_of(r->root);
  if (!mount)
    return;
  gboolean any = read_group(r, mount, ""); /* old kernels: none at the top */
  g_autoptr(GArray) queue = g_array_new(FALSE, FALSE, sizeof(Waiting));
  g_array_set_clear_func(queue, waiting_clear);
  g_array_append_vals(queue, &(Waiting){g_strdup(""), 0}, 1);
  guint names_seen = 0;
  gboolean whole = TRUE;
  for (guint i = 0; i < queue->len; i++) {
    const Waiting at = g_array_index(queue, Waiting, i);
    g_autofree char *directory = g_build_filename(mount, at.group, NULL);
    g_auto(GStrv) names = kt_root_list(r->root, directory);
    for (guint k = 0; names && names[k] && whole; k++) {
      if (is_interface_file(names[k]))
        continue;
      if (at.depth == MAX_DEPTH || queue->len > MAX_GROUPS || ++names_seen > MAX_NAMES) {
        whole = FALSE;
        break;
      }
      char *group = *at.group ? g_build_filename(at.group, names[k], NULL) : g_strdup(names[k]);
      if (read_group(r, mount, group))
        g_array_append_vals(queue, &(Waiting){group, at.depth + 1}, 1);
      else
        g_free(group);
    }
  }
  r->m->cgroups_seen = whole && (any || queue->len > 1);
}

/* "cgroup./system.slice/app.service.nr_throttled" -> "system.slice/app.service"; NULL if it is another counter. */
static char *group_of_counter(const char *counter)
{
  static const char prefix[] = "cgroup./", suffix[] = ".nr_throttled";
  gsize length = strlen(counter);
  return g_str_has_prefix(counter, prefix) && g_str_has_suffix(counter, suffix) &&
                 length >= strlen(prefix) + strlen(suffix)
             ? g_strndup(counter + strlen(prefix), length - strlen(prefix) - strlen(suffix))
             : NULL;
}

void kt_root_read_cgroups_again(KtRootReading *r, const KtMachine *known)
{
  const char *mount = mount_of(r->root);
  GHashTableIter iter;
  gpointer counter;
  g_hash_table_iter_init(&iter, known->counters);
  while (mount && g_hash_table_iter_next(&iter, &counter, NULL)) {
    g_autofree char *group = group_of_counter(counter);
    if (group)
      read_group(r, mount, group);
  }
}
