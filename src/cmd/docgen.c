/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manual page and the completion of bash, made of the command table at
 * build time: docgen man | bash. */
#include <stdio.h>
#include <string.h>

#include "checks/check.h"
#include "cmd/command.h"

/* ---- manual page (mdoc) ---- */

/* Text in mdoc: short lines, each sentence on a line of its own; none may start
 * with a control character, and backslashes are escapes. */
static void put_mdoc(const char *text)
{
  g_auto(GStrv) words = g_strsplit(text, " ", -1);
  gsize column = 0;
  for (guint i = 0; words[i]; i++) {
    g_auto(GStrv) parts = g_strsplit(words[i], "\\", -1);
    g_autofree char *word = g_strjoinv("\\e", parts);
    gboolean new_line = i == 0 || column + strlen(word) > 76 || g_str_has_suffix(words[i - 1], ".");
    if (i)
      putchar(new_line ? '\n' : ' ');
    if (new_line)
      column = 0;
    printf("%s%s", new_line && strchr(".'", *word) ? "\\&" : "", word);
    column += strlen(word) + 1;
  }
  putchar('\n');
}

static void man_options(const KtCommand *command)
{
  if (!command->options)
    return;
  puts(".Bl -tag -width Ds");
  for (const GOptionEntry *entry = command->options(); entry->long_name; entry++) {
    printf(".It Fl \\-%s", entry->long_name);
    if (entry->arg_description)
      printf(" Ar %s", entry->arg_description);
    putchar('\n');
    put_mdoc(entry->description);
  }
  puts(".El");
}

static void man_commands(void)
{
  guint n;
  const KtCommand *const *commands = kt_commands(&n);
  for (guint i = 0; i < n; i++) {
    printf(".Ss kvmtune %s\n", commands[i]->name);
    printf(".Nm\n.Cm %s\n", commands[i]->name);
    if (commands[i]->options)
      puts(".Op Ar option ...");
    if (*commands[i]->arguments)
      printf(".Ar %s\n", commands[i]->arguments);
    puts(".Pp");
    put_mdoc(commands[i]->description);
    man_options(commands[i]);
  }
}

static const char man_head[] =
    ".Dd November 25, 2026\n.Dt KVMTUNE 1\n.Os\n"
    ".Sh NAME\n.Nm kvmtune\n.Nd find out why a KVM guest is slow\n"
    ".Sh SYNOPSIS\n.Nm\n.Op Ar command\n.Op Ar option ...\n.Op Ar argument ...\n"
    ".Sh DESCRIPTION\n.Nm\nfinds out why a KVM guest is slow, on its host, inside of it,\nor "
    "from saved or pasted output "
    "of commands,\nand says what to change.\nIt changes nothing itself.\nWhat the evidence "
    "does not tell is unknown; it "
    "is never guessed.\n"
    ".Sh COMMANDS\nWithout a command,\n.Nm\ndoes what\n.Cm doctor\ndoes.\n";

static const char man_tail[] =
    ".Sh JSON OUTPUT\n"
    "A value of null is unknown.\nCPU sets are texts in the kernel's list format; sizes are of one cache.\n"
    ".Pp\n.Cm facts :\nan object with\n.Va machines , domains , rejected ,\nand\n.Va flavors\nif there are any.\n"
    "The\n.Va predicted\nof a domain is what its kernel will see.\n"
    ".Pp\n.Cm doctor :\nan object with\n.Va subjects ;\neach has\n.Va name , findings\nand\n.Va unknown .\n"
    "The\n.Va basis\nof a finding is measured, inferred or stated;\n.Va echo_of\nnames the finding that it follows "
    "from.\n"
    ".Pp\n.Cm compare :\nan object with\n.Va reference , subject\nand\n.Va differences ;\na\n.Va check\nof null means "
    "that the difference explains no slowdown.\n"
    ".Sh ENVIRONMENT\n.Bl -tag -width NO_COLOR\n"
    ".It Ev NO_COLOR\nIf set and not empty, no colours are used.\n"
    ".It Ev COLUMNS\nThe width of the report, at most 100 columns.\n"
    ".It Ev KVMTUNE_IGNORE\nThe file of accepted risks, instead of\n.Pa /etc/kvmtune/ignore\nand the user's own.\n.El\n"
    ".Sh EXIT STATUS\n.Bl -tag -width Ds\n"
    ".It 0\nHealthy: no finding of severity 2 or more.\n"
    ".It 1\nThere are findings of severity 2 or more.\n"
    ".It 2\nBad usage or unreadable input; one line on standard error tells what.\n.El\n"
    ".Sh EXAMPLES\nLook at this machine:\n.Pp\n.Dl kvmtune\n.Pp\n"
    "Diagnose a paste:\n.Pp\n.Dl kvmtune doctor - < ticket.txt\n.Pp\n"
    "Compare the second machine of a paste with the first:\n.Pp\n.Dl kvmtune compare 'case.txt#1' 'case.txt#2'\n.Pp\n"
    "Read the story of a check:\n.Pp\n.Dl kvmtune explain X06\n"
    ".Sh SEE ALSO\n.Xr lscpu 1 ,\n.Xr sar 1 ,\n.Xr virsh 1 ,\n.Xr numastat 8\n";

static void make_man(void)
{
  fputs(man_head, stdout);
  man_commands();
  fputs(man_tail, stdout);
}

/* ---- bash completion ---- */

static void bash_words(const KtCommand *command)
{
  for (const GOptionEntry *entry = command->options ? command->options() : NULL; entry && entry->long_name; entry++)
    printf("--%s ", entry->long_name);
  fputs("--help", stdout);
}

static void bash_values(const GOptionEntry *entry)
{
  gboolean files = entry->arg == G_OPTION_ARG_FILENAME || entry->arg == G_OPTION_ARG_FILENAME_ARRAY;
  if (entry->arg == G_OPTION_ARG_NONE)
    return;
  printf("      --%s) ", entry->long_name);
  if (files) {
    fputs("COMPREPLY=($(compgen -f -- \"$cur\"))", stdout);
  } else if (strchr(entry->arg_description, '|')) {
    g_autofree char *words = g_strdelimit(g_strdup(entry->arg_description), "|", ' ');
    printf("COMPREPLY=($(compgen -W '%s' -- \"$cur\"))", words);
  } else {
    fputs("COMPREPLY=()", stdout);
  }
  puts("; return ;;");
}

static void bash_command(const KtCommand *command)
{
  guint n;
  printf("    %s)\n      case $prev in\n", command->name);
  for (const GOptionEntry *entry = command->options ? command->options() : NULL; entry && entry->long_name; entry++)
    bash_values(entry);
  fputs("      esac\n      words='", stdout);
  bash_words(command);
  if (strstr(command->arguments, "ID")) {
    const KtCheck *const *checks = kt_checks(&n);
    for (guint i = 0; i < n; i++)
      printf(" %s", checks[i]->id);
  } else if (strstr(command->arguments, "COMMAND")) {
    const KtCommand *const *commands = kt_commands(&n);
    for (guint i = 0; i < n; i++)
      printf(" %s", commands[i]->name);
  }
  puts("'");
  if (strstr(command->arguments, "FILE") || strstr(command->arguments, "REFERENCE"))
    puts("      files=1");
  puts("      ;;");
}

static void make_bash(void)
{
  guint n;
  const KtCommand *const *commands = kt_commands(&n);
  fputs("# bash completion for kvmtune, made of its command table\n"
        "_kvmtune() {\n"
        "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words= files=\n"
        "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W '",
        stdout);
  for (guint i = 0; i < n; i++)
    printf("%s ", commands[i]->name);
  fputs("--version --help' -- \"$cur\"))\n    return\n  fi\n  case ${COMP_WORDS[1]} in\n", stdout);
  for (guint i = 0; i < n; i++)
    bash_command(commands[i]);
  fputs("  esac\n"
        "  case $cur in\n"
        "    -*) files= ;;\n"
        "  esac\n"
        "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
        "  [ -z \"$files\" ] || COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
        "}\n"
        "complete -o filenames -F _kvmtune kvmtune\n",
        stdout);
}

int main(int argc, char **argv)
{
  if (argc == 2 && g_str_equal(argv[1], "man"))
    make_man();
  else if (argc == 2 && g_str_equal(argv[1], "bash"))
    make_bash();
  else
    return KT_EXIT_USAGE;
  return fflush(stdout) == 0 ? 0 : 1;
}
