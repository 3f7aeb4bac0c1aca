/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What scrub.h promises, for one text: names that were learned and all that is known by its form. */
#pragma once
#include <glib.h>

typedef struct KtScrub KtScrub;

KtScrub *kt_scrub_new(const guint8 *key, gsize length);
void kt_scrub_free(KtScrub *scrub);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtScrub, kt_scrub_free)

/* "KIND-1234abcd", the same for the same original whatever its case. Caller frees. */
char *kt_scrub_pseudonym(const KtScrub *scrub, const char *kind, const char *original);

/* A name to be replaced wherever it stands by itself. A host's name with dots is
 * learned in its parts too. Words that are no one's name ("localhost", "qemu") are not. */
void kt_scrub_learn(KtScrub *scrub, const char *kind, const char *name);
/* Names that a text tells: of domains, projects, users in XML and QEMU's -name. */
void kt_scrub_learn_from(KtScrub *scrub, const char *text);

/* A text (any bytes but NUL) without learned names, addresses, serial numbers and
 * secrets. `files`: also without names of files and directories but the usual ones. */
char *kt_scrub_text(const KtScrub *scrub, const char *text, gboolean files);

/* TRUE if what a name like this stands for is a secret ("password", "api-key"). */
gboolean kt_scrub_is_secret(const char *name);
