/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command table: one row a subcommand, one file each. Usage, help, man
 * page and completion come from it. */
#pragma once
#include <glib.h>

enum { KT_EXIT_HEALTHY = 0, KT_EXIT_FINDINGS = 1, KT_EXIT_USAGE = 2 };

typedef struct {
  const char *name;
  const char *arguments;   /* "[FILE|DIR|TAR|-]..."; with FILE in it file names are completed, with ID check ids */
  const char *summary;     /* one line, lower case */
  const char *description; /* sentences for help and the man page */
  /* NULL: none. An argument description "auto|always|never" is completed with
   * these words. An option of type FILENAME_ARRAY takes all arguments up to the next option; so does
   * a CALLBACK with an optional argument, which is called without one first. */
  const GOptionEntry *(*options)(void);
  /* argv without the subcommand, options taken out; returns the exit status,
   * or -1 with *error set (main reports it and exits with KT_EXIT_USAGE). */
  int (*run)(int argc, char **argv, GError **error);
} KtCommand;

extern const KtCommand kt_command_doctor;   /* doctor.c */
extern const KtCommand kt_command_compare;  /* compare.c */
extern const KtCommand kt_command_facts;    /* facts.c */
extern const KtCommand kt_command_capture;  /* capture.c */
extern const KtCommand kt_command_checks;   /* checks.c */
extern const KtCommand kt_command_explain;  /* explain.c */
extern const KtCommand kt_command_ignore;   /* ignore.c */
extern const KtCommand kt_command_domxml;   /* domxml.c */
extern const KtCommand kt_command_nova;     /* nova.c */
extern const KtCommand kt_command_cloud;    /* cloud.c */
extern const KtCommand kt_command_plan;     /* plan.c */
extern const KtCommand kt_command_guest;    /* guest.c */
extern const KtCommand kt_command_apply;    /* apply.c */
extern const KtCommand kt_command_rollback; /* rollback.c */
extern const KtCommand kt_command_history;  /* history.c */
extern const KtCommand kt_command_verify;   /* verify.c */
extern const KtCommand kt_command_help;     /* help.c */

/* The table; the first is what `kvmtune` alone does. */
const KtCommand *const *kt_commands(guint *n);
const KtCommand *kt_command_find(const char *name); /* NULL if there is none */
/* The option's row, or NULL. `name` without dashes, `length` bytes of it; one letter: a short option. */
const GOptionEntry *kt_command_option(const KtCommand *command, const char *name, gsize length);

/* Parses the options out of argv (argv[0] is the subcommand) and runs the command; same result as its run(). */
int kt_command_run(const KtCommand *command, int argc, char **argv, GError **error);

/* The candidate (NULL-terminated list) that is closest to a mistyped word, or NULL if none is close. */
const char *kt_nearest(const char *word, const char *const *candidates);

/* Writes all of the text to standard output. A reader that has gone away is no error. */
gboolean kt_output(const char *text, GError **error);

/* Writes the text into a file, which is the old one or the whole new one at any
 * time; "-" is standard output, and a device or pipe is written as it is. */
gboolean kt_output_file(const char *path, const char *text, GError **error);
/* A report, and the same as a page for the file `html` (both NULL: no page); "-": the page instead of the report. */
gboolean kt_output_report(const char *report, const char *html, const char *page, GError **error);

gboolean kt_help_print(const KtCommand *command, GError **error); /* NULL: of kvmtune as a whole */
