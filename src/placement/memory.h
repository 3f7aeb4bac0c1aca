/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the solver: on which nodes the memory of each part lies when the homes are chosen. */
#pragma once
#include "placement/search.h"

/* KiB of part p on node i: [p * n_nodes + i]. All at home where there is room; the rest where it costs least
 * (flow.h), rather what is there now than what would have to be moved. Caller frees. */
gint64 *kt_memory_assign(KtSearch *s);
