/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From files, directories, archives, roots and live systems to a snapshot. */
#pragma once
#include "base/root.h"
#include "model/snapshot.h"

typedef struct {
  double interval_s;       /* live sampling; 0: one look, no rates */
  const char *connect_uri; /* libvirt; NULL: the default, if one is running */
  const char *domain;      /* only this one; NULL all */
  gboolean deep;           /* also costly looks (numa_maps of everything) */
  /* Called while sampling with the part done (0..1); may be NULL. */
  void (*progress)(double done, gpointer data);
  gpointer progress_data;
} KtLiveOptions;

/* Reads files, directories, archives ("-": standard input) given on a command
 * line. A directory with sys/ or proc/ in it is a copied root. NULL and
 * *error when one cannot be read at all or nothing in all of them was
 * understood (KT_ERROR_FORMAT). */
KtSnapshot *kt_evidence_read(const char *const *paths, GError **error);

/* The same; URIs of libvirt may be among the paths: each a host with its domains, which
 * has `timeout_s` to answer (libvirt_hosts.h). NULL and *error also if no URI and no path tells anything. */
KtSnapshot *kt_evidence_read_mixed(const char *const *inputs, double timeout_s, GError **error);

/* A copied root. */
KtSnapshot *kt_evidence_read_root(const char *directory, GError **error);

/* A capture that was taken into memory (capture.h, capture_inside.h). NULL with KT_ERROR_FORMAT if it shows no machine.
 */
KtSnapshot *kt_evidence_read_tree(KtRoot *tree, GError **error);

/* This machine and, if it is a host, its domains; with a URI of another host
 * that libvirt's host and domains alone. */
KtSnapshot *kt_evidence_read_live(const KtLiveOptions *options, GError **error);
