/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pieces of a KtDomXml; inside of the room only. */
#pragma once
#include "domxml/domxml.h"

typedef struct KtPiece KtPiece;
typedef struct KtPieceIndex KtPieceIndex;
struct KtPiece {
  char *name;          /* of an element; NULL: text, comment, CDATA or instruction, whose bytes are in `head` */
  GString *head;       /* "<cpu mode='custom'>", "<locked/>" */
  GString *tail;       /* "</cpu>"; empty: closed in the head */
  GPtrArray *children; /* KtPiece*, owned; NULL if not an element */
  KtPiece *parent;     /* NULL: the document */
  char *shut;          /* how an opened tag ended before: "/>", " />"; NULL: it has not been opened */
  KtPieceIndex *index; /* of children by one attribute; NULL: not made yet */
};

struct KtDomXml {
  KtPiece *document; /* has the root element, and what stands around it, as children */
  KtPiece *root;     /* not owned */
};

KtPiece *kt_piece_new(const char *name, gsize name_length, const char *head, gsize head_length);
void kt_piece_free(gpointer piece);
void kt_piece_insert(KtPiece *parent, guint index, KtPiece *child); /* takes child */
void kt_piece_take_out(KtPiece *parent, guint index);               /* and frees it */
guint kt_piece_index(const KtPiece *piece);                         /* in its parent */
void kt_piece_write(const KtPiece *piece, GString *out);
gboolean kt_piece_is_blank(const KtPiece *piece); /* text that is white space alone */

gboolean kt_piece_is_text(const KtPiece *piece); /* text or CDATA, no comment */

/* Makes "<a/>" into "<a></a>", so that children have a place; and back, once nothing but white space is left of them.
 */
void kt_piece_open(KtPiece *element);
void kt_piece_close(KtPiece *element);

/* An attribute's value with references resolved, or NULL. Caller frees. */
char *kt_piece_attribute(const KtPiece *element, const char *name);
gboolean kt_piece_attribute_is(const KtPiece *element, const char *name, const char *value); /* without a copy */
void kt_piece_set_attribute(KtPiece *element, const char *name, const char *value);          /* NULL removes */

/* The first child element of that name whose attribute has that value, or NULL. Many such questions cost no more than
 * a few looks at all children. */
KtPiece *kt_piece_find_child(KtPiece *parent, const char *name, const char *attribute, const char *value);

/* Text with the five references and character numbers resolved; with '&', '<', '>' and `quote` (if not 0) escaped. */
char *kt_xml_unescape(const char *bytes, gsize length);
char *kt_xml_escape(const char *text, char quote);

/* The new child element of that name, put where libvirt writes it, indented as its neighbours. */
KtPiece *kt_piece_add_element(KtPiece *parent, const char *name);
/* Takes the element out and frees it, with the white space back to the line break before it. */
void kt_piece_remove_element(KtPiece *element);
