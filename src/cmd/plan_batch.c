/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/lines.h"
#include "cmd/plan_parts.h"
#include "plan/place_json.h"

static gboolean answer(const char *name, const GString *line, gpointer explain, GError **wrong, GError **error)
{
  g_autofree char *id = NULL, *why = NULL;
  g_autoptr(KtPlaceProblem) problem = kt_place_from_json(name, line->str, line->len, &id, wrong);
  g_autoptr(KtPlacement) placement = problem ? kt_placement_solve(problem, wrong) : NULL;
  if (!placement)
    return TRUE;
  if (*(const gboolean *)explain)
    why = kt_placement_explain(problem, placement);
  g_autofree char *text = kt_place_to_json(id, problem, placement, why);
  return kt_output(text, error);
}

int kt_plan_answer_batch(const char *path, gboolean explain, GError **error)
{
  return kt_lines_answer(path, KT_PLACE_LINE_LIMIT, answer, &explain, error);
}
