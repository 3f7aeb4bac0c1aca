/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for a terminal: wrapped by display width, tables, colours.
 *
 * All text that is put on a page is made safe first: control characters,
 * bidirectional and invisible marks and broken UTF-8 are shown as escapes
 * ("\x1b", "\u202e"), line breaks and tabs become a space. Without UTF-8 the
 * common typographic signs get ASCII stand-ins, the rest "?". */
#pragma once
#include <glib.h>

#define KT_TERM_MIN_WIDTH 40
#define KT_TERM_MAX_WIDTH 100 /* longer lines are hard to read */

typedef struct {
  guint width; /* columns */
  gboolean colour;
  gboolean utf8;
} KtTerm;

typedef enum { KT_COLOUR_AUTO, KT_COLOUR_ALWAYS, KT_COLOUR_NEVER } KtColour;

/* What standard output can do: width from COLUMNS or the terminal, else 80; on
 * KT_COLOUR_AUTO colours on a terminal other than "dumb" unless NO_COLOR is set
 * and not empty (no-color.org); UTF-8 by the locale. */
KtTerm kt_term_of_stdout(KtColour when);

typedef enum {
  KT_STYLE_PLAIN,
  KT_STYLE_BOLD,
  KT_STYLE_DIM,
  KT_STYLE_RED,
  KT_STYLE_YELLOW,
  KT_STYLE_GREEN,
  KT_STYLE_CYAN,
} KtStyle;

/* Columns that a text takes; wide characters count two, combining ones none. */
guint kt_term_width_of(const char *text);
/* The text made safe, one line. Caller frees. */
char *kt_term_clean(const KtTerm *term, const char *text);
/* Lines (char *) of a safe text, each at most `width` columns: broken at spaces and next to wide
 * characters, a longer word is cut. Free with g_ptr_array_unref(). */
GPtrArray *kt_term_wrap(const char *text, guint width);
/* The safe text, cut to `width` columns with an ellipsis if longer. Caller frees. */
char *kt_term_shorten(const KtTerm *term, const char *text, guint width);

/* ---- a page: text that grows ---- */

typedef struct {
  KtTerm term;
  GString *out;
} KtPage;

KtPage *kt_page_new(const KtTerm *term);
char *kt_page_finish(KtPage *page); /* frees the page; caller frees the text */

/* An empty line, unless the page is empty or ends with one. */
void kt_page_gap(KtPage *page);
/* A paragraph, wrapped, each line `indent` columns in. */
void kt_page_text(KtPage *page, guint indent, KtStyle style, const char *text);
void kt_page_textf(KtPage *page, guint indent, KtStyle style, const char *format, ...) G_GNUC_PRINTF(4, 5);
/* A mark ("* X06") in its own style, then a paragraph that hangs `hang` columns
 * in; a mark wider than that has the paragraph start behind it. */
void kt_page_item(KtPage *page, guint indent, KtStyle mark_style, const char *mark, guint hang, KtStyle style,
                  const char *text);
/* One line, never wrapped (a command to copy), though it may be longer than the page is wide. */
void kt_page_verbatim(KtPage *page, guint indent, KtStyle style, const char *text);
/* One line, cut to the page's width. */
void kt_page_line(KtPage *page, guint indent, KtStyle style, const char *text);

/* ---- a table ---- */

typedef struct {
  const char *title;
  gboolean right; /* numbers */
  gboolean flex;  /* gives way and wraps when the page is too narrow */
} KtColumn;

typedef struct KtTable KtTable;

KtTable *kt_table_new(const KtColumn *columns, guint n); /* columns have to outlive the table */
void kt_table_free(KtTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtTable, kt_table_free)
/* The next cell, row by row; NULL is an empty one. The text is copied. */
void kt_table_add(KtTable *table, KtStyle style, const char *text);
void kt_table_addf(KtTable *table, KtStyle style, const char *format, ...) G_GNUC_PRINTF(3, 4);
guint kt_table_rows(const KtTable *table);
/* Columns in which no row has text are left out. */
void kt_page_table(KtPage *page, guint indent, const KtTable *table);
