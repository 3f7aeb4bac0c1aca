/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/http_words.h"

#include <string.h>

#include "base/error.h"
#include "base/json_read.h"

enum { MESSAGE_MAX = 300, BODY_MAX = 65536 };

char *kt_http_name(const KtHttpRequest *request)
{
  return g_strdup_printf("%s %.*s", request->method, (int)MIN(strcspn(request->url, "?"), 300), request->url);
}

gboolean kt_http_same_origin(const char *a, const char *b)
{
  g_autoptr(GUri) one = g_uri_parse(a, G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE, NULL);
  g_autoptr(GUri) two = g_uri_parse(b, G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE, NULL);
  return one && two && g_str_equal(g_uri_get_scheme(one), g_uri_get_scheme(two)) && g_uri_get_host(one) &&
         g_uri_get_host(two) && g_ascii_strcasecmp(g_uri_get_host(one), g_uri_get_host(two)) == 0 &&
         g_uri_get_port(one) == g_uri_get_port(two);
}

/* ---- the service's own words ---- */

char *kt_http_one_line(const char *text)
{
  g_autofree char *valid = g_utf8_make_valid(text, (gssize)MIN(strlen(text), MESSAGE_MAX * 4));
  GString *out = g_string_new(NULL);
  gboolean space = FALSE;
  for (const char *p = valid; *p && out->len < MESSAGE_MAX; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (g_unichar_isspace(c) || !g_unichar_isprint(c)) {
      space = out->len > 0;
      continue;
    }
    if (space)
      g_string_append_c(out, ' ');
    space = FALSE;
    g_string_append_unichar(out, c);
  }
  return g_string_free(out, FALSE);
}

#if HAVE_JSON
static char *message_of(JsonObject *object)
{
  static const char *const names[] = {"message", "detail", "title"};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    const char *text = kt_json_member_text(object, names[i]);
    if (text && *text)
      return kt_http_one_line(text);
  }
  return NULL;
}

static char *json_message(const char *body, gsize length)
{
  g_autoptr(JsonNode) node = kt_json_read("answer", body, length, NULL);
  JsonObject *root = kt_json_object(node);
  if (!root)
    return NULL;
  char *message = message_of(root);
  JsonArray *errors = kt_json_member_array(root, "errors");
  if (!message && kt_json_length(errors))
    message = message_of(kt_json_element_object(errors, 0));
  g_autoptr(GList) members = json_object_get_members(root);
  for (GList *m = members; m && !message; m = m->next)
    message = message_of(kt_json_member_object(root, m->data));
  return message;
}
#else
static char *json_message(const char *body, gsize length)
{
  return NULL;
}
#endif

/* A page's text without what stands in '<' and '>'. Caller frees. */
static char *without_tags(const char *body, gsize length)
{
  g_autoptr(GString) text = g_string_new(NULL);
  gboolean inside = FALSE;
  for (gsize i = 0; i < length && body[i] && text->len < MESSAGE_MAX * 4; i++) {
    inside = body[i] == '<' || (inside && body[i] != '>');
    g_string_append_c(text, inside || body[i] == '>' ? ' ' : body[i]);
  }
  return kt_http_one_line(text->str);
}

char *kt_http_message(const char *body, gsize length)
{
  gsize start = strspn(body, " \t\r\n");
  char *message = length <= BODY_MAX && body[start] == '{' ? json_message(body, length)
                  : body[start] == '<'                     ? without_tags(body, MIN(length, BODY_MAX))
                                                           : NULL;
  if (message && !*message)
    g_clear_pointer(&message, g_free);
  return message;
}

/* ---- all of it ---- */

static const struct {
  guint status;
  KtErrorCode code;
  const char *words;
} meanings[] = {
    {400, KT_ERROR_FORMAT, "the request is refused"},
    {401, KT_ERROR_ACCESS, "not signed in: user, password, credential or token are wrong or have expired"},
    {403, KT_ERROR_ACCESS, "not allowed"},
    {404, KT_ERROR_NOT_FOUND, "it is not there"},
    {409, KT_ERROR_SYSTEM, "something else is under way"},
    {413, KT_ERROR_SYSTEM, "too many requests"},
    {429, KT_ERROR_SYSTEM, "too many requests"},
    {500, KT_ERROR_SYSTEM, "the service failed"},
    {502, KT_ERROR_SYSTEM, "the service behind it does not answer"},
    {503, KT_ERROR_SYSTEM, "the service is not ready"},
    {504, KT_ERROR_SYSTEM, "the service behind it does not answer in time"},
};

char *kt_http_without(const GPtrArray *secrets, char *text, const char *body)
{
  for (guint i = 0; text && secrets && i < secrets->len; i++)
    if (strstr(body, secrets->pdata[i]) || strstr(text, secrets->pdata[i])) {
      g_free(text);
      return g_strdup("its words are not shown: they hold a secret");
    }
  return text;
}

void kt_http_say(const GPtrArray *secrets, const KtHttpRequest *request, const KtHttpAnswer *answer, GError **error)
{
  g_autofree char *name = kt_http_name(request);
  g_autofree char *message =
      kt_http_without(secrets, kt_http_message(answer->body->str, answer->body->len), answer->body->str);
  const char *words = answer->status >= 500 ? "the service failed" : "not what was asked for";
  KtErrorCode code = KT_ERROR_SYSTEM;
  for (guint i = 0; i < G_N_ELEMENTS(meanings); i++)
    if (meanings[i].status == answer->status) {
      words = meanings[i].words;
      code = meanings[i].code;
    }
  g_set_error(error, KT_ERROR, code, "%s: %u: %s%s%s%s", name, answer->status, words, message ? " (" : "",
              message ? message : "", message ? ")" : "");
}
