/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domxml/tree.h"

#include <string.h>

KtPiece *kt_piece_new(const char *name, gsize name_length, const char *head, gsize head_length)
{
  KtPiece *piece = g_new0(KtPiece, 1);
  piece->head = g_string_new_len(head, (gssize)head_length);
  if (!name)
    return piece;
  piece->name = g_strndup(name, name_length);
  piece->tail = g_string_new(NULL);
  piece->children = g_ptr_array_new_with_free_func(kt_piece_free);
  return piece;
}

/* Recursion is bounded by KT_DOMXML_DEPTH. */
void kt_piece_free(gpointer data)
{
  KtPiece *piece = data;
  if (!piece)
    return;
  g_free(piece->name);
  g_string_free(piece->head, TRUE);
  if (piece->tail)
    g_string_free(piece->tail, TRUE);
  if (piece->children)
    g_ptr_array_unref(piece->children);
  g_free(piece);
}

void kt_piece_insert(KtPiece *parent, guint index, KtPiece *child)
{
  child->parent = parent;
  g_ptr_array_insert(parent->children, (int)index, child);
}

guint kt_piece_index(const KtPiece *piece)
{
  guint index = 0;
  g_ptr_array_find(piece->parent->children, piece, &index);
  return index;
}

void kt_piece_write(const KtPiece *piece, GString *out)
{
  g_string_append_len(out, piece->head->str, (gssize)piece->head->len);
  if (!piece->children)
    return;
  for (guint i = 0; i < piece->children->len; i++)
    kt_piece_write(piece->children->pdata[i], out);
  g_string_append_len(out, piece->tail->str, (gssize)piece->tail->len);
}

gboolean kt_piece_is_blank(const KtPiece *piece)
{
  return !piece->name && strspn(piece->head->str, " \t\r\n") == piece->head->len;
}

void kt_piece_open(KtPiece *element)
{
  if (element->tail->len)
    return;
  g_string_truncate(element->head, element->head->len - strlen("/>"));
  while (element->head->len && g_ascii_isspace(element->head->str[element->head->len - 1]))
    g_string_truncate(element->head, element->head->len - 1);
  g_string_append_c(element->head, '>');
  g_string_append_printf(element->tail, "</%s>", element->name);
}

/* ---- references ---- */

static const struct {
  const char *reference;
  char character;
} references[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&apos;", '\''}, {"&quot;", '"'}};

/* "&#38;", "&#x26;": the character's length in the text, 0 if it is none. */
static gsize read_number(const char *s, const char *end, gunichar *character)
{
  gboolean hex = end - s > 2 && s[2] == 'x';
  const char *p = s + (hex ? 3 : 2);
  guint64 value = 0;
  for (; p < end && (hex ? g_ascii_isxdigit(*p) : g_ascii_isdigit(*p)) && value <= 0x10ffff; p++)
    value = value * (hex ? 16 : 10) + (guint64)g_ascii_xdigit_value(*p);
  if (p >= end || *p != ';' || value == 0 || !g_unichar_validate((gunichar)value))
    return 0;
  *character = (gunichar)value;
  return (gsize)(p + 1 - s);
}

static gsize read_reference(const char *s, const char *end, gunichar *character)
{
  if (end - s > 2 && s[1] == '#')
    return read_number(s, end, character);
  for (guint i = 0; i < G_N_ELEMENTS(references); i++) {
    gsize n = strlen(references[i].reference);
    if ((gsize)(end - s) >= n && strncmp(s, references[i].reference, n) == 0) {
      *character = (gunichar)references[i].character;
      return n;
    }
  }
  return 0;
}

char *kt_xml_unescape(const char *bytes, gsize length)
{
  GString *out = g_string_sized_new(length);
  for (const char *s = bytes, *end = bytes + length; s < end;) {
    gunichar character;
    gsize n = *s == '&' ? read_reference(s, end, &character) : 0;
    if (n)
      g_string_append_unichar(out, character);
    else
      g_string_append_c(out, *s);
    s += n ? n : 1;
  }
  return g_string_free(out, FALSE);
}

char *kt_xml_escape(const char *text, char quote)
{
  GString *out = g_string_new(NULL);
  for (const char *s = text; *s; s++) {
    const char *reference = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(references); i++)
      if (*s == references[i].character && (!strchr("'\"", *s) || *s == quote))
        reference = references[i].reference;
    if (reference)
      g_string_append(out, reference);
    else if (strchr(quote ? "\t\r\n" : "\r", *s)) /* a reader would make spaces or line breaks of them */
      g_string_append_printf(out, "&#%d;", *s);
    else
      g_string_append_c(out, *s);
  }
  return g_string_free(out, FALSE);
}

/* ---- attributes ---- */

/* Where an attribute stands in a start tag. */
typedef struct {
  gsize blank, name, value,
      end; /* of the white space before it, its name, its value; behind its value (at the quote) */
} Span;

/* The attribute that starts at or behind `from`; FALSE if there is none. */
static gboolean next_attribute(const GString *head, gsize from, Span *span, gsize *name_length)
{
  const char *s = head->str;
  span->blank = from;
  span->name = from + strspn(s + from, " \t\r\n");
  *name_length = strcspn(s + span->name, " \t\r\n=/>");
  if (*name_length == 0)
    return FALSE;
  gsize p = span->name + *name_length;
  p += strcspn(s + p, "'\"");
  if (!s[p])
    return FALSE;
  span->value = p + 1;
  const char *close = strchr(s + span->value, s[p]);
  span->end = close ? (gsize)(close - s) : head->len;
  return close != NULL;
}

static gboolean find_attribute(const KtPiece *element, const char *name, Span *span)
{
  gsize length;
  for (gsize from = strlen("<") + strlen(element->name); next_attribute(element->head, from, span, &length);
       from = span->end + 1)
    if (strlen(name) == length && strncmp(element->head->str + span->name, name, length) == 0)
      return TRUE;
  return FALSE;
}

char *kt_piece_attribute(const KtPiece *element, const char *name)
{
  Span span;
  if (!find_attribute(element, name, &span))
    return NULL;
  return kt_xml_unescape(element->head->str + span.value, span.end - span.value);
}

gboolean kt_piece_attribute_is(const KtPiece *element, const char *name, const char *value)
{
  Span span;
  if (!find_attribute(element, name, &span))
    return FALSE;
  const char *bytes = element->head->str + span.value;
  gsize length = span.end - span.value;
  if (!memchr(bytes, '&', length))
    return strlen(value) == length && memcmp(bytes, value, length) == 0;
  g_autofree char *plain = kt_xml_unescape(bytes, length);
  return g_str_equal(plain, value);
}

void kt_piece_set_attribute(KtPiece *element, const char *name, const char *value)
{
  Span span;
  GString *head = element->head;
  if (find_attribute(element, name, &span)) {
    if (!value) {
      g_string_erase(head, (gssize)span.blank, (gssize)(span.end + 1 - span.blank));
      return;
    }
    g_autofree char *escaped = kt_xml_escape(value, head->str[span.end]);
    g_string_erase(head, (gssize)span.value, (gssize)(span.end - span.value));
    g_string_insert(head, (gssize)span.value, escaped);
    return;
  }
  if (!value)
    return;
  gsize behind = strlen("<") + strlen(element->name), length;
  char quote = '\''; /* libvirt's own */
  while (next_attribute(head, behind, &span, &length)) {
    quote = head->str[span.end];
    behind = span.end + 1;
  }
  g_autofree char *escaped = kt_xml_escape(value, quote);
  g_autofree char *attribute = g_strdup_printf(" %s=%c%s%c", name, quote, escaped, quote);
  g_string_insert(head, (gssize)behind, attribute);
}
