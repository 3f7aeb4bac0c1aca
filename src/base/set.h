/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtSet: a set of small non-negative integers: CPUs, nodes.
 *
 * Ids are sparse and need not start at 0. The text form is the kernel's list
 * format, "0-3,8,16-31:2" (Documentation/admin-guide/kernel-parameters.rst). */
#pragma once
#include <glib.h>

#define KT_SET_MAX 65536 /* ids below this; larger ones are refused as nonsense */

typedef struct KtSet KtSet;

KtSet *kt_set_new(void);
KtSet *kt_set_copy(const KtSet *set); /* NULL gives NULL */
void kt_set_free(KtSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtSet, kt_set_free)

/* Reads the kernel's list format; spaces around parts and a trailing newline
 * are allowed, an empty text is the empty set. NULL and *error set if it is
 * not a list (KT_ERROR_FORMAT) or holds an id >= KT_SET_MAX (KT_ERROR_LIMIT).
 * Caller owns the result. */
KtSet *kt_set_parse(const char *text, GError **error);

/* Reads the kernel's mask format, "ffff,00000001": 32-bit words, most significant first. */
KtSet *kt_set_parse_mask(const char *text, GError **error);

/* "0-3,8"; "" for the empty set. Caller owns the text. */
char *kt_set_format(const KtSet *set);

void kt_set_add(KtSet *set, guint id); /* id < KT_SET_MAX, else ignored */
void kt_set_remove(KtSet *set, guint id);
void kt_set_add_all(KtSet *set, const KtSet *other);
void kt_set_keep_only(KtSet *set, const KtSet *other); /* intersection in place */
void kt_set_remove_all(KtSet *set, const KtSet *other);

gboolean kt_set_has(const KtSet *set, guint id); /* NULL set: FALSE */
guint kt_set_count(const KtSet *set);            /* NULL set: 0 */
gboolean kt_set_is_empty(const KtSet *set);
gboolean kt_set_equal(const KtSet *a, const KtSet *b);
gboolean kt_set_intersects(const KtSet *a, const KtSet *b);
gboolean kt_set_contains(const KtSet *outer, const KtSet *inner);

/* The smallest id >= from, or -1: for (int i = kt_set_next(s, 0); i >= 0; i = kt_set_next(s, i + 1)) */
int kt_set_next(const KtSet *set, guint from);
