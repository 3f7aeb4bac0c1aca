/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of any size: read piece by piece, so that only one is in memory. */
#pragma once
#include "evidence/reading.h"

/* Reads on until `bytes` holds `length` of them; *more: the end was not reached. */
gboolean kt_pieces_fill(int fd, const char *source, GString *bytes, gsize length, gboolean *more, GError **error);

/* TRUE if they are too many lines for one piece, however short. */
gboolean kt_pieces_has_many_lines(const GString *bytes);

/* Reads `bytes` and what follows them in `fd`, in pieces of about `piece` bytes
 * that end where a line does; the rest of a longer line is dropped. Gives what
 * kt_reading_run() would give of the whole. `p` needs snapshot and fragments. FALSE and
 * *error if the file cannot be read. */
gboolean kt_pieces_read(KtPieces *p, int fd, const char *source, GString *bytes, gsize piece, GError **error);
