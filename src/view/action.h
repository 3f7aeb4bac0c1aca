/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A remedy's text on a page: a command stays copyable, a sentence is wrapped. */
#pragma once
#include "base/term.h"

/* One line of a remedy. */
typedef struct {
  char *text;       /* without the remark */
  char *remark;     /* behind a command ("then restart"): a comment if it is copied along; NULL */
  gboolean is_code; /* a command or a piece of XML, to be copied as it is */
  gboolean breaks;  /* of code: a command, which may go on behind a backslash */
} KtActionPart;

/* KtActionPart*, without empty lines. Free with g_ptr_array_unref(). */
GPtrArray *kt_view_action_parts(const char *action);

/* Lines of the action, one below the other. A command that is too long goes on
 * behind a backslash, broken outside of quotes only; what looks like XML is not broken. */
void kt_view_put_action(KtPage *page, guint indent, const char *action);
