/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static guint columns_of_stdout(void)
{
  const char *given = g_getenv("COLUMNS");
  guint64 columns;
  if (given && g_ascii_string_to_unsigned(given, 10, 1, 10000, &columns, NULL))
    return (guint)columns;
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

static gboolean wants_colour(void)
{
  const char *no = g_getenv("NO_COLOR"), *term = g_getenv("TERM");
  return isatty(STDOUT_FILENO) && !(no && *no) && term && !g_str_equal(term, "dumb");
}

KtTerm kt_term_of_stdout(KtColour when)
{
  return (KtTerm){
      .width = CLAMP(columns_of_stdout(), KT_TERM_MIN_WIDTH, KT_TERM_MAX_WIDTH),
      .colour = when == KT_COLOUR_ALWAYS || (when == KT_COLOUR_AUTO && wants_colour()),
      .utf8 = g_get_charset(NULL),
  };
}

static guint width_of_char(gunichar c)
{
  if (c >= 0x20 && c < 0x7f) /* nearly all of them */
    return 1;
  if (g_unichar_iszerowidth(c))
    return 0;
  return g_unichar_iswide(c) ? 2 : 1;
}

guint kt_term_width_of(const char *text)
{
  guint width = 0;
  for (const char *p = text; *p; p = g_utf8_next_char(p))
    width += width_of_char(g_utf8_get_char(p));
  return width;
}

/* Characters that show nothing themselves, or change how others are shown. */
static gboolean is_invisible(gunichar c)
{
  switch (g_unichar_type(c)) {
  case G_UNICODE_CONTROL:
  case G_UNICODE_FORMAT: /* bidirectional marks, zero-width joiners, tags */
  case G_UNICODE_LINE_SEPARATOR:
  case G_UNICODE_PARAGRAPH_SEPARATOR:
  case G_UNICODE_PRIVATE_USE:
  case G_UNICODE_SURROGATE:
  case G_UNICODE_UNASSIGNED:
    return TRUE;
  default:
    return FALSE;
  }
}

static const struct {
  gunichar sign;
  const char *ascii;
} ascii_signs[] = {
    {0x00b7, "-"},  {0x00d7, "x"},  {0x2013, "-"},   {0x2014, "-"},  {0x2018, "'"},  {0x2019, "'"},
    {0x201c, "\""}, {0x201d, "\""}, {0x2026, "..."}, {0x2192, "->"}, {0x2265, ">="}, {0x2264, "<="},
    {0x2713, "+"},  {0x2717, "x"},  {0x2514, "`"},   {0x2500, "-"},  {0x00b5, "u"},
};

static void append_ascii(GString *out, gunichar c)
{
  for (guint i = 0; i < G_N_ELEMENTS(ascii_signs); i++)
    if (ascii_signs[i].sign == c) {
      g_string_append(out, ascii_signs[i].ascii);
      return;
    }
  g_string_append_c(out, '?');
}

static void append_clean(GString *out, gunichar c, gboolean utf8)
{
  if (c >= 0x20 && c < 0x7f)
    g_string_append_c(out, (char)c);
  else if (c == '\n' || c == '\r' || c == '\t')
    g_string_append_c(out, ' ');
  else if (is_invisible(c))
    g_string_append_printf(out, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
  else if (utf8)
    g_string_append_unichar(out, c);
  else
    append_ascii(out, c);
}

char *kt_term_clean(const KtTerm *term, const char *text)
{
  GString *out = g_string_new(NULL);
  for (const char *p = text; *p;) {
    gunichar c = g_utf8_get_char_validated(p, -1);
    if (c == (gunichar)-1 || c == (gunichar)-2) {
      g_string_append_printf(out, "\\x%02x", (guchar)*p++);
      continue;
    }
    append_clean(out, c, term->utf8);
    p = g_utf8_next_char(p);
  }
  return g_string_free(out, FALSE);
}

/* Where to cut a clean text so that it takes at most `width` columns; *taken is what it takes. */
static const char *cut_at(const char *text, guint width, guint *taken)
{
  guint used = 0;
  const char *p = text;
  for (; *p; p = g_utf8_next_char(p)) {
    guint w = width_of_char(g_utf8_get_char(p));
    if (used + w > width)
      break;
    used += w;
  }
  *taken = used;
  return p;
}

char *kt_term_shorten(const KtTerm *term, const char *text, guint width)
{
  g_autofree char *clean = kt_term_clean(term, text);
  if (kt_term_width_of(clean) <= width)
    return g_steal_pointer(&clean);
  const char *ellipsis = term->utf8 ? "…" : "...";
  guint room = kt_term_width_of(ellipsis), taken;
  const char *end = cut_at(clean, width > room ? width - room : 0, &taken);
  while (end > clean && end[-1] == ' ')
    end--;
  return g_strdup_printf("%.*s%s", (int)(end - clean), clean, ellipsis);
}

/* ---- wrapping ---- */

static gboolean opens(gunichar c)
{
  GUnicodeType type = g_unichar_type(c);
  return type == G_UNICODE_OPEN_PUNCTUATION || type == G_UNICODE_INITIAL_PUNCTUATION;
}

/* Next to a wide character, but not before what closes nor behind what opens. */
static gboolean may_break(gunichar before, gunichar c)
{
  return (g_unichar_iswide(c) || g_unichar_iswide(before)) && before != ' ' && !opens(before) &&
         (!g_unichar_ispunct(c) || opens(c));
}

/* The end of the first line of `text` that fits `width`: a space, or between
 * two wide characters; a word longer than that is cut. At least one character. */
static const char *line_end(const char *text, guint width)
{
  const char *last_break = NULL;
  guint used = 0;
  gunichar before = 0;
  for (const char *p = text; *p; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (c == ' ')
      last_break = p;
    else if (before && may_break(before, c))
      last_break = p;
    guint w = width_of_char(c);
    if (used + w > width && p > text)
      return last_break && last_break > text ? last_break : p;
    used += w;
    before = c;
  }
  return text + strlen(text);
}

GPtrArray *kt_term_wrap(const char *text, guint width)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
  while (*text == ' ')
    text++;
  do {
    const char *end = line_end(text, MAX(width, 1)), *next = end;
    while (end > text && end[-1] == ' ')
      end--;
    g_ptr_array_add(lines, g_strndup(text, (gsize)(end - text)));
    while (*next == ' ')
      next++;
    text = next;
  } while (*text);
  return lines;
}

/* ---- page ---- */

KtPage *kt_page_new(const KtTerm *term)
{
  KtPage *page = g_new0(KtPage, 1);
  page->term = *term;
  page->out = g_string_new(NULL);
  return page;
}

char *kt_page_finish(KtPage *page)
{
  char *text = g_string_free(page->out, FALSE);
  g_free(page);
  return text;
}

static void pad(KtPage *page, guint columns)
{
  for (guint i = 0; i < columns; i++)
    g_string_append_c(page->out, ' ');
}

static void styled(KtPage *page, KtStyle style, const char *clean)
{
  static const char *const codes[] = {
      [KT_STYLE_BOLD] = "1",    [KT_STYLE_DIM] = "2",    [KT_STYLE_RED] = "1;31",
      [KT_STYLE_YELLOW] = "33", [KT_STYLE_GREEN] = "32", [KT_STYLE_CYAN] = "36",
  };
  if (!page->term.colour || style == KT_STYLE_PLAIN || !*clean)
    g_string_append(page->out, clean);
  else
    g_string_append_printf(page->out, "\033[%sm%s\033[0m", codes[style], clean);
}

void kt_page_gap(KtPage *page)
{
  const GString *out = page->out;
  if (out->len && !(out->len > 1 && out->str[out->len - 1] == '\n' && out->str[out->len - 2] == '\n'))
    g_string_append_c(page->out, '\n');
}

static guint room_behind(const KtPage *page, guint columns)
{
  return page->term.width > columns + 10 ? page->term.width - columns : 10;
}

void kt_page_item(KtPage *page, guint indent, KtStyle mark_style, const char *mark, guint hang, KtStyle style,
                  const char *text)
{
  g_autofree char *clean_mark = kt_term_clean(&page->term, mark), *clean = kt_term_clean(&page->term, text);
  guint used = indent + kt_term_width_of(clean_mark);
  g_autoptr(GPtrArray) lines = NULL;
  pad(page, indent);
  styled(page, mark_style, clean_mark);
  if (*clean_mark && used >= hang)
    hang = used + 1;
  if (used < hang)
    pad(page, hang - used);
  lines = kt_term_wrap(clean, room_behind(page, hang));
  for (guint i = 0; i < lines->len; i++) {
    if (i)
      pad(page, hang);
    styled(page, style, lines->pdata[i]);
    g_string_append_c(page->out, '\n');
  }
}

void kt_page_text(KtPage *page, guint indent, KtStyle style, const char *text)
{
  kt_page_item(page, indent, KT_STYLE_PLAIN, "", indent, style, text);
}

void kt_page_textf(KtPage *page, guint indent, KtStyle style, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  kt_page_text(page, indent, style, text);
}

void kt_page_verbatim(KtPage *page, guint indent, KtStyle style, const char *text)
{
  g_autofree char *clean = kt_term_clean(&page->term, text);
  pad(page, indent);
  styled(page, style, clean);
  g_string_append_c(page->out, '\n');
}

void kt_page_line(KtPage *page, guint indent, KtStyle style, const char *text)
{
  g_autofree char *line = kt_term_shorten(&page->term, text, room_behind(page, indent));
  kt_page_verbatim(page, indent, style, line);
}

/* ---- table ---- */

typedef struct {
  KtStyle style;
  char *text;
} Cell;

struct KtTable {
  const KtColumn *columns;
  guint n;
  GArray *cells; /* Cell */
};

static void cell_clear(gpointer cell)
{
  g_free(((Cell *)cell)->text);
}

KtTable *kt_table_new(const KtColumn *columns, guint n)
{
  KtTable *table = g_new0(KtTable, 1);
  table->columns = columns;
  table->n = n;
  table->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
  g_array_set_clear_func(table->cells, cell_clear);
  return table;
}

void kt_table_free(KtTable *table)
{
  if (!table)
    return;
  g_array_unref(table->cells);
  g_free(table);
}

void kt_table_add(KtTable *table, KtStyle style, const char *text)
{
  Cell cell = {.style = style, .text = g_strdup(text ? text : "")};
  g_array_append_val(table->cells, cell);
}

void kt_table_addf(KtTable *table, KtStyle style, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  kt_table_add(table, style, text);
}

guint kt_table_rows(const KtTable *table)
{
  return table->cells->len / table->n;
}

#define GUTTER 2
#define FLEX_MIN 12

/* Columns as wide as their widest cell; the flexible ones give way, the widest
 * first. A column without any content is 0 wide and left out. */
static guint *column_widths(const KtPage *page, guint indent, const KtTable *table)
{
  guint *widths = g_new0(guint, table->n), total = indent;
  for (guint i = 0; i < table->cells->len; i++) {
    g_autofree char *clean = kt_term_clean(&page->term, g_array_index(table->cells, Cell, i).text);
    widths[i % table->n] = MAX(widths[i % table->n], kt_term_width_of(clean));
  }
  for (guint c = 0; c < table->n; c++)
    if (widths[c]) {
      widths[c] = MAX(widths[c], kt_term_width_of(table->columns[c].title));
      total += widths[c] + (total > indent ? GUTTER : 0);
    }
  while (total > page->term.width) {
    guint widest = table->n;
    for (guint c = 0; c < table->n; c++)
      if (table->columns[c].flex && widths[c] > FLEX_MIN && (widest == table->n || widths[c] > widths[widest]))
        widest = c;
    if (widest == table->n)
      break;
    widths[widest]--;
    total--;
  }
  return widths;
}

static void put_row(KtPage *page, guint indent, const KtTable *table, const guint *widths, const Cell *cells)
{
  g_autoptr(GPtrArray) wrapped = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
  guint height = 1;
  for (guint c = 0; c < table->n; c++) {
    g_autofree char *clean = kt_term_clean(&page->term, cells[c].text);
    GPtrArray *lines = kt_term_wrap(widths[c] ? clean : "", widths[c]);
    height = MAX(height, lines->len);
    g_ptr_array_add(wrapped, lines);
  }
  for (guint line = 0; line < height; line++) {
    guint at = 0, want = indent; /* blanks are put before text only, so that no line ends with them */
    for (guint c = 0; c < table->n; want += widths[c] ? widths[c] + GUTTER : 0, c++) {
      const GPtrArray *lines = wrapped->pdata[c];
      const char *text = line < lines->len ? lines->pdata[line] : "";
      guint width = kt_term_width_of(text), start = want;
      if (table->columns[c].right && width < widths[c])
        start += widths[c] - width;
      if (!*text || !widths[c])
        continue;
      pad(page, start - at);
      styled(page, cells[c].style, text);
      at = start + width;
    }
    g_string_append_c(page->out, '\n');
  }
}

void kt_page_table(KtPage *page, guint indent, const KtTable *table)
{
  g_autofree guint *widths = column_widths(page, indent, table);
  g_autofree Cell *titles = g_new0(Cell, table->n);
  gboolean headed = FALSE;
  for (guint c = 0; c < table->n; c++) {
    titles[c] = (Cell){.style = KT_STYLE_DIM, .text = (char *)table->columns[c].title};
    headed |= *table->columns[c].title != '\0';
  }
  if (headed)
    put_row(page, indent, table, widths, titles);
  for (guint row = 0; row < kt_table_rows(table); row++)
    put_row(page, indent, table, widths, &g_array_index(table->cells, Cell, row * table->n));
}
