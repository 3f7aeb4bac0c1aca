/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtSnapshot: all that one collection of evidence tells. */
#pragma once
#include "model/domain.h"
#include "model/flavor.h"
#include "model/machine.h"

/* What was read and cannot be, or could not be understood. */
typedef struct {
  char *source;
  guint line;
  char *why;
} KtRejected;

#define KT_MAX_REJECTED 10000

typedef struct {
  GPtrArray *machines; /* KtMachine* */
  GPtrArray *domains;  /* KtDomain* */
  GPtrArray *flavors;  /* KtFlavor* */
  GPtrArray *confs;    /* KtNovaConf* */
  GPtrArray *rejected; /* KtRejected*, at most KT_MAX_REJECTED */
  guint rejected_more; /* rejected too, not kept */
  GPtrArray *stated;   /* KtCite*: sentences of the document that say what a table would */
  guint unreachable;   /* hosts that were named and could not be looked at; `notes` says why */
  GPtrArray *notes;    /* char*: how the evidence was understood ("od01crnapp05 taken as ...") */
} KtSnapshot;

KtSnapshot *kt_snapshot_new(void);
void kt_snapshot_free(KtSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtSnapshot, kt_snapshot_free)
void kt_snapshot_reject(KtSnapshot *s, const char *source, guint line, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* The host that the domains of this snapshot run on: its only host machine, or NULL. */
KtMachine *kt_snapshot_host(const KtSnapshot *s);
/* The host of one of its domains: where it was seen, else that only one; NULL if not told. */
const KtMachine *kt_snapshot_host_of(const KtSnapshot *s, const KtDomain *d);
KtMachine *kt_snapshot_machine(const KtSnapshot *s, const char *name); /* by name, or "N" from 1; NULL if none */
KtDomain *kt_snapshot_domain(const KtSnapshot *s, const char *name);   /* by name or UUID; NULL if none */
