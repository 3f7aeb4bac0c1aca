/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/input.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "evidence/evidence.h"

static void show_progress(double done, gpointer data)
{
  const double *seconds = data;
  fprintf(stderr, "\rsampling for %.3g s ... %3.0f %%", *seconds, done * 100);
}

KtSnapshot *kt_input_live(const KtLiveInput *input, GError **error)
{
  double seconds = input->interval_s;
  gboolean shown = seconds > 0 && isatty(STDERR_FILENO);
  const KtLiveOptions options = {.interval_s = seconds,
                                 .connect_uri = input->connect_uri,
                                 .domain = input->domain,
                                 .deep = input->deep,
                                 .progress = shown ? show_progress : NULL,
                                 .progress_data = &seconds};
  KtSnapshot *snapshot = kt_evidence_read_live(&options, error);
  if (shown)
    fputs("\r\033[K", stderr);
  return snapshot;
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

gboolean kt_input_page(const char *html, gboolean json, GError **error)
{
  if (!json || g_strcmp0(html, "-") != 0)
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--json and '--html -' at once; give the page a file");
  return FALSE;
}
