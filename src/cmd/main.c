/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <stdio.h>

#include "base/error.h"
#include "cmd/command.h"

static const KtCommand *const commands[] = {
    &kt_command_doctor,
    &kt_command_facts,
};

const KtCommand *const *kt_commands(guint *n)
{
  *n = G_N_ELEMENTS(commands);
  return commands;
}

static const KtCommand *find_command(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    if (g_str_equal(commands[i]->name, name))
      return commands[i];
  return NULL;
}

static int run_command(const KtCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr(GOptionContext) context = g_option_context_new(command->arguments);
  g_option_context_set_summary(context, command->summary);
  if (command->options)
    g_option_context_add_main_entries(context, command->options(), NULL);
  if (!g_option_context_parse(context, &argc, &argv, error))
    return -1;
  return command->run(argc - 1, argv + 1, error);
}

int main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  setlocale(LC_ALL, "");
  const KtCommand *command = argc > 1 ? find_command(argv[1]) : NULL;
  if (!command) {
    fprintf(stderr, "kvmtune: unknown command\n");
    return KT_EXIT_USAGE;
  }
  int status = run_command(command, argc - 1, argv + 1, &error);
  if (status < 0) {
    fprintf(stderr, "kvmtune: %s\n", error->message);
    return KT_EXIT_USAGE;
  }
  return status;
}
