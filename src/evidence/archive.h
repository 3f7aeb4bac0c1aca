/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Archives (tar with any usual compression, zip, cpio) as a tree in memory;
 * nothing is written to disk and no other program is started. */
#pragma once
#include "base/root.h"

#define KT_ARCHIVE_MAX_MEMBERS 200000
#define KT_ARCHIVE_MAX_MEMBER (32 * 1024 * 1024)  /* bytes of one file; larger ones are left out */
#define KT_ARCHIVE_MAX_TOTAL (96 * 1024 * 1024)   /* bytes of all files that are kept */
#define KT_ARCHIVE_MAX_WORK (1024 * 1024 * 1024L) /* bytes unpacked, what is left out too */
#define KT_ARCHIVE_MAX_DEPTH 64                   /* directories above a file */

/* TRUE if the bytes begin an archive. Cheap: looks at the first members only. */
gboolean kt_archive_recognise(GBytes *bytes);

/* The archive `bytes`, called `name` in messages. Members keep their names, without
 * leading "/" and "./"; names with ".." and special files are left out, hard links
 * are the file they name, symbolic links stay links (KtRoot resolves them inside).
 * What is left out for its size is told in `left_out` (char*, may be NULL), also that
 * there are more members or bytes to unpack than any honest archive has.
 *
 * An archive that is cut off gives what stands before the cut, told in `left_out`
 * too. NULL with KT_ERROR_FORMAT (no archive, or nothing in it can be read) or
 * _UNSUPPORTED (a build without libarchive). Caller unrefs the root. */
KtRoot *kt_archive_read_bytes(const char *name, GBytes *bytes, GPtrArray *left_out, GError **error);

/* The same of an open file or pipe whose first bytes, `start`, were read; the archive as it
 * comes is not kept in memory. */
KtRoot *kt_archive_read_fd(const char *name, GBytes *start, int fd, GPtrArray *left_out, GError **error);

/* The same of a file; also KT_ERROR_NOT_FOUND, _ACCESS, _SYSTEM. */
KtRoot *kt_archive_read(const char *path, GPtrArray *left_out, GError **error);
