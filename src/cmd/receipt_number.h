/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* A receipt as commands take it: its number, or "last" (also NULL), which is 0. FALSE and *error for another word. */
gboolean kt_receipt_number(const char *word, gint64 *number, GError **error);
