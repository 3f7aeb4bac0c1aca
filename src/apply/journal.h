/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtJournal: the receipts of this machine, in SQLite, in a folder of their own. What is said
 * to be written is on the disk, also after a loss of power (synchronous=EXTRA), or *error is set
 * and the journal is as it was. Folder and file are the owner's alone: definitions hold secrets.
 *
 * Errors are one line with the journal's path: KT_ERROR_NOT_FOUND (there is no journal, or no such
 * receipt), _ACCESS (may not be read or written), _FORMAT (damaged, or no journal), _UNSUPPORTED (of a newer
 * kvmtune; a build without SQLite), _LIMIT (a text of more than KT_JOURNAL_TEXT), _SYSTEM (disk full, I/O error). */
#pragma once
#include "apply/lock.h"
#include "apply/receipt.h"

/* Receipts of hosts and those of clouds, where each server has its own: the oldest of more are dropped, if they are at
 * an end. */
#define KT_JOURNAL_RECEIPTS 200
#define KT_JOURNAL_CLOUD_RECEIPTS 20000
#define KT_JOURNAL_TEXT (64 * 1024 * 1024)           /* bytes of one text */
#define KT_JOURNAL_STEPS 20000                       /* of one receipt */
#define KT_JOURNAL_SIZE (G_GINT64_CONSTANT(4) << 30) /* bytes of all */

/* The folder: for root /var/lib/kvmtune, else kvmtune in the user's state folder (XDG_STATE_HOME). Caller frees. */
char *kt_journal_directory(void);

typedef struct KtJournal KtJournal;

/* `write`: makes what is missing, and refuses a journal that cannot be written. Else what is there is read. */
KtJournal *kt_journal_open(const char *directory, gboolean write, GError **error);
void kt_journal_free(KtJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtJournal, kt_journal_free)

/* The number that the next receipt gets, whose run holds the lock. FALSE and *error. */
gboolean kt_journal_next(KtJournal *journal, gint64 *number, GError **error);
/* Writes a new receipt with all of its steps, at once; sets its number. */
gboolean kt_journal_add(KtJournal *journal, KtReceipt *receipt, GError **error);
/* What becomes of it: state, error, ended, notes. */
gboolean kt_journal_set_state(KtJournal *journal, const KtReceipt *receipt, GError **error);
/* What becomes of one of its steps: state, found, error, calls. */
gboolean kt_journal_set_step(KtJournal *journal, const KtReceipt *receipt, const KtStep *step, GError **error);
/* "better", "no effect", "worse", "cannot tell". */
gboolean kt_journal_set_verdict(KtJournal *journal, gint64 number, const char *verdict, GError **error);

/* One receipt, whole; number 0: the last. */
KtReceipt *kt_journal_load(KtJournal *journal, gint64 number, GError **error);
/* All of them (KtReceipt*), the newest first, without plan, measurement and steps. Free with g_ptr_array_unref(). */
GPtrArray *kt_journal_list(KtJournal *journal, GError **error);

/* The last receipt, whole, with a step about this guest or server that was begun. NULL without *error: there is none.
 */
KtReceipt *kt_journal_last_of(KtJournal *journal, const char *uuid, GError **error);

/* "receipt 7 changed vcpupin 3 of 'crm' after it: roll that back first", of the last later receipt with a step about
 * the same (a flavor of another cloud is not) that stands; NULL without *error: there is none. Caller frees. */
char *kt_journal_newer(KtJournal *journal, const KtReceipt *receipt, GError **error);
