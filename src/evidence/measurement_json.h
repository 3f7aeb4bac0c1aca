/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A measurement as JSON: {"kvmtune_measurement":1,"host":...,"interval_s":2,
 * "series":[{"domain":null,"uuid":null,"metric":"cpu_pct","values":[12.5,null,...]}]}.
 * The host's own series have the domain null, a value that could not be read is null. */
#pragma once
#include "model/series.h"

#define KT_MEASUREMENT_LIMIT (256 * 1024 * 1024) /* bytes of one document */

/* Caller frees. */
char *kt_measurement_to_json(const KtMeasurement *measurement);

/* Is the text meant to be one? Cheap: looks at its beginning. */
gboolean kt_measurement_is_json(const char *text, gsize length);

/* Reads what kt_measurement_to_json() writes. A metric that this version does not know is left out. NULL with
 * KT_ERROR_FORMAT: "NAME: series[3].values[2]: expected a number from 0 on, or null", KT_ERROR_LIMIT, or
 * KT_ERROR_UNSUPPORTED (a build without json-glib, or a newer format). */
KtMeasurement *kt_measurement_from_json(const char *name, const char *text, gsize length, GError **error);
