/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is fuzzed: one target a reader, made of the readers' own table, and one
 * a row of the table in target.c for all else that takes bytes of strangers.
 * A target that sees its promise broken calls g_error(), which is a crash. */
#pragma once
#include <glib.h>

/* One input for the target of that name; a NUL stands behind the bytes. FALSE if there is none. */
gboolean kt_target_run(const char *name, const char *bytes, gsize length);

/* Names of all targets, readers first. Free with g_strfreev(). */
char **kt_target_names(void);

/* Calls `seed` for each output that a reader recognises in the text, with the target's name. */
void kt_target_each_seed(const char *bytes, gsize length,
                         void (*seed)(const char *name, const char *text, gpointer data), gpointer data);
