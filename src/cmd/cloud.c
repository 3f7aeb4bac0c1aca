/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cloud.h"

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/input.h"

static char *os_cloud, *os_region, *os_cacert, *html, *colour, *output_file, *pattern, *release_word, **hosts;
static gboolean insecure, project, json, all, ticket;
static int wave = KT_CLOUD_WAVE;
static double timeout = 120;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"os-cloud", 0, 0, G_OPTION_ARG_STRING, &os_cloud,
       "the cloud of clouds.yaml to sign in to; without it OS_CLOUD, then OS_* variables, then the only one there",
       "NAME"},
      {"os-region-name", 0, 0, G_OPTION_ARG_STRING, &os_region, "the region of the catalogue", "REGION"},
      {"os-cacert", 0, 0, G_OPTION_ARG_FILENAME, &os_cacert, "certificates of the authorities to trust", "FILE"},
      {"insecure", 0, 0, G_OPTION_ARG_NONE, &insecure, "do not verify certificates", NULL},
      {"project", 0, 0, G_OPTION_ARG_NONE, &project, "only the servers of the project signed in to", NULL},
      {"timeout", 0, 0, G_OPTION_ARG_DOUBLE, &timeout, "seconds that a service has for an answer (120)", "S"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {"html", 0, 0, G_OPTION_ARG_FILENAME, &html,
       "doctor: also write the report as a page into FILE; '-': the page instead of the report", "FILE"},
      {"all", 0, 0, G_OPTION_ARG_NONE, &all, "plan: for all flavors", NULL},
      {"host", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &hosts,
       "plan: what tells of compute hosts: URIs of libvirt, captures, nova.conf files", "FILE|URI"},
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output_file, "plan: also write it, as JSON, into FILE", "FILE"},
      {"ticket", 0, 0, G_OPTION_ARG_NONE, &ticket, "plan: print a change ticket as plain text", NULL},
      {"name", 0, 0, G_OPTION_ARG_STRING, &pattern,
       "plan: names of new flavors; {flavor} is the old one's ({flavor}.topology)", "PATTERN"},
      {"wave", 0, 0, G_OPTION_ARG_INT, &wave, "plan: servers of a wave, each on another host (5)", "N"},
      {"nova-release", 0, 0, G_OPTION_ARG_STRING, &release_word, "plan: whose rules to fit by (master)", "master|zed"},
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

static gboolean read_release(KtNovaRelease *release, GError **error)
{
  *release = g_strcmp0(release_word, "zed") == 0 ? KT_NOVA_ZED : KT_NOVA_MASTER;
  if (!release_word || *release == KT_NOVA_ZED || g_str_equal(release_word, "master"))
    return TRUE;
  usage(error, "--nova-release is 'master' or 'zed'");
  return FALSE;
}

static int run_plan(int argc, char **argv, KtCloudRequest *request, const KtCloudOutput *output, GError **error)
{
  KtCloudPlanRequest wish = {
      .options = {.pattern = pattern, .wave = (guint)wave}, .file = output_file, .ticket = ticket};
  if ((argc == 1) == all)
    return usage(error, "'cloud plan' needs one flavor, one server or --all");
  if (html || (json && ticket) || (g_strcmp0(output_file, "-") == 0 && (json || ticket)))
    return usage(error, "'cloud plan' prints a report, --json or --ticket: one of them, and no --html");
  if (wave < 1 || wave > 1000)
    return usage(error, "--wave is a number of servers from 1 to 1000");
  if (!read_release(&wish.options.release, error))
    return -1;
  wish.options.target = all ? NULL : argv[0];
  request->evidence = (const char *const *)hosts;
  return kt_cloud_run_plan(request, &wish, output, error);
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
  if (argc && g_str_equal(argv[0], "plan"))
    return run_plan(argc - 1, argv + 1, &request, &output, error);
  if (all || hosts || output_file || ticket || pattern || wave != KT_CLOUD_WAVE || release_word)
    return usage(error, "--all, --host, --output, --ticket, --name, --wave and --nova-release are for 'cloud plan'");
  if (argc && g_str_equal(argv[0], "doctor")) {
    request.evidence = (const char *const *)argv + 1;
    return kt_cloud_run_doctor(&request, &output, error);
  }
  return usage(error, "'cloud' needs 'doctor' or 'plan'");
}

const KtCommand kt_command_cloud = {
    .name = "cloud",
    .arguments = "doctor [FILE|URI]...|plan FLAVOR|SERVER",
    .summary = "find the flavors and images of an OpenStack cloud that make bad guests",
    .description =
        "Signs in as every OpenStack client does (clouds.yaml, OS_* variables) and changes nothing. 'cloud doctor' "
        "reads all servers with their own copies of their flavors, the images and the hosts, and ranks the flavors "
        "and images by the guests that they make. What Nova's API does not tell (the sockets, caches and cells that a "
        "guest really got, the nodes of the hosts, cpu_mode) comes from what is given as arguments: URIs of the "
        "hosts' libvirt, captures, nova.conf files; it is unknown otherwise. A member of a project sees its own "
        "servers, and the report says what only an administrator sees. 'cloud plan' makes, for a flavor, a server or "
        "--all, "
        "the flavors that cure it: keys, on which hosts they fit, in which order servers go to them (one first, then "
        "waves), downtime, licences, and the openstack commands for those who want to type them.",
    .options = options,
    .run = run,
};
