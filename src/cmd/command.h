/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command table: one row a subcommand, one file each. Usage, help, man
 * page and completion come from it. */
#pragma once
#include <glib.h>

enum { KT_EXIT_HEALTHY = 0, KT_EXIT_FINDINGS = 1, KT_EXIT_USAGE = 2 };

typedef struct {
  const char *name;
  const char *arguments;                /* "FILE..." */
  const char *summary;                  /* one line, lower case */
  const GOptionEntry *(*options)(void); /* NULL: none */
  /* argv without the subcommand, options taken out; returns the exit status,
   * or -1 with *error set (main reports it and exits with KT_EXIT_USAGE). */
  int (*run)(int argc, char **argv, GError **error);
} KtCommand;

extern const KtCommand kt_command_doctor; /* doctor.c */
extern const KtCommand kt_command_facts;  /* facts.c */

const KtCommand *const *kt_commands(guint *n);
