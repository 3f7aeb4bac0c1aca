/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests in a file, one a line: each answered by itself, so that memory stays that of one. */
#pragma once
#include <glib.h>

/* Answers one line on standard output. `name` is "FILE:LINE". A line that cannot be answered: *wrong is set, with the
 * name in its message. FALSE and *error where there is no use in going on (nobody reads the output). */
typedef gboolean (*KtLineAnswer)(const char *name, const GString *line, gpointer data, GError **wrong, GError **error);

/* Answers all lines of the file ("-": standard input) that are not blank. What is wrong with one is said on standard
 * error, the others are answered all the same. Of a line no more than one byte over `longest` is kept: whoever parses
 * it says that it is too long. The exit status (KT_EXIT_USAGE if a line was wrong), or -1 with *error. */
int kt_lines_answer(const char *path, gsize longest, KtLineAnswer answer, gpointer data, GError **error);
