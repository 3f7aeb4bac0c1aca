/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest whose agent reads files and runs nothing: the files of /sys and /proc that
 * have names known beforehand (the agent lists no directory), at two moments. */
#pragma once
#include "base/root.h"
#include "evidence/agent.h"

typedef struct {
  double duration_s;   /* from the first moment to the second; 0: one look, no moments */
  double budget_s;     /* for the files between the moments; then what is not complete is left out */
  GString *unreadable; /* gets lines "WHAT<TAB>WHY" as in a capture's unreadable.txt */
  guint moments;       /* out: how many there are */
  void (*progress)(double done, gpointer data); /* 0..1, may be NULL */
  gpointer progress_data;
} KtAgentFiles;

/* Adds them to `tree`, in memory, as a capture has them. What hangs together (the CPUs' topology,
 * their caches, the nodes) is there as a whole or not at all, for a part of it would say
 * something else. FALSE and *error if the guest is no Linux or its agent is gone. */
gboolean kt_agent_files_take(KtAgent *agent, KtAgentFiles *files, KtRoot *tree, GError **error);
