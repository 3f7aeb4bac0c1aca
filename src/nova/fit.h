/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a guest's cells go on a host: each pair of guest and host cell is judged by
 * Nova's rules, the pairs are matched without trying permutations.
 *
 * Nova itself remembers verdicts of pairs under keys that its own search changes
 * (since 26.0.0, unchanged on master): for unequal cells it misses placements and
 * takes wrong ones. The answer here is the right one: a placement exists if and only
 * if the pairs have a perfect matching. Where Nova is right its choice of host cells
 * is the same.
 *
 * Source: nova/virt/hardware.py of 26.2.2 and master of 2026-08; the differences are
 * those of KtNovaRelease. */
#pragma once
#include "nova/guest.h"
#include "nova/host.h"

/* Why a pair does not fit. */
typedef enum {
  KT_NOVA_FITS = 0,
  KT_NOVA_NO_PAGES,   /* no pool of an asked size has enough free, or memory is no multiple of it */
  KT_NOVA_NO_MEMORY,  /* the cell's memory, or what is free of it */
  KT_NOVA_NO_PCPUS,   /* CPUs to pin */
  KT_NOVA_NO_CPUS,    /* CPUs to float on */
  KT_NOVA_NO_THREADS, /* CPUs enough, but not on cores as the thread policy wants them */
  KT_NOVA_OVER_CPUS,  /* the CPU allocation ratio */
  KT_NOVA_OVER_MEMORY /* the RAM allocation ratio */
} KtNovaMisfit;
const char *kt_nova_misfit_words(KtNovaMisfit misfit); /* what lacks, translated; NULL for KT_NOVA_FITS */

/* Judges one pair. `reserve`: one more CPU for emulator threads. *pages_kib (may be
 * NULL): the page size it would get, 0 where none is asked. */
KtNovaMisfit kt_nova_pair(const KtNovaGuest *guest, const KtNovaGuestCell *cell, const KtNovaHost *host,
                          const KtNovaHostCell *on, gboolean reserve, KtNovaRelease release, gint64 *pages_kib);

typedef struct {
  const KtNovaHostCell *on;
  KtInt pages_kib; /* unknown: none was asked for */
  GArray *pins;    /* guint: the host CPU of each dedicated vCPU, ascending by vCPU */
  KtInt reserved;  /* host CPU of the emulator threads */
} KtNovaPlaced;

typedef struct {
  gboolean fits;
  gboolean lacks_cells; /* fewer host cells than guest cells */
  GPtrArray *cells;     /* KtNovaPlaced*, by guest cell; empty unless it fits */
  guint8 *misfits;      /* KtNovaMisfit by guest cell and host cell, row by row; NULL if lacks_cells */
  guint64 crowd;        /* if it does not fit: guest cells for which there are too few host cells, bit by bit */
} KtNovaFit;
void kt_nova_fit_free(KtNovaFit *fit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtNovaFit, kt_nova_fit_free)

/* The result points into guest and host, which have to outlive it. */
KtNovaFit *kt_nova_fit(const KtNovaGuest *guest, const KtNovaHost *host, KtNovaRelease release);

/* The host's cells with the guest on them (KtNovaHostCell*): what Nova's
 * numa_usage_from_instance_numa() books. NULL where Nova fails: a host without page
 * sizes. Caller unrefs. */
GPtrArray *kt_nova_usage(const KtNovaGuest *guest, const KtNovaFit *fit, const KtNovaHost *host);
