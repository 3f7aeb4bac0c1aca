/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu.stat of one control group: cat of its file below /sys/fs/cgroup. */
#include <string.h>

#include "base/units.h"
#include "evidence/readers.h"
#include "evidence/typed.h"

#define MOUNT "/sys/fs/cgroup/"
#define FILE_NAME "/cpu.stat"
#define MAX_LINES 64

/* "nr_periods 12"; FALSE if the line is none of cpu.stat. *name lasts as long as the text. */
static gboolean parse_line(const char *line, const char **name, guint64 *value)
{
  static const char *const names[] = {"usage_usec",
                                      "user_usec",
                                      "system_usec",
                                      "nice_usec",
                                      "nr_periods",
                                      "nr_bursts",
                                      "nr_throttled",
                                      "burst_usec",
                                      "throttled_usec",
                                      "burst_time",
                                      "core_sched.force_idle_usec",
                                      "throttled_time"};
  gsize n = strcspn(line, " \t"), gap = strspn(line + n, " \t");
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (strlen(names[i]) == n && strncmp(line, names[i], n) == 0) {
      *name = names[i];
      return gap && strlen(line + n + gap) <= 20 && kt_units_parse_count(line + n + gap, value) && *value <= G_MAXINT64;
    }
  return FALSE;
}

static gboolean starts(const KtText *text, guint i)
{
  const char *name;
  guint64 value;
  return parse_line(kt_text_at(text, i), &name, &value) &&
         (g_str_equal(name, "usage_usec") || g_str_equal(name, "nr_periods"));
}

/* The group whose file was shown, as "system.slice/app.service"; NULL if that is not told. */
static char *group_shown(const KtText *text, guint i, gboolean v1)
{
  g_auto(GStrv) typed = kt_typed_above(text, i);
  const char *path = NULL;
  for (guint k = 0; typed && typed[k]; k++) {
    if (!g_str_has_prefix(typed[k], MOUNT) || !g_str_has_suffix(typed[k], FILE_NAME))
      continue;
    if (path || strpbrk(typed[k], "*?[{|<>;"))
      return NULL; /* several */
    path = typed[k] + strlen(MOUNT);
  }
  const char *slash = path ? strchr(path, '/') : NULL;
  if (v1) /* the controller's mount comes first */
    path = slash ? slash + 1 : NULL;
  gsize length = path ? strlen(path) : 0;
  return length > strlen(FILE_NAME) ? g_strndup(path, length - strlen(FILE_NAME)) : NULL;
}

static void set_counter(KtReading *r, guint i, const char *group, const char *name, guint64 value)
{
  g_autofree char *counter = g_strdup_printf("cgroup./%s.%s", group, name);
  kt_machine_set_counter(kt_reading_machine(r), counter, (gint64)value, kt_reading_cite(r, i));
}

static guint read_stat(KtReading *r, const KtText *text, guint i)
{
  const char *name;
  guint64 value;
  g_autofree char *group = NULL;
  parse_line(kt_text_at(text, i), &name, &value);
  group = group_shown(text, i, g_str_equal(name, "nr_periods"));
  guint first = i;
  for (; i < kt_text_count(text) && i < first + MAX_LINES && !kt_text_is_prompt(text, i); i++) {
    gboolean cut = i + 1 == kt_text_count(text) && !text->ends_with_newline;
    if (!parse_line(kt_text_at(text, i), &name, &value) ||
        (i > first && starts(text, i) && !g_str_equal(name, "nr_periods")))
      break;
    if (group && !cut && (g_str_equal(name, "nr_periods") || g_str_equal(name, "nr_throttled")))
      set_counter(r, i, group, name, value);
  }
  return MAX(i, first + 1);
}

const KtReader kt_reader_cgroup_stat = {
    .name = "cpu.stat", .what = "cat of a control group's cpu.stat", .starts = starts, .read = read_stat};
