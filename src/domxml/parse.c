/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes -> pieces. The scanner finds where each tag begins and ends; libxml2 says
 * then whether it is XML at all. The limits stand before libxml2, whose time grows
 * with the square of an element's attributes. */
#include <string.h>

#include "base/error.h"
#include "config.h"
#include "domxml/tree.h"

typedef struct {
  const char *name;
  const char *start, *at, *end;
  KtPiece *open; /* the element that the scanner is in */
  guint depth, pieces;
} Scanner;

#define MAX_PIECES 500000   /* tags, texts, comments; of a domain with all that libvirt allows: below 100000 */
#define MAX_ATTRIBUTES 1000 /* of one element; libvirt's have 20 */

static void set_error_at(const Scanner *s, const char *at, KtErrorCode code, const char *what, GError **error)
{
  guint line = 1, column = 1;
  for (const char *p = s->start; p < at; p++) {
    column = *p == '\n' ? 1 : column + 1;
    line += *p == '\n';
  }
  g_set_error(error, KT_ERROR, code, "%s:%u:%u: %s", s->name, line, column, what);
}

#if HAVE_LIBXML2
#include <libxml/parser.h>

static gboolean is_well_formed(const Scanner *s, GError **error)
{
  xmlParserCtxt *context = xmlNewParserCtxt();
  if (!context)
    return FALSE;
  xmlDoc *doc = xmlCtxtReadMemory(context, s->start, (int)(s->end - s->start), NULL, "UTF-8",
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  if (!doc) {
    const xmlError *why = xmlCtxtGetLastError(context);
    g_autofree char *text = g_strstrip(g_strdup(why && why->message ? why->message : "not XML"));
    for (char *p = text; *p; p++)
      *p = g_ascii_iscntrl(*p) ? ' ' : *p;
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s:%d:%d: %.200s", s->name, why ? MAX(why->line, 1) : 1,
                why ? MAX(why->int2, 1) : 1, text);
  }
  gboolean good = doc != NULL;
  xmlFreeDoc(doc);
  xmlFreeParserCtxt(context);
  return good;
}
#else
static gboolean is_well_formed(const Scanner *s, GError **error)
{
  return TRUE;
}
#endif

static gboolean starts(const Scanner *s, const char *text)
{
  gsize n = strlen(text);
  return (gsize)(s->end - s->at) >= n && memcmp(s->at, text, n) == 0;
}

/* What is not an element: up to and with `close`. */
static gboolean take_until(Scanner *s, const char *close, GError **error)
{
  const char *end = g_strstr_len(s->at, s->end - s->at, close);
  if (!end) {
    set_error_at(s, s->at, KT_ERROR_FORMAT, "this is not closed", error);
    return FALSE;
  }
  end += strlen(close);
  kt_piece_insert(s->open, s->open->children->len, kt_piece_new(NULL, 0, s->at, (gsize)(end - s->at)));
  s->at = end;
  return TRUE;
}

static void take_text(Scanner *s)
{
  const char *end = memchr(s->at, '<', (gsize)(s->end - s->at));
  end = end ? end : s->end;
  kt_piece_insert(s->open, s->open->children->len, kt_piece_new(NULL, 0, s->at, (gsize)(end - s->at)));
  s->at = end;
}

/* Behind the '>' of the tag that starts here, quotes observed; NULL if there is none. */
static const char *tag_end(const Scanner *s, guint *n_attributes)
{
  char quote = '\0';
  *n_attributes = 0;
  for (const char *p = s->at + 1; p < s->end; p++) {
    if (quote)
      quote = *p == quote ? '\0' : quote;
    else if (*p == '\'' || *p == '"')
      quote = *p, ++*n_attributes;
    else if (*p == '>')
      return p + 1;
    else if (*p == '<')
      return NULL;
  }
  return NULL;
}

static gsize name_length(const char *name)
{
  return strcspn(name, " \t\r\n/>='\"<");
}

static gboolean take_end_tag(Scanner *s, const char *end, GError **error)
{
  const char *name = s->at + strlen("</");
  gsize length = name_length(name);
  if (!s->open->parent || strlen(s->open->name) != length || strncmp(s->open->name, name, length) != 0) {
    set_error_at(s, s->at, KT_ERROR_FORMAT, "this end tag closes no element", error);
    return FALSE;
  }
  g_string_append_len(s->open->tail, s->at, end - s->at);
  s->open = s->open->parent;
  s->depth--;
  s->at = end;
  return TRUE;
}

static gboolean take_start_tag(Scanner *s, const char *end, GError **error)
{
  gsize length = name_length(s->at + 1);
  if (!length) {
    set_error_at(s, s->at, KT_ERROR_FORMAT, "a tag without a name", error);
    return FALSE;
  }
  if (s->depth >= KT_DOMXML_DEPTH) {
    set_error_at(s, s->at, KT_ERROR_LIMIT, "more elements in elements than any domain has", error);
    return FALSE;
  }
  KtPiece *element = kt_piece_new(s->at + 1, length, s->at, (gsize)(end - s->at));
  kt_piece_insert(s->open, s->open->children->len, element);
  if (end[-2] != '/') {
    s->open = element;
    s->depth++;
  }
  s->at = end;
  return TRUE;
}

static gboolean take_piece(Scanner *s, GError **error)
{
  if (++s->pieces > MAX_PIECES) {
    set_error_at(s, s->at, KT_ERROR_LIMIT, "more elements than any domain has", error);
    return FALSE;
  }
  if (*s->at != '<') {
    take_text(s);
    return TRUE;
  }
  if (starts(s, "<!--"))
    return take_until(s, "-->", error);
  if (starts(s, "<![CDATA["))
    return take_until(s, "]]>", error);
  if (starts(s, "<?"))
    return take_until(s, "?>", error);
  if (starts(s, "<!")) {
    set_error_at(s, s->at, KT_ERROR_FORMAT, "a document type is not read", error);
    return FALSE;
  }
  guint n_attributes;
  const char *end = tag_end(s, &n_attributes);
  if (!end) {
    set_error_at(s, s->at, KT_ERROR_FORMAT, "this tag is not closed", error);
    return FALSE;
  }
  if (n_attributes > MAX_ATTRIBUTES) {
    set_error_at(s, s->at, KT_ERROR_LIMIT, "more attributes than any element has", error);
    return FALSE;
  }
  return starts(s, "</") ? take_end_tag(s, end, error) : take_start_tag(s, end, error);
}

/* The root element must be one <domain>, with nothing but white space and comments around it. */
static KtPiece *find_root(const Scanner *s, KtPiece *document, GError **error)
{
  KtPiece *root = NULL;
  for (guint i = 0; i < document->children->len; i++) {
    KtPiece *piece = document->children->pdata[i];
    if (!piece->name)
      continue;
    if (root) {
      set_error_at(s, s->start, KT_ERROR_FORMAT, "more than one document", error);
      return NULL;
    }
    root = piece;
  }
  if (!root || !g_str_equal(root->name, "domain")) {
    set_error_at(s, s->start, KT_ERROR_FORMAT, "no <domain> definition, as 'virsh dumpxml' prints it", error);
    return NULL;
  }
  return root;
}

KtDomXml *kt_domxml_parse(const char *name, const char *bytes, gsize length, GError **error)
{
  Scanner s = {.name = name, .start = bytes, .at = bytes, .end = bytes + length};
  const char *wrong;
  if (length > KT_DOMXML_LIMIT) {
    set_error_at(&s, bytes, KT_ERROR_LIMIT, "larger than any domain definition", error);
    return NULL;
  }
  if (!g_utf8_validate(bytes, (gssize)length, &wrong)) {
    set_error_at(&s, wrong, KT_ERROR_FORMAT, "not UTF-8", error);
    return NULL;
  }
  const char *type = g_strstr_len(bytes, (gssize)length, "<!DOCTYPE");
  if (type) {
    set_error_at(&s, type, KT_ERROR_FORMAT, "a document type is not read", error);
    return NULL;
  }
  g_autoptr(KtDomXml) xml = g_new0(KtDomXml, 1);
  xml->document = s.open = kt_piece_new("", 0, "", 0);
  while (s.at < s.end)
    if (!take_piece(&s, error))
      return NULL;
  if (s.depth) {
    set_error_at(&s, s.end, KT_ERROR_FORMAT, "the definition is cut off here", error);
    return NULL;
  }
  xml->root = find_root(&s, xml->document, error);
  return xml->root && is_well_formed(&s, error) ? g_steal_pointer(&xml) : NULL;
}

void kt_domxml_free(KtDomXml *xml)
{
  if (!xml)
    return;
  kt_piece_free(xml->document);
  g_free(xml);
}

char *kt_domxml_bytes(const KtDomXml *xml, gsize *length)
{
  GString *out = g_string_new(NULL);
  kt_piece_write(xml->document, out);
  if (length)
    *length = out->len;
  return g_string_free(out, FALSE);
}
