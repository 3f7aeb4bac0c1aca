/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest as its own kernel sees it, beside what its definition makes of it and
 * beside its host. */
#pragma once
#include "checks/check.h"

typedef struct {
  const KtDomain *domain;
  const KtMachine *host; /* NULL unknown */
  const KtMachine *predicted, *guest;
  const GPtrArray *diagnoses; /* KtDiagnosis* of all of them; their findings mark the rows */
} KtInside;

typedef struct {
  char *field;                    /* "caches.L3", "cells.1", stable, for scripts */
  char *label;                    /* "L3 cache" */
  char *host, *predicted, *guest; /* as shown; NULL: unknown, or it says nothing there. Of a cell: the host's are
                                     the nodes that the definition binds its memory to */
  gboolean differs;               /* the guest sees something else than its definition promises */
  char *checks;                   /* ids of the findings about it, "X03 X06"; NULL: none */
} KtInsideRow;

/* KtInsideRow*, those fields that the guest or its definition knows: topology,
 * caches, nodes, each cell with its CPUs, memory and distances, the CPU, kernel, clock and what
 * balances memory. A guest has less memory than it is given, as its kernel and firmware keep some: up to a tenth
 * and 128 MiB are no difference. Free with g_ptr_array_unref(). */
GPtrArray *kt_inside_rows(const KtInside *inside);

/* The finding's cure where it is a sysctl of the running guest: "kernel.numa_balancing=1". NULL: it is not. */
const char *kt_inside_sysctl(const KtFinding *finding);
