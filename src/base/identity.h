/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which machine, and which of its boots: names of hosts are given twice. */
#pragma once
#include "base/root.h"

/* The machine, as a word of 32 hex digits that only kvmtune makes of its machine-id: HMAC-SHA256 of the tool's name by
 * it, since machine-id(5) asks not to show the id itself. Machines that were cloned with their machine-id are one.
 * NULL: it has none. Caller frees. */
char *kt_identity_machine(KtRoot *root);

/* This boot of its kernel (random(4)), another after each. NULL unknown. Caller frees. */
char *kt_identity_boot(KtRoot *root);
