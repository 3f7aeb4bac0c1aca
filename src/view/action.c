/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/action.h"

#include <string.h>

static gboolean is_command(const char *line)
{
  static const char *const tools[] = {"virsh",
                                      "openstack",
                                      "nova",
                                      "qm",
                                      "qemu-system-x86_64",
                                      "sysctl",
                                      "echo",
                                      "numactl",
                                      "tuned-adm",
                                      "cpupower",
                                      "ethtool",
                                      "taskset",
                                      "java",
                                      "systemctl",
                                      "numad",
                                      "sudo",
                                      "migratepages",
                                      "modprobe",
                                      "virt-xml",
                                      "grubby",
                                      "cat",
                                      "mount",
                                      "chrt",
                                      "args:",
                                      "for",
                                      "crudini",
                                      NULL};
  gsize length = strcspn(line, " ");
  g_autofree char *word = g_strndup(line, length);
  /* "echo" starts a command; "qm: set ..." and "Cat ..." do not */
  return g_strv_contains(tools, word);
}

/* The last space outside of quotes within `room` columns of `text`, or NULL. */
static const char *last_break(const char *text, guint room)
{
  const char *found = NULL;
  char quote = '\0';
  guint used = 0;
  for (const char *p = text; *p && used <= room; p = g_utf8_next_char(p), used++) {
    if (quote)
      quote = *p == quote ? '\0' : quote;
    else if (*p == '\'' || *p == '"')
      quote = *p;
    else if (*p == ' ' && p > text)
      found = p;
  }
  return found;
}

static KtActionPart *part_new(char *line)
{
  KtActionPart *part = g_new0(KtActionPart, 1);
  char *remark = is_command(line) ? strstr(line, "  # ") : NULL;
  part->is_code = is_command(line) || *line == '<';
  part->breaks = is_command(line);
  if (remark) {
    *remark = '\0';
    part->remark = g_strdup(remark + 4);
  }
  part->text = g_strdup(g_strchomp(line));
  return part;
}

static void part_free(gpointer data)
{
  KtActionPart *part = data;
  g_free(part->text);
  g_free(part->remark);
  g_free(part);
}

GPtrArray *kt_view_action_parts(const char *action)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func(part_free);
  g_auto(GStrv) lines = g_strsplit(action, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    if (*g_strstrip(lines[i]))
      g_ptr_array_add(parts, part_new(lines[i]));
  return parts;
}

static void put_command(KtPage *page, guint indent, const char *command)
{
  g_autofree char *clean = kt_term_clean(&page->term, command);
  const char *rest = clean;
  guint at = indent;
  while (at + kt_term_width_of(rest) > page->term.width) {
    const char *end = last_break(rest, page->term.width > at + 12 ? page->term.width - at - 2 : 10);
    if (!end)
      break;
    g_autofree char *line = g_strdup_printf("%.*s \\", (int)(end - rest), rest);
    kt_page_verbatim(page, at, KT_STYLE_CYAN, line);
    rest = end + 1;
    at = indent + 2;
  }
  kt_page_verbatim(page, at, KT_STYLE_CYAN, rest);
}

void kt_view_put_action(KtPage *page, guint indent, const char *action)
{
  g_autoptr(GPtrArray) parts = kt_view_action_parts(action);
  for (guint i = 0; i < parts->len; i++) {
    const KtActionPart *part = parts->pdata[i];
    if (part->breaks)
      put_command(page, indent, part->text);
    else if (part->is_code)
      kt_page_verbatim(page, indent, KT_STYLE_CYAN, part->text);
    else
      kt_page_text(page, indent, KT_STYLE_PLAIN, part->text);
    if (part->remark)
      kt_page_item(page, indent, KT_STYLE_DIM, "#", indent + 2, KT_STYLE_PLAIN, part->remark);
  }
}
