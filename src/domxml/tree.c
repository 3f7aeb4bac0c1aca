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

/* ---- children by an attribute ---- */

struct KtPieceIndex {
  char *name, *attribute; /* of the elements, of which attribute */
  GHashTable *first;      /* its value -> KtPiece*, the first that has it */
};

static void index_free(KtPieceIndex *index)
{
  if (!index)
    return;
  g_free(index->name);
  g_free(index->attribute);
  g_hash_table_unref(index->first);
  g_free(index);
}

static void index_forget(KtPiece *parent)
{
  g_clear_pointer(&parent->index, index_free);
}

static KtPieceIndex *index_new(const KtPiece *parent, const char *name, const char *attribute)
{
  KtPieceIndex *index = g_new0(KtPieceIndex, 1);
  *index =
      (KtPieceIndex){g_strdup(name), g_strdup(attribute), g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  for (guint i = 0; i < parent->children->len; i++) {
    KtPiece *child = parent->children->pdata[i];
    char *value = child->name && g_str_equal(child->name, name) ? kt_piece_attribute(child, attribute) : NULL;
    if (value && !g_hash_table_contains(index->first, value))
      g_hash_table_insert(index->first, value, child);
    else
      g_free(value);
  }
  return index;
}

static gboolean index_is_of(const KtPieceIndex *index, const char *name, const char *attribute)
{
  return index && g_str_equal(index->name, name) && g_str_equal(index->attribute, attribute);
}

KtPiece *kt_piece_find_child(KtPiece *parent, const char *name, const char *attribute, const char *value)
{
  if (!index_is_of(parent->index, name, attribute)) {
    index_forget(parent);
    parent->index = index_new(parent, name, attribute);
  }
  return g_hash_table_lookup(parent->index->first, value);
}

/* An element gets an attribute that it did not have: it is the first unless another has that value. */
static void index_note(KtPiece *element, const char *attribute, const char *value)
{
  KtPieceIndex *index = element->parent->index;
  if (!index_is_of(index, element->name, attribute))
    return;
  if (g_hash_table_contains(index->first, value))
    index_forget(element->parent);
  else
    g_hash_table_insert(index->first, g_strdup(value), element);
}

/* ---- pieces ---- */

/* Recursion is bounded by KT_DOMXML_DEPTH. */
void kt_piece_free(gpointer data)
{
  KtPiece *piece = data;
  if (!piece)
    return;
  g_free(piece->name);
  g_free(piece->shut);
  index_free(piece->index);
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

void kt_piece_take_out(KtPiece *parent, guint index)
{
  index_forget(parent);
  g_ptr_array_remove_index(parent->children, index);
}

guint kt_piece_index(const KtPiece *piece)
{
  guint index = piece->parent->children->len; /* from the end, where new ones are */
  while (index > 0 && piece->parent->children->pdata[index - 1] != piece)
    index--;
  return index - 1;
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

gboolean kt_piece_is_text(const KtPiece *piece)
{
  return !piece->name && (*piece->head->str != '<' || g_str_has_prefix(piece->head->str, "<![CDATA["));
}

void kt_piece_open(KtPiece *element)
{
  GString *head = element->head;
  if (element->tail->len)
    return;
  gsize end = head->len - strlen("/>");
  while (end && g_ascii_isspace(head->str[end - 1]))
    end--;
  g_free(element->shut);
  element->shut = g_strdup(head->str + end);
  g_string_truncate(head, end);
  g_string_append_c(head, '>');
  g_string_append_printf(element->tail, "</%s>", element->name);
}

void kt_piece_close(KtPiece *element)
{
  for (guint i = 0; i < element->children->len; i++)
    if (!kt_piece_is_blank(element->children->pdata[i]))
      return;
  if (!element->shut)
    return;
  g_ptr_array_set_size(element->children, 0);
  g_string_truncate(element->head, element->head->len - strlen(">"));
  g_string_append(element->head, element->shut);
  g_string_truncate(element->tail, 0);
  g_clear_pointer(&element->shut, g_free);
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
    if (element->parent && index_is_of(element->parent->index, element->name, name))
      index_forget(element->parent);
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
  if (element->parent)
    index_note(element, name, value);
  g_autofree char *escaped = kt_xml_escape(value, quote);
  g_autofree char *attribute = g_strdup_printf(" %s=%c%s%c", name, quote, escaped, quote);
  g_string_insert(head, (gssize)behind, attribute);
}
