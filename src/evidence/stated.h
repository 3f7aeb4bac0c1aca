/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences between the tables that state what a table would have shown. */
#pragma once
#include "evidence/text.h"
#include "model/snapshot.h"

/* Keeps line i of the text in snapshot->stated if it states something that a
 * check asks for; prose only, bounded in number and length. */
void kt_stated_keep(KtSnapshot *snapshot, const KtText *text, guint i);
