/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON that comes from outside, read with bounds; what is wrong is said with its place ("host.cells[2].memory"). */
#pragma once
#include "base/json_read.h"
#include "base/set.h"

#if HAVE_JSON

enum { KT_NOVA_JSON_KEYS = 1024, KT_NOVA_CPUS_END = 8192 /* the most CPUs of any kernel */ };

/* The member of an object; `path` is the object's own place, "" at the top. NULL and *error if it is not there or
 * of another type. What is returned belongs to the object. */
JsonObject *kt_nova_json_object(JsonObject *object, const char *path, const char *key, GError **error);
JsonArray *kt_nova_json_array(JsonObject *object, const char *path, const char *key, guint most, GError **error);
const char *kt_nova_json_text(JsonObject *object, const char *path, const char *key, GError **error);
gboolean kt_nova_json_int(JsonObject *object, const char *path, const char *key, gint64 least, gint64 most,
                          gint64 *value, GError **error);
/* A list of CPUs below KT_NOVA_CPUS_END. Caller frees. */
KtSet *kt_nova_json_cpus(JsonObject *object, const char *path, const char *key, GError **error);
/* Members that are all texts, as a table of copies: of an object, or of its member. */
GHashTable *kt_nova_json_texts(JsonObject *object, const char *path, GError **error);
GHashTable *kt_nova_json_table(JsonObject *object, const char *path, const char *key, GError **error);

void kt_nova_json_wrong(GError **error, const char *path, const char *key, const char *format, ...) G_GNUC_PRINTF(4, 5);

#endif
