/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the QEMU command line reader: what is gathered on the way through
 * the arguments, because options refer to each other in any order. */
#pragma once
#include "evidence/qemu_opts.h"
#include "model/domain.h"

/* -object, -drive, -blockdev, -netdev and -device each, as they stand. */
typedef struct {
  KtQemuOpts *opts;
  KtCite *cite;
} KtQemuItem;

typedef struct {
  KtDomain *d;
  const char *program;         /* argv[0] without directories */
  const KtCite *cite;          /* of the option at hand */
  GPtrArray *accels;           /* char*: accelerators in the order they are tried */
  GPtrArray *objects, *drives; /* KtQemuItem*; drives: also -blockdev */
  GPtrArray *netdevs, *nics, *devices;
  GPtrArray *numa;      /* KtQemuItem* */
  char *memory_backend; /* -machine memory-backend= */
  char *guard;          /* -machine confidential-guest-support= or memory-encryption= */
} KtQemuState;

const KtQemuItem *kt_qemu_find(const GPtrArray *items, const char *key, const char *value); /* the last; NULL */

void kt_qemu_read_cpu(KtQemuState *s, const char *value);
void kt_qemu_read_smp(KtQemuState *s, const char *value);
void kt_qemu_read_memory(KtQemuState *s, const char *value);

/* What only all arguments together tell. */
void kt_qemu_finish_memory(KtQemuState *s);
void kt_qemu_finish_devices(KtQemuState *s);
