/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Archives (tar with any usual compression, zip, cpio) as a tree in memory;
 * nothing is written to disk and no other program is started. */
#pragma once
#include "base/root.h"

#define KT_ARCHIVE_MAX_MEMBERS 200000
#define KT_ARCHIVE_MAX_MEMBER (64 * 1024 * 1024)  /* bytes of one file; larger ones are left out */
#define KT_ARCHIVE_MAX_TOTAL (512 * 1024 * 1024L) /* bytes of all files, unpacked */
#define KT_ARCHIVE_MAX_DEPTH 64                   /* directories above a file */

/* TRUE if the bytes begin an archive. Cheap: looks at the first members only. */
gboolean kt_archive_recognise(GBytes *bytes);

/* The archive `bytes`, called `name` in messages. Members keep their names, without
 * leading "/" and "./"; names with ".." and special files are left out, hard links
 * are the file they name, symbolic links stay links (KtRoot resolves them inside).
 * What is left out for its size is told in `left_out` (char*, may be NULL).
 *
 * An archive that is cut off gives what stands before the cut, told in `left_out`
 * too. NULL with KT_ERROR_FORMAT (no archive, or nothing in it can be read), _LIMIT
 * (more members or bytes than any honest one) or _UNSUPPORTED (a build without
 * libarchive). Caller unrefs the root. */
KtRoot *kt_archive_read_bytes(const char *name, GBytes *bytes, GPtrArray *left_out, GError **error);

/* The same of a file; also KT_ERROR_NOT_FOUND, _ACCESS, _SYSTEM. */
KtRoot *kt_archive_read(const char *path, GPtrArray *left_out, GError **error);
