/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/term.h"
#include "cmd/command.h"

/* The next line without its end; FALSE at the end of the file. */
static gboolean read_line(FILE *file, GString *line, gsize longest)
{
  int c;
  g_string_truncate(line, 0);
  while ((c = getc_unlocked(file)) != EOF && c != '\n')
    if (line->len <= longest)
      g_string_append_c(line, (char)c);
  return c != EOF || line->len > 0;
}

static gboolean is_blank(const GString *line)
{
  return strspn(line->str, " \t\r") == line->len;
}

static void tell(const char *message)
{
  const KtTerm term = kt_term_of_stdout(KT_COLOUR_NEVER);
  g_autofree char *line = kt_term_clean(&term, message);
  fprintf(stderr, "kvmtune: %s\n", line);
}

static int answer_lines(FILE *file, const char *source, gsize longest, KtLineAnswer answer, gpointer data,
                        GError **error)
{
  g_autoptr(GString) line = g_string_new(NULL);
  int status = KT_EXIT_HEALTHY;
  for (guint number = 1; read_line(file, line, longest); number++) {
    g_autoptr(GError) wrong = NULL;
    g_autofree char *name = g_strdup_printf("%s:%u", source, number);
    if (is_blank(line))
      continue;
    gboolean go_on = answer(name, line, data, &wrong, error);
    if (wrong) {
      tell(wrong->message);
      status = KT_EXIT_USAGE;
    }
    if (!go_on)
      return -1;
  }
  if (!ferror(file))
    return status;
  g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "cannot read '%s' to its end", source);
  return -1;
}

int kt_lines_answer(const char *path, gsize longest, KtLineAnswer answer, gpointer data, GError **error)
{
  gboolean standard = g_str_equal(path, "-");
  FILE *file = standard ? stdin : fopen(path, "re");
  if (!file) {
    int err = errno;
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot read '%s': %s", path, g_strerror(err));
    return -1;
  }
  int status = answer_lines(file, standard ? "stdin" : path, longest, answer, data, error);
  if (!standard)
    fclose(file);
  return status;
}
