/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtText: a pasted or captured text as lines that readers can trust.
 *
 * Made clean: byte order marks, CR, ANSI escapes, no-break spaces, HTML marks
 * around a paste, Markdown fences, quotation marks of mail ("> "), prefixes of
 * log collectors, indentation common to all, lines that stand twice. Line
 * numbers stay those of the source. */
#pragma once
#include <glib.h>

typedef struct {
  guint number;     /* in the source, from 1 */
  char *s;          /* in the text's buffer: clean text without its prefix and trailing white space; "" for a prompt */
  char *command;    /* what was typed, if the line is a shell prompt ("lscpu"; "" for an empty one), else NULL */
  char *host;       /* host name in that prompt, or NULL */
  gboolean figures; /* begins with a digit, then only ASCII letters, digits, blanks and . , : % (of a table) */
  gboolean emptied; /* blank now, but a fence, tags or the like stood here */
} KtLine;

typedef struct {
  char *source;
  GArray *lines;     /* KtLine */
  char *buffer;      /* what their `s` point into */
  guint next_number; /* of the line behind the last one */
  gboolean ends_with_newline;
} KtText;

#define KT_TEXT_LIMIT (64 * 1024 * 1024) /* bytes of one source */
#define KT_TEXT_MAX_LINE 262144          /* bytes of one line; the rest is dropped */

KtText *kt_text_new(const char *source, const char *bytes, gsize length);
/* A piece of a larger text, whose first line has this number. */
KtText *kt_text_new_piece(const char *source, const char *bytes, gsize length, guint first_number);
void kt_text_free(KtText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtText, kt_text_free)

guint kt_text_count(const KtText *text);
const KtLine *kt_text_line(const KtText *text, guint i); /* i < count */
const char *kt_text_at(const KtText *text, guint i);     /* the clean text; "" behind the end */
gboolean kt_text_is_prompt(const KtText *text, guint i); /* FALSE behind the end */
gboolean kt_text_is_blank(const KtText *text, guint i);  /* TRUE behind the end; a prompt is not blank */

/* Lines [first, end) joined with '\n', prompts left out. Caller frees. */
char *kt_text_join(const KtText *text, guint first, guint end);

/* How many bytes the first n lines of a text take, with their ends. */
gsize kt_text_skip(const char *bytes, gsize length, guint n);

/* The white-space separated words of a line. Free with g_strfreev(). */
char **kt_text_words(const char *line);
