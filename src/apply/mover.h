/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtMover: moves resident pages of a running process to other nodes with move_pages(2), a batch at
 * a time: at a bounded rate, no farther than the target has room, and not a page that is not there. */
#pragma once
#include <gio/gio.h>

#include "evidence/guest_memory.h"
#include "model/node_memory.h"

typedef struct {
  KtRoot *root; /* of this machine: the process's files, and free memory of nodes */
  int pid;
  const GPtrArray *mappings; /* KtGuestMapping* */
  int cell;                  /* those of this cell are moved */
  const GArray *wanted;      /* KtNodeMemory; only proportions count. A node that is not in it shall have none */
  guint64 rate_kib;          /* a second; 0: no limit */
  guint64 margin_kib;        /* stays free on each target; 0: 2 % of the node, at least 32 MiB */
  GCancellable *stop;        /* NULL: none */
  void (*progress)(guint64 done_kib, guint64 all_kib, double kib_per_second, gpointer data); /* NULL: none */
  gpointer data;
} KtMover;

/* What became of it, in KiB. */
typedef struct {
  guint64 all; /* was not where it should be when it began */
  guint64 moved;
  guint64 busy;     /* held by the kernel or a device, again and again */
  guint64 full;     /* stayed because the target ran short */
  guint64 denied;   /* shared with other processes: only root may move it */
  guint64 other;    /* every other reason */
  int short_node;   /* the node that ran short; -1 none */
  gboolean stopped; /* by the caller's wish */
  double seconds;
} KtMoved;

/* FALSE and *error: KT_ERROR_ACCESS (needs root, or the process may not use that node), _NOT_FOUND (no such
 * process or node), _SYSTEM. Pages that stayed are no error: *moved tells of them, and of what was done before one. */
gboolean kt_mover_run(const KtMover *mover, KtMoved *moved, GError **error);

/* One node takes all pages of the process, by migrate_pages(2): it passes the process's cpuset, as strict
 * needs, and can be neither slowed down nor stopped. Errors as above; pages that stayed are no error. */
gboolean kt_mover_migrate(KtRoot *root, int pid, guint to, GError **error);

/* Why not all was moved: "node 3 ran short: 20 KiB stayed"; NULL if (nearly) all was. Caller frees. */
char *kt_moved_why(const KtMoved *moved);

/* ---- memory by node ---- */

/* Of all mappings of a cell together. Caller frees. */
GArray *kt_memory_of(const GPtrArray *mappings, int cell);
