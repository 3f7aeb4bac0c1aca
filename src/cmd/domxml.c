/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domxml/domxml.h"
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/input.h"

static int run(int argc, char **argv, GError **error)
{
  if (argc != 1) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "domxml takes one domain definition; see 'kvmtune help domxml'");
    return -1;
  }
  gsize length;
  g_autofree char *bytes = kt_input_file(argv[0], KT_DOMXML_LIMIT, &length, error);
  g_autoptr(KtDomXml) xml = bytes ? kt_domxml_parse(argv[0], bytes, length, error) : NULL;
  if (!xml)
    return -1;
  g_autofree char *edited = kt_domxml_bytes(xml, NULL);
  return kt_output(edited, error) ? KT_EXIT_HEALTHY : -1;
}

const KtCommand kt_command_domxml = {
    .name = "domxml",
    .arguments = "FILE|-",
    .summary = "edit a domain's XML and leave all the rest of it as it is",
    .description = "Prints the libvirt domain definition with what a plan changes in it. Unknown elements, comments, "
                   "order, quoting and white space stay; without a plan the output is the input, byte by byte.",
    .run = run,
};
