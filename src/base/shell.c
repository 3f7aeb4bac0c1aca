/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/shell.h"

#include <string.h>

char *kt_shell_word(const char *text)
{
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+=,-";
  gboolean safe = *text && *text != '-' && strspn(text, plain) == strlen(text);
  return safe ? g_strdup(text) : g_shell_quote(text);
}
