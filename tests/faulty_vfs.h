/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file system below SQLite that counts what it is asked to write, and at the chosen one
 * of these fails, or kills the process. */
#pragma once
#include <glib.h>

typedef enum {
  KT_FAULT_NONE,
  KT_FAULT_KILL, /* kill -9 in front of it */
  KT_FAULT_TORN, /* kill -9 in the middle of it: half is written */
  KT_FAULT_FULL, /* no space, from there on */
  KT_FAULT_EIO,  /* I/O error, from there on */
  KT_FAULT_ONCE, /* I/O error, this one only */
  KT_FAULTS
} KtFault;
extern const char *const kt_faults[KT_FAULTS];

void kt_faulty_vfs_start(void); /* once; from then on each database uses it */
/* At the operation `at`, from 1. */
void kt_faulty_vfs_set(KtFault fault, guint at);
guint kt_faulty_vfs_count(void); /* operations since it was set */
