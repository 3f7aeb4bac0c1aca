/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/typed.h"

#include <string.h>

char **kt_typed_above(const KtText *text, guint i)
{
  while (i > 0 && kt_text_is_blank(text, i - 1))
    i--;
  if (!i)
    return NULL;
  const KtLine *line = kt_text_line(text, i - 1);
  const char *command = line->command ? line->command : line->s;
  command += strspn(command, " \t#$");
  if (g_str_has_prefix(command, "sudo "))
    command += strlen("sudo ");
  return *command && strlen(command) < 1024 ? kt_text_words(command) : NULL;
}
