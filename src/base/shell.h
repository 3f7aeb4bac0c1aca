/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names in commands that people copy. */
#pragma once
#include <glib.h>

/* The text as one word of a shell's command line: as it is where it has only letters, digits and
 * "_./:@%+=,-" (and no '-' in front), else in quotes. A guest may be named "a; reboot". Caller frees. */
char *kt_shell_word(const char *text);
