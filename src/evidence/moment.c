/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/moment.h"

#include <string.h>

#include "base/units.h"
#include "evidence/clock.h"

#define LOOK 4 /* lines between two outputs */

static const char *date_above(const KtText *text, guint i)
{
  for (guint back = 1; back <= LOOK && back <= i; back++) {
    const char *line = kt_text_at(text, i - back);
    if (strlen(line) < 128 && (kt_clock_seconds(line) >= 0 || kt_clock_epoch(line)))
      return line;
    if (*line)
      return NULL;
  }
  return NULL;
}

/* "sleep 10" as a whole command of a line; 0 if there is none. */
static double slept(const char *line)
{
  double seconds = 0;
  if (!strstr(line, "sleep") || strlen(line) > 1024)
    return 0;
  g_auto(GStrv) words = g_strsplit_set(line, " \t;&|", 64);
  for (guint i = 0; words[i] && words[i + 1]; i++)
    if (g_str_equal(words[i], "sleep") && kt_units_parse_decimal(words[i + 1], &seconds))
      return seconds;
  return 0;
}

/* The pause of one typed line that shows a file, waits and shows it again, or
 * of a script's trace. Between two prompts a user may have waited longer. */
static double pause_between(const KtText *text, guint first, guint second)
{
  for (guint i = first; i < second; i++)
    if (kt_text_is_prompt(text, i))
      return -1;
  double total = 0;
  for (guint back = 1; back <= LOOK && back <= first; back++) {
    const KtLine *line = kt_text_line(text, first - back);
    const char *typed = line->command ? line->command : line->s;
    const char *shown = strstr(typed, "/proc/");
    if (!shown)
      shown = strstr(typed, "virsh domstats");
    total += shown ? slept(shown) : 0;
  }
  for (guint i = second - MIN(LOOK, second - first); i < second; i++)
    total += slept(kt_text_at(text, i));
  return total > 0 ? total : -1;
}

double kt_moment_seconds(const KtText *text, guint first, guint second)
{
  const char *from = date_above(text, first), *to = date_above(text, second);
  double seconds = from && to ? kt_clock_between(from, to) : -1;
  return seconds > 0 ? seconds : pause_between(text, first, second);
}

static gboolean is_between(const KtText *text, guint i)
{
  const char *line = kt_text_at(text, i);
  return kt_text_is_blank(text, i) || kt_text_is_prompt(text, i) || slept(line) > 0 || strstr(line, "/proc/") ||
         (strlen(line) < 128 && (kt_clock_seconds(line) >= 0 || kt_clock_epoch(line)));
}

static const char *host_above(const KtText *text, guint i)
{
  for (guint back = 1; back <= LOOK && back <= i; back++)
    if (kt_text_is_prompt(text, i - back))
      return kt_text_line(text, i - back)->host;
  return NULL;
}

guint kt_moment_next(const KtText *text, guint i, gboolean (*starts)(const KtText *text, guint i), gboolean *prompt)
{
  guint n = kt_text_count(text), end = MIN(n, i + LOOK + 1);
  const char *host = host_above(text, i);
  *prompt = FALSE;
  for (; i < end; i++) {
    if (!kt_text_is_prompt(text, i) && !kt_text_is_blank(text, i) && starts(text, i))
      return i;
    if (!is_between(text, i))
      return n;
    if (kt_text_is_prompt(text, i)) {
      const char *other = kt_text_line(text, i)->host;
      if (host && other && !g_str_equal(host, other))
        return n;
      *prompt = TRUE;
    }
  }
  return n;
}
