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
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(snapshot, NULL);
  g_autofree char *text = kt_view_doctor_json(diagnoses);
  g_print("%s", text);
  return kt_diagnoses_worst(diagnoses) >= 2 ? KT_EXIT_FINDINGS : KT_EXIT_HEALTHY;
}

const KtCommand kt_command_doctor = {
    .name = "doctor",
    .arguments = "[FILE...]",
    .summary = "find out why a guest is slow",
    .options = options,
    .run = run,
};
