/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/input.h"

#include "base/error.h"
#include "evidence/evidence.h"

KtSnapshot *kt_input_live(const KtLiveInput *input, GError **error)
{
  return kt_evidence_read_root("/", error);
}

gboolean kt_input_colour(const char *word, KtColour *when, GError **error)
{
  static const char *const words[] = {
      [KT_COLOUR_AUTO] = "auto", [KT_COLOUR_ALWAYS] = "always", [KT_COLOUR_NEVER] = "never"};
  *when = KT_COLOUR_AUTO;
  for (guint i = 0; word && i < G_N_ELEMENTS(words); i++)
    if (g_str_equal(word, words[i])) {
      *when = i;
      return TRUE;
    }
  if (word)
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--color is 'auto', 'always' or 'never'");
  return !word;
}
