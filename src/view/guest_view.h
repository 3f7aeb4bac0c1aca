/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Views of a guest looked at from inside. */
#pragma once
#include "base/term.h"
#include "checks/inside.h"

typedef struct {
  const KtInside *inside;
  const GPtrArray *rows;       /* KtInsideRow* */
  const KtDiagnosis *of_guest; /* of inside->guest */
  const char *connect_uri;     /* as it was typed; NULL */
  const char *agent_note;      /* what the agent did not let through; NULL */
} KtGuestView;

char *kt_view_guest_text(const KtTerm *term, const KtGuestView *view);
char *kt_view_guest_json(const KtGuestView *view);

/* ---- words ---- */

/* Is it a JVM or a database? Those are listed. */
gboolean kt_guest_is_program(const KtProcess *process);
/* "JDK 17, heap 8 GiB, G1, UseNUMA not given": the flags that matter to NUMA and memory; NULL: none is known. Caller
 * frees. */
char *kt_guest_say_program(const KtMachine *m, const KtProcess *process);
/* "3.1 GiB: node 0 80 %, node 1 20 %"; NULL unknown. Caller frees. */
char *kt_guest_say_memory(const KtProcess *process);
