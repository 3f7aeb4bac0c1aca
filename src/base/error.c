/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

#include <errno.h>

GQuark kt_error_quark(void)
{
  return g_quark_from_static_string("kvmtune");
}

KtErrorCode kt_error_code_of_errno(int err)
{
  switch (err) {
  case ENOENT:
  case ENOTDIR:
    return KT_ERROR_NOT_FOUND;
  case EACCES:
  case EPERM:
    return KT_ERROR_ACCESS;
  case EFBIG:
  case ELOOP:
    return KT_ERROR_LIMIT;
  default:
    return KT_ERROR_SYSTEM;
  }
}

/* The errno that GLib told as `failed`; 0 if it is of none of these. */
static int errno_of(const GError *failed)
{
  static const int errnos[] = {ENOENT, ENOTDIR, EISDIR, EACCES, EPERM, EROFS,  ENOSPC, EFBIG, ELOOP,        EMFILE,
                               ENFILE, ENOMEM,  ENXIO,  ENODEV, EIO,   EINVAL, EBADF,  EPIPE, ENAMETOOLONG, ETXTBSY};
  for (guint i = 0; i < G_N_ELEMENTS(errnos); i++)
    if (g_error_matches(failed, G_FILE_ERROR, (int)g_file_error_from_errno(errnos[i])))
      return errnos[i];
  return 0;
}

void kt_error_set_file(GError **error, const char *verb, const char *path, const GError *failed)
{
  int err = errno_of(failed);
  g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot %s '%s': %s", verb, path,
              err ? g_strerror(err) : failed->message);
}
