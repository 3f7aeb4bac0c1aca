/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine as boxes in boxes: what a picture of its topology shows.
 *
 * Groups of CPUs (sockets, nodes, dies, L3 groups) are nested by their sets;
 * groups of the same CPUs are one box. Only what is known is a box: where it is
 * not known which CPUs a socket has, sockets stand apart, without numbers. */
#pragma once
#include "model/snapshot.h"

#define KT_BOXES_MAX 256      /* groups of a kind that are drawn; more are a number only */
#define KT_BOX_CELLS_MAX 1024 /* CPUs that are drawn one by one */

/* In the order in which boxes of the same CPUs are named. */
typedef enum { KT_BOX_SOCKET, KT_BOX_DIE, KT_BOX_NODE, KT_BOX_L3, KT_BOX_KINDS } KtBoxKind;
extern const char *const kt_box_kind_names[KT_BOX_KINDS]; /* "Socket", "Die", "NUMA node", "L3" */

/* A guest in a node. */
typedef struct {
  char *name;
  guint vcpus;      /* in this node; 0: none, or not known where */
  KtInt memory_kib; /* resident in this node; unknown where it is not seen running */
} KtTenant;

typedef struct {
  guint kinds;        /* bit of each KtBoxKind that it is */
  char *name;         /* "Socket 0 · NUMA node 0"; NULL for a strip */
  char *detail;       /* "L3 24 MiB · 62.9 GiB memory"; NULL */
  KtSet *cpus;        /* NULL: not known which */
  guint cores;        /* where `cpus` is NULL: drawn without numbers */
  guint threads;      /* of each of these cores */
  GPtrArray *inside;  /* KtBox* */
  GPtrArray *tenants; /* KtTenant* */
  KtInt memory_kib;   /* of a node */
} KtBox;

/* One row of boxes; a second one shows what cannot be nested into the first. */
typedef struct {
  GPtrArray *rows; /* GPtrArray* of KtBox* */
  guint cpus;      /* CPUs of all boxes */
  char *remark;    /* what the picture cannot show and why; NULL */
} KtBoxes;

/* `snapshot`: where `m` is the host of its domains, they are in the nodes; NULL: none. */
KtBoxes *kt_boxes_new(const KtMachine *m, const KtSnapshot *snapshot);
void kt_boxes_free(KtBoxes *boxes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtBoxes, kt_boxes_free)
