/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers: one a kind of evidence, all in one table. A reader recognises the
 * first line of its output by content and reads up to where it ends. It says
 * what the text says: no guesses, no defaults; what cannot be is rejected with
 * its line; what is cut off is left unknown. */
#pragma once
#include "evidence/text.h"
#include "model/snapshot.h"

/* What a reader writes into. */
typedef struct KtReading KtReading;

/* The machine of this block: fresh, filled by this reader only, joined with
 * others later. Made on first call. */
KtMachine *kt_reading_machine(KtReading *r);
/* Ends the current machine of this block: the next kt_reading_machine() is another one. */
void kt_reading_next_machine(KtReading *r);
KtDomain *kt_reading_add_domain(KtReading *r);
/* More domains than any host has: a block of so many will be dropped, so no more need be added. */
gboolean kt_reading_is_full(const KtReading *r);
KtFlavor *kt_reading_add_flavor(KtReading *r);
KtNovaConf *kt_reading_add_conf(KtReading *r);
/* A line that cannot be: a percentage above 100, an end before its start. */
void kt_reading_reject(KtReading *r, guint i, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* A citation of line i; valid until the next call for another line. */
const KtCite *kt_reading_cite(KtReading *r, guint i);
/* What a reader remembers from one piece of a large text to the next; NULL at
 * its first. Freed with `free_state`. */
gpointer kt_reading_state(const KtReading *r);
void kt_reading_set_state(KtReading *r, gpointer state, GDestroyNotify free_state);

typedef struct {
  const char *name; /* "lscpu" */
  const char *what; /* "lscpu text, -e, -p, -J, in English, Chinese, German" */
  /* Does an output of this kind start at line i? Cheap; sees any hostile text. */
  gboolean (*starts)(const KtText *text, guint i);
  /* Reads from line i; returns the first line that is not its own (> i). Must
   * stop at a prompt (kt_text_is_prompt). */
  guint (*read)(KtReading *r, const KtText *text, guint i);
  /* Set for outputs of any length: where a piece of a large text ends within
   * one, `read` goes on at line 0 of the next; `end` follows the last call. */
  void (*end)(KtReading *r);
} KtReader;

/* The table, in the order in which readers are asked; *n rows. */
const KtReader *const *kt_readers(guint *n);
/* The first of them whose output starts at line i; NULL if none does. */
const KtReader *kt_reader_at(const KtText *text, guint i);
