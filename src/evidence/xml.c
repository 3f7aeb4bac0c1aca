/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/xml.h"

#include <string.h>

#include "evidence/reader.h"

/* ---- blocks of lines ---- */

gboolean kt_xml_opens(const KtText *text, guint i, const char *name)
{
  const char *s = kt_text_at(text, i);
  while (g_ascii_isspace(*s))
    s++;
  gsize n = strlen(name);
  return *s == '<' && strncmp(s + 1, name, n) == 0 && (!s[n + 1] || strchr(" \t>", s[n + 1]));
}

/* Is this line the start of something that is not XML? */
static gboolean is_other_output(const KtText *text, guint i)
{
  const char *s = kt_text_at(text, i);
  return *s && !strpbrk(s, "<>") && kt_reader_at(text, i);
}

guint kt_xml_block_end(const KtText *text, guint first, const char *name)
{
  g_autofree char *close = g_strdup_printf("</%s>", name);
  guint n = kt_text_count(text);
  for (guint i = first; i < n; i++) {
    if (i > first && (kt_text_is_prompt(text, i) || kt_xml_opens(text, i, name) ||
                      g_str_has_prefix(kt_text_at(text, i), "<?xml") || is_other_output(text, i)))
      return i;
    if (strstr(kt_text_at(text, i), close))
      return i + 1;
  }
  return n;
}

#if HAVE_LIBXML2
#include <libxml/parser.h>

#include "base/units.h"
#include "evidence/domain_parts.h"

/* ---- documents ---- */

#define MAX_SHOWN 200 /* characters */

static void set_problem(KtXml *xml, guint line, const char *why)
{
  xml->problem = g_strdup(why);
  xml->problem_line = CLAMP(line, 1, MAX(xml->numbers->len, 1));
}

static xmlDoc *parse(xmlParserCtxt *context, const char *bytes, gsize length, int extra)
{
  return xmlCtxtReadMemory(context, bytes, (int)length, NULL, "UTF-8",
                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES | extra);
}

/* libxml2 compares each attribute of a tag with all others of it. */
#define MAX_ATTRIBUTES 1000 /* of one tag; libvirt's have 20 */

/* Behind the comment, CDATA or instruction that starts here; NULL if none does. */
static const char *behind_no_tag(const char *p)
{
  static const struct {
    const char *open, *close;
  } kinds[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (g_str_has_prefix(p, kinds[i].open)) {
      const char *close = strstr(p, kinds[i].close);
      return close ? close + strlen(kinds[i].close) : p + strlen(p);
    }
  return NULL;
}

static gboolean has_endless_tag(const char *bytes)
{
  for (const char *p = strchr(bytes, '<'); p; p = strchr(p, '<')) {
    const char *behind = behind_no_tag(p);
    guint attributes = 0;
    if (behind) {
      p = behind;
      continue;
    }
    for (p++; *p && *p != '>' && *p != '<'; p++) {
      const char *close = *p == '\'' || *p == '"' ? strchr(p + 1, *p) : p;
      if (close != p && ++attributes > MAX_ATTRIBUTES)
        return TRUE;
      if (!close)
        break;
      p = close;
    }
  }
  return FALSE;
}

static void read_document(KtXml *xml, const char *bytes)
{
  gsize length = strlen(bytes);
  if (has_endless_tag(bytes)) {
    set_problem(xml, 1, "the XML has a tag with more attributes than any definition");
    return;
  }
  if (length > KT_XML_LIMIT || strstr(bytes, "<!DOCTYPE") || strstr(bytes, "<!ENTITY")) {
    set_problem(xml, 1, length > KT_XML_LIMIT ? "the XML is too large" : "XML with a document type is not read");
    return;
  }
  xmlParserCtxt *context = xmlNewParserCtxt();
  if (!context)
    return;
  xml->doc = parse(context, bytes, length, 0);
  xml->complete = xml->doc != NULL;
  if (!xml->doc) {
    const xmlError *error = xmlCtxtGetLastError(context);
    g_autofree char *why = g_strchomp(g_strdup(error && error->message ? error->message : "the XML is damaged"));
    g_autofree char *said = g_strdup_printf("the XML is cut off or damaged: %s", why);
    set_problem(xml, error && error->line > 0 ? (guint)error->line : 1, said);
    const char *end = strrchr(bytes, '>');
    xmlCtxtReset(context);
    if (end)
      xml->doc = parse(context, bytes, (gsize)(end + 1 - bytes), XML_PARSE_RECOVER);
  }
  xmlFreeParserCtxt(context);
  xml->root = xml->doc ? xmlDocGetRootElement(xml->doc) : NULL;
}

static KtXml *xml_new(const char *source)
{
  KtXml *xml = g_new0(KtXml, 1);
  xml->source = g_strdup(source);
  xml->numbers = g_array_new(FALSE, FALSE, sizeof(guint));
  xml->lines = g_ptr_array_new_with_free_func(g_free);
  return xml;
}

KtXml *kt_xml_parse(const char *source, const char *bytes)
{
  KtXml *xml = xml_new(source);
  g_autofree char *valid = g_utf8_make_valid(bytes, -1); /* lines are quoted */
  g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    guint number = i + 1;
    g_array_append_val(xml->numbers, number);
    g_ptr_array_add(xml->lines, g_strstrip(g_strdup(lines[i])));
  }
  xml->bytes = g_strdup(bytes);
  read_document(xml, bytes);
  return xml;
}

KtXml *kt_xml_parse_lines(const KtText *text, guint first, guint end)
{
  KtXml *xml = xml_new(text->source);
  for (guint i = first; i < end; i++) {
    if (kt_text_is_prompt(text, i))
      continue;
    const KtLine *line = kt_text_line(text, i);
    g_array_append_val(xml->numbers, line->number);
    g_ptr_array_add(xml->lines, g_strstrip(g_strdup(line->s)));
  }
  xml->bytes = g_strchug(kt_text_join(text, first, end));
  read_document(xml, xml->bytes);
  return xml;
}

void kt_xml_free(KtXml *xml)
{
  if (!xml)
    return;
  if (xml->doc)
    xmlFreeDoc(xml->doc);
  kt_cite_free(xml->last_cite);
  g_free(xml->problem);
  g_free(xml->source);
  g_free(xml->bytes);
  g_array_unref(xml->numbers);
  g_ptr_array_unref(xml->lines);
  g_free(xml);
}

/* As much of a line as a report shows: a document may stand on one line. */
static char *shown(const char *line)
{
  const char *end = line, *limit = line + strnlen(line, 4 * MAX_SHOWN + 4);
  for (guint n = 0; end && n < MAX_SHOWN; n++)
    end = g_utf8_find_next_char(end, limit);
  return end ? g_strndup(line, (gsize)(end - line)) : g_strdup(line);
}

const KtCite *kt_xml_cite(KtXml *xml, xmlNode *node)
{
  if (!node)
    return NULL;
  long line = xmlGetLineNo(node);
  gboolean known = line >= 1 && line <= (long)xml->numbers->len;
  g_autofree char *text = shown(known ? xml->lines->pdata[line - 1] : (const char *)node->name);
  kt_cite_free(xml->last_cite);
  xml->last_cite = kt_cite_new(xml->source, known ? g_array_index(xml->numbers, guint, line - 1) : 0, text);
  return xml->last_cite;
}

/* ---- nodes ---- */

gboolean kt_xml_is(const xmlNode *node, const char *name)
{
  if (node->type != XML_ELEMENT_NODE)
    return FALSE;
  const char *own = (const char *)node->name, *colon = strchr(own, ':'); /* a prefix that nothing declares stays */
  return g_str_equal(colon ? colon + 1 : own, name);
}

static xmlNode *first_of(xmlNode *node, const char *name)
{
  while (node && !kt_xml_is(node, name))
    node = node->next;
  return node;
}

gboolean kt_xml_is_whole(const KtXml *xml, xmlNode *node)
{
  if (xml->complete)
    return TRUE;
  for (; node && node != xml->root; node = node->parent)
    if (xmlNextElementSibling(node))
      return TRUE;
  return FALSE;
}

xmlNode *kt_xml_child(xmlNode *node, const char *name)
{
  return node ? first_of(node->children, name) : NULL;
}

xmlNode *kt_xml_next(xmlNode *node, const char *name)
{
  return first_of(node->next, name);
}

/* xmlFree() what libxml2 made, g_free() what is returned. */
static char *take(xmlChar *text)
{
  if (!text)
    return NULL;
  char *copy = g_strstrip(g_strdup((const char *)text));
  xmlFree(text);
  return copy;
}

char *kt_xml_attr(xmlNode *node, const char *name)
{
  return node ? take(xmlGetNoNsProp(node, (const xmlChar *)name)) : NULL;
}

char *kt_xml_text(xmlNode *node)
{
  /* Only text of its own: an element that was cut open holds others. */
  if (!node || !node->children || node->children->type != XML_TEXT_NODE)
    return NULL;
  char *text = take(xmlNodeGetContent(node->children));
  if (text && !*text)
    g_clear_pointer(&text, g_free);
  return text;
}

static KtInt int_of(const char *text)
{
  guint64 n;
  if (!text || !kt_units_parse_count(text, &n) || n > G_MAXINT64)
    return KT_INT_UNKNOWN;
  return KT_INT((gint64)n);
}

KtInt kt_xml_int_attr(xmlNode *node, const char *name)
{
  g_autofree char *text = kt_xml_attr(node, name);
  return int_of(text);
}

KtInt kt_xml_int(xmlNode *node)
{
  g_autofree char *text = kt_xml_text(node);
  return int_of(text);
}

KtSet *kt_xml_set_attr(xmlNode *node, const char *name)
{
  g_autofree char *text = kt_xml_attr(node, name);
  return text ? kt_libvirt_set(text) : NULL;
}

gboolean kt_xml_attr_is(xmlNode *node, const char *name, const char *value)
{
  g_autofree char *text = kt_xml_attr(node, name);
  return g_strcmp0(text, value) == 0;
}

/* libvirt, virScaleInteger(): KB is 1000, K and KiB 1024. */
static double bytes_of_unit(const char *unit)
{
  static const char letters[] = "kmgtp";
  if (!unit || !*unit)
    return 1024;
  if (g_ascii_strcasecmp(unit, "b") == 0 || g_ascii_strcasecmp(unit, "bytes") == 0)
    return 1;
  const char *letter = strchr(letters, g_ascii_tolower(*unit));
  gboolean decimal = g_ascii_strcasecmp(unit + 1, "b") == 0;
  if (!letter || (!decimal && unit[1] && g_ascii_strcasecmp(unit + 1, "ib") != 0))
    return 0;
  double bytes = 1;
  for (const char *p = letters; p <= letter; p++)
    bytes *= decimal ? 1000 : 1024;
  return bytes;
}

KtInt kt_xml_size_kib(xmlNode *node, const char *amount, const char *unit)
{
  KtInt n = amount ? kt_xml_int_attr(node, amount) : kt_xml_int(node);
  g_autofree char *written = kt_xml_attr(node, unit);
  double kib = (double)n.value * bytes_of_unit(written) / 1024;
  if (!n.known || bytes_of_unit(written) <= 0 || kib > 1e15)
    return KT_INT_UNKNOWN;
  return KT_INT((gint64)(kib + 0.999)); /* libvirt rounds up */
}
#endif
