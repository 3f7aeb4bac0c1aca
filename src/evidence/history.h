/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The binary files of sysstat's sadc, /var/log/sysstat/saDD: read by its own
 * program sadf, because their layout changes with its version and the machine's. */
#pragma once
#include <glib.h>

/* TRUE if the bytes begin such a file (of either byte order). */
gboolean kt_history_recognise(const char *bytes, gsize length);

/* What `sadf -j` prints of the CPU use in it, for the reader of sadf; times are
 * those of the machine that wrote it. Single CPUs are left out where the text
 * would be longer than KT_TEXT_LIMIT. `source` names it in messages.
 *
 * NULL and *error: KT_ERROR_UNSUPPORTED (no sadf), _FORMAT (sadf refuses it, in
 * its own words), _LIMIT (too long, or more than 20 s), _SYSTEM. Caller frees. */
char *kt_history_read(const char *source, const char *bytes, gsize length, gsize *text_length, GError **error);
