/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "cmd/plan_parts.h"
#include "plan/fresh.h"
#include "view/fresh_view.h"
#include "view/plan_view.h"

static char *batch, *host, *conf, *output, *policy, *reserve, *html, *colour, *fresh;
static gboolean explain, movable, keep_migratable, json, ticket;
static GPtrArray *migration_hosts; /* char* */

/* --keep-migratable, or once more for each host behind it. */
static gboolean add_host(const char *name, const char *value, gpointer data, GError **error)
{
  keep_migratable = TRUE;
  if (!migration_hosts)
    migration_hosts = g_ptr_array_new_with_free_func(g_free);
  if (value)
    g_ptr_array_add(migration_hosts, g_strdup(value));
  return TRUE;
}

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"host", 0, 0, G_OPTION_ARG_FILENAME, &host, "plan for this host: a capture, folder, archive or a libvirt's URI",
       "FILE"},
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "also write the plan, as JSON, into FILE", "FILE"},
      {"policy", 0, 0, G_OPTION_ARG_STRING, &policy,
       "each vCPU on a CPU of its own, or all on those of their node; auto: as each guest has it now",
       "auto|dedicated|shared"},
      {"movable", 0, 0, G_OPTION_ARG_NONE, &movable, "only what can be changed while guests run", NULL},
      {"keep-migratable", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, (gpointer)add_host,
       "no CPU of this host alone; with hosts (captures, URIs, 'virsh domcapabilities'): one that all of them have",
       "HOST..."},
      {"reserve", 0, 0, G_OPTION_ARG_STRING, &reserve, "CPUs that the host keeps for itself, as in 0-1,16", "CPUS"},
      {"conf", 0, 0, G_OPTION_ARG_FILENAME, &conf,
       "nova.conf of the host: guests keep off what it gives to Nova's own; this machine's is found", "FILE"},
      {"new", 0, 0, G_OPTION_ARG_STRING, &fresh,
       "place a guest that does not exist yet beside the others, and print what makes it: "
       "vcpus=32,memory=64G[,name=NAME][,os=linux|windows][,policy=shared|dedicated][,hugepages=1G|2M]",
       "SIZES"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print the plan as JSON", NULL},
      {"html", 0, 0, G_OPTION_ARG_FILENAME, &html,
       "also write the plan as a page into FILE; '-': the page instead of the report", "FILE"},
      {"ticket", 0, 0, G_OPTION_ARG_NONE, &ticket, "print a change ticket as plain text", NULL},
      {"explain", 0, 0, G_OPTION_ARG_NONE, &explain, "say what costs what and how far it is from the least possible",
       NULL},
      {"batch", 0, 0, G_OPTION_ARG_FILENAME, &batch, "answer placement problems, one JSON object a line; -: stdin",
       "FILE"},
      {"color", 0, 0, G_OPTION_ARG_STRING, &colour, "colours in the report", "auto|always|never"},
      {0},
  };
  return entries;
}

static gboolean read_policy(KtPlanPolicy *to, GError **error)
{
  *to = KT_PLAN_AUTO;
  for (guint i = 0; policy && kt_plan_policies[i]; i++)
    if (g_str_equal(policy, kt_plan_policies[i])) {
      *to = i;
      return TRUE;
    }
  if (policy)
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--policy is 'auto', 'dedicated' or 'shared'");
  return !policy;
}

/* Options that cannot be meant together. */
static gboolean check_options(int argc, GError **error)
{
  if (batch &&
      (argc || host || output || policy || movable || keep_migratable || reserve || conf || json || html || ticket))
    return kt_input_refuse(error, "'plan --batch' takes one FILE, and --explain");
  if (fresh && (argc || batch || output || policy || movable || keep_migratable || json || html || ticket || explain))
    return kt_input_refuse(error, "--new goes with --host, --reserve and --conf only");
  if (movable && keep_migratable)
    return kt_input_refuse(error,
                           "--movable and --keep-migratable at once: a CPU model cannot be changed while a guest runs");
  if (json && ticket)
    return kt_input_refuse(error, "--json and --ticket at once; give one of them");
  if (g_strcmp0(html, "-") == 0 && (ticket || g_strcmp0(output, "-") == 0))
    return kt_input_refuse(error, "'--html -' and other output at once; give the page a file");
  if (g_strcmp0(output, "-") == 0 && (json || ticket))
    return kt_input_refuse(error, "'-o -' and other output at once; give the plan a file");
  return TRUE;
}

static char *make_text(const KtPlanReport *report, const char *document, KtColour when)
{
  const KtTerm term = kt_term_of_stdout(when);
  if (json)
    return g_strdup(document);
  return ticket ? kt_view_plan_ticket(report) : kt_view_plan_text(&term, report);
}

static int answer(const KtPlanRequest *request, KtColour when, GError **error)
{
  g_auto(KtPlanResult) result = {0};
  if (!kt_plan_make(request, &result, error))
    return -1;
  const KtPlanReport report = {.plan = result.plan,
                               .snapshot = result.snapshot,
                               .diffs = result.diffs,
                               .explain = result.explain,
                               .file = output};
  if (output && !kt_output_file(output, result.document, error))
    return -1;
  g_autofree char *text = make_text(&report, result.document, when), *page = html ? kt_view_plan_html(&report) : NULL;
  if (g_strcmp0(output, "-") != 0 ? !kt_output_report(text, html, page, error)
                                  : html && !kt_output_file(html, page, error))
    return -1;
  return result.plan->changes->len ? KT_EXIT_FINDINGS : KT_EXIT_HEALTHY;
}

static int answer_new(const KtPlanRequest *request, KtColour when, GError **error)
{
  g_auto(KtFreshWish) wish = {0};
  if (!kt_fresh_wish_parse(fresh, &wish, error))
    return -1;
  gboolean persistent;
  g_autoptr(KtSnapshot) snapshot = kt_plan_gather(request->host, TRUE, &persistent, error);
  g_autoptr(KtSet) reserved = NULL;
  if (!snapshot || (reserve && !(reserved = kt_plan_read_reserved(reserve, snapshot, error))))
    return -1;
  g_auto(KtPlanNova) nova = {0};
  if (!kt_plan_read_nova(snapshot, conf, &wish, &nova, error))
    return -1;
  const KtPlanOptions own = {.reserved = reserved, .closed = nova.closed, .set_aside = nova.set_aside};
  g_autoptr(KtFreshPlan) plan = kt_fresh_plan(snapshot, &wish, &own, error);
  if (!plan)
    return -1;
  if (nova.note)
    g_ptr_array_add(plan->advice, g_strdup(nova.note));
  const KtTerm term = kt_term_of_stdout(when);
  g_autofree char *text = kt_view_fresh_text(&term, plan, &wish);
  return kt_output(text, error) ? KT_EXIT_HEALTHY : -1;
}

static int run(int argc, char **argv, GError **error)
{
  KtPlanRequest request = {.host = host, .reserve = reserve, .conf = conf, .explain = explain};
  KtColour when;
  if (!check_options(argc, error) || !kt_input_colour(colour, &when, error) || !kt_input_page(html, json, error) ||
      !read_policy(&request.options.policy, error))
    return -1;
  if (batch)
    return kt_plan_answer_batch(batch, explain, error);
  if (fresh)
    return answer_new(&request, when, error);
  request.options.movable = movable;
  request.options.keep_migratable = keep_migratable;
  request.options.only = argc ? (const char *const *)argv : NULL;
  if (migration_hosts) {
    g_ptr_array_add(migration_hosts, NULL);
    request.migrate = (const char *const *)migration_hosts->pdata;
  }
  return answer(&request, when, error);
}

const KtCommand kt_command_plan = {
    .name = "plan",
    .arguments = "[DOMAIN]...",
    .summary = "work out where guests belong and what to change",
    .description =
        "For the guests of this host, or of the evidence of another one (--host): their CPU model, topology, caches "
        "and memory nodes, and where their CPUs and memory belong on the host. Each change has its reasons, what was "
        "there before, what it should do, its risk and how to take it back. Nothing is changed. The exit status is 1 "
        "if there is something to change. --new places a guest that does not exist yet and prints its libvirt XML and "
        "the commands of virt-install, OpenStack and Proxmox VE that make the same. --batch FILE reads placement "
        "problems (a host and its guests, one JSON "
        "object a line) and answers each with a node, CPUs and memory for every cell, its cost, and a cost that no "
        "placement can be below; a line that cannot be read is reported, the others are answered, and the exit status "
        "is 2.",
    .options = options,
    .run = run,
};
