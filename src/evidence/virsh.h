/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of virsh's tables of a domain have in common. Such a table
 * is a part of a domain: what it does not show is unknown (`cut`). */
#pragma once
#include "evidence/reader.h"

#define KT_VIRSH_FORMAT "virsh" /* of a domain that such tables alone show */

/* A domain for the table at line i. `name` may be NULL: then it is the one that
 * was named in the command typed above, by name or UUID. NULL if that does not
 * tell whose table it is and `nameless` is FALSE, or there are too many domains. */
KtDomain *kt_virsh_domain(KtReading *r, const KtText *text, guint i, const char *name, gboolean nameless);

/* TRUE unless line i may have been cut off. virsh ends each output with an empty line. */
gboolean kt_virsh_is_whole(const KtText *text, guint i);

/* The value of a line "LABEL: VALUE" if its label is one of those in `labels`,
 * which are case folded and separated by '\n'; NULL if it is another line. */
const char *kt_virsh_value(const KtText *text, guint i, const char *labels);
