/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jcmd PID VM.flags, VM.command_line and VM.version: a JVM asked about itself.
 *
 * VM.flags lists what differs from the default, also what the JVM chose by
 * itself: the collector, the heap. A switch that is not in it is off. */
#include <string.h>

#include "base/units.h"
#include "evidence/readers.h"

#define MAX_FLAGS 4096
#define MAX_LINES 64 /* of one answer */

/* "1234:" above each answer. */
static gboolean parse_pid(const char *line, int *pid)
{
  gsize n = strspn(line, "0123456789");
  guint64 number;
  if (!n || n > 10 || line[n] != ':' || line[n + 1])
    return FALSE;
  g_autofree char *digits = g_strndup(line, n);
  if (!kt_units_parse_count(digits, &number) || !number || number > G_MAXINT)
    return FALSE;
  *pid = (int)number;
  return TRUE;
}

static gboolean is_flags(const char *line)
{
  return g_str_has_prefix(line, "-XX:");
}

static gboolean is_command_line(const char *line)
{
  return g_str_equal(line, "VM Arguments:");
}

/* "17.0.9" of "JDK 17.0.9", the line below the VM's name; NULL if the lines are not that. */
static const char *version_at(const KtText *text, guint i)
{
  if (!strstr(kt_text_at(text, i), "VM version ") || !g_str_has_prefix(kt_text_at(text, i + 1), "JDK "))
    return NULL;
  const char *version = kt_text_at(text, i + 1) + strlen("JDK ");
  return g_ascii_isdigit(*version) && strlen(version) < 64 ? version : NULL;
}

static gboolean starts(const KtText *text, guint i)
{
  int pid;
  if (!parse_pid(kt_text_at(text, i), &pid) || kt_text_is_prompt(text, i + 1))
    return FALSE;
  const char *line = kt_text_at(text, i + 1);
  return is_flags(line) || is_command_line(line) || version_at(text, i + 1);
}

static gboolean is_cut(const KtText *text, guint i)
{
  return i + 1 >= kt_text_count(text) && !text->ends_with_newline;
}

static void add_words(GPtrArray *into, const char *line)
{
  g_auto(GStrv) words = kt_text_words(line);
  for (guint k = 0; words[k] && into->len < MAX_FLAGS; k++)
    g_ptr_array_add(into, g_strdup(words[k]));
}

/* One line, or several if it was wrapped. A list whose end is cut off is no list. */
static guint read_flags(KtProcess *p, const KtText *text, guint i)
{
  GPtrArray *flags = g_ptr_array_new_with_free_func(g_free);
  gboolean cut = FALSE;
  for (guint n = 0; n < MAX_LINES && !kt_text_is_prompt(text, i) && is_flags(kt_text_at(text, i)); n++, i++) {
    add_words(flags, kt_text_at(text, i));
    cut |= is_cut(text, i);
  }
  if (cut)
    g_ptr_array_unref(flags);
  else
    p->jvm_flags = flags;
  return i;
}

static guint read_command_line(KtProcess *p, const KtText *text, guint i)
{
  static const char *const fields[] = {"jvm_args:", "java_command:"};
  gboolean whole = FALSE;
  g_ptr_array_add(p->args, g_strdup("java"));
  for (guint n = 0; n < MAX_LINES && !kt_text_is_prompt(text, i) && !kt_text_is_blank(text, i); n++, i++) {
    const char *line = kt_text_at(text, i);
    for (guint k = 0; k < G_N_ELEMENTS(fields); k++)
      if (g_str_has_prefix(line, fields[k]))
        add_words(p->args, line + strlen(fields[k]));
    whole |= g_str_has_prefix(line, "java_command:") && !is_cut(text, i);
    if (g_str_has_prefix(line, "Launcher Type:")) {
      i++;
      break;
    }
  }
  p->args_cut = !whole;
  return i;
}

static guint read_jcmd(KtReading *r, const KtText *text, guint i)
{
  int pid = 0;
  parse_pid(kt_text_at(text, i), &pid);
  KtMachine *m = kt_reading_machine(r);
  KtProcess *p = kt_machine_add_process(m, pid, "java");
  g_autofree char *path = g_strdup_printf("processes.%d", pid);
  kt_machine_cite(m, path, kt_reading_cite(r, i + 1));
  const char *version = version_at(text, i + 1);
  if (is_flags(kt_text_at(text, i + 1)))
    return read_flags(p, text, i + 1);
  if (is_command_line(kt_text_at(text, i + 1)))
    return read_command_line(p, text, i + 2);
  if (version && !is_cut(text, i + 2))
    p->version = g_strdup(version);
  return i + 3;
}

const KtReader kt_reader_jcmd = {
    .name = "jcmd", .what = "jcmd PID VM.flags, VM.command_line, VM.version", .starts = starts, .read = read_jcmd};
