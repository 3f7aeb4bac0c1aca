/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "evidence/evidence.h"
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
  g_autoptr(KtSnapshot) snapshot = kt_evidence_read((const char *const *)argv, error);
  if (!snapshot)
    return -1;
  g_autofree char *text = kt_view_facts_json(snapshot);
  g_print("%s", text);
  return KT_EXIT_HEALTHY;
}

const KtCommand kt_command_facts = {
    .name = "facts",
    .arguments = "FILE...",
    .summary = "show what was read from the evidence, nothing more",
    .options = options,
    .run = run,
};
