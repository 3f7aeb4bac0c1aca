/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two outputs of one counter file below each other: how much time lies between. */
#pragma once
#include "evidence/text.h"

/* Seconds between the outputs that start at lines `first` and `second`: by the
 * dates above them or by the `sleep` that was typed. -1 if the text does not tell. */
double kt_moment_seconds(const KtText *text, guint first, guint second);

/* The line from `i` on at which `starts` says TRUE, if only blank lines,
 * prompts of the same host, dates and typed commands stand before it; else the
 * end of the text. *prompt tells whether a prompt was passed. */
guint kt_moment_next(const KtText *text, guint i, gboolean (*starts)(const KtText *text, guint i), gboolean *prompt);
