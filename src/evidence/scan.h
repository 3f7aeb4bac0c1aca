/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What readers of labelled, columnar and JSON text share. */
#pragma once
#include "evidence/text.h"

/* Case folded and with single spaces, as labels are compared. Caller frees. */
char *kt_scan_fold(const char *text, gsize length);

/* Splits "LABEL: VALUE" at the first colon (also the full-width ones of
 * Chinese output). *label is folded, caller frees; *value points into the line
 * behind the colon and white space; *spaced (may be NULL): white space stood
 * before the colon. FALSE and nothing set if there is no colon or the label is
 * empty or longer than any honest one. */
gboolean kt_scan_label(const char *line, char **label, const char **value, gboolean *spaced);

/* TRUE unless line i may have been cut off: something other than a prompt
 * follows it, or its newline ends the text. */
gboolean kt_scan_is_whole(const KtText *text, guint i);

/* The first line at or behind i that is not blank; the number of lines if none. */
guint kt_scan_skip_blank(const KtText *text, guint i);

/* The next `"KEY": SCALAR` of a line of JSON from *p on; strings unescaped.
 * Members that hold objects or arrays are passed over, their inside is not.
 * FALSE at the end or at a string that does not end. Caller frees both. */
gboolean kt_scan_json_member(const char **p, char **key, char **value);

/* The first member of a JSON object that opens in line i: behind its brace, or on the next line that is not blank. */
const char *kt_scan_json_first(const KtText *text, guint i);

/* How many braces and brackets of a line of JSON open, less those that close. */
int kt_scan_json_depth(const char *line);
