/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "evidence/text_clean.h"

#define USER "[\\w.-]{1,32}"
#define HOST "(?<host>[\\w.-]{1,64})"
#define COMMAND "(?: (?<command>.*))?$"

/* Prompts by themselves; a line without any of the bytes of `holds` is none. */
static const struct {
  const char *pattern, *holds;
} prompts[] = {
    /* [root@host ~]# */
    {"^\\[" USER "@" HOST "(?: [^\\]\\n]{0,200})?\\] ?[#$%]" COMMAND, "["},
    /* root@host:~# */
    {"^(?:\\(" USER "\\) )?" USER "@" HOST ":[^#$%\\n]{0,200}[#$%]" COMMAND, "@"},
    /* host:~ # (SUSE) */
    {"^" HOST ": ?[~/][^ #>$\\n]{0,200} ?[#>$]" COMMAND, "~/"},
};

/* Commands whose output is evidence, and their neighbours in a session. Behind
 * a lone "#" or "$" any of them is a prompt; `bare` ones also without. */
static const struct {
  const char *name;
  gboolean bare;
} commands[] = {
    {"lscpu", TRUE},
    {"numastat", TRUE},
    {"numactl", TRUE},
    {"sar", TRUE},
    {"mpstat", TRUE},
    {"sadf", TRUE},
    {"vmstat", TRUE},
    {"dmesg", TRUE},
    {"uname", TRUE},
    {"virsh", TRUE},
    {"cat", TRUE},
    {"openstack", TRUE},
    {"nova", TRUE},
    {"qm", TRUE},
    {"sysctl", TRUE},
    {"lstopo", TRUE},
    {"lstopo-no-graphics", TRUE},
    {"journalctl", TRUE},
    {"ps", FALSE},
    {"java", FALSE},
    {"sudo", FALSE},
    {"ssh", FALSE},
    {"date", FALSE},
    {"head", FALSE},
    {"tail", FALSE},
    {"grep", FALSE},
    {"egrep", FALSE},
    {"free", FALSE},
    {"top", FALSE},
    {"echo", FALSE},
    {"for", FALSE},
    {"jcmd", FALSE},
    {"jps", FALSE},
    {"cd", FALSE},
    {"ls", FALSE},
    {"systemd-detect-virt", FALSE},
    {"hostnamectl", FALSE},
    {"hostname", FALSE},
    {"tuned-adm", FALSE},
    {"dmidecode", FALSE},
    {"lspci", FALSE},
    {"perf", FALSE},
    {"watch", FALSE},
    {"uptime", FALSE},
    {"w", FALSE},
};

/* The first word is a command in the table. */
static gboolean is_command(const char *s, gboolean bare)
{
  gsize n = strcspn(s, " \t");
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    if (strlen(commands[i].name) == n && strncmp(s, commands[i].name, n) == 0)
      return !bare || commands[i].bare;
  return FALSE;
}

/* A command typed without a prompt: known, short, and its arguments look like
 * arguments ("numastat -m", "virsh dumpxml web-66", "cat /proc/cpuinfo"). */
static gboolean is_bare_command(const char *s)
{
  if (!g_ascii_islower(*s) || strlen(s) > 120 || !is_command(s, TRUE))
    return FALSE;
  const char *arguments = s + strcspn(s, " \t");
  arguments += strspn(arguments, " \t");
  if (g_str_has_prefix(s, "numactl ") && strchr(arguments, ' '))
    return FALSE; /* it runs a program, whose command line is evidence itself */
  if (!*arguments || *arguments == '-' || *arguments == '/' || *arguments == '|')
    return TRUE;
  return g_ascii_islower(*arguments) && !strchr(s, ':') && !g_str_has_prefix(s, "cat ");
}

static void mark(KtLine *line, const char *command, char *host)
{
  line->command = g_strstrip(g_strdup(command ? command : ""));
  line->host = host;
  *line->s = '\0';
}

/* The compiled patterns, made once. */
static GRegex *const *prompt_regexes(void)
{
  static GRegex *regexes[G_N_ELEMENTS(prompts)];
  static gsize made;
  if (g_once_init_enter(&made)) {
    for (guint r = 0; r < G_N_ELEMENTS(prompts); r++)
      regexes[r] = g_regex_new(prompts[r].pattern, G_REGEX_OPTIMIZE, 0, NULL);
    g_once_init_leave(&made, 1);
  }
  return regexes;
}

static gboolean mark_full_prompt(KtLine *line)
{
  for (guint r = 0; r < G_N_ELEMENTS(prompts); r++) {
    g_autoptr(GMatchInfo) info = NULL;
    if (!strpbrk(line->s, prompts[r].holds) || !g_regex_match(prompt_regexes()[r], line->s, 0, &info))
      continue;
    g_autofree char *command = g_match_info_fetch_named(info, "command");
    mark(line, command, g_match_info_fetch_named(info, "host"));
    return TRUE;
  }
  return FALSE;
}

void kt_text_mark_prompts(KtDraft *draft)
{
  for (guint k = 0; k < draft->odd->len; k++) {
    KtLine *line = kt_draft_odd(draft, k);
    const char *s = line->s;
    if (!*s || strlen(s) > 4096)
      continue;
    gboolean sign = strchr("#$%>", *s) != NULL;
    const char *rest = s + 1 + (sign ? strspn(s + 1, " \t") : 0);
    if (sign && (!*rest || is_command(rest, FALSE)))
      mark(line, rest, NULL);
    else if (!mark_full_prompt(line) && is_bare_command(s))
      mark(line, s, NULL);
  }
}
