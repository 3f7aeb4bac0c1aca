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
