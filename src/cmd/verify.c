/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/shell.h"
#include "base/units.h"
#include "cmd/cloud.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "cmd/verify_parts.h"
#include "evidence/libvirt_hosts.h"
#include "evidence/measurement_json.h"
#include "view/verify_view.h"

#define EXIT_CANNOT_TELL 3
#define SECONDS 60       /* measured if nothing else is asked for */
#define SECONDS_LEAST 30 /* as long as the measurement before, within these */
#define SECONDS_MOST 600
#define SECONDS_LONGEST (31 * 86400.0)

static gboolean json, same_load, inside, deep, auto_rollback;
static KtCloudWish sign_in;
static char *record, *duration, *interval, *watch, *domain, *connect_uri, *state, *html, *colour;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"record", 0, 0, G_OPTION_ARG_FILENAME, &record, "measure this machine and its domains into FILE", "FILE"},
      {"duration", 0, 0, G_OPTION_ARG_STRING, &duration,
       "how long to measure: 30s, 10m, 24h (as long as before; to record: 60s)", "D"},
      {"interval", 0, 0, G_OPTION_ARG_STRING, &interval, "time between two values (2s; longer for very long D)", "D"},
      {"watch", 0, 0, G_OPTION_ARG_STRING, &watch,
       "measure for this long and print a line every hour (of less than 6h: six times); Ctrl-C ends it with what there "
       "is",
       "D"},
      {"domain", 0, 0, G_OPTION_ARG_STRING, &domain, "measure this domain only, by name or UUID", "NAME"},
      {"inside", 0, 0, G_OPTION_ARG_NONE, &inside,
       "also ask each guest's agent for its own interrupts, of a cloud for what it sees (libvirt is opened for "
       "writing)",
       NULL},
      {"same-load", 0, 0, G_OPTION_ARG_NONE, &same_load,
       "the load was the same, where no counter tells how much work was done", NULL},
      {"auto-rollback", 0, 0, G_OPTION_ARG_NONE, &auto_rollback, "if it is worse, take the receipt's changes back",
       NULL},
      {"deep", 0, 0, G_OPTION_ARG_NONE, &deep, "also look where the memory of very large guests lies", NULL},
      {"connect", 0, 0, G_OPTION_ARG_STRING, &connect_uri, "this machine's libvirt", "URI"},
      {"state", 0, 0, G_OPTION_ARG_FILENAME, &state, "folder of the journal (default /var/lib/kvmtune for root)",
       "DIR"},
      KT_CLOUD_SIGN_IN_OPTIONS(sign_in),
      {"html", 0, 0, G_OPTION_ARG_FILENAME, &html,
       "also write the verdict as a page into FILE; '-': the page instead of the verdict", "FILE"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {"color", 0, 0, G_OPTION_ARG_STRING, &colour, "colours in the verdict", "auto|always|never"},
      {0},
  };
  return entries;
}

/* ---- what is asked for ---- */

static gboolean read_time(const char *option, const char *text, double *seconds, GError **error)
{
  if (!text || (kt_units_parse_seconds(text, seconds) && *seconds >= 0.1 && *seconds <= SECONDS_LONGEST))
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--%s is a length of time from 0.1s to 31d, as in 30s, 10m, 24h",
              option);
  return FALSE;
}

/* duration_s stays 0 where it follows from the measurement before. */
static gboolean read_times(KtMeasureOptions *measure, GError **error)
{
  if (!read_time("duration", duration, &measure->duration_s, error) ||
      !read_time("watch", watch, &measure->duration_s, error) ||
      !read_time("interval", interval, &measure->interval_s, error))
    return FALSE;
  if (measure->duration_s > 0 && measure->interval_s > measure->duration_s)
    return kt_input_refuse(error, "--interval is longer than the time to measure");
  return TRUE;
}

/* RECEIPT URI...: the libvirt of the cloud's hosts. */
static gboolean has_hosts(int argc, char **argv)
{
  gboolean uris = argc > 1;
  for (int i = 1; i < argc; i++)
    uris &= kt_libvirt_is_uri(argv[i]);
  return uris;
}

static gboolean check_options(int argc, char **argv, GError **error)
{
  gboolean hosts = has_hosts(argc, argv);
  if (record && argc)
    return kt_input_refuse(error, "--record measures this machine, and takes no arguments");
  if (!record && argc != 1 && argc != 2 && !hosts)
    return kt_input_refuse(error, "'verify' needs a receipt ('last' or its number; behind one of a cloud the libvirt "
                                  "of its hosts), or two measurements: BEFORE AFTER");
  if (argc == 2 && !hosts &&
      (duration || interval || watch || domain || inside || deep || connect_uri || auto_rollback))
    return kt_input_refuse(
        error, "BEFORE AFTER are measured already: without --duration, --interval, --watch, --domain, --inside, "
               "--deep, --connect and --auto-rollback");
  if (watch && duration)
    return kt_input_refuse(error, "--watch and --duration at once; give one of them");
  if (record && (watch || same_load || auto_rollback || html || json || deep))
    return kt_input_refuse(error,
                           "--record judges nothing: without --watch, --same-load, --auto-rollback, --deep, --html and "
                           "--json");
  return TRUE;
}

/* ---- what is answered ---- */

/* Missed or worse: 1; nothing of that, and told: 0; else 3. */
static int status_of(const KtVerifyReport *report, gboolean load)
{
  gboolean missed = FALSE, unknown = FALSE;
  for (guint i = 0; report->expectations && i < report->expectations->len; i++) {
    KtExpectState found = ((const KtExpectation *)report->expectations->pdata[i])->state;
    missed |= found == KT_EXPECT_MISSED;
    unknown |= found == KT_EXPECT_UNKNOWN;
  }
  KtVerdictKind kind = report->judgement ? report->judgement->kind : KT_VERDICT_CANNOT_TELL;
  if (missed || kind == KT_VERDICT_WORSE)
    return KT_EXIT_FINDINGS;
  return (load ? kind == KT_VERDICT_CANNOT_TELL : unknown) ? EXIT_CANNOT_TELL : KT_EXIT_HEALTHY;
}

/* `load`: the answer depends on it; else on the expectations alone. */
static int answer(const KtVerifyReport *report, gboolean load, KtColour when, GError **error)
{
  const KtTerm term = kt_term_of_stdout(when);
  g_autofree char *text = json ? kt_view_verify_json(report) : kt_view_verify_text(&term, report);
  g_autofree char *page = html ? kt_view_verify_html(report) : NULL;
  return kt_output_report(text, html, page, error) ? status_of(report, load) : -1;
}

static int answer_files(char **paths, KtColour when, GError **error)
{
  g_autoptr(KtMeasurement) before = kt_verify_read_side(paths[0], error);
  g_autoptr(KtMeasurement) after = before ? kt_verify_read_side(paths[1], error) : NULL;
  if (!after)
    return -1;
  g_autoptr(KtJudgement) judgement = kt_judgement_new(before, after, same_load);
  const KtVerifyReport report = {
      .judgement = judgement, .before = before, .after = after, .before_name = paths[0], .after_name = paths[1]};
  return answer(&report, TRUE, when, error);
}

/* ---- receipts ---- */

/* As long as the measurement before, within reason. */
static double length_like(const KtMeasurement *before)
{
  guint values = 0;
  for (guint i = 0; i < before->series->len; i++)
    values = MAX(values, ((const KtSeries *)before->series->pdata[i])->values->len);
  return CLAMP(values * before->interval_s, SECONDS_LEAST, SECONDS_MOST);
}

/* `kvmtune rollback N --yes`; what it says goes to standard error where standard output is for scripts. */
static int run_rollback(const KtVerifyReceipt *receipt, GError **error)
{
  g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, receipt->number);
  char *argv[16] = {"rollback", number, "--yes", "--state", receipt->directory};
  int argc = 5;
  const char *const how[][2] = {
      {"--os-cloud", sign_in.cloud}, {"--os-region-name", sign_in.region}, {"--os-cacert", sign_in.ca_file}};
  for (guint i = 0; i < G_N_ELEMENTS(how); i++)
    if (how[i][1]) {
      argv[argc++] = (char *)how[i][0];
      argv[argc++] = (char *)how[i][1];
    }
  if (sign_in.insecure)
    argv[argc++] = "--insecure";
  gboolean apart = json || g_strcmp0(html, "-") == 0;
  fflush(stdout);
  int own = apart ? dup(STDOUT_FILENO) : -1;
  if (own >= 0)
    dup2(STDERR_FILENO, STDOUT_FILENO);
  int status = kt_command_run(&kt_command_rollback, argc, argv, error);
  fflush(stdout);
  if (own >= 0) {
    dup2(own, STDOUT_FILENO);
    close(own);
  }
  return status;
}

/* What came of it, in words. */
static char *roll_back(const KtVerifyReceipt *receipt)
{
  g_autoptr(GError) failed = NULL;
  if (run_rollback(receipt, &failed) == KT_EXIT_HEALTHY)
    return g_strdup_printf(_("%s was rolled back."), receipt->name);
  return g_strdup_printf(_("%s could not be rolled back as a whole: %s"), receipt->name,
                         failed ? failed->message : _("see 'kvmtune history'"));
}

static void note(const KtVerifyReceipt *receipt, const KtJudgement *judgement)
{
  g_autoptr(GError) failed = NULL;
  if (judgement && !kt_verify_note(receipt, judgement->kind, &failed))
    fprintf(stderr, "kvmtune: the verdict is not noted: %s\n", failed->message);
}

/* The one domain that was measured before, by --domain or because no other ran; NULL: several, or none. */
static const char *only_domain(const KtMeasurement *before)
{
  const char *only = NULL;
  for (guint i = 0; i < before->series->len; i++) {
    const KtSeries *series = before->series->pdata[i];
    const char *key = series->uuid ? series->uuid : series->domain;
    if (only && key && !g_str_equal(only, key))
      return NULL;
    only = only ? only : key;
  }
  return only;
}

/* What was measured before; where that does not run any more, what does. */
static KtMeasurement *measure_again(const KtVerifyReceipt *receipt, KtMeasureOptions *measure,
                                    const KtVerifyWatch *lines, GError **error)
{
  g_autoptr(GError) failed = NULL;
  gboolean asked = measure->domain != NULL;
  if (!asked)
    measure->domain = only_domain(receipt->before);
  KtMeasurement *after = kt_verify_measure(measure, lines, &failed);
  if (after)
    return after;
  if (asked || !measure->domain || !g_error_matches(failed, KT_ERROR, KT_ERROR_NOT_FOUND)) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return NULL;
  }
  measure->domain = NULL;
  return kt_verify_measure(measure, lines, error);
}

/* A host's libvirt, or a cloud's and those of its hosts. */
static GPtrArray *look_anew(const KtVerifyReceipt *receipt, const char *const *hosts, GError **error)
{
  const KtVerifyCloud cloud = {.sign_in = sign_in, .uris = hosts, .inside = inside};
  if (receipt->cloud ? !(connect_uri || domain || deep) : !*hosts)
    return receipt->cloud ? kt_verify_expect_cloud(receipt, &cloud, error)
                          : kt_verify_expect(receipt, connect_uri, deep, error);
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE,
              receipt->cloud ? "%s is of a cloud: the libvirt of its hosts stands behind it, without --connect, "
                               "--domain and --deep"
                             : "%s is none of a cloud: --connect names its libvirt",
              receipt->name);
  return NULL;
}

/* A cloud is judged also where its guest's load cannot be measured. */
static char *say_unmeasured(const GError *failed)
{
  return g_error_matches(failed, KT_ERROR, KT_ERROR_NOT_FOUND)
             ? g_strdup(_("The server's guest runs neither on a host that was given nor on this machine: its load "
                          "cannot be measured."))
             : g_strdup_printf(_("The load cannot be measured: %s."), failed->message);
}

/* *after stays NULL where nothing was measured before, or *why (caller frees) says why it cannot be measured. */
static gboolean measure_load(const KtVerifyReceipt *receipt, const char *const *hosts, KtMeasureOptions *measure,
                             KtMeasurement **after, char **why, GError **error)
{
  const KtVerifyWatch hourly = {.before = receipt->before, .same_load = same_load, .quiet = json || html};
  g_autoptr(GError) failed = NULL;
  *why = receipt->before ? NULL : g_strdup(_("Nothing was measured before the changes."));
  if (!receipt->before)
    return TRUE;
  if (!(measure->duration_s > 0))
    measure->duration_s = length_like(receipt->before);
  if (receipt->cloud)
    kt_verify_measure_server(receipt, hosts, measure);
  else
    measure->connect_uri = connect_uri ? connect_uri : receipt->uri;
  *after = measure_again(receipt, measure, watch ? &hourly : NULL, &failed);
  if (*after)
    return TRUE;
  if (receipt->cloud)
    *why = say_unmeasured(failed);
  else
    g_propagate_error(error, g_steal_pointer(&failed));
  return receipt->cloud != NULL;
}

static int answer_receipt(char **arguments, KtMeasureOptions *measure, KtColour when, GError **error)
{
  g_auto(KtVerifyReceipt) receipt = {0};
  g_autofree char *uncompared = NULL;
  if (!kt_verify_read_receipt(arguments[0], state, &receipt, error))
    return -1;
  const char *const *hosts = (const char *const *)arguments + 1;
  g_autoptr(GPtrArray) expectations = look_anew(&receipt, hosts, error);
  g_autoptr(KtMeasurement) after = NULL;
  if (!expectations || !measure_load(&receipt, hosts, measure, &after, &uncompared, error))
    return -1;
  g_autoptr(KtJudgement) judgement = after ? kt_judgement_new(receipt.before, after, same_load) : NULL;
  note(&receipt, judgement);
  g_autofree char *where = state ? kt_shell_word(state) : NULL;
  g_autofree char *rollback = g_strdup_printf("kvmtune rollback %" G_GINT64_FORMAT "%s%s", receipt.number,
                                              where ? " --state " : "", where ? where : "");
  gboolean worse = judgement && judgement->kind == KT_VERDICT_WORSE;
  g_autofree char *undone = worse && auto_rollback ? roll_back(&receipt) : NULL;
  const KtVerifyReport report = {.judgement = judgement,
                                 .uncompared = uncompared,
                                 .expectations = expectations,
                                 .before = receipt.before,
                                 .after = after,
                                 .before_name = receipt.name,
                                 .after_name = _("now"),
                                 .rollback = rollback,
                                 .undone = undone};
  return answer(&report, judgement || !receipt.cloud, when, error);
}

/* ---- recording ---- */

static int answer_record(KtMeasureOptions *measure, GError **error)
{
  if (!(measure->duration_s > 0))
    measure->duration_s = SECONDS;
  measure->connect_uri = connect_uri;
  g_autoptr(KtMeasurement) m = kt_verify_measure(measure, NULL, error);
  if (!m)
    return -1;
  g_autofree char *text = kt_measurement_to_json(m);
  if (!kt_output_file(record, text, error))
    return -1;
  if (g_str_equal(record, "-"))
    return KT_EXIT_HEALTHY;
  g_autoptr(GHashTable) domains = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < m->series->len; i++) {
    const KtSeries *series = m->series->pdata[i];
    if (series->domain)
      g_hash_table_add(domains, series->domain);
  }
  guint n = g_hash_table_size(domains);
  g_autofree char *said = g_strdup_printf(
      kt_trn("%s: %u series of this machine and %u domain\n", "%s: %u series of this machine and %u domains\n", n),
      record, m->series->len, n);
  return kt_output(said, error) ? KT_EXIT_HEALTHY : -1;
}

static int run(int argc, char **argv, GError **error)
{
  KtMeasureOptions measure = {.domain = domain, .inside = inside};
  KtColour when;
  if (!check_options(argc, argv, error) || !read_times(&measure, error) || !kt_input_colour(colour, &when, error) ||
      !kt_input_page(html, json, error))
    return -1;
  if (record)
    return answer_record(&measure, error);
  return argc == 1 || has_hosts(argc, argv) ? answer_receipt(argv, &measure, when, error)
                                            : answer_files(argv, when, error);
}

const KtCommand kt_command_verify = {
    .name = "verify",
    .arguments = "RECEIPT|last [URI]...|BEFORE AFTER",
    .summary = "judge whether a change has helped",
    .description =
        "With a receipt of 'kvmtune apply': looks at this machine anew, judges each expectation of the plan, measures "
        "the load and compares it with what was measured before the changes. With one of 'kvmtune cloud apply': asks "
        "the "
        "cloud for the server's status, flavor and keys, and the libvirt of its hosts (URIs behind the receipt) for "
        "what its guest has got. With two files: compares two measurements "
        "of 'verify --record', or two captures or texts of sar, mpstat or vmstat (#N or #NAME behind a file names one "
        "of "
        "several machines); these count no work, and are compared as if the load were the same. Differences have "
        "intervals of confidence; with another load what grows with it is compared per unit of work. Exit status: 0 "
        "better or no effect, and no expectation missed; 1 worse, or an expectation missed; 2 bad usage or unreadable "
        "input; 3 it cannot be told.",
    .options = options,
    .run = run,
};
