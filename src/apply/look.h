/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtLook: a domain as libvirt has it at this moment, as far as it decides which steps a change becomes. */
#pragma once
#include <glib.h>

typedef struct {
  char *name, *uuid;
  int id;              /* libvirt's, new with each start; -1: does not run */
  char *run;           /* which run of it this is, another after each start, also of the host; NULL: does not run */
  gboolean persistent; /* has a definition that outlives it */
  guint cells;         /* of the running guest (of the definition, if it does not run); 1 without <numa> */
  char *numatune;      /* mode of its live <numatune>: "strict", "restrictive", "preferred", "interleave"; NULL none */
  char *memory_nodes;  /* nodes that its threads may take memory from now (cpuset.mems), a list; NULL unknown */
  char *stuck;         /* why its memory cannot be moved: "VFIO pins it"; NULL: it can */
} KtLook;

KtLook *kt_look_new(const char *name, const char *uuid); /* does not run, one cell, the rest unknown */
void kt_look_free(KtLook *look);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtLook, kt_look_free)
