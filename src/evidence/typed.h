/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command above an output. */
#pragma once
#include "evidence/text.h"

/* The words of the command whose output starts at line i: typed at the prompt
 * right above, or standing there as a line of its own, "sudo" left out. NULL
 * if there is none that is short enough. Free with g_strfreev(). */
char **kt_typed_above(const KtText *text, guint i);
