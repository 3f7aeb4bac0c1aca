/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/agent.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/json_read.h"
#include "config.h"

#define MAX_CALLS 1024   /* that an agent says it knows */
#define CHUNK 262144     /* of a file, in one answer */
#define CALL_SECONDS 20  /* for an answer */
#define POLL_USEC 200000 /* between looks at whether a command has ended */

typedef enum { CALL_ALLOWED = 1, CALL_BLOCKED } CallState;

struct KtAgent {
  const KtAgentChannel *channel;
  char *version;
  GHashTable *calls; /* name -> CallState; NULL: the agent did not list them */
  gint64 deadline;
};

#if HAVE_JSON

/* ---- one call ---- */

static void set_format(GError **error, const char *call, const char *what)
{
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "the guest agent's answer to %s %s", call, what);
}

static gboolean is_true(JsonObject *object, const char *name)
{
  gboolean value = FALSE;
  return kt_json_member_bool(object, name, &value) && value;
}

/* The member "return" of an answer; the agent's words if it is an error. */
static JsonNode *read_answer(const char *call, const char *answer, GError **error)
{
  if (strlen(answer) > KT_AGENT_ANSWER) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "the guest agent's answer to %s is larger than %d MiB", call,
                KT_AGENT_ANSWER / 1048576);
    return NULL;
  }
  g_autoptr(JsonNode) root = kt_json_read("the guest agent's answer", answer, strlen(answer), error);
  if (!root)
    return NULL;
  JsonObject *top = kt_json_object(root), *failed = kt_json_member_object(top, "error");
  if (failed) {
    const char *words = kt_json_member_text(failed, "desc");
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s", words ? words : "the guest agent does not say why");
    return NULL;
  }
  JsonNode *result = top ? json_object_get_member(top, "return") : NULL;
  if (!result)
    set_format(error, call, "is none");
  return result ? json_node_copy(result) : NULL;
}

/* Ends the command that was begun with begin() and sends it. */
static JsonNode *finish(KtAgent *a, KtJson *json, const char *call, GError **error)
{
  kt_json_close_object(json);
  kt_json_close_object(json);
  g_autofree char *command = kt_json_finish(json);
  gint64 left = (a->deadline - g_get_monotonic_time()) / G_USEC_PER_SEC;
  if (left <= 0) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "the guest agent took too long");
    return NULL;
  }
  g_autofree char *answer = a->channel->send(command, (guint)CLAMP(left, 1, CALL_SECONDS), a->channel->data, error);
  return answer ? read_answer(call, answer, error) : NULL;
}

static KtJson *begin(const char *call)
{
  KtJson *json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_string(json, "execute", call);
  kt_json_open_object(json, "arguments");
  return json;
}

/* ---- what it may ---- */

static void read_info(KtAgent *a, JsonObject *info)
{
  JsonArray *list = kt_json_member_array(info, "supported_commands");
  const char *version = kt_json_member_text(info, "version");
  if (version)
    a->version = g_utf8_substring(version, 0, MIN(g_utf8_strlen(version, -1), 64));
  if (!list)
    return;
  a->calls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < MIN(kt_json_length(list), MAX_CALLS); i++) {
    JsonObject *row = kt_json_element_object(list, i);
    const char *name = kt_json_member_text(row, "name");
    if (name)
      g_hash_table_replace(a->calls, g_strdup(name),
                           GINT_TO_POINTER(is_true(row, "enabled") ? CALL_ALLOWED : CALL_BLOCKED));
  }
}

KtAgent *kt_agent_new(const KtAgentChannel *channel, GError **error)
{
  g_autoptr(KtAgent) a = g_new0(KtAgent, 1);
  a->channel = channel;
  a->deadline = g_get_monotonic_time() + 2 * CALL_SECONDS * G_USEC_PER_SEC;
  g_autoptr(KtJson) ping = begin("guest-ping"), ask = begin("guest-info");
  g_autoptr(JsonNode) alive = finish(a, ping, "guest-ping", error);
  if (!alive)
    return NULL;
  g_autoptr(GError) refused = NULL;
  g_autoptr(JsonNode) info = finish(a, ask, "guest-info", &refused);
  /* what it may do is then found out by trying */
  if (refused && !g_error_matches(refused, KT_ERROR, KT_ERROR_SYSTEM)) {
    g_propagate_error(error, g_steal_pointer(&refused));
    return NULL;
  }
  read_info(a, kt_json_object(info));
  return g_steal_pointer(&a);
}

/* ---- files ---- */

/* The words are those of strerror(3) in the agent, whose locale is C. */
static void sort_error(GError *failed, const char *doing, const char *path, gboolean *gone, GError **error)
{
  if (gone)
    *gone = g_error_matches(failed, KT_ERROR, KT_ERROR_NOT_FOUND) || g_error_matches(failed, KT_ERROR, KT_ERROR_ACCESS);
  if (g_error_matches(failed, KT_ERROR, KT_ERROR_SYSTEM)) {
    if (strstr(failed->message, "No such file or directory") || strstr(failed->message, "Not a directory"))
      failed->code = KT_ERROR_NOT_FOUND;
    else if (strstr(failed->message, "Permission denied") || strstr(failed->message, "Operation not permitted"))
      failed->code = KT_ERROR_ACCESS;
  }
  g_propagate_prefixed_error(error, failed, "cannot %s '%s' in the guest: ", doing, path);
}

/* One answer's bytes to `out`; *end: it was the last one. */
static gboolean read_chunk(KtAgent *a, gint64 handle, gsize limit, GByteArray *out, gboolean *end, GError **error)
{
  static const char call[] = "guest-file-read";
  g_autoptr(KtJson) json = begin(call);
  kt_json_int(json, "handle", handle);
  kt_json_int(json, "count", CHUNK);
  g_autoptr(JsonNode) node = finish(a, json, call, error);
  if (!node)
    return FALSE;
  JsonObject *answer = kt_json_object(node);
  const char *encoded = kt_json_member_text(answer, "buf-b64");
  gint64 count = -1;
  gsize length = 0;
  g_autofree guchar *bytes = encoded ? g_base64_decode(encoded, &length) : NULL;
  if (!bytes || !kt_json_member_int(answer, "count", &count) || count < 0 || count > CHUNK || (gsize)count != length) {
    set_format(error, call, "is no piece of a file");
    return FALSE;
  }
  *end = is_true(answer, "eof") || !length;
  if (length > limit - out->len) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "it is larger than %" G_GSIZE_FORMAT " bytes", limit);
    return FALSE;
  }
  g_byte_array_append(out, bytes, (guint)length);
  return TRUE;
}

static gboolean open_file(KtAgent *a, const char *path, const char *mode, gint64 *handle, GError **error)
{
  static const char call[] = "guest-file-open";
  g_autoptr(KtJson) json = begin(call);
  kt_json_string(json, "path", path);
  kt_json_string(json, "mode", mode);
  g_autoptr(JsonNode) node = finish(a, json, call, error);
  if (!node)
    return FALSE;
  gboolean is_handle = JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64;
  if (is_handle)
    *handle = json_node_get_int(node);
  else
    set_format(error, call, "is no handle");
  return is_handle;
}

/* Also after an error, so that the guest keeps no file open; what it answers does not matter. */
static void close_file(KtAgent *a, gint64 handle)
{
  g_autoptr(KtJson) json = begin("guest-file-close");
  kt_json_int(json, "handle", handle);
  JsonNode *node = finish(a, json, "guest-file-close", NULL);
  if (node)
    json_node_unref(node);
}

GBytes *kt_agent_read_file(KtAgent *a, const char *path, gsize limit, gboolean *gone, GError **error)
{
  gint64 handle;
  GError *failed = NULL;
  g_autoptr(GByteArray) out = g_byte_array_new();
  if (gone)
    *gone = FALSE;
  if (open_file(a, path, "r", &handle, &failed)) {
    for (gboolean end = FALSE; !end && read_chunk(a, handle, limit, out, &end, &failed);)
      ;
    close_file(a, handle);
  }
  if (failed) {
    sort_error(failed, "read", path, gone, error);
    return NULL;
  }
  return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

/* One call on the open file; what its answer holds does not matter. */
static gboolean call_file(KtAgent *a, const char *call, gint64 handle, const char *text, GError **error)
{
  g_autoptr(KtJson) json = begin(call);
  kt_json_int(json, "handle", handle);
  if (text) {
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));
    kt_json_string(json, "buf-b64", encoded);
  }
  g_autoptr(JsonNode) node = finish(a, json, call, error);
  return node != NULL;
}

gboolean kt_agent_write_file(KtAgent *a, const char *path, const char *text, GError **error)
{
  gint64 handle;
  GError *failed = NULL;
  if (open_file(a, path, "r+", &handle, &failed)) { /* "w" would make a file that is not there */
    if (call_file(a, "guest-file-write", handle, text, &failed))
      call_file(a, "guest-file-flush", handle, NULL, &failed);
    close_file(a, handle);
  }
  if (!failed)
    return TRUE;
  sort_error(failed, "write", path, NULL, error);
  return FALSE;
}

/* ---- commands ---- */

static gboolean start_command(KtAgent *a, const char *command, const char *input, gint64 *pid, GError **error)
{
  static const char call[] = "guest-exec";
  g_autofree char *encoded = g_base64_encode((const guchar *)input, strlen(input));
  g_autoptr(KtJson) json = begin(call);
  kt_json_string(json, "path", "/bin/sh");
  kt_json_open_array(json, "arg");
  kt_json_string(json, NULL, "-c");
  kt_json_string(json, NULL, command);
  kt_json_close_array(json);
  kt_json_string(json, "input-data", encoded);
  kt_json_bool(json, "capture-output", TRUE);
  g_autoptr(JsonNode) node = finish(a, json, call, error);
  if (!node)
    return FALSE;
  JsonObject *answer = kt_json_object(node);
  gboolean started = answer && kt_json_member_int(answer, "pid", pid);
  if (!started)
    set_format(error, call, "names no process");
  return started;
}

/* Looks once; NULL without *error: it still runs. */
static GBytes *look_at_command(KtAgent *a, gint64 pid, gsize limit, GError **error)
{
  static const char call[] = "guest-exec-status";
  g_autoptr(KtJson) json = begin(call);
  kt_json_int(json, "pid", pid);
  g_autoptr(JsonNode) node = finish(a, json, call, error);
  JsonObject *answer = kt_json_object(node);
  if (node && !answer)
    set_format(error, call, "is none");
  if (!answer || !is_true(answer, "exited"))
    return NULL;
  const char *encoded = kt_json_member_text(answer, "out-data");
  gsize length = 0;
  g_autofree guchar *bytes = g_base64_decode(encoded ? encoded : "", &length);
  if (length > limit) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "the command wrote more than %" G_GSIZE_FORMAT " bytes", limit);
    return NULL;
  }
  return g_bytes_new_take(g_steal_pointer(&bytes), length);
}

GBytes *kt_agent_run(KtAgent *a, const char *command, const char *input, gsize limit, GError **error)
{
  gint64 pid;
  GError *failed = NULL;
  GBytes *out = NULL;
  if (!start_command(a, command, input, &pid, error))
    return NULL;
  while (!(out = look_at_command(a, pid, limit, &failed)) && !failed)
    g_usleep(POLL_USEC);
  if (failed)
    g_propagate_error(error, failed);
  return out;
}

#else

KtAgent *kt_agent_new(const KtAgentChannel *channel, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot talk to a guest agent: it lacks json-glib");
  return NULL;
}

GBytes *kt_agent_read_file(KtAgent *agent, const char *path, gsize limit, gboolean *gone, GError **error)
{
  g_return_val_if_reached(NULL);
}

gboolean kt_agent_write_file(KtAgent *agent, const char *path, const char *text, GError **error)
{
  g_return_val_if_reached(FALSE);
}

GBytes *kt_agent_run(KtAgent *agent, const char *command, const char *input, gsize limit, GError **error)
{
  g_return_val_if_reached(NULL);
}

#endif

void kt_agent_free(KtAgent *a)
{
  if (!a)
    return;
  g_free(a->version);
  g_clear_pointer(&a->calls, g_hash_table_unref);
  g_free(a);
}

const char *kt_agent_version(const KtAgent *a)
{
  return a->version;
}

void kt_agent_set_deadline(KtAgent *a, gint64 time)
{
  a->deadline = time;
}

char *kt_agent_obstacle(const KtAgent *a, const char *const *calls)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; a->calls && calls[i]; i++) {
    CallState state = GPOINTER_TO_INT(g_hash_table_lookup(a->calls, calls[i]));
    if (state == CALL_ALLOWED)
      continue;
    g_string_append_printf(out, "%s%s is %s", out->len ? ", " : "", calls[i],
                           state == CALL_BLOCKED ? "blocked" : "not known");
  }
  return out->len ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}
