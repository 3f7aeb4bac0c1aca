/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "view/view.h"

static int run(int argc, char **argv, GError **error)
{
  if (!argc) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "'explain' needs the id of a check; 'kvmtune checks' lists them");
    return -1;
  }
  const KtTerm term = kt_term_of_stdout(KT_COLOUR_AUTO);
  g_autoptr(GString) out = g_string_new(NULL);
  for (int i = 0; i < argc; i++) {
    const KtCheck *check = kt_check_find(argv[i]);
    if (!check) {
      g_autofree char *safe = g_strescape(argv[i], NULL);
      g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "no check '%s'; 'kvmtune checks' lists them", safe);
      return -1;
    }
    g_autofree char *text = kt_view_explain_text(&term, check);
    g_string_append_printf(out, "%s%s", i ? "\n" : "", text);
  }
  return kt_output(out->str, error) ? KT_EXIT_HEALTHY : -1;
}

const KtCommand kt_command_explain = {
    .name = "explain",
    .arguments = "ID...",
    .summary = "tell the whole story of a check",
    .description = "Tells the cause, how it shows, the remedy for each layer, what that costs and risks, the effect to "
                   "expect with its source.",
    .run = run,
};
