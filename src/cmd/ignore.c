/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "cmd/accepted_files.h"
#include "cmd/command.h"

static char *reason, *subject;
static gboolean take_back;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"reason", 0, 0, G_OPTION_ARG_STRING, &reason, "why the risk is accepted", "TEXT"},
      {"subject", 0, 0, G_OPTION_ARG_STRING, &subject, "only for this machine, domain or flavor", "NAME"},
      {"remove", 0, 0, G_OPTION_ARG_NONE, &take_back, "no longer accept it", NULL},
      {0},
  };
  return entries;
}

static int list(GError **error)
{
  g_autoptr(GPtrArray) accepted = kt_accepted_read_all(error);
  if (!accepted)
    return -1;
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; i < accepted->len; i++) {
    const KtAccepted *a = accepted->pdata[i];
    g_string_append_printf(out, "%s%s%s: %s\n", a->id, a->subject ? " " : "", a->subject ? a->subject : "", a->reason);
  }
  if (!accepted->len)
    g_string_append(out, "no risk is accepted\n");
  return kt_output(out->str, error) ? KT_EXIT_HEALTHY : -1;
}

static gboolean write_file(const char *path, const GPtrArray *accepted, GError **error)
{
  g_autofree char *folder = g_path_get_dirname(path), *text = kt_accepted_format(accepted);
  g_autoptr(GError) failed = NULL;
  if (g_mkdir_with_parents(folder, 0755) == 0 &&
      g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644,
                               &failed))
    return TRUE;
  int err = errno;
  if (failed)
    kt_error_set_file(error, "write", path, failed);
  else
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "cannot write '%s': %s", path, g_strerror(err));
  return FALSE;
}

static int run(int argc, char **argv, GError **error)
{
  if (argc == 0 && !reason && !subject && !take_back)
    return list(error);
  const KtCheck *check = argc == 1 ? kt_check_find(argv[0]) : NULL;
  if (!check) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE,
                argc == 1 ? "there is no check '%s'" : "one check is expected, e.g. 'kvmtune ignore H01 --reason TEXT'",
                argc == 1 ? argv[0] : "");
    return -1;
  }
  if (!take_back && (!reason || !*g_strstrip(reason) || strpbrk(reason, "\r\n"))) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--reason is expected, one line: why %s is accepted", check->id);
    return -1;
  }
  if (subject && strpbrk(subject, ":\r\n")) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--subject '%s' cannot hold a colon or a line's end", subject);
    return -1;
  }
  g_autofree char *path = kt_accepted_own_path();
  g_autoptr(GPtrArray) accepted = kt_accepted_new();
  if (!kt_accepted_read_file(accepted, path, error))
    return -1;
  if (!take_back) {
    kt_accepted_add(accepted, check->id, subject, reason);
  } else if (!kt_accepted_remove(accepted, check->id, subject)) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "%s is not accepted in '%s'", check->id, path);
    return -1;
  }
  if (!write_file(path, accepted, error))
    return -1;
  g_autofree char *done = g_strdup_printf("%s is %s accepted (%s)\n", check->id, take_back ? "no longer" : "now", path);
  return kt_output(done, error) ? KT_EXIT_HEALTHY : -1;
}

const KtCommand kt_command_ignore = {
    .name = "ignore",
    .arguments = "[ID]",
    .summary = "accept a risk: shown, no longer counted",
    .description =
        "Keeps the accepted risk with its reason in /etc/kvmtune/ignore (root) or in kvmtune/ignore of the user's "
        "configuration folder; doctor then shows the finding as accepted and does not count it. Without "
        "arguments it lists what is accepted.",
    .options = options,
    .run = run,
};
