/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "evidence/evidence.h"
#include "view/view.h"

static gboolean json, deep;
static char *root, *connect_uri, *domain, *interval, *colour;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"root", 0, 0, G_OPTION_ARG_FILENAME, &root, "diagnose a copied root: a directory with sys/ and proc/ in it",
       "DIR"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {"connect", 0, 0, G_OPTION_ARG_STRING, &connect_uri, "the libvirt to ask, read-only", "URI"},
      {"domain", 0, 0, G_OPTION_ARG_STRING, &domain, "look at this domain only, by name or UUID", "NAME"},
      {"interval", 0, 0, G_OPTION_ARG_STRING, &interval, "seconds to sample this machine, 0 for one look (1)", "S"},
      {"deep", 0, 0, G_OPTION_ARG_NONE, &deep, "also take looks that cost a large guest time (full numa_maps)", NULL},
      {"color", 0, 0, G_OPTION_ARG_STRING, &colour, "colours in the report", "auto|always|never"},
      {0},
  };
  return entries;
}

static gboolean is_domain(const KtDomain *d, const char *name)
{
  return g_strcmp0(d->name, name) == 0 || (d->uuid && g_ascii_strcasecmp(d->uuid, name) == 0);
}

/* Of the evidence's domains only the one that is asked for. */
static gboolean keep_domain(KtSnapshot *snapshot, const char *name, GError **error)
{
  for (guint i = snapshot->domains->len; i-- > 0;)
    if (!is_domain(snapshot->domains->pdata[i], name))
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
  if (root)
    return kt_evidence_read_root(root, error);
  if (argc)
    return kt_evidence_read((const char *const *)argv, error);
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

static int run(int argc, char **argv, GError **error)
{
  KtColour when;
  if (!kt_input_colour(colour, &when, error))
    return -1;
  g_autoptr(KtSnapshot) snapshot = gather(argc, argv, error);
  if (!snapshot || (domain && !keep_domain(snapshot, domain, error)))
    return -1;
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(snapshot, NULL);
  if (!diagnoses->len) {
    set_nothing(snapshot, error);
    return -1;
  }
  const KtTerm term = kt_term_of_stdout(when);
  g_autofree char *text = json ? kt_view_doctor_json(diagnoses) : kt_view_doctor_text(&term, snapshot, diagnoses);
  if (!kt_output(text, error))
    return -1;
  return kt_diagnoses_worst(diagnoses) >= 2 ? KT_EXIT_FINDINGS : KT_EXIT_HEALTHY;
}

const KtCommand kt_command_doctor = {
    .name = "doctor",
    .arguments = "[FILE|DIR|TAR|-]...",
    .summary = "find out why a guest is slow",
    .description = "Without arguments it looks at this machine, host or guest, and at the domains that run on it. With "
                   "arguments it diagnoses evidence: saved or pasted output of commands, domain definitions, copied "
                   "/proc and /sys files, in files, directories or archives; the kind of each is found from its "
                   "content. '-' reads a paste from standard input. Nothing is changed.",
    .options = options,
    .run = run,
};
