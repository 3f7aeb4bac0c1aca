/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/input.h"
#include "evidence/evidence.h"
#include "view/view.h"

static gboolean json;
static char *colour;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {"color", 0, 0, G_OPTION_ARG_STRING, &colour, "colours in the report", "auto|always|never"},
      {0},
  };
  return entries;
}

static int run(int argc, char **argv, GError **error)
{
  KtColour when;
  if (!kt_input_colour(colour, &when, error))
    return -1;
  const KtLiveInput live = {.interval_s = 1};
  g_autoptr(KtSnapshot) snapshot =
      argc ? kt_evidence_read((const char *const *)argv, error) : kt_input_live(&live, error);
  if (!snapshot)
    return -1;
  const KtTerm term = kt_term_of_stdout(when);
  g_autofree char *text = json ? kt_view_facts_json(snapshot) : kt_view_facts_text(&term, snapshot);
  return kt_output(text, error) ? KT_EXIT_HEALTHY : -1;
}

const KtCommand kt_command_facts = {
    .name = "facts",
    .arguments = "[FILE|DIR|TAR|-]...",
    .summary = "show what was read from the evidence, nothing more",
    .description = "Prints each machine and domain that the evidence shows, with the number and name by which compare "
                   "takes it, and the lines that were rejected. Without arguments: of this machine.",
    .options = options,
    .run = run,
};
