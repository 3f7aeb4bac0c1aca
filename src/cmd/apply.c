/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "apply/run.h"
#include "apply/steps.h"
#include "base/error.h"
#include "base/i18n.h"
#include "cmd/apply_parts.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "cmd/plan_parts.h"
#include "config.h"
#include "domxml/domxml.h"
#include "plan/plan_json.h"
#include "view/apply_view.h"

#define RATE_MIB 512
#define MEASURE_S 20

static gboolean live, next_boot, restart, yes, dry_run, diff;
static char *domain, *state, *uri, *conf;
static int rate = RATE_MIB, measure = MEASURE_S, timeout = KT_RESTART_S;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"live", 0, 0, G_OPTION_ARG_NONE, &live, "only what runs; definitions stay", NULL},
      {"next-boot", 0, 0, G_OPTION_ARG_NONE, &next_boot, "only definitions, from the guests' next start on", NULL},
      {"restart", 0, 0, G_OPTION_ARG_NONE, &restart,
       "definitions, and then their guests are asked to shut down and started; never cut off", NULL},
      {"domain", 0, 0, G_OPTION_ARG_STRING, &domain, "only this guest, and nothing of the host", "NAME|UUID"},
      {"yes", 0, 0, G_OPTION_ARG_NONE, &yes, "do not ask", NULL},
      {"diff", 0, 0, G_OPTION_ARG_NONE, &diff, "show what definitions get as a diff of their XML", NULL},
      {"dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "print each call that would be made, and make none", NULL},
      {"rate", 0, 0, G_OPTION_ARG_INT, &rate, "memory moved a second at most; 0: no limit (default 512)", "MIB"},
      {"timeout", 0, 0, G_OPTION_ARG_INT, &timeout, "for a guest to shut down in (default 300)", "SECONDS"},
      {"measure", 0, 0, G_OPTION_ARG_INT, &measure,
       "measure this long before the first step, for 'kvmtune verify'; 0: not (default 20)", "SECONDS"},
      {"state", 0, 0, G_OPTION_ARG_FILENAME, &state, "folder of the journal (default /var/lib/kvmtune for root)",
       "DIR"},
      {"conf", 0, 0, G_OPTION_ARG_FILENAME, &conf, "the host's nova.conf (default: where Nova keeps it)", "FILE"},
      {"connect", 0, 0, G_OPTION_ARG_STRING, &uri, "libvirt of this machine (default qemu:///system)", "URI"},
      {0},
  };
  return entries;
}

static gboolean check_options(int argc, char **argv, GError **error)
{
  if (argc != 1)
    return kt_input_refuse(error,
                           "apply takes one plan, as 'kvmtune plan -o FILE' writes it; see 'kvmtune help apply'");
  if (live + next_boot + restart > 1)
    return kt_input_refuse(error,
                           "give one of --live, --next-boot and --restart, or none for running guests and definitions");
  if (rate < 0 || measure < 0 || measure > 86400 || timeout < 1 || timeout > 86400)
    return kt_input_refuse(error, "--rate, --measure and --timeout: a number of MiB or seconds, at most a day");
  if (g_str_equal(argv[0], "-") && !yes && !dry_run)
    return kt_input_refuse(error, "a plan on standard input, and a question: give the plan a file, or --yes");
  return TRUE;
}

static KtScope scope_of(void)
{
  return live ? KT_SCOPE_LIVE : next_boot ? KT_SCOPE_NEXT_BOOT : restart ? KT_SCOPE_RESTART : KT_SCOPE_ALL;
}

static KtPlan *read_plan(const char *path, GError **error)
{
  gsize length;
  g_autofree char *text = kt_input_file(path, KT_PLAN_LIMIT, &length, error);
  return text ? kt_plan_from_json(path, text, length, error) : NULL;
}

/* The steps on the system as it is, and all that the journal will say of them. */
static KtReceipt *make_receipt(const KtPlan *plan, KtActuator *actuator, GError **error)
{
  g_autoptr(KtReceipt) receipt = kt_receipt_new();
  receipt->host = g_strdup(kt_apply_host()->name);
  receipt->machine = g_strdup(kt_apply_host()->machine);
  receipt->tool = g_strdup(KT_VERSION);
  receipt->uri = g_strdup(uri);
  receipt->scope = kt_scope_format(scope_of(), domain);
  receipt->plan = kt_plan_to_json(plan);
  return kt_steps_make(plan, scope_of(), domain, actuator, receipt, error) ? g_steal_pointer(&receipt) : NULL;
}

/* Passwords of displays are all the secrets that libvirt writes into a definition. */
static char *without_secrets(const char *xml)
{
  g_autoptr(GRegex) secret = g_regex_new("passwd=('[^']*'|\"[^\"]*\")", 0, 0, NULL);
  return g_regex_replace_literal(secret, xml, -1, 0, "passwd='...'", 0, NULL);
}

/* Of each definition that is changed: KtStep* -> text. */
static GHashTable *make_diffs(const KtReceipt *receipt)
{
  GHashTable *diffs = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  for (guint i = 0; i < receipt->steps->len; i++) {
    KtStep *step = receipt->steps->pdata[i];
    if (step->kind != KT_STEP_DEFINITION)
      continue;
    g_autofree char *old = without_secrets(step->before), *new = without_secrets(step->after);
    g_hash_table_insert(diffs, step, kt_domxml_diff(_("now"), old, _("then"), new));
  }
  return diffs;
}

/* Whoever holds the lock sees no run at work: those were interrupted, and may have left half of something. */
static gboolean tell_interrupted(KtJournal *journal, GError **error)
{
  g_autoptr(GPtrArray) receipts = journal ? kt_journal_list(journal, error) : NULL;
  for (guint i = 0; receipts && i < receipts->len; i++) {
    const KtReceipt *receipt = receipts->pdata[i];
    if (receipt->state != KT_RECEIPT_RUNNING && receipt->state != KT_RECEIPT_UNDOING)
      continue;
    g_autofree char *line = g_strdup_printf(
        _("Receipt %" PRId64 " was interrupted: 'kvmtune rollback %" PRId64 "' takes back what it did.\n\n"),
        receipt->number, receipt->number);
    if (!kt_output(line, error))
      return FALSE;
  }
  return !journal || receipts;
}

/* With the lock held and the journal open, or neither in a dry run. */
static int carry_out(KtPlan *plan, KtActuator *actuator, KtJournal *journal, KtLock *lock, GError **error)
{
  KtApplyShow show = {0};
  KtRun run = {.actuator = actuator, .journal = journal, .lock = lock};
  const KtTerm term = kt_term_of_stdout(KT_COLOUR_AUTO);
  int status;
  g_autoptr(KtReceipt) receipt = make_receipt(plan, actuator, error);
  g_autoptr(GHashTable) diffs = receipt && diff ? make_diffs(receipt) : NULL;
  g_autofree char *steps = receipt ? kt_view_apply_steps(&term, receipt, plan, diffs) : NULL;
  if (!receipt || !tell_interrupted(journal, error) || !kt_output(steps, error))
    return -1;
  if (!receipt->steps->len)
    return KT_EXIT_HEALTHY;
  if (journal && !yes && !kt_apply_agreed(_("Do these steps?"), &status, error))
    return status;
  kt_output("\n", NULL);
  kt_apply_catch_signals(actuator);
  if (journal)
    kt_apply_measure(receipt, &(KtMeasureOptions){
                                  .duration_s = measure, .connect_uri = uri, .domain = domain, .stop = actuator->stop});
  if (g_cancellable_is_cancelled(actuator->stop)) {
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "stopped; nothing was done");
    return -1;
  }
  kt_apply_show(&show, &run, KT_COLOUR_AUTO);
  gboolean done = kt_run_apply(&run, receipt, error);
  g_autofree char *end = receipt->number ? kt_view_apply_end(&term, receipt, state) : NULL;
  kt_output(end ? end : journal ? "" : _("Nothing was done: a dry run.\n"), NULL);
  return done ? KT_EXIT_HEALTHY : -1;
}

static int run(int argc, char **argv, GError **error)
{
  if (!check_options(argc, argv, error))
    return -1;
  g_autoptr(KtPlan) plan = read_plan(argv[0], error);
  g_autofree char *directory = state ? g_strdup(state) : kt_journal_directory();
  if (!plan || !kt_run_check_plan(plan, kt_apply_host(), error))
    return -1;
  g_autoptr(KtActuator) actuator = kt_actuator_new(uri, NULL, error);
  g_autoptr(KtSnapshot) nova = conf && actuator ? kt_plan_nova_conf(conf, error) : NULL;
  if (!actuator || (conf && !nova))
    return -1;
  actuator->nova = nova ? nova->confs->pdata[0] : NULL;
  actuator->dry = dry_run;
  actuator->rate_kib = (guint64)rate * 1024;
  actuator->restart_time = timeout;
  if (dry_run)
    return carry_out(plan, actuator, NULL, NULL, error);
  g_autoptr(KtLock) host = kt_lock_take_host("kvmtune apply", error);
  g_autoptr(KtLock) lock = host ? kt_lock_take(directory, "kvmtune apply", error) : NULL;
  g_autoptr(KtJournal) journal = lock ? kt_journal_open(directory, TRUE, error) : NULL;
  return journal ? carry_out(plan, actuator, journal, lock, error) : -1;
}

const KtCommand kt_command_apply = {
    .name = "apply",
    .arguments = "FILE",
    .summary = "carry out a plan on this host, step by step",
    .description =
        "Makes the changes of a plan that was made on this running host: knobs of the host, pins and memory of running "
        "guests, then persistent definitions; --restart has guests stopped and started. Each value that is changed has "
        "to be what the plan expects, all are looked at before the first is written, and each is read back. "
        "Before anything is done the steps are shown and asked for, and written into a journal with what was "
        "there before, so that 'kvmtune rollback' can take them back after any end; Ctrl-C ends after the batch of "
        "pages or the call that is being made. What Nova, Proxmox or a person has to do is listed and not "
        "done. The exit status is 0 when every step was done, or none was left to be done.",
    .options = options,
    .run = run,
};
