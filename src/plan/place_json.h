/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Placement problems and answers as JSON lines, the format of `kvmtune plan --batch`:
 *
 * {"id":"a","host":{"nodes":[{"id":0,"cores":["0,32","1,33"],"l3":["0-1,32-33"],"memory_kib":67108864,
 *   "distances":[10,21]}, ...],"reserved_cpus":""},
 *  "guests":[{"name":"g1","vcpus":8,"memory_kib":16777216,"demand_cores":3.5,"policy":"shared","cells":null,
 *   "movable":true,"now":{"cpus":"0-7","memory_kib":{"0":16777216}}}, ...]}
 * demand_cores, cells and now may be null or absent. Besides: "devices" of a guest, an array of the nodes that its
 * passed-through devices are near to; "weights", an object with any of the fields of
 * KtPlaceWeights, and "max_steps". Other members are left alone.
 *
 * {"id":"a","placements":[{"guest":"g1","cells":[{"vcpus":"0-7","cpus":"0-1,32-33","pins":null,
 *   "memory_kib":{"0":16777216}}]}, ...],"unplaced":[{"guest":"g9","why":"..."}],
 *  "cost":{"contention":0,"l3":0,"remote":0,"fragmentation":0,"move":0,"total":0},"lower_bound":{the same},
 *  "optimal":true,"steps":99}
 * The units are those of KtPlaceCost; "move" is in KiB. */
#pragma once
#include "placement/placement.h"

#define KT_PLACE_LINE_LIMIT (64 * 1024 * 1024) /* bytes of one problem */

/* NULL with KT_ERROR_FORMAT ("NAME: guests[2].vcpus: expected ..."), KT_ERROR_LIMIT or KT_ERROR_UNSUPPORTED (a build
 * without json-glib). *id gets the problem's id, to be freed by the caller. */
KtPlaceProblem *kt_place_from_json(const char *name, const char *text, gsize length, char **id, GError **error);

/* One line with its end. `explain`: sentences for a member "explain"; NULL: none. Caller frees. */
char *kt_place_to_json(const char *id, const KtPlaceProblem *problem, const KtPlacement *placement,
                       const char *explain);
