/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/text_clean.h"

#include <string.h>

static char *convert(const char *bytes, gsize length, const char *from)
{
  return g_convert(bytes, (gssize)length, "UTF-8", from, NULL, NULL, NULL);
}

/* Chinese in GB18030 comes in runs of high bytes, two a character; in Latin-1
 * more than two in a row are no word. */
static gboolean looks_double_byte(const char *bytes, gsize length)
{
  gsize run = 0;
  for (gsize i = 0; i < length && run < 4; i++)
    run = bytes[i] & 0x80 ? run + 1 : 0;
  return run >= 4;
}

/* Most evidence is; it needs no closer look. */
static gboolean is_ascii(const char *bytes, gsize length)
{
  guint64 seen = 0, eight;
  gsize i = 0;
  for (; i + sizeof eight <= length; i += sizeof eight) {
    memcpy(&eight, bytes + i, sizeof eight);
    seen |= eight;
  }
  for (; i < length; i++)
    seen |= (guchar)bytes[i];
  return !(seen & G_GUINT64_CONSTANT(0x8080808080808080));
}

char *kt_text_decode(const char *bytes, gsize length)
{
  char *text = NULL;
  if (length >= 2 && memcmp(bytes, "\xff\xfe", 2) == 0)
    text = convert(bytes + 2, (length - 2) & ~(gsize)1, "UTF-16LE");
  else if (length >= 2 && memcmp(bytes, "\xfe\xff", 2) == 0)
    text = convert(bytes + 2, (length - 2) & ~(gsize)1, "UTF-16BE");
  if (text)
    return text;
  if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
    bytes += 3;
    length -= 3;
  }
  /* NUL bytes end a C string: they stand between the arguments of /proc/PID/cmdline. */
  g_autofree char *copy = g_malloc(length + 1);
  memcpy(copy, bytes, length);
  copy[length] = '\0';
  for (char *zero = copy; (zero = memchr(zero, '\0', length - (gsize)(zero - copy)));)
    *zero = ' ';
  if (is_ascii(copy, length) || g_utf8_validate(copy, (gssize)length, NULL))
    return g_steal_pointer(&copy);
  text = convert(copy, length, looks_double_byte(copy, length) ? "GB18030" : "ISO-8859-1");
  return text ? text : g_utf8_make_valid(copy, (gssize)length);
}

/* Length of an ANSI escape sequence at p (ECMA-48: CSI, OSC, two-byte), 0 if none. */
static gsize escape_length(const char *p)
{
  if (*p != '\033')
    return 0;
  const char *q = p + 1;
  if (*q == '[') {
    q++;
    while (*q >= 0x20 && *q <= 0x3f)
      q++;
    return (gsize)(q - p) + (*q >= 0x40 ? 1 : 0);
  }
  if (*q == ']') {
    while (*q && *q != '\a' && *q != '\033')
      q++;
    return (gsize)(q - p) + (*q == '\a' ? 1 : 0);
  }
  return *q >= 0x20 ? 2 : 1;
}

static gboolean is_space_like(gunichar c)
{
  return c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

static gboolean is_invisible(gunichar c)
{
  return c == 0xfeff || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) ||
         c == 0xad;
}

void kt_text_clean_line(char *line)
{
  char *out = line;
  for (const char *p = line; *p;) {
    gsize skip = escape_length(p);
    if (skip) {
      p += skip;
      continue;
    }
    gunichar c = g_utf8_get_char(p);
    const char *next = g_utf8_next_char(p);
    if (is_space_like(c))
      *out++ = ' ';
    else if (!is_invisible(c) && (c >= 0x20 || c == '\t') && (c < 0x7f || c > 0x9f))
      while (p < next)
        *out++ = *p++;
    p = next;
  }
  *out = '\0';
  g_strchomp(line);
}

/* Marks that a browser's copy leaves; none is an element of libvirt's formats. */
static const char *const html_names[] = {"p",      "br",   "pre", "code", "div", "span", "b",          "i",    "strong",
                                         "em",     "font", "li",  "ul",   "ol",  "td",   "tr",         "html", "body",
                                         "center", "h1",   "h2",  "h3",   "hr",  "tt",   "blockquote", NULL};

#define MAX_TAG 200 /* bytes behind the name */

/* Length of an HTML tag at p, 0 if it is none. */
static gsize html_length(const char *p)
{
  if (*p != '<')
    return 0;
  const char *name = p + 1 + (p[1] == '/');
  gsize n = 0;
  while (g_ascii_isalnum(name[n]))
    n++;
  if (!n || n >= 12 || !strchr(" \t/>", name[n]))
    return 0;
  const char *end = memchr(name + n, '>', strnlen(name + n, MAX_TAG));
  if (!end)
    return 0;
  g_autofree char *word = g_ascii_strdown(name, (gssize)n);
  return g_strv_contains(html_names, word) ? (gsize)(end - p + 1) : 0;
}

static const struct {
  const char *entity;
  char text;
} entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&nbsp;", ' '}};

static void decode_entities(char *line)
{
  char *out = line;
  for (const char *p = line; *p;) {
    guint e = 0;
    while (e < G_N_ELEMENTS(entities) && !g_str_has_prefix(p, entities[e].entity))
      e++;
    if (e < G_N_ELEMENTS(entities)) {
      *out++ = entities[e].text;
      p += strlen(entities[e].entity);
    } else {
      *out++ = *p++;
    }
  }
  *out = '\0';
}

static gboolean drop_tags(char *line)
{
  gboolean found = FALSE;
  char *out = line;
  for (const char *p = line; *p;) {
    gsize n = html_length(p);
    if (n) {
      found = TRUE;
      p += n;
    } else {
      *out++ = *p++;
    }
  }
  *out = '\0';
  return found;
}

void kt_text_strip_html(KtDraft *draft)
{
  gboolean html = FALSE, xml = FALSE;
  for (guint k = 0; k < draft->odd->len; k++) {
    char *s = kt_draft_odd(draft, k)->s;
    if (!strpbrk(s, "<&"))
      continue;
    if (strchr(s, '<'))
      html |= drop_tags(s);
    html |= strstr(s, "&nbsp;") || strstr(s, "&lt;domain") || strstr(s, "&lt;capabilities");
    xml |= strstr(s, "<domain") || strstr(s, "<capabilities") || strstr(s, "<topology");
  }
  for (guint k = 0; html && k < draft->odd->len; k++) {
    char *s = kt_draft_odd(draft, k)->s;
    if (!xml && strchr(s, '&'))
      decode_entities(s);
    g_strchomp(s);
  }
}

void kt_text_blank_fences(KtDraft *draft)
{
  for (guint k = 0; k < draft->odd->len; k++) {
    char *s = kt_draft_odd(draft, k)->s;
    const char *p = s + strspn(s, " \t");
    if (!g_str_has_prefix(p, "```") && !g_str_has_prefix(p, "~~~"))
      continue;
    p += 3;
    while (g_ascii_isalnum(*p) || *p == '-' || *p == '`' || *p == '~')
      p++;
    if (!*p)
      *s = '\0';
  }
}

/* The dashes of "label: value   --here": one word that ends the line, and no option of a command. */
static char *find_dash_remark(char *line)
{
  char *dashes = g_strrstr(line, "--");
  if (!dashes || dashes == line || !g_ascii_isspace(dashes[-1]) || !dashes[2] || strpbrk(dashes + 2, " \t>"))
    return NULL;
  if (!dashes[2 + strspn(dashes + 2, "y-")]) /* "CPU Affinity: --yy" of virsh vcpuinfo */
    return NULL;
  g_autofree char *front = g_strndup(line, (gsize)(dashes - line));
  const char *colon = strpbrk(front, ":"), *wide = strstr(front, "：");
  const char *value = colon && g_ascii_isspace(colon[1]) ? colon + 1 : wide ? wide + strlen("：") : NULL;
  return value && !strstr(value, " -") ? dashes : NULL;
}

/* "label: value  // here", "label: value <- here", "label: value   --here". */
void kt_text_strip_remarks(KtDraft *draft)
{
  for (guint k = 0; k < draft->odd->len; k++) {
    char *s = kt_draft_odd(draft, k)->s;
    if (!strpbrk(s, "/<#-\xe2") || strchr("<{/\"", s[strspn(s, " \t")])) /* \xe2: of the arrow */
      continue;
    static const char *const marks[] = {" // ", " <- ", " <-- ", " <== ", " ← ", "  # ", "\t// ", "\t<- ", "\t# "};
    for (guint m = 0; m < G_N_ELEMENTS(marks); m++) {
      char *found = strstr(s, marks[m]);
      if (found && found > s + strspn(s, " \t"))
        *found = '\0';
    }
    char *dashes = find_dash_remark(s);
    if (dashes)
      *dashes = '\0';
    g_strchomp(s);
  }
}
