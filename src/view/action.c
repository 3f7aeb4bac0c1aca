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

/* A remark behind the command ("   # then restart") is no part of what is copied. */
static void put_command(KtPage *page, guint indent, char *line)
{
  char *remark = strstr(line, "  # ");
  if (remark) {
    *remark = '\0';
    remark += 4;
  }
  g_autofree char *clean = kt_term_clean(&page->term, g_strchomp(line));
  const char *rest = clean;
  guint at = indent;
  while (at + kt_term_width_of(rest) > page->term.width) {
    const char *end = last_break(rest, page->term.width > at + 12 ? page->term.width - at - 2 : 10);
    if (!end)
      break;
    g_autofree char *part = g_strdup_printf("%.*s \\", (int)(end - rest), rest);
    kt_page_verbatim(page, at, KT_STYLE_CYAN, part);
    rest = end + 1;
    at = indent + 2;
  }
  kt_page_verbatim(page, at, KT_STYLE_CYAN, rest);
  if (remark)
    kt_page_item(page, indent, KT_STYLE_DIM, "#", indent + 2, KT_STYLE_PLAIN, remark);
}

void kt_view_put_action(KtPage *page, guint indent, const char *action)
{
  g_auto(GStrv) lines = g_strsplit(action, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    if (!*g_strchomp(lines[i]))
      continue;
    if (is_command(g_strchug(lines[i])))
      put_command(page, indent, lines[i]);
    else if (*lines[i] == '<')
      kt_page_verbatim(page, indent, KT_STYLE_CYAN, lines[i]);
    else
      kt_page_text(page, indent, KT_STYLE_PLAIN, lines[i]);
  }
}
