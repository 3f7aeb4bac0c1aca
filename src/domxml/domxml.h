/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtDomXml: a libvirt domain definition that can be edited without touching
 * what is not edited. Every byte read belongs to one piece (a tag, a text, a
 * comment); the document's bytes are its pieces in order, and an edit changes
 * only the pieces it names. So unknown elements, comments, order, quoting and
 * white space survive.
 *
 * Places are named by a small part of XPath, relative to <domain>:
 *   cpu/topology/@sockets                an attribute
 *   cputune/vcpupin[@vcpu='3']/@cpuset   of the element with that attribute
 *   devices/interface[2]/driver          an element, counted from 1
 *   currentMemory/text()                 an element's text
 * Names are as written, with their prefix ("nova:instance"). */
#pragma once
#include <glib.h>

typedef struct KtDomXml KtDomXml;

#define KT_DOMXML_LIMIT (16 * 1024 * 1024) /* bytes of one document */
#define KT_DOMXML_DEPTH 200                /* elements in elements */

/* Reads UTF-8 XML whose root is <domain>. A document type is refused, so there
 * are no entities beyond XML's own five; so are more than 500,000 tags and texts,
 * and 1,000 attributes of one tag. A build without libxml2 looks at tags only: it
 * takes an attribute that is there twice. `name` is for messages. NULL with
 * KT_ERROR_FORMAT or KT_ERROR_LIMIT: "NAME:LINE:COLUMN: what is wrong". */
KtDomXml *kt_domxml_parse(const char *name, const char *bytes, gsize length, GError **error);
void kt_domxml_free(KtDomXml *xml);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtDomXml, kt_domxml_free)

/* The document as it is now; without edits the bytes that were read. Caller frees. */
char *kt_domxml_bytes(const KtDomXml *xml, gsize *length);

/* The value at the path with references resolved: of an attribute; of text() what
 * stands directly in the element, without white space around; of an element "".
 * NULL if it is not there. KT_ERROR_USAGE for a path that is none; `error` may be
 * NULL. Caller frees. */
char *kt_domxml_get(const KtDomXml *xml, const char *path, GError **error);

/* How many elements the path (of an element) names; 0 for a path that is none. */
guint kt_domxml_count(const KtDomXml *xml, const char *path);

/* Puts a value there; elements that are missing on the way are made, where
 * libvirt itself would write them, with the attributes that [@name='value']
 * asks for. For an element the value is "". NULL removes what the path names, with
 * the line break before an element; nothing there is no error.
 * FALSE, and nothing changed: KT_ERROR_USAGE (no path, an element "[N]" that is
 * not there, the root removed, text between elements) or KT_ERROR_FORMAT (a
 * value with a character that XML cannot hold). */
gboolean kt_domxml_set(KtDomXml *xml, const char *path, const char *value, GError **error);

/* Both texts as a unified diff with three lines around each change, "" if they
 * are the same. Texts too different to compare line by line (more than 4 million pairs of
 * lines) are shown as one change. Caller frees. */
char *kt_domxml_diff(const char *old_name, const char *old_bytes, const char *new_name, const char *new_bytes);
