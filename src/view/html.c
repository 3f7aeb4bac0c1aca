/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/html.h"

#include "base/term.h"

struct KtHtml {
  GString *out;
  GPtrArray *open;  /* const char*: tags, the innermost last */
  guint svg;        /* open svg elements */
  gboolean pending; /* the start tag is not closed yet: attributes may follow */
};

KtHtml *kt_html_new(void)
{
  KtHtml *html = g_new0(KtHtml, 1);
  html->out = g_string_new("<!DOCTYPE html>\n");
  html->open = g_ptr_array_new();
  return html;
}

char *kt_html_finish(KtHtml *html)
{
  while (html->open->len)
    kt_html_close(html);
  g_string_append_c(html->out, '\n');
  char *text = g_string_free(html->out, FALSE);
  g_ptr_array_unref(html->open);
  g_free(html);
  return text;
}

static void end_start_tag(KtHtml *html)
{
  if (html->pending)
    g_string_append_c(html->out, '>');
  html->pending = FALSE;
}

static void append_escaped(KtHtml *html, const char *text)
{
  const KtTerm page = {.utf8 = TRUE};
  g_autofree char *clean = kt_term_clean(&page, text), *escaped = g_markup_escape_text(clean, -1);
  g_string_append(html->out, escaped);
}

/* Elements that stand on a line of their own; within the others white space would show. */
static gboolean is_block(const char *tag)
{
  static const char *const blocks[] = {"html", "head",    "meta",    "title",   "style", "body", "header",
                                       "main", "section", "article", "figure",  "svg",   "g",    "footer",
                                       "ul",   "ol",      "table",   "details", "nav",   "h1",   "h2",
                                       "h3",   "h4",      "li",      "tr",      NULL};
  return g_strv_contains(blocks, tag);
}

void kt_html_open(KtHtml *html, const char *tag, const char *class)
{
  end_start_tag(html);
  if (is_block(tag) && html->open->len)
    g_string_append_c(html->out, '\n');
  g_string_append_printf(html->out, "<%s", tag);
  g_ptr_array_add(html->open, (char *)tag);
  html->svg += g_str_equal(tag, "svg");
  html->pending = TRUE;
  kt_html_attr(html, "class", class);
}

void kt_html_attr(KtHtml *html, const char *name, const char *value)
{
  g_return_if_fail(html->pending);
  if (!value)
    return;
  g_string_append_printf(html->out, " %s=\"", name);
  append_escaped(html, value);
  g_string_append_c(html->out, '"');
}

void kt_html_attrf(KtHtml *html, const char *name, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *value = g_strdup_vprintf(format, args);
  va_end(args);
  kt_html_attr(html, name, value);
}

void kt_html_text(KtHtml *html, const char *text)
{
  end_start_tag(html);
  if (text)
    append_escaped(html, text);
}

void kt_html_textf(KtHtml *html, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  kt_html_text(html, text);
}

/* An empty element: HTML knows the short form for few, SVG for all. */
static gboolean may_be_short(const KtHtml *html, const char *tag)
{
  return html->svg > 0 || g_str_equal(tag, "meta");
}

void kt_html_close(KtHtml *html)
{
  g_return_if_fail(html->open->len > 0);
  const char *tag = g_ptr_array_steal_index(html->open, html->open->len - 1);
  if (html->pending && may_be_short(html, tag)) {
    g_string_append(html->out, "/>");
    html->pending = FALSE;
  } else {
    end_start_tag(html);
    g_string_append_printf(html->out, "</%s>", tag);
  }
  html->svg -= g_str_equal(tag, "svg");
}

void kt_html_leaf(KtHtml *html, const char *tag, const char *class, const char *text)
{
  kt_html_open(html, tag, class);
  kt_html_text(html, text);
  kt_html_close(html);
}

void kt_html_leaff(KtHtml *html, const char *tag, const char *class, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  kt_html_leaf(html, tag, class, text);
}

void kt_html_style(KtHtml *html, const char *css)
{
  kt_html_open(html, "style", NULL);
  end_start_tag(html);
  g_string_append(html->out, css);
  kt_html_close(html);
}
