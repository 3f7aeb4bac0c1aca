/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/nova.h"

#include "base/error.h"
#include "cmd/command.h"

static KtNovaOptions asked;
static char *release_word;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"batch", 0, 0, G_OPTION_ARG_FILENAME, &asked.batch, "answer the requests of this file, a JSON object a line",
       "FILE"},
      {"nova-release", 0, 0, G_OPTION_ARG_STRING, &release_word, "whose rules: of Zed or, by default, of master",
       "zed|master"},
      {0},
  };
  return entries;
}

static gboolean read_release(GError **error)
{
  asked.release = g_strcmp0(release_word, "zed") == 0 ? KT_NOVA_ZED : KT_NOVA_MASTER;
  if (!release_word || asked.release == KT_NOVA_ZED || g_str_equal(release_word, "master"))
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--nova-release is 'zed' or 'master'");
  return FALSE;
}

static int run_fit(int argc, GError **error)
{
  if (argc) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "'nova fit' takes options only; see 'kvmtune help nova'");
    return -1;
  }
  if (asked.batch)
    return kt_nova_run_batch(asked.batch, asked.release, error);
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "'nova fit' needs --batch; see 'kvmtune help nova'");
  return -1;
}

static int run(int argc, char **argv, GError **error)
{
  if (!read_release(error))
    return -1;
  if (argc && g_str_equal(argv[0], "fit"))
    return run_fit(argc - 1, error);
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "'nova' needs 'fit'; see 'kvmtune help nova'");
  return -1;
}

const KtCommand kt_command_nova = {
    .name = "nova",
    .arguments = "fit",
    .summary = "what OpenStack Nova makes of a flavor on a host",
    .description =
        "'nova fit --batch FILE' answers requests (flavor, image, host; a JSON object a line) as Nova does: its "
        "error, the guest's CPU topology and NUMA cells, whether and where they fit, and the domain XML. "
        "Where Nova's own search misses a placement that exists, this one finds it.",
    .options = options,
    .run = run,
};
