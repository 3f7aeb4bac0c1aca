/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTML and SVG that grow element by element, and are well-formed XML too.
 *
 * Texts and attribute values are made safe as on a terminal (base/term.h:
 * control and bidirectional characters become visible escapes), then escaped;
 * names of elements and attributes are the program's own and are not. */
#pragma once
#include <glib.h>

typedef struct KtHtml KtHtml;

KtHtml *kt_html_new(void);
char *kt_html_finish(KtHtml *html); /* closes what is open; frees; caller frees the text */

/* Opens an element; `class` may be NULL. Attributes come before any content. */
void kt_html_open(KtHtml *html, const char *tag, const char *class);
void kt_html_attr(KtHtml *html, const char *name, const char *value); /* NULL value: nothing */
void kt_html_attrf(KtHtml *html, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
void kt_html_text(KtHtml *html, const char *text);
void kt_html_textf(KtHtml *html, const char *format, ...) G_GNUC_PRINTF(2, 3);
void kt_html_close(KtHtml *html); /* the innermost element */

/* An element with a text only. */
void kt_html_leaf(KtHtml *html, const char *tag, const char *class, const char *text);
void kt_html_leaff(KtHtml *html, const char *tag, const char *class, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* The style sheet, as it is; one of the program's own. */
void kt_html_style(KtHtml *html, const char *css);

/* ---- parts of our pages ---- */

/* Head and banner; what follows is in <main>. `title` is shown in the browser's tab. */
KtHtml *kt_html_page_begin(const char *title, const char *command);
char *kt_html_page_finish(KtHtml *html); /* with the closing line */

/* A folded table with the numbers of a picture: rows of kt_html_leaf("td") between
 * kt_html_open("tr") and kt_html_close(). `heads` ends with NULL. */
void kt_html_table_begin(KtHtml *html, const char *summary, const char *const *heads);
void kt_html_table_finish(KtHtml *html);

/* The "title" and "desc" of a picture, for those who hear it, and its role. Right behind kt_html_open("svg"). */
void kt_html_describe(KtHtml *html, const char *title, const char *description);
