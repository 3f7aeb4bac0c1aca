/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/term.h"
#include "cmd/command.h"
#include "cmd/nova.h"
#include "nova/batch.h"

/* The next line without its end; FALSE at the end of the file. What is longer than
 * any request is cut behind it: parsing then says so. */
static gboolean read_line(FILE *file, GString *line)
{
  int c;
  g_string_truncate(line, 0);
  while ((c = getc_unlocked(file)) != EOF && c != '\n')
    if (line->len <= KT_NOVA_LINE_MAX)
      g_string_append_c(line, (char)c);
  return c != EOF || line->len > 0;
}

static gboolean is_blank(const GString *line)
{
  return strspn(line->str, " \t\r") == line->len;
}

static void tell(const char *path, guint number, const char *message)
{
  const KtTerm term = kt_term_of_stdout(KT_COLOUR_NEVER);
  g_autofree char *text = g_strdup_printf("%s:%u: %s", path, number, message);
  g_autofree char *line = kt_term_clean(&term, text);
  fprintf(stderr, "kvmtune: %s\n", line);
}

static gboolean answer(const GString *line, KtNovaRelease release, GError **wrong, GError **error)
{
  g_autoptr(KtNovaRequest) request = kt_nova_request_parse(line->str, line->len, wrong);
  if (!request)
    return TRUE;
  g_autoptr(KtNovaAnswer) a = kt_nova_answer(request->flavor, request->host, release);
  g_autofree char *text = kt_nova_answer_line(request->id, a);
  return kt_output(text, error);
}

int kt_nova_run_batch(const char *path, KtNovaRelease release, GError **error)
{
  gboolean standard = g_str_equal(path, "-");
  FILE *file = standard ? stdin : fopen(path, "re");
  if (!file) {
    int err = errno;
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot read '%s': %s", path, g_strerror(err));
    return -1;
  }
  g_autoptr(GString) line = g_string_new(NULL);
  int status = KT_EXIT_HEALTHY;
  guint number = 0;
  while (status >= 0 && read_line(file, line)) {
    g_autoptr(GError) wrong = NULL;
    number++;
    if (is_blank(line))
      continue;
    if (!answer(line, release, &wrong, error))
      status = -1;
    if (wrong) {
      tell(path, number, wrong->message);
      status = KT_EXIT_USAGE;
    }
  }
  if (status >= 0 && ferror(file)) {
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "cannot read '%s' to its end", path);
    status = -1;
  }
  if (!standard)
    fclose(file);
  return status;
}
