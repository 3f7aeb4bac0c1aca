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

static gboolean matters(const char *lower)
{
  for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
    if (strstr(lower, pairs[i].one) && strstr(lower, pairs[i].other))
      return TRUE;
  return FALSE;
}

/* Cuts at a character's border. */
static char *quote(const char *s)
{
  if (strlen(s) <= MAX_QUOTE)
    return g_strdup(s);
  const char *end = g_utf8_find_prev_char(s, s + MAX_QUOTE);
  g_autofree char *front = g_strndup(s, (gsize)(end - s));
  return g_strconcat(front, "...", NULL);
}

void kt_stated_keep(KtSnapshot *snapshot, const KtText *text, guint i)
{
  const char *s = kt_text_at(text, i);
  if (snapshot->stated->len >= MAX_SENTENCES || strlen(s) < 20)
    return;
  g_autofree char *lower = g_ascii_strdown(s, -1);
  if (!matters(lower))
    return;
  g_autofree char *text_quoted = quote(s);
  g_ptr_array_add(snapshot->stated, kt_cite_new(text->source, kt_text_line(text, i)->number, text_quoted));
}
