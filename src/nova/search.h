/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Nova's own search of host cells ends with, step by step as it is.
 *
 * It tries permutations of host cells and remembers verdicts by the pair (host cell,
 * id of the guest cell), but a try changes that id (to the host cell's), the page size
 * that the guest cell asks for and its pins. So it finds wrong memories for cells that
 * differ: it misses placements, or takes one that is none.
 *
 * Source: numa_fit_instance_to_host() of nova/virt/hardware.py since 26.0.0. */
#pragma once
#include "nova/fit.h"

typedef enum {
  KT_NOVA_SEARCH_FITS,    /* a placement that is one */
  KT_NOVA_SEARCH_NONE,    /* "no room" */
  KT_NOVA_SEARCH_WRONG,   /* a placement that is none: a cell where it does not fit, with pages or CPUs of another */
  KT_NOVA_SEARCH_TOO_LONG /* more tries than were followed */
} KtNovaSearchEnd;

typedef struct {
  KtNovaSearchEnd end;
  guint64 tries;                     /* permutations */
  int hosts[KT_NOVA_HOST_CELLS_MAX]; /* ids of the host cells by guest cell, if it ends with some */
} KtNovaSearch;

/* `most`: permutations to follow. */
KtNovaSearch kt_nova_search(const KtNovaGuest *guest, const KtNovaHost *host, KtNovaRelease release, guint64 most);
