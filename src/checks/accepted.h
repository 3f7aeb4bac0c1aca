/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Risks that somebody accepted, with the reason: shown, not counted.
 *
 * Text form, one a line: "ID: reason" for all subjects, "ID SUBJECT: reason"
 * for one; the reason starts behind the first ": ". Blank lines and lines that
 * start with '#' are skipped. */
#pragma once
#include "checks/check.h"

typedef struct {
  char *id;
  char *subject; /* NULL: of all */
  char *reason;
} KtAccepted;

GPtrArray *kt_accepted_new(void); /* of KtAccepted* */
/* Adds to `accepted` what the text says. FALSE with KT_ERROR_FORMAT, naming
 * source and line: an unknown check, no reason. */
gboolean kt_accepted_parse(GPtrArray *accepted, const char *text, const char *source, GError **error);
char *kt_accepted_format(const GPtrArray *accepted); /* caller frees */

/* Adds one, in place of one for the same check and subject. */
void kt_accepted_add(GPtrArray *accepted, const char *id, const char *subject, const char *reason);
gboolean kt_accepted_remove(GPtrArray *accepted, const char *id, const char *subject); /* FALSE: it was not there */

/* Moves accepted findings, and the echoes of accepted roots, from `findings` to
 * `accepted` of each diagnosis. */
void kt_accepted_apply(GPtrArray *diagnoses, const GPtrArray *accepted);
