/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of `kvmtune nova`. */
#pragma once
#include "model/flavor.h"
#include "nova/fit.h"

/* nova_batch.c: answers each line of the file; a line that is wrong is told on
 * standard error, and the exit status is KT_EXIT_USAGE. */
int kt_nova_run_batch(const char *path, KtNovaRelease release, GError **error);

/* nova_input.c: NULL (FALSE) and *error if the file does not show one, whole. */
KtFlavor *kt_nova_read_flavor(const char *path, GError **error);
gboolean kt_nova_read_image(const char *path, KtFlavor *flavor, GError **error);
/* conf_path may be NULL: nova.conf of the host's evidence, if it has one. *name: caller frees. */
KtNovaHost *kt_nova_read_host(const char *path, const char *conf_path, char **name, GPtrArray *notes, GError **error);
