/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of accepted risks: the system's and the user's own; if the
 * environment has KVMTUNE_IGNORE, the file that it names instead of both. */
#pragma once
#include "checks/accepted.h"

/* Where `ignore` writes: /etc/kvmtune/ignore for root, else kvmtune/ignore in
 * the user's configuration folder. Caller frees. */
char *kt_accepted_own_path(void);

/* Adds what the file says; one that is not there says nothing. */
gboolean kt_accepted_read_file(GPtrArray *accepted, const char *path, GError **error);

/* Both files; the user's own wins. NULL and *error if one cannot be understood. */
GPtrArray *kt_accepted_read_all(GError **error);
