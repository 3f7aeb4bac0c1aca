/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nova.conf of a compute host. It holds passwords, so captures do not take it. */
#pragma once
#include "base/root.h"
#include "model/snapshot.h"

/* From the places where Nova, Kolla and TripleO keep it; where there are several files the later one counts. A snapshot
 * with one conf, or with none where there is none that can be read. Caller frees. */
KtSnapshot *kt_nova_conf_find(KtRoot *root);
