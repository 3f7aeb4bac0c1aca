/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/journal.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "apply/sql.h"
#include "base/error.h"

#define FILE_NAME "journal.db"
#define APPLICATION 1263953001 /* "KVti": whose file it is */
#define FORMAT 2
#define PAGE 4096
#define OF_A_CLOUD "'http*://*'" /* a receipt's uri: Nova's address */

struct KtJournal {
  KtSql *sql;
  char *path;
  gint64 format; /* of the file: an older one that may only be read stays as it is */
};

/* EXTRA: the folder is synced too, so that what was committed stays so after a loss of power. What is dropped is
 * overwritten: definitions hold secrets. */
static const char settings[] = "PRAGMA synchronous = EXTRA;"
                               "PRAGMA secure_delete = ON;"
                               "PRAGMA foreign_keys = ON;";

// clang-format off
static const char schema[] =
  "BEGIN IMMEDIATE;"
  "PRAGMA application_id = " G_STRINGIFY(APPLICATION) ";"
  "PRAGMA user_version = " G_STRINGIFY(FORMAT) ";"
  "CREATE TABLE receipt (number INTEGER PRIMARY KEY AUTOINCREMENT, begun TEXT NOT NULL, ended TEXT, host TEXT,"
  " tool TEXT, uri TEXT, scope TEXT NOT NULL, state TEXT NOT NULL, error TEXT, plan TEXT NOT NULL, measured TEXT,"
  " verdict TEXT, notes TEXT NOT NULL, machine TEXT);"
  "CREATE TABLE step (receipt INTEGER NOT NULL REFERENCES receipt(number) ON DELETE CASCADE,"
  " number INTEGER NOT NULL, kind TEXT NOT NULL, change TEXT, domain TEXT, uuid TEXT, place TEXT, before TEXT,"
  " after TEXT, found TEXT, state TEXT NOT NULL, error TEXT, note TEXT, at_once INTEGER NOT NULL,"
  " calls TEXT NOT NULL, run TEXT, PRIMARY KEY (receipt, number));"
  "COMMIT;";
static const char from_1[] = /* which had no machine and no run */
  "BEGIN IMMEDIATE;"
  "ALTER TABLE receipt ADD COLUMN machine TEXT;"
  "ALTER TABLE step ADD COLUMN run TEXT;"
  "PRAGMA user_version = " G_STRINGIFY(FORMAT) ";"
  "COMMIT;";
// clang-format on

char *kt_journal_directory(void)
{
  const char *state = g_getenv("XDG_STATE_HOME");
  if (geteuid() == 0)
    return g_strdup("/var/lib/kvmtune");
  return state && g_path_is_absolute(state) ? g_build_filename(state, "kvmtune", NULL)
                                            : g_build_filename(g_get_home_dir(), ".local", "state", "kvmtune", NULL);
}

/* ---- opening ---- */

static gboolean read_number(KtSqlRow *row, gpointer data, GError **error)
{
  *(gint64 *)data = kt_sql_number(row, 0);
  return TRUE;
}

static gboolean read_text(KtSqlRow *row, gpointer data, GError **error)
{
  char **text = data;
  g_free(*text);
  *text = kt_sql_text(row, 0);
  return TRUE;
}

static gboolean refuse(const KtJournal *j, KtErrorCode code, const char *why, GError **error)
{
  g_set_error(error, KT_ERROR, code, "journal '%s': %s", j->path, why);
  return FALSE;
}

/* All of it or nothing. */
static gboolean bring_to_format(KtJournal *j, const char *statements, GError **error)
{
  j->format = FORMAT;
  if (kt_sql_run(j->sql, statements, error))
    return TRUE;
  kt_sql_run(j->sql, "ROLLBACK", NULL);
  return FALSE;
}

/* Whose file is it, and of which version? A new one gets its tables, one of an older version what it lacks. */
static gboolean check_format(KtJournal *j, gboolean write, GError **error)
{
  gint64 application = 0, format = 0, tables = 0;
  if (!kt_sql_query(j->sql, "PRAGMA application_id", NULL, 0, read_number, &application, error) ||
      !kt_sql_query(j->sql, "PRAGMA user_version", NULL, 0, read_number, &format, error) ||
      !kt_sql_query(j->sql, "SELECT count(*) FROM sqlite_schema", NULL, 0, read_number, &tables, error))
    return FALSE;
  if (!application && !format && !tables) {
    if (!write)
      return refuse(j, KT_ERROR_NOT_FOUND, "it is empty: nothing was applied yet", error);
    return bring_to_format(j, schema, error);
  }
  if (application != APPLICATION)
    return refuse(j, KT_ERROR_FORMAT, "this is no journal of kvmtune", error);
  if (format > FORMAT)
    return refuse(j, KT_ERROR_UNSUPPORTED, "a newer kvmtune wrote it", error);
  j->format = format;
  return format == FORMAT || !write || bring_to_format(j, from_1, error);
}

static gboolean check_pages(KtJournal *j, GError **error)
{
  g_autofree char *limit =
      g_strdup_printf("PRAGMA max_page_count = %" G_GINT64_FORMAT, (gint64)(KT_JOURNAL_SIZE / PAGE));
  g_autofree char *answer = NULL;
  if (!kt_sql_run(j->sql, limit, error) ||
      !kt_sql_query(j->sql, "PRAGMA quick_check(1)", NULL, 0, read_text, &answer, error))
    return FALSE;
  return g_strcmp0(answer, "ok") == 0 || refuse(j, KT_ERROR_FORMAT, "it is damaged", error);
}

KtJournal *kt_journal_open(const char *directory, gboolean write, GError **error)
{
  g_autoptr(KtJournal) j = g_new0(KtJournal, 1);
  j->path = g_build_filename(directory, FILE_NAME, NULL);
  if (write && g_mkdir_with_parents(directory, 0700) != 0) {
    int err = errno;
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot make '%s': %s", directory, g_strerror(err));
    return NULL;
  }
  j->sql = kt_sql_open(j->path, write, error);
  if (!j->sql || !kt_sql_run(j->sql, settings, error) || !check_format(j, write, error) || !check_pages(j, error))
    return NULL;
  return g_steal_pointer(&j);
}

void kt_journal_free(KtJournal *journal)
{
  if (!journal)
    return;
  kt_sql_close(journal->sql);
  g_free(journal->path);
  g_free(journal);
}

/* ---- writing ---- */

static char *join(const GPtrArray *texts)
{
  g_autoptr(GString) all = g_string_new(NULL);
  for (guint i = 0; i < texts->len; i++) {
    g_autofree char *line = g_strdelimit(g_strdup(texts->pdata[i]), "\n", ' ');
    g_string_append_printf(all, "%s%s", i ? "\n" : "", line);
  }
  return g_string_free(g_steal_pointer(&all), FALSE);
}

static gboolean add_step(KtJournal *j, gint64 receipt, const KtStep *step, GError **error)
{
  g_autofree char *calls = join(step->calls);
  const KtSqlValue values[] = {KT_SQL_NUMBER(receipt),
                               KT_SQL_NUMBER(step->number),
                               KT_SQL_TEXT(kt_step_kinds[step->kind]),
                               KT_SQL_TEXT(step->change),
                               KT_SQL_TEXT(step->domain),
                               KT_SQL_TEXT(step->uuid),
                               KT_SQL_TEXT(step->where),
                               KT_SQL_TEXT(step->before),
                               KT_SQL_TEXT(step->after),
                               KT_SQL_TEXT(step->found),
                               KT_SQL_TEXT(kt_step_states[step->state]),
                               KT_SQL_TEXT(step->error),
                               KT_SQL_TEXT(step->note),
                               KT_SQL_NUMBER(step->at_once),
                               KT_SQL_TEXT(calls),
                               KT_SQL_TEXT(step->run)};
  return kt_sql_query(
      j->sql,
      "INSERT INTO step (receipt, number, kind, change, domain, uuid, place, before, after, found, "
      "state, error, note, at_once, calls, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      values, G_N_ELEMENTS(values), NULL, NULL, error);
}

static gboolean add_receipt(KtJournal *j, KtReceipt *r, GError **error)
{
  g_autofree char *notes = join(r->notes);
  const KtSqlValue values[] = {
      KT_SQL_TEXT(r->begun), KT_SQL_TEXT(r->host),     KT_SQL_TEXT(r->tool),
      KT_SQL_TEXT(r->uri),   KT_SQL_TEXT(r->scope),    KT_SQL_TEXT(kt_receipt_states[r->state]),
      KT_SQL_TEXT(r->plan),  KT_SQL_TEXT(r->measured), KT_SQL_TEXT(r->verdict),
      KT_SQL_TEXT(notes),    KT_SQL_TEXT(r->error),    KT_SQL_TEXT(r->machine)};
  if (!kt_sql_query(j->sql,
                    "INSERT INTO receipt (begun, host, tool, uri, scope, state, plan, measured, verdict, notes, error, "
                    "machine) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    values, G_N_ELEMENTS(values), NULL, NULL, error))
    return FALSE;
  r->number = kt_sql_last_number(j->sql);
  for (guint i = 0; i < r->steps->len; i++)
    if (!add_step(j, r->number, r->steps->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* The oldest of those that are at an end: of hosts, and of clouds. */
static gboolean drop_old(KtJournal *j, GError **error)
{
  static const gint64 most[] = {KT_JOURNAL_RECEIPTS, KT_JOURNAL_CLOUD_RECEIPTS};
  for (gint64 cloud = 0; cloud < (gint64)G_N_ELEMENTS(most); cloud++) {
    const KtSqlValue values[] = {KT_SQL_NUMBER(cloud), KT_SQL_NUMBER(cloud), KT_SQL_NUMBER(most[cloud])};
    if (!kt_sql_query(j->sql,
                      "DELETE FROM receipt WHERE ifnull(uri GLOB " OF_A_CLOUD ", 0) = ? "
                      "AND state NOT IN ('running', 'undoing') AND number <= (SELECT number FROM receipt "
                      "WHERE ifnull(uri GLOB " OF_A_CLOUD ", 0) = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
                      values, G_N_ELEMENTS(values), NULL, NULL, error))
      return FALSE;
  }
  return TRUE;
}

static gsize length_of(const char *text)
{
  return text ? strlen(text) : 0;
}

static gboolean fits(const KtJournal *j, const KtReceipt *r, GError **error)
{
  gsize longest = MAX(length_of(r->plan), length_of(r->measured));
  for (guint i = 0; i < r->steps->len; i++) {
    const KtStep *step = r->steps->pdata[i];
    longest = MAX(longest, MAX(length_of(step->before), length_of(step->after)));
  }
  if (r->steps->len > KT_JOURNAL_STEPS)
    return refuse(j, KT_ERROR_LIMIT, "more than " G_STRINGIFY(KT_JOURNAL_STEPS) " steps", error);
  return longest <= KT_JOURNAL_TEXT || refuse(j, KT_ERROR_LIMIT, "a text is longer than any plan or definition", error);
}

/* A statement may leave its transaction open where the disk was full. */
static gboolean end(KtJournal *j, gboolean done, GError **error)
{
  if (done && kt_sql_run(j->sql, "COMMIT", error))
    return TRUE;
  kt_sql_run(j->sql, "ROLLBACK", NULL);
  return FALSE;
}

gboolean kt_journal_next(KtJournal *journal, gint64 *number, GError **error)
{
  gint64 last = 0;
  if (!kt_sql_query(journal->sql, "SELECT seq FROM sqlite_sequence WHERE name = 'receipt'", NULL, 0, read_number, &last,
                    error))
    return FALSE;
  *number = last + 1;
  return TRUE;
}

gboolean kt_journal_add(KtJournal *journal, KtReceipt *receipt, GError **error)
{
  if (!fits(journal, receipt, error) || !kt_sql_run(journal->sql, "BEGIN IMMEDIATE", error))
    return FALSE;
  gboolean done = add_receipt(journal, receipt, error) && drop_old(journal, error);
  if (end(journal, done, error))
    return TRUE;
  receipt->number = 0;
  return FALSE;
}

static gboolean update(KtJournal *j, const char *statement, const KtSqlValue *values, guint n, GError **error)
{
  if (!kt_sql_run(j->sql, "BEGIN IMMEDIATE", error))
    return FALSE;
  return end(j, kt_sql_query(j->sql, statement, values, n, NULL, NULL, error), error);
}

gboolean kt_journal_set_state(KtJournal *journal, const KtReceipt *receipt, GError **error)
{
  g_autofree char *notes = join(receipt->notes);
  const KtSqlValue values[] = {KT_SQL_TEXT(kt_receipt_states[receipt->state]), KT_SQL_TEXT(receipt->error),
                               KT_SQL_TEXT(receipt->ended), KT_SQL_TEXT(notes), KT_SQL_NUMBER(receipt->number)};
  return update(journal, "UPDATE receipt SET state = ?, error = ?, ended = ?, notes = ? WHERE number = ?", values,
                G_N_ELEMENTS(values), error);
}

gboolean kt_journal_set_step(KtJournal *journal, const KtReceipt *receipt, const KtStep *step, GError **error)
{
  g_autofree char *calls = join(step->calls);
  const KtSqlValue values[] = {KT_SQL_TEXT(kt_step_states[step->state]),
                               KT_SQL_TEXT(step->found),
                               KT_SQL_TEXT(step->error),
                               KT_SQL_TEXT(calls),
                               KT_SQL_NUMBER(receipt->number),
                               KT_SQL_NUMBER(step->number)};
  return update(journal, "UPDATE step SET state = ?, found = ?, error = ?, calls = ? WHERE receipt = ? AND number = ?",
                values, G_N_ELEMENTS(values), error);
}

gboolean kt_journal_set_verdict(KtJournal *journal, gint64 number, const char *verdict, GError **error)
{
  const KtSqlValue values[] = {KT_SQL_TEXT(verdict), KT_SQL_NUMBER(number)};
  return update(journal, "UPDATE receipt SET verdict = ? WHERE number = ?", values, G_N_ELEMENTS(values), error);
}

/* ---- reading ---- */

static void split(GPtrArray *to, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
  for (guint i = 0; lines[i]; i++)
    g_ptr_array_add(to, g_strdup(lines[i]));
}

static gboolean find_word(KtSqlRow *row, int column, const char *const *words, guint n, guint *which, GError **error)
{
  g_autofree char *text = kt_sql_text(row, column);
  for (guint i = 0; text && i < n; i++)
    if (g_str_equal(text, words[i])) {
      *which = i;
      return TRUE;
    }
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "journal: '%.50s' is no state or kind of this version",
              text ? text : "");
  return FALSE;
}

static gboolean read_receipt(KtSqlRow *row, gpointer data, GError **error)
{
  KtReceipt *r = kt_receipt_new();
  g_autofree char *notes = kt_sql_text(row, 9);
  guint state;
  g_ptr_array_add(data, r);
  r->number = kt_sql_number(row, 0);
  r->begun = kt_sql_text(row, 1);
  r->ended = kt_sql_text(row, 2);
  r->host = kt_sql_text(row, 3);
  r->tool = kt_sql_text(row, 4);
  r->uri = kt_sql_text(row, 5);
  r->scope = kt_sql_text(row, 6);
  r->error = kt_sql_text(row, 8);
  r->verdict = kt_sql_text(row, 10);
  r->plan = kt_sql_text(row, 11);
  r->measured = kt_sql_text(row, 12);
  r->machine = kt_sql_text(row, 13);
  split(r->notes, notes);
  if (!find_word(row, 7, kt_receipt_states, KT_RECEIPT_STATES, &state, error))
    return FALSE;
  r->state = state;
  return TRUE;
}

static gboolean read_step(KtSqlRow *row, gpointer data, GError **error)
{
  KtReceipt *r = data;
  guint kind, state;
  if (!find_word(row, 1, kt_step_kinds, KT_STEPS, &kind, error) ||
      !find_word(row, 9, kt_step_states, KT_STEP_STATES, &state, error))
    return FALSE;
  g_autofree char *where = kt_sql_text(row, 5), *before = kt_sql_text(row, 6), *after = kt_sql_text(row, 7);
  g_autofree char *calls = kt_sql_text(row, 13);
  KtStep *step = kt_step_new(kind, where, before, after);
  g_ptr_array_add(r->steps, step);
  step->number = (guint)kt_sql_number(row, 0);
  step->change = kt_sql_text(row, 2);
  step->domain = kt_sql_text(row, 3);
  step->uuid = kt_sql_text(row, 4);
  step->found = kt_sql_text(row, 8);
  step->state = state;
  step->error = kt_sql_text(row, 10);
  step->note = kt_sql_text(row, 11);
  step->at_once = kt_sql_number(row, 12) != 0;
  step->run = kt_sql_text(row, 14);
  split(step->calls, calls);
  return TRUE;
}

static GPtrArray *new_list(void)
{
  return g_ptr_array_new_with_free_func((GDestroyNotify)kt_receipt_free);
}

/* A column of newer journals. */
static const char *since_2(const KtJournal *j, const char *column)
{
  return j->format < 2 ? "NULL" : column;
}

KtReceipt *kt_journal_load(KtJournal *journal, gint64 number, GError **error)
{
  g_autoptr(GPtrArray) found = new_list();
  const KtSqlValue values[] = {KT_SQL_NUMBER(number), KT_SQL_NUMBER(number)};
  g_autofree char *receipts = g_strdup_printf(
      "SELECT number, begun, ended, host, tool, uri, scope, state, error, notes, verdict, plan, measured, %s "
      "FROM receipt WHERE number = ? OR ? = 0 ORDER BY number DESC LIMIT 1",
      since_2(journal, "machine"));
  if (!kt_sql_query(journal->sql, receipts, values, G_N_ELEMENTS(values), read_receipt, found, error))
    return NULL;
  if (!found->len) {
    g_autofree char *why =
        number ? g_strdup_printf("there is no receipt %" G_GINT64_FORMAT, number) : g_strdup("nothing was applied yet");
    refuse(journal, KT_ERROR_NOT_FOUND, why, error);
    return NULL;
  }
  KtReceipt *receipt = found->pdata[0];
  const KtSqlValue own[] = {KT_SQL_NUMBER(receipt->number)};
  g_autofree char *steps =
      g_strdup_printf("SELECT number, kind, change, domain, uuid, place, before, after, found, state, error, note, "
                      "at_once, calls, %s FROM step WHERE receipt = ? ORDER BY number",
                      since_2(journal, "run"));
  if (!kt_sql_query(journal->sql, steps, own, G_N_ELEMENTS(own), read_step, receipt, error))
    return NULL;
  return g_ptr_array_steal_index(found, 0);
}

KtReceipt *kt_journal_last_of(KtJournal *journal, const char *uuid, GError **error)
{
  const KtSqlValue values[] = {KT_SQL_TEXT(uuid)};
  gint64 number = 0;
  if (!kt_sql_query(journal->sql, "SELECT ifnull(max(receipt), 0) FROM step WHERE uuid = ? AND state != 'planned'",
                    values, G_N_ELEMENTS(values), read_number, &number, error))
    return NULL;
  return number ? kt_journal_load(journal, number, error) : NULL;
}

GPtrArray *kt_journal_list(KtJournal *journal, GError **error)
{
  g_autoptr(GPtrArray) found = new_list();
  if (!kt_sql_query(journal->sql,
                    "SELECT number, begun, ended, host, tool, uri, scope, state, error, notes, verdict, NULL, NULL, "
                    "NULL FROM receipt ORDER BY number DESC",
                    NULL, 0, read_receipt, found, error))
    return NULL;
  return g_steal_pointer(&found);
}

static gboolean read_newer(KtSqlRow *row, gpointer data, GError **error)
{
  g_autofree char *kind = kt_sql_text(row, 1), *domain = kt_sql_text(row, 2), *where = kt_sql_text(row, 3);
  *(char **)data = g_strdup_printf("receipt %" G_GINT64_FORMAT " changed %s%s%s%s%s%s after it: roll that back first",
                                   kt_sql_number(row, 0), kind, where && *where ? " " : "", where ? where : "",
                                   domain ? " of '" : "", domain ? domain : "", domain ? "'" : "");
  return TRUE;
}

char *kt_journal_newer(KtJournal *journal, const KtReceipt *receipt, GError **error)
{
  const KtSqlValue values[] = {KT_SQL_NUMBER(receipt->number), KT_SQL_NUMBER(receipt->number)};
  char *newer = NULL;
  kt_sql_query(journal->sql,
               "SELECT n.receipt, n.kind, n.domain, n.place FROM step n JOIN step o "
               "ON o.kind = n.kind AND o.place IS n.place AND ifnull(o.uuid, o.domain) IS ifnull(n.uuid, n.domain) "
               "JOIN receipt ro ON ro.number = o.receipt JOIN receipt rn ON rn.number = n.receipt "
               "AND (ro.uri IS rn.uri OR NOT ifnull(ro.uri GLOB " OF_A_CLOUD ", 0)) "
               "WHERE o.receipt = ? AND n.receipt > ? AND o.state IN ('started', 'done', 'failed', 'kept') "
               "AND n.state IN ('started', 'done', 'failed') ORDER BY n.receipt DESC LIMIT 1",
               values, G_N_ELEMENTS(values), read_newer, &newer, error);
  return newer;
}
