/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/accepted_files.h"

#include <unistd.h>

#include "base/error.h"

#define ENVIRONMENT "KVMTUNE_IGNORE"
#define SYSTEM_FILE "/etc/kvmtune/ignore"

static char *user_path(void)
{
  return g_build_filename(g_get_user_config_dir(), "kvmtune", "ignore", NULL);
}

char *kt_accepted_own_path(void)
{
  const char *named = g_getenv(ENVIRONMENT);
  if (named && *named)
    return g_strdup(named);
  return geteuid() == 0 ? g_strdup(SYSTEM_FILE) : user_path();
}

gboolean kt_accepted_read_file(GPtrArray *accepted, const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr(GError) failed = NULL;
  if (g_file_get_contents(path, &text, NULL, &failed))
    return kt_accepted_parse(accepted, text, path, error);
  if (g_error_matches(failed, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
      g_error_matches(failed, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
    return TRUE;
  kt_error_set_file(error, "read", path, failed);
  return FALSE;
}

GPtrArray *kt_accepted_read_all(GError **error)
{
  g_autoptr(GPtrArray) accepted = kt_accepted_new();
  const char *named = g_getenv(ENVIRONMENT);
  g_autofree char *own = user_path();
  if (named && *named)
    return kt_accepted_read_file(accepted, named, error) ? g_steal_pointer(&accepted) : NULL;
  if (!kt_accepted_read_file(accepted, SYSTEM_FILE, error) || !kt_accepted_read_file(accepted, own, error))
    return NULL;
  return g_steal_pointer(&accepted);
}
