/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gettext template of the tables of checks and of compared fields: each text
 * of each row, with the row and its field as a comment. Rows that are not implemented show their
 * title and risk only, and so do these here. */
#include <stdio.h>
#include <string.h>

#include "checks/check.h"
#include "checks/compare_fields.h"

static void put(const char *id, const char *field, const char *text)
{
  if (!text || !*text)
    return;
  g_autofree char *escaped = g_strescape(text, "\xc2\xb7");
  printf("#. %s %s\nmsgid \"%s\"\nmsgstr \"\"\n\n", id, field, escaped);
}

/* "B M!" is codes, "restart app" and "B (same CPU model needed)" are words too. */
static gboolean has_words(const char *risk)
{
  for (const char *p = risk; p && *p; p++)
    if (g_ascii_islower(p[0]) && g_ascii_islower(p[1]))
      return TRUE;
  return FALSE;
}

static void put_check(const KtCheck *check)
{
  put(check->id, "title", check->title);
  if (has_words(check->risk))
    put(check->id, "risk", check->risk);
  if (!check->run)
    return;
  put(check->id, "needs", check->needs);
  put(check->id, "cause", check->cause);
  put(check->id, "shows", check->shows);
  put(check->id, "costs", check->costs);
  put(check->id, "effect", check->effect);
  put(check->id, "note", check->note);
  for (guint i = 0; i < KT_MAX_REMEDIES && check->remedies[i].action; i++) {
    g_autofree char *field = g_strdup_printf("remedy %u", i + 1);
    put(check->id, field, check->remedies[i].action);
  }
}

static void put_field(const KtCompareField *field)
{
  if (!strchr(field->label, '.') && *field->label != '/') /* not the name of a setting */
    put(field->field, "label", field->label);
  put(field->field, "meaning", field->meaning);
  put(field->field, "neutral", field->neutral);
}

int main(void)
{
  guint n;
  const KtCheck *const *checks = kt_checks(&n);
  puts("msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n");
  for (guint i = 0; i < n; i++)
    put_check(checks[i]);
  const KtCompareField *fields = kt_compare_fields(&n);
  for (guint i = 0; i < n; i++)
    put_field(&fields[i]);
  for (guint i = 0; i < KT_LAYERS; i++)
    put("layer", kt_layer_names[i], kt_layer_names[i]);
  return 0;
}
