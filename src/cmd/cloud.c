/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cloud.h"

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/input.h"

static char *os_cloud, *os_region, *os_cacert, *html, *colour;
static gboolean insecure, project, json;
static double timeout = 120;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"os-cloud", 0, 0, G_OPTION_ARG_STRING, &os_cloud,
       "the cloud of clouds.yaml to sign in to; without it OS_CLOUD, then OS_* variables", "NAME"},
      {"os-region-name", 0, 0, G_OPTION_ARG_STRING, &os_region, "the region of the catalogue", "REGION"},
      {"os-cacert", 0, 0, G_OPTION_ARG_FILENAME, &os_cacert, "certificates of the authorities to trust", "FILE"},
      {"insecure", 0, 0, G_OPTION_ARG_NONE, &insecure, "do not verify certificates", NULL},
      {"project", 0, 0, G_OPTION_ARG_NONE, &project, "only the servers of the project signed in to", NULL},
      {"timeout", 0, 0, G_OPTION_ARG_DOUBLE, &timeout, "seconds that a service has for an answer (120)", "S"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {"html", 0, 0, G_OPTION_ARG_FILENAME, &html,
       "also write the report as a page into FILE; '-': the page instead of the report", "FILE"},
      {"color", 0, 0, G_OPTION_ARG_STRING, &colour, "colours in the report", "auto|always|never"},
      {0},
  };
  return entries;
}

static int usage(GError **error, const char *what)
{
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "%s", what);
  return -1;
}

static int run(int argc, char **argv, GError **error)
{
  KtCloudOutput output = {.json = json, .html = html};
  if (!kt_input_colour(colour, &output.colour, error) || !kt_input_page(html, json, error))
    return -1;
  if (!(timeout > 0 && timeout <= 3600))
    return usage(error, "--timeout is a number of seconds above 0, up to 3600");
  KtCloudRequest request = {
      .sign_in = {os_cloud, os_region, os_cacert, insecure}, .only_project = project, .timeout_s = timeout};
  if (argc && g_str_equal(argv[0], "doctor")) {
    request.evidence = (const char *const *)argv + 1;
    return kt_cloud_run_doctor(&request, &output, error);
  }
  return usage(error, "'cloud' needs 'doctor'");
}

const KtCommand kt_command_cloud = {
    .name = "cloud",
    .arguments = "doctor [FILE|URI]...",
    .summary = "find the flavors and images of an OpenStack cloud that make bad guests",
    .description =
        "Signs in as every OpenStack client does (clouds.yaml, OS_* variables) and changes nothing. 'cloud doctor' "
        "reads all servers with their own copies of their flavors, the images and the hosts, and ranks the flavors "
        "and images by the guests that they make. What Nova's API does not tell (the sockets, caches and cells that a "
        "guest really got, the nodes of the hosts, cpu_mode) comes from what is given as arguments: URIs of the "
        "hosts' libvirt, captures, nova.conf files; it is unknown otherwise. A member of a project sees its own "
        "servers, and the report says what only an administrator sees.",
    .options = options,
    .run = run,
};
