/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shape a guest should have where it is placed: its topology mirrors what
 * it runs on, so that its own scheduler and allocator decide right. */
#pragma once
#include "model/domain.h"
#include "placement/placement.h"

typedef struct {
  guint sockets, dies, cores,
      threads; /* sockets * dies * cores * threads: all vCPUs, those that can be plugged in too */
  guint cells;
  gboolean siblings; /* vCPUs 2k and 2k+1 own the two threads of a core */
  gboolean true_l3;  /* each socket (or die) owns exactly the CPUs of one of the host's L3 caches */
  gboolean one_l3;   /* no socket (or die) lies over several of the host's L3 caches */
  gboolean topoext;  /* an AMD CPU that shows threads only with this feature */
} KtTarget;

/* One socket a cell; where exclusive CPUs of a cell lie in several L3 caches,
 * evenly and one after the other, a die for each (on AMD a socket: without topoext its
 * kernel sees no dies); threads=2 only
 * where all pairs of vCPUs own the siblings of a core. FALSE: the vCPUs do not
 * divide by the cells, or `answer` is unplaced. */
gboolean kt_target_find(const KtDomain *domain, const KtMachine *host, const KtPlaceAnswer *answer, KtTarget *target);
