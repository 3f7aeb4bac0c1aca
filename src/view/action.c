/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/action.h"

#include <string.h>

static gboolean is_command(const char *line)
{
  static const char *const tools[] = {"cat",     "echo",      "ethtool",   "grubby",   "java", "jcmd",   "nova-manage",
                                      "numactl", "numastat",  "openstack", "qm",       "sync", "sysctl", "systemctl",
                                      "taskset", "tuned-adm", "virsh",     "virt-xml", NULL};
  gsize length = strcspn(line, " ;");
  g_autofree char *word = g_strndup(line, length);
  /* "echo" starts a command; "qm: set ..." and "Cat ..." do not */
  return g_strv_contains(tools, word);
}

/* The last space outside of quotes within `room` columns of a command, or NULL. */
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

/* Where a command ends and another one or words for people begin: "; ", ", ", ": ",
 * " (" or "  # " outside of quotes and of <what to fill in>. */
static const char *command_end(const char *text)
{
  static const char *const ends[] = {"; ", ", ", ": ", " (", "  #"};
  char closing = '\0';
  for (const char *p = text; *p; p++) {
    if (closing) {
      closing = *p == closing ? '\0' : closing;
      continue;
    }
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
      if (g_str_has_prefix(p, ends[i]))
        return p;
    if (*p == '\'' || *p == '"')
      closing = *p;
    else if (*p == '<' && g_ascii_isalpha(p[1]))
      closing = '>';
  }
  return text + strlen(text);
}

static void part_free(gpointer data)
{
  KtActionPart *part = data;
  g_free(part->text);
  g_free(part->remark);
  g_free(part);
}

static KtActionPart *add_part(GPtrArray *parts, const char *text, gsize length)
{
  KtActionPart *part = g_new0(KtActionPart, 1);
  part->text = g_strchomp(g_strndup(text, length));
  g_ptr_array_add(parts, part);
  return part;
}

static void add_commands(GPtrArray *parts, const char *line)
{
  for (const char *rest; *line; line = rest) {
    const char *end = command_end(line);
    KtActionPart *part = add_part(parts, line, (gsize)(end - line));
    part->is_code = part->breaks = TRUE;
    rest = end + strspn(end, " ;,:#");
    if (!*rest || (*end == ';' && is_command(rest)))
      continue;
    part->remark = g_strdup(rest);
    return;
  }
}

GPtrArray *kt_view_action_parts(const char *action)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func(part_free);
  g_auto(GStrv) lines = g_strsplit(action, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    if (is_command(g_strstrip(lines[i])))
      add_commands(parts, lines[i]);
    else if (*lines[i])
      add_part(parts, lines[i], strlen(lines[i]))->is_code = *lines[i] == '<';
  }
  return parts;
}

/* A command over several lines can still be copied. */
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

/* Words behind a command, as a comment of the shell: they may be copied along. */
static void put_remark(KtPage *page, guint indent, const char *remark)
{
  g_autofree char *clean = kt_term_clean(&page->term, remark);
  guint room = page->term.width > indent + 12 ? page->term.width - indent - 2 : 10;
  g_autoptr(GPtrArray) lines = kt_term_wrap(clean, room);
  for (guint i = 0; i < lines->len; i++) {
    g_autofree char *line = g_strconcat("# ", lines->pdata[i], NULL);
    kt_page_verbatim(page, indent, KT_STYLE_PLAIN, line);
  }
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
      put_remark(page, indent, part->remark);
  }
}
