/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A JSON writer: valid output by construction, any bytes in (text that is not
 * UTF-8 is mended). Reading JSON is json-glib's; writing needs no library, so
 * that a build with GLib alone still has --json. */
#pragma once
#include <glib.h>

typedef struct KtJson KtJson;

KtJson *kt_json_new(void);
KtJson *kt_json_new_line(void); /* the whole document on one line, for JSON lines */
void kt_json_free(KtJson *json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtJson, kt_json_free)

/* `key` is the member's name inside an object and NULL inside an array. */
void kt_json_open_object(KtJson *json, const char *key);
void kt_json_close_object(KtJson *json);
void kt_json_open_array(KtJson *json, const char *key);
void kt_json_close_array(KtJson *json);
void kt_json_string(KtJson *json, const char *key, const char *value);       /* NULL: null */
void kt_json_strings(KtJson *json, const char *key, const GPtrArray *texts); /* an array of char* */
void kt_json_int(KtJson *json, const char *key, gint64 value);
void kt_json_number(KtJson *json, const char *key, double value); /* not finite: null */
void kt_json_bool(KtJson *json, const char *key, gboolean value);
void kt_json_null(KtJson *json, const char *key);

/* The finished document with a newline; the writer is empty afterwards. Caller frees. */
char *kt_json_finish(KtJson *json);
