/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtLock: one run at a time. A lock of the kernel's on a file, which ends with the process that holds it; the file
 * says who that is and which receipt is at work. There is one in each folder of a journal, and one of the whole host,
 * since two folders do not see each other. */
#pragma once
#include <glib.h>

typedef struct KtLock KtLock;

/* Who applies or rolls back holds this, until it is freed or the process ends. NULL with KT_ERROR_ACCESS, _SYSTEM, or
 * _UNSUPPORTED: "process 4711, 'kvmtune apply' of 2026-..., is at work already". Does not wait. `what`: for that
 * line. */
KtLock *kt_lock_take(const char *directory, const char *what, GError **error);
/* The same for this host, whatever the journal's folder; for root of all its runs, in /run/kvmtune; for another user
 * of the user's, in $XDG_RUNTIME_DIR/kvmtune. Not where a unit's RuntimeDirectory= says: it would not see a run from a
 * shell. $KVMTUNE_RUN_DIR, an absolute path, wins over all: for tests alone. */
KtLock *kt_lock_take_host(const char *what, GError **error);
void kt_lock_free(KtLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtLock, kt_lock_free)

/* Says which receipt is at work from now on. FALSE and *error: KT_ERROR_SYSTEM. */
gboolean kt_lock_note(KtLock *lock, gint64 receipt, GError **error);
/* The receipt that is at work in this folder; 0: none is, so that one which is "running" was interrupted. */
gint64 kt_lock_receipt(const char *directory);
