/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors: one domain, stable codes, one line each. */
#pragma once
#include <glib.h>

#define KT_ERROR (kt_error_quark())
GQuark kt_error_quark(void);

typedef enum {
  KT_ERROR_USAGE = 1,   /* the command line cannot be meant */
  KT_ERROR_NOT_FOUND,   /* a file, domain or machine that is named is not there */
  KT_ERROR_ACCESS,      /* it is there and may not be read */
  KT_ERROR_FORMAT,      /* it is read and cannot be understood */
  KT_ERROR_LIMIT,       /* larger or deeper than any honest input */
  KT_ERROR_UNSUPPORTED, /* this build or this system cannot do it */
  KT_ERROR_SYSTEM,      /* the operating system or a library failed */
} KtErrorCode;

/* The code that errno `err` stands for. */
KtErrorCode kt_error_code_of_errno(int err);

/* Sets *error to "cannot <verb> '<path>': <why>" for what GLib's file functions
 * failed with: the system's reason alone, without GLib's words and temporary names. */
void kt_error_set_file(GError **error, const char *verb, const char *path, const GError *failed);
