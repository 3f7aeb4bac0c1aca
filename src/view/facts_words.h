/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of a machine in words: only what is known. */
#pragma once
#include "model/machine.h"

/* Appends to a list, behind a comma. */
void kt_say(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* "4 sockets", "1 socket"; the first of the words is the noun. Nothing if unknown. */
void kt_say_int(GString *out, KtInt value, const char *words);
char *kt_say_kib(KtInt kib); /* "62.9 GiB"; NULL if unknown. Caller frees. */

/* "32 CPUs, 32 sockets, 1 core per socket"; NULL if nothing is known. Caller frees. */
char *kt_view_say_topology(const KtMachine *m);
/* "L1d 32 KiB x 32, L2 4 MiB x 32"; NULL if nothing is known. Caller frees. */
char *kt_view_say_caches(const KtMachine *m);
