/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's language, by gettext: what people read is translated where it is
 * made or printed; JSON, ids, commands and errors stay English. Everything is
 * English until kt_i18n_start(), after kt_i18n_stop(), and in a build without
 * NLS. The catalogs are made of po/. 64-bit numbers in texts to translate are
 * written with PRId64, which gettext knows. */
#pragma once
#include <glib.h>
#include <inttypes.h>

/* Translates from now on, by the locale that setlocale() has set, with the
 * catalogs of this directory. Only where the locale's encoding is UTF-8. */
void kt_i18n_start(const char *directory);
/* English again: for output that scripts read. */
void kt_i18n_stop(void);
/* The same until it is let go: for a document beside what people read. FALSE: it is English anyway. */
gboolean kt_i18n_hold(gboolean hold);

/* The text in the user's language, or itself; NULL and "" are themselves. Never freed. */
const char *kt_tr(const char *text) G_GNUC_FORMAT(1);
/* The same for a count: `one` or `many` in English, more forms elsewhere. */
const char *kt_trn(const char *one, const char *many, gulong n) G_GNUC_FORMAT(1) G_GNUC_FORMAT(2);

/* Marks and translates. */
#define _(text) kt_tr(text)
/* Marks what a table holds; it is translated by kt_tr() where it is printed. */
#define N_(text) text
