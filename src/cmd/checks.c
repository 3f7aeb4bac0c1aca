/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "view/view.h"

static gboolean json;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {0},
  };
  return entries;
}

static int run(int argc, char **argv, GError **error)
{
  if (argc) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "'checks' takes no arguments; 'kvmtune explain ID' tells of one");
    return -1;
  }
  const KtTerm term = kt_term_of_stdout(KT_COLOUR_AUTO);
  g_autofree char *text = json ? kt_view_checks_json() : kt_view_checks_text(&term);
  return kt_output(text, error) ? KT_EXIT_HEALTHY : -1;
}

const KtCommand kt_command_checks = {
    .name = "checks",
    .arguments = "",
    .summary = "list all checks",
    .description = "Lists each check with its severity, what it applies to, the evidence it needs and the risk of its "
                   "remedy, those that are not implemented yet too.",
    .options = options,
    .run = run,
};
