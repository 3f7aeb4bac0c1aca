/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/definition.h"
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "plan/plan_json.h"

static char *plan_file;
static gboolean diff;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"plan", 0, 0, G_OPTION_ARG_FILENAME, &plan_file, "make the changes of this plan", "FILE"},
      {"diff", 0, 0, G_OPTION_ARG_NONE, &diff, "print the change as a unified diff", NULL},
      {0},
  };
  return entries;
}

static gboolean apply_plan(KtDomXml *xml, GError **error)
{
  gsize length;
  g_autofree char *text = kt_input_file(plan_file, KT_PLAN_LIMIT, &length, error);
  g_autoptr(KtPlan) plan = text ? kt_plan_from_json(plan_file, text, length, error) : NULL;
  return plan && kt_apply_definition(xml, plan, error);
}

static int run(int argc, char **argv, GError **error)
{
  if (argc != 1) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "domxml takes one domain definition; see 'kvmtune help domxml'");
    return -1;
  }
  if (plan_file && g_str_equal(argv[0], "-") && g_str_equal(plan_file, "-")) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE,
                "the definition and the plan at once from standard input; give one a file");
    return -1;
  }
  gsize length;
  g_autofree char *bytes = kt_input_file(argv[0], KT_DOMXML_LIMIT, &length, error);
  g_autoptr(KtDomXml) xml = bytes ? kt_domxml_parse(argv[0], bytes, length, error) : NULL;
  if (!xml || (plan_file && !apply_plan(xml, error)))
    return -1;
  g_autofree char *edited = kt_domxml_bytes(xml, NULL);
  g_autofree char *changes = diff ? kt_domxml_diff(argv[0], bytes, argv[0], edited) : NULL;
  return kt_output(diff ? changes : edited, error) ? KT_EXIT_HEALTHY : -1;
}

const KtCommand kt_command_domxml = {
    .name = "domxml",
    .arguments = "FILE|-",
    .summary = "edit a domain's XML and leave all the rest of it as it is",
    .description = "Prints the libvirt domain definition with what a plan changes in it. Unknown elements, comments, "
                   "order, quoting and white space stay; without a plan the output is the input, byte by byte.",
    .options = options,
    .run = run,
};
