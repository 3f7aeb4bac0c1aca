/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/set.h"

#include <string.h>

#include "base/error.h"

#define WORD_BITS 64

struct KtSet {
  GArray *words; /* guint64, bit i of word w is id w * 64 + i; no trailing zero words needed */
};

KtSet *kt_set_new(void)
{
  KtSet *set = g_new0(KtSet, 1);
  set->words = g_array_new(FALSE, TRUE, sizeof(guint64));
  return set;
}

KtSet *kt_set_copy(const KtSet *set)
{
  if (!set)
    return NULL;
  KtSet *copy = g_new0(KtSet, 1);
  copy->words = g_array_copy(set->words);
  return copy;
}

void kt_set_free(KtSet *set)
{
  if (!set)
    return;
  g_array_unref(set->words);
  g_free(set);
}

static guint64 word_at(const KtSet *set, guint w)
{
  return set && w < set->words->len ? g_array_index(set->words, guint64, w) : 0;
}

void kt_set_add(KtSet *set, guint id)
{
  if (id >= KT_SET_MAX)
    return;
  if (id / WORD_BITS >= set->words->len)
    g_array_set_size(set->words, id / WORD_BITS + 1);
  g_array_index(set->words, guint64, id / WORD_BITS) |= G_GUINT64_CONSTANT(1) << (id % WORD_BITS);
}

void kt_set_remove(KtSet *set, guint id)
{
  if (id / WORD_BITS < set->words->len)
    g_array_index(set->words, guint64, id / WORD_BITS) &= ~(G_GUINT64_CONSTANT(1) << (id % WORD_BITS));
}

void kt_set_add_all(KtSet *set, const KtSet *other)
{
  if (!other)
    return;
  if (other->words->len > set->words->len)
    g_array_set_size(set->words, other->words->len);
  for (guint w = 0; w < other->words->len; w++)
    g_array_index(set->words, guint64, w) |= word_at(other, w);
}

void kt_set_keep_only(KtSet *set, const KtSet *other)
{
  for (guint w = 0; w < set->words->len; w++)
    g_array_index(set->words, guint64, w) &= word_at(other, w);
}

void kt_set_remove_all(KtSet *set, const KtSet *other)
{
  for (guint w = 0; w < set->words->len; w++)
    g_array_index(set->words, guint64, w) &= ~word_at(other, w);
}

gboolean kt_set_has(const KtSet *set, guint id)
{
  return (word_at(set, id / WORD_BITS) >> (id % WORD_BITS)) & 1;
}

guint kt_set_count(const KtSet *set)
{
  guint n = 0;
  for (guint w = 0; set && w < set->words->len; w++)
    n += (guint)__builtin_popcountll(word_at(set, w));
  return n;
}

gboolean kt_set_is_empty(const KtSet *set)
{
  return kt_set_count(set) == 0;
}

gboolean kt_set_equal(const KtSet *a, const KtSet *b)
{
  guint n = MAX(a ? a->words->len : 0, b ? b->words->len : 0);
  for (guint w = 0; w < n; w++)
    if (word_at(a, w) != word_at(b, w))
      return FALSE;
  return TRUE;
}

gboolean kt_set_intersects(const KtSet *a, const KtSet *b)
{
  for (guint w = 0; a && w < a->words->len; w++)
    if (word_at(a, w) & word_at(b, w))
      return TRUE;
  return FALSE;
}

gboolean kt_set_contains(const KtSet *outer, const KtSet *inner)
{
  for (guint w = 0; inner && w < inner->words->len; w++)
    if (word_at(inner, w) & ~word_at(outer, w))
      return FALSE;
  return TRUE;
}

int kt_set_next(const KtSet *set, guint from)
{
  for (guint w = from / WORD_BITS; set && w < set->words->len; w++) {
    guint64 bits = word_at(set, w);
    if (w == from / WORD_BITS)
      bits &= ~G_GUINT64_CONSTANT(0) << (from % WORD_BITS);
    if (bits)
      return (int)(w * WORD_BITS + (guint)__builtin_ctzll(bits));
  }
  return -1;
}

/* Reads a decimal id at *p and moves past it. */
static gboolean take_id(const char **p, guint *id, GError **error)
{
  if (!g_ascii_isdigit(**p)) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "a number is expected at '%.20s'", *p);
    return FALSE;
  }
  guint64 value = g_ascii_strtoull(*p, (char **)p, 10);
  if (value >= KT_SET_MAX) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "id %" G_GUINT64_FORMAT " is above %d", value, KT_SET_MAX - 1);
    return FALSE;
  }
  *id = (guint)value;
  return TRUE;
}

static const char *skip_spaces(const char *p)
{
  while (g_ascii_isspace(*p))
    p++;
  return p;
}

KtSet *kt_set_parse(const char *text, GError **error)
{
  g_autoptr(KtSet) set = kt_set_new();
  const char *p = skip_spaces(text);
  while (*p) {
    guint first, last, step = 1;
    if (!take_id(&p, &first, error))
      return NULL;
    last = first;
    if (*p == '-') {
      p++;
      if (!take_id(&p, &last, error))
        return NULL;
      if (*p == ':') {
        p++;
        if (!take_id(&p, &step, error))
          return NULL;
      }
    }
    if (last < first || step == 0) {
      g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "the range %u-%u is not ascending", first, last);
      return NULL;
    }
    for (guint id = first; id <= last; id += step)
      kt_set_add(set, id);
    p = skip_spaces(p);
    if (*p == ',') {
      p = skip_spaces(p + 1);
    } else if (*p) {
      g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "a comma is expected at '%.20s'", p);
      return NULL;
    }
  }
  return g_steal_pointer(&set);
}

KtSet *kt_set_parse_mask(const char *text, GError **error)
{
  g_autofree char *clean = g_strstrip(g_strdup(text));
  g_auto(GStrv) words = g_strsplit(clean, ",", 0);
  guint n = g_strv_length(words);
  g_autoptr(KtSet) set = kt_set_new();
  for (guint w = 0; w < n; w++) {
    char *end;
    guint64 bits = g_ascii_strtoull(words[w], &end, 16);
    if (!*words[w] || *end || (n > 1 && strlen(words[w]) > 8)) {
      g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%.20s' is not a CPU mask", text);
      return NULL;
    }
    for (guint b = 0; b < 64; b++)
      if ((bits >> b) & 1)
        kt_set_add(set, (n - 1 - w) * 32 + b);
  }
  return g_steal_pointer(&set);
}

char *kt_set_format(const KtSet *set)
{
  GString *out = g_string_new(NULL);
  for (int first = kt_set_next(set, 0); first >= 0;) {
    int last = first;
    while (kt_set_has(set, (guint)last + 1))
      last++;
    g_string_append_printf(out, last > first ? "%s%d-%d" : "%s%d", out->len ? "," : "", first, last);
    first = kt_set_next(set, (guint)last + 1);
  }
  return g_string_free(out, FALSE);
}
