/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A remedy's text on a page: a command stays copyable, a sentence is wrapped. */
#pragma once
#include "base/term.h"

/* Lines of the action, one below the other. A command that is too long goes on
 * behind a backslash, broken outside of quotes only; what looks like XML is not broken. */
void kt_view_put_action(KtPage *page, guint indent, const char *action);
