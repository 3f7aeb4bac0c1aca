/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/values.h"

#include <math.h>
#include <string.h>

/* ---- Python's str and int ---- */

static gboolean is_space(gunichar c)
{
  return g_unichar_isspace(c) || c == 0x0b || (c >= 0x1c && c <= 0x1f) || c == 0x85;
}

/* The text without Python's white space around it. Caller frees. */
static char *strip(const char *text, gsize length)
{
  const char *start = text, *end = text + length;
  while (start < end && is_space(g_utf8_get_char(start)))
    start = g_utf8_next_char(start);
  while (end > start) {
    const char *last = g_utf8_find_prev_char(start, end);
    if (!last || !is_space(g_utf8_get_char(last)))
      break;
    end = last;
  }
  return g_strndup(start, (gsize)(end - start));
}

static gboolean parse_int(const char *text, gsize length, gint64 *value)
{
  g_autofree char *stripped = strip(text, length);
  const char *p = stripped;
  gboolean negative = *p == '-', digit_before = FALSE;
  gint64 n = 0;
  p += *p == '-' || *p == '+';
  for (; *p; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (c == '_' && digit_before) {
      digit_before = FALSE;
      continue;
    }
    int digit = g_unichar_isdigit(c) ? g_unichar_digit_value(c) : -1;
    if (digit < 0)
      return FALSE;
    n = MIN(n * 10 + digit, KT_NOVA_INT_MAX);
    digit_before = TRUE;
  }
  *value = negative ? -n : n;
  return digit_before;
}

gboolean kt_nova_int(const char *text, gint64 *value)
{
  return g_utf8_validate(text, -1, NULL) && parse_int(text, strlen(text), value);
}

gboolean kt_nova_is_plain_int(const char *text)
{
  const char *digits = text + (*text == '-');
  gsize n = strspn(digits, "0123456789");
  return n && !digits[n] && (*digits != '0' || (n == 1 && digits == text));
}

gboolean kt_nova_bool(const char *text)
{
  static const char *const yes[] = {"1", "t", "true", "on", "y", "yes", NULL};
  if (!text || !g_utf8_validate(text, -1, NULL))
    return FALSE;
  g_autofree char *stripped = strip(text, strlen(text));
  g_autofree char *lower = g_utf8_strdown(stripped, -1);
  return g_strv_contains(yes, lower);
}

/* ---- lists of CPUs ---- */

typedef struct {
  gint64 from, to;
} Range;

/* "3", "1-4", "^3", "^1-4"; `rule` is stripped. */
static gboolean parse_rule(const char *rule, Range *range)
{
  const char *start = rule + (*rule == '^');
  const char *dash = strchr(rule, '-');
  if (!parse_int(start, dash ? (gsize)(dash - start) : strlen(start), &range->from))
    return FALSE;
  range->to = range->from;
  return !dash || (parse_int(dash + 1, strlen(dash + 1), &range->to) && range->from <= range->to);
}

/* Ids in ranges of `in` and in none of `out`; the cost is that of the ranges and the
 * largest id, however often ranges cover each other. */
static KtSet *subtract(const GArray *in, const GArray *out)
{
  gint64 last = -1;
  for (guint i = 0; i < in->len; i++)
    last = MAX(last, MIN(g_array_index(in, Range, i).to, KT_SET_MAX - 1));
  g_autofree int *depth = g_new0(int, (gsize)last + 2); /* +-1 where ranges begin and end */
  g_autofree int *taken = g_new0(int, (gsize)last + 2);
  const struct {
    const GArray *ranges;
    int *edges;
  } sides[] = {{in, depth}, {out, taken}};
  for (guint s = 0; s < G_N_ELEMENTS(sides); s++)
    for (guint i = 0; i < sides[s].ranges->len; i++) {
      const Range *range = &g_array_index(sides[s].ranges, Range, i);
      if (range->from > last)
        continue;
      sides[s].edges[range->from]++;
      sides[s].edges[MIN(range->to, last) + 1]--;
    }
  KtSet *set = kt_set_new();
  int in_depth = 0, out_depth = 0;
  for (gint64 id = 0; id <= last; id++) {
    in_depth += depth[id];
    out_depth += taken[id];
    if (in_depth && !out_depth)
      kt_set_add(set, (guint)id);
  }
  return set;
}

KtSet *kt_nova_cpus(const char *spec, gboolean *beyond)
{
  g_autoptr(GArray) in = g_array_new(FALSE, FALSE, sizeof(Range));
  g_autoptr(GArray) out = g_array_new(FALSE, FALSE, sizeof(Range));
  *beyond = FALSE;
  if (!g_utf8_validate(spec, -1, NULL))
    return NULL;
  for (const char *p = spec; p;) {
    const char *comma = strchr(p, ',');
    g_autofree char *rule = strip(p, comma ? (gsize)(comma - p) : strlen(p));
    Range range;
    if (*rule && !parse_rule(rule, &range))
      return NULL;
    if (*rule)
      g_array_append_val(*rule == '^' ? out : in, range);
    *beyond |= *rule && *rule != '^' && range.to >= KT_SET_MAX;
    p = comma ? comma + 1 : NULL;
  }
  return subtract(in, out);
}

/* ---- page sizes ---- */

/* "[+-]DIGITS[.DIGITS]" in front of a unit; NULL if there is none. */
static const char *end_of_number(const char *p)
{
  p += *p == '-' || *p == '+';
  gsize whole = strspn(p, "0123456789");
  const char *point = p + whole;
  gsize fraction = *point == '.' ? strspn(point + 1, "0123456789") : 0;
  if (fraction)
    return point + 1 + fraction;
  return whole ? point : NULL;
}

/* Bytes of "2MB", "1.5GiB", "2Mb" (bits), "4096B". */
static gboolean parse_bytes(const char *text, double *bytes)
{
  const char *p = end_of_number(text);
  if (!p)
    return FALSE;
  double value = g_ascii_strtod(text, NULL), scale = 1;
  const char *prefix = *p ? strchr("KMGT", *p) : NULL;
  if (prefix) {
    scale = ldexp(1, 10 * (int)(prefix - "KMGT" + 1));
    p++;
    p += *p == 'i';
  }
  gboolean newline = g_str_has_suffix(p, "\n"); /* Python's $ also matches in front of it */
  g_autofree char *unit = g_strndup(p, strlen(p) - (newline ? 1 : 0));
  if (g_str_equal(unit, "b") || g_str_equal(unit, "bit"))
    value /= 8;
  else if (!g_str_equal(unit, "B"))
    return FALSE;
  *bytes = ceil(value * scale);
  return isfinite(*bytes);
}

gboolean kt_nova_pages(const char *text, KtNovaPages *pages)
{
  static const struct {
    const char *word;
    gint64 kib;
  } words[] = {{"small", KT_NOVA_PAGES_SMALL}, {"large", KT_NOVA_PAGES_LARGE}, {"any", KT_NOVA_PAGES_ANY}};
  double bytes, kib = 0;
  gint64 n;
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_str_equal(text, words[i].word))
      kib = (double)words[i].kib;
  if (kib == 0 && *text && !text[strspn(text, "0123456789")] && kt_nova_int(text, &n))
    kib = (double)n;
  else if (kib == 0 && parse_bytes(text, &bytes))
    kib = bytes / 1024;
  else if (kib == 0)
    return FALSE;
  *pages = (KtNovaPages){.kib = (gint64)CLAMP(kib, -(double)KT_NOVA_INT_MAX, (double)KT_NOVA_INT_MAX),
                         .asked = kib != 0,
                         .choosing = kib == KT_NOVA_PAGES_LARGE || kib == KT_NOVA_PAGES_ANY};
  return TRUE;
}
