/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine as evidence: the files that reading it looks at, as they are, at two
 * moments or more, with libvirt's documents; nothing is changed. What a capture
 * consists of is told in capture_root.h. */
#pragma once
#include "base/root.h"

typedef struct {
  const char *root;        /* a copied root instead of this machine (then one moment, no libvirt), or NULL */
  const char *domain;      /* only this one of the domains, by name or UUID; NULL: all */
  const char *connect_uri; /* libvirt; NULL: the default, if one is running */
  double duration_s;       /* from the first moment to the last; 0: one moment */
  double interval_s;       /* between looks at CPU use; > 0 */
  gboolean scrub;          /* names and secrets replaced, see scrub.h */
  void (*progress)(double done, gpointer data); /* 0..1, may be NULL */
  gpointer progress_data;
} KtCaptureOptions;

/* Takes a capture into memory. NULL and *error if there is no machine to look at
 * (KT_ERROR_NOT_FOUND), no such domain, or a libvirt that was named does not answer. */
KtRoot *kt_capture_take(const KtCaptureOptions *options, GError **error);

/* Can the path be written: an archive by its name (.tar, .tar.gz, .tgz, .tar.xz,
 * .tar.zst), else a directory? FALSE with KT_ERROR_USAGE if it exists already
 * or is named like another kind of archive, the system's code if nothing can be made
 * in its directory, _UNSUPPORTED for an archive in a build without libarchive. */
gboolean kt_capture_check_path(const char *path, GError **error);

/* Writes a tree in memory, readable by its owner alone. It appears under its name
 * when it is complete; after an error nothing is left. */
gboolean kt_capture_write(KtRoot *tree, const char *path, GError **error);
