/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "model/snapshot.h"

/* Diagnoses a snapshot and shows it in all forms; g_error() if a control or
 * bidirectional character of the evidence comes through, or JSON or page are
 * not well-formed. */
void kt_target_show(const KtSnapshot *snapshot);
