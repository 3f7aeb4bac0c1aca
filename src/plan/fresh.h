/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that does not exist yet: its shape and its place beside the others. */
#pragma once
#include "model/snapshot.h"
#include "placement/placement.h"
#include "plan/options.h"
#include "plan/target.h"

typedef struct {
  char *name;
  guint vcpus;
  gint64 memory_kib;
  KtOs os;            /* KT_OS_LINUX or KT_OS_WINDOWS */
  gboolean dedicated; /* each vCPU owns a CPU */
  gint64 page_kib;    /* huge pages of this size; 0: none */
} KtFreshWish;

/* "vcpus=32,memory=64G,name=db,os=windows,policy=dedicated,hugepages=1G"; vcpus and memory are needed. FALSE with
 * KT_ERROR_USAGE: which part, and what was expected. Clear it in any case. */
gboolean kt_fresh_wish_parse(const char *text, KtFreshWish *wish, GError **error);
void kt_fresh_wish_clear(KtFreshWish *wish);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KtFreshWish, kt_fresh_wish_clear)

typedef struct {
  const KtMachine *host;       /* of the snapshot */
  const KtPlaceAnswer *answer; /* of `placement` */
  KtTarget target;
  KtSet *emulator;   /* CPUs for QEMU's own threads; empty: no matter */
  GPtrArray *advice; /* char*: sizes that would fit better, pools that are too small */
  KtPlacement *placement;
  KtDomain *domain; /* of the snapshot */
} KtFreshPlan;

void kt_fresh_plan_free(KtFreshPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtFreshPlan, kt_fresh_plan_free)

/* Places the guest; all others stay where they are. It becomes a domain of the snapshot. Of the options only
 * `reserved`, `closed` and `set_aside` count. NULL with KT_ERROR_USAGE (no such size has a place, or the name is taken)
 * or what kt_plan_problem() says. */
KtFreshPlan *kt_fresh_plan(KtSnapshot *snapshot, const KtFreshWish *wish, const KtPlanOptions *options, GError **error);
