/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the meter: through its socket, or from within the machine it counts. */
#ifndef KT_LAB_ASK_H
#define KT_LAB_ASK_H

#include <stdbool.h>

/*
 * Sends one command; the answer (malloc'd, ends with '\0'), or NULL and one
 * line of @error. @socket is the path of the meter's socket; NULL: by mailbox.
 */
char *kt_ask(const char *socket, const char *command, char error[static 160]);

#endif
