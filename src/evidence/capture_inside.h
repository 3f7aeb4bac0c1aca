/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's capture (capture.h) taken through its agent: what `kvmtune capture` in the
 * guest would take, with nothing installed there. Where the agent may run commands it
 * runs the capture script, else it reads the files that have known names. */
#pragma once
#include "base/root.h"
#include "evidence/agent.h"

typedef struct {
  const char *domain, *uri;                     /* for words and the manifest; uri NULL: the default */
  const char *script;                           /* the capture script */
  double duration_s;                            /* from the first moment to the second; 0: one look */
  gboolean scrub;                               /* names and secrets replaced, see scrub.h */
  void (*progress)(double done, gpointer data); /* 0..1, may be NULL */
  gpointer progress_data;
} KtInsideOptions;

/* Takes it into memory. *note (may be NULL): what is missing in it, in one line, or NULL;
 * caller frees. NULL and *error: KT_ERROR_NOT_FOUND (no agent answers), _ACCESS (libvirt
 * or the agent does not allow it; the words say which calls and what to do instead),
 * _FORMAT, _LIMIT (the agent answers nonsense, too much or not in time). */
KtRoot *kt_capture_take_inside(const KtAgentChannel *channel, const KtInsideOptions *options, char **note,
                               GError **error);
