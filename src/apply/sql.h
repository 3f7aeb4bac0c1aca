/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The little of SQLite that the journal needs; inside of the room only. A
 * build without it cannot open anything. */
#pragma once
#include <glib.h>

typedef struct KtSql KtSql;
typedef struct KtSqlRow KtSqlRow;

/* A value that a statement's ? stands for. */
typedef struct {
  gboolean is_text;
  const char *text; /* NULL: null */
  gint64 number;
} KtSqlValue;
#define KT_SQL_TEXT(value) ((KtSqlValue){.is_text = TRUE, .text = (value)})
#define KT_SQL_NUMBER(value) ((KtSqlValue){.number = (value)})

/* Opens the file; `write`: makes it if it is not there (mode 0600), and refuses one that cannot be written. */
KtSql *kt_sql_open(const char *path, gboolean write, GError **error);
void kt_sql_close(KtSql *sql);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtSql, kt_sql_close)

/* Statements without values and rows, one or more. */
gboolean kt_sql_run(KtSql *sql, const char *statements, GError **error);
/* One statement; `row` (may be NULL) is called with each row, and ends it with FALSE and *error. */
gboolean kt_sql_query(KtSql *sql, const char *statement, const KtSqlValue *values, guint n,
                      gboolean (*row)(KtSqlRow *row, gpointer data, GError **error), gpointer data, GError **error);
gint64 kt_sql_last_number(KtSql *sql); /* of the row that was inserted last */

gint64 kt_sql_number(KtSqlRow *row, int column); /* 0 for null */
char *kt_sql_text(KtSqlRow *row, int column);    /* NULL for null. Caller frees. */
