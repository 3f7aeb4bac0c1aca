/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/journal.h"
#include "base/error.h"
#include "base/units.h"
#include "cmd/command.h"
#include "cmd/receipt_number.h"
#include "view/apply_view.h"

static gboolean json;
static char *state;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print it as JSON", NULL},
      {"state", 0, 0, G_OPTION_ARG_FILENAME, &state, "folder of the journal (default /var/lib/kvmtune for root)",
       "DIR"},
      {0},
  };
  return entries;
}

gboolean kt_receipt_number(const char *word, gint64 *number, GError **error)
{
  guint64 n = 0;
  if (word && !g_str_equal(word, "last") && (!kt_units_parse_count(word, &n) || n < 1 || n > G_MAXINT32)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "'%.50s' is no receipt: a number of 'kvmtune history', or 'last'",
                word);
    return FALSE;
  }
  *number = (gint64)n;
  return TRUE;
}

/* Which receipt is at work: asked for before and after the journal was read, since a run may begin or end meanwhile. */
static gint64 at_work(const char *directory, gint64 before)
{
  gint64 now = kt_lock_receipt(directory);
  return now ? now : before;
}

static char *one(KtJournal *journal, gint64 number, const KtTerm *term, const char *directory, GError **error)
{
  gint64 before = kt_lock_receipt(directory);
  g_autoptr(KtReceipt) receipt = kt_journal_load(journal, number, error);
  if (!receipt)
    return NULL;
  gint64 working = at_work(directory, before);
  return json ? kt_view_receipt_json(receipt, working) : kt_view_receipt_text(term, receipt, working);
}

static char *all(KtJournal *journal, const KtTerm *term, const char *directory, GError **error)
{
  gint64 before = kt_lock_receipt(directory);
  g_autoptr(GPtrArray) receipts = kt_journal_list(journal, error);
  if (!receipts)
    return NULL;
  gint64 working = at_work(directory, before);
  return json ? kt_view_history_json(receipts, working) : kt_view_history_text(term, receipts, working);
}

/* No journal yet. */
static int none(const KtTerm *term, GError **error)
{
  g_autoptr(GPtrArray) nothing = g_ptr_array_new();
  g_autofree char *text = json ? kt_view_history_json(nothing, 0) : kt_view_history_text(term, nothing, 0);
  return kt_output(text, error) ? KT_EXIT_HEALTHY : -1;
}

static int run(int argc, char **argv, GError **error)
{
  const KtTerm term = kt_term_of_stdout(KT_COLOUR_AUTO);
  gint64 number;
  if (argc > 1) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "history takes one receipt, or none for all");
    return -1;
  }
  if (!kt_receipt_number(argc ? argv[0] : NULL, &number, error))
    return -1;
  g_autofree char *directory = state ? g_strdup(state) : kt_journal_directory();
  g_autoptr(GError) failed = NULL;
  g_autoptr(KtJournal) journal = kt_journal_open(directory, FALSE, &failed);
  if (!journal && !argc && g_error_matches(failed, KT_ERROR, KT_ERROR_NOT_FOUND))
    return none(&term, error);
  if (!journal) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return -1;
  }
  g_autofree char *text = argc ? one(journal, number, &term, directory, error) : all(journal, &term, directory, error);
  return text && kt_output(text, error) ? KT_EXIT_HEALTHY : -1;
}

const KtCommand kt_command_history = {
    .name = "history",
    .arguments = "[RECEIPT|last]",
    .summary = "what was applied, when, and what became of it",
    .description = "Lists the receipts of 'kvmtune apply', the newest first, or all of one: each step with what was "
                   "there before, what was wanted and what was found after, and the calls that were made. Definitions "
                   "are not shown, for they may hold secrets; the journal has them.",
    .options = options,
    .run = run,
};
