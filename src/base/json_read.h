/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile JSON read with json-glib: size and nesting are checked first (json-glib
 * 1.6 has no limits of its own and parses by recursion), and members are only
 * what they are asked for: another type is as if absent. */
#pragma once
#include "config.h"
#if HAVE_JSON
#include <json-glib/json-glib.h>

#define KT_JSON_NESTING 32       /* deeper than any document that kvmtune reads or writes */
#define KT_JSON_VALUES (4 << 20) /* json-glib takes some 100 bytes for each, and up to 300 for an empty object */

/* The document's root. `name` is for messages: "NAME: why it is not JSON".
 * NULL with KT_ERROR_LIMIT (nests deeper than KT_JSON_NESTING, or has more than KT_JSON_VALUES) or
 * KT_ERROR_FORMAT (not UTF-8, not JSON, cut off, nothing). Free with json_node_unref(). */
JsonNode *kt_json_read(const char *name, const char *text, gsize length, GError **error);

/* NULL (or FALSE) where the node or object is NULL, the member absent or of another type. Not owned. */
JsonObject *kt_json_object(JsonNode *node);
JsonObject *kt_json_member_object(JsonObject *object, const char *name);
JsonArray *kt_json_member_array(JsonObject *object, const char *name);
const char *kt_json_member_text(JsonObject *object, const char *name);
gboolean kt_json_member_int(JsonObject *object, const char *name, gint64 *value); /* a number without fraction */
gboolean kt_json_member_number(JsonObject *object, const char *name, double *value);
gboolean kt_json_member_is_null(JsonObject *object, const char *name); /* null, or absent: not another type */
gboolean kt_json_member_bool(JsonObject *object, const char *name, gboolean *value);

/* The array's length, 0 for NULL; its elements of a type, NULL for another. */
guint kt_json_length(JsonArray *array);
JsonObject *kt_json_element_object(JsonArray *array, guint i);
const char *kt_json_element_text(JsonArray *array, guint i);
#endif
