/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An earlier `doctor --json`. */
#pragma once
#include <glib.h>

/* Called for each finding (accepted ones too) of the report. */
typedef void (*KtPastFound)(const char *subject, const char *id, const char *title, gpointer data);

/* Reads a report of `doctor --json`. FALSE with KT_ERROR_NOT_FOUND, _ACCESS,
 * _FORMAT (no such report), _LIMIT or, in a build without json-glib, _UNSUPPORTED. */
gboolean kt_past_report_read(const char *path, KtPastFound found, gpointer data, GError **error);
