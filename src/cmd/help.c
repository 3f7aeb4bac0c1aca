/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "base/term.h"
#include "cmd/command.h"

static void put_options(KtPage *page, const KtCommand *command)
{
  static const KtColumn columns[] = {{.title = ""}, {.title = "", .flex = TRUE}};
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (const GOptionEntry *entry = command->options(); entry->long_name; entry++) {
    kt_table_addf(table, KT_STYLE_PLAIN, "--%s%s%s", entry->long_name, entry->arg_description ? " " : "",
                  entry->arg_description ? entry->arg_description : "");
    kt_table_add(table, KT_STYLE_PLAIN, entry->description);
  }
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, "options");
  kt_page_table(page, 2, table);
}

static void put_command(KtPage *page, const KtCommand *command)
{
  kt_page_textf(page, 0, KT_STYLE_PLAIN, "usage: kvmtune %s%s %s", command->name,
                command->options ? " [OPTION]..." : "", command->arguments);
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_PLAIN, command->description);
  if (command->options)
    put_options(page, command);
}

static void put_overview(KtPage *page)
{
  static const KtColumn columns[] = {{.title = ""}, {.title = "", .flex = TRUE}};
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  guint n;
  const KtCommand *const *commands = kt_commands(&n);
  for (guint i = 0; i < n; i++) {
    kt_table_add(table, KT_STYLE_BOLD, commands[i]->name);
    kt_table_addf(table, KT_STYLE_PLAIN, "%s%s", commands[i]->summary, i ? "" : " (what 'kvmtune' alone does)");
  }
  kt_page_text(page, 0, KT_STYLE_PLAIN, "usage: kvmtune [COMMAND] [OPTION]... [ARGUMENT]...");
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_PLAIN, "Finds out why a KVM guest is slow, and says what to change.");
  kt_page_gap(page);
  kt_page_table(page, 2, table);
  kt_page_gap(page);
  kt_page_text(
      page, 0, KT_STYLE_PLAIN,
      "'kvmtune help COMMAND' tells more. Exit status: 0 healthy, 1 findings of severity 2 or more, 2 bad usage "
      "or unreadable input.");
}

gboolean kt_help_print(const KtCommand *command, GError **error)
{
  const KtTerm term = kt_term_of_stdout(KT_COLOUR_AUTO);
  KtPage *page = kt_page_new(&term);
  if (command)
    put_command(page, command);
  else
    put_overview(page);
  g_autofree char *text = kt_page_finish(page);
  return kt_output(text, error);
}

static int run(int argc, char **argv, GError **error)
{
  const KtCommand *command = argc ? kt_command_find(argv[0]) : NULL;
  if (argc > 1 || (argc && !command)) {
    g_autofree char *safe = g_strescape(argv[argc - 1], NULL);
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "no command '%s'; 'kvmtune help' lists them", safe);
    return -1;
  }
  return kt_help_print(command, error) ? KT_EXIT_HEALTHY : -1;
}

const KtCommand kt_command_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "tell how to use kvmtune or one of its commands",
    .description = "Lists the commands, or tells the arguments and options of one.",
    .run = run,
};
