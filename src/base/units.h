/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes, numbers and texts in the forms that tools print and people read. */
#pragma once
#include <glib.h>

/* Reads a size with a binary unit: "32K", "1.5 MiB", "12,5 MiB", "2048 kB",
 * "64G", "1048576" (then `unitless` bytes each) and puts KiB, rounded to the
 * nearest, into *kib. Returns a pointer behind what was read, or NULL when the
 * text does not start with a size. */
const char *kt_units_parse_kib(const char *text, guint64 unitless, guint64 *kib);

/* "32 KiB", "1.5 MiB", "12 MiB", "62.9 GiB". Caller owns the text. */
char *kt_units_format_kib(guint64 kib);

/* "67,068,757". Caller owns the text. */
char *kt_units_format_count(guint64 n);

/* Reads a decimal number with a point or a comma ("16.63", "16,63"); the whole
 * text must be the number. */
gboolean kt_units_parse_decimal(const char *text, double *value);

/* Reads a whole, non-negative number; the whole text must be it. */
gboolean kt_units_parse_count(const char *text, guint64 *value);

/* Reads a length of time: "30s", "10m", "24h", "2d", "1.5h", "30" (seconds); the whole text must be it. FALSE
 * otherwise, and for 0. */
gboolean kt_units_parse_seconds(const char *text, double *seconds);
