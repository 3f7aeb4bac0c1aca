/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of a KtReading: what the core does around a reader's call. */
#pragma once
#include "evidence/reader.h"

typedef struct KtPieces KtPieces;

struct KtReading {
  KtPieces *pieces;
  const KtReader *reader; /* NULL: no block is open */
  const KtText *text;
  KtSnapshot *snapshot; /* domains, flavors, confs and rejects go straight here */
  GPtrArray *fragments; /* KtFragment*, appended */
  KtMachine *machine;   /* of the block being read, or NULL */
  guint first;          /* line at which the block starts */
  KtCite *cite;         /* the last one made */
  guint cite_line;
  guint weighed;        /* fragments before this one are weighed */
  guint first_fragment; /* of the block: length of `fragments` before it */
  guint first_domain;   /* of the block: number of domains before it */
  char *host;           /* by the prompt above the block, or NULL */
  gpointer state;
  GDestroyNotify free_state;
};

/* A machine as one block of text shows it, with what tells whose it is. */
typedef struct {
  KtMachine *machine;
  const KtReader *reader;
  char *directory; /* of the source: evidence of one machine lies together */
  char *source;
  guint first; /* line index of the block in its text */
} KtFragment;

void kt_fragment_free(gpointer fragment);

/* Reads all that a text holds into snapshot and fragments. FALSE if nothing in it was understood. */
gboolean kt_reading_run(const KtText *text, const char *directory, KtSnapshot *snapshot, GPtrArray *fragments);

/* The same for one source in pieces. */
struct KtPieces {
  const char *directory;
  KtSnapshot *snapshot;
  GPtrArray *fragments;
  KtReading open;      /* the block that the last piece ended within */
  gboolean understood; /* something was, so far */
  gint64 vcpus;        /* of all domains so far */
  guint dropped;       /* domains: too many */
  gsize weight;        /* of the machines of all fragments so far, about; bytes */
  guint left_out;      /* outputs that would have made it too much */
};

/* Reads the next piece; `more`: it is not the last. Returns the first line that
 * has to stand in the next piece again, because what it belongs to may go on
 * there; the number of lines if none has to. While a block is `open` behind a
 * piece, the next may be small. */
guint kt_reading_run_piece(KtPieces *p, const KtText *text, gboolean more);

/* Joins fragments to machines and adds these to the snapshot, and joins its
 * domains; empties `fragments`. */
void kt_assemble(KtSnapshot *snapshot, GPtrArray *fragments);
