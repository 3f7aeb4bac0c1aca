/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/clock.h"

#include <string.h>

/* Reads up to `digits` digits; -1 if there is none. */
static int take_number(const char **p, int digits)
{
  int value = -1;
  for (; digits > 0 && g_ascii_isdigit(**p); digits--, (*p)++)
    value = MAX(value, 0) * 10 + (**p - '0');
  return value;
}

static gboolean take_any(const char **p, const char *const *words)
{
  for (; *words; words++)
    if (g_str_has_prefix(*p, *words)) {
      *p += strlen(*words);
      return TRUE;
    }
  return FALSE;
}

/* A clock time that starts here: 04:35:59, 04时35分59秒. NULL if none does, else what follows. */
static const char *take_clock(const char *p, int *seconds)
{
  static const char *const hour_marks[] = {":", "时", "時", "시", NULL};
  static const char *const minute_marks[] = {":", "分", "분", NULL};
  int h = take_number(&p, 2);
  if (h < 0 || h > 24 || !take_any(&p, hour_marks))
    return NULL;
  while (*p == ' ')
    p++;
  int m = take_number(&p, 2);
  if (m < 0 || m > 59 || !take_any(&p, minute_marks))
    return NULL;
  while (*p == ' ')
    p++;
  int s = take_number(&p, 2);
  if (s < 0 || s > 60 || g_ascii_isdigit(*p))
    return NULL;
  *seconds = h * 3600 + m * 60 + s;
  return p;
}

static const char *find_clock(const char *text, int *seconds, const char **end)
{
  for (const char *p = text; *p; p++) {
    if (!g_ascii_isdigit(*p) || (p > text && (g_ascii_isdigit(p[-1]) || p[-1] == ':')))
      continue;
    if ((*end = take_clock(p, seconds)))
      return p;
  }
  return NULL;
}

/* TRUE if `word` stands in text; a word of letters must not be part of a longer one. */
static gboolean has_word(const char *text, const char *word)
{
  gsize n = strlen(word);
  for (const char *p = text; *p; p++) {
    if (g_ascii_strncasecmp(p, word, n))
      continue;
    gboolean inside = g_ascii_isalpha(*word) && ((p > text && g_ascii_isalpha(p[-1])) || g_ascii_isalpha(p[n]));
    if (!inside)
      return TRUE;
  }
  return FALSE;
}

static gboolean has_any(const char *text, const char *const *words)
{
  for (; *words; words++)
    if (has_word(text, *words))
      return TRUE;
  return FALSE;
}

int kt_clock_seconds(const char *text)
{
  static const char *const before_noon[] = {"AM", "a.m.", "上午", "午前", "오전", "凌晨", "早上", "vorm.", NULL};
  static const char *const after_noon[] = {"PM", "p.m.", "下午", "午後", "오후", "晚上", "中午", "nachm.", NULL};
  int seconds;
  const char *end;
  if (!find_clock(text, &seconds, &end))
    return -1;
  int hour = seconds / 3600;
  if (!text[strspn(text, "0123456789: ")]) /* the usual: nothing but a time */
    return seconds % KT_CLOCK_DAY;
  if (hour < 12 && has_any(text, after_noon))
    seconds += 12 * 3600;
  else if (hour == 12 && has_any(text, before_noon))
    seconds -= 12 * 3600;
  return seconds % KT_CLOCK_DAY;
}

static int days_of(int year, int month, int day)
{
  if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 ||
      !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
    return -1;
  GDate date, epoch;
  g_date_clear(&date, 1);
  g_date_clear(&epoch, 1);
  g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
  g_date_set_dmy(&epoch, 1, G_DATE_JANUARY, 1970);
  return g_date_days_between(&epoch, &date);
}

/* 2019-10-14, 14.10.2019, 10/14/2019, 2019年10月14日 at p; -1 if none. */
static int numeric_date(const char *p)
{
  static const char *const marks[] = {"-", ".", "/", "年", "月", NULL};
  const char *start = p;
  int n[3];
  for (int i = 0; i < 3; i++) {
    n[i] = take_number(&p, 4);
    if (n[i] < 0 || (i < 2 && !take_any(&p, marks)))
      return -1;
    while (i < 2 && *p == ' ')
      p++;
  }
  if (g_ascii_isdigit(*p))
    return -1;
  if (n[0] > 999)
    return days_of(n[0], n[1], n[2]);
  if (n[2] < 1000)
    return -1;
  gboolean dotted = start[strspn(start, "0123456789")] == '.';
  if (dotted || n[0] > 12 || n[0] == n[1])
    return days_of(n[2], n[1], n[0]);
  return n[1] > 12 ? days_of(n[2], n[0], n[1]) : -1;
}

/* "Oct 15 04:35:59 UTC 2019", "15. Okt 2019": the month in the languages we know by its first letters. */
static int named_date(const char *text)
{
  static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
                                       "sep", "oct", "nov", "dec", "mai", "okt", "dez", "mär"};
  static const int number_of[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 5, 10, 12, 3};
  g_auto(GStrv) words = g_strsplit_set(text, " \t,.", 32);
  int month = -1, day = -1, year = -1;
  for (guint i = 0; words[i]; i++) {
    for (guint k = 0; month < 0 && k < G_N_ELEMENTS(months); k++)
      if (g_ascii_strncasecmp(words[i], months[k], strlen(months[k])) == 0)
        month = number_of[k];
    gsize digits = strspn(words[i], "0123456789");
    if (!digits || words[i][digits])
      continue;
    const char *p = words[i];
    if (digits <= 2 && day < 0)
      day = take_number(&p, 2);
    else if (digits == 4 && year < 0)
      year = take_number(&p, 4);
  }
  return days_of(year, month, day);
}

int kt_clock_days(const char *text)
{
  for (const char *p = text; *p; p++) {
    if (!g_ascii_isdigit(*p) || (p > text && g_ascii_isalnum(p[-1])))
      continue;
    int days = numeric_date(p);
    if (days >= 0)
      return days;
  }
  return named_date(text);
}

gint64 kt_clock_epoch(const char *text)
{
  guint64 raw;
  if (strlen(text) == 10 && g_ascii_string_to_unsigned(text, 10, 100000000, G_MAXUINT32, &raw, NULL))
    return (gint64)raw;
  int days = kt_clock_days(text), seconds = kt_clock_seconds(text);
  return days < 0 || seconds < 0 ? 0 : (gint64)days * KT_CLOCK_DAY + seconds;
}

/* The text without its clock time. */
static char *rest_of(const char *text)
{
  int seconds;
  const char *end, *start = find_clock(text, &seconds, &end);
  return start ? g_strdup_printf("%.*s|%s", (int)(start - text), text, end) : g_strdup(text);
}

double kt_clock_between(const char *from, const char *to)
{
  gint64 a = kt_clock_epoch(from), b = kt_clock_epoch(to);
  if (!a || !b) {
    g_autofree char *rest_a = rest_of(from), *rest_b = rest_of(to);
    a = kt_clock_seconds(from);
    b = kt_clock_seconds(to);
    if (a < 0 || b < 0 || !g_str_equal(rest_a, rest_b))
      return -1;
  }
  return b > a ? (double)(b - a) : -1;
}
