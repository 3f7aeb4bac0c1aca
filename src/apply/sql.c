/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "config.h"

#if HAVE_SQLITE
#include <sqlite3.h>

struct KtSql {
  sqlite3 *db;
  char *path;
};

#define WAIT_MS 5000 /* for another process in the middle of a write */

static KtErrorCode code_of(int result)
{
  switch (result) {
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_SCHEMA:
    return KT_ERROR_FORMAT;
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH:
  case SQLITE_CANTOPEN:
    return KT_ERROR_ACCESS;
  case SQLITE_TOOBIG:
    return KT_ERROR_LIMIT;
  default:
    return KT_ERROR_SYSTEM;
  }
}

static const char *words_of(int result)
{
  switch (result) {
  case SQLITE_CORRUPT:
    return "it is damaged";
  case SQLITE_NOTADB:
    return "it is no journal";
  case SQLITE_READONLY:
    return "it may not be written";
  case SQLITE_FULL:
    return "no space left";
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return "another process holds it";
  case SQLITE_IOERR:
    return "the disk cannot be read or written";
  default:
    return sqlite3_errstr(result);
  }
}

static gboolean fail(const KtSql *sql, int result, GError **error)
{
  int base = result & 0xff; /* of an extended code */
  g_set_error(error, KT_ERROR, code_of(base), "journal '%s': %s", sql->path, words_of(base));
  return FALSE;
}

/* SQLite would make it readable for all; its own files follow this one's mode. */
static gboolean make_file(const char *path, GError **error)
{
  int fd = g_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  struct stat st;
  int err = fd < 0 ? errno : 0;
  if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 077) && fchmod(fd, 0600) != 0)
    err = errno;
  if (fd >= 0)
    close(fd);
  if (err)
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot write journal '%s': %s", path, g_strerror(err));
  return !err;
}

KtSql *kt_sql_open(const char *path, gboolean write, GError **error)
{
  if (write && !make_file(path, error))
    return NULL;
  if (!write && g_access(path, F_OK) != 0) {
    int err = errno;
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot read journal '%s': %s", path,
                err == ENOENT ? "there is none, nothing was applied yet" : g_strerror(err));
    return NULL;
  }
  g_autoptr(KtSql) sql = g_new0(KtSql, 1);
  sql->path = g_strdup(path);
  /* Also for readers: what a killed process left half done is taken back first. */
  int result = sqlite3_open_v2(path, &sql->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (result != SQLITE_OK) {
    fail(sql, result, error);
    return NULL;
  }
  sqlite3_extended_result_codes(sql->db, 1);
  sqlite3_busy_timeout(sql->db, WAIT_MS);
  if (write && sqlite3_db_readonly(sql->db, "main")) {
    fail(sql, SQLITE_READONLY, error);
    return NULL;
  }
  return g_steal_pointer(&sql);
}

void kt_sql_close(KtSql *sql)
{
  if (!sql)
    return;
  sqlite3_close_v2(sql->db);
  g_free(sql->path);
  g_free(sql);
}

gboolean kt_sql_run(KtSql *sql, const char *statements, GError **error)
{
  int result = sqlite3_exec(sql->db, statements, NULL, NULL, NULL);
  return result == SQLITE_OK || fail(sql, result, error);
}

static int bind(sqlite3_stmt *statement, const KtSqlValue *values, guint n)
{
  int result = SQLITE_OK;
  for (guint i = 0; i < n && result == SQLITE_OK; i++)
    result = values[i].is_text ? sqlite3_bind_text(statement, (int)i + 1, values[i].text, -1, SQLITE_STATIC)
                               : sqlite3_bind_int64(statement, (int)i + 1, values[i].number);
  return result;
}

gboolean kt_sql_query(KtSql *sql, const char *text, const KtSqlValue *values, guint n,
                      gboolean (*row)(KtSqlRow *row, gpointer data, GError **error), gpointer data, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int result = sqlite3_prepare_v2(sql->db, text, -1, &statement, NULL);
  if (result == SQLITE_OK)
    result = bind(statement, values, n);
  gboolean going = TRUE;
  while (result == SQLITE_OK || (result == SQLITE_ROW && going)) {
    result = sqlite3_step(statement);
    if (result == SQLITE_ROW && row)
      going = row((KtSqlRow *)statement, data, error);
  }
  sqlite3_finalize(statement);
  return going && (result == SQLITE_DONE || fail(sql, result, error));
}

gint64 kt_sql_last_number(KtSql *sql)
{
  return sqlite3_last_insert_rowid(sql->db);
}

gint64 kt_sql_number(KtSqlRow *row, int column)
{
  return sqlite3_column_int64((sqlite3_stmt *)row, column);
}

char *kt_sql_text(KtSqlRow *row, int column)
{
  return g_strdup((const char *)sqlite3_column_text((sqlite3_stmt *)row, column));
}

#else

KtSql *kt_sql_open(const char *path, gboolean write, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build keeps no journal '%s': it has no SQLite", path);
  return NULL;
}

/* What can never be called, as nothing can be opened. */
void kt_sql_close(KtSql *sql)
{
}

gboolean kt_sql_run(KtSql *sql, const char *statements, GError **error)
{
  return FALSE;
}

gboolean kt_sql_query(KtSql *sql, const char *text, const KtSqlValue *values, guint n,
                      gboolean (*row)(KtSqlRow *row, gpointer data, GError **error), gpointer data, GError **error)
{
  return FALSE;
}

gint64 kt_sql_last_number(KtSql *sql)
{
  return 0;
}

gint64 kt_sql_number(KtSqlRow *row, int column)
{
  return 0;
}

char *kt_sql_text(KtSqlRow *row, int column)
{
  return NULL;
}
#endif
