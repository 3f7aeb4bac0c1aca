/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "apply/run.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/units.h"
#include "cmd/apply_parts.h"
#include "cmd/cloud.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "cmd/receipt_number.h"
#include "view/apply_view.h"

#define RATE_MIB 512

static gboolean yes, dry_run, restart;
static char *state;
static KtCloudWish sign_in;
static int rate = RATE_MIB, timeout = KT_RESTART_S;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"yes", 0, 0, G_OPTION_ARG_NONE, &yes, "do not ask", NULL},
      {"dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "print each call that would be made, and make none", NULL},
      {"restart", 0, 0, G_OPTION_ARG_NONE, &restart,
       "guests that the run had restarted are asked to shut down and started once more; never cut off", NULL},
      {"timeout", 0, 0, G_OPTION_ARG_INT, &timeout, "for a guest to shut down in (default 300)", "SECONDS"},
      {"rate", 0, 0, G_OPTION_ARG_INT, &rate, "memory moved a second at most; 0: no limit (default 512)", "MIB"},
      {"state", 0, 0, G_OPTION_ARG_FILENAME, &state, "folder of the journal (default /var/lib/kvmtune for root)",
       "DIR"},
      KT_CLOUD_SIGN_IN_OPTIONS(sign_in),
      {0},
  };
  return entries;
}

static gboolean check_receipt(const KtReceipt *receipt, GError **error)
{
  g_autofree char *what = g_strdup_printf("receipt %" G_GINT64_FORMAT, receipt->number);
  return kt_cloud_is_receipt(receipt) ||
         kt_run_check_host(what, receipt->host, receipt->machine, kt_apply_host(), error);
}

static KtActuator *actuator_of(const KtReceipt *receipt, GError **error)
{
  return kt_cloud_is_receipt(receipt) ? kt_cloud_actuator_of(receipt, &sign_in, NULL, error)
                                      : kt_actuator_new(receipt->uri, NULL, error);
}

/* With the lock held, or in a dry run. */
static int take_back(KtReceipt *receipt, KtJournal *journal, KtLock *lock, GError **error)
{
  KtApplyShow show = {.back = TRUE};
  const KtTerm term = kt_term_of_stdout(KT_COLOUR_AUTO);
  g_autoptr(GError) failed = NULL;
  int status;
  g_autoptr(KtActuator) actuator = actuator_of(receipt, error);
  g_autofree char *steps = kt_view_apply_undo(&term, receipt);
  if (!actuator || !kt_output(steps, error))
    return -1;
  if (receipt->state == KT_RECEIPT_UNDONE)
    return KT_EXIT_HEALTHY;
  if (!dry_run && !yes && !kt_apply_agreed(_("Take these back?"), &status, error))
    return status;
  g_autofree char *newer = dry_run ? kt_journal_newer(journal, receipt, &failed) : NULL;
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return -1;
  }
  if (newer) { /* what a real run says, which asks the journal itself */
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s; nothing was done", newer);
    return -1;
  }
  KtRun run = {.actuator = actuator, .journal = dry_run ? NULL : journal, .lock = lock, .restart = restart};
  actuator->restart_time = timeout;
  actuator->dry = dry_run;
  actuator->rate_kib = (guint64)rate * 1024;
  kt_output("\n", NULL);
  kt_apply_catch_signals(actuator);
  kt_apply_show(&show, &run, KT_COLOUR_AUTO);
  if (!kt_run_rollback(&run, receipt, error))
    return -1;
  g_autofree char *end =
      dry_run ? g_strdup(_("Nothing was done: a dry run.\n")) : kt_view_apply_end(&term, receipt, state);
  if (!kt_output(end, error))
    return -1;
  return receipt->state == KT_RECEIPT_UNDONE || dry_run ? KT_EXIT_HEALTHY : KT_EXIT_FINDINGS;
}

static gboolean check_options(int argc, GError **error)
{
  if (argc > 1)
    return kt_input_refuse(error, "rollback takes one receipt, or none for the last");
  return (rate >= 0 && timeout >= 1 && timeout <= 86400) ||
         kt_input_refuse(error, "--rate and --timeout: a number of MiB (0: no limit) or seconds, at most a day");
}

static int run(int argc, char **argv, GError **error)
{
  gint64 number;
  if (!check_options(argc, error) || !kt_receipt_number(argc ? argv[0] : NULL, &number, error))
    return -1;
  g_autofree char *directory = state ? g_strdup(state) : kt_journal_directory();
  g_autoptr(KtJournal) seen = kt_journal_open(directory, FALSE, error); /* nothing is made where nothing was applied */
  g_autoptr(KtLock) host = seen && !dry_run ? kt_lock_take_host("kvmtune rollback", error) : NULL;
  g_autoptr(KtLock) lock = host ? kt_lock_take(directory, "kvmtune rollback", error) : NULL;
  if (!seen || (!dry_run && !lock))
    return -1;
  g_autoptr(KtJournal) journal = kt_journal_open(directory, !dry_run, error);
  g_autoptr(KtReceipt) receipt = journal ? kt_journal_load(journal, number, error) : NULL;
  return receipt && check_receipt(receipt, error) ? take_back(receipt, journal, lock, error) : -1;
}

const KtCommand kt_command_rollback = {
    .name = "rollback",
    .arguments = "[RECEIPT|last]",
    .summary = "take back what apply did",
    .description =
        "Brings back what was there before a run of 'kvmtune apply', the last step first, after any end that it had; "
        "without RECEIPT that of the last one. Definitions come back byte for byte, memory where there is room for "
        "it. What somebody else has changed since is kept and named, and so is what cannot be taken back; a guest that "
        "the "
        "run had restarted goes on with the new definition unless --restart starts it once more. A "
        "rollback that was interrupted can be begun again. The exit status is 1 where something was kept.",
    .options = options,
    .run = run,
};
