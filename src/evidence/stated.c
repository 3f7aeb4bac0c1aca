/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/stated.h"

#include <string.h>

#define MAX_SENTENCES 32
#define MAX_QUOTE 400 /* bytes */

/* A sentence with both words of a row matters. */
static const struct {
  const char *one, *other;
} pairs[] = {
    {"java", "numa"},
    {"jvm", "numa"},
    {"numa_miss", "numa_hit"},
    {"cpu_mode", "host-model"},
    {"cpu_mode", "host-passthrough"},
};

/* What ends a sentence; the brackets are forum mark-up. */
static const char *const ends[] = {"。", "！", "？", "；", ". ", "! ", "? ", "; ", "[/]", "[]"};

static gboolean matters(const char *sentence)
{
  g_autofree char *lower = g_ascii_strdown(sentence, -1);
  for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
    if (strstr(lower, pairs[i].one) && strstr(lower, pairs[i].other))
      return TRUE;
  return FALSE;
}

/* The end of the sentence at s; *next: where the one after it starts. */
static const char *sentence_end(const char *s, const char **next)
{
  for (const char *p = s; *p; p++)
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
      if (*p == *ends[i] && g_str_has_prefix(p, ends[i])) {
        *next = p + strlen(ends[i]);
        return p;
      }
  *next = s + strlen(s);
  return *next;
}

/* Cuts at a character's border. */
static char *quote(const char *sentence)
{
  if (strlen(sentence) <= MAX_QUOTE)
    return g_strdup(sentence);
  const char *end = g_utf8_find_prev_char(sentence, sentence + MAX_QUOTE);
  g_autofree char *front = g_strndup(sentence, (gsize)(end - sentence));
  return g_strconcat(front, "...", NULL);
}

void kt_stated_keep(KtSnapshot *snapshot, const KtText *text, guint i)
{
  const char *next;
  for (const char *s = kt_text_at(text, i); *s && snapshot->stated->len < MAX_SENTENCES; s = next) {
    const char *end = sentence_end(s, &next);
    if (end - s < 20 || end - s > 20 * MAX_QUOTE)
      continue;
    g_autofree char *sentence = g_strstrip(g_strndup(s, (gsize)(end - s)));
    if (!matters(sentence))
      continue;
    g_autofree char *quoted = quote(sentence);
    g_ptr_array_add(snapshot->stated, kt_cite_new(text->source, kt_text_line(text, i)->number, quoted));
  }
}
