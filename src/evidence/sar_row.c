/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/sar_row.h"

#include <string.h>

#include "base/set.h"
#include "evidence/cpu_use.h"

#define MAX_DIGITS 9 /* of a number: exact in a double, as is a power of ten */

/* Below 10 if the byte is a digit. */
static guint digit(char c)
{
  return (guchar)(c - '0');
}

static gboolean is_space(char c)
{
  return c == ' ' || c == '\t';
}

static const char *skip_space(const char *p)
{
  while (is_space(*p))
    p++;
  return p;
}

/* Two digits, below `limit`; -1 if they are not. */
static inline int two_digits(const char *p, guint limit)
{
  guint tens = digit(p[0]), ones = tens < 10 ? digit(p[1]) : 10, value = tens * 10 + ones;
  return ones < 10 && value < limit ? (int)value : -1;
}

const char *kt_sar_row_behind_time(const char *p, int *clock)
{
  int h = two_digits(p, 24);
  int m = h >= 0 && p[2] == ':' ? two_digits(p + 3, 60) : -1;
  int s = m >= 0 && p[5] == ':' ? two_digits(p + 6, 60) : -1;
  if (s < 0 || !is_space(p[8]))
    return NULL;
  p += 8;
  if ((p[1] == 'A' || p[1] == 'P') && p[2] == 'M' && p[0] == ' ' && is_space(p[3])) {
    if (p[1] == 'P' && h < 12)
      h += 12;
    else if (p[1] == 'A' && h == 12)
      h = 0;
    p += 3;
  }
  *clock = h * 3600 + m * 60 + s;
  return p;
}

/* "all" or a number at p; NULL if neither. */
static const char *take_cpu(const char *p, int *cpu)
{
  if (p[0] == 'a' && p[1] == 'l' && p[2] == 'l') {
    *cpu = -1;
    p += 3;
  } else {
    const char *start = p;
    for (*cpu = 0; digit(*p) < 10 && p < start + 5; p++)
      *cpu = *cpu * 10 + (int)digit(*p);
    if (p == start || *cpu >= KT_SET_MAX)
      return NULL;
  }
  return is_space(*p) ? p : NULL;
}

/* A number at p that white space or the line's end follows; NULL if there is none. */
static const char *take_number(const char *p, guint *decimals, double *value)
{
  static const double scales[MAX_DIGITS + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
  const char *start = p;
  guint digits = 0;
  for (; digit(*p) < 10; p++)
    digits = digits * 10 + digit(*p);
  *decimals = 0;
  if (p > start && (*p == '.' || *p == ',')) {
    const char *mark = p++;
    for (; digit(*p) < 10; p++)
      digits = digits * 10 + digit(*p);
    *decimals = (guint)(p - mark - 1);
    if (!*decimals)
      return NULL;
  }
  if (p == start || p - start > MAX_DIGITS || (*p && !is_space(*p)))
    return NULL;
  *value = digits / scales[*decimals];
  return p;
}

gboolean kt_sar_row_parse(const char *line, const KtSarColumns *columns, KtSarRow *row)
{
  const char *p = kt_sar_row_behind_time(line, &row->clock);
  if (!p || !columns->cpu || !columns->n || columns->extra)
    return FALSE;
  gsize n = (gsize)(p - line);
  memcpy(row->time, line, n);
  row->time[n] = '\0';
  if (!(p = take_cpu(skip_space(p), &row->cpu)))
    return FALSE;
  memset(row->pct, 0, sizeof row->pct);
  guint decimals = 0;
  for (guint k = 0; k < columns->n; k++) {
    double value;
    guint here;
    if (!(p = take_number(skip_space(p), &here, &value)) || (k && here != decimals))
      return FALSE;
    decimals = here;
    if (columns->field[k] != KT_NOT_A_FIELD)
      row->pct[columns->field[k]] = KT_NUM(value);
  }
  return !*p && p - line <= KT_SAR_MAX_ROW;
}
