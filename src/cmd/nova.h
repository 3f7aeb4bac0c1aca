/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kvmtune nova` was asked, and its words: one file each. */
#pragma once
#include <glib.h>

#include "nova/fit.h"

typedef struct {
  char *flavor, *image, *host, *conf, *batch;
  gboolean json;
  KtNovaRelease release;
} KtNovaOptions;

/* nova_batch.c: answers each line of the file; a line that is wrong is told on
 * standard error, and the exit status is KT_EXIT_USAGE. */
int kt_nova_run_batch(const char *path, KtNovaRelease release, GError **error);
