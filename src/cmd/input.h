/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands read, by the options that they share. */
#pragma once
#include "base/term.h"
#include "model/snapshot.h"

/* For command lines that cannot be meant: FALSE, with KT_ERROR_USAGE and these words. */
gboolean kt_input_refuse(GError **error, const char *why);

/* Looks at this machine; shows on a terminal that it samples. */
typedef struct {
  double interval_s;
  const char *connect_uri; /* NULL: the default */
  const char *domain;      /* NULL: all */
  gboolean deep;
} KtLiveInput;
KtSnapshot *kt_input_live(const KtLiveInput *input, GError **error);

/* FALSE and *error where --json and --html both want standard output. */
gboolean kt_input_page(const char *html, gboolean json, GError **error);

/* "auto", "always", "never" or NULL (auto). FALSE and *error for another word. */
gboolean kt_input_colour(const char *word, KtColour *when, GError **error);

/* All bytes of a file, pipe or standard input ("-"), NUL-terminated behind; at most `limit`. NULL with
 * KT_ERROR_NOT_FOUND, _ACCESS, _LIMIT or _SYSTEM. A pipe that nobody writes into is empty. Caller frees. */
char *kt_input_file(const char *path, gsize limit, gsize *length, GError **error);

/* "FILE#NAME" in two, unless a file has that very name: what follows points into `path`, or is NULL. */
char *kt_input_split_name(char *path);
/* Several machines where one is wanted: names them in KT_ERROR_USAGE. `given` is the file as it was typed. */
void kt_input_set_ambiguous(const KtSnapshot *s, const char *given, GError **error);
