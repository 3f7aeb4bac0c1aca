/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cloud.h"

#include "base/error.h"
#include "base/units.h"
#include "cmd/command.h"
#include "cmd/input.h"

#define NO_WAVE G_MININT32
#define APPLY_ONLY                                                                                                     \
  "--server, --yes, --dry-run, --confirm-unverified, --verify, --limit and --state are for 'cloud apply'"

static char *os_cloud, *os_region, *os_cacert, *html, *colour, *output_file, *pattern, *release_word, *server, *state,
    *verify, **hosts;
static gboolean insecure, project, json, all, ticket, yes, dry_run, unverified;
static int wave = NO_WAVE, limit;
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
       "plan: what tells of compute hosts: URIs of libvirt, captures, nova.conf files; apply: URIs alone", "FILE|URI"},
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output_file, "plan: also write it, as JSON, into FILE", "FILE"},
      {"ticket", 0, 0, G_OPTION_ARG_NONE, &ticket, "plan: print a change ticket as plain text", NULL},
      {"name", 0, 0, G_OPTION_ARG_STRING, &pattern,
       "plan: names of new flavors; {flavor} is the old one's ({flavor}.topology)", "PATTERN"},
      {"wave", 0, 0, G_OPTION_ARG_INT, &wave,
       "plan: servers of a wave, each on another host (5); apply: this wave (what comes next)", "N"},
      {"nova-release", 0, 0, G_OPTION_ARG_STRING, &release_word, "plan: whose rules to fit by (master)", "master|zed"},
      {"server", 0, 0, G_OPTION_ARG_STRING, &server, "apply: this server of the plan alone", "ID|NAME"},
      {"yes", 0, 0, G_OPTION_ARG_NONE, &yes, "apply: do not ask", NULL},
      {"dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "apply: print each call that would be made, and make none", NULL},
      {"confirm-unverified", 0, 0, G_OPTION_ARG_NONE, &unverified,
       "apply: confirm also where nothing tells what the guest has got", NULL},
      {"verify", 0, 0, G_OPTION_ARG_STRING, &verify,
       "apply: measure the load for so long before and after each resize, and revert what runs worse; of guests of "
       "the hosts behind the plan, or of this machine",
       "D"},
      {"limit", 0, 0, G_OPTION_ARG_INT, &limit, "apply: for each resize, confirmation and revert (1800)", "SECONDS"},
      {"state", 0, 0, G_OPTION_ARG_FILENAME, &state, "apply: folder of the journal (default /var/lib/kvmtune for root)",
       "DIR"},
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
  KtCloudPlanRequest wish = {.options = {.pattern = pattern, .wave = wave == NO_WAVE ? 0 : (guint)wave},
                             .file = output_file,
                             .ticket = ticket};
  if ((argc == 1) == all)
    return usage(error, "'cloud plan' needs one flavor, one server or --all");
  if (server || yes || dry_run || unverified || limit || state || verify)
    return usage(error, APPLY_ONLY);
  if (html || (json && ticket) || (g_strcmp0(output_file, "-") == 0 && (json || ticket)))
    return usage(error, "'cloud plan' prints a report, --json or --ticket: one of them, and no --html");
  if (wave != NO_WAVE && (wave < 1 || wave > 1000))
    return usage(error, "--wave is a number of servers from 1 to 1000");
  if (!read_release(&wish.options.release, error))
    return -1;
  wish.options.target = all ? NULL : argv[0];
  request->evidence = (const char *const *)hosts;
  return kt_cloud_run_plan(request, &wish, output, error);
}

static int run_apply(int argc, char **argv, KtCloudRequest *request, KtColour when, GError **error)
{
  KtCloudApplyRequest wish = {.plan = argv[0],
                              .server = server,
                              .wave = wave == NO_WAVE ? -1 : wave,
                              .state = state,
                              .limit_s = limit,
                              .yes = yes,
                              .dry_run = dry_run,
                              .unverified = unverified,
                              .colour = when};
  if (!argc)
    return usage(error, "'cloud apply' needs a plan, as 'kvmtune cloud plan -o FILE' writes it");
  if (html || json || project || all || output_file || ticket || pattern || release_word)
    return usage(error, "'cloud apply' takes none of the options of 'cloud doctor' and 'cloud plan' but --host");
  if (server && wave != NO_WAVE)
    return usage(error, "give one of --server and --wave, or none for what comes next");
  if ((wave != NO_WAVE && wave < 0) || limit < 0 || limit > 86400)
    return usage(error, "--wave is a number from 0 on, --limit one of seconds, at most a day");
  if (g_str_equal(argv[0], "-") && !yes && !dry_run)
    return usage(error, "a plan on standard input, and a question: give the plan a file, or --yes");
  if (verify &&
      (!kt_units_parse_seconds(verify, &wish.verify_s) || !(wish.verify_s >= 1 && wish.verify_s <= 31 * 86400)))
    return usage(error, "--verify is a length of time from 1s to 31d, as in 30s, 10m, 24h");
  if (hosts && argc > 1)
    return usage(error, "hosts stand behind --host or behind the plan, not both");
  request->evidence = hosts ? (const char *const *)hosts : (const char *const *)argv + 1;
  return kt_cloud_run_apply(request, &wish, error);
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
  if (argc && g_str_equal(argv[0], "apply"))
    return run_apply(argc - 1, argv + 1, &request, output.colour, error);
  if (all || hosts || output_file || ticket || pattern || wave != NO_WAVE || release_word)
    return usage(error, "--all, --host, --output, --ticket, --name, --wave and --nova-release are for 'cloud plan'");
  if (server || yes || dry_run || unverified || limit || state || verify)
    return usage(error, APPLY_ONLY);
  if (argc && g_str_equal(argv[0], "doctor")) {
    request.evidence = (const char *const *)argv + 1;
    return kt_cloud_run_doctor(&request, &output, error);
  }
  return usage(error, "'cloud' needs 'doctor', 'plan' or 'apply'");
}

const KtCommand kt_command_cloud = {
    .name = "cloud",
    .arguments = "doctor [FILE|URI]...|plan FLAVOR|SERVER|apply PLAN [URI]...",
    .summary = "find the flavors and images of an OpenStack cloud that make bad guests, and cure them",
    .description =
        "Signs in as every OpenStack client does (clouds.yaml, OS_* variables). 'cloud doctor' changes nothing: it "
        "reads all servers with their own copies of their flavors, the images and the hosts, and ranks the flavors "
        "and images by the guests that they make. What Nova's API does not tell (the sockets, caches and cells that a "
        "guest really got, the nodes of the hosts, cpu_mode) comes from what is given as arguments: URIs of the "
        "hosts' libvirt, captures, nova.conf files; it is unknown otherwise. A member of a project sees its own "
        "servers, and the report says what only an administrator sees. 'cloud plan' makes, for a flavor, a server or "
        "--all, "
        "the flavors that cure it: keys, on which hosts they fit, in which order servers go to them (one first, then "
        "waves), downtime, licences, and the openstack commands for those who want to type them. 'cloud apply' carries "
        "such a plan out: what comes next in its order, --server or --wave; it makes the flavor, resizes, looks at the "
        "guest that came of it in the libvirt of its host (its URI is given behind the plan) and, through its agent, "
        "from inside, and confirms, or reverts what is "
        "not as planned. Where nothing tells what the guest has, the server is left for you to confirm or revert. It "
        "has receipts as 'kvmtune apply' has: see history and rollback. Nothing is ever deleted.",
    .options = options,
    .run = run,
};
