/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture's manifest.json: when, of what and how it was taken, what is missing. */
#pragma once
#include "base/root.h"

typedef struct {
  const char *host; /* NULL: not known */
  gboolean live, scrubbed;
  guint moments;
  double duration_s;              /* between the first and the last of them */
  const char *no_libvirt_because; /* or NULL */
  /* Of a guest that was looked at through its agent; `through` NULL: it was not. */
  const char *through;       /* "guest-exec" or "guest-file-read" */
  const char *domain, *uri;  /* NULL in a scrubbed one */
  const char *agent_version; /* or NULL */
  const char *not_through;   /* why not in the better way, or NULL */
} KtManifest;

/* Adds manifest.json and unreadable.txt to a tree in memory. `unreadable`: lines
 * "WHAT<TAB>WHY". */
void kt_manifest_add(KtRoot *tree, const KtManifest *manifest, const char *unreadable);
