/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtXml: an XML document out of a text or of libvirt, with its lines.
 *
 * Read with libxml2: no network, no DTD, no entities beyond the five, its own
 * limits on depth and size kept. A document that ends too early gives the tree
 * of what is certain: what stands behind the last complete tag is dropped, so
 * that half a number is never taken for a number. */
#pragma once
#include "config.h"
#include "evidence/text.h"
#include "model/value.h"

/* The block of lines that an XML element covers, from the line `first` where
 * it opens to behind the line with "</NAME>"; ends before a prompt, before
 * another document and where plain text of another kind begins. */
guint kt_xml_block_end(const KtText *text, guint first, const char *name);

/* Does the element `name` open at the start of line i? ("<domain" also as "<domain>", not "<domains") */
gboolean kt_xml_opens(const KtText *text, guint i, const char *name);

#if HAVE_LIBXML2
#include <libxml/tree.h>

#include "base/set.h"

typedef struct {
  xmlDoc *doc;
  xmlNode *root;      /* NULL: nothing could be read */
  gboolean complete;  /* well-formed; FALSE: an absent element may have been there */
  char *problem;      /* why not, or NULL */
  guint problem_line; /* of the document, from 1 */
  char *source;
  char *bytes;       /* the document as it was read */
  GArray *numbers;   /* guint: the source's number of each line */
  GPtrArray *lines;  /* char* */
  KtCite *last_cite; /* of kt_xml_cite() */
} KtXml;

#define KT_XML_LIMIT (16 * 1024 * 1024) /* bytes of one document */

/* Never NULL. */
KtXml *kt_xml_parse(const char *source, const char *bytes);
KtXml *kt_xml_parse_lines(const KtText *text, guint first, guint end);
void kt_xml_free(KtXml *xml);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtXml, kt_xml_free)

/* Where a node stands; valid until the next call. NULL of no node. */
const KtCite *kt_xml_cite(KtXml *xml, xmlNode *node);

/* FALSE if the text may have been cut inside of the node: nothing follows it. */
gboolean kt_xml_is_whole(const KtXml *xml, xmlNode *node);

/* The first child element of that name (with any prefix), or NULL; a NULL node has none. */
xmlNode *kt_xml_child(xmlNode *node, const char *name);
xmlNode *kt_xml_next(xmlNode *node, const char *name); /* the next sibling of that name */
gboolean kt_xml_is(const xmlNode *node, const char *name);

/* All these: NULL or unknown if it is not there or not of that form. Callers free texts and sets. */
char *kt_xml_attr(xmlNode *node, const char *name);
char *kt_xml_text(xmlNode *node); /* content without white space around; NULL if empty */
KtInt kt_xml_int_attr(xmlNode *node, const char *name);
KtInt kt_xml_int(xmlNode *node);
KtSet *kt_xml_set_attr(xmlNode *node, const char *name);
/* A size with libvirt's units ("KiB" where none is given, "MB" = 10^6 bytes); `amount` NULL: the content. */
KtInt kt_xml_size_kib(xmlNode *node, const char *amount, const char *unit);
gboolean kt_xml_attr_is(xmlNode *node, const char *name, const char *value);

#define kt_xml_foreach(child, parent, name)                                                                            \
  for (xmlNode *child = kt_xml_child(parent, name); child; child = kt_xml_next(child, name))
#endif
