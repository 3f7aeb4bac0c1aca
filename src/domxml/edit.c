/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values got and set by path. */
#include <string.h>

#include "base/error.h"
#include "domxml/path.h"
#include "domxml/tree.h"

static gboolean meets(const KtPiece *element, const KtStep *step)
{
  for (guint i = 0; i < step->n_conditions; i++)
    if (!kt_piece_attribute_is(element, step->conditions[i].attribute, step->conditions[i].value))
      return FALSE;
  return TRUE;
}

/* The first child that the step names, or the one at its position; *n (may be NULL) counts those without position. */
static KtPiece *find_step(KtPiece *parent, const KtStep *step, guint *n)
{
  guint seen = 0;
  KtPiece *found = NULL;
  if (step->n_conditions == 1 && !step->position && !n)
    return kt_piece_find_child(parent, step->name, step->conditions[0].attribute, step->conditions[0].value);
  for (guint i = 0; i < parent->children->len; i++) {
    KtPiece *child = parent->children->pdata[i];
    if (!child->name || !g_str_equal(child->name, step->name) || !meets(child, step))
      continue;
    seen++;
    if (!found && (step->position == 0 || step->position == seen))
      found = child;
  }
  if (n)
    *n = step->position ? found != NULL : seen;
  return found;
}

static KtPiece *find(const KtDomXml *xml, const KtPath *path)
{
  KtPiece *at = xml->root;
  for (guint i = 0; i < path->n && at; i++)
    at = find_step(at, &path->steps[i], NULL);
  return at;
}

static char *text_of(const KtPiece *element)
{
  static const char cdata[] = "<![CDATA[", close[] = "]]>";
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < element->children->len; i++) {
    const KtPiece *child = element->children->pdata[i];
    const GString *bytes = child->head;
    if (!child->name && g_str_has_prefix(bytes->str, cdata)) {
      g_string_append_len(text, bytes->str + strlen(cdata), (gssize)(bytes->len - strlen(cdata) - strlen(close)));
    } else if (!child->name && *bytes->str != '<') {
      g_autofree char *plain = kt_xml_unescape(bytes->str, bytes->len);
      g_string_append(text, plain);
    }
  }
  return g_strstrip(g_string_free(text, FALSE));
}

char *kt_domxml_get(const KtDomXml *xml, const char *text, GError **error)
{
  g_autoptr(KtPath) path = kt_path_parse(text, error);
  const KtPiece *element = path ? find(xml, path) : NULL;
  if (!element)
    return NULL;
  if (path->attribute)
    return kt_piece_attribute(element, path->attribute);
  return path->text ? text_of(element) : g_strdup("");
}

guint kt_domxml_count(const KtDomXml *xml, const char *text)
{
  g_autoptr(KtPath) path = kt_path_parse(text, NULL);
  if (!path || path->attribute || path->text)
    return 0;
  KtPiece *at = xml->root;
  guint n = 0;
  for (guint i = 0; i < path->n && at; i++)
    at = find_step(at, &path->steps[i], &n);
  return at ? n : 0;
}

/* ---- setting ---- */

static gboolean refuse(const char *path, const char *why, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "path '%.200s': %s", path, why);
  return FALSE;
}

static gboolean has_elements(const KtPiece *element)
{
  for (guint i = 0; i < element->children->len; i++)
    if (((const KtPiece *)element->children->pdata[i])->name)
      return TRUE;
  return FALSE;
}

/* Would the way there have to make an element "[N]"? */
static gboolean can_make(const KtDomXml *xml, const KtPath *path)
{
  KtPiece *at = xml->root;
  for (guint i = 0; i < path->n; i++) {
    at = at ? find_step(at, &path->steps[i], NULL) : NULL;
    if (!at && path->steps[i].position)
      return FALSE;
  }
  return TRUE;
}

static KtPiece *find_or_make(KtDomXml *xml, const KtPath *path)
{
  KtPiece *at = xml->root;
  for (guint i = 0; i < path->n; i++) {
    const KtStep *step = &path->steps[i];
    KtPiece *next = find_step(at, step, NULL);
    if (!next) {
      next = kt_piece_add_element(at, step->name);
      for (guint k = 0; k < step->n_conditions; k++)
        kt_piece_set_attribute(next, step->conditions[k].attribute, step->conditions[k].value);
    }
    at = next;
  }
  return at;
}

/* Takes out all text but white space around comments. Where the first of it stood, and the white space around that. */
static guint take_text(KtPiece *element, char **before, char **behind)
{
  guint at = element->children->len;
  gboolean any = FALSE;
  *before = g_strdup("");
  *behind = g_strdup("");
  for (guint i = 0; i < element->children->len;) {
    const KtPiece *child = element->children->pdata[i];
    if (!kt_piece_is_text(child) || kt_piece_is_blank(child)) {
      i++;
      continue;
    }
    const char *text = child->head->str;
    if (!any) {
      gsize head = strspn(text, " \t\r\n"), end = child->head->len;
      while (end > head && g_ascii_isspace(text[end - 1]))
        end--;
      g_free(*before);
      g_free(*behind);
      *before = g_strndup(text, head);
      *behind = g_strdup(text + end);
      at = i;
    }
    any = TRUE;
    kt_piece_take_out(element, i);
  }
  return at;
}

static void set_text(KtPiece *element, const char *value)
{
  g_autofree char *escaped = kt_xml_escape(value, '\0'), *before = NULL, *behind = NULL;
  kt_piece_open(element);
  guint at = take_text(element, &before, &behind);
  g_autofree char *text = g_strconcat(before, escaped, behind, NULL);
  kt_piece_insert(element, at, kt_piece_new(NULL, 0, text, strlen(text)));
}

static void remove_text(KtPiece *element)
{
  g_autofree char *before = NULL, *behind = NULL;
  take_text(element, &before, &behind);
  kt_piece_close(element);
}

static void remove_value(KtPiece *element, const KtPath *path)
{
  if (path->attribute)
    kt_piece_set_attribute(element, path->attribute, NULL);
  else if (path->text)
    remove_text(element);
  else
    kt_piece_remove_element(element);
}

gboolean kt_domxml_set(KtDomXml *xml, const char *text, const char *value, GError **error)
{
  g_autoptr(KtPath) path = kt_path_parse(text, error);
  if (!path)
    return FALSE;
  KtPiece *element = find(xml, path);
  if (path->text && element && has_elements(element))
    return refuse(text, "the element has elements in it", error);
  if (!value) {
    if (element)
      remove_value(element, path);
    return TRUE;
  }
  if (!kt_xml_can_hold(value)) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "path '%.200s': the value has a character that XML cannot hold",
                text);
    return FALSE;
  }
  if (!path->attribute && !path->text && *value)
    return refuse(text, "an element has no value; end with /@NAME or /text()", error);
  if (!can_make(xml, path))
    return refuse(text, "there is no such element", error);
  element = find_or_make(xml, path);
  if (path->attribute)
    kt_piece_set_attribute(element, path->attribute, value);
  else if (path->text)
    set_text(element, value);
  return TRUE;
}
