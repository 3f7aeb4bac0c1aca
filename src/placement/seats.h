/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the solver: which CPUs of a node the exclusive vCPUs get. */
#pragma once
#include "placement/host.h"

typedef struct {
  guint node;
  guint cpus;        /* wanted */
  const KtSet *keep; /* what it has now and may keep, as many as wanted; NULL: anything */
  GArray *pins;      /* guint: what it gets, siblings next to each other; appended, owned by the caller */
} KtWant;

/* Whose CPU each is: index of a want + 1 by the index in host->cpus; 0: free. */
typedef struct {
  const KtHost *host;
  guint *owner;
} KtSeats;

void kt_seats_init(KtSeats *seats, const KtHost *host);
void kt_seats_clear(KtSeats *seats);

/* Seats all wants of one node, which has CPUs enough: first those that keep theirs, then in whole cores and as few L3
 * groups as can be, in equal parts where there are several; two guests share a core only if there is no other way.
 * worth of `busy` (of KT_CORE) is left to shared guests; on cores that are idle even then, guests spread before they
 * use siblings. */
void kt_seats_fill(KtSeats *seats, guint node, KtWant *wants, guint n_wants, gint64 busy);
