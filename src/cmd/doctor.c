/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "cmd/accepted_files.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "evidence/evidence.h"
#include "evidence/past_report.h"
#include "evidence/window.h"
#include "view/summary.h"
#include "view/view.h"

#define NAGIOS_UNKNOWN 3

static gboolean json, deep, nagios;
static char *root, *connect_uri, *domain, *interval, *colour, *since_file, *html, *from, *to;
static double timeout = 30;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"root", 0, 0, G_OPTION_ARG_FILENAME, &root, "diagnose a copied root: a directory with sys/ and proc/ in it",
       "DIR"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {"html", 0, 0, G_OPTION_ARG_FILENAME, &html,
       "also write the report as a page into FILE; '-': the page instead of the report", "FILE"},
      {"connect", 0, 0, G_OPTION_ARG_STRING, &connect_uri, "the libvirt to ask, read-only", "URI"},
      {"domain", 0, 0, G_OPTION_ARG_STRING, &domain, "look at this domain only, by name or UUID", "NAME"},
      {"interval", 0, 0, G_OPTION_ARG_STRING, &interval, "seconds to sample this machine, 0 for one look (1)", "S"},
      {"timeout", 0, 0, G_OPTION_ARG_DOUBLE, &timeout, "seconds that a libvirt given as a URI has to answer (30)", "S"},
      {"deep", 0, 0, G_OPTION_ARG_NONE, &deep, "also take looks that cost a large guest time (full numa_maps)", NULL},
      {"since", 0, 0, G_OPTION_ARG_FILENAME, &since_file,
       "also tell what is new, gone and unchanged since this report of 'doctor --json'", "FILE"},
      {"from", 0, 0, G_OPTION_ARG_STRING, &from,
       "of the evidence's CPU use only what is not before this local time: 2026-11-24T14:00, or 14:00 of any day",
       "TIME"},
      {"to", 0, 0, G_OPTION_ARG_STRING, &to, "and not after this", "TIME"},
      {"nagios", 0, 0, G_OPTION_ARG_NONE, &nagios, "print a monitoring plugin's line, with its exit status", NULL},
      {"color", 0, 0, G_OPTION_ARG_STRING, &colour, "colours in the report", "auto|always|never"},
      {0},
  };
  return entries;
}

/* Of the evidence's domains only the one that is asked for. */
static gboolean keep_domain(KtSnapshot *snapshot, const char *name, GError **error)
{
  for (guint i = snapshot->domains->len; i-- > 0;)
    if (!kt_domain_is_called(snapshot->domains->pdata[i], name))
      g_ptr_array_remove_index(snapshot->domains, i);
  if (snapshot->domains->len)
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no domain '%s' is there", name);
  return FALSE;
}

static gboolean read_interval(double *seconds, GError **error)
{
  char *end = NULL;
  *seconds = interval ? g_ascii_strtod(interval, &end) : 1;
  if (interval && (end == interval || *end || !(*seconds >= 0 && *seconds <= 3600))) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--interval is a number of seconds from 0 to 3600");
    return FALSE;
  }
  return TRUE;
}

static KtSnapshot *gather(int argc, char **argv, GError **error)
{
  double seconds;
  if (!read_interval(&seconds, error))
    return NULL;
  if (root && argc) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--root and files at once; give one of them");
    return NULL;
  }
  if ((root || argc) && (connect_uri || interval || deep)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE,
                "--connect, --interval and --deep are for this machine, not for evidence");
    return NULL;
  }
  if (!(timeout > 0 && timeout <= 3600)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--timeout is a number of seconds above 0, up to 3600");
    return NULL;
  }
  if (root)
    return kt_evidence_read_root(root, error);
  if (argc)
    return kt_evidence_read_mixed((const char *const *)argv, timeout, error);
  const KtLiveInput input = {.interval_s = seconds, .connect_uri = connect_uri, .domain = domain, .deep = deep};
  return kt_input_live(&input, error);
}

/* No subject is no clean bill; the first line that was rejected may tell why. */
static void set_nothing(const KtSnapshot *snapshot, GError **error)
{
  const char *nothing = "the evidence shows no machine, domain or flavor";
  const KtRejected *first = snapshot->rejected->len ? snapshot->rejected->pdata[0] : NULL;
  if (first)
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s; '%s' line %u: %s", nothing, first->source, first->line,
                first->why);
  else
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s", nothing);
}

/* The evidence, within the time that is asked for. */
static KtSnapshot *gather_window(int argc, char **argv, GError **error)
{
  KtWindow window;
  if (!from && !to)
    return gather(argc, argv, error);
  if (!root && !argc) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--from and --to are for evidence, not for this machine");
    return NULL;
  }
  KtSnapshot *snapshot = kt_window_parse(from, to, &window, error) ? gather(argc, argv, error) : NULL;
  if (snapshot)
    kt_window_apply(&window, snapshot);
  return snapshot;
}

/* Gathers and diagnoses; what is accepted is set aside. *snapshot has to outlive the result. */
static GPtrArray *diagnose(int argc, char **argv, KtSnapshot **snapshot, GError **error)
{
  g_autoptr(GPtrArray) accepted = kt_accepted_read_all(error);
  *snapshot = accepted ? gather_window(argc, argv, error) : NULL;
  if (!*snapshot || (domain && !keep_domain(*snapshot, domain, error)))
    return NULL;
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(*snapshot, NULL);
  if (!diagnoses->len) {
    set_nothing(*snapshot, error);
    return NULL;
  }
  kt_accepted_apply(diagnoses, accepted);
  return g_steal_pointer(&diagnoses);
}

static void add_past(const char *subject, const char *id, const char *title, gpointer past)
{
  kt_past_add(past, subject, id, title);
}

static int report(int argc, char **argv, KtColour when, GError **error)
{
  g_autoptr(GPtrArray) past = kt_past_new();
  if (since_file && !kt_past_report_read(since_file, add_past, past, error))
    return -1;
  g_autoptr(KtSnapshot) snapshot = NULL;
  g_autoptr(GPtrArray) diagnoses = diagnose(argc, argv, &snapshot, error);
  if (!diagnoses)
    return -1;
  g_autoptr(KtSince) since = since_file ? kt_since(past, diagnoses) : NULL;
  const KtTerm term = kt_term_of_stdout(when);
  g_autofree char *text =
      json ? kt_view_doctor_json(diagnoses, since) : kt_view_doctor_text(&term, snapshot, diagnoses, since_file, since);
  g_autofree char *page = html ? kt_view_doctor_html(snapshot, diagnoses, since_file, since) : NULL;
  if (!kt_output_report(text, html, page, error))
    return -1;
  if (kt_diagnoses_worst(diagnoses) >= 2)
    return KT_EXIT_FINDINGS;
  return snapshot->unreachable ? KT_EXIT_USAGE : KT_EXIT_HEALTHY; /* what was not looked at is not healthy */
}

/* A plugin says everything in a line on standard output, its failures too. */
static int monitor(int argc, char **argv, GError **error)
{
  g_autoptr(KtSnapshot) snapshot = NULL;
  g_autoptr(GError) failed = NULL;
  g_autoptr(GPtrArray) diagnoses = diagnose(argc, argv, &snapshot, &failed);
  int status = NAGIOS_UNKNOWN;
  g_autofree char *line =
      diagnoses ? kt_view_nagios(diagnoses, &status) : g_strdup_printf("KVMTUNE UNKNOWN - %s\n", failed->message);
  if (diagnoses && status == 0 && snapshot->unreachable) {
    g_free(line);
    line = g_strdup_printf("KVMTUNE UNKNOWN - %u of the hosts cannot be reached\n", snapshot->unreachable);
    status = NAGIOS_UNKNOWN;
  }
  return kt_output(line, error) ? status : -1;
}

static int run(int argc, char **argv, GError **error)
{
  KtColour when;
  if (!kt_input_colour(colour, &when, error) || !kt_input_page(html, json, error))
    return -1;
  if (nagios && (json || html || since_file)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--nagios prints its line alone: without --json, --html and --since");
    return -1;
  }
  return nagios ? monitor(argc, argv, error) : report(argc, argv, when, error);
}

const KtCommand kt_command_doctor = {
    .name = "doctor",
    .arguments = "[FILE|DIR|TAR|URI|-]...",
    .summary = "find out why a guest is slow",
    .description = "Without arguments it looks at this machine, host or guest, and at the domains that run on it. With "
                   "arguments it diagnoses evidence: saved or pasted output of commands, domain definitions, copied "
                   "/proc and /sys files, in files, directories or archives; the kind of each is found from its "
                   "content. '-' reads a paste from standard input. A URI of libvirt (qemu+ssh://HOST/system) is that "
                   "host with its running domains; one that does not answer is left out. Nothing is changed.",
    .options = options,
    .run = run,
};
