/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/plan_parts.h"
#include "plan/place_json.h"

static gboolean answer_line(const char *name, const char *text, gsize length, gboolean explain, GError **error)
{
  g_autofree char *id = NULL, *why = NULL;
  g_autoptr(KtPlaceProblem) problem = kt_place_from_json(name, text, length, &id, error);
  g_autoptr(KtPlacement) placement = problem ? kt_placement_solve(problem, error) : NULL;
  if (!placement)
    return FALSE;
  if (explain)
    why = kt_placement_explain(problem, placement);
  g_autofree char *line = kt_place_to_json(id, problem, placement, why);
  return kt_output(line, error);
}

/* Line by line, so that memory stays that of one problem; a bad line is reported and the others are answered. */
int kt_plan_answer_batch(const char *path, gboolean explain, GError **error)
{
  gboolean standard = g_str_equal(path, "-");
  FILE *file = standard ? stdin : fopen(path, "re");
  if (!file) {
    int err = errno;
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot read '%s': %s", path, g_strerror(err));
    return -1;
  }
  char *text = NULL;
  size_t size = 0;
  guint number = 0, bad = 0;
  for (ssize_t length; (length = getline(&text, &size, file)) >= 0;) {
    number++;
    if (strspn(text, " \t\r\n") == (gsize)length)
      continue;
    g_autoptr(GError) failed = NULL;
    g_autofree char *name = g_strdup_printf("%s:%u", standard ? "stdin" : path, number);
    if (answer_line(name, text, (gsize)length, explain, &failed))
      continue;
    g_autofree char *safe = g_strescape(failed->message, NULL);
    fprintf(stderr, "kvmtune: %s\n", safe);
    bad++;
  }
  free(text);
  if (!standard)
    fclose(file);
  return bad ? KT_EXIT_USAGE : KT_EXIT_HEALTHY;
}
