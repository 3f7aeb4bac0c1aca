/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A unified diff on a page, its lines in colours. */
#pragma once
#include "base/term.h"

/* At most so many lines of it; FALSE: there are more. */
gboolean kt_page_diff(KtPage *page, guint indent, const char *diff, guint lines);
