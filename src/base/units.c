/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/units.h"

#include <math.h>
#include <string.h>

/* The value of a short number without a unit. */
static double few_digits(const char *p, const char *end)
{
  double value = 0, scale = 1;
  gboolean negative = *p == '-', fraction = FALSE;
  for (; p < end; p++) {
    if (*p == '.' || *p == ',')
      fraction = TRUE;
    if (!g_ascii_isdigit(*p))
      continue;
    value = value * 10 + (*p - '0');
    scale = fraction ? scale * 10 : scale;
  }
  return (negative ? -value : value) / scale;
}

/* A number with point or comma at text; *end behind it. FALSE if there is none. */
static gboolean take_decimal(const char *text, double *value, const char **end)
{
  const char *p = text;
  if (*p == '-' || *p == '+')
    p++;
  const char *digits = p;
  while (g_ascii_isdigit(*p))
    p++;
  if (p == digits || p - digits > 19)
    return FALSE;
  if ((*p == '.' || *p == ',') && g_ascii_isdigit(p[1])) {
    p++;
    while (g_ascii_isdigit(*p))
      p++;
  }
  if (p - text > 40)
    return FALSE;
  *end = p;
  if (p - text <= 15) { /* exact: the digits and the power of ten are */
    *value = few_digits(text, p);
    return TRUE;
  }
  char buffer[48];
  memcpy(buffer, text, (gsize)(p - text));
  buffer[p - text] = '\0';
  char *comma = strchr(buffer, ',');
  if (comma)
    *comma = '.';
  *value = g_ascii_strtod(buffer, NULL);
  return TRUE;
}

const char *kt_units_parse_kib(const char *text, guint64 unitless, guint64 *kib)
{
  double value;
  const char *p;
  while (g_ascii_isspace(*text))
    text++;
  if (!take_decimal(text, &value, &p) || value < 0)
    return NULL;
  const char *unit = p;
  while (*unit == ' ')
    unit++;
  double factor = (double)unitless / 1024;
  const char *found = *unit ? strchr("kKmMgGtT", *unit) : NULL;
  if (found) {
    static const double factors[] = {1, 1, 1024, 1024, 1048576, 1048576, 1073741824, 1073741824};
    factor = factors[found - "kKmMgGtT"];
    p = unit + 1;
    if (*p == 'i')
      p++;
    if (*p == 'B' || *p == 'b')
      p++;
  } else if (*unit == 'B' && !g_ascii_isalpha(unit[1])) {
    factor = 1.0 / 1024;
    p = unit + 1;
  }
  if (value * factor > 1e15)
    return NULL;
  *kib = (guint64)llround(value * factor);
  return p;
}

char *kt_units_format_kib(guint64 kib)
{
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = (double)kib;
  guint u = 0;
  while (value >= 1024 && u + 1 < G_N_ELEMENTS(units)) {
    value /= 1024;
    u++;
  }
  if (fabs(value - round(value)) < 0.05)
    return g_strdup_printf("%.0f %s", value, units[u]);
  return g_strdup_printf("%.1f %s", value, units[u]);
}

char *kt_units_format_count(guint64 n)
{
  g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, n);
  gsize len = strlen(digits);
  GString *out = g_string_new(NULL);
  for (gsize i = 0; i < len; i++) {
    if (i && (len - i) % 3 == 0)
      g_string_append_c(out, ',');
    g_string_append_c(out, digits[i]);
  }
  return g_string_free(out, FALSE);
}

gboolean kt_units_parse_decimal(const char *text, double *value)
{
  const char *end;
  return take_decimal(text, value, &end) && *end == '\0';
}

gboolean kt_units_parse_count(const char *text, guint64 *value)
{
  if (!g_ascii_isdigit(*text))
    return FALSE;
  return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, value, NULL);
}

gboolean kt_units_parse_seconds(const char *text, double *seconds)
{
  static const char units[] = "smhd";
  static const double lengths[] = {1, 60, 3600, 86400};
  const char *end;
  if (!take_decimal(text, seconds, &end) || !(*seconds > 0) || *seconds > 1e9)
    return FALSE;
  while (*end == ' ')
    end++;
  const char *unit = *end ? strchr(units, *end) : units;
  if (!unit || (*end && end[1]))
    return FALSE;
  *seconds *= lengths[unit - units];
  return TRUE;
}
