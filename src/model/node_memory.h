/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory by node: arrays of KtNodeMemory, and the words for them in plans and steps. */
#pragma once
#include "model/machine.h"

/* To what the node has already; in order of nodes. */
void kt_memory_add(GArray *memory, int node, gint64 kib);
gint64 kt_memory_kib(const GArray *memory); /* of all nodes */

/* "0:8388608,3:1024" (KiB), in order of nodes. NULL and KT_ERROR_FORMAT if it is none. Caller frees. */
GArray *kt_memory_parse(const char *text, GError **error);
/* The same back; nodes that have none are left out. Caller frees. */
char *kt_memory_format(const GArray *memory);

/* The part of `found` that is elsewhere than `wanted` has it, where both may differ in size: 0 none, 1 all. */
double kt_memory_distance(const GArray *wanted, const GArray *found);
